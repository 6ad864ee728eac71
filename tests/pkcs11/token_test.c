/* SPDX-License-Identifier: Apache-2.0
 *
 * Slots, tokens, PINs: initialising, changing, locking, unlocking.
 */
#include "harness.h"

#include <stdio.h>
#include <sys/stat.h>

static CK_FLAGS token_flags(void)
{
    CK_TOKEN_INFO info;
    OK(p11->C_GetTokenInfo(slot, &info));
    return info.flags;
}

static void r032_slot_list_with_too_little_room(void **state)
{
    (void)state;
    CK_ULONG n = 0;
    RV(CKR_ARGUMENTS_BAD, p11->C_GetSlotList(CK_FALSE, NULL, NULL));
    OK(p11->C_GetSlotList(CK_FALSE, NULL, &n));
    assert_int_equal(n, 2);
    CK_SLOT_ID list[4] = {77, 77, 77, 77};
    n = 1;
    RV(CKR_BUFFER_TOO_SMALL, p11->C_GetSlotList(CK_FALSE, list, &n));
    assert_int_equal(n, 2);
    assert_int_equal(list[0], 77);
    n = 4;
    OK(p11->C_GetSlotList(CK_FALSE, list, &n));
    assert_int_equal(n, 2);
    assert_int_not_equal(list[0], list[1]);
    assert_int_equal(list[2], 77);
}

static void r032_mechanism_list_with_too_little_room(void **state)
{
    (void)state;
    CK_ULONG n = 0;
    RV(CKR_ARGUMENTS_BAD, p11->C_GetMechanismList(slot, NULL, NULL));
    OK(p11->C_GetMechanismList(slot, NULL, &n));
    assert_true(n > 1 && n < 512);
    CK_MECHANISM_TYPE list[512];
    list[0] = 0x77777777;
    const CK_ULONG all = n;
    n = all - 1;
    RV(CKR_BUFFER_TOO_SMALL, p11->C_GetMechanismList(slot, list, &n));
    assert_int_equal(n, all);
    assert_int_equal(list[0], 0x77777777);
    n = LEN(list);
    OK(p11->C_GetMechanismList(slot, list, &n));
    assert_int_equal(n, all);
}

static void r076_each_listed_mechanism_has_info_and_a_use(void **state)
{
    (void)state;
    CK_MECHANISM_TYPE list[512];
    CK_ULONG n = LEN(list);
    OK(p11->C_GetMechanismList(slot, list, &n));
    for (CK_ULONG i = 0; i < n; i++) {
        CK_MECHANISM_INFO info;
        OK(p11->C_GetMechanismInfo(slot, list[i], &info));
        assert_true(info.ulMinKeySize <= info.ulMaxKeySize);
        assert_int_not_equal(info.flags & ~(CK_FLAGS)CKF_HW, 0);
        for (CK_ULONG j = 0; j < i; j++) {
            assert_int_not_equal(list[i], list[j]);
        }
    }
}

static void r077_mechanism_info_units(void **state)
{
    (void)state;
    CK_MECHANISM_INFO info;
    RV(CKR_MECHANISM_INVALID, p11->C_GetMechanismInfo(slot, 0x7ffffff1, &info));
    RV(CKR_SLOT_ID_INVALID, p11->C_GetMechanismInfo(99999, CKM_AES_CBC, &info));
    RV(CKR_ARGUMENTS_BAD, p11->C_GetMechanismInfo(slot, CKM_AES_CBC, NULL));
    OK(p11->C_GetMechanismInfo(slot, CKM_AES_CBC, &info));
    assert_int_equal(info.ulMinKeySize, 16); /* bytes */
    assert_int_equal(info.ulMaxKeySize, 32);
    OK(p11->C_GetMechanismInfo(slot, CKM_RSA_PKCS_KEY_PAIR_GEN, &info));
    assert_int_equal(info.ulMinKeySize, 2048); /* bits */
    assert_true(info.ulMaxKeySize >= 4096);
    OK(p11->C_GetMechanismInfo(slot, CKM_ECDSA, &info));
    assert_true(info.ulMinKeySize >= 192 && info.ulMaxKeySize == 521);
}

