/* SPDX-License-Identifier: Apache-2.0
 *
 * The mechanism table and the questions to it.
 */
#include "family.h"

#define EC (CKF_EC_F_P | CKF_EC_OID | CKF_EC_UNCOMPRESS)
#define OKP (CKF_EC_F_P | CKF_EC_OID | CKF_EC_CURVENAME)

#define ED (CKF_ENCRYPT | CKF_DECRYPT)
#define SV (CKF_SIGN | CKF_VERIFY)
#define DG CKF_DIGEST
#define WU (CKF_WRAP | CKF_UNWRAP)
#define DRV CKF_DERIVE
#define GEN CKF_GENERATE
#define GENP CKF_GENERATE_KEY_PAIR
#define KEM (CKF_ENCAPSULATE | CKF_DECAPSULATE | WU | DRV)

#define ROW(mechanism, fam_, kind_, hash_, verbs, min_, max_, keys_, streams_, param_)             \
    {.type = CKM_##mechanism,                                                                      \
     .name = "CKM_" #mechanism,                                                                    \
     .family = &family_##fam_,                                                                     \
     .kind = (kind_),                                                                              \
     .hash = HASH_##hash_,                                                                         \
     .flags = (verbs),                                                                             \
     .min = (min_),                                                                                \
     .max = (max_),                                                                                \
     .keys = KEYS_##keys_,                                                                         \
     .streams = (streams_) != 0,                                                                   \
     .param = PARAM_##param_},

/* Twice: a row that makes SHA-1 signatures shows CKF_SIGN only where policy allows it. */
static const struct mech_row rows[] = {
#define S1 CKF_VERIFY
#include "mechanisms.def"
#undef S1
};
static const struct mech_row rows_sha1[] = {
#define S1 SV
#include "mechanisms.def"
#undef S1
};
#undef ROW

enum row_number {
#define ROW(mechanism, fam_, kind_, hash_, verbs, min_, max_, keys_, streams_, param_)             \
    ROW_##mechanism,
#include "mechanisms.def"
#undef ROW
    ROW_COUNT
};

size_t mech_row_count(void)
{
    return ROW_COUNT;
}

const struct mech_row *mech_row_at(size_t i, bool sha1_signing)
{
    return sha1_signing ? &rows_sha1[i] : &rows[i];
}

static size_t row_number(CK_MECHANISM_TYPE type)
{
    switch (type) {
#define ROW(mechanism, fam_, kind_, hash_, verbs, min_, max_, keys_, streams_, param_)             \
    case CKM_##mechanism:                                                                          \
        return ROW_##mechanism;
#include "mechanisms.def"
#undef ROW
    default:
        return ROW_COUNT;
    }
}

const struct mech_row *mech_find(const struct mech_env *env, CK_MECHANISM_TYPE type)
{
    const size_t i = row_number(type);
    if (i == ROW_COUNT) {
        return NULL;
    }
    const struct mech_row *row = mech_row_at(i, env->policy.allow_sha1_signing);
    return row->family->offered(env, row) ? row : NULL;
}

static bool listed(const struct mech_env *env, const struct mech_row *row)
{
    const bool vendor = (row->type & CKM_VENDOR_DEFINED) != 0;
    return (!vendor || env->policy.vendor_mechanisms) && row->family->offered(env, row);
}

enum rc mech_list(const struct mech_env *env, CK_MECHANISM_TYPE *out, CK_ULONG *n)
{
    CK_ULONG count = 0;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        count += listed(env, &rows[i]) ? 1 : 0;
    }
    const bool fits = out == NULL || *n >= count;
    *n = count;
    REQUIRE(fits, RC_BUFFER_TOO_SMALL);
    for (size_t i = 0; out != NULL && i < ROW_COUNT; i++) {
        if (listed(env, &rows[i])) {
            *out++ = rows[i].type;
        }
    }
    return RC_OK;
}

