/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this backend share: the library contexts, what was looked up in them, a pool, and
 * how a failure of the library is told.
 */
#ifndef CRATON_CRYPTO_OPENSSL_OSL_H
#define CRATON_CRYPTO_OPENSSL_OSL_H

#include <stdatomic.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/mem.h"
#include "crypto/crypto.h"
#include "pool.h"

enum eddsa_variant { ED25519_PURE, ED25519_CTX, ED25519_PH, ED448_PURE, ED448_PH, EDDSA_VARIANTS };

#define AES_SIZES 3 /* 16, 24, 32 bytes */

/* Filled by start(), read by everybody until stop(). */
struct osl {
    OSSL_LIB_CTX *lib; /* operations: nonces and blinding from the library's own DRBG */
    OSSL_LIB_CTX *gen; /* RSA key generation: its generator is ours */
    struct pool digests[HASH_COUNT]; /* EVP_MD_CTX for SHA-3 and SHAKE in one call */
};

const struct osl *osl(void);
struct pool *osl_digest_pool(enum hash_alg alg);

/* fetch.c: what is looked up in the library at its first use and kept until stop(), which needs the
 * backend to be at rest. SIZE: of osl_aes_index. NULL: osl_failed() says why. */
const EVP_MD *osl_md(enum hash_alg alg);
const EVP_CIPHER *osl_aes(enum cipher_mode mode, int size);
const EVP_CIPHER *osl_aes_wrap(enum keywrap_kind kind, int size);
EVP_MAC *osl_cmac(void);
EVP_SIGNATURE *osl_eddsa(enum eddsa_variant variant);
EVP_SIGNATURE *osl_pq_signature(enum pkey_kind kind); /* ML-DSA, SLH-DSA */
const EC_GROUP *osl_group(enum ec_curve curve);
void osl_fetch_release(void);
void osl_fetch_forget(void); /* in a forked child: what was found is the parent's */

/* The library's name of a hash; NULL for none. */
const char *osl_hash_name(enum hash_alg alg);

/* The library's name of ML-KEM, ML-DSA and SLH-DSA; NULL for other kinds. */
const char *osl_pq_name(enum pkey_kind kind);

/* 0, 1, 2 for 16, 24, 32 bytes; -1 otherwise. */
int osl_aes_index(size_t key_n);

/* After a call that failed: empties the library's error queue. RC_HOST_MEMORY when that was the
 * reason, else OTHERWISE. */
NODISCARD enum rc osl_failed(enum rc otherwise);

/* TRY for the library's calls: anything but 1 is a failure. */
#define TRY_SSL(expr)                                                                              \
    do {                                                                                           \
        if ((expr) != 1) {                                                                         \
            return osl_failed(RC_CRYPTO_LIBRARY);                                                  \
        }                                                                                          \
    } while (0)

/* Release at scope end; all wipe. */
void osl_bn_free_at(BIGNUM **p);
void osl_bn_ctx_free_at(BN_CTX **p);
void osl_point_free_at(EC_POINT **p);
void osl_pkey_ctx_free_at(EVP_PKEY_CTX **p);
void osl_pkey_free_at(EVP_PKEY **p);
void osl_secret_release_at(void *pp);
#define AUTO_BN __attribute__((cleanup(osl_bn_free_at)))
#define AUTO_BN_CTX __attribute__((cleanup(osl_bn_ctx_free_at)))
#define AUTO_POINT __attribute__((cleanup(osl_point_free_at)))
#define AUTO_PKEY_CTX __attribute__((cleanup(osl_pkey_ctx_free_at)))
#define AUTO_PKEY __attribute__((cleanup(osl_pkey_free_at)))
#define AUTO_RELEASE __attribute__((cleanup(osl_secret_release_at)))

/* A magnitude, big endian, to a number and back. Secret ones are flagged for constant time. */
BIGNUM *osl_bn_from(struct bytes v);
BIGNUM *osl_bn_from_secret(const struct secret *s);
/* N bytes, zero-filled at the front; as few as needed when N is 0. NULL when memory is short. */
struct secret *osl_bn_to_secret(const BIGNUM *bn, size_t n);
NODISCARD enum rc osl_bn_to_buf(const BIGNUM *bn, struct buf *ret);

/* rand.c: adds the provider whose generator is the rng of the running generate() call. */
NODISCARD enum rc osl_rand_install(OSSL_LIB_CTX *gen);
/* The generator for this thread's next library calls in the gen context; NULL ends it. */
void osl_rand_use(struct rng *rng);
/* What the generator answered last in this thread, since osl_rand_use. */
enum rc osl_rand_result(void);

extern const struct digest_ops osl_digest_ops;
extern const struct mac_ops osl_mac_ops;
extern const struct cipher_ops osl_cipher_ops;
extern const struct keywrap_ops osl_keywrap_ops;
extern const struct pkey_ops osl_pkey_ops;

#endif
