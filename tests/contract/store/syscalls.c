/* SPDX-License-Identifier: Apache-2.0
 *
 * The LMDB engine when a system call fails, or the process ends in front of it: every call that
 * changes a file, one after the other. These definitions stand before those of libc.
 */
#include "scratch.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED
int main(void)
{
    return 77; /* a sanitizer has definitions of its own */
}
#else

static long countdown; /* calls to the one that is hit; 0: off */
static long hits;
static int with_errno; /* 0: the process ends */
static bool cut;       /* writes half instead of failing */

static bool hit(void)
{
    if (countdown == 0 || --countdown != 0) {
        return false;
    }
    hits++;
    if (with_errno == 0 && !cut) {
        _exit(99);
    }
    errno = with_errno;
    return true;
}

#define REAL(name, type) ((type)(uintptr_t)dlsym(RTLD_NEXT, #name))

/* Seen by the shared library that calls them. */
#define SEEN __attribute__((visibility("default")))

SEEN ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (real == NULL) {
        real = REAL(pwrite, ssize_t(*)(int, const void *, size_t, off_t));
    }
    if (hit()) {
        return cut ? real(fd, p, n / 2, at) : -1;
    }
    return real(fd, p, n, at);
}

SEEN ssize_t writev(int fd, const struct iovec *v, int n)
{
    static ssize_t (*real)(int, const struct iovec *, int);
    if (real == NULL) {
        real = REAL(writev, ssize_t(*)(int, const struct iovec *, int));
    }
    if (hit()) {
        return cut ? real(fd, v, 1) : -1;
    }
    return real(fd, v, n);
}

#define SIMPLE(name, params, types, args)                                                          \
    SEEN int name params                                                                           \
    {                                                                                              \
        static int(*real) types;                                                                   \
        if (real == NULL) {                                                                        \
            real = REAL(name, int(*) types);                                                       \
        }                                                                                          \
        return hit() && !cut ? -1 : real args;                                                     \
    }

SIMPLE(fdatasync, (int fd), (int), (fd))
SIMPLE(fsync, (int fd), (int), (fd))
SIMPLE(ftruncate, (int fd, off_t n), (int, off_t), (fd, n))
SIMPLE(fallocate, (int fd, int mode, off_t at, off_t n), (int, int, off_t, off_t),
       (fd, mode, at, n))
SIMPLE(linkat, (int a, const char *p, int b, const char *q, int f),
       (int, const char *, int, const char *, int), (a, p, b, q, f))
SIMPLE(mkdir, (const char *p, mode_t m), (const char *, mode_t), (p, m))
SIMPLE(fchmod, (int fd, mode_t m), (int, mode_t), (fd, m))

/* ---- tests ------------------------------------------------------------------------------------------ */

static const struct store_engine *e;
static char path[64];

static int set_up(void **state)
{
    (void)state;
    e = store_engine_lmdb();
    scratch_make(path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    countdown = 0;
    scratch_remove(path);
    return 0;
}

static void aim(long nth, int error, bool short_write)
{
    hits = 0;
    with_errno = error;
    cut = short_write;
    countdown = nth;
}

static enum rc open_put_close(uint64_t item)
{
    struct store *s = NULL;
    TRY(scratch_open(path, &s));
    const enum rc rc = item_put(e, s, item);
    e->close(s);
    return rc;
}

static void shows(uint64_t item, int want)
{
    struct store *s = NULL;
    assert_ok(scratch_open(path, &s));
    const int state = item_state(e, s, item);
    if (want < 0) {
        assert_true(state == 0 || state == 1);
    } else {
        assert_int_equal(state, want);
    }
    e->close(s);
}

/* Each call of a first start and a first write fails once. */
static void every_call_of_a_first_start_fails(void **state)
{
    (void)state;
    static const struct {
        int error;
        bool cut;
    } ways[] = {{ENOSPC, false}, {EIO, false}, {EDQUOT, false}, {EIO, true}};
    for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
        long nth = 1;
        for (;; nth++) {
            aim(nth, ways[w].error, ways[w].cut);
            const enum rc rc = open_put_close(1);
            const long fired = hits;
            countdown = 0;
            if (fired == 0) {
                assert_ok(rc);
                break;
            }
            if (rc != RC_OK) {
                assert_true(rc == RC_DEVICE_MEMORY || rc == RC_DEVICE_ERROR);
                assert_true(ways[w].error == EIO || rc == RC_DEVICE_MEMORY);
            }
            shows(1, rc == RC_OK ? 1 : 0);
            scratch_remove(path);
            assert_int_equal(mkdir(path, 0700), 0);
        }
        assert_true(nth > 12);
        scratch_remove(path);
        assert_int_equal(mkdir(path, 0700), 0);
    }
}

/* Each call of one write fails once, in an open store; the same store goes on, or says that it must
 * be opened anew. */
static void r111_every_call_of_a_write_fails(void **state)
{
    (void)state;
    static const int errors[] = {ENOSPC, EIO};
    struct store *s = NULL;
    assert_ok(scratch_open(path, &s));
    uint64_t item = 1;
    for (size_t w = 0; w < ARRAY_LEN(errors); w++) {
        for (long nth = 1;; nth++, item++) {
            aim(nth, errors[w], false);
            const enum rc rc = item_put(e, s, item);
            const long fired = hits;
            countdown = 0;
            if (fired == 0) {
                assert_ok(rc);
                item++;
                break;
            }
            assert_rc(rc, errors[w] == ENOSPC ? RC_DEVICE_MEMORY : RC_DEVICE_ERROR);
            const enum rc next = item_put(e, s, 100000);
            if (next != RC_OK) { /* the meta page could not be written: LMDB gives up */
                assert_rc(next, RC_DEVICE_ERROR);
                e->close(s);
                assert_ok(scratch_open(path, &s));
            }
            item_assert(e, s, item, false);
        }
    }
    e->close(s);
}

/* The process ends in front of each call. */
static void r111_ending_at_every_call(void **state)
{
    (void)state;
    long nth = 1;
    for (int end = 99; end == 99; nth++) {
        const pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            aim(nth, 0, false);
            _exit(open_put_close(1) == RC_OK ? 0 : 1);
        }
        end = child_end(pid);
        assert_true(end == 99 || end == 0);
        shows(1, end == 0 ? 1 : -1);
        assert_ok(open_put_close(2)); /* and work goes on */
        shows(2, 1);
        scratch_remove(path);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    assert_true(nth > 12);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_call_of_a_first_start_fails),
        T(r111_every_call_of_a_write_fails),
        T(r111_ending_at_every_call),
    };
    return cmocka_run_group_tests_name("store: system calls", tests, NULL, NULL);
}
#endif
