/* SPDX-License-Identifier: Apache-2.0
 *
 * A PKCS#11 module as a subject: keys in the token, one session a thread.
 */
#include <stdio.h>
#include <string.h>

#include <craton/pkcs11.h>

#include "base/mem.h"
#include "bench.h"

#define SESSION_FLAGS (CKF_SERIAL_SESSION | CKF_RW_SESSION)

static struct {
    const CK_FUNCTION_LIST *p11;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session; /* keeps the login */
    enum place place;
} self;

struct state {
    const struct row *row;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key, pub, target;
    CK_MECHANISM mech;
    CK_GCM_PARAMS gcm;
    CK_AES_CTR_PARAMS ctr;
    CK_ECDH1_DERIVE_PARAMS ecdh;
    CK_BYTE iv[16], peer[256];
    CK_BYTE in[4096], out[4096 + 64], sig[1024];
    CK_ULONG data_n, sig_n;
    char label[24];
    CK_OBJECT_HANDLE *made; /* by OP_CREATE */
    size_t made_n, made_cap;
};

/* ---- algorithms ----------------------------------------------------------------------------------- */

struct kind {
    enum alg alg;
    const char *label;
    CK_MECHANISM_TYPE generate;
    CK_KEY_TYPE type;
    CK_ULONG bits;   /* RSA */
    const char *oid; /* EC: DER of the curve */
    size_t oid_n;
    CK_MECHANISM_TYPE mech; /* of sign, encrypt, digest, derive */
    CK_ULONG data_n;        /* of what is signed */
};

#define OID_P256 "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define OID_P384 "\x06\x05\x2b\x81\x04\x00\x22"
#define OID_P521 "\x06\x05\x2b\x81\x04\x00\x23"
#define OID_ED25519 "\x06\x03\x2b\x65\x70"
#define OID_X25519 "\x06\x03\x2b\x65\x6e"
#define OID(x) x, sizeof(x) - 1
#define RSA(bits) CKM_RSA_PKCS_KEY_PAIR_GEN, CKK_RSA, bits, NULL, 0, CKM_RSA_PKCS, 51
#define SECRET(gen, type, mech) gen, type, 0, NULL, 0, mech, 0

static const struct kind kinds[] = {
    {ALG_RSA2048, "rsa-2048", RSA(2048)},
    {ALG_RSA3072, "rsa-3072", RSA(3072)},
    {ALG_RSA4096, "rsa-4096", RSA(4096)},
    {ALG_P256, "p-256", CKM_EC_KEY_PAIR_GEN, CKK_EC, 0, OID(OID_P256), CKM_ECDSA, 32},
    {ALG_P384, "p-384", CKM_EC_KEY_PAIR_GEN, CKK_EC, 0, OID(OID_P384), CKM_ECDSA, 48},
    {ALG_P521, "p-521", CKM_EC_KEY_PAIR_GEN, CKK_EC, 0, OID(OID_P521), CKM_ECDSA, 64},
    {ALG_ED25519, "ed25519", CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS, 0, OID(OID_ED25519),
     CKM_EDDSA, 32},
    {ALG_X25519, "x25519", CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKK_EC_MONTGOMERY, 0, OID(OID_X25519),
     CKM_ECDH1_DERIVE, 0},
    {ALG_AES_GCM, "aes", SECRET(CKM_AES_KEY_GEN, CKK_AES, CKM_AES_GCM)},
    {ALG_AES_CBC, "aes", SECRET(CKM_AES_KEY_GEN, CKK_AES, CKM_AES_CBC)},
    {ALG_AES_CTR, "aes", SECRET(CKM_AES_KEY_GEN, CKK_AES, CKM_AES_CTR)},
    {ALG_CMAC, "aes", SECRET(CKM_AES_KEY_GEN, CKK_AES, CKM_AES_CMAC)},
    {ALG_AES, "aes", SECRET(CKM_AES_KEY_GEN, CKK_AES, CKM_AES_KEY_WRAP)},
    {ALG_HMAC_SHA256, "hmac",
     SECRET(CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET, CKM_SHA256_HMAC)},
    {ALG_SHA256, "", SECRET(0, 0, CKM_SHA256)},
    {ALG_SHA512, "", SECRET(0, 0, CKM_SHA512)},
};

static const struct kind *kind_of(enum alg alg)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (kinds[i].alg == alg) {
            return &kinds[i];
        }
    }
    return NULL;
}

