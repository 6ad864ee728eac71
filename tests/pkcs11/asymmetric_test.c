/* SPDX-License-Identifier: Apache-2.0
 *
 * RSA, elliptic curves, key agreement and HKDF: round trips, what must be refused, and public
 * vectors (RFC 8032 7.1 test 2, RFC 7748 6.1, RFC 5869 A.1).
 */
#include "harness.h"

static CK_BYTE text[200];
static CK_OBJECT_HANDLE rsa_pub, rsa_priv; /* token objects, made once */

static int setup(void **state)
{
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (CK_BYTE)(i * 7);
    }
    return setup_token(state);
}

/* Signs in one call and in parts; verifies both ways; refuses another message, another signature
 * and another length. */
static void sign_verify(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE pub,
                        CK_OBJECT_HANDLE priv, CK_ULONG data_n, bool parts)
{
    CK_BYTE sig[1024], data[sizeof text];
    CK_ULONG n = sizeof sig;
    memcpy(data, text, sizeof data);
    OK(p11->C_SignInit(s, m, priv));
    OK(p11->C_Sign(s, data, data_n, sig, &n));
    OK(p11->C_VerifyInit(s, m, pub));
    OK(p11->C_Verify(s, data, data_n, sig, n));
    if (parts) {
        CK_BYTE sig2[1024];
        CK_ULONG n2 = sizeof sig2;
        OK(p11->C_SignInit(s, m, priv));
        OK(p11->C_SignUpdate(s, data, data_n / 3));
        OK(p11->C_SignUpdate(s, data + data_n / 3, data_n - data_n / 3));
        OK(p11->C_SignFinal(s, sig2, &n2));
        OK(p11->C_VerifyInit(s, m, pub));
        OK(p11->C_Verify(s, data, data_n, sig2, n2));
        OK(p11->C_VerifyInit(s, m, pub));
        OK(p11->C_VerifyUpdate(s, data, data_n / 2));
        OK(p11->C_VerifyUpdate(s, data + data_n / 2, data_n - data_n / 2));
        OK(p11->C_VerifyFinal(s, sig, n));
    }
    data[0] ^= 1;
    OK(p11->C_VerifyInit(s, m, pub));
    RV(CKR_SIGNATURE_INVALID, p11->C_Verify(s, data, data_n, sig, n));
    data[0] ^= 1;
    sig[n / 2] ^= 1;
    OK(p11->C_VerifyInit(s, m, pub));
    RV(CKR_SIGNATURE_INVALID, p11->C_Verify(s, data, data_n, sig, n));
    sig[n / 2] ^= 1;
    OK(p11->C_VerifyInit(s, m, pub));
    RV(CKR_SIGNATURE_LEN_RANGE, p11->C_Verify(s, data, data_n, sig, n - 1)); /* item 57 */
    OK(p11->C_VerifyInit(s, m, pub));
    RV(CKR_SIGNATURE_LEN_RANGE, p11->C_Verify(s, data, data_n, sig, n + 1));
}

static CK_SESSION_HANDLE rsa_session(void)
{
    const CK_SESSION_HANDLE s = user_session();
    rsa_pair(s, 2048, &rsa_pub, &rsa_priv);
    return s;
}

