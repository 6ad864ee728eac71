/* SPDX-License-Identifier: Apache-2.0
 *
 * Many threads on one key, a forked child, and memory that runs out.
 */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "own.h"

static const struct pkey_spec p256 = {.kind = PKEY_EC, .curve = CURVE_P256};
static const struct pkey_params ecdsa = {.scheme = SCHEME_ECDSA};
static const uint8_t digest[32] = {1, 2, 3};

static struct pkey *new_ec_key(struct crypto *c)
{
    AUTO_KEY_PARTS struct key_parts k = {0};
    struct pkey *key = NULL;
    ASSERT_OK(awslc_pkey_ops.generate(&p256, BYTES_NONE, c->rng, &k));
    ASSERT_OK(awslc_pkey_ops.load(&p256, &k, true, &key));
    return key;
}

static struct cipher_key *new_gcm_key(void)
{
    struct cipher_key *k = NULL;
    AUTO_SECRET struct secret *s = secret_new(32);
    ASSERT_OK(awslc_cipher_ops.key_new(CIPHER_GCM, s, &k));
    return k;
}

struct shared {
    const struct pkey *ec;
    const struct cipher_key *gcm;
};

static void *use_both(void *arg)
{
    const struct shared *s = arg;
    for (int i = 0; i < 300; i++) {
        uint8_t sig[64];
        uint8_t data[100] = {0};
        uint8_t tag[16];
        size_t n = 0;
        struct cipher_params p = {.encrypt = true, .iv = BYTES(digest, 12), .tag_n = 16};
        if (awslc_pkey_ops.sign(s->ec, &ecdsa, BYTES(digest, 32), sig, &n) != RC_OK ||
            awslc_pkey_ops.verify(s->ec, &ecdsa, BYTES(digest, 32), BYTES(sig, n)) != RC_OK ||
            awslc_cipher_ops.once(s->gcm, &p, data, sizeof(data), data, tag) != RC_OK) {
            return arg;
        }
        p.encrypt = false;
        if (awslc_cipher_ops.once(s->gcm, &p, data, sizeof(data), data, tag) != RC_OK) {
            return arg;
        }
    }
    return NULL;
}

static void test_threads(void **state)
{
    struct shared s = {new_ec_key(*state), new_gcm_key()};
    pthread_t ids[4];
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        assert_int_equal(pthread_create(&ids[i], NULL, use_both, &s), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        void *bad = NULL;
        pthread_join(ids[i], &bad);
        assert_null(bad);
    }
    awslc_pkey_ops.free((struct pkey *)(uintptr_t)s.ec);
    awslc_cipher_ops.key_free((struct cipher_key *)(uintptr_t)s.gcm);
}

/* R of a signature is the nonce's point: parent and child must not draw the same one. */
static void test_fork_nonces_differ(void **state)
{
    struct crypto *c = *state;
    AUTO_KEY_PARTS struct key_parts k = {0};
    struct pkey *key = NULL;
    uint8_t mine[64];
    uint8_t childs[64];
    size_t n = 0;
    int from[2];
    ASSERT_OK(awslc_pkey_ops.generate(&p256, BYTES_NONE, c->rng, &k));
    ASSERT_OK(awslc_pkey_ops.load(&p256, &k, true, &key));
    ASSERT_OK(awslc_pkey_ops.sign(key, &ecdsa, BYTES(digest, 32), mine, &n)); /* seeds */
    assert_int_equal(pipe(from), 0);
    const EC_KEY *ec = key->ec; /* the key's own memory reads zero in the child */
    struct pkey in_child = {.kind = PKEY_EC, .priv = true, .size = 64, .curve = CURVE_P256};
    in_child.ec = (EC_KEY *)(uintptr_t)ec;
    const pid_t pid = fork();
    if (pid == 0) {
        const bool good =
            awslc_pkey_ops.sign(&in_child, &ecdsa, BYTES(digest, 32), childs, &n) == RC_OK;
        _exit(good && write(from[1], childs, 64) == 64 ? 0 : 1);
    }
    ASSERT_OK(awslc_pkey_ops.sign(key, &ecdsa, BYTES(digest, 32), mine, &n));
    int status = 0;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(read(from[0], childs, 64), 64);
    assert_memory_not_equal(mine, childs, 32);
    close(from[0]);
    close(from[1]);
    awslc_pkey_ops.free(key);
}

