/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists, interfaces, start and stop.
 */
#include "harness.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *module_symbol(const char *name)
{
    void *dl = dlopen(getenv("CRATON_MODULE"), RTLD_NOW | RTLD_LOCAL);
    assert_non_null(dl);
    void *p = dlsym(dl, name);
    if (p == NULL) {
        print_error("%s is not exported\n", name);
    }
    assert_non_null(p);
    return p;
}

static void every_function_is_exported_and_in_the_lists(void **state)
{
    (void)state;
    CK_FUNCTION_LIST *old = NULL;
    OK(p11->C_GetFunctionList(&old));
    assert_int_equal(old->version.major, 2);
    assert_int_equal(old->version.minor, 40);
    assert_int_equal(p11->version.major, 3);
    assert_int_equal(p11->version.minor, 2);
    void *const *rows = (void *const *)&p11->C_Initialize;
    size_t i = 0;
#define ONE(name, parameters) assert_ptr_equal(module_symbol(#name), rows[i++]);
    CK_FUNCTIONS_2_40(ONE)
    assert_memory_equal(&old->C_Initialize, rows, i * sizeof *rows);
    CK_FUNCTIONS_3_0(ONE)
    CK_FUNCTIONS_3_2(ONE)
#undef ONE
    assert_int_equal(i, 104);
}

static void r032_interface_list_with_too_little_room(void **state)
{
    (void)state;
    CK_ULONG n = 0;
    RV(CKR_ARGUMENTS_BAD, p11->C_GetInterfaceList(NULL, NULL));
    OK(p11->C_GetInterfaceList(NULL, &n));
    assert_true(n >= 3);
    const CK_ULONG all = n;
    CK_INTERFACE list[8] = {{(CK_UTF8CHAR *)1, NULL, 77}};
    n = all - 1;
    RV(CKR_BUFFER_TOO_SMALL, p11->C_GetInterfaceList(list, &n));
    assert_int_equal(n, all);
    assert_ptr_equal(list[0].pInterfaceName, (CK_UTF8CHAR *)1);
    n = LEN(list);
    OK(p11->C_GetInterfaceList(list, &n));
    assert_int_equal(n, all);
    for (CK_ULONG i = 0; i < n; i++) {
        assert_string_equal((char *)list[i].pInterfaceName, "PKCS 11");
        assert_non_null(list[i].pFunctionList);
    }
}

static void r034_get_interface(void **state)
{
    (void)state;
    CK_UTF8CHAR name[] = "PKCS 11";
    CK_UTF8CHAR other[] = "Vendor other";
    CK_INTERFACE *i = NULL;
    RV(CKR_ARGUMENTS_BAD, p11->C_GetInterface(name, NULL, NULL, 0));
    static const CK_VERSION there[] = {{3, 2}, {3, 0}, {2, 40}};
    for (size_t v = 0; v < LEN(there); v++) {
        CK_VERSION want = there[v];
        OK(p11->C_GetInterface(name, &want, &i, 0));
        const CK_VERSION *got = i->pFunctionList;
        assert_int_equal(got->major, want.major);
        assert_int_equal(got->minor, want.minor);
    }
    OK(p11->C_GetInterface(NULL, NULL, &i, 0));
    assert_ptr_equal(i->pFunctionList, p11);
    i = NULL;
    CK_VERSION never = {9, 9};
    RV(CKR_FUNCTION_FAILED, p11->C_GetInterface(name, &never, &i, 0));
    RV(CKR_FUNCTION_FAILED, p11->C_GetInterface(other, NULL, &i, 0));
    RV(CKR_FUNCTION_FAILED, p11->C_GetInterface(name, NULL, &i, CKF_INTERFACE_FORK_SAFE));
    RV(CKR_FUNCTION_FAILED, p11->C_GetInterface(name, NULL, &i, ~0UL));
    assert_null(i);
}

static CK_RV mutex_make(CK_VOID_PTR_PTR m)
{
    *m = NULL;
    return CKR_OK;
}

static CK_RV mutex_use(CK_VOID_PTR m)
{
    (void)m;
    return CKR_OK;
}

static void r033_initialize_arguments(void **state)
{
    (void)state;
    CK_C_INITIALIZE_ARGS a = {.flags = CKF_OS_LOCKING_OK, .pReserved = &a};
    RV(CKR_ARGUMENTS_BAD, p11->C_Initialize(&a));
    a.pReserved = NULL;
    a.CreateMutex = mutex_make;
    RV(CKR_ARGUMENTS_BAD, p11->C_Initialize(&a));
    a.DestroyMutex = mutex_use;
    a.LockMutex = mutex_use;
    RV(CKR_ARGUMENTS_BAD, p11->C_Initialize(&a));
    a.UnlockMutex = mutex_use;
    OK(p11->C_Initialize(&a));
    OK(p11->C_Finalize(NULL));
    a.flags = 0;
    RV(CKR_CANT_LOCK, p11->C_Initialize(&a));
    const CK_FLAGS flags[] = {0, CKF_OS_LOCKING_OK, CKF_LIBRARY_CANT_CREATE_OS_THREADS,
                              CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS};
    for (size_t i = 0; i < LEN(flags); i++) {
        CK_C_INITIALIZE_ARGS plain = {.flags = flags[i]};
        OK(p11->C_Initialize(&plain));
        OK(p11->C_Finalize(NULL));
    }
}

