/* SPDX-License-Identifier: Apache-2.0
 *
 * The arena of secrets: zero when new, wiped when freed, fenced, forgotten by a forked child, small,
 * fast, safe between threads.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../cmocka_all.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"

static size_t used(void)
{
    size_t bytes = 0;
    size_t locked = 0;
    size_t pages = 0;
    secret_stats(&bytes, &locked, &pages);
    return bytes;
}

static int is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0) {
            return 0;
        }
    }
    return 1;
}

/* Around every class, run and large size. */
static const size_t sizes[] = {0,    1,     15,    16,    17,    31,    32,    33,     48,     64,
                               65,   100,   128,   200,   256,   384,   400,   512,    800,    1024,
                               1300, 1360,  2000,  2048,  4079,  4080,  4081,  4096,   5000,   8192,
                               9999, 16384, 65519, 65520, 65521, 65536, 70000, 300000, 1000000};

static void test_zero_then_kept_apart(void **state)
{
    (void)state;
    const size_t before = used();
    for (unsigned round = 0; round < 3; round++) {
        struct secret *all[ARRAY_LEN(sizes)];
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
            all[i] = secret_new(sizes[i]);
            assert_non_null(all[i]);
            assert_int_equal(all[i]->n, sizes[i]);
            assert_int_equal((uintptr_t)all[i]->p % 16, 0);
            assert_true(is_zero(all[i]->p, sizes[i]));
            memset(all[i]->p, (int)(i + 1), sizes[i]);
        }
        assert_true(used() > before + 1000000);
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
            for (size_t k = 0; k < sizes[i]; k++) {
                assert_int_equal(all[i]->p[k], i + 1);
            }
            secret_free(all[i]);
        }
        assert_int_equal(used(), before);
    }
    secret_free(NULL);
    secret_release(NULL);
}

static void test_values(void **state)
{
    (void)state;
    AUTO_SECRET struct secret *a = secret_from("a small secret", 14);
    AUTO_SECRET struct secret *b = secret_copy(a);
    AUTO_SECRET struct secret *head = secret_head(a, 7);
    assert_int_equal(secret_equal(a, b), 1);
    assert_int_equal(secret_equal(a, head), 0);
    assert_int_equal(head->n, 7);
    assert_memory_equal(head->p, "a small", 7);
    assert_null(secret_head(a, 15));
    b->p[13] ^= 1;
    assert_int_equal(secret_equal(a, b), 0);
    assert_true(bytes_equal(secret_view(a), BYTES_STR("a small secret")));
    AUTO_SECRET struct secret *none = secret_from(NULL, 0);
    assert_non_null(none);
    assert_int_equal(none->n, 0);
    assert_null(secret_new(SIZE_MAX));
    assert_null(secret_new(SIZE_MAX - 100));
    assert_null(secret_alloc(PTRDIFF_MAX));
}

static void test_wiped_when_freed(void **state)
{
    (void)state;
    const size_t these[] = {24, 400, 4000, 9000};
    for (size_t i = 0; i < ARRAY_LEN(these); i++) {
        struct secret *neighbour = secret_new(these[i]); /* keeps the page mapped */
        struct secret *s = secret_new(these[i]);
        const volatile uint8_t *where = s->p;
        memset(s->p, 0xee, s->n);
        secret_free(s);
        for (size_t k = 0; k < these[i]; k++) {
            assert_int_equal(where[k], 0);
        }
        secret_free(neighbour);
    }
}

/* The signal that CHILD dies from, or 0. */
static int death_of(void (*child)(void))
{
    (void)fflush(NULL);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)signal(SIGSEGV, SIG_DFL);
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO);
        child();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void overrun(void)
{
    uint8_t *p = secret_alloc(100000); /* pages of its own, then the guard */
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    volatile uint8_t *end = p + (100000 + page - 1) / page * page;
    *end = 1;
}

static void underrun(void)
{
    volatile uint8_t *p = secret_alloc(100000);
    p[-1] = 1;
}

static void free_twice(void)
{
    void *keep = secret_alloc(64);
    void *p = secret_alloc(64);
    secret_release(p);
    secret_release(p);
    secret_release(keep);
}

static void free_inside(void)
{
    uint8_t *p = secret_alloc(64);
    secret_release(p + 8);
}

static void test_fences(void **state)
{
    (void)state;
    assert_int_equal(death_of(overrun), SIGSEGV);
    assert_int_equal(death_of(underrun), SIGSEGV);
    assert_int_equal(death_of(free_twice), SIGABRT);
    assert_int_equal(death_of(free_inside), SIGABRT);
}

static struct secret *of_parent;

static int child_of_fork(void)
{
    /* A library that cannot have MADV_WIPEONFORK (before Linux 4.14) is not supported. */
    if (!is_zero((const uint8_t *)of_parent, sizeof *of_parent + 32)) {
        return 1;
    }
    secret_after_fork();
    if (used() != 0) {
        return 2;
    }
    struct secret *mine = secret_from("mine", 4);
    if (mine == NULL || used() == 0) {
        return 3;
    }
    secret_free(of_parent); /* the parent's: no effect */
    secret_free(mine);
    return used() == 0 ? 0 : 4;
}

static void test_fork(void **state)
{
    (void)state;
    of_parent = secret_new(32);
    memset(of_parent->p, 0x77, 32);
    assert_true(secret_empty_in_child(of_parent));
    (void)fflush(NULL);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(child_of_fork());
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    for (size_t i = 0; i < 32; i++) {
        assert_int_equal(of_parent->p[i], 0x77);
    }
    secret_free(of_parent);
}

