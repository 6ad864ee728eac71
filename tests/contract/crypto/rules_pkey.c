/* SPDX-License-Identifier: Apache-2.0
 *
 * Elliptic curves: pairs, what is refused at load, signatures, agreement.
 */
#include <string.h>

#include "rules.h"

static size_t curve_specs(struct pkey_spec *specs)
{
    size_t n = 0;

    for (enum ec_curve curve = CURVE_P224; curve < CURVE_COUNT; curve++) {
        specs[n++] = (struct pkey_spec){.kind = PKEY_EC, .curve = curve};
    }
    for (enum pkey_kind kind = PKEY_ED25519; kind <= PKEY_X448; kind++) {
        specs[n++] = (struct pkey_spec){.kind = kind};
    }
    return n;
}
#define SPECS_MAX 20

static bool signs(enum pkey_kind kind)
{
    return kind == PKEY_EC || kind == PKEY_ED25519 || kind == PKEY_ED448;
}

static struct pkey_params params_of(enum pkey_kind kind)
{
    return (struct pkey_params){.scheme = kind == PKEY_EC ? SCHEME_ECDSA : SCHEME_EDDSA};
}

static void load(const struct pkey_ops *ops, const struct pkey_spec *spec,
                 const struct key_parts *parts, bool priv, enum rc expected, struct pkey **ret)
{
    struct pkey *k = NULL;

    ASSERT_RC(ops->load(spec, parts, priv, &k), expected);
    if (ret != NULL) {
        *ret = k;
    } else if (k != NULL) {
        ops->free(k);
    }
}

/* For every kind: a pair is whole, signs and verifies or agrees; a damaged signature does not. */
static void test_pairs(void **state)
{
    const struct crypto *c = *state;
    struct pkey_spec specs[SPECS_MAX];
    const size_t n_specs = curve_specs(specs);

    for (size_t i = 0; i < n_specs; i++) {
        const struct pkey_ops *ops = pkey_for(c, &specs[i]);
        struct pkey *priv = NULL, *pub = NULL;

        if (ops == NULL) {
            continue;
        }
        AUTO_KEY_PARTS struct key_parts parts = new_pair(c, &specs[i]);
        load(ops, &specs[i], &parts, true, RC_OK, &priv);
        load(ops, &specs[i], &parts, false, RC_OK, &pub);
        if (signs(specs[i].kind)) {
            const struct pkey_params p = params_of(specs[i].kind);
            uint8_t sig[200];
            size_t n = 0;

            ASSERT_OK(ops->sign(priv, &p, BYTES_STR("text"), sig, &n));
            assert_int_equal(n, ops->size(priv));
            ASSERT_OK(ops->verify(pub, &p, BYTES_STR("text"), BYTES(sig, n)));
            ASSERT_OK(ops->verify(priv, &p, BYTES_STR("text"), BYTES(sig, n)));
            ASSERT_RC(ops->verify(pub, &p, BYTES_STR("test"), BYTES(sig, n)), RC_SIGNATURE_INVALID);
            ASSERT_RC(ops->verify(pub, &p, BYTES_STR("text"), BYTES(sig, n - 1)),
                      RC_SIGNATURE_LEN_RANGE);
            ASSERT_RC(ops->verify(pub, &p, BYTES_STR("text"), BYTES_NONE), RC_SIGNATURE_LEN_RANGE);
            sig[n / 2] ^= 1;
            ASSERT_RC(ops->verify(pub, &p, BYTES_STR("text"), BYTES(sig, n)), RC_SIGNATURE_INVALID);
            memset(sig, 0, n);
            ASSERT_RC(ops->verify(pub, &p, BYTES_STR("text"), BYTES(sig, n)), RC_SIGNATURE_INVALID);
            memset(sig, 0xff, n);
            ASSERT_RC(ops->verify(pub, &p, BYTES_STR("text"), BYTES(sig, n)), RC_SIGNATURE_INVALID);
            assert_int_not_equal(ops->sign(pub, &p, BYTES_STR("text"), sig, &n), RC_OK);
        }
        ops->free(priv);
        ops->free(pub);
    }
}

