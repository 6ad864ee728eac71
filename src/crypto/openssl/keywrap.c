/* SPDX-License-Identifier: Apache-2.0
 *
 * AES key wrap, RFC 3394 and RFC 5649 (SP 800-38F: KW and KWP).
 */
#include <limits.h>
#include <string.h>

#include "aes.h"

#define SEMIBLOCK 8
#define SPARE 16 /* a damaged text must not make the library write past the end */

static void cipher_ctx_free_at(EVP_CIPHER_CTX **p)
{
    EVP_CIPHER_CTX_free(*p);
}
#define AUTO_CIPHER_CTX __attribute__((cleanup(cipher_ctx_free_at)))

static enum rc begin(EVP_CIPHER_CTX *ctx, enum keywrap_kind kind, const struct secret *kek,
                     const uint8_t *iv, int encrypt)
{
    const int size = osl_aes_index(kek->n);

    REQUIRE(size >= 0, RC_KEY_SIZE_RANGE);
    const EVP_CIPHER *cipher = osl_aes_wrap(kind, size);
    REQUIRE(cipher != NULL, osl_failed(RC_CRYPTO_LIBRARY));
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    TRY_SSL(EVP_CipherInit_ex2(ctx, cipher, kek->p, iv, encrypt, NULL));
    return RC_OK;
}

static enum rc wrap(enum keywrap_kind kind, const struct secret *kek, const uint8_t *iv,
                    struct bytes in, struct buf *ret)
{
    const size_t padded = (in.n + SEMIBLOCK - 1) / SEMIBLOCK * SEMIBLOCK;
    AUTO_CIPHER_CTX EVP_CIPHER_CTX *ctx = NULL;
    AUTO_BUF struct buf out = BUF_INIT;
    int written = 0;

    REQUIRE(in.n <= INT_MAX / 2, RC_DATA_LEN_RANGE);
    if (kind == KEYWRAP_RFC3394) {
        REQUIRE(in.n == padded && in.n >= 2 * SEMIBLOCK, RC_DATA_LEN_RANGE);
    } else {
        REQUIRE(in.n >= 1, RC_DATA_LEN_RANGE);
    }
    ctx = EVP_CIPHER_CTX_new();
    REQUIRE(ctx != NULL, RC_HOST_MEMORY);
    TRY(begin(ctx, kind, kek, iv, 1));
    TRY(buf_reserve(&out, padded + SEMIBLOCK + SPARE));
    TRY_SSL(EVP_CipherUpdate(ctx, out.p, &written, in.p, (int)in.n));
    REQUIRE(written == (int)(padded + SEMIBLOCK), RC_CRYPTO_LIBRARY);
    return buf_set(ret, BYTES(out.p, padded + SEMIBLOCK));
}

static enum rc unwrap(enum keywrap_kind kind, const struct secret *kek, const uint8_t *iv,
                      struct bytes in, struct secret **ret)
{
    const size_t least = kind == KEYWRAP_RFC3394 ? 3 * SEMIBLOCK : 2 * SEMIBLOCK;
    AUTO_CIPHER_CTX EVP_CIPHER_CTX *ctx = NULL;
    AUTO_SECRET struct secret *out = NULL;
    int written = 0;

    REQUIRE(in.n >= least && in.n % SEMIBLOCK == 0 && in.n <= INT_MAX / 2,
            RC_WRAPPED_KEY_LEN_RANGE);
    ctx = EVP_CIPHER_CTX_new();
    out = secret_new(in.n + SPARE);
    REQUIRE(ctx != NULL && out != NULL, RC_HOST_MEMORY);
    TRY(begin(ctx, kind, kek, iv, 0));
    if (EVP_CipherUpdate(ctx, out->p, &written, in.p, (int)in.n) != 1 || written <= 0) {
        return osl_failed(RC_WRAPPED_KEY_INVALID);
    }
    struct secret *plain = secret_head(out, (size_t)written);
    REQUIRE(plain != NULL, RC_HOST_MEMORY);
    *ret = plain;
    return RC_OK;
}

const struct keywrap_ops osl_keywrap_ops = {
    .wrap = wrap,
    .unwrap = unwrap,
};
