/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations: begin, go on, ask for lengths, end, be cut off.
 */
#include "harness.h"

static const CK_BYTE zeros[256];
static CK_BYTE iv[16];

#define CBC_PAD MECHX(CKM_AES_CBC_PAD, iv, sizeof iv)

static void r039_init_while_active(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    ec_pair(s, &P256, &pub, &priv);
    OK(p11->C_EncryptInit(s, MECH(CKM_AES_ECB), k));
    RV(CKR_OPERATION_ACTIVE, p11->C_EncryptInit(s, CBC_PAD, k));
    OK(p11->C_DecryptInit(s, CBC_PAD, k)); /* another kind runs beside it */
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    RV(CKR_OPERATION_ACTIVE, p11->C_DigestInit(s, MECH(CKM_SHA512)));
    OK(p11->C_SignInit(s, MECH(CKM_ECDSA), priv));
    RV(CKR_OPERATION_ACTIVE, p11->C_SignInit(s, MECH(CKM_ECDSA), priv));
    OK(p11->C_VerifyInit(s, MECH(CKM_ECDSA), pub));
    RV(CKR_OPERATION_ACTIVE, p11->C_VerifyInit(s, MECH(CKM_ECDSA), pub));
    CK_BYTE out[64];
    CK_ULONG n = sizeof out;
    OK(p11->C_Encrypt(s, BYTE_PTR(zeros), 16, out, &n)); /* the first one goes on */
    assert_int_equal(n, 16);
    n = sizeof out;
    OK(p11->C_Digest(s, BYTE_PTR(zeros), 0, out, &n));
    assert_int_equal(n, 32);
}

static void r039_a_failing_init_leaves_nothing(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_BYTE out[64];
    CK_ULONG n = sizeof out;
    RV(CKR_MECHANISM_INVALID, p11->C_EncryptInit(s, MECH(CKM_SHA256), k));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Encrypt(s, BYTE_PTR(zeros), 16, out, &n));
    RV(CKR_MECHANISM_PARAM_INVALID, p11->C_EncryptInit(s, MECHX(CKM_AES_CBC, iv, 5), k));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Encrypt(s, BYTE_PTR(zeros), 16, out, &n));
    RV(CKR_MECHANISM_INVALID, p11->C_DigestInit(s, MECH(0x7ffffff3)));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DigestUpdate(s, BYTE_PTR(zeros), 16));
    OK(p11->C_EncryptInit(s, MECH(CKM_AES_ECB), k));
}

static void r040_steps_without_a_beginning(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_BYTE b[64] = {0};
    CK_ULONG n = sizeof b;
    static const CK_RV want = CKR_OPERATION_NOT_INITIALIZED;
    RV(want, p11->C_Encrypt(s, b, 16, b, &n));
    RV(want, p11->C_EncryptUpdate(s, b, 16, b, &n));
    RV(want, p11->C_EncryptFinal(s, b, &n));
    RV(want, p11->C_Decrypt(s, b, 16, b, &n));
    RV(want, p11->C_DecryptUpdate(s, b, 16, b, &n));
    RV(want, p11->C_DecryptFinal(s, b, &n));
    RV(want, p11->C_Digest(s, b, 16, b, &n));
    RV(want, p11->C_DigestUpdate(s, b, 16));
    RV(want, p11->C_DigestKey(s, k));
    RV(want, p11->C_DigestFinal(s, b, &n));
    RV(want, p11->C_Sign(s, b, 16, b, &n));
    RV(want, p11->C_SignUpdate(s, b, 16));
    RV(want, p11->C_SignFinal(s, b, &n));
    RV(want, p11->C_Verify(s, b, 16, b, 64));
    RV(want, p11->C_VerifyUpdate(s, b, 16));
    RV(want, p11->C_VerifyFinal(s, b, 64));
}

