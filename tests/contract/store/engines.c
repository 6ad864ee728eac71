/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract of store.h, over every engine.
 */
#include "scratch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    const struct store_engine *e;
    struct store *s;
    char path[64];
};

static const struct store_engine *engine; /* of the group that runs */

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));
    b->e = engine;
    scratch_make(b->path);
    char inner[80];
    (void)snprintf(inner, sizeof(inner), "%s/a/b", b->path);
    const struct store_options o = {.path = inner, .create = true};
    assert_ok(b->e->open(&o, &b->s));
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    store_fault_at(0, RC_OK);
    b->e->close(b->s);
    scratch_remove(b->path);
    free(b);
    return 0;
}

static struct store_txn *begin(struct bench *b, bool write)
{
    struct store_txn *t = NULL;
    assert_ok(b->e->begin(b->s, write, &t));
    assert_non_null(t);
    return t;
}

static void put(struct bench *b, struct store_txn *t, const char *key, const char *value)
{
    assert_ok(b->e->put(t, STORE_META, BYTES(key, strlen(key)), BYTES(value, strlen(value))));
}

static void has(struct bench *b, struct store_txn *t, const char *key, const char *value)
{
    struct bytes got = BYTES_NONE;
    const enum rc rc = b->e->get(t, STORE_META, BYTES(key, strlen(key)), &got);
    if (value == NULL) {
        assert_rc(rc, RC_NOT_FOUND);
        return;
    }
    assert_ok(rc);
    assert_int_equal(got.n, strlen(value));
    assert_memory_equal(got.p, value, got.n);
}

/* ---- transactions --------------------------------------------------------------------------------- */

static void commit_is_seen_and_abort_is_not(void **state)
{
    struct bench *b = *state;
    struct store_txn *t = begin(b, true);
    put(b, t, "a", "one");
    put(b, t, "a", "two");
    has(b, t, "a", "two"); /* a writer sees its own */
    assert_ok(b->e->commit(t));

    t = begin(b, true);
    put(b, t, "a", "three");
    put(b, t, "b", "x");
    b->e->abort(t);

    t = begin(b, false);
    has(b, t, "a", "two");
    has(b, t, "b", NULL);
    b->e->abort(t);
    b->e->abort(NULL);
}

/* In a thread of its own: the test's thread has a transaction open. */
static void *write_fifty(void *arg)
{
    struct bench *b = arg;
    for (uint64_t i = 0; i < 50; i++) {
        const uint64_t seen = b->e->change(b->s);
        struct store_txn *t = begin(b, true);
        assert_int_equal(b->e->txn_change(t), seen + 1);
        put(b, t, "k", "new");
        assert_ok(b->e->index_add(t, BYTES_STR("x"), 2 + i));
        assert_ok(b->e->commit(t));
    }
    return NULL;
}

static void a_reader_keeps_its_snapshot(void **state)
{
    struct bench *b = *state;
    struct store_txn *t = begin(b, true);
    put(b, t, "k", "old");
    assert_ok(b->e->index_add(t, BYTES_STR("x"), 1));
    assert_ok(b->e->commit(t));

    struct store_txn *reader = begin(b, false);
    const uint64_t seen = b->e->txn_change(reader);
    assert_int_equal(seen, b->e->change(b->s));
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, write_fifty, b), 0);
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_int_equal(b->e->change(b->s), seen + 50);
    assert_int_equal(b->e->txn_change(reader), seen);
    has(b, reader, "k", "old");
    uint64_t ids[4];
    size_t n = 9;
    assert_ok(b->e->index_read(reader, BYTES_STR("x"), 0, ids, 4, &n));
    assert_int_equal(n, 1);
    assert_ok(b->e->commit(reader)); /* a reader may be committed: it ends */

    reader = begin(b, false);
    has(b, reader, "k", "new");
    assert_ok(b->e->index_read(reader, BYTES_STR("x"), 0, ids, 4, &n));
    assert_int_equal(n, 4);
    b->e->abort(reader);
}