static void r031_slots_that_are_none(void **state)
{
    (void)state;
    static const CK_SLOT_ID bad[] = {2, 99, 0x80000000UL, ~0UL};
    CK_SLOT_INFO si;
    CK_TOKEN_INFO ti;
    CK_ULONG n = 0;
    CK_SESSION_HANDLE s = 0;
    CK_UTF8CHAR label[32] = {' '};
    for (size_t i = 0; i < LEN(bad); i++) {
        RV(CKR_SLOT_ID_INVALID, p11->C_GetSlotInfo(bad[i], &si));
        RV(CKR_SLOT_ID_INVALID, p11->C_GetTokenInfo(bad[i], &ti));
        RV(CKR_SLOT_ID_INVALID, p11->C_GetMechanismList(bad[i], NULL, &n));
        RV(CKR_SLOT_ID_INVALID, p11->C_OpenSession(bad[i], CKF_SERIAL_SESSION, NULL, NULL, &s));
        RV(CKR_SLOT_ID_INVALID, p11->C_CloseAllSessions(bad[i]));
        RV(CKR_SLOT_ID_INVALID, p11->C_InitToken(bad[i], PIN(SO_PIN), label));
    }
}

static void slot_and_token_info(void **state)
{
    (void)state;
    CK_SLOT_INFO si;
    OK(p11->C_GetSlotInfo(slot, &si));
    assert_true(si.flags & CKF_TOKEN_PRESENT);
    assert_false(si.flags & CKF_REMOVABLE_DEVICE);
    assert_memory_equal(si.slotDescription, "Craton HSM Virtual Slot", 23);
    assert_int_equal(si.slotDescription[63], ' ');
    CK_TOKEN_INFO ti;
    OK(p11->C_GetTokenInfo(slot, &ti));
    assert_memory_equal(ti.label, "test token                      ", 32);
    assert_memory_equal(ti.model, "Craton HSM      ", 16);
    assert_true(ti.flags & CKF_RNG);
    assert_true(ti.flags & CKF_LOGIN_REQUIRED);
    assert_true(ti.flags & CKF_TOKEN_INITIALIZED);
    assert_true(ti.flags & CKF_USER_PIN_INITIALIZED);
    assert_int_equal(ti.ulMinPinLen, 8);
    assert_int_equal(ti.ulMaxPinLen, 64);
    RV(CKR_ARGUMENTS_BAD, p11->C_GetSlotInfo(slot, NULL));
    RV(CKR_ARGUMENTS_BAD, p11->C_GetTokenInfo(slot, NULL));
}

static void r119_token_counters_are_true(void **state)
{
    (void)state;
    CK_TOKEN_INFO ti;
    const CK_SESSION_HANDLE a = open_session(false);
    const CK_SESSION_HANDLE b = open_session(true);
    OK(p11->C_GetTokenInfo(slot, &ti));
    assert_int_equal(ti.ulSessionCount, 2);
    assert_int_equal(ti.ulRwSessionCount, 1);
    OK(p11->C_CloseSession(a));
    OK(p11->C_CloseSession(b));
    OK(p11->C_GetTokenInfo(slot, &ti));
    assert_int_equal(ti.ulSessionCount, 0);
    assert_int_equal(ti.ulRwSessionCount, 0);
}

static void two_slots_are_apart(void **state)
{
    (void)state;
    CK_SLOT_ID list[2];
    CK_ULONG n = 2;
    OK(p11->C_GetSlotList(CK_FALSE, list, &n));
    CK_TOKEN_INFO ti;
    OK(p11->C_GetTokenInfo(list[1], &ti));
    assert_false(ti.flags & CKF_TOKEN_INITIALIZED);
    CK_TOKEN_INFO first;
    OK(p11->C_GetTokenInfo(list[0], &first));
    token_init(list[1]);
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE o = data_object(s, true, "of slot one");
    CK_SESSION_HANDLE other = 0;
    OK(p11->C_OpenSession(list[1], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &other));
    CK_SESSION_INFO si;
    OK(p11->C_GetSessionInfo(other, &si));
    assert_int_equal(si.state, CKS_RW_PUBLIC_SESSION); /* the login is the other slot's */
    assert_int_equal(find(other, NULL, 0, NULL, 0), 0);
    RV(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(other, o));
    OK(p11->C_CloseSession(other));
    assert_true(object_exists(s, o));
}

