/* SPDX-License-Identifier: Apache-2.0
 *
 * Families: AES-GCM and AES-CCM. A decryption hands out nothing before the tag was checked: in parts
 * it collects and answers at the end. CCM collects in both directions, since its first block names
 * the length.
 *
 * GCM without a parameter: the token makes the nonce and puts it in front of the ciphertext.
 */
#include "family.h"

#define GCM_MAX ((1ull << 36) - 32) /* bytes under one nonce (SP 800-38D, 5.2.1.1) */
#define OWN_NONCE 12

static bool offered(const struct mech_env *env, const struct mech_row *row)
{
    return env->crypto->cipher[row->kind] != NULL;
}

/* Bytes of nonce in front of the ciphertext. */
static size_t front(const struct mech_op *op)
{
    return op->row->param == PARAM_GCM && !op->param.given ? OWN_NONCE : 0;
}

static struct cipher_params params_of(const struct mech_op *op)
{
    return (struct cipher_params){.encrypt = op->verb == VERB_ENCRYPT,
                                  .iv = op->param.iv,
                                  .aad = op->param.aad,
                                  .tag_n = op->param.tag_n,
                                  .data_n = op->param.data_n};
}

static enum rc seal(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    struct cipher_params p = params_of(op);
    const size_t skip = front(op);
    REQUIRE(in.n <= GCM_MAX, RC_DATA_LEN_RANGE);
    if (skip > 0) {
        TRY(op->env->next_nonce(op->env->ctx, op->key, op->nonce));
        mem_copy(out, op->nonce, OWN_NONCE);
        p.iv = BYTES(op->nonce, OWN_NONCE);
    }
    uint8_t *text = out + skip;
    TRY(op->cipher_ops->once(op->cipher_key, &p, in.p, in.n, text, text + in.n));
    *out_n = skip + in.n + p.tag_n;
    return RC_OK;
}

static enum rc open(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    struct cipher_params p = params_of(op);
    uint8_t tag[16];
    const size_t skip = front(op);
    REQUIRE(in.n >= skip + p.tag_n && in.n - skip - p.tag_n <= GCM_MAX,
            RC_ENCRYPTED_DATA_LEN_RANGE);
    const size_t n = in.n - skip - p.tag_n;
    if (skip > 0) {
        p.iv = BYTES(in.p, OWN_NONCE);
    }
    mem_copy(tag, in.p + skip + n, p.tag_n);
    TRY(op->cipher_ops->once(op->cipher_key, &p, in.p + skip, n, out, tag));
    *out_n = n;
    return RC_OK;
}

static enum rc sealed_size(const struct mech_op *op, enum mech_phase phase, size_t in_n,
                           size_t *ret, bool *ret_exact)
{
    REQUIRE(in_n <= GCM_MAX, RC_DATA_LEN_RANGE);
    const size_t skip = op->started ? 0 : front(op);
    *ret_exact = true;
    switch (phase) {
    case PHASE_ONCE:
        *ret = skip + in_n + op->param.tag_n;
        break;
    case PHASE_UPDATE:
        *ret = skip + in_n;
        break;
    case PHASE_FINAL:
        *ret = skip + op->param.tag_n;
        break;
    }
    return RC_OK;
}

static enum rc opened_size(const struct mech_op *op, enum mech_phase phase, size_t in_n,
                           size_t *ret, bool *ret_exact)
{
    const size_t total = phase == PHASE_FINAL ? op->held.n : in_n;
    const size_t extra = front(op) + op->param.tag_n;
    *ret = phase == PHASE_UPDATE || total < extra ? 0 : total - extra;
    *ret_exact = true;
    return RC_OK;
}

static enum rc collect(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    (void)out;
    (void)out_n;
    return op_hold(op, in);
}

static enum rc open_held(struct mech_op *op, uint8_t *out, size_t *out_n)
{
    return op->run->once(op, buf_view(&op->held), out, out_n);
}

/* ---- GCM encryption in parts ---------------------------------------------------------------------- */

