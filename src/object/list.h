/* SPDX-License-Identifier: Apache-2.0
 *
 * A list of attributes as bytes: what an object keeps in memory, what the store keeps, and what an
 * attribute that is an array of attributes has as its value (docs/object-format.md).
 *
 *   u32 count, then count times (u32 attribute, u32 end), then the values
 *
 * Little endian. Attributes rise; END is where the value ends, counted from where the values begin.
 */
#ifndef CRATON_OBJECT_LIST_H
#define CRATON_OBJECT_LIST_H

#include <stdbool.h>

#include "base/bytes.h"

/* A view. */
struct list {
    const uint8_t *dir;
    const uint8_t *values;
    size_t n;
};

/* V is a list and nothing else. RC_STORE_CORRUPT. */
NODISCARD enum rc list_open(struct bytes v, struct list *ret);

enum { LIST_HEAD = 4, LIST_ENTRY = 8 };

/* I < n. */
static inline uint32_t list_type(const struct list *l, size_t i)
{
    return get_u32_le(l->dir + i * LIST_ENTRY);
}

static inline uint32_t list_end(const struct list *l, size_t i)
{
    return get_u32_le(l->dir + i * LIST_ENTRY + 4);
}

static inline struct bytes list_value(const struct list *l, size_t i)
{
    const uint32_t start = i == 0 ? 0 : list_end(l, i - 1);
    return BYTES(l->values + start, list_end(l, i) - start);
}

/* RC_NOT_FOUND. O(log n). */
NODISCARD enum rc list_find(const struct list *l, uint32_t type, struct bytes *ret);

/* One attribute of a list to be. */
struct part {
    uint32_t type;
    struct bytes v;
};

/* Bytes of the list of N parts. */
size_t list_size(const struct part *parts, size_t n);
/* Writes it to OUT, which has that size; a view of it. Parts rise. */
struct list list_write(const struct part *parts, size_t n, uint8_t *out);

#endif