static void r097_init_token_with_a_session_open(void **state)
{
    (void)state;
    CK_UTF8CHAR label[32];
    memset(label, ' ', sizeof label);
    const CK_SESSION_HANDLE s = open_session(false);
    RV(CKR_SESSION_EXISTS, p11->C_InitToken(slot, PIN(SO_PIN), label));
    OK(p11->C_CloseSession(s));
}

static void r097_init_token_with_a_wrong_pin_changes_nothing(void **state)
{
    (void)state;
    CK_UTF8CHAR label[32];
    memset(label, 'x', sizeof label);
    CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE o = data_object(s, true, "stays");
    OK(p11->C_CloseSession(s));
    RV(CKR_PIN_INCORRECT, p11->C_InitToken(slot, PIN("not-the-so-pin"), label));
    CK_TOKEN_INFO ti;
    OK(p11->C_GetTokenInfo(slot, &ti));
    assert_memory_equal(ti.label, "test token ", 11);
    s = user_session();
    assert_true(object_exists(s, o));
}

static void r097_init_token_again_wipes_everything(void **state)
{
    (void)state;
    CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE o = data_object(s, true, "goes");
    OK(p11->C_CloseSession(s));
    CK_UTF8CHAR label[32];
    memset(label, ' ', sizeof label);
    memcpy(label, "second life", 11);
    OK(p11->C_InitToken(slot, PIN(SO_PIN), label));
    CK_TOKEN_INFO ti;
    OK(p11->C_GetTokenInfo(slot, &ti));
    assert_memory_equal(ti.label, "second life ", 12);
    assert_false(ti.flags & CKF_USER_PIN_INITIALIZED);
    s = open_session(true);
    RV(CKR_USER_PIN_NOT_INITIALIZED, p11->C_Login(s, CKU_USER, PIN(USER_PIN)));
    assert_false(object_exists(s, o));
    OK(p11->C_Login(s, CKU_SO, PIN(SO_PIN)));
    OK(p11->C_InitPIN(s, PIN(USER_PIN)));
    OK(p11->C_Logout(s));
    OK(p11->C_CloseSession(s));
    s = user_session();
    assert_int_equal(find(s, T(AS(CKA_LABEL, "goes")), NULL, 0), 0);
    OK(p11->C_CloseAllSessions(slot));
    token_init(slot);
}

static void r026_label_is_32_bytes_no_more(void **state)
{
    (void)state;
    CK_UTF8CHAR label[40];
    memset(label, 'L', sizeof label);
    OK(p11->C_InitToken(slot, PIN(SO_PIN), label));
    CK_TOKEN_INFO ti;
    OK(p11->C_GetTokenInfo(slot, &ti));
    assert_memory_equal(ti.label, label, 32);
    RV(CKR_ARGUMENTS_BAD, p11->C_InitToken(slot, PIN(SO_PIN), NULL));
    token_init(slot);
}

