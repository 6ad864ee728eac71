/* SPDX-License-Identifier: Apache-2.0
 *
 * Public key algorithms: each call goes to the file of its kind. What is common to them, that a
 * key is private where it must be and that its kind has the scheme, is looked at here.
 */
#include "pkey.h"
#include "pq_library.h"

static bool is_pq(enum pkey_kind kind)
{
    return pkey_is_ml_kem(kind) || pkey_is_ml_dsa(kind);
}

static bool pkey_supports(const struct pkey_spec *spec)
{
    switch (spec->kind) {
    case PKEY_RSA:
        return spec->bits == 0 || (spec->bits >= 1024 && spec->bits <= 16384);
    case PKEY_EC:
        return lc_ec_group(spec->curve) != NULL;
    case PKEY_ED25519:
    case PKEY_X25519:
        return true;
    default:
        return lc_pq() != NULL && is_pq(spec->kind);
    }
}

static enum rc pkey_generate(const struct pkey_spec *spec, struct bytes e, struct rng *rng,
                             struct key_parts *parts)
{
    REQUIRE(pkey_supports(spec), RC_MECHANISM_INVALID);
    switch (spec->kind) {
    case PKEY_RSA:
        return lc_rsa_generate(spec, e, rng, parts);
    case PKEY_EC:
        return lc_ec_generate(spec, rng, parts);
    default:
        return is_pq(spec->kind) ? lc_pq_generate(spec->kind, rng, parts)
                                 : lc_okp_generate(spec->kind, rng, parts);
    }
}

static void pkey_free(struct pkey *k)
{
    if (k != NULL) {
        RSA_free(k->rsa);
        EVP_PKEY_free(k->evp);
        EC_KEY_free(k->ec);
        secret_free(k->pq_priv);
        mem_free(k->pq_pub);
        secret_release(k);
    }
}

static void pkey_free_at(struct pkey **k)
{
    pkey_free(*k);
}

static enum rc pkey_load(const struct pkey_spec *spec, const struct key_parts *parts, bool priv,
                         struct pkey **ret)
{
    REQUIRE(pkey_supports(spec), RC_MECHANISM_INVALID);
    __attribute__((cleanup(pkey_free_at))) struct pkey *k = secret_alloc(sizeof(*k));
    REQUIRE(k != NULL, RC_HOST_MEMORY);
    k->kind = spec->kind;
    k->priv = priv;
    if (spec->kind == PKEY_RSA) {
        TRY(lc_rsa_load(k, parts));
    } else if (spec->kind == PKEY_EC) {
        TRY(lc_ec_load(k, spec, parts));
    } else {
        TRY(is_pq(spec->kind) ? lc_pq_load(k, parts) : lc_okp_load(k, parts));
    }
    *ret = TAKE(k);
    return RC_OK;
}

static enum rc pkey_complete(const struct pkey_spec *spec, struct key_parts *parts)
{
    REQUIRE(pkey_supports(spec), RC_MECHANISM_INVALID);
    switch (spec->kind) {
    case PKEY_RSA:
        return lc_rsa_complete(parts);
    case PKEY_EC:
        return lc_ec_complete(spec, parts);
    default:
        return is_pq(spec->kind) ? lc_pq_complete(spec->kind, parts)
                                 : lc_okp_complete(spec->kind, parts);
    }
}

static size_t pkey_size(const struct pkey *k)
{
    return k->size;
}

static const uint8_t *pkey_tr(const struct pkey *k)
{
    return pkey_is_ml_dsa(k->kind) ? lc_ml_dsa_tr(k) : NULL;
}

static bool scheme_fits(enum pkey_kind kind, enum pkey_scheme scheme)
{
    switch (kind) {
    case PKEY_RSA:
        return scheme <= SCHEME_RSA_RAW;
    case PKEY_EC:
        return scheme == SCHEME_ECDSA;
    case PKEY_ED25519:
        return scheme == SCHEME_EDDSA;
    default:
        return pkey_is_ml_dsa(kind) && scheme == SCHEME_ML_DSA;
    }
}

