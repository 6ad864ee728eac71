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

/* ---- memory ------------------------------------------------------------------------------------- */

/* Blocks are of this size, which the C library has at hand, or as large as a value needs. */
enum { BLOCK = 1024 };

struct bag_block {
    struct bag_block *before;
    size_t used;
    size_t size;
    _Alignas(8) uint8_t at[];
};

static struct bag_block *block_add(struct bag *b, size_t least)
{
    const size_t usual = BLOCK - sizeof(struct bag_block);
    const size_t size = least > usual ? least : usual;
    struct bag_block *k = size > PTRDIFF_MAX ? NULL : mem_alloc(sizeof *k + size);
    if (k != NULL) {
        k->size = size;
        k->before = b->blocks;
        b->blocks = k;
    }
    return k;
}

/* N bytes of zero, aligned for pointers and sizes. */
static inline void *take(struct bag *b, size_t n)
{
    const size_t want = (n + 7) & ~(size_t)7;
    struct bag_block *k = b->blocks;
    if (k == NULL || k->size - k->used < want) {
        k = want < n ? NULL : block_add(b, want);
        if (k == NULL) {
            return NULL;
        }
    }
    void *p = k->at + k->used;
    k->used += want;
    return p;
}

/* ---- one attribute ------------------------------------------------------------------------------ */

static inline struct attr *make(struct bag *b, uint32_t type, enum attr_source source, size_t n)
{
    struct attr *a = n > SIZE_MAX - sizeof *a ? NULL : take(b, sizeof *a + n);
    if (a != NULL) {
        a->type = type;
        a->source = (uint8_t)source;
        a->n = n;
    }
    return a;
}

struct attr *attr_sized(struct bag *b, uint32_t type, enum attr_source source, size_t n)
{
    return make(b, type, source, n);
}

struct attr *attr_new(struct bag *b, uint32_t type, enum attr_source source, struct bytes v)
{
    struct attr *a = make(b, type, source, v.n);
    if (a != NULL) {
        mem_copy(a->v, v.p, v.n);
    }
    return a;
}

struct attr *attr_new_secret(struct bag *b, uint32_t type, enum attr_source source,
                             struct secret *s)
{
    struct attr *a = s == NULL ? NULL : make(b, type, source, 0);
    if (a == NULL) {
        secret_free(s);
        return NULL;
    }
    a->s = s;
    return a;
}

void attr_free(struct attr *a)
{
    if (a != NULL) {
        secret_free(TAKE(a->s));
    }
}

void attr_free_at(struct attr **a)
{
    attr_free(*a);
}

bool attr_same(const struct attr *a, struct bytes v)
{
    if (a->s != NULL) {
        return a->s->n == v.n && mem_equal_ct(a->s->p, v.p, v.n);
    }
    return bytes_equal(BYTES(a->v, a->n), v);
}

/* ---- bags --------------------------------------------------------------------------------------- */

static inline uint64_t seen_bit(uint32_t type)
{
    return UINT64_C(1) << ((type ^ type >> 5) % 64);
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
    while (b->blocks != NULL) {
        struct bag_block *k = b->blocks;
        b->blocks = k->before;
        mem_free(k);
    }
    *b = BAG_INIT;
}

void bag_free_at(struct bag *b)
{
    bag_free(b);
}

struct attr *bag_find(const struct bag *b, uint32_t type)
{
    if ((b->seen & seen_bit(type)) == 0) {
        return NULL;
    }
    const size_t i = place(b, type);
    return i < b->n && b->a[i]->type == type ? b->a[i] : NULL;
}

/* Room for MORE attributes. An array that was outgrown stays behind until the bag is freed. */
static enum rc make_room(struct bag *b, size_t more)
{
    if (more <= b->cap - b->n) {
        return RC_OK;
    }
    const size_t twice = b->cap == 0 ? 16 : b->cap * 2;
    const size_t cap = b->n + more > twice ? b->n + more : twice;
    struct attr **a = take(b, cap * sizeof(struct attr *));
    REQUIRE(a != NULL, RC_HOST_MEMORY);
    mem_copy(a, b->a, b->n * sizeof(struct attr *));
    b->a = a;
    b->cap = cap;
    return RC_OK;
}

static bool is_ulong(const struct attr *a)
{
    return a != NULL && a->s == NULL && a->n == 8;
}

/* What the bag is of, after its class or key type A has come. */
static void look_at_kind(struct bag *b, const struct attr *a)
{
    if (a->type == CKA_CLASS) {
        b->cls = a;
    } else {
        b->key_type = a;
    }
    b->scope = (struct attr_scope){0, 0};
    if (!is_ulong(b->cls)) {
        return;
    }
    b->scope.cls = attr_class_bit(ulong_read(b->cls->v));
    if (!attr_class_has_key_type(b->scope.cls)) {
        b->scope.keys = b->scope.cls == 0 ? 0 : K_NONE;
    } else if (is_ulong(b->key_type)) {
        b->scope.keys = attr_key_bit(ulong_read(b->key_type->v), b->scope.cls);
    }
}

static void insert(struct bag *b, size_t i, struct attr *a)
{
    for (size_t k = b->n; k > i; k--) {
        b->a[k] = b->a[k - 1];
    }
    b->a[i] = a;
    b->n++;
    b->seen |= seen_bit(a->type);
}

enum rc bag_put(struct bag *b, struct attr *a)
{
    REQUIRE(a != NULL, RC_HOST_MEMORY);
    const size_t i = place(b, a->type);
    if (i < b->n && b->a[i]->type == a->type) {
        attr_free(b->a[i]);
        b->a[i] = a;
    } else if (make_room(b, 1) == RC_OK) {
        insert(b, i, a);
    } else {
        attr_free(a);
        return RC_HOST_MEMORY;
    }
    if (a->type == CKA_CLASS || a->type == CKA_KEY_TYPE) {
        look_at_kind(b, a);
    }
    return RC_OK;
}

enum rc bag_set(struct bag *b, uint32_t type, enum attr_source source, struct bytes v)
{
    return bag_put(b, attr_new(b, type, source, v));
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
    const struct attr *a = type == CKA_CLASS      ? b->cls
                           : type == CKA_KEY_TYPE ? b->key_type
                                                  : bag_find(b, type);
    REQUIRE(is_ulong(a), RC_NOT_FOUND);
    *ret = ulong_read(a->v);
    return RC_OK;
}

bool bag_bool(const struct bag *b, uint32_t type, bool otherwise)
{
    const struct attr *a = bag_find(b, type);
    return a != NULL && a->s == NULL && a->n == 1 ? a->v[0] != CK_FALSE : otherwise;
}