static enum rc gcm_start(struct mech_op *op, uint8_t *out, size_t *ret_n)
{
    *ret_n = 0;
    if (op->cipher_live) {
        return RC_OK;
    }
    struct cipher_params p = params_of(op);
    const size_t skip = front(op);
    if (skip > 0) {
        TRY(op->env->next_nonce(op->env->ctx, op->key, op->nonce));
        p.iv = BYTES(op->nonce, OWN_NONCE);
    }
    if (op->cipher.ops != NULL && op->cipher.ops != op->cipher_ops) {
        op->cipher.ops->clear(&op->cipher);
    }
    TRY(op->cipher_ops->begin(&op->cipher, op->cipher_key, &p));
    mem_copy(out, op->nonce, skip);
    op->cipher_live = true;
    op->size = 0; /* bytes so far */
    *ret_n = skip;
    return RC_OK;
}

static enum rc gcm_update(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    size_t skip = 0;
    TRY(gcm_start(op, out, &skip));
    REQUIRE(in.n <= GCM_MAX - op->size, RC_DATA_LEN_RANGE);
    if (in.n > 0) {
        TRY(op->cipher_ops->update(&op->cipher, in.p, in.n, out + skip));
    }
    op->size += in.n;
    *out_n = skip + in.n;
    return RC_OK;
}

static enum rc gcm_final(struct mech_op *op, uint8_t *out, size_t *out_n)
{
    size_t skip = 0;
    TRY(gcm_start(op, out, &skip));
    TRY(op->cipher_ops->finish(&op->cipher, out + skip, op->param.tag_n));
    op->cipher_live = false;
    *out_n = skip + op->param.tag_n;
    return RC_OK;
}

static enum rc gcm_begin(struct mech_op *op)
{
    static const struct runner encrypts = {
        .out_size = sealed_size, .once = seal, .update = gcm_update, .final = gcm_final};
    static const struct runner decrypts = {
        .out_size = opened_size, .once = open, .update = collect, .final = open_held};
    REQUIRE(op->param.given || op->verb == VERB_DECRYPT || op->env->next_nonce != NULL,
            RC_MECHANISM_PARAM_INVALID);
    op->run = op->verb == VERB_ENCRYPT ? &encrypts : &decrypts;
    return op_cipher_key(op, CIPHER_GCM);
}

/* ---- CCM -------------------------------------------------------------------------------------------- */

static enum rc ccm_size(const struct mech_op *op, enum mech_phase phase, size_t in_n, size_t *ret,
                        bool *ret_exact)
{
    const bool encrypts = op->verb == VERB_ENCRYPT;
    const size_t in_all = op->param.data_n + (encrypts ? 0 : op->param.tag_n);
    const size_t all = op->param.data_n + (encrypts ? op->param.tag_n : 0);
    REQUIRE(phase != PHASE_ONCE || in_n == in_all,
            encrypts ? RC_DATA_LEN_RANGE : RC_ENCRYPTED_DATA_LEN_RANGE);
    *ret = phase == PHASE_UPDATE ? 0 : all;
    *ret_exact = true;
    return RC_OK;
}

static enum rc ccm_seal(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    REQUIRE(in.n == op->param.data_n, RC_DATA_LEN_RANGE);
    return seal(op, in, out, out_n);
}

static enum rc ccm_open(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    REQUIRE(in.n >= op->param.tag_n && in.n - op->param.tag_n == op->param.data_n,
            RC_ENCRYPTED_DATA_LEN_RANGE);
    return open(op, in, out, out_n);
}

static enum rc ccm_begin(struct mech_op *op)
{
    static const struct runner encrypts = {
        .out_size = ccm_size, .once = ccm_seal, .update = collect, .final = open_held};
    static const struct runner decrypts = {
        .out_size = ccm_size, .once = ccm_open, .update = collect, .final = open_held};
    op->run = op->verb == VERB_ENCRYPT ? &encrypts : &decrypts;
    REQUIRE(op->param.data_n <= SIZE_MAX - 16, RC_MECHANISM_PARAM_INVALID);
    return op_cipher_key(op, CIPHER_CCM);
}

const struct family family_gcm = {.offered = offered, .begin = gcm_begin};
const struct family family_ccm = {.offered = offered, .begin = ccm_begin};
