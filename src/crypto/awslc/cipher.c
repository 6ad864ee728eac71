/* SPDX-License-Identifier: Apache-2.0
 *
 * AES modes. ECB, CBC and CTR run over key schedules that the key holds, in the context's inline
 * state. GCM in one call goes through the library's AEAD interface, whose context is part of the
 * key: no key schedule, no allocation, any number of threads. GCM in parts and CCM use EVP.
 */
#include <limits.h>
#include <stdatomic.h>

#include "awslc.h"

struct cipher_key {
    enum cipher_mode mode;
    AES_KEY enc, dec;
    /* From here on for GCM and CCM alone: other keys end here. */
    struct evp_key evp;
    _Alignas(16) EVP_AEAD_CTX aead; /* GCM with a tag of 16 bytes */
};

struct evp_run {
    EVP_CIPHER_CTX cx;
    uint64_t serial; /* whose key schedule is in cx; 0: none */
};

__extension__ typedef unsigned __int128 u128;

struct ctr_state {
    uint8_t counter[16];
    uint8_t first[16]; /* as given: the part that does not count is taken from here */
    uint8_t stream[16];
    unsigned used;       /* bytes of stream that were used */
    unsigned bits;       /* how many bits count */
    uint64_t until_wrap; /* bytes until the counting part is zero again */
    uint64_t left;       /* bytes until every counter value was used */
};

struct block_state {
    uint8_t iv[16];
    bool encrypt;
};

_Static_assert(sizeof(struct ctr_state) <= sizeof(((struct cipher_ctx *)0)->state), "too small");

#define GCM_MAX_DATA ((UINT64_C(1) << 36) - 32)
#define CTR_ENDLESS (UINT64_C(1) << 62) /* bytes nobody reaches */

/* ---- keys -------------------------------------------------------------------------------------- */

enum rc lc_aes_keys_set(const struct secret *key, AES_KEY *enc, AES_KEY *dec)
{
    REQUIRE(key->n == 16 || key->n == 24 || key->n == 32, RC_KEY_SIZE_RANGE);
    REQUIRE(AES_set_encrypt_key(key->p, (unsigned)key->n * 8, enc) == 0, RC_CRYPTO_LIBRARY);
    if (dec != NULL) {
        REQUIRE(AES_set_decrypt_key(key->p, (unsigned)key->n * 8, dec) == 0, RC_CRYPTO_LIBRARY);
    }
    return RC_OK;
}

enum rc lc_evp_key_set(struct evp_key *k, const struct secret *key)
{
    static atomic_uint_fast64_t serials;
    REQUIRE(key->n == 16 || key->n == 24 || key->n == 32, RC_KEY_SIZE_RANGE);
    k->cipher = key->n == 16   ? EVP_aes_128_gcm()
                : key->n == 24 ? EVP_aes_192_gcm()
                               : EVP_aes_256_gcm();
    k->serial = atomic_fetch_add(&serials, 1) + 1;
    mem_copy(k->key, key->p, key->n);
    return RC_OK;
}

static const EVP_AEAD *gcm_aead(size_t key_n)
{
    return key_n == 16   ? EVP_aead_aes_128_gcm()
           : key_n == 24 ? EVP_aead_aes_192_gcm()
                         : EVP_aead_aes_256_gcm();
}

static const EVP_CIPHER *ccm_cipher(size_t key_n)
{
    return key_n == 16 ? EVP_aes_128_ccm() : key_n == 24 ? EVP_aes_192_ccm() : EVP_aes_256_ccm();
}

static void key_free(struct cipher_key *k)
{
    secret_release(k); /* the AEAD context of GCM owns nothing beside itself */
}

static void key_free_at(struct cipher_key **k)
{
    key_free(*k);
}

