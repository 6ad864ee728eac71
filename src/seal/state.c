/* SPDX-License-Identifier: Apache-2.0
 *
 * The sealed record of a token's state.
 *
 *   u8 format (1) | nonce 12 | ciphertext of the state, fixed size | tag 16
 */
#include "aead.h"
#include "seal.h"

#define STATE_FORMAT 1u

static enum rc state_key(const struct crypto *c, const struct secret *device, uint32_t slot,
                         struct secret **ret)
{
    AUTO_BUF struct buf info = BUF_INIT;
    TRY(buf_add_bytes(&info, BYTES_STR(LABEL_STATE)));
    TRY(buf_add_u32_be(&info, slot));
    return crypto_hkdf(c, HASH_SHA256, true, true, device, BYTES_NONE, buf_view(&info),
                       SEAL_KEY_SIZE, ret);
}

static enum rc state_aad(uint32_t slot, struct buf *ret)
{
    TRY(buf_add_u8(ret, STATE_FORMAT));
    return buf_add_u32_be(ret, slot);
}

static enum rc put_pin(struct buf *b, const struct seal_pin *p)
{
    TRY(buf_add_u8(b, p->set ? 1 : 0));
    TRY(buf_add_u32(b, p->iterations));
    TRY(buf_add(b, p->salt, sizeof(p->salt)));
    TRY(buf_add(b, p->wrapped, sizeof(p->wrapped)));
    TRY(buf_add_u32(b, p->failed));
    return buf_add_u64(b, p->last_failed_ms);
}

static enum rc put_state(struct buf *b, const struct seal_state *s)
{
    TRY(buf_add(b, s->token_id, sizeof(s->token_id)));
    TRY(buf_add_u32(b, s->generation));
    TRY(buf_add(b, s->label, sizeof(s->label)));
    TRY(buf_add_u64(b, s->created_ms));
    TRY(buf_add_u64(b, s->change));
    for (int a = 0; a < SEAL_ACCOUNTS; a++) {
        TRY(put_pin(b, &s->pin[a]));
    }
    return RC_OK;
}

static enum rc take(struct rd *r, uint8_t *out, size_t n)
{
    struct bytes v;
    TRY(rd_take(r, n, &v));
    mem_copy(out, v.p, n);
    return RC_OK;
}

static enum rc take_pin(struct rd *r, struct seal_pin *p)
{
    uint8_t set = 0;
    TRY(rd_u8(r, &set));
    REQUIRE(set <= 1, RC_MALFORMED);
    p->set = set == 1;
    TRY(rd_u32(r, &p->iterations));
    TRY(take(r, p->salt, sizeof(p->salt)));
    TRY(take(r, p->wrapped, sizeof(p->wrapped)));
    TRY(rd_u32(r, &p->failed));
    return rd_u64(r, &p->last_failed_ms);
}

static enum rc take_state(struct bytes v, struct seal_state *s)
{
    struct rd r = RD(v);
    TRY(take(&r, s->token_id, sizeof(s->token_id)));
    TRY(rd_u32(&r, &s->generation));
    TRY(take(&r, s->label, sizeof(s->label)));
    TRY(rd_u64(&r, &s->created_ms));
    TRY(rd_u64(&r, &s->change));
    for (int a = 0; a < SEAL_ACCOUNTS; a++) {
        TRY(take_pin(&r, &s->pin[a]));
    }
    return rd_end(&r);
}

enum rc seal_state_write(const struct crypto *c, const struct secret *device, uint32_t slot,
                         const struct seal_state *s, struct buf *ret)
{
    AUTO_SECRET struct secret *key = NULL;
    AUTO_BUF struct buf aad = BUF_INIT;
    AUTO_BUF struct buf plain = BUF_INIT;
    AUTO_BUF struct buf out = BUF_INIT;
    TRY(state_key(c, device, slot, &key));
    TRY(state_aad(slot, &aad));
    TRY(put_state(&plain, s));
    TRY(buf_add_u8(&out, STATE_FORMAT));
    TRY(buf_reserve(&out, plain.n + NONCE_SIZE + TAG_SIZE));
    TRY(aead_seal(c, key, buf_view(&aad), plain.p, plain.n, out.p + out.n));
    out.n += plain.n + NONCE_SIZE + TAG_SIZE;
    return buf_set(ret, buf_view(&out));
}

enum rc seal_state_read(const struct crypto *c, const struct secret *device, uint32_t slot,
                        struct bytes record, struct seal_state *ret)
{
    struct rd r = RD(record);
    uint8_t format = 0;
    REQUIRE(rd_u8(&r, &format) == RC_OK && r.n >= NONCE_SIZE + TAG_SIZE, RC_STORE_CORRUPT);
    REQUIRE(format == STATE_FORMAT, RC_STORE_FORMAT);
    AUTO_SECRET struct secret *key = NULL;
    AUTO_BUF struct buf aad = BUF_INIT;
    AUTO_BUF struct buf plain = BUF_INIT;
    TRY(state_key(c, device, slot, &key));
    TRY(state_aad(slot, &aad));
    const size_t n = r.n - NONCE_SIZE - TAG_SIZE;
    TRY(buf_reserve(&plain, n));
    TRY(aead_open(c, key, buf_view(&aad), BYTES(r.p, r.n), plain.p));
    plain.n = n;
    struct seal_state s = {0};
    REQUIRE(take_state(buf_view(&plain), &s) == RC_OK, RC_STORE_CORRUPT);
    *ret = s;
    return RC_OK;
}
