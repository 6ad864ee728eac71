/* SPDX-License-Identifier: Apache-2.0
 *
 * AES keys inside this backend, shared by cipher.c (streaming), aead.c (in one call) and mac.c.
 */
#ifndef CRATON_CRYPTO_OPENSSL_AES_H
#define CRATON_CRYPTO_OPENSSL_AES_H

#include "osl.h"

#define AES_BLOCK 16
#define AEAD_TAG_MAX 16
#define AEAD_AAD_MAX ((size_t)1 << 30)
#define GCM_DATA_MAX (((uint64_t)1 << 36) - 32) /* SP 800-38D, 5.2.1.1 */
#define GCM_IV_INLINE 128                       /* bytes of IV that the library's cipher takes */
#define GCM_IV_MAX (((size_t)1 << 29) - 1)
#define CIPHER_CHUNK ((size_t)1 << 30) /* the library counts in int */

/* In secret memory; immutable but for the pool. */
struct cipher_key {
    uint64_t serial; /* never the same for two keys of a process: tells which one a context holds */
    enum cipher_mode mode;
    const EVP_CIPHER *cipher;
    struct pool idle; /* EVP_CIPHER_CTX with this key loaded */
    size_t key_n;
    uint8_t key[32];
};

/* Direction and key of a library context. */
struct aes_loaded {
    uint64_t serial; /* 0: no key */
    bool encrypt;
};

uint64_t osl_aes_next_serial(void);

NODISCARD enum rc osl_aes_key_new(enum cipher_mode mode, const struct secret *key,
                                  struct cipher_key **ret);
void osl_aes_key_free(struct cipher_key *k);

/* Sets CTX to the key (when LOADED says that it holds another) and the IV. */
NODISCARD enum rc osl_aes_set(EVP_CIPHER_CTX *ctx, struct aes_loaded *loaded,
                              const struct cipher_key *k, bool encrypt, struct bytes iv);

/* All of N bytes through the library. OUT NULL: additional data. */
NODISCARD enum rc osl_aes_update(EVP_CIPHER_CTX *ctx, const uint8_t *in, size_t n, uint8_t *out);

/* GCM: ends the run; the tag is written (encrypt) or compared. */
NODISCARD enum rc osl_gcm_finish(EVP_CIPHER_CTX *ctx, bool encrypt, uint8_t *tag, size_t tag_n);

/* GCM: IV, tag length and additional data within what the mode allows. */
NODISCARD enum rc osl_gcm_check(const struct cipher_params *p);

/* GCM with an IV longer than GCM_IV_INLINE: the library's mode over its block cipher. */
struct gcm_long;
NODISCARD enum rc osl_gcm_long_new(const struct cipher_key *k, struct bytes iv, struct bytes aad,
                                   struct gcm_long **ret);
void osl_gcm_long_free(struct gcm_long *g); /* NULL allowed */
NODISCARD enum rc osl_gcm_long_aad(struct gcm_long *g, const uint8_t *p, size_t n);
NODISCARD enum rc osl_gcm_long_update(struct gcm_long *g, bool encrypt, const uint8_t *in, size_t n,
                                      uint8_t *out);
NODISCARD enum rc osl_gcm_long_finish(struct gcm_long *g, bool encrypt, uint8_t *tag, size_t tag_n);

/* cipher_ops.once */
NODISCARD enum rc osl_aead_once(const struct cipher_key *k, const struct cipher_params *p,
                                const uint8_t *in, size_t n, uint8_t *out, uint8_t *tag);

#endif
