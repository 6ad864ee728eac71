/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules: who may use, wrap, see and change what (items 84 to 89, 92, 93 of the robustness list).
 * The mechanism table is a row of our own here: guard asks it five questions.
 */
#include "../object/make.h"

#include "guard/guard.h"
#include "mech/mech.h"

struct mech_row {
    CK_MECHANISM_TYPE type;
    unsigned verbs; /* bit for each enum mech_verb */
    CK_KEY_TYPE key_type;
    bool sha1;
};

CK_MECHANISM_TYPE mech_type(const struct mech_row *row)
{
    return row->type;
}

bool mech_offers(const struct mech_row *row, enum mech_verb verb)
{
    return (row->verbs & 1u << verb) != 0;
}

bool mech_fits_key(const struct mech_row *row, enum mech_verb verb, CK_OBJECT_CLASS cls,
                   CK_KEY_TYPE type)
{
    (void)verb;
    (void)cls;
    return row->key_type == type;
}

bool mech_signs_with_sha1(const struct mech_row *row, enum mech_verb verb)
{
    return row->sha1 && verb == VERB_SIGN;
}

bool mech_is_post_quantum(CK_KEY_TYPE type)
{
    return type == CKK_ML_DSA;
}

static const struct guard_policy plain = {0};
static const struct guard_who user = {.role = ROLE_USER, .rw = true};
static const struct guard_who nobody = {.role = ROLE_PUBLIC, .rw = true};
static const struct guard_who so = {.role = ROLE_SO, .rw = true};
static const struct mech_row aes_row = {CKM_AES_GCM, ~0u, CKK_AES, false};
static const struct mech_row rsa_row = {CKM_RSA_PKCS, ~0u, CKK_RSA, false};

/* ---- usage -------------------------------------------------------------------------------------- */

static void usage_flags(void **state)
{
    (void)state;
    static const struct {
        enum mech_verb verb;
        CK_ATTRIBUTE_TYPE flag;
    } map[] = {
        {VERB_ENCRYPT, CKA_ENCRYPT}, {VERB_DECRYPT, CKA_DECRYPT}, {VERB_SIGN, CKA_SIGN},
        {VERB_VERIFY, CKA_VERIFY},   {VERB_WRAP, CKA_WRAP},       {VERB_UNWRAP, CKA_UNWRAP},
        {VERB_DERIVE, CKA_DERIVE},
    };
    for (size_t i = 0; i < ARRAY_LEN(map); i++) {
        struct list_of l;
        start_aes(&l);
        add_bool(&l, map[i].flag, true);
        AUTO_OBJECT struct object *one = make_object(&l, ORIGIN_CREATE);
        for (size_t k = 0; k < ARRAY_LEN(map); k++) {
            assert_int_equal(guard_use(&plain, &user, (int)map[k].verb, &aes_row, one),
                             i == k ? RC_OK : RC_KEY_FUNCTION_NOT_PERMITTED);
        }
    }
    struct list_of l;
    start_rsa_private(&l);
    add_bool(&l, CKA_SIGN, true);
    AUTO_OBJECT struct object *rsa = make_object(&l, ORIGIN_CREATE);
    const struct guard_policy weak = {.allow_weak_rsa = true};
    assert_int_equal(guard_use(&weak, &user, VERB_SIGN, &rsa_row, rsa), RC_OK);
    assert_int_equal(guard_use(&weak, &user, VERB_SIGN_RECOVER, &rsa_row, rsa),
                     RC_KEY_FUNCTION_NOT_PERMITTED);
}

