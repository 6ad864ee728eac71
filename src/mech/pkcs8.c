/* SPDX-License-Identifier: Apache-2.0
 *
 * PKCS#8 PrivateKeyInfo (RFC 5208, RFC 5958), with RSAPrivateKey (RFC 8017), ECPrivateKey (RFC 5915),
 * CurvePrivateKey (RFC 8410) or a post-quantum key in it. Both ways run in secret memory.
 */
#include "family.h"

#include "wire/der.h"

#define OID_RSA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define OID_EC "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
static const uint8_t zero[1] = {0};
static const uint8_t one[1] = {1};

/* ---- writing: back to front ------------------------------------------------------------------------------- */

static enum rc write_rsa(struct der_back *w, const struct key_parts *parts)
{
    const struct secret *const secrets[] = {parts->qi, parts->dq, parts->dp,
                                            parts->q,  parts->p,  parts->d};
    const size_t end = w->at;
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        REQUIRE(secrets[i] != NULL, RC_KEY_NOT_WRAPPABLE);
        TRY(der_back_uint(w, secret_view(secrets[i])));
    }
    REQUIRE(parts->e.n > 0, RC_KEY_NOT_WRAPPABLE);
    TRY(der_back_uint(w, buf_view(&parts->e)));
    TRY(der_back_uint(w, buf_view(&parts->n)));
    TRY(der_back_uint(w, BYTES(zero, 1)));
    return der_back_wrap(w, DER_SEQUENCE, end);
}

static enum rc write_ec(struct der_back *w, const struct key_parts *parts)
{
    const size_t end = w->at;
    if (parts->pub.n > 0) {
        TRY(der_back_raw(w, buf_view(&parts->pub)));
        TRY(der_back_raw(w, BYTES(zero, 1))); /* no unused bits */
        TRY(der_back_wrap(w, DER_BIT_STRING, end));
        TRY(der_back_wrap(w, DER_CONTEXT_1, end));
    }
    const size_t scalar_end = w->at;
    TRY(der_back_raw(w, secret_view(parts->priv)));
    TRY(der_back_wrap(w, DER_OCTET_STRING, scalar_end));
    TRY(der_back_uint(w, BYTES(one, 1)));
    return der_back_wrap(w, DER_SEQUENCE, end);
}

/* ML-KEM (RFC 9935) and ML-DSA (RFC 9881): the seed, or where there is none the expanded key. SLH-DSA
 * (RFC 9909) and composites: the bytes themselves. */
static enum rc write_pq(struct der_back *w, const struct pkey_spec *spec,
                        const struct key_parts *parts)
{
    const size_t end = w->at;
    const bool seeded = pq_sizes(spec->kind)->seed > 0;
    const struct secret *v = seeded && parts->seed != NULL ? parts->seed : parts->priv;
    REQUIRE(v != NULL, RC_KEY_NOT_WRAPPABLE);
    TRY(der_back_raw(w, secret_view(v)));
    if (!seeded) {
        return RC_OK;
    }
    return der_back_wrap(w, v == parts->seed ? DER_CONTEXT_PRIMITIVE_0 : DER_OCTET_STRING, end);
}

static enum rc write_key(struct der_back *w, const struct pkey_spec *spec,
                         const struct key_parts *parts)
{
    if (spec->kind == PKEY_RSA) {
        return write_rsa(w, parts);
    }
    if (pkey_is_pq(spec->kind)) {
        return write_pq(w, spec, parts);
    }
    REQUIRE(parts->priv != NULL, RC_KEY_NOT_WRAPPABLE);
    if (spec->kind == PKEY_EC) {
        return write_ec(w, parts);
    }
    const size_t end = w->at;
    TRY(der_back_raw(w, secret_view(parts->priv)));
    return der_back_wrap(w, DER_OCTET_STRING, end);
}

static enum rc write_algorithm(struct der_back *w, const struct pkey_spec *spec)
{
    const size_t end = w->at;
    if (spec->kind == PKEY_RSA) {
        TRY(der_back_wrap(w, DER_NULL, w->at));
        TRY(der_back_raw(w, BYTES_STR(OID_RSA)));
    } else if (pkey_is_pq(spec->kind)) {
        TRY(der_back_raw(w, set_oid(spec)));
    } else {
        TRY(der_back_raw(w, curve_oid(spec)));
        if (spec->kind == PKEY_EC) {
            TRY(der_back_raw(w, BYTES_STR(OID_EC)));
        }
    }
    return der_back_wrap(w, DER_SEQUENCE, end);
}

static size_t secret_n(const struct secret *s)
{
    return s != NULL ? s->n : 0;
}

