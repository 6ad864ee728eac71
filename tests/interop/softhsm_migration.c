/* SPDX-License-Identifier: Apache-2.0
 *
 * Moving in from SoftHSM2: an RSA, an EC and an AES key are wrapped out of it with AES key wrap
 * (0x2109 and 0x210A) and unwrapped here, found by the old label and id, and work as they did there:
 * what they sign here, SoftHSM2 verifies; what SoftHSM2 encrypted, they decrypt.
 * (pkcs11-tool of Debian 12 wraps secret keys only; hence a program.)
 *
 *   softhsm_migration OUR_MODULE SOFTHSM_MODULE     both configured by their environment
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <craton/pkcs11.h>

struct side {
    const char *name;
    CK_FUNCTION_LIST *f;
    CK_SESSION_HANDLE s;
};

static CK_UTF8CHAR so_pin[] = "so-pin-12345", user_pin[] = "user-pin-12345";
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

#define MUST(call)                                                                                 \
    do {                                                                                           \
        const CK_RV rv_ = (call);                                                                  \
        if (rv_ != CKR_OK) {                                                                       \
            fprintf(stderr, "line %d: %s: 0x%lx\n", __LINE__, #call, rv_);                         \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)
#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "line %d: not so: %s\n", __LINE__, #what);                             \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void open_side(struct side *x, const char *path)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    CK_C_GetFunctionList get = NULL;
    void *symbol = dlsym(module, "C_GetFunctionList");
    memcpy(&get, &symbol, sizeof get);
    MUST(get(&x->f));
    MUST(x->f->C_Initialize(NULL));
    CK_SLOT_ID slots[16];
    CK_ULONG n = COUNT(slots);
    MUST(x->f->C_GetSlotList(CK_TRUE, slots, &n));
    CHECK(n > 0);
    CK_UTF8CHAR label[32];
    memset(label, ' ', sizeof label);
    memcpy(label, "moving", 6);
    MUST(x->f->C_InitToken(slots[0], so_pin, sizeof so_pin - 1, label));
    n = COUNT(slots); /* SoftHSM2 gives an initialised token another slot number */
    MUST(x->f->C_GetSlotList(CK_TRUE, slots, &n));
    CK_SLOT_ID slot = slots[0];
    for (CK_ULONG i = 0; i < n; i++) {
        CK_TOKEN_INFO info;
        MUST(x->f->C_GetTokenInfo(slots[i], &info));
        if (memcmp(info.label, label, sizeof label) == 0) {
            slot = slots[i];
        }
    }
    MUST(x->f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &x->s));
    MUST(x->f->C_Login(x->s, CKU_SO, so_pin, sizeof so_pin - 1));
    MUST(x->f->C_InitPIN(x->s, user_pin, sizeof user_pin - 1));
    MUST(x->f->C_Logout(x->s));
    MUST(x->f->C_Login(x->s, CKU_USER, user_pin, sizeof user_pin - 1));
}

static CK_OBJECT_HANDLE write_kek(struct side *x, CK_BYTE *value)
{
    CK_OBJECT_CLASS cls = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_ATTRIBUTE t[] = {
        {CKA_CLASS, &cls, sizeof cls}, {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &no, 1},           {CKA_VALUE, value, 32},
        {CKA_WRAP, &yes, 1},           {CKA_UNWRAP, &yes, 1},
    };
    CK_OBJECT_HANDLE h = 0;
    MUST(x->f->C_CreateObject(x->s, t, COUNT(t), &h));
    return h;
}

static CK_OBJECT_HANDLE find(struct side *x, CK_OBJECT_CLASS cls, const char *label, CK_BYTE id)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%s", label);
    CK_ATTRIBUTE t[] = {
        {CKA_CLASS, &cls, sizeof cls},
        {CKA_LABEL, text, strlen(text)},
        {CKA_ID, &id, 1},
    };
    CK_OBJECT_HANDLE h[2] = {0, 0};
    CK_ULONG n = 0;
    MUST(x->f->C_FindObjectsInit(x->s, t, COUNT(t)));
    MUST(x->f->C_FindObjects(x->s, h, 2, &n));
    MUST(x->f->C_FindObjectsFinal(x->s));
    CHECK(n == 1);
    return h[0];
}

