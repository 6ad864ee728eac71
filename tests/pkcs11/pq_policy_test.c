/* SPDX-License-Identifier: Apache-2.0
 *
 * What the configuration says of post-quantum keys: hidden, listed or not, separated, computed by one
 * library or another. One store, opened again and again under other rules.
 */
#include "pq.h"

#include <stdio.h>

static CK_SESSION_HANDLE S;

/* Initialises once more, with lines for [security] and [algorithms]. CKR_OK, or what C_Initialize
 * answered. */
static CK_RV begin_with(const char *security, const char *algorithms)
{
    char text[1024];
    (void)p11->C_Finalize(NULL);
    snprintf(text, sizeof text,
             "[token]\nstorage_path = \"%s/store\"\nslot_count = 2\n"
             "[security]\npbkdf2_iterations = 100000\n%s\n"
             "[algorithms]\n%s\n[log]\nlevel = \"off\"\n",
             world_dir(), security, algorithms);
    world_write("craton_hsm.toml", text, 0600);
    const CK_RV rv = p11->C_Initialize(NULL);
    if (rv == CKR_OK) {
        S = user_session();
    }
    return rv;
}

/* The store is emptied under the usual rules. */
static int teardown(void **state)
{
    (void)begin_with("", "");
    return teardown_sessions(state);
}

static CK_OBJECT_HANDLE named(const char *label)
{
    CK_OBJECT_HANDLE o = 0;
    assert_int_equal(find(S, T(AX(CKA_LABEL, label, strlen(label))), &o, 1), 1);
    return o;
}

static struct pair pair_named(const char *label)
{
    struct pair p = {0, 0};
    char name[64];
    snprintf(name, sizeof name, "%s pub", label);
    p.pub = named(name);
    snprintf(name, sizeof name, "%s priv", label);
    p.priv = named(name);
    return p;
}

static void keep_pair(const char *label, CK_MECHANISM_TYPE generator, CK_ULONG set)
{
    char pub[64];
    char priv[64];
    struct pair p = {0, 0};
    snprintf(pub, sizeof pub, "%s pub", label);
    snprintf(priv, sizeof priv, "%s priv", label);
    OK(p11->C_GenerateKeyPair(
        S, MECH(generator),
        T(AU(CKA_PARAMETER_SET, set), AB(CKA_TOKEN, CK_TRUE), AX(CKA_LABEL, pub, strlen(pub))),
        T(AB(CKA_TOKEN, CK_TRUE), AB(CKA_EXTRACTABLE, CK_TRUE), AB(CKA_SENSITIVE, CK_FALSE),
          AX(CKA_LABEL, priv, strlen(priv))),
        &p.pub, &p.priv));
}

static bool is_listed(CK_MECHANISM_TYPE type)
{
    CK_MECHANISM_TYPE list[512];
    CK_ULONG n = LEN(list);
    OK(p11->C_GetMechanismList(slot, list, &n));
    for (CK_ULONG i = 0; i < n; i++) {
        if (list[i] == type) {
            return true;
        }
    }
    return false;
}

/* ---- algorithms.vendor_mechanisms ---- */

static const CK_MECHANISM_TYPE vendor[] = {
    CKM_CRATON_ML_KEM_512,
    CKM_CRATON_ML_KEM_768,
    CKM_CRATON_ML_KEM_1024,
    CKM_CRATON_ML_DSA_44,
    CKM_CRATON_ML_DSA_65,
    CKM_CRATON_ML_DSA_87,
    CKM_CRATON_SLH_DSA_SHA2_128S,
    CKM_CRATON_SLH_DSA_SHA2_256S,
    CKM_CRATON_HYBRID_ML_DSA_ECDSA,
    CKM_CRATON_HYBRID_X25519_ML_KEM_768,
    CKM_CRATON_HYBRID_X25519_ML_KEM_1024,
    CKM_ML_DSA_EXTERNAL_MU_GEN,
    CKM_ML_DSA_EXTERNAL_MU,
    CKM_COMP_SIG_KEY_PAIR_GEN,
    CKM_COMP_SIG,
    CKM_COMP_SIG_EXTERNAL_HASH,
    CKM_COMP_KEM_KEY_PAIR_GEN,
    CKM_COMP_KEM,
};

