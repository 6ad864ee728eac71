/* SPDX-License-Identifier: Apache-2.0
 *
 * A sorted tree of immutable, counted nodes: see tree.h.
 */
#include "tree.h"

#include <stdatomic.h>
#include <string.h>

#include "sum.h"

/* An entry is shared by all copies of the node that holds it. */
struct entry {
    atomic_ulong refs;
    uint64_t id;
    uint64_t priority;
    size_t key_n, value_n;
    uint8_t bytes[]; /* key, value */
};

struct tnode {
    atomic_ulong refs;
    struct entry *entry;
    struct tnode *left, *right;
    uint64_t total; /* bytes of all entries below and here */
};

static void entry_drop(struct entry *e)
{
    if (e != NULL && atomic_fetch_sub(&e->refs, 1) == 1) {
        mem_free(e);
    }
}

struct tnode *tree_ref(struct tnode *t)
{
    if (t != NULL) {
        atomic_fetch_add(&t->refs, 1);
    }
    return t;
}

void tree_drop(struct tnode *t)
{
    while (t != NULL && atomic_fetch_sub(&t->refs, 1) == 1) {
        struct tnode *next = t->right;
        tree_drop(t->left);
        entry_drop(t->entry);
        mem_free(t);
        t = next;
    }
}

static struct bytes entry_key(const struct entry *e)
{
    return BYTES(e->bytes, e->key_n);
}

struct bytes tree_key(const struct tnode *t)
{
    return entry_key(t->entry);
}

uint64_t tree_id(const struct tnode *t)
{
    return t->entry->id;
}

struct bytes tree_value(const struct tnode *t)
{
    return BYTES(t->entry->bytes + t->entry->key_n, t->entry->value_n);
}

uint64_t tree_bytes(const struct tnode *t)
{
    return t == NULL ? 0 : t->total;
}

/* By bytes, then by length, then by id. */
static int compare(struct bytes key, uint64_t id, const struct tnode *t)
{
    const struct bytes other = tree_key(t);
    const size_t n = key.n < other.n ? key.n : other.n;
    const int d = n == 0 ? 0 : memcmp(key.p, other.p, n);
    if (d != 0) {
        return d;
    }
    if (key.n != other.n) {
        return key.n < other.n ? -1 : 1;
    }
    return id < tree_id(t) ? -1 : id > tree_id(t);
}

const struct tnode *tree_find(const struct tnode *t, struct bytes key, uint64_t id)
{
    while (t != NULL) {
        const int d = compare(key, id, t);
        if (d == 0) {
            return t;
        }
        t = d < 0 ? t->left : t->right;
    }
    return NULL;
}

const struct tnode *tree_seek(const struct tnode *t, struct bytes key, uint64_t id, bool after)
{
    const struct tnode *best = NULL;
    while (t != NULL) {
        const int d = compare(key, id, t);
        if (d < 0 || (d == 0 && !after)) {
            best = t;
            t = t->left;
        } else {
            t = t->right;
        }
    }
    return best;
}

/* ---- change ------------------------------------------------------------------------------------- */

/* A node of E between LEFT and RIGHT, whose counts the caller gives away, also when it fails. E's
 * count is the node's own. */
static enum rc node_new(struct entry *e, struct tnode *left, struct tnode *right,
                        struct tnode **ret)
{
    struct tnode *t = mem_alloc(sizeof(*t));
    if (t == NULL) {
        tree_drop(left);
        tree_drop(right);
        return RC_HOST_MEMORY;
    }
    atomic_fetch_add(&e->refs, 1);
    atomic_init(&t->refs, 1);
    t->entry = e;
    t->left = left;
    t->right = right;
    t->total = e->key_n + e->value_n + tree_bytes(left) + tree_bytes(right);
    *ret = t;
    return RC_OK;
}

