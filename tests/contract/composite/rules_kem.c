/* SPDX-License-Identifier: Apache-2.0
 *
 * Composite and hybrid KEMs: round trips, what the secret depends on, damage, layouts.
 */
#include <stdlib.h>
#include <string.h>

#include "rules.h"

struct pair {
    const struct pkey_ops *ops;
    struct pkey *priv, *pub;
    unsigned set;
    size_t ct_n, pq_n, pq_at, other_n, other_at;
};

static struct pair pair_of(const struct crypto *c, unsigned set)
{
    AUTO_KEY_PARTS struct key_parts parts = set_pair(c, set);
    struct pair p = {.ops = set_ops(c, set),
                     .priv = set_load(c, set, &parts, true),
                     .pub = set_load(c, set, &parts, false),
                     .set = set,
                     .pq_n = pq_sizes(set_pq(set).kind)->out};

    p.ct_n = p.ops->size(p.pub);
    p.other_n = p.ct_n - p.pq_n;
    p.pq_at = set_pq_first(set) ? 0 : p.other_n;
    p.other_at = set_pq_first(set) ? p.pq_n : 0;
    assert_int_equal(p.ct_n, comp_sizes(set, NULL).out);
    return p;
}

static void pair_free(struct pair *p)
{
    p->ops->free(p->priv);
    p->ops->free(p->pub);
}

static bool concatenates(unsigned set)
{
    return set == COMP_KEM_X25519_MLKEM768 || set == COMP_KEM_X25519_MLKEM1024 ||
           !set_pq_first(set);
}

/* Bytes of the secret that the other half agrees on. */
static size_t agreed_size(unsigned set)
{
    return set_is_ec(set)                     ? curve_bytes(set_other(set).curve)
           : set_other(set).kind == PKEY_X448 ? 56
                                              : 32;
}

static struct secret *opened(const struct pair *p, const uint8_t *ct)
{
    struct secret *ss = NULL;

    ASSERT_OK(p->ops->decapsulate(p->priv, BYTES(ct, p->ct_n), &ss));
    return ss;
}

static struct secret *sent(const struct crypto *c, const struct pair *p, struct bytes fixed,
                           uint8_t *ct)
{
    struct secret *ss = NULL;

    ASSERT_OK(p->ops->encapsulate(p->pub, c->rng, fixed, ct, &ss));
    return ss;
}

static void test_round_trips(void **state)
{
    uint8_t ct[CT_MAX], ct2[CT_MAX];

    EACH_SET(*state, set, PKEY_COMP_KEM)
    {
        struct pair p = pair_of(*state, set);
        AUTO_SECRET struct secret *a = sent(*state, &p, BYTES_NONE, ct);
        AUTO_SECRET struct secret *b = opened(&p, ct);
        AUTO_SECRET struct secret *d = sent(*state, &p, BYTES_NONE, ct2);

        assert_true(secret_equal(a, b));
        assert_int_equal(a->n, concatenates(set) ? 32 + agreed_size(set) : 32);
        assert_false(secret_equal(a, d));
        assert_memory_not_equal(ct + p.pq_at, ct2 + p.pq_at, 32);
        assert_memory_not_equal(ct + p.other_at + 1, ct2 + p.other_at + 1, 30);
        pair_free(&p);
    }
}

/* ---- what the secret depends on ------------------------------------------------------------------------ */

