/* SPDX-License-Identifier: Apache-2.0
 *
 * Values between the caller's memory and the form in which we keep them. The caller's memory is
 * read and written through copies only: it may have any alignment.
 */
#include "value.h"

#include "base/mem.h"
#include "object.h"
#include "scope.h"
#include "wire/der.h"

CK_ATTRIBUTE value_at(const CK_ATTRIBUTE *p, CK_ULONG i)
{
    CK_ATTRIBUTE a;
    mem_copy(&a, (const uint8_t *)p + i * sizeof a, sizeof a);
    return a;
}

/* ---- reading ------------------------------------------------------------------------------------ */

static enum rc made(struct attr *a, struct attr **ret)
{
    REQUIRE(a != NULL, RC_HOST_MEMORY);
    *ret = a;
    return RC_OK;
}

static bool date_sound(struct bytes v)
{
    if (v.n == 0) {
        return true;
    }
    if (v.n != 8) {
        return false;
    }
    for (size_t i = 0; i < 8; i++) {
        if (v.p[i] < '0' || v.p[i] > '9') {
            return false;
        }
    }
    const int month = (v.p[4] - '0') * 10 + (v.p[5] - '0');
    const int day = (v.p[6] - '0') * 10 + (v.p[7] - '0');
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* Array of mechanisms: numbers of the caller's width become 8 bytes each. */
static enum rc read_mechs(struct bag *b, uint32_t type, struct bytes v, struct attr **ret)
{
    const size_t width = sizeof(CK_MECHANISM_TYPE);
    REQUIRE(v.n % width == 0, RC_ATTRIBUTE_VALUE_INVALID);
    struct attr *a = attr_sized(b, type, SOURCE_TEMPLATE, v.n / width * 8);
    for (size_t i = 0; a != NULL && i < v.n / width; i++) {
        CK_MECHANISM_TYPE m;
        mem_copy(&m, v.p + i * width, width);
        ulong_write(a->v + i * 8, m);
    }
    return made(a, ret);
}

static enum rc nested_bag(const CK_ATTRIBUTE *p, CK_ULONG n, struct bag *ret)
{
    for (CK_ULONG i = 0; i < n; i++) {
        const CK_ATTRIBUTE inner = value_at(p, i);
        const uint32_t type = attr_number(inner.type);
        const struct attr_row *row = attr_any(type);
        REQUIRE(row != NULL && bag_find(ret, type) == NULL, RC_ATTRIBUTE_VALUE_INVALID);
        struct attr *a = NULL;
        TRY(value_read(row, &inner, PLACE_NESTED, ret, &a));
        TRY(bag_put(ret, a));
    }
    return RC_OK;
}

static enum rc read_template(struct bag *b, uint32_t type, const CK_ATTRIBUTE *a, struct attr **ret)
{
    const CK_ULONG n = a->ulValueLen / sizeof(CK_ATTRIBUTE);
    REQUIRE(a->ulValueLen % sizeof(CK_ATTRIBUTE) == 0 && n <= TEMPLATE_MAX_ATTRIBUTES,
            RC_ATTRIBUTE_VALUE_INVALID);
    AUTO_BAG struct bag nested = BAG_INIT;
    struct part parts[SCOPE_ROWS_MAX];
    TRY(nested_bag(a->pValue, n, &nested));
    for (size_t i = 0; i < nested.n; i++) {
        parts[i] = (struct part){nested.a[i]->type, attr_value(nested.a[i])};
    }
    const size_t size = list_size(parts, nested.n);
    REQUIRE(size <= TEMPLATE_MAX_VALUE, RC_ATTRIBUTE_VALUE_INVALID);
    struct attr *made_list = attr_sized(b, type, SOURCE_TEMPLATE, size);
    if (made_list != NULL) {
        (void)list_write(parts, nested.n, made_list->v);
    }
    return made(made_list, ret);
}

/* A point is kept as DER OCTET STRING, in whichever of the two forms it comes. */
static enum rc keep_point(struct bag *b, uint32_t type, struct bytes v, enum attr_source source,
                          struct attr **ret)
{
    struct bytes raw;
    TRY(ec_point_raw(v, &raw));
    AUTO_BUF struct buf der = BUF_INIT;
    if (raw.n > 0) {
        TRY(der_add(&der, DER_OCTET_STRING, raw));
    }
    return made(attr_new(b, type, source, buf_view(&der)), ret);
}

static struct bytes trimmed(struct bytes v)
{
    while (v.n > 1 && v.p[0] == 0) {
        v.p++;
        v.n--;
    }
    return v;
}

enum rc value_keep(const struct attr_row *row, struct bytes v, enum attr_source source,
                   struct bag *b, struct attr **ret)
{
    if (row->kind == KIND_POINT) {
        return keep_point(b, row->type, v, source, ret);
    }
    return made(attr_new(b, row->type, source, row->kind == KIND_BIGINT ? trimmed(v) : v), ret);
}

static enum rc read_ulong(struct bag *b, uint32_t type, struct bytes v, struct attr **ret)
{
    CK_ULONG number;
    REQUIRE(v.n == sizeof number, RC_ATTRIBUTE_VALUE_INVALID);
    mem_copy(&number, v.p, sizeof number);
    if (type == CKA_KEY_TYPE) {
        number = attr_key_type(number);
    }
    uint8_t out[8];
    ulong_write(out, number);
    return made(attr_new(b, type, SOURCE_TEMPLATE, BYTES(out, sizeof out)), ret);
}

enum rc value_read(const struct attr_row *row, const CK_ATTRIBUTE *a, enum value_place place,
                   struct bag *b, struct attr **ret)
{
    REQUIRE(a->ulValueLen <= TEMPLATE_MAX_VALUE, RC_ATTRIBUTE_VALUE_INVALID);
    REQUIRE(a->pValue != NULL || a->ulValueLen == 0, RC_ATTRIBUTE_VALUE_INVALID);
    const struct bytes v = BYTES(a->pValue, a->ulValueLen);
    const bool nested = place == PLACE_NESTED;
    switch ((enum attr_kind)row->kind) {
    case KIND_BOOL:
        REQUIRE(v.n == 1 && v.p[0] <= 1, RC_ATTRIBUTE_VALUE_INVALID);
        break;
    case KIND_ULONG:
        return read_ulong(b, row->type, v, ret);
    case KIND_DATE:
        REQUIRE(date_sound(v), RC_ATTRIBUTE_VALUE_INVALID);
        break;
    case KIND_MECHS:
        return read_mechs(b, row->type, v, ret);
    case KIND_TEMPLATE:
        REQUIRE(!nested, RC_ATTRIBUTE_VALUE_INVALID);
        return read_template(b, row->type, a, ret);
    case KIND_BIGINT:
        REQUIRE(v.n > 0 || place == PLACE_FIND, RC_ATTRIBUTE_VALUE_INVALID);
        break;
    case KIND_BYTES: /* what is secret is of this kind: a test holds the table to it */
        if (attr_can_be_secret(row->type)) {
            REQUIRE(!nested, RC_ATTRIBUTE_VALUE_INVALID);
            return made(attr_new_secret(b, row->type, SOURCE_TEMPLATE, secret_from(v.p, v.n)), ret);
        }
        break;
    case KIND_STRING:
    case KIND_POINT:
    case KIND_COUNT:
        break;
    }
    return value_keep(row, v, SOURCE_TEMPLATE, b, ret);
}

/* ---- kept values -------------------------------------------------------------------------------- */

static bool nested_sound(struct bytes v)
{
    struct list l;
    if (list_open(v, &l) != RC_OK) {
        return false;
    }
    for (size_t i = 0; i < l.n; i++) {
        const struct attr_row *row = attr_any(list_type(&l, i));
        if (row == NULL || row->kind == KIND_TEMPLATE || attr_can_be_secret(row->type) ||
            !value_sound(row, list_value(&l, i))) {
            return false;
        }
    }
    return true;
}

bool value_sound(const struct attr_row *row, struct bytes v)
{
    switch ((enum attr_kind)row->kind) {
    case KIND_BOOL:
        return v.n == 1 && v.p[0] <= 1;
    case KIND_ULONG:
        return v.n == 8;
    case KIND_DATE:
        return date_sound(v);
    case KIND_MECHS:
        return v.n % 8 == 0;
    case KIND_TEMPLATE:
        return nested_sound(v);
    case KIND_BYTES:
    case KIND_STRING:
    case KIND_BIGINT:
    case KIND_POINT:
    case KIND_COUNT:
        break;
    }
    return true;
}

/* ---- writing ------------------------------------------------------------------------------------ */

size_t value_out_size(const struct attr_row *row, struct bytes v)
{
    struct list l;
    switch ((enum attr_kind)row->kind) {
    case KIND_ULONG:
        return sizeof(CK_ULONG);
    case KIND_MECHS:
        return v.n / 8 * sizeof(CK_MECHANISM_TYPE);
    case KIND_TEMPLATE:
        return list_open(v, &l) == RC_OK ? l.n * sizeof(CK_ATTRIBUTE) : 0;
    case KIND_BOOL:
    case KIND_BYTES:
    case KIND_STRING:
    case KIND_DATE:
    case KIND_BIGINT:
    case KIND_POINT:
    case KIND_COUNT:
        break;
    }
    return v.n;
}

/* One inner attribute of the caller: its type is set, its buffer is filled when large enough. */
static enum rc out_inner(uint32_t type, struct bytes v, uint8_t *place)
{
    CK_ATTRIBUTE inner;
    mem_copy(&inner, place, sizeof inner);
    const struct attr_row *row = attr_any(type);
    REQUIRE(row != NULL && row->kind != KIND_TEMPLATE, RC_GENERAL_ERROR);
    const size_t need = value_out_size(row, v);
    enum rc rc = RC_OK;
    inner.type = type;
    if (inner.pValue == NULL) {
        inner.ulValueLen = need;
    } else if (inner.ulValueLen < need) {
        inner.ulValueLen = CK_UNAVAILABLE_INFORMATION;
        rc = RC_BUFFER_TOO_SMALL;
    } else {
        rc = value_out(row, v, inner.pValue);
        inner.ulValueLen = need;
    }
    mem_copy(place, &inner, sizeof inner);
    return rc;
}

static enum rc out_template(struct bytes v, uint8_t *out)
{
    struct list l;
    TRY(list_open(v, &l));
    enum rc rc = RC_OK;
    for (size_t i = 0; i < l.n; i++) {
        const enum rc one =
            out_inner(list_type(&l, i), list_value(&l, i), out + i * sizeof(CK_ATTRIBUTE));
        rc = one == RC_OK ? rc : one;
    }
    return rc;
}

enum rc value_out(const struct attr_row *row, struct bytes v, void *out)
{
    uint8_t *to = out;
    if (row->kind == KIND_TEMPLATE) {
        return out_template(v, to);
    }
    if (row->kind == KIND_ULONG || row->kind == KIND_MECHS) {
        for (size_t i = 0; i < v.n / 8; i++) {
            const CK_ULONG number = ulong_read(v.p + i * 8);
            mem_copy(to + i * sizeof number, &number, sizeof number);
        }
        return RC_OK;
    }
    mem_copy(to, v.p, v.n);
    return RC_OK;
}
