/* SPDX-License-Identifier: Apache-2.0
 *
 * Composites in threads, when memory runs out, and behind a crypto that was closed.
 */
#include <pthread.h>
#include <string.h>

#include "rules.h"

/* ---- memory that runs out ------------------------------------------------------------------------- */

/* Both keys of a pair. */
struct keys {
    const struct pkey_ops *ops;
    struct pkey *priv, *pub;
};

static void keys_free(struct keys *k)
{
    if (k->ops != NULL) {
        k->ops->free(k->priv);
        k->ops->free(k->pub);
    }
}
#define AUTO_KEYS __attribute__((cleanup(keys_free)))

static enum rc keys_load(const struct crypto *c, unsigned set, const struct key_parts *parts,
                         struct keys *ret)
{
    const struct pkey_spec spec = set_spec(set);

    ret->ops = set_ops(c, set);
    const enum rc first = ret->ops->load(&spec, parts, true, &ret->priv);
    assert_true((first == RC_OK) == (ret->priv != NULL));
    TRY(first);
    const enum rc second = ret->ops->load(&spec, parts, false, &ret->pub);
    assert_true((second == RC_OK) == (ret->pub != NULL));
    return second;
}

static enum rc work_sig(const struct crypto *c, unsigned set, const struct key_parts *parts,
                        uint8_t *sig)
{
    AUTO_KEYS struct keys k = {0};
    const struct pkey_params p = {.scheme = SCHEME_COMP_SIG};
    static const uint8_t digest[HASH_MAX_SIZE];
    const struct bytes data = BYTES(digest, hash_size(comp_hash(set)));
    size_t n = 0;

    TRY(keys_load(c, set, parts, &k));
    const enum rc rc = k.ops->sign(k.priv, &p, data, sig, &n);
    for (size_t i = 0; rc != RC_OK && i < k.ops->size(k.priv); i++) {
        assert_int_equal(sig[i], 0); /* nothing of a signature that failed */
    }
    TRY(rc);
    return k.ops->verify(k.pub, &p, data, BYTES(sig, n));
}

static enum rc work_kem(const struct crypto *c, unsigned set, const struct key_parts *parts,
                        uint8_t *ct)
{
    AUTO_KEYS struct keys k = {0};
    AUTO_SECRET struct secret *a = NULL;
    AUTO_SECRET struct secret *b = NULL;

    TRY(keys_load(c, set, parts, &k));
    const enum rc sent = k.ops->encapsulate(k.pub, c->rng, BYTES_NONE, ct, &a);
    assert_true((sent == RC_OK) == (a != NULL));
    for (size_t i = 0; sent != RC_OK && i < k.ops->size(k.pub); i++) {
        assert_int_equal(ct[i], 0);
    }
    TRY(sent);
    const enum rc got = k.ops->decapsulate(k.priv, BYTES(ct, k.ops->size(k.pub)), &b);
    assert_true((got == RC_OK) == (b != NULL));
    TRY(got);
    assert_true(secret_equal(a, b));
    return RC_OK;
}

static enum rc work(const struct crypto *c, unsigned set, const struct key_parts *parts)
{
    const struct pkey_spec spec = set_spec(set);
    AUTO_KEY_PARTS struct key_parts own = {0};
    static uint8_t out[SIG_MAX];

    memset(out, 0, sizeof(out));
    TRY(comp_kind(set) == PKEY_COMP_SIG ? work_sig(c, set, parts, out)
                                        : work_kem(c, set, parts, out));
    own.priv = secret_copy(parts->priv);
    REQUIRE(own.priv != NULL, RC_HOST_MEMORY);
    const enum rc rc = set_ops(c, set)->complete(&spec, &own);
    assert_true(rc == RC_OK || own.pub.n == 0);
    TRY(rc);
    if (set_is_rsa(set)) {
        return RC_OK; /* making those takes too long here */
    }
    key_parts_free(&own);
    const enum rc made = set_ops(c, set)->generate(&spec, BYTES_NONE, c->rng, &own);
    assert_true(made == RC_OK || (own.pub.n == 0 && own.priv == NULL));
    return made;
}

static void test_each_allocation_fails_once(void **state)
{
    static const unsigned sets[] = {
        COMP_SIG_MLDSA44_RSA2048_PSS_SHA256,
        COMP_SIG_MLDSA44_ED25519_SHA512,
        COMP_SIG_MLDSA44_ECDSA_P256_SHA256,
        COMP_KEM_MLKEM768_RSA2048,
        COMP_KEM_MLKEM768_X25519,
        COMP_KEM_MLKEM768_ECDH_P256,
        COMP_KEM_XWING,
        COMP_KEM_X25519_MLKEM768,
        COMP_KEM_P256_MLKEM768,
    };

    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        AUTO_KEY_PARTS struct key_parts parts = set_pair(*state, sets[i]);
        unsigned long n = 0;
        enum rc rc;

        do {
            mem_fault_at(++n);
            rc = work(*state, sets[i], &parts);
            const bool fired = mem_fault_count() > 0;
            mem_fault_at(0);
            if (!fired) {
                break;
            }
            if (rc != RC_ENTROPY) { /* rng_secret() does not tell the two apart */
                ASSERT_RC(rc, RC_HOST_MEMORY);
            }
        } while (n < 10000);
        assert_true(n > 10);
        ASSERT_OK(rc);
    }
}

