/* SPDX-License-Identifier: Apache-2.0
 *
 * Craton's numbers beside the standard's. They stay what they are across minor versions. Each
 * mechanism here is another name of a standard one (or of a hybrid that has no standard number
 * yet); one number serves key generation and use.
 */
#ifndef CRATON_VENDOR_H
#define CRATON_VENDOR_H

#include "pkcs11.h"

/* Mechanisms: ML-KEM, ML-DSA, SLH-DSA by parameter set */
#define CKM_CRATON_ML_KEM_512 0x80000001UL
#define CKM_CRATON_ML_KEM_768 0x80000002UL
#define CKM_CRATON_ML_KEM_1024 0x80000003UL
#define CKM_CRATON_ML_DSA_44 0x80000010UL
#define CKM_CRATON_ML_DSA_65 0x80000011UL
#define CKM_CRATON_ML_DSA_87 0x80000012UL
#define CKM_CRATON_SLH_DSA_SHA2_128S 0x80000020UL
#define CKM_CRATON_SLH_DSA_SHA2_256S 0x80000021UL

/* Mechanisms: hybrids of a classical and a post-quantum algorithm */
#define CKM_CRATON_HYBRID_ML_DSA_ECDSA 0x80000030UL
#define CKM_CRATON_HYBRID_X25519_ML_KEM_768 0x80000040UL
#define CKM_CRATON_HYBRID_X25519_ML_KEM_1024 0x80000041UL

/* Key types */
#define CKK_CRATON_ML_KEM 0x80000001UL
#define CKK_CRATON_ML_DSA 0x80000002UL
#define CKK_CRATON_SLH_DSA 0x80000003UL

/* Attributes. CK_BBOOL, read-only: the key was made and is used by approved means. */
#define CKA_VENDOR_FIPS_APPROVED 0x80000001UL

/* Names that the documents use. One that names an operation only stands for the middle parameter
 * set. */
#define CKM_ML_KEM_KEYPAIR_GEN CKM_CRATON_ML_KEM_768
#define CKM_ML_KEM_ENCAPSULATE CKM_CRATON_ML_KEM_768
#define CKM_ML_KEM_DECAPSULATE CKM_CRATON_ML_KEM_768
#define CKM_ML_DSA_KEYPAIR_GEN CKM_CRATON_ML_DSA_65
#define CKM_ML_DSA_SIGN CKM_CRATON_ML_DSA_65
#define CKM_ML_DSA_VERIFY CKM_CRATON_ML_DSA_65
#define CKM_HYBRID_X25519_ML_KEM_768_KEYPAIR_GEN CKM_CRATON_HYBRID_X25519_ML_KEM_768
#define CKM_HYBRID_X25519_ML_KEM_768_DERIVE CKM_CRATON_HYBRID_X25519_ML_KEM_768
#define CKM_HYBRID_ECDSA_ML_DSA_SIGN CKM_CRATON_HYBRID_ML_DSA_ECDSA

/* CK_GCM_PARAMS as 2.40 printed it, without ulIvBits. Both are accepted, told apart by
 * ulParameterLen. */
typedef struct CK_CRATON_GCM_PARAMS_2_40 {
    CK_BYTE_PTR pIv;
    CK_ULONG ulIvLen;
    CK_BYTE_PTR pAAD;
    CK_ULONG ulAADLen;
    CK_ULONG ulTagBits;
} CK_CRATON_GCM_PARAMS_2_40;

#endif
