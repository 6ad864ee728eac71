/* SPDX-License-Identifier: Apache-2.0
 *
 * One page of an LMDB file, read with bounds. Used by check.c and check_tree.c.
 */
#ifndef CRATON_STORE_CHECK_PAGE_H
#define CRATON_STORE_CHECK_PAGE_H

#include "base/bytes.h"
#include "check.h"

#define PAGE_HEADER 16u
#define NODE_HEADER 8u

enum page_flags {
    PAGE_BRANCH = 0x01,
    PAGE_LEAF = 0x02,
    PAGE_OVERFLOW = 0x04,
    PAGE_LEAF2 = 0x20, /* values of one length, side by side */
    PAGE_SUB = 0x40,   /* inside a node */
    PAGE_KIND = 0x67,
};

enum node_flags {
    NODE_BIG = 0x01,  /* the value is in overflow pages */
    NODE_TREE = 0x02, /* the value is a tree */
    NODE_DUP = 0x04,  /* the key has several values */
};

/* A page, or a sub-page inside a node. */
struct page {
    const uint8_t *p;
    size_t size; /* bytes of all of it */
    unsigned kind;
    unsigned n;     /* nodes, or values of a LEAF2 page */
    unsigned upper; /* where the nodes begin */
    unsigned value; /* LEAF2: bytes of one */
};

struct node {
    struct bytes key;
    struct bytes data; /* leaf: the value in the page; of a big one 8 bytes, its page */
    uint64_t child;    /* branch: page; big value: its first page */
    uint64_t size;     /* leaf: bytes of the value */
    unsigned flags;
};

static inline uint16_t page_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t page_u32(const uint8_t *p)
{
    return (uint32_t)page_u16(p) | (uint32_t)page_u16(p + 2) << 16;
}

void check_tree_read(const uint8_t *p, struct check_tree *ret);

/* Reads the header of the page at P, SIZE bytes, and checks that all its nodes lie in it, one
 * behind the other, with no hole. NUMBER: what the page must say it is, or PAGE_NUMBER_SUB. */
#define PAGE_NUMBER_SUB UINT64_MAX
NODISCARD enum rc page_open(const uint8_t *p, size_t size, uint64_t number, struct page *ret);

/* Node I (< n) of a branch or leaf page that page_open() found sound. */
void page_node(const struct page *pg, unsigned i, struct node *ret);

/* Value I (< n) of a LEAF2 page. */
struct bytes page_value(const struct page *pg, unsigned i);

/* As LMDB orders keys: by bytes, then by length. */
int page_compare(struct bytes a, struct bytes b);

#endif