/* ---- threads ------------------------------------------------------------------------------------------ */

#define THREADS 8
#define TURNS 10

struct shared {
    const struct crypto *c;
    struct keys sig, kem;
    unsigned sig_set;
};

static enum rc use_shared(const struct shared *s)
{
    const struct pkey_params p = {.scheme = SCHEME_COMP_SIG, .context = BYTES_STR("thread")};
    static const uint8_t digest[HASH_MAX_SIZE];
    const struct bytes data = BYTES(digest, hash_size(comp_hash(s->sig_set)));
    AUTO_SECRET struct secret *a = NULL;
    AUTO_SECRET struct secret *b = NULL;
    uint8_t out[SIG_MAX];
    size_t n = 0;

    TRY(s->sig.ops->sign(s->sig.priv, &p, data, out, &n));
    TRY(s->sig.ops->verify(s->sig.pub, &p, data, BYTES(out, n)));
    TRY(s->kem.ops->encapsulate(s->kem.pub, s->c->rng, BYTES_NONE, out, &a));
    TRY(s->kem.ops->decapsulate(s->kem.priv, BYTES(out, s->kem.ops->size(s->kem.pub)), &b));
    return secret_equal(a, b) ? RC_OK : RC_GENERAL_ERROR;
}

static void *use_often(void *arg)
{
    for (int i = 0; i < TURNS; i++) {
        const enum rc rc = use_shared(arg);

        if (rc != RC_OK) {
            return (void *)(uintptr_t)rc;
        }
    }
    return NULL;
}

static void check_threads(const struct crypto *c, unsigned sig_set, unsigned kem_set)
{
    AUTO_KEY_PARTS struct key_parts sig = set_pair(c, sig_set);
    AUTO_KEY_PARTS struct key_parts kem = set_pair(c, kem_set);
    struct shared s = {.c = c, .sig_set = sig_set};
    pthread_t threads[THREADS];

    ASSERT_OK(keys_load(c, sig_set, &sig, &s.sig));
    ASSERT_OK(keys_load(c, kem_set, &kem, &s.kem));
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, use_often, &s), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *failed = NULL;

        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    keys_free(&s.sig);
    keys_free(&s.kem);
}

static void test_threads_share_keys(void **state)
{
    check_threads(*state, COMP_SIG_MLDSA65_ED25519_SHA512, COMP_KEM_XWING);
    check_threads(*state, COMP_SIG_MLDSA44_ECDSA_P256_SHA256, COMP_KEM_P256_MLKEM768);
    check_threads(*state, COMP_SIG_MLDSA44_RSA2048_PSS_SHA256, COMP_KEM_MLKEM768_RSA2048);
}

/* ---- opening and closing -------------------------------------------------------------------------------- */

static struct crypto *open_again(void)
{
    return strcmp(SUBJECT, "auto") == 0 ? subject_open_all() : subject_open();
}

static void test_closed(void **state)
{
    struct pkey_ops ops = {0};
    const struct pkey_spec spec = set_spec(COMP_KEM_XWING);

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct crypto *c = open_again();

        ops = *set_ops(c, COMP_KEM_XWING);
        assert_ptr_equal(c->pkey_generate[PKEY_COMP_KEM][CURVE_NONE],
                         c->pkey[PKEY_COMP_KEM][CURVE_NONE]);
        assert_true(ops.supports(&spec));
        check_threads(c, COMP_SIG_MLDSA44_ED25519_SHA512, COMP_KEM_X25519_MLKEM768);
        crypto_close(c);
        assert_false(ops.supports(&spec));
        AUTO_KEY_PARTS struct key_parts parts = {0};
        struct pkey *k = NULL;
        ASSERT_RC(ops.load(&spec, &parts, true, &k), RC_MECHANISM_INVALID);
        ASSERT_RC(ops.complete(&spec, &parts), RC_MECHANISM_INVALID);
    }
}

int run_life_rules(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_fails_once),
        cmocka_unit_test(test_threads_share_keys),
    };
    const struct CMUnitTest alone[] = {cmocka_unit_test(test_closed)};

    return cmocka_run_group_tests_name("life", tests, suite_open, suite_close) +
           cmocka_run_group_tests_name("opening", alone, NULL, NULL);
}
