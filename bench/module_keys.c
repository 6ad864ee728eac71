/* SPDX-License-Identifier: Apache-2.0
 *
 * The PKCS#11 subject's algorithms and keys.
 */
#include "module.h"

#include <stdio.h>
#include <string.h>

#include <craton/vendor.h>

#include "base/mem.h"

/* ---- algorithms ----------------------------------------------------------------------------------- */

#define OID_P256 "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define OID_P384 "\x06\x05\x2b\x81\x04\x00\x22"
#define OID_P521 "\x06\x05\x2b\x81\x04\x00\x23"
#define OID_ED25519 "\x06\x03\x2b\x65\x70"
#define OID_X25519 "\x06\x03\x2b\x65\x6e"
#define RSA(n) CKM_RSA_PKCS_KEY_PAIR_GEN, CKK_RSA, CKM_RSA_PKCS, 51, .bits = n
#define CURVE(x) .oid = x, .oid_n = sizeof(x) - 1
#define EC CKM_EC_KEY_PAIR_GEN, CKK_EC, CKM_ECDSA
#define EDWARDS CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS, CKM_EDDSA
#define MONTGOMERY CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKK_EC_MONTGOMERY, CKM_ECDH1_DERIVE
#define AES CKM_AES_KEY_GEN, CKK_AES
#define ML_DSA(n) CKM_ML_DSA_KEY_PAIR_GEN, CKK_ML_DSA, CKM_ML_DSA, 32, .set = CKP_ML_DSA_##n
#define SLH_DSA(n) CKM_SLH_DSA_KEY_PAIR_GEN, CKK_SLH_DSA, CKM_SLH_DSA, 32, .set = CKP_SLH_DSA_##n
#define ML_KEM(n) CKM_ML_KEM_KEY_PAIR_GEN, CKK_ML_KEM, CKM_ML_KEM, .set = CKP_ML_KEM_##n

static const struct kind kinds[] = {
    {ALG_RSA2048, "rsa-2048", RSA(2048)},
    {ALG_RSA3072, "rsa-3072", RSA(3072)},
    {ALG_RSA4096, "rsa-4096", RSA(4096)},
    {ALG_P256, "p-256", EC, 32, CURVE(OID_P256)},
    {ALG_P384, "p-384", EC, 48, CURVE(OID_P384)},
    {ALG_P521, "p-521", EC, 64, CURVE(OID_P521)},
    {ALG_ED25519, "ed25519", EDWARDS, 32, CURVE(OID_ED25519)},
    {ALG_X25519, "x25519", MONTGOMERY, CURVE(OID_X25519)},
    {ALG_AES_GCM, "aes", AES, CKM_AES_GCM},
    {ALG_AES_CBC, "aes", AES, CKM_AES_CBC},
    {ALG_AES_CTR, "aes", AES, CKM_AES_CTR},
    {ALG_CMAC, "aes", AES, CKM_AES_CMAC},
    {ALG_AES, "aes", AES, CKM_AES_KEY_WRAP},
    {ALG_HMAC_SHA256, "hmac", CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET, CKM_SHA256_HMAC},
    {ALG_SHA256, "", .mech = CKM_SHA256},
    {ALG_SHA512, "", .mech = CKM_SHA512},
    {ALG_ML_DSA_44, "ml-dsa-44", ML_DSA(44)},
    {ALG_ML_DSA_65, "ml-dsa-65", ML_DSA(65)},
    {ALG_ML_DSA_87, "ml-dsa-87", ML_DSA(87)},
    {ALG_SLH_DSA_SHA2_128S, "slh-dsa-sha2-128s", SLH_DSA(SHA2_128S)},
    {ALG_SLH_DSA_SHA2_128F, "slh-dsa-sha2-128f", SLH_DSA(SHA2_128F)},
    {ALG_SLH_DSA_SHAKE_128F, "slh-dsa-shake-128f", SLH_DSA(SHAKE_128F)},
    {ALG_ML_KEM_512, "ml-kem-512", ML_KEM(512)},
    {ALG_ML_KEM_768, "ml-kem-768", ML_KEM(768)},
    {ALG_ML_KEM_1024, "ml-kem-1024", ML_KEM(1024)},
    {ALG_X25519_ML_KEM_768, "x25519-ml-kem-768", CKM_CRATON_HYBRID_X25519_ML_KEM_768, CKK_COMP_KEM,
     CKM_CRATON_HYBRID_X25519_ML_KEM_768, .set = CKP_COMP_KEM_X25519_MLKEM768},
    {ALG_ML_DSA_65_P256, "ml-dsa-65-p-256", CKM_CRATON_HYBRID_ML_DSA_ECDSA, CKK_COMP_SIG,
     CKM_CRATON_HYBRID_ML_DSA_ECDSA, 32, .set = CKP_COMP_SIG_MLDSA65_ECDSA_P256_SHA512},
    {ALG_ML_DSA_44_ED25519, "ml-dsa-44-ed25519", CKM_COMP_SIG_KEY_PAIR_GEN, CKK_COMP_SIG,
     CKM_COMP_SIG, 32, .set = CKP_COMP_SIG_MLDSA44_ED25519_SHA512},
};

