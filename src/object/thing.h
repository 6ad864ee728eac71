/* SPDX-License-Identifier: Apache-2.0
 *
 * An object from the inside. The public part is one list (list.h) behind the struct; the secret
 * part arrives once and stays.
 */
#ifndef CRATON_OBJECT_THING_H
#define CRATON_OBJECT_THING_H

#include <stdatomic.h>

#include "bag.h"
#include "list.h"
#include "object.h"

struct secrets {
    size_t n;
    struct {
        uint32_t type;
        struct secret *s;
    } e[];
};

struct object_slot {
    void *_Atomic p;
    void (*release)(void *p);
};

struct object {
    atomic_uint refs;
    uint32_t flags; /* enum object_flag */
    uint64_t id;
    uint64_t version;
    CK_OBJECT_CLASS cls;
    CK_KEY_TYPE key_type;
    struct attr_scope scope;
    uint32_t secret_size;            /* bytes of the secret part's stored form; 0: none */
    struct secrets *_Atomic secrets; /* NULL until they are there */
    struct object_slot aux[OBJECT_AUX_SLOTS];
    struct list list;
    size_t list_n;
    uint8_t bytes[]; /* what list views */
};

/* An object with the public part LIST (copied, checked) and no secrets yet. RC_STORE_CORRUPT. */
NODISCARD enum rc object_make(uint64_t id, uint64_t version, struct bytes list,
                              uint32_t secret_size, struct object **ret);

/* All attributes of O, secret ones too, as copies. Needs object_secrets_ready. */
NODISCARD enum rc object_to_bag(const struct object *o, struct bag *b);

/* Frees the secrets, and S. NULL allowed. */
void secrets_free(struct secrets *s);

/* The secret part arrives, once: takes S; a later S is freed. */
void object_give_secrets(const struct object *o, struct secrets *s);

/* What an attribute is as a flag of enum object_flag, or 0; and whether one with the value V sets it. */
uint32_t object_flag_of(uint32_t type);
static inline bool flag_is_set(uint32_t flag, struct bytes v)
{
    return flag == OBJECT_HAS_ALLOWED_MECHANISMS || (v.n == 1 && v.p[0] != CK_FALSE);
}
/* Of all in B. */
uint32_t bag_flags(const struct bag *b);

/* Whether secret attributes of O may be seen. */
bool object_reveals(const struct object *o);

#endif