static void an_empty_commit_is_a_change(void **state)
{
    struct bench *b = *state;
    const uint64_t was = b->e->change(b->s);
    struct store_txn *t = begin(b, true);
    assert_int_equal(b->e->change(b->s), was);
    assert_ok(b->e->commit(t));
    assert_int_equal(b->e->change(b->s), was + 1);
}

enum { READERS = 100 }; /* more than are kept for reuse */

struct readers {
    struct bench *b;
    pthread_barrier_t all_open;
    atomic_int wrong;
};

static void *read_together(void *arg)
{
    struct readers *r = arg;
    for (int round = 0; round < 3; round++) {
        struct store_txn *t = NULL;
        struct bytes got = BYTES_NONE;
        const enum rc rc = r->b->e->begin(r->b->s, false, &t);
        (void)pthread_barrier_wait(&r->all_open);
        if (rc != RC_OK ||
            r->b->e->get(t, STORE_META, BYTES_STR("nothing"), &got) != RC_NOT_FOUND) {
            atomic_fetch_add(&r->wrong, 1);
        }
        r->b->e->abort(t);
    }
    return NULL;
}

static void many_readers_at_once(void **state)
{
    struct readers r = {.b = *state};
    pthread_t t[READERS];
    assert_int_equal(pthread_barrier_init(&r.all_open, NULL, READERS), 0);
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&t[i], NULL, read_together, &r), 0);
    }
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(t[i], NULL), 0);
    }
    (void)pthread_barrier_destroy(&r.all_open);
    assert_int_equal(atomic_load(&r.wrong), 0);
}

/* ---- records -------------------------------------------------------------------------------------- */

static void removing(void **state)
{
    struct bench *b = *state;
    struct store_txn *t = begin(b, true);
    put(b, t, "a", "1");
    assert_rc(b->e->remove(t, STORE_META, BYTES_STR("b")), RC_NOT_FOUND);
    assert_ok(b->e->remove(t, STORE_META, BYTES_STR("a")));
    has(b, t, "a", NULL);
    assert_rc(b->e->remove(t, STORE_META, BYTES_STR("a")), RC_NOT_FOUND);
    assert_ok(b->e->commit(t)); /* NOT_FOUND is no failure of the transaction */
}

static void tables_are_apart(void **state)
{
    struct bench *b = *state;
    struct store_txn *t = begin(b, true);
    assert_ok(b->e->put(t, STORE_META, BYTES_STR("k"), BYTES_STR("meta")));
    assert_ok(b->e->put(t, STORE_OBJECT, BYTES_STR("k"), BYTES_STR("object")));
    assert_ok(b->e->index_add(t, BYTES_STR("k"), 7));
    struct bytes got = BYTES_NONE;
    assert_ok(b->e->get(t, STORE_OBJECT, BYTES_STR("k"), &got));
    assert_int_equal(got.n, 6);
    assert_rc(b->e->get(t, STORE_INDEX, BYTES_STR("k"), &got), RC_ARGUMENTS_BAD);
    b->e->abort(t);
}

struct seen {
    char text[256];
    int stop_after;
};

static enum rc collect(void *ctx, struct bytes key, struct bytes value)
{
    struct seen *s = ctx;
    const size_t n = strlen(s->text);
    (void)snprintf(s->text + n, sizeof(s->text) - n, "%.*s=%.*s ", (int)key.n, (const char *)key.p,
                   (int)value.n, (const char *)value.p);
    return --s->stop_after == 0 ? RC_CANCEL : RC_OK;
}

static void fill_prefixes(struct bench *b, struct store_txn *t)
{
    put(b, t, "ab", "2");
    put(b, t, "aa", "1");
    put(b, t, "b", "5");
    put(b, t, "abc", "3");
    put(b, t, "a\xff", "4");
}