/* ---- keys ------------------------------------------------------------------------------------------- */

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;
static CK_BYTE f4[] = {1, 0, 1};

#define BOOL(type, value)                                                                          \
    {                                                                                              \
        type, &(value), sizeof(value)                                                              \
    }

static CK_OBJECT_HANDLE find_one(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class,
                                 const char *label)
{
    CK_OBJECT_HANDLE found = 0;
    CK_ULONG n = 0;
    CK_BYTE text[24];
    snprintf((char *)text, sizeof(text), "%s", label);
    CK_ATTRIBUTE t[] = {{CKA_CLASS, &class, sizeof(class)}, {CKA_LABEL, text, strlen(label)}};
    if (self.p11->C_FindObjectsInit(session, t, ARRAY_LEN(t)) != CKR_OK) {
        return 0;
    }
    const CK_RV rv = self.p11->C_FindObjects(session, &found, 1, &n);
    self.p11->C_FindObjectsFinal(session);
    return rv == CKR_OK && n == 1 ? found : 0;
}

static CK_RV generate_pair(CK_SESSION_HANDLE session, const struct kind *k, CK_MECHANISM_TYPE how,
                           CK_BBOOL token, CK_OBJECT_HANDLE *pub, CK_OBJECT_HANDLE *priv)
{
    CK_MECHANISM mech = {how, NULL, 0};
    CK_ULONG bits = k->bits;
    CK_BYTE oid[16] = {0};
    CK_BYTE label[24];
    CK_KEY_TYPE type = k->type;
    memcpy(oid, k->oid == NULL ? "" : k->oid, k->oid_n);
    snprintf((char *)label, sizeof(label), "%s", k->label);
    const bool derives = k->mech == CKM_ECDH1_DERIVE;
    CK_BBOOL *signs = derives ? &no : &yes;
    CK_BBOOL *agrees = k->type == CKK_EC || derives ? &yes : &no;
    CK_ATTRIBUTE pub_t[] = {
        BOOL(CKA_TOKEN, token),
        {CKA_VERIFY, signs, sizeof(*signs)},
        {CKA_LABEL, label, strlen(k->label)},
        {CKA_MODULUS_BITS, &bits, sizeof(bits)},
        {CKA_PUBLIC_EXPONENT, f4, sizeof(f4)},
    };
    CK_ATTRIBUTE priv_t[] = {
        BOOL(CKA_TOKEN, token),
        BOOL(CKA_PRIVATE, yes),
        BOOL(CKA_SENSITIVE, yes),
        {CKA_SIGN, signs, sizeof(*signs)},
        {CKA_DERIVE, agrees, sizeof(*agrees)},
        {CKA_LABEL, label, strlen(k->label)},
        {CKA_KEY_TYPE, &type, sizeof(type)},
    };
    CK_ULONG pub_n = ARRAY_LEN(pub_t);
    if (k->oid != NULL) {
        pub_t[3] = (CK_ATTRIBUTE){CKA_EC_PARAMS, oid, k->oid_n};
        pub_n = 4;
    }
    return self.p11->C_GenerateKeyPair(session, &mech, pub_t, pub_n, priv_t, ARRAY_LEN(priv_t) - 1,
                                       pub, priv);
}

static CK_RV generate_secret(CK_SESSION_HANDLE session, const struct kind *k, CK_BBOOL token,
                             const char *name, CK_BBOOL extractable, CK_OBJECT_HANDLE *key)
{
    CK_MECHANISM mech = {k->generate, NULL, 0};
    CK_ULONG n = 32;
    CK_BYTE label[24];
    snprintf((char *)label, sizeof(label), "%s", name);
    CK_BBOOL *is_aes = k->type == CKK_AES ? &yes : &no;
    CK_ATTRIBUTE t[] = {
        BOOL(CKA_TOKEN, token),
        BOOL(CKA_PRIVATE, yes),
        BOOL(CKA_SENSITIVE, yes),
        BOOL(CKA_EXTRACTABLE, extractable),
        {CKA_ENCRYPT, is_aes, sizeof(yes)},
        {CKA_WRAP, is_aes, sizeof(yes)},
        BOOL(CKA_SIGN, yes),
        BOOL(CKA_VERIFY, yes),
        {CKA_VALUE_LEN, &n, sizeof(n)},
        {CKA_LABEL, label, strlen(name)},
    };
    return self.p11->C_GenerateKey(session, &mech, t, ARRAY_LEN(t), key);
}

