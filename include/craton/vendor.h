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

/* ---- names of the PKCS#11 3.3 draft that have no number yet --------------------------------- */

/* In the vendor range until the standard gives numbers; then only this part changes. The two of
 * external mu are the numbers proposed for 3.3, moved up into the range. */
#define CKM_ML_DSA_EXTERNAL_MU_GEN 0x8000403bUL
#define CKM_ML_DSA_EXTERNAL_MU 0x8000403cUL
#define CKM_COMP_SIG_KEY_PAIR_GEN 0x80000050UL
#define CKM_COMP_SIG 0x80000051UL
#define CKM_COMP_SIG_EXTERNAL_HASH 0x80000052UL
#define CKM_COMP_KEM_KEY_PAIR_GEN 0x80000058UL
#define CKM_COMP_KEM 0x80000059UL

#define CKK_COMP_SIG 0x80000010UL
#define CKK_COMP_KEM 0x80000011UL

/* Parameter sets of CKK_COMP_SIG: draft-ietf-lamps-pq-composite-sigs */
#define CKP_COMP_SIG_MLDSA44_RSA2048_PSS_SHA256 0x80000001UL
#define CKP_COMP_SIG_MLDSA44_RSA2048_PKCS15_SHA256 0x80000002UL
#define CKP_COMP_SIG_MLDSA44_ED25519_SHA512 0x80000003UL
#define CKP_COMP_SIG_MLDSA44_ECDSA_P256_SHA256 0x80000004UL
#define CKP_COMP_SIG_MLDSA65_RSA3072_PSS_SHA512 0x80000005UL
#define CKP_COMP_SIG_MLDSA65_RSA3072_PKCS15_SHA512 0x80000006UL
#define CKP_COMP_SIG_MLDSA65_RSA4096_PSS_SHA512 0x80000007UL
#define CKP_COMP_SIG_MLDSA65_RSA4096_PKCS15_SHA512 0x80000008UL
#define CKP_COMP_SIG_MLDSA65_ECDSA_P256_SHA512 0x80000009UL
#define CKP_COMP_SIG_MLDSA65_ECDSA_P384_SHA512 0x8000000aUL
#define CKP_COMP_SIG_MLDSA65_ECDSA_BRAINPOOLP256R1_SHA512 0x8000000bUL
#define CKP_COMP_SIG_MLDSA65_ED25519_SHA512 0x8000000cUL
#define CKP_COMP_SIG_MLDSA87_ECDSA_P384_SHA512 0x8000000dUL
#define CKP_COMP_SIG_MLDSA87_ECDSA_BRAINPOOLP384R1_SHA512 0x8000000eUL
#define CKP_COMP_SIG_MLDSA87_ED448_SHAKE256 0x8000000fUL
#define CKP_COMP_SIG_MLDSA87_RSA3072_PSS_SHA512 0x80000010UL
#define CKP_COMP_SIG_MLDSA87_RSA4096_PSS_SHA512 0x80000011UL
#define CKP_COMP_SIG_MLDSA87_ECDSA_P521_SHA512 0x80000012UL

/* Parameter sets of CKK_COMP_KEM: draft-ietf-lamps-pq-composite-kem */
#define CKP_COMP_KEM_MLKEM768_RSA2048 0x80000001UL
#define CKP_COMP_KEM_MLKEM768_RSA3072 0x80000002UL
#define CKP_COMP_KEM_MLKEM768_RSA4096 0x80000003UL
#define CKP_COMP_KEM_MLKEM768_X25519 0x80000004UL
#define CKP_COMP_KEM_MLKEM768_ECDH_P256 0x80000005UL
#define CKP_COMP_KEM_MLKEM768_ECDH_P384 0x80000006UL
#define CKP_COMP_KEM_MLKEM768_ECDH_BRAINPOOLP256R1 0x80000007UL
#define CKP_COMP_KEM_MLKEM1024_RSA3072 0x80000008UL
#define CKP_COMP_KEM_MLKEM1024_ECDH_P384 0x80000009UL
#define CKP_COMP_KEM_MLKEM1024_ECDH_BRAINPOOLP384R1 0x8000000aUL
#define CKP_COMP_KEM_MLKEM1024_X448 0x8000000bUL
#define CKP_COMP_KEM_MLKEM1024_ECDH_P521 0x8000000cUL

/* Ours of CKK_COMP_KEM: X-Wing (draft-connolly-cfrg-xwing-kem), and the constructions of the TLS groups
 * X25519MLKEM768, SecP256r1MLKEM768 and SecP384r1MLKEM1024; the last as the first of these. */
#define CKP_COMP_KEM_XWING 0x80000101UL
#define CKP_COMP_KEM_X25519_MLKEM768 0x80000102UL
#define CKP_COMP_KEM_P256_MLKEM768 0x80000103UL
#define CKP_COMP_KEM_P384_MLKEM1024 0x80000104UL
#define CKP_COMP_KEM_X25519_MLKEM1024 0x80000105UL

/* Parameter of CKM_ML_DSA_EXTERNAL_MU_GEN (PKCS#11 3.3 draft). hKey: a public or private ML-DSA key, or
 * CK_INVALID_HANDLE; then pTR holds the 64 bytes SHAKE256(public key). */
typedef struct CK_MU_GEN_PARAMS {
    CK_OBJECT_HANDLE hKey;
    CK_BYTE_PTR pTR;
    CK_ULONG ulTRLen;
    CK_BYTE_PTR pctx;
    CK_ULONG ulctxLen;
} CK_MU_GEN_PARAMS;

/* Parameter of C_DeriveKey with a KEM's mechanism. The new key is HKDF (extract and expand) over the
 * shared secret. With a private base key pCiphertext is the ciphertext; the parameter may then also
 * be the bare ciphertext (HKDF-SHA256, no salt, no info). With a public base key the ciphertext is
 * made and written to pCiphertext, *pulCiphertextLen bytes long: NULL or too short a place gives
 * CKR_BUFFER_TOO_SMALL and the length, and makes nothing. */
typedef struct CK_CRATON_KEM_DERIVE_PARAMS {
    CK_MECHANISM_TYPE prfHashMechanism; /* CKM_SHA256, ...; 0 is CKM_SHA256 */
    CK_BYTE_PTR pSalt;
    CK_ULONG ulSaltLen;
    CK_BYTE_PTR pInfo;
    CK_ULONG ulInfoLen;
    CK_BYTE_PTR pCiphertext;
    CK_ULONG_PTR pulCiphertextLen;
} CK_CRATON_KEM_DERIVE_PARAMS;

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