static void r040_single_after_update(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_BYTE b[64] = {0};
    CK_ULONG n = sizeof b;
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    OK(p11->C_DigestUpdate(s, b, 16));
    ONE_OF(p11->C_Digest(s, b, 16, b, &n), CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED);
    (void)p11->C_SessionCancel(s, CKF_DIGEST);
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    n = sizeof b;
    OK(p11->C_Digest(s, b, 16, b, &n));
    n = sizeof b;
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DigestFinal(s, b, &n));
}

static void r036_asking_for_the_length(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    ec_pair(s, &P256, &pub, &priv);
    CK_BYTE out[128];
    CK_ULONG n = 0;
    OK(p11->C_DigestInit(s, MECH(CKM_SHA384)));
    OK(p11->C_Digest(s, BYTE_PTR(zeros), 16, NULL, &n));
    assert_int_equal(n, 48);
    OK(p11->C_Digest(s, BYTE_PTR(zeros), 16, out, &n));
    OK(p11->C_SignInit(s, MECH(CKM_ECDSA), priv));
    n = 0;
    OK(p11->C_Sign(s, BYTE_PTR(zeros), 32, NULL, &n));
    assert_true(n >= 64);
    n = sizeof out;
    OK(p11->C_Sign(s, BYTE_PTR(zeros), 32, out, &n));
    assert_int_equal(n, 64);
    OK(p11->C_EncryptInit(s, CBC_PAD, k));
    n = 0;
    OK(p11->C_Encrypt(s, BYTE_PTR(zeros), 32, NULL, &n));
    assert_true(n >= 48 && n <= 64);
    n = sizeof out;
    OK(p11->C_Encrypt(s, BYTE_PTR(zeros), 32, out, &n));
    assert_int_equal(n, 48);
    OK(p11->C_DecryptInit(s, CBC_PAD, k));
    CK_BYTE back[64];
    CK_ULONG m = 0;
    OK(p11->C_Decrypt(s, out, n, NULL, &m));
    assert_true(m >= 32);
    m = sizeof back;
    OK(p11->C_Decrypt(s, out, n, back, &m));
    assert_int_equal(m, 32);
    assert_memory_equal(back, zeros, 32);
}

static void r037_a_small_buffer_keeps_the_operation(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 32);
    CK_BYTE out[128], twice[128];
    CK_ULONG n = 31;
    memset(out, 0xee, sizeof out);
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    RV(CKR_BUFFER_TOO_SMALL, p11->C_Digest(s, BYTE_PTR(zeros), 16, out, &n));
    assert_int_equal(n, 32);
    assert_int_equal(out[0], 0xee);
    OK(p11->C_Digest(s, BYTE_PTR(zeros), 16, out, &n));
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    OK(p11->C_DigestUpdate(s, BYTE_PTR(zeros), 16));
    n = 1;
    RV(CKR_BUFFER_TOO_SMALL, p11->C_DigestFinal(s, twice, &n));
    assert_int_equal(n, 32);
    OK(p11->C_DigestFinal(s, twice, &n));
    assert_memory_equal(out, twice, 32);

    CK_BYTE cipher[64], back[64];
    OK(p11->C_EncryptInit(s, CBC_PAD, k));
    n = 16;
    RV(CKR_BUFFER_TOO_SMALL, p11->C_Encrypt(s, BYTE_PTR(zeros), 30, cipher, &n));
    assert_true(n >= 32);
    n = sizeof cipher;
    OK(p11->C_Encrypt(s, BYTE_PTR(zeros), 30, cipher, &n));
    assert_int_equal(n, 32);
    OK(p11->C_DecryptInit(s, CBC_PAD, k));
    memset(back, 0xee, sizeof back);
    CK_ULONG m = 1;
    RV(CKR_BUFFER_TOO_SMALL, p11->C_Decrypt(s, cipher, n, back, &m));
    for (size_t i = 0; i < sizeof back; i++) {
        assert_int_equal(back[i], 0xee);
    }
    m = sizeof back;
    OK(p11->C_Decrypt(s, cipher, n, back, &m));
    assert_int_equal(m, 30);
    assert_int_equal(back[30], 0xee);
    /* exactly as many as needed is enough */
    OK(p11->C_DecryptInit(s, CBC_PAD, k));
    m = 30;
    OK(p11->C_Decrypt(s, cipher, n, back, &m));
    assert_int_equal(m, 30);
}

