/* SPDX-License-Identifier: Apache-2.0
 *
 * craton-vectors: the module, keys and operations.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runner.h"

CK_FUNCTION_LIST_3_2 *p11;
CK_SESSION_HANDLE session;
static char folder[] = "/tmp/craton-vectors-XXXXXX";
static char conf_path[64];

static bool write_conf(void)
{
    if (mkdtemp(folder) == NULL) {
        return false;
    }
    (void)snprintf(conf_path, sizeof conf_path, "%s/craton_hsm.toml", folder);
    FILE *f = fopen(conf_path, "w");
    const char *backend = getenv("CRATON_BACKEND");
    if (f == NULL) {
        return false;
    }
    (void)fprintf(f,
                  "[token]\npersist_objects = false\nstorage_path = \"%s/store\"\n"
                  "[security]\npbkdf2_iterations = 100000\n"
                  "[algorithms]\nallow_weak_rsa = true\nallow_sha1_signing = true\n"
                  "crypto_backend = \"%s\"\n",
                  folder, backend != NULL ? backend : "auto");
    return fclose(f) == 0 && setenv("CRATON_HSM_CONFIG", conf_path, 1) == 0;
}

#define MUST(call)                                                                                 \
    do {                                                                                           \
        const CK_RV rv_ = (call);                                                                  \
        if (rv_ != CKR_OK) {                                                                       \
            (void)fprintf(stderr, "craton-vectors: %s: 0x%lx\n", #call, rv_);                      \
            return false;                                                                          \
        }                                                                                          \
    } while (0)

static bool token_open(void)
{
    CK_UTF8CHAR label[32];
    CK_UTF8CHAR so[] = "so-pin-12345";
    CK_UTF8CHAR pin[] = "user-pin-12345";
    CK_SLOT_ID slot = 0;
    CK_ULONG n = 1;
    memset(label, ' ', sizeof label);
    MUST(p11->C_Initialize(NULL));
    MUST(p11->C_GetSlotList(CK_TRUE, &slot, &n));
    MUST(p11->C_InitToken(slot, so, sizeof so - 1, label));
    MUST(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
    MUST(p11->C_Login(session, CKU_SO, so, sizeof so - 1));
    MUST(p11->C_InitPIN(session, pin, sizeof pin - 1));
    MUST(p11->C_Logout(session));
    MUST(p11->C_Login(session, CKU_USER, pin, sizeof pin - 1));
    return true;
}

bool module_open(const char *path)
{
    void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (so == NULL) {
        (void)fprintf(stderr, "craton-vectors: %s\n", dlerror());
        return false;
    }
    CK_RV (*get)(CK_UTF8CHAR *, CK_VERSION *, CK_INTERFACE **, CK_FLAGS) = NULL;
    CK_UTF8CHAR name[] = "PKCS 11";
    CK_VERSION version = {3, 2};
    CK_INTERFACE *interface = NULL;
    *(void **)&get = dlsym(so, "C_GetInterface");
    if (get == NULL || get(name, &version, &interface, 0) != CKR_OK || !write_conf()) {
        (void)fprintf(stderr, "craton-vectors: the module or its configuration does not open\n");
        return false;
    }
    p11 = interface->pFunctionList;
    return token_open();
}

void module_close(void)
{
    (void)p11->C_Finalize(NULL);
    (void)unlink(conf_path);
    (void)rmdir(folder);
}

/* ---- keys ----------------------------------------------------------------------------------------- */

CK_RV key_create(CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    return p11->C_CreateObject(session, t, n, ret);
}

CK_RV key_kept(struct data name, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    static CK_BYTE last[8192];
    static CK_ULONG last_n;
    static CK_OBJECT_HANDLE kept;
    static CK_RV rv;
    CK_ULONG type = 0;
    /* the same bytes may name keys of two kinds: the template's length tells them apart */
    type = n;
    if (last_n == name.n + 1 && last[0] == (CK_BYTE)type && memcmp(last + 1, name.p, name.n) == 0) {
        *ret = kept;
        return rv;
    }
    if (kept != 0) {
        key_destroy(kept);
    }
    kept = 0;
    last_n = 0;
    rv = key_create(t, n, &kept);
    if (name.n < sizeof last) {
        last[0] = (CK_BYTE)type;
        memcpy(last + 1, name.p, name.n);
        last_n = name.n + 1;
    }
    *ret = kept;
    return rv;
}

CK_RV key_secret(CK_KEY_TYPE type, struct data value, CK_OBJECT_HANDLE *ret)
{
    CK_OBJECT_CLASS cls = CKO_SECRET_KEY;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE t[] = {
        {CKA_CLASS, &cls, sizeof cls}, {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_VALUE, value.p, value.n}, {CKA_SENSITIVE, &no, 1},
        {CKA_EXTRACTABLE, &yes, 1},    {CKA_SIGN, &yes, 1},
        {CKA_VERIFY, &yes, 1},         {CKA_ENCRYPT, &yes, 1},
        {CKA_DECRYPT, &yes, 1},        {CKA_WRAP, &yes, 1},
        {CKA_UNWRAP, &yes, 1},         {CKA_DERIVE, &yes, 1},
    };
    return key_create(t, sizeof t / sizeof t[0], ret);
}

