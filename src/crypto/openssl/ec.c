/* SPDX-License-Identifier: Apache-2.0
 *
 * EC keys, ECDSA (FIPS 186-5) and ECDH (SP 800-56A, cofactor 1).
 *
 * On the library's plain EC_KEY calls: they give r and s as numbers and need no context for each
 * operation. The key is bound to our library context, so nonces come from its DRBG.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <string.h>

#include <openssl/ecdh.h>
#include <openssl/ecdsa.h>

#include "key.h"

#define EXTRA_BYTES 8 /* FIPS 186-5, A.2.1: 64 bits more than the order has */

static void sig_free_at(ECDSA_SIG **p)
{
    ECDSA_SIG_free(*p);
}
#define AUTO_SIG __attribute__((cleanup(sig_free_at)))

/* Keys are made, completed and loaded behind this; so whoever works with one need not ask whether
 * osl_group() of its curve is there. */
static enum rc group_ready(enum ec_curve curve)
{
    return osl_group(curve) != NULL ? RC_OK : osl_failed(RC_CRYPTO_LIBRARY);
}

/* ---- points and scalars ---------------------------------------------------------------------------- */

/* Uncompressed points of the right length only; the library refuses those off the curve. The
 * cofactor is 1, so being on the curve is being in the group; the encoding has no infinity. */
static enum rc point_read(enum ec_curve curve, struct bytes v, EC_POINT **ret)
{
    const EC_GROUP *group = osl_group(curve);
    AUTO_POINT EC_POINT *point = NULL;

    REQUIRE(v.n == 1 + 2 * curve_bytes(curve) && v.p[0] == POINT_CONVERSION_UNCOMPRESSED,
            RC_PUBLIC_KEY_INVALID);
    point = EC_POINT_new(group);
    REQUIRE(point != NULL, RC_HOST_MEMORY);
    if (EC_POINT_oct2point(group, point, v.p, v.n, NULL) != 1) {
        return osl_failed(RC_PUBLIC_KEY_INVALID);
    }
    *ret = TAKE(point);
    return RC_OK;
}

static enum rc point_write(enum ec_curve curve, const EC_POINT *point, struct buf *ret)
{
    const size_t n = 1 + 2 * curve_bytes(curve);

    buf_clear(ret);
    TRY(buf_reserve(ret, n));
    if (EC_POINT_point2oct(osl_group(curve), point, POINT_CONVERSION_UNCOMPRESSED, ret->p, n,
                           NULL) != n) {
        return osl_failed(RC_CRYPTO_LIBRARY);
    }
    ret->n = n;
    return RC_OK;
}

/* 1 <= d < order */
static enum rc scalar_read(enum ec_curve curve, const struct secret *s, BIGNUM **ret)
{
    AUTO_BN BIGNUM *d = NULL;

    REQUIRE(s != NULL, RC_TEMPLATE_INCOMPLETE);
    d = osl_bn_from_secret(s);
    REQUIRE(d != NULL, RC_HOST_MEMORY);
    REQUIRE(!BN_is_zero(d) && BN_cmp(d, EC_GROUP_get0_order(osl_group(curve))) < 0,
            RC_ATTRIBUTE_VALUE_INVALID);
    *ret = TAKE(d);
    return RC_OK;
}

static enum rc point_of_scalar(enum ec_curve curve, const BIGNUM *d, EC_POINT **ret)
{
    const EC_GROUP *group = osl_group(curve);
    AUTO_BN_CTX BN_CTX *ctx = BN_CTX_secure_new_ex(osl()->lib);
    AUTO_POINT EC_POINT *point = EC_POINT_new(group);

    REQUIRE(ctx != NULL && point != NULL, RC_HOST_MEMORY);
    TRY_SSL(EC_POINT_mul(group, point, d, NULL, NULL, ctx));
    *ret = TAKE(point);
    return RC_OK;
}

/* ---- keys -------------------------------------------------------------------------------------------- */

static enum rc set_private(struct pkey *k, const struct key_parts *parts, EC_POINT **ret)
{
    AUTO_BN BIGNUM *d = NULL;
    AUTO_POINT EC_POINT *given = NULL;
    AUTO_POINT EC_POINT *point = NULL;

