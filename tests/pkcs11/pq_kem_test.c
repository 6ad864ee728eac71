/* SPDX-License-Identifier: Apache-2.0
 *
 * C_EncapsulateKey, C_DecapsulateKey and the vendor form of C_DeriveKey: what they make, what they
 * refuse, and that a refusal makes nothing. With ML-KEM and with hybrids.
 */
#include "pq.h"

static CK_SESSION_HANDLE S;

/* Ciphertexts: of ML-KEM, and of the other half a point (X25519: 32 bytes; P-256: 65). shared: bytes of
 * the secret. */
static const struct kem {
    CK_MECHANISM_TYPE generator, use;
    CK_ULONG set, ct, shared;
} kems[] = {
    {CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_KEM, CKP_ML_KEM_512, 768, 32},
    {CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_KEM, CKP_ML_KEM_768, 1088, 32},
    {CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_KEM, CKP_ML_KEM_1024, 1568, 32},
    {CKM_COMP_KEM_KEY_PAIR_GEN, CKM_COMP_KEM, CKP_COMP_KEM_XWING, 1088 + 32, 32},
    {CKM_COMP_KEM_KEY_PAIR_GEN, CKM_COMP_KEM, CKP_COMP_KEM_MLKEM768_ECDH_P256, 1088 + 65, 32},
    {CKM_COMP_KEM_KEY_PAIR_GEN, CKM_COMP_KEM, CKP_COMP_KEM_X25519_MLKEM768, 1088 + 32, 64},
};
#define ML_KEM_768 (&kems[1])

static struct pair pair_of(const struct kem *k)
{
    return pq_pair(S, k->generator, k->set);
}

static int open_sessions(void **state)
{
    (void)state;
    S = user_session();
    return 0;
}

static CK_BYTE ct[PQ_SIG_MAX];

static CK_RV encapsulate(const struct kem *k, CK_OBJECT_HANDLE pub, CK_ATTRIBUTE *t, CK_ULONG n,
                         CK_OBJECT_HANDLE *ret)
{
    CK_ULONG ct_n = sizeof ct;
    const CK_RV rv = p11->C_EncapsulateKey(S, MECH(k->use), pub, t, n, ct, &ct_n, ret);
    assert_true(rv != CKR_OK || ct_n == k->ct);
    return rv;
}

static CK_RV decapsulate(const struct kem *k, CK_OBJECT_HANDLE priv, CK_ATTRIBUTE *t, CK_ULONG n,
                         CK_OBJECT_HANDLE *ret)
{
    return p11->C_DecapsulateKey(S, MECH(k->use), priv, t, n, ct, k->ct, ret);
}

/* ---- sizes ---- */

static void r036_a_question_makes_no_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(kems); i++) {
        const struct pair p = pair_of(&kems[i]);
        const CK_ULONG before = pq_objects(S);
        CK_OBJECT_HANDLE key = 4711;
        CK_ULONG n = 0;
        OK(p11->C_EncapsulateKey(S, MECH(kems[i].use), p.pub, NULL, 0, NULL, &n, &key));
        assert_int_equal(n, kems[i].ct);
        n = 0;
        OK(p11->C_EncapsulateKey(S, MECH(kems[i].use), p.pub, NULL, 0, NULL, &n, NULL));
        assert_int_equal(n, kems[i].ct);
        assert_int_equal(key, 4711);
        assert_int_equal(pq_objects(S), before);
    }
}

static void r037_a_short_place_makes_no_key(void **state)
{
    static CK_BYTE place[4000];
    (void)state;
    for (size_t i = 0; i < LEN(kems); i++) {
        const struct pair p = pair_of(&kems[i]);
        const CK_ULONG before = pq_objects(S);
        const CK_ULONG rooms[] = {0, 1, kems[i].ct - 1};
        CK_OBJECT_HANDLE key = 4711;
        memset(place, 0xa5, sizeof place);
        for (size_t k = 0; k < LEN(rooms); k++) {
            CK_ULONG n = rooms[k];
            RV(CKR_BUFFER_TOO_SMALL,
               p11->C_EncapsulateKey(S, MECH(kems[i].use), p.pub, NULL, 0, place, &n, &key));
            assert_int_equal(n, kems[i].ct);
        }
        for (size_t k = 0; k < sizeof place; k++) {
            assert_int_equal(place[k], 0xa5);
        }
        assert_int_equal(key, 4711);
        assert_int_equal(pq_objects(S), before);
        /* exactly enough, and not a byte more is written (item 38) */
        CK_ULONG n = kems[i].ct;
        OK(p11->C_EncapsulateKey(S, MECH(kems[i].use), p.pub, NULL, 0, place, &n, &key));
        assert_int_equal(n, kems[i].ct);
        assert_int_equal(place[n], 0xa5);
        assert_int_equal(pq_objects(S), before + 1);
    }
}

static void both_sides_have_one_secret(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(kems); i++) {
        const struct pair p = pair_of(&kems[i]);
        CK_OBJECT_HANDLE a = 0;
        CK_OBJECT_HANDLE b = 0;
        static CK_BYTE first[PQ_SIG_MAX];
        assert_int_equal(pq_encapsulate(S, kems[i].use, p.pub, ct, &a), kems[i].ct);
        memcpy(first, ct, kems[i].ct);
        assert_true(pq_same(S, a, pq_decapsulate(S, kems[i].use, p.priv, ct, kems[i].ct)));
        assert_int_equal(attr_ulong(S, a, CKA_VALUE_LEN), kems[i].shared);
        assert_int_equal(attr_ulong(S, a, CKA_KEY_TYPE), CKK_GENERIC_SECRET);
        /* the next one is another */
        pq_encapsulate(S, kems[i].use, p.pub, ct, &b);
        assert_false(pq_same(S, a, b));
        assert_memory_not_equal(first, ct, kems[i].ct);
    }
}

/* ---- ciphertexts ---- */

static void r070_ciphertexts_of_a_wrong_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(kems); i++) {
        const struct pair p = pair_of(&kems[i]);
        CK_OBJECT_HANDLE key = 0;
        OK(encapsulate(&kems[i], p.pub, NULL, 0, &key));
        const CK_ULONG before = pq_objects(S);
        key = 4711;
        for (CK_ULONG n = 0; n < 2000; n++) {
            if (n != kems[i].ct) {
                RV(CKR_ENCRYPTED_DATA_LEN_RANGE,
                   p11->C_DecapsulateKey(S, MECH(kems[i].use), p.priv, NULL, 0, ct, n, &key));
            }
        }
        RV(CKR_ENCRYPTED_DATA_LEN_RANGE,
           p11->C_DecapsulateKey(S, MECH(kems[i].use), p.priv, NULL, 0, ct, ~0UL, &key));
        RV(CKR_ENCRYPTED_DATA_LEN_RANGE,
           p11->C_DecapsulateKey(S, MECH(kems[i].use), p.priv, NULL, 0, NULL, 0, &key));
        RV(CKR_ARGUMENTS_BAD,
           p11->C_DecapsulateKey(S, MECH(kems[i].use), p.priv, NULL, 0, NULL, kems[i].ct, &key));
        assert_int_equal(key, 4711);
        assert_int_equal(pq_objects(S), before);
    }
}

/* ML-KEM never says that a ciphertext is wrong: it gives a secret that nobody else has, the same one
 * each time (FIPS 203, algorithm 18). */
static void r070_implicit_rejection(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct pair p = pair_of(&kems[i]);
        const struct pair q = pair_of(&kems[i]);
        CK_OBJECT_HANDLE right = 0;
        pq_encapsulate(S, CKM_ML_KEM, p.pub, ct, &right);
        CK_OBJECT_HANDLE last = right;
        for (CK_ULONG at = 0; at < kems[i].ct; at += 97) {
            ct[at] ^= 0x04;
            const CK_OBJECT_HANDLE a = pq_decapsulate(S, CKM_ML_KEM, p.priv, ct, kems[i].ct);
            const CK_OBJECT_HANDLE b = pq_decapsulate(S, CKM_ML_KEM, p.priv, ct, kems[i].ct);
            ct[at] ^= 0x04;
            assert_false(pq_same(S, a, right));
            assert_false(pq_same(S, a, last));
            assert_true(pq_same(S, a, b));
            last = a;
        }
        assert_false(pq_same(S, right, pq_decapsulate(S, CKM_ML_KEM, q.priv, ct, kems[i].ct)));
        memset(ct, 0, kems[i].ct);
        assert_false(pq_same(S, right, pq_decapsulate(S, CKM_ML_KEM, p.priv, ct, kems[i].ct)));
        memset(ct, 0xff, kems[i].ct);
        assert_false(pq_same(S, right, pq_decapsulate(S, CKM_ML_KEM, p.priv, ct, kems[i].ct)));
    }
}

