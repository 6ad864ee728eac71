/* SPDX-License-Identifier: Apache-2.0
 *
 * Wrapping and unwrapping: a row's encryption and decryption, run over the encoded key, with the
 * names that errors have here.
 */
#include "family.h"

static void free_op_at(struct mech_op **op)
{
    mech_op_free(*op);
}
#define AUTO_OP __attribute__((cleanup(free_op_at)))

static enum rc wrap_error(enum rc rc)
{
    switch (rc) {
    case RC_KEY_SIZE_RANGE:
        return RC_WRAPPING_KEY_SIZE_RANGE;
    case RC_KEY_TYPE_INCONSISTENT:
        return RC_WRAPPING_KEY_TYPE_INCONSISTENT;
    case RC_DATA_LEN_RANGE:
    case RC_DATA_INVALID:
        return RC_KEY_SIZE_RANGE;
    default:
        return rc;
    }
}

static enum rc unwrap_error(enum rc rc)
{
    switch (rc) {
    case RC_KEY_SIZE_RANGE:
        return RC_UNWRAPPING_KEY_SIZE_RANGE;
    case RC_KEY_TYPE_INCONSISTENT:
        return RC_UNWRAPPING_KEY_TYPE_INCONSISTENT;
    case RC_ENCRYPTED_DATA_LEN_RANGE:
        return RC_WRAPPED_KEY_LEN_RANGE;
    case RC_ENCRYPTED_DATA_INVALID:
    case RC_AEAD_DECRYPT_FAILED:
        return RC_WRAPPED_KEY_INVALID;
    default:
        return rc;
    }
}

static enum rc run_wrap(struct mech_op *op, struct bytes in, struct buf *ret)
{
    size_t room = 0;
    bool exact = false;
    TRY(mech_out_size(op, PHASE_ONCE, in.n, &room, &exact));
    TRY(buf_reserve(ret, room));
    size_t n = 0;
    TRY(mech_once(op, in, ret->p + ret->n, &n));
    ret->n += n;
    return RC_OK;
}

enum rc mech_wrap(const struct mech_env *env, const struct mech_row *row,
                  const CK_MECHANISM *mechanism, const struct object *wrapping,
                  const struct key_kind *kind, const struct secret *plain, struct buf *ret)
{
    REQUIRE(mech_offers(row, VERB_WRAP), RC_MECHANISM_INVALID);
    AUTO_OP struct mech_op *op = mech_op_new();
    REQUIRE(op != NULL, RC_HOST_MEMORY);
    const enum rc rc = op_begin(op, env, row, VERB_ENCRYPT, mechanism, wrapping);
    op->wrapped = *kind;
    return wrap_error(rc == RC_OK ? run_wrap(op, secret_view(plain), ret) : rc);
}

static enum rc run_unwrap(struct mech_op *op, struct bytes in, struct secret **ret)
{
    size_t room = 0;
    bool exact = false;
    TRY(mech_out_size(op, PHASE_ONCE, in.n, &room, &exact));
    AUTO_SECRET struct secret *whole = secret_new(room);
    REQUIRE(whole != NULL, RC_HOST_MEMORY);
    size_t n = 0;
    TRY(mech_once(op, in, whole->p, &n));
    *ret = secret_head(whole, n);
    return *ret != NULL ? RC_OK : RC_HOST_MEMORY;
}

enum rc mech_unwrap(const struct mech_env *env, const struct mech_row *row,
                    const CK_MECHANISM *mechanism, const struct object *unwrapping,
                    const struct key_kind *kind, struct bytes wrapped, struct secret **ret)
{
    REQUIRE(mech_offers(row, VERB_UNWRAP), RC_MECHANISM_INVALID);
    REQUIRE(wrapped.n > 0, RC_WRAPPED_KEY_LEN_RANGE);
    AUTO_OP struct mech_op *op = mech_op_new();
    REQUIRE(op != NULL, RC_HOST_MEMORY);
    const enum rc rc = op_begin(op, env, row, VERB_DECRYPT, mechanism, unwrapping);
    op->wrapped = *kind;
    return unwrap_error(rc == RC_OK ? run_unwrap(op, wrapped, ret) : rc);
}
