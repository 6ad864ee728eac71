/* SPDX-License-Identifier: Apache-2.0
 *
 * The OpenSSL backend alone: whose randomness makes its keys, and that it reads no configuration.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "source.h"

static struct crypto *open_with(const struct env *env)
{
    const struct crypto_backend *const backends[] = {crypto_backend_openssl()};
    struct crypto *c = NULL;

    ASSERT_OK(crypto_open(CRYPTO_OPENSSL, env, backends, 1, &c));
    return c;
}

static enum rc make_rsa(const struct crypto *c, struct key_parts *parts)
{
    const struct pkey_spec spec = {.kind = PKEY_RSA, .bits = 1024};

    return c->pkey_generate[PKEY_RSA][CURVE_NONE]->generate(&spec, BYTES_NONE, c->rng, parts);
}

/* Two generators that say the same make the same primes: the library adds nothing of its own. */
static void test_rsa_keys_come_from_our_generator(void **state)
{
    struct key_parts parts[2] = {{.d = NULL}, {.d = NULL}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct source s = {0};
        const struct env env = source_env(&s);
        struct crypto *c = open_with(&env);
        const unsigned before = s.calls;

        ASSERT_OK(make_rsa(c, &parts[i]));
        assert_true(s.calls > before + 2);
        crypto_close(c);
    }
    assert_true(bytes_equal(buf_view(&parts[0].n), buf_view(&parts[1].n)));
    key_parts_free(&parts[0]);
    key_parts_free(&parts[1]);
}

static void test_no_key_from_a_failing_source(void **state)
{
    static const struct pkey_spec specs[] = {
        {.kind = PKEY_RSA, .bits = 1024},
        {.kind = PKEY_EC, .curve = CURVE_P384},
        {.kind = PKEY_ED25519},
        {.kind = PKEY_ED448},
        {.kind = PKEY_X25519},
        {.kind = PKEY_X448},
        {.kind = PKEY_ML_KEM_768},
        {.kind = PKEY_ML_DSA_65},
        {.kind = PKEY_SLH_DSA_SHA2_128F},
    };
    struct source s = {0};
    const struct env env = source_env(&s);
    struct crypto *c = open_with(&env);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(specs); i++) {
        AUTO_KEY_PARTS struct key_parts parts = {.d = NULL};
        const struct pkey_ops *ops = c->pkey_generate[specs[i].kind][specs[i].curve];

        s.fail_at = s.calls + 1;
        ASSERT_RC(ops->generate(&specs[i], BYTES_NONE, c->rng, &parts), RC_ENTROPY);
        assert_null(parts.d);
        assert_null(parts.priv);
        assert_null(parts.seed);
        s.fail_at = 0;
        ASSERT_OK(ops->generate(&specs[i], BYTES_NONE, c->rng, &parts));
    }
    crypto_close(c);
}

/* Nor a shared secret: m is ours, too. */
static void test_no_encapsulation_from_a_failing_source(void **state)
{
    const struct pkey_spec spec = {.kind = PKEY_ML_KEM_512};
    struct source s = {0};
    const struct env env = source_env(&s);
    struct crypto *c = open_with(&env);
    const struct pkey_ops *ops = c->pkey[spec.kind][CURVE_NONE];
    AUTO_KEY_PARTS struct key_parts parts = {.d = NULL};
    AUTO_SECRET struct secret *shared = NULL;
    struct pkey *k = NULL;
    uint8_t ct[768] = {0};

    (void)state;
    ASSERT_OK(ops->generate(&spec, BYTES_NONE, c->rng, &parts));
    ASSERT_OK(ops->load(&spec, &parts, false, &k));
    s.fail_at = s.calls + 1;
    ASSERT_RC(ops->encapsulate(k, c->rng, BYTES_NONE, ct, &shared), RC_ENTROPY);
    assert_null(shared);
    assert_true(all_zero(ct, sizeof(ct)));
    s.fail_at = 0;
    ASSERT_OK(ops->encapsulate(k, c->rng, BYTES_NONE, ct, &shared));
    ops->free(k);
    crypto_close(c);
}

/* A source that repeats itself makes the same pair and the same ciphertext: nothing else is drawn. */
static void test_post_quantum_randomness_is_ours(void **state)
{
    const struct pkey_spec spec = {.kind = PKEY_ML_KEM_512};
    struct key_parts parts[2] = {{.d = NULL}, {.d = NULL}};
    uint8_t ct[2][768];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct source s = {0};
        const struct env env = source_env(&s);
        struct crypto *c = open_with(&env);
        const struct pkey_ops *ops = c->pkey[spec.kind][CURVE_NONE];
        AUTO_SECRET struct secret *shared = NULL;
        struct pkey *k = NULL;

        ASSERT_OK(ops->generate(&spec, BYTES_NONE, c->rng, &parts[i]));
        ASSERT_OK(ops->load(&spec, &parts[i], false, &k));
        ASSERT_OK(ops->encapsulate(k, c->rng, BYTES_NONE, ct[i], &shared));
        ops->free(k);
        crypto_close(c);
    }
    assert_true(secret_equal(parts[0].seed, parts[1].seed));
    assert_true(secret_equal(parts[0].priv, parts[1].priv));
    assert_memory_equal(ct[0], ct[1], sizeof(ct[0]));
    key_parts_free(&parts[0]);
    key_parts_free(&parts[1]);
}

/* The entropy source fails at start: nothing opens. */
static void test_open_needs_entropy(void **state)
{
    struct source s = {.fail_at = 1};
    const struct env env = source_env(&s);
    const struct crypto_backend *const backends[] = {crypto_backend_openssl()};
    struct crypto *c = NULL;

    (void)state;
    ASSERT_RC(crypto_open(CRYPTO_AUTO, &env, backends, 1, &c), RC_ENTROPY);
    assert_null(c);
}

/* OPENSSL_CONF names a pipe without a writer: who opens it waits for ever. */
static void r105_reads_no_openssl_configuration(void **state)
{
    char folder[] = "/tmp/craton-conf-XXXXXX";
    char path[64];
    int status = -1;

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/openssl.cnf", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    const pid_t child = fork();
    if (child == 0) {
        const struct crypto_backend *const backends[] = {crypto_backend_openssl()};
        struct crypto *c = NULL;
        uint8_t out[64];
        struct key_parts parts = {.d = NULL};

        (void)setenv("OPENSSL_CONF", path, 1);
        (void)setenv("OPENSSL_MODULES", folder, 1);
        (void)alarm(30);
        secret_after_fork();
        crypto_after_fork(backends, 1);
        enum rc rc = crypto_open(CRYPTO_AUTO, env_system(), backends, 1, &c);
        rc = rc == RC_OK ? make_rsa(c, &parts) : rc;
        rc = rc == RC_OK ? crypto_hash(c, HASH_SHA3_256, BYTES_STR("x"), out) : rc;
        key_parts_free(&parts);
        crypto_close(c);
        _exit(rc == RC_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    (void)unlink(path);
    (void)rmdir(folder);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* first, before the process has used the library */
        cmocka_unit_test(r105_reads_no_openssl_configuration),
        cmocka_unit_test(test_rsa_keys_come_from_our_generator),
        cmocka_unit_test(test_no_key_from_a_failing_source),
        cmocka_unit_test(test_no_encapsulation_from_a_failing_source),
        cmocka_unit_test(test_post_quantum_randomness_is_ours),
        cmocka_unit_test(test_open_needs_entropy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
