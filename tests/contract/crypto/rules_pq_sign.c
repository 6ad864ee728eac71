/* SPDX-License-Identifier: Apache-2.0
 *
 * Signatures of ML-DSA and SLH-DSA.
 */
#include <string.h>

#include "rules_pq.h"

static enum rc verify(const struct pq_pair *p, struct bytes data, struct bytes sig)
{
    const struct pkey_params params = pq_params(p->spec.kind, false);

    return p->ops->verify(p->pub, &params, data, sig);
}

/* Every set, but the slow ones except the least slow. */
static size_t signing_kinds(const struct crypto *c, enum pkey_kind *list)
{
    size_t n = pq_kinds(c, PKEY_ML_DSA_44, PKEY_SLH_DSA_SHAKE_256F, list);

    if (c->pkey[PKEY_SLH_DSA_SHA2_128S][CURVE_NONE] != NULL) {
        list[n++] = PKEY_SLH_DSA_SHA2_128S;
    }
    return n;
}

static void test_signatures(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n_kinds = signing_kinds(c, kinds);
    static uint8_t sig[PQ_OUT_MAX + 1];

    for (size_t i = 0; i < n_kinds; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);
        AUTO_PQ_PAIR struct pq_pair other = pq_pair_new(c, kinds[i]);
        const struct pkey_params params = pq_params(kinds[i], false);
        const size_t n = p.ops->size(p.priv);
        const struct bytes data = BYTES(pq_mu, 64);
        size_t none = 0;

        pq_sign(&p, p.priv, false, sig);
        ASSERT_OK(verify(&p, data, BYTES(sig, n)));
        ASSERT_RC(verify(&p, BYTES(pq_mu + 1, 64), BYTES(sig, n)), RC_SIGNATURE_INVALID);
        ASSERT_RC(verify(&other, data, BYTES(sig, n)), RC_SIGNATURE_INVALID);
        ASSERT_RC(verify(&p, data, BYTES(sig, n - 1)), RC_SIGNATURE_LEN_RANGE);
        ASSERT_RC(verify(&p, data, BYTES(sig, n + 1)), RC_SIGNATURE_LEN_RANGE);
        ASSERT_RC(verify(&p, data, BYTES_NONE), RC_SIGNATURE_LEN_RANGE);
        for (size_t at = 0; at < n; at += n / 13) {
            sig[at] ^= 0x04;
            ASSERT_RC(verify(&p, data, BYTES(sig, n)), RC_SIGNATURE_INVALID);
            sig[at] ^= 0x04;
        }
        sig[n - 1] ^= 0x80; /* ML-DSA: the count of the last hints */
        ASSERT_RC(verify(&p, data, BYTES(sig, n)), RC_SIGNATURE_INVALID);
        memset(sig, 0, n);
        ASSERT_RC(verify(&p, data, BYTES(sig, n)), RC_SIGNATURE_INVALID);
        memset(sig, 0xff, n);
        ASSERT_RC(verify(&p, data, BYTES(sig, n)), RC_SIGNATURE_INVALID);
        ASSERT_RC(p.ops->sign(p.pub, &params, data, sig, &none), RC_KEY_TYPE_INCONSISTENT);
        assert_int_equal(none, 0);
    }
}

/* Those that cannot sign here verify nothing either, and say so in the same way. */
static void test_slow_sets_refuse_nonsense(void **state)
{
    const struct crypto *c = *state;
    static const uint8_t sig[PQ_OUT_MAX];

    for (enum pkey_kind kind = PKEY_SLH_DSA_SHA2_128S; kind < PKEY_COMP_SIG; kind++) {
        if (c->pkey[kind][CURVE_NONE] == NULL || !pq_is_slow(kind)) {
            continue;
        }
        AUTO_PQ_PAIR struct pq_pair p = {.spec = {.kind = kind}, .ops = c->pkey[kind][CURVE_NONE]};
        p.parts = new_pair(c, &p.spec);
        p.pub = pq_load(&p, &p.parts, false);
        const size_t n = p.ops->size(p.pub);

        ASSERT_RC(verify(&p, BYTES(pq_mu, 64), BYTES(sig, n)), RC_SIGNATURE_INVALID);
        ASSERT_RC(verify(&p, BYTES(pq_mu, 64), BYTES(sig, n - 1)), RC_SIGNATURE_LEN_RANGE);
    }
}

