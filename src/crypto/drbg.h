/* SPDX-License-Identifier: Apache-2.0
 *
 * One instance of HMAC_DRBG with SHA-256 (NIST SP 800-90A Rev. 1, 10.1.2), the bare algorithm:
 * entropy is handed in. struct rng (rng.c) gives it its entropy and shares it among threads.
 */
#ifndef CRATON_CRYPTO_DRBG_H
#define CRATON_CRYPTO_DRBG_H

#include "hmac256.h"

#define DRBG_ENTROPY 32 /* bytes a (re)seed: the security strength */
#define DRBG_NONCE 16   /* bytes of nonce at instantiation */
#define DRBG_REQUEST_MAX 65536
#define DRBG_OUTPUT_BLOCK 32

/* Zero-filled before use; lives in secret memory. All of it reads zero in a forked child, where
 * ready is false then. */
struct drbg {
    bool ready;    /* instantiated, and no failure since */
    bool has_last; /* last holds the output block before */
    uint8_t v[DRBG_OUTPUT_BLOCK];
    uint8_t k[DRBG_OUTPUT_BLOCK];
    uint8_t last[DRBG_OUTPUT_BLOCK];
    struct hmac256 mac; /* under k */
};

/* 10.1.2.3. SHA256: the digest table to run on. */
NODISCARD enum rc drbg_instantiate(struct drbg *d, const struct digest_ops *sha256,
                                   struct bytes entropy, struct bytes nonce, struct bytes perso);

/* 10.1.2.4. RC_RANDOM_NO_RNG when not instantiated. */
NODISCARD enum rc drbg_reseed(struct drbg *d, struct bytes entropy, struct bytes more);

/* 10.1.2.5 for N <= DRBG_REQUEST_MAX bytes. With prediction resistance the caller reseeds first,
 * with the additional input there and none here (9.3.1, step 7). RC_RANDOM_NO_RNG when an output
 * block equals the one before; the instance is dead then. OUT is zero on error. */
NODISCARD enum rc drbg_generate(struct drbg *d, struct bytes more, uint8_t *out, size_t n);

void drbg_clear(struct drbg *d);

#endif
