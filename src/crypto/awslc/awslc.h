/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this room share. AWS-LC's own headers are seen here and nowhere else.
 */
#ifndef CRATON_CRYPTO_AWSLC_AWSLC_H
#define CRATON_CRYPTO_AWSLC_AWSLC_H

#include <openssl/aead.h>
#include <openssl/aes.h>
#include <openssl/bn.h>
#include <openssl/cipher.h>
#include <openssl/digest.h>
#include <openssl/err.h>
#include <openssl/sha.h>

#include "crypto/crypto.h"

extern const struct digest_ops awslc_digest_ops;
extern const struct mac_ops awslc_mac_ops;
extern const struct cipher_ops awslc_cipher_ops;
extern const struct keywrap_ops awslc_keywrap_ops;
extern const struct pkey_ops awslc_pkey_ops;

/* RC, with the library's error queue of this thread emptied: its entries are of no use to anybody
 * and the next failure would find them. */
static inline enum rc awslc_failed(enum rc rc)
{
    ERR_clear_error();
    return rc;
}

#define TRY_LIB(call, rc_)                                                                         \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            return awslc_failed(rc_);                                                              \
        }                                                                                          \
    } while (0)

/* The library's hash; NULL for HASH_NONE and SHAKE. */
const EVP_MD *awslc_md(enum hash_alg alg);

/* ---- SHA-1 and SHA-2 without allocation ------------------------------------------------------ */

union sha_state {
    SHA_CTX sha1;
    SHA256_CTX sha256;
    SHA512_CTX sha512;
};

bool lc_sha_has(enum hash_alg alg); /* SHA-3 is not among them */
void lc_sha_begin(union sha_state *s, enum hash_alg alg);
void lc_sha_update(union sha_state *s, enum hash_alg alg, const void *p, size_t n);
void lc_sha_finish(union sha_state *s, enum hash_alg alg, uint8_t *out); /* hash_size bytes */

/* ---- AES through the library's streaming interface (GCM, GMAC) ------------------------------- */

struct evp_key {
    const EVP_CIPHER *cipher;
    uint64_t serial; /* of this key: never given twice in a process */
    uint8_t key[32];
};

struct evp_run; /* on the heap; remembers whose key schedule it holds */

/* KEY of 16, 24 or 32 bytes, else RC_KEY_SIZE_RANGE. GCM. */
enum rc lc_evp_key_set(struct evp_key *k, const struct secret *key);
/* *RUN is made when NULL; made ready for a message under IV (1 byte or more). */
enum rc lc_evp_begin(struct evp_run **run, const struct evp_key *k, bool encrypt, struct bytes iv);
enum rc lc_evp_aad(struct evp_run *run, const void *p, size_t n);
enum rc lc_evp_update(struct evp_run *run, const uint8_t *in, size_t n, uint8_t *out);
enum rc lc_evp_finish(struct evp_run *run, bool encrypt, uint8_t *tag, size_t tag_n);
void lc_evp_run_free(struct evp_run *run);

/* Both schedules of an AES key. RC_KEY_SIZE_RANGE unless 16, 24 or 32 bytes. DEC may be NULL. */
enum rc lc_aes_keys_set(const struct secret *key, AES_KEY *enc, AES_KEY *dec);

/* ---- release at scope end ------------------------------------------------------------------------ */

static inline void awslc_bn_free_at(BIGNUM **p)
{
    BN_clear_free(*p);
}
static inline void awslc_bn_ctx_free_at(BN_CTX **p)
{
    BN_CTX_free(*p);
}
#define AUTO_BN __attribute__((cleanup(awslc_bn_free_at)))
#define AUTO_BN_CTX __attribute__((cleanup(awslc_bn_ctx_free_at)))

#endif
