/* SPDX-License-Identifier: Apache-2.0
 *
 * The attribute table by scope: of each class and key type the rows that count, worked out at first
 * use. Rules walk these beside a bag, whose attributes rise by the same numbers.
 */
#ifndef CRATON_OBJECT_SCOPE_H
#define CRATON_OBJECT_SCOPE_H

#include <stdatomic.h>

#include "bag.h"

/* How many rows the table has: no list is longer. */
enum {
    SCOPE_ROWS_MAX = 0
#define A(name, kind, classes, keys, flags, def) +1
#include "attributes.def"
};

/* Their numbers rise, each once. */
struct scope_rows {
    _Atomic size_t n;
    const struct attr_row *_Atomic row[SCOPE_ROWS_MAX];
    _Atomic uint32_t flag[SCOPE_ROWS_MAX]; /* what the row is as a flag of enum object_flag */
};

/* The class of SCOPE must be known; an unknown key type fits every row. */
const struct scope_rows *scope_rows(struct attr_scope scope);

static inline size_t scope_count(const struct scope_rows *l)
{
    return atomic_load_explicit(&l->n, memory_order_relaxed);
}

/* I < count. */
static inline const struct attr_row *scope_row(const struct scope_rows *l, size_t i)
{
    return atomic_load_explicit(&l->row[i], memory_order_relaxed);
}

static inline uint32_t scope_flag(const struct scope_rows *l, size_t i)
{
    return atomic_load_explicit(&l->flag[i], memory_order_relaxed);
}

/* A walk along a bag: give it numbers that rise and one cursor, 0 at first. NULL when there is none of
 * that number. */
static inline struct attr *bag_walk(const struct bag *b, size_t *at, uint32_t type)
{
    while (*at < b->n && b->a[*at]->type < type) {
        ++*at;
    }
    return *at < b->n && b->a[*at]->type == type ? b->a[*at] : NULL;
}

#endif