/* Keys that establish others: each of their usages by itself, and in which session. */
static void kem_usage(void **state)
{
    (void)state;
    static const struct {
        enum mech_verb verb;
        CK_OBJECT_CLASS cls;
        CK_ATTRIBUTE_TYPE flag;
        enum rc unseen, misfit;
    } map[] = {
        {VERB_ENCAPSULATE, CKO_PUBLIC_KEY, CKA_ENCAPSULATE, RC_KEY_HANDLE_INVALID,
         RC_KEY_TYPE_INCONSISTENT},
        {VERB_DECAPSULATE, CKO_PRIVATE_KEY, CKA_DECAPSULATE, RC_KEY_HANDLE_INVALID,
         RC_KEY_TYPE_INCONSISTENT},
        {VERB_WRAP, CKO_PUBLIC_KEY, CKA_WRAP, RC_WRAPPING_KEY_HANDLE_INVALID,
         RC_WRAPPING_KEY_TYPE_INCONSISTENT},
        {VERB_UNWRAP, CKO_PRIVATE_KEY, CKA_UNWRAP, RC_UNWRAPPING_KEY_HANDLE_INVALID,
         RC_UNWRAPPING_KEY_TYPE_INCONSISTENT},
        {VERB_DERIVE, CKO_PRIVATE_KEY, CKA_DERIVE, RC_KEY_HANDLE_INVALID, RC_KEY_TYPE_INCONSISTENT},
    };
    const struct mech_row kem = {CKM_ML_KEM, ~0u, CKK_ML_KEM, false};
    const struct mech_row other = {CKM_ML_KEM, ~0u, CKK_ML_DSA, false};
    const struct mech_row no_kem = {CKM_AES_GCM, 1u << VERB_ENCRYPT, CKK_ML_KEM, false};
    for (size_t i = 0; i < ARRAY_LEN(map); i++) {
        struct list_of l = {.n = 0};
        add_ulong(&l, CKA_CLASS, map[i].cls);
        add_ulong(&l, CKA_KEY_TYPE, CKK_ML_KEM);
        add_ulong(&l, CKA_PARAMETER_SET, CKP_ML_KEM_512);
        add_text(&l, CKA_VALUE, "a value");
        add_bool(&l, map[i].flag, true);
        add_bool(&l, CKA_PRIVATE, true);
        AUTO_OBJECT struct object *one = make_object(&l, ORIGIN_CREATE);
        for (size_t k = 0; k < ARRAY_LEN(map); k++) {
            assert_int_equal(guard_use(&plain, &user, (int)map[k].verb, &kem, one),
                             i == k ? RC_OK : RC_KEY_FUNCTION_NOT_PERMITTED);
        }
        assert_int_equal(guard_use(&plain, &user, (int)map[i].verb, &other, one), map[i].misfit);
        assert_int_equal(guard_use(&plain, &nobody, (int)map[i].verb, &kem, one), map[i].unseen);
        assert_int_equal(guard_use(&plain, &so, (int)map[i].verb, &kem, one), map[i].unseen);
        assert_int_equal(guard_use(&plain, &user, (int)map[i].verb, &no_kem, one),
                         RC_MECHANISM_INVALID);
    }
}

