/* SPDX-License-Identifier: Apache-2.0
 *
 * A draft from the inside, and the rules that it is put through.
 */
#ifndef CRATON_OBJECT_DRAFT_H
#define CRATON_OBJECT_DRAFT_H

#include "attributes.h"
#include "bag.h"
#include "object.h"

struct draft {
    enum object_origin origin;
    struct object_rules rules;
    struct bag bag;
    bool trusted;               /* the key that it comes out of has CKA_TRUSTED */
    bool base_always_sensitive; /* the flags of the key that it is derived from */
    bool base_never_extractable;
    bool base_sensitive; /* it is derived from a secret key that is sensitive ... */
    bool base_hidden;    /* ... or not extractable */
};

/* draft_check. */
NODISCARD enum rc rules_check(const struct draft *d);
/* Adds defaults and what the token maintains. */
NODISCARD enum rc rules_fill(struct draft *d);
/* The last look at a filled bag: nothing missing, nothing wrong, secrets where they belong. */
NODISCARD enum rc rules_whole(struct bag *b, struct attr_scope scope);

/* Key separation (items 78): RC_TEMPLATE_INCONSISTENT when a key may both wrap and decrypt, or both
 * unwrap and encrypt. */
NODISCARD enum rc rules_separate(const struct bag *b);

#endif
