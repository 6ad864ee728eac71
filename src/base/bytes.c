/* SPDX-License-Identifier: Apache-2.0
 *
 * Views, growing buffers, and the bounded reader.
 */
#include "bytes.h"

#include <string.h>

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

void buf_free(struct buf *b)
{
    mem_free(b->p);
    *b = BUF_INIT;
}

void buf_clear(struct buf *b)
{
    mem_wipe(b->p, b->n);
    b->n = 0;
}

struct bytes buf_view(const struct buf *b)
{
    return BYTES(b->p, b->n);
}

enum rc buf_reserve(struct buf *b, size_t more)
{
    size_t need = 0;
    REQUIRE(!__builtin_add_overflow(b->n, more, &need), RC_HOST_MEMORY);
    if (need <= b->cap) {
        return RC_OK;
    }
    size_t cap = b->cap < 32 ? 64 : b->cap;
    while (cap < need) {
        REQUIRE(!__builtin_add_overflow(cap, cap, &cap), RC_HOST_MEMORY);
    }
    uint8_t *p = mem_resize(b->p, b->n, cap);
    REQUIRE(p != NULL, RC_HOST_MEMORY);
    b->p = p;
    b->cap = cap;
    return RC_OK;
}

enum rc buf_add(struct buf *b, const void *p, size_t n)
{
    TRY(buf_reserve(b, n));
    mem_copy(n != 0 ? b->p + b->n : NULL, p, n);
    b->n += n;
    return RC_OK;
}

enum rc buf_add_bytes(struct buf *b, struct bytes v)
{
    return buf_add(b, v.p, v.n);
}

enum rc buf_add_u8(struct buf *b, uint8_t v)
{
    return buf_add(b, &v, 1);
}

enum rc buf_add_u16(struct buf *b, uint16_t v)
{
    const uint8_t le[2] = {(uint8_t)v, (uint8_t)(v >> 8)};
    return buf_add(b, le, sizeof le);
}

enum rc buf_add_u32(struct buf *b, uint32_t v)
{
    const uint8_t le[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
    return buf_add(b, le, sizeof le);
}

enum rc buf_add_u64(struct buf *b, uint64_t v)
{
    uint8_t le[8];
    put_u64_le(le, v);
    return buf_add(b, le, sizeof le);
}

enum rc buf_add_block(struct buf *b, struct bytes v)
{
    REQUIRE(v.n <= UINT32_MAX, RC_HOST_MEMORY);
    TRY(buf_reserve(b, v.n + 4));
    TRY(buf_add_u32(b, (uint32_t)v.n));
    return buf_add_bytes(b, v);
}

enum rc buf_set(struct buf *b, struct bytes v)
{
    if (v.n > b->cap) {
        TRY(buf_reserve(b, v.n));
    }
    buf_clear(b);
    return buf_add_bytes(b, v);
}

enum rc rd_take(struct rd *r, size_t n, struct bytes *ret)
{
    REQUIRE(n <= r->n, RC_TRUNCATED);
    *ret = BYTES(r->p, n);
    if (n != 0) {
        r->p += n;
        r->n -= n;
    }
    return RC_OK;
}

/* N (at most 8) little-endian bytes. */
static enum rc rd_le(struct rd *r, size_t n, uint64_t *ret)
{
    struct bytes v = BYTES_NONE;
    TRY(rd_take(r, n, &v));
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum |= (uint64_t)v.p[i] << (8 * i);
    }
    *ret = sum;
    return RC_OK;
}

enum rc rd_u8(struct rd *r, uint8_t *ret)
{
    uint64_t v = 0;
    TRY(rd_le(r, 1, &v));
    *ret = (uint8_t)v;
    return RC_OK;
}

enum rc rd_u16(struct rd *r, uint16_t *ret)
{
    uint64_t v = 0;
    TRY(rd_le(r, 2, &v));
    *ret = (uint16_t)v;
    return RC_OK;
}

enum rc rd_u32(struct rd *r, uint32_t *ret)
{
    uint64_t v = 0;
    TRY(rd_le(r, 4, &v));
    *ret = (uint32_t)v;
    return RC_OK;
}

enum rc rd_u64(struct rd *r, uint64_t *ret)
{
    return rd_le(r, 8, ret);
}

enum rc rd_block(struct rd *r, struct bytes *ret)
{
    struct rd at = *r;
    uint32_t n = 0;
    TRY(rd_u32(&at, &n));
    TRY(rd_take(&at, n, ret));
    *r = at;
    return RC_OK;
}

enum rc rd_end(const struct rd *r)
{
    return r->n == 0 ? RC_OK : RC_MALFORMED;
}
