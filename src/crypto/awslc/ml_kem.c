/* SPDX-License-Identifier: Apache-2.0
 *
 * ML-KEM (FIPS 203): m comes from our generator. The library repeats the checks of ek and dk at each
 * encapsulation and decapsulation; what it refuses then is a damaged key, since load() made them.
 */
#include "pkey.h"
#include "pq_library.h"

#define M_SIZE 32
#define SHARED_SIZE 32
#define CT_MAX 1568 /* ML-KEM-1024 */

static const struct lc_ml_kem *functions(enum pkey_kind kind)
{
    return &lc_pq()->ml_kem[kind - PKEY_ML_KEM_512];
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

static enum rc encapsulate(enum pkey_kind kind, const uint8_t *ek, const uint8_t *m, uint8_t *ct,
                           uint8_t *shared)
{
    size_t ct_n = pq_sizes(kind)->out;
    size_t shared_n = SHARED_SIZE;
    TRY_LIB(functions(kind)->encapsulate(ct, &ct_n, shared, &shared_n, ek, m) == 0,
            RC_CRYPTO_LIBRARY);
    return RC_OK;
}

static enum rc decapsulate(enum pkey_kind kind, const uint8_t *dk, const uint8_t *ct,
                           uint8_t *shared)
{
    size_t shared_n = SHARED_SIZE;
    TRY_LIB(functions(kind)->decapsulate(shared, &shared_n, ct, dk) == 0, RC_CRYPTO_LIBRARY);
    return RC_OK;
}

/* Does the secret vector open what is encapsulated to EK? Nothing else tells that they are a pair. */
static enum rc try_pair(enum pkey_kind kind, const uint8_t *ek, const uint8_t *dk)
{
    static const uint8_t m[M_SIZE] = "the pair is tried with this";
    uint8_t ct[CT_MAX];
    uint8_t there[SHARED_SIZE];
    uint8_t back[SHARED_SIZE];
    enum rc rc = encapsulate(kind, ek, m, ct, there);
    if (rc == RC_OK) {
        rc = decapsulate(kind, dk, ct, back);
    }
    if (rc == RC_OK && !mem_equal_ct(there, back, SHARED_SIZE)) {
        rc = RC_ATTRIBUTE_VALUE_INVALID;
    }
    mem_wipe(there, sizeof(there));
    mem_wipe(back, sizeof(back));
    return rc;
}

/* dk is the secret vector, ek, the hash of ek, and z (FIPS 203, algorithm 16). The secret vector is
 * encoded as the one in ek is, and may not have a number of q or more in it either. */
enum rc lc_ml_kem_public_of(enum pkey_kind kind, const struct secret *priv, uint8_t *pub)
{
    const size_t pub_n = pq_sizes(kind)->pub;
    const uint8_t *ek = priv->p + priv->n - 64 - pub_n;
    TRY(lc_ml_kem_check_public(kind, ek));
    TRY_LIB(functions(kind)->check_ek(priv->p, pub_n) == 0, RC_ATTRIBUTE_VALUE_INVALID);
    TRY_LIB(functions(kind)->check_dk(priv->p, priv->n) == 0, RC_ATTRIBUTE_VALUE_INVALID);
    TRY(try_pair(kind, ek, priv->p));
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
    const enum rc rc = encapsulate(k->kind, k->pq_pub, fixed.n > 0 ? fixed.p : m, ct, shared->p);
    mem_wipe(m, sizeof(m));
    if (rc != RC_OK) {
        mem_wipe(ct, k->size);
        return rc;
    }
    *ret = TAKE(shared);
    return RC_OK;
}

enum rc lc_ml_kem_decapsulate(const struct pkey *k, struct bytes ct, struct secret **ret)
{
    REQUIRE(ct.n == k->size, RC_ENCRYPTED_DATA_LEN_RANGE);
    AUTO_SECRET struct secret *shared = secret_new(SHARED_SIZE);
    REQUIRE(shared != NULL, RC_HOST_MEMORY);
    TRY(decapsulate(k->kind, k->pq_priv->p, ct.p, shared->p));
    *ret = TAKE(shared);
    return RC_OK;
}
