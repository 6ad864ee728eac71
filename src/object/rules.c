/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of making: what a template may and must say, what is filled in, what a finished object
 * has. All of them read the attribute table.
 */
#include "draft.h"

#include "base/mem.h"
#include "scope.h"
#include "value.h"

/* ---- the check before work ---------------------------------------------------------------------- */

/* A derived key whose template names no key type is a generic secret, or what the mechanism makes. */
static bool kind_follows(const struct draft *d)
{
    return d->origin == ORIGIN_DERIVE || d->origin == ORIGIN_KEM;
}

/* Class and key type are there, are offered, and fit the origin. */
static enum rc check_kind(const struct draft *d, struct attr_scope *ret)
{
    REQUIRE(bag_find(&d->bag, CKA_CLASS) != NULL, RC_TEMPLATE_INCOMPLETE);
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
    const bool silent = bag_find(&d->bag, CKA_KEY_TYPE) == NULL;
    if (attr_class_has_key_type(scope.cls) && !kind_follows(d)) {
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

enum rc rules_separate(const struct bag *b)
{
    const bool leaks = bag_bool(b, CKA_WRAP, false) && bag_bool(b, CKA_DECRYPT, false);
    const bool plants = bag_bool(b, CKA_UNWRAP, false) && bag_bool(b, CKA_ENCRYPT, false);
    return leaks || plants ? RC_TEMPLATE_INCONSISTENT : RC_OK;
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
    const struct scope_rows *rows = scope_rows(scope);
    size_t at = 0;
    for (size_t i = 0; i < d->bag.n; i++) {
        const struct attr *a = d->bag.a[i];
        TRY(check_given(d, scope_walk(rows, &at, a->type), a));
    }
    TRY(check_needed(d, rows));
    if (bag_bool(&d->bag, CKA_ALWAYS_AUTHENTICATE, false)) {
        REQUIRE(bag_bool(&d->bag, CKA_PRIVATE, true), RC_TEMPLATE_INCONSISTENT);
    }
    if (d->rules.key_separation) {
        TRY(rules_separate(&d->bag));
        TRY(check_loose(d));
    }
    return RC_OK;
}

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
    return bag_bool(&d->bag, CKA_SENSITIVE, false) &&
           (d->origin == ORIGIN_GENERATE ||
            (d->origin == ORIGIN_DERIVE && d->base_always_sensitive));
}

static bool never_extractable(const struct draft *d)
{
    return !bag_bool(&d->bag, CKA_EXTRACTABLE, true) &&
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

/* A number that follows from OF; what is there already must agree. */
static enum rc fill_number(struct bag *b, uint32_t type, uint32_t of, bool bits)
{
    const struct attr *a = bag_find(b, of);
    if (a == NULL) {
        return RC_OK;
    }
    const struct bytes v = attr_value(a);
    const CK_ULONG is = bits ? bits_of(v) : (CK_ULONG)v.n;
    CK_ULONG said;
    if (bag_ulong(b, type, &said) == RC_OK) {
        REQUIRE(said == is, RC_TEMPLATE_INCONSISTENT);
        return RC_OK;
    }
    return bag_set_ulong(b, type, SOURCE_MODULE, is);
}

/* What the table's default means for an attribute that nobody has set, and its size; false: there is
 * none. NEVER_EXTRACTABLE and ALWAYS_SENSITIVE are the token's word alone. */
static bool default_value(const struct draft *d, const struct attr_row *row, bool silent,
                          uint8_t ret[8], size_t *ret_n)
{
    bool yes = false;
    *ret_n = 1;
    switch ((enum attr_default)row->def) {
    case DEF_EMPTY:
        *ret_n = 0;
        return true;
    case DEF_ZERO:
    case DEF_UNAVAILABLE:
        *ret_n = 8;
        ulong_write(ret, row->def == DEF_ZERO ? 0 : CK_UNAVAILABLE_INFORMATION);
        return true;
    case DEF_FALSE:
        break;
    case DEF_TRUE:
        yes = true;
        break;
    case DEF_USE:
        yes = silent;
        break;
    case DEF_USE_WRAP:
        yes = silent && !d->rules.key_separation;
        break;
    case DEF_SENSITIVE:
        yes = default_sensitive(d);
        break;
    case DEF_EXTRACTABLE:
        yes = default_extractable(d);
        break;
    case DEF_LOCAL:
        yes = d->origin == ORIGIN_GENERATE;
        break;
    case DEF_NONE:
    case DEF_MUST:
    case DEF_ALWAYS_SENSITIVE:
    case DEF_NEVER_EXTRACTABLE:
    case DEF_VALUE_LEN:
    case DEF_MODULUS_BITS:
    case DEF_PRIME_BITS:
    case DEF_SUBPRIME_BITS:
    case DEF_COUNT:
        return false;
    }
    ret[0] = yes ? CK_TRUE : CK_FALSE;
    return true;
}

static enum rc fill_defaults(struct draft *d, const struct scope_rows *rows)
{
    struct attr *fresh[SCOPE_ROWS_MAX];
    const bool silent = !grants_usage(&d->bag);
    size_t n = 0;
    size_t at = 0;
    for (size_t i = 0; i < scope_count(rows); i++) {
        const struct attr_row *row = scope_row(rows, i);
        uint8_t v[8];
        size_t v_n = 0;
        if (bag_walk(&d->bag, &at, row->type) == NULL && default_value(d, row, silent, v, &v_n)) {
            fresh[n] = attr_new(&d->bag, row->type, SOURCE_MODULE, BYTES(v, v_n));
            REQUIRE(fresh[n] != NULL, RC_HOST_MEMORY);
            n++;
        }
    }
    return bag_merge(&d->bag, fresh, n);
}

/* What follows from the values that are there now. */
static enum rc fill_computed(struct draft *d, const struct attr_row *row)
{
    struct bag *b = &d->bag;
    switch ((enum attr_default)row->def) {
    case DEF_ALWAYS_SENSITIVE:
        return bag_set_bool(b, row->type, SOURCE_MODULE, always_sensitive(d));
    case DEF_NEVER_EXTRACTABLE:
        return bag_set_bool(b, row->type, SOURCE_MODULE, never_extractable(d));
    case DEF_VALUE_LEN:
        return fill_number(b, row->type, CKA_VALUE, false);
    case DEF_MODULUS_BITS:
        return fill_number(b, row->type, CKA_MODULUS, true);
    case DEF_PRIME_BITS:
        return fill_number(b, row->type, CKA_PRIME, true);
    case DEF_SUBPRIME_BITS:
        return fill_number(b, row->type, CKA_SUBPRIME, true);
    default:
        return RC_OK;
    }
}

enum rc rules_fill(struct draft *d)
{
    if (kind_follows(d) && bag_find(&d->bag, CKA_KEY_TYPE) == NULL) {
        TRY(bag_set_ulong(&d->bag, CKA_KEY_TYPE, SOURCE_IMPLIED, CKK_GENERIC_SECRET));
    }
    const struct scope_rows *rows = scope_rows(d->bag.scope);
    TRY(fill_defaults(d, rows));
    for (size_t i = 0; i < scope_count(rows); i++) {
        TRY(fill_computed(d, scope_row(rows, i)));
    }
    return RC_OK;
}

/* ---- the last look ------------------------------------------------------------------------------ */

/* Secrets are where they belong: a value that came in secret memory because nobody knew the class
 * yet, and is public, moves out. */
static enum rc settle(struct bag *b, const struct attr *a, const struct attr_row *row)
{
    if ((row->flags & F_SECRET) != 0) {
        REQUIRE(a->s != NULL, RC_GENERAL_ERROR);
        REQUIRE(a->s->n > 0, RC_ATTRIBUTE_VALUE_INVALID);
        return RC_OK;
    }
    if (a->s != NULL) {
        struct attr *open = NULL;
        TRY(value_keep(row, secret_view(a->s), a->source, b, &open));
        return bag_put(b, open);
    }
    return value_sound(row, attr_value(a)) ? RC_OK : RC_GENERAL_ERROR;
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

enum rc rules_whole(struct bag *b, struct attr_scope scope)
{
    const struct scope_rows *rows = scope_rows(scope);
    size_t at = 0;
    for (size_t i = 0; i < scope_count(rows); i++) {
        const struct attr_row *row = scope_row(rows, i);
        const struct attr *a = bag_walk(b, &at, row->type);
        REQUIRE(a != NULL || (row->flags & F_NEED_CREATE) == 0, RC_TEMPLATE_INCOMPLETE);
        REQUIRE(a != NULL || row->def != DEF_MUST, RC_GENERAL_ERROR);
        if (a != NULL) {
            TRY(settle(b, a, row));
        }
    }
    return scope.cls == C_CERT ? check_certificate(b) : RC_OK;
}
