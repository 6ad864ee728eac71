/* SPDX-License-Identifier: Apache-2.0
 *
 * The last step of making: what is filled in, what a finished object has. One walk along the rows of
 * its scope, beside the bag.
 */
#include "whole.h"

#include "base/mem.h"
#include "thing.h"
#include "value.h"

/* ---- defaults ----------------------------------------------------------------------------------- */

static bool is_usage(uint32_t type)
{
    switch (type) {
    case CKA_ENCRYPT:
    case CKA_DECRYPT:
    case CKA_SIGN:
    case CKA_VERIFY:
    case CKA_SIGN_RECOVER:
    case CKA_VERIFY_RECOVER:
    case CKA_WRAP:
    case CKA_UNWRAP:
    case CKA_DERIVE:
    case CKA_ENCAPSULATE:
    case CKA_DECAPSULATE:
        return true;
    default:
        return false;
    }
}

static bool grants_usage(const struct bag *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct attr *a = b->a[i];
        if (is_usage(a->type) && a->s == NULL && a->n == 1 && a->v[0] != CK_FALSE) {
            return true;
        }
    }
    return false;
}

/* Keys that come out of another key: the standard lets them be read unless somebody says no. Under
 * key separation, and for private keys, they are sensitive all the same. */
static bool default_sensitive(const struct draft *d)
{
    const bool comes_out = d->origin >= ORIGIN_UNWRAP;
    const bool private_key = (d->bag.scope.cls & C_PRIVATE) != 0;
    return !comes_out || d->rules.key_separation || private_key || d->base_sensitive;
}

static bool default_extractable(const struct draft *d)
{
    return d->origin >= ORIGIN_UNWRAP && !d->rules.key_separation && !d->base_hidden;
}

static bool always_sensitive(const struct draft *d)
{
    return bag_bool(&d->bag, CKA_SENSITIVE, default_sensitive(d)) &&
           (d->origin == ORIGIN_GENERATE ||
            (d->origin == ORIGIN_DERIVE && d->base_always_sensitive));
}

static bool never_extractable(const struct draft *d)
{
    return !bag_bool(&d->bag, CKA_EXTRACTABLE, default_extractable(d)) &&
           (d->origin == ORIGIN_GENERATE ||
            (d->origin == ORIGIN_DERIVE && d->base_never_extractable));
}

static CK_ULONG bits_of(struct bytes v)
{
    while (v.n > 0 && v.p[0] == 0) {
        v.p++;
        v.n--;
    }
    if (v.n == 0) {
        return 0;
    }
    CK_ULONG bits = (CK_ULONG)v.n * 8;
    for (uint8_t top = v.p[0]; (top & 0x80) == 0; top = (uint8_t)(top << 1)) {
        bits--;
    }
    return bits;
}

/* A number that follows from another attribute, which is there. RC_NOT_FOUND. */
static enum rc following(const struct bag *b, const struct attr_row *row, CK_ULONG *ret)
{
    const struct attr *of = NULL;
    switch ((enum attr_default)row->def) {
    case DEF_VALUE_LEN:
        of = bag_find(b, CKA_VALUE);
        break;
    case DEF_MODULUS_BITS:
        of = bag_find(b, CKA_MODULUS);
        break;
    case DEF_PRIME_BITS:
        of = bag_find(b, CKA_PRIME);
        break;
    case DEF_SUBPRIME_BITS:
        of = bag_find(b, CKA_SUBPRIME);
        break;
    default:
        return RC_NOT_FOUND;
    }
    REQUIRE(of != NULL, RC_NOT_FOUND);
    const struct bytes v = attr_value(of);
    *ret = row->def == DEF_VALUE_LEN ? (CK_ULONG)v.n : bits_of(v);
    return RC_OK;
}

static struct bytes boolean(bool v)
{
    static const uint8_t values[2] = {CK_FALSE, CK_TRUE};
    return BYTES(&values[v], 1);
}

/* What each default of the table means for D, but for the numbers that follow. p NULL: such objects
 * go without. */
