/* SPDX-License-Identifier: Apache-2.0
 *
 * Hash map from id to pointer: open addressing, linear probing, at most three quarters full.
 */
#include "map.h"

#include "mem.h"

struct map_entry {
    uint64_t id; /* 0: free, or taken away when value is the tombstone */
    void *value;
};

static char tombstone;

static size_t place_of(const struct map *m, uint64_t id)
{
    uint64_t h = id;
    h ^= h >> 32;
    h *= 0x9e3779b97f4a7c15U;
    h ^= h >> 29;
    h *= 0x9e3779b97f4a7c15U;
    h ^= h >> 32;
    return (size_t)h & (m->cap - 1);
}

static struct map_entry *find(const struct map *m, uint64_t id)
{
    if (m->n == 0 || id == 0) {
        return NULL;
    }
    for (size_t i = place_of(m, id);; i = (i + 1) & (m->cap - 1)) {
        struct map_entry *e = &m->entries[i];
        if (e->id == id) {
            return e;
        }
        if (e->id == 0 && e->value == NULL) {
            return NULL;
        }
    }
}

void map_free(struct map *m)
{
    mem_free(m->entries);
    *m = MAP_INIT;
}

void *map_get(const struct map *m, uint64_t id)
{
    const struct map_entry *e = find(m, id);
    return e != NULL ? e->value : NULL;
}

/* Puts an id that is not there into a map that has room. */
static void put_new(struct map *m, uint64_t id, void *value)
{
    size_t i = place_of(m, id);
    while (m->entries[i].id != 0) {
        i = (i + 1) & (m->cap - 1);
    }
    m->used += m->entries[i].value == NULL;
    m->entries[i] = (struct map_entry){id, value};
    m->n++;
}

/* Makes room for one more: twice the size, or the same when it is tombstones that fill it. */
static enum rc make_room(struct map *m)
{
    if (m->cap != 0 && m->used < m->cap - m->cap / 4) {
        return RC_OK;
    }
    struct map bigger = MAP_INIT;
    bigger.cap = m->cap == 0 ? 16 : m->n >= m->cap / 2 ? m->cap * 2 : m->cap;
    bigger.entries = mem_array(bigger.cap, sizeof *bigger.entries);
    REQUIRE(bigger.entries != NULL, RC_HOST_MEMORY);
    for (size_t i = 0; i < m->cap; i++) {
        if (m->entries[i].id != 0) {
            put_new(&bigger, m->entries[i].id, m->entries[i].value);
        }
    }
    map_free(m);
    *m = bigger;
    return RC_OK;
}

enum rc map_put(struct map *m, uint64_t id, void *value)
{
    REQUIRE(id != 0, RC_GENERAL_ERROR);
    struct map_entry *e = find(m, id);
    if (e != NULL) {
        e->value = value;
        return RC_OK;
    }
    TRY(make_room(m));
    put_new(m, id, value);
    return RC_OK;
}

void *map_take(struct map *m, uint64_t id)
{
    struct map_entry *e = find(m, id);
    if (e == NULL) {
        return NULL;
    }
    void *value = e->value;
    *e = (struct map_entry){0, &tombstone};
    m->n--;
    return value;
}

int map_next(const struct map *m, size_t *pos, uint64_t *ret_id, void **ret_value)
{
    for (; *pos < m->cap; (*pos)++) {
        const struct map_entry *e = &m->entries[*pos];
        if (e->id != 0) {
            *ret_id = e->id;
            *ret_value = e->value;
            (*pos)++;
            return 1;
        }
    }
    return 0;
}
