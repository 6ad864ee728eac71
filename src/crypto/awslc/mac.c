/* SPDX-License-Identifier: Apache-2.0
 *
 * HMAC (FIPS 198-1), CMAC (SP 800-38B) and GMAC (SP 800-38D).
 *
 * HMAC: the key holds the two hash states behind the padded key, so a tag costs two block
 * operations less, and with SHA-1 and SHA-2 no run allocates. CMAC runs over the library's AES in
 * the inline state. GMAC is GCM without a plaintext.
 */
#include "awslc.h"

struct mac_key {
    enum mac_kind kind;
    enum hash_alg hash;
    union sha_state inner, outer;        /* HMAC, SHA-1 and SHA-2 */
    EVP_MD_CTX *inner_heap, *outer_heap; /* HMAC, SHA-3 */
    AES_KEY aes;                         /* CMAC */
    uint8_t k1[16], k2[16];              /* CMAC */
    struct evp_key gcm;                  /* GMAC */
};

/* CMAC: the last block waits here, because it is treated differently. */
struct cmac_state {
    uint8_t chain[16];
    uint8_t last[16];
    size_t last_n;
};

/* What a run keeps on the heap; made when SHA-3 or GMAC first needs it. */
struct mac_heap {
    EVP_MD_CTX *md;
    struct evp_run *run;
};

_Static_assert(sizeof(union sha_state) <= sizeof(((struct mac_ctx *)0)->state), "too small");
_Static_assert(sizeof(struct cmac_state) <= sizeof(((struct mac_ctx *)0)->state), "too small");

static void key_free(struct mac_key *k)
{
    if (k != NULL) {
        EVP_MD_CTX_free(k->inner_heap);
        EVP_MD_CTX_free(k->outer_heap);
        secret_release(k);
    }
}

static void key_free_at(struct mac_key **k)
{
    key_free(*k);
}

/* One of the two pads, absorbed. */
static enum rc hmac_pad(struct mac_key *k, const uint8_t *block, uint8_t pad, bool outer)
{
    uint8_t padded[144];
    const size_t n = hash_block_size(k->hash);
    REQUIRE(n > 0 && n <= sizeof(padded), RC_MECHANISM_INVALID);
    for (size_t i = 0; i < n; i++) {
        padded[i] = block[i] ^ pad;
    }
    enum rc rc = RC_OK;
    if (lc_sha_has(k->hash)) {
        union sha_state *s = outer ? &k->outer : &k->inner;
        lc_sha_begin(s, k->hash);
        lc_sha_update(s, k->hash, padded, n);
    } else {
        EVP_MD_CTX *c = EVP_MD_CTX_new();
        *(outer ? &k->outer_heap : &k->inner_heap) = c;
        if (c == NULL || !EVP_DigestInit_ex(c, awslc_md(k->hash), NULL) ||
            !EVP_DigestUpdate(c, padded, n)) {
            rc = awslc_failed(RC_HOST_MEMORY);
        }
    }
    mem_wipe(padded, sizeof(padded));
    return rc;
}

static enum rc hmac_key_set(struct mac_key *k, const struct secret *key)
{
    uint8_t block[144] = {0};
    enum rc rc = RC_OK;
    if (key->n > hash_block_size(k->hash)) {
        rc = awslc_digest_ops.once(k->hash, key->p, key->n, block);
    } else {
        mem_copy(block, key->p, key->n);
    }
    if (rc == RC_OK) {
        rc = hmac_pad(k, block, 0x36, false);
    }
    if (rc == RC_OK) {
        rc = hmac_pad(k, block, 0x5c, true);
    }
    mem_wipe(block, sizeof(block));
    return rc;
}

/* Multiplication by x in GF(2^128), without a branch on the value. */
static void cmac_double(uint8_t out[16], const uint8_t in[16])
{
    const uint8_t carry = (uint8_t)(0U - (unsigned)(in[0] >> 7));
    for (size_t i = 0; i < 15; i++) {
        out[i] = (uint8_t)((unsigned)in[i] << 1 | (unsigned)in[i + 1] >> 7);
    }
    out[15] = (uint8_t)(((unsigned)in[15] << 1) ^ (carry & 0x87U));
}

