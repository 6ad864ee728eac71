/* SPDX-License-Identifier: Apache-2.0
 *
 * The table: what is listed is found, every flag has something behind it, policy hides rows, units.
 */
#include "family.h"
#include "fixture.h"

/* The verbs that run as an operation. */
#define RUNS                                                                                       \
    ((CK_FLAGS)(CKF_ENCRYPT | CKF_DECRYPT | CKF_SIGN | CKF_VERIFY | CKF_DIGEST | CKF_WRAP |        \
                CKF_UNWRAP))

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

/* The verbs that a family has functions for. */
static CK_FLAGS verbs_of(const struct family *f)
{
    CK_FLAGS v = 0;
    v |= f->begin != NULL ? RUNS : 0;
    v |= f->derive != NULL ? CKF_DERIVE : 0;
    v |= f->generate != NULL ? CKF_GENERATE : 0;
    v |= f->generate_pair != NULL ? CKF_GENERATE_KEY_PAIR : 0;
    v |= f->encapsulate != NULL && f->kem_size != NULL ? CKF_ENCAPSULATE : 0;
    v |= f->decapsulate != NULL && f->kem_size != NULL ? CKF_DECAPSULATE : 0;
    return v;
}

/* A verb that is shown has a function, and a function has a row that shows it: a row of its own, or
 * another of the family (post-quantum keys are made and used by one). */
static void r076_flags_have_functions(void **state)
{
    (void)state;
    for (size_t i = 0; i < mech_row_count(); i++) {
        const struct mech_row *row = mech_row_at(i, true);
        const CK_FLAGS has = verbs_of(row->family);
        const CK_FLAGS curves = CKF_EC_F_P | CKF_EC_OID | CKF_EC_UNCOMPRESS | CKF_EC_CURVENAME;
        CK_FLAGS shown = 0;
        for (size_t k = 0; k < mech_row_count(); k++) {
            const struct mech_row *other = mech_row_at(k, true);
            shown |= other->family == row->family ? other->flags & ~curves : 0;
        }
        assert_int_equal(row->flags & ~curves & ~has, 0);
        assert_int_equal(has & ~shown & ~RUNS, 0);
        assert_int_equal((has & RUNS) != 0, (shown & RUNS) != 0);
        assert_true(row->min <= row->max);
        assert_non_null(param_kind_name(row->param));
    }
}

static enum rc try_verb(const struct mech_row *row, enum mech_verb verb)
{
    const CK_MECHANISM m = {.mechanism = mech_type(row)};
    AUTO_BUF struct buf out = BUF_INIT;
    AUTO_SECRET struct secret *plain = NULL;
    AUTO_SECRET struct secret *one = secret_new(16);
    const struct key_kind kind = {CKO_SECRET_KEY, CKK_AES};
    switch (verb) {
    case VERB_GENERATE:
        return mech_generate(&env, row, &m, NULL);
    case VERB_GENERATE_PAIR:
        return mech_generate_pair(&env, row, &m, NULL, NULL);
    case VERB_WRAP:
        return mech_wrap(&env, row, &m, NULL, &kind, one, &out);
    case VERB_UNWRAP:
        return mech_unwrap(&env, row, &m, NULL, &kind, secret_view(one), &plain);
    case VERB_DERIVE:
        return mech_derive(&env, row, &m, NULL, NULL, 0, NULL);
    case VERB_ENCAPSULATE:
        return mech_encapsulate(&env, row, NULL, NULL, NULL);
    case VERB_DECAPSULATE:
        return mech_decapsulate(&env, row, NULL, BYTES_NONE, NULL);
    default:
        break;
    }
    struct mech_op *op = mech_op_new();
    const enum rc rc = mech_begin(op, &env, row, verb, &m, NULL);
    mech_op_free(op);
    return rc;
}

