/* SPDX-License-Identifier: Apache-2.0
 *
 * Composite keys of every parameter set: they sign and encapsulate, both halves count, and halves of two
 * keys do not make one.
 */
#include "pq.h"

static CK_SESSION_HANDLE S;
static CK_BYTE text[150] = "a message";

static int open_sessions(void **state)
{
    (void)state;
    S = user_session();
    return 0;
}

/* Bytes of a public value and of a signature of ML-DSA (FIPS 204, table 2), of an encapsulation key and a
 * ciphertext of ML-KEM (FIPS 203, table 3). */
enum { P44 = 1312, P65 = 1952, P87 = 2592, S44 = 2420, S65 = 3309, S87 = 4627 };
enum { E768 = 1184, E1024 = 1568, C768 = 1088, C1024 = 1568 };
#define DER 0 /* the length of what is DER inside varies */

/* pub, out: bytes of the post-quantum half. other_*: of the other. hash: bytes of the message's digest.
 * slow: RSA keys above 2048 bits take seconds to make. */
static const struct set {
    CK_ULONG number, pub, out, other_pub, other_out, hash;
    bool slow,
        last; /* last: the post-quantum half is the second (the TLS groups of P-256 and P-384) */
} sigs[] = {
    {CKP_COMP_SIG_MLDSA44_RSA2048_PSS_SHA256, P44, S44, DER, 256, 32, false, false},
    {CKP_COMP_SIG_MLDSA44_RSA2048_PKCS15_SHA256, P44, S44, DER, 256, 32, false, false},
    {CKP_COMP_SIG_MLDSA44_ED25519_SHA512, P44, S44, 32, 64, 64, false, false},
    {CKP_COMP_SIG_MLDSA44_ECDSA_P256_SHA256, P44, S44, 65, DER, 32, false, false},
    {CKP_COMP_SIG_MLDSA65_RSA3072_PSS_SHA512, P65, S65, DER, 384, 64, true, false},
    {CKP_COMP_SIG_MLDSA65_RSA3072_PKCS15_SHA512, P65, S65, DER, 384, 64, true, false},
    {CKP_COMP_SIG_MLDSA65_RSA4096_PSS_SHA512, P65, S65, DER, 512, 64, true, false},
    {CKP_COMP_SIG_MLDSA65_RSA4096_PKCS15_SHA512, P65, S65, DER, 512, 64, true, false},
    {CKP_COMP_SIG_MLDSA65_ECDSA_P256_SHA512, P65, S65, 65, DER, 64, false, false},
    {CKP_COMP_SIG_MLDSA65_ECDSA_P384_SHA512, P65, S65, 97, DER, 64, false, false},
    {CKP_COMP_SIG_MLDSA65_ECDSA_BRAINPOOLP256R1_SHA512, P65, S65, 65, DER, 64, false, false},
    {CKP_COMP_SIG_MLDSA65_ED25519_SHA512, P65, S65, 32, 64, 64, false, false},
    {CKP_COMP_SIG_MLDSA87_ECDSA_P384_SHA512, P87, S87, 97, DER, 64, false, false},
    {CKP_COMP_SIG_MLDSA87_ECDSA_BRAINPOOLP384R1_SHA512, P87, S87, 97, DER, 64, false, false},
    {CKP_COMP_SIG_MLDSA87_ED448_SHAKE256, P87, S87, 57, 114, 64, false, false},
    {CKP_COMP_SIG_MLDSA87_RSA3072_PSS_SHA512, P87, S87, DER, 384, 64, true, false},
    {CKP_COMP_SIG_MLDSA87_RSA4096_PSS_SHA512, P87, S87, DER, 512, 64, true, false},
    {CKP_COMP_SIG_MLDSA87_ECDSA_P521_SHA512, P87, S87, 133, DER, 64, false, false},
};
static const struct set kems[] = {
    {CKP_COMP_KEM_MLKEM768_RSA2048, E768, C768, DER, 256, 32, false, false},
    {CKP_COMP_KEM_MLKEM768_RSA3072, E768, C768, DER, 384, 32, true, false},
    {CKP_COMP_KEM_MLKEM768_RSA4096, E768, C768, DER, 512, 32, true, false},
    {CKP_COMP_KEM_MLKEM768_X25519, E768, C768, 32, 32, 32, false, false},
    {CKP_COMP_KEM_MLKEM768_ECDH_P256, E768, C768, 65, 65, 32, false, false},
    {CKP_COMP_KEM_MLKEM768_ECDH_P384, E768, C768, 97, 97, 32, false, false},
    {CKP_COMP_KEM_MLKEM768_ECDH_BRAINPOOLP256R1, E768, C768, 65, 65, 32, false, false},
    {CKP_COMP_KEM_MLKEM1024_RSA3072, E1024, C1024, DER, 384, 32, true, false},
    {CKP_COMP_KEM_MLKEM1024_ECDH_P384, E1024, C1024, 97, 97, 32, false, false},
    {CKP_COMP_KEM_MLKEM1024_ECDH_BRAINPOOLP384R1, E1024, C1024, 97, 97, 32, false, false},
    {CKP_COMP_KEM_MLKEM1024_X448, E1024, C1024, 56, 56, 32, false, false},
    {CKP_COMP_KEM_MLKEM1024_ECDH_P521, E1024, C1024, 133, 133, 32, false, false},
    {CKP_COMP_KEM_XWING, E768, C768, 32, 32, 32, false, false},
    {CKP_COMP_KEM_X25519_MLKEM768, E768, C768, 32, 32, 64, false, false},
    {CKP_COMP_KEM_P256_MLKEM768, E768, C768, 65, 65, 64, false, true},
    {CKP_COMP_KEM_P384_MLKEM1024, E1024, C1024, 97, 97, 80, false, true},
    {CKP_COMP_KEM_X25519_MLKEM1024, E1024, C1024, 32, 32, 64, false, false},
};

