/* SPDX-License-Identifier: Apache-2.0
 *
 * Making objects: what templates may and must say, defaults, what the token maintains (items 13,
 * 23, 78, 79, 83, 84, 90 of the robustness list).
 */
#include "make.h"

typedef void start_fn(struct list_of *l);

static const struct object_rules so_rules = {.so = true, .key_separation = false};
static const struct object_rules strict = {.so = false, .key_separation = true};

/* ---- one attribute more ------------------------------------------------------------------------- */

static void start_generate_rsa(struct list_of *l)
{
    *l = (struct list_of){.n = 0};
    add_ulong(l, CKA_CLASS, CKO_PUBLIC_KEY);
    add_ulong(l, CKA_KEY_TYPE, CKK_RSA);
    add_ulong(l, CKA_MODULUS_BITS, 2048);
}

static void start_generate_ec_private(struct list_of *l)
{
    *l = (struct list_of){.n = 0};
    add_ulong(l, CKA_CLASS, CKO_PRIVATE_KEY);
    add_ulong(l, CKA_KEY_TYPE, CKK_EC);
}

static void start_unwrap_aes(struct list_of *l)
{
    *l = (struct list_of){.n = 0};
    add_ulong(l, CKA_CLASS, CKO_SECRET_KEY);
    add_ulong(l, CKA_KEY_TYPE, CKK_AES);
}

static void start_unwrap_rsa(struct list_of *l)
{
    *l = (struct list_of){.n = 0};
    add_ulong(l, CKA_CLASS, CKO_PRIVATE_KEY);
    add_ulong(l, CKA_KEY_TYPE, CKK_RSA);
}

enum sample { YES, NO, NUMBER, TEXT };

