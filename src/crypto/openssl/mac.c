/* SPDX-License-Identifier: Apache-2.0
 *
 * HMAC (over our digest table), CMAC (SP 800-38B) and GMAC (SP 800-38D). Running contexts keep the
 * library's context and remember the key it holds.
 */
#include <string.h>

#include "aes.h"
#include "crypto/hmac.h"

/* In secret memory. */
struct mac_key {
    enum mac_kind kind;
    struct hmac_key hmac;
    struct cipher_key *aes; /* CMAC (CBC), GMAC (GCM) */
};

/* What lies in mac_ctx.state; all zero before first use. */
struct run {
    enum { HEAP_NONE, HEAP_CMAC, HEAP_GMAC } heap_is;
    struct aes_loaded loaded;
    struct gcm_long *slow; /* GMAC with a long IV; else NULL */
    struct digest_ctx hmac;
};
_Static_assert(sizeof(struct run) <= sizeof(((struct mac_ctx *)0)->state), "state fits");

static struct run *run_of(struct mac_ctx *c)
{
    return (struct run *)(void *)c->state;
}

/* ---- keys ------------------------------------------------------------------------------------------ */

static void key_free(struct mac_key *k)
{
    if (k == NULL) {
        return;
    }
    hmac_key_clear(&k->hmac);
    osl_aes_key_free(k->aes);
    secret_release(k);
}

static enum rc key_fill(struct mac_key *k, enum hash_alg hash, const struct secret *key)
{
    switch (k->kind) {
    case MAC_HMAC:
        REQUIRE(!hash_is_xof(hash), RC_MECHANISM_INVALID);
        return hmac_key_init(&k->hmac, &osl_digest_ops, hash, secret_view(key));
    case MAC_CMAC:
        return osl_aes_key_new(CIPHER_CBC, key, &k->aes);
    case MAC_GMAC:
        return osl_aes_key_new(CIPHER_GCM, key, &k->aes);
    default:
        return RC_MECHANISM_INVALID;
    }
}

static enum rc key_new(enum mac_kind kind, enum hash_alg hash, const struct secret *key,
                       struct mac_key **ret)
{
    struct mac_key *k = secret_alloc(sizeof(*k));

    REQUIRE(k != NULL, RC_HOST_MEMORY);
    k->kind = kind;
    const enum rc rc = key_fill(k, hash, key);
    if (rc != RC_OK) {
        key_free(k);
        return rc;
    }
    *ret = k;
    return RC_OK;
}

static size_t size(const struct mac_key *k)
{
    return k->kind == MAC_HMAC ? hash_size(k->hmac.alg) : AES_BLOCK;
}

/* ---- the library's contexts ------------------------------------------------------------------------- */

static void drop_heap(struct mac_ctx *c)
{
    struct run *r = run_of(c);

    if (r->heap_is == HEAP_CMAC) {
        EVP_MAC_CTX_free(c->heap);
    } else if (r->heap_is == HEAP_GMAC) {
        EVP_CIPHER_CTX_free(c->heap);
    }
    c->heap = NULL;
    r->heap_is = HEAP_NONE;
    r->loaded.serial = 0;
}

static enum rc cmac_begin(struct mac_ctx *c, const struct cipher_key *k)
{
    static const char *const ciphers[AES_SIZES] = {"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"};
    struct run *r = run_of(c);

    if (r->heap_is != HEAP_CMAC) {
        drop_heap(c);
        EVP_MAC *cmac = osl_cmac();
        c->heap = cmac != NULL ? EVP_MAC_CTX_new(cmac) : NULL;
        REQUIRE(c->heap != NULL, osl_failed(RC_HOST_MEMORY));
        r->heap_is = HEAP_CMAC;
    }
    if (r->loaded.serial == k->serial) {
        TRY_SSL(EVP_MAC_init(c->heap, NULL, 0, NULL));
        return RC_OK;
    }
    char name[16];
    memcpy(name, ciphers[osl_aes_index(k->key_n)], sizeof("AES-128-CBC"));
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0),
        OSSL_PARAM_construct_end(),
    };
    r->loaded.serial = 0;
    TRY_SSL(EVP_MAC_init(c->heap, k->key, k->key_n, params));
    r->loaded.serial = k->serial;
    return RC_OK;
}

static enum rc gmac_begin(struct mac_ctx *c, const struct cipher_key *k, struct bytes iv)
{
    struct run *r = run_of(c);

    REQUIRE(iv.n >= 1 && iv.n <= GCM_IV_MAX, RC_MECHANISM_PARAM_INVALID);
    osl_gcm_long_free(TAKE(r->slow));
    if (iv.n > GCM_IV_INLINE) {
        return osl_gcm_long_new(k, iv, BYTES_NONE, &r->slow);
    }
    if (r->heap_is != HEAP_GMAC) {
        drop_heap(c);
        c->heap = EVP_CIPHER_CTX_new();
        REQUIRE(c->heap != NULL, RC_HOST_MEMORY);
        r->heap_is = HEAP_GMAC;
    }
    return osl_aes_set(c->heap, &r->loaded, k, true, iv);
}

/* ---- the running context ------------------------------------------------------------------------------ */

static enum rc begin(struct mac_ctx *c, const struct mac_key *k, struct bytes iv)
{
    c->ops = &osl_mac_ops;
    c->key = k;
    switch (k->kind) {
    case MAC_HMAC:
        return hmac_begin(&k->hmac, &run_of(c)->hmac);
    case MAC_CMAC:
        return cmac_begin(c, k->aes);
    default:
        return gmac_begin(c, k->aes, iv);
    }
}

static enum rc update(struct mac_ctx *c, const void *p, size_t n)
{
    switch (c->key->kind) {
    case MAC_HMAC:
        return hmac_update(&run_of(c)->hmac, p, n);
    case MAC_CMAC:
        if (n > 0) {
            TRY_SSL(EVP_MAC_update(c->heap, p, n));
        }
        return RC_OK;
    default:
        return run_of(c)->slow != NULL ? osl_gcm_long_aad(run_of(c)->slow, p, n)
                                       : osl_aes_update(c->heap, p, n, NULL);
    }
}

static enum rc finish(struct mac_ctx *c, uint8_t *out)
{
    size_t n = 0;

    switch (c->key->kind) {
    case MAC_HMAC:
        return hmac_finish(&c->key->hmac, &run_of(c)->hmac, out);
    case MAC_CMAC:
        TRY_SSL(EVP_MAC_final(c->heap, out, &n, AES_BLOCK));
        return RC_OK;
    default:
        return run_of(c)->slow != NULL ? osl_gcm_long_finish(run_of(c)->slow, true, out, AES_BLOCK)
                                       : osl_gcm_finish(c->heap, true, out, AES_BLOCK);
    }
}

static void clear(struct mac_ctx *c)
{
    drop_heap(c);
    osl_gcm_long_free(run_of(c)->slow);
    hmac_run_clear(&run_of(c)->hmac);
    mem_wipe(c, sizeof(*c));
}

const struct mac_ops osl_mac_ops = {
    .key_new = key_new,
    .key_free = key_free,
    .size = size,
    .begin = begin,
    .update = update,
    .finish = finish,
    .clear = clear,
};