static enum rc pkey_sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                         uint8_t *out, size_t *out_n)
{
    REQUIRE(k->priv && scheme_fits(k->kind, p->scheme), RC_KEY_TYPE_INCONSISTENT);
    switch (k->kind) {
    case PKEY_RSA:
        return lc_rsa_sign(k, p, data, out, out_n);
    case PKEY_EC:
        return lc_ec_sign(k, data, out, out_n);
    case PKEY_ED25519:
        return lc_okp_sign(k, p, data, out, out_n);
    default:
        return lc_ml_dsa_sign(k, p, data, out, out_n);
    }
}

static enum rc pkey_verify(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                           struct bytes sig)
{
    REQUIRE(scheme_fits(k->kind, p->scheme), RC_KEY_TYPE_INCONSISTENT);
    REQUIRE(sig.n == k->size, RC_SIGNATURE_LEN_RANGE);
    switch (k->kind) {
    case PKEY_RSA:
        return lc_rsa_verify(k, p, data, sig);
    case PKEY_EC:
        return lc_ec_verify(k, data, sig);
    case PKEY_ED25519:
        return lc_okp_verify(k, p, data, sig);
    default:
        REQUIRE(!k->priv, RC_KEY_TYPE_INCONSISTENT); /* it does not keep the public value */
        return lc_ml_dsa_verify(k, data, sig);
    }
}

static enum rc pkey_encrypt(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                            uint8_t *out, size_t *out_n)
{
    REQUIRE(k->kind == PKEY_RSA, RC_KEY_TYPE_INCONSISTENT);
    return lc_rsa_encrypt(k, p, data, out, out_n);
}

static enum rc pkey_decrypt(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                            struct secret **ret)
{
    REQUIRE(k->kind == PKEY_RSA && k->priv, RC_KEY_TYPE_INCONSISTENT);
    return lc_rsa_decrypt(k, p, data, ret);
}

static enum rc pkey_agree(const struct pkey *k, struct bytes peer, struct secret **ret)
{
    REQUIRE(k->priv, RC_KEY_TYPE_INCONSISTENT);
    if (k->kind == PKEY_EC) {
        return lc_ec_agree(k, peer, ret);
    }
    REQUIRE(k->kind == PKEY_X25519, RC_KEY_TYPE_INCONSISTENT);
    return lc_okp_agree(k, peer, ret);
}

static enum rc pkey_encapsulate(const struct pkey *k, struct rng *rng, struct bytes fixed,
                                uint8_t *ct, struct secret **ret)
{
    REQUIRE(!k->priv, RC_KEY_TYPE_INCONSISTENT);
    if (k->kind == PKEY_EC) {
        return lc_ec_encapsulate(k, rng, fixed, ct, ret);
    }
    if (k->kind == PKEY_X25519) {
        return lc_okp_encapsulate(k, rng, fixed, ct, ret);
    }
    REQUIRE(pkey_is_ml_kem(k->kind), RC_KEY_TYPE_INCONSISTENT);
    return lc_ml_kem_encapsulate(k, rng, fixed, ct, ret);
}

static enum rc pkey_decapsulate(const struct pkey *k, struct bytes ct, struct secret **ret)
{
    REQUIRE(pkey_is_ml_kem(k->kind) && k->priv, RC_KEY_TYPE_INCONSISTENT);
    return lc_ml_kem_decapsulate(k, ct, ret);
}

static enum rc pkey_try_kem(const struct pkey *k)
{
    REQUIRE(pkey_is_ml_kem(k->kind) && k->priv, RC_KEY_TYPE_INCONSISTENT);
    return lc_ml_kem_try(k);
}

const struct pkey_ops awslc_pkey_ops = {
    .supports = pkey_supports,
    .generate = pkey_generate,
    .load = pkey_load,
    .free = pkey_free,
    .complete = pkey_complete,
    .size = pkey_size,
    .tr = pkey_tr,
    .sign = pkey_sign,
    .verify = pkey_verify,
    .encrypt = pkey_encrypt,
    .decrypt = pkey_decrypt,
    .agree = pkey_agree,
    .encapsulate = pkey_encapsulate,
    .decapsulate = pkey_decapsulate,
    .try_kem = pkey_try_kem,
};
