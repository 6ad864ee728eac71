/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions and what a login is.
 */
#include "harness.h"

static CK_STATE state_of(CK_SESSION_HANDLE s)
{
    CK_SESSION_INFO info;
    OK(p11->C_GetSessionInfo(s, &info));
    assert_int_equal(info.slotID, slot);
    return info.state;
}

static void open_and_close(void **state)
{
    (void)state;
    CK_SESSION_HANDLE s = 0;
    RV(CKR_SESSION_PARALLEL_NOT_SUPPORTED, p11->C_OpenSession(slot, 0, NULL, NULL, &s));
    RV(CKR_SESSION_PARALLEL_NOT_SUPPORTED,
       p11->C_OpenSession(slot, CKF_RW_SESSION, NULL, NULL, &s));
    RV(CKR_ARGUMENTS_BAD, p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, NULL));
    RV(CKR_SESSION_ASYNC_NOT_SUPPORTED,
       p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_ASYNC_SESSION, NULL, NULL, &s));
    assert_int_equal(s, 0);
    OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION, &s, NULL, &s));
    assert_int_equal(state_of(s), CKS_RO_PUBLIC_SESSION);
    CK_SESSION_INFO info;
    OK(p11->C_GetSessionInfo(s, &info));
    assert_int_equal(info.flags, CKF_SERIAL_SESSION);
    RV(CKR_ARGUMENTS_BAD, p11->C_GetSessionInfo(s, NULL));
    OK(p11->C_CloseSession(s));
}

static void r095_closing_twice(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = open_session(false);
    OK(p11->C_CloseSession(s));
    RV(CKR_SESSION_HANDLE_INVALID, p11->C_CloseSession(s));
    CK_SESSION_INFO info;
    RV(CKR_SESSION_HANDLE_INVALID, p11->C_GetSessionInfo(s, &info));
    const CK_SESSION_HANDLE again = open_session(false);
    assert_int_not_equal(s, again);
}

static void r095_the_last_session_logs_out(void **state)
{
    (void)state;
    CK_SESSION_HANDLE a = user_session();
    const CK_SESSION_HANDLE b = open_session(false);
    assert_int_equal(state_of(b), CKS_RO_USER_FUNCTIONS);
    OK(p11->C_CloseSession(a));
    assert_int_equal(state_of(b), CKS_RO_USER_FUNCTIONS);
    OK(p11->C_CloseSession(b));
    a = open_session(true);
    assert_int_equal(state_of(a), CKS_RW_PUBLIC_SESSION);
    OK(p11->C_Login(a, CKU_USER, PIN(USER_PIN)));
    OK(p11->C_CloseAllSessions(slot));
    a = open_session(true);
    assert_int_equal(state_of(a), CKS_RW_PUBLIC_SESSION);
}

static void states_follow_the_login(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE ro = open_session(false);
    const CK_SESSION_HANDLE rw = open_session(true);
    assert_int_equal(state_of(rw), CKS_RW_PUBLIC_SESSION);
    OK(p11->C_Login(ro, CKU_USER, PIN(USER_PIN)));
    assert_int_equal(state_of(ro), CKS_RO_USER_FUNCTIONS);
    assert_int_equal(state_of(rw), CKS_RW_USER_FUNCTIONS);
    OK(p11->C_Logout(rw));
    assert_int_equal(state_of(ro), CKS_RO_PUBLIC_SESSION);
    RV(CKR_USER_NOT_LOGGED_IN, p11->C_Logout(rw));
    OK(p11->C_CloseSession(ro));
    OK(p11->C_Login(rw, CKU_SO, PIN(SO_PIN)));
    assert_int_equal(state_of(rw), CKS_RW_SO_FUNCTIONS);
}

static void r096_login_codes(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE rw = open_session(true);
    RV(CKR_USER_TYPE_INVALID, p11->C_Login(rw, 7, PIN(USER_PIN)));
    RV(CKR_PIN_INCORRECT, p11->C_Login(rw, CKU_USER, PIN("some-other-pin")));
    OK(p11->C_Login(rw, CKU_USER, PIN(USER_PIN)));
    RV(CKR_USER_ALREADY_LOGGED_IN, p11->C_Login(rw, CKU_USER, PIN(USER_PIN)));
    RV(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, p11->C_Login(rw, CKU_SO, PIN(SO_PIN)));
    OK(p11->C_Logout(rw));
    CK_SESSION_HANDLE ro = open_session(false);
    RV(CKR_SESSION_READ_ONLY_EXISTS, p11->C_Login(rw, CKU_SO, PIN(SO_PIN)));
    OK(p11->C_CloseSession(ro));
    OK(p11->C_Login(rw, CKU_SO, PIN(SO_PIN)));
    RV(CKR_USER_ALREADY_LOGGED_IN, p11->C_Login(rw, CKU_SO, PIN(SO_PIN)));
    RV(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, p11->C_Login(rw, CKU_USER, PIN(USER_PIN)));
    ro = 0;
    RV(CKR_SESSION_READ_WRITE_SO_EXISTS,
       p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &ro));
    assert_int_equal(ro, 0);
}

