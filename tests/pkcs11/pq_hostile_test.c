/* SPDX-License-Identifier: Apache-2.0
 *
 * Post-quantum keys and parameters that are wrong: of every wrong length, contradicting each other,
 * outside of their ranges, mixed up. Each is refused with its code, and changes nothing.
 */
#include "pq.h"

static CK_SESSION_HANDLE S;

static int open_sessions(void **state)
{
    (void)state;
    S = user_session();
    return 0;
}

static CK_BYTE value[1 << 17];
static CK_BYTE seed[128];
static CK_BYTE pub[PQ_VALUE_MAX];

/* Reads a pair's values into the three. */
static void values_of(const struct pq_set *set, struct pair p)
{
    assert_int_equal(attr_bytes(S, p.priv, CKA_VALUE, value, sizeof value), set->priv);
    assert_int_equal(attr_bytes(S, p.pub, CKA_VALUE, pub, sizeof pub), set->pub);
    if (set->seed > 0) {
        assert_int_equal(attr_bytes(S, p.priv, CKA_SEED, seed, sizeof seed), set->seed);
    }
}

/* ---- values ---- */

static void r024_every_wrong_length(void **state)
{
    static const CK_ULONG large[] = {16384, 65535, 65536, 65537, 0x7fffffff, ~0UL};
    (void)state;
    for (size_t i = 0; i < pq_sets_n; i++) {
        const struct pq_set *set = &pq_sets[i];
        CK_OBJECT_HANDLE o = 4711;
        /* each length where it is cheap to try, else those around the right ones of every set */
        for (CK_ULONG n = 0; n < 5000; n += n < 130 || set->number == 1 ? 1 : 61) {
            if (n != set->pub) {
                RV(CKR_ATTRIBUTE_VALUE_INVALID,
                   pq_import_public(S, set->type, set->number, value, n, &o));
            }
            if (n != set->priv) {
                RV(CKR_ATTRIBUTE_VALUE_INVALID,
                   pq_import_private(S, set->type, set->number, value, n, NULL, 0, &o));
            }
            if (set->seed > 0 && n != set->seed) {
                RV(CKR_ATTRIBUTE_VALUE_INVALID,
                   pq_import_private(S, set->type, set->number, NULL, 0, value, n, &o));
            }
        }
        for (size_t k = 0; k < pq_sets_n; k++) {
            for (CK_ULONG d = 0; d < 3; d++) {
                if (pq_sets[k].pub + d - 1 != set->pub) {
                    RV(CKR_ATTRIBUTE_VALUE_INVALID,
                       pq_import_public(S, set->type, set->number, value, pq_sets[k].pub + d - 1,
                                        &o));
                }
                if (pq_sets[k].priv + d - 1 != set->priv) {
                    RV(CKR_ATTRIBUTE_VALUE_INVALID,
                       pq_import_private(S, set->type, set->number, value, pq_sets[k].priv + d - 1,
                                         NULL, 0, &o));
                }
            }
        }
        for (size_t k = 0; k < LEN(large); k++) {
            RV(CKR_ATTRIBUTE_VALUE_INVALID,
               pq_import_public(S, set->type, set->number, value, large[k], &o));
            RV(CKR_ATTRIBUTE_VALUE_INVALID,
               pq_import_private(S, set->type, set->number, value, large[k], NULL, 0, &o));
        }
        assert_int_equal(o, 4711);
    }
    assert_int_equal(pq_objects(S), 0);
}

