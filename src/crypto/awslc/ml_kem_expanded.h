/* SPDX-License-Identifier: Apache-2.0
 *
 * ML-KEM with what follows from an encapsulation key computed once: the matrix A, t as polynomials,
 * the hash of ek (FIPS 203, algorithm 14, lines 2 to 8, and algorithm 17, line 1). The library makes
 * them anew at each call, which is more than half of its time; here a key is used for long.
 *
 * The arithmetic, the hashes and the samplers are the library's: internal functions of its sources,
 * which tools/deps keeps beside it (ml_kem_set.h). Where these are of another kind than we know, the
 * build says so when it is configured, and the library's own functions serve behind the same door, a
 * key's bytes being all that is kept (ml_kem_plain.c).
 */
#ifndef CRATON_CRYPTO_AWSLC_ML_KEM_EXPANDED_H
#define CRATON_CRYPTO_AWSLC_ML_KEM_EXPANDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LC_ML_KEM_ALIGN 64 /* of an expanded key in memory, in bytes */

/* One parameter set. E is SIZE bytes, aligned, public; sizes of the rest as FIPS 203 says. ek and dk
 * were checked before (7.2, 7.3), and lengths are the caller's. */
struct lc_ml_kem_expanded {
    size_t size;
    void (*expand)(void *e, const uint8_t *ek);
    /* ML-KEM.Encaps_internal (algorithm 17): M has 32 bytes, SHARED too. False: a damaged key. */
    bool (*encapsulate)(const void *e, const uint8_t *m, uint8_t *ct, uint8_t *shared);
    /* ML-KEM.Decaps_internal (algorithm 18); E is of the ek in DK. No branch and no index depends on
     * DK, M or SHARED. False: a damaged key. */
    bool (*decapsulate)(const void *e, const uint8_t *dk, const uint8_t *ct, uint8_t *shared);
};

/* With CRATON_AWSLC_ML_KEM. */
extern const struct lc_ml_kem_expanded lc_ml_kem_512;
extern const struct lc_ml_kem_expanded lc_ml_kem_768;
extern const struct lc_ml_kem_expanded lc_ml_kem_1024;

/* Of ML-KEM-512, 768, 1024. */
extern const struct lc_ml_kem_expanded lc_ml_kem_plain[3];

#endif
