/* SPDX-License-Identifier: Apache-2.0
 *
 * Making and releasing the generator. Inside the crypto room; others get it in struct crypto.
 */
#ifndef CRATON_CRYPTO_RNG_H
#define CRATON_CRYPTO_RNG_H

#include "crypto/crypto.h"

/* ENV outlives it. SHA256: a digest table that works before its backend is started. No entropy is
 * drawn yet. NULL when memory is short. Released by rng_free. */
struct rng *rng_new(const struct env *env, const struct digest_ops *sha256);
void rng_free(struct rng *rng);

#endif
