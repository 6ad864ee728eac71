/* SPDX-License-Identifier: Apache-2.0
 *
 * RSA operations (RFC 8017). Each key keeps a few contexts that are set up for a scheme; an
 * operation with the same scheme takes one as it is.
 */
#include <string.h>

#include "key.h"

#define PKCS1_OVERHEAD 11

/* An idle context and what it is set up for. */
struct rsa_op {
    EVP_PKEY_CTX *ctx;
    struct pkey_params set;
    bool ready;
};

static void op_free(struct rsa_op *op)
{
    if (op != NULL) {
        EVP_PKEY_CTX_free(op->ctx);
        mem_free(op);
    }
}

static void rsa_drop_idle(enum key_op op, void *idle)
{
    (void)op;
    op_free(idle);
}

/* ---- setting up ------------------------------------------------------------------------------------- */

static bool same_setting(const struct pkey_params *a, const struct pkey_params *b)
{
    return a->scheme == b->scheme && a->hash == b->hash && a->mgf == b->mgf &&
           a->salt_n == b->salt_n && a->label.n == 0 && b->label.n == 0;
}

static const char *padding_name(enum pkey_scheme scheme, enum key_op op)
{
    switch (scheme) {
    case SCHEME_RSA_PKCS1_HASH:
        return OSSL_PKEY_RSA_PAD_MODE_PKCSV15;
    case SCHEME_RSA_PKCS1: /* signatures: we make the whole block */
        return op == OP_SIGN || op == OP_VERIFY ? OSSL_PKEY_RSA_PAD_MODE_NONE
                                                : OSSL_PKEY_RSA_PAD_MODE_PKCSV15;
    case SCHEME_RSA_PSS:
        return OSSL_PKEY_RSA_PAD_MODE_PSS;
    case SCHEME_RSA_OAEP:
        return OSSL_PKEY_RSA_PAD_MODE_OAEP;
    default:
        return OSSL_PKEY_RSA_PAD_MODE_NONE;
    }
}

/* The library's parameters want writable strings, which it does not write to. */
static OSSL_PARAM name_param(const char *key, const char *value)
{
    return OSSL_PARAM_construct_utf8_string(key, (char *)(uintptr_t)value, 0);
}

static enum rc set_up(struct rsa_op *o, enum key_op op, const struct pkey_params *p)
{
    int salt_n = (int)p->salt_n;
    OSSL_PARAM params[5];
    OSSL_PARAM *at = params;
    int ok;

    *at++ = name_param(OSSL_PKEY_PARAM_PAD_MODE, padding_name(p->scheme, op));
    if (p->scheme == SCHEME_RSA_PKCS1_HASH || p->scheme == SCHEME_RSA_PSS ||
        p->scheme == SCHEME_RSA_OAEP) {
        *at++ = name_param(OSSL_PKEY_PARAM_DIGEST, osl_hash_name(p->hash));
    }
    if (p->scheme == SCHEME_RSA_PSS || p->scheme == SCHEME_RSA_OAEP) {
        *at++ = name_param(OSSL_PKEY_PARAM_MGF1_DIGEST, osl_hash_name(p->mgf));
    }
    if (p->scheme == SCHEME_RSA_PSS) {
        *at++ = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &salt_n);
    }
    if (p->scheme == SCHEME_RSA_OAEP) { /* the empty one too: it replaces an older one */
        *at++ = OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL,
                                                  (uint8_t *)(uintptr_t)osl_key_data(p->label),
                                                  p->label.n);
    }
    *at = OSSL_PARAM_construct_end();
    switch (op) {
    case OP_SIGN:
        ok = EVP_PKEY_sign_init_ex(o->ctx, params);
        break;
    case OP_VERIFY:
        ok = EVP_PKEY_verify_init_ex(o->ctx, params);
        break;
    case OP_ENCRYPT:
        ok = EVP_PKEY_encrypt_init_ex(o->ctx, params);
        break;
    default:
        ok = EVP_PKEY_decrypt_init_ex(o->ctx, params);
        break;
    }
    TRY_SSL(ok);
    return RC_OK;
}

static enum rc op_take(const struct pkey *k, enum key_op op, const struct pkey_params *p,
                       struct rsa_op **ret)
{
    struct rsa_op *o = osl_pool_take(osl_key_idle(k, op));

