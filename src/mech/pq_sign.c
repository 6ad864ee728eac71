/* SPDX-License-Identifier: Apache-2.0
 *
 * Families: ML-DSA (FIPS 204), SLH-DSA (FIPS 205), composite signatures, and the digest of ML-DSA's
 * external mu. What differs from other signatures is what is signed of a message:
 *
 *   ML-DSA     mu = SHAKE256(tr, prefix, message or its digest), so that messages stream
 *   SLH-DSA    prefix and message (which must come whole, since it is read twice), or its digest
 *   composite  the message's digest by the combination's hash
 *
 * The prefix is 0 (pure) or 1 (a digest), the length of the context, the context, and for a digest
 * the OID of its hash (FIPS 204, 5.2 and 5.4; FIPS 205, 10.2).
 */
#include "family.h"

#include "crypto/composite.h"
#include "signature.h"

#define MU_SIZE 64
#define TR_SIZE 64

/* ---- the prefix --------------------------------------------------------------------------------------- */

/* 2.16.840.1.101.3.4.2.x; 0: none */
static uint8_t hash_oid_end(enum hash_alg hash)
{
    static const uint8_t ends[HASH_COUNT] = {
        [HASH_SHA256] = 1,     [HASH_SHA384] = 2,     [HASH_SHA512] = 3,    [HASH_SHA224] = 4,
        [HASH_SHA512_224] = 5, [HASH_SHA512_256] = 6, [HASH_SHA3_224] = 7,  [HASH_SHA3_256] = 8,
        [HASH_SHA3_384] = 9,   [HASH_SHA3_512] = 10,  [HASH_SHAKE128] = 11, [HASH_SHAKE256] = 12,
    };
    return ends[hash];
}

/* HASH_NONE: the pure form. */
static enum rc make_prefix(struct mech_op *op, enum hash_alg hash)
{
    static const uint8_t oid[] = {0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02};
    const struct bytes context = op->param.aad;
    uint8_t *at = op->prefix;
    *at++ = hash == HASH_NONE ? 0 : 1;
    *at++ = (uint8_t)context.n;
    mem_copy(at, context.p, context.n);
    at += context.n;
    if (hash != HASH_NONE) {
        REQUIRE(hash_oid_end(hash) != 0, RC_MECHANISM_PARAM_INVALID);
        mem_copy(at, oid, sizeof(oid));
        at += sizeof(oid);
        *at++ = hash_oid_end(hash);
    }
    op->prefix_n = (size_t)(at - op->prefix);
    return RC_OK;
}

/* ---- beginning ---------------------------------------------------------------------------------------- */

/* How a row reads its input. */
enum input {
    INPUT_MESSAGE, /* whole or in parts, as it is */
    INPUT_HASHED,  /* digested here */
    INPUT_DIGEST,  /* is a digest of a named hash already */
};

static enum input input_of(const struct mech_op *op)
{
    if (op->row->param == PARAM_HASH_SIGN) {
        return INPUT_DIGEST;
    }
    return op->row->hash == HASH_NONE ? INPUT_MESSAGE : INPUT_HASHED;
}

static enum hash_alg message_hash(const struct mech_op *op)
{
    return op->row->param == PARAM_HASH_SIGN ? op->param.hash : op->row->hash;
}

/* The key, its parameter set when the row is of one set, and the prefix. */
static enum rc begin(struct mech_op *op, const struct runner *runner)
{
    REQUIRE(op->verb != VERB_SIGN || !op->param.hedge_unknown, RC_MECHANISM_PARAM_INVALID);
    TRY(signature_begin(op));
    TRY(set_of_row(op->row, op->key));
    op->run = runner;
    op->pk =
        (struct pkey_params){.deterministic = op->param.deterministic, .context = op->param.aad};
    return RC_OK;
}

static enum rc out_size(const struct mech_op *op, enum mech_phase phase, size_t in_n, size_t *ret,
                        bool *ret_exact)
{
    (void)in_n;
    *ret = phase == PHASE_UPDATE ? 0 : op->size;
    *ret_exact = op->pk.scheme != SCHEME_COMP_SIG; /* ECDSA is DER inside */
    return RC_OK;
}

