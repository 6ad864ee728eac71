/* SPDX-License-Identifier: Apache-2.0
 *
 * The LMDB engine and a damaged file: flipped bytes, cuts, rubbish. What opens shows every entry as
 * it was (the content of OBJECT values is the seal's to prove); everything else is a clear error;
 * nothing is ever a crash.
 */
#include "scratch.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OBJECTS = 90, IDS = 700 };

static const struct store_engine *e;
static char path[64];
static uint8_t *good; /* the sound file */
static size_t good_n;
static unsigned opened, wrong;

static const char *file(const char *tail)
{
    static char full[160];
    (void)snprintf(full, sizeof(full), "%s/s/%s", path, tail);
    return full;
}

/* ---- a store with every kind of page ------------------------------------------------------------- */

static struct bytes key_of(unsigned i, uint8_t key[5])
{
    key[0] = 'o';
    put_u32_be(key + 1, i * 2654435761u);
    return BYTES(key, 5);
}

static size_t size_of(unsigned i)
{
    return i % 9 == 0 ? 9000 : 60 + i * 7 % 700;
}

static void fill(struct store *s)
{
    static uint8_t value[9000];
    uint8_t key[5];
    for (unsigned i = 0; i < OBJECTS; i++) {
        struct store_txn *t = NULL;
        assert_ok(e->begin(s, true, &t));
        assert_ok(e->put(t, STORE_OBJECT, key_of(i, key), BYTES(value, size_of(i))));
        key[0] = 'm';
        assert_ok(e->put(t, STORE_META, BYTES(key, 5), BYTES(key, i % 5)));
        assert_ok(e->index_add(t, BYTES_STR("class"), i + 1));
        assert_ok(e->index_add(t, BYTES(key, 5), i + 1));
        for (unsigned j = 0; j < IDS / OBJECTS; j++) {
            assert_ok(e->index_add(t, BYTES_STR("many"), 1 + (uint64_t)j * OBJECTS + i));
        }
        if (i % 7 == 3) { /* leaves pages in the free list */
            assert_ok(e->remove(t, STORE_OBJECT, key_of(i - 1, key)));
            assert_ok(e->put(t, STORE_OBJECT, key_of(i - 1, key), BYTES(value, size_of(i - 1))));
        }
        assert_ok(e->commit(t));
    }
}

static bool ids_right(struct store_txn *t, struct bytes key, uint64_t first, size_t n)
{
    static uint64_t ids[IDS + 1];
    size_t got = 0;
    if (e->index_read(t, key, 0, ids, IDS + 1, &got) != RC_OK || got != n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (ids[i] != first + i) {
            return false;
        }
    }
    return true;
}

static enum rc count(void *ctx, struct bytes key, struct bytes value)
{
    (void)key;
    (void)value;
    ++*(unsigned *)ctx;
    return RC_OK;
}

static bool all_right(struct store_txn *t)
{
    uint8_t key[5];
    struct bytes v = BYTES_NONE;
    unsigned n[2] = {0, 0};
    bool right = ids_right(t, BYTES_STR("class"), 1, OBJECTS) &&
                 ids_right(t, BYTES_STR("many"), 1, IDS / OBJECTS * OBJECTS) &&
                 e->each(t, STORE_META, BYTES_NONE, count, &n[0]) == RC_OK &&
                 e->each(t, STORE_OBJECT, BYTES_NONE, count, &n[1]) == RC_OK && n[0] == OBJECTS &&
                 n[1] == OBJECTS;
    for (unsigned i = 0; right && i < OBJECTS; i++) {
        right = e->get(t, STORE_OBJECT, key_of(i, key), &v) == RC_OK && v.n == size_of(i);
        key[0] = 'm';
        right = right && e->get(t, STORE_META, BYTES(key, 5), &v) == RC_OK &&
                bytes_equal(v, BYTES(key, i % 5)) && ids_right(t, BYTES(key, 5), i + 1, 1);
    }
    return right;
}

/* ---- one look at a file ----------------------------------------------------------------------------- */

/* Opens, reads all, writes a little. False: it showed something that was never there. */
static bool look(void)
{
    struct store *s = NULL;
    char dir[80];
    (void)snprintf(dir, sizeof(dir), "%s/s", path);
    const struct store_options o = {.path = dir, .create = true};
    const enum rc rc = e->open(&o, &s);
    if (rc != RC_OK) {
        return rc == RC_STORE_CORRUPT || rc == RC_STORE_FORMAT;
    }
    opened++;
    struct store_txn *t = NULL;
    bool right = e->begin(s, false, &t) == RC_OK;
    if (right) {
        right = all_right(t);
        e->abort(t);
    }
    if (right && opened % 8 == 1) { /* each would wait for the disk */
        right = item_put(e, s, 1000) == RC_OK && item_state(e, s, 1000) == 1;
    }
    e->close(s);
    return right;
}