    if (o == NULL) {
        o = mem_alloc(sizeof(*o));
        REQUIRE(o != NULL, RC_HOST_MEMORY);
        o->ctx = EVP_PKEY_CTX_new_from_pkey(osl()->lib, k->evp, NULL);
        if (o->ctx == NULL) {
            op_free(o);
            return osl_failed(RC_HOST_MEMORY);
        }
    }
    if (!o->ready || !same_setting(&o->set, p)) {
        o->ready = false;
        const enum rc rc = set_up(o, op, p);
        if (rc != RC_OK) {
            op_free(o);
            return rc;
        }
        o->set = *p;
        o->set.context = BYTES_NONE; /* borrowed: not kept */
        o->ready = p->label.n == 0;
        o->set.label = BYTES_NONE;
    }
    *ret = o;
    return RC_OK;
}

static void op_give(const struct pkey *k, enum key_op op, struct rsa_op *o)
{
    if (!osl_pool_put(osl_key_idle(k, op), o)) {
        op_free(o);
    }
}

/* ---- what the schemes allow ---------------------------------------------------------------------------- */

static bool below_modulus(const struct pkey *k, struct bytes v)
{
    return v.n == k->n.n && memcmp(v.p, k->n.p, v.n) < 0;
}

static bool is_plain_hash(enum hash_alg alg)
{
    return hash_size(alg) > 0 && !hash_is_xof(alg);
}

static enum rc check_hashes(const struct pkey_params *p)
{
    REQUIRE(is_plain_hash(p->hash), RC_MECHANISM_PARAM_INVALID);
    REQUIRE(p->scheme == SCHEME_RSA_PKCS1_HASH || is_plain_hash(p->mgf),
            RC_MECHANISM_PARAM_INVALID);
    return RC_OK;
}

/* For signing and verifying: parameters and the length of what is signed. */
static enum rc check_signed(const struct pkey *k, const struct pkey_params *p, struct bytes data)
{
    const size_t hash_n = hash_size(p->hash);

    switch (p->scheme) {
    case SCHEME_RSA_PKCS1:
        REQUIRE(data.n + PKCS1_OVERHEAD <= k->size, RC_DATA_LEN_RANGE);
        return RC_OK;
    case SCHEME_RSA_PKCS1_HASH:
        TRY(check_hashes(p));
        REQUIRE(data.n == hash_n, RC_DATA_LEN_RANGE);
        /* DigestInfo: 15 bytes before a SHA-1 digest, 19 before the others */
        REQUIRE(hash_n + (p->hash == HASH_SHA1 ? 15 : 19) + PKCS1_OVERHEAD <= k->size,
                RC_KEY_SIZE_RANGE);
        return RC_OK;
    case SCHEME_RSA_PSS:
        TRY(check_hashes(p));
        REQUIRE(data.n == hash_n, RC_DATA_LEN_RANGE);
        REQUIRE(p->salt_n <= k->size && hash_n + p->salt_n + 2 <= (k->bits - 1 + 7) / 8,
                RC_MECHANISM_PARAM_INVALID);
        return RC_OK;
    case SCHEME_RSA_RAW:
        REQUIRE(data.n == k->size, RC_DATA_LEN_RANGE);
        REQUIRE(below_modulus(k, data), RC_DATA_INVALID);
        return RC_OK;
    default:
        return RC_MECHANISM_INVALID;
    }
}

/* For encryption: parameters and, with DATA, its length. */
static enum rc check_sealed(const struct pkey *k, const struct pkey_params *p,
                            const struct bytes *data)
{
    const size_t overhead = 2 * hash_size(p->hash) + 2;

    switch (p->scheme) {
    case SCHEME_RSA_PKCS1:
        REQUIRE(data == NULL || data->n + PKCS1_OVERHEAD <= k->size, RC_DATA_LEN_RANGE);
        return RC_OK;
    case SCHEME_RSA_OAEP:
        TRY(check_hashes(p));
        REQUIRE(overhead <= k->size, RC_KEY_SIZE_RANGE);
        REQUIRE(data == NULL || data->n <= k->size - overhead, RC_DATA_LEN_RANGE);
        return RC_OK;
    case SCHEME_RSA_RAW:
        REQUIRE(data == NULL || data->n == k->size, RC_DATA_LEN_RANGE);
        REQUIRE(data == NULL || below_modulus(k, *data), RC_DATA_INVALID);
        return RC_OK;
    default:
        return RC_MECHANISM_INVALID;
    }
}

