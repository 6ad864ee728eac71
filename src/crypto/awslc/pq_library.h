/* SPDX-License-Identifier: Apache-2.0
 *
 * What this room uses of AWS-LC without a header of the library's.
 *
 * The library's public interface cannot sign deterministically, makes ML-DSA keys from its own
 * generator alone, and allocates at each call. The functions behind it can: they are global in the
 * static library, and the headers that declare them (crypto/fipsmodule/ml_kem/ml_kem.h,
 * ml_dsa/ml_dsa.h, sha/internal.h) are not installed. Declared in pq_library.c as of AWS-LC 5.1.0. A
 * library without one of them is noticed when the build is configured, and OpenSSL then serves what
 * is named here; a changed meaning is noticed by tests/unit/crypto_awslc/test_pq.c.
 */
#ifndef CRATON_CRYPTO_AWSLC_PQ_LIBRARY_H
#define CRATON_CRYPTO_AWSLC_PQ_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

#define LC_PQ_SETS 3 /* of ML-KEM and of ML-DSA, in the order of enum pkey_kind */

/* FIPS 203. All return 0 for yes. Each _N: bytes of room before, bytes written after. */
struct lc_ml_kem {
    int (*keypair)(uint8_t *ek, size_t *ek_n, uint8_t *dk, size_t *dk_n, const uint8_t *d_and_z);
    int (*check_ek)(const uint8_t *ek,
                    size_t n); /* 7.2: every number below q; not the last 32 bytes */
    int (*check_dk)(const uint8_t *dk, size_t n); /* 7.3: the hash of ek */
    /* For ml_kem_plain.c. Both repeat these checks. */
    int (*encapsulate)(uint8_t *ct, size_t *ct_n, uint8_t *shared, size_t *shared_n,
                       const uint8_t *ek, const uint8_t *m);
    int (*decapsulate)(uint8_t *shared, size_t *shared_n, const uint8_t *ct, const uint8_t *dk);
};

/* FIPS 204. All return 1 for yes. mu has 64 bytes; the library does not look at MU_N. */
struct lc_ml_dsa {
    int (*keypair)(uint8_t *pk, uint8_t *sk, const uint8_t *xi);
    /* No, and PK zero, when SK is out of range or its t0 or tr is not what follows from the rest. */
    int (*public_of)(uint8_t *pk, const uint8_t *sk);
    /* For ml_dsa_plain.c. PRE does not count for a given mu. */
    int (*sign)(const uint8_t *sk, uint8_t *sig, size_t *sig_n, const uint8_t *mu, size_t mu_n,
                const uint8_t *pre, size_t pre_n, const uint8_t *rnd);
    int (*verify)(const uint8_t *pk, const uint8_t *sig, size_t sig_n, const uint8_t *mu,
                  size_t mu_n);
};

/* FIPS 202. NULL when it failed, which it does not. */
typedef uint8_t *(*lc_shake)(const uint8_t *p, size_t n, uint8_t *out, size_t out_n);

struct lc_pq {
    struct lc_ml_kem ml_kem[LC_PQ_SETS];
    struct lc_ml_dsa ml_dsa[LC_PQ_SETS];
    lc_shake shake128, shake256;
};

/* NULL: this AWS-LC lacks some of it. */
const struct lc_pq *lc_pq(void);

#endif
