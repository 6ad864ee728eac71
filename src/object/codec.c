/* SPDX-License-Identifier: Apache-2.0
 *
 * The stored form (docs/object-format.md). Public part: u8 'O', u8 format, u16 0, u32 size of the
 * secret part, list. Secret part: u8 'S', u8 format, u16 0, list.
 */
#include "thing.h"

#include "base/mem.h"
#include "scope.h"
#include "value.h"

enum { FORMAT = 1, PUBLIC_HEAD = 8, SECRET_HEAD = 4 };

static enum rc read_head(struct rd *r, uint8_t letter)
{
    uint8_t first;
    uint8_t format;
    uint16_t zero;
    if (rd_u8(r, &first) != RC_OK || rd_u8(r, &format) != RC_OK || rd_u16(r, &zero) != RC_OK) {
        return RC_STORE_CORRUPT;
    }
    REQUIRE(first == letter, RC_STORE_CORRUPT);
    REQUIRE(format == FORMAT && zero == 0, RC_STORE_FORMAT);
    return RC_OK;
}

static uint32_t secret_form(const struct object *o)
{
    return o->secret_size == 0 ? 0 : o->secret_size + SECRET_HEAD;
}

size_t object_size(const struct object *o)
{
    return PUBLIC_HEAD + o->list_n + secret_form(o);
}

enum rc object_write(const struct object *o, struct buf *ret)
{
    TRY(buf_reserve(ret, PUBLIC_HEAD + o->list_n));
    TRY(buf_add_u8(ret, 'O'));
    TRY(buf_add_u8(ret, FORMAT));
    TRY(buf_add_u16(ret, 0));
    TRY(buf_add_u32(ret, secret_form(o)));
    return buf_add(ret, o->bytes, o->list_n);
}

/* Every attribute is known, belongs to such objects, is public, and has a sound value. */
static enum rc check_public(const struct object *o)
{
    for (size_t i = 0; i < o->list.n; i++) {
        const uint32_t type = list_type(&o->list, i);
        REQUIRE(attr_any(type) != NULL, RC_STORE_FORMAT);
        const struct attr_row *row = attr_row(type, o->scope);
        REQUIRE(row != NULL && (row->flags & F_SECRET) == 0, RC_STORE_CORRUPT);
        REQUIRE(value_sound(row, list_value(&o->list, i)), RC_STORE_CORRUPT);
    }
    return RC_OK;
}

enum rc object_read(uint64_t id, uint64_t version, struct bytes v, struct object **ret)
{
    struct rd r = RD(v);
    TRY(read_head(&r, 'O'));
    uint32_t secret_size;
    REQUIRE(rd_u32(&r, &secret_size) == RC_OK, RC_STORE_CORRUPT);
    REQUIRE(secret_size == 0 || secret_size > SECRET_HEAD, RC_STORE_CORRUPT);
    AUTO_OBJECT struct object *o = NULL;
    TRY(object_make(id, version, BYTES(r.p, r.n), secret_size == 0 ? 0 : secret_size - SECRET_HEAD,
                    &o));
    TRY(check_public(o));
    *ret = TAKE(o);
    return RC_OK;
}

enum rc object_write_secrets(const struct object *o, struct secret **ret)
{
    REQUIRE(object_secrets_ready(o), RC_GENERAL_ERROR);
    if (o->secret_size == 0) {
        *ret = NULL;
        return RC_OK;
    }
    struct part parts[SCOPE_ROWS_MAX];
    const struct secrets *s = atomic_load_explicit(&o->secrets, memory_order_acquire);
    for (size_t i = 0; i < s->n; i++) {
        parts[i] = (struct part){s->e[i].type, secret_view(s->e[i].s)};
    }
    AUTO_SECRET struct secret *out = secret_new(secret_form(o));
    REQUIRE(out != NULL, RC_HOST_MEMORY);
    const uint8_t head[SECRET_HEAD] = {'S', FORMAT, 0, 0};
    mem_copy(out->p, head, sizeof head);
    (void)list_write(parts, s->n, out->p + SECRET_HEAD);
    *ret = TAKE(out);
    return RC_OK;
}

static void secrets_free_at(struct secrets **s)
{
    secrets_free(*s);
}

enum rc object_read_secrets(const struct object *o, struct bytes v)
{
    if (object_secrets_ready(o)) {
        return RC_OK;
    }
    struct rd r = RD(v);
    TRY(read_head(&r, 'S'));
    REQUIRE(r.n == o->secret_size, RC_STORE_CORRUPT);
    struct list l;
    TRY(list_open(BYTES(r.p, r.n), &l));
    REQUIRE(l.n > 0, RC_STORE_CORRUPT);
    __attribute__((cleanup(secrets_free_at))) struct secrets *s =
        mem_alloc(sizeof *s + l.n * sizeof s->e[0]);
    REQUIRE(s != NULL, RC_HOST_MEMORY);
    for (; s->n < l.n; s->n++) {
        const uint32_t type = list_type(&l, s->n);
        const struct attr_row *row = attr_row(type, o->scope);
        REQUIRE(row != NULL && (row->flags & F_SECRET) != 0, RC_STORE_CORRUPT);
        const struct bytes value = list_value(&l, s->n);
        s->e[s->n].type = type;
        s->e[s->n].s = secret_from(value.p, value.n);
        REQUIRE(s->e[s->n].s != NULL, RC_HOST_MEMORY);
    }
    object_give_secrets(o, TAKE(s));
    return RC_OK;
}
