/* SPDX-License-Identifier: Apache-2.0
 *
 * Key material between attributes (of an object or a draft) and the parts that crypto takes.
 */
#include "family.h"

#include "wire/der.h"

enum rc source_bytes(const struct source *s, CK_ATTRIBUTE_TYPE type, struct bytes *ret)
{
    return s->o != NULL ? object_bytes(s->o, type, ret) : draft_bytes(s->d, type, ret);
}

static enum rc source_ulong(const struct source *s, CK_ATTRIBUTE_TYPE type, CK_ULONG *ret)
{
    return s->o != NULL ? object_ulong(s->o, type, ret) : draft_ulong(s->d, type, ret);
}

const struct secret *source_secret(const struct source *s, CK_ATTRIBUTE_TYPE type)
{
    return s->o != NULL ? object_secret(s->o, type) : draft_secret(s->d, type);
}

struct bytes magnitude(struct bytes v)
{
    while (v.n > 0 && v.p[0] == 0) {
        v.p++;
        v.n--;
    }
    return v;
}

size_t magnitude_bits(struct bytes v)
{
    const struct bytes m = magnitude(v);
    if (m.n == 0) {
        return 0;
    }
    size_t bits = m.n * 8;
    for (unsigned mask = 0x80; (m.p[0] & mask) == 0; mask >>= 1) {
        bits--;
    }
    return bits;
}

enum rc source_spec(const struct source *s, CK_KEY_TYPE type, struct pkey_spec *ret)
{
    struct bytes params = BYTES_NONE;
    *ret = (struct pkey_spec){.kind = PKEY_RSA};
    if (type == CKK_RSA) {
        return RC_OK;
    }
    if (mech_is_post_quantum(type)) {
        CK_ULONG number = 0;
        REQUIRE(source_ulong(s, CKA_PARAMETER_SET, &number) == RC_OK, RC_TEMPLATE_INCOMPLETE);
        return set_read(type, number, ret);
    }
    REQUIRE(type == CKK_EC || type == CKK_EC_EDWARDS || type == CKK_EC_MONTGOMERY,
            RC_KEY_TYPE_INCONSISTENT);
    REQUIRE(source_bytes(s, CKA_EC_PARAMS, &params) == RC_OK, RC_TEMPLATE_INCOMPLETE);
    return curve_read(type, params, ret);
}

const struct pkey_ops *spec_ops(const struct mech_env *env, const struct pkey_spec *spec)
{
    const struct pkey_ops *ops = env->crypto->pkey[spec->kind][spec->curve];
    if (pkey_is_pq(spec->kind) && !env->policy.enable_pqc) {
        return NULL;
    }
    /* a composite has what its halves have */
    return ops != NULL && (spec->set == 0 || ops->supports(spec)) ? ops : NULL;
}

enum rc spec_missing(const struct pkey_spec *spec)
{
    return pkey_is_pq(spec->kind) ? RC_PARAMETER_SET_NOT_SUPPORTED : RC_CURVE_NOT_SUPPORTED;
}

/* ---- attributes to parts ---------------------------------------------------------------------------- */

struct secret_part {
    CK_ATTRIBUTE_TYPE type;
    struct secret **part;
};

static enum rc take_secret(const struct source *s, const struct secret_part *m)
{
    const struct secret *v = source_secret(s, m->type);
    if (v == NULL || v->n == 0) {
        return RC_OK; /* absent parts are allowed: crypto says which it needs */
    }
    *m->part = secret_copy(v);
    return *m->part != NULL ? RC_OK : RC_HOST_MEMORY;
}

static enum rc rsa_parts(const struct source *s, bool priv, struct key_parts *ret)
{
    struct bytes n = BYTES_NONE;
    struct bytes e = BYTES_NONE;
    REQUIRE(source_bytes(s, CKA_MODULUS, &n) == RC_OK, RC_TEMPLATE_INCOMPLETE);
    TRY(buf_set(&ret->n, magnitude(n)));
    if (source_bytes(s, CKA_PUBLIC_EXPONENT, &e) == RC_OK && e.n > 0) {
        TRY(buf_set(&ret->e, magnitude(e)));
    }
    if (!priv) { /* there, and zero, is wrong; not there is incomplete */
        const bool there = source_bytes(s, CKA_PUBLIC_EXPONENT, &e) == RC_OK;
        REQUIRE(ret->e.n > 0, there ? RC_ATTRIBUTE_VALUE_INVALID : RC_TEMPLATE_INCOMPLETE);
        return RC_OK;
    }
    const struct secret_part parts[] = {
        {CKA_PRIVATE_EXPONENT, &ret->d}, {CKA_PRIME_1, &ret->p},     {CKA_PRIME_2, &ret->q},
        {CKA_EXPONENT_1, &ret->dp},      {CKA_EXPONENT_2, &ret->dq}, {CKA_COEFFICIENT, &ret->qi},
    };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        TRY(take_secret(s, &parts[i]));
    }
    REQUIRE(ret->d != NULL, RC_TEMPLATE_INCOMPLETE);
    return RC_OK;
}

/* The scalar of an EC key as curve_bytes: callers strip or add leading zeros. */
static enum rc scalar(const struct secret *v, size_t n, struct secret **ret)
{
    size_t skip = 0;
    uint8_t high = 0;
    if (v->n > n) {
        skip = v->n - n;
        for (size_t i = 0; i < skip; i++) {
            high |= v->p[i];
        }
    }
    REQUIRE(high == 0 && v->n > 0, RC_ATTRIBUTE_VALUE_INVALID);
    struct secret *out = secret_new(n);
    REQUIRE(out != NULL, RC_HOST_MEMORY);
    const size_t have = v->n - skip;
    mem_copy(out->p + n - have, v->p + skip, have);
    *ret = out;
    return RC_OK;
}