/* A hybrid's ciphertext damaged in either half gives another secret or, where the other half is no
 * point, is refused; never the right one. */
static void r070_either_half_of_a_hybrid_counts(void **state)
{
    (void)state;
    for (size_t i = 3; i < LEN(kems); i++) {
        const struct pair p = pair_of(&kems[i]);
        CK_OBJECT_HANDLE right = 0;
        pq_encapsulate(S, kems[i].use, p.pub, ct, &right);
        CK_ULONG gave = 0;
        for (CK_ULONG at = 0; at < kems[i].ct; at += at < 1000 ? 173 : 5) {
            CK_OBJECT_HANDLE key = 0;
            ct[at] ^= 0x04;
            const CK_RV rv =
                ONE_OF(decapsulate(&kems[i], p.priv, T(AB(CKA_SENSITIVE, CK_FALSE)), &key), CKR_OK,
                       CKR_ENCRYPTED_DATA_INVALID);
            ct[at] ^= 0x04;
            assert_true(rv != CKR_OK || !pq_same(S, key, right));
            assert_int_equal(key != 0, rv == CKR_OK);
            gave += rv == CKR_OK;
        }
        assert_true(gave > 0);
    }
}

/* ---- templates ---- */

static void r017_lengths_of_the_new_key(void **state)
{
    static const struct {
        CK_KEY_TYPE type;
        CK_ULONG n;
        CK_RV rv;
    } rows[] = {
        {CKK_AES, 16, CKR_OK},
        {CKK_AES, 24, CKR_OK},
        {CKK_AES, 32, CKR_OK},
        {CKK_AES, 0, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKK_AES, 1, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKK_AES, 17, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKK_AES, 33, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKK_AES, 64, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKK_GENERIC_SECRET, 0, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKK_GENERIC_SECRET, 1, CKR_OK},
        {CKK_GENERIC_SECRET, 31, CKR_OK},
        {CKK_GENERIC_SECRET, 33, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKK_GENERIC_SECRET, 0x7fffffff, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKK_GENERIC_SECRET, ~0UL, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKK_SHA256_HMAC, 32, CKR_OK},
        {CKK_SHA512_HMAC, 33, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKK_HKDF, 20, CKR_OK},
        {CKK_HKDF, 33, CKR_ATTRIBUTE_VALUE_INVALID},
    };
    (void)state;
    const struct pair p = pair_of(ML_KEM_768);
    CK_BYTE whole[32];
    CK_OBJECT_HANDLE key = 0;
    pq_encapsulate(S, CKM_ML_KEM, p.pub, ct, &key);
    attr_bytes(S, key, CKA_VALUE, whole, sizeof whole);
    for (size_t i = 0; i < LEN(rows); i++) {
        CK_ATTRIBUTE t[] = {AU(CKA_KEY_TYPE, rows[i].type), AU(CKA_VALUE_LEN, rows[i].n),
                            AB(CKA_SENSITIVE, CK_FALSE)};
        const CK_ULONG before = pq_objects(S);
        CK_BYTE value[64];
        RV(rows[i].rv, decapsulate(ML_KEM_768, p.priv, t, LEN(t), &key));
        assert_int_equal(pq_objects(S), before + (rows[i].rv == CKR_OK));
        if (rows[i].rv == CKR_OK) { /* the first bytes of the secret */
            assert_int_equal(attr_bytes(S, key, CKA_VALUE, value, sizeof value), rows[i].n);
            assert_memory_equal(value, whole, rows[i].n);
            assert_int_equal(attr_ulong(S, key, CKA_KEY_TYPE), rows[i].type);
        }
    }
    CK_BYTE saved[1088];
    memcpy(saved, ct, sizeof saved);
    for (size_t i = 0; i < LEN(rows); i++) {
        CK_ATTRIBUTE t[] = {AU(CKA_KEY_TYPE, rows[i].type), AU(CKA_VALUE_LEN, rows[i].n)};
        const CK_ULONG before = pq_objects(S);
        RV(rows[i].rv, encapsulate(ML_KEM_768, p.pub, t, LEN(t), &key));
        assert_int_equal(pq_objects(S), before + (rows[i].rv == CKR_OK));
    }
}

/* Without a length a key takes the whole secret; a secret of two halves is not cut. */
static void lengths_of_hybrids(void **state)
{
    (void)state;
    const struct kem *two = &kems[5];
    const struct pair p = pair_of(two);
    CK_OBJECT_HANDLE key = 0;
    RV(CKR_TEMPLATE_INCOMPLETE, encapsulate(two, p.pub, T(AU(CKA_KEY_TYPE, CKK_AES)), &key));
    RV(CKR_ATTRIBUTE_VALUE_INVALID,
       encapsulate(two, p.pub, T(AU(CKA_KEY_TYPE, CKK_AES), AU(CKA_VALUE_LEN, 32)), &key));
    RV(CKR_ATTRIBUTE_VALUE_INVALID, encapsulate(two, p.pub, T(AU(CKA_VALUE_LEN, 63)), &key));
    RV(CKR_ATTRIBUTE_VALUE_INVALID, encapsulate(two, p.pub, T(AU(CKA_VALUE_LEN, 65)), &key));
    OK(encapsulate(two, p.pub, T(AU(CKA_VALUE_LEN, 64)), &key));
    assert_int_equal(attr_ulong(S, key, CKA_VALUE_LEN), 64);
}

