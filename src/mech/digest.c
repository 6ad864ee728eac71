/* SPDX-License-Identifier: Apache-2.0
 *
 * Family: digests. A running digest keeps its first input, so that its state can be saved whatever
 * library runs it.
 */
#include "family.h"

enum rc op_digest_update(struct mech_op *op, enum hash_alg hash, struct bytes in)
{
    const struct digest_ops *ops = op->env->crypto->digest[hash];
    if (!op->digest_live) {
        if (op->digest.ops != NULL && op->digest.ops != ops) {
            op->digest.ops->clear(&op->digest);
        }
        TRY(ops->begin(&op->digest, hash));
        op->digest_live = true;
    }
    return in.n > 0 ? ops->update(&op->digest, in.p, in.n) : RC_OK;
}

enum rc op_digest_final(struct mech_op *op, enum hash_alg hash, uint8_t *out)
{
    TRY(op_digest_update(op, hash, BYTES_NONE));
    TRY(op->digest.ops->finish(&op->digest, out));
    op->digest_live = false;
    return RC_OK;
}

static bool offered(const struct mech_env *env, const struct mech_row *row)
{
    return env->crypto->digest[row->hash] != NULL;
}

static enum rc out_size(const struct mech_op *op, enum mech_phase phase, size_t in_n, size_t *ret,
                        bool *ret_exact)
{
    (void)in_n;
    *ret = phase == PHASE_UPDATE ? 0 : hash_size(op->row->hash);
    *ret_exact = true;
    return RC_OK;
}

static enum rc once(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    const enum hash_alg hash = op->row->hash;
    TRY(op->env->crypto->digest[hash]->once(hash, in.p, in.n, out));
    *out_n = hash_size(hash);
    return RC_OK;
}

static enum rc journal(struct mech_op *op, struct bytes in)
{
    if (op->journal_full || in.n > JOURNAL_MAX - op->held.n) {
        op->journal_full = true;
        buf_clear(&op->held);
        return RC_OK;
    }
    return op_hold(op, in);
}

static enum rc update(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    (void)out;
    (void)out_n;
    TRY(journal(op, in));
    return op_digest_update(op, op->row->hash, in);
}

static enum rc final(struct mech_op *op, uint8_t *out, size_t *out_n)
{
    TRY(op_digest_final(op, op->row->hash, out));
    *out_n = hash_size(op->row->hash);
    return RC_OK;
}

static enum rc begin(struct mech_op *op)
{
    static const struct runner runner = {
        .out_size = out_size, .once = once, .update = update, .final = final};
    op->run = &runner;
    return RC_OK;
}

const struct family family_digest = {.offered = offered, .begin = begin};

enum rc mech_digest_key(struct mech_op *op, const struct object *key)
{
    REQUIRE(op->row != NULL, RC_OPERATION_NOT_INITIALIZED);
    /* mu is of messages alone */
    REQUIRE(op->row->family == &family_digest, RC_KEY_INDIGESTIBLE);
    REQUIRE(object_class(key) == CKO_SECRET_KEY, RC_KEY_INDIGESTIBLE);
    const struct secret *value = object_secret(key, CKA_VALUE);
    REQUIRE(value != NULL, RC_KEY_INDIGESTIBLE);
    op->journal_full = true; /* a key never goes into a saved state */
    buf_clear(&op->held);
    op->started = true;
    return op_digest_update(op, op->row->hash, secret_view(value));
}

enum rc mech_save(const struct mech_op *op, struct buf *ret)
{
    REQUIRE(op->row != NULL, RC_OPERATION_NOT_INITIALIZED);
    REQUIRE(op->row->family == &family_digest && !op->journal_full, RC_STATE_UNSAVEABLE);
    TRY(buf_add_u64(ret, op->row->type));
    return buf_add_block(ret, buf_view(&op->held));
}

enum rc mech_restore(struct mech_op *op, const struct mech_env *env, struct bytes state)
{
    struct rd r = RD(state);
    uint64_t type = 0;
    struct bytes input = BYTES_NONE;
    const enum rc rc = rd_u64(&r, &type);
    REQUIRE(rc == RC_OK && rd_block(&r, &input) == RC_OK && rd_end(&r) == RC_OK,
            RC_SAVED_STATE_INVALID);
    const struct mech_row *row = mech_find(env, type);
    REQUIRE(row != NULL && row->family == &family_digest && input.n <= JOURNAL_MAX,
            RC_SAVED_STATE_INVALID);
    const CK_MECHANISM m = {.mechanism = type, .pParameter = NULL, .ulParameterLen = 0};
    TRY(op_begin(op, env, row, VERB_DIGEST, &m, NULL));
    size_t none = 0;
    return mech_update(op, input, NULL, &none);
}
