/* SPDX-License-Identifier: Apache-2.0
 *
 * Public key algorithms: which family a key belongs to, and what is alike for all of them.
 */
#include <string.h>

#include "key.h"

static const struct key_family *const families[PKEY_COUNT] = {
    [PKEY_RSA] = &osl_rsa_family,
    [PKEY_EC] = &osl_ec_family,
    [PKEY_ED25519] = &osl_okp_family,
    [PKEY_ED448] = &osl_okp_family,
    [PKEY_X25519] = &osl_okp_family,
    [PKEY_X448] = &osl_okp_family,
    [PKEY_ML_KEM_512] = &osl_ml_kem_family,
    [PKEY_ML_KEM_768] = &osl_ml_kem_family,
    [PKEY_ML_KEM_1024] = &osl_ml_kem_family,
    [PKEY_ML_DSA_44] = &osl_pq_sign_family,
    [PKEY_ML_DSA_65] = &osl_pq_sign_family,
    [PKEY_ML_DSA_87] = &osl_pq_sign_family,
    [PKEY_SLH_DSA_SHA2_128S] = &osl_pq_sign_family,
    [PKEY_SLH_DSA_SHAKE_128S] = &osl_pq_sign_family,
    [PKEY_SLH_DSA_SHA2_128F] = &osl_pq_sign_family,
    [PKEY_SLH_DSA_SHAKE_128F] = &osl_pq_sign_family,
    [PKEY_SLH_DSA_SHA2_192S] = &osl_pq_sign_family,
    [PKEY_SLH_DSA_SHAKE_192S] = &osl_pq_sign_family,
    [PKEY_SLH_DSA_SHA2_192F] = &osl_pq_sign_family,
    [PKEY_SLH_DSA_SHAKE_192F] = &osl_pq_sign_family,
    [PKEY_SLH_DSA_SHA2_256S] = &osl_pq_sign_family,
    [PKEY_SLH_DSA_SHAKE_256S] = &osl_pq_sign_family,
    [PKEY_SLH_DSA_SHA2_256F] = &osl_pq_sign_family,
    [PKEY_SLH_DSA_SHAKE_256F] = &osl_pq_sign_family,
};

struct pool *osl_key_idle(const struct pkey *k, enum key_op op)
{
    return (struct pool *)(uintptr_t)&k->idle[op];
}

const uint8_t *osl_key_data(struct bytes v)
{
    static const uint8_t none;

    return v.n > 0 ? v.p : &none;
}

static bool supports(const struct pkey_spec *spec)
{
    if ((unsigned)spec->kind >= PKEY_COUNT || families[spec->kind] == NULL) {
        return false;
    }
    return spec->kind != PKEY_EC || curve_bits(spec->curve) > 0;
}

static void key_free(struct pkey *k)
{
    if (k == NULL) {
        return;
    }
    for (size_t op = 0; op < OP_COUNT; op++) {
        void *idle;

        while ((idle = osl_pool_take(&k->idle[op])) != NULL) {
            families[k->kind]->drop_idle((enum key_op)op, idle);
        }
    }
    EVP_PKEY_free(k->evp);
    if (k->ec != NULL) {
        families[k->kind]->drop_idle(OP_COUNT, k->ec);
    }
    buf_free(&k->n);
    mem_free(k);
}

static enum rc load(const struct pkey_spec *spec, const struct key_parts *parts, bool priv,
                    struct pkey **ret)
{
    REQUIRE(supports(spec), RC_MECHANISM_INVALID);
    struct pkey *k = mem_alloc(sizeof(*k));
    REQUIRE(k != NULL, RC_HOST_MEMORY);
    k->kind = spec->kind;
    k->curve = spec->curve;
    k->priv = priv;
    const enum rc rc = families[k->kind]->load(k, parts);
    if (rc != RC_OK) {
        key_free(k);
        return rc;
    }
    *ret = k;
    return RC_OK;
}

static enum rc generate(const struct pkey_spec *spec, struct bytes e, struct rng *rng,
                        struct key_parts *parts)
{
    AUTO_KEY_PARTS struct key_parts made = {0};

    /* whoever makes a key object of it tries the pair, whichever library made it */
    REQUIRE(supports(spec), RC_MECHANISM_INVALID);
    TRY(families[spec->kind]->generate(spec, e, rng, &made));
    key_parts_free(parts);
    *parts = made;
    memset(&made, 0, sizeof(made));
    return RC_OK;
}

static enum rc complete(const struct pkey_spec *spec, struct key_parts *parts)
{
    REQUIRE(supports(spec), RC_MECHANISM_INVALID);
    return families[spec->kind]->complete(spec, parts);
}

/* ---- use ------------------------------------------------------------------------------------------ */

static size_t size(const struct pkey *k)
{
    return k->size;
}

static const uint8_t *tr(const struct pkey *k)
{
    return pkey_is_ml_dsa(k->kind) ? k->tr : NULL;
}

static enum rc sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                    uint8_t *out, size_t *out_n)
{
    REQUIRE(k->priv && families[k->kind]->sign != NULL, RC_KEY_TYPE_INCONSISTENT);
    return families[k->kind]->sign(k, p, data, out, out_n);
}

static enum rc verify(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                      struct bytes sig)
{
    REQUIRE(families[k->kind]->verify != NULL, RC_KEY_TYPE_INCONSISTENT);
    return families[k->kind]->verify(k, p, data, sig);
}

static enum rc encrypt(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                       uint8_t *out, size_t *out_n)
{
    REQUIRE(families[k->kind]->encrypt != NULL, RC_KEY_TYPE_INCONSISTENT);
    return families[k->kind]->encrypt(k, p, data, out, out_n);
}

static enum rc decrypt(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                       struct secret **ret)
{
    REQUIRE(k->priv && families[k->kind]->decrypt != NULL, RC_KEY_TYPE_INCONSISTENT);
    return families[k->kind]->decrypt(k, p, data, ret);
}

static enum rc agree(const struct pkey *k, struct bytes peer, struct secret **ret)
{
    REQUIRE(k->priv && families[k->kind]->agree != NULL, RC_KEY_TYPE_INCONSISTENT);
    return families[k->kind]->agree(k, peer, ret);
}

static enum rc encapsulate(const struct pkey *k, struct rng *rng, struct bytes fixed, uint8_t *ct,
                           struct secret **ret)
{
    REQUIRE(families[k->kind]->encapsulate != NULL, RC_KEY_TYPE_INCONSISTENT);
    return families[k->kind]->encapsulate(k, rng, fixed, ct, ret);
}

static enum rc decapsulate(const struct pkey *k, struct bytes ct, struct secret **ret)
{
    REQUIRE(k->priv && families[k->kind]->decapsulate != NULL, RC_KEY_TYPE_INCONSISTENT);
    return families[k->kind]->decapsulate(k, ct, ret);
}

const struct pkey_ops osl_pkey_ops = {
    .supports = supports,
    .generate = generate,
    .load = load,
    .free = key_free,
    .complete = complete,
    .size = size,
    .tr = tr,
    .sign = sign,
    .verify = verify,
    .encrypt = encrypt,
    .decrypt = decrypt,
    .agree = agree,
    .encapsulate = encapsulate,
    .decapsulate = decapsulate,
};