static const struct {
    start_fn *start;
    enum object_origin origin;
    CK_ATTRIBUTE_TYPE type;
    enum sample sample;
    enum rc rc;
    enum rc rc_so;
} cases[] = {
#define BOTH(rc) rc, rc
    /* data */
    {start_data, ORIGIN_CREATE, CKA_APPLICATION, TEXT, BOTH(RC_OK)},
    {start_data, ORIGIN_CREATE, CKA_OBJECT_ID, TEXT, BOTH(RC_OK)},
    {start_data, ORIGIN_CREATE, CKA_VALUE, TEXT, BOTH(RC_OK)},
    {start_data, ORIGIN_CREATE, CKA_UNIQUE_ID, TEXT, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_data, ORIGIN_CREATE, CKA_ID, TEXT, BOTH(RC_ATTRIBUTE_TYPE_INVALID)},
    {start_data, ORIGIN_CREATE, CKA_SENSITIVE, YES, BOTH(RC_ATTRIBUTE_TYPE_INVALID)},
    {start_data, ORIGIN_CREATE, CKA_TRUSTED, YES, BOTH(RC_ATTRIBUTE_TYPE_INVALID)},
    {start_data, ORIGIN_CREATE, CKA_KEY_TYPE, NUMBER, BOTH(RC_ATTRIBUTE_TYPE_INVALID)},
    /* certificates */
    {start_cert, ORIGIN_CREATE, CKA_ID, TEXT, BOTH(RC_OK)},
    {start_cert, ORIGIN_CREATE, CKA_ISSUER, TEXT, BOTH(RC_OK)},
    {start_cert, ORIGIN_CREATE, CKA_SERIAL_NUMBER, TEXT, BOTH(RC_OK)},
    {start_cert, ORIGIN_CREATE, CKA_TRUSTED, YES, RC_ATTRIBUTE_READ_ONLY, RC_OK},
    {start_cert, ORIGIN_CREATE, CKA_TRUSTED, NO, BOTH(RC_OK)},
    {start_cert, ORIGIN_CREATE, CKA_CERTIFICATE_CATEGORY, NUMBER, BOTH(RC_OK)},
    {start_cert, ORIGIN_CREATE, CKA_CHECK_VALUE, TEXT, BOTH(RC_OK)},
    {start_cert, ORIGIN_CREATE, CKA_NAME_HASH_ALGORITHM, NUMBER, BOTH(RC_OK)},
    {start_cert, ORIGIN_CREATE, CKA_EXTRACTABLE, YES, BOTH(RC_ATTRIBUTE_TYPE_INVALID)},
    {start_cert, ORIGIN_CREATE, CKA_OWNER, TEXT, BOTH(RC_ATTRIBUTE_TYPE_INVALID)},
    /* public keys */
    {start_rsa_public, ORIGIN_CREATE, CKA_ENCRYPT, YES, BOTH(RC_OK)},
    {start_rsa_public, ORIGIN_CREATE, CKA_DECRYPT, YES, BOTH(RC_ATTRIBUTE_TYPE_INVALID)},
    {start_rsa_public, ORIGIN_CREATE, CKA_LOCAL, YES, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_rsa_public, ORIGIN_CREATE, CKA_KEY_GEN_MECHANISM, NUMBER, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_rsa_public, ORIGIN_CREATE, CKA_EC_POINT, TEXT, BOTH(RC_ATTRIBUTE_TYPE_INVALID)},
    {start_rsa_public, ORIGIN_CREATE, CKA_TRUSTED, YES, RC_ATTRIBUTE_READ_ONLY, RC_OK},
    {start_rsa_public, ORIGIN_CREATE, CKA_PRIVATE_EXPONENT, TEXT, BOTH(RC_ATTRIBUTE_TYPE_INVALID)},
    {start_generate_rsa, ORIGIN_GENERATE, CKA_PUBLIC_EXPONENT, TEXT, BOTH(RC_OK)},
    {start_generate_rsa, ORIGIN_GENERATE, CKA_MODULUS, TEXT, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_generate_rsa, ORIGIN_GENERATE, CKA_PRIVATE, YES, BOTH(RC_OK)},
    {start_generate_rsa, ORIGIN_GENERATE, CKA_LOCAL, NO, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_generate_rsa, ORIGIN_GENERATE, CKA_TRUSTED, YES, RC_ATTRIBUTE_READ_ONLY, RC_OK},
    /* private keys */
    {start_rsa_private, ORIGIN_CREATE, CKA_COEFFICIENT, TEXT, BOTH(RC_OK)},
    {start_rsa_private, ORIGIN_CREATE, CKA_PUBLIC_EXPONENT, TEXT, BOTH(RC_OK)},
    {start_rsa_private, ORIGIN_CREATE, 0xD5A0DB00UL, TEXT, BOTH(RC_OK)},
    {start_rsa_private, ORIGIN_CREATE, CKA_VALUE, TEXT, BOTH(RC_ATTRIBUTE_TYPE_INVALID)},
    {start_rsa_private, ORIGIN_CREATE, CKA_MODULUS_BITS, NUMBER, BOTH(RC_ATTRIBUTE_TYPE_INVALID)},
    {start_rsa_private, ORIGIN_CREATE, CKA_ALWAYS_SENSITIVE, YES, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_rsa_private, ORIGIN_CREATE, CKA_NEVER_EXTRACTABLE, YES, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_rsa_private, ORIGIN_CREATE, CKA_ALWAYS_AUTHENTICATE, YES, BOTH(RC_OK)},
    {start_ec_private, ORIGIN_CREATE, CKA_EC_POINT, TEXT, BOTH(RC_OK)},
    {start_generate_ec_private, ORIGIN_GENERATE, CKA_EC_PARAMS, TEXT, BOTH(RC_OK)},
    {start_generate_ec_private, ORIGIN_GENERATE, CKA_VALUE, TEXT, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_generate_ec_private, ORIGIN_GENERATE, CKA_EC_POINT, TEXT, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_generate_ec_private, ORIGIN_GENERATE, CKA_SENSITIVE, NO, BOTH(RC_OK)},
    {start_unwrap_rsa, ORIGIN_UNWRAP, CKA_SIGN, YES, BOTH(RC_OK)},
    {start_unwrap_rsa, ORIGIN_UNWRAP, CKA_MODULUS, TEXT, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_unwrap_rsa, ORIGIN_UNWRAP, CKA_PRIVATE_EXPONENT, TEXT, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_unwrap_rsa, ORIGIN_UNWRAP, CKA_EXTRACTABLE, NO, BOTH(RC_OK)},
    /* secret keys */
    {start_aes, ORIGIN_CREATE, CKA_VALUE_LEN, NUMBER, BOTH(RC_OK)},
    {start_aes, ORIGIN_CREATE, CKA_TRUSTED, YES, RC_ATTRIBUTE_READ_ONLY, RC_OK},
    {start_aes, ORIGIN_CREATE, CKA_MODULUS, TEXT, BOTH(RC_ATTRIBUTE_TYPE_INVALID)},
    {start_aes, ORIGIN_CREATE, CKA_SUBJECT, TEXT, BOTH(RC_ATTRIBUTE_TYPE_INVALID)},
    {start_aes, ORIGIN_CREATE, CKA_ALWAYS_AUTHENTICATE, YES, BOTH(RC_ATTRIBUTE_TYPE_INVALID)},
    {start_generate_aes, ORIGIN_GENERATE, CKA_VALUE, TEXT, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_generate_aes, ORIGIN_GENERATE, CKA_EXTRACTABLE, YES, BOTH(RC_OK)},
    {start_unwrap_aes, ORIGIN_UNWRAP, CKA_VALUE, TEXT, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_unwrap_aes, ORIGIN_UNWRAP, CKA_VALUE_LEN, NUMBER, BOTH(RC_OK)},
    {start_unwrap_aes, ORIGIN_UNWRAP, CKA_LOCAL, YES, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_unwrap_aes, ORIGIN_DERIVE, CKA_VALUE, TEXT, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_unwrap_aes, ORIGIN_DERIVE, CKA_VALUE_LEN, NUMBER, BOTH(RC_OK)},
    {start_unwrap_aes, ORIGIN_KEM, CKA_VALUE, TEXT, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_unwrap_rsa, ORIGIN_DERIVE, CKA_ID, TEXT, BOTH(RC_TEMPLATE_INCONSISTENT)},
    /* domain parameters */
    {start_dsa_domain, ORIGIN_CREATE, CKA_LOCAL, YES, BOTH(RC_ATTRIBUTE_READ_ONLY)},
    {start_dsa_domain, ORIGIN_CREATE, CKA_SENSITIVE, YES, BOTH(RC_ATTRIBUTE_TYPE_INVALID)},
#undef BOTH
};

