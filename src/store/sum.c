/* SPDX-License-Identifier: Apache-2.0
 *
 * The sum over all entries: see sum.h. The words are mixed by multiplication and shifts; the
 * constants are those of the "splitmix64" finaliser (Vigna, public domain).
 */
#include "sum.h"

static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t absorb(uint64_t h, struct bytes v)
{
    h = mix(h ^ v.n);
    while (v.n >= 8) {
        h = mix(h + get_u64_le(v.p)) * UINT64_C(0x9e3779b97f4a7c15);
        v.p += 8;
        v.n -= 8;
    }
    uint64_t last = 0;
    for (size_t i = 0; i < v.n; i++) {
        last |= (uint64_t)v.p[i] << (8 * i);
    }
    return mix(h + last);
}

uint64_t sum_value(enum store_table table, struct bytes key, struct bytes value)
{
    const uint64_t h = absorb(mix((uint64_t)table + 1), key);
    return table == STORE_META ? absorb(h, value) : mix(h + value.n);
}

uint64_t sum_id(struct bytes key, uint64_t id)
{
    return mix(absorb(mix((uint64_t)STORE_INDEX + 1), key) + id);
}
