/* SPDX-License-Identifier: Apache-2.0
 *
 * C_VerifySignatureInit and its likes (PKCS#11 3.2, 5.15): the signature comes first. What C_VerifyInit
 * can, they can, with the same answers, and neither way goes on with the other's calls.
 */
#include "pq.h"

static CK_BYTE text[200] = "whoever has the signature first can read the message as it comes";
static CK_BYTE sig[PQ_SIG_MAX];

/* One of each family. */
struct subject {
    CK_MECHANISM_TYPE type;
    CK_OBJECT_HANDLE signs, verifies;
    CK_ULONG data_n;
    bool parts;
};
#define SUBJECTS 9

static void make_subjects(CK_SESSION_HANDLE s, struct subject to[SUBJECTS])
{
    CK_OBJECT_HANDLE rsa[2], ec[2], ed[2];
    const CK_OBJECT_HANDLE aes = aes_key(s, 32);
    const CK_OBJECT_HANDLE generic = secret_import(s, text, 32);
    const struct pair dsa = pq_pair(s, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_44);
    const struct pair slh = pq_pair(s, CKM_SLH_DSA_KEY_PAIR_GEN, CKP_SLH_DSA_SHA2_128F);
    const struct pair both =
        pq_pair(s, CKM_COMP_SIG_KEY_PAIR_GEN, CKP_COMP_SIG_MLDSA44_ECDSA_P256_SHA256);
    rsa_pair(s, 2048, &rsa[0], &rsa[1]);
    ec_pair(s, &P256, &ec[0], &ec[1]);
    edwards_pair(s, &ED25519, &ed[0], &ed[1]);
    const struct subject made[SUBJECTS] = {
        {CKM_AES_CMAC, aes, aes, sizeof text, true},
        {CKM_SHA256_HMAC, generic, generic, sizeof text, true},
        {CKM_SHA256_RSA_PKCS, rsa[1], rsa[0], sizeof text, true},
        {CKM_ECDSA_SHA256, ec[1], ec[0], sizeof text, true},
        {CKM_ECDSA, ec[1], ec[0], 32, false},
        {CKM_EDDSA, ed[1], ed[0], sizeof text, true},
        {CKM_ML_DSA, dsa.priv, dsa.pub, sizeof text, true},
        {CKM_SLH_DSA, slh.priv, slh.pub, sizeof text, false},
        {CKM_COMP_SIG, both.priv, both.pub, sizeof text, true},
    };
    memcpy(to, made, sizeof made);
}

static CK_RV once(CK_SESSION_HANDLE s, const struct subject *of, const CK_BYTE *given, CK_ULONG n)
{
    OK(p11->C_VerifySignatureInit(s, MECH(of->type), of->verifies, BYTE_PTR(given), n));
    return p11->C_VerifySignature(s, text, of->data_n);
}

static CK_RV in_parts(CK_SESSION_HANDLE s, const struct subject *of, const CK_BYTE *given,
                      CK_ULONG n)
{
    OK(p11->C_VerifySignatureInit(s, MECH(of->type), of->verifies, BYTE_PTR(given), n));
    OK(p11->C_VerifySignatureUpdate(s, text, 7));
    OK(p11->C_VerifySignatureUpdate(s, text + 7, of->data_n - 7));
    return p11->C_VerifySignatureFinal(s);
}

/* What the other way answers, or another code for the same. */
static CK_RV other_way(CK_SESSION_HANDLE s, const struct subject *of, const CK_BYTE *given,
                       CK_ULONG n)
{
    return pq_verify(s, MECH(of->type), of->verifies, text, of->data_n, given, n);
}

static void all_mechanisms(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    struct subject of[SUBJECTS];
    make_subjects(s, of);
    for (size_t i = 0; i < SUBJECTS; i++) {
        const CK_ULONG n = pq_sign(s, MECH(of[i].type), of[i].signs, text, of[i].data_n, sig);
        OK(once(s, &of[i], sig, n));
        for (size_t at = 0; at < n; at += n / 2) {
            sig[at] ^= 0x10;
            RV(other_way(s, &of[i], sig, n), once(s, &of[i], sig, n));
            RV(CKR_SIGNATURE_INVALID, once(s, &of[i], sig, n));
            if (of[i].parts) {
                RV(CKR_SIGNATURE_INVALID, in_parts(s, &of[i], sig, n));
            }
            sig[at] ^= 0x10;
        }
        text[3] ^= 1;
        RV(CKR_SIGNATURE_INVALID, once(s, &of[i], sig, n));
        text[3] ^= 1;
        const CK_ULONG wrong[] = {0, 1, n - 1, n + 1};
        for (size_t k = 0; k < LEN(wrong); k++) {
            RV(other_way(s, &of[i], sig, wrong[k]), once(s, &of[i], sig, wrong[k]));
            assert_int_not_equal(once(s, &of[i], sig, wrong[k]), CKR_OK);
        }
        if (of[i].parts) {
            OK(in_parts(s, &of[i], sig, n));
        } else {
            OK(p11->C_VerifySignatureInit(s, MECH(of[i].type), of[i].verifies, sig, n));
            RV(CKR_FUNCTION_NOT_SUPPORTED, p11->C_VerifySignatureUpdate(s, text, 7));
            RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignatureFinal(s));
        }
    }
}