static void one_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct list_of l;
        cases[i].start(&l);
        switch (cases[i].sample) {
        case YES:
        case NO:
            add_bool(&l, cases[i].type, cases[i].sample == YES);
            break;
        case NUMBER:
            add_ulong(&l, cases[i].type, 1);
            break;
        case TEXT:
            add_text(&l, cases[i].type, "text");
            break;
        }
        const enum rc rc = try_check(&l, cases[i].origin, &plain_rules);
        const enum rc rc_so = try_check(&l, cases[i].origin, &so_rules);
        if (rc != cases[i].rc || rc_so != cases[i].rc_so) {
            fail_msg("case %zu, attribute %lx: %s and %s", i, cases[i].type, rc_name(rc),
                     rc_name(rc_so));
        }
    }
}

/* ---- one attribute less ------------------------------------------------------------------------- */

static void drop(struct list_of *l, CK_ULONG at)
{
    l->n--;
    for (CK_ULONG i = at; i < l->n; i++) {
        l->a[i] = l->a[i + 1];
    }
}

/* Everything that these templates say is needed. */
static void one_less(void **state)
{
    (void)state;
    static const struct {
        start_fn *start;
        enum object_origin origin;
        CK_ULONG n; /* the first N are needed */
    } needs[] = {
        {start_data, ORIGIN_CREATE, 1},
        {start_cert, ORIGIN_CREATE, 3},
        {start_rsa_public, ORIGIN_CREATE, 4},
        {start_rsa_private, ORIGIN_CREATE, 4},
        {start_ec_public, ORIGIN_CREATE, 4},
        {start_ec_private, ORIGIN_CREATE, 4},
        {start_aes, ORIGIN_CREATE, 3},
        {start_dsa_domain, ORIGIN_CREATE, 5},
        {start_generate_aes, ORIGIN_GENERATE, 3},
        {start_generate_rsa, ORIGIN_GENERATE, 3},
        {start_unwrap_aes, ORIGIN_UNWRAP, 2},
        {start_unwrap_rsa, ORIGIN_UNWRAP, 2},
    };
    for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
        struct list_of l;
        needs[i].start(&l);
        assert_int_equal(try_check(&l, needs[i].origin, &plain_rules), RC_OK);
        for (CK_ULONG k = 0; k < needs[i].n; k++) {
            needs[i].start(&l);
            drop(&l, k);
            assert_int_equal(try_check(&l, needs[i].origin, &plain_rules), RC_TEMPLATE_INCOMPLETE);
        }
    }
}

static void bad_kinds(void **state)
{
    (void)state;
    static const struct {
        CK_OBJECT_CLASS cls;
        CK_KEY_TYPE type;
        enum rc rc;
    } kinds[] = {
        {CKO_HW_FEATURE, CKK_AES, RC_ATTRIBUTE_VALUE_INVALID},
        {0x1234, CKK_AES, RC_ATTRIBUTE_VALUE_INVALID},
        {~0UL, CKK_AES, RC_ATTRIBUTE_VALUE_INVALID},
        {CKO_SECRET_KEY, CKK_DES3, RC_ATTRIBUTE_VALUE_INVALID},
        {CKO_SECRET_KEY, CKK_RSA, RC_ATTRIBUTE_VALUE_INVALID},
        {CKO_PRIVATE_KEY, CKK_AES, RC_ATTRIBUTE_VALUE_INVALID},
        {CKO_DATA, CKK_AES, RC_ATTRIBUTE_TYPE_INVALID},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct list_of l = {.n = 0};
        add_ulong(&l, CKA_CLASS, kinds[i].cls);
        add_ulong(&l, CKA_KEY_TYPE, kinds[i].type);
        assert_int_equal(try_check(&l, ORIGIN_CREATE, &plain_rules), kinds[i].rc);
    }
    struct list_of l;
    start_data(&l);
    assert_int_equal(try_check(&l, ORIGIN_GENERATE, &plain_rules), RC_TEMPLATE_INCONSISTENT);
    start_rsa_public(&l);
    assert_int_equal(try_check(&l, ORIGIN_UNWRAP, &plain_rules), RC_TEMPLATE_INCONSISTENT);
    start_cert(&l);
    add_ulong(&l, CKA_CERTIFICATE_CATEGORY, 4);
    assert_int_equal(try_check(&l, ORIGIN_CREATE, &plain_rules), RC_ATTRIBUTE_VALUE_INVALID);
    l = (struct list_of){.n = 0};
    add_ulong(&l, CKA_CLASS, CKO_CERTIFICATE);
    add_ulong(&l, CKA_CERTIFICATE_TYPE, CKC_WTLS);
    assert_int_equal(try_check(&l, ORIGIN_CREATE, &plain_rules), RC_ATTRIBUTE_VALUE_INVALID);
}