/* The first reason in the standard's order is the one that is told. */
static void order_of_reasons(void **state)
{
    (void)state;
    const CK_MECHANISM_TYPE other = CKM_AES_CBC;
    const struct mech_row verify_only = {CKM_AES_GCM, 1u << VERB_VERIFY, CKK_RSA, true};
    const struct mech_row sha1 = {CKM_AES_GCM, ~0u, CKK_RSA, true};
    const struct mech_row misfit = {CKM_AES_GCM, ~0u, CKK_RSA, false};
    struct list_of l;
    start_aes(&l);
    add_bool(&l, CKA_ENCRYPT, true);
    add(&l, CKA_ALLOWED_MECHANISMS, &other, sizeof other);
    AUTO_OBJECT struct object *fenced = make_object(&l, ORIGIN_CREATE);
    start_aes(&l);
    add_bool(&l, CKA_ENCRYPT, true);
    AUTO_OBJECT struct object *key = make_object(&l, ORIGIN_CREATE);

    assert_int_equal(guard_use(&plain, &nobody, VERB_SIGN, &verify_only, key),
                     RC_MECHANISM_INVALID);
    assert_int_equal(guard_use(&plain, &nobody, VERB_SIGN, &sha1, key), RC_MECHANISM_INVALID);
    assert_int_equal(guard_use(&plain, &nobody, VERB_SIGN, &misfit, key), RC_KEY_HANDLE_INVALID);
    assert_int_equal(guard_use(&plain, &so, VERB_SIGN, &misfit, key), RC_KEY_HANDLE_INVALID);
    assert_int_equal(guard_use(&plain, &user, VERB_SIGN, &misfit, fenced), RC_MECHANISM_INVALID);
    assert_int_equal(guard_use(&plain, &user, VERB_SIGN, &misfit, key), RC_KEY_TYPE_INCONSISTENT);
    assert_int_equal(guard_use(&plain, &user, VERB_SIGN, &aes_row, key),
                     RC_KEY_FUNCTION_NOT_PERMITTED);
    assert_int_equal(guard_use(&plain, &user, VERB_ENCRYPT, &aes_row, key), RC_OK);
    assert_int_equal(guard_use(&plain, &user, VERB_ENCRYPT, &aes_row, fenced),
                     RC_MECHANISM_INVALID);

    /* wrapping and unwrapping name their keys */
    assert_int_equal(guard_use(&plain, &nobody, VERB_WRAP, &aes_row, key),
                     RC_WRAPPING_KEY_HANDLE_INVALID);
    assert_int_equal(guard_use(&plain, &user, VERB_WRAP, &misfit, key),
                     RC_WRAPPING_KEY_TYPE_INCONSISTENT);
    assert_int_equal(guard_use(&plain, &nobody, VERB_UNWRAP, &aes_row, key),
                     RC_UNWRAPPING_KEY_HANDLE_INVALID);
    assert_int_equal(guard_use(&plain, &user, VERB_UNWRAP, &misfit, key),
                     RC_UNWRAPPING_KEY_TYPE_INCONSISTENT);
    assert_int_equal(guard_use(&plain, &user, VERB_WRAP, &aes_row, key),
                     RC_KEY_FUNCTION_NOT_PERMITTED);

    assert_int_equal(guard_use(&plain, &nobody, VERB_DIGEST, &aes_row, NULL), RC_OK);
    assert_int_equal(guard_use(&plain, &nobody, VERB_DIGEST, NULL, NULL), RC_MECHANISM_INVALID);
    assert_int_equal(guard_use(&plain, &user, VERB_COUNT, &aes_row, key), RC_MECHANISM_INVALID);
    assert_int_equal(guard_use(&plain, &user, -1, &aes_row, key), RC_MECHANISM_INVALID);
}

static void sha1_signing(void **state)
{
    (void)state;
    const struct mech_row row = {CKM_SHA1_RSA_PKCS, ~0u, CKK_AES, true};
    const struct guard_policy allowed = {.allow_sha1_signing = true};
    struct list_of l;
    start_aes(&l);
    AUTO_OBJECT struct object *key = make_object(&l, ORIGIN_CREATE);
    assert_int_equal(guard_use(&plain, &user, VERB_SIGN, &row, key), RC_MECHANISM_INVALID);
    assert_int_equal(guard_use(&plain, &user, VERB_VERIFY, &row, key), RC_OK);
    assert_int_equal(guard_use(&allowed, &user, VERB_SIGN, &row, key), RC_OK);
}

/* An RSA public key of so many bits. */
static struct object *rsa_public(size_t bits)
{
    uint8_t modulus[257] = {0};
    const size_t n = (bits + 7) / 8;
    modulus[0] = (uint8_t)(1u << (bits + 7) % 8);
    modulus[n - 1] |= 1;
    struct list_of l = {.n = 0};
    add_ulong(&l, CKA_CLASS, CKO_PUBLIC_KEY);
    add_ulong(&l, CKA_KEY_TYPE, CKK_RSA);
    add(&l, CKA_MODULUS, modulus, n);
    add(&l, CKA_PUBLIC_EXPONENT, "\x03", 1);
    return make_object(&l, ORIGIN_CREATE);
}