void mech_info(const struct mech_row *row, CK_MECHANISM_INFO *ret)
{
    ret->ulMinKeySize = row->min;
    ret->ulMaxKeySize = row->max;
    ret->flags = row->flags;
}

CK_MECHANISM_TYPE mech_type(const struct mech_row *row)
{
    return row->type;
}

const char *mech_name(const struct mech_row *row)
{
    return row->name;
}

static CK_FLAGS verb_flag(enum mech_verb verb)
{
    static const CK_FLAGS flags[VERB_COUNT] = {
        [VERB_ENCRYPT] = CKF_ENCRYPT,
        [VERB_DECRYPT] = CKF_DECRYPT,
        [VERB_DIGEST] = CKF_DIGEST,
        [VERB_SIGN] = CKF_SIGN,
        [VERB_VERIFY] = CKF_VERIFY,
        [VERB_SIGN_RECOVER] = CKF_SIGN_RECOVER,
        [VERB_VERIFY_RECOVER] = CKF_VERIFY_RECOVER,
        [VERB_GENERATE] = CKF_GENERATE,
        [VERB_GENERATE_PAIR] = CKF_GENERATE_KEY_PAIR,
        [VERB_WRAP] = CKF_WRAP,
        [VERB_UNWRAP] = CKF_UNWRAP,
        [VERB_DERIVE] = CKF_DERIVE,
        [VERB_ENCAPSULATE] = CKF_ENCAPSULATE,
        [VERB_DECAPSULATE] = CKF_DECAPSULATE,
    };
    return flags[verb];
}

bool mech_offers(const struct mech_row *row, enum mech_verb verb)
{
    return (row->flags & verb_flag(verb)) != 0;
}

bool mech_signs_with_sha1(const struct mech_row *row, enum mech_verb verb)
{
    const bool signature = row->family == &family_rsa || row->family == &family_ecdsa;
    return signature && row->hash == HASH_SHA1 && verb == VERB_SIGN;
}

static bool is_hmac_type(CK_KEY_TYPE type)
{
    for (enum hash_alg h = HASH_NONE + 1; h < HASH_COUNT; h++) {
        if (hash_hmac_key_type(h) == type) {
            return true;
        }
    }
    return false;
}

static bool type_fits(const struct mech_row *row, CK_KEY_TYPE type)
{
    switch (row->keys) {
    case KEYS_NONE:
        return false;
    case KEYS_RSA:
        return type == CKK_RSA;
    case KEYS_EC:
        return type == CKK_EC;
    case KEYS_EDWARDS:
        return type == CKK_EC_EDWARDS;
    case KEYS_MONTGOMERY:
        return type == CKK_EC_MONTGOMERY;
    case KEYS_AGREE:
        return type == CKK_EC || type == CKK_EC_MONTGOMERY;
    case KEYS_ML_KEM:
        return type == CKK_ML_KEM;
    case KEYS_ML_DSA:
        return type == CKK_ML_DSA;
    case KEYS_SLH_DSA:
        return type == CKK_SLH_DSA;
    case KEYS_COMP_SIG:
        return type == CKK_COMP_SIG;
    case KEYS_COMP_KEM:
        return type == CKK_COMP_KEM;
    case KEYS_AES:
        return type == CKK_AES;
    case KEYS_HMAC:
        return type == CKK_GENERIC_SECRET || type == hash_hmac_key_type(row->hash);
    case KEYS_HKDF:
        return type == CKK_HKDF || type == CKK_GENERIC_SECRET || is_hmac_type(type);
    case KEYS_ANY:
        break;
    }
    return true;
}

