/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening and closing, fork, threads, memory that runs out.
 */
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rules.h"

/* A pair of a post-quantum kind and a secret by it, where the subject has it. */
static enum rc work_pq(const struct crypto *c)
{
    const struct pkey_spec spec = {.kind = PKEY_ML_KEM_512};
    const struct pkey_ops *ops = pkey_for(c, &spec);
    AUTO_KEY_PARTS struct key_parts parts = {0};
    AUTO_SECRET struct secret *shared = NULL;
    struct pkey *k = NULL;
    uint8_t ct[768];

    if (ops == NULL) {
        return RC_OK;
    }
    TRY(ops->generate(&spec, BYTES_NONE, c->rng, &parts));
    TRY(ops->load(&spec, &parts, false, &k));
    const enum rc rc = ops->encapsulate(k, c->rng, BYTES_NONE, ct, &shared);
    ops->free(k);
    return rc;
}

/* A little of everything; the first result that is not RC_OK. */
static enum rc work(const struct crypto *c)
{
    const struct pkey_spec ec = {.kind = PKEY_EC, .curve = CURVE_P256};
    const struct pkey_spec ed = {.kind = PKEY_ED25519};
    const struct pkey_params ecdsa = {.scheme = SCHEME_ECDSA};
    const struct pkey_params eddsa = {.scheme = SCHEME_EDDSA};
    uint8_t iv[12] = {0};
    uint8_t data[32] = {0}, tag[16], out[128];
    const struct cipher_params gcm = {.encrypt = true, .iv = BYTES(iv, 12), .tag_n = 16};
    AUTO_SECRET struct secret *key = rng_secret(c->rng, 32);
    AUTO_KEY_PARTS struct key_parts parts = {0};
    AUTO_KEY_PARTS struct key_parts ed_parts = {0};
    struct cipher_key *ck = NULL;
    struct pkey *k = NULL;
    struct digest_ctx d = {0};
    size_t n = 0;

    REQUIRE(key != NULL, RC_HOST_MEMORY);
    TRY(crypto_hmac(c, HASH_SHA384, key, BYTES_STR("x"), out));
    TRY(crypto_hmac(c, HASH_SHA3_256, key, BYTES_STR("x"), out));
    enum rc rc = c->digest[HASH_SHA3_512]->begin(&d, HASH_SHA3_512);
    if (d.ops != NULL) {
        d.ops->clear(&d);
    }
    TRY(rc);
    TRY(c->cipher[CIPHER_GCM]->key_new(CIPHER_GCM, key, &ck));
    rc = c->cipher[CIPHER_GCM]->once(ck, &gcm, data, 32, data, tag);
    c->cipher[CIPHER_GCM]->key_free(ck);
    TRY(rc);
    TRY(pkey_for(c, &ec)->generate(&ec, BYTES_NONE, c->rng, &parts));
    TRY(pkey_for(c, &ec)->load(&ec, &parts, true, &k));
    rc = pkey_for(c, &ec)->sign(k, &ecdsa, BYTES(data, 32), out, &n);
    pkey_for(c, &ec)->free(k);
    TRY(rc);
    TRY(pkey_for(c, &ed)->generate(&ed, BYTES_NONE, c->rng, &ed_parts));
    TRY(pkey_for(c, &ed)->load(&ed, &ed_parts, true, &k));
    rc = pkey_for(c, &ed)->sign(k, &eddsa, BYTES(data, 32), out, &n);
    pkey_for(c, &ed)->free(k);
    TRY(rc);
    return work_pq(c);
}

static void test_open_and_close_again(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct crypto *c = subject_open();

        ASSERT_OK(work(c));
        crypto_close(c);
    }
    crypto_close(NULL);
}

static void test_choice(void **state)
{
    struct crypto *c = NULL;
    const struct crypto_backend *const *all = all_backends();

    (void)state;
    ASSERT_RC(crypto_open(subject_choice() == CRYPTO_AWSLC ? CRYPTO_OPENSSL : CRYPTO_AWSLC,
                          env_system(), &all[subject_choice() == CRYPTO_AWSLC ? 1 : 0], 1, &c),
              RC_CONFIG);
    ASSERT_RC(crypto_open(CRYPTO_AUTO, env_system(), all, 0, &c), RC_CONFIG);
    assert_null(c);
    c = subject_open();
    assert_int_equal(c->n_backends, 1);
    assert_string_equal(c->backends[0]->name, SUBJECT);
    assert_true(strlen(c->backends[0]->version) > 0);
    for (enum hash_alg alg = HASH_SHA1; alg < HASH_COUNT; alg++) {
        assert_true(c->digest[alg] == NULL || c->digest[alg] == c->backends[0]->digest);
    }
    crypto_close(c);
}

