/* SPDX-License-Identifier: Apache-2.0
 *
 * Signatures and RSA encryption through mech: every row signs and verifies; what is wrong has the
 * code that the checklist names; RFC 8032 vectors.
 */
#include "fixture.h"

#include <string.h>

static struct object *rsa_pub, *rsa_priv, *ec_pub, *ec_priv;

static int open_keys(void **state)
{
    (void)fixture_open(state);
    rsa_pair(2048, &rsa_pub, &rsa_priv);
    ec_pair(P256, CKM_EC_KEY_PAIR_GEN, &ec_pub, &ec_priv);
    return 0;
}

static int close_keys(void **state)
{
    object_unref(rsa_pub);
    object_unref(rsa_priv);
    object_unref(ec_pub);
    object_unref(ec_priv);
    return fixture_close(state);
}

static CK_RSA_PKCS_PSS_PARAMS pss_of(CK_MECHANISM_TYPE type, CK_ULONG salt)
{
    static const struct {
        CK_MECHANISM_TYPE type, hash;
        CK_RSA_PKCS_MGF_TYPE mgf;
    } rows[] = {
        {CKM_SHA1_RSA_PKCS_PSS, CKM_SHA_1, CKG_MGF1_SHA1},
        {CKM_SHA224_RSA_PKCS_PSS, CKM_SHA224, CKG_MGF1_SHA224},
        {CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256},
        {CKM_SHA384_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA384},
        {CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512, CKG_MGF1_SHA512},
        {CKM_SHA3_224_RSA_PKCS_PSS, CKM_SHA3_224, CKG_MGF1_SHA3_224},
        {CKM_SHA3_256_RSA_PKCS_PSS, CKM_SHA3_256, CKG_MGF1_SHA3_256},
        {CKM_SHA3_384_RSA_PKCS_PSS, CKM_SHA3_384, CKG_MGF1_SHA3_384},
        {CKM_SHA3_512_RSA_PKCS_PSS, CKM_SHA3_512, CKG_MGF1_SHA3_512},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].type == type) {
            return (CK_RSA_PKCS_PSS_PARAMS){rows[i].hash, rows[i].mgf, salt};
        }
    }
    fail();
    return (CK_RSA_PKCS_PSS_PARAMS){0};
}

static void round_trip(CK_MECHANISM_TYPE type, const void *param, size_t param_n,
                       const struct object *priv, const struct object *pub, bool streams)
{
    const struct bytes text = BYTES_STR("a message that is signed");
    AUTO_BUF struct buf sig = BUF_INIT;
    assert_ok(once(type, VERB_SIGN, param, param_n, priv, text, &sig));
    assert_ok(verify(type, param, param_n, pub, text, buf_view(&sig)));
    assert_rc(verify(type, param, param_n, pub, BYTES_STR("another"), buf_view(&sig)),
              RC_SIGNATURE_INVALID);
    assert_rc(verify(type, param, param_n, pub, text, BYTES(sig.p, sig.n - 1)),
              RC_SIGNATURE_LEN_RANGE);
    sig.p[sig.n / 2] ^= 0x10;
    assert_rc(verify(type, param, param_n, pub, text, buf_view(&sig)), RC_SIGNATURE_INVALID);
    sig.p[sig.n / 2] ^= 0x10;
    if (!streams) {
        assert_rc(verify_in_parts(type, param, param_n, pub, text, 5, buf_view(&sig)),
                  RC_FUNCTION_NOT_SUPPORTED);
        return;
    }
    assert_ok(verify_in_parts(type, param, param_n, pub, text, 5, buf_view(&sig)));
    sig.n = 0;
    assert_ok(in_parts(type, VERB_SIGN, param, param_n, priv, text, 7, &sig));
    assert_ok(verify(type, param, param_n, pub, text, buf_view(&sig)));
}

