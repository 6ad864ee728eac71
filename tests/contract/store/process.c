/* SPDX-License-Identifier: Apache-2.0
 *
 * The LMDB engine with several processes: forks, kills, locks, first starts, growth.
 */
#include "scratch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

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
    scratch_remove(path);
    return 0;
}

static struct store *open_it(void)
{
    struct store *s = NULL;
    assert_ok(scratch_open(path, &s));
    return s;
}

/* In a child: its exit status tells what went wrong. */
#define CHILD_REQUIRE(cond, status)                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            _exit(status);                                                                         \
        }                                                                                          \
    } while (0)

static pid_t writer(uint64_t first, uint64_t n)
{
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid != 0) {
        return pid;
    }
    struct store *s = NULL;
    CHILD_REQUIRE(scratch_open(path, &s) == RC_OK, 1);
    for (uint64_t i = first; i < first + n; i++) {
        CHILD_REQUIRE(item_put(e, s, i) == RC_OK, 2);
        CHILD_REQUIRE(item_state(e, s, i) == 1, 3);
    }
    e->close(s);
    _exit(0);
}

static void r108_two_processes_write(void **state)
{
    (void)state;
    const pid_t a = writer(1, 100);
    const pid_t b = writer(101, 100);
    struct store *s = open_it();
    assert_ok(item_put(e, s, 500));
    assert_int_equal(child_end(a), 0);
    assert_int_equal(child_end(b), 0);
    for (uint64_t i = 1; i <= 200; i++) {
        item_assert(e, s, i, true);
    }
    item_assert(e, s, 500, true);
    e->close(s);
}

static void a_change_is_seen_without_asking(void **state)
{
    (void)state;
    struct store *s = open_it();
    const uint64_t was = e->change(s);
    assert_int_equal(child_end(writer(1, 3)), 0);
    assert_int_equal(e->change(s), was + 3);
    item_assert(e, s, 3, true);
    e->close(s);
}

static void the_same_path_twice_is_one(void **state)
{
    (void)state;
    struct store *a = open_it();
    struct store *b = open_it();
    assert_ptr_equal(a, b);
    assert_ok(item_put(e, a, 1));
    e->close(a);
    item_assert(e, b, 1, true); /* still open */
    assert_int_equal(child_end(writer(2, 1)), 0);
    item_assert(e, b, 2, true);
    e->close(b);
    a = open_it();
    item_assert(e, a, 1, true);
    e->close(a);
}

/* ---- forks -------------------------------------------------------------------------------------- */

static void child_of_fork(struct store *inherited)
{
    struct store *s = NULL;
    e->abandon(inherited);
    CHILD_REQUIRE(scratch_open(path, &s) == RC_OK, 1);
    CHILD_REQUIRE(s != inherited, 2);
    CHILD_REQUIRE(item_state(e, s, 1) == 1, 3);
    CHILD_REQUIRE(item_put(e, s, 2) == RC_OK, 4);
    e->close(s);
    _exit(0);
}

static void r103_a_forked_child_opens_anew(void **state)
{
    (void)state;
    struct store *s = open_it();
    assert_ok(item_put(e, s, 1));
    struct store_txn *reader = NULL;
    assert_ok(e->begin(s, false, &reader));
    for (int i = 0; i < 5; i++) {
        const pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            child_of_fork(s);
        }
        assert_int_equal(child_end(pid), 0);
    }
    struct bytes got = BYTES_NONE;
    uint8_t key[9] = {'o'};
    put_u64_be(key + 1, 2);
    assert_rc(e->get(reader, STORE_OBJECT, BYTES(key, 9), &got), RC_NOT_FOUND); /* its snapshot */
    e->abort(reader);
    assert_ok(item_put(e, s, 3)); /* the parent's locks are as they were */
    item_assert(e, s, 2, true);
    e->close(s);
}

/* ---- kills -------------------------------------------------------------------------------------- */

/* Writes items from FIRST on and tells each one, after its commit, through FD. */
static void write_till_killed(int fd, uint64_t first, struct store *inherited)
{
    struct store *s = NULL;
    if (inherited != NULL) {
        e->abandon(inherited);
    }
    CHILD_REQUIRE(scratch_open(path, &s) == RC_OK, 1);
    for (uint64_t i = first;; i++) {
        CHILD_REQUIRE(item_put(e, s, i) == RC_OK, 2);
        CHILD_REQUIRE(write(fd, &i, sizeof(i)) == (ssize_t)sizeof(i), 3);
    }
}

/* One child killed US microseconds after its start, or after its first item (AWAIT: so that a busy
 * machine is no excuse): the last item it acknowledged, or FIRST - 1. */
