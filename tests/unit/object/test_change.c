/* SPDX-License-Identifier: Apache-2.0
 *
 * C_SetAttributeValue and C_CopyObject (items 52, 78, 80, 84, 85, 91).
 */
#include "make.h"

static const struct object_rules so_rules = {.so = true, .key_separation = false};
static const struct object_rules strict = {.so = false, .key_separation = true};

static enum rc change(const struct object *o, const struct list_of *l,
                      const struct object_rules *rules, bool copy, struct object **ret)
{
    AUTO_TEMPLATE struct template *t = NULL;
    TRY(template_read(l->a, l->n, false, &t));
    return copy ? object_copy(o, t, rules, 99, 5, BYTES_STR("copy"), ret)
                : object_modify(o, t, rules, 2, ret);
}

/* Changes one boolean both ways; the new value is checked when it is allowed. */
static enum rc turn(const struct object *o, CK_ATTRIBUTE_TYPE type, bool v,
                    const struct object_rules *rules, bool copy)
{
    struct list_of l = {.n = 0};
    add_bool(&l, type, v);
    AUTO_OBJECT struct object *changed = NULL;
    const enum rc rc = change(o, &l, rules, copy, &changed);
    if (rc == RC_OK) {
        assert_int_equal(bool_of(changed, type), v);
    } else {
        assert_null(changed);
    }
    return rc;
}

static void booleans(void **state)
{
    (void)state;
    struct list_of l;
    start_aes(&l);
    add_bool(&l, CKA_PRIVATE, false);
    add_bool(&l, CKA_SENSITIVE, false);
    add_bool(&l, CKA_EXTRACTABLE, true);
    add_bool(&l, CKA_ENCRYPT, true);
    AUTO_OBJECT struct object *loose = make_object(&l, ORIGIN_CREATE);
    start_aes(&l);
    add_bool(&l, CKA_WRAP_WITH_TRUSTED, true);
    add_bool(&l, CKA_TOKEN, true);
    add_bool(&l, CKA_DESTROYABLE, false);
    AUTO_OBJECT struct object *tight = make_object(&l, ORIGIN_CREATE);
#define RO RC_ATTRIBUTE_READ_ONLY
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        bool tight; /* of which object */
        bool value;
        enum rc set, copy;
    } cases[] = {
        {CKA_SENSITIVE, false, true, RC_OK, RC_OK},
        {CKA_SENSITIVE, true, false, RO, RO},
        {CKA_SENSITIVE, true, true, RC_OK, RC_OK},
        {CKA_EXTRACTABLE, false, false, RC_OK, RC_OK},
        {CKA_EXTRACTABLE, true, true, RO, RO},
        {CKA_WRAP_WITH_TRUSTED, false, true, RC_OK, RC_OK},
        {CKA_WRAP_WITH_TRUSTED, true, false, RO, RO},
        {CKA_TRUSTED, false, true, RO, RO},
        {CKA_TRUSTED, false, false, RC_OK, RC_OK},
        {CKA_DECRYPT, false, true, RC_OK, RC_OK},
        {CKA_ENCRYPT, false, false, RC_OK, RC_OK},
        {CKA_TOKEN, false, true, RO, RC_OK},
        {CKA_TOKEN, true, false, RO, RC_OK},
        {CKA_PRIVATE, false, true, RO, RC_OK},
        {CKA_PRIVATE, true, false, RO, RC_TEMPLATE_INCONSISTENT},
        {CKA_MODIFIABLE, false, false, RO, RC_OK},
        {CKA_COPYABLE, false, false, RC_OK, RC_OK},
        {CKA_DESTROYABLE, false, false, RC_OK, RC_OK},
        {CKA_DESTROYABLE, true, true, RO, RO},
        {CKA_LOCAL, false, true, RO, RO},
        {CKA_LOCAL, false, false, RO, RO},
        {CKA_ALWAYS_SENSITIVE, false, true, RO, RO},
        {CKA_NEVER_EXTRACTABLE, false, true, RO, RO},
        {CKA_ALWAYS_AUTHENTICATE, false, true, RC_ATTRIBUTE_TYPE_INVALID,
         RC_ATTRIBUTE_TYPE_INVALID},
    };
#undef RO
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct object *o = cases[i].tight ? tight : loose;
        const enum rc set = turn(o, cases[i].type, cases[i].value, &plain_rules, false);
        const enum rc copy = turn(o, cases[i].type, cases[i].value, &plain_rules, true);
        if (set != cases[i].set || copy != cases[i].copy) {
            fail_msg("case %zu: %s and %s", i, rc_name(set), rc_name(copy));
        }
    }
    assert_int_equal(turn(loose, CKA_TRUSTED, true, &so_rules, false), RC_OK);
}

static void separation(void **state)
{
    (void)state;
    struct list_of l;
    start_aes(&l);
    add_bool(&l, CKA_DECRYPT, true);
    AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_CREATE);
    for (int copy = 0; copy < 2; copy++) {
        assert_int_equal(turn(o, CKA_WRAP, true, &plain_rules, copy), RC_OK);
        assert_int_equal(turn(o, CKA_WRAP, true, &strict, copy), RC_TEMPLATE_INCONSISTENT);
        /* not one after another either */
        assert_int_equal(turn(o, CKA_UNWRAP, true, &strict, copy), RC_TEMPLATE_INCONSISTENT);
        assert_int_equal(turn(o, CKA_DECRYPT, false, &strict, copy), RC_OK);
    }
}

