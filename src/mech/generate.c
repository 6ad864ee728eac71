/* SPDX-License-Identifier: Apache-2.0
 *
 * Making keys: secret keys of every type, and pairs of every public-key algorithm. All randomness
 * comes from our generator. A pair is tried on itself before it is handed out.
 */
#include "family.h"

#include "crypto/composite.h"

static enum rc mark_generated(struct draft *d, const struct mech_row *row)
{
    TRY(draft_set_bool(d, CKA_LOCAL, true));
    return draft_set_ulong(d, CKA_KEY_GEN_MECHANISM, row->type);
}

/* ---- secret keys -------------------------------------------------------------------------------------- */

static bool secret_offered(const struct mech_env *env, const struct mech_row *row)
{
    if (row->kind == CKK_AES) {
        return env->crypto->cipher[CIPHER_ECB] != NULL || env->crypto->cipher[CIPHER_GCM] != NULL;
    }
    return row->hash == HASH_NONE || env->crypto->hmac[row->hash] != NULL;
}

static enum rc make_secret(const struct mech_env *env, const struct mech_row *row, struct draft *d)
{
    size_t n = 0;
    CK_ULONG said = 0;
    TRY(draft_imply(d, CKA_CLASS, CKO_SECRET_KEY));
    TRY(draft_imply(d, CKA_KEY_TYPE, row->kind));
    if (row->hash != HASH_NONE && draft_ulong(d, CKA_VALUE_LEN, &said) != RC_OK) {
        TRY(draft_imply(d, CKA_VALUE_LEN, hash_size(row->hash)));
    }
    TRY(draft_check(d));
    TRY(draft_value_size(d, 0, &n));
    TRY(draft_set_value(env, d, rng_secret(env->crypto->rng, n)));
    return mark_generated(d, row);
}

const struct family family_secret = {.offered = secret_offered, .generate = make_secret};

enum rc mech_generate(const struct mech_env *env, const struct mech_row *row,
                      const CK_MECHANISM *mechanism, struct draft *key)
{
    AUTO_PARAM struct param p = {.store = BUF_INIT};
    REQUIRE(mech_offers(row, VERB_GENERATE), RC_MECHANISM_INVALID);
    TRY(param_read(row->param, mechanism, &p));
    return row->family->generate(env, row, key);
}

/* ---- pairs -------------------------------------------------------------------------------------------- */

struct pair {
    const struct pkey_ops *ops;
    struct pkey *priv, *pub;
};

static void pair_free(struct pair *p)
{
    if (p->priv != NULL) {
        p->ops->free(p->priv);
    }
    if (p->pub != NULL) {
        p->ops->free(p->pub);
    }
}

/* Agreement: both orders of our key and a fresh one give the same secret. */
static enum rc try_agreement(const struct mech_env *env, const struct pkey_spec *spec,
                             const struct pair *pair, const struct key_parts *parts)
{
    AUTO_KEY_PARTS struct key_parts other = {0};
    AUTO_SECRET struct secret *a = NULL;
    AUTO_SECRET struct secret *b = NULL;
    __attribute__((cleanup(pair_free))) struct pair peer = {.ops = pair->ops};
    const struct pkey_ops *maker = env->crypto->pkey_generate[spec->kind][spec->curve];
    TRY(maker->generate(spec, BYTES_NONE, env->crypto->rng, &other));
    TRY(peer.ops->load(spec, &other, true, &peer.priv));
    TRY(pair->ops->agree(pair->priv, buf_view(&other.pub), &a));
    TRY(peer.ops->agree(peer.priv, buf_view(&parts->pub), &b));
    REQUIRE(secret_equal(a, b), RC_FUNCTION_FAILED);
    return RC_OK;
}