/* Randomness that is fixed for one half changes that half's ciphertext alone, and the secret. */
static void check_dependence(const struct crypto *c, const struct pair *p)
{
    uint8_t fixed[32 + 66], ct[3][CT_MAX];
    const size_t n = 32 + agreed_size(p->set);
    struct secret *ss[4];

    memset(fixed, 0x11, sizeof(fixed));
    fixed[32] = 0; /* below every order */
    ss[0] = sent(c, p, BYTES(fixed, n), ct[0]);
    ss[3] = sent(c, p, BYTES(fixed, n), ct[1]);
    assert_true(secret_equal(ss[0], ss[3]));
    assert_memory_equal(ct[0], ct[1], p->ct_n);
    fixed[5] ^= 1;
    ss[1] = sent(c, p, BYTES(fixed, n), ct[1]);
    fixed[5] ^= 1;
    fixed[32 + 5] ^= 1;
    ss[2] = sent(c, p, BYTES(fixed, n), ct[2]);
    assert_memory_equal(ct[0] + p->other_at, ct[1] + p->other_at, p->other_n);
    assert_memory_not_equal(ct[0] + p->pq_at, ct[1] + p->pq_at, p->pq_n);
    assert_memory_equal(ct[0] + p->pq_at, ct[2] + p->pq_at, p->pq_n);
    assert_memory_not_equal(ct[0] + p->other_at, ct[2] + p->other_at, p->other_n);
    for (size_t i = 0; i < 3; i++) {
        AUTO_SECRET struct secret *got = opened(p, ct[i]);

        assert_true(secret_equal(got, ss[i]));
        assert_false(secret_equal(ss[i], ss[(i + 1) % 3]));
    }
    for (size_t i = 0; i < 4; i++) {
        secret_free(ss[i]);
    }
}

static void test_secret_depends_on_both(void **state)
{
    EACH_SET(*state, set, PKEY_COMP_KEM)
    {
        if (!set_is_rsa(set)) {
            struct pair p = pair_of(*state, set);

            check_dependence(*state, &p);
            pair_free(&p);
        }
    }
}

static void test_fixed_lengths(void **state)
{
    static const uint8_t fixed[200] = {1};
    const struct crypto *c = *state;
    uint8_t ct[CT_MAX];

    EACH_SET(c, set, PKEY_COMP_KEM)
    {
        struct pair p = pair_of(c, set);
        struct secret *none = NULL;

        for (size_t n = 1; n <= sizeof(fixed); n++) {
            if (set_is_rsa(set) || n != 32 + agreed_size(set)) {
                ASSERT_RC(p.ops->encapsulate(p.pub, c->rng, BYTES(fixed, n), ct, &none),
                          RC_ARGUMENTS_BAD);
            }
        }
        assert_null(none);
        pair_free(&p);
    }
}

/* An ephemeral scalar that is none gives an error and no half of a ciphertext. */
static void test_fixed_scalar_refused(void **state)
{
    static const uint8_t fixed[32 + 66];
    static const uint8_t zero[CT_MAX];
    const struct crypto *c = *state;
    uint8_t ct[CT_MAX];

    EACH_SET(c, set, PKEY_COMP_KEM)
    {
        if (!set_is_ec(set)) {
            continue;
        }
        struct pair p = pair_of(c, set);
        struct secret *none = NULL;

        memset(ct, 0xee, sizeof(ct));
        ASSERT_RC(p.ops->encapsulate(p.pub, c->rng, BYTES(fixed, 32 + agreed_size(set)), ct, &none),
                  RC_ATTRIBUTE_VALUE_INVALID);
        assert_null(none);
        assert_memory_equal(ct, zero, p.ct_n);
        pair_free(&p);
    }
}

/* ---- damage -------------------------------------------------------------------------------------------- */

static void check_damage(const struct crypto *c, const struct pair *p)
{
    uint8_t ct[CT_MAX];
    AUTO_SECRET struct secret *good = sent(c, p, BYTES_NONE, ct);
    const bool visible = set_is_ec(p->set) || set_is_rsa(p->set);
    struct secret *none = NULL;

    for (size_t at = 0; at < p->pq_n; at += 301) { /* implicit rejection, the same each time */
        ct[p->pq_at + at] ^= 0x10;
        AUTO_SECRET struct secret *a = opened(p, ct);
        AUTO_SECRET struct secret *b = opened(p, ct);
        ct[p->pq_at + at] ^= 0x10;
        assert_false(secret_equal(a, good));
        assert_true(secret_equal(a, b));
    }
    for (size_t at = 0; at < p->other_n; at += 13) {
        ct[p->other_at + at] ^= 0x10;
        if (visible) {
            ASSERT_RC(p->ops->decapsulate(p->priv, BYTES(ct, p->ct_n), &none),
                      RC_ENCRYPTED_DATA_INVALID);
        } else {
            AUTO_SECRET struct secret *a = opened(p, ct);
            assert_false(secret_equal(a, good));
        }
        ct[p->other_at + at] ^= 0x10;
    }
    memset(ct + p->other_at, 0, p->other_n); /* of small order, or nothing at all */
    ASSERT_RC(p->ops->decapsulate(p->priv, BYTES(ct, p->ct_n), &none), RC_ENCRYPTED_DATA_INVALID);
    memset(ct, 0xff, p->ct_n);
    memset(ct + p->other_at, 0, p->other_n); /* both */
    ASSERT_RC(p->ops->decapsulate(p->priv, BYTES(ct, p->ct_n), &none), RC_ENCRYPTED_DATA_INVALID);
    assert_null(none);
}

