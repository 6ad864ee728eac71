/* SPDX-License-Identifier: Apache-2.0
 *
 * ML-DSA (FIPS 204) over mu, and SLH-DSA (FIPS 205) over M'. How the message becomes these is the
 * caller's, so the library's own encoding is switched off.
 */
#include "key.h"

#define MU_SIZE 64

/* What is handed to the library: mu, or M' of its prefix and the data, in ROOM when there are both. */
static enum rc to_sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                       struct buf *room, struct bytes *ret)
{
    if (pkey_is_ml_dsa(k->kind)) {
        REQUIRE(p->scheme == SCHEME_ML_DSA, RC_MECHANISM_INVALID);
        REQUIRE(data.n == MU_SIZE, RC_DATA_LEN_RANGE);
        *ret = data;
        return RC_OK;
    }
    REQUIRE(p->scheme == SCHEME_SLH_DSA, RC_MECHANISM_INVALID);
    if (p->prefix.n == 0) {
        *ret = BYTES(osl_key_data(data), data.n);
        return RC_OK;
    }
    REQUIRE(data.n <= SIZE_MAX - p->prefix.n, RC_DATA_LEN_RANGE);
    TRY(buf_reserve(room, p->prefix.n + data.n));
    TRY(buf_add_bytes(room, p->prefix));
    TRY(buf_add_bytes(room, data));
    *ret = buf_view(room);
    return RC_OK;
}

static enum rc set_up(const struct pkey *k, enum key_op op, EVP_PKEY_CTX *ctx)
{
    EVP_SIGNATURE *const alg = osl_pq_signature(k->kind);
    const char *const how =
        pkey_is_ml_dsa(k->kind) ? OSSL_SIGNATURE_PARAM_MU : OSSL_SIGNATURE_PARAM_MESSAGE_ENCODING;
    int form = pkey_is_ml_dsa(k->kind) ? 1 : 0; /* it is mu; it is encoded already */
    int deterministic = op == OP_SIGN_DETERMINISTIC;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(how, &form),
        OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_DETERMINISTIC, &deterministic),
        OSSL_PARAM_construct_end(),
    };

    REQUIRE(alg != NULL, osl_failed(RC_CRYPTO_LIBRARY));
    TRY_SSL(op == OP_VERIFY ? EVP_PKEY_verify_message_init(ctx, alg, params)
                            : EVP_PKEY_sign_message_init(ctx, alg, params));
    return RC_OK;
}

static enum rc sign_take(const struct pkey *k, enum key_op op, EVP_PKEY_CTX **ret)
{
    AUTO_PKEY_CTX EVP_PKEY_CTX *ctx = NULL;
    bool fresh = false;

    TRY(osl_pq_take(k, op, &fresh, &ctx));
    if (fresh) {
        TRY(set_up(k, op, ctx));
    }
    *ret = TAKE(ctx);
    return RC_OK;
}

static enum rc pq_sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                       uint8_t *out, size_t *out_n)
{
    const enum key_op op = p->deterministic ? OP_SIGN_DETERMINISTIC : OP_SIGN;
    AUTO_BUF struct buf room = BUF_INIT;
    struct bytes message;
    EVP_PKEY_CTX *ctx = NULL;
    size_t n = k->size;

    TRY(to_sign(k, p, data, &room, &message));
    TRY(sign_take(k, op, &ctx));
    const int ok = EVP_PKEY_sign(ctx, out, &n, message.p, message.n);
    osl_pq_give(k, op, ctx);
    if (ok != 1) {
        mem_wipe(out, k->size); /* half a signature must not be seen beside a whole one */
        return osl_failed(RC_CRYPTO_LIBRARY);
    }
    *out_n = n;
    return RC_OK;
}

static enum rc pq_verify(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                         struct bytes sig)
{
    AUTO_BUF struct buf room = BUF_INIT;
    struct bytes message;
    EVP_PKEY_CTX *ctx = NULL;

    REQUIRE(sig.n == k->size, RC_SIGNATURE_LEN_RANGE);
    TRY(to_sign(k, p, data, &room, &message));
    TRY(sign_take(k, OP_VERIFY, &ctx));
    const int ok = EVP_PKEY_verify(ctx, sig.p, sig.n, message.p, message.n);
    osl_pq_give(k, OP_VERIFY, ctx);
    return ok == 1 ? RC_OK : osl_failed(RC_SIGNATURE_INVALID);
}

const struct key_family osl_pq_sign_family = {
    .generate = osl_pq_generate,
    .load = osl_pq_load,
    .complete = osl_pq_complete,
    .drop_idle = osl_pq_drop_idle,
    .sign = pq_sign,
    .verify = pq_verify,
};
