/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects: counting, reading, what is kept beside them.
 */
#include "thing.h"

#include "base/mem.h"
#include "whole.h"

/* ---- making and counting ------------------------------------------------------------------------ */

uint32_t object_flag_of(uint32_t type)
{
    switch (type) {
    case CKA_TOKEN:
        return OBJECT_TOKEN;
    case CKA_PRIVATE:
        return OBJECT_PRIVATE;
    case CKA_MODIFIABLE:
        return OBJECT_MODIFIABLE;
    case CKA_COPYABLE:
        return OBJECT_COPYABLE;
    case CKA_DESTROYABLE:
        return OBJECT_DESTROYABLE;
    case CKA_SENSITIVE:
        return OBJECT_SENSITIVE;
    case CKA_EXTRACTABLE:
        return OBJECT_EXTRACTABLE;
    case CKA_ENCRYPT:
        return OBJECT_ENCRYPT;
    case CKA_DECRYPT:
        return OBJECT_DECRYPT;
    case CKA_SIGN:
        return OBJECT_SIGN;
    case CKA_VERIFY:
        return OBJECT_VERIFY;
    case CKA_SIGN_RECOVER:
        return OBJECT_SIGN_RECOVER;
    case CKA_VERIFY_RECOVER:
        return OBJECT_VERIFY_RECOVER;
    case CKA_WRAP:
        return OBJECT_WRAP;
    case CKA_UNWRAP:
        return OBJECT_UNWRAP;
    case CKA_DERIVE:
        return OBJECT_DERIVE;
    case CKA_ENCAPSULATE:
        return OBJECT_ENCAPSULATE;
    case CKA_DECAPSULATE:
        return OBJECT_DECAPSULATE;
    case CKA_LOCAL:
        return OBJECT_LOCAL;
    case CKA_ALWAYS_SENSITIVE:
        return OBJECT_ALWAYS_SENSITIVE;
    case CKA_NEVER_EXTRACTABLE:
        return OBJECT_NEVER_EXTRACTABLE;
    case CKA_TRUSTED:
        return OBJECT_TRUSTED;
    case CKA_WRAP_WITH_TRUSTED:
        return OBJECT_WRAP_WITH_TRUSTED;
    case CKA_ALWAYS_AUTHENTICATE:
        return OBJECT_ALWAYS_AUTHENTICATE;
    case CKA_ALLOWED_MECHANISMS:
        return OBJECT_HAS_ALLOWED_MECHANISMS;
    default:
        return 0;
    }
}

static uint32_t flags_of(uint32_t type, struct bytes v)
{
    const uint32_t flag = object_flag_of(type);
    return flag_is_set(flag, v) ? flag : 0;
}

uint32_t bag_flags(const struct bag *b)
{
    uint32_t flags = 0;
    for (size_t i = 0; i < b->n; i++) {
        flags |= b->a[i]->s == NULL ? flags_of(b->a[i]->type, attr_value(b->a[i])) : 0;
    }
    return flags;
}

static enum rc list_ulong(const struct list *l, uint32_t type, CK_ULONG *ret)
{
    struct bytes v;
    TRY(list_find(l, type, &v));
    REQUIRE(v.n == 8, RC_STORE_CORRUPT);
    *ret = ulong_read(v.p);
    return RC_OK;
}

static uint32_t list_flags(const struct list *l)
{
    uint32_t flags = 0;
    for (size_t i = 0; i < l->n; i++) {
        flags |= flags_of(list_type(l, i), list_value(l, i));
    }
    return flags;
}

/* Class, key type and flags from the list; RC_STORE_CORRUPT when they make no sense. */
static enum rc describe(struct object *o)
{
    REQUIRE(list_ulong(&o->list, CKA_CLASS, &o->cls) == RC_OK, RC_STORE_CORRUPT);
    o->scope.cls = attr_class_bit(o->cls);
    REQUIRE(o->scope.cls != 0, RC_STORE_CORRUPT);
    o->scope.keys = K_NONE;
    o->key_type = CK_UNAVAILABLE_INFORMATION;
    if (attr_class_has_key_type(o->scope.cls)) {
        REQUIRE(list_ulong(&o->list, CKA_KEY_TYPE, &o->key_type) == RC_OK, RC_STORE_CORRUPT);
        o->scope.keys = attr_key_bit(o->key_type, o->scope.cls);
        REQUIRE(o->scope.keys != 0, RC_STORE_CORRUPT);
    }
    o->flags = list_flags(&o->list);
    return RC_OK;
}

