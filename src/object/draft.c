/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects in the making.
 */
#include "draft.h"

#include "base/mem.h"
#include "template.h"
#include "thing.h"
#include "value.h"
#include "whole.h"

enum rc draft_new(enum object_origin origin, const struct object_rules *rules, struct template *t,
                  struct draft **ret)
{
    AUTO_DRAFT struct draft *d = mem_alloc(sizeof *d);
    REQUIRE(d != NULL, RC_HOST_MEMORY);
    d->origin = origin;
    d->rules = *rules;
    d->bag = t->bag;
    t->bag = BAG_INIT;
    *ret = TAKE(d);
    return RC_OK;
}

void draft_free(struct draft *d)
{
    if (d != NULL) {
        bag_free(&d->bag);
        mem_free(d);
    }
}

void draft_free_at(struct draft **d)
{
    draft_free(*d);
}

/* ---- reading ------------------------------------------------------------------------------------ */

enum object_origin draft_origin(const struct draft *d)
{
    return d->origin;
}

/* Whether the draft's object keeps TYPE secret; yes as long as its class is not known. */
static bool keeps_secret(const struct draft *d, uint32_t type)
{
    const struct attr_scope scope = d->bag.scope;
    if (scope.cls == 0) {
        return attr_can_be_secret(type);
    }
    const struct attr_row *row = attr_row(type, scope);
    return row != NULL && (row->flags & F_SECRET) != 0;
}

enum rc draft_bytes(const struct draft *d, CK_ATTRIBUTE_TYPE type, struct bytes *ret)
{
    const struct attr *a = bag_find(&d->bag, attr_number(type));
    REQUIRE(a != NULL && !keeps_secret(d, a->type), RC_NOT_FOUND);
    *ret = attr_value(a);
    return RC_OK;
}

enum rc draft_ulong(const struct draft *d, CK_ATTRIBUTE_TYPE type, CK_ULONG *ret)
{
    return bag_ulong(&d->bag, attr_number(type), ret);
}

bool draft_bool(const struct draft *d, CK_ATTRIBUTE_TYPE type, bool otherwise)
{
    return bag_bool(&d->bag, attr_number(type), otherwise);
}

const struct secret *draft_secret(const struct draft *d, CK_ATTRIBUTE_TYPE type)
{
    const struct attr *a = bag_find(&d->bag, attr_number(type));
    return a != NULL && keeps_secret(d, a->type) ? a->s : NULL;
}

/* ---- setting ------------------------------------------------------------------------------------ */

enum rc draft_imply(struct draft *d, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
    const struct attr_row *row = attr_any(attr_number(type));
    REQUIRE(row != NULL && (row->kind == KIND_ULONG || row->kind == KIND_BOOL), RC_GENERAL_ERROR);
    uint8_t v[8];
    ulong_write(v, value);
    const struct bytes kept = BYTES(v, row->kind == KIND_BOOL ? 1 : 8);
    const struct attr *a = bag_find(&d->bag, row->type);
    if (a != NULL) {
        REQUIRE(attr_same(a, kept), RC_TEMPLATE_INCONSISTENT);
        return RC_OK;
    }
    d->checked = false;
    return bag_set(&d->bag, row->type, SOURCE_IMPLIED, kept);
}

/* Replaces by A, which is taken. What the template said of an attribute that must agree, agrees. */
static enum rc put_module(struct draft *d, const struct attr_row *row, struct attr *a)
{
    AUTO_ATTR struct attr *made = a;
    REQUIRE(made != NULL, RC_HOST_MEMORY);
    const struct attr *before = bag_find(&d->bag, row->type);
    if ((row->flags & F_AGREE) != 0 && before != NULL && before->source <= SOURCE_APPLIED) {
        REQUIRE(attr_same(before, attr_value(made)), RC_TEMPLATE_INCONSISTENT);
    }
    return bag_put(&d->bag, TAKE(made));
}

