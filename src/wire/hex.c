/* SPDX-License-Identifier: Apache-2.0
 *
 * Hex text.
 */
#include "hex.h"

void hex_write(struct bytes v, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < v.n; i++) {
        out[2 * i] = digits[v.p[i] >> 4];
        out[2 * i + 1] = digits[v.p[i] & 15];
    }
    out[2 * v.n] = '\0';
}

/* 0..15, or -1. */
static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum rc hex_read(const char *text, size_t n, struct buf *b)
{
    REQUIRE(n % 2 == 0, RC_MALFORMED);
    for (size_t i = 0; i < n; i++) {
        REQUIRE(digit_of(text[i]) >= 0, RC_MALFORMED);
    }
    TRY(buf_reserve(b, n / 2));
    for (size_t i = 0; i < n; i += 2) {
        b->p[b->n++] = (uint8_t)(digit_of(text[i]) << 4 | digit_of(text[i + 1]));
    }
    return RC_OK;
}
