/* SPDX-License-Identifier: Apache-2.0
 *
 * The generator: prediction resistance, failing sources, the comparison of blocks.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drbg.h"
#include "rng.h"
#include "source.h"

static const struct digest_ops *sha256(void)
{
    return crypto_backend_openssl()->digest; /* works before start() */
}

/* 48 bytes to begin with, 32 more before each request (SP 800-90A, 8.6.7 and 9.3.1). */
static void test_fresh_entropy_for_each_request(void **state)
{
    struct source s = {0};
    const struct env env = source_env(&s);
    struct rng *rng = rng_new(&env, sha256());
    uint8_t out[64];

    (void)state;
    assert_non_null(rng);
    assert_int_equal(s.calls, 0);
    ASSERT_OK(rng_bytes(rng, out, sizeof(out)));
    assert_int_equal(s.bytes, 48 + 32);
    for (unsigned i = 2; i < 10; i++) {
        ASSERT_OK(rng_bytes(rng, out, 1));
        assert_int_equal(s.bytes, 48 + 32 * i);
    }
    ASSERT_OK(rng_bytes(rng, NULL, 0));
    rng_free(rng);
    rng_free(NULL);
}

/* A long request is cut into those of at most 65536 bytes. */
static void test_long_requests(void **state)
{
    struct source s = {0};
    const struct env env = source_env(&s);
    struct rng *rng = rng_new(&env, sha256());
    static uint8_t out[3 * 65536 + 5];

    (void)state;
    ASSERT_OK(rng_bytes(rng, out, sizeof(out)));
    assert_int_equal(s.bytes, 48 + 32 * 4);
    assert_false(all_zero(out + sizeof(out) - 5, 5));
    assert_memory_not_equal(out, out + 65536, 65536);
    rng_free(rng);
}

static void test_failing_source(void **state)
{
    (void)state;
    for (unsigned at = 1; at <= 4; at++) {
        struct source s = {.fail_at = at};
        const struct env env = source_env(&s);
        struct rng *rng = rng_new(&env, sha256());
        uint8_t out[100];
        enum rc rc = RC_OK;

        for (int i = 0; i < 4 && rc == RC_OK; i++) {
            memset(out, 1, sizeof(out));
            rc = rng_bytes(rng, out, sizeof(out));
        }
        ASSERT_RC(rc, RC_ENTROPY);
        assert_true(all_zero(out, sizeof(out)));
        assert_null(rng_secret(rng, 16));
        ASSERT_RC(rng_mix(rng, BYTES_STR("more")), RC_ENTROPY);
        s.fail_at = 0; /* it recovers, and so does the generator */
        ASSERT_OK(rng_bytes(rng, out, sizeof(out)));
        assert_false(all_zero(out, sizeof(out)));
        rng_free(rng);
    }
}

/* What the caller mixes in changes what comes out, and takes fresh entropy beside. */
static void test_mix(void **state)
{
    uint8_t out[3][32];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct source s = {.constant = true};
        const struct env env = source_env(&s);
        struct rng *rng = rng_new(&env, sha256());

        if (i > 0) {
            ASSERT_OK(rng_mix(rng, i == 1 ? BYTES_STR("one") : BYTES_STR("two")));
            assert_int_equal(s.bytes, 8 * (48 + 32));
        }
        ASSERT_OK(rng_bytes(rng, out[i], 32));
        rng_free(rng);
    }
    assert_memory_not_equal(out[0], out[1], 32);
    assert_memory_not_equal(out[1], out[2], 32);
}

/* Instances of threads differ even when the source says the same to each. */
static void *draw(void *arg)
{
    struct secret *s = rng_secret(arg, 32);

    return s;
}

static void test_threads_differ(void **state)
{
    struct source s = {.constant = true};
    const struct env env = source_env(&s);
    struct rng *rng = rng_new(&env, sha256());
    struct secret *drawn[16];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(drawn); i++) {
        pthread_t t;
        void *got = NULL;

        assert_int_equal(pthread_create(&t, NULL, draw, rng), 0);
        assert_int_equal(pthread_join(t, &got), 0);
        drawn[i] = got;
        assert_non_null(drawn[i]);
        for (size_t j = 0; j < i; j++) {
            assert_false(secret_equal(drawn[i], drawn[j]));
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(drawn); i++) {
        secret_free(drawn[i]);
    }
    rng_free(rng);
}

