/* SPDX-License-Identifier: Apache-2.0
 *
 * A bag: attributes in the making, sorted by number. They lie in memory that belongs to the bag and
 * is freed as a whole; a view of a value stays where it is while others come and go.
 */
#ifndef CRATON_OBJECT_BAG_H
#define CRATON_OBJECT_BAG_H

#include <stdbool.h>

#include "attributes.h"
#include "base/bytes.h"
#include "base/secret.h"
#include "craton/pkcs11.h"

enum attr_source {
    SOURCE_TEMPLATE, /* the caller's template */
    SOURCE_APPLIED,  /* an UNWRAP_, DERIVE_ ... TEMPLATE of a key says so */
    SOURCE_IMPLIED,  /* the mechanism implies it */
    SOURCE_MODULE,   /* the module supplies it */
};

/* One attribute. The value is in V, or in S when it may be secret. Integers are 8 bytes, little
 * endian; arrays of attributes have the form of list.h; all others are as the standard says. */
struct attr {
    uint32_t type;
    uint8_t source; /* enum attr_source */
    struct secret *s;
    size_t n;
    uint8_t v[];
};

struct bag_block;

struct bag {
    struct attr **a;
    size_t n;
    size_t cap;
    uint64_t seen;            /* a bit of each number that ever came: most questions end here */
    struct bag_block *blocks; /* where attributes and the array lie */
    struct attr_scope scope;  /* what class and key type say so far; unknown parts are 0 */
    const struct attr *cls;   /* these two, which are looked at all the time; or NULL */
    const struct attr *key_type;
};

#define BAG_INIT ((struct bag){.a = NULL})

/* A public attribute with a copy of V, in B's memory but not in B yet; NULL when memory is short. */
struct attr *attr_new(struct bag *b, uint32_t type, enum attr_source source, struct bytes v);
/* The same with N bytes of zero to be filled. */
struct attr *attr_sized(struct bag *b, uint32_t type, enum attr_source source, size_t n);
/* A secret attribute; takes S in every case. NULL when memory is short. Whoever does not put it into
 * B frees it. */
struct attr *attr_new_secret(struct bag *b, uint32_t type, enum attr_source source,
                             struct secret *s);
void attr_free(struct attr *a); /* the secret; the rest is B's. NULL allowed */
void attr_free_at(struct attr **a);
#define AUTO_ATTR __attribute__((cleanup(attr_free_at)))

/* The value, wherever it is. */
static inline struct bytes attr_value(const struct attr *a)
{
    return a->s != NULL ? secret_view(a->s) : BYTES(a->v, a->n);
}
bool attr_same(const struct attr *a, struct bytes v);

void bag_free(struct bag *b); /* wipes */
void bag_free_at(struct bag *b);
#define AUTO_BAG __attribute__((cleanup(bag_free_at)))
/* NULL when absent. */
struct attr *bag_find(const struct bag *b, uint32_t type);
/* Takes A, which is of B's memory, in every case (A NULL: RC_HOST_MEMORY); replaces one of the same
 * number. */
NODISCARD enum rc bag_put(struct bag *b, struct attr *a);
/* Shorthand: public values. */
NODISCARD enum rc bag_set(struct bag *b, uint32_t type, enum attr_source source, struct bytes v);
NODISCARD enum rc bag_set_ulong(struct bag *b, uint32_t type, enum attr_source source, CK_ULONG v);
NODISCARD enum rc bag_set_bool(struct bag *b, uint32_t type, enum attr_source source, bool v);
/* RC_NOT_FOUND. */
NODISCARD enum rc bag_ulong(const struct bag *b, uint32_t type, CK_ULONG *ret);
bool bag_bool(const struct bag *b, uint32_t type, bool otherwise);

/* CK_ULONG as 8 bytes and back; the "unavailable" number keeps its meaning whatever the width. */
void ulong_write(uint8_t out[8], CK_ULONG v);
CK_ULONG ulong_read(const uint8_t in[8]);

#endif
