/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects and attributes: creating, reading, changing, copying, destroying.
 */
#include "harness.h"

#define UNAVAILABLE CK_UNAVAILABLE_INFORMATION

static CK_RV create(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    return p11->C_CreateObject(s, t, n, ret);
}

static void data_objects(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = open_session(true);
    CK_OBJECT_HANDLE o = 0;
    OK(create(s,
              T(AU(CKA_CLASS, CKO_DATA), AS(CKA_LABEL, "a label"), AS(CKA_APPLICATION, "an app"),
                AS(CKA_OBJECT_ID, "\x06\x03\x55\x04\x03"), AS(CKA_VALUE, "bytes\0more")),
              &o));
    assert_int_equal(attr_ulong(s, o, CKA_CLASS), CKO_DATA);
    assert_int_equal(attr_bool(s, o, CKA_TOKEN), CK_FALSE);
    assert_int_equal(attr_bool(s, o, CKA_MODIFIABLE), CK_TRUE);
    assert_int_equal(attr_bool(s, o, CKA_COPYABLE), CK_TRUE);
    assert_int_equal(attr_bool(s, o, CKA_DESTROYABLE), CK_TRUE);
    char v[32];
    assert_int_equal(attr_bytes(s, o, CKA_VALUE, v, sizeof v), 10);
    assert_memory_equal(v, "bytes\0more", 10);
    assert_int_equal(attr_bytes(s, o, CKA_APPLICATION, v, sizeof v), 6);
    char id1[128], id2[128];
    const CK_ULONG n = attr_bytes(s, o, CKA_UNIQUE_ID, id1, sizeof id1);
    assert_true(n > 0);
    const CK_OBJECT_HANDLE p = data_object(s, false, "a label");
    assert_int_equal(attr_bytes(s, p, CKA_UNIQUE_ID, id2, sizeof id2), n);
    assert_memory_not_equal(id1, id2, n);
    OK(p11->C_DestroyObject(s, o));
    RV(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(s, o));
}

static void certificate_objects(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = open_session(true);
    CK_OBJECT_HANDLE o = 0;
    CK_ATTRIBUTE t[] = {AU(CKA_CLASS, CKO_CERTIFICATE),       AU(CKA_CERTIFICATE_TYPE, CKC_X_509),
                        AS(CKA_SUBJECT, "\x30\x00"),          AS(CKA_ID, "id"),
                        AS(CKA_ISSUER, "\x30\x00"),           AS(CKA_SERIAL_NUMBER, "\x02\x01\x01"),
                        AS(CKA_VALUE, "\x30\x03\x02\x01\x05")};
    OK(create(s, t, LEN(t), &o));
    assert_int_equal(attr_bool(s, o, CKA_TRUSTED), CK_FALSE);
    assert_int_equal(attr_bool(s, o, CKA_PRIVATE), CK_FALSE);
    char v[16];
    assert_int_equal(attr_bytes(s, o, CKA_SERIAL_NUMBER, v, sizeof v), 3);
    RV(CKR_TEMPLATE_INCOMPLETE, create(s, t, 2, &o));
    RV(CKR_TEMPLATE_INCOMPLETE, create(s, T(AU(CKA_CLASS, CKO_CERTIFICATE)), &o));
}

static void r009_values_of_a_wrong_size(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = open_session(true);
    CK_OBJECT_HANDLE o = 0;
    CK_BYTE raw[32] = {0};
    static const CK_ULONG sizes[] = {0, 1, 3, 4, 7, 9, 16};
    for (size_t i = 0; i < LEN(sizes); i++) {
        RV(CKR_ATTRIBUTE_VALUE_INVALID, create(s, T(AX(CKA_CLASS, raw, sizes[i])), &o));
        if (sizes[i] != 1) {
            RV(CKR_ATTRIBUTE_VALUE_INVALID,
               create(s, T(AU(CKA_CLASS, CKO_DATA), AX(CKA_TOKEN, raw, sizes[i])), &o));
        }
        if (sizes[i] != 0) {
            RV(CKR_ATTRIBUTE_VALUE_INVALID,
               create(s,
                      T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES),
                        AX(CKA_VALUE, raw, 16), AX(CKA_START_DATE, raw, sizes[i])),
                      &o));
        }
    }
    ONE_OF(create(s, T(AU(CKA_CLASS, CKO_DATA), AX(CKA_VALUE, NULL, 5)), &o),
           CKR_ATTRIBUTE_VALUE_INVALID, CKR_ARGUMENTS_BAD);
    ONE_OF(create(s, T(AU(CKA_CLASS, CKO_DATA), AX(CKA_TOKEN, NULL, 1)), &o),
           CKR_ATTRIBUTE_VALUE_INVALID, CKR_ARGUMENTS_BAD);
    assert_int_equal(o, 0);
}