static void rsa_pkcs1_signatures(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = rsa_session();
    static const CK_MECHANISM_TYPE hashed[] = {
        CKM_SHA224_RSA_PKCS,   CKM_SHA256_RSA_PKCS,   CKM_SHA384_RSA_PKCS,  CKM_SHA512_RSA_PKCS,
        CKM_SHA3_256_RSA_PKCS, CKM_SHA3_384_RSA_PKCS, CKM_SHA3_512_RSA_PKCS};
    for (size_t i = 0; i < LEN(hashed); i++) {
        sign_verify(s, MECH(hashed[i]), rsa_pub, rsa_priv, 150, true);
    }
    sign_verify(s, MECH(CKM_RSA_PKCS), rsa_pub, rsa_priv, 51, false);
    CK_BYTE big[300] = {0}, sig[256];
    CK_ULONG n = sizeof sig;
    OK(p11->C_SignInit(s, MECH(CKM_RSA_PKCS), rsa_priv));
    RV(CKR_DATA_LEN_RANGE, p11->C_Sign(s, big, 246, sig, &n)); /* 256 - 11 at most */
    if (has_mechanism(CKM_SHA1_RSA_PKCS)) {
        RV(CKR_MECHANISM_INVALID, p11->C_SignInit(s, MECH(CKM_SHA1_RSA_PKCS), rsa_priv));
        OK(p11->C_VerifyInit(s, MECH(CKM_SHA1_RSA_PKCS), rsa_pub)); /* old ones may be checked */
        OK(p11->C_VerifyInit(s, NULL, 0));
    }
}

static void r058_pss(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = rsa_session();
    static const struct {
        CK_MECHANISM_TYPE m, hash;
        CK_RSA_PKCS_MGF_TYPE mgf;
        CK_ULONG n;
    } ways[] = {{CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32},
                {CKM_SHA384_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA384, 48},
                {CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512, CKG_MGF1_SHA512, 64},
                {CKM_SHA3_256_RSA_PKCS_PSS, CKM_SHA3_256, CKG_MGF1_SHA3_256, 32}};
    for (size_t i = 0; i < LEN(ways); i++) {
        const CK_ULONG salts[] = {0, 20, ways[i].n};
        for (size_t j = 0; j < LEN(salts); j++) {
            CK_RSA_PKCS_PSS_PARAMS p = {ways[i].hash, ways[i].mgf, salts[j]};
            sign_verify(s, MECHP(ways[i].m, p), rsa_pub, rsa_priv, 100, true);
            sign_verify(s, MECHP(CKM_RSA_PKCS_PSS, p), rsa_pub, rsa_priv, ways[i].n, false);
        }
    }
    CK_RSA_PKCS_PSS_PARAMS p = {CKM_SHA256, CKG_MGF1_SHA256, 32};
    CK_BYTE sig[256];
    CK_ULONG n = sizeof sig;
    OK(p11->C_SignInit(s, MECHP(CKM_SHA256_RSA_PKCS_PSS, p), rsa_priv));
    OK(p11->C_Sign(s, text, 100, sig, &n));
    p.sLen = 20; /* exactly the salt length that is given */
    OK(p11->C_VerifyInit(s, MECHP(CKM_SHA256_RSA_PKCS_PSS, p), rsa_pub));
    RV(CKR_SIGNATURE_INVALID, p11->C_Verify(s, text, 100, sig, n));
    p = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA512, CKG_MGF1_SHA256, 32}; /* not the mechanism's hash */
    RV(CKR_MECHANISM_PARAM_INVALID,
       p11->C_SignInit(s, MECHP(CKM_SHA256_RSA_PKCS_PSS, p), rsa_priv));
    static const CK_ULONG salts[] = {256 - 2 - 32 + 1, 1000, ~0UL};
    for (size_t i = 0; i < LEN(salts); i++) {
        p = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA256, CKG_MGF1_SHA256, salts[i]};
        RV(CKR_MECHANISM_PARAM_INVALID,
           p11->C_SignInit(s, MECHP(CKM_SHA256_RSA_PKCS_PSS, p), rsa_priv));
    }
    p = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA256, CKG_MGF1_SHA256, 32};
    OK(p11->C_SignInit(s, MECHP(CKM_RSA_PKCS_PSS, p), rsa_priv));
    n = sizeof sig;
    RV(CKR_DATA_LEN_RANGE, p11->C_Sign(s, text, 31, sig, &n)); /* not a hash of that size */
}

