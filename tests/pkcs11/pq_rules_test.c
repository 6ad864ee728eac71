/* SPDX-License-Identifier: Apache-2.0
 *
 * What post-quantum keys may be and become: usages that they never have, what only tightens, what a
 * copy may change.
 */
#include "pq.h"

static CK_SESSION_HANDLE S;

static int open_sessions(void **state)
{
    (void)state;
    S = user_session();
    return 0;
}

static const struct kind {
    CK_KEY_TYPE type;
    CK_MECHANISM_TYPE generator;
    CK_ULONG set;
    bool kem;
} kinds[] = {
    {CKK_ML_KEM, CKM_ML_KEM_KEY_PAIR_GEN, CKP_ML_KEM_512, true},
    {CKK_ML_DSA, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_44, false},
    {CKK_SLH_DSA, CKM_SLH_DSA_KEY_PAIR_GEN, CKP_SLH_DSA_SHA2_128F, false},
    {CKK_COMP_SIG, CKM_COMP_SIG_KEY_PAIR_GEN, CKP_COMP_SIG_MLDSA44_ED25519_SHA512, false},
    {CKK_COMP_KEM, CKM_COMP_KEM_KEY_PAIR_GEN, CKP_COMP_KEM_X25519_MLKEM768, true},
};

/* What a key of the kind never does, in its public and its private half. */
static const CK_ATTRIBUTE_TYPE never_public[2][5] = {
    {CKA_ENCAPSULATE, CKA_DERIVE, CKA_WRAP, CKA_ENCRYPT, CKA_VERIFY_RECOVER},
    {CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_ENCRYPT, 0, 0},
};
static const CK_ATTRIBUTE_TYPE never_private[2][5] = {
    {CKA_DECAPSULATE, CKA_DERIVE, CKA_UNWRAP, CKA_DECRYPT, CKA_SIGN_RECOVER},
    {CKA_SIGN, CKA_SIGN_RECOVER, CKA_DECRYPT, 0, 0},
};
#define EACH(list, kem, a)                                                                         \
    for (size_t a##_i = 0; a##_i < 5; a##_i++)                                                     \
        for (CK_ATTRIBUTE_TYPE a = (list)[kem][a##_i]; a != 0; a = 0)

static CK_RV generate(const struct kind *k, const CK_ATTRIBUTE *pub, const CK_ATTRIBUTE *priv,
                      struct pair *p)
{
    CK_ATTRIBUTE pub_t[2] = {AU(CKA_PARAMETER_SET, k->set)};
    CK_ATTRIBUTE priv_t[1] = {{0}};
    CK_ULONG pub_n = 1;
    CK_ULONG priv_n = 0;
    if (pub != NULL) {
        pub_t[pub_n++] = *pub;
    }
    if (priv != NULL) {
        priv_t[priv_n++] = *priv;
    }
    return p11->C_GenerateKeyPair(S, MECH(k->generator), pub_t, pub_n, priv_t, priv_n, &p->pub,
                                  &p->priv);
}

static void r089_usages_in_generation(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(kinds); i++) {
        struct pair p = {0, 0};
        EACH(never_public, kinds[i].kem, type)
        {
            const CK_ATTRIBUTE yes = AB(type, CK_TRUE);
            RV(CKR_TEMPLATE_INCONSISTENT, generate(&kinds[i], &yes, NULL, &p));
        }
        EACH(never_private, kinds[i].kem, type)
        {
            const CK_ATTRIBUTE yes = AB(type, CK_TRUE);
            RV(CKR_TEMPLATE_INCONSISTENT, generate(&kinds[i], NULL, &yes, &p));
        }
        assert_int_equal(pq_objects(S), 0);
        assert_true(p.pub == 0 && p.priv == 0);
        EACH(never_public, kinds[i].kem, type)
        {
            const CK_ATTRIBUTE no = AB(type, CK_FALSE);
            OK(generate(&kinds[i], &no, NULL, &p));
            assert_false(attr_bool(S, p.pub, type));
            OK(p11->C_DestroyObject(S, p.pub));
            OK(p11->C_DestroyObject(S, p.priv));
        }
        EACH(never_private, kinds[i].kem, type)
        {
            const CK_ATTRIBUTE no = AB(type, CK_FALSE);
            OK(generate(&kinds[i], NULL, &no, &p));
            assert_false(attr_bool(S, p.priv, type));
            OK(p11->C_DestroyObject(S, p.pub));
            OK(p11->C_DestroyObject(S, p.priv));
        }
    }
}

/* A usage of the other half is no attribute of this one. */
static void r013_usages_of_the_other_half(void **state)
{
    static const CK_ATTRIBUTE_TYPE of_private[] = {CKA_SIGN, CKA_DECRYPT, CKA_UNWRAP,
                                                   CKA_DECAPSULATE, CKA_SIGN_RECOVER};
    static const CK_ATTRIBUTE_TYPE of_public[] = {CKA_VERIFY, CKA_ENCRYPT, CKA_WRAP,
                                                  CKA_ENCAPSULATE, CKA_VERIFY_RECOVER};
    struct pair p = {0, 0};
    (void)state;
    for (size_t i = 0; i < LEN(kinds); i++) {
        for (size_t k = 0; k < LEN(of_private); k++) {
            const CK_ATTRIBUTE a = AB(of_private[k], CK_FALSE);
            const CK_ATTRIBUTE b = AB(of_public[k], CK_FALSE);
            RV(CKR_ATTRIBUTE_TYPE_INVALID, generate(&kinds[i], &a, NULL, &p));
            RV(CKR_ATTRIBUTE_TYPE_INVALID, generate(&kinds[i], NULL, &b, &p));
        }
    }
    assert_int_equal(pq_objects(S), 0);
}

static CK_BYTE value[PQ_VALUE_MAX];

/* O once more by C_CreateObject, with one attribute besides. */
static CK_RV create_again(const struct kind *k, CK_OBJECT_HANDLE o, CK_ATTRIBUTE more,
                          CK_OBJECT_HANDLE *ret)
{
    const CK_ULONG n = attr_bytes(S, o, CKA_VALUE, value, sizeof value);
    CK_ATTRIBUTE t[] = {AU(CKA_CLASS, attr_ulong(S, o, CKA_CLASS)), AU(CKA_KEY_TYPE, k->type),
                        AU(CKA_PARAMETER_SET, k->set), AX(CKA_VALUE, value, n), more};
    return p11->C_CreateObject(S, t, LEN(t), ret);
}

/* One half: created, changed, copied. */
static void one_half(const struct kind *k, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
    CK_ATTRIBUTE yes[] = {AB(type, CK_TRUE)};
    CK_ATTRIBUTE no[] = {AB(type, CK_FALSE)};
    CK_OBJECT_HANDLE made = 4711;
    const CK_ULONG before = pq_objects(S);
    RV(CKR_TEMPLATE_INCONSISTENT, create_again(k, o, yes[0], &made));
    RV(CKR_TEMPLATE_INCONSISTENT, p11->C_SetAttributeValue(S, o, yes, 1));
    RV(CKR_TEMPLATE_INCONSISTENT, p11->C_CopyObject(S, o, yes, 1, &made));
    /* one of several changes nothing at all (item 52) */
    RV(CKR_TEMPLATE_INCONSISTENT,
       p11->C_SetAttributeValue(S, o, T(AS(CKA_LABEL, "changed"), yes[0])));
    CK_BYTE label[16];
    assert_int_equal(attr_bytes(S, o, CKA_LABEL, label, sizeof label), 0);
    assert_false(attr_bool(S, o, type));
    assert_int_equal(made, 4711);
    assert_int_equal(pq_objects(S), before);
    OK(create_again(k, o, no[0], &made));
    OK(p11->C_DestroyObject(S, made));
    OK(p11->C_SetAttributeValue(S, o, no, 1));
    OK(p11->C_CopyObject(S, o, no, 1, &made));
    assert_false(attr_bool(S, made, type));
    OK(p11->C_DestroyObject(S, made));
}

static void r089_usages_in_other_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(kinds); i++) {
        const struct pair p = pq_pair(S, kinds[i].generator, kinds[i].set);
        EACH(never_public, kinds[i].kem, type)
        {
            one_half(&kinds[i], p.pub, type);
        }
        EACH(never_private, kinds[i].kem, type)
        {
            one_half(&kinds[i], p.priv, type);
        }
    }
}