static void r010_booleans_are_zero_or_one(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = open_session(true);
    CK_OBJECT_HANDLE o = 0;
    RV(CKR_ATTRIBUTE_VALUE_INVALID,
       create(s, T(AU(CKA_CLASS, CKO_DATA), AB(CKA_MODIFIABLE, 2)), &o));
    RV(CKR_ATTRIBUTE_VALUE_INVALID,
       create(s, T(AU(CKA_CLASS, CKO_DATA), AB(CKA_MODIFIABLE, 0xff)), &o));
}

static void r011_misaligned_templates(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = open_session(true);
    CK_BYTE class[sizeof(CK_ULONG) + 1], raw[2 * sizeof(CK_ATTRIBUTE) + 1];
    const CK_ULONG data = CKO_DATA;
    memcpy(class + 1, &data, sizeof data);
    const CK_ATTRIBUTE t[] = {AX(CKA_CLASS, class + 1, sizeof data), AS(CKA_LABEL, "odd")};
    memcpy(raw + 1, t, sizeof t);
    CK_OBJECT_HANDLE o = 0;
    OK(p11->C_CreateObject(s, (CK_ATTRIBUTE *)(uintptr_t)(raw + 1), 2, &o));
    CK_BYTE out[sizeof(CK_ULONG) + 1] = {0};
    const CK_ATTRIBUTE q = AX(CKA_CLASS, out + 1, sizeof data);
    memcpy(raw + 1, &q, sizeof q);
    OK(p11->C_GetAttributeValue(s, o, (CK_ATTRIBUTE *)(uintptr_t)(raw + 1), 1));
    CK_ULONG got = 77;
    memcpy(&got, out + 1, sizeof got);
    assert_int_equal(got, CKO_DATA);
}

static void r012_nested_templates(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE k = 0;
    CK_ATTRIBUTE self[2];
    self[0] = (CK_ATTRIBUTE)AX(CKA_UNWRAP_TEMPLATE, self, sizeof self);
    self[1] = (CK_ATTRIBUTE)AB(CKA_SENSITIVE, CK_TRUE);
    CK_ATTRIBUTE inner[] = {AB(CKA_SENSITIVE, CK_TRUE), AU(CKA_KEY_TYPE, CKK_AES)};
    CK_ATTRIBUTE wild[] = {AX(CKA_LABEL, NULL, 20)};
#define WITH(p, n)                                                                                 \
    p11->C_GenerateKey(                                                                            \
        s, MECH(CKM_AES_KEY_GEN),                                                                  \
        T(AU(CKA_VALUE_LEN, 16), AB(CKA_UNWRAP, CK_TRUE), AX(CKA_UNWRAP_TEMPLATE, (p), (n))), &k)
    RV(CKR_ATTRIBUTE_VALUE_INVALID, WITH(self, sizeof self));
    RV(CKR_ATTRIBUTE_VALUE_INVALID, WITH(inner, sizeof inner - 1));
    RV(CKR_ATTRIBUTE_VALUE_INVALID, WITH(inner, 1));
    REFUSED(WITH(wild, sizeof wild));
    REFUSED(WITH(NULL, sizeof inner));
    REFUSED(WITH(inner, ~0UL));
    REFUSED(WITH(inner, ~0UL / sizeof inner[0] * sizeof inner[0]));
    OK(WITH(inner, sizeof inner));
#undef WITH
    /* and back: sizes first, then values */
    CK_ATTRIBUTE q = {CKA_UNWRAP_TEMPLATE, NULL, 0};
    OK(p11->C_GetAttributeValue(s, k, &q, 1));
    assert_int_equal(q.ulValueLen, sizeof inner);
    CK_BBOOL b = 7;
    CK_ULONG u = 77;
    CK_ATTRIBUTE back[2] = {AX(0, &b, sizeof b), AX(0, &u, sizeof u)};
    CK_BYTE room[sizeof u] = {0};
    back[0].pValue = room;
    back[0].ulValueLen = sizeof room;
    q.pValue = back;
    OK(p11->C_GetAttributeValue(s, k, &q, 1));
    for (size_t i = 0; i < LEN(back); i++) {
        assert_true(back[i].type == CKA_SENSITIVE || back[i].type == CKA_KEY_TYPE);
    }
}