/* What the token knows better, is not known at all, is said twice, or is no secret key. */
static void r013_templates_that_are_refused(void **state)
{
    CK_BYTE value[32] = {1};
    CK_OBJECT_HANDLE key = 0;
    (void)state;
    const struct pair p = pair_of(ML_KEM_768);
    OK(encapsulate(ML_KEM_768, p.pub, NULL, 0, &key));
    const CK_ULONG before = pq_objects(S);
    const struct {
        CK_ATTRIBUTE a;
        CK_RV rv;
    } bad[] = {
        {AX(CKA_VALUE, value, 32), CKR_ATTRIBUTE_READ_ONLY},
        {AB(CKA_LOCAL, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY},
        {AB(CKA_ALWAYS_SENSITIVE, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY},
        {AB(CKA_NEVER_EXTRACTABLE, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY},
        {AU(CKA_KEY_GEN_MECHANISM, CKM_ML_KEM), CKR_ATTRIBUTE_READ_ONLY},
        {AX(CKA_UNIQUE_ID, "id", 2), CKR_ATTRIBUTE_READ_ONLY},
        {AB(CKA_TRUSTED, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY}, /* item 84 */
        {AU(CKA_PARAMETER_SET, 2), CKR_ATTRIBUTE_TYPE_INVALID},
        {AX(CKA_SEED, value, 32), CKR_ATTRIBUTE_TYPE_INVALID},
        {AU(CKA_MODULUS_BITS, 2048), CKR_ATTRIBUTE_TYPE_INVALID},
        {AB(0x7ffffff0UL, CK_TRUE), CKR_ATTRIBUTE_TYPE_INVALID},
        {AU(CKA_CLASS, CKO_PRIVATE_KEY), CKR_TEMPLATE_INCONSISTENT},
        {AU(CKA_CLASS, CKO_PUBLIC_KEY), CKR_TEMPLATE_INCONSISTENT},
        {AU(CKA_CLASS, CKO_DATA), CKR_TEMPLATE_INCONSISTENT},
        {AU(CKA_KEY_TYPE, CKK_RSA), CKR_ATTRIBUTE_VALUE_INVALID},
        {AU(CKA_KEY_TYPE, CKK_ML_KEM), CKR_ATTRIBUTE_VALUE_INVALID},
        {AU(CKA_KEY_TYPE, CKK_DES3), CKR_ATTRIBUTE_VALUE_INVALID},
        {AX(CKA_KEY_TYPE, value, 4), CKR_ATTRIBUTE_VALUE_INVALID}, /* item 9 */
        {AX(CKA_EXTRACTABLE, value, 8), CKR_ATTRIBUTE_VALUE_INVALID},
        {AX(CKA_EXTRACTABLE, "\x02", 1), CKR_ATTRIBUTE_VALUE_INVALID}, /* item 10 */
        {AX(CKA_LABEL, NULL, 5), CKR_ATTRIBUTE_VALUE_INVALID},
        {AX(CKA_CHECK_VALUE, "\x01\x02\x03", 3), CKR_ATTRIBUTE_VALUE_INVALID}, /* item 102 */
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        CK_ATTRIBUTE t[1] = {bad[i].a};
        key = 4711;
        RV(bad[i].rv, decapsulate(ML_KEM_768, p.priv, t, 1, &key));
        assert_int_equal(key, 4711);
    }
    for (size_t i = 0; i < LEN(bad); i++) {
        static const CK_BYTE nothing[1088];
        CK_ATTRIBUTE t[1] = {bad[i].a};
        RV(bad[i].rv, encapsulate(ML_KEM_768, p.pub, t, 1, &key));
        assert_int_equal(key, 4711);
        if (bad[i].a.type == CKA_CHECK_VALUE) { /* no ciphertext is left without its key */
            assert_memory_equal(ct, nothing, sizeof nothing);
        }
    }
    RV(CKR_TEMPLATE_INCONSISTENT,
       encapsulate(ML_KEM_768, p.pub, T(AS(CKA_LABEL, "a"), AS(CKA_LABEL, "b")), &key));
    assert_int_equal(pq_objects(S), before);
}

/* Counts that no template has are refused before anything is read (item 1), also by a question. */
static void r001_counts(void **state)
{
    static const CK_ULONG counts[] = {1025, 0x100000000UL, 0xaaaaaaaaaaaaaabUL, ~0UL};
    CK_ATTRIBUTE one[] = {AS(CKA_LABEL, "label")};
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG n = sizeof ct;
    (void)state;
    const struct pair p = pair_of(ML_KEM_768);
    for (size_t i = 0; i < LEN(counts); i++) {
        RV(CKR_ARGUMENTS_BAD, encapsulate(ML_KEM_768, p.pub, one, counts[i], &key));
        RV(CKR_ARGUMENTS_BAD, decapsulate(ML_KEM_768, p.priv, one, counts[i], &key));
        RV(CKR_ARGUMENTS_BAD, encapsulate(ML_KEM_768, p.pub, NULL, counts[i], &key));
    }
    RV(CKR_ARGUMENTS_BAD, encapsulate(ML_KEM_768, p.pub, NULL, 1, &key));
    RV(CKR_ARGUMENTS_BAD, decapsulate(ML_KEM_768, p.priv, NULL, 1, &key));
    RV(CKR_ARGUMENTS_BAD,
       p11->C_EncapsulateKey(S, MECH(CKM_ML_KEM), p.pub, NULL, 1, NULL, &n, &key));
}

/* Every pointer may be NULL, or of any alignment. */
static void r004_pointers(void **state)
{
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG n = sizeof ct;
    (void)state;
    const struct pair p = pair_of(ML_KEM_768);
    CK_MECHANISM m = {CKM_ML_KEM, NULL, 0};
    RV(CKR_ARGUMENTS_BAD, p11->C_EncapsulateKey(S, NULL, p.pub, NULL, 0, ct, &n, &key));
    RV(CKR_ARGUMENTS_BAD, p11->C_EncapsulateKey(S, &m, p.pub, NULL, 0, ct, NULL, &key));
    RV(CKR_ARGUMENTS_BAD, p11->C_EncapsulateKey(S, &m, p.pub, NULL, 0, NULL, NULL, &key));
    RV(CKR_ARGUMENTS_BAD, p11->C_EncapsulateKey(S, &m, p.pub, NULL, 0, ct, &n, NULL));
    RV(CKR_ARGUMENTS_BAD, p11->C_DecapsulateKey(S, NULL, p.priv, NULL, 0, ct, 1088, &key));
    RV(CKR_ARGUMENTS_BAD, p11->C_DecapsulateKey(S, &m, p.priv, NULL, 0, ct, 1088, NULL));
    RV(CKR_SESSION_HANDLE_INVALID, p11->C_EncapsulateKey(0, &m, p.pub, NULL, 0, ct, &n, &key));
    RV(CKR_SESSION_HANDLE_INVALID, p11->C_DecapsulateKey(~0UL, &m, p.priv, NULL, 0, ct, 1, &key));
}

static void r011_any_alignment(void **state)
{
    static const CK_BBOOL no = CK_FALSE;
    (void)state;
    const struct pair p = pair_of(ML_KEM_768);
    CK_OBJECT_HANDLE a = 0;
    CK_OBJECT_HANDLE b = 0;
    for (size_t shift = 1; shift < 8; shift++) {
        const CK_MECHANISM m = {CKM_ML_KEM, NULL, 0};
        const CK_ATTRIBUTE t = AX(CKA_SENSITIVE, &no, 1);
        const CK_ULONG n = 1088;
        CK_BYTE room[4][64];
        static CK_BYTE place[1088 + 8];
        memcpy(room[0] + shift, &m, sizeof m);
        memcpy(room[1] + shift, &t, sizeof t);
        memcpy(room[2] + shift, &n, sizeof n);
        OK(p11->C_EncapsulateKey(S, (CK_MECHANISM *)(void *)(room[0] + shift), p.pub,
                                 (CK_ATTRIBUTE *)(void *)(room[1] + shift), 1, place + shift,
                                 (CK_ULONG *)(void *)(room[2] + shift),
                                 (CK_OBJECT_HANDLE *)(void *)(room[3] + shift)));
        memcpy(&a, room[3] + shift, sizeof a);
        OK(p11->C_DecapsulateKey(S, (CK_MECHANISM *)(void *)(room[0] + shift), p.priv,
                                 (CK_ATTRIBUTE *)(void *)(room[1] + shift), 1, place + shift, 1088,
                                 (CK_OBJECT_HANDLE *)(void *)(room[3] + shift)));
        memcpy(&b, room[3] + shift, sizeof b);
        assert_true(pq_same(S, a, b));
    }
}

/* ---- mechanisms and keys that do not belong together ---- */

static void r082_other_mechanisms_and_keys(void **state)
{
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG n = sizeof ct;
    CK_BYTE param[8] = {0};
    CK_OBJECT_HANDLE ec_pub = 0;
    CK_OBJECT_HANDLE ec_priv = 0;
    (void)state;
    static const CK_MECHANISM_TYPE none[] = {
        CKM_ML_DSA,
        CKM_AES_GCM,
        CKM_ML_KEM_KEY_PAIR_GEN,
        CKM_SHA256,
        CKM_RSA_PKCS_OAEP,
        CKM_ECDH1_DERIVE,
        0x12345678,
        ~0UL,
    };
    const struct pair p = pair_of(ML_KEM_768);
    const struct pair hybrid = pair_of(&kems[3]);
    const struct pair dsa = pq_pair(S, CKM_CRATON_ML_DSA_44, SET_OF_MECHANISM);
    ec_pair(S, &P256, &ec_pub, &ec_priv);
    const CK_OBJECT_HANDLE aes = aes_key(S, 32);
    const CK_ULONG before = pq_objects(S);
    for (size_t i = 0; i < LEN(none); i++) {
        RV(CKR_MECHANISM_INVALID,
           p11->C_EncapsulateKey(S, MECH(none[i]), p.pub, NULL, 0, ct, &n, &key));
        RV(CKR_MECHANISM_INVALID,
           p11->C_DecapsulateKey(S, MECH(none[i]), p.priv, NULL, 0, ct, 1088, &key));
    }
    RV(CKR_MECHANISM_PARAM_INVALID,
       p11->C_EncapsulateKey(S, MECHP(CKM_ML_KEM, param), p.pub, NULL, 0, ct, &n, &key));
    RV(CKR_MECHANISM_PARAM_INVALID,
       p11->C_DecapsulateKey(S, MECHP(CKM_ML_KEM, param), p.priv, NULL, 0, ct, 1088, &key));
    RV(CKR_MECHANISM_PARAM_INVALID,
       p11->C_EncapsulateKey(S, MECHX(CKM_ML_KEM, NULL, 8), p.pub, NULL, 0, NULL, &n, &key));
    const CK_OBJECT_HANDLE wrong[] = {p.priv, hybrid.pub, dsa.pub, dsa.priv, ec_pub, ec_priv, aes};
    for (size_t i = 0; i < LEN(wrong); i++) {
        RV(CKR_KEY_TYPE_INCONSISTENT, encapsulate(ML_KEM_768, wrong[i], NULL, 0, &key));
    }
    const CK_OBJECT_HANDLE wrong2[] = {p.pub, hybrid.priv, dsa.pub, dsa.priv, ec_pub, ec_priv, aes};
    for (size_t i = 0; i < LEN(wrong2); i++) {
        RV(CKR_KEY_TYPE_INCONSISTENT, decapsulate(ML_KEM_768, wrong2[i], NULL, 0, &key));
    }
    RV(CKR_KEY_TYPE_INCONSISTENT, encapsulate(&kems[3], p.pub, NULL, 0, &key));
    RV(CKR_KEY_TYPE_INCONSISTENT, decapsulate(&kems[3], p.priv, NULL, 0, &key));
    /* a KEM's mechanism is for nothing else */
    RV(CKR_MECHANISM_INVALID, p11->C_EncryptInit(S, MECH(CKM_ML_KEM), p.pub));
    RV(CKR_MECHANISM_INVALID, p11->C_DecryptInit(S, MECH(CKM_ML_KEM), p.priv));
    RV(CKR_MECHANISM_INVALID, p11->C_SignInit(S, MECH(CKM_ML_KEM), p.priv));
    RV(CKR_MECHANISM_INVALID, p11->C_VerifyInit(S, MECH(CKM_COMP_KEM), hybrid.pub));
    RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_SignInit(S, MECH(CKM_ML_DSA), p.priv));
    assert_int_equal(pq_objects(S), before);
}

static void r031_handles(void **state)
{
    static const CK_OBJECT_HANDLE none[] = {0, 1, 0x123456789UL, 1UL << 62, ~0UL};
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG n = 0;
    (void)state;
    for (size_t i = 0; i < LEN(none); i++) {
        RV(CKR_KEY_HANDLE_INVALID, encapsulate(ML_KEM_768, none[i], NULL, 0, &key));
        RV(CKR_KEY_HANDLE_INVALID, decapsulate(ML_KEM_768, none[i], NULL, 0, &key));
        RV(CKR_KEY_HANDLE_INVALID,
           p11->C_EncapsulateKey(S, MECH(CKM_ML_KEM), none[i], NULL, 0, NULL, &n, &key));
    }
    const struct pair p = pair_of(ML_KEM_768);
    OK(encapsulate(ML_KEM_768, p.pub, NULL, 0, &key));
    OK(decapsulate(ML_KEM_768, p.priv, NULL, 0, &key));
    OK(p11->C_DestroyObject(S, p.pub)); /* item 43 */
    OK(p11->C_DestroyObject(S, p.priv));
    RV(CKR_KEY_HANDLE_INVALID, encapsulate(ML_KEM_768, p.pub, NULL, 0, &key));
    RV(CKR_KEY_HANDLE_INVALID, decapsulate(ML_KEM_768, p.priv, NULL, 0, &key));
}

/* ---- what the new key is ---- */

static void r090_attributes_of_the_new_key(void **state)
{
    (void)state;
    const struct pair p = pair_of(ML_KEM_768);
    for (int side = 0; side < 2; side++) {
        CK_ATTRIBUTE t[] = {AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES),
                            AS(CKA_LABEL, "label"),        AS(CKA_ID, "id"),
                            AB(CKA_SENSITIVE, CK_TRUE),    AB(CKA_EXTRACTABLE, CK_FALSE),
                            AB(CKA_ENCRYPT, CK_TRUE)};
        CK_OBJECT_HANDLE key = 0;
        CK_BYTE b[64];
        OK(side == 0 ? encapsulate(ML_KEM_768, p.pub, NULL, 0, &key)
                     : decapsulate(ML_KEM_768, p.priv, NULL, 0, &key));
        assert_false(attr_bool(S, key, CKA_LOCAL) || attr_bool(S, key, CKA_ALWAYS_SENSITIVE) ||
                     attr_bool(S, key, CKA_NEVER_EXTRACTABLE) || attr_bool(S, key, CKA_TOKEN));
        assert_true(attr_bool(S, key, CKA_EXTRACTABLE));
        assert_int_equal(attr_ulong(S, key, CKA_CLASS), CKO_SECRET_KEY);
        assert_int_equal(attr_ulong(S, key, CKA_KEY_GEN_MECHANISM), CK_UNAVAILABLE_INFORMATION);
        assert_int_equal(attr_bytes(S, key, CKA_UNIQUE_ID, b, sizeof b), 32);
        /* what the template says is kept; the history stays the token's word */
        OK(side == 0 ? encapsulate(ML_KEM_768, p.pub, t, LEN(t), &key)
                     : decapsulate(ML_KEM_768, p.priv, t, LEN(t), &key));
        assert_true(attr_bool(S, key, CKA_SENSITIVE) && attr_bool(S, key, CKA_ENCRYPT));
        assert_false(attr_bool(S, key, CKA_EXTRACTABLE) || attr_bool(S, key, CKA_DECRYPT) ||
                     attr_bool(S, key, CKA_ALWAYS_SENSITIVE) ||
                     attr_bool(S, key, CKA_NEVER_EXTRACTABLE) || attr_bool(S, key, CKA_LOCAL));
        assert_int_equal(attr_bytes(S, key, CKA_LABEL, b, sizeof b), 5);
        RV(CKR_ATTRIBUTE_SENSITIVE,
           p11->C_GetAttributeValue(S, key, T(AX(CKA_VALUE, b, sizeof b))));
    }
}

/* Both sides have the check value that such a key has: of AES, three bytes of the encrypted zero
 * block; computed here with the key itself. */
static void r102_check_value(void **state)
{
    CK_ATTRIBUTE t[] = {AU(CKA_KEY_TYPE, CKK_AES), AB(CKA_SENSITIVE, CK_FALSE),
                        AB(CKA_ENCRYPT, CK_TRUE)};
    CK_BYTE zero[16] = {0};
    CK_BYTE block[16];
    CK_BYTE check[2][3];
    CK_OBJECT_HANDLE a = 0;
    CK_OBJECT_HANDLE b = 0;
    CK_ULONG n = sizeof block;
    (void)state;
    const struct pair p = pair_of(ML_KEM_768);
    OK(encapsulate(ML_KEM_768, p.pub, t, LEN(t), &a));
    OK(decapsulate(ML_KEM_768, p.priv, t, LEN(t), &b));
    assert_int_equal(attr_bytes(S, a, CKA_CHECK_VALUE, check[0], 3), 3);
    assert_int_equal(attr_bytes(S, b, CKA_CHECK_VALUE, check[1], 3), 3);
    OK(p11->C_EncryptInit(S, MECH(CKM_AES_ECB), a));
    OK(p11->C_Encrypt(S, zero, 16, block, &n));
    assert_memory_equal(check[0], block, 3);
    assert_memory_equal(check[1], block, 3);
}

/* ---- permissions ---- */

static struct pair pair_with(CK_ATTRIBUTE pub, CK_ATTRIBUTE priv)
{
    struct pair p = {0, 0};
    CK_ATTRIBUTE pub_t[] = {AU(CKA_PARAMETER_SET, CKP_ML_KEM_768), pub};
    OK(p11->C_GenerateKeyPair(S, MECH(CKM_ML_KEM_KEY_PAIR_GEN), pub_t, 2, &priv, 1, &p.pub,
                              &p.priv));
    return p;
}

static void r089_usage(void **state)
{
    CK_OBJECT_HANDLE key = 0;
    CK_BYTE blob[4000];
    CK_ULONG n = sizeof blob;
    (void)state;
    const CK_OBJECT_HANDLE target = aes_key(S, 16);
    CK_CRATON_KEM_DERIVE_PARAMS d = {0, NULL, 0, NULL, 0, blob, &n};
    /* one usage each, and only that */
    const struct pair kem = pair_with((CK_ATTRIBUTE)AB(CKA_ENCAPSULATE, CK_TRUE),
                                      (CK_ATTRIBUTE)AB(CKA_DECAPSULATE, CK_TRUE));
    const struct pair wrap =
        pair_with((CK_ATTRIBUTE)AB(CKA_WRAP, CK_TRUE), (CK_ATTRIBUTE)AB(CKA_UNWRAP, CK_TRUE));
    const struct pair derive =
        pair_with((CK_ATTRIBUTE)AB(CKA_DERIVE, CK_TRUE), (CK_ATTRIBUTE)AB(CKA_DERIVE, CK_TRUE));
    const struct pair all[] = {kem, wrap, derive};
    for (size_t i = 0; i < LEN(all); i++) {
#define ALLOWED(k) ((k) == i ? CKR_OK : CKR_KEY_FUNCTION_NOT_PERMITTED)
        RV(ALLOWED(0), encapsulate(ML_KEM_768, all[i].pub, NULL, 0, &key));
        CK_ULONG question = 0;
        RV(ALLOWED(0),
           p11->C_EncapsulateKey(S, MECH(CKM_ML_KEM), all[i].pub, NULL, 0, NULL, &question, &key));
        RV(ALLOWED(0), decapsulate(ML_KEM_768, all[i].priv, NULL, 0, &key));
        n = sizeof blob;
        RV(ALLOWED(1), p11->C_WrapKey(S, MECH(CKM_ML_KEM), all[i].pub, target, blob, &n));
        if (i == 1) {
            OK(p11->C_UnwrapKey(S, MECH(CKM_ML_KEM), all[i].priv, blob, n,
                                T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES)), &key));
        } else {
            RV(CKR_KEY_FUNCTION_NOT_PERMITTED,
               p11->C_UnwrapKey(S, MECH(CKM_ML_KEM), all[i].priv, blob, 100,
                                T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES)), &key));
        }
        n = sizeof blob;
        RV(ALLOWED(2), p11->C_DeriveKey(S, MECHP(CKM_ML_KEM, d), all[i].pub, NULL, 0, &key));
        n = 1088;
        RV(ALLOWED(2), p11->C_DeriveKey(S, MECHP(CKM_ML_KEM, d), all[i].priv, NULL, 0, &key));
