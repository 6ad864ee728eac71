/* SPDX-License-Identifier: Apache-2.0
 *
 * The LMDB engine: opening, closing, forks and the size of the map.
 *
 * Files of a store's directory: data.mdb and lock.mdb (LMDB's), guard.lock (ours: flock, shared or
 * exclusive, and a mark for each process). data.mdb appears whole, by a link from a finished file,
 * so a killed first start leaves either no store or an empty one.
 */
#include "lmdb_env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "check.h"
#include "create.h"
#include "place.h"

#define MAX_READERS 4096u
#define READER_SLOT 64u /* bytes of a slot in LMDB's lock file, at most */

static const size_t map_sizes[] = {(size_t)16 << 30, (size_t)4 << 30, (size_t)1 << 30,
                                   (size_t)256 << 20, (size_t)64 << 20};

/* LMDB wants each environment open once in a process: see lmdb_env.h. */
static struct {
    struct lock lock;
    struct store *first;
    atomic_int pid; /* whose list it is; 0: not used yet */
} all = {.lock = {.mutex = PTHREAD_MUTEX_INITIALIZER, .rank = LOCK_STORE}};

/* In a forked child what the parent had open is not ours, and the lock may have been held by a
 * thread that does not exist here. The child calls in from one thread first (C_Initialize). */
static void after_fork(void)
{
    int pid = 0;
    if (!atomic_compare_exchange_strong(&all.pid, &pid, getpid()) && pid != getpid()) {
        lock_init(&all.lock, LOCK_STORE);
        all.first = NULL;
        atomic_store(&all.pid, getpid());
    }
}

/* ---- the guard ---------------------------------------------------------------------------------- */

/* One mark for each process at offset pid: a second copy of this code in the same process would
 * not see our list, and LMDB's locks would break. The mark belongs to the open file, so the copy's
 * attempt fails. */
static enum rc guard_mark(int fd)
{
    struct flock mark = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)getpid(), .l_len = 1};
    if (fcntl(fd, F_OFD_SETLK, &mark) != 0 && (errno == EAGAIN || errno == EACCES)) {
        log_error("store: opened by another copy of this library in the same process");
        return RC_STORE_LOCKED;
    }
    return RC_OK; /* file systems without such locks go without */
}

