/* SPDX-License-Identifier: Apache-2.0
 *
 * Hostile arguments, over all functions: the parameters of each are read from the table of
 * functions, so that a new function is tried without a new test.
 */
#include "harness.h"

#include <stdio.h>

#define MAX_ARGS 10

enum how { EARLY, CORE, SHUT };
enum kind { NONE, SLOT, SESSION };

struct fn {
    const char *name;
    size_t offset; /* in CK_FUNCTION_LIST_3_2 */
    enum how how;
    enum kind kind;
    const char *parameters;
};

static const struct fn fns[] = {
#define ROW(how, name, since, kind, target, parameters, arguments)                                 \
    {#name, offsetof(CK_FUNCTION_LIST_3_2, name), how, kind, #parameters},
#include "pkcs11/functions.def"
#undef ROW
};

typedef CK_RV (*any_fn)(CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG,
                        CK_ULONG, CK_ULONG, CK_ULONG);

/* Every argument is a register wide, so that one call fits all. */
static CK_RV call(const struct fn *f, const CK_ULONG a[MAX_ARGS])
{
    any_fn fn;
    memcpy(&fn, (const char *)p11 + f->offset, sizeof fn);
    return fn(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]);
}

struct param {
    char type[40], name[40];
};

static size_t parse(const struct fn *f, struct param p[MAX_ARGS])
{
    size_t n = 0;
    for (const char *at = f->parameters + 1; *at != '\0' && n < MAX_ARGS; n++) {
        assert_int_equal(sscanf(at, " %39[A-Za-z0-9_] %39[A-Za-z0-9_]", p[n].type, p[n].name), 2);
        at += strcspn(at, ",)");
        if (*at != ',') {
            return n + 1;
        }
        at++;
    }
    return n;
}

static bool is_pointer(const struct param *p)
{
    const size_t n = strlen(p->type);
    return (n > 4 && strcmp(p->type + n - 4, "_PTR") == 0) || strcmp(p->type, "CK_NOTIFY") == 0;
}

static bool is_number(const struct param *p)
{
    return strcmp(p->type, "CK_ULONG") == 0;
}

/* Whatever comes, the answer is a CKR_ of the standard (item 28). */
static bool known(CK_RV rv)
{
    return rv == CKR_OK || strcmp(rv_name(rv), "no CKR_ of ours") != 0;
}

static CK_RV shut_answer(const struct fn *f)
{
    return strcmp(f->name, "C_GetFunctionStatus") == 0 || strcmp(f->name, "C_CancelFunction") == 0
               ? CKR_FUNCTION_NOT_PARALLEL
               : CKR_FUNCTION_NOT_SUPPORTED;
}