/* A set that the type does not have; one that is not said; one that is another than the value's. */
static void r023_parameter_sets(void **state)
{
    static const CK_ULONG none[] = {0, 4, 13, 0x7fffffff, 0x80000001UL, 0x80000101UL, ~0UL};
    (void)state;
    for (size_t i = 0; i < pq_sets_n; i++) {
        const struct pq_set *set = &pq_sets[i];
        struct pair p = {0, 0};
        CK_OBJECT_HANDLE o = 4711;
        if (set->slow) {
            continue;
        }
        const struct pair made = pq_pair(S, set->generator, set->number);
        values_of(set, made);
        const CK_ULONG before = pq_objects(S);
        for (size_t k = 0; k < LEN(none); k++) {
            if (none[k] == 4 && set->type == CKK_SLH_DSA) {
                continue;
            }
            RV(CKR_PARAMETER_SET_NOT_SUPPORTED,
               p11->C_GenerateKeyPair(S, MECH(set->generator), T(AU(CKA_PARAMETER_SET, none[k])),
                                      NULL, 0, &p.pub, &p.priv));
            RV(CKR_PARAMETER_SET_NOT_SUPPORTED,
               pq_import_public(S, set->type, none[k], pub, set->pub, &o));
            RV(CKR_PARAMETER_SET_NOT_SUPPORTED,
               pq_import_private(S, set->type, none[k], value, set->priv, NULL, 0, &o));
        }
        for (CK_ULONG n = 0; n <= 16; n++) { /* a number has 8 bytes (item 9) */
            if (n != 8) {
                RV(CKR_ATTRIBUTE_VALUE_INVALID,
                   p11->C_GenerateKeyPair(S, MECH(set->generator),
                                          T(AX(CKA_PARAMETER_SET, value, n)), NULL, 0, &p.pub,
                                          &p.priv));
            }
        }
        RV(CKR_TEMPLATE_INCOMPLETE,
           p11->C_CreateObject(S,
                               T(AU(CKA_CLASS, CKO_PUBLIC_KEY), AU(CKA_KEY_TYPE, set->type),
                                 AX(CKA_VALUE, pub, set->pub)),
                               &o));
        RV(CKR_TEMPLATE_INCOMPLETE,
           p11->C_CreateObject(S,
                               T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, set->type),
                                 AX(CKA_VALUE, value, set->priv)),
                               &o));
        RV(CKR_TEMPLATE_INCOMPLETE,
           p11->C_CreateObject(S,
                               T(AU(CKA_CLASS, CKO_PUBLIC_KEY), AU(CKA_KEY_TYPE, set->type),
                                 AU(CKA_PARAMETER_SET, set->number)),
                               &o));
        RV(CKR_TEMPLATE_INCOMPLETE,
           pq_import_private(S, set->type, set->number, NULL, 0, NULL, 0, &o));
        for (size_t k = 0; k < pq_sets_n; k++) { /* another set of the type, other sizes */
            if (pq_sets[k].type == set->type && pq_sets[k].pub != set->pub) {
                RV(CKR_ATTRIBUTE_VALUE_INVALID,
                   pq_import_public(S, set->type, pq_sets[k].number, pub, set->pub, &o));
                RV(CKR_ATTRIBUTE_VALUE_INVALID, pq_import_private(S, set->type, pq_sets[k].number,
                                                                  value, set->priv, NULL, 0, &o));
            }
        }
        assert_int_equal(o, 4711);
        assert_int_equal(pq_objects(S), before);
    }
}

/* A seed and a value of two keys; a seed where the type has none. */
static void r070_seed_against_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < pq_sets_n; i++) {
        const struct pq_set *set = &pq_sets[i];
        CK_OBJECT_HANDLE o = 4711;
        if (set->slow) {
            continue;
        }
        values_of(set, pq_pair(S, set->generator, set->number));
        const CK_ULONG before = pq_objects(S);
        if (set->seed == 0) {
            RV(CKR_ATTRIBUTE_TYPE_INVALID,
               pq_import_private(S, set->type, set->number, value, set->priv, seed, 32, &o));
            continue;
        }
        RV(CKR_ATTRIBUTE_TYPE_INVALID,
           p11->C_CreateObject(S,
                               T(AU(CKA_CLASS, CKO_PUBLIC_KEY), AU(CKA_KEY_TYPE, set->type),
                                 AU(CKA_PARAMETER_SET, set->number), AX(CKA_VALUE, pub, set->pub),
                                 AX(CKA_SEED, seed, set->seed)),
                               &o));
        for (CK_ULONG at = 0; at < set->seed; at += 9) {
            seed[at] ^= 0x20;
            RV(CKR_ATTRIBUTE_VALUE_INVALID,
               pq_import_private(S, set->type, set->number, value, set->priv, seed, set->seed, &o));
            seed[at] ^= 0x20;
        }
        for (CK_ULONG at = 0; at < set->priv; at += 101) { /* any byte of the value */
            value[at] ^= 0x01;
            RV(CKR_ATTRIBUTE_VALUE_INVALID,
               pq_import_private(S, set->type, set->number, value, set->priv, seed, set->seed, &o));
            value[at] ^= 0x01;
        }
        value[set->priv - 1] ^= 0x80;
        RV(CKR_ATTRIBUTE_VALUE_INVALID,
           pq_import_private(S, set->type, set->number, value, set->priv, seed, set->seed, &o));
        /* both, and one of them of a wrong length */
        value[set->priv - 1] ^= 0x80;
        RV(CKR_ATTRIBUTE_VALUE_INVALID,
           pq_import_private(S, set->type, set->number, value, set->priv, seed, set->seed - 1, &o));
        RV(CKR_ATTRIBUTE_VALUE_INVALID,
           pq_import_private(S, set->type, set->number, value, set->priv - 1, seed, set->seed, &o));
        RV(CKR_ATTRIBUTE_VALUE_INVALID,
           pq_import_private(S, set->type, set->number, value, 0, seed, set->seed, &o));
        RV(CKR_ATTRIBUTE_VALUE_INVALID,
           pq_import_private(S, set->type, set->number, value, set->priv, seed, 0, &o));
        assert_int_equal(o, 4711);
        assert_int_equal(pq_objects(S), before);
        OK(pq_import_private(S, set->type, set->number, value, set->priv, seed, set->seed, &o));
    }
}