static enum rc guard_take(struct store *s)
{
    bool read_only = false;
    AUTO_CLOSE int fd = -1;
    const enum rc rc = place_file(s->dir, "guard.lock", !s->read_only, false, &fd, &read_only);
    if (rc != RC_OK) {
        return s->read_only && rc == RC_NOT_FOUND ? RC_OK : rc;
    }
    if (flock(fd, (s->exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
        REQUIRE(errno != EWOULDBLOCK, RC_STORE_LOCKED);
        REQUIRE(!s->exclusive, RC_STORE_ACCESS);
    }
    if (!read_only) {
        TRY(guard_mark(fd));
    }
    s->guard = fd;
    fd = -1;
    return RC_OK;
}

/* ---- opening -------------------------------------------------------------------------------------- */

/* LMDB writes its lock file through a map: on a full disk a hole in it would be a fatal signal. So
 * every byte is there before. Not called while this process has the environment open. */
static enum rc fill_lock_file(struct store *s)
{
    const off_t size = (off_t)READER_SLOT * (MAX_READERS + 4);
    struct stat st;
    enum rc rc = place_check(s->dir, "lock.mdb", &st);
    REQUIRE(rc == RC_OK || rc == RC_NOT_FOUND, rc);
    if (rc == RC_OK && st.st_size >= size && (off_t)st.st_blocks * 512 >= size) {
        return RC_OK;
    }
    AUTO_CLOSE int fd = -1;
    rc = place_file(s->dir, "lock.mdb", true, false, &fd, NULL);
    if (rc != RC_OK) {
        return s->read_only ? RC_OK : rc; /* LMDB goes without where it cannot be made */
    }
    if (fallocate(fd, 0, 0, size) != 0 && errno != EOPNOTSUPP) {
        return place_errno(errno); /* where holes cannot be filled LMDB takes the file as it is */
    }
    return RC_OK;
}

/* LMDB opens by name: the name of our own descriptor, so that the directory cannot be exchanged
 * meanwhile; where /proc is missing, the path. */
static void dir_name(const struct store *s, const char *path, char *ret, size_t n)
{
    (void)snprintf(ret, n, "/proc/self/fd/%d", s->dir);
    if (access(ret, F_OK) != 0) {
        (void)snprintf(ret, n, "%s", path);
    }
}

static int open_with_map(struct store *s, const char *name, size_t map)
{
    MDB_env *env = NULL;
    int e = mdb_env_create(&env);
    if (e != 0) {
        return e;
    }
    e = mdb_env_set_maxdbs(env, STORE_TABLES + 1);
    if (e == 0) {
        e = mdb_env_set_maxreaders(env, MAX_READERS);
    }
    if (e == 0) {
        e = mdb_env_set_mapsize(env, map);
    }
    if (e == 0) {
        e = mdb_env_open(env, name, MDB_NOTLS | (s->read_only ? (unsigned)MDB_RDONLY : 0u), 0600);
    }
    if (e != 0) {
        mdb_env_close(env);
        return e;
    }
    s->mdb = env;
    return 0;
}

static enum rc open_env(struct store *s, const char *path)
{
    char name[4096];
    dir_name(s, path, name, sizeof(name));
    int e = ENOMEM;
    for (size_t i = 0; e == ENOMEM && i < ARRAY_LEN(map_sizes); i++) {
        e = open_with_map(s, name, map_sizes[i]);
    }
    TRY(lmdb_rc(e));
    int fd = -1;
    struct stat st;
    TRY(lmdb_rc(mdb_env_get_fd(s->mdb, &fd)));
    REQUIRE(fstat(fd, &st) == 0, RC_DEVICE_ERROR);
    REQUIRE(st.st_dev == s->dev && st.st_ino == s->ino, RC_STORE_ACCESS);
    return RC_OK;
}

static enum rc map_meta(struct store *s, size_t page)
{
    void *p = mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, s->data, 0);
    REQUIRE(p != MAP_FAILED, place_errno(errno));
    s->meta = p;
    s->meta_n = 2 * page;
    s->page = page;
    return RC_OK;
}

/* The meta page of the snapshot that TXN holds, then every tree below it. */
static enum rc check_snapshot_of(struct store *s, MDB_txn **txn)
{
    struct check_meta meta;
    enum rc rc = RC_NOT_FOUND;
    for (int i = 0; rc == RC_NOT_FOUND && i < 1000; i++) { /* others may be writing fast */
        mdb_txn_reset(*txn);
        TRY(lmdb_rc(mdb_txn_renew(*txn)));
        rc = check_snapshot(s->data, mdb_txn_id(*txn), &meta);
    }
    TRY(rc == RC_NOT_FOUND ? RC_STORE_CORRUPT : rc);
    struct check_result found;
    TRY(check_trees(s->data, &meta, &found));
    REQUIRE(!found.foreign && found.version == LMDB_FORMAT_VERSION, RC_STORE_FORMAT);
    REQUIRE(found.sum == found.stored_sum, RC_STORE_CORRUPT);
    return RC_OK;
}

static enum rc open_trees(struct store *s, MDB_txn *txn)
{
    TRY(lmdb_rc(mdb_dbi_open(txn, CHECK_NAME_META, 0, &s->dbi[STORE_META])));
    TRY(lmdb_rc(mdb_dbi_open(txn, CHECK_NAME_OBJECT, 0, &s->dbi[STORE_OBJECT])));
    TRY(lmdb_rc(
        mdb_dbi_open(txn, CHECK_NAME_INDEX, MDB_DUPSORT | MDB_DUPFIXED, &s->dbi[STORE_INDEX])));
    return lmdb_rc(mdb_dbi_open(txn, CHECK_NAME_FORMAT, 0, &s->format));
}

static enum rc open_checked(struct store *s)
{
    int cleared = 0;
    (void)mdb_reader_check(s->mdb, &cleared);
    MDB_txn *txn = NULL;
    int e = mdb_txn_begin(s->mdb, NULL, MDB_RDONLY, &txn);
    for (int i = 0; e == MDB_MAP_RESIZED && i < 8; i++) {
        TRY(lmdb_grow(s));
        e = mdb_txn_begin(s->mdb, NULL, MDB_RDONLY, &txn);
    }
    TRY(lmdb_rc(e));
    enum rc rc = check_snapshot_of(s, &txn);
    if (rc == RC_OK) {
        rc = open_trees(s, txn);
    }
    if (rc != RC_OK) {
        mdb_txn_abort(txn);
        return rc == RC_NOT_FOUND ? RC_STORE_FORMAT : rc;
    }
    return lmdb_rc(mdb_txn_commit(txn)); /* keeps the handles of the trees */
}

/* What belongs to S and is not LMDB's. */
static void store_free(struct store *s)
{
    if (s->meta != NULL) {
        (void)munmap((void *)(uintptr_t)s->meta, s->meta_n);
    }
    (void)pthread_rwlock_destroy(&s->gate);
    place_close_at(&s->guard);
    place_close_at(&s->data);
    place_close_at(&s->dir);
    mem_free(s);
}

static void store_end(struct store *s)
{
    for (size_t i = 0; i < IDLE_READERS; i++) {
        struct store_txn *t = atomic_exchange(&s->idle[i], NULL);
        if (t != NULL) {
            lmdb_reader_free(t);
        }
    }
    if (s->mdb != NULL) {
        mdb_env_close(s->mdb);
    }
    store_free(s);
}

static enum rc store_new(struct store **ret)
{
    struct store *s = mem_alloc(sizeof(*s));
    REQUIRE(s != NULL, RC_HOST_MEMORY);
    s->refs = 1;
    s->pid = getpid();
    s->dir = s->data = s->guard = -1;
    pthread_rwlockattr_t attr;
    (void)pthread_rwlockattr_init(&attr);
    /* so that making the map larger is not put off for ever */
    (void)pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    (void)pthread_rwlock_init(&s->gate, &attr);
    (void)pthread_rwlockattr_destroy(&attr);
    *ret = s;
    return RC_OK;
}

/* Opens directory and data file: what tells whether this process has the store open already. */
static enum rc open_files(struct store *s, const struct store_options *o)
{
    TRY(place_open(o->path, o->create, &s->dir));
    struct stat st;
    enum rc rc = place_check(s->dir, "data.mdb", &st);
    if (rc == RC_NOT_FOUND && o->create) {
        TRY(store_create(s->dir, o->path));
        rc = RC_OK;
    }
    TRY(rc);
    TRY(place_file(s->dir, "data.mdb", false, false, &s->data, &s->read_only));
    REQUIRE(fstat(s->data, &st) == 0, RC_DEVICE_ERROR);
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    return RC_OK;
}

static enum rc open_rest(struct store *s, const char *path)
{
    struct check_meta meta;
    TRY(guard_take(s));
    TRY(check_file(s->data, &meta));
    TRY(map_meta(s, meta.page));
    TRY(fill_lock_file(s));
    TRY(open_env(s, path));
    return open_checked(s);
}

static struct store *find_open(const struct store *like)
{
    for (struct store *s = all.first; s != NULL; s = s->next) {
        if (s->dev == like->dev && s->ino == like->ino) {
            return s;
        }
    }
    return NULL;
}

enum rc lmdb_open(const struct store_options *o, struct store **ret)
{
    after_fork();
    LOCKED(&all.lock);
    struct store *s = NULL;
    TRY(store_new(&s));
    enum rc rc = open_files(s, o);
    struct store *open = rc == RC_OK ? find_open(s) : NULL;
    if (open != NULL) {
        store_end(s);
        /* whether another process has it open cannot be asked without letting go of our share */
        REQUIRE(!o->exclusive || open->exclusive, RC_STORE_LOCKED);
        open->refs++;
        *ret = open;
        return RC_OK;
    }
    if (rc == RC_OK) {
        s->exclusive = o->exclusive;
        rc = open_rest(s, o->path);
    }
    if (rc != RC_OK) {
        store_end(s);
        return rc;
    }
    s->next = all.first;
    all.first = s;
    *ret = s;
    return RC_OK;
}

void lmdb_close(struct store *s)
{
    LOCKED(&all.lock);
    if (--s->refs > 0) {
        return;
    }
    for (struct store **p = &all.first; *p != NULL; p = &(*p)->next) {
        if (*p == s) {
            *p = s->next;
            break;
        }
    }
    store_end(s);
}

/* The environment is left as it is, on purpose. Closing it would take the parent's reader slots
 * and wait for locks that threads of the parent held; and closing the inherited descriptor of
 * lock.mdb later, when this process has opened the store anew, would drop the new fcntl locks.
 * The guard is held by flock, which belongs to the open file: our copy of the descriptor goes, so
 * that the parent's end frees the lock. */
void lmdb_abandon(struct store *s)
{
    after_fork();
    if (--s->refs == 0) {
        place_close_at(&s->guard);
    }
}

enum rc lmdb_grow(struct store *s)
{
    (void)pthread_rwlock_wrlock(&s->gate);
    struct check_meta meta;
    enum rc rc = atomic_load(&s->dead) ? RC_DEVICE_ERROR : check_file(s->data, &meta);
    if (rc == RC_OK) {
        const uint64_t size = (meta.last_page + 1) * meta.page * 2;
        rc = size > SIZE_MAX / 2 ? RC_HOST_MEMORY : lmdb_rc(mdb_env_set_mapsize(s->mdb, size));
        if (rc != RC_OK) { /* LMDB has no map any more */
            atomic_store(&s->dead, true);
            log_error("store: no address space for the larger store, closed for this process");
        }
    }
    (void)pthread_rwlock_unlock(&s->gate);
    return rc;
}