static void r013_templates_that_make_no_sense(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = open_session(true);
    CK_OBJECT_HANDLE o = 0;
    RV(CKR_TEMPLATE_INCONSISTENT,
       create(s, T(AU(CKA_CLASS, CKO_DATA), AS(CKA_LABEL, "a"), AS(CKA_LABEL, "b")), &o));
    RV(CKR_ATTRIBUTE_TYPE_INVALID, create(s, T(AU(CKA_CLASS, CKO_DATA), AS(0x7ffffff7, "x")), &o));
    RV(CKR_ATTRIBUTE_VALUE_INVALID, create(s, T(AU(CKA_CLASS, 0x7777)), &o));
    RV(CKR_TEMPLATE_INCOMPLETE, create(s, T(AS(CKA_LABEL, "no class")), &o));
    RV(CKR_TEMPLATE_INCOMPLETE, create(s, NULL, 0, &o));
    ONE_OF(create(s, T(AU(CKA_CLASS, CKO_DATA), AS(CKA_UNIQUE_ID, "mine")), &o),
           CKR_ATTRIBUTE_READ_ONLY);
    ONE_OF(create(s,
                  T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES),
                    AS(CKA_VALUE, "0123456789abcdef"), AB(CKA_ALWAYS_SENSITIVE, CK_TRUE)),
                  &o),
           CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID, CKR_TEMPLATE_INCONSISTENT);
    ONE_OF(create(s, T(AU(CKA_CLASS, CKO_DATA), AS(CKA_MODULUS, "x")), &o),
           CKR_ATTRIBUTE_TYPE_INVALID, CKR_TEMPLATE_INCONSISTENT);
    assert_int_equal(o, 0);
}

static void r023_templates_that_lack_something(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE o = 0, p = 0;
    RV(CKR_TEMPLATE_INCOMPLETE,
       create(s, T(AU(CKA_CLASS, CKO_SECRET_KEY), AS(CKA_VALUE, "0123456789abcdef")), &o));
    RV(CKR_TEMPLATE_INCOMPLETE,
       create(s, T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES)), &o));
    RV(CKR_TEMPLATE_INCOMPLETE,
       create(s, T(AU(CKA_CLASS, CKO_PUBLIC_KEY), AU(CKA_KEY_TYPE, CKK_EC)), &o));
    RV(CKR_TEMPLATE_INCOMPLETE,
       create(s, T(AU(CKA_CLASS, CKO_PUBLIC_KEY), AU(CKA_KEY_TYPE, CKK_RSA)), &o));
    RV(CKR_TEMPLATE_INCOMPLETE, p11->C_GenerateKeyPair(s, MECH(CKM_EC_KEY_PAIR_GEN), NULL, 0,
                                                       T(AB(CKA_PRIVATE, CK_FALSE)), &o, &p));
    RV(CKR_TEMPLATE_INCOMPLETE, p11->C_GenerateKeyPair(s, MECH(CKM_RSA_PKCS_KEY_PAIR_GEN), NULL, 0,
                                                       T(AB(CKA_PRIVATE, CK_FALSE)), &o, &p));
    RV(CKR_TEMPLATE_INCOMPLETE, p11->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), NULL, 0, &o));
    assert_int_equal(o, 0);
    assert_int_equal(p, 0);
}

static void r014_short_buffer_writes_nothing(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = open_session(true);
    const CK_OBJECT_HANDLE o = data_object(s, false, "a longer label");
    CK_BYTE label[16], value[16];
    memset(label, 0xee, sizeof label);
    memset(value, 0xee, sizeof value);
    CK_ULONG class = 0;
    CK_ATTRIBUTE t[] = {AX(CKA_LABEL, label, 5), AX(CKA_CLASS, &class, sizeof class),
                        AX(CKA_VALUE, value, 8)};
    RV(CKR_BUFFER_TOO_SMALL, p11->C_GetAttributeValue(s, o, t, LEN(t)));
    assert_true(t[0].ulValueLen == UNAVAILABLE);
    assert_true(t[2].ulValueLen == UNAVAILABLE);
    assert_int_equal(t[1].ulValueLen, sizeof class);
    assert_int_equal(class, CKO_DATA);
    for (size_t i = 0; i < sizeof label; i++) {
        assert_int_equal(label[i], 0xee);
        assert_int_equal(value[i], 0xee);
    }
    CK_ATTRIBUTE q = {CKA_LABEL, NULL, 0};
    OK(p11->C_GetAttributeValue(s, o, &q, 1));
    assert_int_equal(q.ulValueLen, 14);
}

