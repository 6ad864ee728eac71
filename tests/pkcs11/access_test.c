/* SPDX-License-Identifier: Apache-2.0
 *
 * What keys may do, what may be done with them, and who may change that.
 */
#include "harness.h"

#include <stdio.h>

static const CK_BYTE zeros[64];
static CK_BYTE iv[16];

static CK_RV make(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    return p11->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), t, n, ret);
}

static void r083_secrets_are_hidden_by_default(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE k = 0;
    OK(make(s, T(AU(CKA_VALUE_LEN, 16)), &k));
    CK_BYTE b[512];
    RV(CKR_ATTRIBUTE_SENSITIVE, p11->C_GetAttributeValue(s, k, T(AX(CKA_VALUE, b, sizeof b))));
    assert_int_equal(attr_bool(s, k, CKA_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(s, k, CKA_EXTRACTABLE), CK_FALSE);
    assert_int_equal(attr_bool(s, k, CKA_ALWAYS_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(s, k, CKA_NEVER_EXTRACTABLE), CK_TRUE);
    assert_int_equal(attr_bool(s, k, CKA_LOCAL), CK_TRUE);
    assert_int_equal(attr_bool(s, k, CKA_PRIVATE), CK_TRUE);
    assert_int_equal(attr_ulong(s, k, CKA_KEY_GEN_MECHANISM), CKM_AES_KEY_GEN);
    OK(p11->C_CreateObject(
        s, T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES), AX(CKA_VALUE, zeros, 16)),
        &k));
    RV(CKR_ATTRIBUTE_SENSITIVE, p11->C_GetAttributeValue(s, k, T(AX(CKA_VALUE, b, sizeof b))));
    assert_int_equal(attr_bool(s, k, CKA_ALWAYS_SENSITIVE), CK_FALSE);
    assert_int_equal(attr_bool(s, k, CKA_NEVER_EXTRACTABLE), CK_FALSE);
    assert_int_equal(attr_bool(s, k, CKA_LOCAL), CK_FALSE);
    assert_true(attr_ulong(s, k, CKA_KEY_GEN_MECHANISM) == CK_UNAVAILABLE_INFORMATION);
}

static void r083_every_private_part_is_hidden(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    rsa_pair(s, 2048, &pub, &priv);
    static const CK_ATTRIBUTE_TYPE parts[] = {CKA_PRIVATE_EXPONENT, CKA_PRIME_1,
                                              CKA_PRIME_2,          CKA_EXPONENT_1,
                                              CKA_EXPONENT_2,       CKA_COEFFICIENT};
    CK_BYTE b[512];
    for (size_t i = 0; i < LEN(parts); i++) {
        RV(CKR_ATTRIBUTE_SENSITIVE,
           p11->C_GetAttributeValue(s, priv, T(AX(parts[i], b, sizeof b))));
    }
    assert_int_equal(attr_bytes(s, priv, CKA_MODULUS, b, sizeof b), 256);
    assert_int_equal(attr_bytes(s, pub, CKA_MODULUS, b, sizeof b), 256);
    ec_pair(s, &P256, &pub, &priv);
    RV(CKR_ATTRIBUTE_SENSITIVE, p11->C_GetAttributeValue(s, priv, T(AX(CKA_VALUE, b, sizeof b))));
}