static void r038_nothing_is_written_behind_the_buffer(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_BYTE cipher[64], out[64];
    CK_ULONG n = sizeof cipher;
    OK(p11->C_EncryptInit(s, CBC_PAD, k));
    OK(p11->C_Encrypt(s, BYTE_PTR(zeros), 3, cipher, &n));
    for (CK_ULONG room = 0; room < 16; room++) {
        OK(p11->C_DecryptInit(s, CBC_PAD, k));
        memset(out, 0xee, sizeof out);
        CK_ULONG m = room;
        const CK_RV rv = p11->C_Decrypt(s, cipher, n, out, &m);
        if (room < 3) {
            RV(CKR_BUFFER_TOO_SMALL, rv);
            (void)p11->C_SessionCancel(s, CKF_DECRYPT);
        } else {
            OK(rv);
            assert_int_equal(m, 3);
        }
        for (size_t i = room < 3 ? 0 : 3; i < sizeof out; i++) {
            assert_int_equal(out[i], 0xee);
        }
    }
}

static void r037_update_with_a_small_buffer(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_BYTE whole[80], parts[80];
    CK_ULONG n = sizeof whole, at = 0, m;
    OK(p11->C_EncryptInit(s, CBC_PAD, k));
    OK(p11->C_Encrypt(s, BYTE_PTR(zeros), 50, whole, &n));
    OK(p11->C_EncryptInit(s, CBC_PAD, k));
    m = 3;
    RV(CKR_BUFFER_TOO_SMALL, p11->C_EncryptUpdate(s, BYTE_PTR(zeros), 50, parts, &m));
    m = sizeof parts;
    OK(p11->C_EncryptUpdate(s, BYTE_PTR(zeros), 50, parts, &m));
    at = m;
    m = 0;
    OK(p11->C_EncryptFinal(s, NULL, &m));
    assert_true(m >= 16);
    m = 2;
    RV(CKR_BUFFER_TOO_SMALL, p11->C_EncryptFinal(s, parts + at, &m));
    m = sizeof parts - at;
    OK(p11->C_EncryptFinal(s, parts + at, &m));
    assert_int_equal(at + m, n);
    assert_memory_equal(parts, whole, n);
}

static void r035_a_failed_verify_ends_the_operation(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    ec_pair(s, &P256, &pub, &priv);
    CK_BYTE sig[64] = {1};
    static const CK_ULONG lengths[] = {64, 63, 65, 0, 1};
    for (size_t i = 0; i < LEN(lengths); i++) {
        CK_BYTE bad[128] = {1};
        OK(p11->C_VerifyInit(s, MECH(CKM_ECDSA), pub));
        ONE_OF(p11->C_Verify(s, BYTE_PTR(zeros), 32, bad, lengths[i]), CKR_SIGNATURE_INVALID,
               CKR_SIGNATURE_LEN_RANGE);
        RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Verify(s, BYTE_PTR(zeros), 32, sig, 64));
        OK(p11->C_VerifyInit(s, MECH(CKM_ECDSA_SHA256), pub));
        OK(p11->C_VerifyUpdate(s, BYTE_PTR(zeros), 32));
        ONE_OF(p11->C_VerifyFinal(s, bad, lengths[i]), CKR_SIGNATURE_INVALID,
               CKR_SIGNATURE_LEN_RANGE);
        RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifyFinal(s, sig, 64));
    }
    OK(p11->C_VerifyInit(s, MECH(CKM_ECDSA), pub));
    RV(CKR_ARGUMENTS_BAD, p11->C_Verify(s, BYTE_PTR(zeros), 32, NULL, 64));
}