static void r089_usages_in_unwrapping(void **state)
{
    static CK_BYTE blob[20000];
    (void)state;
    const CK_OBJECT_HANDLE kek = aes_key(S, 32);
    for (size_t i = 0; i < LEN(kinds); i++) {
        const struct pair p = pq_pair(S, kinds[i].generator, kinds[i].set);
        CK_OBJECT_HANDLE o = 4711;
        CK_ULONG n = sizeof blob;
        OK(p11->C_WrapKey(S, MECH(CKM_AES_KEY_WRAP_KWP), kek, p.priv, blob, &n));
        const CK_ULONG before = pq_objects(S);
        EACH(never_private, kinds[i].kem, type)
        {
            RV(CKR_TEMPLATE_INCONSISTENT,
               p11->C_UnwrapKey(S, MECH(CKM_AES_KEY_WRAP_KWP), kek, blob, n,
                                T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, kinds[i].type),
                                  AB(type, CK_TRUE)),
                                &o));
            assert_int_equal(o, 4711);
            assert_int_equal(pq_objects(S), before);
        }
        EACH(never_private, kinds[i].kem, type)
        {
            OK(p11->C_UnwrapKey(S, MECH(CKM_AES_KEY_WRAP_KWP), kek, blob, n,
                                T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, kinds[i].type),
                                  AB(type, CK_FALSE)),
                                &o));
            assert_false(attr_bool(S, o, type));
            o = 4711;
        }
    }
}