#undef ALLOWED
    }
}

static void r088_allowed_mechanisms(void **state)
{
    CK_MECHANISM_TYPE only[] = {CKM_CRATON_ML_KEM_768};
    CK_MECHANISM_TYPE other[] = {CKM_HKDF_DERIVE};
    CK_OBJECT_HANDLE key = 0;
    (void)state;
    struct pair p = pair_with((CK_ATTRIBUTE)AX(CKA_ALLOWED_MECHANISMS, only, sizeof only),
                              (CK_ATTRIBUTE)AX(CKA_ALLOWED_MECHANISMS, other, sizeof other));
    RV(CKR_MECHANISM_INVALID, encapsulate(ML_KEM_768, p.pub, NULL, 0, &key));
    CK_ULONG n = sizeof ct;
    OK(p11->C_EncapsulateKey(S, MECH(CKM_CRATON_ML_KEM_768), p.pub, NULL, 0, ct, &n, &key));
    RV(CKR_MECHANISM_INVALID, decapsulate(ML_KEM_768, p.priv, NULL, 0, &key));
}

/* CKA_ENCAPSULATE_TEMPLATE and CKA_DECAPSULATE_TEMPLATE, by both numbers that the standard gave them. */
static void r087_templates_of_the_keys(void **state)
{
    CK_ATTRIBUTE inner[] = {AU(CKA_KEY_TYPE, CKK_AES), AB(CKA_EXTRACTABLE, CK_FALSE),
                            AB(CKA_WRAP, CK_FALSE)};
    static const CK_ATTRIBUTE_TYPE numbers[2][2] = {{0x62a, 0x62b}, {0x4000062a, 0x4000062b}};
    CK_OBJECT_HANDLE key = 0;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct pair p = pair_with((CK_ATTRIBUTE)AX(numbers[i][0], inner, sizeof inner),
                                        (CK_ATTRIBUTE)AX(numbers[i][1], inner, sizeof inner));
        /* silence takes the key's word */
        OK(encapsulate(ML_KEM_768, p.pub, NULL, 0, &key));
        assert_int_equal(attr_ulong(S, key, CKA_KEY_TYPE), CKK_AES);
        assert_false(attr_bool(S, key, CKA_EXTRACTABLE) || attr_bool(S, key, CKA_WRAP));
        OK(decapsulate(ML_KEM_768, p.priv, T(AB(CKA_EXTRACTABLE, CK_FALSE)), &key));
        assert_int_equal(attr_ulong(S, key, CKA_KEY_TYPE), CKK_AES);
        assert_false(attr_bool(S, key, CKA_EXTRACTABLE));
        /* a conflict is named as the standard says, and makes nothing */
        const CK_ULONG before = pq_objects(S);
        RV(CKR_KEY_HANDLE_INVALID,
           encapsulate(ML_KEM_768, p.pub, T(AB(CKA_EXTRACTABLE, CK_TRUE)), &key));
        RV(CKR_KEY_HANDLE_INVALID,
           encapsulate(ML_KEM_768, p.pub, T(AU(CKA_KEY_TYPE, CKK_GENERIC_SECRET)), &key));
        RV(CKR_KEY_HANDLE_INVALID, encapsulate(ML_KEM_768, p.pub, T(AB(CKA_WRAP, CK_TRUE)), &key));
        RV(CKR_TEMPLATE_INCONSISTENT,
           decapsulate(ML_KEM_768, p.priv, T(AB(CKA_EXTRACTABLE, CK_TRUE)), &key));
        RV(CKR_TEMPLATE_INCONSISTENT,
           decapsulate(ML_KEM_768, p.priv, T(AU(CKA_KEY_TYPE, CKK_HKDF)), &key));
        assert_int_equal(pq_objects(S), before);
        /* they are read by both numbers too */
        for (size_t k = 0; k < 2; k++) {
            CK_ATTRIBUTE a = {numbers[k][0], NULL, 0};
            OK(p11->C_GetAttributeValue(S, p.pub, &a, 1));
            assert_int_equal(a.ulValueLen, sizeof inner);
            a.type = numbers[k][1];
            OK(p11->C_GetAttributeValue(S, p.priv, &a, 1));
            assert_int_equal(a.ulValueLen, sizeof inner);
        }
        RV(CKR_ATTRIBUTE_TYPE_INVALID,
           p11->C_GetAttributeValue(S, p.priv, T(AX(numbers[i][0], NULL, 0))));
        RV(CKR_ATTRIBUTE_READ_ONLY,
           p11->C_SetAttributeValue(S, p.pub, T(AX(numbers[i][0], inner, sizeof inner))));
    }
    /* a length in the key's template cuts the secret */
    CK_ATTRIBUTE length[] = {AU(CKA_VALUE_LEN, 16)};
    const struct pair p = pair_with((CK_ATTRIBUTE)AX(0x62a, length, sizeof length),
                                    (CK_ATTRIBUTE)AX(0x62b, length, sizeof length));
    OK(encapsulate(ML_KEM_768, p.pub, NULL, 0, &key));
    assert_int_equal(attr_ulong(S, key, CKA_VALUE_LEN), 16);
    RV(CKR_TEMPLATE_INCONSISTENT, decapsulate(ML_KEM_768, p.priv, T(AU(CKA_VALUE_LEN, 32)), &key));
}