static const CK_MECHANISM_TYPE standard[] = {
    CKM_ML_KEM_KEY_PAIR_GEN,  CKM_ML_KEM,
    CKM_ML_DSA_KEY_PAIR_GEN,  CKM_ML_DSA,
    CKM_SLH_DSA_KEY_PAIR_GEN, CKM_SLH_DSA,
    CKM_HASH_ML_DSA,          CKM_HASH_SLH_DSA,
    CKM_HASH_ML_DSA_SHA256,   CKM_HASH_SLH_DSA_SHAKE256,
};

static void vendor_numbers_leave_the_list_alone(void **state)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_MECHANISM_INFO info;
    (void)state;
    OK(begin_with("", "vendor_mechanisms = false"));
    CK_MECHANISM_TYPE list[512];
    CK_ULONG n = LEN(list);
    OK(p11->C_GetMechanismList(slot, list, &n));
    for (CK_ULONG i = 0; i < n; i++) {
        assert_int_equal(list[i] & CKM_VENDOR_DEFINED, 0);
    }
    for (size_t i = 0; i < LEN(vendor); i++) {
        OK(p11->C_GetMechanismInfo(slot, vendor[i], &info));
    }
    for (size_t i = 0; i < LEN(standard); i++) {
        assert_true(is_listed(standard[i]));
    }
    const struct pair p = pq_pair(S, CKM_CRATON_ML_DSA_65, SET_OF_MECHANISM);
    const CK_ULONG sig_n = pq_sign(S, MECH(CKM_CRATON_ML_DSA_65), p.priv, "text", 4, sig);
    OK(pq_verify(S, MECH(CKM_ML_DSA), p.pub, "text", 4, sig, sig_n));
    OK(begin_with("", "vendor_mechanisms = true"));
    for (size_t i = 0; i < LEN(vendor); i++) {
        assert_true(is_listed(vendor[i]));
    }
}

/* ---- algorithms.enable_pqc ---- */

static CK_BYTE pub[PQ_VALUE_MAX];
static CK_BYTE value[PQ_VALUE_MAX];

static void nothing_is_offered(void)
{
    CK_MECHANISM_INFO info;
    struct pair p = {0, 0};
    for (size_t i = 0; i < LEN(vendor) + LEN(standard); i++) {
        const CK_MECHANISM_TYPE type = i < LEN(vendor) ? vendor[i] : standard[i - LEN(vendor)];
        assert_false(is_listed(type));
        RV(CKR_MECHANISM_INVALID, p11->C_GetMechanismInfo(slot, type, &info));
        RV(CKR_MECHANISM_INVALID, p11->C_GenerateKeyPair(S, MECH(type), T(AU(CKA_PARAMETER_SET, 2)),
                                                         NULL, 0, &p.pub, &p.priv));
    }
    assert_true(p.pub == 0 && p.priv == 0);
}

/* Who asks for all keys, or for one that was known before, meets none of them: so clients that stumble
 * over types they do not know can use the others in the same token. */
static void old_keys_are_not_there(const struct pair *dsa, const struct pair *kem)
{
    const CK_OBJECT_HANDLE all[] = {dsa->pub, dsa->priv, kem->pub, kem->priv};
    CK_OBJECT_HANDLE o = 0;
    CK_ULONG type = 0;
    assert_int_equal(find(S, T(AS(CKA_LABEL, "dsa pub")), &o, 1), 0);
    assert_int_equal(find(S, T(AU(CKA_KEY_TYPE, CKK_ML_DSA)), &o, 1), 0);
    assert_int_equal(find(S, T(AU(CKA_CLASS, CKO_PRIVATE_KEY)), &o, 1), 0);
    assert_int_equal(pq_objects(S), 1); /* "kek" */
    for (size_t i = 0; i < LEN(all); i++) {
        RV(CKR_OBJECT_HANDLE_INVALID,
           p11->C_GetAttributeValue(S, all[i], T(AX(CKA_KEY_TYPE, &type, sizeof type))));
        RV(CKR_OBJECT_HANDLE_INVALID, p11->C_SetAttributeValue(S, all[i], T(AS(CKA_LABEL, "x"))));
        RV(CKR_OBJECT_HANDLE_INVALID, p11->C_CopyObject(S, all[i], NULL, 0, &o));
        RV(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(S, all[i]));
    }
}