static void walking_a_prefix(void **state)
{
    struct bench *b = *state;
    struct store_txn *t = begin(b, true);
    fill_prefixes(b, t);
    struct seen s = {.stop_after = 0};
    assert_ok(b->e->each(t, STORE_META, BYTES_STR("a"), collect, &s));
    assert_string_equal(s.text, "aa=1 ab=2 abc=3 a\xff=4 ");
    s = (struct seen){.stop_after = 0};
    assert_ok(b->e->each(t, STORE_META, BYTES_NONE, collect, &s));
    assert_string_equal(s.text, "aa=1 ab=2 abc=3 a\xff=4 b=5 ");
    s = (struct seen){.stop_after = 2};
    assert_rc(b->e->each(t, STORE_META, BYTES_STR("a"), collect, &s), RC_CANCEL);
    assert_string_equal(s.text, "aa=1 ab=2 ");
    s = (struct seen){.stop_after = 0};
    assert_ok(b->e->each(t, STORE_META, BYTES_STR("c"), collect, &s));
    assert_string_equal(s.text, "");
    b->e->abort(t);
}

static void removing_a_prefix(void **state)
{
    struct bench *b = *state;
    struct store_txn *t = begin(b, true);
    fill_prefixes(b, t);
    for (uint64_t i = 1; i <= 3000; i++) { /* a tree of ids, a page of ids, one id */
        assert_ok(b->e->index_add(t, BYTES_STR("x1"), i));
    }
    assert_ok(b->e->index_add(t, BYTES_STR("x2"), 1));
    assert_ok(b->e->index_add(t, BYTES_STR("x2"), 2));
    assert_ok(b->e->index_add(t, BYTES_STR("x3"), 1));
    assert_ok(b->e->index_add(t, BYTES_STR("y"), 9));
    assert_ok(b->e->commit(t));
    t = begin(b, true);
    assert_ok(b->e->remove_prefix(t, STORE_META, BYTES_STR("ab")));
    assert_ok(b->e->remove_prefix(t, STORE_META, BYTES_STR("none")));
    assert_ok(b->e->remove_prefix(t, STORE_INDEX, BYTES_STR("x")));
    assert_rc(b->e->remove_prefix(t, STORE_META, BYTES_NONE), RC_ARGUMENTS_BAD);
    assert_ok(b->e->commit(t));
    t = begin(b, false);
    struct seen s = {.stop_after = 0};
    assert_ok(b->e->each(t, STORE_META, BYTES_NONE, collect, &s));
    assert_string_equal(s.text, "aa=1 a\xff=4 b=5 ");
    uint64_t id = 0;
    size_t n = 5;
    assert_ok(b->e->index_read(t, BYTES_STR("x1"), 0, &id, 1, &n));
    assert_int_equal(n, 0);
    assert_ok(b->e->index_read(t, BYTES_STR("x3"), 0, &id, 1, &n));
    assert_int_equal(n, 0);
    assert_ok(b->e->index_read(t, BYTES_STR("y"), 0, &id, 1, &n));
    assert_int_equal(n, 1);
    b->e->abort(t);
}