static void r056_oaep(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = rsa_session();
    static const struct {
        CK_MECHANISM_TYPE hash;
        CK_RSA_PKCS_MGF_TYPE mgf;
        CK_ULONG n;
    } ways[] = {{CKM_SHA256, CKG_MGF1_SHA256, 32},
                {CKM_SHA384, CKG_MGF1_SHA384, 48},
                {CKM_SHA512, CKG_MGF1_SHA512, 64},
                {CKM_SHA256, CKG_MGF1_SHA512, 32},
                {CKM_SHA3_256, CKG_MGF1_SHA3_256, 32}};
    for (size_t i = 0; i < LEN(ways); i++) {
        const CK_ULONG lengths[] = {0, 1, 256 - 2 - 2 * ways[i].n};
        for (size_t j = 0; j < LEN(lengths); j++) {
            CK_BYTE label[] = "a label", out[256], back[256];
            CK_ULONG n = sizeof out, m = sizeof back;
            CK_RSA_PKCS_OAEP_PARAMS p = {ways[i].hash, ways[i].mgf, CKZ_DATA_SPECIFIED,
                                         j == 1 ? label : NULL, j == 1 ? 7 : 0};
            OK(p11->C_EncryptInit(s, MECHP(CKM_RSA_PKCS_OAEP, p), rsa_pub));
            OK(p11->C_Encrypt(s, text, lengths[j], out, &n));
            assert_int_equal(n, 256);
            OK(p11->C_DecryptInit(s, MECHP(CKM_RSA_PKCS_OAEP, p), rsa_priv));
            OK(p11->C_Decrypt(s, out, n, back, &m));
            assert_int_equal(m, lengths[j]);
            assert_memory_equal(back, text, m);
            if (j == 1) { /* another label: the same answer as any other fault */
                label[0] ^= 1;
                m = sizeof back;
                OK(p11->C_DecryptInit(s, MECHP(CKM_RSA_PKCS_OAEP, p), rsa_priv));
                RV(CKR_ENCRYPTED_DATA_INVALID, p11->C_Decrypt(s, out, n, back, &m));
                label[0] ^= 1;
            }
            out[100] ^= 1;
            m = sizeof back;
            OK(p11->C_DecryptInit(s, MECHP(CKM_RSA_PKCS_OAEP, p), rsa_priv));
            RV(CKR_ENCRYPTED_DATA_INVALID, p11->C_Decrypt(s, out, n, back, &m));
            memset(out, 0xff, sizeof out); /* larger than the modulus */
            m = sizeof back;
            OK(p11->C_DecryptInit(s, MECHP(CKM_RSA_PKCS_OAEP, p), rsa_priv));
            ONE_OF(p11->C_Decrypt(s, out, n, back, &m), CKR_ENCRYPTED_DATA_INVALID);
            OK(p11->C_EncryptInit(s, MECHP(CKM_RSA_PKCS_OAEP, p), rsa_pub));
            n = sizeof out;
            RV(CKR_DATA_LEN_RANGE, p11->C_Encrypt(s, text, 256 - 1 - 2 * ways[i].n, out, &n));
        }
    }
}

static void r055_pkcs1_decryption_tells_nothing(void **state)
{
    (void)state;
    NEED_MECHANISM(CKM_RSA_PKCS);
    const CK_SESSION_HANDLE s = rsa_session();
    CK_BYTE out[256], back[256], first[256], second[256];
    CK_ULONG n = sizeof out, m = sizeof back, f = sizeof first, g = sizeof second;
    OK(p11->C_EncryptInit(s, MECH(CKM_RSA_PKCS), rsa_pub));
    OK(p11->C_Encrypt(s, text, 40, out, &n));
    OK(p11->C_DecryptInit(s, MECH(CKM_RSA_PKCS), rsa_priv));
    OK(p11->C_Decrypt(s, out, n, back, &m));
    assert_int_equal(m, 40);
    assert_memory_equal(back, text, 40);
    out[17] ^= 1; /* an answer comes all the same, the same one each time, and not the text */
    OK(p11->C_DecryptInit(s, MECH(CKM_RSA_PKCS), rsa_priv));
    OK(p11->C_Decrypt(s, out, n, first, &f));
    OK(p11->C_DecryptInit(s, MECH(CKM_RSA_PKCS), rsa_priv));
    OK(p11->C_Decrypt(s, out, n, second, &g));
    assert_int_equal(f, g);
    assert_memory_equal(first, second, f);
    assert_true(f != 40 || memcmp(first, text, 40) != 0);
}