static void r080_locks_turn_one_way(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE k = 0, c = 0;
    CK_ATTRIBUTE less_sensitive[] = {AB(CKA_SENSITIVE, CK_FALSE)};
    CK_ATTRIBUTE more_extractable[] = {AB(CKA_EXTRACTABLE, CK_TRUE)};
    OK(make(s, T(AU(CKA_VALUE_LEN, 16), AB(CKA_SENSITIVE, CK_TRUE), AB(CKA_EXTRACTABLE, CK_FALSE)),
            &k));
    ONE_OF(p11->C_SetAttributeValue(s, k, less_sensitive, 1), CKR_ATTRIBUTE_READ_ONLY,
           CKR_TEMPLATE_INCONSISTENT);
    ONE_OF(p11->C_SetAttributeValue(s, k, more_extractable, 1), CKR_ATTRIBUTE_READ_ONLY,
           CKR_TEMPLATE_INCONSISTENT);
    ONE_OF(p11->C_CopyObject(s, k, less_sensitive, 1, &c), CKR_ATTRIBUTE_READ_ONLY,
           CKR_TEMPLATE_INCONSISTENT);
    ONE_OF(p11->C_CopyObject(s, k, more_extractable, 1, &c), CKR_ATTRIBUTE_READ_ONLY,
           CKR_TEMPLATE_INCONSISTENT);
    OK(make(s, T(AU(CKA_VALUE_LEN, 16), AB(CKA_SENSITIVE, CK_FALSE), AB(CKA_EXTRACTABLE, CK_TRUE)),
            &k));
    CK_BYTE b[16];
    assert_int_equal(attr_bytes(s, k, CKA_VALUE, b, sizeof b), 16);
    OK(p11->C_CopyObject(s, k, T(AB(CKA_SENSITIVE, CK_TRUE)), &c));
    RV(CKR_ATTRIBUTE_SENSITIVE, p11->C_GetAttributeValue(s, c, T(AX(CKA_VALUE, b, sizeof b))));
    OK(p11->C_SetAttributeValue(s, k, T(AB(CKA_SENSITIVE, CK_TRUE))));
    OK(p11->C_SetAttributeValue(s, k, T(AB(CKA_EXTRACTABLE, CK_FALSE))));
    RV(CKR_ATTRIBUTE_SENSITIVE, p11->C_GetAttributeValue(s, k, T(AX(CKA_VALUE, b, sizeof b))));
    assert_int_equal(attr_bool(s, k, CKA_ALWAYS_SENSITIVE), CK_FALSE);
    assert_int_equal(attr_bool(s, k, CKA_NEVER_EXTRACTABLE), CK_FALSE);
}

static void r089_usage_flags(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE k = 0, w = 0, pub = 0, priv = 0;
    OK(make(s,
            T(AU(CKA_VALUE_LEN, 16), AB(CKA_ENCRYPT, CK_FALSE), AB(CKA_DECRYPT, CK_FALSE),
              AB(CKA_SIGN, CK_FALSE), AB(CKA_VERIFY, CK_FALSE), AB(CKA_WRAP, CK_FALSE),
              AB(CKA_UNWRAP, CK_FALSE), AB(CKA_DERIVE, CK_FALSE)),
            &k));
    static const CK_RV want = CKR_KEY_FUNCTION_NOT_PERMITTED;
    RV(want, p11->C_EncryptInit(s, MECH(CKM_AES_ECB), k));
    RV(want, p11->C_DecryptInit(s, MECH(CKM_AES_ECB), k));
    RV(want, p11->C_SignInit(s, MECH(CKM_AES_CMAC), k));
    RV(want, p11->C_VerifyInit(s, MECH(CKM_AES_CMAC), k));
    w = aes_key(s, 16);
    CK_BYTE b[64] = {0};
    CK_ULONG n = sizeof b;
    ONE_OF(p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), k, w, b, &n), want,
           CKR_WRAPPING_KEY_HANDLE_INVALID);
    CK_ATTRIBUTE t[] = {AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES)};
    ONE_OF(p11->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), k, b, 24, t, LEN(t), &w), want,
           CKR_UNWRAPPING_KEY_HANDLE_INVALID);
    OK(p11->C_GenerateKeyPair(s, MECH(CKM_EC_KEY_PAIR_GEN),
                              T(AX(CKA_EC_PARAMS, P256.der, P256.n), AB(CKA_VERIFY, CK_FALSE)),
                              T(AB(CKA_SIGN, CK_FALSE), AB(CKA_DERIVE, CK_FALSE)), &pub, &priv));
    RV(want, p11->C_SignInit(s, MECH(CKM_ECDSA), priv));
    RV(want, p11->C_VerifyInit(s, MECH(CKM_ECDSA), pub));
    CK_ECDH1_DERIVE_PARAMS p = {.kdf = CKD_NULL, .pPublicData = b, .ulPublicDataLen = 65};
    RV(want, p11->C_DeriveKey(s, MECHP(CKM_ECDH1_DERIVE, p), priv, t, LEN(t), &w));
}

static void r089_key_of_the_wrong_kind(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    ec_pair(s, &P256, &pub, &priv);
    RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_SignInit(s, MECH(CKM_SHA256_RSA_PKCS), priv));
    RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_SignInit(s, MECH(CKM_ECDSA), k));
    REFUSED(p11->C_SignInit(s, MECH(CKM_ECDSA), pub));
    REFUSED(p11->C_VerifyInit(s, MECH(CKM_ECDSA), priv));
    RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_SignInit(s, MECH(CKM_SHA256_HMAC), priv)); /* item 64 */
    const CK_OBJECT_HANDLE g = secret_import(s, "0123456789abcdef", 16);
    RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_EncryptInit(s, MECH(CKM_AES_ECB), g));
}

