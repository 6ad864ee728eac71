/* SPDX-License-Identifier: Apache-2.0
 *
 * Sealed parts of objects, and blinded index terms.
 *
 *   u8 format (1) | u8 domain | u8 part | u8 zero | u64 version | nonce 12 | ciphertext | tag 16
 */
#include <pthread.h>
#include <stdatomic.h>

#include "aead.h"
#include "seal.h"

#define RECORD_FORMAT 1u
#define HEADER_SIZE 12u
#define AAD_SIZE (HEADER_SIZE + SEAL_TOKEN_ID_SIZE + 8u)
#define IDLE_MACS 16u

struct seal_keys {
    const struct crypto *c;
    const struct mac_ops *mac;
    struct mac_key *records; /* expands to the keys of records */
    struct mac_key *index;
    enum seal_domain domain;
    uint8_t token_id[SEAL_TOKEN_ID_SIZE];
    /* running contexts kept for reuse: beginning one again costs far less than making one */
    _Atomic(struct mac_ctx *) idle[IDLE_MACS];
};

/* ---- keys ------------------------------------------------------------------------------------- */

/* One mac key out of PRK, by LABEL, domain and generation. */
static enum rc expand(struct seal_keys *k, const struct secret *prk, struct bytes label,
                      uint32_t generation, struct mac_key **ret)
{
    AUTO_BUF struct buf info = BUF_INIT;
    AUTO_SECRET struct secret *key = NULL;
    TRY(buf_add_bytes(&info, label));
    TRY(buf_add_u8(&info, (uint8_t)k->domain));
    TRY(buf_add_u32_be(&info, generation));
    TRY(crypto_hkdf(k->c, HASH_SHA256, false, true, prk, BYTES_NONE, buf_view(&info), SEAL_KEY_SIZE,
                    &key));
    return k->mac->key_new(MAC_HMAC, HASH_SHA256, key, ret);
}

static enum rc keys_fill(struct seal_keys *k, const struct secret *root, uint32_t generation)
{
    AUTO_SECRET struct secret *prk = NULL;
    TRY(crypto_hkdf(k->c, HASH_SHA256, true, false, root, BYTES(k->token_id, SEAL_TOKEN_ID_SIZE),
                    BYTES_NONE, SEAL_KEY_SIZE, &prk));
    TRY(expand(k, prk, BYTES_STR(LABEL_RECORDS), generation, &k->records));
    return expand(k, prk, BYTES_STR(LABEL_INDEX), generation, &k->index);
}

enum rc seal_keys_new(const struct crypto *c, const struct secret *root,
                      const uint8_t token_id[SEAL_TOKEN_ID_SIZE], uint32_t generation,
                      enum seal_domain domain, struct seal_keys **ret)
{
    REQUIRE(root->n == SEAL_KEY_SIZE, RC_ARGUMENTS_BAD);
    REQUIRE(c->hmac[HASH_SHA256] != NULL, RC_CRYPTO_LIBRARY);
    struct seal_keys *k = mem_alloc(sizeof(*k));
    REQUIRE(k != NULL, RC_HOST_MEMORY);
    k->c = c;
    k->mac = c->hmac[HASH_SHA256];
    k->domain = domain;
    mem_copy(k->token_id, token_id, SEAL_TOKEN_ID_SIZE);
    const enum rc rc = keys_fill(k, root, generation);
    if (rc != RC_OK) {
        seal_keys_free(k);
        return rc;
    }
    *ret = k;
    return RC_OK;
}

static void mac_free(const struct seal_keys *k, struct mac_ctx *m)
{
    if (m != NULL) {
        k->mac->clear(m);
        secret_release(m);
    }
}

void seal_keys_free(struct seal_keys *k)
{
    if (k == NULL) {
        return;
    }
    for (size_t i = 0; i < IDLE_MACS; i++) {
        mac_free(k, atomic_exchange(&k->idle[i], NULL));
    }
    if (k->records != NULL) {
        k->mac->key_free(k->records);
    }
    if (k->index != NULL) {
        k->mac->key_free(k->index);
    }
    mem_free(k);
}

