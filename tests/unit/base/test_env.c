/* SPDX-License-Identifier: Apache-2.0
 *
 * Clock, waiting, entropy, and the health tests of SP 800-90B 4.4 on sources that are broken.
 */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "../cmocka_all.h"
#include "base/env.h"
#include "health.h"

static void test_clock(void **state)
{
    (void)state;
    const struct env *env = env_system();
    const uint64_t before = env->now(env->ctx);
    env->wait(env->ctx, 20);
    const uint64_t after = env->now(env->ctx);
    assert_true(after - before >= 19000000U);
    assert_true(after - before < 5000000000U);
    assert_true(before / 1000000000U > 1700000000U);
    assert_true(before / 1000000000U <= (uint64_t)time(NULL) + 1);
}

static void test_entropy(void **state)
{
    (void)state;
    const struct env *env = env_system();
    uint8_t a[64] = {0};
    uint8_t b[64] = {0};
    assert_int_equal(env->entropy(env->ctx, a, sizeof a), RC_OK);
    assert_int_equal(env->entropy(env->ctx, b, sizeof b), RC_OK);
    assert_memory_not_equal(a, b, sizeof a);
    assert_int_equal(env->entropy(env->ctx, a, 0), RC_OK);
    static uint8_t large[100000];
    assert_int_equal(env->entropy(env->ctx, large, sizeof large), RC_OK);
    unsigned counts[256] = {0};
    for (size_t i = 0; i < sizeof large; i++) {
        counts[large[i]]++;
    }
    for (size_t i = 0; i < 256; i++) {
        assert_in_range(counts[i], 250, 550); /* 391 expected; off by 7 sigma is an error */
    }
    assert_ptr_equal(env, env_system());
}

static void *draw(void *arg)
{
    const struct env *env = env_system();
    uint8_t out[48];
    for (unsigned i = 0; i < 500; i++) {
        if (env->entropy(env->ctx, out, sizeof out) != RC_OK) {
            return arg;
        }
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    int mark = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, draw, &mark), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

/* N samples: 0, 1, 2, ... */
static void fill_counting(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        p[i] = (uint8_t)i;
    }
}

static void test_repetition(void **state)
{
    (void)state;
    struct health h = {0};
    uint8_t samples[100];
    fill_counting(samples, sizeof samples);
    assert_true(health_feed(&h, samples, sizeof samples));
    memset(samples, 0x42, sizeof samples);
    assert_true(health_feed(&h, samples, 40)); /* 40 in a row pass */
    assert_false(health_feed(&h, samples, 1)); /* the 41st does not */
    fill_counting(samples, sizeof samples);
    assert_false(health_feed(&h, samples, sizeof samples)); /* it stays so */

    struct health zero = {0};
    memset(samples, 0, sizeof samples);
    assert_true(health_feed(&zero, samples, 40));
    assert_false(health_feed(&zero, samples, 1));
}

static void test_repetition_across_calls(void **state)
{
    (void)state;
    struct health h = {0};
    const uint8_t same = 9;
    const uint8_t other = 8;
    for (unsigned i = 0; i < 40; i++) {
        assert_true(health_feed(&h, &same, 1));
    }
    assert_true(health_feed(&h, &other, 1));
    for (unsigned i = 0; i < 40; i++) {
        assert_true(health_feed(&h, &same, 1));
    }
    assert_false(health_feed(&h, &same, 1));
}

/* A window with COUNT samples equal to its first, never 41 in a row. */
static void fill_window(uint8_t *p, unsigned count)
{
    unsigned left = count;
    for (unsigned i = 0; i < HEALTH_WINDOW; i++) {
        const int other = i % 40 == 39 || left == 0;
        p[i] = other ? (uint8_t)(1 + i % 7) : 0;
        left -= !other;
    }
}

static void test_proportion(void **state)
{
    (void)state;
    static uint8_t window[HEALTH_WINDOW];
    struct health pass = {0};
    fill_window(window, HEALTH_WINDOW_CUTOFF - 1);
    for (unsigned i = 0; i < 5; i++) {
        assert_true(health_feed(&pass, window, sizeof window)); /* counts start anew */
    }
    struct health fail = {0};
    fill_window(window, HEALTH_WINDOW_CUTOFF);
    assert_false(health_feed(&fail, window, sizeof window));
    assert_true(fail.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock),      cmocka_unit_test(test_entropy),
        cmocka_unit_test(test_threads),    cmocka_unit_test(test_repetition),
        cmocka_unit_test(test_proportion), cmocka_unit_test(test_repetition_across_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
