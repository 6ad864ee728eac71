/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside crypto only: the rows of composite.def, a composite key, and what composite.c (table),
 * composite_parts.c (how keys are written), composite_sig.c and composite_kem.c share.
 */
#ifndef CRATON_CRYPTO_COMPOSITE_KEY_H
#define CRATON_CRYPTO_COMPOSITE_KEY_H

#include "composite.h"

enum combiner { COMBINER_SHA3, COMBINER_XWING, COMBINER_MLKEM_FIRST, COMBINER_MLKEM_LAST };

#define COMP_LABEL_MAX 40
#define COMP_XWING_SEED 32
#define COMP_CARRIED 32    /* bytes that an RSA half carries, and a mixed secret has */
#define COMP_RSA_BITS 4096 /* at most */

struct comp_row {
    enum pkey_kind kind; /* PKEY_COMP_SIG or PKEY_COMP_KEM; PKEY_COUNT: no row */
    struct bytes label;
    struct pkey_spec pq, other; /* the halves */
    enum pkey_scheme padding;   /* SIG */
    enum hash_alg hash, prehash;
    enum combiner combiner; /* KEM */
};

/* Immutable. */
struct pkey {
    const struct comp_row *row;
    const struct crypto *c; /* the one it was loaded with */
    const struct pkey_ops *pq_ops, *other_ops;
    struct pkey *pq, *other;
    bool priv;
    size_t pq_out,
        size; /* bytes of the first half's signature or ciphertext; of the whole, at most */
    /* KEM: the other half's public value as it is written; empty where nothing needs it */
    struct buf other_pub;
};

/* The row of a set; of COMP_NONE for a number that is none. */
const struct comp_row *comp_row(unsigned set);

/* ---- lengths (composite_parts.c) ------------------------------------------------------------------ */

/* Bytes of the other half as it is written; at most, where it is RSA or an ECDSA signature. */
size_t comp_other_pub_size(const struct comp_row *row);
size_t comp_other_priv_size(const struct comp_row *row);
size_t comp_other_out_size(const struct comp_row *row);
/* Bytes of an agreement key's private value, as key_parts have it. */
size_t comp_scalar_size(const struct pkey_spec *half);
/* All of the above are exact. */
bool comp_exact(const struct comp_row *row);
/* Whether the ML-KEM half comes first in public values and ciphertexts. */
bool comp_pq_first(const struct comp_row *row);

/* ---- how keys are written (composite_parts.c) -------------------------------------------------------- */

/* The halves of a key. Reading gives the parts that load of a half wants, writing takes what
 * generate or complete of a half has filled in. RC_ATTRIBUTE_VALUE_INVALID: not what a key of the row
 * looks like, or the public value of another RSA key than PARTS has already. */
struct comp_parts {
    struct key_parts pq, other;
};
void comp_parts_free(struct comp_parts *p);
#define AUTO_COMP_PARTS __attribute__((cleanup(comp_parts_free)))

NODISCARD enum rc comp_read_priv(const struct crypto *c, const struct comp_row *row,
                                 const struct secret *priv, struct comp_parts *parts);
NODISCARD enum rc comp_read_pub(const struct comp_row *row, struct bytes pub,
                                struct comp_parts *parts);
NODISCARD enum rc comp_write_priv(const struct comp_row *row, const struct comp_parts *parts,
                                  struct secret **ret);
NODISCARD enum rc comp_write_pub(const struct comp_row *row, const struct comp_parts *parts,
                                 struct buf *ret);
/* Adds the other half's alone. */
NODISCARD enum rc comp_write_other_pub(const struct comp_row *row, const struct key_parts *other,
                                       struct buf *ret);

/* ---- struct pkey_ops -------------------------------------------------------------------------------- */

NODISCARD enum rc comp_sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                            uint8_t *out, size_t *out_n);
NODISCARD enum rc comp_verify(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                              struct bytes sig);
NODISCARD enum rc comp_encapsulate(const struct pkey *k, struct rng *rng, struct bytes fixed,
                                   uint8_t *ct, struct secret **ret);
NODISCARD enum rc comp_decapsulate(const struct pkey *k, struct bytes ct, struct secret **ret);

#endif