/* RFC 8017, 9.2, steps 4 and 5, with DATA in the place of T. */
static enum rc pkcs1_block(const struct pkey *k, struct bytes data, struct buf *ret)
{
    const size_t fill = k->size - 3 - data.n;

    TRY(buf_reserve(ret, k->size));
    ret->p[0] = 0x00;
    ret->p[1] = 0x01;
    memset(ret->p + 2, 0xff, fill);
    ret->p[2 + fill] = 0x00;
    mem_copy(ret->p + 3 + fill, data.p, data.n);
    ret->n = k->size;
    return RC_OK;
}

/* ---- the operations ------------------------------------------------------------------------------------- */

static enum rc rsa_sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                        uint8_t *out, size_t *out_n)
{
    AUTO_BUF struct buf block = BUF_INIT;
    struct rsa_op *o = NULL;
    size_t n = k->size;

    TRY(check_signed(k, p, data));
    if (p->scheme == SCHEME_RSA_PKCS1) {
        TRY(pkcs1_block(k, data, &block));
        data = buf_view(&block);
    }
    TRY(op_take(k, OP_SIGN, p, &o));
    const int ok = EVP_PKEY_sign(o->ctx, out, &n, data.p, data.n);
    op_give(k, OP_SIGN, o);
    TRY_SSL(ok);
    *out_n = n;
    return RC_OK;
}

/* The library compares what it finds with what it would have made, so there is one valid form. */
static enum rc rsa_verify(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                          struct bytes sig)
{
    AUTO_BUF struct buf block = BUF_INIT;
    struct rsa_op *o = NULL;

    TRY(check_signed(k, p, data));
    REQUIRE(sig.n == k->size, RC_SIGNATURE_LEN_RANGE);
    if (p->scheme == SCHEME_RSA_PKCS1) {
        TRY(pkcs1_block(k, data, &block));
        data = buf_view(&block);
    }
    TRY(op_take(k, OP_VERIFY, p, &o));
    const int ok = EVP_PKEY_verify(o->ctx, sig.p, sig.n, data.p, data.n);
    op_give(k, OP_VERIFY, o);
    return ok == 1 ? RC_OK : osl_failed(RC_SIGNATURE_INVALID);
}

static enum rc rsa_encrypt(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                           uint8_t *out, size_t *out_n)
{
    struct rsa_op *o = NULL;
    size_t n = k->size;

    TRY(check_sealed(k, p, &data));
    TRY(op_take(k, OP_ENCRYPT, p, &o));
    const int ok = EVP_PKEY_encrypt(o->ctx, out, &n, osl_key_data(data), data.n);
    op_give(k, OP_ENCRYPT, o);
    TRY_SSL(ok);
    *out_n = n;
    return RC_OK;
}

/* PKCS#1 v1.5 padding that is wrong gives a made-up text instead of an error (implicit rejection,
 * the library's default). */
static enum rc rsa_decrypt(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                           struct secret **ret)
{
    AUTO_SECRET struct secret *room = NULL;
    struct rsa_op *o = NULL;
    size_t n = k->size;

    TRY(check_sealed(k, p, NULL));
    REQUIRE(data.n == k->size, RC_ENCRYPTED_DATA_LEN_RANGE);
    REQUIRE(below_modulus(k, data), RC_ENCRYPTED_DATA_INVALID);
    room = secret_new(k->size);
    REQUIRE(room != NULL, RC_HOST_MEMORY);
    TRY(op_take(k, OP_DECRYPT, p, &o));
    const int ok = EVP_PKEY_decrypt(o->ctx, room->p, &n, data.p, data.n);
    op_give(k, OP_DECRYPT, o);
    if (ok != 1) {
        return osl_failed(RC_ENCRYPTED_DATA_INVALID);
    }
    struct secret *plain = secret_head(room, n);
    REQUIRE(plain != NULL, RC_HOST_MEMORY);
    *ret = plain;
    return RC_OK;
}

const struct key_family osl_rsa_family = {
    .generate = osl_rsa_generate,
    .load = osl_rsa_load,
    .complete = osl_rsa_complete,
    .drop_idle = rsa_drop_idle,
    .sign = rsa_sign,
    .verify = rsa_verify,
    .encrypt = rsa_encrypt,
    .decrypt = rsa_decrypt,
};