static void test_damage(void **state)
{
    EACH_SET(*state, set, PKEY_COMP_KEM)
    {
        struct pair p = pair_of(*state, set);

        check_damage(*state, &p);
        pair_free(&p);
    }
}

static void test_ciphertext_lengths(void **state)
{
    static const uint8_t ct[CT_MAX + 200];

    EACH_SET(*state, set, PKEY_COMP_KEM)
    {
        struct pair p = pair_of(*state, set);
        struct secret *none = NULL;

        for (size_t n = 0; n < sizeof(ct); n += n + 3 < p.ct_n || n > p.ct_n + 3 ? 3 : 1) {
            if (n != p.ct_n) {
                ASSERT_RC(p.ops->decapsulate(p.priv, BYTES(ct, n), &none),
                          RC_ENCRYPTED_DATA_LEN_RANGE);
            }
        }
        ASSERT_RC(p.ops->decapsulate(p.priv, BYTES_NONE, &none), RC_ENCRYPTED_DATA_LEN_RANGE);
        assert_null(none);
        pair_free(&p);
    }
}

/* X25519 and X448: a public value of small order is found at the latest when it is used. */
static void test_small_order(void **state)
{
    const struct crypto *c = *state;
    uint8_t ct[CT_MAX];

    EACH_SET(c, set, PKEY_COMP_KEM)
    {
        if (set_is_ec(set) || set_is_rsa(set)) {
            continue;
        }
        AUTO_KEY_PARTS struct key_parts parts = set_pair(c, set);
        const size_t n = agreed_size(set);
        struct pkey *k = NULL;
        struct secret *none = NULL;

        memset(parts.pub.p + parts.pub.n - n, 0, n);
        enum rc rc = set_load_value(c, set, buf_view(&parts.pub), false, &k);
        if (rc == RC_OK) {
            rc = set_ops(c, set)->encapsulate(k, c->rng, BYTES_NONE, ct, &none);
            set_ops(c, set)->free(k);
        }
        ASSERT_RC(rc, RC_PUBLIC_KEY_INVALID);
        assert_null(none);
    }
}

static void test_wrong_use(void **state)
{
    const struct crypto *c = *state;
    struct pair p = pair_of(c, COMP_KEM_XWING);
    const struct pkey_params sig = {.scheme = SCHEME_COMP_SIG};
    uint8_t ct[CT_MAX] = {0};
    struct secret *none = NULL;
    size_t n = 0;

    ASSERT_RC(p.ops->decapsulate(p.pub, BYTES(ct, p.ct_n), &none), RC_KEY_TYPE_INCONSISTENT);
    ASSERT_RC(p.ops->encapsulate(p.priv, c->rng, BYTES_NONE, ct, &none), RC_KEY_TYPE_INCONSISTENT);
    ASSERT_RC(p.ops->sign(p.priv, &sig, BYTES(ct, 32), ct, &n), RC_KEY_TYPE_INCONSISTENT);
    ASSERT_RC(p.ops->verify(p.pub, &sig, BYTES(ct, 32), BYTES(ct, 64)), RC_KEY_TYPE_INCONSISTENT);
    assert_null(none);
    pair_free(&p);
}

