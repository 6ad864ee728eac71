/* SPDX-License-Identifier: Apache-2.0
 *
 * Families: RSA signatures and encryption, and RSA_AES_KEY_WRAP (a temporary AES key under OAEP, the
 * target under it by RFC 5649).
 */
#include "signature.h"

static const struct pkey_ops *rsa_ops(const struct mech_env *env)
{
    return env->crypto->pkey[PKEY_RSA][CURVE_NONE];
}

static bool offered(const struct mech_env *env, const struct mech_row *row)
{
    const bool allowed = row->kind != SCHEME_RSA_RAW || env->policy.allow_raw_rsa;
    return rsa_ops(env) != NULL && allowed && signature_hash_offered(env, row);
}

/* ---- encryption ------------------------------------------------------------------------------------- */

/* Bytes that padding takes. */
static size_t overhead(const struct mech_op *op)
{
    switch (op->pk.scheme) {
    case SCHEME_RSA_PKCS1:
        return 11;
    case SCHEME_RSA_OAEP:
        return 2 + 2 * hash_size(op->pk.hash);
    default:
        return 0;
    }
}

static enum rc crypt_size(const struct mech_op *op, enum mech_phase phase, size_t in_n, size_t *ret,
                          bool *ret_exact)
{
    (void)phase;
    (void)in_n;
    const bool encrypts = op->verb == VERB_ENCRYPT;
    *ret = encrypts ? op->size : op->size - overhead(op);
    *ret_exact = encrypts || op->pk.scheme == SCHEME_RSA_RAW;
    return RC_OK;
}

static enum rc encrypt(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    REQUIRE(in.n <= op->size - overhead(op), RC_DATA_LEN_RANGE);
    if (op->pk.scheme == SCHEME_RSA_RAW && in.n < op->size) {
        AUTO_SECRET struct secret *wide = secret_new(op->size);
        REQUIRE(wide != NULL, RC_HOST_MEMORY);
        mem_copy(wide->p + op->size - in.n, in.p, in.n);
        return op->pkey_ops->encrypt(op->pkey, &op->pk, secret_view(wide), out, out_n);
    }
    return op->pkey_ops->encrypt(op->pkey, &op->pk, in, out, out_n);
}

static enum rc decrypt(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    AUTO_SECRET struct secret *plain = NULL;
    REQUIRE(in.n == op->size, RC_ENCRYPTED_DATA_LEN_RANGE);
    TRY(op->pkey_ops->decrypt(op->pkey, &op->pk, in, &plain));
    REQUIRE(plain->n <= op->size - overhead(op), RC_ENCRYPTED_DATA_INVALID);
    mem_copy(out, plain->p, plain->n);
    *out_n = plain->n;
    return RC_OK;
}

static enum rc begin_crypt(struct mech_op *op)
{
    static const struct runner encrypts = {.out_size = crypt_size, .once = encrypt};
    static const struct runner decrypts = {.out_size = crypt_size, .once = decrypt};
    if (op->pk.scheme == SCHEME_RSA_OAEP) {
        op->pk.hash = op->param.hash;
        op->pk.mgf = op->param.mgf;
        op->pk.label = op->param.aad;
        REQUIRE(op->env->crypto->digest[op->pk.hash] != NULL, RC_MECHANISM_PARAM_INVALID);
    }
    REQUIRE(op->size > overhead(op), RC_KEY_SIZE_RANGE);
    op->run = op->verb == VERB_ENCRYPT ? &encrypts : &decrypts;
    return RC_OK;
}

/* ---- signatures --------------------------------------------------------------------------------------- */