static CK_BYTE a_pub[PQ_VALUE_MAX];
static CK_BYTE b_pub[PQ_VALUE_MAX];
static CK_BYTE mixed[PQ_VALUE_MAX];
static CK_BYTE sig[PQ_SIG_MAX];
static CK_BYTE other_sig[PQ_SIG_MAX];

static CK_ULONG public_of(const struct set *set, CK_OBJECT_HANDLE o, CK_BYTE out[PQ_VALUE_MAX])
{
    const CK_ULONG n = attr_bytes(S, o, CKA_VALUE, out, PQ_VALUE_MAX);
    assert_true(set->other_pub == DER ? n > set->pub + 256 && n < set->pub + 540
                                      : n == set->pub + set->other_pub);
    assert_int_equal(attr_ulong(S, o, CKA_PARAMETER_SET), set->number);
    return n;
}

/* The first FRONT bytes of A, the rest of B. */
static CK_ULONG join(CK_BYTE *out, CK_ULONG front, const CK_BYTE *a, const CK_BYTE *b, CK_ULONG b_n)
{
    memcpy(out, a, front);
    memcpy(out + front, b + front, b_n - front);
    return b_n;
}

/* ---- signatures ---- */

static CK_ULONG sign(CK_OBJECT_HANDLE priv, CK_BYTE out[PQ_SIG_MAX])
{
    return pq_sign(S, MECH(CKM_COMP_SIG), priv, text, sizeof text, out);
}

static CK_RV verify(CK_OBJECT_HANDLE pub, const CK_BYTE *p, CK_ULONG n)
{
    return pq_verify(S, MECH(CKM_COMP_SIG), pub, text, sizeof text, p, n);
}

