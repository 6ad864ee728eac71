/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates: every check that needs no object (items 1, 9 to 13, 16 of the robustness list).
 */
#include "make.h"

static enum rc read_one(CK_ATTRIBUTE_TYPE type, const void *p, CK_ULONG n, bool find)
{
    union {
        const void *in;
        void *out;
    } u = {.in = p};
    const CK_ATTRIBUTE a = {type, u.out, n};
    AUTO_TEMPLATE struct template *t = NULL;
    return template_read(&a, 1, find, &t);
}

static void counts(void **state)
{
    (void)state;
    struct template *t = NULL;
    const CK_ATTRIBUTE a = {CKA_LABEL, NULL, 0};
    static const CK_ULONG huge[] = {TEMPLATE_MAX_ATTRIBUTES + 1, 0x100000000UL, 0xaaaaaaaaaaaaaabUL,
                                    ~0UL, ~0UL / sizeof a + 1};
    for (size_t i = 0; i < ARRAY_LEN(huge); i++) {
        assert_int_equal(template_read(&a, huge[i], false, &t), RC_ARGUMENTS_BAD);
        assert_int_equal(template_read(&a, huge[i], true, &t), RC_ARGUMENTS_BAD);
    }
    assert_int_equal(template_read(NULL, 1, false, &t), RC_ARGUMENTS_BAD);
    assert_null(t);
    assert_int_equal(template_read(NULL, 0, false, &t), RC_OK);
    assert_int_equal(template_count(t), 0);
    template_free(t);
    template_free(NULL);
}

static void sizes(void **state)
{
    (void)state;
    const uint8_t bytes[32] = {1};
    const CK_ULONG cls = CKO_DATA;
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        CK_ULONG n;
        enum rc rc;
    } cases[] = {
        {CKA_TOKEN, 1, RC_OK},
        {CKA_TOKEN, 0, RC_ATTRIBUTE_VALUE_INVALID},
        {CKA_TOKEN, 4, RC_ATTRIBUTE_VALUE_INVALID},
        {CKA_CLASS, 3, RC_ATTRIBUTE_VALUE_INVALID},
        {CKA_CLASS, 4, RC_ATTRIBUTE_VALUE_INVALID},
        {CKA_CLASS, 0, RC_ATTRIBUTE_VALUE_INVALID},
        {CKA_CLASS, 16, RC_ATTRIBUTE_VALUE_INVALID},
        {CKA_START_DATE, 7, RC_ATTRIBUTE_VALUE_INVALID},
        {CKA_START_DATE, 8, RC_ATTRIBUTE_VALUE_INVALID}, /* no digits */
        {CKA_START_DATE, 0, RC_OK},
        {CKA_LABEL, 0, RC_OK},
        {CKA_ID, 32, RC_OK},
        {CKA_MODULUS, 0, RC_ATTRIBUTE_VALUE_INVALID},
        {CKA_ALLOWED_MECHANISMS, 7, RC_ATTRIBUTE_VALUE_INVALID},
        {CKA_ALLOWED_MECHANISMS, 0, RC_OK},
        {CKA_ALLOWED_MECHANISMS, 16, RC_OK},
        {CKA_WRAP_TEMPLATE, 23, RC_ATTRIBUTE_VALUE_INVALID},
        {CKA_WRAP_TEMPLATE, 0, RC_OK},
        {CKA_LABEL, TEMPLATE_MAX_VALUE + 1, RC_ATTRIBUTE_VALUE_INVALID},
        {CKA_VALUE, ~0UL, RC_ATTRIBUTE_VALUE_INVALID},
        {CKA_VENDOR_DEFINED | 77, 4, RC_ATTRIBUTE_TYPE_INVALID},
        {0x100000000UL, 4, RC_ATTRIBUTE_TYPE_INVALID},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(read_one(cases[i].type, bytes, cases[i].n, false), cases[i].rc);
        /* NULL with a length is never read */
        if (cases[i].n > 0) {
            assert_int_not_equal(read_one(cases[i].type, NULL, cases[i].n, false), RC_OK);
        }
    }
    assert_int_equal(read_one(CKA_CLASS, &cls, sizeof cls, false), RC_OK);
    assert_int_equal(read_one(CKA_START_DATE, "20261121", 8, false), RC_OK);
    assert_int_equal(read_one(CKA_START_DATE, "20261321", 8, false), RC_ATTRIBUTE_VALUE_INVALID);
    assert_int_equal(read_one(CKA_START_DATE, "20261100", 8, false), RC_ATTRIBUTE_VALUE_INVALID);
    const uint8_t two = 2;
    assert_int_equal(read_one(CKA_TOKEN, &two, 1, false), RC_ATTRIBUTE_VALUE_INVALID);
}