static void weak_rsa(void **state)
{
    (void)state;
    const struct guard_policy allowed = {.allow_weak_rsa = true};
    AUTO_OBJECT struct object *weak = rsa_public(2047);
    AUTO_OBJECT struct object *strong = rsa_public(2048);
    AUTO_OBJECT struct object *odd = rsa_public(2049);
    assert_int_equal(guard_use(&plain, &user, VERB_ENCRYPT, &rsa_row, weak), RC_KEY_SIZE_RANGE);
    assert_int_equal(guard_use(&plain, &user, VERB_WRAP, &rsa_row, weak),
                     RC_WRAPPING_KEY_SIZE_RANGE);
    assert_int_equal(guard_use(&plain, &user, VERB_VERIFY, &rsa_row, weak), RC_OK);
    assert_int_equal(guard_use(&plain, &user, VERB_VERIFY_RECOVER, &rsa_row, weak), RC_OK);
    assert_int_equal(guard_use(&allowed, &user, VERB_ENCRYPT, &rsa_row, weak), RC_OK);
    assert_int_equal(guard_use(&plain, &user, VERB_ENCRYPT, &rsa_row, strong), RC_OK);
    assert_int_equal(guard_use(&plain, &user, VERB_ENCRYPT, &rsa_row, odd), RC_OK);
    struct list_of l;
    start_rsa_private(&l);
    AUTO_OBJECT struct object *tiny = make_object(&l, ORIGIN_CREATE);
    assert_int_equal(guard_use(&plain, &user, VERB_SIGN, &rsa_row, tiny), RC_KEY_SIZE_RANGE);
    assert_int_equal(guard_use(&plain, &user, VERB_DECRYPT, &rsa_row, tiny), RC_KEY_SIZE_RANGE);
    assert_int_equal(guard_use(&plain, &user, VERB_UNWRAP, &rsa_row, tiny),
                     RC_UNWRAPPING_KEY_SIZE_RANGE);
}

/* Dates are kept and shown, and stop nothing (item 120). */
static void dates(void **state)
{
    (void)state;
    struct list_of l;
    start_aes(&l);
    add_text(&l, CKA_START_DATE, "20990101");
    add_text(&l, CKA_END_DATE, "20010101");
    AUTO_OBJECT struct object *key = make_object(&l, ORIGIN_CREATE);
    assert_int_equal(guard_use(&plain, &user, VERB_ENCRYPT, &aes_row, key), RC_OK);
    assert_true(bytes_equal(value_of(key, CKA_END_DATE), BYTES_STR("20010101")));
}

/* ---- wrapping ----------------------------------------------------------------------------------- */

static struct object *aes(bool trusted, bool extractable, bool with_trusted)
{
    static const struct object_rules rules = {.so = true};
    struct list_of l;
    start_aes(&l);
    add_bool(&l, CKA_TRUSTED, trusted);
    add_bool(&l, CKA_EXTRACTABLE, extractable);
    add_bool(&l, CKA_WRAP_WITH_TRUSTED, with_trusted);
    struct object *o = NULL;
    assert_int_equal(try_object(&l, ORIGIN_CREATE, &rules, &o), RC_OK);
    return o;
}

static void wrapping(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *wrapper = aes(false, false, false);
    AUTO_OBJECT struct object *trusted = aes(true, false, false);
    AUTO_OBJECT struct object *open = aes(false, true, false);
    AUTO_OBJECT struct object *picky = aes(false, true, true);
    AUTO_OBJECT struct object *public = rsa_public(2048);
    assert_int_equal(guard_wrap(&plain, wrapper, open), RC_OK);
    assert_int_equal(guard_wrap(&plain, wrapper, wrapper), RC_KEY_UNEXTRACTABLE);
    assert_int_equal(guard_wrap(&plain, wrapper, public), RC_KEY_NOT_WRAPPABLE);
    assert_int_equal(guard_wrap(&plain, wrapper, picky), RC_KEY_NOT_WRAPPABLE);
    assert_int_equal(guard_wrap(&plain, trusted, picky), RC_OK);
    struct list_of l;
    start_cert(&l);
    AUTO_OBJECT struct object *cert = make_object(&l, ORIGIN_CREATE);
    assert_int_equal(guard_wrap(&plain, wrapper, cert), RC_KEY_NOT_WRAPPABLE);
    const struct guard_policy strict = {.key_separation = true};
    assert_int_equal(guard_wrap(&plain, open, open), RC_OK);
    assert_int_equal(guard_wrap(&strict, open, open), RC_KEY_NOT_WRAPPABLE);
}

