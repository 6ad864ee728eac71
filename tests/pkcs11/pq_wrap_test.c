/* SPDX-License-Identifier: Apache-2.0
 *
 * Wrapping with a KEM, and post-quantum keys wrapped: every kind of key comes back as it was, what is
 * damaged does not, PKCS#8 has the forms of RFC 9881 and RFC 9935.
 */
#include "pq.h"

#define BLOB_MAX 16000
#define ID_AT 9 /* where the key identifier's bytes begin: headers of 4, 3 and 2 bytes before */
#define ID_SIZE 20

static CK_SESSION_HANDLE S;
static CK_BYTE blob[BLOB_MAX];

static const struct kem {
    CK_MECHANISM_TYPE generator, use;
    CK_ULONG set;
} kems[] = {
    {CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_KEM, CKP_ML_KEM_512},
    {CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_KEM, CKP_ML_KEM_768},
    {CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_KEM, CKP_ML_KEM_1024},
    {CKM_CRATON_HYBRID_X25519_ML_KEM_768, CKM_CRATON_HYBRID_X25519_ML_KEM_768, SET_OF_MECHANISM},
    {CKM_CRATON_HYBRID_X25519_ML_KEM_1024, CKM_COMP_KEM, SET_OF_MECHANISM},
    {CKM_COMP_KEM_KEY_PAIR_GEN, CKM_COMP_KEM, CKP_COMP_KEM_XWING},
    {CKM_COMP_KEM_KEY_PAIR_GEN, CKM_COMP_KEM, CKP_COMP_KEM_MLKEM768_ECDH_P256},
    {CKM_COMP_KEM_KEY_PAIR_GEN, CKM_COMP_KEM, CKP_COMP_KEM_P384_MLKEM1024},
};

static int open_sessions(void **state)
{
    (void)state;
    S = user_session();
    return 0;
}

static CK_ULONG wrap(CK_MECHANISM_TYPE m, CK_OBJECT_HANDLE by, CK_OBJECT_HANDLE key)
{
    CK_ULONG n = BLOB_MAX;
    OK(p11->C_WrapKey(S, MECH(m), by, key, blob, &n));
    return n;
}

static CK_RV unwrap(CK_MECHANISM_TYPE m, CK_OBJECT_HANDLE by, const CK_BYTE *p, CK_ULONG n,
                    CK_OBJECT_CLASS cls, CK_KEY_TYPE type, CK_OBJECT_HANDLE *ret)
{
    return p11->C_UnwrapKey(S, MECH(m), by, BYTE_PTR(p), n,
                            T(AU(CKA_CLASS, cls), AU(CKA_KEY_TYPE, type),
                              AB(CKA_SENSITIVE, CK_FALSE), AB(CKA_EXTRACTABLE, CK_TRUE)),
                            ret);
}

/* What makes a key what it is: its attributes that are secret or describe it. */
static void same_key(CK_OBJECT_HANDLE a, CK_OBJECT_HANDLE b)
{
    static const CK_ATTRIBUTE_TYPE types[] = {
        CKA_CLASS,         CKA_KEY_TYPE,         CKA_VALUE,      CKA_SEED,
        CKA_PARAMETER_SET, CKA_EC_PARAMS,        CKA_MODULUS,    CKA_PRIME_1,
        CKA_PRIME_2,       CKA_PRIVATE_EXPONENT, CKA_EXPONENT_1, CKA_EXPONENT_2,
        CKA_COEFFICIENT,   CKA_PUBLIC_KEY_INFO,  CKA_VALUE_LEN,
    };
    size_t compared = 0;
    for (size_t i = 0; i < LEN(types); i++) {
        static CK_BYTE x[PQ_VALUE_MAX];
        static CK_BYTE y[PQ_VALUE_MAX];
        CK_ATTRIBUTE ax = AX(types[i], x, sizeof x);
        CK_ATTRIBUTE ay = AX(types[i], y, sizeof y);
        const CK_RV rv =
            ONE_OF(p11->C_GetAttributeValue(S, a, &ax, 1), CKR_OK, CKR_ATTRIBUTE_TYPE_INVALID);
        RV(rv, p11->C_GetAttributeValue(S, b, &ay, 1));
        if (rv == CKR_OK) {
            assert_int_equal(ax.ulValueLen, ay.ulValueLen);
            assert_memory_equal(x, y, ax.ulValueLen);
            compared++;
        }
    }
    assert_true(compared >= 4);
}

/* ---- every key, every KEM ---- */

