/* SPDX-License-Identifier: Apache-2.0
 *
 * GCM and CCM in one call. A GCM key keeps a few library contexts with the key schedule and the
 * hash table made; a call takes one and sets the IV.
 */
#include <limits.h>
#include <string.h>

#include "aes.h"

enum rc osl_gcm_check(const struct cipher_params *p)
{
    REQUIRE(p->iv.n >= 1 && p->iv.n <= GCM_IV_MAX, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(p->tag_n >= 4 && p->tag_n <= AEAD_TAG_MAX, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(p->aad.n <= AEAD_AAD_MAX, RC_MECHANISM_PARAM_INVALID);
    return RC_OK;
}

static enum rc set_tag(EVP_CIPHER_CTX *ctx, uint8_t *tag, size_t n)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, n),
        OSSL_PARAM_construct_end(),
    };

    TRY_SSL(EVP_CIPHER_CTX_set_params(ctx, params));
    return RC_OK;
}

static enum rc get_tag(EVP_CIPHER_CTX *ctx, uint8_t *tag, size_t n)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, n),
        OSSL_PARAM_construct_end(),
    };

    TRY_SSL(EVP_CIPHER_CTX_get_params(ctx, params));
    return RC_OK;
}

enum rc osl_gcm_finish(EVP_CIPHER_CTX *ctx, bool encrypt, uint8_t *tag, size_t tag_n)
{
    uint8_t none[AES_BLOCK];
    int written = 0;

    REQUIRE(tag != NULL && tag_n >= 4 && tag_n <= AEAD_TAG_MAX, RC_ARGUMENTS_BAD);
    if (!encrypt) {
        TRY(set_tag(ctx, tag, tag_n));
        if (EVP_CipherFinal_ex(ctx, none, &written) != 1) {
            return osl_failed(RC_ENCRYPTED_DATA_INVALID);
        }
        return RC_OK;
    }
    TRY_SSL(EVP_CipherFinal_ex(ctx, none, &written));
    return get_tag(ctx, tag, tag_n);
}

static enum rc gcm_once(EVP_CIPHER_CTX *ctx, struct aes_loaded *loaded, const struct cipher_key *k,
                        const struct cipher_params *p, const uint8_t *in, size_t n, uint8_t *out,
                        uint8_t *tag)
{
    TRY(osl_aes_set(ctx, loaded, k, p->encrypt, p->iv));
    TRY(osl_aes_update(ctx, p->aad.p, p->aad.n, NULL));
    TRY(osl_aes_update(ctx, in, n, out));
    return osl_gcm_finish(ctx, p->encrypt, tag, p->tag_n);
}

static enum rc long_once(const struct cipher_key *k, const struct cipher_params *p,
                         const uint8_t *in, size_t n, uint8_t *out, uint8_t *tag)
{
    struct gcm_long *g = NULL;

    TRY(osl_gcm_long_new(k, p->iv, p->aad, &g));
    enum rc rc = osl_gcm_long_update(g, p->encrypt, in, n, out);
    if (rc == RC_OK) {
        rc = osl_gcm_long_finish(g, p->encrypt, tag, p->tag_n);
    }
    osl_gcm_long_free(g);
    return rc;
}

/* ---- CCM --------------------------------------------------------------------------------------- */