    TRY(scalar_read(k->curve, parts->priv, &d));
    TRY(point_of_scalar(k->curve, d, &point));
    if (parts->pub.n > 0) {
        TRY(point_read(k->curve, buf_view(&parts->pub), &given));
        REQUIRE(EC_POINT_cmp(osl_group(k->curve), point, given, NULL) == 0,
                RC_ATTRIBUTE_VALUE_INVALID);
    }
    TRY_SSL(EC_KEY_set_private_key(k->ec, d));
    *ret = TAKE(point);
    return RC_OK;
}

static enum rc ec_load(struct pkey *k, const struct key_parts *parts)
{
    AUTO_POINT EC_POINT *point = NULL;

    TRY(group_ready(k->curve));
    k->size = 2 * ((curve_order_bits(k->curve) + 7) / 8);
    k->ec = EC_KEY_new_ex(osl()->lib, NULL);
    REQUIRE(k->ec != NULL, osl_failed(RC_HOST_MEMORY));
    TRY_SSL(EC_KEY_set_group(k->ec, osl_group(k->curve)));
    if (k->priv) {
        TRY(set_private(k, parts, &point));
    } else {
        TRY(point_read(k->curve, buf_view(&parts->pub), &point));
    }
    TRY_SSL(EC_KEY_set_public_key(k->ec, point));
    return RC_OK;
}

static enum rc ec_complete(const struct pkey_spec *spec, struct key_parts *parts)
{
    AUTO_BN BIGNUM *d = NULL;
    AUTO_POINT EC_POINT *point = NULL;

    TRY(group_ready(spec->curve));
    TRY(scalar_read(spec->curve, parts->priv, &d));
    TRY(point_of_scalar(spec->curve, d, &point));
    return point_write(spec->curve, point, &parts->pub);
}

/* FIPS 186-5, A.2.1: d = (c mod (n - 1)) + 1, with c 64 bits longer than the order. */
static enum rc scalar_new(enum ec_curve curve, struct rng *rng, BIGNUM **ret)
{
    AUTO_SECRET struct secret *random = secret_new((curve_order_bits(curve) + 7) / 8 + EXTRA_BYTES);
    AUTO_BN_CTX BN_CTX *ctx = BN_CTX_secure_new_ex(osl()->lib);
    AUTO_BN BIGNUM *c = NULL;
    AUTO_BN BIGNUM *order_less_one = BN_dup(EC_GROUP_get0_order(osl_group(curve)));
    AUTO_BN BIGNUM *d = BN_secure_new();

    REQUIRE(random != NULL && ctx != NULL && order_less_one != NULL && d != NULL, RC_HOST_MEMORY);
    TRY(rng_bytes(rng, random->p, random->n));
    c = osl_bn_from_secret(random);
    REQUIRE(c != NULL, RC_HOST_MEMORY);
    BN_set_flags(d, BN_FLG_CONSTTIME);
    TRY_SSL(BN_sub_word(order_less_one, 1));
    TRY_SSL(BN_mod(d, c, order_less_one, ctx));
    TRY_SSL(BN_add_word(d, 1));
    *ret = TAKE(d);
    return RC_OK;
}

static enum rc ec_generate(const struct pkey_spec *spec, struct bytes e, struct rng *rng,
                           struct key_parts *parts)
{
    AUTO_BN BIGNUM *d = NULL;

    (void)e;
    TRY(group_ready(spec->curve));
    TRY(scalar_new(spec->curve, rng, &d));
    parts->priv = osl_bn_to_secret(d, curve_bytes(spec->curve));
    REQUIRE(parts->priv != NULL, RC_HOST_MEMORY);
    return ec_complete(spec, parts);
}

static void ec_drop_idle(enum key_op op, void *idle)
{
    (void)op; /* no contexts here: the key itself */
    EC_KEY_free(idle);
}

/* ---- use ----------------------------------------------------------------------------------------------- */

/* The leftmost bytes that can count; the library cuts the last bits. */
static int digest_length(const struct pkey *k, struct bytes data)
{
    const size_t most = k->size / 2;

    return (int)(data.n < most ? data.n : most);
}

static enum rc ec_sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                       uint8_t *out, size_t *out_n)
{
    const int half = (int)(k->size / 2);
    AUTO_SIG ECDSA_SIG *sig = NULL;

    REQUIRE(p->scheme == SCHEME_ECDSA, RC_MECHANISM_INVALID);
    sig = ECDSA_do_sign(osl_key_data(data), digest_length(k, data), k->ec);
    REQUIRE(sig != NULL, osl_failed(RC_CRYPTO_LIBRARY));
    if (BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, half) != half ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, half) != half) {
        return osl_failed(RC_CRYPTO_LIBRARY);
    }
    *out_n = k->size;
    return RC_OK;
}

