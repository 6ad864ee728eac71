/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of ML-KEM, ML-DSA and SLH-DSA in use: encapsulation, signatures, threads, memory that runs
 * out.
 */
#include <pthread.h>
#include <string.h>

#include "rules_pq.h"

/* ---- ML-KEM --------------------------------------------------------------------------------------- */

static void test_encapsulation(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n = pq_kinds(c, PKEY_ML_KEM_512, PKEY_ML_KEM_1024, kinds);

    for (size_t i = 0; i < n; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);
        AUTO_SECRET struct secret *first = NULL;
        uint8_t ct[1568 + 1] = {0};
        const size_t ct_n = p.ops->size(p.pub);

        for (int round = 0; round < 5; round++) {
            AUTO_SECRET struct secret *sent = NULL;
            AUTO_SECRET struct secret *got = NULL;

            ASSERT_OK(p.ops->encapsulate(p.pub, c->rng, BYTES_NONE, ct, &sent));
            assert_int_equal(sent->n, 32);
            ASSERT_OK(p.ops->decapsulate(p.priv, BYTES(ct, ct_n), &got));
            assert_true(secret_equal(sent, got));
            assert_true(first == NULL || !secret_equal(first, sent));
            secret_free(first);
            first = TAKE(sent);
        }
        struct secret *none = NULL;
        static const size_t wrong[] = {0, 1, 32};
        for (size_t j = 0; j < ARRAY_LEN(wrong); j++) {
            ASSERT_RC(p.ops->decapsulate(p.priv, BYTES(ct, wrong[j]), &none),
                      RC_ENCRYPTED_DATA_LEN_RANGE);
        }
        ASSERT_RC(p.ops->decapsulate(p.priv, BYTES(ct, ct_n - 1), &none),
                  RC_ENCRYPTED_DATA_LEN_RANGE);
        ASSERT_RC(p.ops->decapsulate(p.priv, BYTES(ct, ct_n + 1), &none),
                  RC_ENCRYPTED_DATA_LEN_RANGE);
        ASSERT_RC(p.ops->decapsulate(p.pub, BYTES(ct, ct_n), &none), RC_KEY_TYPE_INCONSISTENT);
        assert_null(none);
    }
}

/* A backend that tries a pair by itself says no when the private half is another's. */
static void test_trial(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n = pq_kinds(c, PKEY_ML_KEM_512, PKEY_ML_KEM_1024, kinds);

    for (size_t i = 0; i < n; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);
        AUTO_PQ_PAIR struct pq_pair q = pq_pair_new(c, kinds[i]);
        const struct pkey_spec spec = {.kind = kinds[i]};
        const size_t vector_n = p.parts.priv->n - 64 - p.parts.pub.n;
        struct pkey *mixed = NULL;

        if (p.ops->try_kem == NULL) {
            continue;
        }
        ASSERT_OK(p.ops->try_kem(p.priv));
        ASSERT_RC(p.ops->try_kem(p.pub), RC_KEY_TYPE_INCONSISTENT);
        memcpy(p.parts.priv->p, q.parts.priv->p, vector_n);
        p.parts.fresh = true; /* else it would be seen already here */
        ASSERT_OK(p.ops->load(&spec, &p.parts, true, &mixed));
        ASSERT_RC(p.ops->try_kem(mixed), RC_ATTRIBUTE_VALUE_INVALID);
        p.ops->free(mixed);
        ASSERT_OK(buf_set(&p.parts.pub, buf_view(&q.parts.pub)));
        ASSERT_RC(p.ops->load(&spec, &p.parts, true, &mixed), RC_ATTRIBUTE_VALUE_INVALID);
    }
}

