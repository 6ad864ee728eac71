/* SPDX-License-Identifier: Apache-2.0
 *
 * AES-256-GCM as this room uses it: see aead.h.
 */
#include "aead.h"

static enum rc run(const struct crypto *c, const struct secret *key, const struct cipher_params *p,
                   const uint8_t *in, size_t n, uint8_t *out, uint8_t tag[TAG_SIZE])
{
    const struct cipher_ops *ops = c->cipher[CIPHER_GCM];
    REQUIRE(ops != NULL, RC_CRYPTO_LIBRARY);
    struct cipher_key *k = NULL;
    TRY(ops->key_new(CIPHER_GCM, key, &k));
    const enum rc rc = ops->once(k, p, in, n, out, tag);
    ops->key_free(k);
    return rc;
}

enum rc aead_seal(const struct crypto *c, const struct secret *key, struct bytes aad,
                  const uint8_t *in, size_t n, uint8_t *out)
{
    TRY(rng_bytes(c->rng, out, NONCE_SIZE));
    const struct cipher_params p = {
        .encrypt = true, .iv = BYTES(out, NONCE_SIZE), .aad = aad, .tag_n = TAG_SIZE};
    return run(c, key, &p, in, n, out + NONCE_SIZE, out + NONCE_SIZE + n);
}

enum rc aead_open(const struct crypto *c, const struct secret *key, struct bytes aad,
                  struct bytes sealed, uint8_t *out)
{
    REQUIRE(sealed.n >= NONCE_SIZE + TAG_SIZE, RC_STORE_CORRUPT);
    const size_t n = sealed.n - NONCE_SIZE - TAG_SIZE;
    uint8_t tag[TAG_SIZE];
    mem_copy(tag, sealed.p + NONCE_SIZE + n, TAG_SIZE);
    const struct cipher_params p = {
        .iv = BYTES(sealed.p, NONCE_SIZE), .aad = aad, .tag_n = TAG_SIZE};
    const enum rc rc = run(c, key, &p, sealed.p + NONCE_SIZE, n, out, tag);
    if (rc != RC_OK) {
        mem_wipe(out, n);
    }
    return rc == RC_ENCRYPTED_DATA_INVALID ? RC_STORE_CORRUPT : rc;
}

enum rc buf_add_u32_be(struct buf *b, uint32_t v)
{
    uint8_t be[4];
    put_u32_be(be, v);
    return buf_add(b, be, sizeof(be));
}

enum rc buf_add_u64_be(struct buf *b, uint64_t v)
{
    uint8_t be[8];
    put_u64_be(be, v);
    return buf_add(b, be, sizeof(be));
}
