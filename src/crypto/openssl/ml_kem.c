/* SPDX-License-Identifier: Apache-2.0
 *
 * ML-KEM (FIPS 203): encapsulation with m from our generator, decapsulation.
 */
#include "key.h"

#define M_SIZE 32
#define SHARED_SIZE 32

static enum rc kem_take(const struct pkey *k, enum key_op op, EVP_PKEY_CTX **ret)
{
    AUTO_PKEY_CTX EVP_PKEY_CTX *ctx = NULL;
    bool fresh = false;

    TRY(osl_pq_take(k, op, &fresh, &ctx));
    if (fresh) {
        TRY_SSL(op == OP_ENCAPSULATE ? EVP_PKEY_encapsulate_init(ctx, NULL)
                                     : EVP_PKEY_decapsulate_init(ctx, NULL));
    }
    *ret = TAKE(ctx);
    return RC_OK;
}

/* The library uses an m that was set for one encapsulation only. */
static int encapsulate_with(EVP_PKEY_CTX *ctx, uint8_t m[M_SIZE], uint8_t *ct, size_t ct_n,
                            struct secret *shared)
{
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_KEM_PARAM_IKME, m, M_SIZE),
                                 OSSL_PARAM_construct_end()};
    size_t n = shared->n;

    return EVP_PKEY_CTX_set_params(ctx, params) == 1 &&
           EVP_PKEY_encapsulate(ctx, ct, &ct_n, shared->p, &n) == 1 && n == shared->n;
}

static enum rc kem_encapsulate(const struct pkey *k, struct rng *rng, struct bytes fixed,
                               uint8_t *ct, struct secret **ret)
{
    AUTO_SECRET struct secret *shared = NULL;
    EVP_PKEY_CTX *ctx = NULL;
    uint8_t m[M_SIZE];

    REQUIRE(fixed.n == 0 || fixed.n == M_SIZE, RC_ARGUMENTS_BAD);
    shared = secret_new(SHARED_SIZE);
    REQUIRE(shared != NULL, RC_HOST_MEMORY);
    TRY(kem_take(k, OP_ENCAPSULATE, &ctx));
    mem_copy(m, fixed.p, fixed.n);
    const enum rc drawn = fixed.n > 0 ? RC_OK : rng_bytes(rng, m, sizeof(m));
    const bool ok = drawn == RC_OK && encapsulate_with(ctx, m, ct, k->size, shared);
    mem_wipe(m, sizeof(m));
    osl_pq_give(k, OP_ENCAPSULATE, ctx);
    TRY(drawn);
    if (!ok) {
        mem_wipe(ct, k->size);
        return osl_failed(RC_CRYPTO_LIBRARY);
    }
    *ret = TAKE(shared);
    return RC_OK;
}

static enum rc kem_decapsulate(const struct pkey *k, struct bytes ct, struct secret **ret)
{
    AUTO_SECRET struct secret *shared = NULL;
    EVP_PKEY_CTX *ctx = NULL;
    size_t n = SHARED_SIZE;

    REQUIRE(ct.n == k->size, RC_ENCRYPTED_DATA_LEN_RANGE);
    shared = secret_new(n);
    REQUIRE(shared != NULL, RC_HOST_MEMORY);
    TRY(kem_take(k, OP_DECAPSULATE, &ctx));
    const int ok = EVP_PKEY_decapsulate(ctx, shared->p, &n, ct.p, ct.n);
    osl_pq_give(k, OP_DECAPSULATE, ctx);
    TRY_SSL(ok);
    REQUIRE(n == shared->n, RC_CRYPTO_LIBRARY);
    *ret = TAKE(shared);
    return RC_OK;
}

const struct key_family osl_ml_kem_family = {
    .generate = osl_pq_generate,
    .load = osl_pq_load,
    .complete = osl_pq_complete,
    .drop_idle = osl_pq_drop_idle,
    .encapsulate = kem_encapsulate,
    .decapsulate = kem_decapsulate,
};
