/* SPDX-License-Identifier: Apache-2.0
 *
 * The LMDB engine: beginning and ending transactions.
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

enum rc lmdb_begin(struct store *s, bool write, struct store_txn **ret)
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

void lmdb_abort(struct store_txn *t)
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

enum rc lmdb_commit(struct store_txn *t)
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

uint64_t lmdb_txn_change(const struct store_txn *t)
{
    return mdb_txn_id(t->mdb);
}
