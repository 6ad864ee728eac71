/* SPDX-License-Identifier: Apache-2.0
 *
 * Composite keys: a post-quantum and another algorithm as one key with one public value. They are
 * kinds of struct pkey_spec (PKEY_COMP_SIG, PKEY_COMP_KEM) like any other; what they are made of
 * says composite.def. Ours, because no library has them; the halves are the libraries'. A private
 * key signs and decapsulates, a public one verifies and encapsulates, and neither does the other's.
 */
#ifndef CRATON_CRYPTO_COMPOSITE_H
#define CRATON_CRYPTO_COMPOSITE_H

#include "crypto/crypto.h"

enum comp_set {
    COMP_NONE,
#define SIG(name, label, ml_dsa, kind, curve, bits, padding, hash, prehash) COMP_SIG_##name,
#define KEM(name, label, ml_kem, kind, curve, bits, combiner) COMP_KEM_##name,
#include "composite.def"
    COMP_SET_COUNT
};

/* PKEY_COMP_SIG or PKEY_COMP_KEM; PKEY_COUNT for a number that is no set. */
enum pkey_kind comp_kind(unsigned set);
/* The hash by which a composite signature takes its message. */
enum hash_alg comp_hash(unsigned set);
/* Bytes: of the public value, of the private value, of a signature or ciphertext. At most: RSA keys
 * (here with e = 65537) and ECDSA signatures are DER inside. *RET_EXACT (may be NULL): all three are
 * exact. Zero for a number that is no set. */
struct pq_sizes comp_sizes(unsigned set, bool *ret_exact);

/* crypto.c: composites find their halves in C from now on, and are in its table. One crypto is open
 * at a time. */
void composite_open(struct crypto *c);
void composite_close(const struct crypto *c);

#endif
