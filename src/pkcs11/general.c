/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions that may be called before C_Initialize, the three lists and the interfaces
 * (PKCS#11 3.2, section 5.4). Lists are made of the rows of functions.def.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "craton/pkcs11.h"
#include "gate.h"

/* ---- the lists ---------------------------------------------------------------------------------- */

/* IN_<list>_<since>: whether the list has functions of that version. */
#define IN_2_40_2_40(name) .name = name,
#define IN_2_40_3_0(name)
#define IN_2_40_3_2(name)
#define IN_3_0_2_40(name) .name = name,
#define IN_3_0_3_0(name) .name = name,
#define IN_3_0_3_2(name)
#define IN_3_2_2_40(name) .name = name,
#define IN_3_2_3_0(name) .name = name,
#define IN_3_2_3_2(name) .name = name,

static CK_FUNCTION_LIST list_2_40 = {
    .version = {2, 40},
#define ROW(how, name, since, kind, target, parameters, arguments) IN_2_40_##since(name)
#include "functions.def"
#undef ROW
};

static CK_FUNCTION_LIST_3_0 list_3_0 = {
    .version = {3, 0},
#define ROW(how, name, since, kind, target, parameters, arguments) IN_3_0_##since(name)
#include "functions.def"
#undef ROW
};

static CK_FUNCTION_LIST_3_2 list_3_2 = {
    .version = {3, 2},
#define ROW(how, name, since, kind, target, parameters, arguments) IN_3_2_##since(name)
#include "functions.def"
#undef ROW
};

/* The rows stand in the order of the header's lists, and none is missing. */
enum row_number {
#define ROW(how, name, since, kind, target, parameters, arguments) ROW_##name,
#include "functions.def"
#undef ROW
    ROWS
};
#define ROW(how, name, since, kind, target, parameters, arguments)                                 \
    _Static_assert(offsetof(CK_FUNCTION_LIST_3_2, name) ==                                         \
                       offsetof(CK_FUNCTION_LIST_3_2, C_Initialize) + ROW_##name * sizeof(void *), \
                   #name " is out of order");
#include "functions.def"
#undef ROW
_Static_assert(ROWS == 104, "104 functions");
_Static_assert(ROW_C_WaitForSlotEvent == 67 && ROW_C_MessageVerifyFinal == 91,
               "68 functions in 2.40, 92 in 3.0");

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR ppFunctionList)
{
    if (ppFunctionList == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    *ppFunctionList = &list_2_40;
    return CKR_OK;
}

/* ---- interfaces --------------------------------------------------------------------------------- */

static CK_UTF8CHAR standard_name[] = "PKCS 11";

/* Highest first: the first that fits is the default. None is fork safe: after a fork the child
 * initialises anew. */
static CK_INTERFACE interfaces[] = {
    {standard_name, &list_3_2, 0},
    {standard_name, &list_3_0, 0},
    {standard_name, &list_2_40, 0},
};

CK_RV C_GetInterfaceList(CK_INTERFACE_PTR pInterfacesList, CK_ULONG_PTR pulCount)
{
    if (pulCount == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    const CK_ULONG room = *pulCount;
    *pulCount = ARRAY_LEN(interfaces);
    if (pInterfacesList == NULL) {
        return CKR_OK;
    }
    if (room < ARRAY_LEN(interfaces)) {
        return CKR_BUFFER_TOO_SMALL;
    }
    mem_copy(pInterfacesList, interfaces, sizeof interfaces);
    return CKR_OK;
}

/* Each list begins with its version. */
static bool fits(const CK_INTERFACE *i, const char *name, const CK_VERSION *version, CK_FLAGS flags)
{
    const CK_VERSION *own = i->pFunctionList;
    return (name == NULL || strcmp(name, (const char *)i->pInterfaceName) == 0) &&
           (version == NULL || (version->major == own->major && version->minor == own->minor)) &&
           (flags & ~i->flags) == 0;
}

CK_RV C_GetInterface(CK_UTF8CHAR_PTR pInterfaceName, CK_VERSION_PTR pVersion,
                     CK_INTERFACE_PTR_PTR ppInterface, CK_FLAGS flags)
{
    if (ppInterface == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    for (size_t i = 0; i < ARRAY_LEN(interfaces); i++) {
        if (fits(&interfaces[i], (const char *)pInterfaceName, pVersion, flags)) {
            *ppInterface = &interfaces[i];
            return CKR_OK;
        }
    }
    return CKR_FUNCTION_FAILED;
}

/* ---- start and stop ----------------------------------------------------------------------------- */

/* We lock with the system's mutexes. An application that offers its own and forbids the system's
 * cannot be served; one that forbids threads of ours can, since there are none. */
static CK_RV check_init_args(const void *p)
{
    CK_C_INITIALIZE_ARGS a;
    memcpy(&a, p, sizeof a); /* the caller's pointer may have any alignment */
    if (a.pReserved != NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    const int callbacks = (a.CreateMutex != NULL) + (a.DestroyMutex != NULL) +
                          (a.LockMutex != NULL) + (a.UnlockMutex != NULL);
    if (callbacks != 0 && callbacks != 4) {
        return CKR_ARGUMENTS_BAD;
    }
    if (callbacks == 4 && (a.flags & CKF_OS_LOCKING_OK) == 0) {
        return CKR_CANT_LOCK;
    }
    return CKR_OK;
}

CK_RV C_Initialize(CK_VOID_PTR pInitArgs)
{
    if (pInitArgs != NULL) {
        const CK_RV rv = check_init_args(pInitArgs);
        if (rv != CKR_OK) {
            return rv;
        }
    }
    return rc_ckr(gate_open());
}

CK_RV C_Finalize(CK_VOID_PTR pReserved)
{
    if (pReserved != NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    return rc_ckr(gate_close());
}