/* What must not be called at random: they end the world of this test, or count PINs. */
static bool excluded(const struct fn *f)
{
    static const char *const names[] = {"C_Initialize", "C_Finalize",  "C_InitToken",
                                        "C_InitPIN",    "C_SetPIN",    "C_CloseAllSessions",
                                        "C_Login",      "C_LoginUser", "C_Logout"};
    for (size_t i = 0; i < LEN(names); i++) {
        if (strcmp(f->name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void r106_nothing_works_before_initialize(void **state)
{
    (void)state;
    OK(p11->C_Finalize(NULL));
    for (size_t i = 0; i < LEN(fns); i++) {
        static const CK_ULONG a[MAX_ARGS];
        if (fns[i].how != EARLY) {
            rv_check(call(&fns[i], a), CKR_CRYPTOKI_NOT_INITIALIZED, fns[i].name, __FILE__,
                     __LINE__);
        }
    }
    OK(p11->C_Initialize(NULL));
}

static void r031_every_function_with_a_bad_session(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE good = open_session(true);
    const CK_ULONG bad[] = {0, 1, ~0UL, good + 1, good ^ 1UL << 40};
    for (size_t i = 0; i < LEN(fns); i++) {
        for (size_t j = 0; fns[i].kind == SESSION && j < LEN(bad); j++) {
            const CK_ULONG a[MAX_ARGS] = {bad[j]};
            rv_check(call(&fns[i], a),
                     fns[i].how == SHUT ? shut_answer(&fns[i]) : CKR_SESSION_HANDLE_INVALID,
                     fns[i].name, __FILE__, __LINE__);
        }
    }
}

static void r031_every_function_with_a_bad_slot(void **state)
{
    (void)state;
    static CK_BYTE scratch[4096];
    static const CK_ULONG bad[] = {2, 1000, ~0UL};
    for (size_t i = 0; i < LEN(fns); i++) {
        for (size_t j = 0; fns[i].kind == SLOT && j < LEN(bad); j++) {
            struct param p[MAX_ARGS];
            const size_t n = parse(&fns[i], p);
            CK_ULONG a[MAX_ARGS] = {bad[j]};
            for (size_t k = 1; k < n; k++) {
                a[k] = is_pointer(&p[k]) ? (CK_ULONG)(uintptr_t)scratch : CKF_SERIAL_SESSION;
            }
            rv_check(call(&fns[i], a), CKR_SLOT_ID_INVALID, fns[i].name, __FILE__, __LINE__);
        }
    }
}

/* Keys that operations begin with. */
static CK_OBJECT_HANDLE aes, ec_pub, ec_priv;
static CK_BYTE iv[16];

static void begin_everything(CK_SESSION_HANDLE s)
{
    OK(p11->C_EncryptInit(s, MECHX(CKM_AES_CBC_PAD, iv, sizeof iv), aes));
    OK(p11->C_DecryptInit(s, MECHX(CKM_AES_CBC_PAD, iv, sizeof iv), aes));
    OK(p11->C_DigestInit(s, MECH(CKM_SHA256)));
    OK(p11->C_SignInit(s, MECH(CKM_ECDSA_SHA256), ec_priv));
    OK(p11->C_VerifyInit(s, MECH(CKM_ECDSA_SHA256), ec_pub));
    OK(p11->C_FindObjectsInit(s, NULL, 0));
}

/* Calls F with benign arguments, but for what TWIST does to one of them. */
typedef bool (*twist_fn)(const struct param *p, CK_ULONG *a);

static CK_BYTE scratch[16][4096];

static void try_twisted(const struct fn *f, twist_fn twist, bool may_be_ok)
{
    struct param p[MAX_ARGS];
    const size_t n = parse(f, p);
    for (size_t twisted = 0; twisted < n; twisted++) {
        for (int active = 0; active < 2; active++) {
            const CK_SESSION_HANDLE s = open_session(true);
            memset(scratch, 0, sizeof scratch);
            CK_ULONG a[MAX_ARGS] = {0};
            for (size_t i = 0; i < n; i++) {
                a[i] = is_pointer(&p[i])  ? (CK_ULONG)(uintptr_t)scratch[i]
                       : is_number(&p[i]) ? 16
                                          : 0;
                if (is_pointer(&p[i]) && strncmp(p[i].name, "pul", 3) == 0) {
                    const CK_ULONG room = sizeof scratch[0];
                    memcpy(scratch[i], &room, sizeof room);
                }
            }
            a[0] = f->kind == SESSION ? s : f->kind == SLOT ? slot : a[0];
            if (strcmp(f->name, "C_WaitForSlotEvent") == 0) {
                a[0] = CKF_DONT_BLOCK;
            }
            if (twist(&p[twisted], &a[twisted])) {
                if (active) {
                    begin_everything(s);
                }
                const CK_RV rv = call(f, a);
                if (!known(rv) || (rv == CKR_OK && !may_be_ok)) {
                    print_error("%s with %s = 0x%lx (operations %s): 0x%lx\n", f->name,
                                p[twisted].name, a[twisted], active ? "active" : "none", rv);
                    fail();
                }
            }
            (void)p11->C_CloseSession(s);
        }
    }
}

static bool twist_null(const struct param *p, CK_ULONG *a)
{
    *a = 0;
    return is_pointer(p);
}

static bool twist_huge(const struct param *p, CK_ULONG *a)
{
    *a = ~0UL;
    return is_number(p);
}

static bool twist_wrapping(const struct param *p, CK_ULONG *a)
{
    *a = 0xaaaaaaaaaaaaaabUL;
    return is_number(p);
}

static bool twist_half(const struct param *p, CK_ULONG *a)
{
    *a = (CK_ULONG)INTPTR_MAX;
    return is_number(p);
}

static void hold_keys(void)
{
    const CK_SESSION_HANDLE s = user_session();
    aes = aes_key(s, 16);
    ec_pair(s, &P256, &ec_pub, &ec_priv);
}

static void r004_null_for_every_pointer(void **state)
{
    (void)state;
    hold_keys();
    for (size_t i = 0; i < LEN(fns); i++) {
        if (!excluded(&fns[i])) {
            try_twisted(&fns[i], twist_null, true);
        }
    }
}

static void r002_huge_lengths_everywhere(void **state)
{
    (void)state;
    hold_keys();
    for (size_t i = 0; i < LEN(fns); i++) {
        /* the room of a list of handles may well be told too large */
        if (!excluded(&fns[i]) && strcmp(fns[i].name, "C_FindObjects") != 0) {
            try_twisted(&fns[i], twist_huge, false);
            try_twisted(&fns[i], twist_wrapping, false);
            try_twisted(&fns[i], twist_half, false);
        }
    }
}

static void r001_template_counts(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE o = data_object(s, false, "x");
    static const CK_ULONG counts[] = {~0UL, 0xaaaaaaaaaaaaaabUL, 1UL << 32, 1UL << 58, 1025};
    CK_ATTRIBUTE t[1] = {AU(CKA_CLASS, CKO_DATA)};
    CK_OBJECT_HANDLE h = 0, h2 = 0;
    for (size_t i = 0; i < LEN(counts); i++) {
        const CK_ULONG n = counts[i];
        RV(CKR_ARGUMENTS_BAD, p11->C_CreateObject(s, t, n, &h));
        RV(CKR_ARGUMENTS_BAD, p11->C_CopyObject(s, o, t, n, &h));
        RV(CKR_ARGUMENTS_BAD, p11->C_GetAttributeValue(s, o, t, n));
        RV(CKR_ARGUMENTS_BAD, p11->C_SetAttributeValue(s, o, t, n));
        RV(CKR_ARGUMENTS_BAD, p11->C_FindObjectsInit(s, t, n));
        RV(CKR_ARGUMENTS_BAD, p11->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), t, n, &h));
        RV(CKR_ARGUMENTS_BAD,
           p11->C_GenerateKeyPair(s, MECH(CKM_EC_KEY_PAIR_GEN), t, n, t, 1, &h, &h2));
        RV(CKR_ARGUMENTS_BAD,
           p11->C_GenerateKeyPair(s, MECH(CKM_EC_KEY_PAIR_GEN), t, 1, t, n, &h, &h2));
    }
    assert_int_equal(h, 0);
}

static void r006_mechanism_parameters_of_wrong_length(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE rsa_pub = 0, rsa_priv = 0, ed_pub = 0, ed_priv = 0;
    hold_keys();
    rsa_pair(s, 2048, &rsa_pub, &rsa_priv);
    edwards_pair(s, &ED25519, &ed_pub, &ed_priv);
    const CK_OBJECT_HANDLE keys[] = {aes,      secret_import(s, "0123456789abcdef", 16),
                                     rsa_priv, rsa_pub,
                                     ec_priv,  ec_pub,
                                     ed_priv,  ed_pub};
    CK_MECHANISM_TYPE list[512];
    CK_ULONG n = LEN(list);
    OK(p11->C_GetMechanismList(slot, list, &n));
    static CK_BYTE junk[1024];
    static const struct {
        CK_BYTE *p;
        CK_ULONG n;
        bool never; /* never right */
    } params[] = {{NULL, 8, true},        {NULL, ~0UL, true}, {junk, ~0UL, true}, {junk, 1, true},
                  {junk, 7, true},        {junk, 1000, true}, {junk, 16, false},  {junk, 24, false},
                  {junk, 40, false},      {junk, 48, false},  {NULL, 0, false},   {junk, 0, false},
                  {junk, 1UL << 40, true}};
    for (CK_ULONG i = 0; i < n; i++) {
        for (size_t j = 0; j < LEN(params); j++) {
            CK_MECHANISM m = {list[i], params[j].p, params[j].n};
            for (size_t k = 0; k < LEN(keys); k++) {
                const CK_RV rv[] = {
                    p11->C_EncryptInit(s, &m, keys[k]), p11->C_DecryptInit(s, &m, keys[k]),
                    p11->C_SignInit(s, &m, keys[k]),    p11->C_VerifyInit(s, &m, keys[k]),
                    p11->C_DigestInit(s, &m),
                };
                for (size_t r = 0; r < LEN(rv); r++) {
                    if (!known(rv[r]) || (rv[r] == CKR_OK && params[j].never)) {
                        print_error("mechanism 0x%lx, %s parameter of 0x%lx bytes: 0x%lx\n",
                                    list[i], params[j].p != NULL ? "a" : "no", params[j].n, rv[r]);
                        fail();
                    }
                }
                (void)p11->C_SessionCancel(s, CKF_ENCRYPT | CKF_DECRYPT | CKF_SIGN | CKF_VERIFY |
                                                  CKF_DIGEST);
            }
        }
    }
}

static void r007_inner_pointers(void **state)
{
    (void)state;
    static const CK_RV want = CKR_MECHANISM_PARAM_INVALID;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE rsa_pub = 0, rsa_priv = 0, k = 0;
    hold_keys();
    rsa_pair(s, 2048, &rsa_pub, &rsa_priv);
    CK_GCM_PARAMS g = {.pIv = NULL, .ulIvLen = 12, .ulTagBits = 128};
    RV(want, p11->C_EncryptInit(s, MECHP(CKM_AES_GCM, g), aes));
    RV(want, p11->C_DecryptInit(s, MECHP(CKM_AES_GCM, g), aes));
    g = (CK_GCM_PARAMS){.pIv = iv, .ulIvLen = 12, .ulAADLen = 5, .ulTagBits = 128};
    RV(want, p11->C_EncryptInit(s, MECHP(CKM_AES_GCM, g), aes));
    g = (CK_GCM_PARAMS){.pIv = iv, .ulIvLen = ~0UL, .ulTagBits = 128};
    RV(want, p11->C_EncryptInit(s, MECHP(CKM_AES_GCM, g), aes));
    g = (CK_GCM_PARAMS){.pIv = iv, .ulIvLen = 12, .pAAD = iv, .ulAADLen = ~0UL, .ulTagBits = 128};
    REFUSED(p11->C_EncryptInit(s, MECHP(CKM_AES_GCM, g), aes));
    CK_CCM_PARAMS c = {.ulDataLen = 5, .ulNonceLen = 12, .ulMACLen = 16};
    RV(want, p11->C_EncryptInit(s, MECHP(CKM_AES_CCM, c), aes));
    c = (CK_CCM_PARAMS){
        .ulDataLen = 5, .pNonce = iv, .ulNonceLen = 12, .ulAADLen = 9, .ulMACLen = 16};
    RV(want, p11->C_EncryptInit(s, MECHP(CKM_AES_CCM, c), aes));
    CK_RSA_PKCS_OAEP_PARAMS o = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 8};
    RV(want, p11->C_EncryptInit(s, MECHP(CKM_RSA_PKCS_OAEP, o), rsa_pub));
    o = (CK_RSA_PKCS_OAEP_PARAMS){CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, iv, ~0UL};
    RV(want, p11->C_EncryptInit(s, MECHP(CKM_RSA_PKCS_OAEP, o), rsa_pub));
    o = (CK_RSA_PKCS_OAEP_PARAMS){CKM_AES_CBC, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0};
    RV(want, p11->C_EncryptInit(s, MECHP(CKM_RSA_PKCS_OAEP, o), rsa_pub));
    CK_ECDH1_DERIVE_PARAMS e = {.kdf = CKD_NULL, .ulPublicDataLen = 65};
    CK_ATTRIBUTE t[] = {AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_GENERIC_SECRET)};
    RV(want, p11->C_DeriveKey(s, MECHP(CKM_ECDH1_DERIVE, e), ec_priv, t, LEN(t), &k));
    e = (CK_ECDH1_DERIVE_PARAMS){.kdf = 0x777, .pPublicData = scratch[0], .ulPublicDataLen = 65};
    RV(want, p11->C_DeriveKey(s, MECHP(CKM_ECDH1_DERIVE, e), ec_priv, t, LEN(t), &k));
    const CK_OBJECT_HANDLE g32 = secret_import(s, "0123456789abcdef0123456789abcdef", 32);
    CK_HKDF_PARAMS h = {.bExtract = CK_TRUE,
                        .bExpand = CK_TRUE,
                        .prfHashMechanism = CKM_SHA256,
                        .ulSaltType = CKF_HKDF_SALT_DATA,
                        .ulSaltLen = 8};
    CK_ATTRIBUTE d[] = {AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
                        AU(CKA_VALUE_LEN, 32)};
    RV(want, p11->C_DeriveKey(s, MECHP(CKM_HKDF_DERIVE, h), g32, d, LEN(d), &k));
    h.ulSaltLen = 0;
    h.ulSaltType = CKF_HKDF_SALT_NULL;
    h.ulInfoLen = 9;
    RV(want, p11->C_DeriveKey(s, MECHP(CKM_HKDF_DERIVE, h), g32, d, LEN(d), &k));
    h.ulInfoLen = 0;
    h.prfHashMechanism = 0x7777;
    RV(want, p11->C_DeriveKey(s, MECHP(CKM_HKDF_DERIVE, h), g32, d, LEN(d), &k));
    CK_EDDSA_PARAMS p = {.phFlag = CK_FALSE, .ulContextDataLen = 5};
    CK_OBJECT_HANDLE ed_pub = 0, ed_priv = 0;
    edwards_pair(s, &ED25519, &ed_pub, &ed_priv);
    RV(want, p11->C_SignInit(s, MECHP(CKM_EDDSA, p), ed_priv));
    p = (CK_EDDSA_PARAMS){CK_FALSE, 256, scratch[0]};
    RV(want, p11->C_SignInit(s, MECHP(CKM_EDDSA, p), ed_priv));
    assert_int_equal(k, 0);
}