static enum rc pq_parts(const struct source *s, bool priv, struct key_parts *ret)
{
    struct bytes value = BYTES_NONE;
    if (!priv) {
        REQUIRE(source_bytes(s, CKA_VALUE, &value) == RC_OK, RC_TEMPLATE_INCOMPLETE);
        REQUIRE(value.n > 0, RC_ATTRIBUTE_VALUE_INVALID);
        return buf_set(&ret->pub, value);
    }
    const struct secret_part parts[] = {{CKA_VALUE, &ret->priv}, {CKA_SEED, &ret->seed}};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        const struct secret *v = source_secret(s, parts[i].type);
        REQUIRE(v == NULL || v->n > 0, RC_ATTRIBUTE_VALUE_INVALID); /* there, and empty */
        TRY(take_secret(s, &parts[i]));
    }
    REQUIRE(ret->priv != NULL || ret->seed != NULL, RC_TEMPLATE_INCOMPLETE);
    return RC_OK;
}

enum rc source_parts(const struct source *s, const struct pkey_spec *spec, bool priv,
                     struct key_parts *ret)
{
    if (spec->kind == PKEY_RSA) {
        return rsa_parts(s, priv, ret);
    }
    if (pkey_is_pq(spec->kind)) {
        return pq_parts(s, priv, ret);
    }
    if (!priv) {
        struct bytes point = BYTES_NONE;
        REQUIRE(source_bytes(s, CKA_EC_POINT, &point) == RC_OK, RC_TEMPLATE_INCOMPLETE);
        TRY(point_read(spec, point, &point));
        return buf_set(&ret->pub, point);
    }
    const struct secret *v = source_secret(s, CKA_VALUE);
    REQUIRE(v != NULL, RC_TEMPLATE_INCOMPLETE);
    const size_t n = spec_private_size(spec);
    if (spec->kind == PKEY_EC) {
        return scalar(v, n, &ret->priv);
    }
    REQUIRE(v->n == n, RC_ATTRIBUTE_VALUE_INVALID);
    ret->priv = secret_copy(v);
    return ret->priv != NULL ? RC_OK : RC_HOST_MEMORY;
}

/* ---- parts to attributes ---------------------------------------------------------------------------- */

static enum rc put_secret(struct draft *d, CK_ATTRIBUTE_TYPE type, const struct secret *v)
{
    if (v == NULL) {
        return RC_OK;
    }
    struct secret *copy = secret_copy(v);
    REQUIRE(copy != NULL, RC_HOST_MEMORY);
    return draft_set_secret(d, type, copy);
}

static enum rc put_rsa(struct draft *d, const struct key_parts *parts, bool priv)
{
    TRY(draft_set(d, CKA_MODULUS, magnitude(buf_view(&parts->n))));
    if (parts->e.n > 0) {
        TRY(draft_set(d, CKA_PUBLIC_EXPONENT, magnitude(buf_view(&parts->e))));
    }
    if (!priv) {
        return draft_set_ulong(d, CKA_MODULUS_BITS, magnitude_bits(buf_view(&parts->n)));
    }
    TRY(put_secret(d, CKA_PRIVATE_EXPONENT, parts->d));
    TRY(put_secret(d, CKA_PRIME_1, parts->p));
    TRY(put_secret(d, CKA_PRIME_2, parts->q));
    TRY(put_secret(d, CKA_EXPONENT_1, parts->dp));
    TRY(put_secret(d, CKA_EXPONENT_2, parts->dq));
    return put_secret(d, CKA_COEFFICIENT, parts->qi);
}

static enum rc put_pq(struct draft *d, const struct pkey_spec *spec, const struct key_parts *parts,
                      bool priv)
{
    TRY(draft_set_ulong(d, CKA_PARAMETER_SET, set_number(spec)));
    if (!priv) {
        return draft_set(d, CKA_VALUE, buf_view(&parts->pub));
    }
    TRY(put_secret(d, CKA_VALUE, parts->priv));
    return put_secret(d, CKA_SEED, parts->seed);
}

enum rc draft_set_parts(struct draft *d, const struct pkey_spec *spec,
                        const struct key_parts *parts, bool priv)
{
    if (spec->kind == PKEY_RSA) {
        return put_rsa(d, parts, priv);
    }
    if (pkey_is_pq(spec->kind)) {
        return put_pq(d, spec, parts, priv);
    }
    if (priv) {
        return put_secret(d, CKA_VALUE, parts->priv);
    }
    AUTO_BUF struct buf point = BUF_INIT;
    TRY(der_add(&point, DER_OCTET_STRING, buf_view(&parts->pub)));
    return draft_set(d, CKA_EC_POINT, buf_view(&point));
}

enum rc draft_set_public_info(struct draft *d, const struct pkey_spec *spec,
                              const struct key_parts *parts)
{
    AUTO_BUF struct buf info = BUF_INIT;
    AUTO_BUF struct buf point = BUF_INIT;
    const bool rsa = spec->kind == PKEY_RSA;
    if (rsa ? parts->e.n == 0 : parts->pub.n == 0) {
        return RC_OK;
    }
    if (pkey_is_pq(spec->kind)) {
        TRY(spki_write_plain(set_oid(spec), buf_view(&parts->pub), &info));
        return draft_set(d, CKA_PUBLIC_KEY_INFO, buf_view(&info));
    }
    if (!rsa) {
        TRY(der_add(&point, DER_OCTET_STRING, buf_view(&parts->pub)));
    }
    TRY(spki_write(spec_key_type(spec), buf_view(&parts->n), buf_view(&parts->e), curve_oid(spec),
                   buf_view(&point), &info));
    return draft_set(d, CKA_PUBLIC_KEY_INFO, buf_view(&info));
}
