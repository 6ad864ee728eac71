/* SPDX-License-Identifier: Apache-2.0
 *
 * craton-vectors: post-quantum keys and what is tried with them, whatever file a case comes from.
 */
#ifndef CRATON_TESTS_VECTORS_PQ_H
#define CRATON_TESTS_VECTORS_PQ_H

#include "runner.h"

struct pq_set {
    const char *name; /* "ML-KEM-512", "ML-DSA-44", "SLH-DSA-SHA2-128s" */
    CK_KEY_TYPE type;
    CK_ULONG number;          /* CKA_PARAMETER_SET */
    CK_MECHANISM_TYPE vendor; /* CKM_CRATON_, another name of the same; 0: none */
};

/* NULL: none of ours. */
const struct pq_set *pq_set_named(const char *name);

/* Of making a key: SLH-DSA is left out where the only library is AWS-LC, which has none. */
enum outcome pq_rejected(const struct pq_set *set, CK_RV rv);

/* Keys that last as long as the case. Parts that are empty are not given. */
CK_RV pq_public(const struct pq_set *set, struct data value, CK_OBJECT_HANDLE *ret);
CK_RV pq_private(const struct pq_set *set, struct data value, struct data seed,
                 CK_OBJECT_HANDLE *ret);
/* The bits of CKA_PUBLIC_KEY_INFO. */
CK_RV pq_public_bits(CK_OBJECT_HANDLE key, struct data *ret);
/* The public key of a private one, out of these. */
CK_RV pq_public_of(const struct pq_set *set, CK_OBJECT_HANDLE key, CK_OBJECT_HANDLE *ret);
/* The attribute is there and is VALUE. */
bool pq_attribute_is(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, struct data value);

/* A private key of SEED has the expanded value DK and the public one EK, and so has one of DK alone,
 * and one of both. */
enum outcome pq_seed_expands(const struct pq_set *set, struct data seed, struct data dk,
                             struct data ek);
/* The token encapsulates to EK: a ciphertext of CT_N bytes and a secret of SECRET_N. */
enum outcome pq_encapsulates(const struct pq_set *set, struct data ek, CK_ULONG ct_n,
                             CK_ULONG secret_n);
/* And decapsulates what it encapsulated. */
enum outcome pq_decapsulates(const struct pq_set *set, CK_OBJECT_HANDLE key, struct data ct,
                             struct data secret);

/* How a signature is made. */
struct pq_way {
    CK_MECHANISM_TYPE type;
    CK_MECHANISM_TYPE also; /* another name of it; 0: none */
    struct data context;
    CK_MECHANISM_TYPE hash; /* that the data is a digest of; 0: it is none */
    bool parts;             /* in parts as well */
};

/* Of a message of a key of SET. */
struct pq_way pq_message_way(const struct pq_set *set, struct data context);

/* SIG, byte for byte, without randomness. */
enum outcome pq_signs(const struct pq_way *way, CK_OBJECT_HANDLE key, struct data in,
                      struct data sig);
enum outcome pq_verifies(const struct pq_way *way, CK_OBJECT_HANDLE key, struct data in,
                         struct data sig);
/* What CKM_ML_DSA_EXTERNAL_MU_GEN makes of a message, whole and in parts. */
CK_RV pq_mu(CK_OBJECT_HANDLE key, struct data context, struct data in, struct data *ret);

#endif