static void r018_derivation_has_a_ceiling(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = secret_import(s, "0123456789abcdef0123456789abcdef", 32);
    CK_HKDF_PARAMS h = {.bExtract = CK_TRUE,
                        .bExpand = CK_TRUE,
                        .prfHashMechanism = CKM_SHA256,
                        .ulSaltType = CKF_HKDF_SALT_NULL};
    static const CK_ULONG lengths[] = {255 * 32 + 1, 1UL << 31, ~0UL, 0};
    for (size_t i = 0; i < LEN(lengths); i++) {
        CK_OBJECT_HANDLE d = 0;
        CK_ATTRIBUTE t[] = {AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
                            AU(CKA_VALUE_LEN, lengths[i])};
        ONE_OF(p11->C_DeriveKey(s, MECHP(CKM_HKDF_DERIVE, h), k, t, LEN(t), &d), CKR_KEY_SIZE_RANGE,
               CKR_ATTRIBUTE_VALUE_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_TEMPLATE_INCONSISTENT,
               CKR_TEMPLATE_INCOMPLETE);
    }
}

static void r017_key_lengths(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    static const CK_ULONG lengths[] = {0, 1, 15, 17, 33, 0x7fffffff, 1UL << 32, ~0UL};
    CK_OBJECT_HANDLE k = 0;
    for (size_t i = 0; i < LEN(lengths); i++) {
        ONE_OF(p11->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), T(AU(CKA_VALUE_LEN, lengths[i])), &k),
               CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE);
        if (lengths[i] == 0 || lengths[i] > 100) {
            ONE_OF(p11->C_GenerateKey(s, MECH(CKM_GENERIC_SECRET_KEY_GEN),
                                      T(AU(CKA_VALUE_LEN, lengths[i])), &k),
                   CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE);
        }
    }
    static const CK_ULONG bits[] = {0, 1, 512, 1023, 2047, 65536, ~0UL};
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    for (size_t i = 0; i < LEN(bits); i++) {
        ONE_OF(p11->C_GenerateKeyPair(s, MECH(CKM_RSA_PKCS_KEY_PAIR_GEN),
                                      T(AU(CKA_MODULUS_BITS, bits[i])), NULL, 0, &pub, &priv),
               CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE);
    }
    assert_int_equal(k, 0);
    assert_int_equal(pub, 0);
}

