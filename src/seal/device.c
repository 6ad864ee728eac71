/* SPDX-License-Identifier: Apache-2.0
 *
 * The device key: a file of its own beside the store.
 *
 *   "CHSMDEV1" | key 32 | first 16 bytes of SHA-256 over what is before
 *
 * The file appears whole, by a link from a finished one, so two first starts agree on one key and
 * a killed one leaves none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "seal.h"

#define FILE_NAME "device.key"
#define MAGIC "CHSMDEV1"
#define MAGIC_SIZE 8u
#define CHECK_SIZE 16u
#define FILE_SIZE (MAGIC_SIZE + SEAL_KEY_SIZE + CHECK_SIZE)

static enum rc from_errno(int e)
{
    switch (e) {
    case ENOENT:
        return RC_NOT_FOUND;
    case EEXIST:
        return RC_EXISTS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return RC_DEVICE_MEMORY;
    case ENOMEM:
    case EMFILE:
    case ENFILE:
        return RC_HOST_MEMORY;
    case EIO:
        return RC_DEVICE_ERROR;
    default:
        return RC_STORE_ACCESS;
    }
}

static void close_at(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}
#define AUTO_CLOSE __attribute__((cleanup(close_at)))

static bool is_owner(const struct stat *st)
{
    return st->st_uid == geteuid() || st->st_uid == 0;
}

static enum rc dir_open(const char *dir, int *ret)
{
    AUTO_CLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    REQUIRE(fd >= 0, from_errno(errno));
    struct stat st;
    REQUIRE(fstat(fd, &st) == 0, from_errno(errno));
    REQUIRE(is_owner(&st) && (st.st_mode & 022) == 0, RC_STORE_ACCESS);
    *ret = fd;
    fd = -1;
    return RC_OK;
}

/* The checksum of the file's content IN. */
static enum rc checksum(const struct crypto *c, const struct secret *in, uint8_t out[CHECK_SIZE])
{
    uint8_t hash[32];
    TRY(crypto_hash(c, HASH_SHA256, BYTES(in->p, MAGIC_SIZE + SEAL_KEY_SIZE), hash));
    mem_copy(out, hash, CHECK_SIZE);
    mem_wipe(hash, sizeof(hash));
    return RC_OK;
}

static enum rc key_of(const struct crypto *c, const struct secret *file, struct secret **ret)
{
    uint8_t check[CHECK_SIZE];
    REQUIRE(bytes_equal(BYTES(file->p, MAGIC_SIZE), BYTES_STR(MAGIC)), RC_STORE_CORRUPT);
    TRY(checksum(c, file, check));
    REQUIRE(mem_equal_ct(check, file->p + MAGIC_SIZE + SEAL_KEY_SIZE, CHECK_SIZE),
            RC_STORE_CORRUPT);
    struct secret *key = secret_from(file->p + MAGIC_SIZE, SEAL_KEY_SIZE);
    REQUIRE(key != NULL, RC_HOST_MEMORY);
    *ret = key;
    return RC_OK;
}

static enum rc read_in(const struct crypto *c, int dir, struct secret **ret)
{
    AUTO_CLOSE int fd =
        openat(dir, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    REQUIRE(fd >= 0, from_errno(errno));
    struct stat st;
    REQUIRE(fstat(fd, &st) == 0, from_errno(errno));
    REQUIRE(S_ISREG(st.st_mode) && is_owner(&st) && (st.st_mode & 077) == 0, RC_STORE_ACCESS);
    REQUIRE(st.st_size == (off_t)FILE_SIZE, RC_STORE_CORRUPT);
    AUTO_SECRET struct secret *file = secret_new(FILE_SIZE);
    REQUIRE(file != NULL, RC_HOST_MEMORY);
    const ssize_t n = read(fd, file->p, FILE_SIZE);
    REQUIRE(n >= 0, from_errno(errno));
    REQUIRE(n == (ssize_t)FILE_SIZE, RC_STORE_CORRUPT);
    return key_of(c, file, ret);
}

enum rc seal_device_key_read(const struct crypto *c, const char *dir, struct secret **ret)
{
    AUTO_CLOSE int fd = -1;
    TRY(dir_open(dir, &fd));
    return read_in(c, fd, ret);
}

/* ---- making one ----------------------------------------------------------------------------------- */

static enum rc fresh_file(const struct crypto *c, struct secret **ret)
{
    AUTO_SECRET struct secret *file = secret_new(FILE_SIZE);
    REQUIRE(file != NULL, RC_HOST_MEMORY);
    mem_copy(file->p, MAGIC, MAGIC_SIZE);
    TRY(rng_bytes(c->rng, file->p + MAGIC_SIZE, SEAL_KEY_SIZE));
    TRY(checksum(c, file, file->p + MAGIC_SIZE + SEAL_KEY_SIZE));
    *ret = TAKE(file);
    return RC_OK;
}

static enum rc write_file(int dir, const char *name, const struct secret *content)
{
    AUTO_CLOSE int fd =
        openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0, from_errno(errno));
    REQUIRE(fchmod(fd, 0600) == 0, from_errno(errno)); /* whatever the umask */
    const ssize_t n = write(fd, content->p, content->n);
    REQUIRE(n >= 0, from_errno(errno));
    REQUIRE(n == (ssize_t)content->n, RC_DEVICE_MEMORY);
    REQUIRE(fsync(fd) == 0, from_errno(errno));
    return RC_OK;
}

static enum rc make_in(const struct crypto *c, int dir)
{
    static atomic_uint count;
    char name[64];
    (void)snprintf(name, sizeof(name), FILE_NAME ".new.%ld.%u", (long)getpid(),
                   atomic_fetch_add(&count, 1));
    AUTO_SECRET struct secret *file = NULL;
    TRY(fresh_file(c, &file));
    enum rc rc = write_file(dir, name, file);
    if (rc == RC_EXISTS) { /* left by a killed process of our number */
        (void)unlinkat(dir, name, 0);
        rc = write_file(dir, name, file);
    }
    if (rc == RC_OK && linkat(dir, name, dir, FILE_NAME, 0) != 0 && errno != EEXIST) {
        rc = from_errno(errno);
    }
    (void)unlinkat(dir, name, 0);
    TRY(rc);
    REQUIRE(fsync(dir) == 0, from_errno(errno));
    return RC_OK;
}

enum rc seal_device_key_make(const struct crypto *c, const char *dir, struct secret **ret)
{
    AUTO_CLOSE int fd = -1;
    TRY(dir_open(dir, &fd));
    const enum rc rc = read_in(c, fd, ret);
    if (rc != RC_NOT_FOUND) {
        return rc;
    }
    TRY(make_in(c, fd));
    return read_in(c, fd, ret);
}