void key_destroy(CK_OBJECT_HANDLE key)
{
    (void)p11->C_DestroyObject(session, key);
}

static CK_OBJECT_HANDLE passing[16];
static size_t passing_n;

void key_pass(CK_OBJECT_HANDLE key)
{
    if (passing_n == sizeof passing / sizeof passing[0]) {
        (void)fprintf(stderr, "craton-vectors: a case makes too many keys\n");
        exit(2);
    }
    passing[passing_n++] = key;
}

CK_RV key_passing(CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    const CK_RV rv = key_create(t, n, ret);
    if (rv == CKR_OK) {
        key_pass(*ret);
    }
    return rv;
}

void keys_clear(void)
{
    while (passing_n > 0) {
        key_destroy(passing[--passing_n]);
    }
}

CK_RV key_attribute(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, struct data *ret)
{
    CK_ATTRIBUTE a = {type, NULL, 0};
    CK_RV rv = p11->C_GetAttributeValue(session, key, &a, 1);
    if (rv == CKR_OK) {
        *ret = data_new(a.ulValueLen);
        a.pValue = ret->p;
        rv = p11->C_GetAttributeValue(session, key, &a, 1);
    }
    return rv;
}

CK_RV key_value(CK_OBJECT_HANDLE key, struct data *ret)
{
    return key_attribute(key, CKA_VALUE, ret);
}

/* ---- operations -------------------------------------------------------------------------------------- */

CK_MECHANISM mechanism(CK_MECHANISM_TYPE type, const void *param, CK_ULONG n)
{
    return (CK_MECHANISM){type, (void *)(size_t)param, n};
}

typedef CK_RV (*fn_init)(CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_OBJECT_HANDLE);
typedef CK_RV (*fn_once)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);
typedef CK_RV (*fn_feed)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG);
typedef CK_RV (*fn_final)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG_PTR);

/* The length is asked for first, then a place of that length is given. */
static CK_RV one_call(fn_once once, struct data in, struct data *ret)
{
    CK_ULONG n = 0;
    CK_RV rv = once(session, in.p, in.n, NULL, &n);
    if (rv == CKR_OK) {
        *ret = data_new(n);
        rv = once(session, in.p, in.n, ret->p, &n);
        ret->n = n;
    }
    return rv;
}

static CK_RV through(fn_init init, fn_once once, fn_once update, fn_final final, CK_MECHANISM *m,
                     CK_OBJECT_HANDLE key, struct data in, CK_ULONG parts, struct data *ret)
{
    *ret = data_new(0);
    CK_RV rv = init(session, m, key);
    if (rv != CKR_OK || parts == 0) {
        return rv == CKR_OK ? one_call(once, in, ret) : rv;
    }
    struct data out = data_new(in.n + 64);
    CK_ULONG at = 0;
    for (CK_ULONG i = 0; i < in.n && rv == CKR_OK; i += parts) {
        CK_ULONG n = out.n - at;
        rv = update(session, in.p + i, in.n - i < parts ? in.n - i : parts, out.p + at, &n);
        at += rv == CKR_OK ? n : 0;
    }
    CK_ULONG n = out.n - at;
    rv = rv == CKR_OK ? final(session, out.p + at, &n) : rv;
    ret->p = out.p;
    ret->n = at + n;
    return rv;
}

CK_RV do_encrypt(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct data in, CK_ULONG parts,
                 struct data *ret)
{
    return through(p11->C_EncryptInit, p11->C_Encrypt, p11->C_EncryptUpdate, p11->C_EncryptFinal, m,
                   key, in, parts, ret);
}

CK_RV do_decrypt(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct data in, CK_ULONG parts,
                 struct data *ret)
{
    return through(p11->C_DecryptInit, p11->C_Decrypt, p11->C_DecryptUpdate, p11->C_DecryptFinal, m,
                   key, in, parts, ret);
}

static CK_RV feed_all(fn_feed feed, struct data in, CK_ULONG parts)
{
    CK_RV rv = CKR_OK;
    for (CK_ULONG i = 0; i < in.n && rv == CKR_OK; i += parts) {
        rv = feed(session, in.p + i, in.n - i < parts ? in.n - i : parts);
    }
    return rv;
}

CK_RV do_sign(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct data in, CK_ULONG parts,
              struct data *ret)
{
    *ret = data_new(0);
    CK_RV rv = p11->C_SignInit(session, m, key);
    if (rv != CKR_OK || parts == 0) {
        return rv == CKR_OK ? one_call(p11->C_Sign, in, ret) : rv;
    }
    CK_ULONG n = 0;
    rv = feed_all(p11->C_SignUpdate, in, parts);
    rv = rv == CKR_OK ? p11->C_SignFinal(session, NULL, &n) : rv;
    if (rv == CKR_OK) {
        *ret = data_new(n);
        rv = p11->C_SignFinal(session, ret->p, &n);
        ret->n = n;
    }
    return rv;
}

