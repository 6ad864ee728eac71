/* SPDX-License-Identifier: Apache-2.0
 *
 * Composite keys: how long they are, what is refused, that both halves belong to one key.
 */
#include <string.h>

#include "rules.h"

/* "Maximum Key and Signature Sizes" and "Maximum Key and Ciphertext Sizes" of the drafts (an asterisk
 * there is a false here); X-Wing, "Encoding and sizes"; draft-ietf-tls-ecdhe-mlkem, 4.1 and 4.2 for
 * public values and ciphertexts, private values as composite.def has them. */
static const struct {
    unsigned set;
    size_t pub, priv, out;
    bool exact;
} tables[] = {
    {COMP_SIG_MLDSA44_RSA2048_PSS_SHA256, 1582, 1226, 2676, false},
    {COMP_SIG_MLDSA44_RSA2048_PKCS15_SHA256, 1582, 1226, 2676, false},
    {COMP_SIG_MLDSA44_ED25519_SHA512, 1344, 64, 2484, true},
    {COMP_SIG_MLDSA44_ECDSA_P256_SHA256, 1377, 83, 2492, false},
    {COMP_SIG_MLDSA65_RSA3072_PSS_SHA512, 2350, 1802, 3693, false},
    {COMP_SIG_MLDSA65_RSA3072_PKCS15_SHA512, 2350, 1802, 3693, false},
    {COMP_SIG_MLDSA65_RSA4096_PSS_SHA512, 2478, 2383, 3821, false},
    {COMP_SIG_MLDSA65_RSA4096_PKCS15_SHA512, 2478, 2383, 3821, false},
    {COMP_SIG_MLDSA65_ECDSA_P256_SHA512, 2017, 83, 3381, false},
    {COMP_SIG_MLDSA65_ECDSA_P384_SHA512, 2049, 96, 3413, false},
    {COMP_SIG_MLDSA65_ECDSA_BRAINPOOLP256R1_SHA512, 2017, 84, 3381, false},
    {COMP_SIG_MLDSA65_ED25519_SHA512, 1984, 64, 3373, true},
    {COMP_SIG_MLDSA87_ECDSA_P384_SHA512, 2689, 96, 4731, false},
    {COMP_SIG_MLDSA87_ECDSA_BRAINPOOLP384R1_SHA512, 2689, 100, 4731, false},
    {COMP_SIG_MLDSA87_ED448_SHAKE256, 2649, 89, 4741, true},
    {COMP_SIG_MLDSA87_RSA3072_PSS_SHA512, 2990, 1802, 5011, false},
    {COMP_SIG_MLDSA87_RSA4096_PSS_SHA512, 3118, 2383, 5139, false},
    {COMP_SIG_MLDSA87_ECDSA_P521_SHA512, 2725, 114, 4766, false},
    {COMP_KEM_MLKEM768_RSA2048, 1454, 1258, 1344, false},
    {COMP_KEM_MLKEM768_RSA3072, 1582, 1834, 1472, false},
    {COMP_KEM_MLKEM768_RSA4096, 1710, 2415, 1600, false},
    {COMP_KEM_MLKEM768_X25519, 1216, 96, 1120, true},
    {COMP_KEM_MLKEM768_ECDH_P256, 1249, 115, 1153, true},
    {COMP_KEM_MLKEM768_ECDH_P384, 1281, 128, 1185, true},
    {COMP_KEM_MLKEM768_ECDH_BRAINPOOLP256R1, 1249, 116, 1153, true},
    {COMP_KEM_MLKEM1024_RSA3072, 1966, 1834, 1952, false},
    {COMP_KEM_MLKEM1024_ECDH_P384, 1665, 128, 1665, true},
    {COMP_KEM_MLKEM1024_ECDH_BRAINPOOLP384R1, 1665, 132, 1665, true},
    {COMP_KEM_MLKEM1024_X448, 1624, 120, 1624, true},
    {COMP_KEM_MLKEM1024_ECDH_P521, 1701, 146, 1701, true},
    {COMP_KEM_XWING, 1216, 32, 1120, true},
    {COMP_KEM_X25519_MLKEM768, 1216, 96, 1120, true},
    {COMP_KEM_P256_MLKEM768, 1249, 96, 1153, true},
    {COMP_KEM_P384_MLKEM1024, 1665, 112, 1665, true},
    {COMP_KEM_X25519_MLKEM1024, 1600, 96, 1600, true},
};