static void r011_misaligned_initialize_arguments(void **state)
{
    (void)state;
    CK_BYTE raw[sizeof(CK_C_INITIALIZE_ARGS) + 1];
    const CK_C_INITIALIZE_ARGS a = {.flags = CKF_OS_LOCKING_OK};
    memcpy(raw + 1, &a, sizeof a);
    OK(p11->C_Initialize(raw + 1));
    OK(p11->C_Finalize(NULL));
}

static void r106_initialize_twice_finalize_twice(void **state)
{
    (void)state;
    RV(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL));
    OK(p11->C_Initialize(NULL));
    RV(CKR_CRYPTOKI_ALREADY_INITIALIZED, p11->C_Initialize(NULL));
    RV(CKR_ARGUMENTS_BAD, p11->C_Finalize(&state));
    CK_INFO info;
    OK(p11->C_GetInfo(&info));
    OK(p11->C_Finalize(NULL));
    RV(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetInfo(&info));
    RV(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL));
}

static void *initialize(void *ret)
{
    *(CK_RV *)ret = p11->C_Initialize(NULL);
    return NULL;
}

static void r106_initialize_by_many_threads(void **state)
{
    (void)state;
    pthread_t t[8];
    CK_RV rv[LEN(t)];
    for (size_t i = 0; i < LEN(t); i++) {
        assert_int_equal(pthread_create(&t[i], NULL, initialize, &rv[i]), 0);
    }
    size_t ok = 0;
    for (size_t i = 0; i < LEN(t); i++) {
        pthread_join(t[i], NULL);
        ok += rv[i] == CKR_OK;
        ONE_OF(rv[i], CKR_OK, CKR_CRYPTOKI_ALREADY_INITIALIZED);
    }
    assert_int_equal(ok, 1);
    OK(p11->C_Finalize(NULL));
}

static void info_says_who_we_are(void **state)
{
    (void)state;
    OK(p11->C_Initialize(NULL));
    CK_INFO info;
    memset(&info, 0xee, sizeof info);
    OK(p11->C_GetInfo(&info));
    assert_int_equal(info.cryptokiVersion.major, 3);
    assert_int_equal(info.flags, 0);
    assert_memory_equal(info.manufacturerID, "Craton HSM Project              ", 32);
    assert_memory_equal(info.libraryDescription, "Craton HSM Software HSM         ", 32);
    OK(p11->C_Finalize(NULL));
}

static void r114_a_bad_configuration_is_refused(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", getenv("CRATON_HSM_CONFIG"));
    static const char *const bad[] = {
        "[token]\nmax_sesions = 5\n",          "[token]\nslot_count = 0\n",
        "[token]\nslot_count = \"two\"\n",     "[security\n",
        "[security]\npbkdf2_iterations = 1\n", "[algorithms]\ncrypto_backend = \"none\"\n",
    };
    char other[600];
    snprintf(other, sizeof other, "%s/bad.toml", world_dir());
    setenv("CRATON_HSM_CONFIG", other, 1);
    for (size_t i = 0; i < LEN(bad); i++) {
        world_write("bad.toml", bad[i], 0600);
        RV(CKR_GENERAL_ERROR, p11->C_Initialize(NULL));
    }
    world_write("bad.toml", "[token]\nslot_count = 1\n", 0666); /* anybody may write it */
    RV(CKR_GENERAL_ERROR, p11->C_Initialize(NULL));
    unlink(other);
    assert_int_equal(symlink(path, other), 0);
    RV(CKR_GENERAL_ERROR, p11->C_Initialize(NULL));
    unlink(other);
    setenv("CRATON_HSM_CONFIG", path, 1);
    OK(p11->C_Initialize(NULL));
    OK(p11->C_Finalize(NULL));
}

static void r113_loading_creates_nothing(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s/store", world_dir());
    OK(p11->C_Initialize(NULL));
    CK_ULONG n = 0;
    OK(p11->C_GetSlotList(CK_TRUE, NULL, &n));
    CK_SLOT_ID list[16];
    OK(p11->C_GetSlotList(CK_FALSE, list, &n));
    CK_TOKEN_INFO info;
    (void)p11->C_GetTokenInfo(list[0], &info);
    OK(p11->C_Finalize(NULL));
    assert_int_not_equal(access(path, F_OK), 0);
}

static int make(void **state)
{
    (void)state;
    world_make(NULL);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    (void)p11->C_Finalize(NULL);
    world_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_is_exported_and_in_the_lists),
        cmocka_unit_test(r032_interface_list_with_too_little_room),
        cmocka_unit_test(r034_get_interface),
        cmocka_unit_test(r033_initialize_arguments),
        cmocka_unit_test(r011_misaligned_initialize_arguments),
        cmocka_unit_test(r106_initialize_twice_finalize_twice),
        cmocka_unit_test(r106_initialize_by_many_threads),
        cmocka_unit_test(info_says_who_we_are),
        cmocka_unit_test(r114_a_bad_configuration_is_refused),
        cmocka_unit_test(r113_loading_creates_nothing),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