static void old_keys_are_not_used(const struct pair *dsa, const struct pair *kem,
                                  CK_OBJECT_HANDLE kek)
{
    static CK_BYTE out[8000];
    CK_OBJECT_HANDLE o = 4711;
    CK_ULONG n = sizeof out;
    CK_MU_GEN_PARAMS mu = {dsa->pub, NULL, 0, NULL, 0};
    RV(CKR_MECHANISM_INVALID, p11->C_SignInit(S, MECH(CKM_ML_DSA), dsa->priv));
    RV(CKR_MECHANISM_INVALID, p11->C_VerifyInit(S, MECH(CKM_ML_DSA), dsa->pub));
    RV(CKR_MECHANISM_INVALID, p11->C_SignInit(S, MECH(CKM_CRATON_ML_DSA_65), dsa->priv));
    RV(CKR_MECHANISM_INVALID, p11->C_SignInit(S, MECH(CKM_HASH_ML_DSA_SHA256), dsa->priv));
    RV(CKR_MECHANISM_INVALID, p11->C_DigestInit(S, MECHP(CKM_ML_DSA_EXTERNAL_MU_GEN, mu)));
    RV(CKR_MECHANISM_INVALID,
       p11->C_EncapsulateKey(S, MECH(CKM_ML_KEM), kem->pub, NULL, 0, NULL, &n, &o));
    RV(CKR_MECHANISM_INVALID,
       p11->C_EncapsulateKey(S, MECH(CKM_ML_KEM), kem->pub, NULL, 0, out, &n, &o));
    RV(CKR_MECHANISM_INVALID,
       p11->C_DecapsulateKey(S, MECH(CKM_ML_KEM), kem->priv, NULL, 0, out, 1088, &o));
    RV(CKR_MECHANISM_INVALID,
       p11->C_DeriveKey(S, MECHX(CKM_ML_KEM, out, 1088), kem->priv, NULL, 0, &o));
    RV(CKR_MECHANISM_INVALID, p11->C_WrapKey(S, MECH(CKM_ML_KEM), kem->pub, kek, out, &n));
    RV(CKR_MECHANISM_INVALID,
       p11->C_UnwrapKey(S, MECH(CKM_ML_KEM), kem->priv, out, 100,
                        T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES)), &o));
    n = sizeof out;
    RV(CKR_KEY_HANDLE_INVALID,
       p11->C_WrapKey(S, MECH(CKM_AES_KEY_WRAP_KWP), kek, dsa->priv, out, &n));
    RV(CKR_KEY_HANDLE_INVALID, p11->C_SignInit(S, MECH(CKM_ECDSA), dsa->priv));
    assert_int_equal(o, 4711);
}

