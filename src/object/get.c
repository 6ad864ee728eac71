/* SPDX-License-Identifier: Apache-2.0
 *
 * C_GetAttributeValue (PKCS#11 3.2, 5.7.5) and matching.
 */
#include "thing.h"

#include "base/mem.h"
#include "template.h"
#include "value.h"

/* Whether TYPE of O is kept secret. */
static bool is_secret(const struct object *o, const struct attr_row *row)
{
    const struct attr_row *r = attr_row(row->type, o->scope);
    return r != NULL && (r->flags & F_SECRET) != 0;
}

/* The value that the caller may see. */
static enum rc visible(const struct object *o, CK_ATTRIBUTE_TYPE type, const struct attr_row **row,
                       struct bytes *ret)
{
    *row = attr_any(attr_number(type));
    REQUIRE(*row != NULL, RC_ATTRIBUTE_TYPE_INVALID);
    if (!is_secret(o, *row)) {
        return object_bytes(o, type, ret);
    }
    REQUIRE(object_reveals(o), RC_ATTRIBUTE_SENSITIVE);
    const struct secret *s = object_secret(o, (*row)->type);
    REQUIRE(s != NULL, RC_ATTRIBUTE_TYPE_INVALID);
    *ret = secret_view(s);
    return RC_OK;
}

/* One attribute; sets ulValueLen in every case. */
static enum rc get_one(const struct object *o, CK_ATTRIBUTE *a)
{
    const struct attr_row *row = NULL;
    struct bytes v;
    const enum rc rc = visible(o, a->type, &row, &v);
    if (rc != RC_OK) {
        a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return rc;
    }
    const size_t need = value_out_size(row, v);
    if (a->pValue == NULL) {
        a->ulValueLen = need;
        return RC_OK;
    }
    if (a->ulValueLen < need || a->ulValueLen == CK_UNAVAILABLE_INFORMATION) {
        a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return RC_BUFFER_TOO_SMALL;
    }
    a->ulValueLen = need;
    return value_out(row, v, a->pValue);
}

/* Which of two errors is told: what cannot be cured by a larger buffer comes first. */
static enum rc worse(enum rc a, enum rc b)
{
    static const enum rc order[] = {RC_ATTRIBUTE_SENSITIVE, RC_ATTRIBUTE_TYPE_INVALID,
                                    RC_BUFFER_TOO_SMALL};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        if (a == order[i] || b == order[i]) {
            return order[i];
        }
    }
    return a != RC_OK ? a : b;
}

enum rc object_get(const struct object *o, CK_ATTRIBUTE *p, CK_ULONG n)
{
    REQUIRE(n == 0 || (p != NULL && n <= TEMPLATE_MAX_ATTRIBUTES), RC_ARGUMENTS_BAD);
    enum rc rc = RC_OK;
    for (CK_ULONG i = 0; i < n; i++) {
        CK_ATTRIBUTE a = value_at(p, i);
        rc = worse(rc, get_one(o, &a));
        mem_copy((uint8_t *)p + i * sizeof a, &a, sizeof a);
    }
    return rc;
}

bool object_wants_secrets(const struct object *o, const CK_ATTRIBUTE *p, CK_ULONG n)
{
    if (p == NULL || n > TEMPLATE_MAX_ATTRIBUTES || !object_has_secrets(o) || !object_reveals(o)) {
        return false;
    }
    for (CK_ULONG i = 0; i < n; i++) {
        const struct attr_row *row = attr_any(attr_number(value_at(p, i).type));
        if (row != NULL && is_secret(o, row)) {
            return true;
        }
    }
    return false;
}

bool object_matches(const struct object *o, const struct template *t)
{
    if (t->nothing) {
        return false;
    }
    for (size_t i = 0; i < t->bag.n; i++) {
        const struct attr *a = t->bag.a[i];
        struct bytes v;
        if (list_find(&o->list, a->type, &v) != RC_OK || !attr_same(a, v)) {
            return false;
        }
    }
    return true;
}

bool object_fits_template(const struct object *key, CK_ATTRIBUTE_TYPE which,
                          const struct object *target)
{
    struct bytes v;
    struct list want;
    if (object_bytes(key, which, &v) != RC_OK) {
        return true;
    }
    if (list_open(v, &want) != RC_OK) {
        return false;
    }
    for (size_t i = 0; i < want.n; i++) {
        if (list_find(&target->list, list_type(&want, i), &v) != RC_OK ||
            !bytes_equal(v, list_value(&want, i))) {
            return false;
        }
    }
    return true;
}
