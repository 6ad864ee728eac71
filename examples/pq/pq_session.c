/* SPDX-License-Identifier: Apache-2.0
 *
 * See pq_session.h.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "pq_session.h"
#include "pq_types.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

void must(CK_RV rv, const char *call)
{
    if (rv != CKR_OK) {
        fail("%s: %s", call, error_name(rv));
    }
}

/* ---- the module and its token ----------------------------------------------------------------- */

static CK_FUNCTION_LIST_3_2 *load(const char *path)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL) {
        fail("%s", dlerror());
    }
    CK_C_GetInterface get = NULL;
    void *symbol = dlsym(module, "C_GetInterface");
    memcpy(&get, &symbol, sizeof get);
    CK_VERSION version = {3, 2};
    CK_UTF8CHAR name[] = "PKCS 11";
    CK_INTERFACE *interface = NULL;
    if (get == NULL || get(name, &version, &interface, 0) != CKR_OK) {
        fail("%s has no PKCS#11 3.2 interface", path);
    }
    return interface->pFunctionList;
}

static bool has_label(struct session *s, CK_SLOT_ID slot, const char *label)
{
    CK_TOKEN_INFO info;
    CK_UTF8CHAR padded[sizeof info.label];
    const size_t len = strlen(label);
    if (len > sizeof padded || s->f->C_GetTokenInfo(slot, &info) != CKR_OK) {
        return false;
    }
    memset(padded, ' ', sizeof padded);
    memcpy(padded, label, len);
    return memcmp(padded, info.label, sizeof padded) == 0;
}

static void find_slot(struct session *s, const char *label)
{
    CK_SLOT_ID slots[64];
    CK_ULONG n = COUNT(slots);
    MUST(s, C_Initialize, NULL);
    MUST(s, C_GetSlotList, CK_TRUE, slots, &n);
    for (CK_ULONG i = 0; i < n; i++) {
        if (label == NULL || has_label(s, slots[i], label)) {
            s->slot = slots[i];
            return;
        }
    }
    fail("there is no token%s%s", label == NULL ? "" : " ", label == NULL ? "" : label);
}

static void log_in(struct session *s, const char *given)
{
    const char *secret = given != NULL ? given : getenv("CRATON_PIN");
    MUST(s, C_OpenSession, s->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s->h);
    if (secret != NULL) {
        CK_UTF8CHAR pin[256];
        const size_t len = strlen(secret);
        if (len > sizeof pin) {
            fail("that PIN is too long");
        }
        memcpy(pin, secret, len);
        MUST(s, C_Login, s->h, CKU_USER, pin, len);
    }
}

void open_session(struct session *s, const struct options *o, bool login)
{
    s->f = load(o->module);
    find_slot(s, o->token);
    if (login) {
        log_in(s, o->pin);
    }
}

/* ---- keys ------------------------------------------------------------------------------------- */

void put(struct template *t, CK_ATTRIBUTE_TYPE type, void *value, size_t len)
{
    t->a[t->n++] = (CK_ATTRIBUTE){type, value, len};
}

void put_names(struct template *t, const struct options *o)
{
    if (o->label != NULL) {
        put(t, CKA_LABEL, strdup(o->label), strlen(o->label));
    }
    if (o->id != NULL) {
        const struct bytes id = from_hex(o->id);
        put(t, CKA_ID, id.data, id.len);
    }
}

CK_OBJECT_HANDLE find_key(struct session *s, const struct options *o, CK_OBJECT_CLASS cls)
{
    struct template t = {.n = 0};
    CK_OBJECT_HANDLE found[64];
    CK_ULONG n = 0;
    if (o->label == NULL && o->id == NULL) {
        fail("--label or --id is missing");
    }
    put(&t, CKA_CLASS, &cls, sizeof cls);
    put_names(&t, o);
    MUST(s, C_FindObjectsInit, s->h, t.a, t.n);
    MUST(s, C_FindObjects, s->h, found, COUNT(found), &n);
    MUST(s, C_FindObjectsFinal, s->h);
    /* A classical key may share label and id: keys with a parameter set are meant. */
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    for (CK_ULONG i = 0; i < n; i++) {
        CK_ULONG set = 0;
        CK_ATTRIBUTE a = {CKA_PARAMETER_SET, &set, sizeof set};
        if (s->f->C_GetAttributeValue(s->h, found[i], &a, 1) != CKR_OK) {
            continue;
        }
        if (key != CK_INVALID_HANDLE) {
            fail("more than one key is called so: say --label and --id");
        }
        key = found[i];
    }
    if (key == CK_INVALID_HANDLE) {
        fail("there is no such key");
    }
    return key;
}

struct bytes attribute(struct session *s, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type)
{
    CK_ATTRIBUTE a = {type, NULL, 0};
    MUST(s, C_GetAttributeValue, s->h, key, &a, 1);
    const struct bytes value = new_bytes(a.ulValueLen);
    a.pValue = value.data;
    MUST(s, C_GetAttributeValue, s->h, key, &a, 1);
    return value;
}

CK_MECHANISM_TYPE mechanism_of(struct session *s, CK_OBJECT_HANDLE key, const struct options *o)
{
    if (o->mechanism != NULL) {
        return mechanism_number(o->mechanism);
    }
    CK_KEY_TYPE key_type = 0;
    CK_ATTRIBUTE a = {CKA_KEY_TYPE, &key_type, sizeof key_type};
    MUST(s, C_GetAttributeValue, s->h, key, &a, 1);
    for (unsigned i = 0; pq_type_at(i) != NULL; i++) {
        if (pq_type_at(i)->key_type == key_type && pq_type_at(i)->set != 0) {
            return pq_type_at(i)->use;
        }
    }
    fail("this key's type is not known here: say --mechanism");
}