/* Without the right to lock a page: it works, is counted, and is said once. */
static int child_without_mlock(const char *log_path)
{
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && setuid(65534) != 0)) {
        return 77;
    }
    static char page[8192];
    if (mlock(page, sizeof page) == 0) {
        return 77; /* a sanitizer answers for the kernel */
    }
    log_setup(LOG_LEVEL_WARN, LOG_TO_FILE, log_path);
    secret_after_fork();
    struct secret *a = secret_from("still works", 11);
    struct secret *b = secret_new(5000);
    size_t bytes = 0;
    size_t locked = 0;
    size_t pages = 0;
    secret_stats(&bytes, &locked, &pages);
    if (a == NULL || b == NULL || memcmp(a->p, "still works", 11) != 0) {
        return 1;
    }
    return locked == 0 && pages != 0 && bytes > 5000 ? 0 : 2;
}

static void test_without_mlock(void **state)
{
    (void)state;
    char path[] = "/tmp/craton-secret-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0666), 0); /* the child may be another user */
    (void)fflush(NULL);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(child_without_mlock(path));
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    char said[1000] = "";
    assert_true(read(fd, said, sizeof said - 1) >= 0);
    (void)close(fd);
    (void)unlink(path);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    const char *first = strstr(said, "raise RLIMIT_MEMLOCK");
    if (said[0] != '\0') { /* a sticky folder may keep another user from writing the file */
        assert_non_null(first);
        assert_null(strstr(first + 1, "raise RLIMIT_MEMLOCK"));
    }
}

static void test_left_out_of_dumps(void **state)
{
    (void)state;
    AUTO_SECRET struct secret *s = secret_new(32);
    FILE *maps = fopen("/proc/self/smaps", "r");
    assert_non_null(maps);
    char line[512];
    int inside = 0;
    int found = 0;
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from = 0;
        unsigned long to = 0;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
            inside = (uintptr_t)s->p >= from && (uintptr_t)s->p < to;
        } else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            assert_non_null(strstr(line, " dd")); /* do not dump */
            assert_non_null(strstr(line, " wf")); /* wipe on fork */
            found = 1;
        }
    }
    (void)fclose(maps);
    assert_int_equal(found, 1);
}

static void test_ten_thousand_keys_are_small(void **state)
{
    (void)state;
    enum { KEYS = 10000 };
    const size_t key_sizes[] = {16, 32, 66, 121, 256, 1218, 2376};
    static struct secret *keys[KEYS];
    for (size_t k = 0; k < ARRAY_LEN(key_sizes); k++) {
        for (size_t i = 0; i < KEYS; i++) {
            keys[i] = secret_new(key_sizes[k]);
            assert_non_null(keys[i]);
        }
        size_t bytes = 0;
        size_t locked = 0;
        size_t pages = 0;
        secret_stats(&bytes, &locked, &pages);
        const size_t overhead = pages * (size_t)sysconf(_SC_PAGESIZE) / KEYS - key_sizes[k];
        assert_true(overhead < 2000);
        assert_true(key_sizes[k] > 300 || overhead < 160);
        for (size_t i = 0; i < KEYS; i++) {
            secret_free(keys[i]);
        }
    }
    size_t bytes = 0;
    size_t locked = 0;
    size_t pages = 0;
    secret_stats(&bytes, &locked, &pages);
    assert_int_equal(bytes, 0);
    assert_true(pages * (size_t)sysconf(_SC_PAGESIZE) < 4000000); /* regions went back */
}

static void test_no_memory(void **state)
{
    (void)state;
    AUTO_SECRET struct secret *s = secret_from("abc", 3);
    mem_fault_at(1);
    assert_null(secret_copy(s));
    mem_fault_at(1);
    assert_null(secret_head(s, 1));
    mem_fault_at(1);
    assert_null(secret_alloc(10));
    mem_fault_at(0);
}

/* Each thread keeps a set of blocks that it marks with its own number. */
static void *churn(void *arg)
{
    const uint8_t mark = *(const uint8_t *)arg;
    struct secret *mine[64] = {NULL};
    uint32_t seed = mark * 7919U;
    for (unsigned step = 0; step < 20000; step++) {
        seed = seed * 1664525 + 1013904223;
        const size_t i = (seed >> 16) % 64;
        if (mine[i] == NULL) {
            const size_t n = (seed >> 8) % 1000 + (seed % 97 == 0 ? 5000 : 0);
            mine[i] = secret_new(n);
            if (mine[i] == NULL || !is_zero(mine[i]->p, n)) {
                return arg;
            }
            memset(mine[i]->p, mark, n);
        } else {
            for (size_t k = 0; k < mine[i]->n; k += 37) {
                if (mine[i]->p[k] != mark) {
                    return arg;
                }
            }
            secret_free(mine[i]);
            mine[i] = NULL;
        }
    }
    for (size_t i = 0; i < 64; i++) {
        secret_free(mine[i]);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    const size_t before = used();
    static uint8_t marks[4] = {1, 2, 3, 4};
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, churn, &marks[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(used(), before);
}

static void test_speed(void **state)
{
    (void)state;
    struct secret *held = secret_new(32);
    struct timespec from;
    struct timespec to;
    const unsigned rounds = 100000;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    for (unsigned i = 0; i < rounds; i++) {
        secret_free(secret_new(32));
    }
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    const double ns =
        ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / rounds;
    print_message("a secret of 32 bytes, made and freed: %.0f ns\n", ns);
    assert_true(ns < 5000); /* the aim is 200; a sanitizer and a loaded machine take more */
    secret_free(held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zero_then_kept_apart),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_wiped_when_freed),
        cmocka_unit_test(test_fences),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_without_mlock),
        cmocka_unit_test(test_left_out_of_dumps),
        cmocka_unit_test(test_ten_thousand_keys_are_small),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_speed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
