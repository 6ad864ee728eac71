/* SPDX-License-Identifier: Apache-2.0
 *
 * A PKCS#11 module as a subject: keys in the token, one session a thread.
 */
#include "module.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define SESSION_FLAGS (CKF_SERIAL_SESSION | CKF_RW_SESSION)

struct connection self;

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
        {CKA_TOKEN, &bool_no, sizeof(bool_no)},
        {CKA_VALUE_LEN, &n, sizeof(n)},
    };
    const CK_RV rv = self.p11->C_DeriveKey(s->session, &s->mech, s->key, t, ARRAY_LEN(t), &made);
    return rv != CKR_OK ? rv : self.p11->C_DestroyObject(s->session, made);
}

static CK_RV encapsulate(struct state *s)
{
    struct list t = session_key_template(s->row->alg == ALG_X25519_ML_KEM_768);
    CK_OBJECT_HANDLE made = 0;
    s->sig_n = sizeof(s->sig);
    const CK_RV rv = self.p11_3_2->C_EncapsulateKey(s->session, &s->mech, s->pub, t.a, t.n, s->sig,
                                                    &s->sig_n, &made);
    return rv != CKR_OK ? rv : self.p11->C_DestroyObject(s->session, made);
}

static CK_RV decapsulate(struct state *s)
{
    struct list t = session_key_template(s->row->alg == ALG_X25519_ML_KEM_768);
    CK_OBJECT_HANDLE made = 0;
    const CK_RV rv = self.p11_3_2->C_DecapsulateKey(s->session, &s->mech, s->key, t.a, t.n, s->sig,
                                                    s->sig_n, &made);
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
    CK_RV rv = k->alg == ALG_AES ? generate_secret(s->session, k, CK_FALSE, "made", CK_FALSE, &a)
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
        {CKA_TOKEN, &bool_yes, sizeof(bool_yes)},
        {CKA_PRIVATE, &bool_yes, sizeof(bool_yes)},
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
    case OP_ENCAPSULATE:
        return encapsulate(s);
    case OP_DECAPSULATE:
        return decapsulate(s);
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

static int made(CK_RV rv)
{
    return rv == CKR_OK ? 0 : -1;
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
    switch (row->op) {
    case OP_ENCRYPT:
        prepare_cipher(s, k);
        return 0;
    case OP_AGREE:
        return prepare_agree(s, k);
    case OP_ENCAPSULATE:
    case OP_DECAPSULATE:
        return self.p11_3_2 != NULL && encapsulate(s) == CKR_OK ? 0 : -1;
    case OP_VERIFY:
        return made(sign(s));
    case OP_WRAP:
        return made(generate_secret(s->session, k, CK_FALSE, "target", CK_TRUE, &s->target));
    case OP_GENERATE: /* whether the module has it */
        return k->set == 0
                   ? 0
                   : made(generate_pair(s->session, k, k->generate, CK_FALSE, &s->pub, &s->target));
    default:
        return 0;
    }
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
    self.p11_3_2 = module_list_3_2();
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