static void enable_pqc_hides_everything(void **state)
{
    static CK_BYTE blob[8000];
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_OBJECT_HANDLE o = 4711;
    CK_ULONG n = sizeof blob;
    (void)state;
    OK(begin_with("", ""));
    keep_pair("dsa", CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_65);
    keep_pair("kem", CKM_ML_KEM_KEY_PAIR_GEN, CKP_ML_KEM_768);
    OK(p11->C_GenerateKey(S, MECH(CKM_AES_KEY_GEN),
                          T(AU(CKA_VALUE_LEN, 32), AB(CKA_TOKEN, CK_TRUE), AS(CKA_LABEL, "kek"),
                            AB(CKA_WRAP, CK_TRUE), AB(CKA_UNWRAP, CK_TRUE)),
                          &o));
    struct pair dsa = pair_named("dsa");
    OK(p11->C_WrapKey(S, MECH(CKM_AES_KEY_WRAP_KWP), o, dsa.priv, blob, &n));
    attr_bytes(S, dsa.pub, CKA_VALUE, pub, sizeof pub);
    attr_bytes(S, dsa.priv, CKA_VALUE, value, sizeof value);
    const CK_ULONG sig_n = pq_sign(S, MECH(CKM_ML_DSA), dsa.priv, "text", 4, sig);

    const struct pair kem = pair_named("kem");
    OK(begin_with("", "enable_pqc = false"));
    nothing_is_offered();
    old_keys_are_not_there(&dsa, &kem);
    old_keys_are_not_used(&dsa, &kem, named("kek"));
    o = 4711;
    RV(CKR_PARAMETER_SET_NOT_SUPPORTED,
       pq_import_public(S, CKK_ML_DSA, CKP_ML_DSA_65, pub, 1952, &o));
    RV(CKR_PARAMETER_SET_NOT_SUPPORTED,
       pq_import_private(S, CKK_ML_DSA, CKP_ML_DSA_65, value, 4032, NULL, 0, &o));
    RV(CKR_PARAMETER_SET_NOT_SUPPORTED,
       p11->C_UnwrapKey(S, MECH(CKM_AES_KEY_WRAP_KWP), named("kek"), blob, n,
                        T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_ML_DSA)), &o));
    assert_int_equal(o, 4711);
    /* classical keys are untouched by it */
    CK_OBJECT_HANDLE ec[2];
    ec_pair(S, &P256, &ec[0], &ec[1]);
    OK(p11->C_SignInit(S, MECH(CKM_ECDSA), ec[1]));
    OK(p11->C_SignInit(S, NULL, 0));

    OK(begin_with("", "enable_pqc = true")); /* nothing was lost */
    dsa = pair_named("dsa");
    OK(pq_verify(S, MECH(CKM_ML_DSA), dsa.pub, "text", 4, sig, sig_n));
    OK(p11->C_UnwrapKey(S, MECH(CKM_AES_KEY_WRAP_KWP), named("kek"), blob, n,
                        T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_ML_DSA)), &o));
}

/* ---- security.key_separation ---- */

static void r079_what_comes_out_of_a_kem(void **state)
{
    static CK_BYTE ct[PQ_SIG_MAX];
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG n = sizeof ct;
    CK_ATTRIBUTE loose[2][1] = {{AB(CKA_SENSITIVE, CK_FALSE)}, {AB(CKA_EXTRACTABLE, CK_TRUE)}};
    (void)state;
    OK(begin_with("key_separation = true", ""));
    struct pair p = {0, 0};
    OK(p11->C_GenerateKeyPair(S, MECH(CKM_CRATON_ML_KEM_768), NULL, 0, NULL, 0, &p.pub, &p.priv));
    /* silence is strict, and a KEM key does not wrap unless somebody says so */
    assert_false(attr_bool(S, p.pub, CKA_WRAP) || attr_bool(S, p.priv, CKA_UNWRAP));
    assert_true(attr_bool(S, p.pub, CKA_ENCAPSULATE) && attr_bool(S, p.priv, CKA_DECAPSULATE));
    OK(p11->C_EncapsulateKey(S, MECH(CKM_ML_KEM), p.pub, NULL, 0, ct, &n, &key));
    assert_true(attr_bool(S, key, CKA_SENSITIVE));
    assert_false(attr_bool(S, key, CKA_EXTRACTABLE));
    OK(p11->C_DecapsulateKey(S, MECH(CKM_ML_KEM), p.priv, NULL, 0, ct, n, &key));
    assert_true(attr_bool(S, key, CKA_SENSITIVE));
    assert_false(attr_bool(S, key, CKA_EXTRACTABLE));
    OK(p11->C_DeriveKey(S, MECHX(CKM_ML_KEM, ct, n), p.priv, NULL, 0, &key));
    assert_true(attr_bool(S, key, CKA_SENSITIVE));
    assert_false(attr_bool(S, key, CKA_EXTRACTABLE));
    const CK_ULONG before = pq_objects(S);
    for (size_t i = 0; i < 2; i++) {
        RV(CKR_TEMPLATE_INCONSISTENT,
           p11->C_EncapsulateKey(S, MECH(CKM_ML_KEM), p.pub, loose[i], 1, ct, &n, &key));
        RV(CKR_TEMPLATE_INCONSISTENT,
           p11->C_DecapsulateKey(S, MECH(CKM_ML_KEM), p.priv, loose[i], 1, ct, n, &key));
        RV(CKR_TEMPLATE_INCONSISTENT,
           p11->C_DeriveKey(S, MECHX(CKM_ML_KEM, ct, n), p.priv, loose[i], 1, &key));
    }
    /* nor wraps and decrypts the key that comes out (item 78) */
    RV(CKR_TEMPLATE_INCONSISTENT,
       p11->C_DecapsulateKey(
           S, MECH(CKM_ML_KEM), p.priv,
           T(AU(CKA_KEY_TYPE, CKK_AES), AB(CKA_WRAP, CK_TRUE), AB(CKA_DECRYPT, CK_TRUE)), ct, n,
           &key));
    assert_int_equal(pq_objects(S), before);
}