/* Puts 12-bit number NUMBER at place I of an encapsulation key (FIPS 203, algorithm 5: the low bits
 * first). */
static void put_number(CK_BYTE *ek, CK_ULONG i, unsigned number)
{
    CK_BYTE *at = ek + i / 2 * 3;
    if (i % 2 == 0) {
        at[0] = (CK_BYTE)number;
        at[1] = (CK_BYTE)((at[1] & 0xf0) | number >> 8);
    } else {
        at[1] = (CK_BYTE)((at[1] & 0x0f) | (number & 0x0f) << 4);
        at[2] = (CK_BYTE)(number >> 4);
    }
}

/* FIPS 203, 7.2: every number of an encapsulation key is below q = 3329. */
static void r070_modulus_check(void **state)
{
    (void)state;
    for (CK_ULONG number = CKP_ML_KEM_512; number <= CKP_ML_KEM_1024; number++) {
        const struct pq_set *set = pq_set_of(CKK_ML_KEM, number);
        const CK_ULONG count = (set->pub - 32) * 2 / 3;
        CK_OBJECT_HANDLE o = 4711;
        values_of(set, pq_pair(S, set->generator, set->number));
        const CK_ULONG before = pq_objects(S);
        for (CK_ULONG i = 0; i < count; i += i < 4 ? 1 : 37) {
            CK_BYTE saved[3];
            memcpy(saved, pub + i / 2 * 3, 3);
            static const unsigned out[] = {3329, 3330, 3584, 4095};
            for (size_t k = 0; k < LEN(out); k++) {
                put_number(pub, i, out[k]);
                RV(CKR_PUBLIC_KEY_INVALID,
                   pq_import_public(S, CKK_ML_KEM, number, pub, set->pub, &o));
            }
            assert_int_equal(o, 4711);
            memcpy(pub + i / 2 * 3, saved, 3);
        }
        put_number(pub, count - 1, 3329);
        RV(CKR_PUBLIC_KEY_INVALID, pq_import_public(S, CKK_ML_KEM, number, pub, set->pub, &o));
        memset(pub, 0xff, set->pub);
        RV(CKR_PUBLIC_KEY_INVALID, pq_import_public(S, CKK_ML_KEM, number, pub, set->pub, &o));
        assert_int_equal(pq_objects(S), before);
        /* the last number that there is, and the smallest */
        for (CK_ULONG i = 0; i < count; i++) {
            put_number(pub, i, i % 2 == 0 ? 3328 : 0);
        }
        OK(pq_import_public(S, CKK_ML_KEM, number, pub, set->pub, &o));
    }
}

/* FIPS 203, 7.3: the hash of the encapsulation key inside a decapsulation key. dk = s, ek, its hash, z. */
static void r070_hash_check(void **state)
{
    (void)state;
    for (CK_ULONG number = CKP_ML_KEM_512; number <= CKP_ML_KEM_1024; number++) {
        const struct pq_set *set = pq_set_of(CKK_ML_KEM, number);
        const CK_ULONG hash_at = set->priv - 64;
        const CK_ULONG ek_at = hash_at - set->pub;
        CK_OBJECT_HANDLE o = 4711;
        values_of(set, pq_pair(S, set->generator, set->number));
        assert_memory_equal(value + ek_at, pub, set->pub);
        const CK_ULONG before = pq_objects(S);
        for (CK_ULONG at = hash_at; at < hash_at + 32; at++) {
            value[at] ^= 1;
            RV(CKR_ATTRIBUTE_VALUE_INVALID,
               pq_import_private(S, CKK_ML_KEM, number, value, set->priv, NULL, 0, &o));
            value[at] ^= 1;
        }
        for (CK_ULONG at = ek_at; at < hash_at; at += 59) { /* ek changed, its hash not */
            value[at] ^= 1;
            ONE_OF(pq_import_private(S, CKK_ML_KEM, number, value, set->priv, NULL, 0, &o),
                   CKR_ATTRIBUTE_VALUE_INVALID, CKR_PUBLIC_KEY_INVALID);
            value[at] ^= 1;
        }
        assert_int_equal(o, 4711);
        assert_int_equal(pq_objects(S), before);
    }
}

