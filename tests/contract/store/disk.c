/* SPDX-License-Identifier: Apache-2.0
 *
 * The LMDB engine and what can be wrong with its place: owners, modes, links, a full or read-only
 * disk, failing system calls, a damaged file.
 */
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

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

static const char *name(const char *tail)
{
    static char full[4][160];
    static unsigned next;
    char *p = full[next++ % 4];
    (void)snprintf(p, sizeof(full[0]), "%s/%s", path, tail);
    return p;
}

static enum rc open_name(const char *tail, bool create, struct store **ret)
{
    const struct store_options o = {.path = name(tail), .create = create};
    return e->open(&o, ret);
}

static void opens(const char *tail, bool create)
{
    struct store *s = NULL;
    assert_ok(open_name(tail, create, &s));
    e->close(s);
}

static void refused(const char *tail, bool create, enum rc want)
{
    struct store *s = NULL;
    assert_rc(open_name(tail, create, &s), want);
    assert_null(s);
}

static unsigned mode_of(const char *tail)
{
    struct stat st;
    assert_int_equal(lstat(name(tail), &st), 0);
    return st.st_mode & 07777;
}

/* Runs F in a child: its exit status must be 0; 77 skips. */
static void in_child(void (*f)(void))
{
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        f();
        _exit(0);
    }
    const int end = child_end(pid);
    if (end == 77) {
        skip();
    }
    assert_int_equal(end, 0);
}

#define CHILD_REQUIRE(cond)                                                                        \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            print_error("line %d: %s\n", __LINE__, #cond);                                         \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

/* ---- owners, modes, links ----------------------------------------------------------------------- */

static void r113_made_for_us_alone(void **state)
{
    (void)state;
    refused("a/b", false, RC_NOT_FOUND);
    const mode_t mask = umask(geteuid() == 0 ? 0777 : 0177); /* searching is root's right only */
    struct store *s = NULL;
    const enum rc rc = open_name("a/b/", true, &s);
    (void)umask(mask);
    assert_ok(rc);
    e->close(s);
    assert_int_equal(mode_of("a"), 0700);
    assert_int_equal(mode_of("a/b"), 0700);
    assert_int_equal(mode_of("a/b/data.mdb"), 0600);
    assert_int_equal(mode_of("a/b/lock.mdb"), 0600);
    assert_int_equal(mode_of("a/b/guard.lock"), 0600);
    opens("a/b", false);
    assert_int_equal(mkdir(name("empty"), 0700), 0);
    refused("empty", false, RC_NOT_FOUND);
    opens("empty", true);
}

static void r113_others_may_not_write(void **state)
{
    (void)state;
    opens("s", true);
    static const char *const files[] = {"s", "s/data.mdb", "s/lock.mdb", "s/guard.lock"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        const unsigned was = mode_of(files[i]);
        assert_int_equal(chmod(name(files[i]), was | 0020), 0);
        refused("s", true, RC_STORE_ACCESS);
        assert_int_equal(chmod(name(files[i]), was | 0002), 0);
        refused("s", true, RC_STORE_ACCESS);
        assert_int_equal(chmod(name(files[i]), was), 0);
        if (geteuid() == 0) {
            assert_int_equal(chown(name(files[i]), 12345, 12345), 0);
            refused("s", true, RC_STORE_ACCESS);
            assert_int_equal(chown(name(files[i]), 0, 0), 0);
        }
    }
    opens("s", false);
}

static void r113_links_are_refused(void **state)
{
    (void)state;
    opens("real", true);
    assert_int_equal(symlink("real", name("link")), 0);
    refused("link", true, RC_STORE_ACCESS);
    refused("link/", true, RC_STORE_ACCESS);
    static const char *const files[] = {"real/data.mdb", "real/lock.mdb", "real/guard.lock"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        assert_int_equal(rename(name(files[i]), name("aside")), 0);
        assert_int_equal(symlink("../aside", name(files[i])), 0);
        refused("real", true, RC_STORE_ACCESS);
        assert_int_equal(unlink(name(files[i])), 0);
        assert_int_equal(mkfifo(name(files[i]), 0600), 0);
        refused("real", true, RC_STORE_ACCESS);
        assert_int_equal(unlink(name(files[i])), 0);
        assert_int_equal(rename(name("aside"), name(files[i])), 0);
    }
    opens("real", true);
    FILE *f = fopen(name("file"), "w");
    assert_non_null(f);
    (void)fclose(f);
    refused("file", true, RC_STORE_ACCESS);
    refused("file/below", true, RC_STORE_ACCESS);
}