/* The token's key of this kind; made at the first time. 0 when it is there. */
static int find_or_make(struct state *s, const struct kind *k)
{
    if (k->oid == NULL && k->bits == 0) {
        s->key = find_one(s->session, CKO_SECRET_KEY, k->label);
        return s->key != 0 ||
                       generate_secret(s->session, k, CK_TRUE, k->label, no, &s->key) == CKR_OK
                   ? 0
                   : -1;
    }
    s->key = find_one(s->session, CKO_PRIVATE_KEY, k->label);
    s->pub = find_one(s->session, CKO_PUBLIC_KEY, k->label);
    if (s->key != 0 && s->pub != 0) {
        return 0;
    }
    if (generate_pair(s->session, k, k->generate, CK_TRUE, &s->pub, &s->key) == CKR_OK) {
        return 0;
    }
    /* SoftHSM2 of 2.6 makes X25519 keys by the Edwards mechanism. */
    return k->alg == ALG_X25519 && generate_pair(s->session, k, CKM_EC_EDWARDS_KEY_PAIR_GEN,
                                                 CK_TRUE, &s->pub, &s->key) == CKR_OK
               ? 0
               : -1;
}

/* ---- one operation ------------------------------------------------------------------------------------ */

static CK_RV sign(struct state *s)
{
    const CK_RV rv = self.p11->C_SignInit(s->session, &s->mech, s->key);
    s->sig_n = sizeof(s->sig);
    return rv != CKR_OK ? rv : self.p11->C_Sign(s->session, s->in, s->data_n, s->sig, &s->sig_n);
}

static CK_RV verify(struct state *s)
{
    const CK_RV rv = self.p11->C_VerifyInit(s->session, &s->mech, s->pub);
    return rv != CKR_OK ? rv : self.p11->C_Verify(s->session, s->in, s->data_n, s->sig, s->sig_n);
}

static CK_RV agree(struct state *s)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_ULONG n = 32;
    CK_OBJECT_HANDLE made = 0;
    CK_ATTRIBUTE t[] = {
        {CKA_CLASS, &class, sizeof(class)},
        {CKA_KEY_TYPE, &type, sizeof(type)},
        {CKA_TOKEN, &no, sizeof(no)},
        {CKA_VALUE_LEN, &n, sizeof(n)},
    };
    const CK_RV rv = self.p11->C_DeriveKey(s->session, &s->mech, s->key, t, ARRAY_LEN(t), &made);
    return rv != CKR_OK ? rv : self.p11->C_DestroyObject(s->session, made);
}

static CK_RV encrypt(struct state *s)
{
    s->iv[0]++;
    const CK_RV rv = self.p11->C_EncryptInit(s->session, &s->mech, s->key);
    CK_ULONG n = sizeof(s->out);
    return rv != CKR_OK ? rv : self.p11->C_Encrypt(s->session, s->in, s->row->n, s->out, &n);
}

static CK_RV digest(struct state *s)
{
    const CK_RV rv = self.p11->C_DigestInit(s->session, &s->mech);
    CK_ULONG n = sizeof(s->out);
    return rv != CKR_OK ? rv : self.p11->C_Digest(s->session, s->in, s->row->n, s->out, &n);
}

static CK_RV generate(struct state *s)
{
    const struct kind *k = kind_of(s->row->alg);
    CK_OBJECT_HANDLE a = 0;
    CK_OBJECT_HANDLE b = 0;
    CK_RV rv = k->alg == ALG_AES ? generate_secret(s->session, k, CK_FALSE, "made", no, &a)
                                 : generate_pair(s->session, k, k->generate, CK_FALSE, &b, &a);
    if (rv == CKR_OK) {
        rv = self.p11->C_DestroyObject(s->session, a);
    }
    if (rv == CKR_OK && b != 0) {
        rv = self.p11->C_DestroyObject(s->session, b);
    }
    return rv;
}

static CK_RV find(struct state *s)
{
    CK_OBJECT_HANDLE found[4];
    CK_ULONG n = 0;
    CK_ATTRIBUTE t[] = {{CKA_LABEL, s->label, strlen(s->label)}};
    CK_RV rv = self.p11->C_FindObjectsInit(s->session, t, 1);
    if (rv == CKR_OK) {
        rv = self.p11->C_FindObjects(s->session, found, ARRAY_LEN(found), &n);
        const CK_RV end = self.p11->C_FindObjectsFinal(s->session);
        rv = rv == CKR_OK ? end : rv;
    }
    return rv == CKR_OK && n != 1 ? CKR_GENERAL_ERROR : rv;
}

