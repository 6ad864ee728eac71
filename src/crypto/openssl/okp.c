/* SPDX-License-Identifier: Apache-2.0
 *
 * Ed25519, Ed448 (RFC 8032, with context and prehash) and X25519, X448 (RFC 7748).
 */
#include <string.h>

#include "key.h"

static const struct {
    const char *name;
    size_t key_n, sig_n; /* bytes of the public value and of the seed alike; of a signature */
    bool edwards;
} kinds[PKEY_COUNT] = {
    [PKEY_ED25519] = {"ED25519", 32, 64, true},
    [PKEY_ED448] = {"ED448", 57, 114, true},
    [PKEY_X25519] = {"X25519", 32, 32, false},
    [PKEY_X448] = {"X448", 56, 56, false},
};

/* ---- keys ------------------------------------------------------------------------------------------ */

static enum rc read_private(enum pkey_kind kind, const struct secret *seed, EVP_PKEY **ret)
{
    REQUIRE(seed != NULL, RC_TEMPLATE_INCOMPLETE);
    REQUIRE(seed->n == kinds[kind].key_n, RC_ATTRIBUTE_VALUE_INVALID);
    *ret = EVP_PKEY_new_raw_private_key_ex(osl()->lib, kinds[kind].name, NULL, seed->p, seed->n);
    REQUIRE(*ret != NULL, osl_failed(RC_CRYPTO_LIBRARY));
    return RC_OK;
}

static enum rc read_public(enum pkey_kind kind, struct bytes pub, EVP_PKEY **ret)
{
    AUTO_PKEY EVP_PKEY *key = NULL;

    REQUIRE(pub.n == kinds[kind].key_n, RC_PUBLIC_KEY_INVALID);
    if (kinds[kind].edwards) {
        TRY(osl_okp_check_edwards(kind, pub));
    }
    key = EVP_PKEY_new_raw_public_key_ex(osl()->lib, kinds[kind].name, NULL, pub.p, pub.n);
    REQUIRE(key != NULL, osl_failed(RC_PUBLIC_KEY_INVALID));
    *ret = TAKE(key);
    return RC_OK;
}

static enum rc public_of(enum pkey_kind kind, const EVP_PKEY *key, struct buf *ret)
{
    size_t n = kinds[kind].key_n;

    buf_clear(ret);
    TRY(buf_reserve(ret, n));
    TRY_SSL(EVP_PKEY_get_raw_public_key(key, ret->p, &n));
    ret->n = n;
    return RC_OK;
}

static enum rc okp_load(struct pkey *k, const struct key_parts *parts)
{
    AUTO_BUF struct buf pub = BUF_INIT;

    k->size = kinds[k->kind].sig_n;
    if (!k->priv) {
        return read_public(k->kind, buf_view(&parts->pub), &k->evp);
    }
    TRY(read_private(k->kind, parts->priv, &k->evp));
    if (parts->pub.n > 0) {
        TRY(public_of(k->kind, k->evp, &pub));
        REQUIRE(bytes_equal(buf_view(&pub), buf_view(&parts->pub)), RC_ATTRIBUTE_VALUE_INVALID);
    }
    return RC_OK;
}

static enum rc okp_complete(const struct pkey_spec *spec, struct key_parts *parts)
{
    AUTO_PKEY EVP_PKEY *key = NULL;

    TRY(read_private(spec->kind, parts->priv, &key));
    return public_of(spec->kind, key, &parts->pub);
}

static enum rc okp_generate(const struct pkey_spec *spec, struct bytes e, struct rng *rng,
                            struct key_parts *parts)
{
    (void)e;
    parts->priv = secret_new(kinds[spec->kind].key_n);
    REQUIRE(parts->priv != NULL, RC_HOST_MEMORY);
    TRY(rng_bytes(rng, parts->priv->p, parts->priv->n));
    return okp_complete(spec, parts);
}

static void okp_drop_idle(enum key_op op, void *idle)
{
    (void)op;
    EVP_PKEY_CTX_free(idle);
}

/* ---- EdDSA ------------------------------------------------------------------------------------------- */

static enum rc choose_variant(const struct pkey *k, const struct pkey_params *p,
                              enum eddsa_variant *ret)
{
    REQUIRE(p->scheme == SCHEME_EDDSA && kinds[k->kind].edwards, RC_MECHANISM_INVALID);
    REQUIRE(p->context.n <= 255, RC_MECHANISM_PARAM_INVALID);
    if (k->kind == PKEY_ED448) {
        *ret = p->prehash ? ED448_PH : ED448_PURE;
        return RC_OK;
    }
    if (p->prehash) {
        *ret = ED25519_PH;
        return RC_OK;
    }
    /* Ed25519ctx needs a context; RFC 8032, 8.3: it should not be empty, and the library's is not. */
    REQUIRE(!p->has_context || p->context.n > 0, RC_MECHANISM_PARAM_INVALID);
    *ret = p->context.n > 0 ? ED25519_CTX : ED25519_PURE;
    return RC_OK;
}

