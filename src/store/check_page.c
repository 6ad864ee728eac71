/* SPDX-License-Identifier: Apache-2.0
 *
 * One page of an LMDB file, read with bounds. See check_page.h.
 */
#include "check_page.h"

#include <string.h>

/* Flags that say how a page was treated in memory; some are still there on disk. */
#define PAGE_TRANSIENT (0x0010u | 0x4000u | 0x8000u)

static void node_read(const uint8_t *p, bool leaf, struct node *ret)
{
    const uint32_t low = page_u32(p);
    ret->flags = page_u16(p + 4);
    ret->key = BYTES(p + NODE_HEADER, page_u16(p + 6));
    ret->child = low | (uint64_t)ret->flags << 32;
    ret->size = low;
    ret->data = BYTES_NONE;
    if (leaf) {
        const bool big = (ret->flags & NODE_BIG) != 0;
        ret->data = BYTES(ret->key.p + ret->key.n, big ? 8 : low);
        ret->child = 0;
    }
}

/* The bytes that node I takes, or 0 when it leaves the page. */
static size_t node_room(const struct page *pg, unsigned i)
{
    const size_t at = page_u16(pg->p + PAGE_HEADER + 2 * (size_t)i);
    if (at < pg->upper || at + NODE_HEADER > pg->size) {
        return 0;
    }
    struct node node;
    node_read(pg->p + at, pg->kind == PAGE_LEAF, &node);
    size_t n = NODE_HEADER + node.key.n + node.data.n;
    n += n & 1; /* nodes begin at even places */
    return n <= pg->size - at ? n : 0;
}

static enum rc nodes_fit(const struct page *pg)
{
    size_t sum = 0;
    for (unsigned i = 0; i < pg->n; i++) {
        const size_t n = node_room(pg, i);
        REQUIRE(n != 0, RC_STORE_CORRUPT);
        sum += n;
    }
    REQUIRE(sum == pg->size - pg->upper, RC_STORE_CORRUPT);
    return RC_OK;
}

enum rc page_open(const uint8_t *p, size_t size, uint64_t number, struct page *ret)
{
    REQUIRE(size >= PAGE_HEADER, RC_STORE_CORRUPT);
    struct page pg = {.p = p, .size = size};
    const unsigned flags = page_u16(p + 10) & ~PAGE_TRANSIENT;
    const unsigned lower = page_u16(p + 12);
    pg.upper = page_u16(p + 14);
    pg.kind = flags & ~(unsigned)PAGE_SUB;
    const bool sub = number == PAGE_NUMBER_SUB;
    REQUIRE(((flags & PAGE_SUB) != 0) == sub, RC_STORE_CORRUPT);
    REQUIRE(sub || get_u64_le(p) == number, RC_STORE_CORRUPT);
    REQUIRE(lower >= PAGE_HEADER && lower % 2 == 0 && lower <= pg.upper && pg.upper <= size,
            RC_STORE_CORRUPT);
    pg.n = (lower - PAGE_HEADER) / 2;
    if (pg.kind == (PAGE_LEAF | PAGE_LEAF2)) {
        pg.value = page_u16(p + 8);
        REQUIRE(pg.value != 0 && pg.n <= (size - PAGE_HEADER) / pg.value, RC_STORE_CORRUPT);
        *ret = pg;
        return RC_OK;
    }
    REQUIRE(pg.kind == PAGE_LEAF || pg.kind == PAGE_BRANCH, RC_STORE_CORRUPT);
    REQUIRE(!sub, RC_STORE_CORRUPT); /* ours hold values of one length */
    TRY(nodes_fit(&pg));
    *ret = pg;
    return RC_OK;
}

void page_node(const struct page *pg, unsigned i, struct node *ret)
{
    const size_t at = page_u16(pg->p + PAGE_HEADER + 2 * (size_t)i);
    node_read(pg->p + at, pg->kind == PAGE_LEAF, ret);
}

struct bytes page_value(const struct page *pg, unsigned i)
{
    return BYTES(pg->p + PAGE_HEADER + (size_t)i * pg->value, pg->value);
}

int page_compare(struct bytes a, struct bytes b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int d = n == 0 ? 0 : memcmp(a.p, b.p, n);
    if (d != 0) {
        return d;
    }
    return a.n < b.n ? -1 : a.n > b.n;
}
