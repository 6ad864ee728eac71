/* SPDX-License-Identifier: Apache-2.0
 *
 * AES-256-GCM as this room uses it, and the labels that keep its keys apart. The layouts are in
 * docs/store-format.md; tests/vectors/format holds them still.
 */
#ifndef CRATON_SEAL_AEAD_H
#define CRATON_SEAL_AEAD_H

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/crypto.h"

#define NONCE_SIZE 12u
#define TAG_SIZE 16u

#define LABEL_STATE "craton-hsm v1 state"
#define LABEL_PIN "craton-hsm v1 pin"
#define LABEL_RECORDS "craton-hsm v1 records"
#define LABEL_INDEX "craton-hsm v1 index"
#define LABEL_RECORD "craton-hsm v1 record"

/* OUT gets a fresh random nonce, N bytes of ciphertext and the tag: N + 28 bytes. */
NODISCARD enum rc aead_seal(const struct crypto *c, const struct secret *key, struct bytes aad,
                            const uint8_t *in, size_t n, uint8_t *out);

/* SEALED is what aead_seal() wrote; OUT gets sealed.n - 28 bytes. RC_STORE_CORRUPT when it was
 * altered or is too short; OUT then holds zeros. */
NODISCARD enum rc aead_open(const struct crypto *c, const struct secret *key, struct bytes aad,
                            struct bytes sealed, uint8_t *out);

/* Big-endian additions, for labels and AAD. */
NODISCARD enum rc buf_add_u32_be(struct buf *b, uint32_t v);
NODISCARD enum rc buf_add_u64_be(struct buf *b, uint64_t v);

#endif
