/* SPDX-License-Identifier: Apache-2.0
 *
 * The running operation: begin, step, end. What differs between mechanisms is behind op->run.
 */
#include "family.h"

struct mech_op *mech_op_new(void)
{
    return secret_alloc(sizeof(struct mech_op));
}

/* Wipes running contexts. IDLE ones keep the library's memory for the next time. */
static void drop_contexts(struct mech_op *op, bool all)
{
    if (op->digest.ops != NULL && (all || op->digest_live)) {
        op->digest.ops->clear(&op->digest);
    }
    if (op->mac.ops != NULL && (all || op->mac_live)) {
        op->mac.ops->clear(&op->mac);
    }
    if (op->cipher.ops != NULL && (all || op->cipher_live)) {
        op->cipher.ops->clear(&op->cipher);
    }
    op->digest_live = op->mac_live = op->cipher_live = false;
}

void mech_end(struct mech_op *op)
{
    if (op->row == NULL) {
        return;
    }
    drop_contexts(op, false);
    op_drop_mac_key(op);
    param_clear(&op->param);
    buf_clear(&op->held);
    buf_clear(&op->scratch);
    mem_wipe(op->block, sizeof(op->block));
    op->key = NULL;
    op->block_n = 0;
    op->started = false;
    op->journal_full = false;
    op->cipher_key = NULL;
    op->mac_key = NULL;
    op->pkey = NULL;
    op->run = NULL;
    op->row = NULL;
}

void mech_op_free(struct mech_op *op)
{
    if (op == NULL) {
        return;
    }
    mech_end(op);
    drop_contexts(op, true);
    param_free(&op->param);
    buf_free(&op->held);
    buf_free(&op->scratch);
    secret_release(op);
}

enum rc op_begin(struct mech_op *op, const struct mech_env *env, const struct mech_row *row,
                 enum mech_verb verb, const CK_MECHANISM *mechanism, const struct object *key)
{
    mech_end(op);
    REQUIRE(row->family->begin != NULL, RC_MECHANISM_INVALID);
    REQUIRE(key != NULL || row->keys == KEYS_NONE, RC_KEY_NEEDED);
    TRY(param_read(row->param, mechanism, &op->param));
    op->env = env;
    op->row = row;
    op->verb = verb;
    op->key = key;
    const enum rc rc = row->family->begin(op);
    if (rc != RC_OK) {
        mech_end(op);
    }
    return rc;
}

enum rc mech_begin(struct mech_op *op, const struct mech_env *env, const struct mech_row *row,
                   enum mech_verb verb, const CK_MECHANISM *mechanism, const struct object *key)
{
    REQUIRE(mech_offers(row, verb), RC_MECHANISM_INVALID);
    return op_begin(op, env, row, verb, mechanism, key);
}

enum rc op_hold(struct mech_op *op, struct bytes in)
{
    REQUIRE(in.n <= HELD_MAX - op->held.n,
            op->verb == VERB_DECRYPT ? RC_ENCRYPTED_DATA_LEN_RANGE : RC_DATA_LEN_RANGE);
    /* grows by half: many small parts must not copy the whole each time */
    if (op->held.cap - op->held.n < in.n) {
        const size_t half = op->held.n / 2;
        TRY(buf_reserve(&op->held, in.n > half ? in.n : half));
    }
    return in.n > 0 ? buf_add_bytes(&op->held, in) : RC_OK;
}

enum rc mech_out_size(const struct mech_op *op, enum mech_phase phase, size_t in_n, size_t *ret,
                      bool *ret_exact)
{
    REQUIRE(op->row != NULL, RC_OPERATION_NOT_INITIALIZED);
    if (op->run->out_size == NULL) {
        *ret = 0;
        *ret_exact = true;
        return RC_OK;
    }
    return op->run->out_size(op, phase, in_n, ret, ret_exact);
}

/* A library works in place or apart, never half over: then the input is copied first. So it is when
 * bytes that waited go before it. */
static enum rc untangle(struct mech_op *op, enum mech_phase phase, struct bytes *in,
                        const uint8_t *out)
{
    static const uint8_t nothing[1];
    if (in->n == 0) {
        *in = BYTES(nothing, 0);
        return RC_OK;
    }
    if (out == NULL) {
        return RC_OK;
    }
    size_t out_n = 0;
    bool exact = false;
    TRY(mech_out_size(op, phase, in->n, &out_n, &exact));
    const uintptr_t a = (uintptr_t)in->p;
    const uintptr_t b = (uintptr_t)out;
    const bool apart = a + in->n <= b || b + out_n <= a;
    const bool shifted = op->block_n > 0 || (op->row->param == PARAM_GCM && !op->param.given);
    if (apart || (a == b && !shifted)) {
        return RC_OK;
    }
    TRY(buf_set(&op->scratch, *in));
    *in = buf_view(&op->scratch);
    return RC_OK;
}

enum rc mech_once(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    REQUIRE(op->row != NULL, RC_OPERATION_NOT_INITIALIZED);
    REQUIRE(op->run->once != NULL, RC_FUNCTION_NOT_SUPPORTED);
    TRY(untangle(op, PHASE_ONCE, &in, out));
    const enum rc rc = op->run->once(op, in, out, out_n);
    mech_end(op);
    return rc;
}

bool mech_streams(const struct mech_op *op)
{
    return op->row != NULL && op->row->streams && op->run->update != NULL;
}

enum rc mech_update(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    REQUIRE(op->row != NULL, RC_OPERATION_NOT_INITIALIZED);
    REQUIRE(mech_streams(op), RC_FUNCTION_NOT_SUPPORTED);
    TRY(untangle(op, PHASE_UPDATE, &in, out));
    *out_n = 0;
    const enum rc rc = op->run->update(op, in, out, out_n);
    buf_clear(&op->scratch);
    op->started = true;
    return rc;
}

enum rc mech_final(struct mech_op *op, uint8_t *out, size_t *out_n)
{
    REQUIRE(op->row != NULL, RC_OPERATION_NOT_INITIALIZED);
    REQUIRE(mech_streams(op) && op->run->final != NULL, RC_FUNCTION_NOT_SUPPORTED);
    *out_n = 0;
    const enum rc rc = op->run->final(op, out, out_n);
    mech_end(op);
    return rc;
}

enum rc mech_verify_once(struct mech_op *op, struct bytes in, struct bytes sig)
{
    REQUIRE(op->row != NULL, RC_OPERATION_NOT_INITIALIZED);
    REQUIRE(op->run->verify_once != NULL, RC_FUNCTION_NOT_SUPPORTED);
    TRY(untangle(op, PHASE_ONCE, &in, NULL));
    const enum rc rc = op->run->verify_once(op, in, sig);
    mech_end(op);
    return rc;
}

enum rc mech_verify_final(struct mech_op *op, struct bytes sig)
{
    REQUIRE(op->row != NULL, RC_OPERATION_NOT_INITIALIZED);
    REQUIRE(mech_streams(op) && op->run->verify_final != NULL, RC_FUNCTION_NOT_SUPPORTED);
    const enum rc rc = op->run->verify_final(op, sig);
    mech_end(op);
    return rc;
}