static CK_RV create(struct state *s)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_OBJECT_HANDLE made = 0;
    CK_BYTE label[] = "made";
    CK_ATTRIBUTE t[] = {
        {CKA_CLASS, &class, sizeof(class)},
        {CKA_KEY_TYPE, &type, sizeof(type)},
        {CKA_TOKEN, &yes, sizeof(yes)},
        {CKA_PRIVATE, &yes, sizeof(yes)},
        {CKA_LABEL, label, 4},
        {CKA_VALUE, s->in, 32},
    };
    if (s->made_n == s->made_cap) {
        const size_t cap = s->made_cap * 2 + 256;
        void *more = mem_resize(s->made, s->made_cap * sizeof(made), cap * sizeof(made));
        if (more == NULL) {
            return CKR_HOST_MEMORY;
        }
        s->made = more;
        s->made_cap = cap;
    }
    const CK_RV rv = self.p11->C_CreateObject(s->session, t, ARRAY_LEN(t), &made);
    if (rv == CKR_OK) {
        s->made[s->made_n++] = made;
    }
    return rv;
}

static CK_RV login(struct state *s)
{
    CK_UTF8CHAR pin[] = USER_PIN;
    const CK_RV rv = self.p11->C_Logout(s->session);
    return rv != CKR_OK ? rv : self.p11->C_Login(s->session, CKU_USER, pin, sizeof(pin) - 1);
}

static CK_RV wrap(struct state *s)
{
    CK_ULONG n = sizeof(s->out);
    return self.p11->C_WrapKey(s->session, &s->mech, s->key, s->target, s->out, &n);
}

static CK_RV step(struct state *s)
{
    switch (s->row->op) {
    case OP_SIGN:
        return sign(s);
    case OP_VERIFY:
        return verify(s);
    case OP_AGREE:
        return agree(s);
    case OP_ENCRYPT:
        return encrypt(s);
    case OP_DIGEST:
        return digest(s);
    case OP_GENERATE:
        return generate(s);
    case OP_WRAP:
        return wrap(s);
    case OP_RANDOM:
        return self.p11->C_GenerateRandom(s->session, s->out, s->row->n);
    case OP_FIND:
        return find(s);
    case OP_CREATE:
        return create(s);
    case OP_LOGIN:
        return login(s);
    default:
        return CKR_FUNCTION_NOT_SUPPORTED;
    }
}

static int once(void *state)
{
    struct state *s = state;
    const CK_RV rv = step(s);
    if (rv != CKR_OK) {
        fprintf(stderr, "bench: %s: 0x%lx\n", s->row->name, rv);
    }
    return rv == CKR_OK ? 0 : -1;
}

/* ---- preparing ------------------------------------------------------------------------------------------ */

static int prepare_agree(struct state *s, const struct kind *k)
{
    CK_ATTRIBUTE point = {CKA_EC_POINT, s->peer, sizeof(s->peer)};
    if (self.p11->C_GetAttributeValue(s->session, s->pub, &point, 1) != CKR_OK) {
        return -1;
    }
    /* The value is a DER OCTET STRING; both modules take it so, and all take it bare. */
    const bool wrapped = s->peer[0] == 4 && s->peer[1] == point.ulValueLen - 2;
    s->ecdh = (CK_ECDH1_DERIVE_PARAMS){CKD_NULL, 0, NULL, point.ulValueLen, s->peer};
    if (wrapped) {
        s->ecdh.pPublicData = s->peer + 2;
        s->ecdh.ulPublicDataLen = point.ulValueLen - 2;
    }
    s->mech = (CK_MECHANISM){CKM_ECDH1_DERIVE, &s->ecdh, sizeof(s->ecdh)};
    if (agree(s) == CKR_OK) {
        return 0;
    }
    s->ecdh.pPublicData = s->peer; /* SoftHSM2 wants X25519 with its wrapping */
    s->ecdh.ulPublicDataLen = point.ulValueLen;
    (void)k;
    return agree(s) == CKR_OK ? 0 : -1;
}