static size_t room(const struct key_parts *k)
{
    return 160 + k->n.n + k->e.n + k->pub.n + secret_n(k->d) + secret_n(k->p) + secret_n(k->q) +
           secret_n(k->dp) + secret_n(k->dq) + secret_n(k->qi) + secret_n(k->priv) +
           secret_n(k->seed);
}

enum rc pkcs8_write(const struct pkey_spec *spec, const struct key_parts *parts,
                    struct secret **ret)
{
    AUTO_SECRET struct secret *space = secret_new(room(parts));
    REQUIRE(space != NULL, RC_HOST_MEMORY);
    struct der_back w = {.s = space, .at = space->n};
    const size_t end = w.at;
    TRY(write_key(&w, spec, parts));
    TRY(der_back_wrap(&w, DER_OCTET_STRING, end));
    TRY(write_algorithm(&w, spec));
    TRY(der_back_uint(&w, BYTES(zero, 1)));
    TRY(der_back_wrap(&w, DER_SEQUENCE, end));
    *ret = der_back_done(&w);
    return *ret != NULL ? RC_OK : RC_HOST_MEMORY;
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static enum rc keep(struct bytes v, struct secret **ret)
{
    REQUIRE(v.n > 0, RC_MALFORMED);
    *ret = secret_from(v.p, v.n);
    return *ret != NULL ? RC_OK : RC_HOST_MEMORY;
}

static enum rc read_rsa(struct bytes key, struct key_parts *parts)
{
    struct bytes seq = BYTES_NONE;
    struct bytes v = BYTES_NONE;
    uint32_t version = 0;
    TRY(der_whole(key, DER_SEQUENCE, &seq));
    struct rd r = RD(seq);
    TRY(der_take_small(&r, &version));
    REQUIRE(version == 0, RC_MALFORMED); /* two primes */
    TRY(der_take_uint(&r, &v));
    TRY(buf_set(&parts->n, v));
    TRY(der_take_uint(&r, &v));
    TRY(buf_set(&parts->e, v));
    struct secret **const secrets[] = {&parts->d,  &parts->p,  &parts->q,
                                       &parts->dp, &parts->dq, &parts->qi};
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        TRY(der_take_uint(&r, &v));
        TRY(keep(v, secrets[i]));
    }
    return rd_end(&r);
}

/* SPEC: the curve that the algorithm names; kind PKEY_EC. */
static enum rc read_ec(struct bytes key, const struct pkey_spec *spec, struct key_parts *parts)
{
    struct bytes seq = BYTES_NONE;
    struct bytes scalar = BYTES_NONE;
    struct bytes v = BYTES_NONE;
    uint32_t version = 0;
    TRY(der_whole(key, DER_SEQUENCE, &seq));
    struct rd r = RD(seq);
    TRY(der_take_small(&r, &version));
    REQUIRE(version == 1, RC_MALFORMED);
    TRY(der_take(&r, DER_OCTET_STRING, &scalar));
    if (der_peek(&r, DER_CONTEXT_0)) { /* the curve again: must be the same */
        TRY(der_take(&r, DER_CONTEXT_0, &v));
        REQUIRE(bytes_equal(v, curve_oid(spec)), RC_MALFORMED);
    }
    if (der_peek(&r, DER_CONTEXT_1)) { /* the public point: computed anew */
        TRY(der_take(&r, DER_CONTEXT_1, &v));
    }
    TRY(rd_end(&r));
    const size_t n = curve_bytes(spec->curve);
    while (scalar.n > n && scalar.p[0] == 0) {
        scalar = BYTES(scalar.p + 1, scalar.n - 1);
    }
    REQUIRE(scalar.n >= 1 && scalar.n <= n, RC_MALFORMED);
    parts->priv = secret_new(n);
    REQUIRE(parts->priv != NULL, RC_HOST_MEMORY);
    mem_copy(parts->priv->p + n - scalar.n, scalar.p, scalar.n);
    return RC_OK;
}

static enum rc read_okp(struct bytes key, const struct pkey_spec *spec, struct key_parts *parts)
{
    struct bytes v = BYTES_NONE;
    TRY(der_whole(key, DER_OCTET_STRING, &v));
    REQUIRE(v.n == spec_private_size(spec), RC_MALFORMED);
    return keep(v, &parts->priv);
}