static void r025_hostile_pins_change_nothing(void **state)
{
    (void)state;
    CK_UTF8CHAR label[32], longer[300];
    memset(label, ' ', sizeof label);
    memset(longer, 'p', sizeof longer);
    REFUSED(p11->C_InitToken(slot, NULL, 8, label));
    REFUSED(p11->C_InitToken(slot, NULL, 0, label));
    REFUSED(p11->C_InitToken(slot, longer, ~0UL, label));
    CK_SESSION_HANDLE s = so_session();
    RV(CKR_ARGUMENTS_BAD, p11->C_InitPIN(s, NULL, 8));
    ONE_OF(p11->C_InitPIN(s, NULL, 0), CKR_PIN_LEN_RANGE, CKR_ARGUMENTS_BAD);
    RV(CKR_PIN_LEN_RANGE, p11->C_InitPIN(s, PIN("short")));
    RV(CKR_PIN_LEN_RANGE, p11->C_InitPIN(s, longer, 65));
    RV(CKR_PIN_LEN_RANGE, p11->C_InitPIN(s, longer, ~0UL));
    OK(p11->C_Logout(s));
    OK(p11->C_CloseSession(s));
    s = user_session();
    RV(CKR_ARGUMENTS_BAD, p11->C_SetPIN(s, NULL, 12, PIN("another-pin")));
    RV(CKR_ARGUMENTS_BAD, p11->C_SetPIN(s, PIN(USER_PIN), NULL, 8));
    ONE_OF(p11->C_SetPIN(s, PIN(USER_PIN), NULL, 0), CKR_PIN_LEN_RANGE, CKR_ARGUMENTS_BAD);
    RV(CKR_PIN_LEN_RANGE, p11->C_SetPIN(s, PIN(USER_PIN), longer, 65));
    RV(CKR_PIN_LEN_RANGE, p11->C_SetPIN(s, PIN(USER_PIN), longer, ~0UL));
    OK(p11->C_Logout(s));
    RV(CKR_ARGUMENTS_BAD, p11->C_Login(s, CKU_USER, NULL, 8));
    REFUSED(p11->C_Login(s, CKU_USER, NULL, 0));
    OK(p11->C_Login(s, CKU_USER, PIN(USER_PIN)));
    OK(p11->C_CloseAllSessions(slot));
    OK(p11->C_CloseSession(so_session()));
}

static void r025_a_pin_may_hold_any_byte(void **state)
{
    (void)state;
    static const CK_UTF8CHAR odd[] = {'a', 0, 0xff, 'b', 0xc3, 'c', 'd', 'e', 'f'};
    CK_SESSION_HANDLE s = user_session();
    const CK_RV rv =
        ONE_OF(p11->C_SetPIN(s, PIN(USER_PIN), BYTE_PTR(odd), sizeof odd), CKR_OK, CKR_PIN_INVALID);
    OK(p11->C_Logout(s));
    if (rv == CKR_OK) {
        RV(CKR_PIN_INCORRECT, p11->C_Login(s, CKU_USER, BYTE_PTR(odd), 8));
        OK(p11->C_Login(s, CKU_USER, BYTE_PTR(odd), sizeof odd));
        OK(p11->C_SetPIN(s, BYTE_PTR(odd), sizeof odd, PIN(USER_PIN)));
    } else {
        OK(p11->C_Login(s, CKU_USER, PIN(USER_PIN)));
    }
}

static void set_pin(void **state)
{
    (void)state;
    CK_SESSION_HANDLE s = user_session();
    RV(CKR_PIN_INCORRECT, p11->C_SetPIN(s, PIN("wrong-old-pin"), PIN("brand-new-pin")));
    OK(p11->C_SetPIN(s, PIN(USER_PIN), PIN("brand-new-pin")));
    OK(p11->C_Logout(s));
    RV(CKR_PIN_INCORRECT, p11->C_Login(s, CKU_USER, PIN(USER_PIN)));
    OK(p11->C_Login(s, CKU_USER, PIN("brand-new-pin")));
    OK(p11->C_Logout(s));
    /* not logged in, C_SetPIN changes the user's */
    OK(p11->C_SetPIN(s, PIN("brand-new-pin"), PIN(USER_PIN)));
    OK(p11->C_Login(s, CKU_USER, PIN(USER_PIN)));
    OK(p11->C_Logout(s));
    OK(p11->C_CloseSession(s));
    s = open_session(false);
    RV(CKR_SESSION_READ_ONLY, p11->C_SetPIN(s, PIN(USER_PIN), PIN("brand-new-pin")));
    OK(p11->C_CloseSession(s));
    s = so_session();
    OK(p11->C_SetPIN(s, PIN(SO_PIN), PIN("new-so-pin-1")));
    OK(p11->C_Logout(s));
    RV(CKR_PIN_INCORRECT, p11->C_Login(s, CKU_SO, PIN(SO_PIN)));
    OK(p11->C_Login(s, CKU_SO, PIN("new-so-pin-1")));
    OK(p11->C_SetPIN(s, PIN("new-so-pin-1"), PIN(SO_PIN)));
}