static void limits(void **state)
{
    struct bench *b = *state;
    uint8_t key[STORE_KEY_MAX + 1];
    memset(key, 'k', sizeof(key));
    uint8_t *big = calloc(1, STORE_VALUE_MAX + 1);
    memset(big, 0x5a, STORE_VALUE_MAX);
    struct store_txn *t = begin(b, true);
    const struct bytes long_key = BYTES(key, STORE_KEY_MAX);
    struct bytes got = BYTES_NONE;
    assert_rc(b->e->put(t, STORE_META, BYTES_NONE, BYTES_NONE), RC_ARGUMENTS_BAD);
    assert_rc(b->e->put(t, STORE_META, BYTES(key, sizeof(key)), BYTES_NONE), RC_ARGUMENTS_BAD);
    assert_rc(b->e->index_add(t, BYTES(key, sizeof(key)), 1), RC_ARGUMENTS_BAD);
    assert_rc(b->e->index_add(t, long_key, 0), RC_ARGUMENTS_BAD);
    assert_rc(b->e->put(t, STORE_OBJECT, long_key, BYTES(big, STORE_VALUE_MAX + 1)),
              RC_DATA_LEN_RANGE);
    assert_ok(b->e->put(t, STORE_OBJECT, long_key, BYTES(big, STORE_VALUE_MAX)));
    assert_ok(b->e->put(t, STORE_OBJECT, BYTES_STR("empty"), BYTES_NONE));
    assert_ok(b->e->index_add(t, long_key, UINT64_MAX));
    assert_ok(b->e->commit(t)); /* refused arguments are no failure of the transaction */

    t = begin(b, false);
    assert_ok(b->e->get(t, STORE_OBJECT, long_key, &got));
    assert_int_equal(got.n, STORE_VALUE_MAX);
    assert_memory_equal(got.p, big, got.n);
    assert_ok(b->e->get(t, STORE_OBJECT, BYTES_STR("empty"), &got));
    assert_int_equal(got.n, 0);
    assert_rc(b->e->get(t, STORE_OBJECT, BYTES(key, sizeof(key)), &got), RC_ARGUMENTS_BAD);
    uint64_t ids[2];
    size_t n = 0;
    assert_ok(b->e->index_read(t, long_key, 0, ids, 2, &n));
    assert_int_equal(n, 1);
    assert_true(ids[0] == UINT64_MAX);
    assert_ok(b->e->index_read(t, long_key, UINT64_MAX, ids, 2, &n));
    assert_int_equal(n, 0);
    assert_rc(b->e->put(t, STORE_META, BYTES_STR("k"), BYTES_NONE), RC_ARGUMENTS_BAD);
    b->e->abort(t);
    free(big);
}

/* ---- index ------------------------------------------------------------------------------------------ */

static void ids_in_rising_order(void **state)
{
    struct bench *b = *state;
    enum { COUNT = 5000 };
    struct store_txn *t = begin(b, true);
    for (uint64_t i = 0; i < COUNT; i++) { /* 7919 is prime to 5000: each once, shuffled */
        assert_ok(b->e->index_add(t, BYTES_STR("x"), 1 + (i * 7919) % COUNT * 1000003));
    }
    assert_ok(b->e->index_add(t, BYTES_STR("x"), 1));    /* there already */
    assert_ok(b->e->index_remove(t, BYTES_STR("x"), 2)); /* not there */
    assert_ok(b->e->index_remove(t, BYTES_STR("none"), 2));
    assert_ok(b->e->commit(t));
    t = begin(b, false);
    uint64_t ids[7];
    uint64_t after = 0;
    uint64_t total = 0;
    for (size_t n = ARRAY_LEN(ids); n == ARRAY_LEN(ids); total += n) {
        assert_ok(b->e->index_read(t, BYTES_STR("x"), after, ids, ARRAY_LEN(ids), &n));
        for (size_t i = 0; i < n; i++) {
            assert_true(ids[i] == 1 + (total + i) * 1000003);
            after = ids[i];
        }
    }
    assert_int_equal(total, COUNT);
    size_t n = 1;
    assert_ok(b->e->index_read(t, BYTES_STR("x"), 0, ids, 0, &n));
    assert_int_equal(n, 0);
    b->e->abort(t);
}

/* ---- faults ------------------------------------------------------------------------------------------- */

static void a_fault_leaves_nothing(void **state)
{
    struct bench *b = *state;
    assert_ok(item_put(b->e, b->s, 1));
    const uint64_t was = b->e->change(b->s);
    unsigned long nth = 1;
    for (;; nth++) {
        store_fault_at(nth, RC_DEVICE_MEMORY);
        const enum rc rc = item_put(b->e, b->s, 2);
        if (store_fault_count() == 0) {
            assert_ok(rc);
            break;
        }
        assert_rc(rc, RC_DEVICE_MEMORY);
        assert_int_equal(b->e->change(b->s), was);
        item_assert(b->e, b->s, 1, true);
        item_assert(b->e, b->s, 2, false);
    }
    store_fault_at(0, RC_OK);
    assert_true(nth > 4);
    item_assert(b->e, b->s, 2, true);
}