/* The three forms of RFC 9935 and RFC 9881: seed, expanded key, or both. */
static enum rc read_seeded(struct bytes key, struct key_parts *parts)
{
    struct rd r = RD(key);
    struct bytes v = BYTES_NONE;
    if (der_peek(&r, DER_CONTEXT_PRIMITIVE_0)) {
        TRY(der_take(&r, DER_CONTEXT_PRIMITIVE_0, &v));
        TRY(keep(v, &parts->seed));
    } else if (der_peek(&r, DER_OCTET_STRING)) {
        TRY(der_take(&r, DER_OCTET_STRING, &v));
        TRY(keep(v, &parts->priv));
    } else {
        TRY(der_whole(key, DER_SEQUENCE, &v));
        r = RD(v);
        TRY(der_take(&r, DER_OCTET_STRING, &v));
        TRY(keep(v, &parts->seed));
        TRY(der_take(&r, DER_OCTET_STRING, &v));
        TRY(keep(v, &parts->priv));
    }
    return rd_end(&r);
}

static enum rc read_algorithm(struct bytes algorithm, struct pkey_spec *ret)
{
    struct rd r = RD(algorithm);
    struct bytes oid = BYTES_NONE;
    struct bytes v = BYTES_NONE;
    uint8_t tag = 0;
    TRY(der_take_any(&r, &tag, &v, &oid));
    REQUIRE(tag == DER_OID, RC_MALFORMED);
    if (bytes_equal(oid, BYTES_STR(OID_RSA))) {
        *ret = (struct pkey_spec){.kind = PKEY_RSA};
        if (r.n > 0) {
            TRY(der_take(&r, DER_NULL, &v));
        }
        return rd_end(&r);
    }
    if (bytes_equal(oid, BYTES_STR(OID_EC))) {
        return curve_read(CKK_EC, BYTES(r.p, r.n), ret);
    }
    TRY(rd_end(&r));
    if (set_of_oid(oid, ret)) {
        return RC_OK;
    }
    const enum rc rc = curve_read(CKK_EC_EDWARDS, oid, ret);
    return rc == RC_OK ? RC_OK : curve_read(CKK_EC_MONTGOMERY, oid, ret);
}

/* The one element of V. Up to seven zero bytes may follow it: SoftHSM2 fills a key up to whole
 * blocks that way before CKM_AES_KEY_WRAP. */
static enum rc read_outer(struct bytes v, struct bytes *ret)
{
    struct rd r = RD(v);
    TRY(der_take(&r, DER_SEQUENCE, ret));
    uint8_t rest = 0;
    REQUIRE(r.n < 8, RC_MALFORMED);
    for (size_t i = 0; i < r.n; i++) {
        rest |= r.p[i];
    }
    return rest == 0 ? RC_OK : RC_MALFORMED;
}

static enum rc read_info(struct bytes v, struct pkey_spec *ret_spec, struct key_parts *parts)
{
    struct bytes seq = BYTES_NONE;
    struct bytes algorithm = BYTES_NONE;
    struct bytes key = BYTES_NONE;
    struct bytes other = BYTES_NONE;
    uint32_t version = 0;
    TRY(read_outer(v, &seq));
    struct rd r = RD(seq);
    TRY(der_take_small(&r, &version));
    REQUIRE(version <= 1, RC_MALFORMED);
    TRY(der_take(&r, DER_SEQUENCE, &algorithm));
    TRY(der_take(&r, DER_OCTET_STRING, &key));
    if (der_peek(&r, DER_CONTEXT_0)) { /* attributes */
        TRY(der_take(&r, DER_CONTEXT_0, &other));
    }
    if (version == 1 && der_peek(&r, DER_CONTEXT_PRIMITIVE_1)) { /* public key */
        TRY(der_take(&r, DER_CONTEXT_PRIMITIVE_1, &other));
    } else if (version == 1 && der_peek(&r, DER_CONTEXT_1)) {
        TRY(der_take(&r, DER_CONTEXT_1, &other));
    }
    TRY(rd_end(&r));
    TRY(read_algorithm(algorithm, ret_spec));
    if (ret_spec->kind == PKEY_RSA) {
        return read_rsa(key, parts);
    }
    if (pkey_is_pq(ret_spec->kind)) {
        return pq_sizes(ret_spec->kind)->seed > 0 ? read_seeded(key, parts)
                                                  : keep(key, &parts->priv);
    }
    return ret_spec->kind == PKEY_EC ? read_ec(key, ret_spec, parts)
                                     : read_okp(key, ret_spec, parts);
}

enum rc pkcs8_read(const struct secret *v, struct pkey_spec *ret_spec, struct key_parts *parts)
{
    const enum rc rc = read_info(secret_view(v), ret_spec, parts);
    return rc == RC_OK || rc == RC_HOST_MEMORY ? rc : RC_WRAPPED_KEY_INVALID;
}