/* ---- the hybrids of TLS, by hand ------------------------------------------------------------------------- */

static struct secret *agree_by_hand(const struct crypto *c, const struct pkey_spec *spec,
                                    struct bytes priv, struct bytes ct)
{
    const struct pkey_ops *ops = pkey_for(c, spec);
    AUTO_KEY_PARTS struct key_parts parts = {0};
    struct pkey *k = NULL;
    struct secret *z = NULL;

    parts.priv = secret_from(priv.p, priv.n);
    ASSERT_OK(ops->load(spec, &parts, true, &k));
    ASSERT_OK(ops->agree(k, ct, &z));
    ops->free(k);
    return z;
}

static struct secret *open_by_hand(const struct crypto *c, const struct pkey_spec *spec,
                                   struct bytes seed, struct bytes ct)
{
    const struct pkey_ops *ops = pkey_for(c, spec);
    AUTO_KEY_PARTS struct key_parts parts = {0};
    struct pkey *k = NULL;
    struct secret *ss = NULL;

    parts.seed = secret_from(seed.p, seed.n);
    ASSERT_OK(ops->load(spec, &parts, true, &k));
    ASSERT_OK(ops->decapsulate(k, ct, &ss));
    ops->free(k);
    return ss;
}

/* draft-ietf-tls-ecdhe-mlkem, 3: X25519MLKEM768 has ML-KEM first in all three, SecP256r1MLKEM768 and
 * SecP384r1MLKEM1024 have it last. */
static void check_layout(const struct crypto *c, unsigned set)
{
    const struct pkey_spec pq = set_pq(set), other = set_other(set), spec = set_spec(set);
    AUTO_KEY_PARTS struct key_parts parts = new_pair(c, &spec);
    struct pkey *pub = set_load(c, set, &parts, false);
    AUTO_SECRET struct secret *ss = NULL;
    uint8_t ct[CT_MAX];

    ASSERT_OK(set_ops(c, set)->encapsulate(pub, c->rng, BYTES_NONE, ct, &ss));
    set_ops(c, set)->free(pub);
    const size_t pq_n = pq_sizes(pq.kind)->out, z_n = agreed_size(set);
    const size_t other_n = other.kind == PKEY_EC ? 1 + 2 * z_n : z_n;
    const bool first = set_pq_first(set);
    AUTO_SECRET struct secret *a =
        open_by_hand(c, &pq, BYTES(parts.priv->p, 64), BYTES(ct + (first ? 0 : other_n), pq_n));
    AUTO_SECRET struct secret *b = agree_by_hand(c, &other, BYTES(parts.priv->p + 64, z_n),
                                                 BYTES(ct + (first ? pq_n : 0), other_n));
    assert_int_equal(parts.priv->n, 64 + z_n);
    assert_int_equal(ss->n, 32 + z_n);
    assert_memory_equal(ss->p + (first ? 0 : z_n), a->p, 32);
    assert_memory_equal(ss->p + (first ? 32 : 0), b->p, z_n);
    assert_true(other.kind != PKEY_EC || parts.pub.p[first ? 1184 : 0] == 4);
}

static void test_layouts_of_tls(void **state)
{
    check_layout(*state, COMP_KEM_X25519_MLKEM768);
    check_layout(*state, COMP_KEM_P256_MLKEM768);
    check_layout(*state, COMP_KEM_P384_MLKEM1024);
    check_layout(*state, COMP_KEM_X25519_MLKEM1024);
}

/* ---- what the other halves of curves do --------------------------------------------------------------- */

/* RFC 7748, 6.1: with Alice's key as the ephemeral one, CT is her public value. */
static const char alice[] = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
static const char alice_pub[] = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
static const char bob_pub[] = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
static const char shared[] = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