/* ---- what comes out ----------------------------------------------------------------------------- */

static void defaults_of_secret_keys(void **state)
{
    (void)state;
    static const struct {
        enum object_origin origin;
        bool strict;
        int sensitive, extractable, always, never, local;
    } kinds[] = {
        {ORIGIN_CREATE, false, 1, 0, 0, 0, 0},  {ORIGIN_GENERATE, false, 1, 0, 1, 1, 1},
        {ORIGIN_UNWRAP, false, 0, 1, 0, 0, 0},  {ORIGIN_DERIVE, false, 0, 1, 0, 0, 0},
        {ORIGIN_KEM, false, 0, 1, 0, 0, 0},     {ORIGIN_CREATE, true, 1, 0, 0, 0, 0},
        {ORIGIN_GENERATE, true, 1, 0, 1, 1, 1}, {ORIGIN_UNWRAP, true, 1, 0, 0, 0, 0},
        {ORIGIN_DERIVE, true, 1, 0, 0, 0, 0},   {ORIGIN_KEM, true, 1, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct list_of l;
        if (kinds[i].origin == ORIGIN_CREATE) {
            start_aes(&l);
        } else {
            start_generate_aes(&l);
        }
        AUTO_OBJECT struct object *o = NULL;
        assert_int_equal(
            try_object(&l, kinds[i].origin, kinds[i].strict ? &strict : &plain_rules, &o), RC_OK);
        assert_int_equal(bool_of(o, CKA_SENSITIVE), kinds[i].sensitive);
        assert_int_equal(bool_of(o, CKA_EXTRACTABLE), kinds[i].extractable);
        assert_int_equal(bool_of(o, CKA_ALWAYS_SENSITIVE), kinds[i].always);
        assert_int_equal(bool_of(o, CKA_NEVER_EXTRACTABLE), kinds[i].never);
        assert_int_equal(bool_of(o, CKA_LOCAL), kinds[i].local);
        assert_int_equal(bool_of(o, CKA_PRIVATE), 1);
        assert_int_equal(bool_of(o, CKA_TOKEN), 0);
        assert_int_equal(bool_of(o, CKA_MODIFIABLE), 1);
        assert_int_equal(bool_of(o, CKA_COPYABLE), 1);
        assert_int_equal(bool_of(o, CKA_DESTROYABLE), 1);
        assert_int_equal(bool_of(o, CKA_TRUSTED), 0);
        assert_int_equal(bool_of(o, CKA_WRAP_WITH_TRUSTED), 0);
        assert_int_equal(value_of(o, CKA_START_DATE).n, 0);
        assert_int_equal(value_of(o, CKA_ID).n, 0);
        CK_ULONG v = 0;
        assert_int_equal(object_ulong(o, CKA_VALUE_LEN, &v), RC_OK);
        assert_int_equal(v, 16);
        assert_int_equal(object_ulong(o, CKA_KEY_GEN_MECHANISM, &v), RC_OK);
        assert_int_equal(v, CK_UNAVAILABLE_INFORMATION);
        /* no usage granted: what the key type can do, but no mixed roles under key separation */
        assert_int_equal(bool_of(o, CKA_ENCRYPT), 1);
        assert_int_equal(bool_of(o, CKA_DECRYPT), 1);
        assert_int_equal(bool_of(o, CKA_WRAP), !kinds[i].strict);
        assert_int_equal(bool_of(o, CKA_UNWRAP), !kinds[i].strict);
        assert_int_equal(bool_of(o, CKA_DERIVE), 0);
        assert_int_equal(object_class(o), CKO_SECRET_KEY);
        assert_int_equal(object_key_type(o), CKK_AES);
        assert_int_equal(object_id(o), 7);
        assert_int_equal(object_version(o), 1);
    }
}

static void history_follows_the_template(void **state)
{
    (void)state;
    struct list_of l;
    start_generate_aes(&l);
    add_bool(&l, CKA_SENSITIVE, false);
    add_bool(&l, CKA_EXTRACTABLE, true);
    AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_GENERATE);
    assert_int_equal(bool_of(o, CKA_ALWAYS_SENSITIVE), 0);
    assert_int_equal(bool_of(o, CKA_NEVER_EXTRACTABLE), 0);
    assert_int_equal(bool_of(o, CKA_LOCAL), 1);
}

