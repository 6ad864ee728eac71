/* SPDX-License-Identifier: Apache-2.0
 *
 * Locks: they exclude, they end with their scope, and a wrong order ends a checked build.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../cmocka_all.h"
#include "base/lock.h"

static struct lock hsm;
static struct lock session;
static struct lock token;
static struct lock other_token;
static struct rwlock objects;

static int set_up(void **state)
{
    (void)state;
    lock_init(&hsm, LOCK_HSM);
    lock_init(&session, LOCK_SESSION);
    lock_init(&token, LOCK_TOKEN);
    lock_init(&other_token, LOCK_TOKEN);
    rwlock_init(&objects, LOCK_OBJECT);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lock_destroy(&hsm);
    lock_destroy(&session);
    lock_destroy(&token);
    lock_destroy(&other_token);
    rwlock_destroy(&objects);
    return 0;
}

enum { ROUNDS = 20000 };
static unsigned long counter; /* under token, written under objects as well */

static void *count_up(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        LOCKED(&token);
        rwlock_write(&objects);
        counter++;
        rwlock_drop(&objects);
    }
    return NULL;
}

static void *read_it(void *arg)
{
    (void)arg;
    unsigned long last = 0;
    for (unsigned i = 0; i < ROUNDS / 10; i++) {
        rwlock_read(&objects);
        if (counter < last) {
            abort();
        }
        last = counter;
        rwlock_drop(&objects);
    }
    return NULL;
}

static void test_exclusion(void **state)
{
    (void)state;
    pthread_t threads[4];
    counter = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, i < 3 ? count_up : read_it, NULL), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(counter, 3 * ROUNDS);
}

static void *try_token(void *arg)
{
    int *taken = arg;
    *taken = lock_try(&token);
    if (*taken) {
        lock_drop(&token);
    }
    return NULL;
}

static int tried_elsewhere(void)
{
    int taken = -1;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, try_token, &taken), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return taken;
}

static void test_scope_and_try(void **state)
{
    (void)state;
    {
        LOCKED(&hsm);
        LOCKED(&session);
        LOCKED(&token);
        assert_int_equal(tried_elsewhere(), 0);
    }
    assert_int_equal(tried_elsewhere(), 1);
    LOCKED(&token); /* all were dropped: this is in order */
    assert_int_equal(tried_elsewhere(), 0);
}

/* ---------------------------------------------------------------- wrong orders */

static void falling(void)
{
    lock_take(&token);
    lock_take(&session);
}

static void equal(void)
{
    lock_take(&token);
    lock_take(&other_token);
}

static void twice(void)
{
    rwlock_read(&objects);
    rwlock_read(&objects);
}

static void tried_wrong(void)
{
    rwlock_write(&objects);
    (void)lock_try(&token);
}

static void not_held(void)
{
    lock_drop(&token);
}

static void rising(void)
{
    lock_take(&hsm);
    lock_take(&session);
    lock_take(&token);
    rwlock_read(&objects);
    lock_drop(&session); /* dropping in any order is fine */
    rwlock_drop(&objects);
    lock_drop(&token);
    lock_drop(&hsm);
}

static int checked(void)
{
    /* The room tells by its behaviour: a child that takes in falling order dies or lives. */
    static int known = -1;
    if (known < 0) {
        const pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            const struct rlimit none = {0, 0};
            (void)setrlimit(RLIMIT_CORE, &none);
            (void)signal(SIGABRT, SIG_DFL);
            (void)close(STDERR_FILENO);
            falling();
            _exit(0);
        }
        int status = 0;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        known = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    }
    return known;
}

/* Runs CHILD in a process of its own; returns whether it died, and what it said. */
static int died(void (*child)(void), char *said, size_t n)
{
    int pipe_fd[2];
    assert_int_equal(pipe(pipe_fd), 0);
    (void)fflush(NULL);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(pipe_fd[1], STDERR_FILENO);
        child();
        _exit(0);
    }
    (void)close(pipe_fd[1]);
    memset(said, 0, n);
    size_t at = 0;
    ssize_t got = 0;
    while (at + 1 < n && (got = read(pipe_fd[0], said + at, n - 1 - at)) > 0) {
        at += (size_t)got;
    }
    (void)close(pipe_fd[0]);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status);
}

static void test_wrong_orders(void **state)
{
    (void)state;
    if (!checked()) {
        skip();
    }
    char said[500];
    assert_true(died(falling, said, sizeof said));
    assert_string_equal(said, "craton-hsm: lock order: taking a lock of rank SESSION while "
                              "holding: TOKEN\n");
    assert_true(died(equal, said, sizeof said));
    assert_non_null(strstr(said, "rank TOKEN while holding: TOKEN"));
    assert_true(died(twice, said, sizeof said));
    assert_true(died(tried_wrong, said, sizeof said));
    assert_true(died(not_held, said, sizeof said));
    assert_non_null(strstr(said, "dropping a lock of rank TOKEN while holding: none"));
    assert_false(died(rising, said, sizeof said));
    assert_string_equal(said, "");
}

static void test_release_builds_do_not_check(void **state)
{
    (void)state;
    char said[500];
    if (checked()) {
        skip();
    }
    assert_false(died(equal, said, sizeof said));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_exclusion),
        T(test_scope_and_try),
        T(test_wrong_orders),
        T(test_release_builds_do_not_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