static void r012_templates_that_are_none(void **state)
{
    CK_ATTRIBUTE nested[] = {AX(CKA_WRAP_TEMPLATE, NULL, 0)};
    CK_ATTRIBUTE twice[] = {AB(CKA_WRAP, CK_TRUE), AB(CKA_WRAP, CK_TRUE)};
    CK_ATTRIBUTE secret[] = {AX(CKA_VALUE, "0123456789abcdef", 16)};
    CK_ATTRIBUTE self[] = {AX(0x62a, NULL, 0)};
    self[0].pValue = self;
    self[0].ulValueLen = sizeof self;
    const CK_ATTRIBUTE bad[] = {
        AX(0x62a, nested, sizeof nested),   AX(0x62a, twice, sizeof twice),
        AX(0x62a, secret, sizeof secret),   AX(0x62a, self, sizeof self),
        AX(0x62a, twice, sizeof twice - 1), AX(0x62a, twice, ~0UL),
        AX(0x62a, NULL, sizeof twice),      AX(0x62a, twice, sizeof(CK_ATTRIBUTE) << 40),
    };
    struct pair p = {0, 0};
    (void)state;
    for (size_t i = 0; i < LEN(bad); i++) {
        CK_ATTRIBUTE t[] = {AU(CKA_PARAMETER_SET, CKP_ML_KEM_512), bad[i]};
        RV(CKR_ATTRIBUTE_VALUE_INVALID, p11->C_GenerateKeyPair(S, MECH(CKM_ML_KEM_KEY_PAIR_GEN), t,
                                                               2, NULL, 0, &p.pub, &p.priv));
    }
    CK_ATTRIBUTE both[] = {AU(CKA_PARAMETER_SET, CKP_ML_KEM_512), AX(0x62a, twice, 24),
                           AX(0x4000062a, twice, 24)};
    RV(CKR_TEMPLATE_INCONSISTENT,
       p11->C_GenerateKeyPair(S, MECH(CKM_ML_KEM_KEY_PAIR_GEN), both, 3, NULL, 0, &p.pub, &p.priv));
    assert_int_equal(pq_objects(S), 0);
}

