/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests, HMAC, CMAC, GMAC. Vectors: FIPS 180-4 and FIPS 202 examples ("abc"), RFC 4231 test
 * case 2, RFC 2202 test case 2, SP 800-38B D.1 example 2.
 */
#include "harness.h"

struct known {
    CK_MECHANISM_TYPE type;
    CK_ULONG n;
    const char *value;
};

static const struct known digests[] = {
    {CKM_SHA_1, 20, "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {CKM_SHA224, 28, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
    {CKM_SHA256, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {CKM_SHA384, 48,
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825"
     "a7"},
    {CKM_SHA512, 64,
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feeb"
     "bd454d4423643ce80e2a9ac94fa54ca49f"},
    {CKM_SHA3_256, 32, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
    {CKM_SHA3_512, 64,
     "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e393"
     "4057340b4cf408d5a56592f8274eec53f0"},
};

static void digests_of_abc(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = open_session(false);
    for (size_t i = 0; i < LEN(digests); i++) {
        CK_BYTE want[64], got[64];
        unhex(digests[i].value, want);
        CK_ULONG n = sizeof got;
        OK(p11->C_DigestInit(s, MECH(digests[i].type)));
        OK(p11->C_Digest(s, BYTE_PTR("abc"), 3, got, &n));
        assert_int_equal(n, digests[i].n);
        assert_memory_equal(got, want, n);
        OK(p11->C_DigestInit(s, MECH(digests[i].type)));
        for (size_t j = 0; j < 3; j++) {
            OK(p11->C_DigestUpdate(s, BYTE_PTR(&"abc"[j]), 1));
        }
        OK(p11->C_DigestUpdate(s, NULL, 0));
        n = sizeof got;
        OK(p11->C_DigestFinal(s, got, &n));
        assert_memory_equal(got, want, n);
    }
}

static const struct known hmacs[] = {
    {CKM_SHA_1_HMAC, 20, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    {CKM_SHA224_HMAC, 28, "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"},
    {CKM_SHA256_HMAC, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {CKM_SHA384_HMAC, 48,
     "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab216"
     "49"},
    {CKM_SHA512_HMAC, 64,
     "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6"
     "fdcaeab1a34d4a6b4b636e070a38bce737"},
};

static void hmacs_of_jefe(void **state)
{
    (void)state;
    static const char text[] = "what do ya want for nothing?";
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = secret_import(s, "Jefe", 4);
    for (size_t i = 0; i < LEN(hmacs); i++) {
        CK_BYTE want[64], got[64];
        unhex(hmacs[i].value, want);
        CK_ULONG n = sizeof got;
        OK(p11->C_SignInit(s, MECH(hmacs[i].type), k));
        OK(p11->C_Sign(s, BYTE_PTR(text), 28, got, &n));
        assert_int_equal(n, hmacs[i].n);
        assert_memory_equal(got, want, n);
        OK(p11->C_SignInit(s, MECH(hmacs[i].type), k));
        OK(p11->C_SignUpdate(s, BYTE_PTR(text), 10));
        OK(p11->C_SignUpdate(s, BYTE_PTR(text + 10), 18));
        n = sizeof got;
        OK(p11->C_SignFinal(s, got, &n));
        assert_memory_equal(got, want, n);
        OK(p11->C_VerifyInit(s, MECH(hmacs[i].type), k));
        OK(p11->C_Verify(s, BYTE_PTR(text), 28, want, hmacs[i].n));
        want[3] ^= 1;
        OK(p11->C_VerifyInit(s, MECH(hmacs[i].type), k));
        RV(CKR_SIGNATURE_INVALID, p11->C_Verify(s, BYTE_PTR(text), 28, want, hmacs[i].n));
        OK(p11->C_VerifyInit(s, MECH(hmacs[i].type), k));
        RV(CKR_SIGNATURE_LEN_RANGE, p11->C_Verify(s, BYTE_PTR(text), 28, want, hmacs[i].n - 1));
    }
}

static void r064_mac_lengths(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = secret_import(s, "Jefe", 4);
    const CK_OBJECT_HANDLE a = aes_key(s, 16);
    static const char text[] = "what do ya want for nothing?";
    CK_BYTE whole[32], part[32];
    CK_ULONG n = sizeof whole;
    OK(p11->C_SignInit(s, MECH(CKM_SHA256_HMAC), k));
    OK(p11->C_Sign(s, BYTE_PTR(text), 28, whole, &n));
    for (CK_ULONG len = 1; len <= 32; len++) {
        const CK_RV rv = p11->C_SignInit(s, MECHP(CKM_SHA256_HMAC_GENERAL, len), k);
        if (rv == CKR_MECHANISM_PARAM_INVALID && len < 4) {
            continue; /* too short to be a MAC: may be refused */
        }
        OK(rv);
        n = sizeof part;
        OK(p11->C_Sign(s, BYTE_PTR(text), 28, part, &n));
        assert_int_equal(n, len);
        assert_memory_equal(part, whole, len);
    }
    static const CK_ULONG bad[] = {0, 33, 64, ~0UL};
    for (size_t i = 0; i < LEN(bad); i++) {
        CK_ULONG len = bad[i];
        RV(CKR_MECHANISM_PARAM_INVALID, p11->C_SignInit(s, MECHP(CKM_SHA256_HMAC_GENERAL, len), k));
        if (has_mechanism(CKM_AES_CMAC_GENERAL)) {
            RV(CKR_MECHANISM_PARAM_INVALID,
               p11->C_SignInit(s, MECHP(CKM_AES_CMAC_GENERAL, len), a));
        }
    }
}

static void cmac_of_one_block(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_BYTE key[16], text[16], want[16], got[16];
    unhex("2b7e151628aed2a6abf7158809cf4f3c", key);
    unhex("6bc1bee22e409f96e93d7e117393172a", text);
    unhex("070a16b46b4d4144f79bdd9dd04a287c", want);
    const CK_OBJECT_HANDLE k = aes_import(s, key, sizeof key);
    CK_ULONG n = sizeof got;
    OK(p11->C_SignInit(s, MECH(CKM_AES_CMAC), k));
    OK(p11->C_Sign(s, text, sizeof text, got, &n));
    assert_int_equal(n, 16);
    assert_memory_equal(got, want, 16);
    OK(p11->C_VerifyInit(s, MECH(CKM_AES_CMAC), k));
    OK(p11->C_VerifyUpdate(s, text, 7));
    OK(p11->C_VerifyUpdate(s, text + 7, 9));
    OK(p11->C_VerifyFinal(s, want, 16));
}

static void r003_digest_of_more_than_an_int_holds(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = open_session(false);
    static CK_BYTE chunk[1 << 20];
    CK_BYTE one[32], two[32];
    CK_ULONG n = sizeof one;
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    for (int i = 0; i < 64; i++) {
        OK(p11->C_DigestUpdate(s, chunk, sizeof chunk));
    }
    OK(p11->C_DigestFinal(s, one, &n));
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    for (int i = 0; i < 128; i++) {
        OK(p11->C_DigestUpdate(s, chunk, sizeof chunk / 2));
    }
    n = sizeof two;
    OK(p11->C_DigestFinal(s, two, &n));
    assert_memory_equal(one, two, 32);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(digests_of_abc),
        TEST(hmacs_of_jefe),
        TEST(r064_mac_lengths),
        TEST(cmac_of_one_block),
        TEST(r003_digest_of_more_than_an_int_holds),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
