/* SPDX-License-Identifier: Apache-2.0
 *
 * ECDSA and ECDH on P-224, P-256, P-384, P-521 and secp256k1. Points are uncompressed, signatures
 * r and s of the order's length each.
 */
#include <openssl/ecdh.h>
#include <openssl/ecdsa.h>

#include "pkey.h"

#define EC_MAX_BYTES 66
#define EC_MAX_POINT (1 + 2 * EC_MAX_BYTES)

static void point_free_at(EC_POINT **p)
{
    EC_POINT_free(*p);
}
static void ec_key_free_at(EC_KEY **p)
{
    EC_KEY_free(*p);
}
static void sig_free_at(ECDSA_SIG **p)
{
    ECDSA_SIG_free(*p);
}
#define AUTO_POINT __attribute__((cleanup(point_free_at)))
#define AUTO_EC_KEY __attribute__((cleanup(ec_key_free_at)))
#define AUTO_SIG __attribute__((cleanup(sig_free_at)))

const EC_GROUP *lc_ec_group(enum ec_curve curve)
{
    switch (curve) {
    case CURVE_P224:
        return EC_group_p224();
    case CURVE_P256:
        return EC_group_p256();
    case CURVE_P384:
        return EC_group_p384();
    case CURVE_P521:
        return EC_group_p521();
    case CURVE_SECP256K1:
        return EC_group_secp256k1();
    default:
        return NULL;
    }
}

static size_t order_bytes(const EC_GROUP *g)
{
    return BN_num_bytes(EC_GROUP_get0_order(g));
}

/* An uncompressed point of exactly the right length, on the curve and not infinity. */
static enum rc point_read(const EC_GROUP *g, enum ec_curve curve, struct bytes v, EC_POINT **ret)
{
    REQUIRE(v.n == 1 + 2 * curve_bytes(curve) && v.p[0] == 4, RC_PUBLIC_KEY_INVALID);
    AUTO_POINT EC_POINT *p = EC_POINT_new(g);
    REQUIRE(p != NULL, awslc_failed(RC_HOST_MEMORY));
    TRY_LIB(EC_POINT_oct2point(g, p, v.p, v.n, NULL), RC_PUBLIC_KEY_INVALID);
    REQUIRE(!EC_POINT_is_at_infinity(g, p), RC_PUBLIC_KEY_INVALID);
    *ret = TAKE(p);
    return RC_OK;
}

/* The scalar of a private key, 1 to n-1. */
static enum rc scalar_read(const EC_GROUP *g, const struct secret *v, BIGNUM **ret)
{
    REQUIRE(v != NULL, RC_TEMPLATE_INCOMPLETE);
    REQUIRE(v->n <= order_bytes(g) + 8, RC_ATTRIBUTE_VALUE_INVALID);
    AUTO_BN BIGNUM *d = BN_bin2bn(v->p, v->n, NULL);
    REQUIRE(d != NULL, awslc_failed(RC_HOST_MEMORY));
    REQUIRE(!BN_is_zero(d) && BN_cmp(d, EC_GROUP_get0_order(g)) < 0, RC_ATTRIBUTE_VALUE_INVALID);
    *ret = TAKE(d);
    return RC_OK;
}

/* d times the generator; constant time in the library. */
static enum rc point_of(const EC_GROUP *g, const BIGNUM *d, EC_POINT **ret)
{
    AUTO_POINT EC_POINT *p = EC_POINT_new(g);
    REQUIRE(p != NULL, awslc_failed(RC_HOST_MEMORY));
    TRY_LIB(EC_POINT_mul(g, p, d, NULL, NULL, NULL), RC_HOST_MEMORY);
    *ret = TAKE(p);
    return RC_OK;
}

static enum rc point_write(const EC_GROUP *g, const EC_POINT *p, struct buf *ret)
{
    uint8_t out[EC_MAX_POINT];
    const size_t n =
        EC_POINT_point2oct(g, p, POINT_CONVERSION_UNCOMPRESSED, out, sizeof(out), NULL);
    TRY_LIB(n > 0, RC_CRYPTO_LIBRARY);
    return buf_set(ret, BYTES(out, n));
}

