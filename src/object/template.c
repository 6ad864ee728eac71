/* SPDX-License-Identifier: Apache-2.0
 *
 * The caller's templates, read once with every check that needs no object.
 */
#include "template.h"

#include "base/mem.h"
#include "object.h"
#include "value.h"

/* All values of one template together, in bytes. */
enum { TEMPLATE_MAX_TOTAL = 8 << 20 };

static enum rc read_one(struct template *t, const CK_ATTRIBUTE *in, bool find, size_t *total)
{
    const struct attr_row *row = attr_any(attr_number(in->type));
    if (row == NULL) {
        REQUIRE(find, RC_ATTRIBUTE_TYPE_INVALID);
        t->nothing = true;
        return RC_OK;
    }
    AUTO_ATTR struct attr *a = NULL;
    TRY(value_read(row, in, find ? PLACE_FIND : PLACE_TEMPLATE, &t->bag, &a));
    *total += attr_value(a).n;
    REQUIRE(*total <= TEMPLATE_MAX_TOTAL, RC_ATTRIBUTE_VALUE_INVALID);
    const struct attr *before = bag_find(&t->bag, row->type);
    if (before != NULL) {
        REQUIRE(find, RC_TEMPLATE_INCONSISTENT);
        t->nothing = t->nothing || !attr_same(before, attr_value(a));
        return RC_OK;
    }
    return bag_put(&t->bag, TAKE(a));
}

enum rc template_read(const CK_ATTRIBUTE *p, CK_ULONG n, bool find, struct template **ret)
{
    REQUIRE(n == 0 || (p != NULL && n <= TEMPLATE_MAX_ATTRIBUTES), RC_ARGUMENTS_BAD);
    AUTO_TEMPLATE struct template *t = mem_alloc(sizeof *t);
    REQUIRE(t != NULL, RC_HOST_MEMORY);
    size_t total = 0;
    for (CK_ULONG i = 0; i < n; i++) {
        const CK_ATTRIBUTE in = value_at(p, i);
        TRY(read_one(t, &in, find, &total));
    }
    *ret = TAKE(t);
    return RC_OK;
}

void template_free(struct template *t)
{
    if (t != NULL) {
        bag_free(&t->bag);
        mem_free(t);
    }
}

void template_free_at(struct template **t)
{
    template_free(*t);
}

size_t template_count(const struct template *t)
{
    return t->bag.n;
}

bool template_has(const struct template *t, CK_ATTRIBUTE_TYPE type)
{
    return bag_find(&t->bag, attr_number(type)) != NULL;
}

enum rc template_bytes(const struct template *t, CK_ATTRIBUTE_TYPE type, struct bytes *ret)
{
    const struct attr *a = bag_find(&t->bag, attr_number(type));
    REQUIRE(a != NULL, RC_NOT_FOUND);
    *ret = attr_value(a);
    return RC_OK;
}

enum rc template_ulong(const struct template *t, CK_ATTRIBUTE_TYPE type, CK_ULONG *ret)
{
    return bag_ulong(&t->bag, attr_number(type), ret);
}

bool template_bool(const struct template *t, CK_ATTRIBUTE_TYPE type, bool otherwise)
{
    return bag_bool(&t->bag, attr_number(type), otherwise);
}