static size_t make_targets(CK_OBJECT_HANDLE list[32])
{
    CK_OBJECT_HANDLE pub = 0;
    size_t n = 0;
    CK_BYTE value[300];
    memset(value, 0x42, sizeof value);
    list[n++] = aes_import(S, value, 16);
    list[n++] = aes_import(S, value, 24);
    list[n++] = aes_import(S, value, 32);
    list[n++] = secret_import(S, value, 1);
    list[n++] = secret_import(S, value, 7);
    list[n++] = secret_import(S, value, 300);
    OK(p11->C_GenerateKeyPair(S, MECH(CKM_RSA_PKCS_KEY_PAIR_GEN), T(AU(CKA_MODULUS_BITS, 2048)),
                              T(AB(CKA_SENSITIVE, CK_FALSE), AB(CKA_EXTRACTABLE, CK_TRUE)), &pub,
                              &list[n++]));
    static const struct {
        CK_MECHANISM_TYPE type;
        const struct oid *curve;
    } curves[] = {{CKM_EC_KEY_PAIR_GEN, &P256},
                  {CKM_EC_KEY_PAIR_GEN, &P521},
                  {CKM_EC_EDWARDS_KEY_PAIR_GEN, &ED25519},
                  {CKM_EC_MONTGOMERY_KEY_PAIR_GEN, &X25519}};
    for (size_t i = 0; i < LEN(curves); i++) {
        OK(p11->C_GenerateKeyPair(
            S, MECH(curves[i].type), T(AX(CKA_EC_PARAMS, curves[i].curve->der, curves[i].curve->n)),
            T(AB(CKA_SENSITIVE, CK_FALSE), AB(CKA_EXTRACTABLE, CK_TRUE)), &pub, &list[n++]));
    }
    for (size_t i = 0; i < pq_sets_n; i++) {
        if (!pq_sets[i].slow && pq_sets[i].number != CKP_SLH_DSA_SHAKE_256F) {
            list[n++] = pq_pair(S, pq_sets[i].generator, pq_sets[i].number).priv;
        }
    }
    list[n++] = pq_pair(S, CKM_CRATON_HYBRID_ML_DSA_ECDSA, SET_OF_MECHANISM).priv;
    list[n++] = pq_pair(S, CKM_COMP_KEM_KEY_PAIR_GEN, CKP_COMP_KEM_XWING).priv;
    assert_true(n < 32);
    return n;
}

static void r082_every_key_by_every_kem(void **state)
{
    CK_OBJECT_HANDLE list[32];
    (void)state;
    const size_t n = make_targets(list);
    for (size_t k = 0; k < LEN(kems); k++) {
        const struct pair p = pq_pair(S, kems[k].generator, kems[k].set);
        for (size_t i = 0; i < n; i++) {
            CK_OBJECT_HANDLE back = 0;
            const CK_ULONG blob_n = wrap(kems[k].use, p.pub, list[i]);
            OK(unwrap(kems[k].use, p.priv, blob, blob_n, attr_ulong(S, list[i], CKA_CLASS),
                      attr_ulong(S, list[i], CKA_KEY_TYPE), &back));
            same_key(list[i], back);
            OK(p11->C_DestroyObject(S, back));
        }
    }
}

/* An unwrapped key works, as another's half. */
static void unwrapped_keys_work(void **state)
{
    static CK_BYTE out[PQ_SIG_MAX];
    CK_OBJECT_HANDLE back = 0;
    CK_OBJECT_HANDLE key = 0;
    (void)state;
    const struct pair by = pq_pair(S, CKM_CRATON_ML_KEM_768, SET_OF_MECHANISM);
    for (size_t i = 0; i < pq_sets_n; i++) {
        const struct pq_set *set = &pq_sets[i];
        if (set->slow) {
            continue;
        }
        const struct pair p = pq_pair(S, set->generator, set->number);
        const CK_ULONG n = wrap(CKM_ML_KEM, by.pub, p.priv);
        OK(unwrap(CKM_CRATON_ML_KEM_768, by.priv, blob, n, CKO_PRIVATE_KEY, set->type, &back));
        if (set->type == CKK_ML_KEM) {
            const CK_ULONG ct_n = pq_encapsulate(S, set->use, p.pub, out, &key);
            assert_true(pq_same(S, key, pq_decapsulate(S, set->use, back, out, ct_n)));
        } else {
            const CK_ULONG sig_n = pq_sign(S, MECH(set->use), back, "text", 4, out);
            OK(pq_verify(S, MECH(set->use), p.pub, "text", 4, out, sig_n));
        }
    }
}

static void r036_length_of_a_wrapped_key(void **state)
{
    CK_OBJECT_HANDLE list[32];
    (void)state;
    const size_t n = make_targets(list);
    for (size_t k = 0; k < LEN(kems); k += 3) {
        const struct pair p = pq_pair(S, kems[k].generator, kems[k].set);
        for (size_t i = 0; i < n; i++) {
            CK_ULONG need = 0;
            OK(p11->C_WrapKey(S, MECH(kems[k].use), p.pub, list[i], NULL, &need));
            memset(blob, 0xa5, sizeof blob);
            CK_ULONG room = need - 1;
            RV(CKR_BUFFER_TOO_SMALL,
               p11->C_WrapKey(S, MECH(kems[k].use), p.pub, list[i], blob, &room));
            assert_int_equal(room, need);
            assert_true(blob[0] == 0xa5 && blob[need - 2] == 0xa5);
            OK(p11->C_WrapKey(S, MECH(kems[k].use), p.pub, list[i], blob, &room));
            assert_int_equal(room, need);
            assert_int_equal(blob[need], 0xa5);
        }
    }
}

/* ---- the form: KEMRecipientInfo (RFC 9629) ---- */