static void signs(const struct set *set, struct pair p)
{
    CK_ULONG need = 0;
    static CK_BYTE context[255] = "of 255 bytes";
    CK_SIGN_ADDITIONAL_CONTEXT c = {CKH_HEDGE_REQUIRED, context, 255};
    OK(p11->C_SignInit(S, MECH(CKM_COMP_SIG), p.priv));
    OK(p11->C_Sign(S, text, sizeof text, NULL, &need));
    CK_ULONG n = need;
    OK(p11->C_Sign(S, text, sizeof text, sig, &n));
    assert_true(n <= need && n > set->out);
    if (set->other_out != DER) {
        assert_int_equal(n, set->out + set->other_out);
        assert_int_equal(n, need);
    }
    OK(verify(p.pub, sig, n));
    OK(pq_verify_parts(S, MECH(CKM_COMP_SIG), p.pub, text, sizeof text, 41, sig, n));
    RV(CKR_SIGNATURE_INVALID,
       pq_verify(S, MECH(CKM_COMP_SIG), p.pub, text, sizeof text - 1, sig, n));
    /* a context counts */
    RV(CKR_SIGNATURE_INVALID,
       pq_verify(S, MECHP(CKM_COMP_SIG, c), p.pub, text, sizeof text, sig, n));
    n = pq_sign_parts(S, MECHP(CKM_COMP_SIG, c), p.priv, text, sizeof text, 7, sig);
    OK(pq_verify(S, MECHP(CKM_COMP_SIG, c), p.pub, text, sizeof text, sig, n));
    RV(CKR_SIGNATURE_INVALID, verify(p.pub, sig, n));
    c.ulContextLen = 254;
    RV(CKR_SIGNATURE_INVALID,
       pq_verify(S, MECHP(CKM_COMP_SIG, c), p.pub, text, sizeof text, sig, n));
}

/* Both must verify: a half damaged, missing or of another signature is refused. */
static void both_must_verify(const struct set *set, struct pair p)
{
    CK_ULONG n = sign(p.priv, sig);
    const CK_ULONG places[] = {0, set->out / 2, set->out - 1, set->out, (set->out + n) / 2, n - 1};
    for (size_t i = 0; i < LEN(places); i++) {
        sig[places[i]] ^= 0x08;
        ONE_OF(verify(p.pub, sig, n), CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE);
        sig[places[i]] ^= 0x08;
    }
    OK(verify(p.pub, sig, n));
    ONE_OF(verify(p.pub, sig, set->out), CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE);
    ONE_OF(verify(p.pub, sig + set->out, n - set->out), CKR_SIGNATURE_INVALID,
           CKR_SIGNATURE_LEN_RANGE);
    ONE_OF(verify(p.pub, sig, n - 1), CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE);
    sig[n] = 0;
    ONE_OF(verify(p.pub, sig, n + 1), CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE);
    ONE_OF(verify(p.pub, sig, 0), CKR_SIGNATURE_LEN_RANGE);
    /* halves of signatures over two messages */
    text[0] ^= 1;
    const CK_ULONG m = sign(p.priv, other_sig);
    text[0] ^= 1;
    n = join(mixed, set->out, sig, other_sig, m);
    ONE_OF(verify(p.pub, mixed, n), CKR_SIGNATURE_INVALID);
}

/* Public values with one half of each of two keys verify the signatures of neither. */
static void halves_of_two_keys(const struct set *set, struct pair p, struct pair q)
{
    CK_OBJECT_HANDLE pub = 0;
    const CK_ULONG a_n = public_of(set, p.pub, a_pub);
    const CK_ULONG b_n = public_of(set, q.pub, b_pub);
    const CK_ULONG n = sign(p.priv, sig);
    OK(pq_import_public(S, CKK_COMP_SIG, set->number, a_pub, a_n, &pub));
    OK(verify(pub, sig, n));
    RV(CKR_SIGNATURE_INVALID, verify(q.pub, sig, n));
    for (int turn = 0; turn < 2; turn++) {
        const CK_ULONG m = turn == 0 ? join(mixed, set->pub, a_pub, b_pub, b_n)
                                     : join(mixed, set->pub, b_pub, a_pub, a_n);
        OK(pq_import_public(S, CKK_COMP_SIG, set->number, mixed, m, &pub));
        RV(CKR_SIGNATURE_INVALID, verify(pub, sig, n));
    }
    /* signatures with a half of each key */
    const CK_ULONG k = sign(q.priv, other_sig);
    const CK_ULONG m = join(mixed, set->out, sig, other_sig, k);
    RV(CKR_SIGNATURE_INVALID, verify(p.pub, mixed, m));
    RV(CKR_SIGNATURE_INVALID, verify(q.pub, mixed, m));
}

static void r076_composites_sign(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(sigs); i++) {
        const struct pair p = pq_pair(S, CKM_COMP_SIG_KEY_PAIR_GEN, sigs[i].number);
        public_of(&sigs[i], p.pub, a_pub);
        signs(&sigs[i], p);
        both_must_verify(&sigs[i], p);
        if (!sigs[i].slow) {
            halves_of_two_keys(&sigs[i], p, pq_pair(S, CKM_COMP_SIG_KEY_PAIR_GEN, sigs[i].number));
        }
    }
}