static void r088_allowed_mechanisms(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE k = 0;
    CK_MECHANISM_TYPE only[] = {CKM_AES_CBC};
    OK(make(s,
            T(AU(CKA_VALUE_LEN, 16), AB(CKA_TOKEN, CK_TRUE), AB(CKA_ENCRYPT, CK_TRUE),
              AX(CKA_ALLOWED_MECHANISMS, only, sizeof only)),
            &k));
    ONE_OF(p11->C_EncryptInit(s, MECH(CKM_AES_ECB), k), CKR_MECHANISM_INVALID,
           CKR_KEY_FUNCTION_NOT_PERMITTED);
    OK(p11->C_EncryptInit(s, MECHX(CKM_AES_CBC, iv, sizeof iv), k));
    OK(p11->C_EncryptInit(s, NULL, 0));
    CK_MECHANISM_TYPE back[4];
    assert_int_equal(attr_bytes(s, k, CKA_ALLOWED_MECHANISMS, back, sizeof back), sizeof only);
    OK(p11->C_Finalize(NULL)); /* it stays so */
    OK(p11->C_Initialize(NULL));
    const CK_SESSION_HANDLE again = user_session();
    assert_int_equal(find(again, T(AU(CKA_CLASS, CKO_SECRET_KEY)), &k, 1), 1);
    REFUSED(p11->C_EncryptInit(again, MECH(CKM_AES_ECB), k));
    OK(p11->C_EncryptInit(again, MECHX(CKM_AES_CBC, iv, sizeof iv), k));
    OK(p11->C_EncryptInit(again, NULL, 0));
    REFUSED(make(again, T(AU(CKA_VALUE_LEN, 16), AX(CKA_ALLOWED_MECHANISMS, only, sizeof only - 1)),
                 &k));
}

static void r084_trusted_is_for_the_so(void **state)
{
    (void)state;
    CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE k = 0;
    REFUSED(make(s, T(AU(CKA_VALUE_LEN, 32), AB(CKA_TRUSTED, CK_TRUE), AB(CKA_WRAP, CK_TRUE)), &k));
    OK(make(s,
            T(AU(CKA_VALUE_LEN, 32), AB(CKA_TOKEN, CK_TRUE), AB(CKA_WRAP, CK_TRUE),
              AB(CKA_PRIVATE, CK_FALSE), AS(CKA_LABEL, "to be trusted")),
            &k));
    REFUSED(p11->C_SetAttributeValue(s, k, T(AB(CKA_TRUSTED, CK_TRUE))));
    CK_OBJECT_HANDLE c = 0;
    REFUSED(p11->C_CopyObject(s, k, T(AB(CKA_TRUSTED, CK_TRUE)), &c));
    assert_int_equal(attr_bool(s, k, CKA_TRUSTED), CK_FALSE);
    OK(p11->C_CloseAllSessions(slot));
    s = so_session();
    assert_int_equal(find(s, T(AS(CKA_LABEL, "to be trusted")), &k, 1), 1);
    OK(p11->C_SetAttributeValue(s, k, T(AB(CKA_TRUSTED, CK_TRUE))));
    assert_int_equal(attr_bool(s, k, CKA_TRUSTED), CK_TRUE);
}