static enum rc key_new(enum cipher_mode mode, const struct secret *key, struct cipher_key **ret)
{
    REQUIRE(mode >= CIPHER_ECB && mode < CIPHER_MODE_COUNT, RC_MECHANISM_INVALID);
    REQUIRE(key->n == 16 || key->n == 24 || key->n == 32, RC_KEY_SIZE_RANGE);
    const bool evp = mode == CIPHER_GCM || mode == CIPHER_CCM;
    __attribute__((cleanup(key_free_at))) struct cipher_key *k =
        secret_alloc(evp ? sizeof(*k) : offsetof(struct cipher_key, evp));
    REQUIRE(k != NULL, RC_HOST_MEMORY);
    k->mode = mode;
    if (evp) {
        TRY(lc_evp_key_set(&k->evp, key));
        k->evp.cipher = mode == CIPHER_CCM ? ccm_cipher(key->n) : k->evp.cipher;
    } else {
        TRY(lc_aes_keys_set(key, &k->enc, mode == CIPHER_CTR ? NULL : &k->dec));
    }
    if (mode == CIPHER_GCM) {
        TRY_LIB(EVP_AEAD_CTX_init(&k->aead, gcm_aead(key->n), key->p, key->n, 16, NULL),
                RC_CRYPTO_LIBRARY);
    }
    *ret = TAKE(k);
    return RC_OK;
}

/* ---- EVP in parts --------------------------------------------------------------------------------- */

enum rc lc_evp_begin(struct evp_run **run, const struct evp_key *k, bool encrypt, struct bytes iv)
{
    REQUIRE(iv.n > 0 && iv.n <= INT_MAX, RC_MECHANISM_PARAM_INVALID);
    if (*run == NULL) {
        *run = mem_alloc(sizeof(**run));
        REQUIRE(*run != NULL, RC_HOST_MEMORY);
        EVP_CIPHER_CTX_init(&(*run)->cx);
    }
    struct evp_run *r = *run;
    const uint8_t *key = NULL;
    if (r->serial != k->serial) {
        r->serial = 0;
        TRY_LIB(EVP_CipherInit_ex(&r->cx, k->cipher, NULL, NULL, NULL, encrypt), RC_HOST_MEMORY);
        key = k->key;
    }
    TRY_LIB(EVP_CIPHER_CTX_ctrl(&r->cx, EVP_CTRL_AEAD_SET_IVLEN, (int)iv.n, NULL) == 1,
            RC_HOST_MEMORY);
    TRY_LIB(EVP_CipherInit_ex(&r->cx, NULL, NULL, key, iv.p, encrypt), RC_CRYPTO_LIBRARY);
    r->serial = k->serial;
    return RC_OK;
}

/* The library counts in int. */
#define EVP_PART ((size_t)1 << 30)

enum rc lc_evp_update(struct evp_run *run, const uint8_t *in, size_t n, uint8_t *out)
{
    while (n > 0) {
        const size_t part = n < EVP_PART ? n : EVP_PART;
        int done = 0;
        TRY_LIB(EVP_CipherUpdate(&run->cx, out, &done, in, (int)part), RC_DATA_LEN_RANGE);
        in += part;
        n -= part;
        out = out == NULL ? NULL : out + part;
    }
    return RC_OK;
}

enum rc lc_evp_aad(struct evp_run *run, const void *p, size_t n)
{
    return lc_evp_update(run, p, n, NULL);
}

enum rc lc_evp_finish(struct evp_run *run, bool encrypt, uint8_t *tag, size_t tag_n)
{
    uint8_t none[16];
    int done = 0;
    if (!encrypt) {
        TRY_LIB(EVP_CIPHER_CTX_ctrl(&run->cx, EVP_CTRL_AEAD_SET_TAG, (int)tag_n, tag) == 1,
                RC_MECHANISM_PARAM_INVALID);
    }
    TRY_LIB(EVP_CipherFinal_ex(&run->cx, none, &done),
            encrypt ? RC_CRYPTO_LIBRARY : RC_ENCRYPTED_DATA_INVALID);
    if (encrypt) {
        TRY_LIB(EVP_CIPHER_CTX_ctrl(&run->cx, EVP_CTRL_AEAD_GET_TAG, (int)tag_n, tag) == 1,
                RC_MECHANISM_PARAM_INVALID);
    }
    return RC_OK;
}

void lc_evp_run_free(struct evp_run *run)
{
    if (run != NULL) {
        EVP_CIPHER_CTX_cleanup(&run->cx);
        mem_free(run);
    }
}

/* ---- CTR ------------------------------------------------------------------------------------------ */