static void the_form_of_a_wrapped_key(void **state)
{
    static const CK_BYTE algorithms[] = {
        /* id-alg-hkdf-with-sha256 (RFC 8619), INTEGER 32 */
        0x30, 0x0d, 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x03, 0x1c,
        0x02, 0x01, 0x20,
        /* [0] { OCTET STRING { SEQUENCE { UTF8String, CKO_SECRET_KEY, CKK_AES }}} */
        0xa0, 0x1a, 0x04, 0x18, 0x30, 0x16, 0x0c, 0x0e, 'c', 'r', 'a', 't', 'o', 'n', '-', 'h', 's',
        'm', ' ', 'k', 'e', 'y', 0x02, 0x01, 0x04, 0x02, 0x01, 0x1f,
        /* id-aes256-wrap-pad */
        0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x30};
    /* id-alg-ml-kem-768 (RFC 9935) */
    static const CK_BYTE kem[] = {0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
                                  0x01, 0x65, 0x03, 0x04, 0x04, 0x02};
    CK_BYTE value[1184];
    CK_BYTE hash[32];
    CK_ULONG hash_n = sizeof hash;
    (void)state;
    const struct pair p = pq_pair(S, CKM_CRATON_ML_KEM_768, SET_OF_MECHANISM);
    const CK_ULONG n = wrap(CKM_ML_KEM, p.pub, aes_key(S, 32));
    assert_true(blob[0] == 0x30 && blob[1] == 0x82);
    assert_int_equal(blob[2] << 8 | blob[3], n - 4);
    assert_memory_equal(blob + 4, "\x02\x01\x00\x80\x14", 5);
    /* the identifier: the front of the public value's SHA-256 (RFC 7093) */
    assert_int_equal(attr_bytes(S, p.pub, CKA_VALUE, value, sizeof value), sizeof value);
    OK(p11->C_DigestInit(S, MECH(CKM_SHA256)));
    OK(p11->C_Digest(S, value, sizeof value, hash, &hash_n));
    assert_memory_equal(blob + ID_AT, hash, ID_SIZE);
    assert_memory_equal(blob + 29, kem, sizeof kem);
    const CK_BYTE *at = blob + 29 + sizeof kem;
    assert_memory_equal(at, "\x04\x82\x04\x40", 4); /* 1088 bytes */
    assert_memory_equal(at + 4 + 1088, algorithms, sizeof algorithms);
    assert_memory_equal(at + 4 + 1088 + sizeof algorithms, "\x04\x28", 2); /* 32 + 8 bytes */
    assert_int_equal(n, 29 + sizeof kem + 4 + 1088 + sizeof algorithms + 2 + 40);
    /* fresh each time */
    CK_BYTE first[64];
    memcpy(first, at + 4, sizeof first);
    wrap(CKM_ML_KEM, p.pub, aes_key(S, 32));
    assert_memory_not_equal(first, at + 4, sizeof first);
}

/* ---- what is damaged ---- */

static void refuse(const struct kem *k, CK_OBJECT_HANDLE by, CK_ULONG n, CK_OBJECT_CLASS cls,
                   CK_KEY_TYPE type)
{
    CK_OBJECT_HANDLE o = 4711;
    ONE_OF(unwrap(k->use, by, blob, n, cls, type, &o), CKR_WRAPPED_KEY_INVALID,
           CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT);
    assert_int_equal(o, 4711);
}

/* Every byte, one bit of it. The identifier alone may be anything: it helps to find the key. */
static void r063_every_byte_damaged(void **state)
{
    static const size_t some[] = {1, 3, 6};
    (void)state;
    for (size_t k = 0; k < LEN(some); k++) {
        const struct kem *kem = &kems[some[k]];
        const struct pair p = pq_pair(S, kem->generator, kem->set);
        const CK_OBJECT_HANDLE key = aes_key(S, 32);
        const CK_ULONG n = wrap(kem->use, p.pub, key);
        const CK_ULONG before = pq_objects(S);
        for (CK_ULONG at = 0; at < n; at++) {
            CK_OBJECT_HANDLE o = 0;
            blob[at] ^= (CK_BYTE)(1u << at % 8);
            if (at >= ID_AT && at < ID_AT + ID_SIZE) {
                OK(unwrap(kem->use, p.priv, blob, n, CKO_SECRET_KEY, CKK_AES, &o));
                OK(p11->C_DestroyObject(S, o));
            } else {
                refuse(kem, p.priv, n, CKO_SECRET_KEY, CKK_AES);
            }
            blob[at] ^= (CK_BYTE)(1u << at % 8);
        }
        assert_int_equal(pq_objects(S), before);
    }
}

static void r063_cut_and_longer(void **state)
{
    CK_OBJECT_HANDLE o = 0;
    (void)state;
    const struct kem *kem = &kems[1];
    const struct pair p = pq_pair(S, kem->generator, kem->set);
    const CK_ULONG n = wrap(kem->use, p.pub, aes_key(S, 32));
    const CK_ULONG before = pq_objects(S);
    RV(CKR_WRAPPED_KEY_LEN_RANGE, unwrap(kem->use, p.priv, blob, 0, CKO_SECRET_KEY, CKK_AES, &o));
    RV(CKR_WRAPPED_KEY_LEN_RANGE, unwrap(kem->use, p.priv, NULL, 0, CKO_SECRET_KEY, CKK_AES, &o));
    RV(CKR_ARGUMENTS_BAD, unwrap(kem->use, p.priv, NULL, n, CKO_SECRET_KEY, CKK_AES, &o));
    RV(CKR_WRAPPED_KEY_LEN_RANGE,
       unwrap(kem->use, p.priv, blob, ~0UL, CKO_SECRET_KEY, CKK_AES, &o));
    for (CK_ULONG cut = 1; cut < n; cut++) {
        RV(CKR_WRAPPED_KEY_INVALID,
           unwrap(kem->use, p.priv, blob, cut, CKO_SECRET_KEY, CKK_AES, &o));
    }
    blob[n] = 0;
    RV(CKR_WRAPPED_KEY_INVALID, unwrap(kem->use, p.priv, blob, n + 1, CKO_SECRET_KEY, CKK_AES, &o));
    /* one more element inside: NULL, at the end */
    blob[n] = 0x05;
    blob[n + 1] = 0x00;
    blob[3] += 2;
    RV(CKR_WRAPPED_KEY_INVALID, unwrap(kem->use, p.priv, blob, n + 2, CKO_SECRET_KEY, CKK_AES, &o));
    blob[3] -= 2;
    OK(unwrap(kem->use, p.priv, blob, n, CKO_SECRET_KEY, CKK_AES, &o));
    assert_int_equal(pq_objects(S), before + 1);
}

