/* SPDX-License-Identifier: Apache-2.0
 *
 * Values between the caller's memory and the form in which bags and lists keep them.
 */
#ifndef CRATON_OBJECT_VALUE_H
#define CRATON_OBJECT_VALUE_H

#include "bag.h"
#include "list.h"

enum value_place {
    PLACE_TEMPLATE,
    PLACE_FIND,   /* an integer or boolean of a search may match nothing, but must be well formed */
    PLACE_NESTED, /* inside an array of attributes: no further arrays, no secrets */
};

/* The I-th attribute at P, whatever P's alignment. */
CK_ATTRIBUTE value_at(const CK_ATTRIBUTE *p, CK_ULONG i);

/* Reads the caller's attribute A of ROW's kind into B's memory. RC_ATTRIBUTE_VALUE_INVALID. Caller
 * puts *RET into B, or frees it. */
NODISCARD enum rc value_read(const struct attr_row *row, const CK_ATTRIBUTE *a,
                             enum value_place place, struct bag *b, struct attr **ret);

/* A value that the module supplies, brought to the kept form (numbers are in it already). */
NODISCARD enum rc value_keep(const struct attr_row *row, struct bytes v, enum attr_source source,
                             struct bag *b, struct attr **ret);

/* Whether V is a value of this kind in the kept form. */
bool value_sound(const struct attr_row *row, struct bytes v);

/* Bytes that the caller's buffer needs for V. */
size_t value_out_size(const struct attr_row *row, struct bytes v);
/* Writes V to OUT, which has value_out_size bytes and any alignment. Arrays of attributes fill the
 * caller's inner attributes; RC_BUFFER_TOO_SMALL when one of those is too small. */
NODISCARD enum rc value_out(const struct attr_row *row, struct bytes v, void *out);

#endif