static uint64_t kill_one(uint64_t first, useconds_t us, bool await, struct store *inherited)
{
    int fd[2];
    assert_int_equal(pipe(fd), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(fd[0]);
        write_till_killed(fd[1], first, inherited);
    }
    (void)close(fd[1]);
    uint64_t last = first - 1;
    uint64_t told = 0;
    if (await) {
        assert_int_equal(read(fd[0], &told, sizeof(told)), sizeof(told));
        assert_true(told == first);
        last = told;
    }
    (void)usleep(us);
    assert_int_equal(kill(pid, SIGKILL), 0);
    while (read(fd[0], &told, sizeof(told)) == (ssize_t)sizeof(told)) {
        assert_true(told == last + 1);
        last = told;
    }
    (void)close(fd[0]);
    assert_int_equal(child_end(pid), -SIGKILL);
    return last;
}

static void r111_killed_writers(void **state)
{
    (void)state;
    srand(7);
    uint64_t next = 1;
    int landed = 0;
    struct store *held = NULL;
    for (int round = 0; round < 200; round++) {
        if (round == 100) {
            held = open_it(); /* from now on another process lives through the kills */
        }
        const uint64_t last = kill_one(next, (useconds_t)(rand() % 6000), round % 4 == 0, held);
        struct store *s = held != NULL ? held : open_it();
        for (uint64_t i = next; i <= last; i++) {
            item_assert(e, s, i, true);
        }
        /* the one after may be there, whole, or not; later ones are not */
        const int after = item_state(e, s, last + 1);
        assert_true(after == 0 || after == 1);
        item_assert(e, s, last + 2, false);
        landed += last >= next;
        next = last + 1 + (uint64_t)after;
        if (held == NULL) {
            e->close(s);
        }
    }
    e->close(held);
    struct store *s = open_it(); /* walks the whole file */
    for (uint64_t i = 1; i < next; i++) {
        item_assert(e, s, i, true);
    }
    e->close(s);
    print_message("200 kills, %d of them after an acknowledged write, %llu items\n", landed,
                  (unsigned long long)(next - 1));
    assert_true(landed > 20);
}

/* A killed reader's slot would keep old pages for ever: the file would grow with each write. */
static void killed_readers_do_not_hold_pages(void **state)
{
    (void)state;
    struct store *s = open_it();
    assert_ok(item_put(e, s, 1));
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct store *own = NULL;
        struct store_txn *t = NULL;
        e->abandon(s);
        CHILD_REQUIRE(scratch_open(path, &own) == RC_OK && e->begin(own, false, &t) == RC_OK, 1);
        (void)raise(SIGKILL);
    }
    assert_int_equal(child_end(pid), -SIGKILL);
    uint64_t used[2];
    uint64_t unused = 0;
    for (int phase = 0; phase < 2; phase++) {
        for (int i = 0; i < 600; i++) {
            assert_ok(item_put(e, s, 1));
        }
        e->space(s, &used[phase], &unused);
    }
    e->close(s);
    assert_true(used[1] <= used[0] + 65536);
}

/* ---- exclusive ------------------------------------------------------------------------------------ */

static enum rc open_as(bool exclusive, struct store **ret)
{
    char inner[80];
    (void)snprintf(inner, sizeof(inner), "%s/s", path);
    const struct store_options o = {.path = inner, .exclusive = exclusive};
    return e->open(&o, ret);
}

/* A child that holds the store until it is killed. */
static pid_t holder(bool exclusive)
{
    int fd[2];
    char c = 0;
    assert_int_equal(pipe(fd), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct store *s = NULL;
        CHILD_REQUIRE(open_as(exclusive, &s) == RC_OK && write(fd[1], "x", 1) == 1, 1);
        (void)close(fd[1]);
        for (;;) {
            (void)pause();
        }
    }
    (void)close(fd[1]);
    assert_int_equal(read(fd[0], &c, 1), 1);
    (void)close(fd[0]);
    return pid;
}

static void exclusive_means_alone(void **state)
{
    (void)state;
    e->close(open_it());
    for (int theirs = 0; theirs < 2; theirs++) {
        const pid_t pid = holder(theirs == 1);
        struct store *s = NULL;
        assert_rc(open_as(true, &s), RC_STORE_LOCKED);
        if (theirs == 1) {
            assert_rc(open_as(false, &s), RC_STORE_LOCKED);
        } else {
            assert_ok(open_as(false, &s));
            e->close(s);
        }
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(child_end(pid), -SIGKILL);
        assert_ok(open_as(true, &s)); /* a kill frees it */
        e->close(s);
    }
    struct store *shared = open_it();
    struct store *s = NULL;
    assert_rc(open_as(true, &s), RC_STORE_LOCKED); /* not asked for at the first open */
    e->close(shared);
}

