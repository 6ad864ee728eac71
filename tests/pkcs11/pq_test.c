/* SPDX-License-Identifier: Apache-2.0
 *
 * Post-quantum keys and signatures: every row of the table works for every flag that it shows; contexts,
 * hedging, digests made outside, external mu, vendor numbers.
 */
#include "pq.h"

static CK_SESSION_HANDLE S;
static CK_BYTE text[200] = "a message of two hundred bytes";

static int open_sessions(void **state)
{
    (void)state;
    S = user_session();
    return 0;
}

/* The hashes of CKM_HASH_ML_DSA_ and CKM_HASH_SLH_DSA_; digest: its mechanism, 0 for SHAKE, which the
 * standard has no digest for. */
static const struct {
    CK_MECHANISM_TYPE ml_dsa, slh_dsa, digest;
    CK_ULONG bytes;
} hashes[] = {
    {CKM_HASH_ML_DSA_SHA224, CKM_HASH_SLH_DSA_SHA224, CKM_SHA224, 28},
    {CKM_HASH_ML_DSA_SHA256, CKM_HASH_SLH_DSA_SHA256, CKM_SHA256, 32},
    {CKM_HASH_ML_DSA_SHA384, CKM_HASH_SLH_DSA_SHA384, CKM_SHA384, 48},
    {CKM_HASH_ML_DSA_SHA512, CKM_HASH_SLH_DSA_SHA512, CKM_SHA512, 64},
    {CKM_HASH_ML_DSA_SHA3_224, CKM_HASH_SLH_DSA_SHA3_224, CKM_SHA3_224, 28},
    {CKM_HASH_ML_DSA_SHA3_256, CKM_HASH_SLH_DSA_SHA3_256, CKM_SHA3_256, 32},
    {CKM_HASH_ML_DSA_SHA3_384, CKM_HASH_SLH_DSA_SHA3_384, CKM_SHA3_384, 48},
    {CKM_HASH_ML_DSA_SHA3_512, CKM_HASH_SLH_DSA_SHA3_512, CKM_SHA3_512, 64},
    {CKM_HASH_ML_DSA_SHAKE128, CKM_HASH_SLH_DSA_SHAKE128, 0, 32},
    {CKM_HASH_ML_DSA_SHAKE256, CKM_HASH_SLH_DSA_SHAKE256, 0, 64},
};

static CK_ULONG digest(CK_MECHANISM_TYPE type, const void *data, CK_ULONG n, CK_BYTE out[64])
{
    CK_ULONG out_n = 64;
    OK(p11->C_DigestInit(S, MECH(type)));
    OK(p11->C_Digest(S, BYTE_PTR(data), n, out, &out_n));
    return out_n;
}

/* ---- the list ---- */

#define SV (CKF_SIGN | CKF_VERIFY)
#define KEM (CKF_ENCAPSULATE | CKF_DECAPSULATE | CKF_WRAP | CKF_UNWRAP | CKF_DERIVE)

/* Sizes: bytes of the public key (PKCS#11 3.2; for composites what their documents add up to). */
static const struct {
    CK_MECHANISM_TYPE type;
    CK_FLAGS flags;
    CK_ULONG min, max;
} rows[] = {
    {CKM_ML_KEM_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, 800, 1568},
    {CKM_ML_KEM, KEM, 800, 1568},
    {CKM_ML_DSA_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, 1312, 2592},
    {CKM_ML_DSA, SV, 1312, 2592},
    {CKM_HASH_ML_DSA, SV, 1312, 2592},
    {CKM_SLH_DSA_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, 32, 64},
    {CKM_SLH_DSA, SV, 32, 64},
    {CKM_HASH_SLH_DSA, SV, 32, 64},
    {CKM_ML_DSA_EXTERNAL_MU_GEN, CKF_DIGEST, 1312, 2592},
    {CKM_ML_DSA_EXTERNAL_MU, SV, 1312, 2592},
    {CKM_CRATON_ML_KEM_512, KEM | CKF_GENERATE_KEY_PAIR, 800, 800},
    {CKM_CRATON_ML_KEM_768, KEM | CKF_GENERATE_KEY_PAIR, 1184, 1184},
    {CKM_CRATON_ML_KEM_1024, KEM | CKF_GENERATE_KEY_PAIR, 1568, 1568},
    {CKM_CRATON_ML_DSA_44, SV | CKF_GENERATE_KEY_PAIR, 1312, 1312},
    {CKM_CRATON_ML_DSA_65, SV | CKF_GENERATE_KEY_PAIR, 1952, 1952},
    {CKM_CRATON_ML_DSA_87, SV | CKF_GENERATE_KEY_PAIR, 2592, 2592},
    {CKM_CRATON_SLH_DSA_SHA2_128S, SV | CKF_GENERATE_KEY_PAIR, 32, 32},
    {CKM_CRATON_SLH_DSA_SHA2_256S, SV | CKF_GENERATE_KEY_PAIR, 64, 64},
    {CKM_COMP_SIG_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, 0, 0},
    {CKM_COMP_SIG, SV, 0, 0},
    {CKM_COMP_SIG_EXTERNAL_HASH, SV, 0, 0},
    {CKM_COMP_KEM_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, 0, 0},
    {CKM_COMP_KEM, KEM, 0, 0},
    {CKM_CRATON_HYBRID_ML_DSA_ECDSA, SV | CKF_GENERATE_KEY_PAIR, 2017, 2017},
    {CKM_CRATON_HYBRID_X25519_ML_KEM_768, KEM | CKF_GENERATE_KEY_PAIR, 1216, 1216},
    {CKM_CRATON_HYBRID_X25519_ML_KEM_1024, KEM | CKF_GENERATE_KEY_PAIR, 1600, 1600},
};

static bool is_listed(CK_MECHANISM_TYPE type)
{
    CK_MECHANISM_TYPE list[512];
    CK_ULONG n = LEN(list);
    OK(p11->C_GetMechanismList(slot, list, &n));
    for (CK_ULONG i = 0; i < n; i++) {
        if (list[i] == type) {
            return true;
        }
    }
    return false;
}

static void r077_listed_with_flags_and_bytes(void **state)
{
    CK_MECHANISM_INFO info;
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_true(is_listed(rows[i].type));
        OK(p11->C_GetMechanismInfo(slot, rows[i].type, &info));
        assert_int_equal(info.flags, rows[i].flags);
        if (rows[i].max > 0) {
            assert_int_equal(info.ulMinKeySize, rows[i].min);
            assert_int_equal(info.ulMaxKeySize, rows[i].max);
        }
        assert_true(info.ulMinKeySize > 0 && info.ulMinKeySize <= info.ulMaxKeySize);
    }
    for (size_t i = 0; i < LEN(hashes); i++) {
        assert_true(is_listed(hashes[i].ml_dsa) && is_listed(hashes[i].slh_dsa));
        OK(p11->C_GetMechanismInfo(slot, hashes[i].ml_dsa, &info));
        assert_int_equal(info.flags, SV);
        assert_int_equal(info.ulMaxKeySize, 2592);
        OK(p11->C_GetMechanismInfo(slot, hashes[i].slh_dsa, &info));
        assert_int_equal(info.flags, SV);
        assert_int_equal(info.ulMaxKeySize, 64);
    }
}

/* ---- generation ---- */

static void check_pair(const struct pq_set *set, struct pair p)
{
    static CK_BYTE value[PQ_VALUE_MAX];
    const bool kem = set->type == CKK_ML_KEM;
    assert_int_equal(attr_ulong(S, p.pub, CKA_KEY_TYPE), set->type);
    assert_int_equal(attr_ulong(S, p.priv, CKA_KEY_TYPE), set->type);
    assert_int_equal(attr_ulong(S, p.pub, CKA_PARAMETER_SET), set->number);
    assert_int_equal(attr_ulong(S, p.priv, CKA_PARAMETER_SET), set->number);
    assert_int_equal(attr_bytes(S, p.pub, CKA_VALUE, value, sizeof value), set->pub);
    assert_int_equal(attr_bytes(S, p.priv, CKA_VALUE, value, sizeof value), set->priv);
    if (set->seed > 0) {
        assert_int_equal(attr_bytes(S, p.priv, CKA_SEED, value, sizeof value), set->seed);
    } else {
        RV(CKR_ATTRIBUTE_TYPE_INVALID,
           p11->C_GetAttributeValue(S, p.priv, T(AX(CKA_SEED, value, sizeof value))));
    }
    assert_true(attr_bool(S, p.pub, CKA_LOCAL) && attr_bool(S, p.priv, CKA_LOCAL));
    assert_int_equal(attr_ulong(S, p.pub, CKA_KEY_GEN_MECHANISM), set->generator);
    assert_int_equal(attr_ulong(S, p.priv, CKA_KEY_GEN_MECHANISM), set->generator);
    assert_int_equal(attr_bool(S, p.priv, CKA_SIGN), !kem);
    assert_int_equal(attr_bool(S, p.pub, CKA_VERIFY), !kem);
    assert_int_equal(attr_bool(S, p.priv, CKA_DECAPSULATE), kem);
    assert_int_equal(attr_bool(S, p.pub, CKA_ENCAPSULATE), kem);
    assert_int_equal(attr_bool(S, p.priv, CKA_UNWRAP), kem);
    assert_int_equal(attr_bool(S, p.pub, CKA_WRAP), kem);
    assert_int_equal(attr_bool(S, p.priv, CKA_DERIVE), kem);
    assert_int_equal(attr_bool(S, p.pub, CKA_DERIVE), kem);
    assert_false(attr_bool(S, p.priv, CKA_DECRYPT));
    assert_false(attr_bool(S, p.pub, CKA_ENCRYPT));
}