static void test_sizes(void **state)
{
    (void)state;
    assert_int_equal(ARRAY_LEN(tables), COMP_SET_COUNT - 1);
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        bool exact = false;
        const struct pq_sizes sizes = comp_sizes(tables[i].set, &exact);

        assert_int_equal(sizes.pub, tables[i].pub);
        assert_int_equal(sizes.priv, tables[i].priv);
        assert_int_equal(sizes.out, tables[i].out);
        assert_int_equal(sizes.seed, 0);
        assert_int_equal(exact, tables[i].exact);
        assert_int_equal(comp_sizes(tables[i].set, NULL).pub, tables[i].pub);
    }
}

static void test_numbers_that_are_no_set(void **state)
{
    const struct crypto *c = *state;
    static const unsigned numbers[] = {COMP_NONE, COMP_SET_COUNT, COMP_SET_COUNT + 1, 0xffffffffU};
    const struct pkey_ops *ops = c->pkey[PKEY_COMP_SIG][CURVE_NONE];

    assert_non_null(ops);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        for (enum pkey_kind kind = PKEY_COMP_SIG; kind <= PKEY_COMP_KEM; kind++) {
            const struct pkey_spec spec = {.kind = kind, .set = numbers[i]};
            AUTO_KEY_PARTS struct key_parts parts = {0};
            struct pkey *k = NULL;

            assert_false(ops->supports(&spec));
            ASSERT_RC(ops->load(&spec, &parts, true, &k), RC_MECHANISM_INVALID);
            ASSERT_RC(ops->complete(&spec, &parts), RC_MECHANISM_INVALID);
            ASSERT_RC(ops->generate(&spec, BYTES_NONE, c->rng, &parts), RC_MECHANISM_INVALID);
            assert_null(k);
        }
        bool exact = true;
        assert_int_equal(comp_sizes(numbers[i], &exact).pub, 0);
        assert_false(exact);
        assert_int_equal(comp_kind(numbers[i]), PKEY_COUNT);
        assert_int_equal(comp_hash(numbers[i]), HASH_NONE);
    }
    const struct pkey_spec crossed = {.kind = PKEY_COMP_KEM,
                                      .set = COMP_SIG_MLDSA44_ED25519_SHA512};
    assert_false(ops->supports(&crossed));
}

/* ---- pairs ---------------------------------------------------------------------------------------- */

/* New pairs are whole, as long as the tables say, and never the same. */
static void check_new_pair(const struct crypto *c, unsigned set)
{
    const struct pkey_spec spec = set_spec(set);
    const struct pkey_ops *ops = set_ops(c, set);
    const struct pq_sizes most = comp_sizes(set, NULL);
    AUTO_KEY_PARTS struct key_parts pair = new_pair(c, &spec);
    AUTO_KEY_PARTS struct key_parts again = {0};

    assert_true(pair.pub.n <= most.pub && pair.priv->n <= most.priv);
    if (set_is_rsa(set)) {
        assert_true(pair.pub.n == most.pub && pair.priv->n + 64 > most.priv);
    } else {
        assert_int_equal(pair.pub.n, most.pub);
        assert_int_equal(pair.priv->n, most.priv);
    }
    again.priv = secret_copy(pair.priv);
    ASSERT_OK(ops->complete(&spec, &again));
    assert_true(bytes_equal(buf_view(&again.pub), buf_view(&pair.pub)));
    ASSERT_OK(ops->complete(&spec, &again)); /* what is there is made anew */
    assert_true(bytes_equal(buf_view(&again.pub), buf_view(&pair.pub)));
    ops->free(set_load(c, set, &pair, true));
    ops->free(set_load(c, set, &pair, false));
}

static void test_new_pairs(void **state)
{
    for (unsigned set = COMP_NONE + 1; set < COMP_SET_COUNT; set++) {
        if (set_ops(*state, set) != NULL) {
            check_new_pair(*state, set);
        }
    }
}

/* Two keys of a set have nothing in common, in either half. */
static void test_pairs_differ(void **state)
{
    const struct crypto *c = *state;

    for (unsigned set = COMP_NONE + 1; set < COMP_SET_COUNT; set++) {
        const struct pkey_spec spec = set_spec(set);
        if (set_ops(c, set) == NULL || set_is_rsa(set)) {
            continue;
        }
        AUTO_KEY_PARTS struct key_parts a = new_pair(c, &spec);
        AUTO_KEY_PARTS struct key_parts b = new_pair(c, &spec);

        assert_memory_not_equal(a.priv->p, b.priv->p, 32);
        assert_memory_not_equal(a.pub.p + 1, b.pub.p + 1, 32);
        assert_memory_not_equal(a.pub.p + a.pub.n - 32, b.pub.p + b.pub.n - 32, 32);
    }
}