static struct object *object_new(uint64_t id, uint64_t version, size_t list_n)
{
    struct object *o = list_n > SIZE_MAX - sizeof *o ? NULL : mem_alloc(sizeof *o + list_n);
    if (o != NULL) {
        atomic_init(&o->refs, 1);
        o->id = id;
        o->version = version;
        o->list_n = list_n;
    }
    return o;
}

enum rc object_make(uint64_t id, uint64_t version, struct bytes list, uint32_t secret_size,
                    struct object **ret)
{
    AUTO_OBJECT struct object *o = object_new(id, version, list.n);
    REQUIRE(o != NULL, RC_HOST_MEMORY);
    mem_copy(o->bytes, list.p, list.n);
    TRY(list_open(BYTES(o->bytes, list.n), &o->list));
    o->secret_size = secret_size;
    TRY(describe(o));
    *ret = TAKE(o);
    return RC_OK;
}

/* Moves the secrets of B into O, if there are any. */
static enum rc take_secrets(struct bag *b, struct object *o)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        n += b->a[i]->s != NULL;
    }
    if (n == 0) {
        return RC_OK;
    }
    struct secrets *s = mem_alloc(sizeof *s + n * sizeof s->e[0]);
    REQUIRE(s != NULL, RC_HOST_MEMORY);
    size_t size = LIST_HEAD + n * LIST_ENTRY;
    for (size_t i = 0; i < b->n; i++) {
        if (b->a[i]->s != NULL) {
            size += b->a[i]->s->n;
            s->e[s->n].type = b->a[i]->type;
            s->e[s->n++].s = TAKE(b->a[i]->s);
        }
    }
    o->secret_size = (uint32_t)size;
    atomic_store_explicit(&o->secrets, s, memory_order_release);
    return RC_OK;
}

enum rc object_from_whole(const struct whole *w, struct bag *b, uint64_t id, uint64_t version,
                          struct object **ret)
{
    AUTO_OBJECT struct object *o = object_new(id, version, list_size(w->parts, w->n));
    REQUIRE(o != NULL, RC_HOST_MEMORY);
    o->list = list_write(w->parts, w->n, o->bytes);
    o->flags = w->flags;
    o->scope = b->scope;
    REQUIRE(bag_ulong(b, CKA_CLASS, &o->cls) == RC_OK, RC_GENERAL_ERROR);
    if (bag_ulong(b, CKA_KEY_TYPE, &o->key_type) != RC_OK) {
        o->key_type = CK_UNAVAILABLE_INFORMATION;
    }
    TRY(take_secrets(b, o));
    *ret = TAKE(o);
    return RC_OK;
}

enum rc object_to_bag(const struct object *o, struct bag *b)
{
    REQUIRE(object_secrets_ready(o), RC_GENERAL_ERROR);
    for (size_t i = 0; i < o->list.n; i++) {
        TRY(bag_set(b, list_type(&o->list, i), SOURCE_MODULE, list_value(&o->list, i)));
    }
    const struct secrets *s = atomic_load_explicit(&o->secrets, memory_order_acquire);
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        TRY(bag_put(b, attr_new_secret(b, s->e[i].type, SOURCE_MODULE, secret_copy(s->e[i].s))));
    }
    return RC_OK;
}

void secrets_free(struct secrets *s)
{
    if (s != NULL) {
        for (size_t i = 0; i < s->n; i++) {
            secret_free(s->e[i].s);
        }
        mem_free(s);
    }
}

/* Counting is not part of an object's value: a reader of a const object may hold on to it. */
static struct object *counted(const struct object *o)
{
    union {
        const struct object *in;
        struct object *out;
    } u = {.in = o};
    return u.out;
}

