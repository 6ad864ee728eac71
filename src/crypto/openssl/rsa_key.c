/* SPDX-License-Identifier: Apache-2.0
 *
 * RSA keys: generating, loading, completing.
 */
#include <string.h>

#include "key.h"

/* Which part is which number, and what the library calls it. */
static const struct row {
    size_t part; /* of struct secret * in key_parts */
    size_t number;
    const char *name;
} secrets[] = {
    {offsetof(struct key_parts, d), offsetof(struct rsa_numbers, d), OSSL_PKEY_PARAM_RSA_D},
    {offsetof(struct key_parts, p), offsetof(struct rsa_numbers, p), OSSL_PKEY_PARAM_RSA_FACTOR1},
    {offsetof(struct key_parts, q), offsetof(struct rsa_numbers, q), OSSL_PKEY_PARAM_RSA_FACTOR2},
    {offsetof(struct key_parts, dp), offsetof(struct rsa_numbers, dp),
     OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {offsetof(struct key_parts, dq), offsetof(struct rsa_numbers, dq),
     OSSL_PKEY_PARAM_RSA_EXPONENT2},
    {offsetof(struct key_parts, qi), offsetof(struct rsa_numbers, qi),
     OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
};

static struct secret **part_of(struct key_parts *parts, const struct row *row)
{
    return (struct secret **)(void *)((uint8_t *)parts + row->part);
}

static BIGNUM **number_of(struct rsa_numbers *r, const struct row *row)
{
    return (BIGNUM **)(void *)((uint8_t *)r + row->number);
}

/* ---- to the library's key --------------------------------------------------------------------------- */

/* One number in the library's form, written at *AT in our secret memory. */
static OSSL_PARAM to_param(const char *name, const BIGNUM *bn, uint8_t **at)
{
    const size_t n = (size_t)BN_num_bytes(bn) + 1;
    const OSSL_PARAM param = OSSL_PARAM_construct_BN(name, *at, n);

    BN_bn2nativepad(bn, *at, (int)n);
    *at += n;
    return param;
}

static enum rc to_library(struct rsa_numbers *r, bool priv, EVP_PKEY **ret)
{
    const size_t room = ((size_t)BN_num_bytes(r->n) + 1) * (2 + ARRAY_LEN(secrets));
    AUTO_RELEASE uint8_t *memory = secret_alloc(room);
    AUTO_PKEY_CTX EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(osl()->lib, "RSA", NULL);
    OSSL_PARAM params[2 + ARRAY_LEN(secrets) + 1];
    OSSL_PARAM *p = params;
    uint8_t *at = memory;

    REQUIRE(memory != NULL && ctx != NULL, osl_failed(RC_HOST_MEMORY));
    *p++ = to_param(OSSL_PKEY_PARAM_RSA_N, r->n, &at);
    *p++ = to_param(OSSL_PKEY_PARAM_RSA_E, r->e, &at);
    for (size_t i = 0; priv && i < ARRAY_LEN(secrets); i++) {
        *p++ = to_param(secrets[i].name, *number_of(r, &secrets[i]), &at);
    }
    *p = OSSL_PARAM_construct_end();
    TRY_SSL(EVP_PKEY_fromdata_init(ctx));
    TRY_SSL(EVP_PKEY_fromdata(ctx, ret, priv ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params));
    return RC_OK;
}

enum rc osl_rsa_load(struct pkey *k, const struct key_parts *parts)
{
    AUTO_RSA_NUMBERS struct rsa_numbers r = {0};

    TRY(osl_rsa_numbers_read(parts, k->priv, &r));
    TRY(k->priv ? osl_rsa_solve(&r) : osl_rsa_check_public(&r));
    k->bits = (size_t)BN_num_bits(r.n);
    k->size = (k->bits + 7) / 8;
    TRY(osl_bn_to_buf(r.n, &k->n));
    return to_library(&r, k->priv, &k->evp);
}

/* ---- from numbers to parts ------------------------------------------------------------------------------ */

/* Fills in what is absent of PARTS. */
static enum rc to_parts(struct rsa_numbers *r, struct key_parts *parts)
{
    if (parts->n.n == 0) {
        TRY(osl_bn_to_buf(r->n, &parts->n));
    }
    if (parts->e.n == 0) {
        TRY(osl_bn_to_buf(r->e, &parts->e));
    }
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        struct secret **place = part_of(parts, &secrets[i]);

        if (*place != NULL && (*place)->n > 0) {
            continue;
        }
        struct secret *value = osl_bn_to_secret(*number_of(r, &secrets[i]), 0);
        REQUIRE(value != NULL, RC_HOST_MEMORY);
        secret_free(*place);
        *place = value;
    }
    return RC_OK;
}

enum rc osl_rsa_complete(const struct pkey_spec *spec, struct key_parts *parts)
{
    AUTO_RSA_NUMBERS struct rsa_numbers r = {0};

    (void)spec;
    TRY(osl_rsa_numbers_read(parts, true, &r));
    TRY(osl_rsa_solve(&r));
    return to_parts(&r, parts);
}

/* ---- generating ---------------------------------------------------------------------------------------------- */

static enum rc check_request(const struct pkey_spec *spec, const BIGNUM *e)
{
    REQUIRE(spec->bits >= RSA_BITS_MIN && spec->bits <= RSA_BITS_MAX, RC_KEY_SIZE_RANGE);
    REQUIRE(BN_is_odd(e) && !BN_is_one(e), RC_ATTRIBUTE_VALUE_INVALID);
    REQUIRE(BN_num_bits(e) <= (spec->bits > 3072 ? 64 : 256), RC_ATTRIBUTE_VALUE_INVALID);
    return RC_OK;
}

/* By the library, with our generator. */
static enum rc make(const struct pkey_spec *spec, const BIGNUM *e, struct rng *rng, EVP_PKEY **ret)
{
    uint8_t native[40]; /* E has 256 bits at most */
    size_t bits = spec->bits;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_RSA_BITS, &bits),
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, native, sizeof(native)),
        OSSL_PARAM_construct_end(),
    };
    AUTO_PKEY_CTX EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(osl()->gen, "RSA", NULL);

    REQUIRE(ctx != NULL, osl_failed(RC_HOST_MEMORY));
    BN_bn2nativepad(e, native, sizeof(native));
    TRY_SSL(EVP_PKEY_keygen_init(ctx));
    TRY_SSL(EVP_PKEY_CTX_set_params(ctx, params));
    osl_rand_use(rng);
    const int made = EVP_PKEY_generate(ctx, ret);
    const enum rc drawn = osl_rand_result();
    osl_rand_use(NULL);
    if (made != 1) {
        return osl_failed(drawn != RC_OK ? drawn : RC_CRYPTO_LIBRARY);
    }
    return RC_OK;
}

enum rc osl_rsa_generate(const struct pkey_spec *spec, struct bytes e, struct rng *rng,
                         struct key_parts *parts)
{
    AUTO_RSA_NUMBERS struct rsa_numbers r = {0};
    AUTO_PKEY EVP_PKEY *key = NULL;
    AUTO_BN BIGNUM *exponent = NULL;

    static const uint8_t usual[] = {1, 0, 1};

    REQUIRE(e.n <= RSA_BITS_MAX / 8, RC_ATTRIBUTE_VALUE_INVALID);
    exponent = osl_bn_from(e.n > 0 ? e : BYTES(usual, sizeof(usual)));
    REQUIRE(exponent != NULL, RC_HOST_MEMORY);
    TRY(check_request(spec, exponent));
    TRY(make(spec, exponent, rng, &key));
    TRY_SSL(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &r.n));
    TRY_SSL(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &r.e));
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        TRY_SSL(EVP_PKEY_get_bn_param(key, secrets[i].name, number_of(&r, &secrets[i])));
    }
    return to_parts(&r, parts);
}