/* ---- sessions ---- */

static void r092_in_a_public_session(void **state)
{
    struct pair p = {0, 0};
    CK_OBJECT_HANDLE key = 0;
    (void)state;
    OK(p11->C_GenerateKeyPair(S, MECH(CKM_CRATON_ML_KEM_768), T(AB(CKA_TOKEN, CK_TRUE)),
                              T(AB(CKA_TOKEN, CK_TRUE)), &p.pub, &p.priv));
    OK(encapsulate(ML_KEM_768, p.pub, NULL, 0, &key));
    OK(p11->C_Logout(S));
    /* the public half is everybody's, what it makes is private unless said otherwise */
    RV(CKR_USER_NOT_LOGGED_IN, encapsulate(ML_KEM_768, p.pub, NULL, 0, &key));
    RV(CKR_USER_NOT_LOGGED_IN, encapsulate(ML_KEM_768, p.pub, T(AB(CKA_PRIVATE, CK_TRUE)), &key));
    OK(encapsulate(ML_KEM_768, p.pub, T(AB(CKA_PRIVATE, CK_FALSE)), &key));
    RV(CKR_KEY_HANDLE_INVALID, decapsulate(ML_KEM_768, p.priv, NULL, 0, &key));
    RV(CKR_KEY_HANDLE_INVALID, decapsulate(ML_KEM_768, p.priv, T(AB(CKA_PRIVATE, CK_FALSE)), &key));
    /* nor is the officer the user */
    OK(p11->C_Login(S, CKU_SO, PIN(SO_PIN)));
    RV(CKR_KEY_HANDLE_INVALID, decapsulate(ML_KEM_768, p.priv, NULL, 0, &key));
    RV(CKR_USER_NOT_LOGGED_IN, encapsulate(ML_KEM_768, p.pub, NULL, 0, &key));
}

static void r093_read_only_sessions(void **state)
{
    struct pair p = {0, 0};
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG n = sizeof ct;
    (void)state;
    OK(p11->C_GenerateKeyPair(S, MECH(CKM_CRATON_ML_KEM_768), T(AB(CKA_TOKEN, CK_TRUE)),
                              T(AB(CKA_TOKEN, CK_TRUE)), &p.pub, &p.priv));
    const CK_SESSION_HANDLE ro = open_session(false);
    CK_ATTRIBUTE token[] = {AB(CKA_TOKEN, CK_TRUE)};
    RV(CKR_SESSION_READ_ONLY,
       p11->C_EncapsulateKey(ro, MECH(CKM_ML_KEM), p.pub, token, 1, ct, &n, &key));
    OK(p11->C_EncapsulateKey(ro, MECH(CKM_ML_KEM), p.pub, NULL, 0, ct, &n, &key));
    OK(p11->C_DecapsulateKey(ro, MECH(CKM_ML_KEM), p.priv, NULL, 0, ct, n, &key));
    RV(CKR_SESSION_READ_ONLY,
       p11->C_DecapsulateKey(ro, MECH(CKM_ML_KEM), p.priv, token, 1, ct, n, &key));
    RV(CKR_SESSION_READ_ONLY,
       p11->C_GenerateKeyPair(ro, MECH(CKM_CRATON_ML_KEM_768), token, 1, NULL, 0, &p.pub, &p.priv));
    /* what a session made goes with it (item 94) */
    const CK_ULONG before = pq_objects(S);
    OK(p11->C_CloseSession(ro));
    assert_int_equal(pq_objects(S), before - 2);
    OK(encapsulate(ML_KEM_768, p.pub, token, 1, &key));
    assert_true(attr_bool(S, key, CKA_TOKEN));
}

/* ---- the vendor form of C_DeriveKey ---- */

static CK_RV derive(const struct kem *k, CK_OBJECT_HANDLE base, CK_MECHANISM_TYPE prf,
                    const char *salt, const char *info, CK_ULONG *ct_n, CK_OBJECT_HANDLE *ret)
{
    CK_CRATON_KEM_DERIVE_PARAMS d = {prf,
                                     BYTE_PTR(salt),
                                     salt != NULL ? strlen(salt) : 0,
                                     BYTE_PTR(info),
                                     info != NULL ? strlen(info) : 0,
                                     ct,
                                     ct_n};
    return p11->C_DeriveKey(S, MECHP(k->use, d), base, T(AB(CKA_SENSITIVE, CK_FALSE)), ret);
}

/* The same by the standard's ways: decapsulate, then HKDF. */
static CK_OBJECT_HANDLE by_the_standard(const struct kem *k, CK_OBJECT_HANDLE priv,
                                        CK_MECHANISM_TYPE prf, const char *salt, const char *info)
{
    CK_OBJECT_HANDLE shared = 0;
    CK_OBJECT_HANDLE key = 0;
    OK(decapsulate(k, priv, T(AB(CKA_DERIVE, CK_TRUE)), &shared));
    CK_HKDF_PARAMS hkdf = {CK_TRUE,
                           CK_TRUE,
                           prf,
                           salt != NULL ? CKF_HKDF_SALT_DATA : CKF_HKDF_SALT_NULL,
                           BYTE_PTR(salt),
                           salt != NULL ? strlen(salt) : 0,
                           CK_INVALID_HANDLE,
                           BYTE_PTR(info),
                           info != NULL ? strlen(info) : 0};
    OK(p11->C_DeriveKey(S, MECHP(CKM_HKDF_DERIVE, hkdf), shared,
                        T(AU(CKA_VALUE_LEN, 32), AB(CKA_SENSITIVE, CK_FALSE)), &key));
    return key;
}