static void every_row(void **state)
{
    (void)state;
    static const CK_MECHANISM_TYPE pkcs[] = {
        CKM_SHA1_RSA_PKCS,     CKM_SHA224_RSA_PKCS,   CKM_SHA256_RSA_PKCS,
        CKM_SHA384_RSA_PKCS,   CKM_SHA512_RSA_PKCS,   CKM_SHA3_224_RSA_PKCS,
        CKM_SHA3_256_RSA_PKCS, CKM_SHA3_384_RSA_PKCS, CKM_SHA3_512_RSA_PKCS,
    };
    static const CK_MECHANISM_TYPE pss[] = {
        CKM_SHA1_RSA_PKCS_PSS,     CKM_SHA224_RSA_PKCS_PSS,   CKM_SHA256_RSA_PKCS_PSS,
        CKM_SHA384_RSA_PKCS_PSS,   CKM_SHA512_RSA_PKCS_PSS,   CKM_SHA3_224_RSA_PKCS_PSS,
        CKM_SHA3_256_RSA_PKCS_PSS, CKM_SHA3_384_RSA_PKCS_PSS, CKM_SHA3_512_RSA_PKCS_PSS,
    };
    static const CK_MECHANISM_TYPE ecdsa[] = {
        CKM_ECDSA_SHA1,     CKM_ECDSA_SHA224,   CKM_ECDSA_SHA256,
        CKM_ECDSA_SHA384,   CKM_ECDSA_SHA512,   CKM_ECDSA_SHA3_224,
        CKM_ECDSA_SHA3_256, CKM_ECDSA_SHA3_384, CKM_ECDSA_SHA3_512,
    };
    env.policy.allow_sha1_signing = true;
    for (size_t i = 0; i < ARRAY_LEN(pkcs); i++) {
        round_trip(pkcs[i], NULL, 0, rsa_priv, rsa_pub, true);
        const CK_RSA_PKCS_PSS_PARAMS p = pss_of(pss[i], 20);
        round_trip(pss[i], &p, sizeof p, rsa_priv, rsa_pub, true);
        round_trip(ecdsa[i], NULL, 0, ec_priv, ec_pub, true);
    }
    env.policy.allow_sha1_signing = false;
    round_trip(CKM_RSA_PKCS, NULL, 0, rsa_priv, rsa_pub, false);
    round_trip(CKM_ECDSA, NULL, 0, ec_priv, ec_pub, false);
}

/* SHA-1 is verified and not signed, whatever way it is asked for. */
static void sha1_policy(void **state)
{
    (void)state;
    static const CK_MECHANISM_TYPE rows[] = {CKM_SHA1_RSA_PKCS, CKM_SHA1_RSA_PKCS_PSS,
                                             CKM_ECDSA_SHA1};
    struct mech_op *op = mech_op_new();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct mech_row *row = mech_find(&env, rows[i]);
        CK_MECHANISM_INFO info;
        mech_info(row, &info);
        assert_false(mech_offers(row, VERB_SIGN));
        assert_true(mech_offers(row, VERB_VERIFY));
        assert_int_equal(info.flags & (CKF_SIGN | CKF_VERIFY), CKF_VERIFY);
        assert_rc(begin(op, rows[i], VERB_SIGN, NULL, 0, rsa_priv), RC_MECHANISM_INVALID);
    }
    const CK_RSA_PKCS_PSS_PARAMS p = {CKM_SHA_1, CKG_MGF1_SHA1, 20};
    assert_rc(begin(op, CKM_RSA_PKCS_PSS, VERB_SIGN, &p, sizeof p, rsa_priv),
              RC_MECHANISM_PARAM_INVALID);
    assert_ok(begin(op, CKM_RSA_PKCS_PSS, VERB_VERIFY, &p, sizeof p, rsa_pub));
    mech_op_free(op);
}

