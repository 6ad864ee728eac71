/* SPDX-License-Identifier: Apache-2.0
 *
 * HMAC (FIPS 198-1) over any digest table: a backend without a faster HMAC of its own builds its
 * mac table with this. The key is kept as the two hash states behind the padded key blocks, so that
 * beginning is a copy.
 */
#ifndef CRATON_CRYPTO_HMAC_H
#define CRATON_CRYPTO_HMAC_H

#include "crypto/crypto.h"

/* Zero-filled before init; holds secrets: keep it in memory of secret_alloc(), or clear it before
 * the scope ends. Read by many threads at once after init. */
struct hmac_key {
    const struct digest_ops *ops;
    enum hash_alg alg;
    struct digest_ctx inner; /* after the block key ^ ipad */
    struct digest_ctx outer; /* after the block key ^ opad */
};

/* KEY: any length, also 0. A key that was in use before may be set anew. */
NODISCARD enum rc hmac_key_init(struct hmac_key *k, const struct digest_ops *ops, enum hash_alg alg,
                                struct bytes key);
void hmac_key_clear(struct hmac_key *k);

/* RUN is zero-filled before first use, is begun again at will, and is cleared by
 * hmac_run_clear(). */
NODISCARD enum rc hmac_begin(const struct hmac_key *k, struct digest_ctx *run);
NODISCARD enum rc hmac_update(struct digest_ctx *run, const void *p, size_t n);
NODISCARD enum rc hmac_finish(const struct hmac_key *k, struct digest_ctx *run, uint8_t *out);
void hmac_run_clear(struct digest_ctx *run);

#endif
