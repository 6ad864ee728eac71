/* SPDX-License-Identifier: Apache-2.0
 *
 * C_GetOperationState and C_SetOperationState, for a running digest. The state is bound to session
 * and slot and sealed by HMAC under a key that lives as long as the library is initialised:
 *     "OPS1", u64 session, u64 slot, u8 kind (4 digest), u64 mechanism, u32 length, state, HMAC
 * Nothing of a key is ever in it: operations with keys are RC_STATE_UNSAVEABLE.
 */
#include "hall.h"

#define STATE_DIGEST 4

static const struct op *only_digest(const struct session *s, enum rc *ret)
{
    const struct op *digest = &s->ops[VERB_DIGEST];
    *ret = digest->active ? RC_OK : RC_OPERATION_NOT_INITIALIZED;
    for (size_t i = 0; i < OP_KINDS; i++) {
        if (i != VERB_DIGEST && s->ops[i].active) {
            *ret = RC_STATE_UNSAVEABLE;
        }
    }
    return digest;
}

static enum rc write_state(const struct session *s, const struct op *op, struct buf *ret)
{
    AUTO_BUF struct buf inner = BUF_INIT;
    uint8_t mac[HASH_MAX_SIZE];
    TRY(mech_save(op->run, &inner));
    TRY(buf_add(ret, "OPS1", 4));
    TRY(buf_add_u64(ret, s->handle));
    TRY(buf_add_u64(ret, s->token->slot));
    TRY(buf_add_u8(ret, STATE_DIGEST));
    TRY(buf_add_u64(ret, mech_type(op->row)));
    TRY(buf_add_block(ret, buf_view(&inner)));
    TRY(crypto_hmac(s->token->hsm->crypto, HASH_SHA256, s->token->hsm->state_key, buf_view(ret),
                    mac));
    return buf_add(ret, mac, 32);
}

enum rc core_get_operation_state(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *state,
                                 CK_ULONG *n)
{
    AUTO_SESSION *s = NULL;
    AUTO_BUF struct buf out = BUF_INIT;
    enum rc rc = RC_OK;
    TRY(session_take(h, session, &s));
    REQUIRE(n != NULL, RC_ARGUMENTS_BAD);
    const struct op *op = only_digest(s, &rc);
    TRY(rc);
    TRY(write_state(s, op, &out));
    const CK_ULONG room = *n;
    *n = out.n;
    if (state == NULL) {
        return RC_OK;
    }
    REQUIRE(room >= out.n, RC_BUFFER_TOO_SMALL);
    mem_copy(state, out.p, out.n);
    return RC_OK;
}

/* Checks the seal and where the state belongs. */
static enum rc read_state(const struct session *s, struct bytes v, uint64_t *ret_mechanism,
                          struct bytes *ret_inner)
{
    uint8_t mac[HASH_MAX_SIZE];
    REQUIRE(v.n > 32, RC_SAVED_STATE_INVALID);
    const struct bytes body = BYTES(v.p, v.n - 32);
    TRY(crypto_hmac(s->token->hsm->crypto, HASH_SHA256, s->token->hsm->state_key, body, mac));
    REQUIRE(mem_equal_ct(mac, v.p + body.n, 32), RC_SAVED_STATE_INVALID);
    struct rd r = RD(body);
    struct bytes magic = BYTES_NONE;
    uint64_t owner = 0;
    uint64_t slot = 0;
    uint8_t kind = 0;
    TRY(rd_take(&r, 4, &magic));
    TRY(rd_u64(&r, &owner));
    TRY(rd_u64(&r, &slot));
    TRY(rd_u8(&r, &kind));
    TRY(rd_u64(&r, ret_mechanism));
    TRY(rd_block(&r, ret_inner));
    TRY(rd_end(&r));
    REQUIRE(bytes_equal(magic, BYTES_STR("OPS1")) && kind == STATE_DIGEST && owner == s->handle &&
                slot == s->token->slot,
            RC_SAVED_STATE_INVALID);
    return RC_OK;
}

enum rc core_set_operation_state(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *state,
                                 CK_ULONG n, CK_OBJECT_HANDLE ekey, CK_OBJECT_HANDLE akey)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(state != NULL && n <= CORE_DATA_MAX, RC_ARGUMENTS_BAD);
    uint64_t mechanism = 0;
    struct bytes inner = BYTES_NONE;
    TRY(read_state(s, BYTES(state, n), &mechanism, &inner));
    REQUIRE(ekey == CK_INVALID_HANDLE && akey == CK_INVALID_HANDLE, RC_KEY_NOT_NEEDED);
    struct op *op = &s->ops[VERB_DIGEST];
    const struct mech_row *row = mech_find(&s->token->mech, mechanism);
    REQUIRE(row != NULL, RC_SAVED_STATE_INVALID);
    if (op->run == NULL) {
        op->run = mech_op_new();
        REQUIRE(op->run != NULL, RC_HOST_MEMORY);
    }
    op_end(op);
    CK_MECHANISM m = {.mechanism = mechanism, .pParameter = NULL, .ulParameterLen = 0};
    TRY(mech_begin(op->run, &s->token->mech, row, VERB_DIGEST, &m, NULL));
    const enum rc rc = mech_restore(op->run, &s->token->mech, inner);
    if (rc != RC_OK) {
        mech_end(op->run);
        return RC_SAVED_STATE_INVALID;
    }
    op->row = row;
    op->active = true;
    op->in_parts = true;
    return RC_OK;
}