static void r069_deriving_both_ways(void **state)
{
    static const struct {
        CK_MECHANISM_TYPE prf;
        const char *salt, *info;
    } ways[] = {
        {0, NULL, NULL},
        {CKM_SHA256, "salt", NULL},
        {CKM_SHA256, NULL, "info"},
        {CKM_SHA512, "salt", "info"},
        {CKM_SHA3_384,
         "a salt longer than a block of this hash is, so that it is hashed itself, "
         "which takes more than one hundred and four bytes of it",
         "info"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(kems); i++) {
        const struct pair p = pair_of(&kems[i]);
        for (size_t w = 0; w < LEN(ways); w++) {
            CK_ULONG n = sizeof ct;
            CK_OBJECT_HANDLE ours = 0;
            CK_OBJECT_HANDLE theirs = 0;
            CK_OBJECT_HANDLE other = 0;
            OK(derive(&kems[i], p.pub, ways[w].prf, ways[w].salt, ways[w].info, &n, &ours));
            assert_int_equal(n, kems[i].ct);
            OK(derive(&kems[i], p.priv, ways[w].prf, ways[w].salt, ways[w].info, &n, &theirs));
            assert_true(pq_same(S, ours, theirs));
            assert_int_equal(attr_ulong(S, ours, CKA_VALUE_LEN), 32);
            assert_true(pq_same(S, ours,
                                by_the_standard(&kems[i], p.priv,
                                                ways[w].prf != 0 ? ways[w].prf : CKM_SHA256,
                                                ways[w].salt, ways[w].info)));
            /* salt, info and hash all count */
            OK(derive(&kems[i], p.priv, ways[w].prf, "another", ways[w].info, &n, &other));
            assert_false(pq_same(S, ours, other));
            OK(derive(&kems[i], p.priv, ways[w].prf, ways[w].salt, "another", &n, &other));
            assert_false(pq_same(S, ours, other));
            OK(derive(&kems[i], p.priv, CKM_SHA384, ways[w].salt, ways[w].info, &n, &other));
            assert_false(pq_same(S, ours, other));
        }
    }
}

/* The parameter may be the ciphertext itself. */
static void deriving_from_a_bare_ciphertext(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(kems); i++) {
        const struct pair p = pair_of(&kems[i]);
        CK_OBJECT_HANDLE ours = 0;
        CK_OBJECT_HANDLE theirs = 0;
        CK_ULONG n = sizeof ct;
        OK(derive(&kems[i], p.pub, 0, NULL, NULL, &n, &ours));
        OK(p11->C_DeriveKey(S, MECHX(kems[i].use, ct, n), p.priv, T(AB(CKA_SENSITIVE, CK_FALSE)),
                            &theirs));
        assert_true(pq_same(S, ours, theirs));
        /* not with a public key, which makes the ciphertext */
        RV(CKR_MECHANISM_PARAM_INVALID,
           p11->C_DeriveKey(S, MECHX(kems[i].use, ct, n), p.pub, NULL, 0, &theirs));
        RV(CKR_MECHANISM_PARAM_INVALID,
           p11->C_DeriveKey(S, MECHX(kems[i].use, ct, n - 1), p.priv, NULL, 0, &theirs));
        RV(CKR_MECHANISM_PARAM_INVALID,
           p11->C_DeriveKey(S, MECHX(kems[i].use, ct, n + 1), p.priv, NULL, 0, &theirs));
    }
}

static void derived_keys_as_the_template_says(void **state)
{
    CK_CRATON_KEM_DERIVE_PARAMS d = {0, NULL, 0, NULL, 0, ct, NULL};
    CK_ULONG n = sizeof ct;
    CK_OBJECT_HANDLE key = 0;
    (void)state;
    d.pulCiphertextLen = &n;
    const struct pair p = pair_of(ML_KEM_768);
    static const struct {
        CK_KEY_TYPE type;
        CK_ULONG n;
        CK_RV rv;
    } rows[] = {
        {CKK_AES, 16, CKR_OK},
        {CKK_AES, 32, CKR_OK},
        {CKK_AES, 33, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKK_GENERIC_SECRET, 100, CKR_OK}, /* HKDF makes more than the secret has */
        {CKK_GENERIC_SECRET, 4096, CKR_OK},
        {CKK_GENERIC_SECRET, 4097, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKK_GENERIC_SECRET, 0, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKK_GENERIC_SECRET, ~0UL, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKK_SHA256_HMAC, 32, CKR_OK},
        {CKK_HKDF, 48, CKR_OK},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        CK_ATTRIBUTE t[] = {AU(CKA_KEY_TYPE, rows[i].type), AU(CKA_VALUE_LEN, rows[i].n)};
        const CK_ULONG before = pq_objects(S);
        n = sizeof ct;
        RV(rows[i].rv, p11->C_DeriveKey(S, MECHP(CKM_ML_KEM, d), p.pub, t, LEN(t), &key));
        assert_int_equal(pq_objects(S), before + (rows[i].rv == CKR_OK));
        if (rows[i].rv == CKR_OK) {
            assert_int_equal(attr_ulong(S, key, CKA_VALUE_LEN), rows[i].n);
        }
    }
    n = sizeof ct;
    OK(p11->C_DeriveKey(S, MECHP(CKM_ML_KEM, d), p.pub, NULL, 0, &key));
    assert_int_equal(attr_ulong(S, key, CKA_KEY_TYPE), CKK_GENERIC_SECRET);
    assert_false(attr_bool(S, key, CKA_LOCAL) || attr_bool(S, key, CKA_ALWAYS_SENSITIVE) ||
                 attr_bool(S, key, CKA_NEVER_EXTRACTABLE));
    /* a failure after the ciphertext was made leaves neither key nor ciphertext */
    static const CK_BYTE nothing[1088];
    const CK_ULONG before = pq_objects(S);
    n = sizeof ct;
    RV(CKR_ATTRIBUTE_VALUE_INVALID,
       p11->C_DeriveKey(S, MECHP(CKM_ML_KEM, d), p.pub, T(AX(CKA_CHECK_VALUE, "\x01\x02\x03", 3)),
                        &key));
    assert_memory_equal(ct, nothing, sizeof nothing);
    assert_int_equal(pq_objects(S), before);
}

static void r037_derivation_without_a_place(void **state)
{
    CK_OBJECT_HANDLE key = 4711;
    (void)state;
    for (size_t i = 0; i < LEN(kems); i++) {
        const struct pair p = pair_of(&kems[i]);
        const CK_ULONG before = pq_objects(S);
        CK_ULONG n = 0;
        CK_CRATON_KEM_DERIVE_PARAMS d = {0, NULL, 0, NULL, 0, NULL, &n};
        RV(CKR_BUFFER_TOO_SMALL, p11->C_DeriveKey(S, MECHP(kems[i].use, d), p.pub, NULL, 0, &key));
        assert_int_equal(n, kems[i].ct);
        n = 100000; /* NULL has no room, whatever the number says */
        RV(CKR_BUFFER_TOO_SMALL, p11->C_DeriveKey(S, MECHP(kems[i].use, d), p.pub, NULL, 0, &key));
        assert_int_equal(n, kems[i].ct);
        d.pCiphertext = ct;
        memset(ct, 0xa5, sizeof ct);
        n = kems[i].ct - 1;
        RV(CKR_BUFFER_TOO_SMALL, p11->C_DeriveKey(S, MECHP(kems[i].use, d), p.pub, NULL, 0, &key));
        assert_int_equal(n, kems[i].ct);
        assert_true(ct[0] == 0xa5 && ct[kems[i].ct - 2] == 0xa5);
        assert_int_equal(key, 4711);
        assert_int_equal(pq_objects(S), before);
        OK(p11->C_DeriveKey(S, MECHP(kems[i].use, d), p.pub, NULL, 0, &key)); /* exactly enough */
        assert_int_equal(ct[kems[i].ct], 0xa5);
        key = 4711;
    }
}