const struct kind *kind_of(enum alg alg)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (kinds[i].alg == alg) {
            return &kinds[i];
        }
    }
    return NULL;
}

static bool is_pair(const struct kind *k)
{
    return k->bits > 0 || k->oid != NULL || k->set > 0;
}

static bool encapsulates(const struct kind *k)
{
    return k->type == CKK_ML_KEM || k->type == CKK_COMP_KEM;
}

/* ---- keys ----------------------------------------------------------------------------------------- */

CK_BBOOL bool_yes = CK_TRUE;
CK_BBOOL bool_no = CK_FALSE;

/* What P points to is read only. */
static void add(struct list *l, CK_ATTRIBUTE_TYPE type, const void *p, CK_ULONG n)
{
    l->a[l->n++] = (CK_ATTRIBUTE){type, (void *)(uintptr_t)p, n};
}

static void add_bool(struct list *l, CK_ATTRIBUTE_TYPE type, bool value)
{
    add(l, type, value ? &bool_yes : &bool_no, sizeof(CK_BBOOL));
}

struct list session_key_template(bool whole)
{
    static const CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    static const CK_KEY_TYPE aes = CKK_AES;
    static const CK_KEY_TYPE generic = CKK_GENERIC_SECRET;
    static const CK_ULONG aes_n = 32;
    static const CK_ULONG whole_n = 64;
    struct list t = {.n = 0};
    add(&t, CKA_CLASS, &class, sizeof(class));
    add(&t, CKA_KEY_TYPE, whole ? &generic : &aes, sizeof(aes));
    add(&t, CKA_VALUE_LEN, whole ? &whole_n : &aes_n, sizeof(aes_n));
    add_bool(&t, CKA_TOKEN, false);
    add_bool(&t, CKA_SENSITIVE, true);
    add_bool(&t, CKA_EXTRACTABLE, false);
    if (whole) {
        add_bool(&t, CKA_DERIVE, true);
    } else {
        add_bool(&t, CKA_ENCRYPT, true);
        add_bool(&t, CKA_DECRYPT, true);
    }
    return t;
}

static CK_OBJECT_HANDLE find_one(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class,
                                 const char *label)
{
    CK_OBJECT_HANDLE found = 0;
    CK_ULONG n = 0;
    struct list t = {.n = 0};
    add(&t, CKA_CLASS, &class, sizeof(class));
    add(&t, CKA_LABEL, label, strlen(label));
    if (self.p11->C_FindObjectsInit(session, t.a, t.n) != CKR_OK) {
        return 0;
    }
    const CK_RV rv = self.p11->C_FindObjects(session, &found, 1, &n);
    self.p11->C_FindObjectsFinal(session);
    return rv == CKR_OK && n == 1 ? found : 0;
}