static enum rc scalar_new(enum ec_curve curve, struct rng *rng, struct secret **ret)
{
    const EC_GROUP *g = lc_ec_group(curve);
    uint8_t order[EC_MAX_BYTES];
    const size_t n = order_bytes(g);
    REQUIRE(n <= sizeof(order) && n <= curve_bytes(curve), RC_CURVE_NOT_SUPPORTED);
    BN_bn2bin(EC_GROUP_get0_order(g), order);
    AUTO_SECRET struct secret *random = rng_secret(rng, n + 8); /* 64 bits more than the order */
    REQUIRE(random != NULL, RC_ENTROPY);
    AUTO_SECRET struct secret *priv = secret_new(curve_bytes(curve));
    REQUIRE(priv != NULL, RC_HOST_MEMORY);
    lc_scalar_reduce(order, n, random->p, random->n, priv->p + (priv->n - n));
    *ret = TAKE(priv);
    return RC_OK;
}

enum rc lc_ec_generate(const struct pkey_spec *spec, struct rng *rng, struct key_parts *parts)
{
    const EC_GROUP *g = lc_ec_group(spec->curve);
    AUTO_SECRET struct secret *priv = NULL;
    TRY(scalar_new(spec->curve, rng, &priv));

    AUTO_BN BIGNUM *d = NULL;
    AUTO_POINT EC_POINT *point = NULL;
    AUTO_BUF struct buf pub = BUF_INIT;
    TRY(scalar_read(g, priv, &d));
    TRY(point_of(g, d, &point));
    TRY(point_write(g, point, &pub));
    buf_free(&parts->pub);
    secret_free(parts->priv);
    parts->pub = pub;
    pub = BUF_INIT;
    parts->priv = TAKE(priv);
    return RC_OK;
}

enum rc lc_ec_complete(const struct pkey_spec *spec, struct key_parts *parts)
{
    const EC_GROUP *g = lc_ec_group(spec->curve);
    AUTO_BN BIGNUM *d = NULL;
    AUTO_POINT EC_POINT *point = NULL;
    TRY(scalar_read(g, parts->priv, &d));
    TRY(point_of(g, d, &point));
    return point_write(g, point, &parts->pub);
}

/* The public value of a private key: computed, and compared with the one given, if any. */
static enum rc private_point(const EC_GROUP *g, enum ec_curve curve, const BIGNUM *d,
                             const struct buf *given, EC_POINT **ret)
{
    AUTO_POINT EC_POINT *own = NULL;
    TRY(point_of(g, d, &own));
    if (given->n > 0) {
        AUTO_POINT EC_POINT *other = NULL;
        TRY(point_read(g, curve, buf_view(given), &other));
        const int differ = EC_POINT_cmp(g, own, other, NULL);
        TRY_LIB(differ >= 0, RC_HOST_MEMORY);
        REQUIRE(differ == 0, RC_ATTRIBUTE_VALUE_INVALID);
    }
    *ret = TAKE(own);
    return RC_OK;
}

enum rc lc_ec_load(struct pkey *k, const struct pkey_spec *spec, const struct key_parts *parts)
{
    const EC_GROUP *g = lc_ec_group(spec->curve);
    AUTO_BN BIGNUM *d = NULL;
    AUTO_POINT EC_POINT *point = NULL;
    if (k->priv) {
        TRY(scalar_read(g, parts->priv, &d));
        TRY(private_point(g, spec->curve, d, &parts->pub, &point));
    } else {
        TRY(point_read(g, spec->curve, buf_view(&parts->pub), &point));
    }
    AUTO_EC_KEY EC_KEY *key = EC_KEY_new();
    REQUIRE(key != NULL, awslc_failed(RC_HOST_MEMORY));
    TRY_LIB(EC_KEY_set_group(key, g) && EC_KEY_set_public_key(key, point), RC_HOST_MEMORY);
    TRY_LIB(d == NULL || EC_KEY_set_private_key(key, d), RC_HOST_MEMORY);
    k->ec = TAKE(key);
    k->curve = spec->curve;
    k->size = 2 * order_bytes(g);
    return RC_OK;
}

