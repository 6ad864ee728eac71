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

#include "bag.h"

/* A view. */
struct list {
    const uint8_t *dir;
    const uint8_t *values;
    size_t n;
};

/* V is a list and nothing else. RC_STORE_CORRUPT. */
NODISCARD enum rc list_open(struct bytes v, struct list *ret);

/* I < n. */
uint32_t list_type(const struct list *l, size_t i);
struct bytes list_value(const struct list *l, size_t i);

/* RC_NOT_FOUND. O(log n). */
NODISCARD enum rc list_find(const struct list *l, uint32_t type, struct bytes *ret);

/* Bytes of the list of B's attributes: those that are secret, or those that are not. */
size_t list_size(const struct bag *b, bool secret);
/* Writes it to OUT, which has that size; a view of it. */
struct list list_write(const struct bag *b, bool secret, uint8_t *out);

#endif
