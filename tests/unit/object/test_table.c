/* SPDX-License-Identifier: Apache-2.0
 *
 * The attribute table: in order, consistent, every row of use.
 */
#include "make.h"

#include "attributes.h"

static void rows_rise_and_agree(void **state)
{
    (void)state;
    size_t n;
    const struct attr_row *rows = attr_rows(&n);
    for (size_t i = 1; i < n; i++) {
        assert_true(rows[i - 1].type <= rows[i].type);
        if (rows[i - 1].type == rows[i].type) {
            assert_int_equal(rows[i - 1].kind, rows[i].kind);
        }
    }
}

/* A row that an earlier one covers would never count. */
static void every_row_counts(void **state)
{
    (void)state;
    size_t n;
    const struct attr_row *rows = attr_rows(&n);
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        for (unsigned cls = C_DATA; cls <= C_DOMAIN; cls <<= 1) {
            for (uint32_t key = K_NONE; key <= K_COMP_KEM; key <<= 1) {
                const struct attr_scope scope = {(uint16_t)cls, key};
                const bool counts = attr_row(rows[i].type, scope) == &rows[i];
                assert_int_equal(attr_counts(&rows[i], scope), counts);
                found = found || counts;
            }
        }
        if (!found) {
            fail_msg("%s: a row without effect", attr_name(&rows[i]));
        }
        assert_int_equal(attr_any(rows[i].type)->type, rows[i].type);
    }
}

/* A default has the attribute's kind. */
static void defaults_fit_kinds(void **state)
{
    (void)state;
    static const uint16_t fits[DEF_COUNT] = {
        [DEF_NONE] = 0xffff,
        [DEF_EMPTY] = 1 << KIND_BYTES | 1 << KIND_STRING | 1 << KIND_DATE,
        [DEF_FALSE] = 1 << KIND_BOOL,
        [DEF_TRUE] = 1 << KIND_BOOL,
        [DEF_ZERO] = 1 << KIND_ULONG,
        [DEF_UNAVAILABLE] = 1 << KIND_ULONG,
        [DEF_MUST] = 0xffff,
        [DEF_USE] = 1 << KIND_BOOL,
        [DEF_USE_WRAP] = 1 << KIND_BOOL,
        [DEF_SENSITIVE] = 1 << KIND_BOOL,
        [DEF_EXTRACTABLE] = 1 << KIND_BOOL,
        [DEF_LOCAL] = 1 << KIND_BOOL,
        [DEF_ALWAYS_SENSITIVE] = 1 << KIND_BOOL,
        [DEF_NEVER_EXTRACTABLE] = 1 << KIND_BOOL,
        [DEF_VALUE_LEN] = 1 << KIND_ULONG,
        [DEF_MODULUS_BITS] = 1 << KIND_ULONG,
        [DEF_PRIME_BITS] = 1 << KIND_ULONG,
        [DEF_SUBPRIME_BITS] = 1 << KIND_ULONG,
    };
    size_t n;
    const struct attr_row *rows = attr_rows(&n);
    for (size_t i = 0; i < n; i++) {
        assert_true((fits[rows[i].def] & 1 << rows[i].kind) != 0);
        assert_true((rows[i].flags & F_SECRET) == 0 || rows[i].kind == KIND_BYTES);
        assert_true((rows[i].flags & F_SECRET) == 0 || (rows[i].flags & (F_SET | F_COPY)) == 0);
    }
}

static void secrets_are_known(void **state)
{
    (void)state;
    static const uint32_t secret[] = {
        CKA_VALUE,      CKA_PRIVATE_EXPONENT, CKA_PRIME_1,     CKA_PRIME_2,
        CKA_EXPONENT_1, CKA_EXPONENT_2,       CKA_COEFFICIENT, CKA_SEED};
    for (size_t i = 0; i < ARRAY_LEN(secret); i++) {
        assert_true(attr_can_be_secret(secret[i]));
    }
    assert_false(attr_can_be_secret(CKA_MODULUS));
    assert_false(attr_can_be_secret(CKA_LABEL));
    assert_false(attr_can_be_secret(0xffffffff));
    assert_int_equal(attr_row(CKA_VALUE, (struct attr_scope){C_DATA, K_NONE})->flags & F_SECRET, 0);
    assert_null(attr_row(CKA_VALUE, (struct attr_scope){C_PRIVATE, K_RSA}));
    for (uint32_t key = K_ML_KEM; key <= K_COMP_KEM; key <<= 1) {
        const struct attr_row *value = attr_row(CKA_VALUE, (struct attr_scope){C_PRIVATE, key});
        const struct attr_row *seed = attr_row(CKA_SEED, (struct attr_scope){C_PRIVATE, key});
        assert_true((value->flags & F_SECRET) != 0);
        assert_true((key & K_SEEDED) != 0 ? (seed->flags & F_SECRET) != 0 : seed == NULL);
        value = attr_row(CKA_VALUE, (struct attr_scope){C_PUBLIC, key});
        assert_int_equal(value->flags & F_SECRET, 0);
        assert_null(attr_row(CKA_SEED, (struct attr_scope){C_PUBLIC, key}));
    }
}