/* CKM_COMP_SIG_EXTERNAL_HASH is CKM_COMP_SIG over a digest made outside, by the set's hash. */
static void r071_composites_of_a_digest(void **state)
{
    CK_BYTE d[64];
    CK_MECHANISM *m = MECH(CKM_COMP_SIG_EXTERNAL_HASH);
    (void)state;
    for (size_t i = 0; i < LEN(sigs); i++) {
        if (sigs[i].slow) {
            continue;
        }
        const struct pair p = pq_pair(S, CKM_COMP_SIG_KEY_PAIR_GEN, sigs[i].number);
        const bool shake = sigs[i].number == CKP_COMP_SIG_MLDSA87_ED448_SHAKE256;
        CK_ULONG d_n = sizeof d;
        OK(p11->C_DigestInit(S, MECH(sigs[i].hash == 32 ? CKM_SHA256 : CKM_SHA512)));
        OK(p11->C_Digest(S, text, sizeof text, d, &d_n));
        assert_int_equal(d_n, sigs[i].hash);
        CK_ULONG n = sign(p.priv, sig);
        RV(shake ? CKR_SIGNATURE_INVALID : CKR_OK, pq_verify(S, m, p.pub, d, d_n, sig, n));
        n = pq_sign(S, m, p.priv, d, d_n, sig);
        RV(shake ? CKR_SIGNATURE_INVALID : CKR_OK, verify(p.pub, sig, n));
        OK(pq_verify(S, m, p.pub, d, d_n, sig, n));
        const CK_ULONG wrong[] = {0, d_n - 1, d_n == 32 ? 64 : 32};
        for (size_t k = 0; k < LEN(wrong); k++) {
            RV(CKR_DATA_LEN_RANGE, pq_verify(S, m, p.pub, d, wrong[k], sig, n));
            OK(p11->C_SignInit(S, m, p.priv));
            RV(CKR_DATA_LEN_RANGE, p11->C_Sign(S, d, wrong[k], other_sig, &(CK_ULONG){PQ_SIG_MAX}));
        }
        OK(p11->C_SignInit(S, m, p.priv)); /* takes no parts */
        RV(CKR_FUNCTION_NOT_SUPPORTED, p11->C_SignUpdate(S, d, d_n));
    }
}

/* A short place for a signature whose length is not known before keeps it (item 37): the next call gets
 * it, and no second one is made. */
static void r037_signatures_that_vary_in_length(void **state)
{
    (void)state;
    const struct pair p =
        pq_pair(S, CKM_COMP_SIG_KEY_PAIR_GEN, CKP_COMP_SIG_MLDSA44_ECDSA_P256_SHA256);
    for (int i = 0; i < 20; i++) {
        CK_ULONG need = 5;
        CK_ULONG n = 0;
        OK(p11->C_SignInit(S, MECH(CKM_COMP_SIG), p.priv));
        RV(CKR_BUFFER_TOO_SMALL, p11->C_Sign(S, text, sizeof text, sig, &need));
        OK(p11->C_Sign(S, text, sizeof text, NULL, &n));
        assert_int_equal(n, need);
        memset(sig, 0xa5, sizeof sig);
        OK(p11->C_Sign(S, text, sizeof text, sig, &n));
        assert_int_equal(n, need); /* exact by now */
        assert_int_equal(sig[n], 0xa5);
        OK(verify(p.pub, sig, n));
        RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(S, text, sizeof text, sig, &n));
    }
    /* the same at the end of parts */
    CK_ULONG n = 5;
    OK(p11->C_SignInit(S, MECH(CKM_COMP_SIG), p.priv));
    OK(p11->C_SignUpdate(S, text, sizeof text));
    RV(CKR_BUFFER_TOO_SMALL, p11->C_SignFinal(S, sig, &n));
    OK(p11->C_SignFinal(S, sig, &n));
    OK(verify(p.pub, sig, n));
    n = 5;
    OK(p11->C_SignInit(S, MECH(CKM_COMP_SIG), p.priv)); /* no part came */
    RV(CKR_BUFFER_TOO_SMALL, p11->C_SignFinal(S, sig, &n));
    OK(p11->C_SignFinal(S, sig, &n));
    OK(pq_verify(S, MECH(CKM_COMP_SIG), p.pub, text, 0, sig, n));
    /* one way is not ended by the other (item 40) */
    n = 5;
    OK(p11->C_SignInit(S, MECH(CKM_COMP_SIG), p.priv));
    RV(CKR_BUFFER_TOO_SMALL, p11->C_Sign(S, text, sizeof text, sig, &n));
    REFUSED(p11->C_SignFinal(S, sig, &n));
}