static void r098_context_login_without_an_operation(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Login(s, CKU_CONTEXT_SPECIFIC, PIN(USER_PIN)));
}

static void r098_context_login_is_good_for_one_operation(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    OK(p11->C_GenerateKeyPair(
        s, MECH(CKM_EC_KEY_PAIR_GEN),
        T(AX(CKA_EC_PARAMS, P256.der, P256.n), AB(CKA_VERIFY, CK_TRUE)),
        T(AB(CKA_SIGN, CK_TRUE), AB(CKA_PRIVATE, CK_TRUE), AB(CKA_ALWAYS_AUTHENTICATE, CK_TRUE)),
        &pub, &priv));
    CK_BYTE sig[64];
    CK_ULONG n = sizeof sig;
    CK_BYTE hash[32] = {1};
    OK(p11->C_SignInit(s, MECH(CKM_ECDSA), priv));
    RV(CKR_USER_NOT_LOGGED_IN, p11->C_Sign(s, hash, sizeof hash, sig, &n));
    (void)p11->C_SessionCancel(s, CKF_SIGN);
    OK(p11->C_SignInit(s, MECH(CKM_ECDSA), priv));
    RV(CKR_PIN_INCORRECT, p11->C_Login(s, CKU_CONTEXT_SPECIFIC, PIN("some-other-pin")));
    OK(p11->C_Login(s, CKU_CONTEXT_SPECIFIC, PIN(USER_PIN)));
    n = sizeof sig;
    OK(p11->C_Sign(s, hash, sizeof hash, sig, &n));
    OK(p11->C_SignInit(s, MECH(CKM_ECDSA), priv));
    n = sizeof sig;
    RV(CKR_USER_NOT_LOGGED_IN, p11->C_Sign(s, hash, sizeof hash, sig, &n));
}

static void r092_private_objects_need_the_user(void **state)
{
    (void)state;
    CK_SESSION_HANDLE s = open_session(true);
    CK_OBJECT_HANDLE o = 0;
    CK_ATTRIBUTE t[] = {AU(CKA_CLASS, CKO_DATA), AB(CKA_PRIVATE, CK_TRUE), AB(CKA_TOKEN, CK_TRUE),
                        AS(CKA_LABEL, "mine"), AS(CKA_VALUE, "v")};
    RV(CKR_USER_NOT_LOGGED_IN, p11->C_CreateObject(s, t, LEN(t), &o));
    OK(p11->C_Login(s, CKU_USER, PIN(USER_PIN)));
    OK(p11->C_CreateObject(s, t, LEN(t), &o));
    OK(p11->C_Logout(s));
    assert_int_equal(find(s, T(AS(CKA_LABEL, "mine")), NULL, 0), 0);
    CK_ULONG size = 0;
    RV(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(s, o, &size));
    RV(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(s, o));
    OK(p11->C_Login(s, CKU_SO, PIN(SO_PIN)));
    assert_int_equal(find(s, T(AS(CKA_LABEL, "mine")), NULL, 0), 0);
    RV(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(s, o, &size));
    REFUSED(p11->C_CreateObject(s, t, LEN(t), &o));
    OK(p11->C_Logout(s));
    OK(p11->C_Login(s, CKU_USER, PIN(USER_PIN)));
    assert_int_equal(find(s, T(AS(CKA_LABEL, "mine")), NULL, 0), 1);
}

static void r093_read_only_sessions(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE rw = user_session();
    const CK_OBJECT_HANDLE o = data_object(rw, true, "fixed");
    const CK_SESSION_HANDLE ro = open_session(false);
    CK_OBJECT_HANDLE x = 0;
    RV(CKR_SESSION_READ_ONLY,
       p11->C_CreateObject(
           ro, T(AU(CKA_CLASS, CKO_DATA), AB(CKA_TOKEN, CK_TRUE), AS(CKA_VALUE, "v")), &x));
    RV(CKR_SESSION_READ_ONLY, p11->C_DestroyObject(ro, o));
    RV(CKR_SESSION_READ_ONLY, p11->C_SetAttributeValue(ro, o, T(AS(CKA_LABEL, "other"))));
    RV(CKR_SESSION_READ_ONLY, p11->C_CopyObject(ro, o, T(AB(CKA_TOKEN, CK_TRUE)), &x));
    RV(CKR_SESSION_READ_ONLY,
       p11->C_GenerateKey(ro, MECH(CKM_AES_KEY_GEN),
                          T(AU(CKA_VALUE_LEN, 16), AB(CKA_TOKEN, CK_TRUE)), &x));
    x = data_object(ro, false, "session thing");
    OK(p11->C_SetAttributeValue(ro, x, T(AS(CKA_LABEL, "renamed"))));
    OK(p11->C_DestroyObject(ro, x));
    aes_key(ro, 16);
    assert_true(object_exists(ro, o));
}