static void test_agreement(void **state)
{
    const struct crypto *c = *state;
    struct pkey_spec specs[SPECS_MAX];
    const size_t n_specs = curve_specs(specs);

    for (size_t i = 0; i < n_specs; i++) {
        const struct pkey_ops *ops = pkey_for(c, &specs[i]);
        struct pkey *a = NULL, *b = NULL;
        AUTO_SECRET struct secret *za = NULL;
        AUTO_SECRET struct secret *zb = NULL;

        if (ops == NULL || specs[i].kind == PKEY_ED25519 || specs[i].kind == PKEY_ED448) {
            continue;
        }
        AUTO_KEY_PARTS struct key_parts pa = new_pair(c, &specs[i]);
        AUTO_KEY_PARTS struct key_parts pb = new_pair(c, &specs[i]);
        load(ops, &specs[i], &pa, true, RC_OK, &a);
        load(ops, &specs[i], &pb, true, RC_OK, &b);
        ASSERT_OK(ops->agree(a, buf_view(&pb.pub), &za));
        ASSERT_OK(ops->agree(b, buf_view(&pa.pub), &zb));
        assert_true(secret_equal(za, zb));
        assert_int_equal(za->n,
                         specs[i].kind == PKEY_EC ? curve_bytes(specs[i].curve) : pa.priv->n);
        struct secret *none = NULL;
        ASSERT_RC(ops->agree(a, BYTES(pb.pub.p, pb.pub.n - 1), &none), RC_PUBLIC_KEY_INVALID);
        ASSERT_RC(ops->agree(a, BYTES_NONE, &none), RC_PUBLIC_KEY_INVALID);
        if (specs[i].kind == PKEY_EC) {
            pb.pub.p[pb.pub.n - 1] ^= 1; /* off the curve */
            ASSERT_RC(ops->agree(a, buf_view(&pb.pub), &none), RC_PUBLIC_KEY_INVALID);
        } else {
            memset(pb.pub.p, 0, pb.pub.n); /* small order: all-zero output */
            ASSERT_RC(ops->agree(a, buf_view(&pb.pub), &none), RC_PUBLIC_KEY_INVALID);
            pb.pub.p[0] = 1;
            ASSERT_RC(ops->agree(a, buf_view(&pb.pub), &none), RC_PUBLIC_KEY_INVALID);
        }
        assert_null(none);
        ops->free(a);
        ops->free(b);
    }
}

/* Points that are no points. */
static void test_ec_points_refused(void **state)
{
    const struct crypto *c = *state;

    for (enum ec_curve curve = CURVE_P224; curve < CURVE_COUNT; curve++) {
        const struct pkey_spec spec = {.kind = PKEY_EC, .curve = curve};
        const struct pkey_ops *ops = pkey_for(c, &spec);

        if (ops == NULL) {
            continue;
        }
        AUTO_KEY_PARTS struct key_parts parts = new_pair(c, &spec);
        const uint8_t last = parts.pub.p[parts.pub.n - 1];
        parts.pub.p[parts.pub.n - 1] ^= 1;
        load(ops, &spec, &parts, false, RC_PUBLIC_KEY_INVALID, NULL);
        parts.pub.p[parts.pub.n - 1] = last;
        parts.pub.p[0] = 0x02; /* compressed form's mark, and the hybrid form's */
        load(ops, &spec, &parts, false, RC_PUBLIC_KEY_INVALID, NULL);
        parts.pub.p[0] = (uint8_t)(0x06 | (last & 1));
        load(ops, &spec, &parts, false, RC_PUBLIC_KEY_INVALID, NULL);
        parts.pub.p[0] = 0x04;
        parts.pub.n -= 1;
        load(ops, &spec, &parts, false, RC_PUBLIC_KEY_INVALID, NULL);
        parts.pub.n = 1 + curve_bytes(curve); /* compressed length */
        load(ops, &spec, &parts, false, RC_PUBLIC_KEY_INVALID, NULL);
        parts.pub.n = 1;
        parts.pub.p[0] = 0; /* infinity */
        load(ops, &spec, &parts, false, RC_PUBLIC_KEY_INVALID, NULL);
        parts.pub.n = 0;
        load(ops, &spec, &parts, false, RC_PUBLIC_KEY_INVALID, NULL);
        parts.pub.n = 1 + 2 * curve_bytes(curve);
        parts.pub.p[0] = 4;
        memset(parts.pub.p + 1, 0xff, parts.pub.n - 1); /* coordinates beyond the field */
        load(ops, &spec, &parts, false, RC_PUBLIC_KEY_INVALID, NULL);
        memset(parts.pub.p + 1, 0, parts.pub.n - 1);
        load(ops, &spec, &parts, false, RC_PUBLIC_KEY_INVALID, NULL);
    }
}

