/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the files lmdb*.c, the only ones that see lmdb.h: one open LMDB environment.
 *
 * LMDB forbids to open an environment twice in one process: its lock file is held by fcntl locks,
 * which the first close of any descriptor of that file would drop. So each environment is kept in
 * one list for the process and counted.
 */
#ifndef CRATON_STORE_LMDB_ENV_H
#define CRATON_STORE_LMDB_ENV_H

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "store.h"

#define IDLE_READERS 64 /* read transactions kept for reuse */

struct store {
    struct store *next; /* in the process's list */
    unsigned refs;
    pid_t pid; /* who opened it */
    dev_t dev; /* of the data file */
    ino_t ino;
    bool read_only;
    bool exclusive;
    MDB_env *mdb;
    MDB_dbi dbi[STORE_TABLES];
    MDB_dbi format;      /* what this file writes about itself */
    int dir;             /* the directory */
    int data;            /* the data file, for reading */
    int guard;           /* flock: shared, or exclusive; -1 on a read-only place */
    const uint8_t *meta; /* the first two pages of the data file, mapped */
    size_t meta_n;
    size_t page; /* bytes of a page */
    /* Every transaction holds it for reading; the map is moved under it for writing. */
    pthread_rwlock_t gate;
    atomic_bool dead; /* the map could not be put back */
    atomic_uint writes;
    _Atomic(struct store_txn *) idle[IDLE_READERS];
};

struct store_txn {
    struct store *store;
    MDB_txn *mdb;
    MDB_cursor *ids;  /* read: cursor over the index, kept with the transaction */
    bool ids_current; /* it belongs to the snapshot of now */
    bool write;
    enum rc failed; /* the first error of a write: the commit answers it */
    uint64_t sum;   /* write: see lmdb_sum.h */
};

/* What LMDB's answer means. */
enum rc lmdb_rc(int e);

NODISCARD enum rc lmdb_open(const struct store_options *o, struct store **ret);
void lmdb_close(struct store *s);
void lmdb_abandon(struct store *s);

/* Another process wrote beyond our map: makes it larger. No transaction of this thread is open. */
NODISCARD enum rc lmdb_grow(struct store *s);

/* As the table of store.h says. */
NODISCARD enum rc lmdb_begin(struct store *s, bool write, struct store_txn **ret);
NODISCARD enum rc lmdb_commit(struct store_txn *t);
void lmdb_abort(struct store_txn *t);
uint64_t lmdb_txn_change(const struct store_txn *t);

/* Ends a read transaction for good. */
void lmdb_reader_free(struct store_txn *t);

/* The newest transaction number in the mapped meta pages. */
uint64_t lmdb_change(const struct store *s);

/* Reads and writes the record about the store itself. */
#define LMDB_FORMAT_VERSION 1u
struct lmdb_format {
    uint32_t version;
    uint64_t sum;
};
NODISCARD enum rc lmdb_format_read(MDB_txn *txn, MDB_dbi dbi, struct lmdb_format *ret);
NODISCARD enum rc lmdb_format_write(MDB_txn *txn, MDB_dbi dbi, const struct lmdb_format *f);

#endif