/* What the pair may be used for. */
static void add_uses(const struct kind *k, struct list *pub, struct list *priv)
{
    if (encapsulates(k)) {
        add_bool(pub, CKA_ENCAPSULATE, true);
        add_bool(priv, CKA_DECAPSULATE, true);
        return;
    }
    const bool derives = k->mech == CKM_ECDH1_DERIVE;
    add_bool(pub, CKA_VERIFY, !derives);
    add_bool(priv, CKA_SIGN, !derives);
    if (k->set == 0) {
        add_bool(priv, CKA_DERIVE, derives || k->type == CKK_EC);
    }
}

/* Of which sort the pair is. */
static void add_sort(const struct kind *k, struct list *pub)
{
    static const CK_BYTE f4[] = {1, 0, 1};
    if (k->bits > 0) {
        add(pub, CKA_MODULUS_BITS, &k->bits, sizeof(k->bits));
        add(pub, CKA_PUBLIC_EXPONENT, f4, sizeof(f4));
    } else if (k->oid != NULL) {
        add(pub, CKA_EC_PARAMS, k->oid, k->oid_n);
    } else {
        add(pub, CKA_PARAMETER_SET, &k->set, sizeof(k->set));
    }
}

CK_RV generate_pair(CK_SESSION_HANDLE session, const struct kind *k, CK_MECHANISM_TYPE how,
                    CK_BBOOL token, CK_OBJECT_HANDLE *pub, CK_OBJECT_HANDLE *priv)
{
    CK_MECHANISM mech = {how, NULL, 0};
    struct list pub_t = {.n = 0};
    struct list priv_t = {.n = 0};
    add_bool(&pub_t, CKA_TOKEN, token);
    add_bool(&priv_t, CKA_TOKEN, token);
    add_bool(&priv_t, CKA_PRIVATE, true);
    add_bool(&priv_t, CKA_SENSITIVE, true);
    add_uses(k, &pub_t, &priv_t);
    add(&pub_t, CKA_LABEL, k->label, strlen(k->label));
    add(&priv_t, CKA_LABEL, k->label, strlen(k->label));
    add_sort(k, &pub_t);
    return self.p11->C_GenerateKeyPair(session, &mech, pub_t.a, pub_t.n, priv_t.a, priv_t.n, pub,
                                       priv);
}

CK_RV generate_secret(CK_SESSION_HANDLE session, const struct kind *k, CK_BBOOL token,
                      const char *name, CK_BBOOL extractable, CK_OBJECT_HANDLE *key)
{
    CK_MECHANISM mech = {k->generate, NULL, 0};
    CK_ULONG n = 32;
    struct list t = {.n = 0};
    add_bool(&t, CKA_TOKEN, token);
    add_bool(&t, CKA_PRIVATE, true);
    add_bool(&t, CKA_SENSITIVE, true);
    add_bool(&t, CKA_EXTRACTABLE, extractable);
    add_bool(&t, CKA_ENCRYPT, k->type == CKK_AES);
    add_bool(&t, CKA_WRAP, k->type == CKK_AES);
    add_bool(&t, CKA_SIGN, true);
    add_bool(&t, CKA_VERIFY, true);
    add(&t, CKA_VALUE_LEN, &n, sizeof(n));
    add(&t, CKA_LABEL, name, strlen(name));
    return self.p11->C_GenerateKey(session, &mech, t.a, t.n, key);
}

int find_or_make(struct state *s, const struct kind *k)
{
    if (!is_pair(k)) {
        s->key = find_one(s->session, CKO_SECRET_KEY, k->label);
        return s->key != 0 || generate_secret(s->session, k, CK_TRUE, k->label, CK_FALSE,
                                              &s->key) == CKR_OK
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