/* An unwrap template that wants what the key cannot be. */
static void r087_unwrap_template_with_a_usage(void **state)
{
    static CK_BYTE blob[8000];
    CK_ATTRIBUTE inner[] = {AB(CKA_DECRYPT, CK_TRUE)};
    CK_OBJECT_HANDLE kek = 0;
    CK_OBJECT_HANDLE o = 0;
    CK_ULONG n = sizeof blob;
    (void)state;
    OK(p11->C_GenerateKey(S, MECH(CKM_AES_KEY_GEN),
                          T(AU(CKA_VALUE_LEN, 32), AB(CKA_WRAP, CK_TRUE), AB(CKA_UNWRAP, CK_TRUE),
                            AX(CKA_UNWRAP_TEMPLATE, inner, sizeof inner)),
                          &kek));
    const struct pair p = pq_pair(S, CKM_CRATON_ML_DSA_44, SET_OF_MECHANISM);
    OK(p11->C_WrapKey(S, MECH(CKM_AES_KEY_WRAP_KWP), kek, p.priv, blob, &n));
    RV(CKR_TEMPLATE_INCONSISTENT,
       p11->C_UnwrapKey(S, MECH(CKM_AES_KEY_WRAP_KWP), kek, blob, n,
                        T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_ML_DSA)), &o));
}

/* A usage that the template grants is the only one; usages that a key has may come and go. */
static void usages_that_a_key_has(void **state)
{
    CK_OBJECT_HANDLE key = 0;
    CK_BYTE ct[2000];
    CK_ULONG n = sizeof ct;
    struct pair p = {0, 0};
    (void)state;
    const CK_ATTRIBUTE wraps = AB(CKA_WRAP, CK_TRUE);
    const CK_ATTRIBUTE unwraps = AB(CKA_UNWRAP, CK_TRUE);
    OK(generate(&kinds[0], &wraps, &unwraps, &p));
    assert_false(attr_bool(S, p.pub, CKA_ENCAPSULATE) || attr_bool(S, p.priv, CKA_DECAPSULATE) ||
                 attr_bool(S, p.pub, CKA_DERIVE) || attr_bool(S, p.priv, CKA_DERIVE));
    RV(CKR_KEY_FUNCTION_NOT_PERMITTED,
       p11->C_EncapsulateKey(S, MECH(CKM_ML_KEM), p.pub, NULL, 0, ct, &n, &key));
    OK(p11->C_SetAttributeValue(S, p.pub, T(AB(CKA_ENCAPSULATE, CK_TRUE))));
    OK(p11->C_EncapsulateKey(S, MECH(CKM_ML_KEM), p.pub, NULL, 0, ct, &n, &key));
    RV(CKR_KEY_FUNCTION_NOT_PERMITTED,
       p11->C_DecapsulateKey(S, MECH(CKM_ML_KEM), p.priv, NULL, 0, ct, n, &key));
    OK(p11->C_SetAttributeValue(S, p.priv, T(AB(CKA_DECAPSULATE, CK_TRUE))));
    OK(p11->C_DecapsulateKey(S, MECH(CKM_ML_KEM), p.priv, NULL, 0, ct, n, &key));
    OK(p11->C_SetAttributeValue(S, p.priv, T(AB(CKA_DECAPSULATE, CK_FALSE))));
    RV(CKR_KEY_FUNCTION_NOT_PERMITTED,
       p11->C_DecapsulateKey(S, MECH(CKM_ML_KEM), p.priv, NULL, 0, ct, n, &key));
    /* a signature key that may not sign */
    const CK_ATTRIBUTE none = AB(CKA_SIGN, CK_FALSE);
    const CK_ATTRIBUTE no_verify = AB(CKA_VERIFY, CK_FALSE);
    OK(generate(&kinds[1], &no_verify, &none, &p));
    RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_SignInit(S, MECH(CKM_ML_DSA), p.priv));
    RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_VerifyInit(S, MECH(CKM_ML_DSA), p.pub));
}