static void r041_empty_messages(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_BYTE out[64];
    CK_ULONG n = sizeof out;
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    OK(p11->C_Digest(s, NULL, 0, out, &n));
    assert_memory_equal(out, "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14", 8); /* FIPS 180-4 of nothing */
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    n = sizeof out;
    OK(p11->C_DigestFinal(s, out, &n));
    assert_memory_equal(out, "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14", 8);
    OK(p11->C_EncryptInit(s, CBC_PAD, k));
    n = sizeof out;
    OK(p11->C_Encrypt(s, NULL, 0, out, &n));
    assert_int_equal(n, 16);
    CK_BYTE back[32];
    CK_ULONG m = sizeof back;
    OK(p11->C_DecryptInit(s, CBC_PAD, k));
    OK(p11->C_Decrypt(s, out, 16, back, &m));
    assert_int_equal(m, 0);
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    ec_pair(s, &P256, &pub, &priv);
    n = sizeof out;
    OK(p11->C_SignInit(s, MECH(CKM_ECDSA_SHA256), priv));
    OK(p11->C_Sign(s, NULL, 0, out, &n));
    OK(p11->C_VerifyInit(s, MECH(CKM_ECDSA_SHA256), pub));
    OK(p11->C_Verify(s, NULL, 0, out, n));
}

static void r005_null_mechanism_cancels(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_BYTE out[64];
    CK_ULONG n = sizeof out;
    OK(p11->C_EncryptInit(s, MECH(CKM_AES_ECB), k));
    OK(p11->C_EncryptInit(s, NULL, k));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Encrypt(s, BYTE_PTR(zeros), 16, out, &n));
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    OK(p11->C_DigestInit(s, NULL));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Digest(s, BYTE_PTR(zeros), 16, out, &n));
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    ec_pair(s, &P256, &pub, &priv);
    OK(p11->C_SignInit(s, MECH(CKM_ECDSA), priv));
    OK(p11->C_SignInit(s, NULL, 0));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(s, BYTE_PTR(zeros), 16, out, &n));
    OK(p11->C_DecryptInit(s, MECH(CKM_AES_ECB), k));
    OK(p11->C_DecryptInit(s, NULL, 0));
    OK(p11->C_VerifyInit(s, MECH(CKM_ECDSA), pub));
    OK(p11->C_VerifyInit(s, NULL, 0));
    /* with nothing to cancel it is a missing argument, or nothing at all */
    ONE_OF(p11->C_EncryptInit(s, NULL, k), CKR_OK, CKR_ARGUMENTS_BAD,
           CKR_OPERATION_NOT_INITIALIZED);
}

static void r045_cancel_ends_what_is_named(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_BYTE out[64];
    CK_ULONG n = sizeof out;
    OK(p11->C_SessionCancel(s, CKF_DIGEST | CKF_SIGN));
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    OK(p11->C_DigestUpdate(s, BYTE_PTR(zeros), 100));
    OK(p11->C_EncryptInit(s, MECH(CKM_AES_ECB), k));
    OK(p11->C_FindObjectsInit(s, NULL, 0));
    OK(p11->C_SessionCancel(s, CKF_DIGEST | CKF_VERIFY));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DigestUpdate(s, BYTE_PTR(zeros), 100));
    OK(p11->C_Encrypt(s, BYTE_PTR(zeros), 16, out, &n));
    OK(p11->C_SessionCancel(s, CKF_FIND_OBJECTS));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjectsFinal(s));
    OK(p11->C_SessionCancel(s, 0));
}

static void r043_the_key_is_destroyed_in_the_middle(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_BYTE out[64];
    CK_ULONG n = sizeof out;
    CK_OBJECT_HANDLE k = aes_key(s, 16);
    OK(p11->C_EncryptInit(s, CBC_PAD, k));
    OK(p11->C_EncryptUpdate(s, BYTE_PTR(zeros), 16, out, &n));
    OK(p11->C_DestroyObject(s, k));
    n = sizeof out;
    ONE_OF(p11->C_EncryptFinal(s, out, &n), CKR_OK, CKR_KEY_HANDLE_INVALID,
           CKR_OPERATION_NOT_INITIALIZED);
    RV(CKR_KEY_HANDLE_INVALID, p11->C_EncryptInit(s, CBC_PAD, k));
}

