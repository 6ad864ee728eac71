/* SPDX-License-Identifier: Apache-2.0
 *
 * The harness: objects and attributes.
 */
#include "harness.h"

const struct oid P256 = {10, {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}};
const struct oid P384 = {7, {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22}};
const struct oid P521 = {7, {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23}};
const struct oid SECP256K1 = {7, {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a}};
const struct oid X25519 = {5, {0x06, 0x03, 0x2b, 0x65, 0x6e}};
const struct oid X448 = {5, {0x06, 0x03, 0x2b, 0x65, 0x6f}};
const struct oid ED25519 = {5, {0x06, 0x03, 0x2b, 0x65, 0x70}};
const struct oid ED448 = {5, {0x06, 0x03, 0x2b, 0x65, 0x71}};

bool has_mechanism(CK_MECHANISM_TYPE type)
{
    CK_MECHANISM_INFO info;
    return p11->C_GetMechanismInfo(slot, type, &info) == CKR_OK;
}

CK_OBJECT_HANDLE data_object(CK_SESSION_HANDLE s, bool token, const char *label)
{
    CK_OBJECT_HANDLE o = 0;
    OK(p11->C_CreateObject(s,
                           T(AU(CKA_CLASS, CKO_DATA), AB(CKA_TOKEN, token),
                             AB(CKA_PRIVATE, CK_FALSE), AX(CKA_LABEL, label, strlen(label)),
                             AS(CKA_VALUE, "some data")),
                           &o));
    assert_int_not_equal(o, CK_INVALID_HANDLE);
    return o;
}

CK_OBJECT_HANDLE aes_key(CK_SESSION_HANDLE s, CK_ULONG bytes)
{
    CK_OBJECT_HANDLE k = 0;
    OK(p11->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN),
                          T(AU(CKA_VALUE_LEN, bytes), AB(CKA_TOKEN, CK_FALSE),
                            AB(CKA_ENCRYPT, CK_TRUE), AB(CKA_DECRYPT, CK_TRUE),
                            AB(CKA_SIGN, CK_TRUE), AB(CKA_VERIFY, CK_TRUE), AB(CKA_WRAP, CK_TRUE),
                            AB(CKA_UNWRAP, CK_TRUE), AB(CKA_DERIVE, CK_TRUE),
                            AB(CKA_EXTRACTABLE, CK_TRUE)),
                          &k));
    return k;
}

static CK_OBJECT_HANDLE import(CK_SESSION_HANDLE s, CK_KEY_TYPE type, const void *value, CK_ULONG n)
{
    CK_OBJECT_HANDLE k = 0;
    OK(p11->C_CreateObject(s,
                           T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, type),
                             AX(CKA_VALUE, value, n), AB(CKA_TOKEN, CK_FALSE),
                             AB(CKA_ENCRYPT, CK_TRUE), AB(CKA_DECRYPT, CK_TRUE),
                             AB(CKA_SIGN, CK_TRUE), AB(CKA_VERIFY, CK_TRUE), AB(CKA_WRAP, CK_TRUE),
                             AB(CKA_UNWRAP, CK_TRUE), AB(CKA_DERIVE, CK_TRUE),
                             AB(CKA_SENSITIVE, CK_FALSE), AB(CKA_EXTRACTABLE, CK_TRUE)),
                           &k));
    return k;
}

CK_OBJECT_HANDLE aes_import(CK_SESSION_HANDLE s, const void *value, CK_ULONG bytes)
{
    return import(s, CKK_AES, value, bytes);
}

CK_OBJECT_HANDLE secret_import(CK_SESSION_HANDLE s, const void *value, CK_ULONG bytes)
{
    return import(s, CKK_GENERIC_SECRET, value, bytes);
}

void rsa_pair(CK_SESSION_HANDLE s, CK_ULONG bits, CK_OBJECT_HANDLE *pub, CK_OBJECT_HANDLE *priv)
{
    OK(p11->C_GenerateKeyPair(
        s, MECH(CKM_RSA_PKCS_KEY_PAIR_GEN),
        T(AU(CKA_MODULUS_BITS, bits), AB(CKA_TOKEN, CK_FALSE), AB(CKA_VERIFY, CK_TRUE),
          AB(CKA_ENCRYPT, CK_TRUE), AB(CKA_WRAP, CK_TRUE)),
        T(AB(CKA_TOKEN, CK_FALSE), AB(CKA_SIGN, CK_TRUE), AB(CKA_DECRYPT, CK_TRUE),
          AB(CKA_UNWRAP, CK_TRUE), AB(CKA_EXTRACTABLE, CK_TRUE)),
        pub, priv));
}

static void curve_pair(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE m, const struct oid *curve,
                       bool signs, bool derives, CK_OBJECT_HANDLE *pub, CK_OBJECT_HANDLE *priv)
{
    OK(p11->C_GenerateKeyPair(
        s, MECH(m),
        T(AX(CKA_EC_PARAMS, curve->der, curve->n), AB(CKA_TOKEN, CK_FALSE), AB(CKA_VERIFY, signs)),
        T(AB(CKA_TOKEN, CK_FALSE), AB(CKA_SIGN, signs), AB(CKA_DERIVE, derives),
          AB(CKA_EXTRACTABLE, CK_TRUE)),
        pub, priv));
}

void ec_pair(CK_SESSION_HANDLE s, const struct oid *curve, CK_OBJECT_HANDLE *pub,
             CK_OBJECT_HANDLE *priv)
{
    curve_pair(s, CKM_EC_KEY_PAIR_GEN, curve, true, true, pub, priv);
}

void edwards_pair(CK_SESSION_HANDLE s, const struct oid *curve, CK_OBJECT_HANDLE *pub,
                  CK_OBJECT_HANDLE *priv)
{
    curve_pair(s, CKM_EC_EDWARDS_KEY_PAIR_GEN, curve, true, false, pub, priv);
}

void montgomery_pair(CK_SESSION_HANDLE s, const struct oid *curve, CK_OBJECT_HANDLE *pub,
                     CK_OBJECT_HANDLE *priv)
{
    curve_pair(s, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, curve, false, true, pub, priv);
}

CK_BBOOL attr_bool(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
    CK_BBOOL v = 0xff;
    OK(p11->C_GetAttributeValue(s, o, T(AX(type, &v, sizeof v))));
    assert_true(v == CK_TRUE || v == CK_FALSE);
    return v;
}

CK_ULONG attr_ulong(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
    CK_ULONG v = 0;
    OK(p11->C_GetAttributeValue(s, o, T(AX(type, &v, sizeof v))));
    return v;
}

CK_ULONG attr_bytes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, void *buf,
                    CK_ULONG cap)
{
    CK_ATTRIBUTE a = {type, buf, cap};
    OK(p11->C_GetAttributeValue(s, o, &a, 1));
    assert_true(a.ulValueLen <= cap);
    return a.ulValueLen;
}

CK_ULONG find(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *list,
              CK_ULONG cap)
{
    CK_ULONG total = 0;
    OK(p11->C_FindObjectsInit(s, t, n));
    for (;;) {
        CK_OBJECT_HANDLE found[32];
        CK_ULONG got = 0;
        OK(p11->C_FindObjects(s, found, LEN(found), &got));
        if (got == 0) {
            break;
        }
        for (CK_ULONG i = 0; i < got; i++, total++) {
            if (list != NULL && total < cap) {
                list[total] = found[i];
            }
        }
    }
    OK(p11->C_FindObjectsFinal(s));
    return total;
}

bool object_exists(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
    CK_ULONG size = 0;
    return p11->C_GetObjectSize(s, o, &size) == CKR_OK;
}