static void r015_all_attributes_are_answered_before_the_error(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE k = 0;
    OK(p11->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN),
                          T(AU(CKA_VALUE_LEN, 16), AB(CKA_SENSITIVE, CK_TRUE)), &k));
    CK_BYTE value[16] = {0}, other[8];
    CK_ULONG len = 0, type = 0;
    CK_ATTRIBUTE t[] = {AX(CKA_VALUE, value, sizeof value), AX(CKA_VALUE_LEN, &len, sizeof len),
                        AX(CKA_MODULUS, other, sizeof other), AX(CKA_KEY_TYPE, &type, sizeof type)};
    ONE_OF(p11->C_GetAttributeValue(s, k, t, LEN(t)), CKR_ATTRIBUTE_SENSITIVE,
           CKR_ATTRIBUTE_TYPE_INVALID);
    assert_true(t[0].ulValueLen == UNAVAILABLE);
    assert_true(t[2].ulValueLen == UNAVAILABLE);
    assert_int_equal(len, 16);
    assert_int_equal(type, CKK_AES);
    for (size_t i = 0; i < sizeof value; i++) {
        assert_int_equal(value[i], 0);
    }
    RV(CKR_ATTRIBUTE_SENSITIVE,
       p11->C_GetAttributeValue(s, k, T(AX(CKA_VALUE, value, sizeof value))));
    RV(CKR_ATTRIBUTE_SENSITIVE, p11->C_GetAttributeValue(s, k, T(AX(CKA_VALUE, NULL, 0))));
    RV(CKR_ATTRIBUTE_TYPE_INVALID,
       p11->C_GetAttributeValue(s, k, T(AX(CKA_MODULUS, other, sizeof other))));
}

static void r016_empty_values_are_values(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = open_session(true);
    CK_OBJECT_HANDLE o = 0;
    OK(create(s,
              T(AU(CKA_CLASS, CKO_DATA), AX(CKA_LABEL, NULL, 0), AX(CKA_VALUE, "", 0),
                AX(CKA_APPLICATION, NULL, 0)),
              &o));
    char buf[4];
    assert_int_equal(attr_bytes(s, o, CKA_LABEL, buf, sizeof buf), 0);
    assert_int_equal(attr_bytes(s, o, CKA_VALUE, buf, sizeof buf), 0);
    OK(p11->C_SetAttributeValue(s, o, T(AS(CKA_LABEL, "x"))));
    OK(p11->C_SetAttributeValue(s, o, T(AX(CKA_LABEL, NULL, 0))));
    assert_int_equal(attr_bytes(s, o, CKA_LABEL, buf, sizeof buf), 0);
}

static void r052_a_change_is_whole_or_none(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    for (int token = 0; token < 2; token++) {
        const CK_OBJECT_HANDLE o = data_object(s, token == 1, "before");
        REFUSED(p11->C_SetAttributeValue(
            s, o, T(AS(CKA_LABEL, "after"), AU(CKA_CLASS, CKO_CERTIFICATE))));
        char v[16];
        assert_int_equal(attr_bytes(s, o, CKA_LABEL, v, sizeof v), 6);
        assert_memory_equal(v, "before", 6);
        assert_int_equal(attr_ulong(s, o, CKA_CLASS), CKO_DATA);
        OK(p11->C_SetAttributeValue(s, o, T(AS(CKA_LABEL, "after"), AS(CKA_VALUE, "new"))));
        assert_int_equal(attr_bytes(s, o, CKA_LABEL, v, sizeof v), 5);
        assert_int_equal(attr_bytes(s, o, CKA_VALUE, v, sizeof v), 3);
    }
}

static void r091_flags_that_forbid(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE o = 0, copy = 0;
    OK(create(s, T(AU(CKA_CLASS, CKO_DATA), AB(CKA_DESTROYABLE, CK_FALSE)), &o));
    RV(CKR_ACTION_PROHIBITED, p11->C_DestroyObject(s, o));
    OK(create(s, T(AU(CKA_CLASS, CKO_DATA), AB(CKA_COPYABLE, CK_FALSE)), &o));
    RV(CKR_ACTION_PROHIBITED, p11->C_CopyObject(s, o, NULL, 0, &copy));
    OK(create(s, T(AU(CKA_CLASS, CKO_DATA), AB(CKA_MODIFIABLE, CK_FALSE)), &o));
    ONE_OF(p11->C_SetAttributeValue(s, o, T(AS(CKA_LABEL, "x"))), CKR_ACTION_PROHIBITED,
           CKR_ATTRIBUTE_READ_ONLY);
    assert_int_equal(copy, 0);
}