/* Both halves carry the same SubjectPublicKeyInfo, which ends with the public value. */
static void check_info(const struct pq_set *set, struct pair p)
{
    static CK_BYTE a[PQ_VALUE_MAX];
    static CK_BYTE b[PQ_VALUE_MAX];
    static CK_BYTE value[PQ_VALUE_MAX];
    const CK_ULONG n = attr_bytes(S, p.pub, CKA_PUBLIC_KEY_INFO, a, sizeof a);
    assert_int_equal(attr_bytes(S, p.priv, CKA_PUBLIC_KEY_INFO, b, sizeof b), n);
    assert_memory_equal(a, b, n);
    assert_int_equal(attr_bytes(S, p.pub, CKA_VALUE, value, sizeof value), set->pub);
    assert_true(n > set->pub + 15);
    assert_memory_equal(a + n - set->pub, value, set->pub);
}

static void generated_pairs_have_their_attributes(void **state)
{
    (void)state;
    for (size_t i = 0; i < pq_sets_n; i++) {
        if (pq_sets[i].slow) {
            continue; /* r076_slh_dsa_signs_in_every_set looks at those */
        }
        const struct pair p = pq_pair(S, pq_sets[i].generator, pq_sets[i].number);
        check_pair(&pq_sets[i], p);
        check_info(&pq_sets[i], p);
    }
}

/* Without a word in the templates a pair is sensitive and stays inside. */
static void r083_defaults_of_a_pair(void **state)
{
    (void)state;
    for (size_t i = 0; i < pq_sets_n; i++) {
        CK_OBJECT_HANDLE pub = 0;
        CK_OBJECT_HANDLE priv = 0;
        CK_BYTE b[64];
        if (pq_sets[i].slow) {
            continue;
        }
        OK(p11->C_GenerateKeyPair(S, MECH(pq_sets[i].generator),
                                  T(AU(CKA_PARAMETER_SET, pq_sets[i].number)), NULL, 0, &pub,
                                  &priv));
        assert_true(attr_bool(S, priv, CKA_PRIVATE) && attr_bool(S, priv, CKA_SENSITIVE));
        assert_false(attr_bool(S, priv, CKA_EXTRACTABLE));
        assert_true(attr_bool(S, priv, CKA_ALWAYS_SENSITIVE));
        assert_true(attr_bool(S, priv, CKA_NEVER_EXTRACTABLE));
        assert_false(attr_bool(S, pub, CKA_PRIVATE) || attr_bool(S, pub, CKA_TOKEN));
        RV(CKR_ATTRIBUTE_SENSITIVE,
           p11->C_GetAttributeValue(S, priv, T(AX(CKA_VALUE, b, sizeof b))));
        if (pq_sets[i].seed > 0) {
            RV(CKR_ATTRIBUTE_SENSITIVE,
               p11->C_GetAttributeValue(S, priv, T(AX(CKA_SEED, b, sizeof b))));
        }
    }
}

/* The set may stand in the private template, as some callers have it; both must agree. */
static void r023_where_the_parameter_set_stands(void **state)
{
    struct pair p = {0, 0};
    (void)state;
    OK(p11->C_GenerateKeyPair(S, MECH(CKM_ML_DSA_KEY_PAIR_GEN), NULL, 0,
                              T(AU(CKA_PARAMETER_SET, CKP_ML_DSA_44)), &p.pub, &p.priv));
    assert_int_equal(attr_ulong(S, p.pub, CKA_PARAMETER_SET), CKP_ML_DSA_44);
    OK(p11->C_GenerateKeyPair(S, MECH(CKM_ML_DSA_KEY_PAIR_GEN),
                              T(AU(CKA_PARAMETER_SET, CKP_ML_DSA_44)),
                              T(AU(CKA_PARAMETER_SET, CKP_ML_DSA_44)), &p.pub, &p.priv));
    RV(CKR_TEMPLATE_INCONSISTENT,
       p11->C_GenerateKeyPair(S, MECH(CKM_ML_DSA_KEY_PAIR_GEN),
                              T(AU(CKA_PARAMETER_SET, CKP_ML_DSA_44)),
                              T(AU(CKA_PARAMETER_SET, CKP_ML_DSA_65)), &p.pub, &p.priv));
    RV(CKR_TEMPLATE_INCOMPLETE,
       p11->C_GenerateKeyPair(S, MECH(CKM_ML_DSA_KEY_PAIR_GEN), NULL, 0, NULL, 0, &p.pub, &p.priv));
}

/* ---- signatures ---- */

/* One call, verified; another message, another key, a cut signature refused; each ends its operation. */
static void sign_and_verify(CK_MECHANISM *m, struct pair p, CK_OBJECT_HANDLE other, CK_ULONG size)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_ULONG n = 0;
    CK_BYTE b[1];
    OK(p11->C_SignInit(S, m, p.priv));
    OK(p11->C_Sign(S, text, sizeof text, NULL, &n));
    assert_int_equal(n, size);
    n = size - 1;
    RV(CKR_BUFFER_TOO_SMALL, p11->C_Sign(S, text, sizeof text, sig, &n));
    assert_int_equal(n, size);
    RV(CKR_OPERATION_ACTIVE, p11->C_SignInit(S, m, p.priv));
    OK(p11->C_Sign(S, text, sizeof text, sig, &n));
    assert_int_equal(n, size);
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(S, text, sizeof text, sig, &n));
    OK(pq_verify(S, m, p.pub, text, sizeof text, sig, size));
    text[0] ^= 1;
    RV(CKR_SIGNATURE_INVALID, pq_verify(S, m, p.pub, text, sizeof text, sig, size));
    text[0] ^= 1;
    RV(CKR_SIGNATURE_INVALID, pq_verify(S, m, p.pub, text, sizeof text - 1, sig, size));
    RV(CKR_SIGNATURE_INVALID, pq_verify(S, m, other, text, sizeof text, sig, size));
    RV(CKR_SIGNATURE_LEN_RANGE, pq_verify(S, m, p.pub, text, sizeof text, sig, size - 1));
    RV(CKR_SIGNATURE_LEN_RANGE, pq_verify(S, m, p.pub, text, sizeof text, sig, size + 1));
    RV(CKR_SIGNATURE_LEN_RANGE, pq_verify(S, m, p.pub, text, sizeof text, b, 0));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Verify(S, text, sizeof text, sig, size));
    for (CK_ULONG at = 0; at < size; at += size / 7) {
        sig[at] ^= 0x10;
        RV(CKR_SIGNATURE_INVALID, pq_verify(S, m, p.pub, text, sizeof text, sig, size));
        sig[at] ^= 0x10;
    }
}

static void r076_ml_dsa_signs_in_every_set(void **state)
{
    (void)state;
    for (CK_ULONG set = CKP_ML_DSA_44; set <= CKP_ML_DSA_87; set++) {
        const struct pair p = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, set);
        const struct pair q = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, set);
        sign_and_verify(MECH(CKM_ML_DSA), p, q.pub, pq_set_of(CKK_ML_DSA, set)->out);
    }
}

static void r076_slh_dsa_signs_in_every_set(void **state)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    (void)state;
    for (size_t i = 0; i < pq_sets_n; i++) {
        const struct pq_set *set = &pq_sets[i];
        if (set->type != CKK_SLH_DSA) {
            continue;
        }
        const struct pair p = pq_pair(S, set->generator, set->number);
        check_pair(set, p);
        check_info(set, p);
        if (set->number == CKP_SLH_DSA_SHA2_128F) {
            const struct pair q = pq_pair(S, set->generator, set->number);
            sign_and_verify(MECH(CKM_SLH_DSA), p, q.pub, set->out);
            continue;
        }
        assert_int_equal(pq_sign(S, MECH(set->use), p.priv, text, sizeof text, sig), set->out);
        OK(pq_verify(S, MECH(set->use), p.pub, text, sizeof text, sig, set->out));
        RV(CKR_SIGNATURE_INVALID,
           pq_verify(S, MECH(set->use), p.pub, text, sizeof text - 1, sig, set->out));
    }
}