static void a_failed_step_cannot_be_committed(void **state)
{
    struct bench *b = *state;
    struct store_txn *t = begin(b, true);
    put(b, t, "a", "1");
    store_fault_at(1, RC_DEVICE_ERROR);
    assert_rc(b->e->put(t, STORE_META, BYTES_STR("b"), BYTES_STR("2")), RC_DEVICE_ERROR);
    assert_rc(b->e->commit(t), RC_DEVICE_ERROR);
    t = begin(b, false);
    has(b, t, "a", NULL);
    b->e->abort(t);
}

static void short_memory(void **state)
{
    struct bench *b = *state;
    for (unsigned long nth = 1;; nth++) {
        mem_fault_at(nth);
        const enum rc rc = item_put(b->e, b->s, 1);
        const unsigned long fired = mem_fault_count();
        mem_fault_at(0);
        if (fired == 0) {
            assert_ok(rc);
            break;
        }
        assert_rc(rc, RC_HOST_MEMORY);
        item_assert(b->e, b->s, 1, false);
    }
    item_assert(b->e, b->s, 1, true);
}

/* ---- threads ------------------------------------------------------------------------------------------ */

struct crew {
    struct bench *b;
    atomic_int wrong;
    atomic_int writers;
    uint64_t first;
};

enum { PER_WRITER = 60 };

static void *write_some(void *arg)
{
    struct crew *c = arg;
    const uint64_t first = 1 + (uint64_t)atomic_fetch_add(&c->writers, 1) * PER_WRITER;
    for (uint64_t i = first; i < first + PER_WRITER; i++) {
        if (item_put(c->b->e, c->b->s, i) != RC_OK || item_state(c->b->e, c->b->s, i) != 1) {
            atomic_fetch_add(&c->wrong, 1);
        }
    }
    return NULL;
}

static void *read_some(void *arg)
{
    struct crew *c = arg;
    uint64_t last = 0;
    for (int i = 0; i < 2000; i++) {
        const uint64_t now = c->b->e->change(c->b->s);
        if (now < last || item_state(c->b->e, c->b->s, 1 + (uint64_t)i % 200) < 0) {
            atomic_fetch_add(&c->wrong, 1);
        }
        last = now;
    }
    return NULL;
}