/* ---- encapsulation ---- */

/* Where the post-quantum half of a ciphertext or public value begins. */
static CK_ULONG other_first(const struct set *set, CK_ULONG other)
{
    return set->last ? other : 0;
}

static void encapsulates(const struct set *set, struct pair p)
{
    CK_OBJECT_HANDLE key = 0;
    const CK_ULONG size = set->out + set->other_out;
    assert_int_equal(pq_encapsulate(S, CKM_COMP_KEM, p.pub, sig, &key), size);
    assert_int_equal(attr_ulong(S, key, CKA_VALUE_LEN), set->hash);
    assert_true(pq_same(S, key, pq_decapsulate(S, CKM_COMP_KEM, p.priv, sig, size)));
    const CK_ULONG wrong[] = {0, 1, set->out, set->other_out, size - 1, size + 1, 2 * size};
    CK_OBJECT_HANDLE o = 4711;
    for (size_t i = 0; i < LEN(wrong); i++) {
        RV(CKR_ENCRYPTED_DATA_LEN_RANGE,
           p11->C_DecapsulateKey(S, MECH(CKM_COMP_KEM), p.priv, NULL, 0, sig, wrong[i], &o));
    }
    assert_int_equal(o, 4711);
}

/* A ciphertext whose halves are not of one encapsulation gives another secret, or nothing. */
static void both_halves_count(const struct set *set, struct pair p)
{
    CK_OBJECT_HANDLE right = 0;
    CK_OBJECT_HANDLE o = 0;
    const CK_ULONG n = pq_encapsulate(S, CKM_COMP_KEM, p.pub, sig, &right);
    pq_encapsulate(S, CKM_COMP_KEM, p.pub, other_sig, &o);
    const CK_ULONG pq_at = other_first(set, set->other_out);
    const CK_ULONG other_at = set->last ? 0 : set->out;
    const CK_ULONG places[] = {pq_at, pq_at + set->out / 2, pq_at + set->out - 1};
    for (size_t i = 0; i < LEN(places); i++) { /* implicit rejection in the ML-KEM half */
        sig[places[i]] ^= 1;
        assert_false(pq_same(S, right, pq_decapsulate(S, CKM_COMP_KEM, p.priv, sig, n)));
        sig[places[i]] ^= 1;
    }
    for (CK_ULONG i = 0; i < set->other_out; i += set->other_out / 5) {
        sig[other_at + i] ^= 1;
        const CK_RV rv = ONE_OF(p11->C_DecapsulateKey(S, MECH(CKM_COMP_KEM), p.priv,
                                                      T(AB(CKA_SENSITIVE, CK_FALSE)), sig, n, &o),
                                CKR_OK, CKR_ENCRYPTED_DATA_INVALID);
        assert_true(rv != CKR_OK || !pq_same(S, right, o));
        sig[other_at + i] ^= 1;
    }
    join(mixed, set->last ? set->other_out : set->out, sig, other_sig, n);
    assert_false(pq_same(S, right, pq_decapsulate(S, CKM_COMP_KEM, p.priv, mixed, n)));
}

