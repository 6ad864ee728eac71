/* SPDX-License-Identifier: Apache-2.0
 *
 * LMDB trusts its file: a damaged page can make it read outside the map. So before LMDB touches a
 * tree, this room walks the file itself, bounds first, and answers RC_STORE_CORRUPT for whatever
 * is not exactly as LMDB writes it.
 *
 * What is relied on is the format of LMDB 0.9 (data version 1, 64-bit, little endian): two meta
 * pages, pages of a 16-byte header with node offsets behind it, and the records of trees. Those
 * are facts about the format; no code of LMDB is here.
 */
#ifndef CRATON_STORE_CHECK_H
#define CRATON_STORE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"

/* One tree as a meta page or a node describes it. */
struct check_tree {
    uint32_t pad;
    uint16_t flags;
    uint16_t depth;
    uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
};
#define CHECK_TREE_SIZE 48

/* A meta page. */
struct check_meta {
    size_t page; /* bytes of a page */
    struct check_tree free, main;
    uint64_t last_page;
    uint64_t change; /* transaction number */
};

/* The transaction number in the meta page at P; another process may be writing it. */
uint64_t check_meta_change(const uint8_t *p);

/* Reads and checks both meta pages of the file FD and gives the newer one. RC_STORE_CORRUPT when
 * they are not a pair that a commit leaves, or the file is shorter than they say. */
NODISCARD enum rc check_file(int fd, struct check_meta *ret);

/* Reads the meta page that transaction CHANGE left, if it is still there (RC_NOT_FOUND). */
NODISCARD enum rc check_snapshot(int fd, uint64_t change, struct check_meta *ret);

/* What the walk over all trees found. */
struct check_result {
    uint64_t sum;        /* over all entries: sum.h */
    uint64_t stored_sum; /* as the store itself says */
    uint32_t version;    /* of the store's format */
    bool foreign;        /* a sound LMDB file, but not one of ours */
};

/* Walks every tree below META in the file FD. The caller holds a read transaction on that
 * snapshot. RC_STORE_CORRUPT, RC_HOST_MEMORY. The caller compares the sums. */
NODISCARD enum rc check_trees(int fd, const struct check_meta *meta, struct check_result *ret);

/* The names of the trees, in the order of enum store_table, then the format's own. */
#define CHECK_NAME_META "meta"
#define CHECK_NAME_OBJECT "object"
#define CHECK_NAME_INDEX "index"
#define CHECK_NAME_FORMAT "format"

/* The format's own tree: one entry. */
#define CHECK_FORMAT_KEY "craton-hsm store"
#define CHECK_FORMAT_SIZE 12 /* u32 version, u64 sum; little endian */

#endif