/* The token has a copy: what the caller does with its own afterwards does not count. */
static void the_signature_is_copied(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    struct subject of[SUBJECTS];
    make_subjects(s, of);
    const CK_ULONG n = pq_sign(s, MECH(of[6].type), of[6].signs, text, of[6].data_n, sig);
    OK(p11->C_VerifySignatureInit(s, MECH(of[6].type), of[6].verifies, sig, n));
    memset(sig, 0, n);
    OK(p11->C_VerifySignature(s, text, of[6].data_n));
    /* and the one of before is not this one's */
    OK(p11->C_VerifySignatureInit(s, MECH(of[6].type), of[6].verifies, sig, n));
    RV(CKR_SIGNATURE_INVALID, p11->C_VerifySignature(s, text, of[6].data_n));
}

static void two_ways_do_not_mix(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE key = secret_import(s, text, 32);
    CK_MECHANISM *m = MECH(CKM_SHA256_HMAC);
    const CK_ULONG n = pq_sign(s, m, key, text, 64, sig);
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignature(s, text, 64));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignatureUpdate(s, text, 64));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignatureFinal(s));

    OK(p11->C_VerifySignatureInit(s, m, key, sig, n));
    RV(CKR_OPERATION_ACTIVE, p11->C_VerifySignatureInit(s, m, key, sig, n));
    RV(CKR_OPERATION_ACTIVE, p11->C_VerifyInit(s, m, key));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Verify(s, text, 64, sig, n));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifyUpdate(s, text, 64));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifyFinal(s, sig, n));
    OK(p11->C_VerifySignature(s, text, 64)); /* none of these has ended it */

    OK(p11->C_VerifyInit(s, m, key));
    RV(CKR_OPERATION_ACTIVE, p11->C_VerifySignatureInit(s, m, key, sig, n));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignature(s, text, 64));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignatureUpdate(s, text, 64));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignatureFinal(s));
    OK(p11->C_Verify(s, text, 64, sig, n));

    OK(p11->C_VerifySignatureInit(s, m, key, sig, n));
    OK(p11->C_VerifySignatureUpdate(s, text, 32));
    RV(CKR_OPERATION_ACTIVE, p11->C_VerifySignature(s, text, 64));
    OK(p11->C_VerifySignatureUpdate(s, text + 32, 32));
    OK(p11->C_VerifySignatureFinal(s));
    OK(p11->C_VerifyInit(s, m, key)); /* the ended one left nothing behind */
    OK(p11->C_Verify(s, text, 64, sig, n));
}

/* The plaintext of C_DecryptVerifyUpdate goes to a verification of the first kind only. */
static void not_for_dual_functions(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE key = secret_import(s, text, 32);
    const CK_OBJECT_HANDLE aes = aes_key(s, 16);
    CK_BYTE out[64];
    CK_ULONG n = sizeof out;
    OK(p11->C_VerifySignatureInit(s, MECH(CKM_SHA256_HMAC), key, sig, 32));
    OK(p11->C_DecryptInit(s, MECH(CKM_AES_ECB), aes));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DecryptVerifyUpdate(s, text, 32, out, &n));
    OK(p11->C_SessionCancel(s, CKF_VERIFY | CKF_DECRYPT));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignature(s, text, 64));
}

static void refused(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE key = secret_import(s, text, 32);
    const CK_OBJECT_HANDLE aes = aes_key(s, 16);
    CK_MECHANISM *m = MECH(CKM_SHA256_HMAC);
    RV(CKR_ARGUMENTS_BAD, p11->C_VerifySignatureInit(s, m, key, NULL, 32));
    RV(CKR_SIGNATURE_LEN_RANGE, p11->C_VerifySignatureInit(s, m, key, sig, (CK_ULONG)1 << 40));
    RV(CKR_SIGNATURE_LEN_RANGE, p11->C_VerifySignatureInit(s, m, key, sig, (CK_ULONG)-1));
    RV(CKR_KEY_HANDLE_INVALID, p11->C_VerifySignatureInit(s, m, 0, sig, 32));
    RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_VerifySignatureInit(s, MECH(CKM_ML_DSA), aes, sig, 32));
    RV(CKR_MECHANISM_INVALID, p11->C_VerifySignatureInit(s, MECH(CKM_AES_ECB), aes, sig, 32));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignature(s, text, 64)); /* none has begun */
    OK(p11->C_VerifySignatureInit(s, m, key, sig, 32));
    OK(p11->C_VerifySignatureInit(s, NULL, 0, NULL, 0)); /* cancels */
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignature(s, text, 64));
    OK(p11->C_VerifySignatureInit(s, m, key, sig, 32));
    RV(CKR_ARGUMENTS_BAD, p11->C_VerifySignature(s, NULL, 64)); /* ends it */
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignature(s, text, 64));
}

static void r043_the_key_goes(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_SESSION_HANDLE other = open_session(true);
    const CK_OBJECT_HANDLE key = secret_import(s, text, 32);
    OK(p11->C_VerifySignatureInit(s, MECH(CKM_SHA256_HMAC), key, sig, 32));
    OK(p11->C_VerifySignatureUpdate(s, text, 32));
    OK(p11->C_DestroyObject(other, key));
    ONE_OF(p11->C_VerifySignatureFinal(s), CKR_KEY_HANDLE_INVALID, CKR_OPERATION_NOT_INITIALIZED);
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignatureFinal(s));
}

#define TEST(f) cmocka_unit_test_teardown(f, teardown_sessions)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_mechanisms),
        TEST(the_signature_is_copied),
        TEST(two_ways_do_not_mix),
        TEST(not_for_dual_functions),
        TEST(refused),
        TEST(r043_the_key_goes),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