static enum rc ec_verify(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                         struct bytes sig)
{
    AUTO_SIG ECDSA_SIG *parsed = NULL;

    REQUIRE(p->scheme == SCHEME_ECDSA, RC_MECHANISM_INVALID);
    REQUIRE(sig.n == k->size, RC_SIGNATURE_LEN_RANGE);
    parsed = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(sig.p, (int)(sig.n / 2), NULL);
    BIGNUM *s = BN_bin2bn(sig.p + sig.n / 2, (int)(sig.n / 2), NULL);
    if (parsed == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(parsed, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return osl_failed(RC_HOST_MEMORY);
    }
    if (ECDSA_do_verify(osl_key_data(data), digest_length(k, data), parsed, k->ec) != 1) {
        return osl_failed(RC_SIGNATURE_INVALID);
    }
    return RC_OK;
}

static enum rc ec_agree(const struct pkey *k, struct bytes peer, struct secret **ret)
{
    AUTO_POINT EC_POINT *point = NULL;
    AUTO_SECRET struct secret *z = NULL;

    TRY(point_read(k->curve, peer, &point));
    z = secret_new(curve_bytes(k->curve));
    REQUIRE(z != NULL, RC_HOST_MEMORY);
    if (ECDH_compute_key(z->p, z->n, point, k->ec, NULL) != (int)z->n) {
        return osl_failed(RC_PUBLIC_KEY_INVALID);
    }
    *ret = TAKE(z);
    return RC_OK;
}

/* x of D times the key's point. The library's agreement does the same, but wants a key object. */
static enum rc shared_x(const struct pkey *k, const BIGNUM *d, struct secret **ret)
{
    const EC_GROUP *group = osl_group(k->curve);
    AUTO_BN_CTX BN_CTX *ctx = BN_CTX_secure_new_ex(osl()->lib);
    AUTO_POINT EC_POINT *point = EC_POINT_new(group);
    AUTO_BN BIGNUM *x = BN_secure_new();

    REQUIRE(ctx != NULL && point != NULL && x != NULL, RC_HOST_MEMORY);
    TRY_SSL(EC_POINT_mul(group, point, NULL, EC_KEY_get0_public_key(k->ec), d, ctx));
    TRY_SSL(EC_POINT_get_affine_coordinates(group, point, x, NULL, ctx));
    *ret = osl_bn_to_secret(x, curve_bytes(k->curve));
    return *ret != NULL ? RC_OK : RC_HOST_MEMORY;
}

static enum rc ec_encapsulate(const struct pkey *k, struct rng *rng, struct bytes fixed,
                              uint8_t *ct, struct secret **ret)
{
    const size_t n = curve_bytes(k->curve);
    AUTO_SECRET struct secret *given = NULL;
    AUTO_BN BIGNUM *d = NULL;
    AUTO_POINT EC_POINT *own = NULL;
    AUTO_SECRET struct secret *z = NULL;

    REQUIRE(!k->priv, RC_KEY_TYPE_INCONSISTENT);
    REQUIRE(fixed.n == 0 || fixed.n == n, RC_ARGUMENTS_BAD);
    if (fixed.n > 0) {
        given = secret_from(fixed.p, fixed.n);
        REQUIRE(given != NULL, RC_HOST_MEMORY);
        TRY(scalar_read(k->curve, given, &d));
    } else {
        TRY(scalar_new(k->curve, rng, &d));
    }
    TRY(point_of_scalar(k->curve, d, &own));
    TRY(shared_x(k, d, &z));
    if (EC_POINT_point2oct(osl_group(k->curve), own, POINT_CONVERSION_UNCOMPRESSED, ct, 1 + 2 * n,
                           NULL) != 1 + 2 * n) {
        return osl_failed(RC_CRYPTO_LIBRARY);
    }
    *ret = TAKE(z);
    return RC_OK;
}

const struct key_family osl_ec_family = {
    .generate = ec_generate,
    .load = ec_load,
    .complete = ec_complete,
    .drop_idle = ec_drop_idle,
    .sign = ec_sign,
    .verify = ec_verify,
    .agree = ec_agree,
    .encapsulate = ec_encapsulate,
};