enum rc draft_set(struct draft *d, CK_ATTRIBUTE_TYPE type, struct bytes v)
{
    const struct attr_row *row = attr_row(attr_number(type), d->bag.scope);
    REQUIRE(row != NULL, RC_ATTRIBUTE_TYPE_INVALID);
    if ((row->flags & F_SECRET) != 0) {
        return put_module(
            d, row, attr_new_secret(&d->bag, row->type, SOURCE_MODULE, secret_from(v.p, v.n)));
    }
    REQUIRE(value_sound(row, v), RC_GENERAL_ERROR);
    struct attr *a = NULL;
    TRY(value_keep(row, v, SOURCE_MODULE, &d->bag, &a));
    return put_module(d, row, a);
}

enum rc draft_set_ulong(struct draft *d, CK_ATTRIBUTE_TYPE type, CK_ULONG v)
{
    uint8_t out[8];
    ulong_write(out, v);
    return draft_set(d, type, BYTES(out, sizeof out));
}

enum rc draft_set_bool(struct draft *d, CK_ATTRIBUTE_TYPE type, bool v)
{
    const uint8_t out = v ? CK_TRUE : CK_FALSE;
    return draft_set(d, type, BYTES(&out, 1));
}

enum rc draft_set_secret(struct draft *d, CK_ATTRIBUTE_TYPE type, struct secret *s)
{
    AUTO_SECRET struct secret *mine = s;
    const struct attr_row *row = attr_row(attr_number(type), d->bag.scope);
    REQUIRE(row != NULL && (row->flags & F_SECRET) != 0, RC_ATTRIBUTE_TYPE_INVALID);
    return put_module(d, row, attr_new_secret(&d->bag, row->type, SOURCE_MODULE, TAKE(mine)));
}

enum rc draft_apply(struct draft *d, const struct object *key, CK_ATTRIBUTE_TYPE which)
{
    d->trusted = d->trusted || (object_flags(key) & OBJECT_TRUSTED) != 0;
    struct bytes v;
    if (object_bytes(key, which, &v) != RC_OK) {
        return RC_OK;
    }
    struct list l;
    TRY(list_open(v, &l));
    d->checked = false;
    for (size_t i = 0; i < l.n; i++) {
        const struct bytes want = list_value(&l, i);
        struct attr *a = bag_find(&d->bag, list_type(&l, i));
        if (a != NULL) {
            REQUIRE(attr_same(a, want), RC_TEMPLATE_INCONSISTENT);
            a->source = SOURCE_APPLIED;
            continue;
        }
        TRY(bag_set(&d->bag, list_type(&l, i), SOURCE_APPLIED, want));
    }
    return RC_OK;
}

enum rc draft_inherit(struct draft *d, const struct object *base)
{
    const uint32_t flags = object_flags(base);
    d->trusted = d->trusted || (flags & OBJECT_TRUSTED) != 0;
    d->base_always_sensitive = (flags & OBJECT_ALWAYS_SENSITIVE) != 0;
    d->base_never_extractable = (flags & OBJECT_NEVER_EXTRACTABLE) != 0;
    const bool secret = object_class(base) == CKO_SECRET_KEY;
    d->base_sensitive = secret && (flags & OBJECT_SENSITIVE) != 0;
    d->base_hidden = secret && (flags & OBJECT_EXTRACTABLE) == 0;
    return RC_OK;
}

/* ---- finishing ---------------------------------------------------------------------------------- */

enum rc draft_check(struct draft *d)
{
    const struct attr_scope now = d->bag.scope;
    if (d->checked && d->checked_as.cls == now.cls && d->checked_as.keys == now.keys) {
        return RC_OK;
    }
    TRY(rules_check(d));
    d->checked = true;
    d->checked_as = now;
    return RC_OK;
}

enum rc draft_finish(struct draft *d, uint64_t id, uint64_t version, struct object **ret)
{
    struct whole w;
    TRY(draft_check(d));
    TRY(whole_of_draft(d, &w));
    if (d->rules.key_separation) {
        TRY(rules_separate(w.flags));
    }
    return object_from_whole(&w, &d->bag, id, version, ret);
}