/* A verb that a row does not show is refused before anything is looked at. */
static void r076_other_verbs_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < mech_row_count(); i++) {
        const struct mech_row *row = mech_row_at(i, false);
        for (enum mech_verb v = VERB_ENCRYPT; v < VERB_COUNT; v++) {
            if (!mech_offers(row, v)) {
                assert_rc(try_verb(row, v), RC_MECHANISM_INVALID);
            }
        }
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
        /* bytes of a public key: FIPS 203, table 3; FIPS 204, table 2; FIPS 205, table 2 */
        {CKM_ML_KEM_KEY_PAIR_GEN, 800, 1568},
        {CKM_ML_KEM, 800, 1568},
        {CKM_ML_DSA, 1312, 2592},
        {CKM_HASH_ML_DSA_SHA256, 1312, 2592},
        {CKM_SLH_DSA, 32, 64},
        {CKM_CRATON_ML_KEM_768, 1184, 1184},
        {CKM_CRATON_ML_DSA_65, 1952, 1952},
        {CKM_CRATON_SLH_DSA_SHA2_256S, 64, 64},
        {CKM_ML_DSA_EXTERNAL_MU_GEN, 1312, 2592},
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
    assert_false(mech_fits_key(ecdh, VERB_DERIVE, CKO_PUBLIC_KEY, CKK_EC));
    const struct mech_row *kem = mech_find(&env, CKM_ML_KEM);
    assert_true(mech_fits_key(kem, VERB_ENCAPSULATE, CKO_PUBLIC_KEY, CKK_ML_KEM));
    assert_false(mech_fits_key(kem, VERB_ENCAPSULATE, CKO_PRIVATE_KEY, CKK_ML_KEM));
    assert_true(mech_fits_key(kem, VERB_DECAPSULATE, CKO_PRIVATE_KEY, CKK_ML_KEM));
    assert_false(mech_fits_key(kem, VERB_DECAPSULATE, CKO_PUBLIC_KEY, CKK_ML_KEM));
    assert_true(mech_fits_key(kem, VERB_WRAP, CKO_PUBLIC_KEY, CKK_ML_KEM));
    assert_true(mech_fits_key(kem, VERB_UNWRAP, CKO_PRIVATE_KEY, CKK_ML_KEM));
    assert_true(mech_fits_key(kem, VERB_DERIVE, CKO_PUBLIC_KEY, CKK_ML_KEM));
    assert_true(mech_fits_key(kem, VERB_DERIVE, CKO_PRIVATE_KEY, CKK_ML_KEM));
    assert_false(mech_fits_key(kem, VERB_DERIVE, CKO_SECRET_KEY, CKK_ML_KEM));
    assert_false(mech_fits_key(kem, VERB_DERIVE, CKO_PUBLIC_KEY, CKK_COMP_KEM));
    assert_false(mech_fits_key(kem, VERB_DECAPSULATE, CKO_PRIVATE_KEY, CKK_ML_DSA));
    const struct mech_row *dsa = mech_find(&env, CKM_ML_DSA);
    assert_true(mech_fits_key(dsa, VERB_SIGN, CKO_PRIVATE_KEY, CKK_ML_DSA));
    assert_true(mech_fits_key(dsa, VERB_VERIFY, CKO_PUBLIC_KEY, CKK_ML_DSA));
    assert_false(mech_fits_key(dsa, VERB_SIGN, CKO_PRIVATE_KEY, CKK_SLH_DSA));
    assert_false(mech_fits_key(dsa, VERB_DERIVE, CKO_PUBLIC_KEY, CKK_ML_DSA));
}

/* What policy says of post-quantum rows and of vendor numbers. */
static void post_quantum_policy(void **state)
{
    (void)state;
    CK_ULONG all = 0;
    CK_ULONG classical = 0;
    CK_ULONG unlisted = 0;
    assert_ok(mech_list(&env, NULL, &all));
    env.policy.enable_pqc = false;
    assert_ok(mech_list(&env, NULL, &classical));
    assert_true(classical < all);
    for (size_t i = 0; i < mech_row_count(); i++) {
        const struct mech_row *row = mech_row_at(i, false);
        const bool pq = row->keys >= KEYS_ML_KEM && row->keys <= KEYS_COMP_KEM;
        if (pq || row->family == &family_mu) {
            assert_null(mech_find(&env, mech_type(row)));
        }
    }
    env.policy.enable_pqc = true;
    env.policy.vendor_mechanisms = false;
    assert_ok(mech_list(&env, NULL, &unlisted));
    assert_true(classical < unlisted && unlisted < all);
    assert_non_null(mech_find(&env, CKM_CRATON_ML_KEM_768)); /* not listed, and works */
    env.policy.vendor_mechanisms = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listing),
        cmocka_unit_test(r076_flags_have_functions),
        cmocka_unit_test(policy),
        cmocka_unit_test(r077_units),
        cmocka_unit_test(fitting_keys),
        cmocka_unit_test(r076_other_verbs_are_refused),
        cmocka_unit_test(post_quantum_policy),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