static void r058_pss_limits(void **state)
{
    (void)state;
    AUTO_BUF struct buf sig = BUF_INIT;
    uint8_t digest[32] = {1};
    CK_RSA_PKCS_PSS_PARAMS p = {CKM_SHA256, CKG_MGF1_SHA256, 256 - 32 - 2};
    assert_ok(once(CKM_RSA_PKCS_PSS, VERB_SIGN, &p, sizeof p, rsa_priv, BYTES(digest, 32), &sig));
    assert_ok(verify(CKM_RSA_PKCS_PSS, &p, sizeof p, rsa_pub, BYTES(digest, 32), buf_view(&sig)));
    /* the salt's length is exact */
    p.sLen--;
    assert_rc(verify(CKM_RSA_PKCS_PSS, &p, sizeof p, rsa_pub, BYTES(digest, 32), buf_view(&sig)),
              RC_SIGNATURE_INVALID);
    p.sLen = 256 - 32 - 1;
    assert_rc(once(CKM_RSA_PKCS_PSS, VERB_SIGN, &p, sizeof p, rsa_priv, BYTES(digest, 32), &sig),
              RC_MECHANISM_PARAM_INVALID);
    p.sLen = 32;
    assert_rc(once(CKM_RSA_PKCS_PSS, VERB_SIGN, &p, sizeof p, rsa_priv, BYTES(digest, 31), &sig),
              RC_DATA_LEN_RANGE);
    /* another hash than the row's */
    assert_rc(
        once(CKM_SHA384_RSA_PKCS_PSS, VERB_SIGN, &p, sizeof p, rsa_priv, BYTES(digest, 31), &sig),
        RC_MECHANISM_PARAM_INVALID);
}

static void r065_raw_lengths(void **state)
{
    (void)state;
    AUTO_BUF struct buf sig = BUF_INIT;
    uint8_t data[300] = {0};
    assert_ok(once(CKM_RSA_PKCS, VERB_SIGN, NULL, 0, rsa_priv, BYTES(data, 245), &sig));
    assert_rc(once(CKM_RSA_PKCS, VERB_SIGN, NULL, 0, rsa_priv, BYTES(data, 246), &sig),
              RC_DATA_LEN_RANGE);
    for (size_t n = 1; n <= 200; n += 33) { /* any digest, also longer than the order */
        sig.n = 0;
        assert_ok(once(CKM_ECDSA, VERB_SIGN, NULL, 0, ec_priv, BYTES(data, n), &sig));
        assert_int_equal(sig.n, 64);
        assert_ok(verify(CKM_ECDSA, NULL, 0, ec_pub, BYTES(data, n), buf_view(&sig)));
    }
    memset(sig.p, 0, sig.n);
    assert_rc(verify(CKM_ECDSA, NULL, 0, ec_pub, BYTES(data, 32), buf_view(&sig)),
              RC_SIGNATURE_INVALID);
    assert_null(mech_find(&env, CKM_RSA_X_509));
    env.policy.allow_raw_rsa = true;
    sig.n = 0;
    data[0] = 7;
    assert_ok(once(CKM_RSA_X_509, VERB_SIGN, NULL, 0, rsa_priv, BYTES(data, 100), &sig));
    assert_ok(verify(CKM_RSA_X_509, NULL, 0, rsa_pub, BYTES(data, 100), buf_view(&sig)));
    env.policy.allow_raw_rsa = false;
}