/* A pair that is handed in is replaced; the exponent goes to RSA. */
static void test_generate_replaces(void **state)
{
    const struct crypto *c = *state;
    static const uint8_t f4[] = {1, 0, 1}, even[] = {4};
    const unsigned set = COMP_KEM_MLKEM768_RSA2048;
    const struct pkey_spec spec = set_spec(set);
    AUTO_KEY_PARTS struct key_parts parts = {0};

    ASSERT_OK(buf_set(&parts.pub, BYTES_STR("what was there")));
    parts.priv = secret_new(7);
    ASSERT_OK(set_ops(c, set)->generate(&spec, BYTES_NONE, c->rng, &parts));
    assert_memory_equal(parts.pub.p + parts.pub.n - 3, f4, 3);
    const size_t n = parts.pub.n;
    assert_int_not_equal(set_ops(c, set)->generate(&spec, BYTES(even, 1), c->rng, &parts), RC_OK);
    assert_int_equal(parts.pub.n, n);
}

/* ---- what is refused --------------------------------------------------------------------------------- */

static void refuse(const struct crypto *c, unsigned set, struct bytes value, bool priv)
{
    struct pkey *k = NULL;

    ASSERT_RC(set_load_value(c, set, value, priv, &k), RC_ATTRIBUTE_VALUE_INVALID);
    assert_null(k);
}

/* Any length but the right one. */
static void test_lengths(void **state)
{
    const struct crypto *c = *state;

    for (unsigned set = COMP_NONE + 1; set < COMP_SET_COUNT; set++) {
        if (set_ops(c, set) == NULL) {
            continue;
        }
        AUTO_KEY_PARTS struct key_parts pair = set_pair(c, set);
        AUTO_BUF struct buf priv = BUF_INIT;

        ASSERT_OK(buf_set(&priv, secret_view(pair.priv)));
        for (size_t n = 0; n < priv.n; n++) {
            refuse(c, set, BYTES(priv.p, n), true);
        }
        for (size_t n = 1; n < pair.pub.n; n += n < pair.pub.n - 600 ? 97 : 1) {
            refuse(c, set, BYTES(pair.pub.p, n), false);
        }
        for (uint8_t more = 0; more < 3; more++) {
            ASSERT_OK(buf_add_u8(&priv, more));
            refuse(c, set, buf_view(&priv), true);
            ASSERT_OK(buf_add_u8(&pair.pub, more));
            refuse(c, set, buf_view(&pair.pub), false);
        }
    }
}

static void test_absent(void **state)
{
    const struct crypto *c = *state;

    for (unsigned set = COMP_NONE + 1; set < COMP_SET_COUNT; set++) {
        const struct pkey_spec spec = set_spec(set);
        const struct pkey_ops *ops = set_ops(c, set);
        AUTO_KEY_PARTS struct key_parts none = {0};
        struct pkey *k = NULL;

        if (ops == NULL) {
            continue;
        }
        ASSERT_RC(ops->load(&spec, &none, true, &k), RC_TEMPLATE_INCOMPLETE);
        ASSERT_RC(ops->load(&spec, &none, false, &k), RC_TEMPLATE_INCOMPLETE);
        ASSERT_RC(ops->complete(&spec, &none), RC_TEMPLATE_INCOMPLETE);
        assert_null(k);
    }
}

/* A public value that differs in one bit, in either half, is not this private key's. */
static void test_halves_that_are_anothers(void **state)
{
    const struct crypto *c = *state;

    for (unsigned set = COMP_NONE + 1; set < COMP_SET_COUNT; set++) {
        const struct pkey_spec spec = set_spec(set);
        const struct pkey_ops *ops = set_ops(c, set);
        if (ops == NULL) {
            continue;
        }
        AUTO_KEY_PARTS struct key_parts pair = set_pair(c, set);
        const size_t pq_at = set_pq_first(set) ? 0 : pair.pub.n - pq_sizes(set_pq(set).kind)->pub;
        const size_t other_n = pair.pub.n - pq_sizes(set_pq(set).kind)->pub;
        const size_t other_at = set_pq_first(set) ? pair.pub.n - other_n : 0;
        struct pkey *k = NULL;

        pair.pub.p[pq_at + 100] ^= 1;
        ASSERT_RC(ops->load(&spec, &pair, true, &k), RC_ATTRIBUTE_VALUE_INVALID);
        pair.pub.p[pq_at + 100] ^= 1;
        pair.pub.p[other_at + other_n / 2] ^= 1;
        const enum rc rc = ops->load(&spec, &pair, true, &k);
        ASSERT_RC(rc, set_is_ec(set) ? RC_PUBLIC_KEY_INVALID : RC_ATTRIBUTE_VALUE_INVALID);
        assert_null(k);
    }
}

