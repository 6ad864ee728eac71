/* SPDX-License-Identifier: Apache-2.0
 *
 * The LMDB engine: records and index, and the engine's table. Transactions are in lmdb_txn.c,
 * opening and closing in lmdb_open.c.
 */
#include "lmdb_env.h"

#include "fault.h"
#include "place.h"
#include "sum.h"

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