static enum rc cmac_key_set(struct mac_key *k, const struct secret *key)
{
    uint8_t l[16] = {0};
    TRY(lc_aes_keys_set(key, &k->aes, NULL));
    AES_encrypt(l, l, &k->aes);
    cmac_double(k->k1, l);
    cmac_double(k->k2, k->k1);
    mem_wipe(l, sizeof(l));
    return RC_OK;
}

static enum rc key_new(enum mac_kind kind, enum hash_alg hash, const struct secret *key,
                       struct mac_key **ret)
{
    REQUIRE(kind == MAC_HMAC || kind == MAC_CMAC || kind == MAC_GMAC, RC_MECHANISM_INVALID);
    REQUIRE(kind != MAC_HMAC || awslc_md(hash) != NULL, RC_MECHANISM_INVALID);
    __attribute__((cleanup(key_free_at))) struct mac_key *k = secret_alloc(sizeof(*k));
    REQUIRE(k != NULL, RC_HOST_MEMORY);
    k->kind = kind;
    k->hash = kind == MAC_HMAC ? hash : HASH_NONE;
    if (kind == MAC_HMAC) {
        TRY(hmac_key_set(k, key));
    } else if (kind == MAC_CMAC) {
        TRY(cmac_key_set(k, key));
    } else {
        TRY(lc_evp_key_set(&k->gcm, key));
    }
    *ret = TAKE(k);
    return RC_OK;
}

static size_t mac_size(const struct mac_key *k)
{
    return k->kind == MAC_HMAC ? hash_size(k->hash) : 16;
}

static void mac_clear(struct mac_ctx *c)
{
    struct mac_heap *h = c->heap;
    if (h != NULL) {
        EVP_MD_CTX_free(h->md);
        lc_evp_run_free(h->run);
        mem_free(h);
    }
    mem_wipe(c, sizeof(*c));
}

static enum rc hmac_begin(struct mac_ctx *c, const struct mac_key *k)
{
    if (lc_sha_has(k->hash)) {
        mem_copy(c->state, &k->inner, sizeof(k->inner));
        return RC_OK;
    }
    struct mac_heap *h = c->heap;
    if (h->md == NULL) {
        h->md = EVP_MD_CTX_new();
        REQUIRE(h->md != NULL, awslc_failed(RC_HOST_MEMORY));
    }
    TRY_LIB(EVP_MD_CTX_copy_ex(h->md, k->inner_heap), RC_HOST_MEMORY);
    return RC_OK;
}

static enum rc mac_begin(struct mac_ctx *c, const struct mac_key *k, struct bytes iv)
{
    REQUIRE(k->kind != MAC_GMAC || iv.n > 0, RC_MECHANISM_PARAM_INVALID);
    if (c->ops != &awslc_mac_ops && c->ops != NULL) {
        c->ops->clear(c);
    }
    c->ops = &awslc_mac_ops;
    c->key = k;
    const bool inline_state = k->kind == MAC_CMAC || (k->kind == MAC_HMAC && lc_sha_has(k->hash));
    if (c->heap == NULL && !inline_state) {
        c->heap = mem_alloc(sizeof(struct mac_heap));
        REQUIRE(c->heap != NULL, RC_HOST_MEMORY);
    }
    if (k->kind == MAC_HMAC) {
        return hmac_begin(c, k);
    }
    if (k->kind == MAC_CMAC) {
        mem_wipe(c->state, sizeof(struct cmac_state));
        return RC_OK;
    }
    return lc_evp_begin(&((struct mac_heap *)c->heap)->run, &k->gcm, true, iv);
}

/* Whole blocks into the chain, by the library's CBC, whose output but the last block is waste. */
static void cmac_blocks(struct cmac_state *s, const struct mac_key *k, const uint8_t *p, size_t n)
{
    uint8_t waste[256];
    while (n > 0) {
        const size_t part = n < sizeof(waste) ? n : sizeof(waste);
        AES_cbc_encrypt(p, waste, part, &k->aes, s->chain, AES_ENCRYPT);
        p += part;
        n -= part;
    }
    mem_wipe(waste, sizeof(waste));
}

