/* SPDX-License-Identifier: Apache-2.0
 *
 * The LMDB engine: making an empty store, and the record a store keeps about itself.
 */
#include "create.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "lmdb_env.h"
#include "place.h"

#define NEW_PREFIX "data.new."

enum rc lmdb_format_read(MDB_txn *txn, MDB_dbi dbi, struct lmdb_format *ret)
{
    char name[] = CHECK_FORMAT_KEY;
    MDB_val k = {.mv_size = sizeof(name) - 1, .mv_data = name};
    MDB_val v;
    TRY(lmdb_rc(mdb_get(txn, dbi, &k, &v)));
    struct rd r = RD(BYTES(v.mv_data, v.mv_size));
    struct lmdb_format f;
    TRY(rd_u32(&r, &f.version));
    TRY(rd_u64(&r, &f.sum));
    *ret = f;
    return RC_OK;
}

enum rc lmdb_format_write(MDB_txn *txn, MDB_dbi dbi, const struct lmdb_format *f)
{
    AUTO_BUF struct buf b = BUF_INIT;
    TRY(buf_add_u32(&b, f->version));
    TRY(buf_add_u64(&b, f->sum));
    char name[] = CHECK_FORMAT_KEY;
    MDB_val k = {.mv_size = sizeof(name) - 1, .mv_data = name};
    MDB_val v = {.mv_size = b.n, .mv_data = b.p};
    return lmdb_rc(mdb_put(txn, dbi, &k, &v, 0));
}

static enum rc fill(MDB_txn *txn)
{
    MDB_dbi dbi;
    TRY(lmdb_rc(mdb_dbi_open(txn, CHECK_NAME_META, MDB_CREATE, &dbi)));
    TRY(lmdb_rc(mdb_dbi_open(txn, CHECK_NAME_OBJECT, MDB_CREATE, &dbi)));
    TRY(lmdb_rc(
        mdb_dbi_open(txn, CHECK_NAME_INDEX, MDB_CREATE | MDB_DUPSORT | MDB_DUPFIXED, &dbi)));
    TRY(lmdb_rc(mdb_dbi_open(txn, CHECK_NAME_FORMAT, MDB_CREATE, &dbi)));
    const struct lmdb_format f = {.version = LMDB_FORMAT_VERSION, .sum = 0};
    return lmdb_format_write(txn, dbi, &f);
}

static enum rc write_empty(MDB_env *env, const char *name)
{
    TRY(lmdb_rc(mdb_env_set_maxdbs(env, STORE_TABLES + 1)));
    TRY(lmdb_rc(mdb_env_set_mapsize(env, (size_t)1 << 20)));
    TRY(lmdb_rc(mdb_env_open(env, name, MDB_NOSUBDIR | MDB_NOLOCK, 0600)));
    MDB_txn *txn = NULL;
    TRY(lmdb_rc(mdb_txn_begin(env, NULL, 0, &txn)));
    const enum rc rc = fill(txn);
    if (rc != RC_OK) {
        mdb_txn_abort(txn);
        return rc;
    }
    TRY(lmdb_rc(mdb_txn_commit(txn)));
    return lmdb_rc(mdb_env_sync(env, 1));
}

/* The file under its own name, complete and synced. */
static enum rc make_file(int dir, const char *path, const char *file)
{
    AUTO_CLOSE int fd = -1;
    TRY(place_file(dir, file, true, true, &fd, NULL)); /* 0600, whatever the umask */
    char name[4096];
    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d/%s", dir, file);
    if (access(name, F_OK) != 0) {
        const int n = snprintf(name, sizeof(name), "%s/%s", path, file);
        REQUIRE(n > 0 && (size_t)n < sizeof(name), RC_ARGUMENTS_BAD);
    }
    MDB_env *env = NULL;
    TRY(lmdb_rc(mdb_env_create(&env)));
    const enum rc rc = write_empty(env, name);
    mdb_env_close(env);
    return rc;
}

/* Files of starts that were killed. A slower process's file may go too: it then finds ours. */
static void remove_leftovers(int dir)
{
    const int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (d == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return;
    }
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (strncmp(e->d_name, NEW_PREFIX, sizeof(NEW_PREFIX) - 1) == 0) {
            (void)unlinkat(dir, e->d_name, 0);
        }
    }
    (void)closedir(d);
}

enum rc store_create(int dir, const char *path)
{
    static atomic_uint count;
    char file[64];
    (void)snprintf(file, sizeof(file), NEW_PREFIX "%ld.%u", (long)getpid(),
                   atomic_fetch_add(&count, 1));
    enum rc rc = make_file(dir, path, file);
    if (rc == RC_EXISTS) { /* left by a killed process of our number */
        (void)unlinkat(dir, file, 0);
        rc = make_file(dir, path, file);
    }
    if (rc == RC_OK && linkat(dir, file, dir, "data.mdb", 0) != 0) {
        rc = place_errno(errno);
    }
    (void)unlinkat(dir, file, 0);
    struct stat st;
    const bool there = place_check(dir, "data.mdb", &st) == RC_OK;
    if (rc != RC_OK) {
        REQUIRE(there, rc == RC_NOT_FOUND ? RC_DEVICE_ERROR : rc); /* another was faster */
    }
    remove_leftovers(dir);
    REQUIRE(fsync(dir) == 0, place_errno(errno));
    return RC_OK;
}