static void r099_the_so_resets_a_forgotten_pin_and_nothing_is_lost(void **state)
{
    (void)state;
    CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE o = 0;
    OK(p11->C_CreateObject(s,
                           T(AU(CKA_CLASS, CKO_DATA), AB(CKA_TOKEN, CK_TRUE),
                             AB(CKA_PRIVATE, CK_TRUE), AS(CKA_LABEL, "kept"),
                             AS(CKA_VALUE, "private bytes")),
                           &o));
    OK(p11->C_CloseSession(s));
    s = so_session();
    OK(p11->C_InitPIN(s, PIN("second-user-pin")));
    OK(p11->C_Logout(s));
    RV(CKR_PIN_INCORRECT, p11->C_Login(s, CKU_USER, PIN(USER_PIN)));
    OK(p11->C_Login(s, CKU_USER, PIN("second-user-pin")));
    char value[32];
    assert_int_equal(find(s, T(AS(CKA_LABEL, "kept")), &o, 1), 1);
    assert_int_equal(attr_bytes(s, o, CKA_VALUE, value, sizeof value), 13);
    assert_memory_equal(value, "private bytes", 13);
    OK(p11->C_SetPIN(s, PIN("second-user-pin"), PIN(USER_PIN)));
}

static void init_pin_is_for_the_so(void **state)
{
    (void)state;
    CK_SESSION_HANDLE s = open_session(true);
    RV(CKR_USER_NOT_LOGGED_IN, p11->C_InitPIN(s, PIN(USER_PIN)));
    OK(p11->C_Login(s, CKU_USER, PIN(USER_PIN)));
    RV(CKR_USER_NOT_LOGGED_IN, p11->C_InitPIN(s, PIN(USER_PIN)));
}

/* Three wrong PINs lock here (max_failed_logins = 3). */
static void r099_wrong_pins_lock_and_the_flags_say_so(void **state)
{
    (void)state;
    CK_SESSION_HANDLE s = open_session(true);
    assert_false(token_flags() & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY));
    RV(CKR_PIN_INCORRECT, p11->C_Login(s, CKU_USER, PIN("wrong-pin-1")));
    assert_true(token_flags() & CKF_USER_PIN_COUNT_LOW);
    OK(p11->C_Login(s, CKU_USER, PIN(USER_PIN))); /* a right one clears */
    OK(p11->C_Logout(s));
    assert_false(token_flags() & CKF_USER_PIN_COUNT_LOW);
    RV(CKR_PIN_INCORRECT, p11->C_Login(s, CKU_USER, PIN("wrong-pin-1")));
    RV(CKR_PIN_INCORRECT, p11->C_Login(s, CKU_USER, PIN("wrong-pin-2")));
    assert_true(token_flags() & CKF_USER_PIN_FINAL_TRY);
    OK(p11->C_CloseSession(s));
    OK(p11->C_Finalize(NULL)); /* the count outlives the process's memory */
    OK(p11->C_Initialize(NULL));
    assert_true(token_flags() & CKF_USER_PIN_FINAL_TRY);
    s = open_session(true);
    ONE_OF(p11->C_Login(s, CKU_USER, PIN("wrong-pin-3")), CKR_PIN_INCORRECT, CKR_PIN_LOCKED);
    RV(CKR_PIN_LOCKED, p11->C_Login(s, CKU_USER, PIN(USER_PIN)));
    assert_true(token_flags() & CKF_USER_PIN_LOCKED);
    assert_false(token_flags() & CKF_SO_PIN_LOCKED);
    OK(p11->C_Login(s, CKU_SO, PIN(SO_PIN))); /* whose login does not unlock the user */
    assert_true(token_flags() & CKF_USER_PIN_LOCKED);
    OK(p11->C_InitPIN(s, PIN(USER_PIN)));
    assert_false(token_flags() & CKF_USER_PIN_LOCKED);
    OK(p11->C_Logout(s));
    OK(p11->C_Login(s, CKU_USER, PIN(USER_PIN)));
}

