/* SPDX-License-Identifier: Apache-2.0
 *
 * AES streaming. A running context keeps the library's context and remembers which key that one
 * holds: beginning again with the same key sets the IV alone.
 */
#include <limits.h>
#include <string.h>

#include "aes.h"

#define NO_LIMIT UINT64_MAX

/* What lies in cipher_ctx.state; all zero before first use. */
struct run {
    struct aes_loaded loaded;
    struct gcm_long *slow; /* GCM with a long IV; else NULL */
    bool encrypt;
    uint8_t low_zero[AES_BLOCK]; /* CTR: the first counter block with its counting bits cleared */
    uint64_t left;               /* CTR: bytes that may still come */
    uint64_t until_wrap;         /* CTR: bytes until the counting bits start again at zero */
};
_Static_assert(sizeof(struct run) <= sizeof(((struct cipher_ctx *)0)->state), "state fits");

static struct run *run_of(struct cipher_ctx *c)
{
    return (struct run *)(void *)c->state;
}

/* ---- keys -------------------------------------------------------------------------------------- */

uint64_t osl_aes_next_serial(void)
{
    static _Atomic uint64_t last;

    return ++last;
}

enum rc osl_aes_key_new(enum cipher_mode mode, const struct secret *key, struct cipher_key **ret)
{
    const int size = osl_aes_index(key->n);

    REQUIRE(size >= 0, RC_KEY_SIZE_RANGE);
    REQUIRE((unsigned)mode < CIPHER_MODE_COUNT, RC_MECHANISM_INVALID);
    const EVP_CIPHER *cipher = osl_aes(mode, size);
    REQUIRE(cipher != NULL, osl_failed(RC_CRYPTO_LIBRARY));
    struct cipher_key *k = secret_alloc(sizeof(*k));
    REQUIRE(k != NULL, RC_HOST_MEMORY);
    k->serial = osl_aes_next_serial();
    k->mode = mode;
    k->cipher = cipher;
    k->key_n = key->n;
    memcpy(k->key, key->p, key->n);
    *ret = k;
    return RC_OK;
}

void osl_aes_key_free(struct cipher_key *k)
{
    void *idle;

    if (k == NULL) {
        return;
    }
    while ((idle = osl_pool_take(&k->idle)) != NULL) {
        EVP_CIPHER_CTX_free(idle);
    }
    secret_release(k);
}

enum rc osl_aes_set(EVP_CIPHER_CTX *ctx, struct aes_loaded *loaded, const struct cipher_key *k,
                    bool encrypt, struct bytes iv)
{
    /* ECB and CBC have a key schedule for each direction; the others go forward alone. */
    const bool one_way = k->mode == CIPHER_ECB || k->mode == CIPHER_CBC;
    const bool same_key = loaded->serial == k->serial && (!one_way || loaded->encrypt == encrypt);
    const bool same_cipher = EVP_CIPHER_CTX_get0_cipher(ctx) == k->cipher;
    unsigned no_padding = 0;
    size_t iv_n = iv.n;
    OSSL_PARAM params[3];
    OSSL_PARAM *p = params;

    if (!same_cipher && one_way) {
        *p++ = OSSL_PARAM_construct_uint(OSSL_CIPHER_PARAM_PADDING, &no_padding);
    }
    if (k->mode == CIPHER_GCM && (!same_cipher || EVP_CIPHER_CTX_get_iv_length(ctx) != (int)iv_n)) {
        *p++ = OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_IVLEN, &iv_n);
    }
    *p = OSSL_PARAM_construct_end();
    loaded->serial = 0;
    TRY_SSL(EVP_CipherInit_ex2(ctx, same_cipher ? NULL : k->cipher, same_key ? NULL : k->key, iv.p,
                               encrypt, p == params ? NULL : params));
    loaded->serial = k->serial;
    loaded->encrypt = encrypt;
    return RC_OK;
}

enum rc osl_aes_update(EVP_CIPHER_CTX *ctx, const uint8_t *in, size_t n, uint8_t *out)
{
    while (n > 0) {
        const size_t take = n < CIPHER_CHUNK ? n : CIPHER_CHUNK;
        int written = 0;

        TRY_SSL(EVP_CipherUpdate(ctx, out, &written, in, (int)take));
        in += take;
        n -= take;
        if (out != NULL) {
            out += take;
        }
    }
    return RC_OK;
}

/* ---- CTR ----------------------------------------------------------------------------------------- */

__extension__ typedef unsigned __int128 u128;

static u128 load_block(const uint8_t *p)
{
    return ((u128)get_u64_be(p) << 64) | get_u64_be(p + 8);
}

static uint64_t bytes_of(u128 blocks)
{
    return blocks == 0 || blocks > (NO_LIMIT / AES_BLOCK) ? NO_LIMIT : (uint64_t)blocks * AES_BLOCK;
}

/* The library counts with all 128 bits; where only the low BITS may change, we stop it at the carry
 * and set it to the block with these bits zero. */
static enum rc ctr_begin(struct run *r, const struct cipher_params *p)
{
    const unsigned bits = p->counter_bits;