static void r019_rsa_exponents(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    static const CK_BYTE e1[] = {1}, e2[] = {2}, e0[] = {0}, even[] = {1, 0, 0};
    static CK_BYTE huge[300];
    memset(huge, 0xff, sizeof huge);
    const struct {
        const CK_BYTE *p;
        CK_ULONG n;
    } bad[] = {{e1, 1}, {e2, 1}, {e0, 1}, {even, 3}, {huge, sizeof huge}, {huge, 0}};
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    for (size_t i = 0; i < LEN(bad); i++) {
        REFUSED(p11->C_GenerateKeyPair(
            s, MECH(CKM_RSA_PKCS_KEY_PAIR_GEN),
            T(AU(CKA_MODULUS_BITS, 2048), AX(CKA_PUBLIC_EXPONENT, bad[i].p, bad[i].n)), NULL, 0,
            &pub, &priv));
    }
    assert_int_equal(pub, 0);
}

static void r020_rsa_numbers_on_import(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    static CK_BYTE n[256], giant[4096];
    CK_OBJECT_HANDLE o = 0;
    static const CK_BYTE e[] = {1, 0, 1};
#define PUBLIC(mod, len)                                                                           \
    p11->C_CreateObject(s,                                                                         \
                        T(AU(CKA_CLASS, CKO_PUBLIC_KEY), AU(CKA_KEY_TYPE, CKK_RSA),                \
                          AX(CKA_MODULUS, (mod), (len)), AX(CKA_PUBLIC_EXPONENT, e, sizeof e)),    \
                        &o)
    REFUSED(PUBLIC(n, sizeof n)); /* zero */
    n[0] = 0x80;
    REFUSED(PUBLIC(n, sizeof n)); /* even */
    n[255] = 1;
    REFUSED(PUBLIC(n, 0));
    REFUSED(PUBLIC(n, 32)); /* too short */
    memset(giant, 0xff, sizeof giant);
    REFUSED(PUBLIC(giant, sizeof giant));
#undef PUBLIC
    assert_int_equal(o, 0);
}