static void r057_ciphertexts_of_another_length(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = rsa_session();
    CK_RSA_PKCS_OAEP_PARAMS p = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0};
    static CK_BYTE in[512];
    static const CK_ULONG lengths[] = {0, 1, 255, 257, 512};
    for (size_t i = 0; i < LEN(lengths); i++) {
        CK_BYTE out[256];
        CK_ULONG n = sizeof out;
        OK(p11->C_DecryptInit(s, MECHP(CKM_RSA_PKCS_OAEP, p), rsa_priv));
        RV(CKR_ENCRYPTED_DATA_LEN_RANGE, p11->C_Decrypt(s, in, lengths[i], out, &n));
    }
}

static void rsa_wraps_keys(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = rsa_session();
    CK_RSA_PKCS_OAEP_PARAMS p = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0};
    const CK_OBJECT_HANDLE k = aes_import(s, text, 32);
    CK_BYTE out[256], back[32];
    CK_ULONG n = sizeof out;
    OK(p11->C_WrapKey(s, MECHP(CKM_RSA_PKCS_OAEP, p), rsa_pub, k, out, &n));
    assert_int_equal(n, 256);
    CK_OBJECT_HANDLE u = 0;
    OK(p11->C_UnwrapKey(s, MECHP(CKM_RSA_PKCS_OAEP, p), rsa_priv, out, n,
                        T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES),
                          AB(CKA_SENSITIVE, CK_FALSE), AB(CKA_EXTRACTABLE, CK_TRUE)),
                        &u));
    assert_int_equal(attr_bytes(s, u, CKA_VALUE, back, sizeof back), 32);
    assert_memory_equal(back, text, 32);
    out[9] ^= 1;
    RV(CKR_WRAPPED_KEY_INVALID,
       p11->C_UnwrapKey(s, MECHP(CKM_RSA_PKCS_OAEP, p), rsa_priv, out, n,
                        T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES)), &u));
}

static void ecdsa(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const struct oid *const curves[] = {&P256, &P384, &P521, &SECP256K1};
    static const CK_MECHANISM_TYPE hashed[] = {CKM_ECDSA_SHA256, CKM_ECDSA_SHA384, CKM_ECDSA_SHA512,
                                               CKM_ECDSA_SHA3_256};
    for (size_t i = 0; i < LEN(curves); i++) {
        CK_OBJECT_HANDLE pub = 0, priv = 0;
        ec_pair(s, curves[i], &pub, &priv);
        sign_verify(s, MECH(CKM_ECDSA), pub, priv, 32, false);
        for (size_t j = 0; j < LEN(hashed); j++) {
            sign_verify(s, MECH(hashed[j]), pub, priv, 123, true);
        }
    }
}

static void r065_ecdsa_values_out_of_range(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    ec_pair(s, &P256, &pub, &priv);
    CK_BYTE sig[64], good[64];
    CK_ULONG n = sizeof good;
    OK(p11->C_SignInit(s, MECH(CKM_ECDSA), priv));
    OK(p11->C_Sign(s, text, 32, good, &n));
    for (int half = 0; half < 2; half++) {
        static const int fill[] = {0x00, 0xff}; /* 0, and above the order */
        for (size_t i = 0; i < LEN(fill); i++) {
            memcpy(sig, good, sizeof sig);
            memset(sig + (half != 0 ? 32 : 0), fill[i], 32);
            OK(p11->C_VerifyInit(s, MECH(CKM_ECDSA), pub));
            RV(CKR_SIGNATURE_INVALID, p11->C_Verify(s, text, 32, sig, sizeof sig));
        }
    }
    /* a digest longer than the order: its left bits count */
    n = sizeof good;
    OK(p11->C_SignInit(s, MECH(CKM_ECDSA), priv));
    OK(p11->C_Sign(s, text, 64, good, &n));
    OK(p11->C_VerifyInit(s, MECH(CKM_ECDSA), pub));
    OK(p11->C_Verify(s, text, 32, good, n));
}

