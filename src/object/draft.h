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
    /* draft_check passed when the bag was of this scope, and nobody but the module itself, which needs
     * no check, has set anything since. */
    bool checked;
    struct attr_scope checked_as;
    bool trusted;               /* the key that it comes out of has CKA_TRUSTED */
    bool base_always_sensitive; /* the flags of the key that it is derived from */
    bool base_never_extractable;
    bool base_sensitive; /* it is derived from a secret key that is sensitive ... */
    bool base_hidden;    /* ... or not extractable */
};

/* Whether the key type may be left open: a derived key whose template names none is a generic secret,
 * or what the mechanism makes. */
static inline bool draft_kind_follows(const struct draft *d)
{
    return d->origin == ORIGIN_DERIVE || d->origin == ORIGIN_KEM;
}

/* What draft_check says. */
NODISCARD enum rc rules_check(const struct draft *d);

/* Key separation (item 78): RC_TEMPLATE_INCONSISTENT when a key may both wrap and decrypt, or both
 * unwrap and encrypt. FLAGS: of enum object_flag. */
NODISCARD enum rc rules_separate(uint32_t flags);

#endif