/* SEC 2: the order of P-256 */
static const uint8_t p256_order[32] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

static void test_ec_scalars(void **state)
{
    const struct crypto *c = *state;
    const struct pkey_spec spec = {.kind = PKEY_EC, .curve = CURVE_P256};
    const struct pkey_ops *ops = pkey_for(c, &spec);
    AUTO_KEY_PARTS struct key_parts parts = {0};
    /* SEC 2: the x of the base point */
    static const uint8_t base_x[4] = {0x6b, 0x17, 0xd1, 0xf2};

    parts.priv = secret_new(32);
    load(ops, &spec, &parts, true, RC_ATTRIBUTE_VALUE_INVALID, NULL); /* 0 */
    memcpy(parts.priv->p, p256_order, 32);
    load(ops, &spec, &parts, true, RC_ATTRIBUTE_VALUE_INVALID, NULL); /* n */
    parts.priv->p[31]++;
    load(ops, &spec, &parts, true, RC_ATTRIBUTE_VALUE_INVALID, NULL); /* n + 1 */
    memset(parts.priv->p, 0xff, 32);
    load(ops, &spec, &parts, true, RC_ATTRIBUTE_VALUE_INVALID, NULL);
    memcpy(parts.priv->p, p256_order, 32);
    parts.priv->p[31]--;
    load(ops, &spec, &parts, true, RC_OK, NULL); /* n - 1 */
    memset(parts.priv->p, 0, 32);
    parts.priv->p[31] = 1;
    ASSERT_OK(ops->complete(&spec, &parts)); /* 1: the base point */
    assert_int_equal(parts.pub.n, 65);
    assert_int_equal(parts.pub.p[0], 4);
    assert_memory_equal(parts.pub.p + 1, base_x, 4);
    parts.priv->p[31] = 2; /* another's point */
    load(ops, &spec, &parts, true, RC_ATTRIBUTE_VALUE_INVALID, NULL);
}

/* Digests of any length; what is beyond the order does not count. */
static void test_ecdsa_digest_lengths(void **state)
{
    const struct crypto *c = *state;
    const struct pkey_params p = {.scheme = SCHEME_ECDSA};
    static const uint8_t digest[200] = "a digest that is longer than any order of ours";

    for (enum ec_curve curve = CURVE_P224; curve < CURVE_COUNT; curve++) {
        const struct pkey_spec spec = {.kind = PKEY_EC, .curve = curve};
        const struct pkey_ops *ops = pkey_for(c, &spec);
        const size_t order_n = curve_bytes(curve);
        struct pkey *k = NULL;
        uint8_t sig[200];

        if (ops == NULL) {
            continue;
        }
        AUTO_KEY_PARTS struct key_parts parts = new_pair(c, &spec);
        load(ops, &spec, &parts, true, RC_OK, &k);
        for (size_t n = 0; n <= sizeof(digest); n += 25) {
            size_t sig_n = 0;

            ASSERT_OK(ops->sign(k, &p, BYTES(digest, n), sig, &sig_n));
            assert_int_equal(sig_n, 2 * order_n);
            ASSERT_OK(ops->verify(k, &p, BYTES(digest, n), BYTES(sig, sig_n)));
            if (n > order_n) {
                ASSERT_OK(ops->verify(k, &p, BYTES(digest, order_n), BYTES(sig, sig_n)));
            } else if (n > 0) {
                ASSERT_RC(ops->verify(k, &p, BYTES(digest, n - 1), BYTES(sig, sig_n)),
                          RC_SIGNATURE_INVALID);
            }
        }
        ops->free(k);
    }
}