/* An expanded ML-DSA key is rho, K, tr, s1, s2, t0 (FIPS 204, algorithm 24): all but K can be checked
 * against each other. SLH-DSA: SK.seed, SK.prf, PK.seed, PK.root: the root follows from SK.seed and
 * PK.seed. */
static void r071_private_values_that_are_none(void **state)
{
    CK_OBJECT_HANDLE o = 4711;
    (void)state;
    const struct pq_set *dsa = pq_set_of(CKK_ML_DSA, CKP_ML_DSA_44);
    values_of(dsa, pq_pair(S, dsa->generator, dsa->number));
    CK_ULONG before = pq_objects(S);
    for (CK_ULONG at = 0; at < dsa->priv; at += at < 130 ? 7 : 53) {
        if (at >= 32 && at < 64) {
            continue;
        }
        value[at] ^= 1;
        RV(CKR_ATTRIBUTE_VALUE_INVALID,
           pq_import_private(S, CKK_ML_DSA, dsa->number, value, dsa->priv, NULL, 0, &o));
        value[at] ^= 1;
    }
    /* numbers out of range: s1 and s2 are -2 to 2 in three bits each */
    memset(value + 128, 0xff, 96);
    RV(CKR_ATTRIBUTE_VALUE_INVALID,
       pq_import_private(S, CKK_ML_DSA, dsa->number, value, dsa->priv, NULL, 0, &o));
    assert_int_equal(pq_objects(S), before);
    const struct pq_set *slh = pq_set_of(CKK_SLH_DSA, CKP_SLH_DSA_SHA2_128F);
    values_of(slh, pq_pair(S, slh->generator, slh->number));
    before = pq_objects(S);
    for (CK_ULONG at = 0; at < slh->priv; at += 5) {
        if (at >= 16 && at < 32) {
            continue;
        }
        value[at] ^= 1;
        RV(CKR_ATTRIBUTE_VALUE_INVALID,
           pq_import_private(S, CKK_SLH_DSA, slh->number, value, slh->priv, NULL, 0, &o));
        value[at] ^= 1;
    }
    assert_int_equal(o, 4711);
    assert_int_equal(pq_objects(S), before);
}

/* ---- parameters ---- */

static const struct use {
    CK_MECHANISM_TYPE type;
    CK_KEY_TYPE key;
    bool named; /* the hash is in the parameter */
} uses[] = {
    {CKM_ML_DSA, CKK_ML_DSA, false},
    {CKM_CRATON_ML_DSA_44, CKK_ML_DSA, false},
    {CKM_HASH_ML_DSA_SHA256, CKK_ML_DSA, false},
    {CKM_HASH_ML_DSA_SHAKE256, CKK_ML_DSA, false},
    {CKM_HASH_ML_DSA, CKK_ML_DSA, true},
    {CKM_ML_DSA_EXTERNAL_MU, CKK_ML_DSA, false},
    {CKM_SLH_DSA, CKK_SLH_DSA, false},
    {CKM_HASH_SLH_DSA_SHA512, CKK_SLH_DSA, false},
    {CKM_HASH_SLH_DSA, CKK_SLH_DSA, true},
    {CKM_COMP_SIG, CKK_COMP_SIG, false},
    {CKM_COMP_SIG_EXTERNAL_HASH, CKK_COMP_SIG, false},
};

struct keys {
    struct pair dsa, slh, comp, kem;
};

static struct keys make_keys(void)
{
    return (struct keys){
        .dsa = pq_pair(S, CKM_CRATON_ML_DSA_44, SET_OF_MECHANISM),
        .slh = pq_pair(S, CKM_SLH_DSA_KEY_PAIR_GEN, CKP_SLH_DSA_SHA2_128F),
        .comp = pq_pair(S, CKM_COMP_SIG_KEY_PAIR_GEN, CKP_COMP_SIG_MLDSA44_ED25519_SHA512),
        .kem = pq_pair(S, CKM_CRATON_ML_KEM_512, SET_OF_MECHANISM),
    };
}

static struct pair key_for(const struct keys *k, CK_KEY_TYPE type)
{
    return type == CKK_ML_DSA ? k->dsa : type == CKK_SLH_DSA ? k->slh : k->comp;
}

/* Refused by both, and no operation is left. */
static void refused(CK_MECHANISM *m, struct pair p)
{
    CK_BYTE b[64] = {0};
    CK_ULONG n = sizeof b;
    RV(CKR_MECHANISM_PARAM_INVALID, p11->C_SignInit(S, m, p.priv));
    RV(CKR_MECHANISM_PARAM_INVALID, p11->C_VerifyInit(S, m, p.pub));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(S, b, sizeof b, b, &n));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Verify(S, b, sizeof b, b, sizeof b));
}