enum rc lc_ec_sign(const struct pkey *k, struct bytes data, uint8_t *out, size_t *out_n)
{
    AUTO_SIG ECDSA_SIG *sig = ECDSA_do_sign(data.p, data.n, k->ec);
    REQUIRE(sig != NULL, awslc_failed(RC_CRYPTO_LIBRARY));
    const size_t half = k->size / 2;
    TRY_LIB(BN_bn2bin_padded(out, half, ECDSA_SIG_get0_r(sig)) &&
                BN_bn2bin_padded(out + half, half, ECDSA_SIG_get0_s(sig)),
            RC_CRYPTO_LIBRARY);
    *out_n = k->size;
    return RC_OK;
}

enum rc lc_ec_verify(const struct pkey *k, struct bytes data, struct bytes sig)
{
    const size_t half = k->size / 2;
    AUTO_BN BIGNUM *r = BN_bin2bn(sig.p, half, NULL);
    AUTO_BN BIGNUM *s = BN_bin2bn(sig.p + half, half, NULL);
    AUTO_SIG ECDSA_SIG *both = ECDSA_SIG_new();
    REQUIRE(r != NULL && s != NULL && both != NULL, awslc_failed(RC_HOST_MEMORY));
    TRY_LIB(ECDSA_SIG_set0(both, r, s), RC_CRYPTO_LIBRARY);
    r = NULL; /* both owns them now */
    s = NULL;
    TRY_LIB(ECDSA_do_verify(data.p, data.n, both, k->ec), RC_SIGNATURE_INVALID);
    return RC_OK;
}

/* x of OWN's scalar times POINT, which is on CURVE. */
static enum rc shared_x(enum ec_curve curve, const EC_KEY *own, const EC_POINT *point,
                        struct secret **ret)
{
    AUTO_SECRET struct secret *z = secret_new(curve_bytes(curve));
    REQUIRE(z != NULL, RC_HOST_MEMORY);
    const int n = ECDH_compute_key(z->p, z->n, point, own, NULL);
    TRY_LIB(n >= 0, RC_PUBLIC_KEY_INVALID);
    REQUIRE((size_t)n == z->n, RC_CRYPTO_LIBRARY);
    *ret = TAKE(z);
    return RC_OK;
}

enum rc lc_ec_agree(const struct pkey *k, struct bytes peer, struct secret **ret)
{
    AUTO_POINT EC_POINT *point = NULL;
    TRY(point_read(EC_KEY_get0_group(k->ec), k->curve, peer, &point));
    return shared_x(k->curve, k->ec, point, ret);
}

enum rc lc_ec_encapsulate(const struct pkey *k, struct rng *rng, struct bytes fixed, uint8_t *ct,
                          struct secret **ret)
{
    const EC_GROUP *g = EC_KEY_get0_group(k->ec);
    const size_t n = curve_bytes(k->curve);
    AUTO_SECRET struct secret *priv = NULL;
    AUTO_BN BIGNUM *d = NULL;
    AUTO_POINT EC_POINT *point = NULL;
    REQUIRE(fixed.n == 0 || fixed.n == n, RC_ARGUMENTS_BAD);
    if (fixed.n > 0) {
        priv = secret_from(fixed.p, fixed.n);
        REQUIRE(priv != NULL, RC_HOST_MEMORY);
    } else {
        TRY(scalar_new(k->curve, rng, &priv));
    }
    TRY(scalar_read(g, priv, &d));
    TRY(point_of(g, d, &point));
    AUTO_EC_KEY EC_KEY *own = EC_KEY_new();
    REQUIRE(own != NULL, awslc_failed(RC_HOST_MEMORY));
    TRY_LIB(EC_KEY_set_group(own, g) && EC_KEY_set_private_key(own, d), RC_HOST_MEMORY);
    AUTO_SECRET struct secret *z = NULL;
    TRY(shared_x(k->curve, own, EC_KEY_get0_public_key(k->ec), &z));
    TRY_LIB(EC_POINT_point2oct(g, point, POINT_CONVERSION_UNCOMPRESSED, ct, 1 + 2 * n, NULL) ==
                1 + 2 * n,
            RC_CRYPTO_LIBRARY);
    *ret = TAKE(z);
    return RC_OK;
}