static void r079_what_a_kem_unwraps(void **state)
{
    static CK_BYTE blob[8000];
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG n = sizeof blob;
    struct pair p = {0, 0};
    (void)state;
    OK(begin_with("key_separation = true", ""));
    OK(p11->C_GenerateKeyPair(S, MECH(CKM_CRATON_ML_KEM_768), T(AB(CKA_WRAP, CK_TRUE)),
                              T(AB(CKA_UNWRAP, CK_TRUE), AB(CKA_EXTRACTABLE, CK_TRUE)), &p.pub,
                              &p.priv));
    const struct pair dsa = pq_pair(S, CKM_CRATON_ML_DSA_44, SET_OF_MECHANISM);
    OK(p11->C_WrapKey(S, MECH(CKM_ML_KEM), p.pub, dsa.priv, blob, &n));
    RV(CKR_TEMPLATE_INCONSISTENT,
       p11->C_UnwrapKey(S, MECH(CKM_ML_KEM), p.priv, blob, n,
                        T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_ML_DSA),
                          AB(CKA_SENSITIVE, CK_FALSE)),
                        &key));
    OK(p11->C_UnwrapKey(S, MECH(CKM_ML_KEM), p.priv, blob, n,
                        T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_ML_DSA)), &key));
    assert_true(attr_bool(S, key, CKA_SENSITIVE));
    assert_false(attr_bool(S, key, CKA_EXTRACTABLE));
    /* a secret key that comes out: nobody reads it, unless its wrapper says so */
    CK_OBJECT_HANDLE secret = 0;
    CK_BYTE b[100];
    OK(p11->C_GenerateKey(S, MECH(CKM_GENERIC_SECRET_KEY_GEN),
                          T(AU(CKA_VALUE_LEN, 40), AB(CKA_EXTRACTABLE, CK_TRUE)), &secret));
    n = sizeof blob;
    OK(p11->C_WrapKey(S, MECH(CKM_ML_KEM), p.pub, secret, blob, &n));
    OK(p11->C_UnwrapKey(S, MECH(CKM_ML_KEM), p.priv, blob, n,
                        T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_GENERIC_SECRET)),
                        &key));
    RV(CKR_ATTRIBUTE_SENSITIVE, p11->C_GetAttributeValue(S, key, T(AX(CKA_VALUE, b, sizeof b))));
    RV(CKR_TEMPLATE_INCONSISTENT,
       p11->C_UnwrapKey(S, MECH(CKM_ML_KEM), p.priv, blob, n,
                        T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
                          AB(CKA_SENSITIVE, CK_FALSE)),
                        &key));
}

/* ---- algorithms.crypto_backend ---- */

static const struct kept {
    const char *label;
    CK_MECHANISM_TYPE generator, use;
    CK_ULONG set;
} kept[] = {
    {"44", CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_DSA, CKP_ML_DSA_44},
    {"87", CKM_ML_DSA_KEY_PAIR_GEN, CKM_HASH_ML_DSA_SHAKE256, CKP_ML_DSA_87},
    {"128f", CKM_SLH_DSA_KEY_PAIR_GEN, CKM_SLH_DSA, CKP_SLH_DSA_SHA2_128F},
    {"comp", CKM_COMP_SIG_KEY_PAIR_GEN, CKM_COMP_SIG, CKP_COMP_SIG_MLDSA65_ECDSA_P256_SHA512},
    {"rsa", CKM_COMP_SIG_KEY_PAIR_GEN, CKM_COMP_SIG, CKP_COMP_SIG_MLDSA44_RSA2048_PSS_SHA256},
    {"512", CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_KEM, CKP_ML_KEM_512},
    {"1024", CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_KEM, CKP_ML_KEM_1024},
    {"hybrid", CKM_COMP_KEM_KEY_PAIR_GEN, CKM_COMP_KEM, CKP_COMP_KEM_X25519_MLKEM768},
    {"xwing", CKM_COMP_KEM_KEY_PAIR_GEN, CKM_COMP_KEM, CKP_COMP_KEM_XWING},
};
static const char *const backends[] = {"crypto_backend = \"openssl\"", "crypto_backend = \"awslc\"",
                                       "crypto_backend = \"auto\""};