/* A child that goes on with the parent's generator says other things than the parent, even when the
 * source says the same to both; and so does another child. */
static void test_forked_children_differ(void **state)
{
    struct source s = {.constant = true};
    const struct env env = source_env(&s);
    struct rng *rng = rng_new(&env, sha256());
    uint8_t before[32];
    uint8_t(*out)[32] =
        mmap(NULL, 3 * sizeof *out, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_true(out != MAP_FAILED);
    ASSERT_OK(rng_bytes(rng, before, sizeof(before)));
    for (int i = 0; i < 2; i++) {
        const pid_t pid = fork();
        int status = -1;

        assert_true(pid >= 0);
        if (pid == 0) {
            _exit(rng_bytes(rng, out[i], sizeof(*out)) == RC_OK ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    ASSERT_OK(rng_bytes(rng, out[2], sizeof(*out)));
    for (int i = 0; i < 3; i++) {
        assert_false(all_zero(out[i], sizeof(*out)));
        assert_memory_not_equal(out[i], before, sizeof(before));
        assert_memory_not_equal(out[i], out[(i + 1) % 3], sizeof(*out));
    }
    munmap(out, 3 * sizeof *out);
    rng_free(rng);
}

/* ---- the bare algorithm ---------------------------------------------------------------------------- */

static void test_block_like_the_one_before(void **state)
{
    static const uint8_t seed[48] = {1};
    struct drbg *d = secret_alloc(sizeof(*d));
    struct drbg *twin = secret_alloc(sizeof(*twin));
    uint8_t next[32], out[64];

    (void)state;
    assert_non_null(d);
    assert_non_null(twin);
    ASSERT_OK(drbg_instantiate(d, sha256(), BYTES(seed, 32), BYTES(seed + 32, 16), BYTES_NONE));
    ASSERT_OK(drbg_instantiate(twin, sha256(), BYTES(seed, 32), BYTES(seed + 32, 16), BYTES_NONE));
    ASSERT_OK(drbg_generate(twin, BYTES_NONE, next, sizeof(next)));
    memcpy(d->last, next, sizeof(next)); /* as if it had come out already */
    d->has_last = true;
    memset(out, 1, sizeof(out));
    ASSERT_RC(drbg_generate(d, BYTES_NONE, out, sizeof(out)), RC_RANDOM_NO_RNG);
    assert_true(all_zero(out, sizeof(out)));
    ASSERT_RC(drbg_generate(d, BYTES_NONE, out, sizeof(out)), RC_RANDOM_NO_RNG); /* dead */
    ASSERT_RC(drbg_reseed(d, BYTES(seed, 32), BYTES_NONE), RC_RANDOM_NO_RNG);
    ASSERT_OK(drbg_instantiate(d, sha256(), BYTES(seed, 32), BYTES(seed, 16), BYTES_NONE));
    ASSERT_OK(drbg_generate(d, BYTES_NONE, out, sizeof(out)));
    drbg_clear(d);
    assert_true(all_zero((const uint8_t *)d, sizeof(*d)));
    drbg_clear(twin);
    secret_release(d);
    secret_release(twin);
}

static void test_not_instantiated(void **state)
{
    struct drbg *d = secret_alloc(sizeof(*d));
    uint8_t out[DRBG_OUTPUT_BLOCK];
    static const uint8_t seed[48];
    static uint8_t large[DRBG_REQUEST_MAX + 1];

    (void)state;
    ASSERT_RC(drbg_generate(d, BYTES_NONE, out, sizeof(out)), RC_RANDOM_NO_RNG);
    ASSERT_RC(drbg_reseed(d, BYTES_NONE, BYTES_NONE), RC_RANDOM_NO_RNG);
    ASSERT_OK(drbg_instantiate(d, sha256(), BYTES(seed, 32), BYTES(seed, 16), BYTES_NONE));
    ASSERT_RC(drbg_generate(d, BYTES_NONE, large, sizeof(large)), RC_ARGUMENTS_BAD);
    drbg_clear(d);
    secret_release(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fresh_entropy_for_each_request),
        cmocka_unit_test(test_long_requests),
        cmocka_unit_test(test_failing_source),
        cmocka_unit_test(test_mix),
        cmocka_unit_test(test_threads_differ),
        cmocka_unit_test(test_forked_children_differ),
        cmocka_unit_test(test_block_like_the_one_before),
        cmocka_unit_test(test_not_instantiated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