/* A public value with one half of each of two keys reaches neither. */
static void half_a_recipient(const struct set *set, struct pair p, struct pair q)
{
    CK_OBJECT_HANDLE pub = 0;
    CK_OBJECT_HANDLE key = 0;
    const CK_ULONG a_n = public_of(set, p.pub, a_pub);
    const CK_ULONG b_n = public_of(set, q.pub, b_pub);
    const CK_ULONG front = set->last ? set->other_pub : set->pub;
    OK(pq_import_public(S, CKK_COMP_KEM, set->number, a_pub, a_n, &pub));
    CK_ULONG n = pq_encapsulate(S, CKM_COMP_KEM, pub, sig, &key);
    assert_true(pq_same(S, key, pq_decapsulate(S, CKM_COMP_KEM, p.priv, sig, n)));
    for (int turn = 0; turn < 2; turn++) {
        const CK_ULONG m = turn == 0 ? join(mixed, front, a_pub, b_pub, b_n)
                                     : join(mixed, front, b_pub, a_pub, a_n);
        OK(pq_import_public(S, CKK_COMP_KEM, set->number, mixed, m, &pub));
        n = pq_encapsulate(S, CKM_COMP_KEM, pub, sig, &key);
        const CK_OBJECT_HANDLE halves[] = {p.priv, q.priv};
        for (size_t i = 0; i < 2; i++) {
            CK_OBJECT_HANDLE o = 0;
            const CK_RV rv =
                ONE_OF(p11->C_DecapsulateKey(S, MECH(CKM_COMP_KEM), halves[i],
                                             T(AB(CKA_SENSITIVE, CK_FALSE)), sig, n, &o),
                       CKR_OK, CKR_ENCRYPTED_DATA_INVALID);
            assert_true(rv != CKR_OK || !pq_same(S, key, o));
        }
    }
}

static void r076_composites_encapsulate(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(kems); i++) {
        const struct pair p = pq_pair(S, CKM_COMP_KEM_KEY_PAIR_GEN, kems[i].number);
        public_of(&kems[i], p.pub, a_pub);
        encapsulates(&kems[i], p);
        both_halves_count(&kems[i], p);
        if (!kems[i].slow) {
            half_a_recipient(&kems[i], p, pq_pair(S, CKM_COMP_KEM_KEY_PAIR_GEN, kems[i].number));
        }
    }
}

/* ---- values ---- */

static CK_BYTE value[PQ_VALUE_MAX];

static void use_import(CK_KEY_TYPE type, struct pair p, CK_OBJECT_HANDLE priv)
{
    CK_OBJECT_HANDLE key = 0;
    if (type == CKK_COMP_SIG) {
        const CK_ULONG n = sign(priv, sig);
        OK(verify(p.pub, sig, n));
        return;
    }
    const CK_ULONG n = pq_encapsulate(S, CKM_COMP_KEM, p.pub, sig, &key);
    assert_true(pq_same(S, key, pq_decapsulate(S, CKM_COMP_KEM, priv, sig, n)));
}

/* Exported and imported; each wrong length refused; points and keys that are none refused. */
static void import_one(CK_KEY_TYPE type, const struct set *set, struct pair p)
{
    CK_OBJECT_HANDLE o = 0;
    const CK_ULONG pub_n = public_of(set, p.pub, a_pub);
    const CK_ULONG n = attr_bytes(S, p.priv, CKA_VALUE, value, sizeof value);
    OK(pq_import_private(S, type, set->number, value, n, NULL, 0, &o));
    use_import(type, p, o);
    o = 4711;
    const CK_ULONG before = pq_objects(S);
    value[n] = a_pub[pub_n] = 0;
    const CK_ULONG wrong_pub[] = {0, 1, 32, set->pub - 1, set->pub, pub_n - 1, pub_n + 1};
    const CK_ULONG wrong_priv[] = {0, 1, 31, 33, n - 1, n + 1};
    for (size_t i = 0; i < LEN(wrong_pub); i++) {
        ONE_OF(pq_import_public(S, type, set->number, a_pub, wrong_pub[i], &o),
               CKR_ATTRIBUTE_VALUE_INVALID, CKR_PUBLIC_KEY_INVALID);
    }
    for (size_t i = 0; i < LEN(wrong_priv); i++) {
        RV(CKR_ATTRIBUTE_VALUE_INVALID,
           pq_import_private(S, type, set->number, value, wrong_priv[i], NULL, 0, &o));
    }
    RV(CKR_ATTRIBUTE_TYPE_INVALID,
       pq_import_private(S, type, set->number, value, n, value, 32, &o));
    RV(CKR_PARAMETER_SET_NOT_SUPPORTED, pq_import_public(S, type, 1, a_pub, pub_n, &o));
    RV(CKR_PARAMETER_SET_NOT_SUPPORTED,
       pq_import_private(S, type, 0x80000200UL, value, n, NULL, 0, &o));
    if (type == CKK_COMP_KEM) { /* the modulus check of the ML-KEM half */
        CK_BYTE *ek = a_pub + other_first(set, set->other_pub);
        ek[0] = 0xff;
        ek[1] |= 0x0f;
        RV(CKR_PUBLIC_KEY_INVALID, pq_import_public(S, type, set->number, a_pub, pub_n, &o));
        public_of(set, p.pub, a_pub);
    }
    if (set->other_pub > 57) { /* a point that is not on the curve */
        CK_BYTE *point = a_pub + (set->last ? 0 : set->pub);
        point[set->other_pub - 1] ^= 1;
        ONE_OF(pq_import_public(S, type, set->number, a_pub, pub_n, &o), CKR_PUBLIC_KEY_INVALID,
               CKR_ATTRIBUTE_VALUE_INVALID);
        point[set->other_pub - 1] ^= 1;
        point[0] = 0x02;
        ONE_OF(pq_import_public(S, type, set->number, a_pub, pub_n, &o), CKR_PUBLIC_KEY_INVALID,
               CKR_ATTRIBUTE_VALUE_INVALID);
    }
    assert_int_equal(o, 4711);
    assert_int_equal(pq_objects(S), before);
}