static void eddsa_vector(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    static const CK_BYTE pk[32] = {0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a,
                                   0xa7, 0x4d, 0x1b, 0x7e, 0xbc, 0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4,
                                   0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c};
    static const CK_BYTE sk[32] = {0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3,
                                   0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab,
                                   0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb};
    static const CK_BYTE want[64] = {
        0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8, 0x72, 0x0e, 0x82, 0x0b, 0x5f,
        0x64, 0x25, 0x40, 0xa2, 0xb2, 0x7b, 0x54, 0x16, 0x50, 0x3f, 0x8f, 0xb3, 0x76,
        0x22, 0x23, 0xeb, 0xdb, 0x69, 0xda, 0x08, 0x5a, 0xc1, 0xe4, 0x3e, 0x15, 0x99,
        0x6e, 0x45, 0x8f, 0x36, 0x13, 0xd0, 0xf1, 0x1d, 0x8c, 0x38, 0x7b, 0x2e, 0xae,
        0xb4, 0x30, 0x2a, 0xee, 0xb0, 0x0d, 0x29, 0x16, 0x12, 0xbb, 0x0c, 0x00};
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    OK(p11->C_CreateObject(s,
                           T(AU(CKA_CLASS, CKO_PUBLIC_KEY), AU(CKA_KEY_TYPE, CKK_EC_EDWARDS),
                             AX(CKA_EC_PARAMS, ED25519.der, ED25519.n),
                             AX(CKA_EC_POINT, pk, sizeof pk), AB(CKA_VERIFY, CK_TRUE)),
                           &pub));
    OK(p11->C_CreateObject(s,
                           T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_EC_EDWARDS),
                             AX(CKA_EC_PARAMS, ED25519.der, ED25519.n),
                             AX(CKA_VALUE, sk, sizeof sk), AB(CKA_SIGN, CK_TRUE)),
                           &priv));
    CK_BYTE sig[64];
    CK_ULONG n = sizeof sig;
    OK(p11->C_SignInit(s, MECH(CKM_EDDSA), priv));
    OK(p11->C_Sign(s, BYTE_PTR("\x72"), 1, sig, &n));
    assert_int_equal(n, 64);
    assert_memory_equal(sig, want, 64);
    OK(p11->C_VerifyInit(s, MECH(CKM_EDDSA), pub));
    OK(p11->C_Verify(s, BYTE_PTR("\x72"), 1, sig, n));
}

static void r066_eddsa_forms(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    CK_BYTE context[] = "context";
    const struct oid *const curves[] = {&ED25519, &ED448};
    for (size_t i = 0; i < LEN(curves); i++) {
        edwards_pair(s, curves[i], &pub, &priv);
        sign_verify(s, MECH(CKM_EDDSA), pub, priv, 99, false);
        CK_EDDSA_PARAMS with = {CK_FALSE, 7, context}, prehash = {CK_TRUE, 0, NULL};
        sign_verify(s, MECHP(CKM_EDDSA, with), pub, priv, 99, false);
        sign_verify(s, MECHP(CKM_EDDSA, prehash), pub, priv, 99, false);
        CK_BYTE sig[128];
        CK_ULONG n = sizeof sig;
        OK(p11->C_SignInit(s, MECHP(CKM_EDDSA, with), priv));
        OK(p11->C_Sign(s, text, 50, sig, &n));
        context[0] ^= 1; /* the context is signed as well */
        OK(p11->C_VerifyInit(s, MECHP(CKM_EDDSA, with), pub));
        RV(CKR_SIGNATURE_INVALID, p11->C_Verify(s, text, 50, sig, n));
        context[0] ^= 1;
        OK(p11->C_VerifyInit(s, MECHP(CKM_EDDSA, prehash), pub));
        RV(CKR_SIGNATURE_INVALID, p11->C_Verify(s, text, 50, sig, n));
        OK(p11->C_SignInit(s, MECH(CKM_EDDSA), priv));
        n = sizeof sig;
        OK(p11->C_Sign(s, text, 50, sig, &n));
        memset(sig + n / 2, 0xff, n / 2); /* S above the order */
        OK(p11->C_VerifyInit(s, MECH(CKM_EDDSA), pub));
        RV(CKR_SIGNATURE_INVALID, p11->C_Verify(s, text, 50, sig, n));
    }
}

