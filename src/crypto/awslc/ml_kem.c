/* SPDX-License-Identifier: Apache-2.0
 *
 * ML-KEM (FIPS 203): m comes from our generator. The checks of ek (7.2) and dk (7.3) are made when a
 * key is loaded, and what follows from ek is computed then (ml_kem_expanded.h).
 */
#include "ml_kem_expanded.h"
#include "pkey.h"
#include "pq_library.h"

#define M_SIZE 32
#define SHARED_SIZE 32
#define CT_MAX 1568 /* ML-KEM-1024 */

static const struct lc_ml_kem *functions(enum pkey_kind kind)
{
    return &lc_pq()->ml_kem[kind - PKEY_ML_KEM_512];
}

static const struct lc_ml_kem_expanded *set(enum pkey_kind kind)
{
#ifdef CRATON_AWSLC_ML_KEM
    static const struct lc_ml_kem_expanded *const sets[] = {&lc_ml_kem_512, &lc_ml_kem_768,
                                                            &lc_ml_kem_1024};
    return sets[kind - PKEY_ML_KEM_512];
#else
    return &lc_ml_kem_plain[kind - PKEY_ML_KEM_512];
#endif
}

enum rc lc_ml_kem_expand(enum pkey_kind kind, const uint8_t *seed, uint8_t *pub, uint8_t *priv)
{
    size_t pub_n = pq_sizes(kind)->pub;
    size_t priv_n = pq_sizes(kind)->priv;
    TRY_LIB(functions(kind)->keypair(pub, &pub_n, priv, &priv_n, seed) == 0, RC_CRYPTO_LIBRARY);
    return RC_OK;
}

enum rc lc_ml_kem_check_public(enum pkey_kind kind, const uint8_t *pub)
{
    TRY_LIB(functions(kind)->check_ek(pub, pq_sizes(kind)->pub) == 0, RC_PUBLIC_KEY_INVALID);
    return RC_OK;
}

enum rc lc_ml_kem_expand_public(enum pkey_kind kind, const uint8_t *pub, uint8_t **ret)
{
    uint8_t *e = mem_alloc_aligned(LC_ML_KEM_ALIGN, set(kind)->size);
    REQUIRE(e != NULL, RC_HOST_MEMORY);
    set(kind)->expand(e, pub);
    *ret = e;
    return RC_OK;
}

/* Does DK open what is encapsulated to E? */
static enum rc try_pair(enum pkey_kind kind, const uint8_t *e, const uint8_t *dk)
{
    static const uint8_t m[M_SIZE] = "the pair is tried with this";
    uint8_t ct[CT_MAX];
    uint8_t there[SHARED_SIZE];
    uint8_t back[SHARED_SIZE];
    const bool same = set(kind)->encapsulate(e, m, ct, there) &&
                      set(kind)->decapsulate(e, dk, ct, back) &&
                      mem_equal_ct(there, back, SHARED_SIZE);
    mem_wipe(there, sizeof(there));
    mem_wipe(back, sizeof(back));
    return same ? RC_OK : RC_ATTRIBUTE_VALUE_INVALID;
}

enum rc lc_ml_kem_try(const struct pkey *k)
{
    return try_pair(k->kind, k->pq_pub, k->pq_priv->p);
}

const uint8_t *lc_ml_kem_public_in(enum pkey_kind kind, const struct secret *priv)
{
    return priv->p + priv->n - 64 - pq_sizes(kind)->pub;
}

/* dk is the secret vector, ek, the hash of ek, and z (FIPS 203, algorithm 16). The secret vector is
 * encoded as the one in ek is, and may not have a number of q or more in it either. Nothing but a
 * trial tells that it belongs to ek. */
enum rc lc_ml_kem_public_of(enum pkey_kind kind, const struct secret *priv, uint8_t *pub)
{
    const size_t pub_n = pq_sizes(kind)->pub;
    const uint8_t *ek = lc_ml_kem_public_in(kind, priv);
    AUTO_FREE uint8_t *e = NULL;
    TRY(lc_ml_kem_check_public(kind, ek));
    TRY_LIB(functions(kind)->check_ek(priv->p, pub_n) == 0, RC_ATTRIBUTE_VALUE_INVALID);
    TRY_LIB(functions(kind)->check_dk(priv->p, priv->n) == 0, RC_ATTRIBUTE_VALUE_INVALID);
    TRY(lc_ml_kem_expand_public(kind, ek, &e));
    TRY(try_pair(kind, e, priv->p));
    mem_copy(pub, ek, pub_n);
    return RC_OK;
}

enum rc lc_ml_kem_encapsulate(const struct pkey *k, struct rng *rng, struct bytes fixed,
                              uint8_t *ct, struct secret **ret)
{
    uint8_t m[M_SIZE];
    REQUIRE(fixed.n == 0 || fixed.n == M_SIZE, RC_ARGUMENTS_BAD);
    AUTO_SECRET struct secret *shared = secret_new(SHARED_SIZE);
    REQUIRE(shared != NULL, RC_HOST_MEMORY);
    if (fixed.n == 0) {
        TRY(rng_bytes(rng, m, sizeof(m)));
    }
    const bool good =
        set(k->kind)->encapsulate(k->pq_pub, fixed.n > 0 ? fixed.p : m, ct, shared->p);
    mem_wipe(m, sizeof(m));
    REQUIRE(good, RC_CRYPTO_LIBRARY);
    *ret = TAKE(shared);
    return RC_OK;
}

enum rc lc_ml_kem_decapsulate(const struct pkey *k, struct bytes ct, struct secret **ret)
{
    REQUIRE(ct.n == k->size, RC_ENCRYPTED_DATA_LEN_RANGE);
    AUTO_SECRET struct secret *shared = secret_new(SHARED_SIZE);
    REQUIRE(shared != NULL, RC_HOST_MEMORY);
    REQUIRE(set(k->kind)->decapsulate(k->pq_pub, k->pq_priv->p, ct.p, shared->p),
            RC_CRYPTO_LIBRARY);
    *ret = TAKE(shared);
    return RC_OK;
}