/* ---- Edwards curves ------------------------------------------------------------------------------------ */

static void refuse_pub(const struct crypto *c, enum pkey_kind kind, const uint8_t *pub)
{
    const struct pkey_spec spec = {.kind = kind};
    AUTO_KEY_PARTS struct key_parts parts = {0};

    if (pkey_for(c, &spec) == NULL) {
        return;
    }
    ASSERT_OK(buf_add(&parts.pub, pub, kind == PKEY_ED25519 ? 32 : 57));
    load(pkey_for(c, &spec), &spec, &parts, false, RC_PUBLIC_KEY_INVALID, NULL);
}

/* RFC 8032: y at or above p; y of small order with either sign. */
static void test_edwards_points_refused(void **state)
{
    uint8_t y[57];
    static const uint8_t order8[2][32] = {
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
         0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
         0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
         0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
         0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    };

    for (int sign = 0; sign <= 0x80; sign += 0x80) {
        for (unsigned low = 0xec; low <= 0xff;
             low++) { /* p - 1 is of order 2; the others too big */
            memset(y, 0xff, 32);
            y[0] = (uint8_t)low;
            y[31] = (uint8_t)(0x7f | sign);
            refuse_pub(*state, PKEY_ED25519, y);
        }
        for (uint8_t low = 0; low < 2; low++) {
            memset(y, 0, sizeof(y));
            y[0] = low;
            y[31] = (uint8_t)sign;
            refuse_pub(*state, PKEY_ED25519, y);
            y[31] = 0;
            y[56] = (uint8_t)sign;
            refuse_pub(*state, PKEY_ED448, y);
            memset(y, 0xff, 56); /* beyond 2^448 - 2^224 - 1 */
            refuse_pub(*state, PKEY_ED448, y);
            y[0] = 0xfe; /* p - 1 */
            y[28] = 0xfe;
            refuse_pub(*state, PKEY_ED448, y);
        }
        for (size_t i = 0; i < 2; i++) {
            memcpy(y, order8[i], 32);
            y[31] |= (uint8_t)sign;
            refuse_pub(*state, PKEY_ED25519, y);
        }
        static const uint8_t no_x[] = {2, 11}; /* no point has this y, on either curve */
        for (size_t i = 0; i < sizeof(no_x); i++) {
            memset(y, 0, sizeof(y));
            y[0] = no_x[i];
            y[31] = (uint8_t)sign;
            refuse_pub(*state, PKEY_ED25519, y);
            y[31] = 0;
            y[56] = (uint8_t)sign;
            refuse_pub(*state, PKEY_ED448, y);
        }
    }
    memset(y, 0, sizeof(y));
    y[0] = 9;
    y[56] = 0x40; /* bits that are always zero */
    refuse_pub(*state, PKEY_ED448, y);
}

/* Many pairs: what the library makes is never refused. */
static void test_edwards_points_accepted(void **state)
{
    const struct crypto *c = *state;

    for (enum pkey_kind kind = PKEY_ED25519; kind <= PKEY_ED448; kind++) {
        const struct pkey_spec spec = {.kind = kind};

        for (int i = 0; i < 50 && pkey_for(c, &spec) != NULL; i++) {
            AUTO_KEY_PARTS struct key_parts parts = new_pair(c, &spec);

            load(pkey_for(c, &spec), &spec, &parts, false, RC_OK, NULL);
        }
    }
}