/* ---- full ------------------------------------------------------------------------------------------ */

/* Puts items until the place is full; what was acknowledged stays. */
static void fill_up(struct store *s, uint64_t *ret_next)
{
    uint64_t i = 1;
    for (;; i++) {
        const uint64_t was = e->change(s);
        const enum rc rc = item_put(e, s, i);
        if (rc != RC_OK) {
            CHILD_REQUIRE(rc == RC_DEVICE_MEMORY && e->change(s) == was);
            break;
        }
        CHILD_REQUIRE(i < 100000);
    }
    CHILD_REQUIRE(i > 3);
    for (uint64_t j = 1; j < i; j++) {
        CHILD_REQUIRE(item_state(e, s, j) == 1);
    }
    CHILD_REQUIRE(item_state(e, s, i) == 0);
    *ret_next = i;
}

static void full_by_limit(void)
{
    (void)signal(SIGXFSZ, SIG_IGN);
    struct store *s = NULL;
    struct rlimit r;
    uint64_t next = 0;
    CHILD_REQUIRE(open_name("s", true, &s) == RC_OK);
    CHILD_REQUIRE(getrlimit(RLIMIT_FSIZE, &r) == 0);
    const rlim_t was = r.rlim_cur;
    r.rlim_cur = 300000;
    CHILD_REQUIRE(setrlimit(RLIMIT_FSIZE, &r) == 0);
    fill_up(s, &next);
    r.rlim_cur = was;
    CHILD_REQUIRE(setrlimit(RLIMIT_FSIZE, &r) == 0);
    CHILD_REQUIRE(item_put(e, s, next) == RC_OK && item_state(e, s, next) == 1);
    e->close(s);
    CHILD_REQUIRE(open_name("s", false, &s) == RC_OK && item_state(e, s, next) == 1);
    e->close(s);
}

static void a_file_size_limit(void **state)
{
    (void)state;
    in_child(full_by_limit);
}

/* A file system of our own, of SIZE; the test is skipped where that is not allowed. */
static void own_tmpfs(const char *size)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("craton", path, "tmpfs", 0, size) != 0) {
        print_message("skipped: mounting needs root\n");
        _exit(77);
    }
}

/* Takes all the room but LEFT bytes. */
static void ballast(size_t left)
{
    static char block[4096];
    const int fd = open(name("ballast"), O_WRONLY | O_CREAT, 0600);
    CHILD_REQUIRE(fd >= 0);
    off_t n = 0;
    while (write(fd, block, sizeof(block)) == (ssize_t)sizeof(block)) {
        n += (off_t)sizeof(block);
    }
    CHILD_REQUIRE(errno == ENOSPC && ftruncate(fd, n > (off_t)left ? n - (off_t)left : 0) == 0);
    (void)close(fd);
}

static void full_disk(void)
{
    own_tmpfs("size=900k,mode=0700");
    struct store *s = NULL;
    uint64_t next = 0;
    CHILD_REQUIRE(open_name("s", true, &s) == RC_OK);
    fill_up(s, &next);
    e->close(s);
    CHILD_REQUIRE(open_name("s", true, &s) == RC_OK); /* opens and reads when full */
    for (uint64_t i = 1; i < next; i++) {
        CHILD_REQUIRE(item_state(e, s, i) == 1);
    }
    e->close(s);
}

/* At every amount of room: a first start either works or says why, and leaves nothing broken. */
static void first_start_when_full(void)
{
    own_tmpfs("size=900k,mode=0700");
    int failed = 0;
    for (size_t left = 0; left <= 400000; left += 20000) {
        struct store *s = NULL;
        ballast(left);
        enum rc rc = open_name("s", true, &s);
        if (rc == RC_OK) {
            rc = item_put(e, s, 1);
            CHILD_REQUIRE(rc == RC_OK || rc == RC_DEVICE_MEMORY);
            e->close(s);
        } else {
            CHILD_REQUIRE(rc == RC_DEVICE_MEMORY);
            failed++;
        }
        CHILD_REQUIRE(unlink(name("ballast")) == 0);
        CHILD_REQUIRE(open_name("s", true, &s) == RC_OK && item_put(e, s, 2) == RC_OK);
        e->close(s);
        scratch_remove(name("s"));
    }
    CHILD_REQUIRE(failed > 3);
}