static void r043_the_key_is_destroyed_by_another_session(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE a = user_session();
    const CK_SESSION_HANDLE b = open_session(true);
    CK_BYTE out[64];
    for (int changed = 0; changed < 2; changed++) { /* also when the other has an older version */
        CK_ULONG n = sizeof out;
        const CK_OBJECT_HANDLE k = aes_key(a, 16);
        OK(p11->C_EncryptInit(b, CBC_PAD, k));
        if (changed) {
            OK(p11->C_SetAttributeValue(a, k, T(AS(CKA_LABEL, "changed"))));
        }
        OK(p11->C_DestroyObject(a, k));
        ONE_OF(p11->C_Encrypt(b, BYTE_PTR(zeros), 16, out, &n), CKR_KEY_HANDLE_INVALID,
               CKR_OPERATION_NOT_INITIALIZED);
        RV(CKR_KEY_HANDLE_INVALID, p11->C_EncryptInit(b, CBC_PAD, k));
        RV(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(b, k));
    }
}

static void r043_a_key_for_keys_is_destroyed(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_SESSION_HANDLE other = open_session(true);
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    const CK_OBJECT_HANDLE wrapper = aes_key(s, 16);
    CK_BYTE out[64];
    CK_ULONG n = sizeof out;
    OK(p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), wrapper, k, out, &n));
    OK(p11->C_DestroyObject(other, wrapper));
    n = sizeof out;
    RV(CKR_WRAPPING_KEY_HANDLE_INVALID,
       p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), wrapper, k, out, &n));
    n = sizeof out;
    OK(p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), k, k, out, &n));
}

/* The key that is wrapped, too: changed it counts as it is now, destroyed it is gone; and a session that
 * uses more keys in turn than it remembers uses the right ones. */
static void r043_a_key_that_is_wrapped_changes(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_SESSION_HANDLE other = open_session(true);
    CK_OBJECT_HANDLE k[3];
    CK_BYTE once[3][64], again[64];
    CK_ULONG n = 0;
    for (int i = 0; i < 3; i++) {
        k[i] = aes_key(s, 16);
    }
    for (int i = 0; i < 9; i++) {
        CK_BYTE *out = i < 3 ? once[i] : again;
        n = sizeof again;
        OK(p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), k[i % 3], k[(i + 1) % 3], out, &n));
        assert_memory_equal(out, once[i % 3], n);
    }
    assert_memory_not_equal(once[0], once[1], n);
    OK(p11->C_SetAttributeValue(other, k[1], T(AB(CKA_EXTRACTABLE, CK_FALSE))));
    n = sizeof again;
    RV(CKR_KEY_UNEXTRACTABLE, p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), k[0], k[1], again, &n));
    OK(p11->C_DestroyObject(other, k[1]));
    n = sizeof again;
    RV(CKR_KEY_HANDLE_INVALID, p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), k[0], k[1], again, &n));
}

