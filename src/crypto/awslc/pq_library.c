/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of pq_library.h. Also built by itself, with library_check.c, to see whether the
 * library has them.
 */
#include "pq_library.h"

#ifdef CRATON_AWSLC_PQ

#include <openssl/base.h> /* the symbols' prefix */

#define ML_KEM_OF(set)                                                                             \
    int ml_kem_##set##_keypair_deterministic(uint8_t *ek, size_t *ek_n, uint8_t *dk, size_t *dk_n, \
                                             const uint8_t *d_and_z);                              \
    int ml_kem_##set##_check_pk(const uint8_t *ek, size_t n);                                      \
    int ml_kem_##set##_check_sk(const uint8_t *dk, size_t n);                                      \
    int ml_kem_##set##_encapsulate_deterministic(uint8_t *ct, size_t *ct_n, uint8_t *shared,       \
                                                 size_t *shared_n, const uint8_t *ek,              \
                                                 const uint8_t *m);                                \
    int ml_kem_##set##_decapsulate(uint8_t *shared, size_t *shared_n, const uint8_t *ct,           \
                                   const uint8_t *dk)
ML_KEM_OF(512);
ML_KEM_OF(768);
ML_KEM_OF(1024);

#define ML_DSA_OF(set)                                                                             \
    int ml_dsa_##set##_keypair_internal(uint8_t *pk, uint8_t *sk, const uint8_t *xi);              \
    int ml_dsa_##set##_pack_pk_from_sk(uint8_t *pk, const uint8_t *sk);                            \
    int ml_dsa_extmu_##set##_sign_internal(const uint8_t *sk, uint8_t *sig, size_t *sig_n,         \
                                           const uint8_t *mu, size_t mu_n, const uint8_t *pre,     \
                                           size_t pre_n, const uint8_t *rnd);                      \
    int ml_dsa_extmu_##set##_verify(const uint8_t *pk, const uint8_t *sig, size_t sig_n,           \
                                    const uint8_t *mu, size_t mu_n)
ML_DSA_OF(44);
ML_DSA_OF(65);
ML_DSA_OF(87);

uint8_t *SHAKE128(const uint8_t *p, const size_t n, uint8_t *out, size_t out_n);
uint8_t *SHAKE256(const uint8_t *p, const size_t n, uint8_t *out, size_t out_n);

#define ML_KEM_ROW(set)                                                                            \
    {                                                                                              \
        ml_kem_##set##_keypair_deterministic, ml_kem_##set##_check_pk, ml_kem_##set##_check_sk,    \
            ml_kem_##set##_encapsulate_deterministic, ml_kem_##set##_decapsulate                   \
    }
#define ML_DSA_ROW(set)                                                                            \
    {                                                                                              \
        ml_dsa_##set##_keypair_internal, ml_dsa_##set##_pack_pk_from_sk,                           \
            ml_dsa_extmu_##set##_sign_internal, ml_dsa_extmu_##set##_verify                        \
    }

const struct lc_pq *lc_pq(void)
{
    static const struct lc_pq functions = {
        .ml_kem = {ML_KEM_ROW(512), ML_KEM_ROW(768), ML_KEM_ROW(1024)},
        .ml_dsa = {ML_DSA_ROW(44), ML_DSA_ROW(65), ML_DSA_ROW(87)},
        .shake128 = SHAKE128,
        .shake256 = SHAKE256,
    };
    return &functions;
}

#else

const struct lc_pq *lc_pq(void)
{
    return NULL;
}

#endif
