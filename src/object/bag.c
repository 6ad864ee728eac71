/* SPDX-License-Identifier: Apache-2.0
 *
 * Attributes in the making.
 */
#include "bag.h"

#include "base/mem.h"

void ulong_write(uint8_t out[8], CK_ULONG v)
{
    put_u64_le(out, v == CK_UNAVAILABLE_INFORMATION ? UINT64_MAX : (uint64_t)v);
}

CK_ULONG ulong_read(const uint8_t in[8])
{
    const uint64_t v = get_u64_le(in);
    return v > (uint64_t)CK_UNAVAILABLE_INFORMATION ? CK_UNAVAILABLE_INFORMATION : (CK_ULONG)v;
}

struct attr *attr_sized(uint32_t type, enum attr_source source, size_t n)
{
    struct attr *a = n > SIZE_MAX - sizeof *a ? NULL : mem_alloc(sizeof *a + n);
    if (a != NULL) {
        a->type = type;
        a->source = (uint8_t)source;
        a->n = n;
    }
    return a;
}

struct attr *attr_new(uint32_t type, enum attr_source source, struct bytes v)
{
    struct attr *a = attr_sized(type, source, v.n);
    if (a != NULL) {
        mem_copy(a->v, v.p, v.n);
    }
    return a;
}

struct attr *attr_new_secret(uint32_t type, enum attr_source source, struct secret *s)
{
    struct attr *a = s == NULL ? NULL : attr_sized(type, source, 0);
    if (a == NULL) {
        secret_free(s);
        return NULL;
    }
    a->s = s;
    return a;
}

struct attr *attr_copy(const struct attr *a)
{
    if (a->s != NULL) {
        return attr_new_secret(a->type, a->source, secret_copy(a->s));
    }
    return attr_new(a->type, a->source, BYTES(a->v, a->n));
}

void attr_free(struct attr *a)
{
    if (a != NULL) {
        secret_free(a->s);
        mem_free(a);
    }
}

void attr_free_at(struct attr **a)
{
    attr_free(*a);
}

struct bytes attr_value(const struct attr *a)
{
    return a->s != NULL ? secret_view(a->s) : BYTES(a->v, a->n);
}

bool attr_same(const struct attr *a, struct bytes v)
{
    if (a->s != NULL) {
        return a->s->n == v.n && mem_equal_ct(a->s->p, v.p, v.n);
    }
    return bytes_equal(BYTES(a->v, a->n), v);
}

/* The place of TYPE, or where it would be. */
static size_t place(const struct bag *b, uint32_t type)
{
    size_t low = 0;
    size_t high = b->n;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (b->a[mid]->type < type) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

void bag_free(struct bag *b)
{
    for (size_t i = 0; i < b->n; i++) {
        attr_free(b->a[i]);
    }
    mem_free(b->a);
    *b = BAG_INIT;
}

struct attr *bag_find(const struct bag *b, uint32_t type)
{
    const size_t i = place(b, type);
    return i < b->n && b->a[i]->type == type ? b->a[i] : NULL;
}

static enum rc grow(struct bag *b)
{
    if (b->n < b->cap) {
        return RC_OK;
    }
    const size_t cap = b->cap == 0 ? 16 : b->cap * 2;
    struct attr **a = mem_resize(b->a, b->cap * sizeof(struct attr *), cap * sizeof(struct attr *));
    REQUIRE(a != NULL, RC_HOST_MEMORY);
    b->a = a;
    b->cap = cap;
    return RC_OK;
}

enum rc bag_put(struct bag *b, struct attr *a)
{
    REQUIRE(a != NULL, RC_HOST_MEMORY);
    const size_t i = place(b, a->type);
    if (i < b->n && b->a[i]->type == a->type) {
        attr_free(b->a[i]);
        b->a[i] = a;
        return RC_OK;
    }
    const enum rc rc = grow(b);
    if (rc != RC_OK) {
        attr_free(a);
        return rc;
    }
    for (size_t k = b->n; k > i; k--) {
        b->a[k] = b->a[k - 1];
    }
    b->a[i] = a;
    b->n++;
    return RC_OK;
}

enum rc bag_copy(struct bag *b, const struct bag *from)
{
    for (size_t i = 0; i < from->n; i++) {
        TRY(bag_put(b, attr_copy(from->a[i])));
    }
    return RC_OK;
}

enum rc bag_set(struct bag *b, uint32_t type, enum attr_source source, struct bytes v)
{
    return bag_put(b, attr_new(type, source, v));
}

enum rc bag_set_ulong(struct bag *b, uint32_t type, enum attr_source source, CK_ULONG v)
{
    uint8_t out[8];
    ulong_write(out, v);
    return bag_set(b, type, source, BYTES(out, sizeof out));
}

enum rc bag_set_bool(struct bag *b, uint32_t type, enum attr_source source, bool v)
{
    const uint8_t out = v ? CK_TRUE : CK_FALSE;
    return bag_set(b, type, source, BYTES(&out, 1));
}

enum rc bag_ulong(const struct bag *b, uint32_t type, CK_ULONG *ret)
{
    const struct attr *a = bag_find(b, type);
    REQUIRE(a != NULL && a->s == NULL && a->n == 8, RC_NOT_FOUND);
    *ret = ulong_read(a->v);
    return RC_OK;
}

bool bag_bool(const struct bag *b, uint32_t type, bool otherwise)
{
    const struct attr *a = bag_find(b, type);
    return a != NULL && a->s == NULL && a->n == 1 ? a->v[0] != CK_FALSE : otherwise;
}