static void prepare_cipher(struct state *s, const struct kind *k)
{
    if (k->mech == CKM_AES_GCM) {
        s->gcm = (CK_GCM_PARAMS){s->iv, 12, 96, NULL, 0, 128};
        s->mech = (CK_MECHANISM){k->mech, &s->gcm, sizeof(s->gcm)};
    } else if (k->mech == CKM_AES_CTR) {
        s->ctr.ulCounterBits = 128;
        s->mech = (CK_MECHANISM){k->mech, &s->ctr, sizeof(s->ctr)};
    } else {
        s->mech = (CK_MECHANISM){k->mech, s->iv, sizeof(s->iv)};
    }
}

static int prepare_row(struct state *s)
{
    const struct row *row = s->row;
    const struct kind *k = kind_of(row->alg);
    const bool keyless = row->op == OP_DIGEST || row->op == OP_GENERATE || row->op >= OP_RANDOM;
    s->data_n = k != NULL && k->data_n > 0 ? k->data_n : row->n;
    s->mech = (CK_MECHANISM){k != NULL ? k->mech : 0, NULL, 0};
    object_label(s->label, 7);
    if (!keyless && find_or_make(s, k) != 0) {
        return -1;
    }
    if (row->op == OP_ENCRYPT) {
        prepare_cipher(s, k);
    }
    if (row->op == OP_AGREE) {
        return prepare_agree(s, k);
    }
    if (row->op == OP_VERIFY) {
        return sign(s) == CKR_OK ? 0 : -1;
    }
    if (row->op == OP_WRAP) {
        return generate_secret(s->session, k, CK_FALSE, "target", yes, &s->target) == CKR_OK ? 0
                                                                                             : -1;
    }
    return 0;
}

static void release(void *state)
{
    struct state *s = state;
    for (size_t i = 0; i < s->made_n; i++) {
        self.p11->C_DestroyObject(s->session, s->made[i]);
    }
    if (s->target != 0) {
        self.p11->C_DestroyObject(s->session, s->target);
    }
    self.p11->C_CloseSession(s->session);
    mem_free(s->made);
    mem_free(s);
}

static void *prepare(const struct row *row, unsigned thread)
{
    (void)thread;
    struct state *s = mem_alloc(sizeof(*s));
    if (s == NULL) {
        return NULL;
    }
    s->row = row;
    if (self.p11->C_OpenSession(self.slot, SESSION_FLAGS, NULL, NULL, &s->session) != CKR_OK) {
        mem_free(s);
        return NULL;
    }
    if (prepare_row(s) != 0) {
        release(s);
        return NULL;
    }
    return s;
}

/* ---- opening ---------------------------------------------------------------------------------------------- */

static int open_module(enum place place, char *say, size_t cap)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    CK_UTF8CHAR pin[] = USER_PIN;
    CK_INFO info;
    self.place = place;
    if (store_select(place) != 0) {
        snprintf(say, cap, "no room for a store");
        return -1;
    }
    self.p11 = module_load(say, cap);
    if (self.p11 == NULL) {
        return -1;
    }
    CK_RV rv = self.p11->C_Initialize(&args);
    if (rv != CKR_OK || self.p11->C_GetInfo(&info) != CKR_OK) {
        snprintf(say, cap, "C_Initialize 0x%lx", rv);
        return -1;
    }
    if (token_find(self.p11, true, &self.slot) != 0) {
        snprintf(say, cap, "no token could be made");
        return -1;
    }
    rv = self.p11->C_OpenSession(self.slot, SESSION_FLAGS, NULL, NULL, &self.session);
    if (rv == CKR_OK) {
        rv = self.p11->C_Login(self.session, CKU_USER, pin, sizeof(pin) - 1);
    }
    if (rv != CKR_OK || token_fill(self.p11, self.session, place_objects(place)) != 0) {
        snprintf(say, cap, "the token could not be opened and filled (0x%lx)", rv);
        return -1;
    }
    snprintf(say, cap, "%.32s", (const char *)info.libraryDescription);
    for (size_t n = strlen(say); n > 0 && say[n - 1] == ' '; n--) {
        say[n - 1] = 0;
    }
    const size_t n = strlen(say);
    snprintf(say + n, cap - n, " %u.%u", info.libraryVersion.major, info.libraryVersion.minor);
    return 0;
}

static void close_module(void)
{
    self.p11->C_Finalize(NULL);
}

const struct subject subject_module = {
    .name = "module",
    .open = open_module,
    .close = close_module,
    .prepare = prepare,
    .once = once,
    .release = release,
};
