/* SPDX-License-Identifier: Apache-2.0
 *
 * Ed25519, Ed25519ctx, Ed25519ph (RFC 8032) and X25519 (RFC 7748).
 *
 * The library takes any 32 bytes for a public Ed25519 key until it verifies, and accepts small
 * order and encodings that are not canonical. Keys are therefore looked at when they are loaded.
 */
#include <openssl/curve25519.h>

#include "pkey.h"

/* p = 2^255 - 19, and (p - 1) / 2, big endian. */
static const uint8_t field_p[32] = {
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xed};

/* d = -121665 / 121666 mod p (RFC 8032, 5.1), big endian. */
static const uint8_t curve_d[32] = {
    0x52, 0x03, 0x6c, 0xee, 0x2b, 0x6f, 0xfe, 0x73, 0x8c, 0xc7, 0x40, 0x79, 0x77, 0x79, 0xe8, 0x98,
    0x00, 0x70, 0x0a, 0x4d, 0x41, 0x41, 0xd8, 0xab, 0x75, 0xeb, 0x4d, 0xca, 0x13, 0x59, 0x78, 0xa3};

/* y, little endian, of the points whose order divides 8, beside 0, 1 and -1. */
static const uint8_t order8_y[2][32] = {
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
};

/* y of little endian bytes without the sign bit. */
static BIGNUM *y_of(const uint8_t pub[32])
{
    uint8_t y[32];
    mem_copy(y, pub, 32);
    y[31] &= 0x7f;
    return BN_le2bn(y, 32, NULL);
}

/* Is (y^2 - 1) / (d y^2 + 1) a square? That holds when the product of the two is one, which is
 * when its power (p - 1) / 2 is 1. The denominator is never zero: -1/d is no square. */
static enum rc on_curve(const BIGNUM *y, const BIGNUM *p, BN_CTX *cx, bool *ret)
{
    AUTO_BN BIGNUM *d = BN_bin2bn(curve_d, sizeof(curve_d), NULL);
    AUTO_BN BIGNUM *u = BN_new();
    AUTO_BN BIGNUM *v = BN_new();
    AUTO_BN BIGNUM *half = BN_new();
    REQUIRE(d != NULL && u != NULL && v != NULL && half != NULL, awslc_failed(RC_HOST_MEMORY));
    TRY_LIB(BN_mod_sqr(u, y, p, cx) && BN_mod_mul(v, u, d, p, cx) && BN_add_word(v, 1) &&
                BN_mod_sub(u, u, BN_value_one(), p, cx) && BN_mod_mul(u, u, v, p, cx) &&
                BN_rshift1(half, p) && BN_mod_exp_mont(v, u, half, p, cx, NULL),
            RC_HOST_MEMORY);
    *ret = BN_is_one(v) == 1;
    return RC_OK;
}

/* Canonical, on the curve, not of small order. */
static enum rc ed_public_check(const uint8_t pub[32])
{
    uint8_t y_only[32];
    mem_copy(y_only, pub, 32);
    y_only[31] &= 0x7f;
    for (size_t i = 0; i < 2; i++) {
        REQUIRE(!mem_equal_ct(y_only, order8_y[i], 32), RC_PUBLIC_KEY_INVALID);
    }
    AUTO_BN BIGNUM *y = y_of(pub);
    AUTO_BN BIGNUM *p = BN_bin2bn(field_p, sizeof(field_p), NULL);
    AUTO_BN_CTX BN_CTX *cx = BN_CTX_new();
    AUTO_BN BIGNUM *minus1 = BN_new();
    REQUIRE(y != NULL && p != NULL && cx != NULL && minus1 != NULL, awslc_failed(RC_HOST_MEMORY));
    TRY_LIB(BN_sub(minus1, p, BN_value_one()), RC_HOST_MEMORY);
    REQUIRE(BN_cmp(y, minus1) < 0, RC_PUBLIC_KEY_INVALID); /* not canonical, or -1 */
    REQUIRE(!BN_is_zero(y) && !BN_is_one(y), RC_PUBLIC_KEY_INVALID);
    bool good = false;
    TRY(on_curve(y, p, cx, &good));
    REQUIRE(good, RC_PUBLIC_KEY_INVALID);
    return RC_OK;
}

/* Of small order: the product with any scalar is zero. The top bit is masked and values from p
 * on are reduced, as RFC 7748 wants it. */
static enum rc x_public_check(const uint8_t pub[32])
{
    static const uint8_t scalar[32] = {8};
    uint8_t out[32];
    TRY_LIB(X25519(out, scalar, pub), RC_PUBLIC_KEY_INVALID);
    return RC_OK;
}

/* The public value of SEED; PRIV (64 bytes) takes the private form that the library signs with. */
static void public_of(enum pkey_kind kind, const uint8_t *seed, uint8_t *priv, uint8_t *pub)
{
    if (kind == PKEY_ED25519) {
        ED25519_keypair_from_seed(pub, priv, seed);
    } else {
        mem_copy(priv, seed, 32);
        X25519_public_from_private(pub, seed);
    }
}

static enum rc public_to_parts(enum pkey_kind kind, const struct secret *seed, struct buf *ret)
{
    uint8_t priv[64] = {0};
    uint8_t pub[32];
    public_of(kind, seed->p, priv, pub);
    mem_wipe(priv, sizeof(priv));
    return buf_set(ret, BYTES(pub, sizeof(pub)));
}