/* ---- what only tightens ---- */

static void r080_never_looser(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(kinds); i++) {
        struct pair p = {0, 0};
        CK_OBJECT_HANDLE o = 0;
        OK(generate(&kinds[i], NULL, NULL, &p)); /* sensitive, not extractable */
        RV(CKR_ATTRIBUTE_READ_ONLY,
           p11->C_SetAttributeValue(S, p.priv, T(AB(CKA_SENSITIVE, CK_FALSE))));
        RV(CKR_ATTRIBUTE_READ_ONLY,
           p11->C_SetAttributeValue(S, p.priv, T(AB(CKA_EXTRACTABLE, CK_TRUE))));
        RV(CKR_ATTRIBUTE_READ_ONLY,
           p11->C_CopyObject(S, p.priv, T(AB(CKA_SENSITIVE, CK_FALSE)), &o));
        RV(CKR_ATTRIBUTE_READ_ONLY,
           p11->C_CopyObject(S, p.priv, T(AB(CKA_EXTRACTABLE, CK_TRUE)), &o));
        RV(CKR_TEMPLATE_INCONSISTENT,
           p11->C_CopyObject(S, p.priv, T(AB(CKA_PRIVATE, CK_FALSE)), &o));
        /* the other way a copy may go, and forgets nothing of the past */
        const struct pair q = pq_pair(S, kinds[i].generator, kinds[i].set);
        OK(p11->C_CopyObject(S, q.priv,
                             T(AB(CKA_SENSITIVE, CK_TRUE), AB(CKA_EXTRACTABLE, CK_FALSE)), &o));
        assert_true(attr_bool(S, o, CKA_SENSITIVE));
        assert_false(attr_bool(S, o, CKA_EXTRACTABLE) || attr_bool(S, o, CKA_ALWAYS_SENSITIVE) ||
                     attr_bool(S, o, CKA_NEVER_EXTRACTABLE));
        CK_BYTE b[64];
        RV(CKR_ATTRIBUTE_SENSITIVE, p11->C_GetAttributeValue(S, o, T(AX(CKA_VALUE, b, 64))));
    }
}

/* What a key is, no call changes. */
static void r052_what_a_key_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(kinds); i++) {
        const struct pair p = pq_pair(S, kinds[i].generator, kinds[i].set);
        const CK_OBJECT_HANDLE halves[] = {p.pub, p.priv};
        for (size_t h = 0; h < 2; h++) {
            CK_BYTE other[64] = {1};
            const CK_ATTRIBUTE fixed[] = {
                AU(CKA_PARAMETER_SET, kinds[i].set + 1),
                AU(CKA_KEY_TYPE, CKK_RSA),
                AU(CKA_CLASS, CKO_SECRET_KEY),
                AX(CKA_VALUE, other, sizeof other),
                AX(CKA_PUBLIC_KEY_INFO, other, sizeof other),
                AB(CKA_LOCAL, CK_FALSE),
                AU(CKA_KEY_GEN_MECHANISM, 0),
                AX(CKA_ALLOWED_MECHANISMS, NULL, 0),
            };
            CK_OBJECT_HANDLE o = 4711;
            for (size_t k = 0; k < LEN(fixed); k++) {
                CK_ATTRIBUTE a = fixed[k];
                RV(CKR_ATTRIBUTE_READ_ONLY, p11->C_SetAttributeValue(S, halves[h], &a, 1));
                RV(CKR_ATTRIBUTE_READ_ONLY, p11->C_CopyObject(S, halves[h], &a, 1, &o));
            }
            assert_int_equal(o, 4711);
            RV(kinds[i].type == CKK_ML_KEM || kinds[i].type == CKK_ML_DSA
                   ? (h == 1 ? CKR_ATTRIBUTE_READ_ONLY : CKR_ATTRIBUTE_TYPE_INVALID)
                   : CKR_ATTRIBUTE_TYPE_INVALID,
               p11->C_SetAttributeValue(S, halves[h], T(AX(CKA_SEED, other, 32))));
            /* said as it is, it is no change */
            OK(p11->C_CopyObject(S, halves[h], T(AU(CKA_PARAMETER_SET, kinds[i].set)), &o));
            assert_int_equal(attr_ulong(S, o, CKA_PARAMETER_SET), kinds[i].set);
        }
    }
}

