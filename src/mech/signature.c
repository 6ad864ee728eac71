/* SPDX-License-Identifier: Apache-2.0
 *
 * Public-key signatures: the running part that RSA, ECDSA and EdDSA share. A row with a hash digests
 * first (in parts too); EdDSA collects the message; the raw ones take it whole.
 */
#include "signature.h"

#include <string.h>

static enum rc out_size(const struct mech_op *op, enum mech_phase phase, size_t in_n, size_t *ret,
                        bool *ret_exact)
{
    (void)in_n;
    *ret = phase == PHASE_UPDATE ? 0 : op->size;
    *ret_exact = true;
    return RC_OK;
}

/* What is signed of a whole message. */
static enum rc digest_of(struct mech_op *op, struct bytes in, uint8_t digest[HASH_MAX_SIZE],
                         struct bytes *ret)
{
    const enum hash_alg hash = op->row->hash;
    if (hash == HASH_NONE) {
        /* raw PSS signs a digest of the parameter's hash */
        const bool pss = op->pk.scheme == SCHEME_RSA_PSS;
        REQUIRE(!pss || in.n == hash_size(op->pk.hash), RC_DATA_LEN_RANGE);
        *ret = in;
        return RC_OK;
    }
    TRY(op->env->crypto->digest[hash]->once(hash, in.p, in.n, digest));
    *ret = BYTES(digest, hash_size(hash));
    return RC_OK;
}

static enum rc digest_so_far(struct mech_op *op, uint8_t digest[HASH_MAX_SIZE], struct bytes *ret)
{
    const enum hash_alg hash = op->row->hash;
    if (hash == HASH_NONE) {
        *ret = buf_view(&op->held);
        return RC_OK;
    }
    TRY(op_digest_final(op, hash, digest));
    *ret = BYTES(digest, hash_size(hash));
    return RC_OK;
}

static enum rc once(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    uint8_t digest[HASH_MAX_SIZE];
    struct bytes data = BYTES_NONE;
    TRY(digest_of(op, in, digest, &data));
    return op->pkey_ops->sign(op->pkey, &op->pk, data, out, out_n);
}

static enum rc update(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    (void)out;
    (void)out_n;
    const enum hash_alg hash = op->row->hash;
    return hash == HASH_NONE ? op_hold(op, in) : op_digest_update(op, hash, in);
}

static enum rc final(struct mech_op *op, uint8_t *out, size_t *out_n)
{
    uint8_t digest[HASH_MAX_SIZE];
    struct bytes data = BYTES_NONE;
    TRY(digest_so_far(op, digest, &data));
    return op->pkey_ops->sign(op->pkey, &op->pk, data, out, out_n);
}

/* What cannot be signed was not signed. */
static enum rc verdict(enum rc rc)
{
    return rc == RC_DATA_LEN_RANGE || rc == RC_DATA_INVALID ? RC_SIGNATURE_INVALID : rc;
}

#define ECDSA_MAX_SIZE 132 /* P-521 */
#define ECDSA_SHORTER 2    /* bytes that a half may lack */

/* An ECDSA signature may come shorter, in two equal halves without leading zero bytes (PKCS#11 3.2,
 * 6.3.1): Java cuts one in four of P-521 so. Two bytes less a half are accepted; what is shorter is
 * none of chance. WHOLE has room for ECDSA_MAX_SIZE bytes. */
static enum rc fill_up(const struct mech_op *op, struct bytes *sig, uint8_t *whole)
{
    const size_t size = op->size;
    if (sig->n == size) {
        return RC_OK;
    }
    const bool cut = op->pk.scheme == SCHEME_ECDSA && size <= ECDSA_MAX_SIZE && sig->n < size &&
                     sig->n % 2 == 0 && size - sig->n <= 2 * (size_t)ECDSA_SHORTER;
    REQUIRE(cut, RC_SIGNATURE_LEN_RANGE);
    const size_t half = sig->n / 2;
    memset(whole, 0, size);
    mem_copy(whole + size / 2 - half, sig->p, half);
    mem_copy(whole + size - half, sig->p + half, half);
    *sig = BYTES(whole, size);
    return RC_OK;
}

static enum rc verify_once(struct mech_op *op, struct bytes in, struct bytes sig)
{
    uint8_t whole[ECDSA_MAX_SIZE];
    uint8_t digest[HASH_MAX_SIZE];
    struct bytes data = BYTES_NONE;
    TRY(fill_up(op, &sig, whole));
    TRY(digest_of(op, in, digest, &data));
    return verdict(op->pkey_ops->verify(op->pkey, &op->pk, data, sig));
}

static enum rc verify_final(struct mech_op *op, struct bytes sig)
{
    uint8_t whole[ECDSA_MAX_SIZE];
    uint8_t digest[HASH_MAX_SIZE];
    struct bytes data = BYTES_NONE;
    TRY(fill_up(op, &sig, whole));
    TRY(digest_so_far(op, digest, &data));
    return verdict(op->pkey_ops->verify(op->pkey, &op->pk, data, sig));
}

enum rc signature_begin(struct mech_op *op)
{
    static const struct runner runner = {.out_size = out_size,
                                         .once = once,
                                         .update = update,
                                         .final = final,
                                         .verify_once = verify_once,
                                         .verify_final = verify_final};
    op->run = &runner;
    TRY(key_pkey(op->env, op->key, &op->pkey_ops, &op->pkey));
    op->size = op->pkey_ops->size(op->pkey);
    op->pk = (struct pkey_params){.scheme = (enum pkey_scheme)op->row->kind, .hash = op->row->hash};
    return RC_OK;
}

bool signature_hash_offered(const struct mech_env *env, const struct mech_row *row)
{
    return row->hash == HASH_NONE || env->crypto->digest[row->hash] != NULL;
}