bool mech_fits_key(const struct mech_row *row, enum mech_verb verb, CK_OBJECT_CLASS cls,
                   CK_KEY_TYPE type)
{
    const bool asymmetric = row->keys >= KEYS_RSA && row->keys <= KEYS_COMP_KEM;
    const bool public = verb == VERB_VERIFY || verb == VERB_ENCRYPT || verb == VERB_WRAP ||
                        verb == VERB_VERIFY_RECOVER || verb == VERB_ENCAPSULATE;
    CK_OBJECT_CLASS wanted = CKO_SECRET_KEY;
    if (row->family == &family_kem && verb == VERB_DERIVE && cls == CKO_PUBLIC_KEY) {
        return type_fits(row, type); /* encapsulates */
    }
    if (asymmetric) {
        wanted = public ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY;
    }
    return cls == wanted && type_fits(row, type);
}

enum hash_alg hash_of_mechanism(CK_MECHANISM_TYPE type)
{
    const size_t i = row_number(type);
    return i != ROW_COUNT && rows[i].family == &family_digest ? rows[i].hash : HASH_NONE;
}

CK_KEY_TYPE hash_hmac_key_type(enum hash_alg hash)
{
    static const CK_KEY_TYPE types[HASH_COUNT] = {
        [HASH_NONE] = CK_UNAVAILABLE_INFORMATION,
        [HASH_SHA1] = CKK_SHA_1_HMAC,
        [HASH_SHA224] = CKK_SHA224_HMAC,
        [HASH_SHA256] = CKK_SHA256_HMAC,
        [HASH_SHA384] = CKK_SHA384_HMAC,
        [HASH_SHA512] = CKK_SHA512_HMAC,
        [HASH_SHA512_224] = CKK_SHA512_224_HMAC,
        [HASH_SHA512_256] = CKK_SHA512_256_HMAC,
        [HASH_SHA3_224] = CKK_SHA3_224_HMAC,
        [HASH_SHA3_256] = CKK_SHA3_256_HMAC,
        [HASH_SHA3_384] = CKK_SHA3_384_HMAC,
        [HASH_SHA3_512] = CKK_SHA3_512_HMAC,
        [HASH_SHAKE128] = CK_UNAVAILABLE_INFORMATION,
        [HASH_SHAKE256] = CK_UNAVAILABLE_INFORMATION,
    };
    return types[hash];
}

const char *param_kind_name(enum param_kind kind)
{
    static const char *const names[PARAM_KIND_COUNT] = {
        [PARAM_NONE] = "none",
        [PARAM_IV] = "16 bytes: the IV",
        [PARAM_CTR] = "CK_AES_CTR_PARAMS",
        [PARAM_GCM] =
            "CK_GCM_PARAMS (with or without ulIvBits), or none: the token makes the nonce",
        [PARAM_CCM] = "CK_CCM_PARAMS",
        [PARAM_GMAC] = "12 bytes: the IV",
        [PARAM_MAC_SIZE] = "CK_MAC_GENERAL_PARAMS",
        [PARAM_PSS] = "CK_RSA_PKCS_PSS_PARAMS",
        [PARAM_OAEP] = "CK_RSA_PKCS_OAEP_PARAMS",
        [PARAM_RSA_AES] = "CK_RSA_AES_KEY_WRAP_PARAMS",
        [PARAM_EDDSA] = "none, or CK_EDDSA_PARAMS",
        [PARAM_ECDH] = "CK_ECDH1_DERIVE_PARAMS",
        [PARAM_HKDF] = "CK_HKDF_PARAMS",
        [PARAM_KW] = "none, or 8 bytes: the IV",
        [PARAM_KWP] = "none, or 4 bytes: the IV",
        [PARAM_SIGN] = "none, or CK_SIGN_ADDITIONAL_CONTEXT",
        [PARAM_HASH_SIGN] = "CK_HASH_SIGN_ADDITIONAL_CONTEXT",
        [PARAM_HEDGE] = "none, or CK_SIGN_ADDITIONAL_CONTEXT without a context",
        [PARAM_MU] = "CK_MU_GEN_PARAMS",
        [PARAM_KEM] = "none; deriving: CK_CRATON_KEM_DERIVE_PARAMS, or the ciphertext",
    };
    return names[kind];
}