static void usage_defaults(void **state)
{
    (void)state;
    struct list_of l;
    start_generate_aes(&l);
    add_bool(&l, CKA_ENCRYPT, true);
    AUTO_OBJECT struct object *granted = make_object(&l, ORIGIN_GENERATE);
    assert_int_equal(bool_of(granted, CKA_ENCRYPT), 1);
    assert_int_equal(bool_of(granted, CKA_DECRYPT), 0);
    assert_int_equal(bool_of(granted, CKA_WRAP), 0);
    start_generate_aes(&l);
    add_bool(&l, CKA_WRAP, false);
    AUTO_OBJECT struct object *denied = make_object(&l, ORIGIN_GENERATE);
    assert_int_equal(bool_of(denied, CKA_ENCRYPT), 1);
    assert_int_equal(bool_of(denied, CKA_WRAP), 0);
    assert_int_equal(bool_of(denied, CKA_UNWRAP), 1);
    start_ec_private(&l);
    AUTO_OBJECT struct object *ec = make_object(&l, ORIGIN_CREATE);
    assert_int_equal(bool_of(ec, CKA_SIGN), 1);
    assert_int_equal(bool_of(ec, CKA_DERIVE), 1);
    assert_int_equal(bool_of(ec, CKA_DECRYPT), 0);
    assert_int_equal(bool_of(ec, CKA_VERIFY), 2);
}

static void derived_history(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        struct list_of l;
        const bool gen = (i & 1) != 0;
        start_aes(&l);
        if (gen) {
            start_generate_aes(&l);
        }
        AUTO_OBJECT struct object *base = make_object(&l, gen ? ORIGIN_GENERATE : ORIGIN_CREATE);
        start_unwrap_aes(&l);
        if ((i & 2) != 0) {
            add_bool(&l, CKA_SENSITIVE, true);
        }
        if ((i & 4) != 0) {
            add_bool(&l, CKA_EXTRACTABLE, true);
        }
        AUTO_DRAFT struct draft *d = NULL;
        assert_int_equal(try_draft(&l, ORIGIN_DERIVE, &plain_rules, &d), RC_OK);
        assert_int_equal(draft_inherit(d, base), RC_OK);
        assert_int_equal(draft_set(d, CKA_UNIQUE_ID, BYTES_STR("u")), RC_OK);
        assert_int_equal(draft_set_secret(d, CKA_VALUE, secret_from("0123456789abcdef", 16)),
                         RC_OK);
        AUTO_OBJECT struct object *o = NULL;
        assert_int_equal(draft_finish(d, 8, 1, &o), RC_OK);
        /* out of a sensitive, hidden secret key: sensitive and hidden unless the template says no */
        const bool extractable = (i & 4) != 0;
        assert_int_equal(bool_of(o, CKA_SENSITIVE), 1);
        assert_int_equal(bool_of(o, CKA_EXTRACTABLE), extractable);
        assert_int_equal(bool_of(o, CKA_ALWAYS_SENSITIVE), gen);
        assert_int_equal(bool_of(o, CKA_NEVER_EXTRACTABLE), gen && !extractable);
        assert_int_equal(bool_of(o, CKA_LOCAL), 0);
    }
}

static void separation(void **state)
{
    (void)state;
    static const CK_ATTRIBUTE_TYPE pairs[][2] = {{CKA_WRAP, CKA_DECRYPT},
                                                 {CKA_UNWRAP, CKA_ENCRYPT}};
    for (size_t i = 0; i < 2; i++) {
        struct list_of l;
        start_generate_aes(&l);
        add_bool(&l, pairs[i][0], true);
        add_bool(&l, pairs[i][1], true);
        assert_int_equal(try_check(&l, ORIGIN_GENERATE, &plain_rules), RC_OK);
        assert_int_equal(try_check(&l, ORIGIN_GENERATE, &strict), RC_TEMPLATE_INCONSISTENT);
    }
    static const enum object_origin out[] = {ORIGIN_UNWRAP, ORIGIN_DERIVE, ORIGIN_KEM};
    for (size_t i = 0; i < 3; i++) {
        struct list_of l;
        start_unwrap_aes(&l);
        add_bool(&l, CKA_SENSITIVE, false);
        assert_int_equal(try_check(&l, out[i], &plain_rules), RC_OK);
        assert_int_equal(try_check(&l, out[i], &strict), RC_TEMPLATE_INCONSISTENT);
        start_unwrap_aes(&l);
        add_bool(&l, CKA_EXTRACTABLE, true);
        assert_int_equal(try_check(&l, out[i], &strict), RC_TEMPLATE_INCONSISTENT);
    }
}