static enum rc check_digest(const struct mech_op *op, struct bytes in)
{
    REQUIRE(in.n == hash_size(message_hash(op)), RC_DATA_LEN_RANGE);
    return RC_OK;
}

/* ---- ML-DSA ------------------------------------------------------------------------------------------- */

static enum rc mu_start(struct mech_op *op, struct bytes tr)
{
    TRY(op_digest_update(op, HASH_SHAKE256, tr));
    return op_digest_update(op, HASH_SHAKE256, BYTES(op->prefix, op->prefix_n));
}

static struct bytes key_tr(const struct mech_op *op)
{
    return BYTES(op->pkey_ops->tr(op->pkey), TR_SIZE);
}

/* mu of the prefix and DATA, whole. */
static enum rc mu_of(struct mech_op *op, struct bytes data, uint8_t mu[HASH_MAX_SIZE])
{
    TRY(mu_start(op, key_tr(op)));
    TRY(op_digest_update(op, HASH_SHAKE256, data));
    return op_digest_final(op, HASH_SHAKE256, mu);
}

static enum rc mu_once(struct mech_op *op, struct bytes in, uint8_t mu[HASH_MAX_SIZE])
{
    const enum hash_alg hash = message_hash(op);
    uint8_t digest[HASH_MAX_SIZE];
    switch (input_of(op)) {
    case INPUT_HASHED:
        TRY(op->env->crypto->digest[hash]->once(hash, in.p, in.n, digest));
        in = BYTES(digest, hash_size(hash));
        break;
    case INPUT_DIGEST:
        TRY(check_digest(op, in));
        break;
    case INPUT_MESSAGE:
        break;
    }
    return mu_of(op, in, mu);
}

static enum rc ml_dsa_update(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    (void)out;
    (void)out_n;
    if (input_of(op) == INPUT_HASHED) {
        return op_digest_update(op, op->row->hash, in);
    }
    if (!op->digest_live) {
        TRY(mu_start(op, key_tr(op)));
    }
    return op_digest_update(op, HASH_SHAKE256, in);
}

static enum rc mu_so_far(struct mech_op *op, uint8_t mu[HASH_MAX_SIZE])
{
    uint8_t digest[HASH_MAX_SIZE];
    if (input_of(op) == INPUT_HASHED) {
        TRY(op_digest_final(op, op->row->hash, digest));
        return mu_of(op, BYTES(digest, hash_size(op->row->hash)), mu);
    }
    TRY(ml_dsa_update(op, BYTES_NONE, NULL, NULL)); /* no part came */
    return op_digest_final(op, HASH_SHAKE256, mu);
}

static enum rc ml_dsa_once(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    uint8_t mu[HASH_MAX_SIZE];
    TRY(mu_once(op, in, mu));
    return op->pkey_ops->sign(op->pkey, &op->pk, BYTES(mu, MU_SIZE), out, out_n);
}

static enum rc ml_dsa_final(struct mech_op *op, uint8_t *out, size_t *out_n)
{
    uint8_t mu[HASH_MAX_SIZE];
    TRY(mu_so_far(op, mu));
    return op->pkey_ops->sign(op->pkey, &op->pk, BYTES(mu, MU_SIZE), out, out_n);
}

static enum rc ml_dsa_verify_once(struct mech_op *op, struct bytes in, struct bytes sig)
{
    uint8_t mu[HASH_MAX_SIZE];
    REQUIRE(sig.n == op->size, RC_SIGNATURE_LEN_RANGE);
    TRY(mu_once(op, in, mu));
    return op->pkey_ops->verify(op->pkey, &op->pk, BYTES(mu, MU_SIZE), sig);
}

static enum rc ml_dsa_verify_final(struct mech_op *op, struct bytes sig)
{
    uint8_t mu[HASH_MAX_SIZE];
    REQUIRE(sig.n == op->size, RC_SIGNATURE_LEN_RANGE);
    TRY(mu_so_far(op, mu));
    return op->pkey_ops->verify(op->pkey, &op->pk, BYTES(mu, MU_SIZE), sig);
}

/* CKM_ML_DSA_EXTERNAL_MU: the input is mu. */
static enum rc mu_sign(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    REQUIRE(in.n == MU_SIZE, RC_DATA_LEN_RANGE);
    return op->pkey_ops->sign(op->pkey, &op->pk, in, out, out_n);
}