/* A message in parts is the message; parts of any size, none at all, an empty one. */
static void parts(CK_MECHANISM_TYPE type, struct pair p, CK_ULONG size)
{
    static const CK_ULONG steps[] = {1, 7, 64, 137, 199, 200};
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_MECHANISM *m = MECH(type);
    CK_ULONG n = 0;
    for (size_t i = 0; i < LEN(steps); i++) {
        assert_int_equal(pq_sign_parts(S, m, p.priv, text, sizeof text, steps[i], sig), size);
        OK(pq_verify(S, m, p.pub, text, sizeof text, sig, size));
        OK(pq_verify_parts(S, m, p.pub, text, sizeof text, steps[LEN(steps) - 1 - i], sig, size));
        RV(CKR_SIGNATURE_INVALID,
           pq_verify_parts(S, m, p.pub, text, sizeof text - 1, steps[i], sig, size));
    }
    RV(CKR_SIGNATURE_LEN_RANGE, pq_verify_parts(S, m, p.pub, text, sizeof text, 50, sig, size - 1));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifyFinal(S, sig, size));
    /* a question and a short place leave the operation */
    OK(p11->C_SignInit(S, m, p.priv));
    OK(p11->C_SignUpdate(S, text, 100));
    RV(CKR_OPERATION_ACTIVE, p11->C_Sign(S, text, 100, sig, &(CK_ULONG){PQ_SIG_MAX}));
    OK(p11->C_SignFinal(S, NULL, &n));
    assert_int_equal(n, size);
    n = 5;
    RV(CKR_BUFFER_TOO_SMALL, p11->C_SignFinal(S, sig, &n));
    OK(p11->C_SignUpdate(S, text + 100, 100));
    OK(p11->C_SignFinal(S, sig, &n));
    OK(pq_verify(S, m, p.pub, text, sizeof text, sig, size));
    /* nothing, in both ways */
    assert_int_equal(pq_sign_parts(S, m, p.priv, text, 0, 1, sig), size);
    OK(pq_verify(S, m, p.pub, text, 0, sig, size));
    OK(pq_verify(S, m, p.pub, NULL, 0, sig, size));
    assert_int_equal(pq_sign(S, m, p.priv, NULL, 0, sig), size);
    OK(pq_verify_parts(S, m, p.pub, text, 0, 1, sig, size));
}

static void r076_messages_in_parts(void **state)
{
    (void)state;
    const struct pair dsa = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_44);
    const struct pair slh = pq_pair(S, CKM_SLH_DSA_KEY_PAIR_GEN, CKP_SLH_DSA_SHA2_128F);
    parts(CKM_ML_DSA, dsa, 2420);
    parts(CKM_HASH_ML_DSA_SHA3_256, dsa, 2420);
    parts(CKM_HASH_SLH_DSA_SHA256, slh, 17088);
}

/* What reads its message twice, or takes a digest, has no parts; trying ends the operation. */
static void r049_single_part_mechanisms(void **state)
{
    const struct pair dsa = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_44);
    const struct pair slh = pq_pair(S, CKM_SLH_DSA_KEY_PAIR_GEN, CKP_SLH_DSA_SHA2_128F);
    CK_HASH_SIGN_ADDITIONAL_CONTEXT named = {CKH_HEDGE_PREFERRED, NULL, 0, CKM_SHA256};
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_ULONG n = sizeof sig;
    const struct {
        CK_MECHANISM *m;
        struct pair p;
    } single[] = {
        {MECH(CKM_SLH_DSA), slh},
        {MECHP(CKM_HASH_SLH_DSA, named), slh},
        {MECHP(CKM_HASH_ML_DSA, named), dsa},
        {MECH(CKM_ML_DSA_EXTERNAL_MU), dsa},
    };
    (void)state;
    for (size_t i = 0; i < LEN(single); i++) {
        OK(p11->C_SignInit(S, single[i].m, single[i].p.priv));
        RV(CKR_FUNCTION_NOT_SUPPORTED, p11->C_SignUpdate(S, text, 64));
        RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(S, text, 64, sig, &n));
        OK(p11->C_SignInit(S, single[i].m, single[i].p.priv));
        RV(CKR_FUNCTION_NOT_SUPPORTED, p11->C_SignFinal(S, sig, &n));
        OK(p11->C_VerifyInit(S, single[i].m, single[i].p.pub));
        RV(CKR_FUNCTION_NOT_SUPPORTED, p11->C_VerifyUpdate(S, text, 64));
        RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Verify(S, text, 64, sig, n));
        OK(p11->C_VerifyInit(S, single[i].m, single[i].p.pub));
        RV(CKR_FUNCTION_NOT_SUPPORTED, p11->C_VerifyFinal(S, sig, n));
    }
}

/* Each hash signs, is not another hash, and is what CKM_HASH_... signs of a digest made outside. */
static void one_hash(size_t i, CK_MECHANISM_TYPE type, CK_MECHANISM_TYPE outside, struct pair p,
                     CK_ULONG size)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_BYTE d[64];
    CK_HASH_SIGN_ADDITIONAL_CONTEXT named = {CKH_HEDGE_PREFERRED, NULL, 0, hashes[i].digest};
    const size_t next = (i + 1) % LEN(hashes);
    const CK_MECHANISM_TYPE other =
        type == hashes[i].ml_dsa ? hashes[next].ml_dsa : hashes[next].slh_dsa;
    assert_int_equal(pq_sign(S, MECH(type), p.priv, text, sizeof text, sig), size);
    OK(pq_verify(S, MECH(type), p.pub, text, sizeof text, sig, size));
    OK(pq_verify_parts(S, MECH(type), p.pub, text, sizeof text, 33, sig, size));
    RV(CKR_SIGNATURE_INVALID, pq_verify(S, MECH(other), p.pub, text, sizeof text, sig, size));
    if (hashes[i].digest == 0) {
        return;
    }
    assert_int_equal(digest(hashes[i].digest, text, sizeof text, d), hashes[i].bytes);
    OK(pq_verify(S, MECHP(outside, named), p.pub, d, hashes[i].bytes, sig, size));
    pq_sign(S, MECHP(outside, named), p.priv, d, hashes[i].bytes, sig);
    OK(pq_verify(S, MECH(type), p.pub, text, sizeof text, sig, size));
    /* the digest's length is the hash's */
    OK(p11->C_SignInit(S, MECHP(outside, named), p.priv));
    RV(CKR_DATA_LEN_RANGE, p11->C_Sign(S, d, hashes[i].bytes - 1, sig, &(CK_ULONG){PQ_SIG_MAX}));
    RV(CKR_DATA_LEN_RANGE,
       pq_verify(S, MECHP(outside, named), p.pub, d, hashes[i].bytes - 1, sig, size));
    d[0] ^= 1;
    RV(CKR_SIGNATURE_INVALID,
       pq_verify(S, MECHP(outside, named), p.pub, d, hashes[i].bytes, sig, size));
}

static void r071_every_hash(void **state)
{
    (void)state;
    const struct pair dsa = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_65);
    const struct pair slh = pq_pair(S, CKM_SLH_DSA_KEY_PAIR_GEN, CKP_SLH_DSA_SHA2_128F);
    static CK_BYTE sig[PQ_SIG_MAX];
    for (size_t i = 0; i < LEN(hashes); i++) {
        one_hash(i, hashes[i].ml_dsa, CKM_HASH_ML_DSA, dsa, 3309);
        one_hash(i, hashes[i].slh_dsa, CKM_HASH_SLH_DSA, slh, 17088);
    }
    /* the pure form and the others are apart, also when the message is the digest */
    CK_BYTE d[64];
    const CK_ULONG n = digest(CKM_SHA512, text, sizeof text, d);
    CK_ULONG sig_n = pq_sign(S, MECH(CKM_HASH_ML_DSA_SHA512), dsa.priv, text, sizeof text, sig);
    RV(CKR_SIGNATURE_INVALID,
       pq_verify(S, MECH(CKM_ML_DSA), dsa.pub, text, sizeof text, sig, sig_n));
    RV(CKR_SIGNATURE_INVALID, pq_verify(S, MECH(CKM_ML_DSA), dsa.pub, d, n, sig, sig_n));
    sig_n = pq_sign(S, MECH(CKM_HASH_SLH_DSA_SHA512), slh.priv, text, sizeof text, sig);
    RV(CKR_SIGNATURE_INVALID,
       pq_verify(S, MECH(CKM_SLH_DSA), slh.pub, text, sizeof text, sig, sig_n));
    RV(CKR_SIGNATURE_INVALID, pq_verify(S, MECH(CKM_SLH_DSA), slh.pub, d, n, sig, sig_n));
}

