/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding.
 */
#include "harness.h"

#include <stdio.h>
#include <time.h>

static void r046_states_of_a_search(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = open_session(true);
    CK_OBJECT_HANDLE o[4];
    CK_ULONG n = 9;
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjects(s, o, 4, &n));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjectsFinal(s));
    OK(p11->C_FindObjectsInit(s, NULL, 0));
    RV(CKR_OPERATION_ACTIVE, p11->C_FindObjectsInit(s, NULL, 0));
    RV(CKR_ARGUMENTS_BAD, p11->C_FindObjects(s, NULL, 4, &n));
    RV(CKR_ARGUMENTS_BAD, p11->C_FindObjects(s, o, 4, NULL));
    OK(p11->C_FindObjects(s, o, 0, &n));
    assert_int_equal(n, 0);
    OK(p11->C_FindObjectsFinal(s));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjectsFinal(s));
}

static void r046_an_object_destroyed_during_the_search(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE a = data_object(s, true, "two of them");
    const CK_OBJECT_HANDLE b = data_object(s, true, "two of them");
    OK(p11->C_FindObjectsInit(s, T(AS(CKA_LABEL, "two of them"))));
    OK(p11->C_DestroyObject(s, a));
    OK(p11->C_DestroyObject(s, b));
    CK_OBJECT_HANDLE o[4];
    CK_ULONG n = 9;
    OK(p11->C_FindObjects(s, o, 4, &n));
    assert_true(n <= 2);
    CK_ULONG size = 0;
    for (CK_ULONG i = 0; i < n; i++) { /* what is listed is stale, not wrong */
        RV(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(s, o[i], &size));
    }
    OK(p11->C_FindObjectsFinal(s));
}

static void a_search_is_the_sessions_own(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE a = open_session(true);
    const CK_SESSION_HANDLE b = open_session(true);
    data_object(a, false, "seen");
    OK(p11->C_FindObjectsInit(a, T(AS(CKA_LABEL, "seen"))));
    OK(p11->C_FindObjectsInit(b, T(AS(CKA_LABEL, "unseen"))));
    CK_OBJECT_HANDLE o;
    CK_ULONG n = 9;
    OK(p11->C_FindObjects(b, &o, 1, &n));
    assert_int_equal(n, 0);
    OK(p11->C_FindObjects(a, &o, 1, &n));
    assert_int_equal(n, 1);
    OK(p11->C_FindObjects(a, &o, 1, &n));
    assert_int_equal(n, 0);
    OK(p11->C_FindObjectsFinal(a));
    OK(p11->C_FindObjectsFinal(b));
}

static void by_every_kind_of_attribute(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    for (int token = 0; token < 2; token++) {
        CK_OBJECT_HANDLE k = 0, hit = 0;
        OK(p11->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN),
                              T(AU(CKA_VALUE_LEN, 32), AB(CKA_TOKEN, token == 1),
                                AS(CKA_LABEL, "needle"), AS(CKA_ID, "\x01\x02"),
                                AB(CKA_ENCRYPT, CK_TRUE), AB(CKA_WRAP, CK_FALSE)),
                              &k));
        data_object(s, token == 1, "hay");
        CK_ATTRIBUTE all[] = {
            AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES), AS(CKA_LABEL, "needle"),
            AS(CKA_ID, "\x01\x02"),        AB(CKA_ENCRYPT, CK_TRUE),  AB(CKA_TOKEN, token == 1),
            AU(CKA_VALUE_LEN, 32),         AB(CKA_LOCAL, CK_TRUE),    AB(CKA_WRAP, CK_FALSE)};
        assert_int_equal(find(s, all, LEN(all), &hit, 1), 1);
        assert_int_equal(hit, k);
        for (size_t i = 0; i < LEN(all); i++) {
            hit = 0;
            CK_OBJECT_HANDLE list[16] = {0};
            const CK_ULONG n = find(s, &all[i], 1, list, LEN(list));
            bool there = false;
            for (CK_ULONG j = 0; j < n && j < LEN(list); j++) {
                there = there || list[j] == k;
            }
            assert_true(there);
        }
        assert_int_equal(find(s, T(AS(CKA_LABEL, "needl")), NULL, 0), 0);
        assert_int_equal(find(s, T(AS(CKA_LABEL, "needle"), AU(CKA_CLASS, CKO_DATA)), NULL, 0), 0);
        OK(p11->C_DestroyObject(s, k));
        assert_int_equal(find(s, T(AS(CKA_LABEL, "needle")), NULL, 0), 0);
    }
}

static void a_renamed_object_is_found_by_its_new_name(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE o = data_object(s, true, "old name");
    OK(p11->C_SetAttributeValue(s, o, T(AS(CKA_LABEL, "new name"))));
    assert_int_equal(find(s, T(AS(CKA_LABEL, "old name")), NULL, 0), 0);
    CK_OBJECT_HANDLE hit = 0;
    assert_int_equal(find(s, T(AS(CKA_LABEL, "new name")), &hit, 1), 1);
    assert_int_equal(hit, o);
}

static void r046_secret_values_are_not_searched(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE k = 0;
    OK(p11->C_CreateObject(s,
                           T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES),
                             AS(CKA_VALUE, "0123456789abcdef"), AB(CKA_SENSITIVE, CK_TRUE)),
                           &k));
    CK_ATTRIBUTE t[] = {AS(CKA_VALUE, "0123456789abcdef")};
    if (p11->C_FindObjectsInit(s, t, 1) == CKR_OK) {
        CK_ULONG n = 9;
        OK(p11->C_FindObjects(s, &k, 1, &n));
        assert_int_equal(n, 0);
        OK(p11->C_FindObjectsFinal(s));
    }
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double find_cost(CK_SESSION_HANDLE s, const char *label)
{
    double best = 1e9;
    for (int i = 0; i < 50; i++) {
        const double begin = now();
        assert_int_equal(find(s, T(AX(CKA_LABEL, label, strlen(label))), NULL, 0), 1);
        const double took = now() - begin;
        best = took < best ? took : best;
    }
    return best;
}

static void r115_finding_does_not_scan(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    char label[32];
    double few = 0;
    for (int i = 0; i < 1000; i++) {
        snprintf(label, sizeof label, "object %d", i);
        data_object(s, true, label);
        if (i == 9) {
            few = find_cost(s, "object 5");
        }
    }
    const double many = find_cost(s, "object 500");
    print_message("find by label: %.1f us among 10, %.1f us among 1000\n", few, many);
    assert_true(many < few * 3 + 20);
    assert_int_equal(find(s, T(AU(CKA_CLASS, CKO_DATA)), NULL, 0), 1000);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(r046_states_of_a_search),
        TEST(r046_an_object_destroyed_during_the_search),
        TEST(a_search_is_the_sessions_own),
        TEST(by_every_kind_of_attribute),
        TEST(a_renamed_object_is_found_by_its_new_name),
        TEST(r046_secret_values_are_not_searched),
        TEST(r115_finding_does_not_scan),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
