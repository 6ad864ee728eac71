/* SPDX-License-Identifier: Apache-2.0
 *
 * What the store's tests share: see scratch.h.
 */
#include "scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* In memory where there is room: these tests commit thousands of times, and a kill does not need a
 * real disk. TMPDIR says otherwise. */
static const char *place(void)
{
    const char *chosen = getenv("TMPDIR");
    struct statvfs v;
    if (chosen != NULL) {
        return chosen;
    }
    const bool memory = access("/dev/shm", W_OK) == 0 && statvfs("/dev/shm", &v) == 0 &&
                        (uint64_t)v.f_bavail * v.f_frsize > (uint64_t)512 << 20;
    return memory ? "/dev/shm" : "/tmp";
}

void scratch_make(char path[64])
{
    (void)snprintf(path, 64, "%.40s/craton-store-XXXXXX", place());
    assert_non_null(mkdtemp(path));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    (void)remove(path);
    return 0;
}

void scratch_remove(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

enum rc scratch_open(const char *path, struct store **ret)
{
    char inner[80];
    (void)snprintf(inner, sizeof(inner), "%s/s", path);
    const struct store_options o = {.path = inner, .create = true};
    return store_engine_lmdb()->open(&o, ret);
}

int child_end(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* Key and value of an item; the value depends on the item, so that a mix-up shows. */
static struct bytes item_key(uint64_t item, uint8_t key[9])
{
    key[0] = 'o';
    put_u64_be(key + 1, item);
    return BYTES(key, 9);
}

static struct bytes item_value(uint64_t item, uint8_t value[512])
{
    const size_t n = 40 + item % 472;
    for (size_t i = 0; i < n; i++) {
        value[i] = (uint8_t)(item * 31 + i * 7);
    }
    return BYTES(value, n);
}

enum rc item_put(const struct store_engine *e, struct store *s, uint64_t item)
{
    uint8_t key[9];
    uint8_t value[512];
    uint8_t own[9];
    const struct bytes k = item_key(item, key);
    struct store_txn *t = NULL;
    TRY(e->begin(s, true, &t));
    enum rc rc = e->put(t, STORE_OBJECT, k, item_value(item, value));
    if (rc == RC_OK) {
        rc = e->index_add(t, BYTES_STR("all"), item);
    }
    own[0] = 'i';
    put_u64_be(own + 1, item);
    if (rc == RC_OK) {
        rc = e->index_add(t, BYTES(own, 9), item);
    }
    if (rc != RC_OK) {
        e->abort(t);
        return rc;
    }
    return e->commit(t);
}

int item_state(const struct store_engine *e, struct store *s, uint64_t item)
{
    uint8_t key[9];
    uint8_t value[512];
    struct store_txn *t = NULL;
    if (e->begin(s, false, &t) != RC_OK) {
        return -1;
    }
    struct bytes got = BYTES_NONE;
    const enum rc rc = e->get(t, STORE_OBJECT, item_key(item, key), &got);
    const bool record = rc == RC_OK && bytes_equal(got, item_value(item, value));
    uint64_t id = 0;
    size_t n = 0;
    const enum rc all = e->index_read(t, BYTES_STR("all"), item - 1, &id, 1, &n);
    const bool in_all = all == RC_OK && n == 1 && id == item;
    key[0] = 'i';
    const enum rc own = e->index_read(t, BYTES(key, 9), 0, &id, 1, &n);
    const bool in_own = own == RC_OK && n == 1 && id == item;
    e->abort(t);
    if (record && in_all && in_own) {
        return 1;
    }
    return rc == RC_NOT_FOUND && all == RC_OK && own == RC_OK && !in_all && !in_own ? 0 : -1;
}

void item_assert(const struct store_engine *e, struct store *s, uint64_t item, bool there)
{
    assert_int_equal(item_state(e, s, item), there ? 1 : 0);
}
