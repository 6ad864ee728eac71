/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of post-quantum keys share: the parameter sets with their sizes, pairs, signatures.
 */
#ifndef CRATON_TESTS_PKCS11_PQ_H
#define CRATON_TESTS_PKCS11_PQ_H

#include "harness.h"

#define PQ_SIG_MAX 51000   /* bytes: SLH-DSA-256f, and what a composite adds */
#define PQ_VALUE_MAX 20000 /* bytes of a public or private value */

/* A parameter set: bytes of the public value, the private value, the seed (0: has none), the signature
 * or ciphertext. FIPS 203, table 3; FIPS 204, table 2; FIPS 205, table 2. */
struct pq_set {
    const char *name;
    CK_KEY_TYPE type;
    CK_MECHANISM_TYPE generator, use;
    CK_ULONG number, pub, priv, seed, out;
    bool slow; /* seconds for a signature */
};
extern const struct pq_set pq_sets[];
extern const size_t pq_sets_n;
const struct pq_set *pq_set_of(CK_KEY_TYPE type, CK_ULONG number);

struct pair {
    CK_OBJECT_HANDLE pub, priv;
};

/* No CKA_PARAMETER_SET: the mechanism has but one. */
#define SET_OF_MECHANISM 0UL
/* Session keys, readable, extractable, with every usage of their kind. */
struct pair pq_pair(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE generator, CK_ULONG set);

/* Bytes of the signature. */
CK_ULONG pq_sign(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key, const void *data,
                 CK_ULONG n, CK_BYTE sig[PQ_SIG_MAX]);
CK_RV pq_verify(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key, const void *data,
                CK_ULONG n, const CK_BYTE *sig, CK_ULONG sig_n);
/* The same in parts of STEP bytes. */
CK_ULONG pq_sign_parts(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key, const void *data,
                       CK_ULONG n, CK_ULONG step, CK_BYTE sig[PQ_SIG_MAX]);
CK_RV pq_verify_parts(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key, const void *data,
                      CK_ULONG n, CK_ULONG step, const CK_BYTE *sig, CK_ULONG sig_n);

/* Bytes of the ciphertext; *RET the new AES-256 key, readable. */
CK_ULONG pq_encapsulate(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE m, CK_OBJECT_HANDLE pub,
                        CK_BYTE ct[PQ_SIG_MAX], CK_OBJECT_HANDLE *ret);
CK_OBJECT_HANDLE pq_decapsulate(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE m, CK_OBJECT_HANDLE priv,
                                const CK_BYTE *ct, CK_ULONG n);
/* Whether two keys have the same value. */
bool pq_same(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE a, CK_OBJECT_HANDLE b);

/* All objects that the session sees. */
CK_ULONG pq_objects(CK_SESSION_HANDLE s);

/* Imports of a value; RV as C_CreateObject answers. SEED and VALUE may be NULL with 0. */
CK_RV pq_import_public(CK_SESSION_HANDLE s, CK_KEY_TYPE type, CK_ULONG set, const CK_BYTE *value,
                       CK_ULONG n, CK_OBJECT_HANDLE *ret);
CK_RV pq_import_private(CK_SESSION_HANDLE s, CK_KEY_TYPE type, CK_ULONG set, const CK_BYTE *value,
                        CK_ULONG n, const CK_BYTE *seed, CK_ULONG seed_n, CK_OBJECT_HANDLE *ret);

#endif