/* What the signature of a trial is made with, and over how many bytes. */
static size_t trial(const struct pkey_spec *spec, struct pkey_params *p)
{
    *p = (struct pkey_params){.scheme = SCHEME_EDDSA};
    if (spec->kind == PKEY_RSA) {
        p->scheme = SCHEME_RSA_PKCS1_HASH;
        p->hash = HASH_SHA256;
    } else if (spec->kind == PKEY_EC) {
        p->scheme = SCHEME_ECDSA;
    } else if (pkey_is_ml_dsa(spec->kind)) {
        p->scheme = SCHEME_ML_DSA;
        return 64; /* mu */
    } else if (pkey_is_slh_dsa(spec->kind)) {
        p->scheme = SCHEME_SLH_DSA;
    } else if (spec->kind == PKEY_COMP_SIG) {
        p->scheme = SCHEME_COMP_SIG;
        return hash_size(comp_hash(spec->set));
    }
    return 32;
}

static const uint8_t trial_text[HASH_MAX_SIZE] = "the pair is tried before its use";

static enum rc try_signature(const struct pkey_spec *spec, const struct pair *pair)
{
    struct pkey_params p;
    const struct bytes data = BYTES(trial_text, trial(spec, &p));
    AUTO_FREE uint8_t *sig = mem_alloc(pair->ops->size(pair->priv));
    size_t n = 0;
    REQUIRE(sig != NULL, RC_HOST_MEMORY);
    TRY(pair->ops->sign(pair->priv, &p, data, sig, &n));
    return pair->ops->verify(pair->pub, &p, data, BYTES(sig, n));
}

/* The secret of the trial is nobody's, so it need not be fresh. */
static enum rc try_kem(const struct mech_env *env, const struct pkey_spec *spec,
                       const struct pair *pair)
{
    const struct bytes m = pkey_is_ml_kem(spec->kind) ? BYTES(trial_text, 32) : BYTES_NONE;
    AUTO_SECRET struct secret *a = NULL;
    AUTO_SECRET struct secret *b = NULL;
    const size_t n = pair->ops->size(pair->pub);
    AUTO_FREE uint8_t *ct = mem_alloc(n);
    REQUIRE(ct != NULL, RC_HOST_MEMORY);
    TRY(pair->ops->encapsulate(pair->pub, env->crypto->rng, m, ct, &a));
    TRY(pair->ops->decapsulate(pair->priv, BYTES(ct, n), &b));
    REQUIRE(secret_equal(a, b), RC_FUNCTION_FAILED);
    return RC_OK;
}

static enum rc try_use(const struct mech_env *env, const struct pkey_spec *spec,
                       const struct pair *pair, const struct key_parts *parts)
{
    if (pkey_is_kem(spec->kind)) {
        return try_kem(env, spec, pair);
    }
    const bool agrees = spec->kind == PKEY_X25519 || spec->kind == PKEY_X448;
    return agrees ? try_agreement(env, spec, pair, parts) : try_signature(spec, pair);
}

/* The pairwise consistency test. */
static enum rc try_pair(const struct mech_env *env, const struct pkey_spec *spec,
                        const struct key_parts *parts)
{
    __attribute__((cleanup(pair_free))) struct pair pair = {.ops = spec_ops(env, spec)};
    REQUIRE(pair.ops != NULL, spec_missing(spec));
    enum rc rc = pair.ops->load(spec, parts, true, &pair.priv);
    if (pkey_is_ml_kem(spec->kind) && pair.ops->try_kem != NULL) {
        rc = rc == RC_OK ? pair.ops->try_kem(pair.priv) : rc;
    } else {
        rc = rc == RC_OK ? pair.ops->load(spec, parts, false, &pair.pub) : rc;
        rc = rc == RC_OK ? try_use(env, spec, &pair, parts) : rc;
    }
    return rc == RC_OK || rc == RC_HOST_MEMORY ? rc : RC_FUNCTION_FAILED;
}

