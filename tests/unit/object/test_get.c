/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading objects: C_GetAttributeValue (items 14 to 16, 83), matching, allowed mechanisms, what is
 * kept beside an object.
 */
#include "make.h"

static void all_are_processed(void **state)
{
    (void)state;
    struct list_of l;
    start_ec_private(&l);
    add_text(&l, CKA_LABEL, "label");
    AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_CREATE);
    char label[5] = {0};
    char small[1] = {'x'};
    CK_ULONG cls = 0;
    CK_BBOOL sensitive = 9;
    CK_ATTRIBUTE a[] = {
        {CKA_LABEL, small, sizeof small},
        {CKA_VALUE, small, sizeof small},
        {CKA_MODULUS, small, sizeof small},
        {CKA_LABEL, label, sizeof label},
        {CKA_CLASS, &cls, sizeof cls},
        {CKA_SENSITIVE, &sensitive, 1},
        {CKA_ID, NULL, 77},
        {CKA_EC_PARAMS, NULL, 0},
        {CKA_VENDOR_DEFINED | 5, small, 1},
        {CKA_PRIME_1, NULL, 0},
    };
    assert_int_equal(object_get(o, a, ARRAY_LEN(a)), RC_ATTRIBUTE_SENSITIVE);
    assert_int_equal(a[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    assert_int_equal(small[0], 'x');
    assert_int_equal(a[1].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    assert_int_equal(a[2].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    assert_int_equal(a[3].ulValueLen, 5);
    assert_memory_equal(label, "label", 5);
    assert_int_equal(cls, CKO_PRIVATE_KEY);
    assert_int_equal(sensitive, CK_TRUE);
    assert_int_equal(a[6].ulValueLen, 0);
    assert_int_equal(a[7].ulValueLen, sizeof oid_p256);
    assert_int_equal(a[8].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    assert_int_equal(a[9].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    /* each error alone */
    CK_ATTRIBUTE one = {CKA_MODULUS, NULL, 0};
    assert_int_equal(object_get(o, &one, 1), RC_ATTRIBUTE_TYPE_INVALID);
    one = (CK_ATTRIBUTE){CKA_LABEL, small, 1};
    assert_int_equal(object_get(o, &one, 1), RC_BUFFER_TOO_SMALL);
    one = (CK_ATTRIBUTE){CKA_LABEL, label, CK_UNAVAILABLE_INFORMATION};
    assert_int_equal(object_get(o, &one, 1), RC_BUFFER_TOO_SMALL);
    assert_int_equal(object_get(o, NULL, 1), RC_ARGUMENTS_BAD);
    assert_int_equal(object_get(o, &one, ~0UL), RC_ARGUMENTS_BAD);
    assert_int_equal(object_get(o, NULL, 0), RC_OK);
}

static void secrets_by_flags(void **state)
{
    (void)state;
    static const CK_ATTRIBUTE_TYPE secret[] = {CKA_PRIVATE_EXPONENT, CKA_PRIME_1};
    for (int i = 0; i < 4; i++) {
        struct list_of l;
        start_rsa_private(&l);
        add_bool(&l, CKA_SENSITIVE, (i & 1) != 0);
        add_bool(&l, CKA_EXTRACTABLE, (i & 2) != 0);
        AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_CREATE);
        const bool shows = i == 2;
        for (size_t k = 0; k < ARRAY_LEN(secret); k++) {
            char out[16] = {0};
            CK_ATTRIBUTE a = {secret[k], out, sizeof out};
            assert_int_equal(object_wants_secrets(o, &a, 1), shows);
            assert_int_equal(object_get(o, &a, 1), shows ? RC_OK : RC_ATTRIBUTE_SENSITIVE);
            assert_int_equal(out[0] != 0, shows);
            a = (CK_ATTRIBUTE){secret[k], NULL, 0};
            assert_int_equal(object_get(o, &a, 1), shows ? RC_OK : RC_ATTRIBUTE_SENSITIVE);
        }
        /* a secret that the key does not have */
        CK_ATTRIBUTE a = {CKA_COEFFICIENT, NULL, 0};
        assert_int_equal(object_get(o, &a, 1),
                         shows ? RC_ATTRIBUTE_TYPE_INVALID : RC_ATTRIBUTE_SENSITIVE);
        a = (CK_ATTRIBUTE){CKA_MODULUS, NULL, 0};
        assert_false(object_wants_secrets(o, &a, 1));
        assert_int_equal(object_get(o, &a, 1), RC_OK);
    }
}

static void misaligned(void **state)
{
    (void)state;
    struct list_of l;
    start_aes(&l);
    AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_CREATE);
    uint8_t value[1 + sizeof(CK_ULONG)];
    CK_ATTRIBUTE a = {CKA_KEY_TYPE, value + 1, sizeof(CK_ULONG)};
    uint8_t raw[1 + sizeof a];
    memcpy(raw + 1, &a, sizeof a);
    void *p = raw + 1;
    assert_int_equal(object_get(o, p, 1), RC_OK);
    CK_ULONG type;
    memcpy(&type, value + 1, sizeof type);
    assert_int_equal(type, CKK_AES);
}

/* Arrays of attributes: outer size, inner sizes, inner values, inner buffer too small. */
static void nested(void **state)
{
    (void)state;
    CK_BBOOL yes = CK_TRUE;
    char id[] = "four";
    CK_ULONG aes = CKK_AES;
    CK_ATTRIBUTE want[3] = {
        {CKA_SENSITIVE, &yes, 1}, {CKA_ID, id, 4}, {CKA_KEY_TYPE, &aes, sizeof aes}};
    struct list_of l;
    start_aes(&l);
    add(&l, CKA_WRAP_TEMPLATE, want, sizeof want);
    AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_CREATE);
    memset(want, 0xee, sizeof want);

    CK_ATTRIBUTE a = {CKA_WRAP_TEMPLATE, NULL, 0};
    assert_int_equal(object_get(o, &a, 1), RC_OK);
    assert_int_equal(a.ulValueLen, 3 * sizeof(CK_ATTRIBUTE));
    CK_ATTRIBUTE inner[3] = {{0, NULL, 0}};
    a.pValue = inner;
    assert_int_equal(object_get(o, &a, 1), RC_OK);
    assert_int_equal(inner[0].type, CKA_KEY_TYPE); /* rising */
    assert_int_equal(inner[0].ulValueLen, sizeof(CK_ULONG));
    assert_int_equal(inner[1].type, CKA_ID);
    assert_int_equal(inner[1].ulValueLen, 4);
    assert_int_equal(inner[2].type, CKA_SENSITIVE);
    assert_int_equal(inner[2].ulValueLen, 1);
    CK_ULONG got_type = 0;
    char got_id[4] = {0};
    CK_BBOOL got_yes = 0;
    inner[0].pValue = &got_type;
    inner[1].pValue = got_id;
    inner[2].pValue = &got_yes;
    assert_int_equal(object_get(o, &a, 1), RC_OK);
    assert_int_equal(got_type, CKK_AES);
    assert_memory_equal(got_id, "four", 4);
    assert_int_equal(got_yes, CK_TRUE);
    memset(got_id, 'x', 4);
    inner[1].ulValueLen = 3;
    assert_int_equal(object_get(o, &a, 1), RC_BUFFER_TOO_SMALL);
    assert_int_equal(inner[1].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    assert_memory_equal(got_id, "xxxx", 4);
    a.ulValueLen = 2 * sizeof(CK_ATTRIBUTE);
    assert_int_equal(object_get(o, &a, 1), RC_BUFFER_TOO_SMALL);
    assert_int_equal(a.ulValueLen, CK_UNAVAILABLE_INFORMATION);
}

static void mechanisms(void **state)
{
    (void)state;
    struct list_of l;
    start_aes(&l);
    AUTO_OBJECT struct object *any = make_object(&l, ORIGIN_CREATE);
    assert_true(object_allows(any, CKM_AES_GCM));
    const CK_MECHANISM_TYPE two[2] = {CKM_AES_GCM, CKM_AES_CBC};
    start_aes(&l);
    add(&l, CKA_ALLOWED_MECHANISMS, two, sizeof two);
    AUTO_OBJECT struct object *some = make_object(&l, ORIGIN_CREATE);
    assert_true(object_allows(some, CKM_AES_GCM));
    assert_true(object_allows(some, CKM_AES_CBC));
    assert_false(object_allows(some, CKM_AES_CTR));
    CK_MECHANISM_TYPE out[2] = {0, 0};
    CK_ATTRIBUTE a = {CKA_ALLOWED_MECHANISMS, out, sizeof out};
    assert_int_equal(object_get(some, &a, 1), RC_OK);
    assert_memory_equal(out, two, sizeof two);
    start_aes(&l);
    add(&l, CKA_ALLOWED_MECHANISMS, two, 0);
    AUTO_OBJECT struct object *none = make_object(&l, ORIGIN_CREATE);
    assert_false(object_allows(none, CKM_AES_GCM));
    a = (CK_ATTRIBUTE){CKA_ALLOWED_MECHANISMS, NULL, 1};
    assert_int_equal(object_get(none, &a, 1), RC_OK);
    assert_int_equal(a.ulValueLen, 0);
    assert_int_equal(object_get(any, &a, 1), RC_ATTRIBUTE_TYPE_INVALID);
}

static bool matches(const struct object *o, CK_ATTRIBUTE *a, CK_ULONG n)
{
    AUTO_TEMPLATE struct template *t = NULL;
    assert_int_equal(template_read(a, n, true, &t), RC_OK);
    return object_matches(o, t);
}

static void matching(void **state)
{
    (void)state;
    struct list_of l;
    start_aes(&l);
    add_text(&l, CKA_LABEL, "one");
    add_bool(&l, CKA_SENSITIVE, false);
    add_bool(&l, CKA_EXTRACTABLE, true);
    AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_CREATE);
    CK_ULONG cls = CKO_SECRET_KEY;
    uint8_t key[16];
    memcpy(key, aes_key, sizeof key);
    char label[] = "one";
    CK_ATTRIBUTE a[2] = {{CKA_LABEL, label, 3}, {CKA_CLASS, &cls, sizeof cls}};
    assert_true(matches(o, a, 0));
    assert_true(matches(o, a, 2));
    label[0] = 'O';
    assert_false(matches(o, a, 2));
    a[0].ulValueLen = 0;
    assert_false(matches(o, a, 1));
    a[0] = (CK_ATTRIBUTE){CKA_ID, NULL, 0};
    assert_true(matches(o, a, 1));
    a[0] = (CK_ATTRIBUTE){CKA_APPLICATION, NULL, 0};
    assert_false(matches(o, a, 1));
    /* secrets never match, even where they may be read */
    a[0] = (CK_ATTRIBUTE){CKA_VALUE, key, sizeof key};
    assert_false(matches(o, a, 1));
    a[0] = (CK_ATTRIBUTE){CKA_VENDOR_DEFINED | 3, key, 1};
    assert_false(matches(o, a, 1));
    start_cert(&l);
    AUTO_OBJECT struct object *cert = make_object(&l, ORIGIN_CREATE);
    char value[] = "certificate";
    a[0] = (CK_ATTRIBUTE){CKA_VALUE, value, 11};
    assert_true(matches(cert, a, 1));
}

static void templates_of_keys(void **state)
{
    (void)state;
    CK_BBOOL yes = CK_TRUE;
    char id[] = "four";
    CK_ATTRIBUTE want[2] = {{CKA_SENSITIVE, &yes, 1}, {CKA_ID, id, 4}};
    struct list_of l;
    start_aes(&l);
    add(&l, CKA_WRAP_TEMPLATE, want, sizeof want);
    AUTO_OBJECT struct object *key = make_object(&l, ORIGIN_CREATE);
    start_aes(&l);
    add_text(&l, CKA_ID, "four");
    AUTO_OBJECT struct object *good = make_object(&l, ORIGIN_CREATE);
    start_aes(&l);
    add_text(&l, CKA_ID, "five");
    AUTO_OBJECT struct object *bad = make_object(&l, ORIGIN_CREATE);
    assert_true(object_fits_template(key, CKA_WRAP_TEMPLATE, good));
    assert_false(object_fits_template(key, CKA_WRAP_TEMPLATE, bad));
    assert_true(object_fits_template(good, CKA_WRAP_TEMPLATE, bad)); /* none: all fit */
}

static int released;

static void release(void *p)
{
    *(int *)p += 1;
    released++;
}

static void beside(void **state)
{
    (void)state;
    struct list_of l;
    start_aes(&l);
    struct object *o = make_object(&l, ORIGIN_CREATE);
    int first = 0;
    int second = 0;
    released = 0;
    assert_null(object_aux(o, 0));
    assert_null(object_aux(o, OBJECT_AUX_SLOTS));
    assert_ptr_equal(object_aux_put(o, 0, &first, release), &first);
    assert_ptr_equal(object_aux_put(o, 0, &second, release), &first);
    assert_int_equal(second, 1);
    assert_ptr_equal(object_aux(o, 0), &first);
    struct object *same = object_ref(o);
    object_unref(o);
    assert_int_equal(first, 0);
    object_unref(same);
    assert_int_equal(first, 1);
    assert_int_equal(released, 2);
    object_unref(NULL);
}

static void flags(void **state)
{
    (void)state;
    struct list_of l;
    start_generate_aes(&l);
    add_bool(&l, CKA_TOKEN, true);
    add_bool(&l, CKA_SIGN, true);
    AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_GENERATE);
    assert_int_equal(object_flags(o), OBJECT_TOKEN | OBJECT_PRIVATE | OBJECT_MODIFIABLE |
                                          OBJECT_COPYABLE | OBJECT_DESTROYABLE | OBJECT_SENSITIVE |
                                          OBJECT_SIGN | OBJECT_LOCAL | OBJECT_ALWAYS_SENSITIVE |
                                          OBJECT_NEVER_EXTRACTABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_processed),
        cmocka_unit_test(secrets_by_flags),
        cmocka_unit_test(misaligned),
        cmocka_unit_test(nested),
        cmocka_unit_test(mechanisms),
        cmocka_unit_test(matching),
        cmocka_unit_test(templates_of_keys),
        cmocka_unit_test(beside),
        cmocka_unit_test(flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
