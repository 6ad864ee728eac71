/* SPDX-License-Identifier: Apache-2.0
 *
 * Hex text.
 */
#ifndef CRATON_WIRE_HEX_H
#define CRATON_WIRE_HEX_H

#include "base/bytes.h"

/* Writes 2 * v.n lower-case digits and a NUL to OUT (2 * v.n + 1 bytes). */
void hex_write(struct bytes v, char *out);

/* Appends the bytes that TEXT (N characters, even, either case) names.
 * RC_MALFORMED when it is not hex; B is then unchanged. */
NODISCARD enum rc hex_read(const char *text, size_t n, struct buf *b);

#endif
