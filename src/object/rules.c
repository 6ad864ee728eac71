/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of making: what a template may and must say. All of them read the attribute table.
 */
#include "draft.h"

#include "scope.h"
#include "thing.h"
#include "value.h"

/* ---- the check before work ---------------------------------------------------------------------- */

/* Class and key type are there, are offered, and fit the origin. */
static enum rc check_kind(const struct draft *d, struct attr_scope *ret)
{
    REQUIRE(d->bag.cls != NULL, RC_TEMPLATE_INCOMPLETE);
    const struct attr_scope scope = d->bag.scope;
    REQUIRE(scope.cls != 0, RC_ATTRIBUTE_VALUE_INVALID);
    static const uint16_t makes[] = {
        [ORIGIN_CREATE] = C_ALL,
        [ORIGIN_GENERATE] = C_KEYS | C_DOMAIN,
        [ORIGIN_UNWRAP] = C_PRIVATE | C_SECRET,
        [ORIGIN_DERIVE] = C_SECRET,
        [ORIGIN_KEM] = C_SECRET,
    };
    REQUIRE((makes[d->origin] & scope.cls) != 0, RC_TEMPLATE_INCONSISTENT);
    const bool silent = d->bag.key_type == NULL;
    if (attr_class_has_key_type(scope.cls) && !draft_kind_follows(d)) {
        REQUIRE(!silent, RC_TEMPLATE_INCOMPLETE);
    }
    REQUIRE(scope.keys != 0 || silent, RC_ATTRIBUTE_VALUE_INVALID);
    *ret = scope;
    return RC_OK;
}

/* Numbers that have few meanings. */
static enum rc check_number(const struct attr *a)
{
    if (a->s != NULL || a->n != 8) {
        return RC_OK;
    }
    const CK_ULONG v = ulong_read(a->v);
    switch (a->type) {
    case CKA_CERTIFICATE_TYPE:
        return v == CKC_X_509 ? RC_OK : RC_ATTRIBUTE_VALUE_INVALID;
    case CKA_CERTIFICATE_CATEGORY:
    case CKA_JAVA_MIDP_SECURITY_DOMAIN:
        return v <= 3 ? RC_OK : RC_ATTRIBUTE_VALUE_INVALID;
    default:
        return RC_OK;
    }
}

/* What the template says of one attribute; ROW: its row, if such objects have it. */
static enum rc check_given(const struct draft *d, const struct attr_row *row, const struct attr *a)
{
    static const uint16_t forbidden[] = {
        [ORIGIN_CREATE] = F_TOKEN | F_NO_CREATE, [ORIGIN_GENERATE] = F_TOKEN | F_NO_GENERATE,
        [ORIGIN_UNWRAP] = F_TOKEN | F_NO_UNWRAP, [ORIGIN_DERIVE] = F_TOKEN | F_NO_UNWRAP,
        [ORIGIN_KEM] = F_TOKEN | F_NO_UNWRAP,
    };
    REQUIRE(row != NULL, RC_ATTRIBUTE_TYPE_INVALID);
    if (a->source > SOURCE_APPLIED) {
        return RC_OK;
    }
    REQUIRE((row->flags & forbidden[d->origin]) == 0, RC_ATTRIBUTE_READ_ONLY);
    if ((row->flags & F_SO) != 0 && !d->rules.so) {
        REQUIRE(attr_value(a).n == 1 && attr_value(a).p[0] == CK_FALSE, RC_ATTRIBUTE_READ_ONLY);
    }
    REQUIRE((row->flags & F_NEVER) == 0 || attr_value(a).p[0] == CK_FALSE,
            RC_TEMPLATE_INCONSISTENT);
    return check_number(a);
}

/* What the origin's template must have said. */
static enum rc check_needed(const struct draft *d, const struct scope_rows *rows)
{
    static const uint16_t needed[] = {
        [ORIGIN_CREATE] = F_NEED_CREATE,
        [ORIGIN_GENERATE] = F_NEED_GENERATE,
        [ORIGIN_UNWRAP] = F_NEED_UNWRAP,
        [ORIGIN_DERIVE] = 0,
        [ORIGIN_KEM] = 0,
    };
    size_t at = 0;
    for (size_t i = 0; needed[d->origin] != 0 && i < scope_count(rows); i++) {
        const struct attr_row *row = scope_row(rows, i);
        if ((row->flags & needed[d->origin]) != 0) {
            REQUIRE(bag_walk(&d->bag, &at, row->type) != NULL, RC_TEMPLATE_INCOMPLETE);
        }
    }
    return RC_OK;
}

enum rc rules_separate(uint32_t flags)
{
    const uint32_t leaks = OBJECT_WRAP | OBJECT_DECRYPT;
    const uint32_t plants = OBJECT_UNWRAP | OBJECT_ENCRYPT;
    return (flags & leaks) == leaks || (flags & plants) == plants ? RC_TEMPLATE_INCONSISTENT
                                                                  : RC_OK;
}

/* Under key separation what comes out of another key is sensitive and stays inside, unless that key
 * is trusted or its own template says otherwise (item 79). */
static enum rc check_loose(const struct draft *d)
{
    if (d->origin == ORIGIN_CREATE || d->origin == ORIGIN_GENERATE || d->trusted) {
        return RC_OK;
    }
    const struct attr *sensitive = bag_find(&d->bag, CKA_SENSITIVE);
    const struct attr *extractable = bag_find(&d->bag, CKA_EXTRACTABLE);
    if (sensitive != NULL && sensitive->source == SOURCE_TEMPLATE) {
        REQUIRE(sensitive->v[0] == CK_TRUE, RC_TEMPLATE_INCONSISTENT);
    }
    if (extractable != NULL && extractable->source == SOURCE_TEMPLATE) {
        REQUIRE(extractable->v[0] == CK_FALSE, RC_TEMPLATE_INCONSISTENT);
    }
    return RC_OK;
}

enum rc rules_check(const struct draft *d)
{
    struct attr_scope scope;
    TRY(check_kind(d, &scope));
    for (size_t i = 0; i < d->bag.n; i++) {
        const struct attr *a = d->bag.a[i];
        TRY(check_given(d, attr_row(a->type, scope), a));
    }
    TRY(check_needed(d, scope_rows(scope)));
    if (bag_bool(&d->bag, CKA_ALWAYS_AUTHENTICATE, false)) {
        REQUIRE(bag_bool(&d->bag, CKA_PRIVATE, true), RC_TEMPLATE_INCONSISTENT);
    }
    if (d->rules.key_separation) {
        TRY(rules_separate(bag_flags(&d->bag)));
        TRY(check_loose(d));
    }
    return RC_OK;
}
