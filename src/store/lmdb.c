/* SPDX-License-Identifier: Apache-2.0
 *
 * The LMDB engine: transactions. Opening and closing are in lmdb_open.c.
 *
 * A reader costs no system call: ended read transactions are reset and kept, each with its slot in
 * the reader table, and renewed for the next one. A commit returns after LMDB's fdatasync of the
 * data and its synchronous write of the meta page (no NOSYNC flag is ever set).
 */
#include "lmdb_env.h"

#include <errno.h>

#include "check.h"
#include "fault.h"
#include "place.h"
#include "sum.h"

#define READER_CHECK_EVERY 256u /* writes between two looks for slots of killed processes */

enum rc lmdb_rc(int e)
{
    switch (e) {
    case MDB_SUCCESS:
        return RC_OK;
    case MDB_NOTFOUND:
        return RC_NOT_FOUND;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case MDB_DBS_FULL:
        return RC_DEVICE_MEMORY;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_CURSOR_FULL:
    case MDB_PAGE_FULL:
        return RC_STORE_CORRUPT;
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
        return RC_STORE_FORMAT;
    case MDB_READERS_FULL:
        return RC_TOKEN_RESOURCE_EXCEEDED;
    default:
        /* the rest of LMDB's own numbers are misuse, or an environment that failed for good */
        return e < 0 ? RC_DEVICE_ERROR : place_errno(e);
    }
}

uint64_t lmdb_change(const struct store *s)
{
    const uint64_t a = check_meta_change(s->meta);
    const uint64_t b = check_meta_change(s->meta + s->page);
    return a > b ? a : b;
}

/* ---- begin and end ---------------------------------------------------------------------------- */