struct object *object_ref(const struct object *o)
{
    struct object *c = counted(o);
    atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

void object_unref(struct object *o)
{
    if (o == NULL || atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; i < OBJECT_AUX_SLOTS; i++) {
        void *p = atomic_load_explicit(&o->aux[i].p, memory_order_acquire);
        if (p != NULL && o->aux[i].release != NULL) {
            o->aux[i].release(p);
        }
    }
    secrets_free(atomic_load_explicit(&o->secrets, memory_order_acquire));
    mem_free(o);
}

void object_unref_at(struct object **o)
{
    object_unref(*o);
}

bool object_is_shared(const struct object *o)
{
    return atomic_load_explicit(&o->refs, memory_order_acquire) > 1;
}

/* ---- reading ------------------------------------------------------------------------------------ */

uint64_t object_id(const struct object *o)
{
    return o->id;
}

uint64_t object_version(const struct object *o)
{
    return o->version;
}

CK_OBJECT_CLASS object_class(const struct object *o)
{
    return o->cls;
}

CK_KEY_TYPE object_key_type(const struct object *o)
{
    return o->key_type;
}

uint32_t object_flags(const struct object *o)
{
    return o->flags;
}

enum rc object_bytes(const struct object *o, CK_ATTRIBUTE_TYPE type, struct bytes *ret)
{
    struct bytes v;
    REQUIRE(list_find(&o->list, attr_number(type), &v) == RC_OK, RC_ATTRIBUTE_TYPE_INVALID);
    *ret = v;
    return RC_OK;
}

enum rc object_ulong(const struct object *o, CK_ATTRIBUTE_TYPE type, CK_ULONG *ret)
{
    struct bytes v;
    TRY(object_bytes(o, type, &v));
    REQUIRE(v.n == 8, RC_ATTRIBUTE_TYPE_INVALID);
    *ret = ulong_read(v.p);
    return RC_OK;
}

const struct secret *object_secret(const struct object *o, CK_ATTRIBUTE_TYPE type)
{
    const struct secrets *s = atomic_load_explicit(&o->secrets, memory_order_acquire);
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        if (s->e[i].type == type) {
            return s->e[i].s;
        }
    }
    return NULL;
}

bool object_has_secrets(const struct object *o)
{
    return o->secret_size > 0;
}

bool object_secrets_ready(const struct object *o)
{
    return o->secret_size == 0 || atomic_load_explicit(&o->secrets, memory_order_acquire) != NULL;
}

void object_give_secrets(const struct object *o, struct secrets *s)
{
    struct secrets *first = NULL;
    if (!atomic_compare_exchange_strong_explicit(&counted(o)->secrets, &first, s,
                                                 memory_order_acq_rel, memory_order_acquire)) {
        secrets_free(s);
    }
}

bool object_reveals(const struct object *o)
{
    return (o->flags & OBJECT_SENSITIVE) == 0 && (o->flags & OBJECT_EXTRACTABLE) != 0;
}

bool object_allows(const struct object *o, CK_MECHANISM_TYPE mechanism)
{
    struct bytes v;
    if ((o->flags & OBJECT_HAS_ALLOWED_MECHANISMS) == 0 ||
        list_find(&o->list, (uint32_t)CKA_ALLOWED_MECHANISMS, &v) != RC_OK) {
        return true;
    }
    for (size_t i = 0; i + 8 <= v.n; i += 8) {
        if (ulong_read(v.p + i) == mechanism) {
            return true;
        }
    }
    return false;
}

/* ---- beside the object -------------------------------------------------------------------------- */

void *object_aux(const struct object *o, unsigned slot)
{
    return slot < OBJECT_AUX_SLOTS
               ? atomic_load_explicit(&counted(o)->aux[slot].p, memory_order_acquire)
               : NULL;
}

void *object_aux_put(const struct object *o, unsigned slot, void *p, void (*release)(void *p))
{
    if (slot >= OBJECT_AUX_SLOTS || p == NULL) {
        return NULL;
    }
    struct object_slot *place = &counted(o)->aux[slot];
    void *first = NULL;
    if (atomic_compare_exchange_strong_explicit(&place->p, &first, p, memory_order_acq_rel,
                                                memory_order_acquire)) {
        /* Read only by the last unref, which comes after the caller gives its reference back. */
        place->release = release;
        return p;
    }
    if (release != NULL) {
        release(p);
    }
    return first;
}