static CK_OBJECT_HANDLE make_pair(struct side *old, bool rsa, const char *label, CK_BYTE id)
{
    static CK_BYTE p256[] = {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7};
    CK_ULONG bits = 2048;
    char text[32];
    (void)snprintf(text, sizeof text, "%s", label);
    CK_ATTRIBUTE pub[] = {
        {rsa ? CKA_MODULUS_BITS : CKA_EC_PARAMS, rsa ? (void *)&bits : (void *)p256,
         rsa ? sizeof bits : sizeof p256},
        {CKA_VERIFY, &yes, 1},
        {CKA_TOKEN, &yes, 1},
        {CKA_LABEL, text, strlen(text)},
        {CKA_ID, &id, 1},
    };
    CK_ATTRIBUTE priv[] = {
        {CKA_TOKEN, &yes, 1}, {CKA_PRIVATE, &yes, 1},          {CKA_EXTRACTABLE, &yes, 1},
        {CKA_SIGN, &yes, 1},  {CKA_LABEL, text, strlen(text)}, {CKA_ID, &id, 1},
    };
    CK_MECHANISM m = {rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_OBJECT_HANDLE hpub = 0, hpriv = 0;
    MUST(old->f->C_GenerateKeyPair(old->s, &m, pub, COUNT(pub), priv, COUNT(priv), &hpub, &hpriv));
    return hpriv;
}

static CK_OBJECT_HANDLE make_aes(struct side *old, const char *label, CK_BYTE id)
{
    CK_ULONG len = 32;
    char text[32];
    (void)snprintf(text, sizeof text, "%s", label);
    CK_ATTRIBUTE t[] = {
        {CKA_VALUE_LEN, &len, sizeof len},
        {CKA_TOKEN, &yes, 1},
        {CKA_EXTRACTABLE, &yes, 1},
        {CKA_ENCRYPT, &yes, 1},
        {CKA_DECRYPT, &yes, 1},
        {CKA_LABEL, text, strlen(text)},
        {CKA_ID, &id, 1},
    };
    CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
    CK_OBJECT_HANDLE h = 0;
    MUST(old->f->C_GenerateKey(old->s, &m, t, COUNT(t), &h));
    return h;
}

/* Wraps KEY there, unwraps it here under its label and id. */
static void move(struct side *old, CK_OBJECT_HANDLE old_kek, CK_OBJECT_HANDLE key,
                 struct side *ours, CK_OBJECT_HANDLE our_kek, CK_OBJECT_CLASS cls, CK_KEY_TYPE type,
                 const char *label, CK_BYTE id)
{
    CK_BYTE wrapped[4096];
    CK_ULONG n = sizeof wrapped;
    CK_MECHANISM m = {CKM_AES_KEY_WRAP, NULL, 0};
    if (old->f->C_WrapKey(old->s, &m, old_kek, key, wrapped, &n) != CKR_OK) {
        m.mechanism = CKM_AES_KEY_WRAP_PAD; /* the encoding is no multiple of eight bytes */
        n = sizeof wrapped;
        MUST(old->f->C_WrapKey(old->s, &m, old_kek, key, wrapped, &n));
    }
    char text[32];
    (void)snprintf(text, sizeof text, "%s", label);
    CK_ATTRIBUTE t[] = {
        {CKA_CLASS, &cls, sizeof cls},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &yes, 1},
        {CKA_PRIVATE, &yes, 1},
        {CKA_LABEL, text, strlen(text)},
        {CKA_ID, &id, 1},
        {cls == CKO_PRIVATE_KEY ? CKA_SIGN : CKA_DECRYPT, &yes, 1},
    };
    CK_OBJECT_HANDLE h = 0;
    MUST(ours->f->C_UnwrapKey(ours->s, &m, our_kek, wrapped, n, t, COUNT(t), &h));
    wrapped[n / 2] ^= 1;
    CHECK(ours->f->C_UnwrapKey(ours->s, &m, our_kek, wrapped, n, t, COUNT(t), &h) ==
          CKR_WRAPPED_KEY_INVALID);
    printf("moved %s (%lu bytes wrapped, mechanism 0x%lx)\n", label, n, m.mechanism);
}