static void say_defaults(const struct draft *d, struct bytes ret[DEF_COUNT])
{
    _Static_assert(DEF_COUNT == 18, "each default has its line here, or says nothing");
    static const uint8_t zero[8];
    static const uint8_t unavailable[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const bool silent = !grants_usage(&d->bag);
    for (size_t i = 0; i < DEF_COUNT; i++) {
        ret[i] = BYTES_NONE;
    }
    ret[DEF_EMPTY] = BYTES(zero, 0);
    ret[DEF_FALSE] = boolean(false);
    ret[DEF_TRUE] = boolean(true);
    ret[DEF_ZERO] = BYTES(zero, sizeof zero);
    ret[DEF_UNAVAILABLE] = BYTES(unavailable, sizeof unavailable);
    ret[DEF_USE] = boolean(silent);
    ret[DEF_USE_WRAP] = boolean(silent && !d->rules.key_separation);
    ret[DEF_SENSITIVE] = boolean(default_sensitive(d));
    ret[DEF_EXTRACTABLE] = boolean(default_extractable(d));
    ret[DEF_LOCAL] = boolean(d->origin == ORIGIN_GENERATE);
    ret[DEF_ALWAYS_SENSITIVE] = boolean(always_sensitive(d));
    ret[DEF_NEVER_EXTRACTABLE] = boolean(never_extractable(d));
}

/* ---- the last look ------------------------------------------------------------------------------ */

/* The value of one that is there. Secrets are where they belong: a value that came in secret memory
 * because nobody knew the class yet, and is public, moves out. RC_NOT_FOUND: it is secret. */
static enum rc settle(struct bag *b, const struct attr *a, const struct attr_row *row,
                      struct bytes *ret)
{
    if ((row->flags & F_SECRET) != 0) {
        REQUIRE(a->s != NULL, RC_GENERAL_ERROR);
        REQUIRE(a->s->n > 0, RC_ATTRIBUTE_VALUE_INVALID);
        return RC_NOT_FOUND;
    }
    if (a->s != NULL) {
        struct attr *open = NULL;
        TRY(value_keep(row, secret_view(a->s), a->source, b, &open));
        TRY(bag_put(b, open));
        a = open;
    }
    *ret = attr_value(a);
    return value_sound(row, *ret) ? RC_OK : RC_GENERAL_ERROR;
}

/* The same; a number that follows from another attribute is what was said. */
static enum rc present(struct bag *b, const struct draft *d, const struct attr_row *row,
                       const struct attr *a, struct bytes *ret)
{
    CK_ULONG is = 0;
    TRY(settle(b, a, row, ret));
    if (d != NULL && ret->n == 8 && following(b, row, &is) == RC_OK) {
        REQUIRE(ulong_read(ret->p) == is, RC_TEMPLATE_INCONSISTENT);
    }
    return RC_OK;
}

/* The value of one that nobody has given. RC_NOT_FOUND: there is none. */
static enum rc absent(const struct draft *d, const struct attr_row *row,
                      const struct bytes defaults[DEF_COUNT], struct whole *w, struct bytes *ret)
{
    CK_ULONG number = 0;
    REQUIRE((row->flags & F_NEED_CREATE) == 0, RC_TEMPLATE_INCOMPLETE);
    REQUIRE(row->def != DEF_MUST, RC_GENERAL_ERROR);
    *ret = d != NULL ? defaults[row->def] : BYTES_NONE;
    if (ret->p == NULL && d != NULL && following(&d->bag, row, &number) == RC_OK) {
        uint8_t *room = w->numbers[row->def];
        ulong_write(room, number);
        *ret = BYTES(room, 8);
    }
    return ret->p != NULL ? RC_OK : RC_NOT_FOUND;
}

/* D: the draft that B is in, or NULL when nothing is filled in. */
static enum rc gather(struct bag *b, const struct draft *d, struct attr_scope scope,
                      struct whole *ret)
{
    const struct scope_rows *rows = scope_rows(scope);
    struct bytes defaults[DEF_COUNT];
    size_t at = 0;
    if (d != NULL) {
        say_defaults(d, defaults);
    }
    ret->n = 0;
    ret->flags = 0;
    for (size_t i = 0; i < scope_count(rows); i++) {
        const struct attr_row *row = scope_row(rows, i);
        const struct attr *a = bag_walk(b, &at, row->type);
        struct part *p = &ret->parts[ret->n];
        const enum rc rc =
            a != NULL ? present(b, d, row, a, &p->v) : absent(d, row, defaults, ret, &p->v);
        if (rc == RC_OK) {
            const uint32_t flag = scope_flag(rows, i);
            ret->flags |= flag_is_set(flag, p->v) ? flag : 0;
            p->type = row->type;
            ret->n++;
        } else if (rc != RC_NOT_FOUND) {
            return rc;
        }
    }
    return RC_OK;
}

static bool has_value(const struct bag *b, uint32_t type)
{
    const struct attr *a = bag_find(b, type);
    return a != NULL && attr_value(a).n > 0;
}

/* A certificate is here, or somewhere else with its hashes. */
static enum rc check_certificate(const struct bag *b)
{
    if (has_value(b, CKA_VALUE)) {
        return RC_OK;
    }
    const bool elsewhere = has_value(b, CKA_URL) && has_value(b, CKA_HASH_OF_SUBJECT_PUBLIC_KEY) &&
                           has_value(b, CKA_HASH_OF_ISSUER_PUBLIC_KEY);
    return elsewhere ? RC_OK : RC_TEMPLATE_INCOMPLETE;
}

enum rc whole_of_bag(struct bag *b, struct attr_scope scope, struct whole *ret)
{
    TRY(gather(b, NULL, scope, ret));
    return scope.cls == C_CERT ? check_certificate(b) : RC_OK;
}

enum rc whole_of_draft(struct draft *d, struct whole *ret)
{
    struct bag *b = &d->bag;
    if (draft_kind_follows(d) && b->key_type == NULL) {
        TRY(bag_set_ulong(b, CKA_KEY_TYPE, SOURCE_IMPLIED, CKK_GENERIC_SECRET));
    }
    TRY(gather(b, d, b->scope, ret));
    return b->scope.cls == C_CERT ? check_certificate(b) : RC_OK;
}