static enum rc finish_pair(const struct mech_env *env, const struct mech_row *row,
                           const struct pkey_spec *spec, const struct key_parts *parts,
                           struct draft *pub, struct draft *priv)
{
    TRY(try_pair(env, spec, parts));
    TRY(draft_set_parts(pub, spec, parts, false));
    TRY(draft_set_parts(priv, spec, parts, true));
    TRY(draft_set_public_info(pub, spec, parts));
    TRY(draft_set_public_info(priv, spec, parts));
    TRY(mark_generated(pub, row));
    return mark_generated(priv, row);
}

static enum rc imply_pair(struct draft *pub, struct draft *priv, CK_KEY_TYPE type)
{
    TRY(draft_imply(pub, CKA_CLASS, CKO_PUBLIC_KEY));
    TRY(draft_imply(priv, CKA_CLASS, CKO_PRIVATE_KEY));
    TRY(draft_imply(pub, CKA_KEY_TYPE, type));
    return draft_imply(priv, CKA_KEY_TYPE, type);
}

static bool rsa_offered(const struct mech_env *env, const struct mech_row *row)
{
    (void)row;
    return env->crypto->pkey_generate[PKEY_RSA][CURVE_NONE] != NULL;
}

/* Odd, at least 3, at most 64 bits. */
static bool exponent_sound(struct bytes e)
{
    const struct bytes m = magnitude(e);
    return m.n > 0 && m.n <= 8 && (m.p[m.n - 1] & 1) == 1 && (m.n > 1 || m.p[0] >= 3);
}

static enum rc rsa_pair(const struct mech_env *env, const struct mech_row *row, struct draft *pub,
                        struct draft *priv)
{
    static const uint8_t usual[3] = {0x01, 0x00, 0x01};
    AUTO_KEY_PARTS struct key_parts parts = {0};
    struct pkey_spec spec = {.kind = PKEY_RSA};
    struct bytes e = BYTES_NONE;
    CK_ULONG bits = 0;
    TRY(imply_pair(pub, priv, CKK_RSA));
    if (draft_bytes(pub, CKA_PUBLIC_EXPONENT, &e) != RC_OK) {
        e = BYTES(usual, sizeof(usual));
    }
    REQUIRE(draft_ulong(pub, CKA_MODULUS_BITS, &bits) == RC_OK, RC_TEMPLATE_INCOMPLETE);
    const CK_ULONG least = env->policy.allow_weak_rsa ? 1024 : row->min;
    REQUIRE(bits >= least && bits <= row->max && bits % 64 == 0, RC_KEY_SIZE_RANGE);
    REQUIRE(exponent_sound(e), RC_ATTRIBUTE_VALUE_INVALID);
    TRY(draft_check(pub));
    TRY(draft_check(priv));
    spec.bits = bits;
    TRY(env->crypto->pkey_generate[PKEY_RSA][CURVE_NONE]->generate(&spec, magnitude(e),
                                                                   env->crypto->rng, &parts));
    return finish_pair(env, row, &spec, &parts, pub, priv);
}

static bool ec_offered(const struct mech_env *env, const struct mech_row *row)
{
    const struct pkey_ops *const(*made)[CURVE_COUNT] = env->crypto->pkey_generate;
    if (row->kind == CKK_EC_EDWARDS) {
        return made[PKEY_ED25519][CURVE_NONE] != NULL || made[PKEY_ED448][CURVE_NONE] != NULL;
    }
    if (row->kind == CKK_EC_MONTGOMERY) {
        return made[PKEY_X25519][CURVE_NONE] != NULL || made[PKEY_X448][CURVE_NONE] != NULL;
    }
    for (size_t i = CURVE_NONE + 1; i < CURVE_COUNT; i++) {
        if (made[PKEY_EC][i] != NULL) {
            return true;
        }
    }
    return false;
}

