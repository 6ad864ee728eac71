/* SPDX-License-Identifier: Apache-2.0
 *
 * A private scalar from random bits, in constant time. The library divides in time that depends on
 * the numbers.
 */
#include "pkey.h"

#define LIMBS 9 /* of 64 bits: 521 bits and room for one more */

/* N big endian bytes to little endian limbs. */
static void limbs_read(uint64_t *out, const uint8_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i / 8] |= (uint64_t)in[n - 1 - i] << (i % 8 * 8);
    }
}

/* A value of which the compiler knows nothing more, so that it does not make a branch of a mask. */
static uint64_t opaque(uint64_t v)
{
    __asm__("" : "+r"(v));
    return v;
}

/* R = R - M when R >= M; no branch on either. W limbs. */
static void limbs_reduce(uint64_t *r, const uint64_t *m, size_t w)
{
    uint64_t t[LIMBS];
    uint64_t borrow = 0;
    for (size_t i = 0; i < w; i++) {
        const uint64_t d = r[i] - m[i];
        const uint64_t below = (uint64_t)(r[i] < m[i]) | ((uint64_t)(d < borrow));
        t[i] = d - borrow;
        borrow = below;
    }
    const uint64_t keep = opaque(0U - borrow); /* all ones: R was below M */
    for (size_t i = 0; i < w; i++) {
        r[i] = (r[i] & keep) | (t[i] & ~keep);
    }
}

/* Bit by bit, with a conditional subtraction each. */
void lc_scalar_reduce(const uint8_t *order, size_t n, const uint8_t *random, size_t random_n,
                      uint8_t *out)
{
    uint64_t r[LIMBS] = {0};
    uint64_t m[LIMBS] = {0};
    const size_t w = (n * 8 + 1 + 63) / 64;
    limbs_read(m, order, n);
    m[0]--; /* the order is odd */
    for (size_t bit = 0; bit < random_n * 8; bit++) {
        uint64_t carry = (uint64_t)(random[bit / 8] >> (7 - bit % 8)) & 1U;
        for (size_t i = 0; i < w; i++) {
            const uint64_t top = r[i] >> 63;
            r[i] = r[i] << 1 | carry;
            carry = top;
        }
        limbs_reduce(r, m, w);
    }
    uint64_t carry = 1;
    for (size_t i = 0; i < w; i++) {
        r[i] += carry;
        carry &= (uint64_t)(r[i] == 0);
    }
    for (size_t i = 0; i < n; i++) {
        out[n - 1 - i] = (uint8_t)(r[i / 8] >> (i % 8 * 8));
    }
    mem_wipe(r, sizeof(r));
}