static void cmac_update(struct cmac_state *s, const struct mac_key *k, const uint8_t *p, size_t n)
{
    if (n == 0) {
        return;
    }
    if (s->last_n > 0 && s->last_n + n > 16) {
        const size_t part = 16 - s->last_n;
        mem_copy(s->last + s->last_n, p, part);
        cmac_blocks(s, k, s->last, 16);
        p += part;
        n -= part;
        s->last_n = 0;
    }
    if (s->last_n == 0 && n > 16) {
        const size_t whole = (n - 1) / 16 * 16; /* one block or a part of one stays behind */
        cmac_blocks(s, k, p, whole);
        p += whole;
        n -= whole;
    }
    mem_copy(s->last + s->last_n, p, n);
    s->last_n += n;
}

static void cmac_finish(struct cmac_state *s, const struct mac_key *k, uint8_t *out)
{
    const uint8_t *mask = k->k1;
    if (s->last_n < 16) {
        s->last[s->last_n] = 0x80;
        for (size_t i = s->last_n + 1; i < 16; i++) {
            s->last[i] = 0;
        }
        mask = k->k2;
    }
    for (size_t i = 0; i < 16; i++) {
        s->last[i] ^= mask[i];
        s->last[i] ^= s->chain[i];
    }
    AES_encrypt(s->last, out, &k->aes);
    mem_wipe(s, sizeof(*s));
}

static enum rc mac_update(struct mac_ctx *c, const void *p, size_t n)
{
    const struct mac_key *k = c->key;
    struct mac_heap *h = c->heap;
    if (k->kind == MAC_CMAC) {
        cmac_update((struct cmac_state *)c->state, k, p, n);
        return RC_OK;
    }
    if (k->kind == MAC_GMAC) {
        return lc_evp_aad(h->run, p, n);
    }
    if (lc_sha_has(k->hash)) {
        lc_sha_update((union sha_state *)c->state, k->hash, p, n);
        return RC_OK;
    }
    TRY_LIB(n == 0 || EVP_DigestUpdate(h->md, p, n), RC_CRYPTO_LIBRARY);
    return RC_OK;
}

static enum rc hmac_finish(struct mac_ctx *c, const struct mac_key *k, uint8_t *out)
{
    uint8_t inner[HASH_MAX_SIZE];
    const size_t n = hash_size(k->hash);
    union sha_state *s = (union sha_state *)c->state;
    if (lc_sha_has(k->hash)) {
        lc_sha_finish(s, k->hash, inner);
        mem_copy(s, &k->outer, sizeof(*s));
        lc_sha_update(s, k->hash, inner, n);
        lc_sha_finish(s, k->hash, out);
        mem_wipe(inner, sizeof(inner));
        return RC_OK;
    }
    struct mac_heap *h = c->heap;
    const bool good = EVP_DigestFinal_ex(h->md, inner, NULL) &&
                      EVP_MD_CTX_copy_ex(h->md, k->outer_heap) &&
                      EVP_DigestUpdate(h->md, inner, n) && EVP_DigestFinal_ex(h->md, out, NULL);
    mem_wipe(inner, sizeof(inner));
    TRY_LIB(good, RC_CRYPTO_LIBRARY);
    return RC_OK;
}

static enum rc mac_finish(struct mac_ctx *c, uint8_t *out)
{
    const struct mac_key *k = c->key;
    if (k->kind == MAC_HMAC) {
        return hmac_finish(c, k, out);
    }
    if (k->kind == MAC_CMAC) {
        cmac_finish((struct cmac_state *)c->state, k, out);
        return RC_OK;
    }
    return lc_evp_finish(((struct mac_heap *)c->heap)->run, true, out, 16);
}

const struct mac_ops awslc_mac_ops = {
    .key_new = key_new,
    .key_free = key_free,
    .size = mac_size,
    .begin = mac_begin,
    .update = mac_update,
    .finish = mac_finish,
    .clear = mac_clear,
};