static void r044_logout_ends_operations_with_private_keys(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_SESSION_HANDLE other = open_session(true);
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    ec_pair(s, &P256, &pub, &priv);
    assert_int_equal(attr_bool(s, priv, CKA_PRIVATE), CK_TRUE);
    CK_BYTE sig[64];
    CK_ULONG n = sizeof sig;
    OK(p11->C_SignInit(s, MECH(CKM_ECDSA), priv));
    OK(p11->C_SignInit(other, MECH(CKM_ECDSA), priv));
    OK(p11->C_Logout(s));
    ONE_OF(p11->C_Sign(s, BYTE_PTR(zeros), 32, sig, &n), CKR_OPERATION_NOT_INITIALIZED,
           CKR_USER_NOT_LOGGED_IN, CKR_KEY_HANDLE_INVALID);
    ONE_OF(p11->C_Sign(other, BYTE_PTR(zeros), 32, sig, &n), CKR_OPERATION_NOT_INITIALIZED,
           CKR_USER_NOT_LOGGED_IN, CKR_KEY_HANDLE_INVALID);
    ONE_OF(p11->C_SignInit(s, MECH(CKM_ECDSA), priv), CKR_KEY_HANDLE_INVALID,
           CKR_USER_NOT_LOGGED_IN);
    OK(p11->C_Login(s, CKU_USER, PIN(USER_PIN)));
    ONE_OF(p11->C_Sign(s, BYTE_PTR(zeros), 32, sig, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void r047_operation_state_of_a_digest(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_BYTE blob[8192], whole[32], again[32];
    CK_ULONG n = sizeof blob, m = 32;
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_GetOperationState(s, blob, &n));
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    OK(p11->C_Digest(s, BYTE_PTR(zeros), 200, whole, &m));
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    OK(p11->C_DigestUpdate(s, BYTE_PTR(zeros), 120));
    n = sizeof blob;
    const CK_RV rv = ONE_OF(p11->C_GetOperationState(s, blob, &n), CKR_OK, CKR_STATE_UNSAVEABLE,
                            CKR_FUNCTION_NOT_SUPPORTED);
    if (rv != CKR_OK) {
        return;
    }
    OK(p11->C_SessionCancel(s, CKF_DIGEST));
    CK_BYTE broken[8192];
    memcpy(broken, blob, n);
    for (CK_ULONG i = 0; i < n; i += 13) {
        broken[i] ^= 0x20;
        RV(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(s, broken, n, 0, 0));
        broken[i] ^= 0x20;
    }
    RV(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(s, blob, n - 1, 0, 0));
    RV(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(s, blob, 3, 0, 0));
    OK(p11->C_SetOperationState(s, blob, n, 0, 0));
    OK(p11->C_DigestUpdate(s, BYTE_PTR(zeros), 80));
    m = 32;
    OK(p11->C_DigestFinal(s, again, &m));
    assert_memory_equal(whole, again, 32);
}

static void r047_operation_state_with_a_key(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_BYTE blob[8192];
    CK_ULONG n = sizeof blob;
    OK(p11->C_EncryptInit(s, CBC_PAD, k));
    ONE_OF(p11->C_GetOperationState(s, blob, &n), CKR_STATE_UNSAVEABLE, CKR_FUNCTION_NOT_SUPPORTED);
}

static void r048_digest_key(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE pub = 0, priv = 0, hidden = 0;
    ec_pair(s, &P256, &pub, &priv);
    const CK_OBJECT_HANDLE open = secret_import(s, "abc", 3);
    OK(p11->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN),
                          T(AU(CKA_VALUE_LEN, 16), AB(CKA_SENSITIVE, CK_TRUE)), &hidden));
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    RV(CKR_KEY_INDIGESTIBLE, p11->C_DigestKey(s, hidden));
    (void)p11->C_SessionCancel(s, CKF_DIGEST);
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    RV(CKR_KEY_INDIGESTIBLE, p11->C_DigestKey(s, priv));
    (void)p11->C_SessionCancel(s, CKF_DIGEST);
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    RV(CKR_KEY_HANDLE_INVALID, p11->C_DigestKey(s, ~0UL));
    (void)p11->C_SessionCancel(s, CKF_DIGEST);
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    OK(p11->C_DigestKey(s, open));
    CK_BYTE out[32];
    CK_ULONG n = sizeof out;
    OK(p11->C_DigestFinal(s, out, &n));
    assert_memory_equal(out, "\xba\x78\x16\xbf\x8f\x01\xcf\xea", 8); /* SHA-256("abc") */
}