static void r006_parameter_sizes(void **state)
{
    static CK_BYTE zeros[128];
    (void)state;
    const struct keys keys = make_keys();
    for (size_t i = 0; i < LEN(uses); i++) {
        const struct pair p = key_for(&keys, uses[i].key);
        const CK_ULONG right = uses[i].named ? sizeof(CK_HASH_SIGN_ADDITIONAL_CONTEXT)
                                             : sizeof(CK_SIGN_ADDITIONAL_CONTEXT);
        for (CK_ULONG n = uses[i].named ? 0 : 1; n < sizeof zeros; n++) {
            if (n != right) {
                refused(MECHX(uses[i].type, zeros, n), p);
            }
            if (n > 0) {
                refused(MECHX(uses[i].type, NULL, n), p);
            }
        }
        refused(MECHX(uses[i].type, zeros, ~0UL), p);
        refused(MECHX(uses[i].type, NULL, ~0UL), p);
    }
}

static void r007_contexts(void **state)
{
    static CK_BYTE bytes[512];
    static const CK_ULONG lengths[] = {256, 257, 65536, 0x100000000UL, ~0UL, ~0UL - 7};
    (void)state;
    const struct keys keys = make_keys();
    for (size_t i = 0; i < LEN(uses); i++) {
        const struct pair p = key_for(&keys, uses[i].key);
        CK_HASH_SIGN_ADDITIONAL_CONTEXT c = {CKH_HEDGE_PREFERRED, bytes, 0, CKM_SHA256};
        const CK_ULONG size = uses[i].named ? sizeof c : sizeof(CK_SIGN_ADDITIONAL_CONTEXT);
        CK_MECHANISM *m = MECHX(uses[i].type, &c, size); /* the one is the other's beginning */
        for (size_t k = 0; k < LEN(lengths); k++) {
            c.ulContextLen = lengths[k];
            c.pContext = bytes;
            refused(m, p);
            c.pContext = NULL;
            refused(m, p);
        }
        c.pContext = NULL;
        c.ulContextLen = 1;
        refused(m, p);
        if (uses[i].named) { /* hashes that are none, or that nobody has an OID for */
            static const CK_MECHANISM_TYPE none[] = {0,         CKM_SHA256_HMAC,     CKM_ML_DSA,
                                                     CKM_SHA_1, CKM_SHA256_RSA_PKCS, ~0UL};
            c = (CK_HASH_SIGN_ADDITIONAL_CONTEXT){CKH_HEDGE_PREFERRED, NULL, 0, 0};
            for (size_t k = 0; k < LEN(none); k++) {
                c.hash = none[k];
                refused(m, p);
            }
        }
        /* a hedge without meaning: refused to who signs */
        c = (CK_HASH_SIGN_ADDITIONAL_CONTEXT){3, NULL, 0, CKM_SHA256};
        RV(CKR_MECHANISM_PARAM_INVALID, p11->C_SignInit(S, m, p.priv));
    }
}

static void r011_parameters_at_any_alignment(void **state)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_BYTE data[64] = {7};
    (void)state;
    const struct keys keys = make_keys();
    for (size_t i = 0; i < LEN(uses); i++) {
        const struct pair p = key_for(&keys, uses[i].key);
        const bool bare = uses[i].type == CKM_ML_DSA_EXTERNAL_MU;
        CK_HASH_SIGN_ADDITIONAL_CONTEXT c = {CKH_HEDGE_PREFERRED, BYTE_PTR("context"), bare ? 0 : 7,
                                             CKM_SHA512};
        const CK_ULONG size = uses[i].named ? sizeof c : sizeof(CK_SIGN_ADDITIONAL_CONTEXT);
        for (size_t shift = 1; shift < 8; shift += 3) {
            CK_BYTE room[64];
            CK_BYTE mroom[64];
            memcpy(room + shift, &c, sizeof c);
            const CK_MECHANISM m = {uses[i].type, room + shift, size};
            memcpy(mroom + shift, &m, sizeof m);
            CK_MECHANISM *odd = (CK_MECHANISM *)(void *)(mroom + shift);
            const CK_ULONG n = pq_sign(S, odd, p.priv, data, sizeof data, sig);
            OK(pq_verify(S, MECHX(uses[i].type, &c, size), p.pub, data, sizeof data, sig, n));
            OK(pq_verify(S, odd, p.pub, data, sizeof data, sig, n));
        }
    }
}

/* ---- data ---- */

