/* SPDX-License-Identifier: Apache-2.0
 *
 * Hash map from a 64-bit id (never 0) to a pointer. Not locked; the owner is.
 */
#ifndef CRATON_BASE_MAP_H
#define CRATON_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "rc.h"

struct map {
    struct map_entry *entries;
    size_t cap; /* power of two, or 0 */
    size_t n;
    size_t used; /* n and tombstones */
};

#define MAP_INIT ((struct map){NULL, 0, 0, 0})

void map_free(struct map *m); /* does not free what it points to */
void *map_get(const struct map *m, uint64_t id);
NODISCARD enum rc map_put(struct map *m, uint64_t id, void *value); /* replaces */
void *map_take(struct map *m, uint64_t id);                         /* removes; NULL if absent */

/* Iterates in no order: for (size_t i = 0; map_next(m, &i, &id, &value);) The map must not change
 * meanwhile, except by map_take of the entry just given. */
int map_next(const struct map *m, size_t *pos, uint64_t *ret_id, void **ret_value);

#endif