static void numbers(void **state)
{
    (void)state;
    assert_int_equal(attr_number(CKF_ARRAY_ATTRIBUTE | 0x62aUL), 0x62a);
    assert_int_equal(attr_number(CKF_ARRAY_ATTRIBUTE | 0x62bUL), 0x62b);
    assert_int_equal(attr_number(CKA_LABEL), CKA_LABEL);
    assert_int_equal(attr_number(0x100000003UL), 0xffffffff);
    assert_null(attr_any(attr_number(0x100000003UL)));
    assert_null(attr_any(0x7fffffff));
}

static void classes_and_key_types(void **state)
{
    (void)state;
    assert_int_equal(attr_class_bit(CKO_SECRET_KEY), C_SECRET);
    assert_int_equal(attr_class_bit(CKO_HW_FEATURE), 0);
    assert_int_equal(attr_class_bit(0xffffffffffffffffUL), 0);
    assert_int_equal(attr_key_bit(CKK_AES, C_SECRET), K_AES);
    assert_int_equal(attr_key_bit(CKK_AES, C_PRIVATE), 0);
    assert_int_equal(attr_key_bit(CKK_RSA, C_DOMAIN), 0);
    assert_int_equal(attr_key_bit(CKK_DSA, C_DOMAIN), K_DSA);
    assert_int_equal(attr_key_bit(CKK_DES3, C_SECRET), 0);
    assert_int_equal(attr_key_bit(CKK_ML_KEM, C_PUBLIC), K_ML_KEM);
    assert_int_equal(attr_key_bit(CKK_ML_DSA, C_PRIVATE), K_ML_DSA);
    assert_int_equal(attr_key_bit(CKK_SLH_DSA, C_SECRET), 0);
    assert_int_equal(attr_key_bit(CKK_COMP_SIG, C_PUBLIC), K_COMP_SIG);
    assert_int_equal(attr_key_bit(CKK_COMP_KEM, C_PRIVATE), K_COMP_KEM);
    assert_int_equal(attr_key_type(CKK_CRATON_ML_KEM), CKK_ML_KEM);
    assert_int_equal(attr_key_type(CKK_CRATON_ML_DSA), CKK_ML_DSA);
    assert_int_equal(attr_key_type(CKK_CRATON_SLH_DSA), CKK_SLH_DSA);
    assert_int_equal(attr_key_type(CKK_COMP_SIG), CKK_COMP_SIG);
    assert_int_equal(attr_key_type(CKK_RSA), CKK_RSA);
}

/* Usages that a post-quantum key does not have: only false is taken, and false is what they are;
 * those that it has are true when nothing is said. */
static void usages_are_separate(void **state)
{
    (void)state;
    static const uint32_t sign[] = {CKA_SIGN, CKA_VERIFY};
    static const uint32_t establish[] = {CKA_ENCAPSULATE, CKA_DECAPSULATE, CKA_WRAP, CKA_UNWRAP,
                                         CKA_DERIVE};
    static const uint32_t never[] = {CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN_RECOVER,
                                     CKA_VERIFY_RECOVER};
    for (uint32_t key = K_ML_KEM; key <= K_COMP_KEM; key <<= 1) {
        for (unsigned cls = C_PUBLIC; cls <= C_PRIVATE; cls <<= 1) {
            const struct attr_scope scope = {(uint16_t)cls, key};
            const bool kem = (key & K_KEM) != 0;
            const struct attr_row *row = NULL;
            for (size_t i = 0; i < ARRAY_LEN(sign); i++) {
                row = attr_row(sign[i], scope);
                assert_true(row == NULL || ((row->flags & F_NEVER) != 0) == kem);
            }
            for (size_t i = 0; i < ARRAY_LEN(establish); i++) {
                row = attr_row(establish[i], scope);
                assert_true(row == NULL || ((row->flags & F_NEVER) != 0) == !kem);
            }
            for (size_t i = 0; i < ARRAY_LEN(never); i++) {
                row = attr_row(never[i], scope);
                assert_true(row == NULL || (row->flags & F_NEVER) != 0);
            }
        }
    }
    size_t n;
    const struct attr_row *rows = attr_rows(&n);
    for (size_t i = 0; i < n; i++) {
        const bool never_row = (rows[i].flags & F_NEVER) != 0;
        assert_true(!never_row || rows[i].def == DEF_FALSE);
        assert_true(rows[i].kind == KIND_BOOL || !never_row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_rise_and_agree),
        cmocka_unit_test(every_row_counts),
        cmocka_unit_test(defaults_fit_kinds),
        cmocka_unit_test(secrets_are_known),
        cmocka_unit_test(numbers),
        cmocka_unit_test(classes_and_key_types),
        cmocka_unit_test(usages_are_separate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
