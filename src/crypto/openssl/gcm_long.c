/* SPDX-License-Identifier: Apache-2.0
 *
 * GCM with an IV of more than 128 bytes, which the library's cipher objects refuse: its mode
 * functions over its own AES, a block at a time. Slower, rare, and of constant time alike.
 */
#include <openssl/modes.h>

#include "aes.h"

struct gcm_long {
    GCM128_CONTEXT *gcm;
    EVP_CIPHER_CTX *ecb;
};

static void encrypt_block(const unsigned char in[16], unsigned char out[16], const void *key)
{
    int written = 0;

    (void)EVP_EncryptUpdate((EVP_CIPHER_CTX *)(uintptr_t)key, out, &written, in, AES_BLOCK);
}

void osl_gcm_long_free(struct gcm_long *g)
{
    if (g == NULL) {
        return;
    }
    if (g->gcm != NULL) {
        CRYPTO_gcm128_release(g->gcm);
    }
    EVP_CIPHER_CTX_free(g->ecb);
    mem_free(g);
}

static enum rc fill(struct gcm_long *g, const struct cipher_key *k, struct bytes iv,
                    struct bytes aad)
{
    unsigned no_padding = 0;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_uint(OSSL_CIPHER_PARAM_PADDING, &no_padding),
        OSSL_PARAM_construct_end(),
    };

    g->ecb = EVP_CIPHER_CTX_new();
    REQUIRE(g->ecb != NULL, RC_HOST_MEMORY);
    const EVP_CIPHER *ecb = osl_aes(CIPHER_ECB, osl_aes_index(k->key_n));
    REQUIRE(ecb != NULL, osl_failed(RC_CRYPTO_LIBRARY));
    TRY_SSL(EVP_EncryptInit_ex2(g->ecb, ecb, k->key, NULL, params));
    g->gcm = CRYPTO_gcm128_new(g->ecb, encrypt_block);
    REQUIRE(g->gcm != NULL, RC_HOST_MEMORY);
    CRYPTO_gcm128_setiv(g->gcm, iv.p, iv.n);
    return osl_gcm_long_aad(g, aad.p, aad.n);
}

enum rc osl_gcm_long_new(const struct cipher_key *k, struct bytes iv, struct bytes aad,
                         struct gcm_long **ret)
{
    struct gcm_long *g = mem_alloc(sizeof(*g));

    REQUIRE(g != NULL, RC_HOST_MEMORY);
    const enum rc rc = fill(g, k, iv, aad);
    if (rc != RC_OK) {
        osl_gcm_long_free(g);
        return rc;
    }
    *ret = g;
    return RC_OK;
}

/* These answer 0 when all is well. */
enum rc osl_gcm_long_aad(struct gcm_long *g, const uint8_t *p, size_t n)
{
    REQUIRE(n == 0 || CRYPTO_gcm128_aad(g->gcm, p, n) == 0, RC_DATA_LEN_RANGE);
    return RC_OK;
}

enum rc osl_gcm_long_update(struct gcm_long *g, bool encrypt, const uint8_t *in, size_t n,
                            uint8_t *out)
{
    if (n == 0) {
        return RC_OK;
    }
    const int failed = encrypt ? CRYPTO_gcm128_encrypt(g->gcm, in, out, n)
                               : CRYPTO_gcm128_decrypt(g->gcm, in, out, n);
    REQUIRE(failed == 0, RC_DATA_LEN_RANGE);
    return RC_OK;
}

enum rc osl_gcm_long_finish(struct gcm_long *g, bool encrypt, uint8_t *tag, size_t tag_n)
{
    REQUIRE(tag != NULL && tag_n >= 4 && tag_n <= AEAD_TAG_MAX, RC_ARGUMENTS_BAD);
    if (encrypt) {
        CRYPTO_gcm128_tag(g->gcm, tag, tag_n);
        return RC_OK;
    }
    REQUIRE(CRYPTO_gcm128_finish(g->gcm, tag, tag_n) == 0, RC_ENCRYPTED_DATA_INVALID);
    return RC_OK;
}