static void r085_wrap_with_trusted(void **state)
{
    (void)state;
    CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE w = aes_key(s, 32);
    CK_OBJECT_HANDLE k = 0, trusted = 0;
    OK(make(s,
            T(AU(CKA_VALUE_LEN, 16), AB(CKA_EXTRACTABLE, CK_TRUE),
              AB(CKA_WRAP_WITH_TRUSTED, CK_TRUE), AB(CKA_TOKEN, CK_TRUE), AS(CKA_ID, "k")),
            &k));
    CK_BYTE b[64];
    CK_ULONG n = sizeof b;
    RV(CKR_KEY_NOT_WRAPPABLE, p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), w, k, b, &n));
    REFUSED(p11->C_SetAttributeValue(s, k, T(AB(CKA_WRAP_WITH_TRUSTED, CK_FALSE)))); /* sticks */
    OK(make(s,
            T(AU(CKA_VALUE_LEN, 32), AB(CKA_TOKEN, CK_TRUE), AB(CKA_WRAP, CK_TRUE),
              AB(CKA_PRIVATE, CK_FALSE), AS(CKA_ID, "t")),
            &trusted));
    OK(p11->C_CloseAllSessions(slot));
    s = so_session();
    assert_int_equal(find(s, T(AS(CKA_ID, "t")), &trusted, 1), 1);
    OK(p11->C_SetAttributeValue(s, trusted, T(AB(CKA_TRUSTED, CK_TRUE))));
    OK(p11->C_CloseAllSessions(slot));
    s = user_session();
    assert_int_equal(find(s, T(AS(CKA_ID, "t")), &trusted, 1), 1);
    assert_int_equal(find(s, T(AS(CKA_ID, "k")), &k, 1), 1);
    n = sizeof b;
    OK(p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), trusted, k, b, &n));
    assert_int_equal(n, 24);
}

static void r086_what_cannot_be_wrapped(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE w = aes_key(s, 32);
    CK_OBJECT_HANDLE k = 0, pub = 0, priv = 0;
    OK(make(s, T(AU(CKA_VALUE_LEN, 16), AB(CKA_EXTRACTABLE, CK_FALSE)), &k));
    CK_BYTE b[4096];
    CK_ULONG n = sizeof b;
    RV(CKR_KEY_UNEXTRACTABLE, p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), w, k, b, &n));
    ec_pair(s, &P256, &pub, &priv);
    RV(CKR_KEY_NOT_WRAPPABLE, p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP_PAD), w, pub, b, &n));
    RV(CKR_WRAPPING_KEY_HANDLE_INVALID, p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), ~0UL, k, b, &n));
    RV(CKR_KEY_HANDLE_INVALID, p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), w, ~0UL, b, &n));
    ONE_OF(p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), pub, w, b, &n),
           CKR_WRAPPING_KEY_TYPE_INCONSISTENT, CKR_KEY_FUNCTION_NOT_PERMITTED);
}

static void r087_wrap_template(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE w = 0, good = 0, bad = 0;
    CK_ATTRIBUTE rule[] = {AU(CKA_KEY_TYPE, CKK_AES), AB(CKA_ENCRYPT, CK_TRUE)};
    OK(make(
        s,
        T(AU(CKA_VALUE_LEN, 32), AB(CKA_WRAP, CK_TRUE), AX(CKA_WRAP_TEMPLATE, rule, sizeof rule)),
        &w));
    OK(make(s, T(AU(CKA_VALUE_LEN, 16), AB(CKA_EXTRACTABLE, CK_TRUE), AB(CKA_ENCRYPT, CK_TRUE)),
            &good));
    OK(make(s, T(AU(CKA_VALUE_LEN, 16), AB(CKA_EXTRACTABLE, CK_TRUE), AB(CKA_ENCRYPT, CK_FALSE)),
            &bad));
    CK_BYTE b[64];
    CK_ULONG n = sizeof b;
    OK(p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), w, good, b, &n));
    n = sizeof b;
    RV(CKR_KEY_HANDLE_INVALID, p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), w, bad, b, &n));
}

static void r087_unwrap_template(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE w = 0, k = 0;
    CK_ATTRIBUTE rule[] = {AB(CKA_EXTRACTABLE, CK_FALSE), AB(CKA_SENSITIVE, CK_TRUE)};
    OK(make(s,
            T(AU(CKA_VALUE_LEN, 32), AB(CKA_WRAP, CK_TRUE), AB(CKA_UNWRAP, CK_TRUE),
              AX(CKA_UNWRAP_TEMPLATE, rule, sizeof rule)),
            &w));
    CK_BYTE b[64];
    CK_ULONG n = sizeof b;
    OK(p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), w, aes_key(s, 16), b, &n));
    RV(CKR_TEMPLATE_INCONSISTENT,
       p11->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), w, b, n,
                        T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES),
                          AB(CKA_EXTRACTABLE, CK_TRUE)),
                        &k));
    assert_int_equal(k, 0);
    OK(p11->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), w, b, n,
                        T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES)), &k));
    assert_int_equal(attr_bool(s, k, CKA_EXTRACTABLE), CK_FALSE);
    assert_int_equal(attr_bool(s, k, CKA_SENSITIVE), CK_TRUE);
}