/* Published signatures (tests/vectors/hashed): the key of its seed, and each way to sign and verify. */
struct hashed {
    const char *id;
    CK_ULONG set;
    CK_MECHANISM_TYPE digest, mechanism;
    const char *seed, *message, *context, *pk_sha256, *sig_sha256;
};

static void is_sha256(const void *p, CK_ULONG n, const char *expected)
{
    CK_BYTE have[64], want[32];
    assert_int_equal(digest(CKM_SHA256, p, n, have), sizeof want);
    assert_int_equal(unhex(expected, want), sizeof want);
    assert_memory_equal(have, want, sizeof want);
}

static void one_published(const struct hashed *v)
{
    static CK_BYTE sig[PQ_SIG_MAX], info[PQ_VALUE_MAX];
    CK_BYTE seed[32], message[64], ctx[64], d[64];
    CK_OBJECT_HANDLE priv = 0, pub = 0;
    const CK_ULONG message_n = unhex(v->message, message);
    const CK_ULONG ctx_n = unhex(v->context, ctx);
    CK_SIGN_ADDITIONAL_CONTEXT c = {CKH_DETERMINISTIC_REQUIRED, ctx, ctx_n};
    CK_HASH_SIGN_ADDITIONAL_CONTEXT outside = {CKH_DETERMINISTIC_REQUIRED, ctx, ctx_n, v->digest};
    OK(pq_import_private(S, CKK_ML_DSA, v->set, NULL, 0, seed, unhex(v->seed, seed), &priv));
    const CK_ULONG info_n = attr_bytes(S, priv, CKA_PUBLIC_KEY_INFO, info, sizeof info);
    const CK_ULONG pk_n = pq_set_of(CKK_ML_DSA, v->set)->pub;
    assert_true(info_n > pk_n); /* it ends with the key */
    const CK_BYTE *pk = info + info_n - pk_n;
    is_sha256(pk, pk_n, v->pk_sha256);
    OK(pq_import_public(S, CKK_ML_DSA, v->set, pk, pk_n, &pub));
    CK_ULONG n = pq_sign(S, MECHP(v->mechanism, c), priv, message, message_n, sig);
    is_sha256(sig, n, v->sig_sha256);
    OK(pq_verify(S, MECHP(v->mechanism, c), pub, message, message_n, sig, n));
    n = pq_sign_parts(S, MECHP(v->mechanism, c), priv, message, message_n, 5, sig);
    is_sha256(sig, n, v->sig_sha256);
    const CK_ULONG d_n = digest(v->digest, message, message_n, d);
    n = pq_sign(S, MECHP(CKM_HASH_ML_DSA, outside), priv, d, d_n, sig);
    is_sha256(sig, n, v->sig_sha256);
    OK(pq_verify(S, MECHP(CKM_HASH_ML_DSA, outside), pub, d, d_n, sig, n));
    ctx[0] ^= 1;
    RV(CKR_SIGNATURE_INVALID,
       pq_verify(S, MECHP(v->mechanism, c), pub, message, message_n, sig, n));
    ctx[0] ^= 1;
    sig[n / 2] ^= 1;
    RV(CKR_SIGNATURE_INVALID,
       pq_verify(S, MECHP(v->mechanism, c), pub, message, message_n, sig, n));
    OK(p11->C_DestroyObject(S, priv));
    OK(p11->C_DestroyObject(S, pub));
}

static void published_hashes(void **state)
{
    (void)state;
    static const struct hashed vectors[] = {
#define HASHED(...) {__VA_ARGS__},
#include "../vectors/hashed/ml_dsa.inc"
#undef HASHED
    };
    for (size_t i = 0; i < LEN(vectors); i++) {
        print_message("%s\n", vectors[i].id);
        one_published(&vectors[i]);
    }
}

/* ---- contexts ---- */

static CK_BYTE context[255];

/* TYPE with a context of N bytes: verifies with the same and with no other. */
static void one_context(CK_MECHANISM_TYPE type, struct pair p, CK_ULONG n, CK_ULONG size)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_SIGN_ADDITIONAL_CONTEXT c = {CKH_HEDGE_PREFERRED, context, n};
    assert_int_equal(pq_sign(S, MECHP(type, c), p.priv, text, sizeof text, sig), size);
    OK(pq_verify(S, MECHP(type, c), p.pub, text, sizeof text, sig, size));
    const CK_RV bare = pq_verify(S, MECH(type), p.pub, text, sizeof text, sig, size);
    assert_int_equal(bare, n == 0 ? CKR_OK : CKR_SIGNATURE_INVALID);
    c.ulContextLen = n == 0 ? 1 : n - 1;
    RV(CKR_SIGNATURE_INVALID, pq_verify(S, MECHP(type, c), p.pub, text, sizeof text, sig, size));
    c.ulContextLen = n;
    if (n > 0) {
        context[n - 1] ^= 1;
        RV(CKR_SIGNATURE_INVALID,
           pq_verify(S, MECHP(type, c), p.pub, text, sizeof text, sig, size));
        context[n - 1] ^= 1;
    }
}

static void r071_contexts(void **state)
{
    static const CK_ULONG sizes[] = {0, 1, 17, 254, 255};
    (void)state;
    for (size_t i = 0; i < sizeof context; i++) {
        context[i] = (CK_BYTE)i;
    }
    const struct pair dsa = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_44);
    const struct pair slh = pq_pair(S, CKM_SLH_DSA_KEY_PAIR_GEN, CKP_SLH_DSA_SHA2_128F);
    for (size_t i = 0; i < LEN(sizes); i++) {
        one_context(CKM_ML_DSA, dsa, sizes[i], 2420);
        one_context(CKM_HASH_ML_DSA_SHA256, dsa, sizes[i], 2420);
        one_context(CKM_SLH_DSA, slh, sizes[i], 17088);
        one_context(CKM_HASH_SLH_DSA_SHAKE128, slh, sizes[i], 17088);
    }
}

/* The context of a digest made outside, and that contexts go through parts too. */
static void r071_contexts_elsewhere(void **state)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_BYTE d[64];
    CK_HASH_SIGN_ADDITIONAL_CONTEXT named = {CKH_HEDGE_PREFERRED, context, 20, CKM_SHA3_256};
    CK_SIGN_ADDITIONAL_CONTEXT c = {CKH_HEDGE_PREFERRED, context, 20};
    (void)state;
    const struct pair p = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_87);
    const CK_ULONG d_n = digest(CKM_SHA3_256, text, sizeof text, d);
    CK_ULONG n = pq_sign(S, MECHP(CKM_HASH_ML_DSA, named), p.priv, d, d_n, sig);
    OK(pq_verify_parts(S, MECHP(CKM_HASH_ML_DSA_SHA3_256, c), p.pub, text, sizeof text, 9, sig, n));
    named.ulContextLen = 19;
    RV(CKR_SIGNATURE_INVALID, pq_verify(S, MECHP(CKM_HASH_ML_DSA, named), p.pub, d, d_n, sig, n));
    n = pq_sign_parts(S, MECHP(CKM_ML_DSA, c), p.priv, text, sizeof text, 13, sig);
    OK(pq_verify(S, MECHP(CKM_ML_DSA, c), p.pub, text, sizeof text, sig, n));
    RV(CKR_SIGNATURE_INVALID, pq_verify(S, MECH(CKM_ML_DSA), p.pub, text, sizeof text, sig, n));
}

/* A pointer without length is an empty context, and nobody frees it (item 8). */
static void r008_a_context_of_no_length(void **state)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_SIGN_ADDITIONAL_CONTEXT c = {CKH_HEDGE_PREFERRED, context, 0};
    CK_SIGN_ADDITIONAL_CONTEXT none = {CKH_HEDGE_PREFERRED, NULL, 0};
    (void)state;
    const struct pair p = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_44);
    const CK_ULONG n = pq_sign(S, MECHP(CKM_ML_DSA, c), p.priv, text, sizeof text, sig);
    OK(pq_verify(S, MECHP(CKM_ML_DSA, none), p.pub, text, sizeof text, sig, n));
    OK(pq_verify(S, MECH(CKM_ML_DSA), p.pub, text, sizeof text, sig, n));
}