static void r021_curves_that_are_none(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    static const struct {
        const char *der;
        CK_ULONG n;
    } bad[] = {
        {"\x06\x05\x2b\x81\x04\x00\x7f", 7},                  /* unknown */
        {"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x00", 11}, /* something behind it */
        {"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01", 9},          /* cut off */
        {"\x06\x7f\x2a", 3},                                  /* length too large */
        {"\x13\x0a"
         "notacurve!",
         12},                        /* a name that is none */
        {"\x30\x03\x02\x01\x01", 5}, /* explicit */
        {"\x05\x00", 2},             /* implicit */
        {"\x06\x00", 2},
        {"", 0},
    };
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    for (size_t i = 0; i < LEN(bad); i++) {
        ONE_OF(p11->C_GenerateKeyPair(s, MECH(CKM_EC_KEY_PAIR_GEN),
                                      T(AX(CKA_EC_PARAMS, bad[i].der, bad[i].n)), NULL, 0, &pub,
                                      &priv),
               CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
               CKR_TEMPLATE_INCOMPLETE);
    }
    /* no silent change of the curve */
    REFUSED(p11->C_GenerateKeyPair(s, MECH(CKM_EC_EDWARDS_KEY_PAIR_GEN),
                                   T(AX(CKA_EC_PARAMS, P256.der, P256.n)), NULL, 0, &pub, &priv));
    assert_int_equal(pub, 0);
}

