/* SPDX-License-Identifier: Apache-2.0
 *
 * Families: ECDSA (raw r and s) and EdDSA.
 */
#include "signature.h"

static bool any_curve(const struct mech_env *env)
{
    for (size_t i = CURVE_NONE + 1; i < CURVE_COUNT; i++) {
        if (env->crypto->pkey[PKEY_EC][i] != NULL) {
            return true;
        }
    }
    return false;
}

static bool ecdsa_offered(const struct mech_env *env, const struct mech_row *row)
{
    return signature_hash_offered(env, row) && any_curve(env);
}

static bool eddsa_offered(const struct mech_env *env, const struct mech_row *row)
{
    (void)row;
    return env->crypto->pkey[PKEY_ED25519][CURVE_NONE] != NULL ||
           env->crypto->pkey[PKEY_ED448][CURVE_NONE] != NULL;
}

/* The data is whatever the caller digested, of any length; the library cuts it to the order. */
static enum rc ecdsa_begin(struct mech_op *op)
{
    return signature_begin(op);
}

/* Without a parameter: Ed25519, or Ed448 with an empty context. With one: ph by its flag; a context
 * makes Ed25519 Ed25519ctx. An empty context without ph is plain Ed25519, since RFC 8032 (8.3) wants
 * no empty context in Ed25519ctx. */
static enum rc eddsa_begin(struct mech_op *op)
{
    TRY(signature_begin(op));
    op->pk.hash = HASH_NONE;
    op->pk.prehash = op->param.prehash;
    op->pk.context = op->param.aad;
    op->pk.has_context = op->param.aad.n > 0;
    return RC_OK;
}

const struct family family_ecdsa = {.offered = ecdsa_offered, .begin = ecdsa_begin};
const struct family family_eddsa = {.offered = eddsa_offered, .begin = eddsa_begin};
