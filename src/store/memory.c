/* SPDX-License-Identifier: Apache-2.0
 *
 * The memory engine: the same contract without a disk, for tokens that keep nothing and for tests.
 * A snapshot is the roots of three trees of immutable nodes (tree.h). A reader holds a short lock
 * while it takes the roots, and none afterwards; a writer builds new trees and exchanges the roots
 * at its commit. One process only; what it holds is lost when it is closed for the last time, also
 * in a forked child.
 */
#include <stdatomic.h>

#include "fault.h"
#include "store.h"
#include "tree.h"

struct store {
    struct lock lock;       /* roots and change */
    pthread_mutex_t writer; /* held from begin to end of a write; not ranked, as LMDB's is not */
    struct tnode *root[STORE_TABLES];
    atomic_uint_fast64_t change;
};

struct store_txn {
    struct store *store;
    bool write;
    enum rc failed; /* the first error of a write: the commit answers it */
    uint64_t change;
    struct tnode *root[STORE_TABLES];
};

static enum rc memory_open(const struct store_options *o, struct store **ret)
{
    (void)o;
    struct store *s = mem_alloc(sizeof(*s));
    REQUIRE(s != NULL, RC_HOST_MEMORY);
    lock_init(&s->lock, LOCK_STORE);
    (void)pthread_mutex_init(&s->writer, NULL);
    *ret = s;
    return RC_OK;
}

static void memory_close(struct store *s)
{
    for (int i = 0; i < STORE_TABLES; i++) {
        tree_drop(s->root[i]);
    }
    lock_destroy(&s->lock);
    (void)pthread_mutex_destroy(&s->writer);
    mem_free(s);
}

/* Threads of the parent may have held the locks: the child's copy stays as it is. */
static void memory_abandon(struct store *s)
{
    (void)s;
}

static uint64_t memory_change(const struct store *s)
{
    return atomic_load_explicit(&s->change, memory_order_acquire);
}

static enum rc memory_begin(struct store *s, bool write, struct store_txn **ret)
{
    struct store_txn *t = mem_alloc(sizeof(*t));
    REQUIRE(t != NULL, RC_HOST_MEMORY);
    if (write) {
        (void)pthread_mutex_lock(&s->writer);
    }
    t->store = s;
    t->write = write;
    LOCKED(&s->lock);
    t->change = memory_change(s) + (write ? 1 : 0);
    for (int i = 0; i < STORE_TABLES; i++) {
        t->root[i] = tree_ref(s->root[i]);
    }
    *ret = t;
    return RC_OK;
}

static void memory_abort(struct store_txn *t)
{
    if (t == NULL) {
        return;
    }
    if (t->write) {
        (void)pthread_mutex_unlock(&t->store->writer);
    }
    for (int i = 0; i < STORE_TABLES; i++) {
        tree_drop(t->root[i]);
    }
    mem_free(t);
}

static enum rc commit_now(struct store_txn *t)
{
    TRY(t->failed);
    TRY(fault_here()); /* the commit */
    TRY(fault_here()); /* the sync */
    struct store *s = t->store;
    LOCKED(&s->lock);
    for (int i = 0; i < STORE_TABLES; i++) { /* the old roots go with T, outside the lock */
        struct tnode *old = s->root[i];
        s->root[i] = t->root[i];
        t->root[i] = old;
    }
    atomic_store_explicit(&s->change, t->change, memory_order_release);
    return RC_OK;
}

static enum rc memory_commit(struct store_txn *t)
{
    const enum rc rc = t->write ? commit_now(t) : RC_OK;
    memory_abort(t);
    return rc;
}

static uint64_t memory_txn_change(const struct store_txn *t)
{
    return t->change;
}

/* ---- reading ------------------------------------------------------------------------------------ */

static bool key_fits(struct bytes key)
{
    return key.n >= 1 && key.n <= STORE_KEY_MAX;
}

static bool has_prefix(const struct tnode *n, struct bytes prefix)
{
    const struct bytes key = tree_key(n);
    return key.n >= prefix.n && bytes_equal(BYTES(key.p, prefix.n), prefix);
}

static enum rc memory_get(struct store_txn *t, enum store_table table, struct bytes key,
                          struct bytes *ret)
{
    REQUIRE(key_fits(key) && (table == STORE_META || table == STORE_OBJECT), RC_ARGUMENTS_BAD);
    const struct tnode *n = tree_find(t->root[table], key, 0);
    REQUIRE(n != NULL, RC_NOT_FOUND);
    *ret = tree_value(n);
    return RC_OK;
}

static enum rc memory_each(struct store_txn *t, enum store_table table, struct bytes prefix,
                           enum rc (*each)(void *ctx, struct bytes key, struct bytes value),
                           void *ctx)
{
    REQUIRE(table == STORE_META || table == STORE_OBJECT, RC_ARGUMENTS_BAD);
    const struct tnode *root = t->root[table];
    for (const struct tnode *n = tree_seek(root, prefix, 0, false);
         n != NULL && has_prefix(n, prefix); n = tree_seek(root, tree_key(n), 0, true)) {
        TRY(each(ctx, tree_key(n), tree_value(n)));
    }
    return RC_OK;
}