static void r002_data_and_signatures(void **state)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_BYTE data[64] = {7};
    (void)state;
    const struct keys keys = make_keys();
    for (size_t i = 0; i < LEN(uses); i++) {
        const struct pair p = key_for(&keys, uses[i].key);
        CK_HASH_SIGN_ADDITIONAL_CONTEXT c = {CKH_HEDGE_PREFERRED, NULL, 0, CKM_SHA512};
        CK_MECHANISM *m = uses[i].named ? MECHP(uses[i].type, c) : MECH(uses[i].type);
        static const CK_ULONG huge[] = {~0UL, ~0UL >> 1, 1UL << 40};
        CK_ULONG n = 0;
        for (size_t k = 0; k < LEN(huge); k++) {
            n = sizeof sig;
            OK(p11->C_SignInit(S, m, p.priv));
            RV(CKR_DATA_LEN_RANGE, p11->C_Sign(S, data, huge[k], sig, &n));
            RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(S, data, 64, sig, &n));
            OK(p11->C_VerifyInit(S, m, p.pub));
            RV(CKR_DATA_LEN_RANGE, p11->C_Verify(S, data, huge[k], sig, 10));
            OK(p11->C_VerifyInit(S, m, p.pub));
            REFUSED(p11->C_Verify(S, data, 64, sig, huge[k]));
            RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Verify(S, data, 64, sig, 10));
        }
        OK(p11->C_SignInit(S, m, p.priv));
        RV(CKR_ARGUMENTS_BAD, p11->C_Sign(S, NULL, 64, sig, &n)); /* item 4 */
        OK(p11->C_SignInit(S, m, p.priv));
        RV(CKR_ARGUMENTS_BAD, p11->C_Sign(S, data, 64, sig, NULL));
        OK(p11->C_VerifyInit(S, m, p.pub));
        RV(CKR_ARGUMENTS_BAD, p11->C_Verify(S, data, 64, NULL, 100));
        OK(p11->C_VerifyInit(S, m, p.pub));
        RV(CKR_SIGNATURE_LEN_RANGE, p11->C_Verify(S, data, 64, NULL, 0)); /* item 35 */
        RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Verify(S, data, 64, sig, 10));
        /* the message lies where the signature goes (item 30) */
        static CK_BYTE one[PQ_SIG_MAX + 64];
        memcpy(one, data, 64);
        n = PQ_SIG_MAX;
        OK(p11->C_SignInit(S, m, p.priv));
        OK(p11->C_Sign(S, one, 64, one, &n));
        OK(pq_verify(S, m, p.pub, data, 64, one, n));
        memcpy(one + 40, data, 64);
        n = PQ_SIG_MAX;
        OK(p11->C_SignInit(S, m, p.priv));
        OK(p11->C_Sign(S, one + 40, 64, one, &n));
        OK(pq_verify(S, m, p.pub, data, 64, one, n));
    }
}

/* Every length of a signature but its own. */
static void r057_signatures_of_a_wrong_length(void **state)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_BYTE data[64] = {7};
    (void)state;
    const struct keys keys = make_keys();
    const CK_ULONG n = pq_sign(S, MECH(CKM_ML_DSA), keys.dsa.priv, data, sizeof data, sig);
    for (CK_ULONG k = 0; k < 5000; k++) {
        if (k != n) {
            RV(CKR_SIGNATURE_LEN_RANGE,
               pq_verify(S, MECH(CKM_ML_DSA), keys.dsa.pub, data, sizeof data, sig, k));
        }
    }
    const CK_ULONG m = pq_sign(S, MECH(CKM_SLH_DSA), keys.slh.priv, data, sizeof data, sig);
    static const CK_ULONG others[] = {0, 1, 7856, 16224, 17087, 17089, 35664, 49856, 50000};
    assert_int_equal(m, 17088);
    for (size_t k = 0; k < LEN(others); k++) {
        RV(CKR_SIGNATURE_LEN_RANGE,
           pq_verify(S, MECH(CKM_SLH_DSA), keys.slh.pub, data, sizeof data, sig, others[k]));
    }
    memset(sig, 0, sizeof sig);
    RV(CKR_SIGNATURE_INVALID,
       pq_verify(S, MECH(CKM_ML_DSA), keys.dsa.pub, data, sizeof data, sig, n));
    RV(CKR_SIGNATURE_INVALID,
       pq_verify(S, MECH(CKM_SLH_DSA), keys.slh.pub, data, sizeof data, sig, m));
    memset(sig, 0xff, sizeof sig);
    RV(CKR_SIGNATURE_INVALID,
       pq_verify(S, MECH(CKM_ML_DSA), keys.dsa.pub, data, sizeof data, sig, n));
    RV(CKR_SIGNATURE_INVALID,
       pq_verify(S, MECH(CKM_SLH_DSA), keys.slh.pub, data, sizeof data, sig, m));
}