static enum rc ec_pair(const struct mech_env *env, const struct mech_row *row, struct draft *pub,
                       struct draft *priv)
{
    AUTO_KEY_PARTS struct key_parts parts = {0};
    struct pkey_spec spec;
    struct bytes params = BYTES_NONE;
    TRY(imply_pair(pub, priv, row->kind));
    REQUIRE(draft_bytes(pub, CKA_EC_PARAMS, &params) == RC_OK, RC_TEMPLATE_INCOMPLETE);
    TRY(curve_read(row->kind, params, &spec));
    const struct pkey_ops *ops = env->crypto->pkey_generate[spec.kind][spec.curve];
    REQUIRE(ops != NULL, RC_CURVE_NOT_SUPPORTED);
    TRY(draft_set(priv, CKA_EC_PARAMS, params));
    TRY(draft_check(pub));
    TRY(draft_check(priv));
    TRY(ops->generate(&spec, BYTES_NONE, env->crypto->rng, &parts));
    return finish_pair(env, row, &spec, &parts, pub, priv);
}

static const CK_KEY_TYPE pq_types[] = {[KEYS_ML_KEM] = CKK_ML_KEM,
                                       [KEYS_ML_DSA] = CKK_ML_DSA,
                                       [KEYS_SLH_DSA] = CKK_SLH_DSA,
                                       [KEYS_COMP_SIG] = CKK_COMP_SIG,
                                       [KEYS_COMP_KEM] = CKK_COMP_KEM};

/* The parameter set: of the mechanism, when it has but one, else as the templates say; the standard
 * wants it in the public one. */
static enum rc pq_spec(const struct mech_row *row, struct draft *pub, struct draft *priv,
                       struct pkey_spec *ret)
{
    const CK_KEY_TYPE type = pq_types[row->keys];
    CK_ULONG number = row->kind;
    TRY(imply_pair(pub, priv, type));
    if (number == 0 && draft_ulong(pub, CKA_PARAMETER_SET, &number) != RC_OK) {
        REQUIRE(draft_ulong(priv, CKA_PARAMETER_SET, &number) == RC_OK, RC_TEMPLATE_INCOMPLETE);
    }
    TRY(draft_imply(pub, CKA_PARAMETER_SET, number));
    TRY(draft_imply(priv, CKA_PARAMETER_SET, number));
    return set_read(type, number, ret);
}

enum rc pq_generate_pair(const struct mech_env *env, const struct mech_row *row, struct draft *pub,
                         struct draft *priv)
{
    AUTO_KEY_PARTS struct key_parts parts = {0};
    struct pkey_spec spec;
    TRY(pq_spec(row, pub, priv, &spec));
    REQUIRE(spec_ops(env, &spec) != NULL, RC_PARAMETER_SET_NOT_SUPPORTED);
    TRY(draft_check(pub));
    TRY(draft_check(priv));
    const struct pkey_ops *ops = env->crypto->pkey_generate[spec.kind][spec.curve];
    REQUIRE(ops != NULL, RC_PARAMETER_SET_NOT_SUPPORTED);
    TRY(ops->generate(&spec, BYTES_NONE, env->crypto->rng, &parts));
    parts.fresh = true; /* they are tried together below */
    return finish_pair(env, row, &spec, &parts, pub, priv);
}

const struct family family_rsa_pair = {.offered = rsa_offered, .generate_pair = rsa_pair};
const struct family family_ec_pair = {.offered = ec_offered, .generate_pair = ec_pair};

enum rc mech_generate_pair(const struct mech_env *env, const struct mech_row *row,
                           const CK_MECHANISM *mechanism, struct draft *pub, struct draft *priv)
{
    AUTO_PARAM struct param p = {.store = BUF_INIT};
    REQUIRE(mech_offers(row, VERB_GENERATE_PAIR), RC_MECHANISM_INVALID);
    TRY(param_read(row->param, mechanism, &p));
    REQUIRE(!p.given, RC_MECHANISM_PARAM_INVALID); /* a vendor row's is for its other verbs */
    return row->family->generate_pair(env, row, pub, priv);
}