static void agree(CK_SESSION_HANDLE s, CK_ECDH1_DERIVE_PARAMS *p, CK_OBJECT_HANDLE priv,
                  CK_OBJECT_HANDLE other, CK_ULONG len, CK_BYTE *out, CK_ULONG *out_n)
{
    CK_BYTE point[256];
    p->ulPublicDataLen = attr_bytes(s, other, CKA_EC_POINT, point, sizeof point);
    p->pPublicData = point;
    CK_ATTRIBUTE t[] = {AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
                        AB(CKA_SENSITIVE, CK_FALSE), AB(CKA_EXTRACTABLE, CK_TRUE),
                        AU(CKA_VALUE_LEN, len)};
    CK_OBJECT_HANDLE k = 0;
    OK(p11->C_DeriveKey(s, MECHX(CKM_ECDH1_DERIVE, p, sizeof *p), priv, t,
                        len == 0 ? LEN(t) - 1 : LEN(t), &k));
    *out_n = attr_bytes(s, k, CKA_VALUE, out, 256);
}

static void r067_agreement_on_every_curve(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const struct {
        const struct oid *curve;
        bool montgomery;
        CK_ULONG n;
    } curves[] = {{&P256, false, 32},
                  {&P384, false, 48},
                  {&P521, false, 66},
                  {&X25519, true, 32},
                  {&X448, true, 56}};
    for (size_t i = 0; i < LEN(curves); i++) {
        CK_OBJECT_HANDLE pub[2], priv[2];
        for (int j = 0; j < 2; j++) {
            (curves[i].montgomery ? montgomery_pair : ec_pair)(s, curves[i].curve, &pub[j],
                                                               &priv[j]);
        }
        CK_BYTE a[256], b[256], cut[256];
        CK_ULONG n = 0, m = 0, c = 0;
        CK_ECDH1_DERIVE_PARAMS p = {.kdf = CKD_NULL};
        agree(s, &p, priv[0], pub[1], 0, a, &n);
        agree(s, &p, priv[1], pub[0], 0, b, &m);
        assert_int_equal(n, curves[i].n); /* the field's size when the template is silent */
        assert_int_equal(n, m);
        assert_memory_equal(a, b, n);
        agree(s, &p, priv[0], pub[1], 16, cut, &c);
        assert_int_equal(c, 16);
        assert_memory_equal(cut, a + n - 16, 16); /* truncation takes away leading bytes */
        CK_BYTE shared[] = "shared info";
        static const CK_EC_KDF_TYPE kdfs[] = {CKD_SHA256_KDF, CKD_SHA384_KDF, CKD_SHA512_KDF};
        for (size_t j = 0; j < LEN(kdfs); j++) {
            p = (CK_ECDH1_DERIVE_PARAMS){
                .kdf = kdfs[j], .pSharedData = shared, .ulSharedDataLen = 11};
            agree(s, &p, priv[0], pub[1], 100, a, &n);
            agree(s, &p, priv[1], pub[0], 100, b, &m);
            assert_int_equal(n, 100);
            assert_memory_equal(a, b, 100);
            shared[0] ^= 1;
            agree(s, &p, priv[1], pub[0], 100, b, &m);
            assert_memory_not_equal(a, b, 100);
            shared[0] ^= 1;
        }
    }
}

