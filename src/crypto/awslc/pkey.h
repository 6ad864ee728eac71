/* SPDX-License-Identifier: Apache-2.0
 *
 * Public key algorithms of this room: the key, and what each file does with its kinds.
 */
#ifndef CRATON_CRYPTO_AWSLC_PKEY_H
#define CRATON_CRYPTO_AWSLC_PKEY_H

#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "awslc.h"

/* Lives in secret memory. */
struct pkey {
    enum pkey_kind kind;
    bool priv;
    size_t size; /* bytes of the modulus, of a signature, of an ML-KEM ciphertext */

    RSA *rsa;
    EVP_PKEY *evp;           /* the same RSA key, for OAEP */
    uint8_t reject_seed[32]; /* RSA private: SHA-256 of d, for implicit rejection */

    EC_KEY *ec;
    enum ec_curve curve;

    uint8_t okp_priv[64]; /* Ed25519: seed and public value; X25519: scalar */
    uint8_t okp_pub[32];

    struct secret *pq_priv; /* ML-KEM: dk; ML-DSA: the expanded private key */
    /* What follows from the public value, also of a private key (ml_kem_expanded.h, ml_dsa_expanded.h);
     * behind that of a public ML-DSA key is tr. On the heap: no secret. */
    uint8_t *pq_pub;
};

/* NULL for a curve that this library lacks. Static storage. */
const EC_GROUP *lc_ec_group(enum ec_curve curve);

enum rc lc_rsa_generate(const struct pkey_spec *spec, struct bytes e, struct rng *rng,
                        struct key_parts *parts);
enum rc lc_rsa_complete(struct key_parts *parts);
enum rc lc_rsa_load(struct pkey *k, const struct key_parts *parts);
enum rc lc_rsa_sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                    uint8_t *out, size_t *out_n);
enum rc lc_rsa_verify(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                      struct bytes sig);
enum rc lc_rsa_encrypt(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                       uint8_t *out, size_t *out_n);
enum rc lc_rsa_decrypt(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                       struct secret **ret);

/* OUT = RANDOM mod (ORDER - 1) + 1 (FIPS 186-5, A.2.1). All big endian; ORDER (odd, at most 66 bytes)
 * and OUT have N bytes. Time depends on the lengths alone. */
void lc_scalar_reduce(const uint8_t *order, size_t n, const uint8_t *random, size_t random_n,
                      uint8_t *out);

enum rc lc_ec_generate(const struct pkey_spec *spec, struct rng *rng, struct key_parts *parts);
enum rc lc_ec_complete(const struct pkey_spec *spec, struct key_parts *parts);
enum rc lc_ec_load(struct pkey *k, const struct pkey_spec *spec, const struct key_parts *parts);
enum rc lc_ec_sign(const struct pkey *k, struct bytes data, uint8_t *out, size_t *out_n);
enum rc lc_ec_verify(const struct pkey *k, struct bytes data, struct bytes sig);
enum rc lc_ec_agree(const struct pkey *k, struct bytes peer, struct secret **ret);
enum rc lc_ec_encapsulate(const struct pkey *k, struct rng *rng, struct bytes fixed, uint8_t *ct,
                          struct secret **ret);

enum rc lc_okp_generate(enum pkey_kind kind, struct rng *rng, struct key_parts *parts);
enum rc lc_okp_complete(enum pkey_kind kind, struct key_parts *parts);
enum rc lc_okp_load(struct pkey *k, const struct key_parts *parts);
enum rc lc_okp_sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                    uint8_t *out, size_t *out_n);
enum rc lc_okp_verify(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                      struct bytes sig);
enum rc lc_okp_agree(const struct pkey *k, struct bytes peer, struct secret **ret);
enum rc lc_okp_encapsulate(const struct pkey *k, struct rng *rng, struct bytes fixed, uint8_t *ct,
                           struct secret **ret);

/* ---- ML-KEM and ML-DSA: SEED, PUB and PRIV have the bytes that pq_sizes() says ------------------ */

enum rc lc_pq_generate(enum pkey_kind kind, struct rng *rng, struct key_parts *parts);
enum rc lc_pq_complete(enum pkey_kind kind, struct key_parts *parts);
enum rc lc_pq_load(struct pkey *k, const struct key_parts *parts);

/* PUB and PRIV of a seed; PUB of a private value, which is checked. */
enum rc lc_ml_kem_expand(enum pkey_kind kind, const uint8_t *seed, uint8_t *pub, uint8_t *priv);
enum rc lc_ml_kem_public_of(enum pkey_kind kind, const struct secret *priv, uint8_t *pub);
enum rc lc_ml_kem_check_public(enum pkey_kind kind, const uint8_t *pub);
/* What struct pkey keeps of ek; caller frees. */
enum rc lc_ml_kem_expand_public(enum pkey_kind kind, const uint8_t *pub, uint8_t **ret);
/* The ek inside dk. */
const uint8_t *lc_ml_kem_public_in(enum pkey_kind kind, const struct secret *priv);
/* A private key opens what is encapsulated to its ek, or RC_ATTRIBUTE_VALUE_INVALID. */
enum rc lc_ml_kem_try(const struct pkey *k);
enum rc lc_ml_kem_encapsulate(const struct pkey *k, struct rng *rng, struct bytes fixed,
                              uint8_t *ct, struct secret **ret);
enum rc lc_ml_kem_decapsulate(const struct pkey *k, struct bytes ct, struct secret **ret);

#define LC_TR_SIZE 64
enum rc lc_ml_dsa_expand(enum pkey_kind kind, const uint8_t *seed, uint8_t *pub, uint8_t *priv);
enum rc lc_ml_dsa_public_of(enum pkey_kind kind, const struct secret *priv, uint8_t *pub);
/* What struct pkey keeps of the public value of a private key, or of pk; caller frees. */
enum rc lc_ml_dsa_expand_private(enum pkey_kind kind, const struct secret *priv, uint8_t **ret);
enum rc lc_ml_dsa_expand_public(enum pkey_kind kind, const uint8_t *pub, uint8_t **ret);
const uint8_t *lc_ml_dsa_tr(const struct pkey *k);
enum rc lc_ml_dsa_sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                       uint8_t *out, size_t *out_n);
enum rc lc_ml_dsa_verify(const struct pkey *k, struct bytes data, struct bytes sig);

/* ---- RSA -------------------------------------------------------------------------------------- */

/* The RSA parts as the library's numbers; absent ones are NULL. */
struct rsa_parts {
    BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qi;
};
void lc_rsa_parts_free(struct rsa_parts *r);
#define AUTO_RSA_PARTS __attribute__((cleanup(lc_rsa_parts_free)))

/* Reads PARTS and computes what is missing: e and the CRT parts, where n, d and one of e or p, q
 * allow it. RC_ATTRIBUTE_VALUE_INVALID for what cannot be a key. */
enum rc lc_rsa_parts_fill(struct rsa_parts *r, const struct key_parts *parts);

/* Writes what PARTS lacks. */
enum rc lc_rsa_parts_write(const struct rsa_parts *r, struct key_parts *parts);

/* BIGNUM to a secret of its own length, at least WIDTH bytes. */
enum rc lc_bn_to_secret(const BIGNUM *b, size_t width, struct secret **ret);

#endif