static void r099_a_locked_so(void **state)
{
    (void)state;
    CK_SESSION_HANDLE s = open_session(true);
    for (int i = 0; i < 3; i++) {
        ONE_OF(p11->C_Login(s, CKU_SO, PIN("wrong-so-pin")), CKR_PIN_INCORRECT, CKR_PIN_LOCKED);
    }
    RV(CKR_PIN_LOCKED, p11->C_Login(s, CKU_SO, PIN(SO_PIN)));
    assert_true(token_flags() & CKF_SO_PIN_LOCKED);
    OK(p11->C_Login(s, CKU_USER, PIN(USER_PIN))); /* each account has its own count */
    OK(p11->C_CloseAllSessions(slot));
}

static int setup_strict(void **state)
{
    (void)state;
    world_make(NULL);
    char text[1024];
    snprintf(text, sizeof text,
             "[token]\nstorage_path = \"%s/store\"\n"
             "[security]\npbkdf2_iterations = 100000\nmax_failed_logins = 3\n"
             "[log]\nlevel = \"off\"\n",
             world_dir());
    world_write("craton_hsm.toml", text, 0600);
    OK(p11->C_Initialize(NULL));
    CK_ULONG n = 1;
    OK(p11->C_GetSlotList(CK_FALSE, &slot, &n));
    token_init(slot);
    return 0;
}

static void r113_store_is_for_its_owner_alone(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s/store", world_dir());
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r032_slot_list_with_too_little_room),
        cmocka_unit_test(r032_mechanism_list_with_too_little_room),
        cmocka_unit_test(r076_each_listed_mechanism_has_info_and_a_use),
        cmocka_unit_test(r077_mechanism_info_units),
        cmocka_unit_test(r031_slots_that_are_none),
        cmocka_unit_test(slot_and_token_info),
        cmocka_unit_test(r113_store_is_for_its_owner_alone),
        cmocka_unit_test_teardown(r119_token_counters_are_true, teardown_sessions),
        cmocka_unit_test_teardown(two_slots_are_apart, teardown_sessions),
        cmocka_unit_test_teardown(r097_init_token_with_a_session_open, teardown_sessions),
        cmocka_unit_test_teardown(r097_init_token_with_a_wrong_pin_changes_nothing,
                                  teardown_sessions),
        cmocka_unit_test_teardown(r097_init_token_again_wipes_everything, teardown_sessions),
        cmocka_unit_test_teardown(r026_label_is_32_bytes_no_more, teardown_sessions),
        cmocka_unit_test_teardown(r025_hostile_pins_change_nothing, teardown_sessions),
        cmocka_unit_test_teardown(r025_a_pin_may_hold_any_byte, teardown_sessions),
        cmocka_unit_test_teardown(set_pin, teardown_sessions),
        cmocka_unit_test_teardown(r099_the_so_resets_a_forgotten_pin_and_nothing_is_lost,
                                  teardown_sessions),
        cmocka_unit_test_teardown(init_pin_is_for_the_so, teardown_sessions),
    };
    const struct CMUnitTest strict[] = {
        cmocka_unit_test_teardown(r099_wrong_pins_lock_and_the_flags_say_so, teardown_sessions),
        cmocka_unit_test_teardown(r099_a_locked_so, teardown_sessions),
    };
    const int failed = cmocka_run_group_tests(tests, setup_token, teardown_module);
    return failed + cmocka_run_group_tests(strict, setup_strict, teardown_module);
}