/* ---- HMAC with contexts that are kept --------------------------------------------------------- */

static size_t idle_start(void)
{
    const uint64_t self = (uint64_t)(uintptr_t)pthread_self();
    return (size_t)((self * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % IDLE_MACS;
}

static struct mac_ctx *mac_take(struct seal_keys *k)
{
    const size_t start = idle_start();
    for (size_t i = 0; i < IDLE_MACS; i++) {
        _Atomic(struct mac_ctx *) *slot = &k->idle[(start + i) % IDLE_MACS];
        if (atomic_load_explicit(slot, memory_order_relaxed) != NULL) {
            struct mac_ctx *m = atomic_exchange(slot, NULL);
            if (m != NULL) {
                return m;
            }
        }
    }
    return secret_alloc(sizeof(struct mac_ctx));
}

static void mac_give(struct seal_keys *k, struct mac_ctx *m)
{
    const size_t start = idle_start();
    for (size_t i = 0; i < IDLE_MACS; i++) {
        struct mac_ctx *none = NULL;
        if (atomic_compare_exchange_strong(&k->idle[(start + i) % IDLE_MACS], &none, m)) {
            return;
        }
    }
    mac_free(k, m);
}

static enum rc mac_run(const struct mac_ops *ops, struct mac_ctx *m, const struct mac_key *key,
                       struct bytes v, uint8_t out[32])
{
    TRY(ops->begin(m, key, BYTES_NONE));
    TRY(ops->update(m, v.p, v.n));
    return ops->finish(m, out);
}

/* The pool changes; what the caller sees of the keys does not. */
static enum rc mac_once(const struct seal_keys *keys, const struct mac_key *key, struct bytes v,
                        uint8_t out[32])
{
    struct seal_keys *k = (struct seal_keys *)(uintptr_t)keys;
    struct mac_ctx *m = mac_take(k);
    REQUIRE(m != NULL, RC_HOST_MEMORY);
    const enum rc rc = mac_run(k->mac, m, key, v, out);
    mac_give(k, m);
    return rc;
}

enum rc seal_blind(const struct seal_keys *k, struct bytes term, uint8_t ret[SEAL_BLIND_SIZE])
{
    uint8_t full[32];
    TRY(mac_once(k, k->index, term, full));
    mem_copy(ret, full, SEAL_BLIND_SIZE);
    mem_wipe(full, sizeof(full));
    return RC_OK;
}

/* ---- records ------------------------------------------------------------------------------------ */

/* HKDF-Expand to one block: HMAC(records key, label | object | part | 1). */
static enum rc record_key(const struct seal_keys *k, uint64_t object, enum seal_part part,
                          struct secret **ret)
{
    uint8_t info[sizeof(LABEL_RECORD) - 1 + 8 + 1 + 1] = LABEL_RECORD;
    put_u64_be(info + sizeof(LABEL_RECORD) - 1, object);
    info[sizeof(info) - 2] = (uint8_t)part;
    info[sizeof(info) - 1] = 1;
    AUTO_SECRET struct secret *key = secret_new(SEAL_KEY_SIZE);
    REQUIRE(key != NULL, RC_HOST_MEMORY);
    TRY(mac_once(k, k->records, BYTES(info, sizeof(info)), key->p));
    *ret = TAKE(key);
    return RC_OK;
}

static void record_header(const struct seal_keys *k, uint64_t version, enum seal_part part,
                          uint8_t out[HEADER_SIZE])
{
    out[0] = RECORD_FORMAT;
    out[1] = (uint8_t)k->domain;
    out[2] = (uint8_t)part;
    out[3] = 0;
    put_u64_le(out + 4, version);
}

static void record_aad(const struct seal_keys *k, uint64_t object, uint64_t version,
                       enum seal_part part, uint8_t out[AAD_SIZE])
{
    record_header(k, version, part, out);
    mem_copy(out + HEADER_SIZE, k->token_id, SEAL_TOKEN_ID_SIZE);
    put_u64_be(out + HEADER_SIZE + SEAL_TOKEN_ID_SIZE, object);
}

enum rc seal_record(const struct seal_keys *k, uint64_t object, uint64_t version,
                    enum seal_part part, struct bytes plain, struct buf *ret)
{
    AUTO_SECRET struct secret *key = NULL;
    AUTO_BUF struct buf out = BUF_INIT;
    uint8_t aad[AAD_SIZE];
    record_aad(k, object, version, part, aad);
    TRY(record_key(k, object, part, &key));
    TRY(buf_reserve(&out, HEADER_SIZE + NONCE_SIZE + plain.n + TAG_SIZE));
    TRY(buf_add(&out, aad, HEADER_SIZE));
    TRY(aead_seal(k->c, key, BYTES(aad, sizeof(aad)), plain.p, plain.n, out.p + HEADER_SIZE));
    out.n = HEADER_SIZE + NONCE_SIZE + plain.n + TAG_SIZE;
    buf_free(ret);
    *ret = out;
    out = BUF_INIT;
    return RC_OK;
}

enum rc seal_record_peek(struct bytes record, enum seal_domain *ret_domain, uint64_t *ret_version)
{
    REQUIRE(record.n >= HEADER_SIZE + NONCE_SIZE + TAG_SIZE, RC_STORE_CORRUPT);
    REQUIRE(record.p[0] == RECORD_FORMAT, RC_STORE_FORMAT);
    REQUIRE(record.p[1] <= SEAL_PRIVATE && record.p[2] <= SEAL_COUNTERS && record.p[3] == 0,
            RC_STORE_CORRUPT);
    *ret_domain = (enum seal_domain)record.p[1];
    *ret_version = get_u64_le(record.p + 4);
    return RC_OK;
}

/* Opens into OUT, which has room for what the record holds. */
static enum rc open_into(const struct seal_keys *k, uint64_t object, uint64_t version,
                         enum seal_part part, struct bytes record, uint8_t *out)
{
    AUTO_SECRET struct secret *key = NULL;
    uint8_t aad[AAD_SIZE];
    record_aad(k, object, version, part, aad);
    TRY(record_key(k, object, part, &key));
    const struct bytes sealed = BYTES(record.p + HEADER_SIZE, record.n - HEADER_SIZE);
    return aead_open(k->c, key, BYTES(aad, sizeof(aad)), sealed, out);
}

enum rc seal_open_record(const struct seal_keys *k, uint64_t object, uint64_t version,
                         enum seal_part part, struct bytes record, struct buf *ret_public,
                         struct secret **ret_secret)
{
    REQUIRE((ret_public == NULL) != (ret_secret == NULL), RC_ARGUMENTS_BAD);
    enum seal_domain domain = SEAL_PUBLIC;
    uint64_t claimed = 0;
    TRY(seal_record_peek(record, &domain, &claimed));
    REQUIRE(domain == k->domain && claimed == version && record.p[2] == (uint8_t)part,
            RC_STORE_CORRUPT);
    const size_t n = record.n - HEADER_SIZE - NONCE_SIZE - TAG_SIZE;
    if (ret_secret != NULL) {
        AUTO_SECRET struct secret *s = secret_new(n);
        REQUIRE(s != NULL, RC_HOST_MEMORY);
        TRY(open_into(k, object, version, part, record, s->p));
        *ret_secret = TAKE(s);
        return RC_OK;
    }
    AUTO_BUF struct buf out = BUF_INIT;
    TRY(buf_reserve(&out, n));
    TRY(open_into(k, object, version, part, record, out.p));
    out.n = n;
    buf_free(ret_public);
    *ret_public = out;
    out = BUF_INIT;
    return RC_OK;
}