/* ---- fork -------------------------------------------------------------------------------------------- */

static void test_child_starts_anew(void **state)
{
    struct crypto *c = subject_open();
    int status = -1;

    (void)state;
    ASSERT_OK(work(c));
    const pid_t child = fork();
    if (child == 0) {
        secret_after_fork();
        crypto_after_fork(all_backends(), n_backends);
        struct crypto *mine = NULL;
        enum rc rc = crypto_open(subject_choice(), env_system(), all_backends(), n_backends, &mine);
        rc = rc == RC_OK ? work(mine) : rc;
        crypto_close(mine);
        _exit(rc == RC_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    ASSERT_OK(work(c)); /* the parent goes on */
    crypto_close(c);
}

/* A child that uses the inherited generator all the same gets other bytes than its parent. */
static void test_child_draws_other_bytes(void **state)
{
    struct crypto *c = subject_open();
    uint8_t here[32], there[32];
    int pipes[2];
    int status = -1;

    (void)state;
    ASSERT_OK(rng_bytes(c->rng, here, sizeof(here)));
    assert_int_equal(pipe(pipes), 0);
    const pid_t child = fork();
    if (child == 0) {
        const enum rc rc = rng_bytes(c->rng, there, sizeof(there));
        const ssize_t n = write(pipes[1], there, sizeof(there));
        _exit(rc == RC_OK && n == (ssize_t)sizeof(there) ? 0 : 1);
    }
    ASSERT_OK(rng_bytes(c->rng, here, sizeof(here)));
    assert_int_equal(read(pipes[0], there, sizeof(there)), sizeof(there));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_memory_not_equal(here, there, sizeof(here));
    (void)close(pipes[0]);
    (void)close(pipes[1]);
    crypto_close(c);
}

/* ---- threads --------------------------------------------------------------------------------------------- */

struct shared {
    const struct crypto *c;
    const struct pkey_ops *rsa_ops, *ec_ops, *ed_ops;
    struct pkey *rsa, *ec, *ed;
    struct mac_key *mac;
    struct cipher_key *gcm;
};

static enum rc use_shared(const struct shared *s)
{
    const struct pkey_params pss = {
        .scheme = SCHEME_RSA_PSS, .hash = HASH_SHA256, .mgf = HASH_SHA256, .salt_n = 32};
    const struct pkey_params ecdsa = {.scheme = SCHEME_ECDSA};
    const struct pkey_params eddsa = {.scheme = SCHEME_EDDSA};
    uint8_t out[256], tag[16], data[100] = {0}, iv[12] = {0};
    struct cipher_params gcm = {.encrypt = true, .iv = BYTES(iv, 12), .tag_n = 16};
    struct mac_ctx run = {0};
    const struct bytes digest = BYTES(data, 32);
    size_t n = 0;

    TRY(s->ec_ops->sign(s->ec, &ecdsa, digest, out, &n));
    TRY(s->ec_ops->verify(s->ec, &ecdsa, digest, BYTES(out, n)));
    TRY(s->ed_ops->sign(s->ed, &eddsa, digest, out, &n));
    TRY(s->ed_ops->verify(s->ed, &eddsa, digest, BYTES(out, n)));
    TRY(s->rsa_ops->sign(s->rsa, &pss, digest, out, &n));
    TRY(s->rsa_ops->verify(s->rsa, &pss, digest, BYTES(out, n)));
    TRY(s->c->cipher[CIPHER_GCM]->once(s->gcm, &gcm, data, 100, data, tag));
    gcm.encrypt = false;
    TRY(s->c->cipher[CIPHER_GCM]->once(s->gcm, &gcm, data, 100, data, tag));
    TRY(s->c->hmac[HASH_SHA256]->begin(&run, s->mac, BYTES_NONE));
    TRY(s->c->hmac[HASH_SHA256]->update(&run, data, 100));
    TRY(s->c->hmac[HASH_SHA256]->finish(&run, out));
    s->c->hmac[HASH_SHA256]->clear(&run);
    TRY(crypto_hash(s->c, HASH_SHA3_256, digest, out));
    return rng_bytes(s->c->rng, out, sizeof(out));
}

static void *use_often(void *arg)
{
    for (int i = 0; i < 40; i++) {
        const enum rc rc = use_shared(arg);

        if (rc != RC_OK) {
            return (void *)(uintptr_t)rc;
        }
    }
    return NULL;
}

static struct pkey *loaded(const struct crypto *c, const struct pkey_spec *spec)
{
    AUTO_KEY_PARTS struct key_parts parts = new_pair(c, spec);
    struct pkey *k = NULL;

    ASSERT_OK(pkey_for(c, spec)->load(spec, &parts, true, &k));
    return k;
}

static void test_threads_share_keys(void **state)
{
    const struct pkey_spec rsa = {.kind = PKEY_RSA, .bits = 2048};
    const struct pkey_spec ec = {.kind = PKEY_EC, .curve = CURVE_P256};
    const struct pkey_spec ed = {.kind = PKEY_ED25519};
    struct crypto *c = subject_open();
    AUTO_SECRET struct secret *key = rng_secret(c->rng, 32);
    struct shared s = {.c = c,
                       .rsa_ops = pkey_for(c, &rsa),
                       .ec_ops = pkey_for(c, &ec),
                       .ed_ops = pkey_for(c, &ed),
                       .rsa = loaded(c, &rsa),
                       .ec = loaded(c, &ec),
                       .ed = loaded(c, &ed)};
    pthread_t threads[12];

    (void)state;
    ASSERT_OK(c->hmac[HASH_SHA256]->key_new(MAC_HMAC, HASH_SHA256, key, &s.mac));
    ASSERT_OK(c->cipher[CIPHER_GCM]->key_new(CIPHER_GCM, key, &s.gcm));
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, use_often, &s), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        void *failed = NULL;

        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    s.rsa_ops->free(s.rsa);
    s.ec_ops->free(s.ec);
    s.ed_ops->free(s.ed);
    c->hmac[HASH_SHA256]->key_free(s.mac);
    c->cipher[CIPHER_GCM]->key_free(s.gcm);
    crypto_close(c);
}

/* A thread that worked and ends only after everything was closed. */
struct late {
    pthread_barrier_t worked, closed;
    const struct crypto *c;
};

static void *end_late(void *arg)
{
    struct late *l = arg;
    const enum rc rc = work(l->c);

    (void)pthread_barrier_wait(&l->worked);
    (void)pthread_barrier_wait(&l->closed);
    return (void *)(uintptr_t)rc;
}

static void test_thread_outlives_close(void **state)
{
    struct crypto *c = subject_open();
    struct late l = {.c = c};
    pthread_t thread;
    void *failed = NULL;

    (void)state;
    assert_int_equal(pthread_barrier_init(&l.worked, NULL, 2), 0);
    assert_int_equal(pthread_barrier_init(&l.closed, NULL, 2), 0);
    assert_int_equal(pthread_create(&thread, NULL, end_late, &l), 0);
    (void)pthread_barrier_wait(&l.worked);
    crypto_close(c);
    (void)pthread_barrier_wait(&l.closed);
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    (void)pthread_barrier_destroy(&l.worked);
    (void)pthread_barrier_destroy(&l.closed);
}

/* ---- memory that runs out ------------------------------------------------------------------------------------ */

static enum rc open_work_close(void)
{
    struct crypto *c = NULL;

    TRY(crypto_open(subject_choice(), env_system(), all_backends(), n_backends, &c));
    const enum rc rc = work(c);
    crypto_close(c);
    return rc;
}

static void test_each_allocation_fails_once(void **state)
{
    unsigned long n = 0;
    enum rc rc;

    (void)state;
    do {
        mem_fault_at(++n);
        rc = open_work_close();
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

int run_life_rules(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_and_close_again),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_child_starts_anew),
        cmocka_unit_test(test_child_draws_other_bytes),
        cmocka_unit_test(test_threads_share_keys),
        cmocka_unit_test(test_thread_outlives_close),
        cmocka_unit_test(test_each_allocation_fails_once),
    };

    return cmocka_run_group_tests_name("life", tests, NULL, NULL);
}