static void copies(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE o = data_object(s, false, "first");
    CK_OBJECT_HANDLE c = 0;
    OK(p11->C_CopyObject(s, o, T(AS(CKA_LABEL, "second"), AB(CKA_TOKEN, CK_TRUE)), &c));
    assert_int_not_equal(o, c);
    assert_int_equal(attr_bool(s, c, CKA_TOKEN), CK_TRUE);
    char v[16];
    assert_int_equal(attr_bytes(s, c, CKA_LABEL, v, sizeof v), 6);
    assert_int_equal(attr_bytes(s, c, CKA_VALUE, v, sizeof v), 9);
    assert_int_equal(attr_bytes(s, o, CKA_LABEL, v, sizeof v), 5);
    REFUSED(p11->C_CopyObject(s, o, T(AU(CKA_CLASS, CKO_CERTIFICATE)), &c));
    OK(p11->C_DestroyObject(s, o));
    assert_true(object_exists(s, c));
}

static void r119_object_size(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = open_session(true);
    CK_ULONG n = 0;
    OK(p11->C_GetObjectSize(s, data_object(s, false, "x"), &n));
    assert_true(n > 0);
    RV(CKR_ARGUMENTS_BAD, p11->C_GetObjectSize(s, data_object(s, false, "x"), NULL));
}

static void r051_handles_are_not_used_twice(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE seen[100];
    for (size_t i = 0; i < LEN(seen); i++) {
        seen[i] = data_object(s, i % 2 == 0, "again");
        OK(p11->C_DestroyObject(s, seen[i]));
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(seen[i], seen[j]);
        }
    }
}

static void r031_objects_that_are_none(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE good = data_object(s, false, "x");
    const CK_OBJECT_HANDLE bad[] = {0, ~0UL, good + 1, good ^ 0x8000000000000000UL, 1};
    CK_ULONG n = 0;
    CK_OBJECT_HANDLE copy = 0;
    for (size_t i = 0; i < LEN(bad); i++) {
        RV(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(s, bad[i], &n));
        RV(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(s, bad[i]));
        RV(CKR_OBJECT_HANDLE_INVALID, p11->C_CopyObject(s, bad[i], NULL, 0, &copy));
        RV(CKR_OBJECT_HANDLE_INVALID, p11->C_SetAttributeValue(s, bad[i], T(AS(CKA_LABEL, "y"))));
        CK_BYTE b[8];
        RV(CKR_OBJECT_HANDLE_INVALID,
           p11->C_GetAttributeValue(s, bad[i], T(AX(CKA_LABEL, b, sizeof b))));
        RV(CKR_KEY_HANDLE_INVALID, p11->C_EncryptInit(s, MECH(CKM_AES_ECB), bad[i]));
        RV(CKR_KEY_HANDLE_INVALID, p11->C_SignInit(s, MECH(CKM_ECDSA), bad[i]));
    }
    ONE_OF(p11->C_EncryptInit(s, MECH(CKM_AES_ECB), good), CKR_KEY_HANDLE_INVALID,
           CKR_KEY_TYPE_INCONSISTENT);
}

static void r102_check_value(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    /* AES-128 with the all-zero key: the first three bytes of the all-zero block encrypted */
    const CK_BYTE zero[16] = {0};
    const CK_OBJECT_HANDLE k = aes_import(s, zero, sizeof zero);
    CK_BYTE kcv[8];
    CK_ATTRIBUTE q = AX(CKA_CHECK_VALUE, kcv, sizeof kcv);
    if (p11->C_GetAttributeValue(s, k, &q, 1) == CKR_OK && q.ulValueLen != 0) {
        assert_int_equal(q.ulValueLen, 3);
        assert_memory_equal(kcv, "\x66\xe9\x4b", 3);
    }
    CK_OBJECT_HANDLE o = 0;
    REFUSED(create(s,
                   T(AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES),
                     AX(CKA_VALUE, zero, sizeof zero), AS(CKA_CHECK_VALUE, "\x01\x02\x03")),
                   &o));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(data_objects),
        TEST(certificate_objects),
        TEST(r009_values_of_a_wrong_size),
        TEST(r010_booleans_are_zero_or_one),
        TEST(r011_misaligned_templates),
        TEST(r012_nested_templates),
        TEST(r013_templates_that_make_no_sense),
        TEST(r023_templates_that_lack_something),
        TEST(r014_short_buffer_writes_nothing),
        TEST(r015_all_attributes_are_answered_before_the_error),
        TEST(r016_empty_values_are_values),
        TEST(r052_a_change_is_whole_or_none),
        TEST(r091_flags_that_forbid),
        TEST(copies),
        TEST(r119_object_size),
        TEST(r051_handles_are_not_used_twice),
        TEST(r031_objects_that_are_none),
        TEST(r102_check_value),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