static void restore(size_t n)
{
    const int fd = open(file("data.mdb"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, good, n), n);
    (void)close(fd);
}

static void flip(size_t at, uint8_t bits)
{
    uint8_t c = good[at] ^ bits;
    const int fd = open(file("data.mdb"), O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &c, 1, (off_t)at), 1);
    (void)close(fd);
}

/* Looks at the file with each of these places flipped; in a child, for the case of a crash. */
static void flips(size_t from, size_t to, size_t step)
{
    for (size_t at = from; at < to; at += step) {
        const uint8_t bits = (uint8_t)(1u << (at * 5 % 8));
        restore(good_n);
        flip(at, bits);
        if (!look()) {
            print_error("flipped %02x at %zu: shows what was never there\n", bits, at);
            wrong++;
        }
    }
}

static void flips_in_child(size_t from, size_t to, size_t step)
{
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        opened = wrong = 0;
        flips(from, to, step);
        _exit(wrong == 0 ? 0 : 1);
    }
    assert_int_equal(child_end(pid), 0);
}

/* ---- tests -------------------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    (void)state;
    e = store_engine_lmdb();
    scratch_make(path);
    struct store *s = NULL;
    assert_ok(scratch_open(path, &s));
    fill(s);
    e->close(s);
    struct stat st;
    assert_int_equal(stat(file("data.mdb"), &st), 0);
    good_n = (size_t)st.st_size;
    good = malloc(good_n);
    const int fd = open(file("data.mdb"), O_RDONLY);
    assert_int_equal(read(fd, good, good_n), good_n);
    (void)close(fd);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(good);
    scratch_remove(path);
    return 0;
}

static void the_sound_file_is_right(void **state)
{
    (void)state;
    opened = 0;
    assert_true(look());
    assert_int_equal(opened, 1);
}

static void every_byte_of_the_meta_pages(void **state)
{
    (void)state;
    flips_in_child(0, 176, 1);
    flips_in_child(4096, 4096 + 176, 1);
}

static void page_headers(void **state)
{
    (void)state;
    for (size_t page = 2; page < good_n / 4096; page += 3) {
        flips_in_child(page * 4096, page * 4096 + 32, 5);
    }
}

static void r112_bytes_all_over(void **state)
{
    (void)state;
    flips_in_child(8192, good_n, 307);
}

static void cuts(void **state)
{
    (void)state;
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        opened = wrong = 0;
        for (size_t n = 0; n < good_n; n += n < 9000 ? 500 : 7777) {
            restore(n);
            wrong += !look();
        }
        _exit(wrong == 0 && opened == 0 ? 0 : 1);
    }
    assert_int_equal(child_end(pid), 0);
}

static void rubbish(void **state)
{
    (void)state;
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        wrong = opened = 0;
        uint32_t seed = 3;
        for (int round = 0; round < 30; round++) {
            for (size_t i = round % 2 == 0 ? 0 : 8192; i < good_n; i++) {
                seed = seed * 1664525u + 1013904223u;
                good[i] = round < 2 ? 0 : (uint8_t)(seed >> 24); /* zeros, then noise */
            }
            restore(good_n);
            wrong += !look();
        }
        _exit(wrong == 0 && opened == 0 ? 0 : 1);
    }
    assert_int_equal(child_end(pid), 0);
}

/* Pages exchanged whole: each is sound by itself. */
static void exchanged_pages(void **state)
{
    (void)state;
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        wrong = opened = 0;
        const size_t pages = good_n / 4096;
        for (size_t i = 2; i < pages; i += 5) {
            restore(good_n);
            const int fd = open(file("data.mdb"), O_RDWR);
            if (pwrite(fd, good + (2 + i * 7 % (pages - 2)) * 4096, 4096, (off_t)(i * 4096)) !=
                4096) {
                _exit(2);
            }
            (void)close(fd);
            wrong += !look();
        }
        _exit(wrong == 0 ? 0 : 1);
    }
    assert_int_equal(child_end(pid), 0);
}

/* The lock file holds nothing that lasts: with nobody else there it is made anew. */
static void a_damaged_lock_file(void **state)
{
    (void)state;
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        opened = wrong = 0;
        for (off_t at = 0; at < 400; at += 7) {
            const int fd = open(file("lock.mdb"), O_RDWR);
            if (pwrite(fd, "\xa5\x5a\xff", 3, at) != 3) {
                _exit(2);
            }
            (void)close(fd);
            restore(good_n);
            wrong += !look();
        }
        _exit(wrong == 0 && opened > 0 ? 0 : 1);
    }
    assert_int_equal(child_end(pid), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_sound_file_is_right),
        T(every_byte_of_the_meta_pages),
        T(page_headers),
        T(r112_bytes_all_over),
        T(cuts),
        T(rubbish),
        T(exchanged_pages),
        T(a_damaged_lock_file),
    };
    return cmocka_run_group_tests_name("store: damage", tests, NULL, NULL);
}