static void x25519_vector(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    static const CK_BYTE sk[32] = {0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1,
                                   0x72, 0x51, 0xb2, 0x66, 0x45, 0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0,
                                   0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a};
    static const CK_BYTE pk[32] = {0xde, 0x9e, 0xdb, 0x7d, 0x7b, 0x7d, 0xc1, 0xb4, 0xd3, 0x5b, 0x61,
                                   0xc2, 0xec, 0xe4, 0x35, 0x37, 0x3f, 0x83, 0x43, 0xc8, 0x5b, 0x78,
                                   0x67, 0x4d, 0xad, 0xfc, 0x7e, 0x14, 0x6f, 0x88, 0x2b, 0x4f};
    static const CK_BYTE z[32] = {0x4a, 0x5d, 0x9d, 0x5b, 0xa4, 0xce, 0x2d, 0xe1, 0x72, 0x8e, 0x3b,
                                  0xf4, 0x80, 0x35, 0x0f, 0x25, 0xe0, 0x7e, 0x21, 0xc9, 0x47, 0xd1,
                                  0x9e, 0x33, 0x76, 0xf0, 0x9b, 0x3c, 0x1e, 0x16, 0x17, 0x42};
    CK_OBJECT_HANDLE priv = 0, k = 0;
    OK(p11->C_CreateObject(s,
                           T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_EC_MONTGOMERY),
                             AX(CKA_EC_PARAMS, X25519.der, X25519.n), AX(CKA_VALUE, sk, sizeof sk),
                             AB(CKA_DERIVE, CK_TRUE)),
                           &priv));
    CK_ECDH1_DERIVE_PARAMS p = {
        .kdf = CKD_NULL, .pPublicData = BYTE_PTR(pk), .ulPublicDataLen = sizeof pk};
    OK(p11->C_DeriveKey(s, MECHP(CKM_ECDH1_DERIVE, p), priv,
                        T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
                          AB(CKA_SENSITIVE, CK_FALSE), AB(CKA_EXTRACTABLE, CK_TRUE)),
                        &k));
    CK_BYTE got[32];
    assert_int_equal(attr_bytes(s, k, CKA_VALUE, got, sizeof got), 32);
    assert_memory_equal(got, z, 32);
}

static void r069_hkdf(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_BYTE ikm[22], salt[13], info[10], got[64];
    memset(ikm, 0x0b, sizeof ikm);
    for (size_t i = 0; i < sizeof salt; i++) {
        salt[i] = (CK_BYTE)i;
    }
    for (size_t i = 0; i < sizeof info; i++) {
        info[i] = (CK_BYTE)(0xf0 + i);
    }
    const CK_OBJECT_HANDLE k = secret_import(s, ikm, sizeof ikm);
    CK_HKDF_PARAMS p = {.bExtract = CK_TRUE,
                        .bExpand = CK_TRUE,
                        .prfHashMechanism = CKM_SHA256,
                        .ulSaltType = CKF_HKDF_SALT_DATA,
                        .pSalt = salt,
                        .ulSaltLen = sizeof salt,
                        .pInfo = info,
                        .ulInfoLen = sizeof info};
    CK_ATTRIBUTE t[] = {AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
                        AB(CKA_SENSITIVE, CK_FALSE),   AB(CKA_EXTRACTABLE, CK_TRUE),
                        AB(CKA_DERIVE, CK_TRUE),       AU(CKA_VALUE_LEN, 42)};
    static const CK_BYTE okm[42] = {
        0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f, 0x64, 0xd0, 0x36,
        0x2f, 0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a, 0x5a, 0x4c, 0x5d, 0xb0, 0x2d, 0x56,
        0xec, 0xc4, 0xc5, 0xbf, 0x34, 0x00, 0x72, 0x08, 0xd5, 0xb8, 0x87, 0x18, 0x58, 0x65};
    CK_OBJECT_HANDLE d = 0, prk = 0;
    OK(p11->C_DeriveKey(s, MECHP(CKM_HKDF_DERIVE, p), k, t, LEN(t), &d));
    assert_int_equal(attr_bytes(s, d, CKA_VALUE, got, sizeof got), 42);
    assert_memory_equal(got, okm, 42);
    /* the halves one after the other; the salt from a key */
    p.bExpand = CK_FALSE;
    p.ulSaltType = CKF_HKDF_SALT_KEY;
    p.hSaltKey = secret_import(s, salt, sizeof salt);
    p.pSalt = NULL;
    p.ulSaltLen = 0;
    OK(p11->C_DeriveKey(s, MECHP(CKM_HKDF_DERIVE, p), k, t, LEN(t) - 1, &prk));
    p.bExtract = CK_FALSE;
    p.bExpand = CK_TRUE;
    p.ulSaltType = CKF_HKDF_SALT_NULL;
    p.hSaltKey = 0;
    OK(p11->C_DeriveKey(s, MECHP(CKM_HKDF_DERIVE, p), prk, t, LEN(t), &d));
    assert_int_equal(attr_bytes(s, d, CKA_VALUE, got, sizeof got), 42);
    assert_memory_equal(got, okm, 42);
    p.bExpand = CK_FALSE; /* neither half */
    RV(CKR_MECHANISM_PARAM_INVALID,
       p11->C_DeriveKey(s, MECHP(CKM_HKDF_DERIVE, p), k, t, LEN(t), &d));
}