/* The token keeps a copy: what the caller does to his after C_SignInit does not matter. */
static void a_context_is_copied(void **state)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_BYTE mine[8] = "context";
    CK_SIGN_ADDITIONAL_CONTEXT c = {CKH_HEDGE_PREFERRED, mine, sizeof mine};
    CK_MECHANISM m = {CKM_ML_DSA, &c, sizeof c};
    CK_ULONG n = sizeof sig;
    (void)state;
    const struct pair p = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_44);
    OK(p11->C_SignInit(S, &m, p.priv));
    memset(mine, 0xff, sizeof mine);
    c.ulContextLen = 0;
    OK(p11->C_Sign(S, text, sizeof text, sig, &n));
    memcpy(mine, "context", sizeof mine);
    c.ulContextLen = sizeof mine;
    OK(pq_verify(S, &m, p.pub, text, sizeof text, sig, n));
}

/* ---- hedging ---- */

static void hedges(CK_MECHANISM_TYPE type, struct pair p, CK_ULONG size)
{
    static CK_BYTE a[PQ_SIG_MAX];
    static CK_BYTE b[PQ_SIG_MAX];
    for (CK_HEDGE_TYPE h = CKH_HEDGE_PREFERRED; h <= CKH_DETERMINISTIC_REQUIRED; h++) {
        CK_SIGN_ADDITIONAL_CONTEXT c = {h, NULL, 0};
        assert_int_equal(pq_sign(S, MECHP(type, c), p.priv, text, 64, a), size);
        assert_int_equal(pq_sign(S, MECHP(type, c), p.priv, text, 64, b), size);
        assert_int_equal(memcmp(a, b, size) == 0, h == CKH_DETERMINISTIC_REQUIRED);
        OK(pq_verify(S, MECHP(type, c), p.pub, text, 64, a, size));
        OK(pq_verify(S, MECH(type), p.pub, text, 64, b, size));
    }
    pq_sign(S, MECH(type), p.priv, text, 64, a);
    pq_sign(S, MECH(type), p.priv, text, 64, b);
    assert_memory_not_equal(a, b, size); /* without a parameter: hedged */
}

static void r071_hedging(void **state)
{
    (void)state;
    const struct pair dsa = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_65);
    const struct pair slh = pq_pair(S, CKM_SLH_DSA_KEY_PAIR_GEN, CKP_SLH_DSA_SHAKE_128F);
    hedges(CKM_ML_DSA, dsa, 3309);
    hedges(CKM_HASH_ML_DSA_SHA512, dsa, 3309);
    hedges(CKM_ML_DSA_EXTERNAL_MU, dsa, 3309);
    hedges(CKM_SLH_DSA, slh, 17088);
    hedges(CKM_HASH_SLH_DSA_SHA256, slh, 17088);
}

/* A number without meaning is refused to who signs, and ignored for who verifies, as the standard says. */
static void r071_hedge_values_without_meaning(void **state)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    static const CK_HEDGE_TYPE values[] = {3, 4, 255, 0x80000000UL, ~0UL};
    (void)state;
    const struct pair dsa = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_44);
    const struct pair slh = pq_pair(S, CKM_SLH_DSA_KEY_PAIR_GEN, CKP_SLH_DSA_SHA2_128F);
    const struct {
        CK_MECHANISM_TYPE type;
        struct pair p;
    } list[] = {
        {CKM_ML_DSA, dsa},  {CKM_HASH_ML_DSA_SHA256, dsa},  {CKM_ML_DSA_EXTERNAL_MU, dsa},
        {CKM_SLH_DSA, slh}, {CKM_HASH_SLH_DSA_SHA256, slh},
    };
    for (size_t i = 0; i < LEN(list); i++) {
        const CK_ULONG n = pq_sign(S, MECH(list[i].type), list[i].p.priv, text, 64, sig);
        for (size_t k = 0; k < LEN(values); k++) {
            CK_SIGN_ADDITIONAL_CONTEXT c = {values[k], NULL, 0};
            RV(CKR_MECHANISM_PARAM_INVALID,
               p11->C_SignInit(S, MECHP(list[i].type, c), list[i].p.priv));
            OK(pq_verify(S, MECHP(list[i].type, c), list[i].p.pub, text, 64, sig, n));
        }
    }
    CK_HASH_SIGN_ADDITIONAL_CONTEXT named = {3, NULL, 0, CKM_SHA512};
    RV(CKR_MECHANISM_PARAM_INVALID, p11->C_SignInit(S, MECHP(CKM_HASH_ML_DSA, named), dsa.priv));
    named.hedgeVariant = CKH_DETERMINISTIC_REQUIRED;
    const CK_ULONG n = pq_sign(S, MECHP(CKM_HASH_ML_DSA, named), dsa.priv, text, 64, sig);
    named.hedgeVariant = 77;
    OK(pq_verify(S, MECHP(CKM_HASH_ML_DSA, named), dsa.pub, text, 64, sig, n));
}

/* ---- external mu ---- */

static void mu_by(CK_MU_GEN_PARAMS params, CK_ULONG step, CK_BYTE mu[64])
{
    CK_ULONG n = 0;
    OK(p11->C_DigestInit(S, MECHP(CKM_ML_DSA_EXTERNAL_MU_GEN, params)));
    OK(p11->C_Digest(S, text, sizeof text, NULL, &n));
    assert_int_equal(n, 64);
    n--;
    RV(CKR_BUFFER_TOO_SMALL, p11->C_Digest(S, text, sizeof text, mu, &n));
    n = 64;
    if (step == 0) {
        OK(p11->C_Digest(S, text, sizeof text, mu, &n));
    } else {
        for (CK_ULONG at = 0; at < sizeof text; at += step) {
            OK(p11->C_DigestUpdate(S, text + at,
                                   sizeof text - at < step ? sizeof text - at : step));
        }
        OK(p11->C_DigestFinal(S, mu, &n));
    }
    assert_int_equal(n, 64);
}

static void r071_external_mu(void **state)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_BYTE mu[4][64];
    (void)state;
    for (CK_ULONG set = CKP_ML_DSA_44; set <= CKP_ML_DSA_87; set++) {
        const struct pair p = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, set);
        const CK_ULONG size = pq_set_of(CKK_ML_DSA, set)->out;
        CK_SIGN_ADDITIONAL_CONTEXT c = {CKH_HEDGE_PREFERRED, context, 9};
        CK_MU_GEN_PARAMS by_public = {p.pub, NULL, 0, context, 9};
        CK_MU_GEN_PARAMS by_private = {p.priv, NULL, 0, context, 9};
        CK_MU_GEN_PARAMS bare = {p.pub, NULL, 0, NULL, 0};
        mu_by(by_public, 0, mu[0]);
        mu_by(by_private, 0, mu[1]);
        mu_by(by_private, 11, mu[2]);
        mu_by(bare, 0, mu[3]);
        assert_memory_equal(mu[0], mu[1], 64);
        assert_memory_equal(mu[0], mu[2], 64);
        assert_memory_not_equal(mu[0], mu[3], 64);
        /* a signature is the same thing either way */
        pq_sign(S, MECHP(CKM_ML_DSA, c), p.priv, text, sizeof text, sig);
        OK(pq_verify(S, MECH(CKM_ML_DSA_EXTERNAL_MU), p.pub, mu[0], 64, sig, size));
        RV(CKR_SIGNATURE_INVALID,
           pq_verify(S, MECH(CKM_ML_DSA_EXTERNAL_MU), p.pub, mu[3], 64, sig, size));
        pq_sign(S, MECH(CKM_ML_DSA_EXTERNAL_MU), p.priv, mu[0], 64, sig);
        OK(pq_verify(S, MECHP(CKM_ML_DSA, c), p.pub, text, sizeof text, sig, size));
        RV(CKR_SIGNATURE_INVALID,
           pq_verify(S, MECH(CKM_ML_DSA), p.pub, text, sizeof text, sig, size));
        pq_sign(S, MECH(CKM_ML_DSA_EXTERNAL_MU), p.priv, mu[3], 64, sig);
        OK(pq_verify(S, MECH(CKM_ML_DSA), p.pub, text, sizeof text, sig, size));
    }
}

/* tr of a key is SHAKE256 of its public value, 64 bytes: what the empty message's digest with SHAKE256
 * of itself cannot say, a key of known tr can. FIPS 204, algorithm 6: tr are the bytes 64 to 127 of sk
 * (algorithm 24: rho 32, K 32, tr 64). */