static void r049_dual_functions(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_BYTE cipher[96], back[96], digest[32], want[32];
    CK_ULONG n = sizeof cipher, m = sizeof back, d = 32;
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    OK(p11->C_Digest(s, BYTE_PTR(zeros), 48, want, &d));
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    OK(p11->C_EncryptInit(s, MECHX(CKM_AES_CBC, iv, sizeof iv), k));
    const CK_RV rv = ONE_OF(p11->C_DigestEncryptUpdate(s, BYTE_PTR(zeros), 48, cipher, &n), CKR_OK,
                            CKR_FUNCTION_NOT_SUPPORTED);
    if (rv != CKR_OK) {
        return;
    }
    assert_int_equal(n, 48);
    d = 32;
    OK(p11->C_DigestFinal(s, digest, &d));
    assert_memory_equal(digest, want, 32);
    m = sizeof back;
    OK(p11->C_EncryptFinal(s, back, &m));
    assert_int_equal(m, 0);
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    OK(p11->C_DecryptInit(s, MECHX(CKM_AES_CBC, iv, sizeof iv), k));
    m = 1;
    RV(CKR_BUFFER_TOO_SMALL, p11->C_DecryptDigestUpdate(s, cipher, 48, back, &m));
    m = sizeof back;
    OK(p11->C_DecryptDigestUpdate(s, cipher, 48, back, &m));
    assert_memory_equal(back, zeros, 48);
    d = 32;
    OK(p11->C_DigestFinal(s, digest, &d)); /* the too small buffer digested nothing */
    assert_memory_equal(digest, want, 32);
}

static void r049_dual_functions_without_both_operations(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_BYTE out[64];
    CK_ULONG n = sizeof out;
    OK(p11->C_EncryptInit(s, MECH(CKM_AES_ECB), k));
    ONE_OF(p11->C_DigestEncryptUpdate(s, BYTE_PTR(zeros), 16, out, &n),
           CKR_OPERATION_NOT_INITIALIZED, CKR_FUNCTION_NOT_SUPPORTED);
    ONE_OF(p11->C_SignEncryptUpdate(s, BYTE_PTR(zeros), 16, out, &n), CKR_OPERATION_NOT_INITIALIZED,
           CKR_FUNCTION_NOT_SUPPORTED);
    ONE_OF(p11->C_DecryptVerifyUpdate(s, BYTE_PTR(zeros), 16, out, &n),
           CKR_OPERATION_NOT_INITIALIZED, CKR_FUNCTION_NOT_SUPPORTED);
}

static void r030_in_place(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_BYTE buf[128], plain[64], apart[80];
    for (size_t i = 0; i < sizeof plain; i++) {
        plain[i] = (CK_BYTE)i;
    }
    CK_ULONG n = sizeof apart, m;
    OK(p11->C_EncryptInit(s, CBC_PAD, k));
    OK(p11->C_Encrypt(s, plain, sizeof plain, apart, &n));
    static const size_t shift[] = {0, 1, 16, 17};
    for (size_t i = 0; i < LEN(shift); i++) {
        memcpy(buf, plain, sizeof plain);
        m = sizeof buf - shift[i];
        OK(p11->C_EncryptInit(s, CBC_PAD, k));
        OK(p11->C_Encrypt(s, buf, sizeof plain, buf + shift[i], &m));
        assert_int_equal(m, n);
        assert_memory_equal(buf + shift[i], apart, n);
        OK(p11->C_DecryptInit(s, CBC_PAD, k));
        CK_ULONG back = sizeof buf;
        OK(p11->C_Decrypt(s, buf + shift[i], n, buf, &back));
        assert_int_equal(back, sizeof plain);
        assert_memory_equal(buf, plain, sizeof plain);
    }
}

static void r030_in_place_in_parts(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_BYTE apart[128], buf[160];
    CK_ULONG n = sizeof apart;
    for (size_t i = 0; i < sizeof buf; i++) {
        buf[i] = (CK_BYTE)i;
    }
    OK(p11->C_EncryptInit(s, CBC_PAD, k));
    OK(p11->C_Encrypt(s, buf, 100, apart, &n));
    static const CK_ULONG steps[] = {5, 16, 17, 40};
    for (size_t i = 0; i < LEN(steps); i++) { /* each part's output over its own input */
        CK_BYTE got[160], part[64];
        CK_ULONG at = 0, m;
        OK(p11->C_DecryptInit(s, CBC_PAD, k));
        for (CK_ULONG j = 0; j < n; j += steps[i]) {
            const CK_ULONG step = n - j < steps[i] ? n - j : steps[i];
            memcpy(part, apart + j, step);
            m = sizeof part;
            OK(p11->C_DecryptUpdate(s, part, step, part, &m));
            memcpy(got + at, part, m);
            at += m;
        }
        m = sizeof got - at;
        OK(p11->C_DecryptFinal(s, got + at, &m));
        assert_int_equal(at + m, 100);
        assert_memory_equal(got, buf, 100);
    }
}

