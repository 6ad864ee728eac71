/* SPDX-License-Identifier: Apache-2.0
 *
 * A bag: attributes in the making, sorted by number. Each attribute is one allocation, so that a
 * view of its value stays where it is while others come and go.
 */
#ifndef CRATON_OBJECT_BAG_H
#define CRATON_OBJECT_BAG_H

#include <stdbool.h>

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

struct bag {
    struct attr **a;
    size_t n;
    size_t cap;
};

#define BAG_INIT ((struct bag){NULL, 0, 0})

/* A public attribute with a copy of V; NULL when memory is short. Caller frees. */
struct attr *attr_new(uint32_t type, enum attr_source source, struct bytes v);
/* The same with N bytes of zero to be filled. */
struct attr *attr_sized(uint32_t type, enum attr_source source, size_t n);
/* A secret attribute; takes S in every case. NULL when memory is short. Caller frees. */
struct attr *attr_new_secret(uint32_t type, enum attr_source source, struct secret *s);
struct attr *attr_copy(const struct attr *a);
void attr_free(struct attr *a); /* wipes; NULL allowed */
void attr_free_at(struct attr **a);
#define AUTO_ATTR __attribute__((cleanup(attr_free_at)))

/* The value, wherever it is. */
struct bytes attr_value(const struct attr *a);
bool attr_same(const struct attr *a, struct bytes v);

void bag_free(struct bag *b);
/* NULL when absent. */
struct attr *bag_find(const struct bag *b, uint32_t type);
/* Takes A in every case (A NULL: RC_HOST_MEMORY); replaces one of the same number. */
NODISCARD enum rc bag_put(struct bag *b, struct attr *a);
/* Adds copies of all of FROM. */
NODISCARD enum rc bag_copy(struct bag *b, const struct bag *from);

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
