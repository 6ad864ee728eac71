/* SPDX-License-Identifier: Apache-2.0
 *
 * ML-DSA (FIPS 204) over mu. What follows from a key is computed when it is loaded
 * (ml_dsa_expanded.h). What is random in a hedged signature comes from the library's own generator.
 */
#include <openssl/rand.h>

#include "ml_dsa_expanded.h"
#include "pkey.h"
#include "pq_library.h"

#define MU_SIZE 64
#define RND_SIZE 32
#define TR_IN_PRIVATE 64 /* behind rho and K (FIPS 204, algorithm 24) */

static const struct lc_ml_dsa *functions(enum pkey_kind kind)
{
    return &lc_pq()->ml_dsa[kind - PKEY_ML_DSA_44];
}

static const struct lc_ml_dsa_expanded *set(enum pkey_kind kind)
{
    const size_t i = kind - PKEY_ML_DSA_44;
#ifdef CRATON_AWSLC_ML_DSA_AVX2
    static const struct lc_ml_dsa_expanded *const avx2[] = {&lc_ml_dsa_44_avx2, &lc_ml_dsa_65_avx2,
                                                            &lc_ml_dsa_87_avx2};
    if (__builtin_cpu_supports("avx2")) {
        return avx2[i];
    }
#endif
#ifdef CRATON_AWSLC_ML_DSA
    static const struct lc_ml_dsa_expanded *const sets[] = {&lc_ml_dsa_44, &lc_ml_dsa_65,
                                                            &lc_ml_dsa_87};
    return sets[i];
#else
    return &lc_ml_dsa_plain[i];
#endif
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

enum rc lc_ml_dsa_expand_private(enum pkey_kind kind, const struct secret *priv, uint8_t **ret)
{
    uint8_t *e = mem_alloc_aligned(LC_ML_DSA_ALIGN, set(kind)->private_size);
    REQUIRE(e != NULL, RC_HOST_MEMORY);
    set(kind)->expand_private(e, priv->p);
    *ret = e;
    return RC_OK;
}

/* tr lies behind what is expanded. */
enum rc lc_ml_dsa_expand_public(enum pkey_kind kind, const uint8_t *pub, uint8_t **ret)
{
    const size_t n = set(kind)->public_size;
    AUTO_FREE uint8_t *e = mem_alloc_aligned(LC_ML_DSA_ALIGN, n + LC_TR_SIZE);
    REQUIRE(e != NULL, RC_HOST_MEMORY);
    set(kind)->expand_public(e, pub);
    TRY_LIB(lc_pq()->shake256(pub, pq_sizes(kind)->pub, e + n, LC_TR_SIZE), RC_CRYPTO_LIBRARY);
    *ret = TAKE(e);
    return RC_OK;
}

const uint8_t *lc_ml_dsa_tr(const struct pkey *k)
{
    return k->priv ? k->pq_priv->p + TR_IN_PRIVATE : k->pq_pub + set(k->kind)->public_size;
}

enum rc lc_ml_dsa_sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                       uint8_t *out, size_t *out_n)
{
    uint8_t rnd[RND_SIZE] = {0};
    REQUIRE(data.n == MU_SIZE, RC_DATA_LEN_RANGE);
    TRY_LIB(p->deterministic || RAND_bytes(rnd, RND_SIZE) == 1, RC_CRYPTO_LIBRARY);
    const bool good = set(k->kind)->sign(k->pq_pub, k->pq_priv->p, data.p, rnd, out);
    mem_wipe(rnd, sizeof(rnd));
    if (!good) {
        mem_wipe(out, k->size);
        return awslc_failed(RC_CRYPTO_LIBRARY);
    }
    *out_n = k->size;
    return RC_OK;
}

enum rc lc_ml_dsa_verify(const struct pkey *k, struct bytes data, struct bytes sig)
{
    REQUIRE(data.n == MU_SIZE, RC_DATA_LEN_RANGE);
    TRY_LIB(set(k->kind)->verify(k->pq_pub, data.p, sig.p), RC_SIGNATURE_INVALID);
    return RC_OK;
}