    REQUIRE(bits >= 1 && bits <= 128, RC_MECHANISM_PARAM_INVALID);
    const u128 first = load_block(p->iv.p);
    const u128 span = bits == 128 ? 0 : (u128)1 << bits; /* 0 stands for 2^128 */
    const u128 counter = first & (span - 1);

    put_u64_be(r->low_zero, (uint64_t)((first - counter) >> 64));
    put_u64_be(r->low_zero + 8, (uint64_t)(first - counter));
    r->left = bytes_of(span);
    r->until_wrap = bytes_of(span - counter);
    return RC_OK;
}

static enum rc ctr_update(struct cipher_ctx *c, const uint8_t *in, size_t n, uint8_t *out)
{
    struct run *r = run_of(c);

    REQUIRE(n <= r->left, RC_DATA_LEN_RANGE);
    while (n > 0) {
        if (r->until_wrap == 0) {
            TRY(osl_aes_set(c->heap, &r->loaded, c->key, true, BYTES(r->low_zero, AES_BLOCK)));
            r->until_wrap = NO_LIMIT; /* left ends it before the next time */
        }
        const size_t take = n < r->until_wrap ? n : (size_t)r->until_wrap;
        TRY(osl_aes_update(c->heap, in, take, out));
        r->until_wrap -= r->until_wrap == NO_LIMIT ? 0 : take;
        r->left -= r->left == NO_LIMIT ? 0 : take;
        in += take;
        out += take;
        n -= take;
    }
    return RC_OK;
}

/* ---- the running context -------------------------------------------------------------------------- */

static enum rc check(const struct cipher_key *k, const struct cipher_params *p)
{
    switch (k->mode) {
    case CIPHER_ECB:
        return RC_OK;
    case CIPHER_CBC:
    case CIPHER_CTR:
        REQUIRE(p->iv.n == AES_BLOCK, RC_MECHANISM_PARAM_INVALID);
        return RC_OK;
    case CIPHER_GCM:
        return osl_gcm_check(p);
    default:
        return RC_FUNCTION_NOT_SUPPORTED; /* CCM knows its length first: once() */
    }
}

static enum rc begin(struct cipher_ctx *c, const struct cipher_key *k,
                     const struct cipher_params *p)
{
    struct run *r = run_of(c);

    TRY(check(k, p));
    c->ops = &osl_cipher_ops;
    c->key = k;
    if (c->heap == NULL) {
        c->heap = EVP_CIPHER_CTX_new();
        REQUIRE(c->heap != NULL, RC_HOST_MEMORY);
    }
    r->encrypt = p->encrypt;
    osl_gcm_long_free(TAKE(r->slow));
    if (k->mode == CIPHER_GCM && p->iv.n > GCM_IV_INLINE) {
        r->left = GCM_DATA_MAX;
        return osl_gcm_long_new(k, p->iv, p->aad, &r->slow);
    }
    if (k->mode == CIPHER_CTR) {
        TRY(ctr_begin(r, p));
        return osl_aes_set(c->heap, &r->loaded, k, true, p->iv);
    }
    TRY(osl_aes_set(c->heap, &r->loaded, k, p->encrypt,
                    k->mode == CIPHER_ECB ? BYTES_NONE : p->iv));
    if (k->mode == CIPHER_GCM) {
        r->left = GCM_DATA_MAX;
        return osl_aes_update(c->heap, p->aad.p, p->aad.n, NULL);
    }
    return RC_OK;
}

static enum rc update(struct cipher_ctx *c, const uint8_t *in, size_t n, uint8_t *out)
{
    struct run *r = run_of(c);

    switch (c->key->mode) {
    case CIPHER_CTR:
        return ctr_update(c, in, n, out);
    case CIPHER_GCM:
        REQUIRE(n <= r->left, RC_DATA_LEN_RANGE);
        r->left -= n;
        if (r->slow != NULL) {
            return osl_gcm_long_update(r->slow, r->encrypt, in, n, out);
        }
        break;
    default:
        REQUIRE(n % AES_BLOCK == 0, RC_DATA_LEN_RANGE);
        break;
    }
    return osl_aes_update(c->heap, in, n, out);
}

static enum rc finish(struct cipher_ctx *c, uint8_t *tag, size_t tag_n)
{
    if (c->key->mode != CIPHER_GCM) {
        return RC_OK;
    }
    const struct run *r = run_of(c);
    return r->slow != NULL ? osl_gcm_long_finish(r->slow, r->encrypt, tag, tag_n)
                           : osl_gcm_finish(c->heap, r->encrypt, tag, tag_n);
}

static void clear(struct cipher_ctx *c)
{
    osl_gcm_long_free(run_of(c)->slow);
    EVP_CIPHER_CTX_free(c->heap);
    mem_wipe(c, sizeof(*c));
}

const struct cipher_ops osl_cipher_ops = {
    .key_new = osl_aes_key_new,
    .key_free = osl_aes_key_free,
    .begin = begin,
    .update = update,
    .finish = finish,
    .clear = clear,
    .once = osl_aead_once,
};
