/* SPDX-License-Identifier: Apache-2.0
 *
 * Post-quantum keys: pairs of every parameter set sign and verify, encapsulate and decapsulate; the
 * attributes that they have; the vendor numbers; wrapping with a KEM; the vendor form of derivation.
 */
#include "harness.h"

#define SIG_MAX 50000

static CK_SESSION_HANDLE S;

static int open_sessions(void **state)
{
    (void)state;
    S = user_session();
    return 0;
}

static void pair(CK_MECHANISM_TYPE generator, CK_ULONG set, CK_OBJECT_HANDLE *pub,
                 CK_OBJECT_HANDLE *priv)
{
    OK(p11->C_GenerateKeyPair(S, MECH(generator), T(AU(CKA_PARAMETER_SET, set)),
                              T(AB(CKA_SENSITIVE, CK_FALSE), AB(CKA_EXTRACTABLE, CK_TRUE)), pub,
                              priv));
}

/* One signature in one call, verified; and that another message is refused. */
static void sign_and_verify(CK_MECHANISM *m, CK_OBJECT_HANDLE pub, CK_OBJECT_HANDLE priv,
                            CK_BYTE *data, CK_ULONG n)
{
    static CK_BYTE sig[SIG_MAX];
    CK_ULONG need = 0;
    CK_ULONG sig_n = sizeof sig;
    OK(p11->C_SignInit(S, m, priv));
    OK(p11->C_Sign(S, data, n, NULL, &need));
    OK(p11->C_Sign(S, data, n, sig, &sig_n));
    assert_true(sig_n > 0 && sig_n <= need);
    OK(p11->C_VerifyInit(S, m, pub));
    OK(p11->C_Verify(S, data, n, sig, sig_n));
    data[0] ^= 1;
    OK(p11->C_VerifyInit(S, m, pub));
    RV(CKR_SIGNATURE_INVALID, p11->C_Verify(S, data, n, sig, sig_n));
    data[0] ^= 1;
    OK(p11->C_VerifyInit(S, m, pub));
    RV(CKR_SIGNATURE_LEN_RANGE, p11->C_Verify(S, data, n, sig, 3));
}

static void test_ml_dsa_signs(void **state)
{
    static const CK_ULONG sizes[] = {
        [CKP_ML_DSA_44] = 1312, [CKP_ML_DSA_65] = 1952, [CKP_ML_DSA_87] = 2592};
    CK_BYTE data[100] = "message";
    CK_OBJECT_HANDLE pub = 0;
    CK_OBJECT_HANDLE priv = 0;
    (void)state;
    for (CK_ULONG set = CKP_ML_DSA_44; set <= CKP_ML_DSA_87; set++) {
        CK_BYTE value[5000];
        pair(CKM_ML_DSA_KEY_PAIR_GEN, set, &pub, &priv);
        sign_and_verify(MECH(CKM_ML_DSA), pub, priv, data, sizeof data);
        sign_and_verify(MECH(CKM_HASH_ML_DSA_SHA512), pub, priv, data, sizeof data);
        assert_int_equal(attr_ulong(S, pub, CKA_KEY_TYPE), CKK_ML_DSA);
        assert_int_equal(attr_ulong(S, priv, CKA_PARAMETER_SET), set);
        assert_int_equal(attr_bytes(S, pub, CKA_VALUE, value, sizeof value), sizes[set]);
        assert_int_equal(attr_bytes(S, priv, CKA_SEED, value, sizeof value), 32);
        assert_true(attr_bool(S, priv, CKA_SIGN));
        assert_false(attr_bool(S, priv, CKA_DECAPSULATE));
    }
}

