/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of ML-KEM (FIPS 203), ML-DSA (FIPS 204) and SLH-DSA (FIPS 205): made of a seed from our
 * generator, read, checked. What ml_kem.c and pq_sign.c have in common.
 *
 * The "seed" of SLH-DSA is the front of its private value: SK.seed, SK.prf and PK.seed, of which
 * PK.root follows (FIPS 205, algorithm 18). So that a wrong root is found, its keys are always made
 * of it.
 */
#include <string.h>

#include "key.h"

#define Q_ML_KEM 3329

const char *osl_pq_name(enum pkey_kind kind)
{
    static const char *const names[PKEY_COUNT] = {
        [PKEY_ML_KEM_512] = "ML-KEM-512",
        [PKEY_ML_KEM_768] = "ML-KEM-768",
        [PKEY_ML_KEM_1024] = "ML-KEM-1024",
        [PKEY_ML_DSA_44] = "ML-DSA-44",
        [PKEY_ML_DSA_65] = "ML-DSA-65",
        [PKEY_ML_DSA_87] = "ML-DSA-87",
        [PKEY_SLH_DSA_SHA2_128S] = "SLH-DSA-SHA2-128s",
        [PKEY_SLH_DSA_SHAKE_128S] = "SLH-DSA-SHAKE-128s",
        [PKEY_SLH_DSA_SHA2_128F] = "SLH-DSA-SHA2-128f",
        [PKEY_SLH_DSA_SHAKE_128F] = "SLH-DSA-SHAKE-128f",
        [PKEY_SLH_DSA_SHA2_192S] = "SLH-DSA-SHA2-192s",
        [PKEY_SLH_DSA_SHAKE_192S] = "SLH-DSA-SHAKE-192s",
        [PKEY_SLH_DSA_SHA2_192F] = "SLH-DSA-SHA2-192f",
        [PKEY_SLH_DSA_SHAKE_192F] = "SLH-DSA-SHAKE-192f",
        [PKEY_SLH_DSA_SHA2_256S] = "SLH-DSA-SHA2-256s",
        [PKEY_SLH_DSA_SHAKE_256S] = "SLH-DSA-SHAKE-256s",
        [PKEY_SLH_DSA_SHA2_256F] = "SLH-DSA-SHA2-256f",
        [PKEY_SLH_DSA_SHAKE_256F] = "SLH-DSA-SHAKE-256f",
    };
    return names[kind];
}

/* Bytes that the whole key follows from. */
static size_t seed_size(enum pkey_kind kind)
{
    const struct pq_sizes *sizes = pq_sizes(kind);

    return pkey_is_slh_dsa(kind) ? sizes->priv / 4 * 3U : sizes->seed;
}

static bool present(const struct secret *s)
{
    return s != NULL && s->n > 0;
}

/* ---- to the library's key and back --------------------------------------------------------------- */

static EVP_PKEY_CTX *new_ctx(enum pkey_kind kind)
{
    return EVP_PKEY_CTX_new_from_name(osl()->lib, osl_pq_name(kind), NULL);
}

static OSSL_PARAM octets(const char *name, const uint8_t *p, size_t n)
{
    return OSSL_PARAM_construct_octet_string(name, (uint8_t *)(uintptr_t)p, n); /* read only */
}

/* All three call it the same. */
_Static_assert(sizeof(OSSL_PKEY_PARAM_ML_KEM_SEED) == sizeof(OSSL_PKEY_PARAM_ML_DSA_SEED) &&
                   sizeof(OSSL_PKEY_PARAM_ML_KEM_SEED) == sizeof(OSSL_PKEY_PARAM_SLH_DSA_SEED),
               "one name");

static enum rc from_seed(enum pkey_kind kind, const uint8_t *seed, EVP_PKEY **ret)
{
    const OSSL_PARAM params[] = {octets(OSSL_PKEY_PARAM_ML_KEM_SEED, seed, seed_size(kind)),
                                 OSSL_PARAM_construct_end()};
    AUTO_PKEY_CTX EVP_PKEY_CTX *ctx = new_ctx(kind);

    REQUIRE(ctx != NULL, osl_failed(RC_HOST_MEMORY));
    TRY_SSL(EVP_PKEY_keygen_init(ctx));
    TRY_SSL(EVP_PKEY_CTX_set_params(ctx, params));
    TRY_SSL(EVP_PKEY_generate(ctx, ret));
    return RC_OK;
}