static enum rc begin_pss(struct mech_op *op)
{
    const enum hash_alg hash = op->param.hash;
    const bool signs = op->verb == VERB_SIGN;
    REQUIRE(op->row->hash == HASH_NONE || op->row->hash == hash, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(!signs || hash != HASH_SHA1 || op->env->policy.allow_sha1_signing,
            RC_MECHANISM_PARAM_INVALID);
    struct bytes modulus = BYTES_NONE;
    TRY(object_bytes(op->key, CKA_MODULUS, &modulus));
    const size_t em_n = (magnitude_bits(modulus) - 1 + 7) / 8;
    REQUIRE(em_n >= hash_size(hash) + op->param.salt_n + 2, RC_MECHANISM_PARAM_INVALID);
    op->pk.hash = hash;
    op->pk.mgf = op->param.mgf;
    op->pk.salt_n = op->param.salt_n;
    return RC_OK;
}

/* Raw RSA takes fewer bytes than the modulus has: they are the low ones. */
static enum rc raw_sign(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    AUTO_SECRET struct secret *wide = secret_new(op->size);
    REQUIRE(wide != NULL, RC_HOST_MEMORY);
    REQUIRE(in.n <= op->size, RC_DATA_LEN_RANGE);
    mem_copy(wide->p + op->size - in.n, in.p, in.n);
    return op->pkey_ops->sign(op->pkey, &op->pk, secret_view(wide), out, out_n);
}

static enum rc raw_verify(struct mech_op *op, struct bytes in, struct bytes sig)
{
    AUTO_SECRET struct secret *wide = secret_new(op->size);
    REQUIRE(wide != NULL, RC_HOST_MEMORY);
    REQUIRE(in.n <= op->size, RC_DATA_LEN_RANGE);
    REQUIRE(sig.n == op->size, RC_SIGNATURE_LEN_RANGE);
    mem_copy(wide->p + op->size - in.n, in.p, in.n);
    return op->pkey_ops->verify(op->pkey, &op->pk, secret_view(wide), sig);
}

static enum rc raw_size(const struct mech_op *op, enum mech_phase phase, size_t in_n, size_t *ret,
                        bool *ret_exact)
{
    (void)phase;
    (void)in_n;
    *ret = op->size;
    *ret_exact = true;
    return RC_OK;
}

static enum rc begin(struct mech_op *op)
{
    static const struct runner raw = {
        .out_size = raw_size, .once = raw_sign, .verify_once = raw_verify};
    TRY(signature_begin(op));
    if (op->verb == VERB_ENCRYPT || op->verb == VERB_DECRYPT) {
        return begin_crypt(op);
    }
    if (op->pk.scheme == SCHEME_RSA_PSS) {
        return begin_pss(op);
    }
    if (op->pk.scheme == SCHEME_RSA_RAW) {
        op->run = &raw;
    }
    return RC_OK;
}

const struct family family_rsa = {.offered = offered, .begin = begin};

/* ---- RSA_AES_KEY_WRAP ---------------------------------------------------------------------------------- */

static bool rsa_aes_offered(const struct mech_env *env, const struct mech_row *row)
{
    (void)row;
    return rsa_ops(env) != NULL && env->crypto->keywrap != NULL;
}

static enum rc rsa_aes_size(const struct mech_op *op, enum mech_phase phase, size_t in_n,
                            size_t *ret, bool *ret_exact)
{
    (void)phase;
    const bool encrypts = op->verb == VERB_ENCRYPT;
    REQUIRE(in_n <= HELD_MAX, encrypts ? RC_DATA_LEN_RANGE : RC_ENCRYPTED_DATA_LEN_RANGE);
    const size_t opened = in_n > op->size + 8 ? in_n - op->size - 8 : 0;
    *ret = encrypts ? op->size + (in_n + 7) / 8 * 8 + 8 : opened;
    *ret_exact = encrypts;
    return RC_OK;
}

static enum rc rsa_aes_wrap(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    AUTO_SECRET struct secret *key = rng_secret(op->env->crypto->rng, op->param.aes_n);
    AUTO_BUF struct buf wrapped = BUF_INIT;
    size_t first = 0;
    REQUIRE(key != NULL, RC_RANDOM_NO_RNG);
    REQUIRE(in.n > 0, RC_DATA_LEN_RANGE);
    TRY(op->env->crypto->keywrap->wrap(KEYWRAP_RFC5649, key, NULL, in, &wrapped));
    TRY(op->pkey_ops->encrypt(op->pkey, &op->pk, secret_view(key), out, &first));
    mem_copy(out + first, wrapped.p, wrapped.n);
    *out_n = first + wrapped.n;
    return RC_OK;
}

static enum rc rsa_aes_unwrap(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    AUTO_SECRET struct secret *key = NULL;
    AUTO_SECRET struct secret *plain = NULL;
    REQUIRE(in.n >= op->size + 16 && (in.n - op->size) % 8 == 0, RC_ENCRYPTED_DATA_LEN_RANGE);
    TRY(op->pkey_ops->decrypt(op->pkey, &op->pk, BYTES(in.p, op->size), &key));
    REQUIRE(key->n == op->param.aes_n, RC_ENCRYPTED_DATA_INVALID);
    const struct bytes rest = BYTES(in.p + op->size, in.n - op->size);
    const enum rc rc = op->env->crypto->keywrap->unwrap(KEYWRAP_RFC5649, key, NULL, rest, &plain);
    REQUIRE(rc == RC_OK || rc == RC_HOST_MEMORY, RC_ENCRYPTED_DATA_INVALID);
    TRY(rc);
    mem_copy(out, plain->p, plain->n);
    *out_n = plain->n;
    return RC_OK;
}

static enum rc rsa_aes_begin(struct mech_op *op)
{
    static const struct runner encrypts = {.out_size = rsa_aes_size, .once = rsa_aes_wrap};
    static const struct runner decrypts = {.out_size = rsa_aes_size, .once = rsa_aes_unwrap};
    TRY(signature_begin(op));
    op->pk.scheme = SCHEME_RSA_OAEP;
    TRY(begin_crypt(op));
    REQUIRE(op->size - overhead(op) >= op->param.aes_n, RC_KEY_SIZE_RANGE);
    op->run = op->verb == VERB_ENCRYPT ? &encrypts : &decrypts;
    return RC_OK;
}

const struct family family_rsa_aes = {.offered = rsa_aes_offered, .begin = rsa_aes_begin};
