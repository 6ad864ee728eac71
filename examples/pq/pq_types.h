/* SPDX-License-Identifier: Apache-2.0
 *
 * The kinds of key pairs that pq_keys makes, and the names of PKCS#11 numbers.
 */
#ifndef PQ_TYPES_H
#define PQ_TYPES_H

#include <craton/pkcs11.h>

struct pq_type {
    const char *name;
    CK_KEY_TYPE key_type;
    CK_MECHANISM_TYPE generate, use;
    CK_ULONG set;         /* CKA_PARAMETER_SET; 0: the mechanism says it */
    unsigned char arc[2]; /* NIST's OID of the public key: 2.16.840.1.101.3.4.arc; 0: another's */
};

/* By name, in any case of letters; NULL when there is none. */
const struct pq_type *pq_type_named(const char *name);
const struct pq_type *pq_type_of_oid(const unsigned char *oid, unsigned long len);
/* The I-th, NULL past the last. */
const struct pq_type *pq_type_at(unsigned i);

/* Names of a number in the headers, as "CKM_A = CKM_B", or the number itself. */
const char *mechanism_names(CK_MECHANISM_TYPE number);
/* The number of a name, with or without CKM_, or of "0x..."; ends the program when there is none. */
CK_MECHANISM_TYPE mechanism_number(const char *name);
const char *error_name(CK_RV rv);

#endif