static void r081_unwrap_honours_its_template(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE w = aes_key(s, 32);
    CK_BYTE b[64];
    CK_ULONG n = sizeof b;
    OK(p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), w, aes_key(s, 16), b, &n));
    CK_OBJECT_HANDLE k = 0;
    OK(p11->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), w, b, n,
                        T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES),
                          AB(CKA_EXTRACTABLE, CK_FALSE), AB(CKA_SENSITIVE, CK_TRUE),
                          AB(CKA_ENCRYPT, CK_FALSE), AS(CKA_LABEL, "unwrapped"), AS(CKA_ID, "7")),
                        &k));
    assert_int_equal(attr_bool(s, k, CKA_EXTRACTABLE), CK_FALSE);
    assert_int_equal(attr_bool(s, k, CKA_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(s, k, CKA_ENCRYPT), CK_FALSE);
    assert_int_equal(attr_bool(s, k, CKA_LOCAL), CK_FALSE);
    assert_int_equal(attr_bool(s, k, CKA_ALWAYS_SENSITIVE), CK_FALSE);
    assert_int_equal(attr_bool(s, k, CKA_NEVER_EXTRACTABLE), CK_FALSE);
    assert_int_equal(attr_ulong(s, k, CKA_VALUE_LEN), 16);
}

static void r082_a_blob_is_not_another_kind_of_key(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE w = aes_key(s, 32);
    CK_OBJECT_HANDLE pub = 0, priv = 0, k = 0;
    ec_pair(s, &P256, &pub, &priv);
    CK_BYTE b[512];
    CK_ULONG n = sizeof b;
    OK(p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP_PAD), w, priv, b, &n));
    REFUSED(p11->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP_PAD), w, b, n,
                             T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES)), &k));
    REFUSED(p11->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP_PAD), w, b, n,
                             T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_RSA)), &k));
    n = sizeof b;
    OK(p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP_PAD), w, aes_key(s, 24), b, &n));
    REFUSED(p11->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP_PAD), w, b, n,
                             T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_EC)), &k));
    const CK_OBJECT_HANDLE g = secret_import(s, "0123456789abcdef", 16);
    RV(CKR_WRAPPING_KEY_TYPE_INCONSISTENT, p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), g, w, b, &n));
    assert_int_equal(k, 0);
}

static void r090_derived_keys_and_history(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE pub = 0, priv = 0, k = 0;
    OK(p11->C_GenerateKeyPair(
        s, MECH(CKM_EC_KEY_PAIR_GEN), T(AX(CKA_EC_PARAMS, P256.der, P256.n)),
        T(AB(CKA_DERIVE, CK_TRUE), AB(CKA_SENSITIVE, CK_TRUE), AB(CKA_EXTRACTABLE, CK_FALSE)), &pub,
        &priv));
    CK_BYTE point[80];
    const CK_ULONG n = attr_bytes(s, pub, CKA_EC_POINT, point, sizeof point);
    CK_ECDH1_DERIVE_PARAMS p = {.kdf = CKD_NULL, .pPublicData = point, .ulPublicDataLen = n};
    OK(p11->C_DeriveKey(s, MECHP(CKM_ECDH1_DERIVE, p), priv,
                        T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES),
                          AU(CKA_VALUE_LEN, 32), AB(CKA_SENSITIVE, CK_TRUE),
                          AB(CKA_EXTRACTABLE, CK_FALSE)),
                        &k));
    assert_int_equal(attr_bool(s, k, CKA_LOCAL), CK_FALSE);
    assert_int_equal(attr_bool(s, k, CKA_ALWAYS_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(s, k, CKA_NEVER_EXTRACTABLE), CK_TRUE);
    REFUSED(p11->C_DeriveKey(s, MECHP(CKM_ECDH1_DERIVE, p), priv,
                             T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES),
                               AU(CKA_VALUE_LEN, 32), AB(CKA_ALWAYS_SENSITIVE, CK_TRUE)),
                             &k));
}

/* ---- security.key_separation = true ---- */