CK_RV do_verify(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct data in, CK_ULONG parts,
                struct data sig)
{
    CK_RV rv = p11->C_VerifyInit(session, m, key);
    if (rv != CKR_OK || parts == 0) {
        return rv == CKR_OK ? p11->C_Verify(session, in.p, in.n, sig.p, sig.n) : rv;
    }
    rv = feed_all(p11->C_VerifyUpdate, in, parts);
    return rv == CKR_OK ? p11->C_VerifyFinal(session, sig.p, sig.n) : rv;
}

CK_RV do_digest(CK_MECHANISM_TYPE type, struct data in, struct data *ret)
{
    CK_MECHANISM m = mechanism(type, NULL, 0);
    return do_digest_with(&m, in, 0, ret);
}

CK_RV do_digest_with(CK_MECHANISM *m, struct data in, CK_ULONG parts, struct data *ret)
{
    CK_ULONG n = 64;
    CK_RV rv = p11->C_DigestInit(session, m);
    if (rv != CKR_OK || parts == 0) {
        return rv == CKR_OK ? one_call(p11->C_Digest, in, ret) : rv;
    }
    *ret = data_new(n);
    rv = feed_all(p11->C_DigestUpdate, in, parts);
    rv = rv == CKR_OK ? p11->C_DigestFinal(session, ret->p, &n) : rv;
    ret->n = n;
    return rv;
}

static CK_OBJECT_CLASS secret_class = CKO_SECRET_KEY;
static CK_KEY_TYPE generic = CKK_GENERIC_SECRET;
static CK_BBOOL no = CK_FALSE;
static CK_BBOOL yes = CK_TRUE;
static CK_ATTRIBUTE shared[] = {
    {CKA_CLASS, &secret_class, sizeof secret_class},
    {CKA_KEY_TYPE, &generic, sizeof generic},
    {CKA_SENSITIVE, &no, 1},
    {CKA_EXTRACTABLE, &yes, 1},
};

static CK_RV shared_value(CK_RV rv, CK_OBJECT_HANDLE key, struct data *ret)
{
    if (rv == CKR_OK) {
        key_pass(key);
        rv = key_value(key, ret);
    }
    return rv;
}

CK_RV do_encapsulate(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, struct data *ct,
                     struct data *secret)
{
    CK_MECHANISM m = mechanism(type, NULL, 0);
    CK_OBJECT_HANDLE made = 0;
    CK_ULONG n = 0;
    CK_RV rv = p11->C_EncapsulateKey(session, &m, key, shared, 4, NULL, &n, &made);
    if (rv == CKR_OK) {
        *ct = data_new(n);
        rv = p11->C_EncapsulateKey(session, &m, key, shared, 4, ct->p, &n, &made);
        ct->n = n;
    }
    return shared_value(rv, made, secret);
}

CK_RV do_decapsulate(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, struct data ct,
                     struct data *secret)
{
    CK_MECHANISM m = mechanism(type, NULL, 0);
    CK_OBJECT_HANDLE made = 0;
    const CK_RV rv = p11->C_DecapsulateKey(session, &m, key, shared, 4, ct.p, ct.n, &made);
    return shared_value(rv, made, secret);
}

/* ---- names -------------------------------------------------------------------------------------------- */

const struct hash_names *hash_named(const char *name)
{
#define H(text, sha, h, mgf_, n)                                                                   \
    {                                                                                              \
        text, CKM_##h, CKM_##h##_HMAC, CKM_##h##_HMAC_GENERAL, CKM_##sha##_RSA_PKCS,               \
            CKM_##sha##_RSA_PKCS_PSS, CKM_ECDSA_##sha, mgf_, n                                     \
    }
#define T(text, h, n)                                                                              \
    {                                                                                              \
        text, CKM_##h, CKM_##h##_HMAC, CKM_##h##_HMAC_GENERAL, 0, 0, 0, 0, n                       \
    }
    static const struct hash_names names[] = {
        H("SHA1", SHA1, SHA_1, CKG_MGF1_SHA1, 20),
        H("SHA224", SHA224, SHA224, CKG_MGF1_SHA224, 28),
        H("SHA256", SHA256, SHA256, CKG_MGF1_SHA256, 32),
        H("SHA384", SHA384, SHA384, CKG_MGF1_SHA384, 48),
        H("SHA512", SHA512, SHA512, CKG_MGF1_SHA512, 64),
        H("SHA3224", SHA3_224, SHA3_224, CKG_MGF1_SHA3_224, 28),
        H("SHA3256", SHA3_256, SHA3_256, CKG_MGF1_SHA3_256, 32),
        H("SHA3384", SHA3_384, SHA3_384, CKG_MGF1_SHA3_384, 48),
        H("SHA3512", SHA3_512, SHA3_512, CKG_MGF1_SHA3_512, 64),
        T("SHA512224", SHA512_224, 28),
        T("SHA512256", SHA512_256, 32),
    };
    char plain[32] = "";
    size_t n = 0;
    for (const char *c = name; *c != '\0' && n < sizeof plain - 1; c++) {
        if (*c != '-' && *c != '/' && *c != '_') {
            plain[n++] = *c;
        }
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, plain) == 0) {
            return &names[i];
        }
    }
    return NULL;
}