enum rc lc_okp_generate(enum pkey_kind kind, struct rng *rng, struct key_parts *parts)
{
    AUTO_SECRET struct secret *seed = rng_secret(rng, 32);
    REQUIRE(seed != NULL, RC_ENTROPY);
    TRY(public_to_parts(kind, seed, &parts->pub));
    secret_free(parts->priv);
    parts->priv = TAKE(seed);
    return RC_OK;
}

enum rc lc_okp_complete(enum pkey_kind kind, struct key_parts *parts)
{
    REQUIRE(parts->priv != NULL, RC_TEMPLATE_INCOMPLETE);
    REQUIRE(parts->priv->n == 32, RC_ATTRIBUTE_VALUE_INVALID);
    return public_to_parts(kind, parts->priv, &parts->pub);
}

enum rc lc_okp_load(struct pkey *k, const struct key_parts *parts)
{
    k->size = k->kind == PKEY_ED25519 ? 64 : 32;
    if (!k->priv) {
        REQUIRE(parts->pub.n == 32, RC_PUBLIC_KEY_INVALID);
        mem_copy(k->okp_pub, parts->pub.p, 32);
        return k->kind == PKEY_ED25519 ? ed_public_check(k->okp_pub) : x_public_check(k->okp_pub);
    }
    REQUIRE(parts->priv != NULL, RC_TEMPLATE_INCOMPLETE);
    REQUIRE(parts->priv->n == 32, RC_ATTRIBUTE_VALUE_INVALID);
    public_of(k->kind, parts->priv->p, k->okp_priv, k->okp_pub);
    if (parts->pub.n > 0) {
        REQUIRE(bytes_equal(buf_view(&parts->pub), BYTES(k->okp_pub, 32)),
                RC_ATTRIBUTE_VALUE_INVALID);
    }
    return RC_OK;
}

/* The library's Ed25519ctx wants a context of at least one byte, as RFC 8032, 8.3 recommends. */
static enum rc context_check(const struct pkey_params *p)
{
    REQUIRE(p->context.n <= 255, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(p->prehash || p->has_context || p->context.n == 0, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(p->prehash || !p->has_context || p->context.n > 0, RC_MECHANISM_PARAM_INVALID);
    return RC_OK;
}

enum rc lc_okp_sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                    uint8_t *out, size_t *out_n)
{
    int good = 0;
    TRY(context_check(p));
    if (p->prehash) {
        good = ED25519ph_sign(out, data.p, data.n, k->okp_priv, p->context.p, p->context.n);
    } else if (p->has_context) {
        good = ED25519ctx_sign(out, data.p, data.n, k->okp_priv, p->context.p, p->context.n);
    } else {
        good = ED25519_sign(out, data.p, data.n, k->okp_priv);
    }
    TRY_LIB(good == 1, RC_CRYPTO_LIBRARY);
    *out_n = k->size;
    return RC_OK;
}

enum rc lc_okp_verify(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                      struct bytes sig)
{
    int good = 0;
    TRY(context_check(p));
    if (p->prehash) {
        good = ED25519ph_verify(data.p, data.n, sig.p, k->okp_pub, p->context.p, p->context.n);
    } else if (p->has_context) {
        good = ED25519ctx_verify(data.p, data.n, sig.p, k->okp_pub, p->context.p, p->context.n);
    } else {
        good = ED25519_verify(data.p, data.n, sig.p, k->okp_pub);
    }
    TRY_LIB(good == 1, RC_SIGNATURE_INVALID);
    return RC_OK;
}

enum rc lc_okp_encapsulate(const struct pkey *k, struct rng *rng, struct bytes fixed, uint8_t *ct,
                           struct secret **ret)
{
    uint8_t scalar[32];
    AUTO_SECRET struct secret *z = secret_new(32);
    REQUIRE(z != NULL, RC_HOST_MEMORY);
    REQUIRE(fixed.n == 0 || fixed.n == sizeof(scalar), RC_ARGUMENTS_BAD);
    mem_copy(scalar, fixed.p, fixed.n);
    enum rc rc = fixed.n > 0 ? RC_OK : rng_bytes(rng, scalar, sizeof(scalar));
    if (rc == RC_OK && X25519(z->p, scalar, k->okp_pub) != 1) {
        rc = awslc_failed(RC_PUBLIC_KEY_INVALID);
    }
    if (rc == RC_OK) {
        X25519_public_from_private(ct, scalar);
    }
    mem_wipe(scalar, sizeof(scalar));
    TRY(rc);
    *ret = TAKE(z);
    return RC_OK;
}

enum rc lc_okp_agree(const struct pkey *k, struct bytes peer, struct secret **ret)
{
    REQUIRE(peer.n == 32, RC_PUBLIC_KEY_INVALID);
    AUTO_SECRET struct secret *z = secret_new(32);
    REQUIRE(z != NULL, RC_HOST_MEMORY);
    TRY_LIB(X25519(z->p, k->okp_priv, peer.p), RC_PUBLIC_KEY_INVALID);
    *ret = TAKE(z);
    return RC_OK;
}
