/* SPDX-License-Identifier: Apache-2.0
 *
 * Public key algorithms inside this backend: pkey.c sends each call to rsa.c, ec.c, okp.c, ml_kem.c
 * or pq_sign.c.
 */
#ifndef CRATON_CRYPTO_OPENSSL_KEY_H
#define CRATON_CRYPTO_OPENSSL_KEY_H

#include "osl.h"

enum key_op {
    OP_SIGN,
    OP_SIGN_DETERMINISTIC, /* ML-DSA, SLH-DSA: OP_SIGN hedges */
    OP_VERIFY,
    OP_ENCRYPT,
    OP_DECRYPT,
    OP_ENCAPSULATE,
    OP_DECAPSULATE,
    OP_COUNT
};
#define TR_SIZE 64

/* Immutable but for the pools. */
struct pkey {
    enum pkey_kind kind;
    enum ec_curve curve;
    bool priv;
    size_t size;                /* what size() says; X25519, X448: bytes of the output */
    size_t bits;                /* RSA: of the modulus */
    struct buf n;               /* RSA: the modulus */
    uint8_t tr[TR_SIZE];        /* ML-DSA */
    EVP_PKEY *evp;              /* all but EC */
    struct ec_key_st *ec;       /* EC */
    struct pool idle[OP_COUNT]; /* contexts that were set up already; the kind knows their type */
};

/* One for each of them: what the functions do is said at struct pkey_ops. K is zero but for
 * kind, curve and priv, and is freed by the caller when load fails. */
struct key_family {
    enum rc (*generate)(const struct pkey_spec *spec, struct bytes e, struct rng *rng,
                        struct key_parts *parts);
    enum rc (*load)(struct pkey *k, const struct key_parts *parts);
    enum rc (*complete)(const struct pkey_spec *spec, struct key_parts *parts);
    void (*drop_idle)(enum key_op op, void *idle);
    enum rc (*sign)(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                    uint8_t *out, size_t *out_n);
    enum rc (*verify)(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                      struct bytes sig);
    enum rc (*encrypt)(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                       uint8_t *out, size_t *out_n);
    enum rc (*decrypt)(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                       struct secret **ret);
    enum rc (*agree)(const struct pkey *k, struct bytes peer, struct secret **ret);
    enum rc (*encapsulate)(const struct pkey *k, struct rng *rng, struct bytes fixed, uint8_t *ct,
                           struct secret **ret);
    enum rc (*decapsulate)(const struct pkey *k, struct bytes ct, struct secret **ret);
};

extern const struct key_family osl_rsa_family, osl_ec_family, osl_okp_family;
extern const struct key_family osl_ml_kem_family, osl_pq_sign_family;

/* The pools of a key are the one part of it that changes. */
struct pool *osl_key_idle(const struct pkey *k, enum key_op op);

/* Any pointer will do for no bytes, but the library wants one. */
const uint8_t *osl_key_data(struct bytes v);

/* ---- RSA ---------------------------------------------------------------------------------------- */

#define RSA_BITS_MIN 512
#define RSA_BITS_MAX 16384

struct rsa_numbers {
    BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qi;
};
void osl_rsa_numbers_free(struct rsa_numbers *r);
#define AUTO_RSA_NUMBERS __attribute__((cleanup(osl_rsa_numbers_free)))

/* What is there of the parts; PRIV: also the private ones. */
NODISCARD enum rc osl_rsa_numbers_read(const struct key_parts *parts, bool priv,
                                       struct rsa_numbers *r);

/* Range of n and e. RC_ATTRIBUTE_VALUE_INVALID; RC_TEMPLATE_INCOMPLETE when one is absent. */
NODISCARD enum rc osl_rsa_check_public(const struct rsa_numbers *r);

/* Finds what is missing of a private key from n and d, or n, e and d, or n, p and q with e or d,
 * and checks that all of it belongs together: RC_ATTRIBUTE_VALUE_INVALID when not; RC_TEMPLATE_INCOMPLETE when too
 * little is there. */
NODISCARD enum rc osl_rsa_solve(struct rsa_numbers *r);

/* rsa_key.c */
NODISCARD enum rc osl_rsa_generate(const struct pkey_spec *spec, struct bytes e, struct rng *rng,
                                   struct key_parts *parts);
NODISCARD enum rc osl_rsa_load(struct pkey *k, const struct key_parts *parts);
NODISCARD enum rc osl_rsa_complete(const struct pkey_spec *spec, struct key_parts *parts);

/* ---- Ed25519 and Ed448 --------------------------------------------------------------------------- */

/* Canonical encoding, on the curve, not of small order: else RC_PUBLIC_KEY_INVALID. */
NODISCARD enum rc osl_okp_check_edwards(enum pkey_kind kind, struct bytes pub);

/* ---- ML-KEM, ML-DSA, SLH-DSA: keys (pq_key.c) ------------------------------------------------------ */

NODISCARD enum rc osl_pq_generate(const struct pkey_spec *spec, struct bytes e, struct rng *rng,
                                  struct key_parts *parts);
NODISCARD enum rc osl_pq_load(struct pkey *k, const struct key_parts *parts);
NODISCARD enum rc osl_pq_complete(const struct pkey_spec *spec, struct key_parts *parts);
void osl_pq_drop_idle(enum key_op op, void *idle);
/* A context for OP: one that is idle, or a new one (*RET_NEW), which is to be set up. */
NODISCARD enum rc osl_pq_take(const struct pkey *k, enum key_op op, bool *ret_new,
                              EVP_PKEY_CTX **ret);
void osl_pq_give(const struct pkey *k, enum key_op op, EVP_PKEY_CTX *ctx);

#endif
