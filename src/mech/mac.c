/* SPDX-License-Identifier: Apache-2.0
 *
 * Family: message authentication codes (HMAC, CMAC, GMAC), whole or cut (_GENERAL).
 */
#include "family.h"

static const struct mac_ops *ops_of(const struct crypto *c, const struct mech_row *row)
{
    switch (row->kind) {
    case MAC_HMAC:
        return c->hmac[row->hash];
    case MAC_CMAC:
        return c->cmac;
    default:
        return c->gmac;
    }
}

static bool offered(const struct mech_env *env, const struct mech_row *row)
{
    return ops_of(env->crypto, row) != NULL;
}

static enum rc out_size(const struct mech_op *op, enum mech_phase phase, size_t in_n, size_t *ret,
                        bool *ret_exact)
{
    (void)in_n;
    *ret = phase == PHASE_UPDATE ? 0 : op->size;
    *ret_exact = true;
    return RC_OK;
}

static enum rc feed(struct mech_op *op, struct bytes in)
{
    if (!op->mac_live) {
        if (op->mac.ops != NULL && op->mac.ops != op->mac_ops) {
            op->mac.ops->clear(&op->mac);
        }
        TRY(op->mac_ops->begin(&op->mac, op->mac_key, op->param.iv));
        op->mac_live = true;
    }
    return in.n > 0 ? op->mac_ops->update(&op->mac, in.p, in.n) : RC_OK;
}

static enum rc finish(struct mech_op *op, uint8_t tag[MAC_MAX_SIZE])
{
    TRY(feed(op, BYTES_NONE));
    TRY(op->mac_ops->finish(&op->mac, tag));
    op->mac_live = false;
    return RC_OK;
}

static enum rc final(struct mech_op *op, uint8_t *out, size_t *out_n)
{
    uint8_t tag[MAC_MAX_SIZE];
    TRY(finish(op, tag));
    mem_copy(out, tag, op->size);
    *out_n = op->size;
    return RC_OK;
}

static enum rc once(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    TRY(feed(op, in));
    return final(op, out, out_n);
}

static enum rc update(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    (void)out;
    (void)out_n;
    return feed(op, in);
}

static enum rc verify_final(struct mech_op *op, struct bytes sig)
{
    uint8_t tag[MAC_MAX_SIZE];
    REQUIRE(sig.n == op->size, RC_SIGNATURE_LEN_RANGE);
    TRY(finish(op, tag));
    const int equal = mem_equal_ct(tag, sig.p, sig.n);
    mem_wipe(tag, sizeof(tag)); /* the right tag of a wrong guess */
    return equal ? RC_OK : RC_SIGNATURE_INVALID;
}

static enum rc verify_once(struct mech_op *op, struct bytes in, struct bytes sig)
{
    TRY(feed(op, in));
    return verify_final(op, sig);
}

static enum rc begin(struct mech_op *op)
{
    static const struct runner runner = {.out_size = out_size,
                                         .once = once,
                                         .update = update,
                                         .final = final,
                                         .verify_once = verify_once,
                                         .verify_final = verify_final};
    op->run = &runner;
    op->mac_ops = ops_of(op->env->crypto, op->row);
    TRY(op_mac_key(op, (enum mac_kind)op->row->kind, op->row->hash));
    const size_t full = op->mac_ops->size(op->mac_key);
    op->size = op->row->param == PARAM_MAC_SIZE ? op->param.tag_n : full;
    REQUIRE(op->size <= full, RC_MECHANISM_PARAM_INVALID);
    return RC_OK;
}

const struct family family_mac = {.offered = offered, .begin = begin};