/* A private key's blob damaged in its last piece: what AES-KWP guards. */
static void r082_blobs_of_private_keys(void **state)
{
    CK_OBJECT_HANDLE o = 0;
    (void)state;
    const struct pair by = pq_pair(S, CKM_CRATON_ML_KEM_768, SET_OF_MECHANISM);
    const struct pair dsa = pq_pair(S, CKM_CRATON_ML_DSA_65, SET_OF_MECHANISM);
    const struct pair kem = pq_pair(S, CKM_CRATON_ML_KEM_512, SET_OF_MECHANISM);
    CK_ULONG n = wrap(CKM_ML_KEM, by.pub, dsa.priv);
    /* the type that the template says must be what is inside */
    RV(CKR_TEMPLATE_INCONSISTENT,
       unwrap(CKM_ML_KEM, by.priv, blob, n, CKO_PRIVATE_KEY, CKK_ML_KEM, &o));
    RV(CKR_TEMPLATE_INCONSISTENT,
       unwrap(CKM_ML_KEM, by.priv, blob, n, CKO_PRIVATE_KEY, CKK_SLH_DSA, &o));
    RV(CKR_TEMPLATE_INCONSISTENT,
       unwrap(CKM_ML_KEM, by.priv, blob, n, CKO_PRIVATE_KEY, CKK_RSA, &o));
    RV(CKR_TEMPLATE_INCONSISTENT,
       unwrap(CKM_ML_KEM, by.priv, blob, n, CKO_SECRET_KEY, CKK_AES, &o));
    RV(CKR_TEMPLATE_INCONSISTENT, /* where its value could be read */
       unwrap(CKM_ML_KEM, by.priv, blob, n, CKO_SECRET_KEY, CKK_GENERIC_SECRET, &o));
    RV(CKR_TEMPLATE_INCONSISTENT,
       unwrap(CKM_ML_KEM, by.priv, blob, n, CKO_PUBLIC_KEY, CKK_ML_DSA, &o));
    RV(CKR_TEMPLATE_INCONSISTENT,
       p11->C_UnwrapKey(S, MECH(CKM_ML_KEM), by.priv, blob, n,
                        T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_ML_DSA),
                          AU(CKA_PARAMETER_SET, CKP_ML_DSA_44)),
                        &o));
    OK(p11->C_UnwrapKey(S, MECH(CKM_ML_KEM), by.priv, blob, n,
                        T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_CRATON_ML_DSA),
                          AU(CKA_PARAMETER_SET, CKP_ML_DSA_65)),
                        &o));
    RV(CKR_TEMPLATE_INCOMPLETE, p11->C_UnwrapKey(S, MECH(CKM_ML_KEM), by.priv, blob, n,
                                                 T(AU(CKA_CLASS, CKO_PRIVATE_KEY)), &o));
    RV(CKR_ATTRIBUTE_READ_ONLY,
       p11->C_UnwrapKey(S, MECH(CKM_ML_KEM), by.priv, blob, n,
                        T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_ML_DSA),
                          AS(CKA_SEED, "0123456789abcdef0123456789abcdef")),
                        &o));
    /* a secret key is no private one */
    n = wrap(CKM_ML_KEM, by.pub, aes_key(S, 32));
    RV(CKR_TEMPLATE_INCONSISTENT,
       unwrap(CKM_ML_KEM, by.priv, blob, n, CKO_PRIVATE_KEY, CKK_ML_DSA, &o));
    n = wrap(CKM_ML_KEM, by.pub, kem.priv);
    blob[n - 9] ^= 1;
    RV(CKR_WRAPPED_KEY_INVALID,
       unwrap(CKM_ML_KEM, by.priv, blob, n, CKO_PRIVATE_KEY, CKK_ML_KEM, &o));
}

/* What a secret key is stays with it: an AES key comes back as an AES key, and a blob that does not say
 * so any more does not open. */
static void r082_blobs_of_secret_keys(void **state)
{
    static const CK_KEY_TYPE others[] = {CKK_GENERIC_SECRET, CKK_SHA256_HMAC, CKK_HKDF};
    CK_OBJECT_HANDLE o = 0;
    CK_BYTE cut[BLOB_MAX];
    (void)state;
    for (size_t k = 0; k < LEN(kems); k++) {
        const struct pair p = pq_pair(S, kems[k].generator, kems[k].set);
        const CK_ULONG n = wrap(kems[k].use, p.pub, aes_key(S, 32));
        for (size_t i = 0; i < LEN(others); i++) {
            RV(CKR_TEMPLATE_INCONSISTENT,
               unwrap(kems[k].use, p.priv, blob, n, CKO_SECRET_KEY, others[i], &o));
        }
        OK(unwrap(kems[k].use, p.priv, blob, n, CKO_SECRET_KEY, CKK_AES, &o));
        /* without the 28 bytes before the wrapping's name and the 42 of the wrapped key */
        const CK_ULONG at = n - 42 - 13 - 28;
        assert_memory_equal(blob + at, "\xa0\x1a\x04\x18", 4);
        memcpy(cut, blob, at);
        memcpy(cut + at, blob + at + 28, n - at - 28);
        const CK_ULONG length = n - 28 - 4;
        assert_int_equal(cut[1], 0x82);
        cut[2] = (CK_BYTE)(length >> 8);
        cut[3] = (CK_BYTE)length;
        RV(CKR_WRAPPED_KEY_INVALID,
           unwrap(kems[k].use, p.priv, cut, n - 28, CKO_SECRET_KEY, CKK_GENERIC_SECRET, &o));
        RV(CKR_WRAPPED_KEY_INVALID,
           unwrap(kems[k].use, p.priv, cut, n - 28, CKO_SECRET_KEY, CKK_AES, &o));
    }
}