static void r071_external_mu_from_a_digest(void **state)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    static CK_BYTE sk[PQ_VALUE_MAX];
    CK_BYTE mu[2][64];
    (void)state;
    const struct pair p = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_65);
    assert_int_equal(attr_bytes(S, p.priv, CKA_VALUE, sk, sizeof sk), 4032);
    CK_MU_GEN_PARAMS by_key = {p.pub, NULL, 0, context, 3};
    CK_MU_GEN_PARAMS by_tr = {CK_INVALID_HANDLE, sk + 64, 64, context, 3};
    mu_by(by_key, 0, mu[0]);
    mu_by(by_tr, 0, mu[1]);
    assert_memory_equal(mu[0], mu[1], 64);
    mu_by(by_tr, 64, mu[1]);
    assert_memory_equal(mu[0], mu[1], 64);
    CK_SIGN_ADDITIONAL_CONTEXT c = {CKH_HEDGE_REQUIRED, context, 3};
    const CK_ULONG n = pq_sign(S, MECH(CKM_ML_DSA_EXTERNAL_MU), p.priv, mu[1], 64, sig);
    OK(pq_verify(S, MECHP(CKM_ML_DSA, c), p.pub, text, sizeof text, sig, n));
}

/* The parameter says a key or a digest, and one that is there and is an ML-DSA key. */
static void r007_parameters_of_external_mu(void **state)
{
    CK_BYTE tr[64] = {1};
    CK_BYTE out[64];
    CK_ULONG n = sizeof out;
    (void)state;
    const struct pair p = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_44);
    const struct pair kem = pq_pair(S, CKM_ML_KEM_KEY_PAIR_GEN, CKP_ML_KEM_512);
    const CK_OBJECT_HANDLE aes = aes_key(S, 16);
    const struct {
        CK_MU_GEN_PARAMS p;
        CK_RV rv;
    } bad[] = {
        {{CK_INVALID_HANDLE, NULL, 0, NULL, 0}, CKR_MECHANISM_PARAM_INVALID},
        {{CK_INVALID_HANDLE, NULL, 64, NULL, 0}, CKR_MECHANISM_PARAM_INVALID},
        {{CK_INVALID_HANDLE, tr, 63, NULL, 0}, CKR_MECHANISM_PARAM_INVALID},
        {{CK_INVALID_HANDLE, tr, 65, NULL, 0}, CKR_MECHANISM_PARAM_INVALID},
        {{CK_INVALID_HANDLE, tr, ~0UL, NULL, 0}, CKR_MECHANISM_PARAM_INVALID},
        {{CK_INVALID_HANDLE, tr, 64, NULL, 1}, CKR_MECHANISM_PARAM_INVALID},
        {{CK_INVALID_HANDLE, tr, 64, tr, 256}, CKR_MECHANISM_PARAM_INVALID},
        {{CK_INVALID_HANDLE, tr, 64, tr, ~0UL}, CKR_MECHANISM_PARAM_INVALID},
        {{p.pub, tr, 64, NULL, 0}, CKR_MECHANISM_PARAM_INVALID},
        {{4711, NULL, 0, NULL, 0}, CKR_KEY_HANDLE_INVALID},
        {{kem.pub, NULL, 0, NULL, 0}, CKR_KEY_TYPE_INCONSISTENT},
        {{kem.priv, NULL, 0, NULL, 0}, CKR_KEY_TYPE_INCONSISTENT},
        {{aes, NULL, 0, NULL, 0}, CKR_KEY_TYPE_INCONSISTENT},
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        CK_MU_GEN_PARAMS params = bad[i].p;
        RV(bad[i].rv, p11->C_DigestInit(S, MECHP(CKM_ML_DSA_EXTERNAL_MU_GEN, params)));
        RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Digest(S, tr, sizeof tr, out, &n));
    }
    CK_MU_GEN_PARAMS right = {p.pub, NULL, 0, NULL, 0};
    OK(p11->C_DigestInit(S, MECHP(CKM_ML_DSA_EXTERNAL_MU_GEN, right)));
    RV(CKR_KEY_INDIGESTIBLE, p11->C_DigestKey(S, secret_import(S, tr, sizeof tr))); /* item 48 */
    RV(CKR_STATE_UNSAVEABLE, p11->C_GetOperationState(S, NULL, &n));
    OK(p11->C_DigestInit(S, NULL));
    RV(CKR_MECHANISM_INVALID, p11->C_SignInit(S, MECH(CKM_ML_DSA_EXTERNAL_MU_GEN), p.priv));
    /* mu has 64 bytes */
    OK(p11->C_SignInit(S, MECH(CKM_ML_DSA_EXTERNAL_MU), p.priv));
    RV(CKR_DATA_LEN_RANGE, p11->C_Sign(S, text, 63, tr, &(CK_ULONG){5000}));
    RV(CKR_DATA_LEN_RANGE, pq_verify(S, MECH(CKM_ML_DSA_EXTERNAL_MU), p.pub, text, 65, text, 2420));
    /* and no context of its own */
    CK_SIGN_ADDITIONAL_CONTEXT c = {CKH_HEDGE_PREFERRED, context, 1};
    RV(CKR_MECHANISM_PARAM_INVALID, p11->C_SignInit(S, MECHP(CKM_ML_DSA_EXTERNAL_MU, c), p.priv));
}

/* What a key gives to mu is public: no login is asked for (items 44, 98), but after log-out a private
 * key is gone. */
static void r044_external_mu_of_a_private_key(void **state)
{
    struct pair p = {0, 0};
    CK_BYTE mu[64];
    CK_ULONG n = sizeof mu;
    (void)state;
    OK(p11->C_GenerateKeyPair(S, MECH(CKM_CRATON_ML_DSA_44), NULL, 0,
                              T(AB(CKA_ALWAYS_AUTHENTICATE, CK_TRUE), AB(CKA_TOKEN, CK_TRUE)),
                              &p.pub, &p.priv));
    CK_MU_GEN_PARAMS params = {p.priv, NULL, 0, NULL, 0};
    mu_by(params, 0, mu);
    OK(p11->C_DigestInit(S, MECHP(CKM_ML_DSA_EXTERNAL_MU_GEN, params)));
    OK(p11->C_DigestUpdate(S, text, 10));
    OK(p11->C_Logout(S));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DigestFinal(S, mu, &n));
    RV(CKR_KEY_HANDLE_INVALID, p11->C_DigestInit(S, MECHP(CKM_ML_DSA_EXTERNAL_MU_GEN, params)));
}

/* ---- vendor numbers ---- */

static const struct {
    CK_MECHANISM_TYPE vendor, use;
    CK_KEY_TYPE type;
    CK_ULONG set;
} vendor[] = {
    {CKM_CRATON_ML_KEM_512, CKM_ML_KEM, CKK_ML_KEM, CKP_ML_KEM_512},
    {CKM_CRATON_ML_KEM_768, CKM_ML_KEM, CKK_ML_KEM, CKP_ML_KEM_768},
    {CKM_CRATON_ML_KEM_1024, CKM_ML_KEM, CKK_ML_KEM, CKP_ML_KEM_1024},
    {CKM_CRATON_ML_DSA_44, CKM_ML_DSA, CKK_ML_DSA, CKP_ML_DSA_44},
    {CKM_CRATON_ML_DSA_65, CKM_ML_DSA, CKK_ML_DSA, CKP_ML_DSA_65},
    {CKM_CRATON_ML_DSA_87, CKM_ML_DSA, CKK_ML_DSA, CKP_ML_DSA_87},
    {CKM_CRATON_SLH_DSA_SHA2_128S, CKM_SLH_DSA, CKK_SLH_DSA, CKP_SLH_DSA_SHA2_128S},
    {CKM_CRATON_SLH_DSA_SHA2_256S, CKM_SLH_DSA, CKK_SLH_DSA, CKP_SLH_DSA_SHA2_256S},
};

static void crosswise(CK_MECHANISM_TYPE a, CK_MECHANISM_TYPE b, struct pair p)
{
    static CK_BYTE out[PQ_SIG_MAX];
    if (a == CKM_ML_KEM || b == CKM_ML_KEM) {
        CK_OBJECT_HANDLE key = 0;
        const CK_ULONG n = pq_encapsulate(S, a, p.pub, out, &key);
        assert_true(pq_same(S, key, pq_decapsulate(S, b, p.priv, out, n)));
        return;
    }
    const CK_ULONG n = pq_sign(S, MECH(a), p.priv, text, sizeof text, out);
    OK(pq_verify(S, MECH(b), p.pub, text, sizeof text, out, n));
}