static void r007_parameters_of_derivation(void **state)
{
    CK_OBJECT_HANDLE key = 4711;
    CK_BYTE b[8] = {0};
    CK_ULONG n = 1088;
    CK_ULONG none = 0;
    CK_ULONG huge = ~0UL;
    (void)state;
    const struct pair p = pair_of(ML_KEM_768);
    const struct pair dsa = pq_pair(S, CKM_CRATON_ML_DSA_44, SET_OF_MECHANISM);
    const CK_ULONG before = pq_objects(S);
    const CK_CRATON_KEM_DERIVE_PARAMS bad[] = {
        {0, NULL, 1, NULL, 0, ct, &n},          {0, b, ~0UL, NULL, 0, ct, &n},
        {0, NULL, 0, NULL, 1, ct, &n},          {0, NULL, 0, b, ~0UL, ct, &n},
        {0, NULL, 0, NULL, 0, ct, NULL},        {CKM_AES_GCM, NULL, 0, NULL, 0, ct, &n},
        {CKM_SHA256_HMAC, b, 8, b, 8, ct, &n},  {~0UL, NULL, 0, NULL, 0, ct, &n},
        {CKM_ML_DSA, NULL, 0, NULL, 0, ct, &n},
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        CK_CRATON_KEM_DERIVE_PARAMS d = bad[i];
        RV(CKR_MECHANISM_PARAM_INVALID,
           p11->C_DeriveKey(S, MECHP(CKM_ML_KEM, d), p.pub, NULL, 0, &key));
        RV(CKR_MECHANISM_PARAM_INVALID,
           p11->C_DeriveKey(S, MECHP(CKM_ML_KEM, d), p.priv, NULL, 0, &key));
    }
    /* no ciphertext, and none of a right length */
    const CK_CRATON_KEM_DERIVE_PARAMS in[] = {
        {0, NULL, 0, NULL, 0, NULL, &n},
        {0, NULL, 0, NULL, 0, ct, &none},
        {0, NULL, 0, NULL, 0, ct, &huge},
    };
    for (size_t i = 0; i < LEN(in); i++) {
        CK_CRATON_KEM_DERIVE_PARAMS d = in[i];
        RV(CKR_MECHANISM_PARAM_INVALID,
           p11->C_DeriveKey(S, MECHP(CKM_ML_KEM, d), p.priv, NULL, 0, &key));
    }
    RV(CKR_MECHANISM_PARAM_INVALID, p11->C_DeriveKey(S, MECH(CKM_ML_KEM), p.priv, NULL, 0, &key));
    RV(CKR_MECHANISM_PARAM_INVALID, p11->C_DeriveKey(S, MECH(CKM_ML_KEM), p.pub, NULL, 0, &key));
    RV(CKR_MECHANISM_PARAM_INVALID,
       p11->C_DeriveKey(S, MECHX(CKM_ML_KEM, NULL, 1088), p.priv, NULL, 0, &key));
    RV(CKR_MECHANISM_PARAM_INVALID,
       p11->C_DeriveKey(S, MECHX(CKM_ML_KEM, ct, ~0UL), p.priv, NULL, 0, &key));
    CK_CRATON_KEM_DERIVE_PARAMS d = {0, NULL, 0, NULL, 0, ct, &n};
    RV(CKR_KEY_TYPE_INCONSISTENT,
       p11->C_DeriveKey(S, MECHP(CKM_ML_KEM, d), dsa.pub, NULL, 0, &key));
    RV(CKR_KEY_TYPE_INCONSISTENT,
       p11->C_DeriveKey(S, MECHP(CKM_ML_KEM, d), dsa.priv, NULL, 0, &key));
    RV(CKR_KEY_TYPE_INCONSISTENT,
       p11->C_DeriveKey(S, MECHP(CKM_ML_KEM, d), aes_key(S, 16), NULL, 0, &key));
    RV(CKR_KEY_HANDLE_INVALID, p11->C_DeriveKey(S, MECHP(CKM_ML_KEM, d), 4711, NULL, 0, &key));
    RV(CKR_KEY_TYPE_INCONSISTENT,
       p11->C_DeriveKey(S, MECHP(CKM_HKDF_DERIVE, (CK_HKDF_PARAMS){.bExpand = 1}), p.priv, NULL, 0,
                        &key));
    assert_int_equal(key, 4711);
    assert_int_equal(pq_objects(S), before + 1); /* the AES key */
}

/* The parameter and its numbers at any alignment. */
static void r011_derivation_at_any_alignment(void **state)
{
    (void)state;
    const struct pair p = pair_of(ML_KEM_768);
    for (size_t shift = 1; shift < 8; shift++) {
        CK_BYTE room[2][80];
        CK_ULONG n = sizeof ct;
        CK_OBJECT_HANDLE a = 0;
        CK_OBJECT_HANDLE b = 0;
        memcpy(room[1] + shift, &n, sizeof n);
        const CK_CRATON_KEM_DERIVE_PARAMS d = {CKM_SHA256,
                                               BYTE_PTR("salt"),
                                               4,
                                               NULL,
                                               0,
                                               ct + shift,
                                               (CK_ULONG *)(void *)(room[1] + shift)};
        n -= shift;
        memcpy(room[1] + shift, &n, sizeof n);
        memcpy(room[0] + shift, &d, sizeof d);
        CK_ATTRIBUTE t[] = {AB(CKA_SENSITIVE, CK_FALSE)};
        OK(p11->C_DeriveKey(S, MECHX(CKM_ML_KEM, room[0] + shift, sizeof d), p.pub, t, 1, &a));
        memcpy(&n, room[1] + shift, sizeof n);
        assert_int_equal(n, 1088);
        OK(p11->C_DeriveKey(S, MECHX(CKM_ML_KEM, room[0] + shift, sizeof d), p.priv, t, 1, &b));
        assert_true(pq_same(S, a, b));
    }
}

/* CKA_DERIVE_TEMPLATE of a private key holds here as for every derivation. */
static void r087_derive_template(void **state)
{
    CK_ATTRIBUTE inner[] = {AU(CKA_KEY_TYPE, CKK_AES), AU(CKA_VALUE_LEN, 16),
                            AB(CKA_SENSITIVE, CK_TRUE)};
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG n = sizeof ct;
    (void)state;
    const struct pair p = pair_with((CK_ATTRIBUTE)AS(CKA_LABEL, "x"),
                                    (CK_ATTRIBUTE)AX(CKA_DERIVE_TEMPLATE, inner, sizeof inner));
    OK(derive(ML_KEM_768, p.pub, 0, NULL, NULL, &n, &key));
    CK_CRATON_KEM_DERIVE_PARAMS d = {0, NULL, 0, NULL, 0, ct, &n};
    OK(p11->C_DeriveKey(S, MECHP(CKM_ML_KEM, d), p.priv, NULL, 0, &key));
    assert_int_equal(attr_ulong(S, key, CKA_KEY_TYPE), CKK_AES);
    assert_int_equal(attr_ulong(S, key, CKA_VALUE_LEN), 16);
    assert_true(attr_bool(S, key, CKA_SENSITIVE));
    RV(CKR_TEMPLATE_INCONSISTENT,
       p11->C_DeriveKey(S, MECHP(CKM_ML_KEM, d), p.priv, T(AB(CKA_SENSITIVE, CK_FALSE)), &key));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_sessions, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(r036_a_question_makes_no_key),
        TEST(r037_a_short_place_makes_no_key),
        TEST(both_sides_have_one_secret),
        TEST(r070_ciphertexts_of_a_wrong_length),
        TEST(r070_implicit_rejection),
        TEST(r070_either_half_of_a_hybrid_counts),
        TEST(r017_lengths_of_the_new_key),
        TEST(lengths_of_hybrids),
        TEST(r013_templates_that_are_refused),
        TEST(r001_counts),
        TEST(r004_pointers),
        TEST(r011_any_alignment),
        TEST(r082_other_mechanisms_and_keys),
        TEST(r031_handles),
        TEST(r090_attributes_of_the_new_key),
        TEST(r102_check_value),
        TEST(r089_usage),
        TEST(r088_allowed_mechanisms),
        TEST(r087_templates_of_the_keys),
        TEST(r012_templates_that_are_none),
        TEST(r092_in_a_public_session),
        TEST(r093_read_only_sessions),
        TEST(r069_deriving_both_ways),
        TEST(deriving_from_a_bare_ciphertext),
        TEST(derived_keys_as_the_template_says),
        TEST(r037_derivation_without_a_place),
        TEST(r007_parameters_of_derivation),
        TEST(r011_derivation_at_any_alignment),
        TEST(r087_derive_template),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