/* ---- first start ------------------------------------------------------------------------------------ */

static void r124_first_start_by_many(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++) {
        pid_t pid[6];
        for (unsigned i = 0; i < ARRAY_LEN(pid); i++) {
            pid[i] = writer(1 + i, 1);
        }
        for (unsigned i = 0; i < ARRAY_LEN(pid); i++) {
            assert_int_equal(child_end(pid[i]), 0);
        }
        struct store *s = open_it();
        for (unsigned i = 0; i < ARRAY_LEN(pid); i++) {
            item_assert(e, s, 1 + i, true);
        }
        e->close(s);
        scratch_remove(path);
        assert_int_equal(mkdir(path, 0700), 0);
    }
}

static void a_killed_first_start(void **state)
{
    (void)state;
    srand(11);
    for (int round = 0; round < 60; round++) {
        const pid_t pid = writer(1, 1);
        (void)usleep((useconds_t)(rand() % 1500));
        (void)kill(pid, SIGKILL);
        const int end = child_end(pid);
        assert_true(end == 0 || end == -SIGKILL);
        struct store *s = open_it();
        assert_true(item_state(e, s, 1) >= 0);
        assert_ok(item_put(e, s, 2));
        e->close(s);
        scratch_remove(path);
        assert_int_equal(mkdir(path, 0700), 0);
    }
}

/* ---- a store that outgrows a process's map ----------------------------------------------------------- */

static enum rc put_big(struct store *s, uint8_t number, bool remove)
{
    static uint8_t *big;
    if (big == NULL) {
        big = calloc(1, STORE_VALUE_MAX);
    }
    struct store_txn *t = NULL;
    TRY(e->begin(s, true, &t));
    const struct bytes key = BYTES(&number, 1);
    const enum rc rc = remove ? e->remove(t, STORE_OBJECT, key)
                              : e->put(t, STORE_OBJECT, key, BYTES(big, STORE_VALUE_MAX));
    if (rc != RC_OK) {
        e->abort(t);
        return rc;
    }
    return e->commit(t);
}

static void small_process(int from_parent, int to_parent)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    CHILD_REQUIRE(f != NULL && fscanf(f, "%lu", &pages) == 1, 1);
    (void)fclose(f);
    const rlim_t limit = pages * 4096 + ((rlim_t)240 << 20);
    const struct rlimit r = {.rlim_cur = limit, .rlim_max = limit};
    CHILD_REQUIRE(setrlimit(RLIMIT_AS, &r) == 0, 2);
    struct store *s = NULL;
    char c = 0;
    CHILD_REQUIRE(scratch_open(path, &s) == RC_OK, 3);
    CHILD_REQUIRE(item_state(e, s, 1) == 1, 4);
    CHILD_REQUIRE(write(to_parent, "x", 1) == 1, 5);
    CHILD_REQUIRE(read(from_parent, &c, 1) == 1, 6);
    CHILD_REQUIRE(item_state(e, s, 2) == 1, 7); /* written behind the end of our map */
    CHILD_REQUIRE(item_put(e, s, 3) == RC_OK, 8);
    e->close(s);
    _exit(0);
}

static void growing_beyond_the_map(void **state)
{
    (void)state;
    if (SANITIZED) {
        print_message("skipped: a sanitizer needs the address space\n");
        skip();
    }
    int down[2];
    int up[2];
    char c = 0;
    assert_int_equal(pipe(down), 0);
    assert_int_equal(pipe(up), 0);
    assert_int_equal(child_end(writer(1, 1)), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        small_process(down[0], up[1]);
    }
    assert_int_equal(read(up[0], &c, 1), 1);
    struct store *s = open_it();
    for (uint8_t i = 1; i <= 5; i++) {
        assert_ok(put_big(s, i, false));
    }
    assert_ok(item_put(e, s, 2));
    assert_int_equal(write(down[1], "x", 1), 1);
    assert_int_equal(child_end(pid), 0);
    item_assert(e, s, 3, true);
    e->close(s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(r108_two_processes_write),   T(a_change_is_seen_without_asking),
        T(the_same_path_twice_is_one), T(r103_a_forked_child_opens_anew),
        T(r111_killed_writers),        T(killed_readers_do_not_hold_pages),
        T(exclusive_means_alone),      T(r124_first_start_by_many),
        T(a_killed_first_start),       T(growing_beyond_the_map),
    };
    return cmocka_run_group_tests_name("store: processes", tests, NULL, NULL);
}