static void r078_no_key_both_wraps_and_decrypts(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE k = 0, c = 0;
    RV(CKR_TEMPLATE_INCONSISTENT,
       make(s, T(AU(CKA_VALUE_LEN, 16), AB(CKA_WRAP, CK_TRUE), AB(CKA_DECRYPT, CK_TRUE)), &k));
    RV(CKR_TEMPLATE_INCONSISTENT,
       make(s, T(AU(CKA_VALUE_LEN, 16), AB(CKA_UNWRAP, CK_TRUE), AB(CKA_ENCRYPT, CK_TRUE)), &k));
    OK(make(s,
            T(AU(CKA_VALUE_LEN, 16), AB(CKA_WRAP, CK_TRUE), AB(CKA_DECRYPT, CK_FALSE),
              AB(CKA_ENCRYPT, CK_FALSE), AB(CKA_UNWRAP, CK_FALSE)),
            &k));
    RV(CKR_TEMPLATE_INCONSISTENT, p11->C_SetAttributeValue(s, k, T(AB(CKA_DECRYPT, CK_TRUE))));
    RV(CKR_TEMPLATE_INCONSISTENT, p11->C_CopyObject(s, k, T(AB(CKA_DECRYPT, CK_TRUE)), &c));
    /* one after another */
    OK(p11->C_SetAttributeValue(s, k, T(AB(CKA_WRAP, CK_FALSE))));
    REFUSED(p11->C_SetAttributeValue(s, k, T(AB(CKA_DECRYPT, CK_TRUE))));
}

static void r079_an_unwrapped_key_cannot_be_read(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE w = 0, k = 0, x = 0;
    OK(make(s,
            T(AU(CKA_VALUE_LEN, 32), AB(CKA_WRAP, CK_TRUE), AB(CKA_UNWRAP, CK_TRUE),
              AB(CKA_ENCRYPT, CK_FALSE), AB(CKA_DECRYPT, CK_FALSE)),
            &w));
    OK(make(s, T(AU(CKA_VALUE_LEN, 16), AB(CKA_EXTRACTABLE, CK_TRUE)), &x));
    CK_BYTE b[64];
    CK_ULONG n = sizeof b;
    OK(p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), w, x, b, &n));
    const CK_RV rv = p11->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), w, b, n,
                                      T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES),
                                        AB(CKA_SENSITIVE, CK_FALSE), AB(CKA_EXTRACTABLE, CK_TRUE)),
                                      &k);
    if (rv == CKR_OK) {
        assert_int_equal(attr_bool(s, k, CKA_SENSITIVE), CK_TRUE);
        assert_int_equal(attr_bool(s, k, CKA_EXTRACTABLE), CK_FALSE);
    } else {
        RV(CKR_TEMPLATE_INCONSISTENT, rv);
    }
    OK(p11->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), w, b, n,
                        T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES)), &k));
    assert_int_equal(attr_bool(s, k, CKA_SENSITIVE), CK_TRUE); /* silent: the strict default */
    assert_int_equal(attr_bool(s, k, CKA_EXTRACTABLE), CK_FALSE);
}

static int setup_separation(void **state)
{
    (void)state;
    world_make("[audit]\nenabled = false\n");
    char text[1024];
    snprintf(text, sizeof text,
             "[token]\nstorage_path = \"%s/store\"\n[security]\npbkdf2_iterations = 100000\n"
             "key_separation = true\n[log]\nlevel = \"off\"\n",
             world_dir());
    world_write("craton_hsm.toml", text, 0600);
    OK(p11->C_Initialize(NULL));
    CK_ULONG n = 1;
    OK(p11->C_GetSlotList(CK_FALSE, &slot, &n));
    token_init(slot);
    return 0;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(r083_secrets_are_hidden_by_default),
        TEST(r083_every_private_part_is_hidden),
        TEST(r080_locks_turn_one_way),
        TEST(r089_usage_flags),
        TEST(r089_key_of_the_wrong_kind),
        TEST(r088_allowed_mechanisms),
        TEST(r084_trusted_is_for_the_so),
        TEST(r085_wrap_with_trusted),
        TEST(r086_what_cannot_be_wrapped),
        TEST(r087_wrap_template),
        TEST(r087_unwrap_template),
        TEST(r081_unwrap_honours_its_template),
        TEST(r082_a_blob_is_not_another_kind_of_key),
        TEST(r090_derived_keys_and_history),
    };
    const struct CMUnitTest separated[] = {
        TEST(r078_no_key_both_wraps_and_decrypts),
        TEST(r079_an_unwrapped_key_cannot_be_read),
    };
    const int failed = cmocka_run_group_tests(tests, setup_token, teardown_module);
    return failed + cmocka_run_group_tests(separated, setup_separation, teardown_module);
}