static void test_eddsa_variants_differ(void **state)
{
    const struct crypto *c = *state;

    for (enum pkey_kind kind = PKEY_ED25519; kind <= PKEY_ED448; kind++) {
        const struct pkey_spec spec = {.kind = kind};
        const struct pkey_ops *ops = pkey_for(c, &spec);
        static uint8_t context[256];
        struct pkey_params p[] = {
            {.scheme = SCHEME_EDDSA},
            {.scheme = SCHEME_EDDSA, .has_context = true, .context = BYTES_STR("one")},
            {.scheme = SCHEME_EDDSA, .prehash = true},
            {.scheme = SCHEME_EDDSA,
             .prehash = true,
             .has_context = true,
             .context = BYTES(context, 255)},
        };
        struct pkey *k = NULL;
        uint8_t sig[ARRAY_LEN(p)][114];
        size_t n = 0;

        if (ops == NULL) {
            continue;
        }
        AUTO_KEY_PARTS struct key_parts parts = new_pair(c, &spec);
        load(ops, &spec, &parts, true, RC_OK, &k);
        for (size_t i = 0; i < ARRAY_LEN(p); i++) {
            ASSERT_OK(ops->sign(k, &p[i], BYTES_STR("m"), sig[i], &n));
        }
        for (size_t i = 0; i < ARRAY_LEN(p); i++) {
            for (size_t j = 0; j < ARRAY_LEN(p); j++) {
                ASSERT_RC(ops->verify(k, &p[i], BYTES_STR("m"), BYTES(sig[j], n)),
                          i == j ? RC_OK : RC_SIGNATURE_INVALID);
            }
        }
        p[1].context = BYTES(context, 256);
        ASSERT_RC(ops->sign(k, &p[1], BYTES_STR("m"), sig[0], &n), RC_MECHANISM_PARAM_INVALID);
        ASSERT_OK(ops->sign(k, &p[0], BYTES_NONE, sig[0], &n)); /* nothing is a message */
        ASSERT_OK(ops->verify(k, &p[0], BYTES_NONE, BYTES(sig[0], n)));
        ops->free(k);
    }
}

static void test_seed_lengths(void **state)
{
    const struct crypto *c = *state;

    for (enum pkey_kind kind = PKEY_ED25519; kind <= PKEY_X448; kind++) {
        const struct pkey_spec spec = {.kind = kind};
        const struct pkey_ops *ops = pkey_for(c, &spec);

        if (ops == NULL) {
            continue;
        }
        AUTO_KEY_PARTS struct key_parts parts = new_pair(c, &spec);
        struct secret *whole = parts.priv;
        parts.priv = secret_head(whole, whole->n - 1);
        load(ops, &spec, &parts, true, RC_ATTRIBUTE_VALUE_INVALID, NULL);
        secret_free(parts.priv);
        parts.priv = NULL;
        load(ops, &spec, &parts, true, RC_TEMPLATE_INCOMPLETE, NULL);
        parts.priv = whole;
        parts.pub.p[3] ^= 1; /* another's public value */
        load(ops, &spec, &parts, true, RC_ATTRIBUTE_VALUE_INVALID, NULL);
        buf_free(&parts.pub);
        ASSERT_OK(ops->complete(&spec, &parts));
        load(ops, &spec, &parts, true, RC_OK, NULL);
    }
}

int run_pkey_rules(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_agreement),
        cmocka_unit_test(test_ec_points_refused),
        cmocka_unit_test(test_ec_scalars),
        cmocka_unit_test(test_ecdsa_digest_lengths),
        cmocka_unit_test(test_edwards_points_refused),
        cmocka_unit_test(test_edwards_points_accepted),
        cmocka_unit_test(test_eddsa_variants_differ),
        cmocka_unit_test(test_seed_lengths),
    };

    return cmocka_run_group_tests_name("pkey", tests, rules_open, rules_close);
}