static enum rc eddsa_begin(const struct pkey *k, enum key_op op, enum eddsa_variant variant,
                           struct bytes context, EVP_PKEY_CTX **ret)
{
    uint8_t copy[255];
    OSSL_PARAM params[2] = {OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
    AUTO_PKEY_CTX EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(osl()->lib, k->evp, NULL);

    EVP_SIGNATURE *const alg = osl_eddsa(variant);

    REQUIRE(ctx != NULL, osl_failed(RC_HOST_MEMORY));
    REQUIRE(alg != NULL, osl_failed(RC_CRYPTO_LIBRARY));
    mem_copy(copy, context.p, context.n);
    if (context.n > 0) {
        params[0] =
            OSSL_PARAM_construct_octet_string(OSSL_SIGNATURE_PARAM_CONTEXT_STRING, copy, context.n);
    }
    if (op == OP_SIGN) {
        TRY_SSL(EVP_PKEY_sign_message_init(ctx, alg, params));
    } else {
        TRY_SSL(EVP_PKEY_verify_message_init(ctx, alg, params));
    }
    *ret = TAKE(ctx);
    return RC_OK;
}

/* A context for one operation: from the pool, when the plain scheme is wanted. */
static enum rc eddsa_take(const struct pkey *k, enum key_op op, const struct pkey_params *p,
                          bool *ret_plain, EVP_PKEY_CTX **ret)
{
    enum eddsa_variant variant;

    TRY(choose_variant(k, p, &variant));
    *ret_plain = (variant == ED25519_PURE || variant == ED448_PURE) && p->context.n == 0;
    if (*ret_plain) {
        *ret = osl_pool_take(osl_key_idle(k, op));
        if (*ret != NULL) {
            return RC_OK;
        }
    }
    return eddsa_begin(k, op, variant, p->context, ret);
}

static void eddsa_give(const struct pkey *k, enum key_op op, bool plain, EVP_PKEY_CTX *ctx)
{
    if (!plain || !osl_pool_put(osl_key_idle(k, op), ctx)) {
        EVP_PKEY_CTX_free(ctx);
    }
}

static enum rc okp_sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                        uint8_t *out, size_t *out_n)
{
    EVP_PKEY_CTX *ctx = NULL;
    bool plain = false;
    size_t n = k->size;

    TRY(eddsa_take(k, OP_SIGN, p, &plain, &ctx));
    const int ok = EVP_PKEY_sign(ctx, out, &n, osl_key_data(data), data.n);
    eddsa_give(k, OP_SIGN, plain, ctx);
    TRY_SSL(ok);
    *out_n = n;
    return RC_OK;
}

static enum rc okp_verify(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                          struct bytes sig)
{
    EVP_PKEY_CTX *ctx = NULL;
    bool plain = false;

    TRY(eddsa_take(k, OP_VERIFY, p, &plain, &ctx));
    if (sig.n != k->size) {
        eddsa_give(k, OP_VERIFY, plain, ctx);
        return RC_SIGNATURE_LEN_RANGE;
    }
    const int ok = EVP_PKEY_verify(ctx, sig.p, sig.n, osl_key_data(data), data.n);
    eddsa_give(k, OP_VERIFY, plain, ctx);
    return ok == 1 ? RC_OK : osl_failed(RC_SIGNATURE_INVALID);
}

/* ---- agreement ----------------------------------------------------------------------------------------- */

static enum rc derive(enum pkey_kind kind, EVP_PKEY *own, EVP_PKEY *other, struct secret **ret)
{
    size_t n = kinds[kind].key_n;
    AUTO_PKEY_CTX EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(osl()->lib, own, NULL);
    AUTO_SECRET struct secret *z = secret_new(n);

    REQUIRE(ctx != NULL && z != NULL, osl_failed(RC_HOST_MEMORY));
    TRY_SSL(EVP_PKEY_derive_init(ctx));
    TRY_SSL(EVP_PKEY_derive_set_peer_ex(ctx, other, 0));
    /* Fails when the output is all zero: the peer's point had small order (RFC 7748, 6.1). */
    if (EVP_PKEY_derive(ctx, z->p, &n) != 1 || n != z->n) {
        return osl_failed(RC_PUBLIC_KEY_INVALID);
    }
    *ret = TAKE(z);
    return RC_OK;
}

static enum rc okp_agree(const struct pkey *k, struct bytes peer, struct secret **ret)
{
    AUTO_PKEY EVP_PKEY *other = NULL;

    REQUIRE(!kinds[k->kind].edwards, RC_KEY_TYPE_INCONSISTENT);
    TRY(read_public(k->kind, peer, &other));
    return derive(k->kind, k->evp, other, ret);
}

static enum rc okp_encapsulate(const struct pkey *k, struct rng *rng, struct bytes fixed,
                               uint8_t *ct, struct secret **ret)
{
    size_t n = kinds[k->kind].key_n;
    AUTO_SECRET struct secret *seed = NULL;
    AUTO_PKEY EVP_PKEY *own = NULL;
    AUTO_SECRET struct secret *z = NULL;

    REQUIRE(!k->priv && !kinds[k->kind].edwards, RC_KEY_TYPE_INCONSISTENT);
    REQUIRE(fixed.n == 0 || fixed.n == n, RC_ARGUMENTS_BAD);
    seed = secret_new(n);
    REQUIRE(seed != NULL, RC_HOST_MEMORY);
    mem_copy(seed->p, fixed.p, fixed.n);
    if (fixed.n == 0) {
        TRY(rng_bytes(rng, seed->p, n));
    }
    TRY(read_private(k->kind, seed, &own));
    TRY(derive(k->kind, own, k->evp, &z));
    TRY_SSL(EVP_PKEY_get_raw_public_key(own, ct, &n));
    *ret = TAKE(z);
    return RC_OK;
}

const struct key_family osl_okp_family = {
    .generate = okp_generate,
    .load = okp_load,
    .complete = okp_complete,
    .drop_idle = okp_drop_idle,
    .sign = okp_sign,
    .verify = okp_verify,
    .agree = okp_agree,
    .encapsulate = okp_encapsulate,
};