/* Every hash with every MGF, empty texts too (item 41), wrong lengths (item 57). */
static void r056_encryption(void **state)
{
    (void)state;
    static const CK_MECHANISM_TYPE hashes[] = {
        CKM_SHA_1,      CKM_SHA224,   CKM_SHA256,   CKM_SHA384,   CKM_SHA512,  CKM_SHA512_224,
        CKM_SHA512_256, CKM_SHA3_224, CKM_SHA3_256, CKM_SHA3_384, CKM_SHA3_512};
    AUTO_BUF struct buf c = BUF_INIT;
    AUTO_BUF struct buf back = BUF_INIT;
    uint8_t label[] = "label";
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        for (CK_RSA_PKCS_MGF_TYPE mgf = CKG_MGF1_SHA1; mgf <= CKG_MGF1_SHA3_512; mgf++) {
            const CK_RSA_PKCS_OAEP_PARAMS p = {hashes[i], mgf, CKZ_DATA_SPECIFIED, label,
                                               i % 2 == 0 ? 5 : 0};
            c.n = back.n = 0;
            const struct bytes text = BYTES("some text", i % 3 == 0 ? 0 : 9);
            assert_ok(once(CKM_RSA_PKCS_OAEP, VERB_ENCRYPT, &p, sizeof p, rsa_pub, text, &c));
            assert_ok(
                once(CKM_RSA_PKCS_OAEP, VERB_DECRYPT, &p, sizeof p, rsa_priv, buf_view(&c), &back));
            assert_bytes(buf_view(&back), text);
        }
    }
    const CK_RSA_PKCS_OAEP_PARAMS p = {CKM_SHA256, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, label, 4};
    c.p[9] ^= 1;
    assert_rc(once(CKM_RSA_PKCS_OAEP, VERB_DECRYPT, &p, sizeof p, rsa_priv, buf_view(&c), &back),
              RC_ENCRYPTED_DATA_INVALID);
    assert_rc(once(CKM_RSA_PKCS_OAEP, VERB_DECRYPT, &p, sizeof p, rsa_priv, BYTES(c.p, 255), &back),
              RC_ENCRYPTED_DATA_LEN_RANGE);
    uint8_t big[300] = {0};
    assert_rc(once(CKM_RSA_PKCS_OAEP, VERB_ENCRYPT, &p, sizeof p, rsa_pub, BYTES(big, 191), &back),
              RC_DATA_LEN_RANGE);
    assert_rc(once(CKM_RSA_PKCS, VERB_ENCRYPT, NULL, 0, rsa_pub, BYTES(big, 246), &back),
              RC_DATA_LEN_RANGE);
    c.n = back.n = 0;
    assert_ok(once(CKM_RSA_PKCS, VERB_ENCRYPT, NULL, 0, rsa_pub, BYTES_STR("text"), &c));
    assert_ok(once(CKM_RSA_PKCS, VERB_DECRYPT, NULL, 0, rsa_priv, buf_view(&c), &back));
    assert_bytes(buf_view(&back), BYTES_STR("text"));
    /* item 55: implicit rejection: no error, no text, the same each time */
    AUTO_BUF struct buf again = BUF_INIT;
    c.p[100] ^= 1;
    back.n = 0;
    assert_ok(once(CKM_RSA_PKCS, VERB_DECRYPT, NULL, 0, rsa_priv, buf_view(&c), &back));
    assert_ok(once(CKM_RSA_PKCS, VERB_DECRYPT, NULL, 0, rsa_priv, buf_view(&c), &again));
    assert_bytes(buf_view(&back), buf_view(&again));
    assert_rc(once(CKM_RSA_PKCS, VERB_DECRYPT, NULL, 0, rsa_priv, BYTES(c.p, 100), &back),
              RC_ENCRYPTED_DATA_LEN_RANGE);
}