static enum rc memory_index_read(struct store_txn *t, struct bytes key, uint64_t after,
                                 uint64_t *out, size_t max, size_t *ret_n)
{
    REQUIRE(key_fits(key), RC_ARGUMENTS_BAD);
    size_t n = 0;
    while (n < max) {
        const struct tnode *next = tree_seek(t->root[STORE_INDEX], key, after, true);
        if (next == NULL || !bytes_equal(tree_key(next), key)) {
            break;
        }
        after = tree_id(next);
        out[n++] = after;
    }
    *ret_n = n;
    return RC_OK;
}

/* ---- writing ------------------------------------------------------------------------------------ */

/* Puts NOW in place of the table's tree, or remembers the error. */
static enum rc turn(struct store_txn *t, enum store_table table, enum rc rc, struct tnode *now)
{
    if (rc == RC_OK) {
        tree_drop(t->root[table]);
        t->root[table] = now;
    } else if (t->failed == RC_OK) {
        t->failed = rc;
    }
    return rc;
}

static enum rc with(struct store_txn *t, enum store_table table, struct bytes key, uint64_t id,
                    struct bytes value)
{
    struct tnode *now = NULL;
    enum rc rc = fault_here();
    if (rc == RC_OK) {
        rc = tree_with(t->root[table], key, id, value, &now);
    }
    return turn(t, table, rc, now);
}

/* ABSENT: what to answer when it is not there. */
static enum rc without(struct store_txn *t, enum store_table table, struct bytes key, uint64_t id,
                       enum rc absent)
{
    struct tnode *now = NULL;
    enum rc rc = fault_here();
    if (rc == RC_OK) {
        rc = tree_without(t->root[table], key, id, &now);
    }
    return rc == RC_NOT_FOUND ? absent : turn(t, table, rc, now);
}

static enum rc memory_put(struct store_txn *t, enum store_table table, struct bytes key,
                          struct bytes value)
{
    REQUIRE(t->write && key_fits(key), RC_ARGUMENTS_BAD);
    REQUIRE(table == STORE_META || table == STORE_OBJECT, RC_ARGUMENTS_BAD);
    REQUIRE(value.n <= STORE_VALUE_MAX, RC_DATA_LEN_RANGE);
    return with(t, table, key, 0, value);
}

static enum rc memory_remove(struct store_txn *t, enum store_table table, struct bytes key)
{
    REQUIRE(t->write && key_fits(key), RC_ARGUMENTS_BAD);
    REQUIRE(table == STORE_META || table == STORE_OBJECT, RC_ARGUMENTS_BAD);
    return without(t, table, key, 0, RC_NOT_FOUND);
}

static enum rc memory_remove_prefix(struct store_txn *t, enum store_table table,
                                    struct bytes prefix)
{
    REQUIRE(t->write && key_fits(prefix) && table < STORE_TABLES, RC_ARGUMENTS_BAD);
    TRY(turn(t, table, fault_here(), tree_ref(t->root[table])));
    for (;;) {
        const struct tnode *n = tree_seek(t->root[table], prefix, 0, false);
        if (n == NULL || !has_prefix(n, prefix)) {
            return RC_OK;
        }
        struct tnode *now = NULL;
        const enum rc rc = tree_without(t->root[table], tree_key(n), tree_id(n), &now);
        TRY(turn(t, table, rc, now));
    }
}

static enum rc memory_index_add(struct store_txn *t, struct bytes key, uint64_t id)
{
    REQUIRE(t->write && key_fits(key) && id != 0, RC_ARGUMENTS_BAD);
    return with(t, STORE_INDEX, key, id, BYTES_NONE);
}

static enum rc memory_index_remove(struct store_txn *t, struct bytes key, uint64_t id)
{
    REQUIRE(t->write && key_fits(key) && id != 0, RC_ARGUMENTS_BAD);
    return without(t, STORE_INDEX, key, id, RC_OK);
}

/* ---- the table ---------------------------------------------------------------------------------- */

static void memory_space(struct store *s, uint64_t *ret_used, uint64_t *ret_free)
{
    LOCKED(&s->lock);
    *ret_used = 0;
    for (int i = 0; i < STORE_TABLES; i++) {
        *ret_used += tree_bytes(s->root[i]);
    }
    *ret_free = 0;
}

static bool memory_read_only(const struct store *s)
{
    (void)s;
    return false;
}

const struct store_engine *store_engine_memory(void)
{
    static const struct store_engine engine = {
        .name = "memory",
        .open = memory_open,
        .close = memory_close,
        .abandon = memory_abandon,
        .change = memory_change,
        .begin = memory_begin,
        .commit = memory_commit,
        .abort = memory_abort,
        .txn_change = memory_txn_change,
        .get = memory_get,
        .put = memory_put,
        .remove = memory_remove,
        .remove_prefix = memory_remove_prefix,
        .each = memory_each,
        .index_add = memory_index_add,
        .index_remove = memory_index_remove,
        .index_read = memory_index_read,
        .space = memory_space,
        .read_only = memory_read_only,
    };
    return &engine;
}
