/* SPDX-License-Identifier: Apache-2.0
 *
 * Strict DER (X.690): definite lengths in their shortest form, no trailing bytes. Reading never
 * allocates; views point into the input. A reader function returns RC_MALFORMED or RC_TRUNCATED and
 * leaves the reader where it was.
 */
#ifndef CRATON_WIRE_DER_H
#define CRATON_WIRE_DER_H

#include "base/bytes.h"
#include "base/secret.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_UTF8_STRING = 0x0c,
    DER_PRINTABLE_STRING = 0x13,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT_0 = 0xa0,
    DER_CONTEXT_1 = 0xa1,
    DER_CONTEXT_PRIMITIVE_0 = 0x80,
    DER_CONTEXT_PRIMITIVE_1 = 0x81,
};

/* Takes one element with this tag; RET is its content. */
NODISCARD enum rc der_take(struct rd *r, uint8_t tag, struct bytes *ret_content);

/* Takes one element whatever its tag; RET_WHOLE (may be NULL) covers tag, length and content. */
NODISCARD enum rc der_take_any(struct rd *r, uint8_t *ret_tag, struct bytes *ret_content,
                               struct bytes *ret_whole);

/* 1 when the next element has this tag. */
int der_peek(const struct rd *r, uint8_t tag);

/* A non-negative INTEGER, leading zero byte removed (zero is one byte 00). */
NODISCARD enum rc der_take_uint(struct rd *r, struct bytes *ret_magnitude);

/* A non-negative INTEGER below 2^31. */
NODISCARD enum rc der_take_small(struct rd *r, uint32_t *ret);

/* The whole of V is one element with this tag and nothing behind it. */
NODISCARD enum rc der_whole(struct bytes v, uint8_t tag, struct bytes *ret_content);

/* Writers: append one element. */
NODISCARD enum rc der_add(struct buf *b, uint8_t tag, struct bytes content);
NODISCARD enum rc der_add_uint(struct buf *b, struct bytes magnitude); /* adds 00 when needed */
NODISCARD enum rc der_add_small(struct buf *b, uint32_t v);
NODISCARD enum rc der_add_bits(struct buf *b, struct bytes v); /* BIT STRING, 0 unused bits */

/* Secret DER is built back to front into a secret of a size known before. Start: at = s->n.
 * Each puts its element in front of what is there; RC_BUFFER_TOO_SMALL when it does not fit. */
struct der_back {
    struct secret *s;
    size_t at;
};
NODISCARD enum rc der_back_raw(struct der_back *w, struct bytes v);
NODISCARD enum rc der_back_uint(struct der_back *w, struct bytes magnitude); /* minimal form */
/* Wraps all that was written since END (an earlier value of at) in tag and length. */
NODISCARD enum rc der_back_wrap(struct der_back *w, uint8_t tag, size_t end);
/* The finished bytes as a secret of exact size; NULL when memory is short. */
struct secret *der_back_done(const struct der_back *w);

#endif