/* ---- mixed up ---- */

static void r082_every_mechanism_with_every_key(void **state)
{
    CK_OBJECT_HANDLE rsa[2];
    CK_OBJECT_HANDLE ed[2];
    (void)state;
    const struct keys keys = make_keys();
    rsa_pair(S, 2048, &rsa[0], &rsa[1]);
    edwards_pair(S, &ED25519, &ed[0], &ed[1]);
    const struct {
        CK_KEY_TYPE type;
        struct pair p;
    } all[] = {
        {CKK_ML_DSA, keys.dsa},
        {CKK_SLH_DSA, keys.slh},
        {CKK_COMP_SIG, keys.comp},
        {CKK_ML_KEM, keys.kem},
        {CKK_RSA, {rsa[0], rsa[1]}},
        {CKK_EC_EDWARDS, {ed[0], ed[1]}},
        {CKK_AES, {aes_key(S, 32), aes_key(S, 32)}},
    };
    for (size_t i = 0; i < LEN(uses); i++) {
        CK_HASH_SIGN_ADDITIONAL_CONTEXT c = {CKH_HEDGE_PREFERRED, NULL, 0, CKM_SHA512};
        CK_MECHANISM *m = uses[i].named ? MECHP(uses[i].type, c) : MECH(uses[i].type);
        for (size_t k = 0; k < LEN(all); k++) {
            const bool right = all[k].type == uses[i].key;
            RV(right ? CKR_OK : CKR_KEY_TYPE_INCONSISTENT, p11->C_SignInit(S, m, all[k].p.priv));
            RV(right ? CKR_OK : CKR_KEY_TYPE_INCONSISTENT, p11->C_VerifyInit(S, m, all[k].p.pub));
            OK(p11->C_SignInit(S, NULL, 0));
            OK(p11->C_VerifyInit(S, NULL, 0));
            /* the wrong half of a pair */
            RV(CKR_KEY_TYPE_INCONSISTENT,
               p11->C_SignInit(S, m, all[k].type == CKK_AES ? keys.dsa.pub : all[k].p.pub));
            RV(CKR_KEY_TYPE_INCONSISTENT,
               p11->C_VerifyInit(S, m, all[k].type == CKK_AES ? keys.dsa.priv : all[k].p.priv));
        }
        RV(CKR_KEY_HANDLE_INVALID, p11->C_SignInit(S, m, 0));
        RV(CKR_KEY_HANDLE_INVALID, p11->C_VerifyInit(S, m, ~0UL));
        RV(CKR_MECHANISM_INVALID, p11->C_EncryptInit(S, m, keys.dsa.pub));
        RV(CKR_MECHANISM_INVALID, p11->C_DecryptInit(S, m, keys.dsa.priv));
        RV(CKR_MECHANISM_INVALID, p11->C_DigestInit(S, m));
        CK_OBJECT_HANDLE o = 0;
        RV(CKR_MECHANISM_INVALID, p11->C_DeriveKey(S, m, keys.dsa.priv, NULL, 0, &o));
        RV(CKR_MECHANISM_INVALID, p11->C_GenerateKey(S, m, NULL, 0, &o));
    }
    /* classical mechanisms with our keys */
    static const CK_MECHANISM_TYPE classical[] = {CKM_ECDSA, CKM_EDDSA, CKM_SHA256_RSA_PKCS,
                                                  CKM_SHA256_HMAC, CKM_AES_CMAC};
    for (size_t i = 0; i < LEN(classical); i++) {
        for (size_t k = 0; k < 4; k++) {
            RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_SignInit(S, MECH(classical[i]), all[k].p.priv));
        }
    }
}

