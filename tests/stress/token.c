/* SPDX-License-Identifier: Apache-2.0
 *
 * What the stress programs share: see token.h.
 */
#include "token.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#define SO_PIN "stress officer"
#define USER_PIN "stress user"
#define TEXT(s) ((CK_UTF8CHAR *)(uintptr_t)(s)), (sizeof(s) - 1)
#define N(a) (sizeof(a) / sizeof((a)[0]))

CK_FUNCTION_LIST *p11;
char place[128];

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;

/* ---- places --------------------------------------------------------------------------------------- */

static const char *base(void)
{
    const char *chosen = getenv("TMPDIR");
    struct statvfs v;
    if (chosen != NULL) {
        return chosen;
    }
    const bool memory = access("/dev/shm", W_OK) == 0 && statvfs("/dev/shm", &v) == 0 &&
                        (uint64_t)v.f_bavail * v.f_frsize > (uint64_t)512 << 20;
    return memory ? "/dev/shm" : "/tmp";
}

void place_configure(const char *dir)
{
    char name[256];
    snprintf(name, sizeof(name), "%s/craton_hsm.toml", place);
    FILE *f = fopen(name, "w");
    REQUIRE(f != NULL, "%s", name);
    fprintf(f,
            "[token]\nstorage_path = \"%s\"\n[security]\npbkdf2_iterations = 100000\n"
            "[log]\nlevel = \"off\"\n",
            dir);
    REQUIRE(fclose(f) == 0 && chmod(name, 0600) == 0, "%s", name);
    REQUIRE(setenv("CRATON_HSM_CONFIG", name, 1) == 0, "setenv");
}

void place_make(void)
{
    char store[160];
    snprintf(place, sizeof(place), "%.90s/craton-stress-XXXXXX", base());
    REQUIRE(mkdtemp(place) != NULL, "%s", place);
    snprintf(store, sizeof(store), "%s/store", place);
    place_configure(store);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    (void)remove(path);
    return 0;
}

void place_remove(void)
{
    (void)nftw(place, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* ---- the module ----------------------------------------------------------------------------------- */

void module_load(void)
{
    if (p11 != NULL) {
        return;
    }
    const char *path = getenv("CRATON_MODULE");
    REQUIRE(path != NULL, "CRATON_MODULE names the module");
    void *dl = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    REQUIRE(dl != NULL, "%s", dlerror());
    CK_RV (*get)(CK_FUNCTION_LIST_PTR_PTR) = NULL;
    *(void **)&get = dlsym(dl, "C_GetFunctionList");
    REQUIRE(get != NULL, "no C_GetFunctionList");
    OK(get(&p11));
}

void token_start(void)
{
    module_load();
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    OK(p11->C_Initialize(&args));
}

CK_SESSION_HANDLE token_session(void)
{
    CK_SESSION_HANDLE s = 0;
    OK(p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s));
    return s;
}

CK_SESSION_HANDLE token_login(void)
{
    const CK_SESSION_HANDLE s = token_session();
    CK_RV rv = p11->C_Login(s, CKU_USER, TEXT(USER_PIN));
    REQUIRE(rv == CKR_OK, "C_Login answered 0x%lx", rv);
    return s;
}

static void make(void *unused)
{
    (void)unused;
    CK_UTF8CHAR label[32];
    memset(label, ' ', sizeof(label));
    token_start();
    OK(p11->C_InitToken(0, TEXT(SO_PIN), label));
    const CK_SESSION_HANDLE s = token_session();
    OK(p11->C_Login(s, CKU_SO, TEXT(SO_PIN)));
    OK(p11->C_InitPIN(s, TEXT(USER_PIN)));
    OK(p11->C_Finalize(NULL));
}

void token_make(void)
{
    REQUIRE(run_child(make, NULL) == 0, "the token cannot be made");
}

/* ---- processes ------------------------------------------------------------------------------------- */

pid_t start_child(void (*f)(void *), void *arg)
{
    fflush(NULL);
    const pid_t pid = fork();
    REQUIRE(pid >= 0, "fork");
    if (pid == 0) {
        f(arg);
        fflush(NULL);
        _exit(0);
    }
    return pid;
}

int end_child(pid_t pid)
{
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid, "waitpid");
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int run_child(void (*f)(void *), void *arg)
{
    return end_child(start_child(f, arg));
}

/* ---- keys ------------------------------------------------------------------------------------------- */

void key_value(const char *name, CK_BYTE out[VALUE_SIZE])
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < VALUE_SIZE; i++) {
        h = (h ^ (uint8_t)name[i % strlen(name)]) * 16777619u + (uint32_t)i;
        out[i] = (CK_BYTE)(h >> 24);
    }
}

CK_RV key_create(CK_SESSION_HANDLE s, const char *name, bool private, CK_OBJECT_HANDLE *ret)
{
    CK_OBJECT_CLASS cls = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_BYTE value[VALUE_SIZE];
    key_value(name, value);
    CK_ATTRIBUTE t[] = {
        {CKA_CLASS, &cls, sizeof(cls)},
        {CKA_KEY_TYPE, &type, sizeof(type)},
        {CKA_TOKEN, &yes, sizeof(yes)},
        {CKA_PRIVATE, private ? &yes : &no, sizeof(yes)},
        {CKA_SENSITIVE, &no, sizeof(no)},
        {CKA_EXTRACTABLE, &yes, sizeof(yes)},
        {CKA_SIGN, &yes, sizeof(yes)},
        {CKA_VERIFY, &yes, sizeof(yes)},
        {CKA_LABEL, (void *)(uintptr_t)name, strlen(name)},
        {CKA_ID, (void *)(uintptr_t)name, strlen(name)},
        {CKA_VALUE, value, sizeof(value)},
    };
    return p11->C_CreateObject(s, t, N(t), ret);
}