static void r022_points_that_are_none(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE pub = 0, priv = 0, o = 0;
    ec_pair(s, &P256, &pub, &priv);
    CK_BYTE point[80];
    const CK_ULONG n = attr_bytes(s, pub, CKA_EC_POINT, point, sizeof point);
    assert_int_equal(n, 67);
    assert_int_equal(point[0], 0x04);
    assert_int_equal(point[1], 65);
#define IMPORT(p, len)                                                                             \
    p11->C_CreateObject(s,                                                                         \
                        T(AU(CKA_CLASS, CKO_PUBLIC_KEY), AU(CKA_KEY_TYPE, CKK_EC),                 \
                          AX(CKA_EC_PARAMS, P256.der, P256.n), AX(CKA_EC_POINT, (p), (len))),      \
                        &o)
    OK(IMPORT(point, n));
    CK_ULONG raw = n - 2;
    OK(IMPORT(point + 2, raw)); /* without the OCTET STRING, as older clients do */
    CK_BYTE bad[80];
    memcpy(bad, point, n);
    bad[n - 1] ^= 1;
    REFUSED(IMPORT(bad, n)); /* off the curve */
    memcpy(bad, point, n);
    REFUSED(IMPORT(bad, n - 1));
    bad[n] = 0;
    REFUSED(IMPORT(bad, n + 1));
    REFUSED(IMPORT("\x04\x01\x00", 3)); /* infinity */
    REFUSED(IMPORT("\x00", 1));
    REFUSED(IMPORT("", 0));
#undef IMPORT
    CK_ATTRIBUTE t[] = {AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_GENERIC_SECRET)};
    CK_ECDH1_DERIVE_PARAMS e = {.kdf = CKD_NULL, .pPublicData = bad, .ulPublicDataLen = n};
    OK(p11->C_DeriveKey(s, MECHP(CKM_ECDH1_DERIVE, e), priv, t, LEN(t), &o));
    bad[n - 1] ^= 1;
    ONE_OF(p11->C_DeriveKey(s, MECHP(CKM_ECDH1_DERIVE, e), priv, t, LEN(t), &o),
           CKR_PUBLIC_KEY_INVALID, CKR_MECHANISM_PARAM_INVALID);
    CK_OBJECT_HANDLE xpub = 0, xpriv = 0;
    montgomery_pair(s, &X25519, &xpub, &xpriv);
    static CK_BYTE small[32]; /* of order one: the shared secret would be zero */
    e = (CK_ECDH1_DERIVE_PARAMS){.kdf = CKD_NULL, .pPublicData = small, .ulPublicDataLen = 32};
    REFUSED(p11->C_DeriveKey(s, MECHP(CKM_ECDH1_DERIVE, e), xpriv, t, LEN(t), &o));
}