static void wrap_templates(void **state)
{
    (void)state;
    CK_BBOOL yes = CK_TRUE;
    CK_ULONG type = CKK_AES;
    CK_ATTRIBUTE want[2] = {{CKA_KEY_TYPE, &type, sizeof type}, {CKA_SENSITIVE, &yes, 1}};
    struct list_of l;
    start_aes(&l);
    add(&l, CKA_WRAP_TEMPLATE, want, sizeof want);
    AUTO_OBJECT struct object *wrapper = make_object(&l, ORIGIN_CREATE);
    AUTO_OBJECT struct object *good = aes(false, true, false);
    assert_int_equal(guard_wrap(&plain, wrapper, good), RC_OK);
    start_aes(&l);
    add_bool(&l, CKA_SENSITIVE, false);
    add_bool(&l, CKA_EXTRACTABLE, true);
    AUTO_OBJECT struct object *bad = make_object(&l, ORIGIN_CREATE);
    assert_int_equal(guard_wrap(&plain, wrapper, bad), RC_KEY_HANDLE_INVALID);
}

/* ---- seeing and changing ------------------------------------------------------------------------ */

static void seeing(void **state)
{
    (void)state;
    struct list_of l;
    start_aes(&l);
    AUTO_OBJECT struct object *private = make_object(&l, ORIGIN_CREATE);
    start_cert(&l);
    AUTO_OBJECT struct object *public = make_object(&l, ORIGIN_CREATE);
    assert_true(guard_sees(&plain, &user, private));
    assert_false(guard_sees(&plain, &nobody, private));
    assert_false(guard_sees(&plain, &so, private));
    assert_true(guard_sees(&plain, &nobody, public));
    assert_true(guard_sees(&plain, &so, public));
    /* where post-quantum keys are hidden, those alone are */
    const struct guard_policy classic = {.hide_post_quantum = true};
    start_ml_dsa_public(&l);
    AUTO_OBJECT struct object *dsa = make_object(&l, ORIGIN_CREATE);
    assert_true(guard_sees(&plain, &user, dsa));
    assert_false(guard_sees(&classic, &user, dsa));
    assert_true(guard_sees(&classic, &user, private));
    assert_true(guard_sees(&classic, &user, public));
    assert_int_equal(guard_use(&classic, &user, VERB_VERIFY, &aes_row, dsa), RC_KEY_HANDLE_INVALID);
}

static void changing(void **state)
{
    (void)state;
    const struct guard_who reader = {.role = ROLE_USER, .rw = false};
    assert_int_equal(guard_change(&user, OBJECT_TOKEN | OBJECT_PRIVATE), RC_OK);
    assert_int_equal(guard_change(&reader, OBJECT_TOKEN), RC_SESSION_READ_ONLY);
    assert_int_equal(guard_change(&reader, OBJECT_PRIVATE), RC_OK);
    assert_int_equal(guard_change(&nobody, 0), RC_OK);
    assert_int_equal(guard_change(&nobody, OBJECT_TOKEN), RC_OK);
    assert_int_equal(guard_change(&nobody, OBJECT_PRIVATE), RC_USER_NOT_LOGGED_IN);
    assert_int_equal(guard_change(&so, OBJECT_PRIVATE), RC_USER_NOT_LOGGED_IN);
    assert_int_equal(guard_change(&so, OBJECT_TOKEN), RC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usage_flags),      cmocka_unit_test(kem_usage),
        cmocka_unit_test(order_of_reasons), cmocka_unit_test(sha1_signing),
        cmocka_unit_test(weak_rsa),         cmocka_unit_test(dates),
        cmocka_unit_test(wrapping),         cmocka_unit_test(wrap_templates),
        cmocka_unit_test(seeing),           cmocka_unit_test(changing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