static size_t unhex(const char *text, uint8_t *out)
{
    size_t n = 0;

    for (; text[2 * n] != '\0'; n++) {
        const char pair[3] = {text[2 * n], text[2 * n + 1], '\0'};

        out[n] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return n;
}

static void test_agreement_of_rfc7748(void **state)
{
    const struct crypto *c = *state;
    const struct pkey_spec spec = {.kind = PKEY_X25519};
    const struct pkey_ops *ops = pkey_for(c, &spec);
    uint8_t v[32], ct[32], wanted[32];
    AUTO_KEY_PARTS struct key_parts bob = {0};
    AUTO_SECRET struct secret *z = NULL;
    struct pkey *k = NULL;

    ASSERT_OK(buf_add(&bob.pub, v, unhex(bob_pub, v)));
    ASSERT_OK(ops->load(&spec, &bob, false, &k));
    ASSERT_OK(ops->encapsulate(k, NULL, BYTES(v, unhex(alice, v)), ct, &z));
    assert_int_equal(unhex(alice_pub, wanted), 32);
    assert_memory_equal(ct, wanted, 32);
    assert_int_equal(unhex(shared, wanted), z->n);
    assert_memory_equal(z->p, wanted, 32);
    ops->free(k);
}

/* What is agreed upon is what the private key agrees upon; a given scalar gives its public value. */
static void check_agreement(const struct crypto *c, const struct pkey_spec *spec)
{
    const struct pkey_ops *ops = pkey_for(c, spec);
    AUTO_KEY_PARTS struct key_parts pair = new_pair(c, spec);
    AUTO_KEY_PARTS struct key_parts own = new_pair(c, spec);
    struct pkey *priv = NULL, *pub = NULL;
    AUTO_SECRET struct secret *a = NULL;
    AUTO_SECRET struct secret *b = NULL;
    AUTO_SECRET struct secret *d = NULL;
    struct secret *none = NULL;
    uint8_t ct[140], again[140];

    ASSERT_OK(ops->load(spec, &pair, true, &priv));
    ASSERT_OK(ops->load(spec, &pair, false, &pub));
    ASSERT_OK(ops->encapsulate(pub, c->rng, BYTES_NONE, ct, &a));
    ASSERT_OK(ops->agree(priv, BYTES(ct, pair.pub.n), &b));
    assert_true(secret_equal(a, b));
    ASSERT_OK(ops->encapsulate(pub, NULL, secret_view(own.priv), again, &d));
    assert_memory_equal(again, own.pub.p, own.pub.n);
    assert_memory_not_equal(again, ct, pair.pub.n);
    assert_false(secret_equal(a, d));
    for (size_t n = 1; n < 80; n++) {
        if (n != own.priv->n) {
            ASSERT_RC(ops->encapsulate(pub, NULL, BYTES(ct, n), again, &none), RC_ARGUMENTS_BAD);
        }
    }
    ASSERT_RC(ops->encapsulate(priv, c->rng, BYTES_NONE, again, &none), RC_KEY_TYPE_INCONSISTENT);
    assert_null(none);
    ops->free(priv);
    ops->free(pub);
}

static void test_agreements(void **state)
{
    const struct crypto *c = *state;
    static const enum pkey_kind others[] = {PKEY_X25519, PKEY_X448};

    for (enum ec_curve curve = CURVE_P224; curve < CURVE_COUNT; curve++) {
        const struct pkey_spec spec = {.kind = PKEY_EC, .curve = curve};

        if (pkey_for(c, &spec) != NULL) {
            check_agreement(c, &spec);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        const struct pkey_spec spec = {.kind = others[i]};

        if (pkey_for(c, &spec) != NULL) {
            check_agreement(c, &spec);
        }
    }
}

int run_kem_rules(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),    cmocka_unit_test(test_secret_depends_on_both),
        cmocka_unit_test(test_fixed_lengths),  cmocka_unit_test(test_fixed_scalar_refused),
        cmocka_unit_test(test_damage),         cmocka_unit_test(test_ciphertext_lengths),
        cmocka_unit_test(test_small_order),    cmocka_unit_test(test_wrong_use),
        cmocka_unit_test(test_layouts_of_tls), cmocka_unit_test(test_agreement_of_rfc7748),
        cmocka_unit_test(test_agreements),
    };

    return cmocka_run_group_tests_name("secrets", tests, suite_open, suite_close);
}
