/* SPDX-License-Identifier: Apache-2.0
 *
 * What the rules of the post-quantum keys share: the kinds that the subject has, keys of them.
 */
#ifndef CRATON_TESTS_CRYPTO_RULES_PQ_H
#define CRATON_TESTS_CRYPTO_RULES_PQ_H

#include "rules.h"

/* A pair of one kind, and its keys of the library. */
struct pq_pair {
    struct pkey_spec spec;
    const struct pkey_ops *ops;
    struct key_parts parts;
    struct pkey *priv, *pub;
};
struct pq_pair pq_pair_new(const struct crypto *c, enum pkey_kind kind);
void pq_pair_free(struct pq_pair *p);
#define AUTO_PQ_PAIR __attribute__((cleanup(pq_pair_free)))

/* The kinds from FROM to TO of the subject, without the small and slow sets of SLH-DSA. */
size_t pq_kinds(const struct crypto *c, enum pkey_kind from, enum pkey_kind to,
                enum pkey_kind *list);
bool pq_is_slow(enum pkey_kind kind);

struct key_parts pq_parts_copy(const struct key_parts *from);
struct pkey *pq_load(const struct pq_pair *p, const struct key_parts *parts, bool priv);
enum rc pq_try_load(const struct pq_pair *p, const struct key_parts *parts, bool priv);

/* Some 64 bytes to sign, and one more. */
extern const uint8_t pq_mu[65];
/* SLH-DSA: with the prefix of a pure signature without context (FIPS 205, 10.2.1). */
struct pkey_params pq_params(enum pkey_kind kind, bool deterministic);
void pq_sign(const struct pq_pair *p, const struct pkey *k, bool deterministic, uint8_t *out);
#define PQ_OUT_MAX 49856 /* SLH-DSA, 256f */

#endif