/* With m fixed everything is determined, and m counts for one time only. */
static void test_encapsulation_with_fixed_m(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n = pq_kinds(c, PKEY_ML_KEM_512, PKEY_ML_KEM_1024, kinds);
    static const uint8_t m[33] = {1, 2, 3};

    for (size_t i = 0; i < n; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);
        const size_t ct_n = p.ops->size(p.pub);
        AUTO_SECRET struct secret *a = NULL;
        AUTO_SECRET struct secret *b = NULL;
        AUTO_SECRET struct secret *free_one = NULL;
        AUTO_SECRET struct secret *other = NULL;
        uint8_t ct[4][1568];
        struct secret *none = NULL;

        ASSERT_OK(p.ops->encapsulate(p.pub, c->rng, BYTES(m, 32), ct[0], &a));
        ASSERT_OK(p.ops->encapsulate(p.pub, c->rng, BYTES_NONE, ct[1], &free_one));
        ASSERT_OK(p.ops->encapsulate(p.pub, c->rng, BYTES(m, 32), ct[2], &b));
        ASSERT_OK(p.ops->encapsulate(p.pub, c->rng, BYTES(m + 1, 32), ct[3], &other));
        assert_true(secret_equal(a, b));
        assert_memory_equal(ct[0], ct[2], ct_n);
        assert_false(secret_equal(a, free_one));
        assert_memory_not_equal(ct[0], ct[1], ct_n);
        assert_false(secret_equal(a, other));
        ASSERT_RC(p.ops->encapsulate(p.pub, c->rng, BYTES(m, 31), ct[0], &none), RC_ARGUMENTS_BAD);
        ASSERT_RC(p.ops->encapsulate(p.pub, c->rng, BYTES(m, 33), ct[0], &none), RC_ARGUMENTS_BAD);
        assert_null(none);
    }
}

/* FIPS 203, algorithm 18: a ciphertext that does not come back gives J(z, c). */
static void test_implicit_rejection(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n = pq_kinds(c, PKEY_ML_KEM_512, PKEY_ML_KEM_1024, kinds);

    for (size_t i = 0; i < n; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);
        const size_t ct_n = p.ops->size(p.pub);
        AUTO_SECRET struct secret *sent = NULL;
        AUTO_SECRET struct secret *last = NULL;
        uint8_t ct[1568 + 32];

        ASSERT_OK(p.ops->encapsulate(p.pub, c->rng, BYTES_NONE, ct, &sent));
        for (size_t at = 0; at < ct_n; at += 97) {
            AUTO_SECRET struct secret *a = NULL;
            AUTO_SECRET struct secret *b = NULL;

            ct[at] ^= 0x20;
            ASSERT_OK(p.ops->decapsulate(p.priv, BYTES(ct, ct_n), &a));
            ASSERT_OK(p.ops->decapsulate(p.priv, BYTES(ct, ct_n), &b));
            assert_int_equal(a->n, 32);
            assert_true(secret_equal(a, b));
            assert_false(secret_equal(a, sent));
            assert_true(last == NULL || !secret_equal(a, last));
            secret_free(last);
            last = TAKE(a);
            if (c->digest[HASH_SHAKE256] != NULL) { /* J is SHAKE256, 32 bytes */
                AUTO_BUF struct buf zc = BUF_INIT;
                uint8_t j[32];

                ASSERT_OK(buf_add(&zc, p.parts.priv->p + p.parts.priv->n - 32, 32));
                ASSERT_OK(buf_add(&zc, ct, ct_n));
                ASSERT_OK(crypto_xof(c, HASH_SHAKE256, buf_view(&zc), j, sizeof(j)));
                assert_memory_equal(j, b->p, sizeof(j));
            }
            ct[at] ^= 0x20;
        }
    }
}

/* ---- keys of all kinds ----------------------------------------------------------------------------- */

/* A key of the seed alone and one of the value alone are the same key. */
static void test_seed_and_value_act_alike(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n = pq_kinds(c, PKEY_ML_KEM_512, PKEY_ML_DSA_87, kinds);
    static uint8_t out[2][PQ_OUT_MAX];

    for (size_t i = 0; i < n; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);
        const struct key_parts halves[2] = {{.seed = p.parts.seed}, {.priv = p.parts.priv}};
        struct pkey *k[2] = {pq_load(&p, &halves[0], true), pq_load(&p, &halves[1], true)};

        if (pkey_is_ml_kem(kinds[i])) {
            AUTO_SECRET struct secret *sent = NULL;

            ASSERT_OK(p.ops->encapsulate(p.pub, c->rng, BYTES_NONE, out[0], &sent));
            for (size_t j = 0; j < 2; j++) {
                AUTO_SECRET struct secret *got = NULL;

                ASSERT_OK(p.ops->decapsulate(k[j], BYTES(out[0], p.ops->size(k[j])), &got));
                assert_true(secret_equal(sent, got));
            }
        } else {
            pq_sign(&p, k[0], true, out[0]);
            pq_sign(&p, k[1], true, out[1]);
            assert_memory_equal(out[0], out[1], p.ops->size(k[0]));
            assert_memory_equal(p.ops->tr(k[0]), p.ops->tr(k[1]), 64);
        }
        p.ops->free(k[0]);
        p.ops->free(k[1]);
    }
}