/* SP 800-38C: the length field has 15 - iv bytes. */
static enum rc ccm_check(const struct cipher_params *p, size_t n)
{
    REQUIRE(p->iv.n >= 7 && p->iv.n <= 13, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(p->tag_n >= 4 && p->tag_n <= AEAD_TAG_MAX && p->tag_n % 2 == 0,
            RC_MECHANISM_PARAM_INVALID);
    REQUIRE(p->aad.n <= AEAD_AAD_MAX, RC_MECHANISM_PARAM_INVALID);
    const size_t length_bits = 8 * (15 - p->iv.n);
    REQUIRE(n <= INT_MAX && (length_bits >= 31 || n >> length_bits == 0), RC_DATA_LEN_RANGE);
    return RC_OK;
}

/* Lengths first, then key and nonce, then how much will come: the order the library asks for. */
static enum rc ccm_begin(EVP_CIPHER_CTX *ctx, const struct cipher_key *k,
                         const struct cipher_params *p, size_t n, uint8_t *tag)
{
    const bool same_cipher = EVP_CIPHER_CTX_get0_cipher(ctx) == k->cipher;
    size_t iv_n = p->iv.n;
    int written = 0;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_IVLEN, &iv_n),
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, p->encrypt ? NULL : tag,
                                          p->tag_n),
        OSSL_PARAM_construct_end(),
    };

    TRY_SSL(
        EVP_CipherInit_ex2(ctx, same_cipher ? NULL : k->cipher, NULL, NULL, p->encrypt, params));
    TRY_SSL(EVP_CipherInit_ex2(ctx, NULL, k->key, p->iv.p, p->encrypt, NULL));
    TRY_SSL(EVP_CipherUpdate(ctx, NULL, &written, NULL, (int)n));
    return osl_aes_update(ctx, p->aad.p, p->aad.n, NULL);
}

static enum rc ccm_once(EVP_CIPHER_CTX *ctx, const struct cipher_key *k,
                        const struct cipher_params *p, const uint8_t *in, size_t n, uint8_t *out,
                        uint8_t *tag)
{
    uint8_t none[AES_BLOCK] = {0};
    int written = 0;

    TRY(ccm_begin(ctx, k, p, n, tag));
    /* An empty text is processed too: the library makes or checks the tag there. */
    if (EVP_CipherUpdate(ctx, n > 0 ? out : none, &written, n > 0 ? in : none, (int)n) != 1) {
        return osl_failed(p->encrypt ? RC_CRYPTO_LIBRARY : RC_ENCRYPTED_DATA_INVALID);
    }
    return p->encrypt ? get_tag(ctx, tag, p->tag_n) : RC_OK;
}

/* ---- both ----------------------------------------------------------------------------------------- */

enum rc osl_aead_once(const struct cipher_key *k, const struct cipher_params *p, const uint8_t *in,
                      size_t n, uint8_t *out, uint8_t *tag)
{
    struct pool *idle = (struct pool *)(uintptr_t)&k->idle; /* the one part that changes */
    struct aes_loaded loaded = {0};
    enum rc rc;

    REQUIRE(k->mode == CIPHER_GCM || k->mode == CIPHER_CCM, RC_FUNCTION_NOT_SUPPORTED);
    TRY(k->mode == CIPHER_GCM ? osl_gcm_check(p) : ccm_check(p, n));
    REQUIRE(n <= GCM_DATA_MAX, RC_DATA_LEN_RANGE);
    if (p->iv.n > GCM_IV_INLINE) {
        rc = long_once(k, p, in, n, out, tag);
        if (rc != RC_OK) {
            mem_wipe(out, n);
        }
        return rc;
    }
    EVP_CIPHER_CTX *ctx = osl_pool_take(idle);
    if (ctx != NULL) {
        loaded.serial = k->serial;
    } else {
        ctx = EVP_CIPHER_CTX_new();
        REQUIRE(ctx != NULL, RC_HOST_MEMORY);
    }
    if (k->mode == CIPHER_GCM) {
        rc = gcm_once(ctx, &loaded, k, p, in, n, out, tag);
    } else {
        rc = ccm_once(ctx, k, p, in, n, out, tag);
    }
    if (rc != RC_OK) {
        mem_wipe(out, n);
    }
    /* After a library failure nobody knows what the context holds. */
    const bool sound = rc == RC_OK || rc == RC_ENCRYPTED_DATA_INVALID;
    if (!sound || !osl_pool_put(idle, ctx)) {
        EVP_CIPHER_CTX_free(ctx);
    }
    return rc;
}