/* EC_PARAMS: of MECHANISM's pair; NULL when it has none. */
static CK_RV generate(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE mechanism, CK_BYTE *ec_params,
                      CK_ULONG n, const char *name)
{
    CK_MECHANISM m = {mechanism, NULL, 0};
    CK_OBJECT_HANDLE pub = 0;
    CK_OBJECT_HANDLE priv = 0;
    CK_ATTRIBUTE a[] = {
        {CKA_TOKEN, &yes, sizeof(yes)},  {CKA_PRIVATE, &no, sizeof(no)},
        {CKA_VERIFY, &yes, sizeof(yes)}, {CKA_LABEL, (void *)(uintptr_t)name, strlen(name)},
        {CKA_EC_PARAMS, ec_params, n},
    };
    CK_ATTRIBUTE b[] = {
        {CKA_TOKEN, &yes, sizeof(yes)},
        {CKA_PRIVATE, &yes, sizeof(yes)},
        {CKA_SIGN, &yes, sizeof(yes)},
        {CKA_LABEL, (void *)(uintptr_t)name, strlen(name)},
    };
    return p11->C_GenerateKeyPair(s, &m, a, ec_params != NULL ? N(a) : N(a) - 1, b, N(b), &pub,
                                  &priv);
}

CK_RV pair_generate(CK_SESSION_HANDLE s, const char *name)
{
    static CK_BYTE p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    return generate(s, CKM_EC_KEY_PAIR_GEN, p256, sizeof(p256), name);
}

CK_RV composite_generate(CK_SESSION_HANDLE s, const char *name)
{
    return generate(s, CKM_CRATON_HYBRID_ML_DSA_ECDSA, NULL, 0, name);
}

CK_ULONG find(CK_SESSION_HANDLE s, CK_OBJECT_CLASS cls, const char *name, CK_OBJECT_HANDLE *out,
              CK_ULONG max)
{
    CK_ATTRIBUTE t[2];
    CK_ULONG n = 0;
    CK_ULONG got = 0;
    if (cls != CK_UNAVAILABLE_INFORMATION) {
        t[n++] = (CK_ATTRIBUTE){CKA_CLASS, &cls, sizeof(cls)};
    }
    if (name != NULL) {
        t[n++] = (CK_ATTRIBUTE){CKA_LABEL, (void *)(uintptr_t)name, strlen(name)};
    }
    OK(p11->C_FindObjectsInit(s, t, n));
    OK(p11->C_FindObjects(s, out, max, &got));
    OK(p11->C_FindObjectsFinal(s));
    return got;
}

CK_RV key_check(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, const char *name)
{
    CK_BYTE value[64];
    CK_BYTE want[VALUE_SIZE];
    char label[64];
    CK_ATTRIBUTE t[] = {{CKA_VALUE, value, sizeof(value)}, {CKA_LABEL, label, sizeof(label)}};
    const CK_RV rv = p11->C_GetAttributeValue(s, key, t, 2);
    if (rv != CKR_OK) {
        return rv;
    }
    key_value(name, want);
    REQUIRE(t[0].ulValueLen == VALUE_SIZE && memcmp(value, want, VALUE_SIZE) == 0,
            "the value of %s is wrong", name);
    REQUIRE(t[1].ulValueLen == strlen(name) && memcmp(label, name, strlen(name)) == 0,
            "the label of %s is wrong", name);
    return CKR_OK;
}

CK_RV key_use(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM m = {CKM_SHA256_HMAC, NULL, 0};
    CK_BYTE mac[32];
    CK_ULONG n = sizeof(mac);
    CK_RV rv = p11->C_SignInit(s, &m, key);
    if (rv == CKR_OK) {
        rv = p11->C_Sign(s, (CK_BYTE *)(uintptr_t) "data", 4, mac, &n);
    }
    if (rv == CKR_OK) {
        rv = p11->C_VerifyInit(s, &m, key);
    }
    return rv == CKR_OK ? p11->C_Verify(s, (CK_BYTE *)(uintptr_t) "data", 4, mac, n) : rv;
}

static void use(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE mechanism, const char *name)
{
    static CK_BYTE sig[8000];
    CK_MECHANISM m = {mechanism, NULL, 0};
    CK_BYTE digest[32] = {1, 2, 3};
    CK_ULONG n = sizeof(sig);
    CK_OBJECT_HANDLE pub[2];
    CK_OBJECT_HANDLE priv[2];
    REQUIRE(find(s, CKO_PUBLIC_KEY, name, pub, 2) == 1, "public half of %s", name);
    REQUIRE(find(s, CKO_PRIVATE_KEY, name, priv, 2) == 1, "private half of %s", name);
    OK(p11->C_SignInit(s, &m, priv[0]));
    OK(p11->C_Sign(s, digest, sizeof(digest), sig, &n));
    OK(p11->C_VerifyInit(s, &m, pub[0]));
    OK(p11->C_Verify(s, digest, sizeof(digest), sig, n));
}

void pair_use(CK_SESSION_HANDLE s, const char *name)
{
    use(s, CKM_ECDSA, name);
}

void composite_use(CK_SESSION_HANDLE s, const char *name)
{
    use(s, CKM_COMP_SIG, name);
}