static enum rc mu_verify(struct mech_op *op, struct bytes in, struct bytes sig)
{
    REQUIRE(sig.n == op->size, RC_SIGNATURE_LEN_RANGE);
    REQUIRE(in.n == MU_SIZE, RC_DATA_LEN_RANGE);
    return op->pkey_ops->verify(op->pkey, &op->pk, in, sig);
}

static enum rc ml_dsa_begin(struct mech_op *op)
{
    static const struct runner plain = {.out_size = out_size,
                                        .once = ml_dsa_once,
                                        .update = ml_dsa_update,
                                        .final = ml_dsa_final,
                                        .verify_once = ml_dsa_verify_once,
                                        .verify_final = ml_dsa_verify_final};
    static const struct runner external = {
        .out_size = out_size, .once = mu_sign, .verify_once = mu_verify};
    TRY(begin(op, op->row->param == PARAM_HEDGE ? &external : &plain));
    op->pk.scheme = SCHEME_ML_DSA;
    return make_prefix(op, message_hash(op));
}

static bool ml_dsa_offered(const struct mech_env *env, const struct mech_row *row)
{
    return set_offered(env, CKK_ML_DSA, row->kind) && env->crypto->digest[HASH_SHAKE256] != NULL &&
           signature_hash_offered(env, row);
}

const struct family family_ml_dsa = {
    .offered = ml_dsa_offered, .begin = ml_dsa_begin, .generate_pair = pq_generate_pair};

/* ---- external mu -------------------------------------------------------------------------------------- */

static enum rc mu_digest_size(const struct mech_op *op, enum mech_phase phase, size_t in_n,
                              size_t *ret, bool *ret_exact)
{
    (void)op;
    (void)in_n;
    *ret = phase == PHASE_UPDATE ? 0 : MU_SIZE;
    *ret_exact = true;
    return RC_OK;
}

static enum rc mu_digest_update(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    (void)out;
    (void)out_n;
    if (!op->digest_live) {
        TRY(mu_start(op, op->key != NULL ? key_tr(op) : op->param.peer));
    }
    return op_digest_update(op, HASH_SHAKE256, in);
}

static enum rc mu_digest_final(struct mech_op *op, uint8_t *out, size_t *out_n)
{
    TRY(mu_digest_update(op, BYTES_NONE, NULL, NULL));
    TRY(op_digest_final(op, HASH_SHAKE256, out));
    *out_n = MU_SIZE;
    return RC_OK;
}

static enum rc mu_digest_once(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    TRY(mu_digest_update(op, in, NULL, NULL));
    return mu_digest_final(op, out, out_n);
}

static enum rc mu_begin(struct mech_op *op)
{
    static const struct runner runner = {.out_size = mu_digest_size,
                                         .once = mu_digest_once,
                                         .update = mu_digest_update,
                                         .final = mu_digest_final};
    op->run = &runner;
    REQUIRE((op->key != NULL) == (op->param.salt_key != CK_INVALID_HANDLE), RC_KEY_HANDLE_INVALID);
    if (op->key != NULL) {
        REQUIRE(object_key_type(op->key) == CKK_ML_DSA, RC_KEY_TYPE_INCONSISTENT);
        TRY(key_pkey(op->env, op->key, &op->pkey_ops, &op->pkey));
    }
    return make_prefix(op, HASH_NONE);
}

const struct family family_mu = {.offered = ml_dsa_offered, .begin = mu_begin};

enum rc mech_digest_handle(const struct mech_row *row, const CK_MECHANISM *mechanism,
                           CK_OBJECT_HANDLE *ret)
{
    *ret = CK_INVALID_HANDLE;
    if (row->param == PARAM_MU) {
        AUTO_PARAM struct param p = {.store = BUF_INIT};
        TRY(param_read(row->param, mechanism, &p));
        *ret = p.salt_key;
    }
    return RC_OK;
}

/* ---- SLH-DSA and composites: a message or its digest -------------------------------------------------- */