static void r024_composite_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(sigs); i++) {
        if (!sigs[i].slow) {
            import_one(CKK_COMP_SIG, &sigs[i],
                       pq_pair(S, CKM_COMP_SIG_KEY_PAIR_GEN, sigs[i].number));
        }
    }
    for (size_t i = 0; i < LEN(kems); i++) {
        if (!kems[i].slow) {
            import_one(CKK_COMP_KEM, &kems[i],
                       pq_pair(S, CKM_COMP_KEM_KEY_PAIR_GEN, kems[i].number));
        }
    }
}

/* A private value with halves of two keys is a key of its own: its signatures are nobody else's. */
static void halves_of_private_values(void **state)
{
    static CK_BYTE a[PQ_VALUE_MAX];
    CK_OBJECT_HANDLE o = 0;
    (void)state;
    const struct set *set = &sigs[2]; /* ML-DSA's seed and Ed25519's, 32 bytes each */
    const struct pair p = pq_pair(S, CKM_COMP_SIG_KEY_PAIR_GEN, set->number);
    const struct pair q = pq_pair(S, CKM_COMP_SIG_KEY_PAIR_GEN, set->number);
    assert_int_equal(attr_bytes(S, p.priv, CKA_VALUE, a, sizeof a), 64);
    assert_int_equal(attr_bytes(S, q.priv, CKA_VALUE, value, sizeof value), 64);
    memcpy(value, a, 32);
    OK(pq_import_private(S, CKK_COMP_SIG, set->number, value, 64, NULL, 0, &o));
    const CK_ULONG n = sign(o, sig);
    RV(CKR_SIGNATURE_INVALID, verify(p.pub, sig, n));
    RV(CKR_SIGNATURE_INVALID, verify(q.pub, sig, n));
    const CK_ULONG b_n = public_of(set, q.pub, b_pub);
    public_of(set, p.pub, a_pub);
    OK(pq_import_public(S, CKK_COMP_SIG, set->number, mixed,
                        join(mixed, set->pub, a_pub, b_pub, b_n), &o));
    OK(verify(o, sig, n));
}

/* ---- vendor numbers ---- */