static void r022_edwards_points_that_are_none(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE o = 0;
    CK_BYTE p[32];
#define IMPORT()                                                                                   \
    p11->C_CreateObject(s,                                                                         \
                        T(AU(CKA_CLASS, CKO_PUBLIC_KEY), AU(CKA_KEY_TYPE, CKK_EC_EDWARDS),         \
                          AX(CKA_EC_PARAMS, ED25519.der, ED25519.n),                               \
                          AX(CKA_EC_POINT, p, sizeof p)),                                          \
                        &o)
    memset(p, 0, sizeof p);
    p[0] = 1;
    REFUSED(IMPORT()); /* the neutral element */
    memset(p, 0xff, sizeof p);
    REFUSED(IMPORT()); /* not canonical */
    memset(p, 0xff, sizeof p);
    p[0] = 0xee;
    p[31] = 0x7f;
    REFUSED(IMPORT()); /* 1 + p: the neutral element again, not canonical */
#undef IMPORT
    assert_int_equal(o, 0);
}

static void r024_key_sizes_on_import(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_BYTE v[64] = {1};
    CK_OBJECT_HANDLE o = 0;
    for (CK_ULONG n = 0; n <= 40; n++) {
        const CK_RV rv = p11->C_CreateObject(
            s, T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES), AX(CKA_VALUE, v, n)),
            &o);
        if (n == 16 || n == 24 || n == 32) {
            OK(rv);
        } else {
            ONE_OF(rv, CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE);
        }
    }
}