static void r082_blobs_of_other_kems(void **state)
{
    CK_OBJECT_HANDLE o = 0;
    struct pair p[LEN(kems)];
    (void)state;
    for (size_t k = 0; k < LEN(kems); k++) {
        p[k] = pq_pair(S, kems[k].generator, kems[k].set);
    }
    const CK_OBJECT_HANDLE key = aes_key(S, 32);
    for (size_t k = 0; k < LEN(kems); k++) {
        const CK_ULONG n = wrap(kems[k].use, p[k].pub, key);
        for (size_t other = 0; other < LEN(kems); other++) {
            const CK_RV rv = other == k ? CKR_OK : CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT;
            RV(rv, unwrap(kems[other].use, p[other].priv, blob, n, CKO_SECRET_KEY, CKK_AES, &o));
        }
        /* the same KEM, somebody else's key */
        const struct pair q = pq_pair(S, kems[k].generator, kems[k].set);
        RV(CKR_WRAPPED_KEY_INVALID,
           unwrap(kems[k].use, q.priv, blob, n, CKO_SECRET_KEY, CKK_AES, &o));
    }
}

/* ---- who may wrap what ---- */

static void r086_what_is_not_wrapped(void **state)
{
    CK_OBJECT_HANDLE o = 0;
    CK_ULONG n = BLOB_MAX;
    (void)state;
    const struct pair by = pq_pair(S, CKM_CRATON_ML_KEM_768, SET_OF_MECHANISM);
    const struct pair dsa = pq_pair(S, CKM_CRATON_ML_DSA_44, SET_OF_MECHANISM);
    const CK_OBJECT_HANDLE key = aes_key(S, 32);
    struct pair inside = {0, 0};
    OK(p11->C_GenerateKeyPair(S, MECH(CKM_CRATON_ML_DSA_44), NULL, 0,
                              T(AB(CKA_EXTRACTABLE, CK_FALSE)), &inside.pub, &inside.priv));
    RV(CKR_KEY_UNEXTRACTABLE, p11->C_WrapKey(S, MECH(CKM_ML_KEM), by.pub, inside.priv, blob, &n));
    OK(p11->C_EncapsulateKey(S, MECH(CKM_ML_KEM), by.pub, T(AB(CKA_EXTRACTABLE, CK_FALSE)), blob,
                             &n, &o));
    n = BLOB_MAX;
    RV(CKR_KEY_UNEXTRACTABLE, p11->C_WrapKey(S, MECH(CKM_ML_KEM), by.pub, o, blob, &n));
    RV(CKR_KEY_UNEXTRACTABLE, p11->C_WrapKey(S, MECH(CKM_ML_KEM), by.pub, o, NULL, &n));
    RV(CKR_KEY_NOT_WRAPPABLE, p11->C_WrapKey(S, MECH(CKM_ML_KEM), by.pub, dsa.pub, blob, &n));
    RV(CKR_KEY_NOT_WRAPPABLE,
       p11->C_WrapKey(S, MECH(CKM_ML_KEM), by.pub, data_object(S, false, "x"), blob, &n));
    RV(CKR_KEY_HANDLE_INVALID, p11->C_WrapKey(S, MECH(CKM_ML_KEM), by.pub, 4711, blob, &n));
    /* the wrapping key is a public one, of the mechanism */
    RV(CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
       p11->C_WrapKey(S, MECH(CKM_ML_KEM), by.priv, key, blob, &n));
    RV(CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
       p11->C_WrapKey(S, MECH(CKM_ML_KEM), dsa.pub, key, blob, &n));
    RV(CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
       p11->C_WrapKey(S, MECH(CKM_COMP_KEM), by.pub, key, blob, &n));
    RV(CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
       p11->C_WrapKey(S, MECH(CKM_CRATON_ML_KEM_512), by.pub, key, blob, &n));
    RV(CKR_WRAPPING_KEY_HANDLE_INVALID, p11->C_WrapKey(S, MECH(CKM_ML_KEM), 4711, key, blob, &n));
    RV(CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
       p11->C_WrapKey(S, MECH(CKM_AES_KEY_WRAP_KWP), by.pub, key, blob, &n));
    RV(CKR_MECHANISM_INVALID, p11->C_WrapKey(S, MECH(CKM_ML_DSA), dsa.pub, key, blob, &n));
    RV(CKR_MECHANISM_PARAM_INVALID,
       p11->C_WrapKey(S, MECHX(CKM_ML_KEM, blob, 8), by.pub, key, blob, &n));
    RV(CKR_ARGUMENTS_BAD, p11->C_WrapKey(S, MECH(CKM_ML_KEM), by.pub, key, blob, NULL));
    n = wrap(CKM_ML_KEM, by.pub, key);
    RV(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
       unwrap(CKM_ML_KEM, by.pub, blob, n, CKO_SECRET_KEY, CKK_AES, &o));
    RV(CKR_UNWRAPPING_KEY_HANDLE_INVALID,
       unwrap(CKM_ML_KEM, 4711, blob, n, CKO_SECRET_KEY, CKK_AES, &o));
    RV(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
       unwrap(CKM_CRATON_ML_KEM_1024, by.priv, blob, n, CKO_SECRET_KEY, CKK_AES, &o));
}