static void values(void **state)
{
    (void)state;
    struct list_of l;
    start_rsa_private(&l);
    AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_CREATE);
    l = (struct list_of){.n = 0};
    add_text(&l, CKA_LABEL, "new");
    add_text(&l, CKA_ID, "id");
    add_text(&l, CKA_START_DATE, "20260101");
    AUTO_OBJECT struct object *set = NULL;
    assert_int_equal(change(o, &l, &plain_rules, false, &set), RC_OK);
    assert_true(bytes_equal(value_of(set, CKA_LABEL), BYTES_STR("new")));
    assert_true(bytes_equal(value_of(set, CKA_START_DATE), BYTES_STR("20260101")));
    assert_int_equal(value_of(o, CKA_LABEL).n, 0); /* the old version stays */
    assert_int_equal(object_id(set), object_id(o));
    assert_int_equal(object_version(set), 2);
    assert_true(secret_equal(object_secret(set, CKA_PRIVATE_EXPONENT),
                             object_secret(o, CKA_PRIVATE_EXPONENT)));
    AUTO_OBJECT struct object *copy = NULL;
    assert_int_equal(change(o, &l, &plain_rules, true, &copy), RC_OK);
    assert_int_equal(object_id(copy), 99);
    assert_int_equal(object_version(copy), 5);
    assert_true(bytes_equal(value_of(copy, CKA_UNIQUE_ID), BYTES_STR("copy")));
    assert_int_equal(bool_of(copy, CKA_ALWAYS_SENSITIVE), bool_of(o, CKA_ALWAYS_SENSITIVE));

    static const CK_ATTRIBUTE_TYPE fixed[] = {CKA_MODULUS, CKA_PRIVATE_EXPONENT, CKA_PRIME_1,
                                              CKA_UNIQUE_ID};
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
        l = (struct list_of){.n = 0};
        add_text(&l, fixed[i], "other");
        struct object *none = NULL;
        assert_int_equal(change(o, &l, &plain_rules, false, &none), RC_ATTRIBUTE_READ_ONLY);
        assert_int_equal(change(o, &l, &plain_rules, true, &none), RC_ATTRIBUTE_READ_ONLY);
    }
    /* a copy may repeat what is so */
    l = (struct list_of){.n = 0};
    add_ulong(&l, CKA_CLASS, CKO_PRIVATE_KEY);
    AUTO_OBJECT struct object *again = NULL;
    assert_int_equal(change(o, &l, &plain_rules, true, &again), RC_OK);
    struct object *none = NULL;
    assert_int_equal(change(o, &l, &plain_rules, false, &none), RC_ATTRIBUTE_READ_ONLY);
    l = (struct list_of){.n = 0};
    add_ulong(&l, CKA_CLASS, CKO_SECRET_KEY);
    assert_int_equal(change(o, &l, &plain_rules, true, &none), RC_ATTRIBUTE_READ_ONLY);
}

static void all_or_nothing(void **state)
{
    (void)state;
    struct list_of l;
    start_data(&l);
    add_text(&l, CKA_VALUE, "old");
    AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_CREATE);
    l = (struct list_of){.n = 0};
    add_text(&l, CKA_LABEL, "new");
    add_ulong(&l, CKA_CLASS, CKO_DATA);
    struct object *none = NULL;
    assert_int_equal(change(o, &l, &plain_rules, false, &none), RC_ATTRIBUTE_READ_ONLY);
    assert_null(none);
    assert_int_equal(value_of(o, CKA_LABEL).n, 0);
    l = (struct list_of){.n = 0};
    add_text(&l, CKA_VALUE, "new");
    AUTO_OBJECT struct object *set = NULL;
    assert_int_equal(change(o, &l, &plain_rules, false, &set), RC_OK);
    assert_true(bytes_equal(value_of(set, CKA_VALUE), BYTES_STR("new")));
    assert_false(object_has_secrets(set));
}

static void prohibited(void **state)
{
    (void)state;
    struct list_of l;
    start_data(&l);
    add_bool(&l, CKA_MODIFIABLE, false);
    add_bool(&l, CKA_COPYABLE, false);
    AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_CREATE);
    assert_int_equal(turn(o, CKA_DESTROYABLE, false, &plain_rules, false), RC_ACTION_PROHIBITED);
    assert_int_equal(turn(o, CKA_TOKEN, true, &plain_rules, true), RC_ACTION_PROHIBITED);
    start_data(&l);
    add_bool(&l, CKA_MODIFIABLE, false);
    AUTO_OBJECT struct object *fixed = make_object(&l, ORIGIN_CREATE);
    assert_int_equal(turn(fixed, CKA_MODIFIABLE, true, &plain_rules, true), RC_ATTRIBUTE_READ_ONLY);
}

static enum rc change_both(void)
{
    struct list_of l;
    start_rsa_private(&l);
    AUTO_OBJECT struct object *o = NULL;
    TRY(try_object(&l, ORIGIN_CREATE, &plain_rules, &o));
    l = (struct list_of){.n = 0};
    add_text(&l, CKA_LABEL, "new");
    AUTO_OBJECT struct object *set = NULL;
    TRY(change(o, &l, &plain_rules, false, &set));
    AUTO_OBJECT struct object *copy = NULL;
    return change(o, &l, &plain_rules, true, &copy);
}

static void faults(void **state)
{
    (void)state;
    with_faults(change_both);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(booleans),       cmocka_unit_test(separation), cmocka_unit_test(values),
        cmocka_unit_test(all_or_nothing), cmocka_unit_test(prohibited), cmocka_unit_test(faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