static void misaligned(void **state)
{
    (void)state;
    uint8_t raw[1 + sizeof(CK_ATTRIBUTE) * 2 + 16];
    const CK_ULONG cls = CKO_SECRET_KEY;
    uint8_t odd[1 + sizeof cls];
    memcpy(odd + 1, &cls, sizeof cls);
    CK_ATTRIBUTE a[2] = {{CKA_CLASS, odd + 1, sizeof cls}, {CKA_LABEL, NULL, 0}};
    memcpy(raw + 1, a, sizeof a);
    struct template *t = NULL;
    const void *p = raw + 1;
    assert_int_equal(template_read(p, 2, false, &t), RC_OK);
    CK_ULONG v = 0;
    assert_int_equal(template_ulong(t, CKA_CLASS, &v), RC_OK);
    assert_int_equal(v, CKO_SECRET_KEY);
    assert_true(template_has(t, CKA_LABEL));
    template_free(t);
}

static void duplicates(void **state)
{
    (void)state;
    struct template *t = NULL;
    char one[] = "one";
    char two[] = "two";
    const CK_ATTRIBUTE same[2] = {{CKA_LABEL, one, 3}, {CKA_LABEL, one, 3}};
    const CK_ATTRIBUTE other[2] = {{CKA_LABEL, one, 3}, {CKA_LABEL, two, 3}};
    assert_int_equal(template_read(same, 2, false, &t), RC_TEMPLATE_INCONSISTENT);
    assert_int_equal(template_read(other, 2, false, &t), RC_TEMPLATE_INCONSISTENT);
    assert_int_equal(template_read(same, 2, true, &t), RC_OK);
    assert_int_equal(template_count(t), 1);
    template_free(t);
    assert_int_equal(template_read(other, 2, true, &t), RC_OK); /* finds nothing */
    template_free(t);
}

static void nested(void **state)
{
    (void)state;
    CK_BBOOL yes = CK_TRUE;
    uint8_t key[4] = {0};
    CK_ATTRIBUTE good[2] = {{CKA_SENSITIVE, &yes, 1}, {CKA_ID, key, 4}};
    CK_ATTRIBUTE twice[2] = {{CKA_SENSITIVE, &yes, 1}, {CKA_SENSITIVE, &yes, 1}};
    CK_ATTRIBUTE deep[1] = {{CKA_WRAP_TEMPLATE, good, sizeof good}};
    CK_ATTRIBUTE secret[1] = {{CKA_VALUE, key, 4}};
    CK_ATTRIBUTE unknown[1] = {{CKA_VENDOR_DEFINED | 9, key, 4}};
    CK_ATTRIBUTE bad[1] = {{CKA_SENSITIVE, key, 4}};
    CK_ATTRIBUTE null[1] = {{CKA_ID, NULL, 4}};
    CK_ATTRIBUTE self[1] = {{CKA_UNWRAP_TEMPLATE, self, sizeof self}};
    assert_int_equal(read_one(CKA_WRAP_TEMPLATE, good, sizeof good, false), RC_OK);
    CK_ATTRIBUTE *wrong[] = {deep, secret, unknown, bad, null, self};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(read_one(CKA_UNWRAP_TEMPLATE, wrong[i], sizeof(CK_ATTRIBUTE), false),
                         RC_ATTRIBUTE_VALUE_INVALID);
    }
    assert_int_equal(read_one(CKA_WRAP_TEMPLATE, twice, sizeof twice, false),
                     RC_ATTRIBUTE_VALUE_INVALID);
    assert_int_equal(read_one(CKA_WRAP_TEMPLATE, good, 0x7fffffff * sizeof(CK_ATTRIBUTE), false),
                     RC_ATTRIBUTE_VALUE_INVALID);
    /* both published numbers */
    assert_int_equal(read_one(CKA_ENCAPSULATE_TEMPLATE, good, sizeof good, false), RC_OK);
    assert_int_equal(read_one(CKF_ARRAY_ATTRIBUTE | 0x62aUL, good, sizeof good, false), RC_OK);
}