static void keys_that_persist(void **state)
{
    (void)state;
    CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    OK(p11->C_GenerateKeyPair(s, MECH(CKM_EC_KEY_PAIR_GEN),
                              T(AX(CKA_EC_PARAMS, P256.der, P256.n), AB(CKA_TOKEN, CK_TRUE),
                                AS(CKA_ID, "kept"), AB(CKA_VERIFY, CK_TRUE)),
                              T(AB(CKA_TOKEN, CK_TRUE), AS(CKA_ID, "kept"), AB(CKA_SIGN, CK_TRUE)),
                              &pub, &priv));
    CK_BYTE sig[64], info[256];
    CK_ULONG n = sizeof sig;
    OK(p11->C_SignInit(s, MECH(CKM_ECDSA_SHA256), priv));
    OK(p11->C_Sign(s, text, 100, sig, &n));
    assert_true(attr_bytes(s, pub, CKA_PUBLIC_KEY_INFO, info, sizeof info) == 91);
    OK(p11->C_Finalize(NULL));
    OK(p11->C_Initialize(NULL));
    s = user_session();
    assert_int_equal(find(s, T(AS(CKA_ID, "kept"), AU(CKA_CLASS, CKO_PUBLIC_KEY)), &pub, 1), 1);
    assert_int_equal(find(s, T(AS(CKA_ID, "kept"), AU(CKA_CLASS, CKO_PRIVATE_KEY)), &priv, 1), 1);
    OK(p11->C_VerifyInit(s, MECH(CKM_ECDSA_SHA256), pub));
    OK(p11->C_Verify(s, text, 100, sig, n));
    sign_verify(s, MECH(CKM_ECDSA_SHA256), pub, priv, 100, true);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(rsa_pkcs1_signatures),
        TEST(r058_pss),
        TEST(r056_oaep),
        TEST(r055_pkcs1_decryption_tells_nothing),
        TEST(r057_ciphertexts_of_another_length),
        TEST(rsa_wraps_keys),
        TEST(ecdsa),
        TEST(r065_ecdsa_values_out_of_range),
        TEST(eddsa_vector),
        TEST(r066_eddsa_forms),
        TEST(r067_agreement_on_every_curve),
        TEST(x25519_vector),
        TEST(r069_hkdf),
        TEST(keys_that_persist),
    };
    return cmocka_run_group_tests(tests, setup, teardown_module);
}