static void signs_as_before(struct side *ours, struct side *old, const char *label, CK_BYTE id,
                            CK_MECHANISM_TYPE type)
{
    CK_BYTE hash[32], sig[512];
    CK_ULONG n = sizeof sig;
    CK_MECHANISM m = {type, NULL, 0};
    memset(hash, 0x5a, sizeof hash);
    MUST(ours->f->C_SignInit(ours->s, &m, find(ours, CKO_PRIVATE_KEY, label, id)));
    MUST(ours->f->C_Sign(ours->s, hash, sizeof hash, sig, &n));
    MUST(old->f->C_VerifyInit(old->s, &m, find(old, CKO_PUBLIC_KEY, label, id)));
    MUST(old->f->C_Verify(old->s, hash, sizeof hash, sig, n));
    printf("%s signs here, SoftHSM2 verifies\n", label);
}

static void decrypts_as_before(struct side *ours, struct side *old, const char *label, CK_BYTE id)
{
    CK_BYTE iv[16], text[64], enc[64], out[64];
    CK_ULONG n = sizeof enc, m = sizeof out;
    memset(iv, 7, sizeof iv);
    memset(text, 0x33, sizeof text);
    CK_MECHANISM cbc = {CKM_AES_CBC, iv, sizeof iv};
    MUST(old->f->C_EncryptInit(old->s, &cbc, find(old, CKO_SECRET_KEY, label, id)));
    MUST(old->f->C_Encrypt(old->s, text, sizeof text, enc, &n));
    MUST(ours->f->C_DecryptInit(ours->s, &cbc, find(ours, CKO_SECRET_KEY, label, id)));
    MUST(ours->f->C_Decrypt(ours->s, enc, n, out, &m));
    CHECK(m == sizeof text && memcmp(out, text, m) == 0);
    printf("%s decrypts here what SoftHSM2 encrypted\n", label);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s OUR_MODULE SOFTHSM_MODULE\n", argv[0]);
        return 2;
    }
    struct side ours = {"craton", NULL, 0}, old = {"softhsm", NULL, 0};
    open_side(&ours, argv[1]);
    open_side(&old, argv[2]);
    CK_BYTE kek[32];
    MUST(ours.f->C_GenerateRandom(ours.s, kek, sizeof kek));
    const CK_OBJECT_HANDLE our_kek = write_kek(&ours, kek), old_kek = write_kek(&old, kek);
    memset(kek, 0, sizeof kek);

    move(&old, old_kek, make_pair(&old, true, "my-signing-key", 1), &ours, our_kek, CKO_PRIVATE_KEY,
         CKK_RSA, "my-signing-key", 1);
    move(&old, old_kek, make_pair(&old, false, "my-ec-key", 2), &ours, our_kek, CKO_PRIVATE_KEY,
         CKK_EC, "my-ec-key", 2);
    move(&old, old_kek, make_aes(&old, "my-aes-key", 3), &ours, our_kek, CKO_SECRET_KEY, CKK_AES,
         "my-aes-key", 3);
    signs_as_before(&ours, &old, "my-signing-key", 1, CKM_RSA_PKCS);
    signs_as_before(&ours, &old, "my-ec-key", 2, CKM_ECDSA);
    decrypts_as_before(&ours, &old, "my-aes-key", 3);
    MUST(ours.f->C_Finalize(NULL));
    MUST(old.f->C_Finalize(NULL));
    puts("migration: all keys work");
    return 0;
}