/* A value of the right length that the library does not take is REFUSED. */
static enum rc from_value(enum pkey_kind kind, const char *name, int selection, struct bytes value,
                          enum rc refused, EVP_PKEY **ret)
{
    OSSL_PARAM params[] = {octets(name, value.p, value.n), OSSL_PARAM_construct_end()};
    AUTO_PKEY_CTX EVP_PKEY_CTX *ctx = new_ctx(kind);

    REQUIRE(ctx != NULL, osl_failed(RC_HOST_MEMORY));
    TRY_SSL(EVP_PKEY_fromdata_init(ctx));
    REQUIRE(EVP_PKEY_fromdata(ctx, ret, selection, params) == 1, osl_failed(refused));
    return RC_OK;
}

static enum rc public_of(enum pkey_kind kind, const EVP_PKEY *key, struct buf *ret)
{
    const size_t n = pq_sizes(kind)->pub;
    size_t got = 0;

    buf_clear(ret);
    TRY(buf_reserve(ret, n));
    TRY_SSL(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, ret->p, n, &got));
    ret->n = got;
    return RC_OK;
}

static enum rc private_of(enum pkey_kind kind, const EVP_PKEY *key, struct secret **ret)
{
    AUTO_SECRET struct secret *value = secret_new(pq_sizes(kind)->priv);
    size_t n = 0;

    REQUIRE(value != NULL, RC_HOST_MEMORY);
    TRY_SSL(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PRIV_KEY, value->p, value->n, &n));
    REQUIRE(n == value->n, RC_CRYPTO_LIBRARY);
    *ret = TAKE(value);
    return RC_OK;
}

/* ---- checks -------------------------------------------------------------------------------------- */

static enum rc check_lengths(enum pkey_kind kind, const struct key_parts *parts)
{
    const struct pq_sizes *sizes = pq_sizes(kind);

    REQUIRE(!present(parts->seed) || parts->seed->n == sizes->seed, RC_ATTRIBUTE_VALUE_INVALID);
    REQUIRE(!present(parts->priv) || parts->priv->n == sizes->priv, RC_ATTRIBUTE_VALUE_INVALID);
    REQUIRE(parts->pub.n == 0 || parts->pub.n == sizes->pub, RC_ATTRIBUTE_VALUE_INVALID);
    return RC_OK;
}

/* FIPS 203, 7.2: two numbers below q in each three bytes of EK, all but its last 32. */
static enum rc check_modulus(enum pkey_kind kind, struct bytes ek)
{
    if (!pkey_is_ml_kem(kind)) {
        return RC_OK;
    }
    for (size_t i = 0; i + 32 < ek.n; i += 3) {
        const unsigned a = ek.p[i] | (ek.p[i + 1] & 15U) << 8;
        const unsigned b = ek.p[i + 1] >> 4 | (unsigned)ek.p[i + 2] << 4;

        REQUIRE(a < Q_ML_KEM && b < Q_ML_KEM, RC_PUBLIC_KEY_INVALID);
    }
    return RC_OK;
}

/* FIPS 203, algorithm 16: dk is the secret vector, ek, the hash of ek, z. */
static struct bytes ek_in_dk(enum pkey_kind kind, const struct secret *dk)
{
    const size_t n = pq_sizes(kind)->pub;

    return BYTES(dk->p + dk->n - 64 - n, n);
}

/* ---- private keys -------------------------------------------------------------------------------- */

/* Of the value alone. What the library checks: ML-KEM: ranges, the hash of ek, and that what is
 * encapsulated to ek is decapsulated; ML-DSA: ranges, t0 and tr against what follows from the rest. */
static enum rc from_private(enum pkey_kind kind, const struct secret *priv, EVP_PKEY **ret)
{
    if (pkey_is_ml_kem(kind)) {
        TRY(check_modulus(kind, ek_in_dk(kind, priv)));
    }
    return from_value(kind, OSSL_PKEY_PARAM_PRIV_KEY, EVP_PKEY_KEYPAIR, secret_view(priv),
                      RC_ATTRIBUTE_VALUE_INVALID, ret);
}

static enum rc agrees(enum pkey_kind kind, const EVP_PKEY *key, const struct secret *priv)
{
    AUTO_SECRET struct secret *made = NULL;

    TRY(private_of(kind, key, &made));
    return secret_equal(made, priv) ? RC_OK : RC_ATTRIBUTE_VALUE_INVALID;
}

/* Of the seed, if there is one. All that is there of PARTS belongs together. */
static enum rc read_private(enum pkey_kind kind, const struct key_parts *parts, EVP_PKEY **ret)
{
    AUTO_PKEY EVP_PKEY *key = NULL;
    AUTO_BUF struct buf pub = BUF_INIT;
    const struct secret *seed = pkey_is_slh_dsa(kind) ? parts->priv : parts->seed;