static void reading_back(void **state)
{
    (void)state;
    struct list_of l;
    start_aes(&l);
    add_bool(&l, CKA_TOKEN, true);
    add_text(&l, CKA_LABEL, "name");
    const uint8_t zeros[] = {0, 0, 5, 0};
    add(&l, CKA_MODULUS, zeros, sizeof zeros);
    struct template *t = NULL;
    assert_int_equal(template_read(l.a, l.n, false, &t), RC_OK);
    memset(l.store, 0xee, sizeof l.store); /* a copy was made */
    struct bytes v;
    assert_int_equal(template_bytes(t, CKA_LABEL, &v), RC_OK);
    assert_true(bytes_equal(v, BYTES_STR("name")));
    assert_int_equal(template_bytes(t, CKA_VALUE, &v), RC_OK);
    assert_true(bytes_equal(v, BYTES(aes_key, sizeof aes_key)));
    assert_int_equal(template_bytes(t, CKA_MODULUS, &v), RC_OK);
    assert_true(bytes_equal(v, BYTES(zeros + 2, 2)));
    assert_true(template_bool(t, CKA_TOKEN, false));
    assert_true(template_bool(t, CKA_PRIVATE, true));
    assert_int_equal(template_bytes(t, CKA_ID, &v), RC_NOT_FOUND);
    CK_ULONG number;
    assert_int_equal(template_ulong(t, CKA_LABEL, &number), RC_NOT_FOUND);
    assert_int_equal(template_count(t), 6);
    template_free(t);
}

static void searches(void **state)
{
    (void)state;
    const uint8_t bytes[8] = {1};
    assert_int_equal(read_one(CKA_VENDOR_DEFINED | 77, bytes, 4, true), RC_OK);
    assert_int_equal(read_one(CKA_MODULUS, NULL, 0, true), RC_OK);
    assert_int_equal(read_one(CKA_CLASS, bytes, 4, true), RC_ATTRIBUTE_VALUE_INVALID);
}

static enum rc read_all(void)
{
    struct list_of l;
    start_rsa_private(&l);
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE inner[1] = {{CKA_SENSITIVE, &yes, 1}};
    add(&l, CKA_UNWRAP_TEMPLATE, inner, sizeof inner);
    add_ulong(&l, CKA_ALLOWED_MECHANISMS, 0x40);
    add(&l, CKA_EC_POINT, "12345678901234567890123456789012", 32);
    AUTO_TEMPLATE struct template *t = NULL;
    return template_read(l.a, l.n, false, &t);
}

static void faults(void **state)
{
    (void)state;
    with_faults(read_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts),     cmocka_unit_test(sizes),  cmocka_unit_test(misaligned),
        cmocka_unit_test(duplicates), cmocka_unit_test(nested), cmocka_unit_test(reading_back),
        cmocka_unit_test(searches),   cmocka_unit_test(faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