static size_t idle_start(void)
{
    const uint64_t self = (uint64_t)(uintptr_t)pthread_self();
    return (size_t)((self * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % IDLE_READERS;
}

static struct store_txn *idle_take(struct store *s)
{
    const size_t start = idle_start();
    for (size_t i = 0; i < IDLE_READERS; i++) {
        _Atomic(struct store_txn *) *slot = &s->idle[(start + i) % IDLE_READERS];
        if (atomic_load_explicit(slot, memory_order_relaxed) != NULL) {
            struct store_txn *t = atomic_exchange(slot, NULL);
            if (t != NULL) {
                return t;
            }
        }
    }
    return NULL;
}

static bool idle_give(struct store *s, struct store_txn *t)
{
    const size_t start = idle_start();
    for (size_t i = 0; i < IDLE_READERS; i++) {
        struct store_txn *none = NULL;
        if (atomic_compare_exchange_strong(&s->idle[(start + i) % IDLE_READERS], &none, t)) {
            return true;
        }
    }
    return false;
}

void lmdb_reader_free(struct store_txn *t)
{
    if (t->ids != NULL) {
        mdb_cursor_close(t->ids);
    }
    if (t->mdb != NULL) {
        mdb_txn_abort(t->mdb);
    }
    mem_free(t);
}

/* One attempt; the gate is held. */
static int begin_once(struct store *s, struct store_txn *t)
{
    int e = 0;
    if (t->mdb != NULL) {
        e = mdb_txn_renew(t->mdb);
        if (e == 0) {
            return 0;
        }
        if (t->ids != NULL) {
            mdb_cursor_close(t->ids);
            t->ids = NULL;
        }
        mdb_txn_abort(t->mdb);
        t->mdb = NULL;
    }
    e = mdb_txn_begin(s->mdb, NULL, t->write ? 0 : MDB_RDONLY, &t->mdb);
    if (e == MDB_READERS_FULL) { /* slots of killed processes */
        int cleared = 0;
        (void)mdb_reader_check(s->mdb, &cleared);
        e = mdb_txn_begin(s->mdb, NULL, MDB_RDONLY, &t->mdb);
    }
    if (e != 0) {
        t->mdb = NULL;
    }
    return e;
}

/* Holds the gate when it returns RC_OK. */
static enum rc begin_gated(struct store *s, struct store_txn *t)
{
    for (int attempt = 0; attempt < 8; attempt++) {
        (void)pthread_rwlock_rdlock(&s->gate);
        const int e = atomic_load(&s->dead) ? MDB_PANIC : begin_once(s, t);
        if (e == 0) {
            return RC_OK;
        }
        (void)pthread_rwlock_unlock(&s->gate);
        if (e != MDB_MAP_RESIZED) {
            return lmdb_rc(e);
        }
        TRY(lmdb_grow(s));
    }
    return RC_DEVICE_ERROR;
}

/* What a write needs before its first step. */
static enum rc begin_write(struct store_txn *t)
{
    struct lmdb_format f;
    TRY(lmdb_format_read(t->mdb, t->store->format, &f));
    t->sum = f.sum;
    if (atomic_fetch_add(&t->store->writes, 1) % READER_CHECK_EVERY == READER_CHECK_EVERY - 1) {
        int cleared = 0;
        (void)mdb_reader_check(t->store->mdb, &cleared);
    }
    return RC_OK;
}

static enum rc lmdb_begin(struct store *s, bool write, struct store_txn **ret)
{
    REQUIRE(!write || !s->read_only, RC_STORE_READ_ONLY);
    struct store_txn *t = write ? NULL : idle_take(s);
    if (t == NULL) {
        t = mem_alloc(sizeof(*t));
        REQUIRE(t != NULL, RC_HOST_MEMORY);
        t->store = s;
        t->write = write;
    }
    t->ids_current = false;
    enum rc rc = begin_gated(s, t);
    if (rc != RC_OK) {
        lmdb_reader_free(t);
        return rc;
    }
    if (write) {
        rc = begin_write(t);
        if (rc != RC_OK) {
            mdb_txn_abort(t->mdb);
            (void)pthread_rwlock_unlock(&s->gate);
            mem_free(t);
            return rc;
        }
    }
    *ret = t;
    return RC_OK;
}

static void lmdb_abort(struct store_txn *t)
{
    if (t == NULL) {
        return;
    }
    struct store *s = t->store;
    if (t->write) {
        mdb_txn_abort(t->mdb);
        (void)pthread_rwlock_unlock(&s->gate);
        mem_free(t);
        return;
    }
    mdb_txn_reset(t->mdb);
    (void)pthread_rwlock_unlock(&s->gate);
    if (!idle_give(s, t)) {
        lmdb_reader_free(t);
    }
}

/* Everything of a commit that can fail before LMDB's own. */
static enum rc commit_ready(struct store_txn *t)
{
    TRY(t->failed);
    TRY(fault_here()); /* the commit */
    const struct lmdb_format f = {.version = LMDB_FORMAT_VERSION, .sum = t->sum};
    TRY(lmdb_format_write(t->mdb, t->store->format, &f));
    return fault_here(); /* the sync */
}

/* LMDB calls a write that was cut short EIO, which is what a disk does when its last room goes. */
static enum rc commit_rc(const struct store *s, int e)
{
    return e == EIO && place_full(s->dir, s->data) ? RC_DEVICE_MEMORY : lmdb_rc(e);
}

static enum rc lmdb_commit(struct store_txn *t)
{
    if (!t->write) {
        lmdb_abort(t);
        return RC_OK;
    }
    const enum rc rc = commit_ready(t);
    if (rc != RC_OK) {
        lmdb_abort(t);
        return rc;
    }
    struct store *s = t->store;
    const int e = mdb_txn_commit(t->mdb); /* ends it in every case */
    (void)pthread_rwlock_unlock(&s->gate);
    mem_free(t);
    return commit_rc(s, e);
}

static uint64_t lmdb_txn_change(const struct store_txn *t)
{
    return mdb_txn_id(t->mdb);
}

/* ---- reading ------------------------------------------------------------------------------------ */

static bool key_fits(struct bytes key)
{
    return key.n >= 1 && key.n <= STORE_KEY_MAX;
}

static MDB_val val(struct bytes b)
{
    /* LMDB takes what it only reads through a pointer that is not const */
    return (MDB_val){.mv_size = b.n, .mv_data = (void *)(uintptr_t)b.p};
}

static struct bytes view(const MDB_val *v)
{
    return BYTES(v->mv_data, v->mv_size);
}

static bool has_prefix(const MDB_val *v, struct bytes prefix)
{
    return v->mv_size >= prefix.n && bytes_equal(BYTES(v->mv_data, prefix.n), prefix);
}

static enum rc lmdb_get(struct store_txn *t, enum store_table table, struct bytes key,
                        struct bytes *ret)
{
    REQUIRE(key_fits(key) && (table == STORE_META || table == STORE_OBJECT), RC_ARGUMENTS_BAD);
    MDB_val k = val(key);
    MDB_val v;
    const int e = mdb_get(t->mdb, t->store->dbi[table], &k, &v);
    REQUIRE(e == 0, lmdb_rc(e));
    *ret = view(&v);
    return RC_OK;
}

static void cursor_close_at(MDB_cursor **c)
{
    if (*c != NULL) {
        mdb_cursor_close(*c);
    }
}
#define AUTO_CURSOR __attribute__((cleanup(cursor_close_at)))

static enum rc lmdb_each(struct store_txn *t, enum store_table table, struct bytes prefix,
                         enum rc (*each)(void *ctx, struct bytes key, struct bytes value),
                         void *ctx)
{
    REQUIRE(table == STORE_META || table == STORE_OBJECT, RC_ARGUMENTS_BAD);
    AUTO_CURSOR MDB_cursor *c = NULL;
    TRY(lmdb_rc(mdb_cursor_open(t->mdb, t->store->dbi[table], &c)));
    MDB_val k = val(prefix);
    MDB_val v;
    int e = mdb_cursor_get(c, &k, &v, prefix.n == 0 ? MDB_FIRST : MDB_SET_RANGE);
    while (e == 0 && has_prefix(&k, prefix)) {
        TRY(each(ctx, view(&k), view(&v)));
        e = mdb_cursor_get(c, &k, &v, MDB_NEXT);
    }
    return e == 0 || e == MDB_NOTFOUND ? RC_OK : lmdb_rc(e);
}

/* The index cursor of T's snapshot. A write transaction's cursor goes with the transaction. */
static enum rc ids_cursor(struct store_txn *t)
{
    if (t->ids != NULL && t->ids_current) {
        return RC_OK;
    }
    if (t->ids != NULL) {
        TRY(lmdb_rc(mdb_cursor_renew(t->mdb, t->ids)));
    } else {
        TRY(lmdb_rc(mdb_cursor_open(t->mdb, t->store->dbi[STORE_INDEX], &t->ids)));
    }
    t->ids_current = true;
    return RC_OK;
}

static enum rc lmdb_index_read(struct store_txn *t, struct bytes key, uint64_t after, uint64_t *out,
                               size_t max, size_t *ret_n)
{
    REQUIRE(key_fits(key), RC_ARGUMENTS_BAD);
    size_t n = 0;
    if (max > 0 && after < UINT64_MAX) {
        TRY(ids_cursor(t));
        uint8_t from[8];
        put_u64_be(from, after + 1);
        MDB_val k = val(key);
        MDB_val v = val(BYTES(from, sizeof(from)));
        int e = mdb_cursor_get(t->ids, &k, &v, MDB_GET_BOTH_RANGE);
        while (e == 0) {
            REQUIRE(v.mv_size == 8, RC_STORE_CORRUPT);
            out[n++] = get_u64_be(v.mv_data);
            if (n == max) {
                break;
            }
            e = mdb_cursor_get(t->ids, &k, &v, MDB_NEXT_DUP);
        }
        REQUIRE(e == 0 || e == MDB_NOTFOUND, lmdb_rc(e));
    }
    *ret_n = n;
    return RC_OK;
}

/* ---- writing ------------------------------------------------------------------------------------ */

/* Remembers the first error: after it the transaction cannot be committed. */
static enum rc keep(struct store_txn *t, enum rc rc)
{
    if (rc != RC_OK && t->failed == RC_OK) {
        t->failed = rc;
    }
    return rc;
}

static enum rc put_now(struct store_txn *t, enum store_table table, struct bytes key,
                       struct bytes value)
{
    TRY(fault_here());
    MDB_val k = val(key);
    MDB_val v;
    int e = mdb_get(t->mdb, t->store->dbi[table], &k, &v);
    REQUIRE(e == 0 || e == MDB_NOTFOUND, lmdb_rc(e));
    const uint64_t was = e == 0 ? sum_value(table, key, view(&v)) : 0;
    v = val(value);
    e = mdb_put(t->mdb, t->store->dbi[table], &k, &v, 0);
    REQUIRE(e == 0, lmdb_rc(e));
    t->sum += sum_value(table, key, value) - was;
    return RC_OK;
}

static enum rc lmdb_put(struct store_txn *t, enum store_table table, struct bytes key,
                        struct bytes value)
{
    REQUIRE(t->write && key_fits(key), RC_ARGUMENTS_BAD);
    REQUIRE(table == STORE_META || table == STORE_OBJECT, RC_ARGUMENTS_BAD);
    REQUIRE(value.n <= STORE_VALUE_MAX, RC_DATA_LEN_RANGE);
    return keep(t, put_now(t, table, key, value));
}

static enum rc remove_now(struct store_txn *t, enum store_table table, struct bytes key)
{
    TRY(fault_here());
    MDB_val k = val(key);
    MDB_val v;
    TRY(lmdb_rc(mdb_get(t->mdb, t->store->dbi[table], &k, &v)));
    const uint64_t was = sum_value(table, key, view(&v));
    TRY(lmdb_rc(mdb_del(t->mdb, t->store->dbi[table], &k, NULL)));
    t->sum -= was;
    return RC_OK;
}

static enum rc lmdb_remove(struct store_txn *t, enum store_table table, struct bytes key)
{
    REQUIRE(t->write && key_fits(key), RC_ARGUMENTS_BAD);
    REQUIRE(table == STORE_META || table == STORE_OBJECT, RC_ARGUMENTS_BAD);
    const enum rc rc = remove_now(t, table, key);
    return rc == RC_NOT_FOUND ? rc : keep(t, rc);
}

static enum rc remove_prefix_now(struct store_txn *t, enum store_table table, struct bytes prefix)
{
    TRY(fault_here());
    AUTO_CURSOR MDB_cursor *c = NULL;
    TRY(lmdb_rc(mdb_cursor_open(t->mdb, t->store->dbi[table], &c)));
    for (;;) { /* found again each time: where a cursor stands after a removal is LMDB's own */
        MDB_val k = val(prefix);
        MDB_val v;
        const int e = mdb_cursor_get(c, &k, &v, MDB_SET_RANGE);
        if (e == MDB_NOTFOUND || (e == 0 && !has_prefix(&k, prefix))) {
            return RC_OK;
        }
        REQUIRE(e == 0, lmdb_rc(e));
        REQUIRE(table != STORE_INDEX || v.mv_size == 8, RC_STORE_CORRUPT);
        const uint64_t was = table == STORE_INDEX ? sum_id(view(&k), get_u64_be(v.mv_data))
                                                  : sum_value(table, view(&k), view(&v));
        TRY(lmdb_rc(mdb_cursor_del(c, 0)));
        t->sum -= was;
    }
}

static enum rc lmdb_remove_prefix(struct store_txn *t, enum store_table table, struct bytes prefix)
{
    REQUIRE(t->write && key_fits(prefix) && table < STORE_TABLES, RC_ARGUMENTS_BAD);
    return keep(t, remove_prefix_now(t, table, prefix));
}

static enum rc index_now(struct store_txn *t, struct bytes key, uint64_t id, bool add)
{
    TRY(fault_here());
    uint8_t be[8];
    put_u64_be(be, id);
    MDB_val k = val(key);
    MDB_val v = val(BYTES(be, sizeof(be)));
    const MDB_dbi dbi = t->store->dbi[STORE_INDEX];
    const int e = add ? mdb_put(t->mdb, dbi, &k, &v, MDB_NODUPDATA) : mdb_del(t->mdb, dbi, &k, &v);
    if (e == (add ? MDB_KEYEXIST : MDB_NOTFOUND)) {
        return RC_OK;
    }
    TRY(lmdb_rc(e));
    const uint64_t term = sum_id(key, id);
    t->sum += add ? term : (uint64_t)0 - term;
    return RC_OK;
}

static enum rc lmdb_index_add(struct store_txn *t, struct bytes key, uint64_t id)
{
    REQUIRE(t->write && key_fits(key) && id != 0, RC_ARGUMENTS_BAD);
    return keep(t, index_now(t, key, id, true));
}

static enum rc lmdb_index_remove(struct store_txn *t, struct bytes key, uint64_t id)
{
    REQUIRE(t->write && key_fits(key) && id != 0, RC_ARGUMENTS_BAD);
    return keep(t, index_now(t, key, id, false));
}

/* ---- the table ---------------------------------------------------------------------------------- */

static void lmdb_space(struct store *s, uint64_t *ret_used, uint64_t *ret_free)
{
    place_space(s->data, ret_used, ret_free);
}

static bool lmdb_read_only(const struct store *s)
{
    return s->read_only;
}

const struct store_engine *store_engine_lmdb(void)
{
    static const struct store_engine engine = {
        .name = "lmdb",
        .open = lmdb_open,
        .close = lmdb_close,
        .abandon = lmdb_abandon,
        .change = lmdb_change,
        .begin = lmdb_begin,
        .commit = lmdb_commit,
        .abort = lmdb_abort,
        .txn_change = lmdb_txn_change,
        .get = lmdb_get,
        .put = lmdb_put,
        .remove = lmdb_remove,
        .remove_prefix = lmdb_remove_prefix,
        .each = lmdb_each,
        .index_add = lmdb_index_add,
        .index_remove = lmdb_index_remove,
        .index_read = lmdb_index_read,
        .space = lmdb_space,
        .read_only = lmdb_read_only,
    };
    return &engine;
}