static void r076_vendor_numbers_of_hybrids(void **state)
{
    static const struct {
        CK_MECHANISM_TYPE type;
        CK_ULONG set;
    } rows[] = {
        {CKM_CRATON_HYBRID_X25519_ML_KEM_768, CKP_COMP_KEM_X25519_MLKEM768},
        {CKM_CRATON_HYBRID_X25519_ML_KEM_1024, CKP_COMP_KEM_X25519_MLKEM1024},
    };
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG n = sizeof sig;
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct pair p = pq_pair(S, rows[i].type, SET_OF_MECHANISM);
        const struct pair other = pq_pair(S, CKM_COMP_KEM_KEY_PAIR_GEN, CKP_COMP_KEM_XWING);
        assert_int_equal(attr_ulong(S, p.pub, CKA_KEY_TYPE), CKK_COMP_KEM);
        assert_int_equal(attr_ulong(S, p.priv, CKA_PARAMETER_SET), rows[i].set);
        n = pq_encapsulate(S, rows[i].type, p.pub, sig, &key);
        assert_true(pq_same(S, key, pq_decapsulate(S, CKM_COMP_KEM, p.priv, sig, n)));
        n = pq_encapsulate(S, CKM_COMP_KEM, p.pub, sig, &key);
        assert_true(pq_same(S, key, pq_decapsulate(S, rows[i].type, p.priv, sig, n)));
        RV(CKR_KEY_TYPE_INCONSISTENT,
           p11->C_EncapsulateKey(S, MECH(rows[i].type), other.pub, NULL, 0, NULL, &n, &key));
        RV(CKR_KEY_TYPE_INCONSISTENT,
           p11->C_EncapsulateKey(S, MECH(rows[1 - i].type), p.pub, NULL, 0, NULL, &n, &key));
    }
    const struct pair p = pq_pair(S, CKM_CRATON_HYBRID_ML_DSA_ECDSA, SET_OF_MECHANISM);
    const struct pair other =
        pq_pair(S, CKM_COMP_SIG_KEY_PAIR_GEN, CKP_COMP_SIG_MLDSA44_ECDSA_P256_SHA256);
    assert_int_equal(attr_ulong(S, p.pub, CKA_PARAMETER_SET),
                     CKP_COMP_SIG_MLDSA65_ECDSA_P256_SHA512);
    n = pq_sign(S, MECH(CKM_CRATON_HYBRID_ML_DSA_ECDSA), p.priv, text, sizeof text, sig);
    OK(verify(p.pub, sig, n));
    n = sign(p.priv, sig);
    OK(pq_verify_parts(S, MECH(CKM_CRATON_HYBRID_ML_DSA_ECDSA), p.pub, text, sizeof text, 50, sig,
                       n));
    RV(CKR_KEY_TYPE_INCONSISTENT,
       p11->C_SignInit(S, MECH(CKM_CRATON_HYBRID_ML_DSA_ECDSA), other.priv));
    RV(CKR_KEY_TYPE_INCONSISTENT,
       p11->C_VerifyInit(S, MECH(CKM_CRATON_HYBRID_ML_DSA_ECDSA), other.pub));
}

/* A composite's half is no key of the half's own type, and no other mechanism takes it. */
static void r082_composites_and_their_halves(void **state)
{
    CK_OBJECT_HANDLE o = 0;
    CK_OBJECT_HANDLE dsa = 0;
    CK_ULONG n = 0;
    (void)state;
    const struct set *set = &sigs[3];
    const struct pair p = pq_pair(S, CKM_COMP_SIG_KEY_PAIR_GEN, set->number);
    public_of(set, p.pub, a_pub);
    RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_SignInit(S, MECH(CKM_ML_DSA), p.priv));
    RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_SignInit(S, MECH(CKM_ECDSA), p.priv));
    /* the ML-DSA half on its own does not verify the composite's half: its prefix is another */
    OK(pq_import_public(S, CKK_ML_DSA, CKP_ML_DSA_44, a_pub, P44, &dsa));
    sign(p.priv, sig);
    RV(CKR_SIGNATURE_INVALID, pq_verify(S, MECH(CKM_ML_DSA), dsa, text, sizeof text, sig, S44));
    const struct pair k = pq_pair(S, CKM_COMP_KEM_KEY_PAIR_GEN, CKP_COMP_KEM_X25519_MLKEM768);
    RV(CKR_KEY_TYPE_INCONSISTENT,
       p11->C_EncapsulateKey(S, MECH(CKM_ML_KEM), k.pub, NULL, 0, NULL, &n, &o));
    RV(CKR_KEY_TYPE_INCONSISTENT,
       p11->C_EncapsulateKey(S, MECH(CKM_COMP_KEM), p.pub, NULL, 0, NULL, &n, &o));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_sessions, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(r076_composites_sign),
        TEST(r071_composites_of_a_digest),
        TEST(r037_signatures_that_vary_in_length),
        TEST(r076_composites_encapsulate),
        TEST(r024_composite_values),
        TEST(halves_of_private_values),
        TEST(r076_vendor_numbers_of_hybrids),
        TEST(r082_composites_and_their_halves),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