static void r085_with_trusted_keys_alone(void **state)
{
    CK_ULONG n = BLOB_MAX;
    struct pair p = {0, 0};
    (void)state;
    const struct pair by = pq_pair(S, CKM_CRATON_ML_KEM_768, SET_OF_MECHANISM);
    OK(p11->C_GenerateKeyPair(S, MECH(CKM_CRATON_ML_DSA_44), NULL, 0,
                              T(AB(CKA_EXTRACTABLE, CK_TRUE), AB(CKA_WRAP_WITH_TRUSTED, CK_TRUE)),
                              &p.pub, &p.priv));
    RV(CKR_KEY_NOT_WRAPPABLE, p11->C_WrapKey(S, MECH(CKM_ML_KEM), by.pub, p.priv, blob, &n));
    RV(CKR_ATTRIBUTE_READ_ONLY, p11->C_SetAttributeValue(S, by.pub, T(AB(CKA_TRUSTED, CK_TRUE))));
    RV(CKR_ATTRIBUTE_READ_ONLY,
       p11->C_SetAttributeValue(S, p.priv, T(AB(CKA_WRAP_WITH_TRUSTED, CK_FALSE))));
    /* the officer trusts a token key */
    CK_OBJECT_HANDLE trusted = 0;
    OK(p11->C_CopyObject(S, by.pub, T(AB(CKA_TOKEN, CK_TRUE)), &trusted));
    OK(p11->C_GenerateKeyPair(
        S, MECH(CKM_CRATON_ML_DSA_44), NULL, 0,
        T(AB(CKA_TOKEN, CK_TRUE), AB(CKA_EXTRACTABLE, CK_TRUE), AB(CKA_WRAP_WITH_TRUSTED, CK_TRUE)),
        &p.pub, &p.priv));
    OK(p11->C_Logout(S));
    OK(p11->C_Login(S, CKU_SO, PIN(SO_PIN)));
    OK(p11->C_SetAttributeValue(S, trusted, T(AB(CKA_TRUSTED, CK_TRUE))));
    OK(p11->C_Logout(S));
    OK(p11->C_Login(S, CKU_USER, PIN(USER_PIN)));
    OK(p11->C_WrapKey(S, MECH(CKM_ML_KEM), trusted, p.priv, blob, &n));
}

static void r087_wrap_and_unwrap_templates(void **state)
{
    CK_ATTRIBUTE aes_only[] = {AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES)};
    CK_ATTRIBUTE tight[] = {AB(CKA_SENSITIVE, CK_TRUE), AB(CKA_EXTRACTABLE, CK_FALSE)};
    struct pair p = {0, 0};
    CK_OBJECT_HANDLE o = 0;
    (void)state;
    OK(p11->C_GenerateKeyPair(S, MECH(CKM_CRATON_ML_KEM_768),
                              T(AX(CKA_WRAP_TEMPLATE, aes_only, sizeof aes_only)),
                              T(AX(CKA_UNWRAP_TEMPLATE, tight, sizeof tight)), &p.pub, &p.priv));
    const struct pair dsa = pq_pair(S, CKM_CRATON_ML_DSA_44, SET_OF_MECHANISM);
    CK_ULONG n = BLOB_MAX;
    RV(CKR_KEY_HANDLE_INVALID, p11->C_WrapKey(S, MECH(CKM_ML_KEM), p.pub, dsa.priv, blob, &n));
    n = wrap(CKM_ML_KEM, p.pub, aes_key(S, 16));
    RV(CKR_TEMPLATE_INCONSISTENT, unwrap(CKM_ML_KEM, p.priv, blob, n, CKO_SECRET_KEY, CKK_AES, &o));
    OK(p11->C_UnwrapKey(S, MECH(CKM_ML_KEM), p.priv, blob, n,
                        T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES)), &o));
    assert_true(attr_bool(S, o, CKA_SENSITIVE));
    assert_false(attr_bool(S, o, CKA_EXTRACTABLE));
}

/* History is the token's word (items 81, 90), and every attribute of the template counts. */
static void r081_attributes_of_unwrapped_keys(void **state)
{
    CK_OBJECT_HANDLE o = 0;
    CK_BYTE b[64];
    (void)state;
    const struct pair by = pq_pair(S, CKM_CRATON_ML_KEM_768, SET_OF_MECHANISM);
    const struct pair dsa = pq_pair(S, CKM_CRATON_ML_DSA_44, SET_OF_MECHANISM);
    const CK_ULONG n = wrap(CKM_ML_KEM, by.pub, dsa.priv);
    OK(p11->C_UnwrapKey(S, MECH(CKM_ML_KEM), by.priv, blob, n,
                        T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_ML_DSA),
                          AB(CKA_EXTRACTABLE, CK_FALSE), AS(CKA_LABEL, "came back")),
                        &o));
    assert_false(attr_bool(S, o, CKA_EXTRACTABLE) || attr_bool(S, o, CKA_LOCAL) ||
                 attr_bool(S, o, CKA_NEVER_EXTRACTABLE) || attr_bool(S, o, CKA_ALWAYS_SENSITIVE));
    assert_true(attr_bool(S, o, CKA_SENSITIVE) && attr_bool(S, o, CKA_SIGN));
    assert_int_equal(attr_bytes(S, o, CKA_LABEL, b, sizeof b), 9);
    assert_int_equal(attr_ulong(S, o, CKA_KEY_GEN_MECHANISM), CK_UNAVAILABLE_INFORMATION);
    assert_int_equal(attr_ulong(S, o, CKA_PARAMETER_SET), CKP_ML_DSA_44);
    RV(CKR_ATTRIBUTE_SENSITIVE, p11->C_GetAttributeValue(S, o, T(AX(CKA_SEED, b, sizeof b))));
    RV(CKR_ATTRIBUTE_READ_ONLY, p11->C_SetAttributeValue(S, o, T(AB(CKA_EXTRACTABLE, CK_TRUE))));
}