static void r076_vendor_numbers_are_aliases(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(vendor); i++) {
        const struct pair p = pq_pair(S, vendor[i].vendor, SET_OF_MECHANISM);
        assert_int_equal(attr_ulong(S, p.pub, CKA_KEY_TYPE), vendor[i].type);
        assert_int_equal(attr_ulong(S, p.priv, CKA_PARAMETER_SET), vendor[i].set);
        crosswise(vendor[i].vendor, vendor[i].use, p);
        crosswise(vendor[i].use, vendor[i].vendor, p);
        /* the set may be said, and must then be the mechanism's */
        struct pair q = {0, 0};
        const CK_ULONG other = vendor[i].set == 1 ? 2 : 1;
        if (vendor[i].type != CKK_SLH_DSA) {
            q = pq_pair(S, vendor[i].vendor, vendor[i].set);
        }
        RV(CKR_TEMPLATE_INCONSISTENT,
           p11->C_GenerateKeyPair(S, MECH(vendor[i].vendor), T(AU(CKA_PARAMETER_SET, other)), NULL,
                                  0, &q.pub, &q.priv));
    }
}

static void r082_vendor_numbers_and_other_sets(void **state)
{
    CK_BYTE ct[2000];
    CK_ULONG n = sizeof ct;
    CK_OBJECT_HANDLE key = 0;
    (void)state;
    const struct pair dsa = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_65);
    const struct pair kem = pq_pair(S, CKM_ML_KEM_KEY_PAIR_GEN, CKP_ML_KEM_768);
    const struct pair slh = pq_pair(S, CKM_SLH_DSA_KEY_PAIR_GEN, CKP_SLH_DSA_SHA2_128F);
    for (size_t i = 0; i < LEN(vendor); i++) {
        CK_MECHANISM *m = MECH(vendor[i].vendor);
        if (vendor[i].use == CKM_ML_KEM) {
            const bool right = vendor[i].set == CKP_ML_KEM_768;
            const CK_RV rv = right ? CKR_OK : CKR_KEY_TYPE_INCONSISTENT;
            RV(rv, p11->C_EncapsulateKey(S, m, kem.pub, NULL, 0, NULL, &n, &key));
            n = sizeof ct;
            RV(rv, p11->C_EncapsulateKey(S, m, kem.pub, NULL, 0, ct, &n, &key));
            RV(rv, p11->C_DecapsulateKey(S, m, kem.priv, NULL, 0, ct, 1088, &key));
            RV(CKR_KEY_TYPE_INCONSISTENT,
               p11->C_EncapsulateKey(S, m, dsa.pub, NULL, 0, ct, &n, &key));
            continue;
        }
        const bool right = vendor[i].use == CKM_ML_DSA && vendor[i].set == CKP_ML_DSA_65;
        RV(right ? CKR_OK : CKR_KEY_TYPE_INCONSISTENT, p11->C_SignInit(S, m, dsa.priv));
        RV(right ? CKR_OK : CKR_KEY_TYPE_INCONSISTENT, p11->C_VerifyInit(S, m, dsa.pub));
        OK(p11->C_SignInit(S, NULL, 0));
        OK(p11->C_VerifyInit(S, NULL, 0));
        RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_SignInit(S, m, slh.priv));
        RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_SignInit(S, m, kem.priv));
    }
}

/* A vendor number's parameter is for its use: to make keys it has none. */
static void r006_generation_has_no_parameter(void **state)
{
    struct pair p = {0, 0};
    CK_BYTE b[1088] = {0};
    CK_SIGN_ADDITIONAL_CONTEXT c = {CKH_HEDGE_PREFERRED, NULL, 0};
    CK_ULONG n = sizeof b;
    CK_CRATON_KEM_DERIVE_PARAMS d = {0, NULL, 0, NULL, 0, b, &n};
    (void)state;
    CK_MECHANISM *const bad[] = {
        MECHX(CKM_CRATON_ML_KEM_768, b, 1088),
        MECHX(CKM_CRATON_ML_KEM_768, b, 1),
        MECHP(CKM_CRATON_ML_KEM_768, d),
        MECHP(CKM_CRATON_ML_DSA_65, c),
        MECHX(CKM_CRATON_ML_DSA_65, b, 1),
        MECHX(CKM_CRATON_ML_DSA_65, NULL, 24),
        MECHP(CKM_CRATON_SLH_DSA_SHA2_128S, c),
        MECHP(CKM_CRATON_HYBRID_ML_DSA_ECDSA, c),
        MECHX(CKM_ML_DSA_KEY_PAIR_GEN, b, 8),
        MECHX(CKM_ML_KEM_KEY_PAIR_GEN, b, 8),
        MECHX(CKM_CRATON_HYBRID_X25519_ML_KEM_768, b, 8),
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        RV(CKR_MECHANISM_PARAM_INVALID,
           p11->C_GenerateKeyPair(S, bad[i], T(AU(CKA_PARAMETER_SET, 2)), NULL, 0, &p.pub,
                                  &p.priv));
    }
    assert_int_equal(p.pub, 0);
    assert_int_equal(pq_objects(S), 0);
}

/* Vendor key types are taken for the standard's, in templates of every kind. */
static void vendor_key_types_in_templates(void **state)
{
    static const struct {
        CK_KEY_TYPE vendor, standard;
        CK_ULONG set;
    } types[] = {
        {CKK_CRATON_ML_KEM, CKK_ML_KEM, CKP_ML_KEM_512},
        {CKK_CRATON_ML_DSA, CKK_ML_DSA, CKP_ML_DSA_44},
        {CKK_CRATON_SLH_DSA, CKK_SLH_DSA, CKP_SLH_DSA_SHA2_128F},
    };
    static CK_BYTE value[PQ_VALUE_MAX];
    (void)state;
    for (size_t i = 0; i < LEN(types); i++) {
        const struct pq_set *set = pq_set_of(types[i].standard, types[i].set);
        struct pair p = {0, 0};
        CK_OBJECT_HANDLE o = 0;
        OK(p11->C_GenerateKeyPair(
            S, MECH(set->generator),
            T(AU(CKA_PARAMETER_SET, set->number), AU(CKA_KEY_TYPE, types[i].vendor)),
            T(AU(CKA_KEY_TYPE, types[i].vendor)), &p.pub, &p.priv));
        assert_int_equal(attr_ulong(S, p.pub, CKA_KEY_TYPE), types[i].standard);
        assert_int_equal(find(S, T(AU(CKA_KEY_TYPE, types[i].vendor)), NULL, 0), 2);
        assert_int_equal(find(S, T(AU(CKA_KEY_TYPE, types[i].standard)), NULL, 0), 2);
        assert_int_equal(
            find(S, T(AU(CKA_KEY_TYPE, types[i].vendor), AU(CKA_CLASS, CKO_PUBLIC_KEY)), &o, 1), 1);
        assert_int_equal(o, p.pub);
        const CK_ULONG n = attr_bytes(S, p.pub, CKA_VALUE, value, sizeof value);
        OK(pq_import_public(S, types[i].vendor, set->number, value, n, &o));
        assert_int_equal(attr_ulong(S, o, CKA_KEY_TYPE), types[i].standard);
        RV(CKR_TEMPLATE_INCONSISTENT,
           p11->C_GenerateKeyPair(
               S, MECH(set->generator),
               T(AU(CKA_PARAMETER_SET, set->number), AU(CKA_KEY_TYPE, types[(i + 1) % 3].vendor)),
               NULL, 0, &p.pub, &p.priv));
    }
}

/* ---- keys that come back ---- */

/* Exported and imported again, by value, by seed or by both: the same key. */
static void import_and_use(const struct pq_set *set, struct pair p, const CK_BYTE *value,
                           const CK_BYTE *seed)
{
    static CK_BYTE out[PQ_SIG_MAX];
    CK_OBJECT_HANDLE priv = 0;
    CK_OBJECT_HANDLE key = 0;
    OK(pq_import_private(S, set->type, set->number, value, set->priv, seed, set->seed, &priv));
    assert_true(pq_same(S, p.priv, priv)); /* the value is completed from the seed */
    assert_false(attr_bool(S, priv, CKA_LOCAL) || attr_bool(S, priv, CKA_ALWAYS_SENSITIVE) ||
                 attr_bool(S, priv, CKA_NEVER_EXTRACTABLE));
    assert_int_equal(attr_ulong(S, priv, CKA_KEY_GEN_MECHANISM), CK_UNAVAILABLE_INFORMATION);
    if (set->type == CKK_ML_KEM) {
        const CK_ULONG n = pq_encapsulate(S, set->use, p.pub, out, &key);
        assert_true(pq_same(S, key, pq_decapsulate(S, set->use, priv, out, n)));
        return;
    }
    const CK_ULONG n = pq_sign(S, MECH(set->use), priv, text, sizeof text, out);
    OK(pq_verify(S, MECH(set->use), p.pub, text, sizeof text, out, n));
}

