/* SPDX-License-Identifier: Apache-2.0
 *
 * AES key wrap (SP 800-38F, RFC 3394) and with padding (RFC 5649), over the library's AES block.
 * The library's own functions know the second one with the default initial value alone, so both
 * share the wrapping function W and its inverse here.
 */
#include "awslc.h"

static const uint8_t default_iv[8] = {0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6};
static const uint8_t default_icv[4] = {0xa6, 0x59, 0x59, 0xa6};

/* S: 8 bytes of A, then N semiblocks; turned in place. At least two semiblocks. */
static void wrap_core(const AES_KEY *key, uint8_t *s, size_t n)
{
    uint8_t block[16];
    mem_copy(block, s, 8);
    for (uint64_t t = 1; t <= 6 * (uint64_t)n; t++) {
        uint8_t *r = s + 8 + ((t - 1) % n) * 8;
        mem_copy(block + 8, r, 8);
        AES_encrypt(block, block, key);
        put_u64_be(block, get_u64_be(block) ^ t);
        mem_copy(r, block + 8, 8);
    }
    mem_copy(s, block, 8);
    mem_wipe(block, sizeof(block));
}

static void unwrap_core(const AES_KEY *key, uint8_t *s, size_t n)
{
    uint8_t block[16];
    mem_copy(block, s, 8);
    for (uint64_t t = 6 * (uint64_t)n; t >= 1; t--) {
        uint8_t *r = s + 8 + ((t - 1) % n) * 8;
        put_u64_be(block, get_u64_be(block) ^ t);
        mem_copy(block + 8, r, 8);
        AES_decrypt(block, block, key);
        mem_copy(r, block + 8, 8);
    }
    mem_copy(s, block, 8);
    mem_wipe(block, sizeof(block));
}

/* TEXT holds room for the whole; it is a secret until the core has run. */
static enum rc wrap_into(enum keywrap_kind kind, const struct secret *kek, const uint8_t *iv,
                         struct bytes in, struct secret *text)
{
    AES_KEY key;
    TRY(lc_aes_keys_set(kek, &key, NULL));
    mem_copy(text->p + 8, in.p, in.n);
    if (kind == KEYWRAP_RFC3394) {
        mem_copy(text->p, iv != NULL ? iv : default_iv, 8);
    } else {
        mem_copy(text->p, iv != NULL ? iv : default_icv, 4);
        put_u32_be(text->p + 4, (uint32_t)in.n);
    }
    if (text->n == 16) {
        AES_encrypt(text->p, text->p, &key); /* RFC 5649, one semiblock */
    } else {
        wrap_core(&key, text->p, text->n / 8 - 1);
    }
    mem_wipe(&key, sizeof(key));
    return RC_OK;
}

static enum rc keywrap_wrap(enum keywrap_kind kind, const struct secret *kek, const uint8_t *iv,
                            struct bytes in, struct buf *ret)
{
    if (kind == KEYWRAP_RFC3394) {
        REQUIRE(in.n >= 16 && in.n % 8 == 0, RC_DATA_LEN_RANGE);
    } else {
        REQUIRE(in.n >= 1, RC_DATA_LEN_RANGE);
    }
    REQUIRE(in.n <= UINT32_MAX - 16, RC_DATA_LEN_RANGE);
    AUTO_SECRET struct secret *text = secret_new(8 + (in.n + 7) / 8 * 8);
    REQUIRE(text != NULL, RC_HOST_MEMORY);
    TRY(wrap_into(kind, kek, iv, in, text));
    return buf_set(ret, BYTES(text->p, text->n));
}

/* RFC 5649: 0 when the initial value, the length in it and the padding are right; no branch on
 * the text. *RET_N: the length, meaningful when they are. */
static uint32_t padding_wrong(const struct secret *text, const uint8_t *icv, uint32_t *ret_n)
{
    const uint32_t padded = (uint32_t)(text->n - 8);
    const uint8_t *t = text->p;
    const uint32_t n = (uint32_t)t[4] << 24 | (uint32_t)t[5] << 16 | (uint32_t)t[6] << 8 | t[7];
    const uint64_t pad = (uint64_t)padded - n; /* 0 to 7, else wrong (also when below zero) */
    uint64_t wrong = pad >> 3;
    for (size_t i = 0; i < 4; i++) {
        wrong |= (uint64_t)(t[i] ^ icv[i]);
    }
    for (uint32_t i = 1; i <= 7; i++) {
        /* all ones when the I-th byte from the end is padding */
        const uint64_t in_pad = 0U - (((uint64_t)i - 1 - (pad & 7)) >> 63);
        wrong |= in_pad & t[text->n - i];
    }
    *ret_n = n;
    return (uint32_t)(wrong | wrong >> 32);
}

static enum rc keywrap_unwrap(enum keywrap_kind kind, const struct secret *kek, const uint8_t *iv,
                              struct bytes in, struct secret **ret)
{
    const size_t least = kind == KEYWRAP_RFC3394 ? 24 : 16;
    REQUIRE(in.n >= least && in.n % 8 == 0 && in.n <= UINT32_MAX, RC_WRAPPED_KEY_LEN_RANGE);
    AES_KEY enc;
    AES_KEY dec;
    TRY(lc_aes_keys_set(kek, &enc, &dec));
    mem_wipe(&enc, sizeof(enc));
    AUTO_SECRET struct secret *text = secret_from(in.p, in.n);
    if (text == NULL) {
        mem_wipe(&dec, sizeof(dec));
        return RC_HOST_MEMORY;
    }
    if (in.n == 16) {
        AES_decrypt(text->p, text->p, &dec);
    } else {
        unwrap_core(&dec, text->p, in.n / 8 - 1);
    }
    mem_wipe(&dec, sizeof(dec));
    uint32_t n = (uint32_t)in.n - 8;
    if (kind == KEYWRAP_RFC3394) {
        REQUIRE(mem_equal_ct(text->p, iv != NULL ? iv : default_iv, 8), RC_WRAPPED_KEY_INVALID);
    } else {
        REQUIRE(padding_wrong(text, iv != NULL ? iv : default_icv, &n) == 0,
                RC_WRAPPED_KEY_INVALID);
    }
    struct secret *key = secret_from(text->p + 8, n);
    REQUIRE(key != NULL, RC_HOST_MEMORY);
    *ret = key;
    return RC_OK;
}

const struct keywrap_ops awslc_keywrap_ops = {.wrap = keywrap_wrap, .unwrap = keywrap_unwrap};
