/* SPDX-License-Identifier: Apache-2.0
 *
 * The directory of a store: see place.h.
 */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "store.h"

enum rc place_errno(int e)
{
    switch (e) {
    case 0:
        return RC_OK;
    case ENOENT:
        return RC_NOT_FOUND;
    case EEXIST:
        return RC_EXISTS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return RC_DEVICE_MEMORY;
    case EACCES:
    case EPERM:
    case ELOOP:
    case ENOTDIR:
    case EISDIR:
    case EROFS:
        return RC_STORE_ACCESS;
    case ENOMEM:
    case EMFILE:
    case ENFILE:
        return RC_HOST_MEMORY;
    case EAGAIN:
        return RC_STORE_LOCKED;
    default:
        return RC_DEVICE_ERROR;
    }
}

void place_close_at(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

static bool ours(const struct stat *st)
{
    return (st->st_uid == geteuid() || st->st_uid == 0) && (st->st_mode & 022) == 0;
}

/* Makes the directory PATH (no parents) and makes its name durable. There already: RC_OK. */
static enum rc make_one(const char *path)
{
    if (mkdir(path, 0700) != 0) {
        return errno == EEXIST ? RC_OK : place_errno(errno);
    }
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) { /* a umask that takes the owner's own bits */
        if (chmod(path, 0700) != 0) {
            return place_errno(errno);
        }
        return RC_OK;
    }
    if (fchmod(fd, 0700) != 0 || fsync(fd) != 0) {
        return place_errno(errno);
    }
    AUTO_CLOSE int parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent >= 0) {
        (void)fsync(parent); /* a parent that may not be read cannot be synced either */
    }
    return RC_OK;
}

/* Makes each missing directory of PATH, which is cut and mended meanwhile. */
static enum rc make_all(char *path)
{
    for (char *p = path + 1; *p != '\0'; p++) {
        if (*p != '/') {
            continue;
        }
        *p = '\0';
        struct stat st;
        enum rc rc = RC_OK;
        if (stat(path, &st) != 0) {
            rc = errno == ENOENT ? make_one(path) : place_errno(errno);
        }
        *p = '/';
        TRY(rc);
    }
    return make_one(path);
}

static enum rc open_dir(const char *path, int *ret)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return place_errno(errno);
    }
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return place_errno(errno);
    }
    REQUIRE(ours(&st), RC_STORE_ACCESS);
    *ret = fd;
    fd = -1;
    return RC_OK;
}

enum rc place_open(const char *path, bool create, int *ret)
{
    REQUIRE(path != NULL && path[0] != '\0', RC_ARGUMENTS_BAD);
    size_t n = strlen(path);
    AUTO_FREE char *own = mem_alloc(n + 1);
    REQUIRE(own != NULL, RC_HOST_MEMORY);
    mem_copy(own, path, n);
    while (n > 1 && own[n - 1] == '/') { /* a slash at the end would follow a symbolic link */
        own[--n] = '\0';
    }
    const enum rc rc = open_dir(own, ret);
    if (rc != RC_NOT_FOUND || !create) {
        return rc;
    }
    TRY(make_all(own));
    return open_dir(own, ret);
}

enum rc place_check(int dir, const char *name, struct stat *ret)
{
    if (fstatat(dir, name, ret, AT_SYMLINK_NOFOLLOW) != 0) {
        return place_errno(errno);
    }
    REQUIRE(S_ISREG(ret->st_mode) && ours(ret), RC_STORE_ACCESS);
    return RC_OK;
}

enum rc place_file(int dir, const char *name, bool create, bool exclusive_new, int *ret,
                   bool *ret_read_only)
{
    bool read_only = false;
    const int flags = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    AUTO_CLOSE int fd = -1;
    if (!exclusive_new) {
        fd = openat(dir, name, O_RDWR | flags);
        if (fd < 0 && (errno == EROFS || errno == EACCES) && ret_read_only != NULL) {
            fd = openat(dir, name, O_RDONLY | flags);
            read_only = true;
        }
    }
    if (fd < 0 && create && (exclusive_new || errno == ENOENT)) {
        fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | flags, 0600);
        if (fd >= 0 && fchmod(fd, 0600) != 0) {
            return place_errno(errno);
        }
        if (fd < 0 && errno == EEXIST && !exclusive_new) { /* another process was faster */
            fd = openat(dir, name, O_RDWR | flags);
        }
    }
    if (fd < 0) {
        return place_errno(errno);
    }
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return place_errno(errno);
    }
    REQUIRE(S_ISREG(st.st_mode) && ours(&st), RC_STORE_ACCESS);
    if (ret_read_only != NULL) {
        *ret_read_only = read_only;
    }
    *ret = fd;
    fd = -1;
    return RC_OK;
}

void place_space(int fd, uint64_t *ret_used, uint64_t *ret_free)
{
    struct stat st;
    struct statvfs vfs;
    *ret_used = fstat(fd, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
    *ret_free = fstatvfs(fd, &vfs) == 0 ? (uint64_t)vfs.f_bavail * vfs.f_frsize : 0;
}

bool place_full(int dir, int fd)
{
    struct stat st;
    AUTO_CLOSE int probe = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (probe >= 0 && fstat(fd, &st) == 0 &&
        fallocate(probe, 0, st.st_size, STORE_VALUE_MAX + (1 << 20)) == 0) {
        return false;
    }
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
}