/* A key with a template of its own for what it unwraps. */
static struct object *unwrapper(CK_ATTRIBUTE_TYPE type, bool value, bool trusted)
{
    CK_BBOOL v = value ? CK_TRUE : CK_FALSE;
    CK_ATTRIBUTE inner[1] = {{type, &v, 1}};
    struct list_of l;
    start_aes(&l);
    add(&l, CKA_UNWRAP_TEMPLATE, inner, sizeof inner);
    add_bool(&l, CKA_TRUSTED, trusted);
    struct object *o = NULL;
    assert_int_equal(try_object(&l, ORIGIN_CREATE, &so_rules, &o), RC_OK);
    return o;
}

/* The result of unwrapping by KEY with a template that says TYPE = SAYS (2: nothing). */
static enum rc unwrap(const struct object *key, const struct object_rules *rules,
                      CK_ATTRIBUTE_TYPE type, int says, struct object **ret)
{
    struct list_of l;
    start_unwrap_aes(&l);
    if (says < 2) {
        add_bool(&l, type, says == 1);
    }
    AUTO_TEMPLATE struct template *t = NULL;
    AUTO_DRAFT struct draft *d = NULL;
    TRY(template_read(l.a, l.n, false, &t));
    TRY(draft_new(ORIGIN_UNWRAP, rules, t, &d));
    TRY(draft_apply(d, key, CKA_UNWRAP_TEMPLATE));
    TRY(draft_check(d));
    TRY(draft_set(d, CKA_UNIQUE_ID, BYTES_STR("u")));
    TRY(draft_set_secret(d, CKA_VALUE, secret_from(aes_key, sizeof aes_key)));
    return draft_finish(d, 9, 1, ret);
}

static void unwrap_templates(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *tight = unwrapper(CKA_EXTRACTABLE, false, false);
    AUTO_OBJECT struct object *silent = NULL;
    assert_int_equal(unwrap(tight, &plain_rules, CKA_EXTRACTABLE, 2, &silent), RC_OK);
    assert_int_equal(bool_of(silent, CKA_EXTRACTABLE), 0);
    AUTO_OBJECT struct object *same = NULL;
    assert_int_equal(unwrap(tight, &plain_rules, CKA_EXTRACTABLE, 0, &same), RC_OK);
    AUTO_OBJECT struct object *none = NULL;
    assert_int_equal(unwrap(tight, &plain_rules, CKA_EXTRACTABLE, 1, &none),
                     RC_TEMPLATE_INCONSISTENT);

    /* under key separation only the key's own template, or a trusted key, lets loose */
    AUTO_OBJECT struct object *loose = unwrapper(CKA_EXTRACTABLE, true, false);
    AUTO_OBJECT struct object *let = NULL;
    assert_int_equal(unwrap(loose, &strict, CKA_EXTRACTABLE, 1, &let), RC_OK);
    assert_int_equal(bool_of(let, CKA_EXTRACTABLE), 1);
    assert_int_equal(unwrap(loose, &strict, CKA_SENSITIVE, 0, &none), RC_TEMPLATE_INCONSISTENT);
    AUTO_OBJECT struct object *trusted = unwrapper(CKA_ENCRYPT, true, true);
    AUTO_OBJECT struct object *by_trust = NULL;
    assert_int_equal(unwrap(trusted, &strict, CKA_SENSITIVE, 0, &by_trust), RC_OK);

    /* a template cannot give what its maker may not give */
    AUTO_OBJECT struct object *climber = unwrapper(CKA_TRUSTED, true, false);
    assert_int_equal(unwrap(climber, &plain_rules, CKA_TRUSTED, 2, &none), RC_ATTRIBUTE_READ_ONLY);
    assert_null(none);
}

static void implied(void **state)
{
    (void)state;
    struct list_of l = {.n = 0};
    add_ulong(&l, CKA_VALUE_LEN, 32);
    AUTO_TEMPLATE struct template *t = NULL;
    AUTO_DRAFT struct draft *d = NULL;
    assert_int_equal(template_read(l.a, l.n, false, &t), RC_OK);
    assert_int_equal(draft_new(ORIGIN_GENERATE, &plain_rules, t, &d), RC_OK);
    assert_int_equal(draft_check(d), RC_TEMPLATE_INCOMPLETE);
    assert_int_equal(draft_imply(d, CKA_CLASS, CKO_SECRET_KEY), RC_OK);
    assert_int_equal(draft_imply(d, CKA_KEY_TYPE, CKK_AES), RC_OK);
    assert_int_equal(draft_imply(d, CKA_KEY_TYPE, CKK_AES), RC_OK);
    assert_int_equal(draft_imply(d, CKA_KEY_TYPE, CKK_HKDF), RC_TEMPLATE_INCONSISTENT);
    assert_int_equal(draft_imply(d, CKA_VALUE_LEN, 16), RC_TEMPLATE_INCONSISTENT);
    assert_int_equal(draft_check(d), RC_OK);
    CK_ULONG v;
    assert_int_equal(draft_ulong(d, CKA_VALUE_LEN, &v), RC_OK);
    assert_int_equal(v, 32);
    assert_int_equal(draft_origin(d), ORIGIN_GENERATE);
    assert_null(draft_secret(d, CKA_VALUE));
    /* what the module makes must be what was asked for */
    assert_int_equal(draft_set_ulong(d, CKA_VALUE_LEN, 16), RC_TEMPLATE_INCONSISTENT);
    assert_int_equal(draft_set_ulong(d, CKA_VALUE_LEN, 32), RC_OK);
    assert_int_equal(draft_set(d, CKA_MODULUS, BYTES_STR("x")), RC_ATTRIBUTE_TYPE_INVALID);
    assert_int_equal(draft_set_secret(d, CKA_LABEL, secret_new(1)), RC_ATTRIBUTE_TYPE_INVALID);
    assert_int_equal(draft_set(d, CKA_TOKEN, BYTES_STR("xx")), RC_GENERAL_ERROR);
    assert_int_equal(draft_set_secret(d, CKA_VALUE, secret_new(32)), RC_OK);
    assert_int_equal(draft_secret(d, CKA_VALUE)->n, 32);
    struct object *o = NULL;
    assert_int_equal(draft_finish(d, 1, 1, &o), RC_GENERAL_ERROR); /* no unique id */
    assert_null(o);
}

