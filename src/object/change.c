/* SPDX-License-Identifier: Apache-2.0
 *
 * New versions and copies of objects (C_SetAttributeValue, C_CopyObject).
 */
#include "draft.h"

#include "base/mem.h"
#include "template.h"
#include "thing.h"
#include "value.h"
#include "whole.h"

static bool is_true(struct bytes v)
{
    return v.n == 1 && v.p[0] != CK_FALSE;
}

/* Whether an attribute may go from FROM to TO by the table alone. */
static enum rc may_turn(const struct attr_row *row, const struct object_rules *rules,
                        struct bytes from, struct bytes to)
{
    if (bytes_equal(from, to)) {
        return RC_OK;
    }
    REQUIRE((row->flags & F_NEVER) == 0, RC_TEMPLATE_INCONSISTENT);
    REQUIRE((row->flags & F_STICKY_TRUE) == 0 || !is_true(from), RC_ATTRIBUTE_READ_ONLY);
    REQUIRE((row->flags & F_STICKY_FALSE) == 0 || is_true(from), RC_ATTRIBUTE_READ_ONLY);
    REQUIRE((row->flags & F_SO) == 0 || rules->so, RC_ATTRIBUTE_READ_ONLY);
    if (rules->key_separation && is_true(to)) {
        /* A role that was false when keys were wrapped must not come back later (item 78). */
        const bool role = row->type == CKA_WRAP || row->type == CKA_UNWRAP ||
                          row->type == CKA_ENCRYPT || row->type == CKA_DECRYPT;
        REQUIRE(!role, RC_TEMPLATE_INCONSISTENT);
    }
    return RC_OK;
}

/* Puts the changed attribute A into B, public values in public memory. */
static enum rc put_change(struct bag *b, const struct attr_row *row, const struct attr *a)
{
    struct attr *made = NULL;
    TRY(value_keep(row, attr_value(a), SOURCE_TEMPLATE, b, &made));
    return bag_put(b, made);
}

static enum rc set_one(const struct object *o, const struct object_rules *rules, struct bag *b,
                       const struct attr *a)
{
    const struct attr_row *row = attr_row(a->type, o->scope);
    REQUIRE(row != NULL, RC_ATTRIBUTE_TYPE_INVALID);
    REQUIRE((row->flags & F_SET) != 0, RC_ATTRIBUTE_READ_ONLY);
    const struct attr *before = bag_find(b, a->type);
    TRY(may_turn(row, rules, before == NULL ? BYTES_NONE : attr_value(before), attr_value(a)));
    return put_change(b, row, a);
}

static enum rc copy_one(const struct object *o, const struct object_rules *rules, struct bag *b,
                        const struct attr *a)
{
    const struct attr_row *row = attr_row(a->type, o->scope);
    REQUIRE(row != NULL, RC_ATTRIBUTE_TYPE_INVALID);
    REQUIRE((row->flags & F_TOKEN) == 0, RC_ATTRIBUTE_READ_ONLY);
    const struct attr *before = bag_find(b, a->type);
    if (before != NULL && attr_same(before, attr_value(a))) {
        return RC_OK;
    }
    REQUIRE((row->flags & (F_SET | F_COPY)) != 0, RC_ATTRIBUTE_READ_ONLY);
    if (a->type == CKA_PRIVATE) {
        REQUIRE(is_true(attr_value(a)), RC_TEMPLATE_INCONSISTENT);
    }
    TRY(may_turn(row, rules, before == NULL ? BYTES_NONE : attr_value(before), attr_value(a)));
    return put_change(b, row, a);
}

/* The changed attributes B as an object, by the rules that hold for it as a whole. */
static enum rc result(const struct object *o, const struct object_rules *rules, struct bag *b,
                      uint64_t id, uint64_t version, struct object **ret)
{
    struct whole w;
    if (rules->key_separation) {
        TRY(rules_separate(bag_flags(b)));
    }
    TRY(whole_of_bag(b, o->scope, &w));
    return object_from_whole(&w, b, id, version, ret);
}

enum rc object_modify(const struct object *o, const struct template *t,
                      const struct object_rules *rules, uint64_t version, struct object **ret)
{
    REQUIRE((o->flags & OBJECT_MODIFIABLE) != 0, RC_ACTION_PROHIBITED);
    AUTO_BAG struct bag b = BAG_INIT;
    TRY(object_to_bag(o, &b));
    for (size_t i = 0; i < t->bag.n; i++) {
        TRY(set_one(o, rules, &b, t->bag.a[i]));
    }
    return result(o, rules, &b, o->id, version, ret);
}

enum rc object_copy(const struct object *o, const struct template *t,
                    const struct object_rules *rules, uint64_t id, uint64_t version,
                    struct bytes unique, struct object **ret)
{
    REQUIRE((o->flags & OBJECT_COPYABLE) != 0, RC_ACTION_PROHIBITED);
    AUTO_BAG struct bag b = BAG_INIT;
    TRY(object_to_bag(o, &b));
    for (size_t i = 0; i < t->bag.n; i++) {
        TRY(copy_one(o, rules, &b, t->bag.a[i]));
    }
    TRY(bag_set(&b, CKA_UNIQUE_ID, SOURCE_MODULE, unique));
    return result(o, rules, &b, id, version, ret);
}