/* RFC 8032: 7.1 test 2, 7.2 foo, 7.3 abc, 7.4 1 octet with context. */
static void r066_eddsa_vectors(void **state)
{
    (void)state;
    uint8_t foo[] = "foo";
    CK_EDDSA_PARAMS ctx = {0, 3, foo};
    CK_EDDSA_PARAMS ph = {1, 0, NULL};
    const struct {
        const char *params, *seed, *text;
        const CK_EDDSA_PARAMS *p;
        const char *sig;
    } rows[] = {
        {ED25519, "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72", NULL,
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
         "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
        {ED25519, "0305334e381af78f141cb666f6199f57bc3495335a256a95bd2a55bf546663f6",
         "f726936d19c800494e3fdaff20b276a8", &ctx,
         "55a4cc2f70a54e04288c5f4cd1e45a7bb520b36292911876cada7323198dd87a"
         "8b36950b95130022907a7fb7c4e9b2d5f6cca685a587b4b21f4b888e4e7edb0d"},
        {ED25519, "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42", "616263", &ph,
         "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"
         "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"},
        {ED448,
         "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463a"
         "fbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e",
         "03", &ctx,
         "d4f8f6131770dd46f40867d6fd5d5055de43541f8c5e35abbcd001b32a89f7d2"
         "151f7647f11d8ca2ae279fb842d607217fce6e042f6815ea000c85741de5c8da"
         "1144a6a1aba7f96de42505d7a7298524fda538fccbbb754f578c1cad10d54d0d"
         "5428407e85dcbc98a49155c13764e66c3c00"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_OBJECT struct object *key = NULL;
        AUTO_BUF struct buf sig = BUF_INIT;
        const size_t param_n = rows[i].p != NULL ? sizeof *rows[i].p : 0;
        assert_ok(CREATE(
            &key, A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_ULONG(CKA_KEY_TYPE, CKK_EC_EDWARDS),
            A_BYTES(CKA_EC_PARAMS, hex(rows[i].params)), A_BYTES(CKA_VALUE, hex(rows[i].seed))));
        assert_ok(once(CKM_EDDSA, VERB_SIGN, rows[i].p, param_n, key, hex(rows[i].text), &sig));
        assert_hex(buf_view(&sig), rows[i].sig);
    }
    AUTO_OBJECT struct object *pub = NULL;
    AUTO_OBJECT struct object *priv = NULL;
    ec_pair("130c656477617264733235353139", CKM_EC_EDWARDS_KEY_PAIR_GEN, &pub, &priv);
    round_trip(CKM_EDDSA, NULL, 0, priv, pub, true);
    round_trip(CKM_EDDSA, &ctx, sizeof ctx, priv, pub, true);
    round_trip(CKM_EDDSA, &ph, sizeof ph, priv, pub, true);
}

static void every_curve(void **state)
{
    (void)state;
    static const struct {
        const char *params;
        size_t sig_n;
    } curves[] = {
        {"06052b81040021", 56},         {"06082a8648ce3d030107", 64},
        {"06052b81040022", 96},         {"06052b81040023", 132},
        {"06052b8104000a", 64},         {"06092b2403030208010105", 56},
        {"06092b2403030208010107", 64}, {"06092b2403030208010109", 80},
        {"06092b240303020801010b", 96}, {"06092b240303020801010d", 128},
    };
    for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
        AUTO_OBJECT struct object *pub = NULL;
        AUTO_OBJECT struct object *priv = NULL;
        AUTO_BUF struct buf sig = BUF_INIT;
        ec_pair(curves[i].params, CKM_EC_KEY_PAIR_GEN, &pub, &priv);
        round_trip(CKM_ECDSA_SHA256, NULL, 0, priv, pub, true);
        assert_ok(once(CKM_ECDSA, VERB_SIGN, NULL, 0, priv, BYTES_STR("digest"), &sig));
        assert_int_equal(sig.n, curves[i].sig_n);
    }
}

/* A block that is well padded and holds something else than the one right DigestInfo. */
static void r059_strict_digest_info(void **state)
{
    (void)state;
    static const struct {
        const char *head, *tail;
        enum rc want;
    } rows[] = {
        {"3031300d060960864801650304020105000420", "", RC_OK},
        {"3031300d060960864801650304020105000420", "00", RC_SIGNATURE_INVALID},
        {"3032300d060960864801650304020105000420", "00", RC_SIGNATURE_INVALID},
        {"308131300d060960864801650304020105000420", "", RC_SIGNATURE_INVALID},
        {"3032300d06096086480165030402010500048120", "", RC_SIGNATURE_INVALID},
        {"3032300e06096086480165030402010581000420", "", RC_SIGNATURE_INVALID},
        {"3031300d060960864801650304020205000420", "", RC_SIGNATURE_INVALID},
        {"", "", RC_SIGNATURE_INVALID},
    };
    AUTO_BUF struct buf digest = BUF_INIT;
    assert_ok(once(CKM_SHA256, VERB_DIGEST, NULL, 0, NULL, BYTES_STR("message"), &digest));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_BUF struct buf info = BUF_INIT;
        AUTO_BUF struct buf sig = BUF_INIT;
        assert_ok(buf_add_bytes(&info, hex(rows[i].head)));
        assert_ok(buf_add_bytes(&info, buf_view(&digest)));
        assert_ok(buf_add_bytes(&info, hex(rows[i].tail)));
        assert_ok(once(CKM_RSA_PKCS, VERB_SIGN, NULL, 0, rsa_priv, buf_view(&info), &sig));
        assert_rc(
            verify(CKM_SHA256_RSA_PKCS, NULL, 0, rsa_pub, BYTES_STR("message"), buf_view(&sig)),
            rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row),       cmocka_unit_test(sha1_policy),
        cmocka_unit_test(r058_pss_limits), cmocka_unit_test(r065_raw_lengths),
        cmocka_unit_test(r056_encryption), cmocka_unit_test(r066_eddsa_vectors),
        cmocka_unit_test(every_curve),     cmocka_unit_test(r059_strict_digest_info),
    };
    return cmocka_run_group_tests(tests, open_keys, close_keys);
}