static void reading_drafts(void **state)
{
    (void)state;
    struct list_of l = {.n = 0};
    add_text(&l, CKA_VALUE, "value");
    add_text(&l, CKA_LABEL, "name");
    AUTO_TEMPLATE struct template *t = NULL;
    AUTO_DRAFT struct draft *d = NULL;
    assert_int_equal(template_read(l.a, l.n, false, &t), RC_OK);
    assert_int_equal(draft_new(ORIGIN_CREATE, &plain_rules, t, &d), RC_OK);
    struct bytes v = BYTES_NONE;
    /* as long as nobody knows what it is, a value is a secret */
    assert_int_equal(draft_bytes(d, CKA_VALUE, &v), RC_NOT_FOUND);
    assert_non_null(draft_secret(d, CKA_VALUE));
    assert_int_equal(draft_bytes(d, CKA_LABEL, &v), RC_OK);
    assert_true(bytes_equal(v, BYTES_STR("name")));
    assert_int_equal(draft_bytes(d, CKA_ID, &v), RC_NOT_FOUND);
    assert_true(draft_bool(d, CKA_TOKEN, true));
    assert_int_equal(draft_imply(d, CKA_CLASS, CKO_DATA), RC_OK);
    assert_int_equal(draft_bytes(d, CKA_VALUE, &v), RC_OK);
    assert_true(bytes_equal(v, BYTES_STR("value")));
    assert_null(draft_secret(d, CKA_VALUE));
    assert_int_equal(draft_set_bool(d, CKA_TOKEN, true), RC_OK);
    assert_true(draft_bool(d, CKA_TOKEN, false));
    /* a view stays where it is while others come */
    assert_int_equal(draft_bytes(d, CKA_LABEL, &v), RC_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(draft_set(d, CKA_APPLICATION, BYTES_STR("application")), RC_OK);
        assert_int_equal(draft_set(d, CKA_OBJECT_ID, BYTES_STR("id")), RC_OK);
    }
    assert_true(bytes_equal(v, BYTES_STR("name")));
}

static void computed(void **state)
{
    (void)state;
    struct list_of l;
    start_rsa_public(&l);
    AUTO_OBJECT struct object *rsa = make_object(&l, ORIGIN_CREATE);
    CK_ULONG v = 0;
    assert_int_equal(object_ulong(rsa, CKA_MODULUS_BITS, &v), RC_OK);
    assert_int_equal(v, 32);
    assert_int_equal(value_of(rsa, CKA_MODULUS).n, 4); /* the leading zero is gone */
    start_dsa_domain(&l);
    AUTO_OBJECT struct object *dsa = make_object(&l, ORIGIN_CREATE);
    assert_int_equal(object_ulong(dsa, CKA_PRIME_BITS, &v), RC_OK);
    assert_int_equal(v, 5);
    assert_int_equal(object_ulong(dsa, CKA_SUBPRIME_BITS, &v), RC_OK);
    assert_int_equal(v, 4);
    /* what the template says of it must agree */
    struct object *none = NULL;
    start_rsa_public(&l);
    add_ulong(&l, CKA_MODULUS_BITS, 33);
    assert_int_equal(try_object(&l, ORIGIN_CREATE, &plain_rules, &none), RC_TEMPLATE_INCONSISTENT);
    start_aes(&l);
    add_ulong(&l, CKA_VALUE_LEN, 24);
    assert_int_equal(try_object(&l, ORIGIN_CREATE, &plain_rules, &none), RC_TEMPLATE_INCONSISTENT);
    start_aes(&l);
    add_ulong(&l, CKA_VALUE_LEN, 16);
    AUTO_OBJECT struct object *aes = make_object(&l, ORIGIN_CREATE);
    assert_non_null(aes);
}

