/* SPDX-License-Identifier: Apache-2.0
 *
 * Family: AES in ECB, CBC, CBC with PKCS#7 padding, and CTR. Parts of any length: what does not
 * fill a block waits in op->block. When a padded text is decrypted, the last whole block waits too:
 * it may be the padding.
 */
#include "family.h"

static enum cipher_mode mode_of(const struct mech_row *row)
{
    switch (row->kind) {
    case BLOCK_ECB:
        return CIPHER_ECB;
    case BLOCK_CTR:
        return CIPHER_CTR;
    default:
        return CIPHER_CBC;
    }
}

static bool offered(const struct mech_env *env, const struct mech_row *row)
{
    return env->crypto->cipher[mode_of(row)] != NULL;
}

static bool pads(const struct mech_op *op)
{
    return op->row->kind == BLOCK_CBC_PAD;
}

/* Bytes of the first TOTAL that go through the cipher now. */
static size_t whole(const struct mech_op *op, size_t total)
{
    if (op->row->kind == BLOCK_CTR) {
        return total;
    }
    size_t n = total - total % 16;
    if (pads(op) && op->verb == VERB_DECRYPT && n == total && n > 0) {
        n -= 16;
    }
    return n;
}

static enum rc bad_length(const struct mech_op *op)
{
    return op->verb == VERB_DECRYPT ? RC_ENCRYPTED_DATA_LEN_RANGE : RC_DATA_LEN_RANGE;
}

static enum rc out_size(const struct mech_op *op, enum mech_phase phase, size_t in_n, size_t *ret,
                        bool *ret_exact)
{
    REQUIRE(in_n <= SIZE_MAX - 32, bad_length(op));
    const bool padded = pads(op);
    const size_t total = op->block_n + (phase == PHASE_FINAL ? 0 : in_n);
    *ret_exact = true;
    if (phase == PHASE_UPDATE) {
        *ret = whole(op, total);
    } else if (padded && op->verb == VERB_ENCRYPT) {
        *ret = total - total % 16 + 16;
    } else if (padded) {
        *ret = total > 0 ? total - 1 : 0;
        *ret_exact = false;
    } else {
        *ret = total;
    }
    return RC_OK;
}

/* Bytes from the first counter block to the one whose counting bits are all ones. What would make
 * them overflow is refused (PKCS#11 3.2, AES-CTR: 2 bits that begin with 1 are good for 3 blocks). */
static uint64_t until_overflow(const uint8_t first[16], unsigned bits)
{
    const uint64_t high = bits > 64 ? ~get_u64_be(first) << (128 - bits) >> (128 - bits) : 0;
    const uint64_t mask = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    const uint64_t more = ~get_u64_be(first + 8) & mask; /* blocks behind the first */
    return high != 0 || more >= UINT64_MAX / 16 ? UINT64_MAX : (more + 1) * 16;
}

static enum rc start(struct mech_op *op)
{
    if (op->cipher_live) {
        return RC_OK;
    }
    if (op->row->kind == BLOCK_CTR) {
        op->ctr_left = until_overflow(op->param.iv.p, op->param.counter_bits);
    }
    const struct cipher_params p = {.encrypt = op->verb == VERB_ENCRYPT,
                                    .iv = op->param.iv,
                                    .counter_bits = op->param.counter_bits};
    if (op->cipher.ops != NULL && op->cipher.ops != op->cipher_ops) {
        op->cipher.ops->clear(&op->cipher);
    }
    TRY(op->cipher_ops->begin(&op->cipher, op->cipher_key, &p));
    op->cipher_live = true;
    return RC_OK;
}

static enum rc update(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    size_t done = 0;
    TRY(start(op));
    REQUIRE(in.n <= SIZE_MAX - 32, bad_length(op));
    if (op->row->kind == BLOCK_CTR) {
        REQUIRE(in.n <= op->ctr_left, RC_DATA_LEN_RANGE);
        op->ctr_left -= op->ctr_left == UINT64_MAX ? 0 : in.n;
    }
    size_t now = whole(op, op->block_n + in.n);
    if (op->block_n > 0 && now > 0) { /* fill the waiting block */
        const size_t more = 16 - op->block_n;
        mem_copy(op->block + op->block_n, in.p, more);
        TRY(op->cipher_ops->update(&op->cipher, op->block, 16, out));
        in = BYTES(in.p + more, in.n - more);
        op->block_n = 0;
        done = 16;
        now -= 16;
    }
    if (now > 0) {
        TRY(op->cipher_ops->update(&op->cipher, in.p, now, out + done));
        in = BYTES(in.p + now, in.n - now);
        done += now;
    }
    mem_copy(op->block + op->block_n, in.p, in.n); /* at most a block is left */
    op->block_n += in.n;
    *out_n = done;
    return RC_OK;
}

/* The last block of a padded text, encrypted. */
static enum rc pad_last(struct mech_op *op, uint8_t *out, size_t *out_n)
{
    const uint8_t pad = (uint8_t)(16 - op->block_n);
    for (size_t i = op->block_n; i < 16; i++) {
        op->block[i] = pad;
    }
    TRY(op->cipher_ops->update(&op->cipher, op->block, 16, out));
    *out_n = 16;
    return RC_OK;
}

/* The last block of a padded text, decrypted to private memory and checked before it is handed out. */
static enum rc unpad_last(struct mech_op *op, uint8_t *out, size_t *out_n)
{
    uint8_t last[16];
    size_t n = 0;
    REQUIRE(op->block_n == 16, RC_ENCRYPTED_DATA_LEN_RANGE);
    TRY(op->cipher_ops->update(&op->cipher, op->block, 16, last));
    const enum rc rc = crypto_unpad16(last, &n);
    if (rc == RC_OK) {
        mem_copy(out, last, n);
        *out_n = n;
    }
    mem_wipe(last, sizeof(last));
    return rc == RC_OK ? RC_OK : RC_ENCRYPTED_DATA_INVALID;
}

static enum rc final(struct mech_op *op, uint8_t *out, size_t *out_n)
{
    *out_n = 0;
    TRY(start(op));
    if (pads(op)) {
        TRY(op->verb == VERB_ENCRYPT ? pad_last(op, out, out_n) : unpad_last(op, out, out_n));
    } else {
        REQUIRE(op->block_n == 0, bad_length(op));
    }
    TRY(op->cipher_ops->finish(&op->cipher, NULL, 0));
    op->cipher_live = false;
    return RC_OK;
}

static enum rc once(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    size_t first = 0;
    size_t last = 0;
    const bool decrypts = op->verb == VERB_DECRYPT;
    const bool any = op->row->kind == BLOCK_CTR || (pads(op) && !decrypts);
    REQUIRE(any || in.n % 16 == 0, bad_length(op));
    REQUIRE(!pads(op) || !decrypts || in.n > 0, RC_ENCRYPTED_DATA_LEN_RANGE);
    TRY(update(op, in, out, &first));
    const enum rc rc = final(op, out + first, &last);
    if (rc != RC_OK) {
        mem_wipe(out, first); /* a text with wrong padding gives nothing */
        return rc;
    }
    *out_n = first + last;
    return RC_OK;
}

static enum rc begin(struct mech_op *op)
{
    static const struct runner runner = {
        .out_size = out_size, .once = once, .update = update, .final = final};
    op->run = &runner;
    return op_cipher_key(op, mode_of(op->row));
}

const struct family family_block = {.offered = offered, .begin = begin};