/* In turn, so that a context kept for one must not serve the other. */
static void test_deterministic_and_hedged(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n_kinds = pq_kinds(c, PKEY_ML_DSA_44, PKEY_SLH_DSA_SHAKE_128F, kinds);
    static uint8_t sig[6][PQ_OUT_MAX];

    for (size_t i = 0; i < n_kinds; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);
        const size_t n = p.ops->size(p.priv);

        for (size_t j = 0; j < ARRAY_LEN(sig); j++) {
            pq_sign(&p, p.priv, j % 2 == 0, sig[j]);
            ASSERT_OK(verify(&p, BYTES(pq_mu, 64), BYTES(sig[j], n)));
        }
        assert_memory_equal(sig[0], sig[2], n);
        assert_memory_equal(sig[0], sig[4], n);
        assert_memory_not_equal(sig[0], sig[1], n);
        assert_memory_not_equal(sig[1], sig[3], n);
        assert_memory_not_equal(sig[3], sig[5], n);
    }
}

static void test_mu_has_64_bytes(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n_kinds = pq_kinds(c, PKEY_ML_DSA_44, PKEY_ML_DSA_87, kinds);
    static const size_t wrong[] = {0, 32, 63, 65};
    uint8_t sig[4627];

    for (size_t i = 0; i < n_kinds; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);
        struct pkey_params params = pq_params(kinds[i], true);
        size_t n = 0;

        pq_sign(&p, p.priv, true, sig);
        for (size_t j = 0; j < ARRAY_LEN(wrong); j++) {
            uint8_t none[4627] = {0};

            ASSERT_RC(p.ops->sign(p.priv, &params, BYTES(pq_mu, wrong[j]), none, &n),
                      RC_DATA_LEN_RANGE);
            ASSERT_RC(verify(&p, BYTES(pq_mu, wrong[j]), BYTES(sig, p.ops->size(p.pub))),
                      RC_DATA_LEN_RANGE);
        }
        params.scheme = SCHEME_EDDSA;
        assert_int_not_equal(p.ops->sign(p.priv, &params, BYTES(pq_mu, 64), sig, &n), RC_OK);
        params.scheme = SCHEME_SLH_DSA;
        assert_int_not_equal(p.ops->sign(p.priv, &params, BYTES(pq_mu, 64), sig, &n), RC_OK);
        assert_int_equal(n, 0);
    }
}

/* M' is what counts, not where the prefix ends. */
static void test_slh_dsa_prefix(void **state)
{
    const struct crypto *c = *state;
    const enum pkey_kind kind = PKEY_SLH_DSA_SHA2_128F;
    static uint8_t message[100000];
    static uint8_t sig[3][17088];
    struct pkey_params p = pq_params(kind, true);
    size_t n = 0;

    if (c->pkey[kind][CURVE_NONE] == NULL) {
        return;
    }
    AUTO_PQ_PAIR struct pq_pair pair = pq_pair_new(c, kind);
    for (size_t i = 0; i < sizeof(message); i++) {
        message[i] = (uint8_t)(i >> 3);
    }
    for (size_t cut = 0; cut < 3; cut++) {
        p.prefix = BYTES(message, cut * 40);
        ASSERT_OK(pair.ops->sign(pair.priv, &p,
                                 BYTES(message + p.prefix.n, sizeof(message) - p.prefix.n),
                                 sig[cut], &n));
        assert_memory_equal(sig[cut], sig[0], n);
    }
    ASSERT_OK(pair.ops->verify(pair.pub, &p, BYTES(message + 80, sizeof(message) - 80),
                               BYTES(sig[0], n)));
    p.prefix = BYTES(message, 79);
    ASSERT_RC(
        pair.ops->verify(pair.pub, &p, BYTES(message + 80, sizeof(message) - 80), BYTES(sig[0], n)),
        RC_SIGNATURE_INVALID);
    p.prefix = BYTES_NONE; /* nothing at all is a message as well */
    ASSERT_OK(pair.ops->sign(pair.priv, &p, BYTES_NONE, sig[0], &n));
    ASSERT_OK(pair.ops->verify(pair.pub, &p, BYTES_NONE, BYTES(sig[0], n)));
    ASSERT_RC(verify(&pair, BYTES_NONE, BYTES(sig[0], n)), RC_SIGNATURE_INVALID);
    p.scheme = SCHEME_ML_DSA;
    assert_int_not_equal(pair.ops->sign(pair.priv, &p, BYTES(pq_mu, 64), sig[0], &n), RC_OK);
}

int run_pq_sign_rules(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_slow_sets_refuse_nonsense),
        cmocka_unit_test(test_deterministic_and_hedged),
        cmocka_unit_test(test_mu_has_64_bytes),
        cmocka_unit_test(test_slh_dsa_prefix),
    };

    return cmocka_run_group_tests_name("pq sign", tests, rules_open, rules_close);
}