/* Blocks as bytes, capped at what nobody reaches. */
static uint64_t ctr_bytes(u128 blocks)
{
    return blocks > CTR_ENDLESS / 16 ? CTR_ENDLESS : (uint64_t)blocks * 16;
}

static enum rc ctr_begin(struct ctr_state *s, const struct cipher_params *p)
{
    REQUIRE(p->iv.n == 16 && p->counter_bits >= 1 && p->counter_bits <= 128,
            RC_MECHANISM_PARAM_INVALID);
    mem_wipe(s, sizeof(*s));
    mem_copy(s->counter, p->iv.p, 16);
    mem_copy(s->first, p->iv.p, 16);
    s->bits = p->counter_bits;
    u128 value = ((u128)get_u64_be(p->iv.p) << 64) | get_u64_be(p->iv.p + 8);
    if (s->bits == 128) {
        s->until_wrap = CTR_ENDLESS; /* the library's own counter wraps as ours */
        s->left = CTR_ENDLESS;
        return RC_OK;
    }
    const u128 all = (u128)1 << s->bits;
    value &= all - 1;
    s->left = ctr_bytes(all);
    s->until_wrap = ctr_bytes(all - value);
    return RC_OK;
}

/* The counting part is zero again, the other part as it was. */
static void ctr_wrap(struct ctr_state *s)
{
    const u128 all = (u128)1 << s->bits;
    u128 value = ((u128)get_u64_be(s->first) << 64) | get_u64_be(s->first + 8);
    value &= ~(all - 1);
    put_u64_be(s->counter, (uint64_t)(value >> 64));
    put_u64_be(s->counter + 8, (uint64_t)value);
    s->until_wrap = ctr_bytes(all);
}

static enum rc ctr_update(struct ctr_state *s, const AES_KEY *key, const uint8_t *in, size_t n,
                          uint8_t *out)
{
    REQUIRE(n <= s->left, RC_DATA_LEN_RANGE);
    s->left -= s->left == CTR_ENDLESS ? 0 : n;
    while (n > 0) {
        const size_t part = n < s->until_wrap ? n : (size_t)s->until_wrap;
        AES_ctr128_encrypt(in, out, part, key, s->counter, s->stream, &s->used);
        in += part;
        out += part;
        n -= part;
        s->until_wrap -= part;
        if (s->until_wrap == 0) {
            ctr_wrap(s);
        }
    }
    return RC_OK;
}

/* ---- running contexts ------------------------------------------------------------------------------ */

static void cipher_clear(struct cipher_ctx *c)
{
    lc_evp_run_free(c->heap);
    mem_wipe(c, sizeof(*c));
}