static bool is_kem(const struct kept *k)
{
    return k->use == CKM_ML_KEM || k->use == CKM_COMP_KEM;
}

/* What one library made of a key: a signature, or a ciphertext and its secret. */
static struct result {
    CK_BYTE p[PQ_SIG_MAX];
    CK_ULONG n;
    CK_BYTE secret[64];
    CK_ULONG secret_n;
} results[LEN(kept)];

static void use(const struct kept *k, struct result *r)
{
    const struct pair p = pair_named(k->label);
    if (!is_kem(k)) {
        r->n = pq_sign(S, MECH(k->use), p.priv, "a text", 6, r->p);
        return;
    }
    CK_OBJECT_HANDLE key = 0;
    r->n = pq_encapsulate(S, k->use, p.pub, r->p, &key);
    r->secret_n = attr_bytes(S, key, CKA_VALUE, r->secret, sizeof r->secret);
}

static void check(const struct kept *k, const struct result *r)
{
    const struct pair p = pair_named(k->label);
    CK_BYTE secret[64];
    if (!is_kem(k)) {
        OK(pq_verify(S, MECH(k->use), p.pub, "a text", 6, r->p, r->n));
        RV(CKR_SIGNATURE_INVALID, pq_verify(S, MECH(k->use), p.pub, "a test", 6, r->p, r->n));
        return;
    }
    const CK_OBJECT_HANDLE key = pq_decapsulate(S, k->use, p.priv, r->p, r->n);
    assert_int_equal(attr_bytes(S, key, CKA_VALUE, secret, sizeof secret), r->secret_n);
    assert_memory_equal(secret, r->secret, r->secret_n);
}

/* Keys of a store work with either library, and what the one makes the other takes. What a library does
 * not have it does not show either (item 76). */
static void r076_one_store_two_libraries(void **state)
{
    static bool made[LEN(kept)];
    CK_MECHANISM_INFO info;
    size_t rounds = 0;
    (void)state;
    OK(begin_with("", ""));
    for (size_t k = 0; k < LEN(kept); k++) {
        keep_pair(kept[k].label, kept[k].generator, kept[k].set);
        made[k] = false;
    }
    for (size_t round = 0; round < 2 * LEN(backends); round++) {
        if (begin_with("", backends[round % LEN(backends)]) != CKR_OK) {
            continue; /* not linked */
        }
        rounds++;
        for (size_t k = 0; k < LEN(kept); k++) {
            const bool offered = p11->C_GetMechanismInfo(slot, kept[k].use, &info) == CKR_OK;
            assert_int_equal(offered, is_listed(kept[k].use));
            assert_int_equal(offered, is_listed(kept[k].generator));
            if (!offered) {
                struct pair p = {0, 0};
                RV(CKR_MECHANISM_INVALID,
                   p11->C_GenerateKeyPair(S, MECH(kept[k].generator),
                                          T(AU(CKA_PARAMETER_SET, kept[k].set)), NULL, 0, &p.pub,
                                          &p.priv));
                continue;
            }
            if (made[k]) {
                check(&kept[k], &results[k]);
            }
            use(&kept[k], &results[k]);
            made[k] = true;
        }
    }
    assert_true(rounds >= 4); /* OpenSSL and the choice of both are always there */
    print_message("%zu of %zu rounds (fewer where one library alone is linked)\n", rounds,
                  2 * LEN(backends));
    for (size_t k = 0; k < LEN(kept); k++) {
        assert_true(made[k]);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown)
    const struct CMUnitTest tests[] = {
        TEST(vendor_numbers_leave_the_list_alone), TEST(enable_pqc_hides_everything),
        TEST(r079_what_comes_out_of_a_kem),        TEST(r079_what_a_kem_unwraps),
        TEST(r076_one_store_two_libraries),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
