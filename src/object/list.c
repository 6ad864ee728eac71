/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of attributes as bytes.
 */
#include "list.h"

#include "base/mem.h"
#include "object.h"

enum { HEAD = 4, ENTRY = 8 };

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put_u32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}

uint32_t list_type(const struct list *l, size_t i)
{
    return get_u32(l->dir + i * ENTRY);
}

static uint32_t end_of(const struct list *l, size_t i)
{
    return get_u32(l->dir + i * ENTRY + 4);
}

struct bytes list_value(const struct list *l, size_t i)
{
    const uint32_t start = i == 0 ? 0 : end_of(l, i - 1);
    return BYTES(l->values + start, end_of(l, i) - start);
}

enum rc list_open(struct bytes v, struct list *ret)
{
    REQUIRE(v.n >= HEAD, RC_STORE_CORRUPT);
    const size_t n = get_u32(v.p);
    REQUIRE(n <= TEMPLATE_MAX_ATTRIBUTES && n * ENTRY <= v.n - HEAD, RC_STORE_CORRUPT);
    const struct list l = {.dir = v.p + HEAD, .values = v.p + HEAD + n * ENTRY, .n = n};
    const size_t room = v.n - HEAD - n * ENTRY;
    uint32_t end = 0;
    for (size_t i = 0; i < n; i++) {
        REQUIRE(i == 0 || list_type(&l, i - 1) < list_type(&l, i), RC_STORE_CORRUPT);
        REQUIRE(end <= end_of(&l, i), RC_STORE_CORRUPT);
        end = end_of(&l, i);
    }
    REQUIRE(end == room, RC_STORE_CORRUPT);
    *ret = l;
    return RC_OK;
}

enum rc list_find(const struct list *l, uint32_t type, struct bytes *ret)
{
    size_t low = 0;
    size_t high = l->n;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (list_type(l, mid) < type) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    REQUIRE(low < l->n && list_type(l, low) == type, RC_NOT_FOUND);
    *ret = list_value(l, low);
    return RC_OK;
}

static bool chosen(const struct attr *a, bool secret)
{
    return (a->s != NULL) == secret;
}

size_t list_size(const struct bag *b, bool secret)
{
    size_t size = HEAD;
    for (size_t i = 0; i < b->n; i++) {
        if (chosen(b->a[i], secret)) {
            size += ENTRY + attr_value(b->a[i]).n;
        }
    }
    return size;
}

struct list list_write(const struct bag *b, bool secret, uint8_t *out)
{
    struct list l = {.dir = out + HEAD};
    for (size_t i = 0; i < b->n; i++) {
        l.n += chosen(b->a[i], secret);
    }
    put_u32(out, (uint32_t)l.n);
    uint8_t *dir = out + HEAD;
    uint8_t *values = dir + l.n * ENTRY;
    l.values = values;
    size_t end = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (!chosen(b->a[i], secret)) {
            continue;
        }
        const struct bytes v = attr_value(b->a[i]);
        mem_copy(values + end, v.p, v.n);
        end += v.n;
        put_u32(dir, b->a[i]->type);
        put_u32(dir + 4, (uint32_t)end);
        dir += ENTRY;
    }
    return l;
}