static enum rc gcm_params(const struct cipher_params *p)
{
    REQUIRE(p->iv.n >= 1 && p->iv.n < (size_t)1 << 29, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(p->tag_n >= 4 && p->tag_n <= 16, RC_MECHANISM_PARAM_INVALID);
    return RC_OK;
}

static enum rc cipher_begin(struct cipher_ctx *c, const struct cipher_key *k,
                            const struct cipher_params *p)
{
    REQUIRE(k->mode != CIPHER_CCM, RC_FUNCTION_NOT_SUPPORTED);
    if (c->ops != &awslc_cipher_ops && c->ops != NULL) {
        c->ops->clear(c);
    }
    c->ops = &awslc_cipher_ops;
    c->key = k;
    if (k->mode == CIPHER_CTR) {
        return ctr_begin((struct ctr_state *)c->state, p);
    }
    struct block_state *s = (struct block_state *)c->state;
    s->encrypt = p->encrypt;
    if (k->mode == CIPHER_GCM) {
        TRY(gcm_params(p));
        TRY(lc_evp_begin((struct evp_run **)&c->heap, &k->evp, p->encrypt, p->iv));
        return lc_evp_aad(c->heap, p->aad.p, p->aad.n);
    }
    if (k->mode == CIPHER_CBC) {
        REQUIRE(p->iv.n == 16, RC_MECHANISM_PARAM_INVALID);
        mem_copy(s->iv, p->iv.p, 16);
    }
    return RC_OK;
}

static void ecb_update(const struct cipher_key *k, bool encrypt, const uint8_t *in, size_t n,
                       uint8_t *out)
{
    for (size_t i = 0; i < n; i += 16) {
        if (encrypt) {
            AES_encrypt(in + i, out + i, &k->enc);
        } else {
            AES_decrypt(in + i, out + i, &k->dec);
        }
    }
}

static enum rc cipher_update(struct cipher_ctx *c, const uint8_t *in, size_t n, uint8_t *out)
{
    const struct cipher_key *k = c->key;
    if (k->mode == CIPHER_CTR) {
        return ctr_update((struct ctr_state *)c->state, &k->enc, in, n, out);
    }
    if (k->mode == CIPHER_GCM) {
        return lc_evp_update(c->heap, in, n, out);
    }
    struct block_state *s = (struct block_state *)c->state;
    REQUIRE(n % 16 == 0, s->encrypt ? RC_DATA_LEN_RANGE : RC_ENCRYPTED_DATA_LEN_RANGE);
    if (n == 0) {
        return RC_OK;
    }
    if (k->mode == CIPHER_ECB) {
        ecb_update(k, s->encrypt, in, n, out);
    } else {
        AES_cbc_encrypt(in, out, n, s->encrypt ? &k->enc : &k->dec, s->iv,
                        s->encrypt ? AES_ENCRYPT : AES_DECRYPT);
    }
    return RC_OK;
}

static enum rc cipher_finish(struct cipher_ctx *c, uint8_t *tag, size_t tag_n)
{
    const struct block_state *s = (const struct block_state *)c->state;
    if (c->key->mode == CIPHER_GCM) {
        REQUIRE(tag != NULL && tag_n >= 4 && tag_n <= 16, RC_ARGUMENTS_BAD);
        return lc_evp_finish(c->heap, s->encrypt, tag, tag_n);
    }
    mem_wipe(c->state, sizeof(struct ctr_state));
    return RC_OK;
}

/* ---- AEAD in one call -------------------------------------------------------------------------------- */

static const uint8_t nothing[1];

static bool gcm_open(const EVP_AEAD_CTX *cx, const struct cipher_params *p, const uint8_t *in,
                     size_t n, uint8_t *out, const uint8_t *tag)
{
    return EVP_AEAD_CTX_open_gather(cx, out, p->iv.p, p->iv.n, in, n, tag, p->tag_n, p->aad.p,
                                    p->aad.n) == 1;
}

/* The library opens with the tag length of the context only: a shorter tag needs a context that
 * says so. The copy has the same alignment, on which the library's layout depends. */
static bool gcm_open_short(const EVP_AEAD_CTX *cx, const struct cipher_params *p, const uint8_t *in,
                           size_t n, uint8_t *out, const uint8_t *tag)
{
    _Alignas(16) EVP_AEAD_CTX copy = *cx;
    copy.tag_len = (uint8_t)p->tag_n;
    const bool good = gcm_open(&copy, p, in, n, out, tag);
    mem_wipe(&copy, sizeof(copy));
    return good;
}

static enum rc gcm_once(const struct cipher_key *k, const struct cipher_params *p,
                        const uint8_t *in, size_t n, uint8_t *out, uint8_t *tag)
{
    uint8_t full[16];
    size_t full_n = 0;
    TRY(gcm_params(p));
    REQUIRE(n <= GCM_MAX_DATA, p->encrypt ? RC_DATA_LEN_RANGE : RC_ENCRYPTED_DATA_LEN_RANGE);
    if (p->encrypt) {
        uint8_t *to = p->tag_n == 16 ? tag : full;
        TRY_LIB(EVP_AEAD_CTX_seal_scatter(&k->aead, out, to, &full_n, 16, p->iv.p, p->iv.n, in, n,
                                          NULL, 0, p->aad.p, p->aad.n),
                RC_CRYPTO_LIBRARY);
        if (to == full) {
            mem_copy(tag, full, p->tag_n);
        }
        return RC_OK;
    }
    const bool good = p->tag_n == 16 ? gcm_open(&k->aead, p, in, n, out, tag)
                                     : gcm_open_short(&k->aead, p, in, n, out, tag);
    if (!good) {
        if (n > 0) {
            mem_wipe(out, n);
        }
        return awslc_failed(RC_ENCRYPTED_DATA_INVALID);
    }
    return RC_OK;
}

static enum rc ccm_params(const struct cipher_params *p, size_t n)
{
    REQUIRE(p->iv.n >= 7 && p->iv.n <= 13, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(p->tag_n >= 4 && p->tag_n <= 16 && p->tag_n % 2 == 0, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(p->aad.n <= INT_MAX, RC_MECHANISM_PARAM_INVALID);
    const unsigned length_bits = (unsigned)(15 - p->iv.n) * 8;
    const bool fits = length_bits >= 31 || n >> length_bits == 0;
    REQUIRE(fits && n <= INT_MAX, p->encrypt ? RC_DATA_LEN_RANGE : RC_ENCRYPTED_DATA_LEN_RANGE);
    return RC_OK;
}

/* The steps in the order that the library wants them. */
static enum rc ccm_run(EVP_CIPHER_CTX *cx, const struct cipher_key *k,
                       const struct cipher_params *p, const uint8_t *in, size_t n, uint8_t *out,
                       uint8_t *tag)
{
    int done = 0;
    const int tag_n = (int)p->tag_n;
    TRY_LIB(EVP_CipherInit_ex(cx, k->evp.cipher, NULL, NULL, NULL, p->encrypt), RC_HOST_MEMORY);
    TRY_LIB(EVP_CIPHER_CTX_ctrl(cx, EVP_CTRL_AEAD_SET_IVLEN, (int)p->iv.n, NULL) == 1 &&
                EVP_CIPHER_CTX_ctrl(cx, EVP_CTRL_AEAD_SET_TAG, tag_n, p->encrypt ? NULL : tag) ==
                    1 &&
                EVP_CipherInit_ex(cx, NULL, NULL, k->evp.key, p->iv.p, p->encrypt) &&
                EVP_CipherUpdate(cx, NULL, &done, NULL, (int)n),
            RC_CRYPTO_LIBRARY);
    if (p->aad.n > 0) {
        TRY_LIB(EVP_CipherUpdate(cx, NULL, &done, p->aad.p, (int)p->aad.n), RC_CRYPTO_LIBRARY);
    }
    uint8_t spare[1];
    TRY_LIB(EVP_CipherUpdate(cx, n == 0 ? spare : out, &done, n == 0 ? nothing : in, (int)n),
            p->encrypt ? RC_CRYPTO_LIBRARY : RC_ENCRYPTED_DATA_INVALID);
    if (p->encrypt) {
        TRY_LIB(EVP_CIPHER_CTX_ctrl(cx, EVP_CTRL_AEAD_GET_TAG, tag_n, tag) == 1, RC_CRYPTO_LIBRARY);
    }
    return RC_OK;
}

static enum rc cipher_once(const struct cipher_key *k, const struct cipher_params *p,
                           const uint8_t *in, size_t n, uint8_t *out, uint8_t *tag)
{
    if (k->mode == CIPHER_GCM) {
        return gcm_once(k, p, in, n, out, tag);
    }
    REQUIRE(k->mode == CIPHER_CCM, RC_FUNCTION_NOT_SUPPORTED);
    TRY(ccm_params(p, n));
    EVP_CIPHER_CTX cx;
    EVP_CIPHER_CTX_init(&cx);
    const enum rc rc = ccm_run(&cx, k, p, in, n, out, tag);
    EVP_CIPHER_CTX_cleanup(&cx);
    if (rc != RC_OK && n > 0) {
        mem_wipe(out, n);
    }
    return rc;
}

static enum rc one_block(const struct secret *key, const uint8_t in[16], uint8_t out[16])
{
    AES_KEY k;
    TRY(lc_aes_keys_set(key, &k, NULL));
    AES_encrypt(in, out, &k);
    mem_wipe(&k, sizeof(k));
    return RC_OK;
}

const struct cipher_ops awslc_cipher_ops = {
    .key_new = key_new,
    .key_free = key_free,
    .begin = cipher_begin,
    .update = cipher_update,
    .finish = cipher_finish,
    .clear = cipher_clear,
    .once = cipher_once,
    .one_block = one_block,
};