/* Everything once, with the outputs released; the first failure is the answer. */
static enum rc all_once(struct crypto *c)
{
    static const struct pkey_spec specs[] = {
        {.kind = PKEY_EC, .curve = CURVE_P256}, {.kind = PKEY_ED25519}, {.kind = PKEY_X25519}};
    for (size_t i = 0; i < ARRAY_LEN(specs); i++) {
        AUTO_KEY_PARTS struct key_parts k = {0};
        struct pkey *key = NULL;
        TRY(awslc_pkey_ops.generate(&specs[i], BYTES_NONE, c->rng, &k));
        TRY(awslc_pkey_ops.complete(&specs[i], &k));
        TRY(awslc_pkey_ops.load(&specs[i], &k, true, &key));
        AUTO_SECRET struct secret *z = NULL;
        const enum rc rc =
            specs[i].kind == PKEY_ED25519 ? RC_OK : awslc_pkey_ops.agree(key, buf_view(&k.pub), &z);
        awslc_pkey_ops.free(key);
        TRY(rc);
    }
    AUTO_SECRET struct secret *kek = secret_new(32);
    REQUIRE(kek != NULL, RC_HOST_MEMORY);
    AUTO_BUF struct buf text = BUF_INIT;
    AUTO_SECRET struct secret *back = NULL;
    TRY(awslc_keywrap_ops.wrap(KEYWRAP_RFC5649, kek, NULL, BYTES_STR("key"), &text));
    TRY(awslc_keywrap_ops.unwrap(KEYWRAP_RFC5649, kek, NULL, buf_view(&text), &back));
    struct mac_key *mk = NULL;
    struct mac_ctx mc = {0};
    uint8_t tag[64];
    TRY(awslc_mac_ops.key_new(MAC_HMAC, HASH_SHA3_256, kek, &mk));
    enum rc rc = awslc_mac_ops.begin(&mc, mk, BYTES_NONE);
    if (rc == RC_OK) {
        rc = awslc_mac_ops.finish(&mc, tag);
    }
    awslc_mac_ops.clear(&mc);
    awslc_mac_ops.key_free(mk);
    TRY(rc);
    struct cipher_key *ck = NULL;
    struct cipher_ctx cc = {0};
    const struct cipher_params p = {.encrypt = true, .iv = BYTES(digest, 12), .tag_n = 16};
    TRY(awslc_cipher_ops.key_new(CIPHER_GCM, kek, &ck));
    rc = awslc_cipher_ops.begin(&cc, ck, &p);
    awslc_cipher_ops.clear(&cc);
    awslc_cipher_ops.key_free(ck);
    return rc;
}

static void test_memory_runs_out(void **state)
{
    bool fired = true;
    for (unsigned long nth = 1; fired; nth++) {
        mem_fault_at(nth);
        const enum rc rc = all_once(*state);
        fired = mem_fault_count() > 0;
        mem_fault_at(0);
        if (fired) {
            assert_true(rc == RC_HOST_MEMORY || rc == RC_ENTROPY);
        } else {
            ASSERT_OK(rc);
        }
    }
}

/* The table says what it has, and what it has not. */
static void test_supports(void **state)
{
    (void)state;
    const struct crypto_backend *b = crypto_backend_awslc();
    const struct pkey_spec lacking[] = {{.kind = PKEY_ED448},
                                        {.kind = PKEY_X448},
                                        {.kind = PKEY_EC, .curve = CURVE_BP256R1},
                                        {.kind = PKEY_EC, .curve = CURVE_NONE},
                                        {.kind = PKEY_RSA, .bits = 512}};
    for (size_t i = 0; i < ARRAY_LEN(lacking); i++) {
        AUTO_KEY_PARTS struct key_parts k = {0};
        struct pkey *key = NULL;
        assert_false(b->pkey->supports(&lacking[i]));
        assert_int_equal(b->pkey_rank(&lacking[i]), 0);
        assert_int_equal(b->pkey_generate_rank(&lacking[i]), 0);
        ASSERT_RC(b->pkey->load(&lacking[i], &k, false, &key), RC_MECHANISM_INVALID);
    }
    assert_int_equal(b->digest_rank(HASH_NONE), 0);
    assert_string_equal(b->name, "awslc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_fork_nonces_differ),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_supports),
    };
    return cmocka_run_group_tests(tests, own_open, own_close);
}
