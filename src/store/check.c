/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over an LMDB file before LMDB sees it: meta pages. See check.h.
 */
#include "check.h"

#include <endian.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_page.h"
#include "place.h"

_Static_assert(sizeof(size_t) == 8 && __BYTE_ORDER == __LITTLE_ENDIAN,
               "the file is read as 64-bit, little endian");

/* Offsets in a meta page. */
enum {
    AT_FLAGS = 10,
    AT_MAGIC = 16,
    AT_VERSION = 20,
    AT_FREE = 40,
    AT_MAIN = AT_FREE + CHECK_TREE_SIZE,
    AT_LAST = AT_MAIN + CHECK_TREE_SIZE,
    AT_CHANGE = AT_LAST + 8,
    META_END = AT_CHANGE + 8
};

#define MAGIC 0xBEEFC0DEu
#define DATA_VERSION 1u
#define PAGE_META 8u
#define FREE_FLAGS 0x4008u /* keys are integers; made as a file of its own (lmdb_create.c) */

uint64_t check_meta_change(const uint8_t *p)
{
    return __atomic_load_n((const uint64_t *)(const void *)(p + AT_CHANGE), __ATOMIC_ACQUIRE);
}

void check_tree_read(const uint8_t *p, struct check_tree *ret)
{
    ret->pad = page_u32(p);
    ret->flags = page_u16(p + 4);
    ret->depth = page_u16(p + 6);
    ret->branch_pages = get_u64_le(p + 8);
    ret->leaf_pages = get_u64_le(p + 16);
    ret->overflow_pages = get_u64_le(p + 24);
    ret->entries = get_u64_le(p + 32);
    ret->root = get_u64_le(p + 40);
}

/* One meta page, as far as it says something by itself. NUMBER: 0 or 1. */
static enum rc read_meta(int fd, unsigned number, size_t page, struct check_meta *ret)
{
    uint8_t p[META_END];
    const ssize_t n = pread(fd, p, sizeof(p), (off_t)(number * page));
    REQUIRE(n >= 0, place_errno(errno));
    REQUIRE(n == (ssize_t)sizeof(p), RC_STORE_CORRUPT);
    REQUIRE(get_u64_le(p) == number && page_u16(p + AT_FLAGS) == PAGE_META, RC_STORE_CORRUPT);
    REQUIRE(page_u32(p + AT_MAGIC) == MAGIC, RC_STORE_CORRUPT);
    REQUIRE(page_u32(p + AT_VERSION) == DATA_VERSION, RC_STORE_FORMAT);
    struct check_meta m;
    check_tree_read(p + AT_FREE, &m.free);
    check_tree_read(p + AT_MAIN, &m.main);
    m.page = m.free.pad; /* where LMDB keeps the size of a page */
    m.last_page = get_u64_le(p + AT_LAST);
    m.change = get_u64_le(p + AT_CHANGE);
    REQUIRE(m.page >= 512 && m.page <= 32768 && (m.page & (m.page - 1)) == 0, RC_STORE_CORRUPT);
    REQUIRE(m.free.flags == FREE_FLAGS && m.main.flags == 0 && m.main.pad == 0, RC_STORE_CORRUPT);
    *ret = m;
    return RC_OK;
}

static enum rc large_enough(int fd, const struct check_meta *m)
{
    struct stat st;
    REQUIRE(fstat(fd, &st) == 0, place_errno(errno));
    const uint64_t pages = (uint64_t)st.st_size / m->page;
    REQUIRE(m->last_page >= 1 && m->last_page < pages, RC_STORE_CORRUPT);
    return RC_OK;
}

static enum rc read_pair(int fd, struct check_meta m[2])
{
    TRY(read_meta(fd, 0, 0, &m[0]));
    TRY(read_meta(fd, 1, m[0].page, &m[1]));
    /* each commit writes the page of its own parity, so the two are neighbours */
    REQUIRE(m[0].page == m[1].page && m[0].change % 2 == 0 && m[1].change % 2 == 1,
            RC_STORE_CORRUPT);
    REQUIRE(m[0].change + 1 == m[1].change || m[1].change + 1 == m[0].change, RC_STORE_CORRUPT);
    return RC_OK;
}

enum rc check_file(int fd, struct check_meta *ret)
{
    struct check_meta m[2];
    enum rc rc = RC_STORE_CORRUPT;
    for (int i = 0; rc == RC_STORE_CORRUPT && i < 20; i++) { /* one may be in writing just now */
        rc = read_pair(fd, m);
    }
    TRY(rc);
    const struct check_meta *newer = m[0].change > m[1].change ? &m[0] : &m[1];
    TRY(large_enough(fd, newer));
    *ret = *newer;
    return RC_OK;
}

enum rc check_snapshot(int fd, uint64_t change, struct check_meta *ret)
{
    struct check_meta m;
    TRY(check_file(fd, &m));
    if (m.change != change) {
        TRY(read_meta(fd, (unsigned)(change & 1), m.page, &m));
        REQUIRE(m.change == change, RC_NOT_FOUND);
    }
    TRY(large_enough(fd, &m));
    *ret = m;
    return RC_OK;
}
