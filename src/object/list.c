/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of attributes as bytes.
 */
#include "list.h"

#include "base/mem.h"
#include "object.h"

enum rc list_open(struct bytes v, struct list *ret)
{
    REQUIRE(v.n >= LIST_HEAD, RC_STORE_CORRUPT);
    const size_t n = get_u32_le(v.p);
    REQUIRE(n <= TEMPLATE_MAX_ATTRIBUTES && n * LIST_ENTRY <= v.n - LIST_HEAD, RC_STORE_CORRUPT);
    const struct list l = {
        .dir = v.p + LIST_HEAD, .values = v.p + LIST_HEAD + n * LIST_ENTRY, .n = n};
    const size_t room = v.n - LIST_HEAD - n * LIST_ENTRY;
    uint32_t end = 0;
    for (size_t i = 0; i < n; i++) {
        REQUIRE(i == 0 || list_type(&l, i - 1) < list_type(&l, i), RC_STORE_CORRUPT);
        REQUIRE(end <= list_end(&l, i), RC_STORE_CORRUPT);
        end = list_end(&l, i);
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

size_t list_size(const struct part *parts, size_t n)
{
    size_t size = LIST_HEAD + n * LIST_ENTRY;
    for (size_t i = 0; i < n; i++) {
        size += parts[i].v.n;
    }
    return size;
}

struct list list_write(const struct part *parts, size_t n, uint8_t *out)
{
    uint8_t *dir = out + LIST_HEAD;
    uint8_t *values = dir + n * LIST_ENTRY;
    const struct list l = {.dir = dir, .values = values, .n = n};
    size_t end = 0;
    put_u32_le(out, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        const struct bytes v = parts[i].v;
        if (v.n == 1) { /* most are booleans: no call */
            values[end] = v.p[0];
        } else {
            mem_copy(values + end, v.p, v.n);
        }
        end += v.n;
        put_u32_le(dir + i * LIST_ENTRY, parts[i].type);
        put_u32_le(dir + i * LIST_ENTRY + 4, (uint32_t)end);
    }
    return l;
}