    TRY(check_lengths(kind, parts));
    if (present(seed)) {
        TRY(from_seed(kind, seed->p, &key));
        if (present(parts->priv)) {
            TRY(agrees(kind, key, parts->priv));
        }
    } else {
        REQUIRE(present(parts->priv), RC_TEMPLATE_INCOMPLETE);
        TRY(from_private(kind, parts->priv, &key));
    }
    if (parts->pub.n > 0) {
        TRY(public_of(kind, key, &pub));
        REQUIRE(bytes_equal(buf_view(&pub), buf_view(&parts->pub)), RC_ATTRIBUTE_VALUE_INVALID);
    }
    *ret = TAKE(key);
    return RC_OK;
}

/* ---- what the families offer --------------------------------------------------------------------- */

static enum rc read_public(enum pkey_kind kind, const struct key_parts *parts, EVP_PKEY **ret)
{
    const struct bytes pub = buf_view(&parts->pub);

    REQUIRE(pub.n > 0, RC_TEMPLATE_INCOMPLETE);
    TRY(check_lengths(kind, parts));
    TRY(check_modulus(kind, pub));
    return from_value(kind, OSSL_PKEY_PARAM_PUB_KEY, EVP_PKEY_PUBLIC_KEY, pub,
                      RC_PUBLIC_KEY_INVALID, ret);
}

static enum rc find_tr(struct pkey *k)
{
    AUTO_BUF struct buf pub = BUF_INIT;

    TRY(public_of(k->kind, k->evp, &pub));
    return osl_digest_ops.xof(HASH_SHAKE256, pub.p, pub.n, k->tr, TR_SIZE);
}

enum rc osl_pq_load(struct pkey *k, const struct key_parts *parts)
{
    k->size = pq_sizes(k->kind)->out;
    TRY(k->priv ? read_private(k->kind, parts, &k->evp) : read_public(k->kind, parts, &k->evp));
    return pkey_is_ml_dsa(k->kind) ? find_tr(k) : RC_OK;
}

enum rc osl_pq_complete(const struct pkey_spec *spec, struct key_parts *parts)
{
    AUTO_PKEY EVP_PKEY *key = NULL;
    AUTO_SECRET struct secret *priv = NULL;

    TRY(read_private(spec->kind, parts, &key));
    if (!present(parts->priv)) {
        TRY(private_of(spec->kind, key, &priv));
    }
    if (parts->pub.n == 0) {
        TRY(public_of(spec->kind, key, &parts->pub));
    }
    if (priv != NULL) {
        secret_free(parts->priv);
        parts->priv = TAKE(priv);
    }
    return RC_OK;
}

enum rc osl_pq_generate(const struct pkey_spec *spec, struct bytes e, struct rng *rng,
                        struct key_parts *parts)
{
    AUTO_SECRET struct secret *seed = secret_new(seed_size(spec->kind));
    AUTO_PKEY EVP_PKEY *key = NULL;

    (void)e;
    REQUIRE(seed != NULL, RC_HOST_MEMORY);
    TRY(rng_bytes(rng, seed->p, seed->n));
    TRY(from_seed(spec->kind, seed->p, &key));
    TRY(private_of(spec->kind, key, &parts->priv));
    TRY(public_of(spec->kind, key, &parts->pub));
    if (!pkey_is_slh_dsa(spec->kind)) {
        parts->seed = TAKE(seed);
    }
    return RC_OK;
}

/* ---- contexts ------------------------------------------------------------------------------------ */

void osl_pq_drop_idle(enum key_op op, void *idle)
{
    (void)op;
    EVP_PKEY_CTX_free(idle);
}

enum rc osl_pq_take(const struct pkey *k, enum key_op op, bool *ret_new, EVP_PKEY_CTX **ret)
{
    EVP_PKEY_CTX *ctx = osl_pool_take(osl_key_idle(k, op));

    *ret_new = ctx == NULL;
    if (ctx == NULL) {
        ctx = EVP_PKEY_CTX_new_from_pkey(osl()->lib, k->evp, NULL);
        REQUIRE(ctx != NULL, osl_failed(RC_HOST_MEMORY));
    }
    *ret = ctx;
    return RC_OK;
}

void osl_pq_give(const struct pkey *k, enum key_op op, EVP_PKEY_CTX *ctx)
{
    if (!osl_pool_put(osl_key_idle(k, op), ctx)) {
        EVP_PKEY_CTX_free(ctx);
    }
}
