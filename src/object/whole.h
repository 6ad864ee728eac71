/* SPDX-License-Identifier: Apache-2.0
 *
 * The public attributes of an object that is about to be made: all of them, in order, as views.
 */
#ifndef CRATON_OBJECT_WHOLE_H
#define CRATON_OBJECT_WHOLE_H

#include "draft.h"
#include "list.h"
#include "scope.h"

struct whole {
    struct part parts[SCOPE_ROWS_MAX];
    size_t n;
    uint32_t flags;                /* enum object_flag */
    uint8_t numbers[DEF_COUNT][8]; /* that follow from other attributes: views point here too */
};

/* Of D, with what follows from its attributes, the defaults, and what the token maintains. The last
 * look: nothing missing, nothing wrong, secrets where they belong. RET views into it and into D. */
NODISCARD enum rc whole_of_draft(struct draft *d, struct whole *ret);

/* Of B, which has all attributes of an object of SCOPE, some of them changed. */
NODISCARD enum rc whole_of_bag(struct bag *b, struct attr_scope scope, struct whole *ret);

/* The object; B's secrets move into it, W's values are copied. */
NODISCARD enum rc object_from_whole(const struct whole *w, struct bag *b, uint64_t id,
                                    uint64_t version, struct object **ret);

#endif
