/* SPDX-License-Identifier: Apache-2.0
 *
 * The shelf: sealed bytes under keys, with transactions. Knows nothing of what it keeps. Engines
 * (LMDB for several processes, memory for one) fill one table and pass one contract suite.
 *
 * Guarantees: commit returns after the data is on disk; readers see one snapshot, take no lock and
 * are never blocked; one writer at a time over all processes; a killed process leaves the last
 * committed state; a full disk is RC_DEVICE_MEMORY and changes nothing.
 */
#ifndef CRATON_STORE_STORE_H
#define CRATON_STORE_STORE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/lock.h"

enum store_table {
    STORE_META,   /* key -> value */
    STORE_OBJECT, /* key -> value */
    STORE_INDEX,  /* key -> set of 64-bit ids, kept in rising order */
    STORE_TABLES
};

#define STORE_KEY_MAX 64            /* bytes of a key, at least 1 */
#define STORE_VALUE_MAX (16u << 20) /* bytes of a value */

struct store;     /* one open shelf; thread-safe */
struct store_txn; /* one transaction, one thread */

struct store_options {
    const char *path; /* directory; NULL for memory */
    bool create;      /* make the directory (0700, parents too) and files (0600) when absent */
    bool exclusive;   /* RC_STORE_LOCKED when another process has it open, or this one not so */
};

struct store_engine {
    const char *name; /* "lmdb", "memory" */

    /* RC_NOT_FOUND: nothing there and create is false. RC_STORE_ACCESS: no right to it, or owner
     * and mode are not ours alone, or a symbolic link. RC_STORE_LOCKED. RC_STORE_CORRUPT.
     * RC_STORE_FORMAT. A store on a read-only place opens for reading. */
    enum rc (*open)(const struct store_options *o, struct store **ret);
    void (*close)(struct store *s);
    /* In a forked child instead of close: forgets without touching what the parent holds. */
    void (*abandon)(struct store *s);

    /* Number of the last committed transaction of any process. No system call, no lock. It may be
     * ahead of the snapshot that a reader gets in the same moment: remember the txn_change() of the
     * transaction that was read in, never this. */
    uint64_t (*change)(const struct store *s);

    /* A read transaction sees one snapshot. A write transaction waits for other writers. A thread
     * has at most one transaction open. RC_STORE_READ_ONLY for write on a read-only place. */
    enum rc (*begin)(struct store *s, bool write, struct store_txn **ret);
    /* Ends T in every case. After an error nothing of T is there. */
    enum rc (*commit)(struct store_txn *t);
    void (*abort)(struct store_txn *t); /* NULL allowed */
    /* The change number this transaction sees (read), or will be when committed (write). */
    uint64_t (*txn_change)(const struct store_txn *t);

    /* RC_NOT_FOUND. The view lives until T ends or writes. */
    enum rc (*get)(struct store_txn *t, enum store_table table, struct bytes key,
                   struct bytes *ret);
    enum rc (*put)(struct store_txn *t, enum store_table table, struct bytes key,
                   struct bytes value);
    /* RC_NOT_FOUND, which does not spoil T; after any other error of a write T cannot commit. */
    enum rc (*remove)(struct store_txn *t, enum store_table table, struct bytes key);
    /* Removes every key that begins with PREFIX (not empty), in any table. */
    enum rc (*remove_prefix)(struct store_txn *t, enum store_table table, struct bytes prefix);
    /* Calls EACH for every key with PREFIX, rising; EACH returns RC_OK to go on; what else it
     * returns ends the walk and is returned. EACH must not write. META and OBJECT. */
    enum rc (*each)(struct store_txn *t, enum store_table table, struct bytes prefix,
                    enum rc (*each)(void *ctx, struct bytes key, struct bytes value), void *ctx);

    /* STORE_INDEX. Adding what is there, and removing what is not, is RC_OK. */
    enum rc (*index_add)(struct store_txn *t, struct bytes key, uint64_t id);
    enum rc (*index_remove)(struct store_txn *t, struct bytes key, uint64_t id);
    /* Appends to OUT up to MAX ids above AFTER (0: from the start), rising; *RET_N of them. */
    enum rc (*index_read)(struct store_txn *t, struct bytes key, uint64_t after, uint64_t *out,
                          size_t max, size_t *ret_n);

    /* Bytes of disk used and free in the place of the store; 0 when unknown. */
    void (*space)(struct store *s, uint64_t *ret_used, uint64_t *ret_free);
    bool (*read_only)(const struct store *s);
};

/* Static storage. */
const struct store_engine *store_engine_lmdb(void);
const struct store_engine *store_engine_memory(void);

/* Faults for tests: the NTH next put/commit/sync in this process fails with RC. 0: off. */
void store_fault_at(unsigned long nth, enum rc rc);
unsigned long store_fault_count(void);

#endif
