/* SPDX-License-Identifier: Apache-2.0
 *
 * HMAC-SHA256 (FIPS 198-1, FIPS 180-4) on the compression function alone, for the generator, which
 * sets a new key every other call and would spend as much time between the blocks as in them.
 */
#ifndef CRATON_CRYPTO_HMAC256_H
#define CRATON_CRYPTO_HMAC256_H

#include "crypto/crypto.h"

#define HMAC256_SIZE 32 /* of key and output */

/* Holds secrets: lives in memory of secret_alloc(). */
struct hmac256 {
    void (*blocks)(uint32_t h[8], const uint8_t *p, size_t n); /* of digest_ops */
    uint32_t inner[8];                                         /* behind the key's pads */
    uint32_t outer[8];
    uint32_t h[8]; /* of what runs */
    uint64_t total;
    uint8_t block[64]; /* its last bytes, total % 64 of them */
};

/* Sets the key. m->blocks is set already. */
void hmac256_key(struct hmac256 *m, const uint8_t key[HMAC256_SIZE]);

/* One message in parts. OUT may be what the key or a part was read from. */
void hmac256_begin(struct hmac256 *m);
void hmac256_add(struct hmac256 *m, const uint8_t *p, size_t n);
void hmac256_end(struct hmac256 *m, uint8_t out[HMAC256_SIZE]);

#endif