static enum rc entry_new(struct bytes key, uint64_t id, struct bytes value, struct entry **ret)
{
    struct entry *e = mem_alloc(sizeof(*e) + key.n + value.n);
    REQUIRE(e != NULL, RC_HOST_MEMORY);
    atomic_init(&e->refs, 1);
    e->id = id;
    e->priority = sum_id(key, id);
    e->key_n = key.n;
    e->value_n = value.n;
    mem_copy(e->bytes, key.p, key.n);
    mem_copy(e->bytes + key.n, value.p, value.n);
    *ret = e;
    return RC_OK;
}

/* What is below (key, id) and what is above it. An entry equal to it is left out. */
static enum rc split(struct tnode *t, struct bytes key, uint64_t id, struct tnode **ret_below,
                     struct tnode **ret_above)
{
    if (t == NULL) {
        *ret_below = *ret_above = NULL;
        return RC_OK;
    }
    const int d = compare(key, id, t);
    if (d == 0) {
        *ret_below = tree_ref(t->left);
        *ret_above = tree_ref(t->right);
        return RC_OK;
    }
    struct tnode *below = NULL;
    struct tnode *above = NULL;
    if (d < 0) {
        TRY(split(t->left, key, id, &below, &above));
        const enum rc rc = node_new(t->entry, above, tree_ref(t->right), &above);
        if (rc != RC_OK) {
            tree_drop(below);
            return rc;
        }
    } else {
        TRY(split(t->right, key, id, &below, &above));
        const enum rc rc = node_new(t->entry, tree_ref(t->left), below, &below);
        if (rc != RC_OK) {
            tree_drop(above);
            return rc;
        }
    }
    *ret_below = below;
    *ret_above = above;
    return RC_OK;
}

/* All of A is below all of B. */
static enum rc join(struct tnode *a, struct tnode *b, struct tnode **ret)
{
    if (a == NULL || b == NULL) {
        *ret = tree_ref(a == NULL ? b : a);
        return RC_OK;
    }
    struct tnode *middle = NULL;
    if (a->entry->priority >= b->entry->priority) {
        TRY(join(a->right, b, &middle));
        return node_new(a->entry, tree_ref(a->left), middle, ret);
    }
    TRY(join(a, b->left, &middle));
    return node_new(b->entry, middle, tree_ref(b->right), ret);
}

static enum rc with_entry(struct tnode *t, struct entry *e, struct tnode **ret)
{
    const struct bytes key = entry_key(e);
    struct tnode *a = NULL;
    struct tnode *b = NULL;
    if (t == NULL || e->priority > t->entry->priority) {
        TRY(split(t, key, e->id, &a, &b));
        return node_new(e, a, b, ret);
    }
    const int d = compare(key, e->id, t);
    if (d == 0) {
        return node_new(e, tree_ref(t->left), tree_ref(t->right), ret);
    }
    if (d < 0) {
        TRY(with_entry(t->left, e, &a));
        return node_new(t->entry, a, tree_ref(t->right), ret);
    }
    TRY(with_entry(t->right, e, &b));
    return node_new(t->entry, tree_ref(t->left), b, ret);
}

enum rc tree_with(struct tnode *t, struct bytes key, uint64_t id, struct bytes value,
                  struct tnode **ret)
{
    struct entry *e = NULL;
    TRY(entry_new(key, id, value, &e));
    const enum rc rc = with_entry(t, e, ret);
    entry_drop(e);
    return rc;
}

enum rc tree_without(struct tnode *t, struct bytes key, uint64_t id, struct tnode **ret)
{
    REQUIRE(t != NULL, RC_NOT_FOUND);
    const int d = compare(key, id, t);
    if (d == 0) {
        return join(t->left, t->right, ret);
    }
    struct tnode *child = NULL;
    TRY(tree_without(d < 0 ? t->left : t->right, key, id, &child));
    return d < 0 ? node_new(t->entry, child, tree_ref(t->right), ret)
                 : node_new(t->entry, tree_ref(t->left), child, ret);
}
