/* SPDX-License-Identifier: Apache-2.0
 *
 * The table: what is listed is found, every flag has something behind it, policy hides rows, units.
 */
#include "family.h"
#include "fixture.h"

static void listing(void **state)
{
    (void)state;
    CK_MECHANISM_TYPE types[256];
    CK_ULONG n = 0;
    assert_ok(mech_list(&env, NULL, &n));
    assert_in_range(n, 100, 200);
    const CK_ULONG all = n;
    n = all - 1;
    types[0] = 4711;
    assert_rc(mech_list(&env, types, &n), RC_BUFFER_TOO_SMALL);
    assert_int_equal(n, all);
    assert_int_equal(types[0], 4711);
    n = ARRAY_LEN(types);
    assert_ok(mech_list(&env, types, &n));
    assert_int_equal(n, all);
    for (CK_ULONG i = 0; i < n; i++) {
        const struct mech_row *row = mech_find(&env, types[i]);
        assert_non_null(row);
        assert_int_equal(mech_type(row), types[i]);
        for (CK_ULONG k = 0; k < i; k++) {
            assert_int_not_equal(types[i], types[k]);
        }
    }
    assert_null(mech_find(&env, CKM_DES3_CBC));
    assert_null(mech_find(&env, ~0ul));
}

/* A verb that is shown has a function; one that is not is refused. */
static void r076_flags_have_functions(void **state)
{
    (void)state;
    for (size_t i = 0; i < mech_row_count(); i++) {
        const struct mech_row *row = mech_row_at(i, true);
        const struct family *f = row->family;
        const bool runs = (row->flags & (CKF_ENCRYPT | CKF_DECRYPT | CKF_SIGN | CKF_VERIFY |
                                         CKF_DIGEST | CKF_WRAP | CKF_UNWRAP)) != 0;
        assert_int_equal(runs, f->begin != NULL);
        assert_int_equal((row->flags & CKF_DERIVE) != 0, f->derive != NULL);
        assert_int_equal((row->flags & CKF_GENERATE) != 0, f->generate != NULL);
        assert_int_equal((row->flags & CKF_GENERATE_KEY_PAIR) != 0, f->generate_pair != NULL);
        assert_true(row->min <= row->max);
        assert_non_null(param_kind_name(row->param));
    }
}

static void policy(void **state)
{
    (void)state;
    assert_null(mech_find(&env, CKM_RSA_X_509));
    env.policy.allow_raw_rsa = true;
    assert_non_null(mech_find(&env, CKM_RSA_X_509));
    env.policy.allow_raw_rsa = false;
    const struct mech_row *row = mech_find(&env, CKM_ECDSA_SHA1);
    assert_false(mech_offers(row, VERB_SIGN));
    env.policy.allow_sha1_signing = true;
    row = mech_find(&env, CKM_ECDSA_SHA1);
    assert_true(mech_offers(row, VERB_SIGN));
    assert_true(mech_signs_with_sha1(row, VERB_SIGN));
    assert_false(mech_signs_with_sha1(row, VERB_VERIFY));
    assert_false(mech_signs_with_sha1(mech_find(&env, CKM_SHA_1_HMAC), VERB_SIGN));
    env.policy.allow_sha1_signing = false;
    assert_true(mech_offers(mech_find(&env, CKM_SHA_1_HMAC), VERB_SIGN));
    assert_true(mech_offers(mech_find(&env, CKM_SHA_1), VERB_DIGEST));
}

static void r077_units(void **state)
{
    (void)state;
    static const struct {
        CK_MECHANISM_TYPE type;
        CK_ULONG min, max;
    } rows[] = {
        {CKM_RSA_PKCS_KEY_PAIR_GEN, 2048, 8192},
        {CKM_EC_KEY_PAIR_GEN, 224, 521},
        {CKM_AES_KEY_GEN, 16, 32},
        {CKM_AES_GCM, 16, 32},
        {CKM_SHA256, 0, 0},
        {CKM_GENERIC_SECRET_KEY_GEN, 8, 32768},
        {CKM_EDDSA, 255, 448},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CK_MECHANISM_INFO info;
        mech_info(mech_find(&env, rows[i].type), &info);
        assert_int_equal(info.ulMinKeySize, rows[i].min);
        assert_int_equal(info.ulMaxKeySize, rows[i].max);
    }
}

static void fitting_keys(void **state)
{
    (void)state;
    const struct mech_row *rsa = mech_find(&env, CKM_RSA_PKCS);
    assert_true(mech_fits_key(rsa, VERB_SIGN, CKO_PRIVATE_KEY, CKK_RSA));
    assert_true(mech_fits_key(rsa, VERB_WRAP, CKO_PUBLIC_KEY, CKK_RSA));
    assert_false(mech_fits_key(rsa, VERB_SIGN, CKO_PUBLIC_KEY, CKK_RSA));
    assert_false(mech_fits_key(rsa, VERB_VERIFY, CKO_PRIVATE_KEY, CKK_RSA));
    assert_false(mech_fits_key(rsa, VERB_SIGN, CKO_PRIVATE_KEY, CKK_EC));
    const struct mech_row *gcm = mech_find(&env, CKM_AES_GCM);
    assert_true(mech_fits_key(gcm, VERB_WRAP, CKO_SECRET_KEY, CKK_AES));
    assert_false(mech_fits_key(gcm, VERB_WRAP, CKO_SECRET_KEY, CKK_GENERIC_SECRET));
    const struct mech_row *ecdh = mech_find(&env, CKM_ECDH1_DERIVE);
    assert_true(mech_fits_key(ecdh, VERB_DERIVE, CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY));
    assert_false(mech_fits_key(ecdh, VERB_DERIVE, CKO_PRIVATE_KEY, CKK_EC_EDWARDS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listing),      cmocka_unit_test(r076_flags_have_functions),
        cmocka_unit_test(policy),       cmocka_unit_test(r077_units),
        cmocka_unit_test(fitting_keys),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