static void threads(void **state)
{
    struct crew c = {.b = *state};
    pthread_t t[6];
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        assert_int_equal(pthread_create(&t[i], NULL, i % 2 == 0 ? write_some : read_some, &c), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        assert_int_equal(pthread_join(t[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&c.wrong), 0);
    for (uint64_t i = 1; i <= 3 * PER_WRITER; i++) {
        item_assert(c.b->e, c.b->s, i, true);
    }
}

/* ---- against a plain model ---------------------------------------------------------------------------- */

enum { KEYS = 40, IDS = 600 };

struct model {
    bool there[KEYS];
    size_t size[KEYS];
    bool ids[4][IDS + 1];
};

static uint32_t dice(uint32_t *seed, uint32_t sides)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % sides;
}

static void model_step(struct bench *b, struct store_txn *t, struct model *m, uint32_t *seed)
{
    static uint8_t value[20000];
    uint8_t key[2] = {(uint8_t)('A' + dice(seed, 4)), 0};
    const uint32_t k = dice(seed, KEYS);
    const uint64_t id = 1 + dice(seed, IDS);
    const uint8_t object[2] = {'k', (uint8_t)k};
    switch (dice(seed, 6)) {
    case 0:
    case 1: {
        const size_t n = dice(seed, 8) == 0 ? dice(seed, sizeof(value)) : dice(seed, 900);
        memset(value, (int)k, n);
        assert_ok(b->e->put(t, STORE_OBJECT, BYTES(object, 2), BYTES(value, n)));
        m->there[k] = true;
        m->size[k] = n;
        break;
    }
    case 2: {
        const enum rc rc = b->e->remove(t, STORE_OBJECT, BYTES(object, 2));
        assert_rc(rc, m->there[k] ? RC_OK : RC_NOT_FOUND);
        m->there[k] = false;
        break;
    }
    case 3:
    case 4:
        assert_ok(b->e->index_add(t, BYTES(key, 1), id));
        m->ids[key[0] - 'A'][id] = true;
        break;
    default:
        assert_ok(b->e->index_remove(t, BYTES(key, 1), id));
        m->ids[key[0] - 'A'][id] = false;
        break;
    }
}

static void model_compare(struct bench *b, const struct model *m)
{
    struct store_txn *t = begin(b, false);
    for (unsigned k = 0; k < KEYS; k++) {
        const uint8_t object[2] = {'k', (uint8_t)k};
        struct bytes got = BYTES_NONE;
        const enum rc rc = b->e->get(t, STORE_OBJECT, BYTES(object, 2), &got);
        assert_rc(rc, m->there[k] ? RC_OK : RC_NOT_FOUND);
        if (rc == RC_OK) {
            assert_int_equal(got.n, m->size[k]);
            assert_true(got.n == 0 || (got.p[0] == k && got.p[got.n - 1] == k));
        }
    }
    for (unsigned x = 0; x < 4; x++) {
        const uint8_t key[1] = {(uint8_t)('A' + x)};
        uint64_t ids[IDS];
        size_t n = 0;
        assert_ok(b->e->index_read(t, BYTES(key, 1), 0, ids, IDS, &n));
        size_t want = 0;
        for (uint64_t id = 1; id <= IDS; id++) {
            if (m->ids[x][id]) {
                assert_true(want < n && ids[want] == id);
                want++;
            }
        }
        assert_int_equal(n, want);
    }
    b->e->abort(t);
}

static void random_steps_against_a_model(void **state)
{
    struct bench *b = *state;
    struct model *m = calloc(1, sizeof(*m));
    struct model *before = calloc(1, sizeof(*before));
    uint32_t seed = 20240229;
    for (int round = 0; round < 120; round++) {
        memcpy(before, m, sizeof(*m));
        struct store_txn *t = begin(b, true);
        for (uint32_t i = dice(&seed, 60); i > 0; i--) {
            model_step(b, t, m, &seed);
        }
        if (dice(&seed, 5) == 0) {
            b->e->abort(t);
            memcpy(m, before, sizeof(*m));
        } else {
            assert_ok(b->e->commit(t));
        }
        model_compare(b, m);
        if (round % 10 == 9 && b->e == store_engine_lmdb()) { /* the walk at open agrees */
            char inner[80];
            (void)snprintf(inner, sizeof(inner), "%s/a/b", b->path);
            b->e->close(b->s);
            const struct store_options o = {.path = inner};
            assert_ok(b->e->open(&o, &b->s));
        }
    }
    free(m);
    free(before);
}

static void space_is_told(void **state)
{
    struct bench *b = *state;
    assert_ok(item_put(b->e, b->s, 1));
    uint64_t used = 0;
    uint64_t unused = 0;
    b->e->space(b->s, &used, &unused);
    assert_true(used > 0);
    assert_false(b->e->read_only(b->s));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(commit_is_seen_and_abort_is_not),
        T(a_reader_keeps_its_snapshot),
        T(an_empty_commit_is_a_change),
        T(many_readers_at_once),
        T(removing),
        T(tables_are_apart),
        T(walking_a_prefix),
        T(removing_a_prefix),
        T(limits),
        T(ids_in_rising_order),
        T(a_fault_leaves_nothing),
        T(a_failed_step_cannot_be_committed),
        T(short_memory),
        T(threads),
        T(random_steps_against_a_model),
        T(space_is_told),
    };
    engine = store_engine_memory();
    const int a = cmocka_run_group_tests_name("memory", tests, NULL, NULL);
    engine = store_engine_lmdb();
    return a + cmocka_run_group_tests_name("lmdb", tests, NULL, NULL);
}