/* Both halves' own checks: FIPS 203, 7.2; SP 800-56A, 5.6.2.3.3. */
static void test_public_values_refused(void **state)
{
    const struct crypto *c = *state;

    for (unsigned set = COMP_NONE + 1; set < COMP_SET_COUNT; set++) {
        if (set_ops(c, set) == NULL) {
            continue;
        }
        AUTO_KEY_PARTS struct key_parts pair = set_pair(c, set);
        const size_t pq_n = pq_sizes(set_pq(set).kind)->pub;
        uint8_t *pq = pair.pub.p + (set_pq_first(set) ? 0 : pair.pub.n - pq_n);
        uint8_t *other = pair.pub.p + (set_pq_first(set) ? pq_n : 0);
        const uint8_t kept[2] = {pq[0], pq[1]};
        struct pkey *k = NULL;

        if (comp_kind(set) == PKEY_COMP_KEM) { /* 3329 and more */
            pq[0] = 0xff;
            pq[1] |= 0x0f;
            ASSERT_RC(set_load_value(c, set, buf_view(&pair.pub), false, &k),
                      RC_PUBLIC_KEY_INVALID);
            memcpy(pq, kept, 2);
        }
        if (set_is_ec(set)) {
            other[1] ^= 1; /* off the curve */
            ASSERT_RC(set_load_value(c, set, buf_view(&pair.pub), false, &k),
                      RC_PUBLIC_KEY_INVALID);
            other[1] ^= 1;
            other[0] = 2; /* the compressed form's mark */
            ASSERT_RC(set_load_value(c, set, buf_view(&pair.pub), false, &k),
                      RC_PUBLIC_KEY_INVALID);
        }
        assert_null(k);
    }
}

/* Scalars of nought and beyond the order; an RSA key whose parts contradict each other. */
static void test_private_values_refused(void **state)
{
    const struct crypto *c = *state;

    for (unsigned set = COMP_NONE + 1; set < COMP_SET_COUNT; set++) {
        if (set_ops(c, set) == NULL || !(set_is_ec(set) || set_is_rsa(set))) {
            continue;
        }
        AUTO_KEY_PARTS struct key_parts pair = set_pair(c, set);
        const size_t seed_n = pq_sizes(set_pq(set).kind)->seed;
        const size_t scalar_n = curve_bytes(set_other(set).curve);
        const bool bare = pair.priv->n == seed_n + scalar_n;
        uint8_t *scalar = pair.priv->p + seed_n + (bare ? 0 : 7);

        if (set_is_rsa(set)) {
            pair.priv->p[pair.priv->n - 1] ^= 2; /* the coefficient */
            refuse(c, set, secret_view(pair.priv), true);
            continue;
        }
        memset(scalar, 0, scalar_n);
        refuse(c, set, secret_view(pair.priv), true);
        memset(scalar, 0xff, scalar_n);
        refuse(c, set, secret_view(pair.priv), true);
    }
}

/* A modulus of another length than the set's is no key of the set. */
static void test_rsa_of_another_size(void **state)
{
    const struct crypto *c = *state;
    static const struct {
        unsigned set, other;
    } pairs[] = {
        {COMP_SIG_MLDSA65_RSA3072_PSS_SHA512, COMP_SIG_MLDSA65_RSA4096_PSS_SHA512},
        {COMP_SIG_MLDSA65_RSA4096_PKCS15_SHA512, COMP_SIG_MLDSA65_RSA3072_PKCS15_SHA512},
        {COMP_KEM_MLKEM768_RSA2048, COMP_KEM_MLKEM768_RSA3072},
        {COMP_KEM_MLKEM768_RSA4096, COMP_KEM_MLKEM768_RSA2048},
    };

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        const struct vector *v = vector_of(pairs[i].set);

        refuse(c, pairs[i].other, buf_view(&v->pub), false);
        refuse(c, pairs[i].other, buf_view(&v->priv), true);
    }
}

int run_key_rules(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_numbers_that_are_no_set),
        cmocka_unit_test(test_new_pairs),
        cmocka_unit_test(test_pairs_differ),
        cmocka_unit_test(test_generate_replaces),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_halves_that_are_anothers),
        cmocka_unit_test(test_public_values_refused),
        cmocka_unit_test(test_private_values_refused),
        cmocka_unit_test(test_rsa_of_another_size),
    };

    return cmocka_run_group_tests_name("keys", tests, suite_open, suite_close);
}