static enum rc data_of(const struct mech_op *op, struct bytes in, uint8_t digest[HASH_MAX_SIZE],
                       struct bytes *ret)
{
    const enum hash_alg hash = op->pk.hash;
    *ret = in;
    if (input_of(op) == INPUT_DIGEST) {
        return check_digest(op, in);
    }
    if (hash != HASH_NONE) {
        TRY(op->env->crypto->digest[hash]->once(hash, in.p, in.n, digest));
        *ret = BYTES(digest, hash_size(hash));
    }
    return RC_OK;
}

static enum rc data_once(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    uint8_t digest[HASH_MAX_SIZE];
    struct bytes data = BYTES_NONE;
    TRY(data_of(op, in, digest, &data));
    return op->pkey_ops->sign(op->pkey, &op->pk, data, out, out_n);
}

static enum rc data_update(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    (void)out;
    (void)out_n;
    return op_digest_update(op, op->pk.hash, in);
}

static enum rc data_final(struct mech_op *op, uint8_t *out, size_t *out_n)
{
    uint8_t digest[HASH_MAX_SIZE];
    TRY(op_digest_final(op, op->pk.hash, digest));
    return op->pkey_ops->sign(op->pkey, &op->pk, BYTES(digest, hash_size(op->pk.hash)), out, out_n);
}

static enum rc data_verify_once(struct mech_op *op, struct bytes in, struct bytes sig)
{
    uint8_t digest[HASH_MAX_SIZE];
    struct bytes data = BYTES_NONE;
    TRY(data_of(op, in, digest, &data));
    return op->pkey_ops->verify(op->pkey, &op->pk, data, sig);
}

static enum rc data_verify_final(struct mech_op *op, struct bytes sig)
{
    uint8_t digest[HASH_MAX_SIZE];
    TRY(op_digest_final(op, op->pk.hash, digest));
    return op->pkey_ops->verify(op->pkey, &op->pk, BYTES(digest, hash_size(op->pk.hash)), sig);
}

static const struct runner data_runner = {.out_size = out_size,
                                          .once = data_once,
                                          .update = data_update,
                                          .final = data_final,
                                          .verify_once = data_verify_once,
                                          .verify_final = data_verify_final};

static enum rc slh_dsa_begin(struct mech_op *op)
{
    TRY(begin(op, &data_runner));
    TRY(make_prefix(op, message_hash(op)));
    op->pk.scheme = SCHEME_SLH_DSA;
    op->pk.hash = op->row->hash;
    op->pk.prefix = BYTES(op->prefix, op->prefix_n);
    return RC_OK;
}

static bool slh_dsa_offered(const struct mech_env *env, const struct mech_row *row)
{
    return set_offered(env, CKK_SLH_DSA, row->kind) && signature_hash_offered(env, row);
}

const struct family family_slh_dsa = {
    .offered = slh_dsa_offered, .begin = slh_dsa_begin, .generate_pair = pq_generate_pair};

/* CKM_COMP_SIG_EXTERNAL_HASH: the input is the digest; a length that it does not have is refused. */
static enum rc comp_digest_once(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    REQUIRE(in.n == hash_size(op->pk.hash), RC_DATA_LEN_RANGE);
    return op->pkey_ops->sign(op->pkey, &op->pk, in, out, out_n);
}

static enum rc comp_digest_verify(struct mech_op *op, struct bytes in, struct bytes sig)
{
    REQUIRE(in.n == hash_size(op->pk.hash), RC_DATA_LEN_RANGE);
    return op->pkey_ops->verify(op->pkey, &op->pk, in, sig);
}

static enum rc comp_sig_begin(struct mech_op *op)
{
    static const struct runner digest_runner = {
        .out_size = out_size, .once = comp_digest_once, .verify_once = comp_digest_verify};
    const struct source s = {.o = op->key};
    struct pkey_spec spec;
    TRY(begin(op, op->row->streams ? &data_runner : &digest_runner));
    TRY(source_spec(&s, CKK_COMP_SIG, &spec));
    op->pk.scheme = SCHEME_COMP_SIG;
    op->pk.hash = comp_hash(spec.set);
    return RC_OK;
}

static bool comp_sig_offered(const struct mech_env *env, const struct mech_row *row)
{
    return set_offered(env, CKK_COMP_SIG, row->kind);
}

const struct family family_comp_sig = {
    .offered = comp_sig_offered, .begin = comp_sig_begin, .generate_pair = pq_generate_pair};