/* A key does what its kind does and nothing else. */
static void test_verbs_of_other_kinds(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n = pq_kinds(c, PKEY_ML_KEM_512, PKEY_SLH_DSA_SHAKE_128F, kinds);
    static uint8_t out[PQ_OUT_MAX];

    for (size_t i = 0; i < n; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);
        const struct pkey_params params = pq_params(kinds[i], true);
        const struct pkey_params oaep = {.scheme = SCHEME_RSA_OAEP, .hash = HASH_SHA256};
        struct secret *none = NULL;
        size_t out_n = 0;

        if (pkey_is_ml_kem(kinds[i])) {
            ASSERT_RC(p.ops->sign(p.priv, &params, BYTES(pq_mu, 64), out, &out_n),
                      RC_KEY_TYPE_INCONSISTENT);
            ASSERT_RC(p.ops->verify(p.pub, &params, BYTES(pq_mu, 64), BYTES(out, 64)),
                      RC_KEY_TYPE_INCONSISTENT);
        } else {
            ASSERT_RC(p.ops->encapsulate(p.pub, c->rng, BYTES_NONE, out, &none),
                      RC_KEY_TYPE_INCONSISTENT);
            ASSERT_RC(p.ops->decapsulate(p.priv, BYTES(out, 64), &none), RC_KEY_TYPE_INCONSISTENT);
        }
        ASSERT_RC(p.ops->encrypt(p.pub, &oaep, BYTES(pq_mu, 8), out, &out_n),
                  RC_KEY_TYPE_INCONSISTENT);
        ASSERT_RC(p.ops->decrypt(p.priv, &oaep, BYTES(out, 8), &none), RC_KEY_TYPE_INCONSISTENT);
        ASSERT_RC(p.ops->agree(p.priv, buf_view(&p.parts.pub), &none), RC_KEY_TYPE_INCONSISTENT);
        assert_null(none);
        assert_int_equal(out_n, 0);
    }
}

/* ---- threads --------------------------------------------------------------------------------------------- */

struct shared {
    const struct crypto *c;
    struct pq_pair *p;
    const uint8_t *expected; /* the deterministic signature */
};

static enum rc use_shared(const struct shared *s, uint8_t *out)
{
    const struct pq_pair *p = s->p;
    struct pkey_params params = pq_params(p->spec.kind, true);
    AUTO_SECRET struct secret *sent = NULL;
    AUTO_SECRET struct secret *got = NULL;
    size_t n = p->ops->size(p->priv);

    if (pkey_is_ml_kem(p->spec.kind)) {
        TRY(p->ops->encapsulate(p->pub, s->c->rng, BYTES_NONE, out, &sent));
        TRY(p->ops->decapsulate(p->priv, BYTES(out, n), &got));
        return secret_equal(sent, got) ? RC_OK : RC_DATA_INVALID;
    }
    TRY(p->ops->sign(p->priv, &params, BYTES(pq_mu, 64), out, &n));
    REQUIRE(memcmp(out, s->expected, n) == 0, RC_DATA_INVALID);
    params.deterministic = false;
    TRY(p->ops->sign(p->priv, &params, BYTES(pq_mu, 64), out, &n));
    return p->ops->verify(p->pub, &params, BYTES(pq_mu, 64), BYTES(out, n));
}

static void *use_often(void *arg)
{
    AUTO_FREE uint8_t *out = mem_alloc(PQ_OUT_MAX);
    const struct shared *s = arg;
    const int rounds = pkey_is_slh_dsa(s->p->spec.kind) ? 1 : 40;

    for (int i = 0; i < rounds; i++) {
        const enum rc rc = use_shared(s, out);

        if (rc != RC_OK) {
            return (void *)(uintptr_t)rc;
        }
    }
    return NULL;
}