/* ---- PKCS#8, seen through AES-KWP, whose row decrypts too ---- */

static CK_OBJECT_HANDLE kek;

static CK_ULONG kwp(bool encrypt, const CK_BYTE *in, CK_ULONG n, CK_BYTE out[BLOB_MAX])
{
    CK_ULONG out_n = BLOB_MAX;
    if (encrypt) {
        OK(p11->C_EncryptInit(S, MECH(CKM_AES_KEY_WRAP_KWP), kek));
        OK(p11->C_Encrypt(S, BYTE_PTR(in), n, out, &out_n));
    } else {
        OK(p11->C_DecryptInit(S, MECH(CKM_AES_KEY_WRAP_KWP), kek));
        OK(p11->C_Decrypt(S, BYTE_PTR(in), n, out, &out_n));
    }
    return out_n;
}

static CK_ULONG header(CK_BYTE tag, CK_ULONG n, CK_BYTE *to)
{
    to[0] = tag;
    if (n < 128) {
        to[1] = (CK_BYTE)n;
        return 2;
    }
    if (n < 256) {
        to[1] = 0x81;
        to[2] = (CK_BYTE)n;
        return 3;
    }
    to[1] = 0x82;
    to[2] = (CK_BYTE)(n >> 8);
    to[3] = (CK_BYTE)n;
    return 4;
}

/* Content around which a header goes. */
static CK_ULONG enclose(CK_BYTE tag, CK_BYTE *p, CK_ULONG n)
{
    CK_BYTE h[4];
    const CK_ULONG h_n = header(tag, n, h);
    memmove(p + h_n, p, n);
    memcpy(p, h, h_n);
    return h_n + n;
}

/* PrivateKeyInfo of a NIST OID's last two numbers and what its OCTET STRING holds. */
static CK_ULONG private_key_info(CK_BYTE arc, CK_BYTE last, const CK_BYTE *key, CK_ULONG n,
                                 CK_BYTE out[BLOB_MAX])
{
    static const CK_BYTE front[] = {0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09,
                                    0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04};
    memcpy(out, front, sizeof front);
    CK_ULONG at = sizeof front;
    out[at++] = arc;
    out[at++] = last;
    memcpy(out + at, key, n);
    at += enclose(0x04, out + at, n);
    return enclose(0x30, out, at);
}

/* The last number of a set's OID: RFC 9935 (2.16.840.1.101.3.4.4.x), RFC 9881 and RFC 9909 (...3.4.3.x). */
static CK_BYTE last_number(const struct pq_set *set)
{
    static const CK_BYTE slh[] = {0, 20, 26, 21, 27, 22, 28, 23, 29, 24, 30, 25, 31};
    if (set->type == CKK_ML_KEM) {
        return (CK_BYTE)set->number;
    }
    return set->type == CKK_ML_DSA ? (CK_BYTE)(16 + set->number) : slh[set->number];
}

/* The forms of a key: [0] seed; OCTET STRING value; SEQUENCE of both; SLH-DSA: the value bare. */
enum form { SEED, VALUE, BOTH, BARE };

static CK_ULONG form_of(enum form form, const CK_BYTE *seed, CK_ULONG seed_n, const CK_BYTE *value,
                        CK_ULONG value_n, CK_BYTE out[BLOB_MAX])
{
    CK_ULONG n = 0;
    switch (form) {
    case SEED:
        memcpy(out, seed, seed_n);
        return enclose(0x80, out, seed_n);
    case VALUE:
        memcpy(out, value, value_n);
        return enclose(0x04, out, value_n);
    case BOTH:
        memcpy(out, seed, seed_n);
        n = enclose(0x04, out, seed_n);
        memcpy(out + n, value, value_n);
        n += enclose(0x04, out + n, value_n);
        return enclose(0x30, out, n);
    case BARE:
        break;
    }
    memcpy(out, value, value_n);
    return value_n;
}

static CK_BYTE value[PQ_VALUE_MAX];
static CK_BYTE seed[128];
static CK_BYTE inner[BLOB_MAX];
static CK_BYTE der[BLOB_MAX];
static CK_BYTE wrapped[BLOB_MAX];

static CK_RV unwrap_der(CK_ULONG n, CK_KEY_TYPE type, CK_OBJECT_HANDLE *ret)
{
    const CK_ULONG wrapped_n = kwp(true, der, n, wrapped);
    return unwrap(CKM_AES_KEY_WRAP_KWP, kek, wrapped, wrapped_n, CKO_PRIVATE_KEY, type, ret);
}

