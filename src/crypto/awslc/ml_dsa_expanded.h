/* SPDX-License-Identifier: Apache-2.0
 *
 * ML-DSA with what follows from a public value computed once: the matrix A and t1 * 2^d, both in NTT
 * form (FIPS 204, algorithms 7 and 8). The library makes them anew at each call, which is a third of
 * a signature and two thirds of a verification.
 *
 * All of it is public and lies on the heap. The private value stays the bytes that it is, in secret
 * memory: to unpack s1, s2 and t0 costs a twentieth of a signature, and to keep them unpacked would
 * take 12 to 23 KiB of locked memory a key.
 *
 * The arithmetic, the hashes and the encodings are the library's: internal functions of its sources,
 * which tools/deps keeps beside it (ml_dsa_set.h). Where these are of another kind than we know, the
 * build says so when it is configured, and the library's own functions serve behind the same door, a
 * public key's bytes being all that is kept (ml_dsa_plain.c).
 */
#ifndef CRATON_CRYPTO_AWSLC_ML_DSA_EXPANDED_H
#define CRATON_CRYPTO_AWSLC_ML_DSA_EXPANDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LC_ML_DSA_ALIGN 64 /* of an expanded key in memory, in bytes */

/* One parameter set. E is the caller's, aligned; sizes of the rest as FIPS 204 says, and lengths are
 * the caller's to look at. Keys were checked before. mu has 64 bytes, RND 32 (zero: deterministic).
 *
 * Stack: at most 36, 44, 57 KiB (a signature of ML-DSA-44, 65, 87); what was secret is wiped. */
struct lc_ml_dsa_expanded {
    size_t private_size; /* of E for signing: A; 16, 30, 56 KiB */
    size_t public_size;  /* for verifying: A and t1; 20, 36, 64 KiB */
    void (*expand_private)(void *e, const uint8_t *sk);
    void (*expand_public)(void *e, const uint8_t *pk);
    /* ML-DSA.Sign_internal (algorithm 7) with mu given; E is of the rho in SK. No branch and no index
     * depends on a secret, but for which polynomial makes an attempt fail. False, and SIG is
     * undefined: E was damaged, or no signature in as many attempts as there are numbers for. */
    bool (*sign)(const void *e, const uint8_t *sk, const uint8_t *mu, const uint8_t *rnd,
                 uint8_t *sig);
    /* ML-DSA.Verify_internal (algorithm 8) with mu given. */
    bool (*verify)(const void *e, const uint8_t *mu, const uint8_t *sig);
};

/* With CRATON_AWSLC_ML_DSA. */
extern const struct lc_ml_dsa_expanded lc_ml_dsa_44;
extern const struct lc_ml_dsa_expanded lc_ml_dsa_65;
extern const struct lc_ml_dsa_expanded lc_ml_dsa_87;

/* With CRATON_AWSLC_ML_DSA_AVX2: the same, for processors that have it. */
extern const struct lc_ml_dsa_expanded lc_ml_dsa_44_avx2;
extern const struct lc_ml_dsa_expanded lc_ml_dsa_65_avx2;
extern const struct lc_ml_dsa_expanded lc_ml_dsa_87_avx2;

/* Of ML-DSA-44, 65, 87. */
extern const struct lc_ml_dsa_expanded lc_ml_dsa_plain[3];

#endif