static void imported_keys_work(void **state)
{
    static CK_BYTE value[PQ_VALUE_MAX];
    static CK_BYTE pub[PQ_VALUE_MAX];
    CK_BYTE seed[64];
    (void)state;
    for (size_t i = 0; i < pq_sets_n; i++) {
        const struct pq_set *set = &pq_sets[i];
        if (set->slow) {
            continue;
        }
        struct pair p = pq_pair(S, set->generator, set->number);
        attr_bytes(S, p.priv, CKA_VALUE, value, sizeof value);
        attr_bytes(S, p.pub, CKA_VALUE, pub, sizeof pub);
        OK(pq_import_public(S, set->type, set->number, pub, set->pub, &p.pub));
        import_and_use(set, p, value, NULL);
        if (set->seed > 0) {
            attr_bytes(S, p.priv, CKA_SEED, seed, sizeof seed);
            import_and_use(set, p, NULL, seed);
            import_and_use(set, p, value, seed);
        }
    }
}

/* ---- the operation's other ways ---- */

/* Megabytes, in one piece and in parts (item 29); what is signed without chance shows that it is the
 * same message. */
static void r029_large_messages(void **state)
{
    enum { MANY = 3 << 20 };
    static CK_BYTE large[MANY];
    static CK_BYTE a[PQ_SIG_MAX];
    static CK_BYTE b[PQ_SIG_MAX];
    CK_SIGN_ADDITIONAL_CONTEXT c = {CKH_DETERMINISTIC_REQUIRED, NULL, 0};
    (void)state;
    for (size_t i = 0; i < sizeof large; i++) {
        large[i] = (CK_BYTE)(i * 7 + (i >> 12));
    }
    const struct pair dsa = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_44);
    const struct pair slh = pq_pair(S, CKM_SLH_DSA_KEY_PAIR_GEN, CKP_SLH_DSA_SHA2_128F);
    static const CK_MECHANISM_TYPE types[] = {CKM_ML_DSA, CKM_HASH_ML_DSA_SHA256};
    for (size_t i = 0; i < LEN(types); i++) {
        const CK_ULONG n = pq_sign(S, MECHP(types[i], c), dsa.priv, large, MANY, a);
        assert_int_equal(pq_sign_parts(S, MECHP(types[i], c), dsa.priv, large, MANY, 65537, b), n);
        assert_memory_equal(a, b, n);
        OK(pq_verify_parts(S, MECH(types[i]), dsa.pub, large, MANY, 1000003, a, n));
        large[MANY - 1] ^= 1;
        RV(CKR_SIGNATURE_INVALID, pq_verify(S, MECH(types[i]), dsa.pub, large, MANY, a, n));
        large[MANY - 1] ^= 1;
    }
    const CK_ULONG n = pq_sign(S, MECH(CKM_SLH_DSA), slh.priv, large, MANY, a);
    OK(pq_verify(S, MECH(CKM_SLH_DSA), slh.pub, large, MANY, a, n));
    RV(CKR_SIGNATURE_INVALID, pq_verify(S, MECH(CKM_SLH_DSA), slh.pub, large, MANY - 1, a, n));
}

/* Signing beside encrypting, where signing takes parts (item 49). */
static void r049_signing_while_encrypting(void **state)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_BYTE iv[16] = {0};
    CK_BYTE mid[64];
    CK_ULONG n = sizeof mid;
    CK_ULONG sig_n = sizeof sig;
    (void)state;
    const struct pair dsa = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_44);
    const struct pair slh = pq_pair(S, CKM_SLH_DSA_KEY_PAIR_GEN, CKP_SLH_DSA_SHA2_128F);
    const CK_OBJECT_HANDLE aes = aes_key(S, 16);
    OK(p11->C_SignInit(S, MECH(CKM_ML_DSA), dsa.priv));
    OK(p11->C_EncryptInit(S, MECHX(CKM_AES_CBC, iv, 16), aes));
    OK(p11->C_SignEncryptUpdate(S, text, 64, mid, &n));
    OK(p11->C_SignFinal(S, sig, &sig_n));
    OK(pq_verify(S, MECH(CKM_ML_DSA), dsa.pub, text, 64, sig, sig_n));
    OK(p11->C_EncryptInit(S, NULL, 0));
    CK_BYTE out[64];
    CK_ULONG out_n = sizeof out;
    OK(p11->C_VerifyInit(S, MECH(CKM_ML_DSA), dsa.pub));
    OK(p11->C_DecryptInit(S, MECHX(CKM_AES_CBC, iv, 16), aes));
    OK(p11->C_DecryptVerifyUpdate(S, mid, n, out, &out_n));
    assert_memory_equal(out, text, 64);
    OK(p11->C_VerifyFinal(S, sig, sig_n));
    OK(p11->C_DecryptInit(S, NULL, 0));
    /* mu of a message while it is encrypted */
    CK_MU_GEN_PARAMS params = {dsa.pub, NULL, 0, NULL, 0};
    CK_BYTE mu[64];
    n = sizeof mid;
    CK_ULONG mu_n = sizeof mu;
    OK(p11->C_DigestInit(S, MECHP(CKM_ML_DSA_EXTERNAL_MU_GEN, params)));
    OK(p11->C_EncryptInit(S, MECHX(CKM_AES_CBC, iv, 16), aes));
    OK(p11->C_DigestEncryptUpdate(S, text, 64, mid, &n));
    OK(p11->C_DigestFinal(S, mu, &mu_n));
    OK(pq_verify(S, MECH(CKM_ML_DSA_EXTERNAL_MU), dsa.pub, mu, mu_n, sig, sig_n));
    OK(p11->C_EncryptInit(S, NULL, 0));
    /* what takes no parts ends both */
    OK(p11->C_SignInit(S, MECH(CKM_SLH_DSA), slh.priv));
    OK(p11->C_EncryptInit(S, MECHX(CKM_AES_CBC, iv, 16), aes));
    n = sizeof mid;
    RV(CKR_FUNCTION_NOT_SUPPORTED, p11->C_SignEncryptUpdate(S, text, 64, mid, &n));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(S, text, 64, sig, &sig_n));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Encrypt(S, text, 64, mid, &n));
}

static void r045_cancelling(void **state)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_ULONG n = sizeof sig;
    (void)state;
    const struct pair p = pq_pair(S, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_44);
    OK(p11->C_SignInit(S, MECH(CKM_ML_DSA), p.priv));
    OK(p11->C_SignUpdate(S, text, 10));
    OK(p11->C_VerifyInit(S, MECH(CKM_ML_DSA), p.pub));
    RV(CKR_STATE_UNSAVEABLE, p11->C_GetOperationState(S, NULL, &n)); /* item 47 */
    OK(p11->C_SessionCancel(S, CKF_SIGN));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_SignFinal(S, sig, &n));
    OK(p11->C_VerifyUpdate(S, text, 10)); /* the other goes on */
    OK(p11->C_SessionCancel(S, CKF_VERIFY | CKF_ENCAPSULATE | CKF_DECAPSULATE));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifyFinal(S, sig, 2420));
    /* a new message knows nothing of the one before */
    n = pq_sign(S, MECH(CKM_ML_DSA), p.priv, text, 20, sig);
    OK(pq_verify(S, MECH(CKM_ML_DSA), p.pub, text, 20, sig, n));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_sessions, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(r077_listed_with_flags_and_bytes),
        TEST(generated_pairs_have_their_attributes),
        TEST(r083_defaults_of_a_pair),
        TEST(r023_where_the_parameter_set_stands),
        TEST(r076_ml_dsa_signs_in_every_set),
        TEST(r076_slh_dsa_signs_in_every_set),
        TEST(r076_messages_in_parts),
        TEST(r049_single_part_mechanisms),
        TEST(r071_every_hash),
        TEST(published_hashes),
        TEST(r071_contexts),
        TEST(r071_contexts_elsewhere),
        TEST(r008_a_context_of_no_length),
        TEST(a_context_is_copied),
        TEST(r071_hedging),
        TEST(r071_hedge_values_without_meaning),
        TEST(r071_external_mu),
        TEST(r071_external_mu_from_a_digest),
        TEST(r007_parameters_of_external_mu),
        TEST(r044_external_mu_of_a_private_key),
        TEST(r029_large_messages),
        TEST(r049_signing_while_encrypting),
        TEST(r045_cancelling),
        TEST(r076_vendor_numbers_are_aliases),
        TEST(r082_vendor_numbers_and_other_sets),
        TEST(r006_generation_has_no_parameter),
        TEST(vendor_key_types_in_templates),
        TEST(imported_keys_work),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