static void r029_long_streams(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    static CK_BYTE big[5u << 20], out[(5u << 20) + 16];
    CK_ULONG n = sizeof out;
    OK(p11->C_EncryptInit(s, CBC_PAD, k));
    OK(p11->C_Encrypt(s, big, sizeof big, out, &n));
    assert_int_equal(n, sizeof big + 16);
    OK(p11->C_DecryptInit(s, CBC_PAD, k));
    CK_ULONG at = 0;
    static CK_BYTE back[(5u << 20) + 16];
    for (CK_ULONG i = 0; i < n; i += 1 << 20) {
        const CK_ULONG step = n - i < 1 << 20 ? n - i : 1 << 20;
        CK_ULONG got = sizeof back - at;
        OK(p11->C_DecryptUpdate(s, out + i, step, back + at, &got));
        at += got;
    }
    CK_ULONG got = sizeof back - at;
    OK(p11->C_DecryptFinal(s, back + at, &got));
    assert_int_equal(at + got, sizeof big);
    assert_memory_equal(back, big, sizeof big);
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    OK(p11->C_DigestUpdate(s, big, sizeof big));
    CK_BYTE d[32];
    CK_ULONG dn = sizeof d;
    OK(p11->C_DigestFinal(s, d, &dn));
}

/* What a final step held back because the place was short, the next call gets. */
static void r037_the_end_of_a_padded_decryption(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_BYTE iv16[16] = {0}, in[20] = "twenty bytes of text", mid[64], out[64];
    CK_ULONG n = sizeof mid, m = sizeof out, rest = 0;
    OK(p11->C_EncryptInit(s, MECHX(CKM_AES_CBC_PAD, iv16, 16), k));
    OK(p11->C_Encrypt(s, in, sizeof in, mid, &n));
    OK(p11->C_DecryptInit(s, MECHX(CKM_AES_CBC_PAD, iv16, 16), k));
    OK(p11->C_DecryptUpdate(s, mid, n, out, &m));
    assert_int_equal(m, 16);
    RV(CKR_BUFFER_TOO_SMALL, p11->C_DecryptFinal(s, out + m, &rest));
    assert_int_equal(rest, 4);
    OK(p11->C_DecryptFinal(s, NULL, &rest));
    assert_int_equal(rest, 4);
    OK(p11->C_DecryptFinal(s, out + m, &rest));
    assert_int_equal(rest, 4);
    assert_memory_equal(out, in, sizeof in);
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DecryptFinal(s, out, &rest));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(r037_the_end_of_a_padded_decryption),
        TEST(r039_init_while_active),
        TEST(r039_a_failing_init_leaves_nothing),
        TEST(r040_steps_without_a_beginning),
        TEST(r040_single_after_update),
        TEST(r036_asking_for_the_length),
        TEST(r037_a_small_buffer_keeps_the_operation),
        TEST(r037_update_with_a_small_buffer),
        TEST(r038_nothing_is_written_behind_the_buffer),
        TEST(r035_a_failed_verify_ends_the_operation),
        TEST(r041_empty_messages),
        TEST(r005_null_mechanism_cancels),
        TEST(r045_cancel_ends_what_is_named),
        TEST(r043_the_key_is_destroyed_in_the_middle),
        TEST(r043_the_key_is_destroyed_by_another_session),
        TEST(r043_a_key_for_keys_is_destroyed),
        TEST(r043_a_key_that_is_wrapped_changes),
        TEST(r044_logout_ends_operations_with_private_keys),
        TEST(r047_operation_state_of_a_digest),
        TEST(r047_operation_state_with_a_key),
        TEST(r048_digest_key),
        TEST(r049_dual_functions),
        TEST(r049_dual_functions_without_both_operations),
        TEST(r030_in_place),
        TEST(r030_in_place_in_parts),
        TEST(r029_long_streams),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