static void r094_session_objects_die_with_their_session(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE a = open_session(true);
    const CK_SESSION_HANDLE b = open_session(true);
    const CK_OBJECT_HANDLE o = data_object(a, false, "short life");
    assert_int_equal(find(b, T(AS(CKA_LABEL, "short life")), NULL, 0), 1); /* others see it */
    assert_true(object_exists(b, o));
    OK(p11->C_CloseSession(a));
    assert_false(object_exists(b, o));
    assert_int_equal(find(b, T(AS(CKA_LABEL, "short life")), NULL, 0), 0);
}

static void r117_session_limits(void **state)
{
    (void)state;
    CK_SESSION_HANDLE s[2000];
    for (size_t i = 0; i < LEN(s); i++) {
        s[i] = open_session(i % 2 == 0);
    }
    int sequential = 0;
    for (size_t i = 1; i < 100; i++) {
        sequential += s[i] == s[i - 1] + 1;
    }
    assert_true(sequential < 10); /* a neighbour by chance is no sequence */
    CK_TOKEN_INFO info;
    OK(p11->C_GetTokenInfo(slot, &info));
    assert_int_equal(info.ulSessionCount, LEN(s));
    OK(p11->C_CloseAllSessions(slot));
    OK(p11->C_GetTokenInfo(slot, &info));
    assert_int_equal(info.ulSessionCount, 0);
}

static void r031_sessions_that_are_none(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE good = open_session(true);
    const CK_SESSION_HANDLE bad[] = {0, ~0UL, good + 1, good ^ 0x100000000UL, 1};
    CK_SESSION_INFO info;
    for (size_t i = 0; i < LEN(bad); i++) {
        RV(CKR_SESSION_HANDLE_INVALID, p11->C_GetSessionInfo(bad[i], &info));
        RV(CKR_SESSION_HANDLE_INVALID, p11->C_Logout(bad[i]));
        RV(CKR_SESSION_HANDLE_INVALID, p11->C_CloseSession(bad[i]));
    }
}

static void r075_random(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = open_session(false);
    CK_BYTE a[64] = {0}, b[64] = {0};
    OK(p11->C_GenerateRandom(s, a, sizeof a));
    OK(p11->C_GenerateRandom(s, b, sizeof b));
    assert_memory_not_equal(a, b, sizeof a);
    OK(p11->C_GenerateRandom(s, a, 0));
    OK(p11->C_GenerateRandom(s, NULL, 0));
    RV(CKR_ARGUMENTS_BAD, p11->C_GenerateRandom(s, NULL, 8));
    CK_BYTE seed[] = "more salt";
    ONE_OF(p11->C_SeedRandom(s, seed, sizeof seed), CKR_OK, CKR_RANDOM_SEED_NOT_SUPPORTED);
    ONE_OF(p11->C_SeedRandom(s, NULL, 4), CKR_ARGUMENTS_BAD, CKR_RANDOM_SEED_NOT_SUPPORTED);
    OK(p11->C_CloseSession(s));
    RV(CKR_SESSION_HANDLE_INVALID, p11->C_GenerateRandom(s, a, sizeof a));
}

static void r003_random_longer_than_one_request(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = open_session(false);
    static CK_BYTE big[300001];
    memset(big, 0, sizeof big);
    OK(p11->C_GenerateRandom(s, big, sizeof big - 1));
    assert_int_equal(big[sizeof big - 1], 0);
    size_t zeros = 0;
    for (size_t i = sizeof big - 1001; i < sizeof big - 1; i++) {
        zeros += big[i] == 0;
    }
    assert_true(zeros < 50);
}

static void functions_of_the_parallel_age(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = open_session(false);
    RV(CKR_FUNCTION_NOT_PARALLEL, p11->C_GetFunctionStatus(s));
    RV(CKR_FUNCTION_NOT_PARALLEL, p11->C_CancelFunction(s));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(open_and_close),
        TEST(r095_closing_twice),
        TEST(r095_the_last_session_logs_out),
        TEST(states_follow_the_login),
        TEST(r096_login_codes),
        TEST(r098_context_login_without_an_operation),
        TEST(r098_context_login_is_good_for_one_operation),
        TEST(r092_private_objects_need_the_user),
        TEST(r093_read_only_sessions),
        TEST(r094_session_objects_die_with_their_session),
        TEST(r117_session_limits),
        TEST(r031_sessions_that_are_none),
        TEST(r075_random),
        TEST(r003_random_longer_than_one_request),
        TEST(functions_of_the_parallel_age),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