/* Keys of secret class, or of a type that is none, as post-quantum ones. */
static void r013_classes_and_types(void **state)
{
    CK_OBJECT_HANDLE o = 4711;
    struct pair p = {0, 0};
    (void)state;
    const struct pq_set *set = pq_set_of(CKK_ML_DSA, CKP_ML_DSA_44);
    values_of(set, pq_pair(S, set->generator, set->number));
    const CK_ULONG before = pq_objects(S);
    RV(CKR_ATTRIBUTE_VALUE_INVALID,
       p11->C_CreateObject(
           S,
           T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_ML_DSA), AX(CKA_VALUE, seed, 32)),
           &o));
    RV(CKR_ATTRIBUTE_VALUE_INVALID, pq_import_public(S, 0x80000055UL, 1, pub, set->pub, &o));
    RV(CKR_ATTRIBUTE_VALUE_INVALID, pq_import_public(S, CKK_AES, 1, pub, set->pub, &o));
    RV(CKR_ATTRIBUTE_TYPE_INVALID, pq_import_public(S, CKK_RSA, 1, pub, set->pub, &o));
    RV(CKR_TEMPLATE_INCONSISTENT,
       p11->C_GenerateKeyPair(S, MECH(CKM_ML_DSA_KEY_PAIR_GEN),
                              T(AU(CKA_PARAMETER_SET, 1), AU(CKA_CLASS, CKO_PRIVATE_KEY)), NULL, 0,
                              &p.pub, &p.priv));
    RV(CKR_TEMPLATE_INCONSISTENT,
       p11->C_GenerateKeyPair(S, MECH(CKM_ML_DSA_KEY_PAIR_GEN),
                              T(AU(CKA_PARAMETER_SET, 1), AU(CKA_KEY_TYPE, CKK_ML_KEM)), NULL, 0,
                              &p.pub, &p.priv));
    static const CK_ATTRIBUTE_TYPE made[] = {CKA_VALUE, CKA_SEED};
    for (size_t i = 0; i < LEN(made); i++) {
        RV(CKR_ATTRIBUTE_READ_ONLY,
           p11->C_GenerateKeyPair(S, MECH(CKM_CRATON_ML_DSA_44), NULL, 0, T(AX(made[i], seed, 32)),
                                  &p.pub, &p.priv));
    }
    RV(CKR_ATTRIBUTE_READ_ONLY,
       p11->C_GenerateKeyPair(S, MECH(CKM_CRATON_ML_DSA_44), T(AX(CKA_VALUE, pub, set->pub)), NULL,
                              0, &p.pub, &p.priv));
    RV(CKR_MECHANISM_INVALID,
       p11->C_GenerateKey(S, MECH(CKM_ML_DSA_KEY_PAIR_GEN), T(AU(CKA_PARAMETER_SET, 1)), &o));
    RV(CKR_MECHANISM_INVALID,
       p11->C_GenerateKeyPair(S, MECH(CKM_ML_DSA), T(AU(CKA_PARAMETER_SET, 1)), NULL, 0, &p.pub,
                              &p.priv));
    RV(CKR_ARGUMENTS_BAD,
       p11->C_GenerateKeyPair(S, MECH(CKM_CRATON_ML_DSA_44), NULL, 1, NULL, 0, &p.pub, &p.priv));
    RV(CKR_ARGUMENTS_BAD,
       p11->C_GenerateKeyPair(S, MECH(CKM_CRATON_ML_DSA_44), NULL, 0, NULL, 0, NULL, &p.priv));
    RV(CKR_ARGUMENTS_BAD,
       p11->C_GenerateKeyPair(S, MECH(CKM_CRATON_ML_DSA_44), NULL, 0, NULL, 0, &p.pub, NULL));
    assert_true(o == 4711 && p.pub == 0 && p.priv == 0);
    assert_int_equal(pq_objects(S), before);
}

/* A refusal in the private half leaves no public half. */
static void r052_a_pair_is_made_whole_or_not(void **state)
{
    struct pair p = {0, 0};
    (void)state;
    RV(CKR_ATTRIBUTE_TYPE_INVALID,
       p11->C_GenerateKeyPair(S, MECH(CKM_CRATON_ML_KEM_512), T(AB(CKA_TOKEN, CK_TRUE)),
                              T(AB(CKA_TOKEN, CK_TRUE), AU(CKA_MODULUS_BITS, 5)), &p.pub, &p.priv));
    RV(CKR_TEMPLATE_INCONSISTENT,
       p11->C_GenerateKeyPair(S, MECH(CKM_CRATON_ML_KEM_512), T(AB(CKA_TOKEN, CK_TRUE)),
                              T(AB(CKA_PRIVATE, CK_FALSE), AB(CKA_ALWAYS_AUTHENTICATE, CK_TRUE)),
                              &p.pub, &p.priv));
    assert_true(p.pub == 0 && p.priv == 0);
    assert_int_equal(pq_objects(S), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_sessions, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(r024_every_wrong_length),
        TEST(r023_parameter_sets),
        TEST(r070_seed_against_value),
        TEST(r070_modulus_check),
        TEST(r070_hash_check),
        TEST(r071_private_values_that_are_none),
        TEST(r006_parameter_sizes),
        TEST(r007_contexts),
        TEST(r011_parameters_at_any_alignment),
        TEST(r002_data_and_signatures),
        TEST(r057_signatures_of_a_wrong_length),
        TEST(r082_every_mechanism_with_every_key),
        TEST(r013_classes_and_types),
        TEST(r052_a_pair_is_made_whole_or_not),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
