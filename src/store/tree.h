/* SPDX-License-Identifier: Apache-2.0
 *
 * A sorted tree of immutable, counted nodes: a change makes new nodes along its path and shares the
 * rest, so that a snapshot is one pointer. Holds (key, id) -> value; ids are for the index, 0
 * elsewhere. A treap whose priorities are hashes of the entries.
 */
#ifndef CRATON_STORE_TREE_H
#define CRATON_STORE_TREE_H

#include <stdbool.h>

#include "base/bytes.h"

struct tnode;

struct tnode *tree_ref(struct tnode *t); /* NULL allowed */
void tree_drop(struct tnode *t);         /* NULL allowed */

struct bytes tree_key(const struct tnode *t);
uint64_t tree_id(const struct tnode *t);
struct bytes tree_value(const struct tnode *t);

/* The entry, or NULL. */
const struct tnode *tree_find(const struct tnode *t, struct bytes key, uint64_t id);
/* The first entry that is not below (key, id); AFTER: that is above it. NULL when there is none. */
const struct tnode *tree_seek(const struct tnode *t, struct bytes key, uint64_t id, bool after);

/* *RET is a tree with the entry put in (replacing one of the same key and id), or without it. T
 * stays as it is. The caller drops *RET. RC_HOST_MEMORY; RC_NOT_FOUND (tree_without). */
NODISCARD enum rc tree_with(struct tnode *t, struct bytes key, uint64_t id, struct bytes value,
                            struct tnode **ret);
NODISCARD enum rc tree_without(struct tnode *t, struct bytes key, uint64_t id, struct tnode **ret);

/* Bytes that the nodes' keys and values take. */
uint64_t tree_bytes(const struct tnode *t);

#endif