static void r011_misaligned_mechanisms_and_lengths(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    hold_keys();
    CK_BYTE raw[sizeof(CK_MECHANISM) + 1], len[sizeof(CK_ULONG) + 1], out[65];
    const CK_MECHANISM m = {CKM_SHA256, NULL, 0};
    memcpy(raw + 1, &m, sizeof m);
    OK(p11->C_DigestInit(s, (CK_MECHANISM *)(uintptr_t)(raw + 1)));
    CK_ULONG n = 64;
    memcpy(len + 1, &n, sizeof n);
    OK(p11->C_Digest(s, iv, sizeof iv, out + 1, (CK_ULONG *)(uintptr_t)(len + 1)));
    memcpy(&n, len + 1, sizeof n);
    assert_int_equal(n, 32);
    CK_BYTE params[sizeof(CK_GCM_PARAMS) + 1];
    const CK_GCM_PARAMS g = {.pIv = iv, .ulIvLen = 12, .ulIvBits = 96, .ulTagBits = 128};
    memcpy(params + 1, &g, sizeof g);
    OK(p11->C_EncryptInit(s, MECHX(CKM_AES_GCM, params + 1, sizeof g), aes));
}

static void r027_der_in_attributes(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE w = aes_key(s, 32), k = 0;
    /* junk in the place of PKCS#8, of every length: unwrapping answers, whatever it holds */
    CK_BYTE b[64];
    for (CK_ULONG n = 0; n <= 64; n++) {
        memset(b, (int)n, sizeof b);
        const CK_RV rv =
            p11->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP_PAD), w, b, n,
                             T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_EC)), &k);
        assert_true(rv != CKR_OK && known(rv));
    }
    static const char not_der[][8] = {"\x30\x80\x00\x00", "\x30\x84\xff\xff\xff\xff",
                                      "\x30\x05\x00", "\x02\x01"};
    for (size_t i = 0; i < LEN(not_der); i++) { /* held as bytes or refused, never followed */
        const CK_RV rv = p11->C_CreateObject(
            s,
            T(AU(CKA_CLASS, CKO_CERTIFICATE), AU(CKA_CERTIFICATE_TYPE, CKC_X_509),
              AX(CKA_SUBJECT, not_der[i], 4), AX(CKA_VALUE, not_der[i], 4)),
            &k);
        assert_true(known(rv));
        const CK_RV rv2 = p11->C_CreateObject(
            s,
            T(AU(CKA_CLASS, CKO_PUBLIC_KEY), AU(CKA_KEY_TYPE, CKK_EC),
              AX(CKA_EC_PARAMS, P256.der, P256.n), AX(CKA_EC_POINT, not_der[i], 4)),
            &k);
        assert_true(rv2 != CKR_OK && known(rv2));
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(r106_nothing_works_before_initialize),
        TEST(r031_every_function_with_a_bad_session),
        TEST(r031_every_function_with_a_bad_slot),
        TEST(r004_null_for_every_pointer),
        TEST(r002_huge_lengths_everywhere),
        TEST(r001_template_counts),
        TEST(r006_mechanism_parameters_of_wrong_length),
        TEST(r007_inner_pointers),
        TEST(r018_derivation_has_a_ceiling),
        TEST(r017_key_lengths),
        TEST(r019_rsa_exponents),
        TEST(r020_rsa_numbers_on_import),
        TEST(r021_curves_that_are_none),
        TEST(r022_points_that_are_none),
        TEST(r022_edwards_points_that_are_none),
        TEST(r024_key_sizes_on_import),
        TEST(r011_misaligned_mechanisms_and_lengths),
        TEST(r027_der_in_attributes),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