static void test_ml_kem_encapsulates(void **state)
{
    static const CK_ULONG sizes[] = {
        [CKP_ML_KEM_512] = 768, [CKP_ML_KEM_768] = 1088, [CKP_ML_KEM_1024] = 1568};
    (void)state;
    for (CK_ULONG set = CKP_ML_KEM_512; set <= CKP_ML_KEM_1024; set++) {
        CK_OBJECT_HANDLE pub = 0;
        CK_OBJECT_HANDLE priv = 0;
        CK_OBJECT_HANDLE ours = 0;
        CK_OBJECT_HANDLE theirs = 0;
        CK_BYTE ct[2000];
        CK_BYTE a[64];
        CK_BYTE b[64];
        CK_ULONG n = 0;
        CK_ATTRIBUTE t[] = {AU(CKA_KEY_TYPE, CKK_AES), AB(CKA_SENSITIVE, CK_FALSE)};
        pair(CKM_ML_KEM_KEY_PAIR_GEN, set, &pub, &priv);
        OK(p11->C_EncapsulateKey(S, MECH(CKM_ML_KEM), pub, t, LEN(t), NULL, &n, &ours));
        assert_int_equal(n, sizes[set]);
        assert_int_equal(ours, 0);
        n--;
        RV(CKR_BUFFER_TOO_SMALL,
           p11->C_EncapsulateKey(S, MECH(CKM_ML_KEM), pub, t, LEN(t), ct, &n, &ours));
        assert_int_equal(n, sizes[set]);
        OK(p11->C_EncapsulateKey(S, MECH(CKM_ML_KEM), pub, t, LEN(t), ct, &n, &ours));
        OK(p11->C_DecapsulateKey(S, MECH(CKM_ML_KEM), priv, t, LEN(t), ct, n, &theirs));
        assert_int_equal(attr_bytes(S, ours, CKA_VALUE, a, sizeof a), 32);
        assert_int_equal(attr_bytes(S, theirs, CKA_VALUE, b, sizeof b), 32);
        assert_memory_equal(a, b, 32);
        assert_false(attr_bool(S, ours, CKA_LOCAL));
        assert_false(attr_bool(S, ours, CKA_ALWAYS_SENSITIVE));
        assert_false(attr_bool(S, ours, CKA_NEVER_EXTRACTABLE));
        assert_true(attr_bool(S, ours, CKA_EXTRACTABLE));
    }
}

static void test_slh_dsa_signs(void **state)
{
    CK_BYTE data[100] = "message";
    CK_OBJECT_HANDLE pub = 0;
    CK_OBJECT_HANDLE priv = 0;
    (void)state;
    pair(CKM_SLH_DSA_KEY_PAIR_GEN, CKP_SLH_DSA_SHA2_128F, &pub, &priv);
    sign_and_verify(MECH(CKM_SLH_DSA), pub, priv, data, sizeof data);
    sign_and_verify(MECH(CKM_HASH_SLH_DSA_SHA256), pub, priv, data, sizeof data);
}

static void test_ml_kem_wraps(void **state)
{
    CK_OBJECT_HANDLE pub = 0;
    CK_OBJECT_HANDLE priv = 0;
    CK_OBJECT_HANDLE sign_pub = 0;
    CK_OBJECT_HANDLE sign_priv = 0;
    CK_OBJECT_HANDLE back = 0;
    CK_BYTE blob[8000];
    CK_BYTE data[50] = "signed by the key that came back";
    CK_ULONG n = sizeof blob;
    (void)state;
    pair(CKM_ML_KEM_KEY_PAIR_GEN, CKP_ML_KEM_768, &pub, &priv);
    pair(CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_65, &sign_pub, &sign_priv);
    OK(p11->C_WrapKey(S, MECH(CKM_ML_KEM), pub, sign_priv, blob, &n));
    OK(p11->C_UnwrapKey(S, MECH(CKM_ML_KEM), priv, blob, n,
                        T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_ML_DSA)), &back));
    sign_and_verify(MECH(CKM_ML_DSA), sign_pub, back, data, sizeof data);
    blob[n - 1] ^= 1;
    RV(CKR_WRAPPED_KEY_INVALID,
       p11->C_UnwrapKey(S, MECH(CKM_ML_KEM), priv, blob, n,
                        T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_ML_DSA)), &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ml_dsa_signs, open_sessions, teardown_sessions),
        cmocka_unit_test_setup_teardown(test_ml_kem_encapsulates, open_sessions, teardown_sessions),
        cmocka_unit_test_setup_teardown(test_slh_dsa_signs, open_sessions, teardown_sessions),
        cmocka_unit_test_setup_teardown(test_ml_kem_wraps, open_sessions, teardown_sessions),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