static void r111_a_full_disk(void **state)
{
    (void)state;
    in_child(full_disk);
}

static void a_first_start_on_a_full_disk(void **state)
{
    (void)state;
    in_child(first_start_when_full);
}

/* ---- read-only --------------------------------------------------------------------------------------- */

static void read_only_disk(void)
{
    own_tmpfs("size=4m,mode=0700");
    struct store *s = NULL;
    struct store_txn *t = NULL;
    CHILD_REQUIRE(open_name("s", true, &s) == RC_OK && item_put(e, s, 1) == RC_OK);
    e->close(s);
    for (int locks = 1; locks >= 0; locks--) {
        CHILD_REQUIRE(mount("craton", path, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
        CHILD_REQUIRE(open_name("s", true, &s) == RC_OK);
        CHILD_REQUIRE(e->read_only(s) && item_state(e, s, 1) == 1);
        CHILD_REQUIRE(e->begin(s, true, &t) == RC_STORE_READ_ONLY && e->change(s) > 0);
        e->close(s);
        CHILD_REQUIRE(open_name("none", true, &s) == RC_STORE_ACCESS);
        CHILD_REQUIRE(open_name("none", false, &s) == RC_NOT_FOUND);
        CHILD_REQUIRE(mount("craton", path, NULL, MS_REMOUNT, NULL) == 0);
        (void)unlink(name("s/lock.mdb")); /* the second time without */
        (void)unlink(name("s/guard.lock"));
    }
    CHILD_REQUIRE(open_name("s", true, &s) == RC_OK && !e->read_only(s));
    e->close(s);
}

static void a_read_only_disk(void **state)
{
    (void)state;
    in_child(read_only_disk);
}

static void not_root(void)
{
    CHILD_REQUIRE(chown(path, 12345, 12345) == 0);
    CHILD_REQUIRE(setgid(12345) == 0 && setuid(12345) == 0);
    struct store *s = NULL;
    CHILD_REQUIRE(open_name("s", true, &s) == RC_OK && item_put(e, s, 1) == RC_OK);
    e->close(s);
    CHILD_REQUIRE(chmod(name("s/data.mdb"), 0400) == 0);
    CHILD_REQUIRE(open_name("s", true, &s) == RC_OK && e->read_only(s));
    CHILD_REQUIRE(item_state(e, s, 1) == 1);
    e->close(s);
    CHILD_REQUIRE(chmod(name("s/data.mdb"), 0000) == 0);
    CHILD_REQUIRE(open_name("s", true, &s) == RC_STORE_ACCESS);
    CHILD_REQUIRE(chmod(name("s/data.mdb"), 0600) == 0 && chmod(name("s"), 0500) == 0);
    CHILD_REQUIRE(open_name("s", true, &s) == RC_OK && item_put(e, s, 2) == RC_OK);
    e->close(s);
    CHILD_REQUIRE(chmod(name("s"), 0000) == 0);
    CHILD_REQUIRE(open_name("s", true, &s) == RC_STORE_ACCESS);
    CHILD_REQUIRE(chmod(name("s"), 0700) == 0 && chmod(path, 0500) == 0);
    CHILD_REQUIRE(open_name("new", true, &s) == RC_STORE_ACCESS);
    CHILD_REQUIRE(chmod(path, 0700) == 0);
}

static void without_rights(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("skipped: becomes another user\n");
        skip();
    }
    in_child(not_root);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(r113_made_for_us_alone), T(r113_others_may_not_write),
        T(r113_links_are_refused), T(a_file_size_limit),
        T(r111_a_full_disk),       T(a_first_start_on_a_full_disk),
        T(a_read_only_disk),       T(without_rights),
    };
    return cmocka_run_group_tests_name("store: disks", tests, NULL, NULL);
}