static void pkcs8_as_the_rfcs_say(void **state)
{
    (void)state;
    kek = aes_key(S, 32);
    for (size_t i = 0; i < pq_sets_n; i++) {
        const struct pq_set *set = &pq_sets[i];
        const CK_BYTE arc = set->type == CKK_ML_KEM ? 4 : 3;
        CK_OBJECT_HANDLE back = 0;
        if (set->slow) {
            continue;
        }
        const struct pair p = pq_pair(S, set->generator, set->number);
        attr_bytes(S, p.priv, CKA_VALUE, value, sizeof value);
        if (set->seed > 0) {
            attr_bytes(S, p.priv, CKA_SEED, seed, sizeof seed);
        }
        /* written: the seed, where there is one */
        CK_ULONG n = form_of(set->seed > 0 ? SEED : BARE, seed, set->seed, value, set->priv, inner);
        n = private_key_info(arc, last_number(set), inner, n, der);
        const CK_ULONG got = wrap(CKM_AES_KEY_WRAP_KWP, kek, p.priv);
        assert_int_equal(kwp(false, blob, got, wrapped), n);
        assert_memory_equal(wrapped, der, n);
        /* read: all forms */
        for (enum form form = SEED; form <= BARE; form++) {
            if ((set->seed > 0) == (form == BARE)) {
                continue;
            }
            n = form_of(form, seed, set->seed, value, set->priv, inner);
            n = private_key_info(arc, last_number(set), inner, n, der);
            OK(unwrap_der(n, set->type, &back));
            assert_true(pq_same(S, p.priv, back));
            CK_BYTE b[64];
            if (form == SEED || form == BOTH) {
                assert_int_equal(attr_bytes(S, back, CKA_SEED, b, sizeof b), set->seed);
                assert_memory_equal(b, seed, set->seed);
            } else {
                RV(CKR_ATTRIBUTE_TYPE_INVALID,
                   p11->C_GetAttributeValue(S, back, T(AX(CKA_SEED, b, sizeof b))));
            }
        }
        /* a key that came without its seed goes without it */
        if (set->seed > 0) {
            n = form_of(VALUE, seed, set->seed, value, set->priv, inner);
            n = private_key_info(arc, last_number(set), inner, n, der);
            OK(unwrap_der(n, set->type, &back));
            assert_int_equal(kwp(false, blob, wrap(CKM_AES_KEY_WRAP_KWP, kek, back), wrapped), n);
            assert_memory_equal(wrapped, der, n);
        }
    }
}

/* A seed and a value that do not belong together, lengths that are none, an empty key. */
static void r027_pkcs8_that_is_none(void **state)
{
    (void)state;
    kek = aes_key(S, 32);
    for (size_t i = 0; i < pq_sets_n; i++) {
        const struct pq_set *set = &pq_sets[i];
        const CK_BYTE arc = set->type == CKK_ML_KEM ? 4 : 3;
        CK_OBJECT_HANDLE o = 4711;
        if (set->slow) {
            continue;
        }
        const struct pair p = pq_pair(S, set->generator, set->number);
        attr_bytes(S, p.priv, CKA_VALUE, value, sizeof value);
        const CK_ULONG before = pq_objects(S);
        struct {
            enum form form;
            CK_ULONG seed_n, value_n;
        } bad[] = {
            {SEED, set->seed - 1, 0},
            {SEED, set->seed + 1, 0},
            {SEED, 0, 0},
            {VALUE, 0, set->priv - 1},
            {VALUE, 0, set->priv + 1},
            {VALUE, 0, 0},
            {BOTH, set->seed, set->priv - 1},
            {BOTH, set->seed - 1, set->priv},
            {BOTH, set->seed, 0},
            {BOTH, 0, set->priv},
            {BOTH, 0, 0},
            {BOTH, set->seed, set->priv},
            {BARE, 0, 0},
            {BARE, 0, set->priv - 1},
            {BARE, 0, set->priv + 1},
        };
        if (set->seed > 0) {
            attr_bytes(S, p.priv, CKA_SEED, seed, sizeof seed);
            seed[0] ^= 1; /* another seed than the value's */
        }
        for (size_t k = 0; k < LEN(bad); k++) {
            if (set->seed == 0 && bad[k].form != BARE) {
                continue;
            }
            CK_ULONG n = form_of(bad[k].form, seed, bad[k].seed_n, value, bad[k].value_n, inner);
            n = private_key_info(arc, last_number(set), inner, n, der);
            RV(CKR_WRAPPED_KEY_INVALID, unwrap_der(n, set->type, &o));
        }
        /* bytes behind the key, another set's name */
        CK_ULONG n = form_of(set->seed > 0 ? VALUE : BARE, NULL, 0, value, set->priv, inner);
        inner[n] = 0;
        CK_ULONG der_n = private_key_info(arc, last_number(set), inner, n + 1, der);
        if (set->seed > 0) {
            RV(CKR_WRAPPED_KEY_INVALID, unwrap_der(der_n, set->type, &o));
        }
        der_n = private_key_info(arc, (CK_BYTE)(last_number(set) == 1 ? 2 : 1), inner, n, der);
        if (set->type == CKK_ML_KEM) {
            RV(CKR_WRAPPED_KEY_INVALID, unwrap_der(der_n, set->type, &o));
        }
        assert_int_equal(o, 4711);
        assert_int_equal(pq_objects(S), before);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_sessions, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(r082_every_key_by_every_kem),       TEST(unwrapped_keys_work),
        TEST(r036_length_of_a_wrapped_key),      TEST(the_form_of_a_wrapped_key),
        TEST(r063_every_byte_damaged),           TEST(r063_cut_and_longer),
        TEST(r082_blobs_of_private_keys),        TEST(r082_blobs_of_secret_keys),
        TEST(r082_blobs_of_other_kems),          TEST(r086_what_is_not_wrapped),
        TEST(r085_with_trusted_keys_alone),      TEST(r087_wrap_and_unwrap_templates),
        TEST(r081_attributes_of_unwrapped_keys), TEST(pkcs8_as_the_rfcs_say),
        TEST(r027_pkcs8_that_is_none),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
