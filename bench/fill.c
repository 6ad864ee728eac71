/* SPDX-License-Identifier: Apache-2.0
 *
 * Modules and their stores: loading, making a token, filling it with objects.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <craton/pkcs11.h>

#include "base/mem.h"
#include "bench.h"

static struct module_place where;
static void *module; /* of dlopen */

void module_place_set(const struct module_place *p)
{
    where = *p;
}

const char *place_name(enum place place)
{
    return place == PLACE_KEYS ? "keys" : place == PLACE_TEN ? "ten" : "many";
}

size_t place_objects(enum place place)
{
    return place == PLACE_KEYS ? 0 : place == PLACE_TEN ? 10 : MANY;
}

static int write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    if (f == NULL) {
        return -1;
    }
    const int bad = fputs(text, f) < 0;
    return fclose(f) != 0 || bad ? -1 : 0;
}

int store_select(enum place place)
{
    char folder[512];
    char path[600];
    char text[900];
    snprintf(folder, sizeof(folder), "%s/%s-%s", place == PLACE_KEYS ? where.scratch : where.memory,
             where.softhsm ? "softhsm" : "ours", place_name(place));
    mkdir(folder, 0700);
    snprintf(path, sizeof(path), "%s/tokens", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/module.conf", folder);
    if (where.softhsm) {
        snprintf(text, sizeof(text),
                 "directories.tokendir = %s/tokens\nobjectstore.backend = file\n"
                 "log.level = ERROR\nslots.removable = false\n",
                 folder);
        setenv("SOFTHSM2_CONF", path, 1);
    } else {
        snprintf(text, sizeof(text),
                 "[token]\nstorage_path = \"%s/tokens\"\n[log]\nlevel = \"error\"\n"
                 "target = \"stderr\"\n",
                 folder);
        setenv("CRATON_HSM_CONFIG", path, 1);
    }
    if (write_file(path, text) != 0) {
        return -1;
    }
    return chmod(path, 0600);
}

const struct CK_FUNCTION_LIST *module_load(char *say, size_t cap)
{
    module = dlopen(where.path, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL) {
        snprintf(say, cap, "%s", dlerror());
        return NULL;
    }
    CK_RV (*get)(CK_FUNCTION_LIST_PTR_PTR list) = NULL;
    void *symbol = dlsym(module, "C_GetFunctionList");
    mem_copy(&get, &symbol, sizeof(get));
    CK_FUNCTION_LIST_PTR list = NULL;
    if (get == NULL || get(&list) != CKR_OK || list == NULL) {
        snprintf(say, cap, "no function list");
        return NULL;
    }
    return list;
}

const struct CK_FUNCTION_LIST_3_2 *module_list_3_2(void)
{
    CK_RV (*get)(CK_UTF8CHAR_PTR, CK_VERSION_PTR, CK_INTERFACE_PTR_PTR, CK_FLAGS) = NULL;
    CK_UTF8CHAR name[] = "PKCS 11";
    CK_VERSION version = {3, 2};
    CK_INTERFACE_PTR found = NULL;
    void *symbol = dlsym(module, "C_GetInterface");
    mem_copy(&get, &symbol, sizeof(get));
    return get != NULL && get(name, &version, &found, 0) == CKR_OK && found != NULL
               ? found->pFunctionList
               : NULL;
}

static int token_make(const CK_FUNCTION_LIST *p11, CK_SLOT_ID slot)
{
    CK_UTF8CHAR label[32];
    CK_UTF8CHAR so[] = SO_PIN;
    CK_UTF8CHAR user[] = USER_PIN;
    CK_SESSION_HANDLE session = 0;
    memset(label, ' ', sizeof(label));
    memcpy(label, TOKEN_LABEL, strlen(TOKEN_LABEL));
    if (p11->C_InitToken(slot, so, sizeof(so) - 1, label) != CKR_OK ||
        p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session) !=
            CKR_OK) {
        return -1;
    }
    const bool good = p11->C_Login(session, CKU_SO, so, sizeof(so) - 1) == CKR_OK &&
                      p11->C_InitPIN(session, user, sizeof(user) - 1) == CKR_OK;
    p11->C_Logout(session);
    p11->C_CloseSession(session);
    return good ? 0 : -1;
}

/* Our token, or (BLANK) one that is not initialised. */
static int slot_with(const CK_FUNCTION_LIST *p11, bool blank, CK_SLOT_ID *ret)
{
    CK_SLOT_ID slots[64];
    CK_ULONG n = ARRAY_LEN(slots);
    if (p11->C_GetSlotList(CK_TRUE, slots, &n) != CKR_OK) {
        return -1;
    }
    for (CK_ULONG i = 0; i < n; i++) {
        CK_TOKEN_INFO info;
        if (p11->C_GetTokenInfo(slots[i], &info) != CKR_OK) {
            continue;
        }
        const bool made = (info.flags & CKF_TOKEN_INITIALIZED) != 0;
        if (blank ? !made : made && memcmp(info.label, TOKEN_LABEL, strlen(TOKEN_LABEL)) == 0) {
            *ret = slots[i];
            return 0;
        }
    }
    return -1;
}

int token_find(const struct CK_FUNCTION_LIST *p11, bool make, unsigned long *ret_slot)
{
    CK_SLOT_ID slot = 0;
    if (slot_with(p11, false, ret_slot) == 0) {
        return 0;
    }
    if (!make || slot_with(p11, true, &slot) != 0 || token_make(p11, slot) != 0) {
        return -1;
    }
    return slot_with(p11, false, ret_slot); /* SoftHSM2 renumbers the slot */
}

void object_label(char out[24], size_t i)
{
    snprintf(out, 24, "object-%06u", (unsigned)i);
}

static CK_ULONG count_objects(const CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session)
{
    CK_OBJECT_HANDLE found[256];
    CK_ULONG n = 0;
    CK_ULONG all = 0;
    if (p11->C_FindObjectsInit(session, NULL, 0) != CKR_OK) {
        return 0;
    }
    while (p11->C_FindObjects(session, found, ARRAY_LEN(found), &n) == CKR_OK && n > 0) {
        all += n;
    }
    p11->C_FindObjectsFinal(session);
    return all;
}

int token_fill(const struct CK_FUNCTION_LIST *p11, unsigned long session, size_t n)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_BBOOL yes = CK_TRUE;
    CK_BYTE value[32] = {0};
    char label[24];
    CK_ULONG id = 0;
    for (size_t i = count_objects(p11, session); i < n; i++) {
        object_label(label, i);
        id = i;
        memcpy(value, &id, sizeof(id));
        CK_ATTRIBUTE t[] = {
            {CKA_CLASS, &class, sizeof(class)}, {CKA_KEY_TYPE, &type, sizeof(type)},
            {CKA_TOKEN, &yes, sizeof(yes)},     {CKA_PRIVATE, &yes, sizeof(yes)},
            {CKA_ENCRYPT, &yes, sizeof(yes)},   {CKA_DECRYPT, &yes, sizeof(yes)},
            {CKA_ID, &id, sizeof(id)},          {CKA_LABEL, label, strlen(label)},
            {CKA_VALUE, value, sizeof(value)},
        };
        CK_OBJECT_HANDLE made = 0;
        const CK_RV rv = p11->C_CreateObject(session, t, ARRAY_LEN(t), &made);
        if (rv != CKR_OK) {
            fprintf(stderr, "bench: object %zu: C_CreateObject 0x%lx\n", i, rv);
            return -1;
        }
    }
    return 0;
}