static void r091_copy_destroy_modify(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(kinds); i++) {
        struct pair p = {0, 0};
        CK_OBJECT_HANDLE o = 0;
        OK(p11->C_GenerateKeyPair(S, MECH(kinds[i].generator),
                                  T(AU(CKA_PARAMETER_SET, kinds[i].set),
                                    AB(CKA_MODIFIABLE, CK_FALSE), AB(CKA_COPYABLE, CK_FALSE)),
                                  T(AB(CKA_MODIFIABLE, CK_FALSE), AB(CKA_COPYABLE, CK_FALSE),
                                    AB(CKA_DESTROYABLE, CK_FALSE)),
                                  &p.pub, &p.priv));
        RV(CKR_ACTION_PROHIBITED, p11->C_SetAttributeValue(S, p.pub, T(AS(CKA_LABEL, "x"))));
        RV(CKR_ACTION_PROHIBITED, p11->C_CopyObject(S, p.pub, NULL, 0, &o));
        RV(CKR_ACTION_PROHIBITED, p11->C_CopyObject(S, p.priv, NULL, 0, &o));
        RV(CKR_ACTION_PROHIBITED, p11->C_DestroyObject(S, p.priv));
        OK(p11->C_DestroyObject(S, p.pub));
        assert_true(object_exists(S, p.priv));
    }
}

/* A copy is the same key, also on the token, and goes its own way. */
static void copies_work(void **state)
{
    static CK_BYTE out[PQ_SIG_MAX];
    (void)state;
    for (size_t i = 0; i < LEN(kinds); i++) {
        const struct pair p = pq_pair(S, kinds[i].generator, kinds[i].set);
        CK_OBJECT_HANDLE priv = 0;
        CK_OBJECT_HANDLE pub = 0;
        CK_OBJECT_HANDLE key = 0;
        OK(p11->C_CopyObject(S, p.priv, T(AB(CKA_TOKEN, CK_TRUE), AS(CKA_LABEL, "copy")), &priv));
        OK(p11->C_CopyObject(S, p.pub, T(AB(CKA_TOKEN, CK_TRUE)), &pub));
        assert_true(pq_same(S, p.priv, priv) && pq_same(S, p.pub, pub));
        OK(p11->C_DestroyObject(S, p.priv));
        if (kinds[i].kem) {
            const CK_MECHANISM_TYPE m = kinds[i].type == CKK_ML_KEM ? CKM_ML_KEM : CKM_COMP_KEM;
            const CK_ULONG n = pq_encapsulate(S, m, pub, out, &key);
            assert_true(pq_same(S, key, pq_decapsulate(S, m, priv, out, n)));
        } else {
            CK_MECHANISM *m = MECH(kinds[i].type == CKK_ML_DSA    ? CKM_ML_DSA
                                   : kinds[i].type == CKK_SLH_DSA ? CKM_SLH_DSA
                                                                  : CKM_COMP_SIG);
            const CK_ULONG n = pq_sign(S, m, priv, "text", 4, out);
            OK(pq_verify(S, m, p.pub, "text", 4, out, n));
            OK(pq_verify(S, m, pub, "text", 4, out, n));
        }
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_sessions, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(r089_usages_in_generation),
        TEST(r013_usages_of_the_other_half),
        TEST(r089_usages_in_other_ways),
        TEST(r089_usages_in_unwrapping),
        TEST(r087_unwrap_template_with_a_usage),
        TEST(usages_that_a_key_has),
        TEST(r080_never_looser),
        TEST(r052_what_a_key_is),
        TEST(r091_copy_destroy_modify),
        TEST(copies_work),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
