/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads that use one key object for the first time at once: one provider key is kept, all results
 * are right.
 */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { THREADS = 8, ROUNDS = 20 };

struct shared {
    struct object *aes, *generic, *rsa_pub, *rsa_priv;
    pthread_barrier_t start;
    struct bytes gcm, mac; /* what must come out */
    atomic_uint wrong;
};

static void count(struct shared *s, bool right)
{
    if (!right) {
        atomic_fetch_add(&s->wrong, 1);
    }
}

static bool gives(const struct buf *b, struct bytes want)
{
    return bytes_equal(buf_view(b), want);
}

static void use_all(struct shared *s, bool other_first)
{
    uint8_t iv[12] = {4};
    CK_GCM_PARAMS gcm = {iv, 12, 96, NULL, 0, 128};
    const struct bytes text = BYTES_STR("shared by many threads");
    AUTO_BUF struct buf a = BUF_INIT;
    AUTO_BUF struct buf b = BUF_INIT;
    AUTO_BUF struct buf c = BUF_INIT;
    AUTO_BUF struct buf d = BUF_INIT;
    if (other_first) { /* the place of the MAC key goes to another hash */
        count(s, once(CKM_SHA512_HMAC, VERB_SIGN, NULL, 0, s->generic, text, &d) == RC_OK);
    }
    count(s, once(CKM_AES_GCM, VERB_ENCRYPT, &gcm, sizeof gcm, s->aes, text, &a) == RC_OK &&
                 gives(&a, s->gcm));
    count(s, once(CKM_SHA256_HMAC, VERB_SIGN, NULL, 0, s->generic, text, &b) == RC_OK &&
                 gives(&b, s->mac));
    count(s, once(CKM_SHA256_RSA_PKCS, VERB_SIGN, NULL, 0, s->rsa_priv, text, &c) == RC_OK &&
                 verify(CKM_SHA256_RSA_PKCS, NULL, 0, s->rsa_pub, text, buf_view(&c)) == RC_OK);
}

struct arg {
    struct shared *s;
    bool other_first;
};

static void *work(void *p)
{
    struct arg *a = p;
    (void)pthread_barrier_wait(&a->s->start);
    use_all(a->s, a->other_first);
    return NULL;
}

static void one_round(const struct bytes gcm, const struct bytes mac, struct object *pub,
                      struct object *priv)
{
    struct shared s = {.gcm = gcm, .mac = mac, .rsa_pub = pub, .rsa_priv = priv};
    struct arg args[THREADS];
    pthread_t threads[THREADS];
    s.aes = aes("000102030405060708090a0b0c0d0e0f");
    s.generic = secret_key(CKK_GENERIC_SECRET, BYTES_STR("0123456789abcdef"));
    assert_int_equal(pthread_barrier_init(&s.start, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        args[i] = (struct arg){&s, i % 3 == 0};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &args[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&s.wrong), 0);
    (void)pthread_barrier_destroy(&s.start);
    object_unref(s.aes);
    object_unref(s.generic);
}

static void first_use_at_once(void **state)
{
    (void)state;
    uint8_t iv[12] = {4};
    CK_GCM_PARAMS gcm = {iv, 12, 96, NULL, 0, 128};
    const struct bytes text = BYTES_STR("shared by many threads");
    AUTO_BUF struct buf a = BUF_INIT;
    AUTO_BUF struct buf b = BUF_INIT;
    AUTO_OBJECT struct object *key = aes("000102030405060708090a0b0c0d0e0f");
    AUTO_OBJECT struct object *generic =
        secret_key(CKK_GENERIC_SECRET, BYTES_STR("0123456789abcdef"));
    assert_ok(once(CKM_AES_GCM, VERB_ENCRYPT, &gcm, sizeof gcm, key, text, &a));
    assert_ok(once(CKM_SHA256_HMAC, VERB_SIGN, NULL, 0, generic, text, &b));
    for (int k = 0; k < 2; k++) {
        AUTO_OBJECT struct object *pub = NULL;
        AUTO_OBJECT struct object *priv = NULL;
        rsa_pair(2048, &pub, &priv);
        for (int i = 0; i < ROUNDS / 2; i++) {
            one_round(buf_view(&a), buf_view(&b), pub, priv);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(first_use_at_once)};
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
