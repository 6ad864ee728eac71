/* SPDX-License-Identifier: Apache-2.0
 *
 * ML-DSA (FIPS 204) over mu. What is random in a hedged signature comes from the library's own
 * generator.
 */
#include "pkey.h"
#include "pq_library.h"

#define MU_SIZE 64
#define TR_IN_PRIVATE 64 /* behind rho and K (FIPS 204, algorithm 24) */

static const struct lc_ml_dsa *functions(enum pkey_kind kind)
{
    return &lc_pq()->ml_dsa[kind - PKEY_ML_DSA_44];
}

enum rc lc_ml_dsa_expand(enum pkey_kind kind, const uint8_t *seed, uint8_t *pub, uint8_t *priv)
{
    TRY_LIB(functions(kind)->keypair(pub, priv, seed) == 1, RC_CRYPTO_LIBRARY);
    return RC_OK;
}

enum rc lc_ml_dsa_public_of(enum pkey_kind kind, const struct secret *priv, uint8_t *pub)
{
    TRY_LIB(functions(kind)->public_of(pub, priv->p) == 1, RC_ATTRIBUTE_VALUE_INVALID);
    return RC_OK;
}

enum rc lc_ml_dsa_tr_of(enum pkey_kind kind, const uint8_t *pub, uint8_t *tr)
{
    TRY_LIB(lc_pq()->shake256(pub, pq_sizes(kind)->pub, tr, LC_TR_SIZE), RC_CRYPTO_LIBRARY);
    return RC_OK;
}

const uint8_t *lc_ml_dsa_tr(const struct pkey *k)
{
    return k->priv ? k->pq_priv->p + TR_IN_PRIVATE : k->pq_pub + pq_sizes(k->kind)->pub;
}

enum rc lc_ml_dsa_sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                       uint8_t *out, size_t *out_n)
{
    static const uint8_t nothing[32];
    const struct lc_ml_dsa *f = functions(k->kind);
    const uint8_t *sk = k->pq_priv->p;
    size_t n = 0;
    REQUIRE(data.n == MU_SIZE, RC_DATA_LEN_RANGE);
    const int good = p->deterministic ? f->sign_with(sk, out, &n, data.p, data.n, NULL, 0, nothing)
                                      : f->sign(sk, out, &n, data.p, data.n);
    if (good != 1 || n != k->size) {
        mem_wipe(out, k->size);
        return awslc_failed(RC_CRYPTO_LIBRARY);
    }
    *out_n = n;
    return RC_OK;
}

enum rc lc_ml_dsa_verify(const struct pkey *k, struct bytes data, struct bytes sig)
{
    REQUIRE(data.n == MU_SIZE, RC_DATA_LEN_RANGE);
    TRY_LIB(functions(k->kind)->verify(k->pq_pub, sig.p, sig.n, data.p, data.n) == 1,
            RC_SIGNATURE_INVALID);
    return RC_OK;
}
