/* SPDX-License-Identifier: Apache-2.0
 *
 * Public bytes: a view, a growing buffer, and a bounded reader that refuses what is too short.
 */
#ifndef CRATON_BASE_BYTES_H
#define CRATON_BASE_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem.h"

/* A view; owns nothing. p may be NULL only when n is 0. */
struct bytes {
    const uint8_t *p;
    size_t n;
};

#define BYTES(ptr, len) ((struct bytes){(const uint8_t *)(ptr), (len)})
#define BYTES_NONE ((struct bytes){NULL, 0})
#define BYTES_STR(lit) BYTES(lit, sizeof(lit) - 1)

bool bytes_equal(struct bytes a, struct bytes b);

/* A growing buffer. Start from BUF_INIT; release with buf_free (wipes) or AUTO_BUF. */
struct buf {
    uint8_t *p;
    size_t n;   /* bytes used */
    size_t cap; /* bytes allocated */
};

#define BUF_INIT ((struct buf){NULL, 0, 0})
#define AUTO_BUF __attribute__((cleanup(buf_free)))

void buf_free(struct buf *b);
void buf_clear(struct buf *b); /* n = 0, content wiped, memory kept */
struct bytes buf_view(const struct buf *b);

/* Each of these leaves the buffer as it was on RC_HOST_MEMORY. Integers are little endian. */
NODISCARD enum rc buf_reserve(struct buf *b, size_t more); /* room for MORE bytes behind n */
NODISCARD enum rc buf_add(struct buf *b, const void *p, size_t n);
NODISCARD enum rc buf_add_bytes(struct buf *b, struct bytes v);
NODISCARD enum rc buf_add_u8(struct buf *b, uint8_t v);
NODISCARD enum rc buf_add_u16(struct buf *b, uint16_t v);
NODISCARD enum rc buf_add_u32(struct buf *b, uint32_t v);
NODISCARD enum rc buf_add_u64(struct buf *b, uint64_t v);
/* u32 length, then the bytes */
NODISCARD enum rc buf_add_block(struct buf *b, struct bytes v);
NODISCARD enum rc buf_set(struct buf *b, struct bytes v); /* replaces the content */

/* A reader over bytes it does not own. Each take moves on, or returns RC_TRUNCATED and stays. */
struct rd {
    const uint8_t *p;
    size_t n; /* bytes left */
};

#define RD(view) ((struct rd){(view).p, (view).n})

NODISCARD enum rc rd_u8(struct rd *r, uint8_t *ret);
NODISCARD enum rc rd_u16(struct rd *r, uint16_t *ret);
NODISCARD enum rc rd_u32(struct rd *r, uint32_t *ret);
NODISCARD enum rc rd_u64(struct rd *r, uint64_t *ret);
NODISCARD enum rc rd_take(struct rd *r, size_t n, struct bytes *ret);
NODISCARD enum rc rd_block(struct rd *r, struct bytes *ret); /* u32 length, then the bytes */
NODISCARD enum rc rd_end(const struct rd *r);                /* RC_MALFORMED when bytes are left */

/* Integers at fixed places. */
static inline void put_u32_be(uint8_t out[4], uint32_t v)
{
    const uint32_t be = htobe32(v);
    memcpy(out, &be, sizeof be);
}

static inline void put_u64_be(uint8_t out[8], uint64_t v)
{
    const uint64_t be = htobe64(v);
    memcpy(out, &be, sizeof be);
}

static inline void put_u32_le(uint8_t out[4], uint32_t v)
{
    const uint32_t le = htole32(v);
    memcpy(out, &le, sizeof le);
}

static inline void put_u64_le(uint8_t out[8], uint64_t v)
{
    const uint64_t le = htole64(v);
    memcpy(out, &le, sizeof le);
}

static inline uint64_t get_u64_be(const uint8_t in[8])
{
    uint64_t be;
    memcpy(&be, in, sizeof be);
    return be64toh(be);
}

static inline uint32_t get_u32_le(const uint8_t in[4])
{
    uint32_t le;
    memcpy(&le, in, sizeof le);
    return le32toh(le);
}

static inline uint64_t get_u64_le(const uint8_t in[8])
{
    uint64_t le;
    memcpy(&le, in, sizeof le);
    return le64toh(le);
}

#endif