static void certificates(void **state)
{
    (void)state;
    struct list_of l;
    start_cert(&l);
    AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_CREATE);
    assert_true(bytes_equal(value_of(o, CKA_VALUE), BYTES_STR("certificate")));
    assert_false(object_has_secrets(o));
    assert_int_equal(bool_of(o, CKA_PRIVATE), 0);
    assert_int_equal(bool_of(o, CKA_TRUSTED), 0);
    assert_int_equal(object_key_type(o), CK_UNAVAILABLE_INFORMATION);
    /* neither here nor elsewhere */
    start_cert(&l);
    l.n--;
    struct object *none = NULL;
    assert_int_equal(try_object(&l, ORIGIN_CREATE, &plain_rules, &none), RC_TEMPLATE_INCOMPLETE);
    add_text(&l, CKA_URL, "https://example.test/c");
    assert_int_equal(try_object(&l, ORIGIN_CREATE, &plain_rules, &none), RC_TEMPLATE_INCOMPLETE);
    add_text(&l, CKA_HASH_OF_SUBJECT_PUBLIC_KEY, "hash");
    add_text(&l, CKA_HASH_OF_ISSUER_PUBLIC_KEY, "hash");
    AUTO_OBJECT struct object *far = make_object(&l, ORIGIN_CREATE);
    assert_int_equal(value_of(far, CKA_VALUE).n, 0);
}

static void odds(void **state)
{
    (void)state;
    struct list_of l;
    struct object *none = NULL;
    start_rsa_private(&l);
    add_bool(&l, CKA_ALWAYS_AUTHENTICATE, true);
    add_bool(&l, CKA_PRIVATE, false);
    assert_int_equal(try_check(&l, ORIGIN_CREATE, &plain_rules), RC_TEMPLATE_INCONSISTENT);
    /* an empty key is none */
    l = (struct list_of){.n = 0};
    add_ulong(&l, CKA_CLASS, CKO_SECRET_KEY);
    add_ulong(&l, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    add(&l, CKA_VALUE, "", 0);
    assert_int_equal(try_object(&l, ORIGIN_CREATE, &plain_rules, &none),
                     RC_ATTRIBUTE_VALUE_INVALID);
    /* points are kept as DER whichever way they came */
    start_ec_public(&l);
    AUTO_OBJECT struct object *raw = make_object(&l, ORIGIN_CREATE);
    assert_int_equal(value_of(raw, CKA_EC_POINT).n, 67);
    uint8_t der[67];
    memcpy(der, value_of(raw, CKA_EC_POINT).p, sizeof der);
    start_ec_public(&l);
    l.n--;
    add(&l, CKA_EC_POINT, der, sizeof der);
    AUTO_OBJECT struct object *wrapped = make_object(&l, ORIGIN_CREATE);
    assert_true(bytes_equal(value_of(raw, CKA_EC_POINT), value_of(wrapped, CKA_EC_POINT)));
    /* the value of a private key is never public */
    start_ec_private(&l);
    AUTO_OBJECT struct object *ec = make_object(&l, ORIGIN_CREATE);
    struct bytes v;
    assert_int_equal(object_bytes(ec, CKA_VALUE, &v), RC_ATTRIBUTE_TYPE_INVALID);
    assert_int_equal(object_secret(ec, CKA_VALUE)->n, 6);
}

static void derived_key_type(void **state)
{
    (void)state;
    struct list_of l = {.n = 0};
    add_ulong(&l, CKA_CLASS, CKO_SECRET_KEY);
    AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_DERIVE);
    assert_int_equal(object_key_type(o), CKK_GENERIC_SECRET);
}

/* ---- faults ------------------------------------------------------------------------------------- */

static enum rc make_one(void)
{
    struct list_of l;
    start_rsa_private(&l);
    add_bool(&l, CKA_TOKEN, true);
    AUTO_OBJECT struct object *o = NULL;
    return try_object(&l, ORIGIN_CREATE, &plain_rules, &o);
}

static enum rc make_cert(void)
{
    struct list_of l;
    start_cert(&l);
    AUTO_OBJECT struct object *o = NULL;
    return try_object(&l, ORIGIN_CREATE, &plain_rules, &o);
}

static void faults(void **state)
{
    (void)state;
    with_faults(make_one);
    with_faults(make_cert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_more),
        cmocka_unit_test(one_less),
        cmocka_unit_test(bad_kinds),
        cmocka_unit_test(defaults_of_secret_keys),
        cmocka_unit_test(history_follows_the_template),
        cmocka_unit_test(usage_defaults),
        cmocka_unit_test(derived_history),
        cmocka_unit_test(separation),
        cmocka_unit_test(unwrap_templates),
        cmocka_unit_test(implied),
        cmocka_unit_test(reading_drafts),
        cmocka_unit_test(computed),
        cmocka_unit_test(certificates),
        cmocka_unit_test(odds),
        cmocka_unit_test(derived_key_type),
        cmocka_unit_test(faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
