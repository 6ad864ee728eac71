/* SPDX-License-Identifier: Apache-2.0
 *
 * Strict DER, X.690 clauses 8 and 10: one-byte tags, definite and shortest lengths.
 */
#include "der.h"

#define HEAD_MAX 10 /* tag, length of length, eight length bytes */

/* X.690 8.1.3 and 10.1. */
static enum rc take_length(struct rd *r, size_t *ret)
{
    uint8_t first = 0;
    TRY(rd_u8(r, &first));
    if (first < 0x80) {
        *ret = first;
        return RC_OK;
    }
    const unsigned count = first & 0x7fU;
    REQUIRE(count != 0 && count <= sizeof(size_t), RC_MALFORMED);
    struct bytes v = BYTES_NONE;
    TRY(rd_take(r, count, &v));
    REQUIRE(v.p[0] != 0, RC_MALFORMED);
    size_t n = 0;
    for (unsigned i = 0; i < count; i++) {
        n = n << 8 | v.p[i];
    }
    REQUIRE(n >= 0x80, RC_MALFORMED);
    *ret = n;
    return RC_OK;
}

enum rc der_take_any(struct rd *r, uint8_t *ret_tag, struct bytes *ret_content,
                     struct bytes *ret_whole)
{
    struct rd at = *r;
    uint8_t tag = 0;
    size_t n = 0;
    struct bytes content = BYTES_NONE;
    TRY(rd_u8(&at, &tag));
    REQUIRE((tag & 0x1fU) != 0x1f && tag != 0, RC_MALFORMED);
    TRY(take_length(&at, &n));
    TRY(rd_take(&at, n, &content));
    if (ret_whole != NULL) {
        *ret_whole = BYTES(r->p, r->n - at.n);
    }
    *ret_tag = tag;
    *ret_content = content;
    *r = at;
    return RC_OK;
}

int der_peek(const struct rd *r, uint8_t tag)
{
    return r->n != 0 && r->p[0] == tag;
}

enum rc der_take(struct rd *r, uint8_t tag, struct bytes *ret_content)
{
    REQUIRE(r->n != 0, RC_TRUNCATED);
    REQUIRE(der_peek(r, tag), RC_MALFORMED);
    uint8_t found = 0;
    return der_take_any(r, &found, ret_content, NULL);
}

enum rc der_take_uint(struct rd *r, struct bytes *ret_magnitude)
{
    struct rd at = *r;
    struct bytes v = BYTES_NONE;
    TRY(der_take(&at, DER_INTEGER, &v));
    REQUIRE(v.n != 0 && v.p[0] < 0x80, RC_MALFORMED);
    if (v.n > 1 && v.p[0] == 0) {
        REQUIRE(v.p[1] >= 0x80, RC_MALFORMED);
        v = BYTES(v.p + 1, v.n - 1);
    }
    *ret_magnitude = v;
    *r = at;
    return RC_OK;
}

enum rc der_take_small(struct rd *r, uint32_t *ret)
{
    struct rd at = *r;
    struct bytes v = BYTES_NONE;
    TRY(der_take_uint(&at, &v));
    REQUIRE(v.n <= 4, RC_MALFORMED);
    uint32_t sum = 0;
    for (size_t i = 0; i < v.n; i++) {
        sum = sum << 8 | v.p[i];
    }
    REQUIRE(sum < 0x80000000U, RC_MALFORMED);
    *ret = sum;
    *r = at;
    return RC_OK;
}

enum rc der_whole(struct bytes v, uint8_t tag, struct bytes *ret_content)
{
    struct rd r = RD(v);
    struct bytes content = BYTES_NONE;
    TRY(der_take(&r, tag, &content));
    TRY(rd_end(&r));
    *ret_content = content;
    return RC_OK;
}

/* Tag and length for N bytes of content; returns how many bytes of HEAD are used. */
static size_t make_head(uint8_t tag, size_t n, uint8_t head[HEAD_MAX])
{
    head[0] = tag;
    if (n < 0x80) {
        head[1] = (uint8_t)n;
        return 2;
    }
    size_t count = 1;
    while (count < sizeof n && n >> (8 * count) != 0) {
        count++;
    }
    head[1] = (uint8_t)(0x80 | count);
    for (size_t i = 0; i < count; i++) {
        head[2 + i] = (uint8_t)(n >> (8 * (count - 1 - i)));
    }
    return 2 + count;
}

/* One element whose content is LEAD (0 or 1 byte of zero) and then CONTENT. */
static enum rc add_led(struct buf *b, uint8_t tag, size_t lead, struct bytes content)
{
    uint8_t head[HEAD_MAX] = {0};
    size_t n = 0;
    REQUIRE(!__builtin_add_overflow(content.n, lead, &n), RC_HOST_MEMORY);
    const size_t head_n = make_head(tag, n, head);
    size_t all = 0;
    REQUIRE(!__builtin_add_overflow(n, head_n, &all), RC_HOST_MEMORY);
    TRY(buf_reserve(b, all));
    TRY(buf_add(b, head, head_n));
    TRY(buf_add(b, "", lead));
    return buf_add_bytes(b, content);
}

enum rc der_add(struct buf *b, uint8_t tag, struct bytes content)
{
    return add_led(b, tag, 0, content);
}

static struct bytes without_leading_zeros(struct bytes v)
{
    while (v.n != 0 && v.p[0] == 0) {
        v = BYTES(v.p + 1, v.n - 1);
    }
    return v;
}

enum rc der_add_uint(struct buf *b, struct bytes magnitude)
{
    const struct bytes v = without_leading_zeros(magnitude);
    return add_led(b, DER_INTEGER, v.n == 0 || v.p[0] >= 0x80, v);
}

enum rc der_add_small(struct buf *b, uint32_t v)
{
    uint8_t be[4];
    put_u32_be(be, v);
    return der_add_uint(b, BYTES(be, sizeof be));
}

enum rc der_add_bits(struct buf *b, struct bytes v)
{
    return add_led(b, DER_BIT_STRING, 1, v);
}

enum rc der_back_raw(struct der_back *w, struct bytes v)
{
    REQUIRE(w->at <= w->s->n && v.n <= w->at, RC_BUFFER_TOO_SMALL);
    w->at -= v.n;
    mem_copy(w->s->p + w->at, v.p, v.n);
    return RC_OK;
}

enum rc der_back_uint(struct der_back *w, struct bytes magnitude)
{
    const struct bytes v = without_leading_zeros(magnitude);
    struct der_back next = *w;
    TRY(der_back_raw(&next, v));
    if (v.n == 0 || v.p[0] >= 0x80) {
        TRY(der_back_raw(&next, BYTES("", 1)));
    }
    TRY(der_back_wrap(&next, DER_INTEGER, w->at));
    *w = next;
    return RC_OK;
}

enum rc der_back_wrap(struct der_back *w, uint8_t tag, size_t end)
{
    REQUIRE(end >= w->at && end <= w->s->n, RC_GENERAL_ERROR);
    uint8_t head[HEAD_MAX] = {0};
    const size_t head_n = make_head(tag, end - w->at, head);
    return der_back_raw(w, BYTES(head, head_n));
}

struct secret *der_back_done(const struct der_back *w)
{
    return secret_from(w->s->p + w->at, w->s->n - w->at);
}