static void test_threads_share_a_key(void **state)
{
    const struct crypto *c = *state;
    static const enum pkey_kind some[] = {PKEY_ML_KEM_768, PKEY_ML_DSA_44, PKEY_SLH_DSA_SHA2_128F};
    static uint8_t expected[PQ_OUT_MAX];

    for (size_t i = 0; i < ARRAY_LEN(some); i++) {
        pthread_t threads[12];

        if (c->pkey[some[i]][CURVE_NONE] == NULL) {
            continue;
        }
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, some[i]);
        struct shared s = {c, &p, expected};
        if (!pkey_is_ml_kem(some[i])) {
            pq_sign(&p, p.priv, true, expected);
        }
        for (size_t j = 0; j < ARRAY_LEN(threads); j++) {
            assert_int_equal(pthread_create(&threads[j], NULL, use_often, &s), 0);
        }
        for (size_t j = 0; j < ARRAY_LEN(threads); j++) {
            void *failed = NULL;

            assert_int_equal(pthread_join(threads[j], &failed), 0);
            assert_null(failed);
        }
    }
}

/* ---- memory that runs out -------------------------------------------------------------------------------- */

static enum rc use(const struct pq_pair *p, const struct crypto *c, uint8_t *out)
{
    const struct pkey_params params = pq_params(p->spec.kind, true);
    AUTO_SECRET struct secret *sent = NULL;
    AUTO_SECRET struct secret *got = NULL;
    size_t n = 0;

    if (pkey_is_ml_kem(p->spec.kind)) {
        TRY(p->ops->encapsulate(p->pub, c->rng, BYTES_NONE, out, &sent));
        return p->ops->decapsulate(p->priv, BYTES(out, p->ops->size(p->priv)), &got);
    }
    TRY(p->ops->sign(p->priv, &params, BYTES(pq_mu, 64), out, &n));
    return p->ops->verify(p->pub, &params, BYTES(pq_mu, 64), BYTES(out, n));
}

/* A life: made, completed, loaded, used. */
static enum rc live(const struct crypto *c, enum pkey_kind kind, uint8_t *out)
{
    AUTO_PQ_PAIR struct pq_pair p = {.spec = {.kind = kind}, .ops = c->pkey[kind][CURVE_NONE]};

    TRY(p.ops->generate(&p.spec, BYTES_NONE, c->rng, &p.parts));
    buf_free(&p.parts.pub);
    if (p.parts.seed != NULL) {
        secret_free(TAKE(p.parts.priv));
    }
    TRY(p.ops->complete(&p.spec, &p.parts));
    TRY(p.ops->load(&p.spec, &p.parts, true, &p.priv));
    TRY(p.ops->load(&p.spec, &p.parts, false, &p.pub));
    return use(&p, c, out);
}

static void test_each_allocation_fails_once(void **state)
{
    const struct crypto *c = *state;
    static const enum pkey_kind some[] = {PKEY_ML_KEM_512, PKEY_ML_DSA_44, PKEY_SLH_DSA_SHA2_128F};
    static uint8_t out[PQ_OUT_MAX];

    for (size_t i = 0; i < ARRAY_LEN(some); i++) {
        unsigned long n = 0;
        bool fired = true;

        while (c->pkey[some[i]][CURVE_NONE] != NULL && fired) {
            mem_fault_at(++n);
            const enum rc rc = live(c, some[i], out);
            fired = mem_fault_count() > 0;
            mem_fault_at(0);
            ASSERT_RC(rc, fired ? RC_HOST_MEMORY : RC_OK);
        }
        assert_true(n != 1);
    }
}

int run_pq_use_rules(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encapsulation),
        cmocka_unit_test(test_trial),
        cmocka_unit_test(test_encapsulation_with_fixed_m),
        cmocka_unit_test(test_implicit_rejection),
        cmocka_unit_test(test_seed_and_value_act_alike),
        cmocka_unit_test(test_verbs_of_other_kinds),
        cmocka_unit_test(test_threads_share_a_key),
        cmocka_unit_test(test_each_allocation_fails_once),
    };

    return cmocka_run_group_tests_name("pq use", tests, rules_open, rules_close);
}
