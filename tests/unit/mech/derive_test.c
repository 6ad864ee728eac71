/* SPDX-License-Identifier: Apache-2.0
 *
 * Derivation: RFC 7748 and RFC 5869 vectors, ECDH both ways with every KDF, lengths, which end is
 * cut, points that are none, salt keys.
 */
#include "fixture.h"

#include <string.h>

static enum rc derive(CK_MECHANISM_TYPE type, const void *param, size_t n,
                      const struct object *base, const struct object *salt, const CK_ATTRIBUTE *t,
                      size_t t_n, struct object **ret)
{
    const CK_MECHANISM m = {type, (void *)(uintptr_t)param, n};
    const struct object_rules rules = {0};
    AUTO_TEMPLATE struct template *template = NULL;
    AUTO_DRAFT struct draft *d = NULL;
    TRY(template_read(t, t_n, false, &template));
    TRY(draft_new(ORIGIN_DERIVE, &rules, template, &d));
    TRY(mech_derive(&env, mech_find(&env, type), &m, base, &salt, salt != NULL ? 1 : 0, d));
    TRY(draft_check(d));
    TRY(draft_set(d, CKA_UNIQUE_ID, BYTES_STR("0123456789abcdef0123456789abcdef")));
    return draft_finish(d, 9, 1, ret);
}

static struct object *private_key(CK_KEY_TYPE type, const char *params, const char *value)
{
    struct object *o = NULL;
    assert_ok(CREATE(&o, A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_ULONG(CKA_KEY_TYPE, type),
                     A_BYTES(CKA_EC_PARAMS, hex(params)), A_BYTES(CKA_VALUE, hex(value))));
    return o;
}

static void rfc7748(void **state)
{
    (void)state;
    static const struct {
        const char *params, *scalar, *u, *out;
    } rows[] = {
        {X25519, "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
         "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
         "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
        {X448,
         "3d262fddf9ec8e88495266fea19a34d28882acef045104d0d1aae121700a779c984c24f8cdd78fbff44943eb"
         "a368f54b29259a4f1c600ad3",
         "06fce640fa3487bfda5f6cf2d5263f8aad88334cbd07437f020f08f9814dc031ddbdc38c19c6da2583fa5429"
         "db94ada18aa7a7fb4ef8a086",
         "ce3e4ff95a60dc6697da1db1d85e6afbdf79b50a2412d7546d5f239fe14fbaadeb445fc66a01b0779d982239"
         "61111e21766282f73dd96b6f"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_OBJECT struct object *key =
            private_key(CKK_EC_MONTGOMERY, rows[i].params, rows[i].scalar);
        AUTO_OBJECT struct object *o = NULL;
        const struct bytes u = hex(rows[i].u);
        CK_ECDH1_DERIVE_PARAMS p = {CKD_NULL, 0, NULL, u.n, (CK_BYTE *)(uintptr_t)u.p};
        assert_ok(derive(CKM_ECDH1_DERIVE, &p, sizeof p, key, NULL, NULL, 0, &o));
        assert_int_equal(object_key_type(o), CKK_GENERIC_SECRET);
        assert_hex(secret_view(object_secret(o, CKA_VALUE)), rows[i].out);
        uint8_t zero[56] = {0};
        p.pPublicData = zero;
        AUTO_OBJECT struct object *none = NULL;
        assert_rc(derive(CKM_ECDH1_DERIVE, &p, sizeof p, key, NULL, NULL, 0, &none),
                  RC_PUBLIC_KEY_INVALID);
    }
}

static struct bytes point_of(const struct object *pub)
{
    struct bytes v = BYTES_NONE;
    assert_ok(object_bytes(pub, CKA_EC_POINT, &v));
    return v;
}

/* Both sides agree, point as DER or raw, with each KDF; a length asked for is the length given. */
static void r067_ecdh_both_ways(void **state)
{
    (void)state;
    static const CK_EC_KDF_TYPE kdfs[] = {
        CKD_NULL,       CKD_SHA1_KDF,     CKD_SHA224_KDF,   CKD_SHA256_KDF,   CKD_SHA384_KDF,
        CKD_SHA512_KDF, CKD_SHA3_224_KDF, CKD_SHA3_256_KDF, CKD_SHA3_384_KDF, CKD_SHA3_512_KDF};
    struct object *pub[2], *priv[2];
    uint8_t shared[] = "shared";
    for (int i = 0; i < 2; i++) {
        ec_pair("06052b81040022", CKM_EC_KEY_PAIR_GEN, &pub[i], &priv[i]);
    }
    const struct bytes der = point_of(pub[1]);
    const struct bytes other = point_of(pub[0]);
    for (size_t k = 0; k < ARRAY_LEN(kdfs); k++) {
        const CK_ULONG shared_n = kdfs[k] == CKD_NULL ? 0 : 6;
        CK_ECDH1_DERIVE_PARAMS p = {kdfs[k], shared_n, shared, der.n, (CK_BYTE *)(uintptr_t)der.p};
        CK_ECDH1_DERIVE_PARAMS q = {kdfs[k], shared_n, shared, other.n - 2,
                                    (CK_BYTE *)(uintptr_t)other.p + 2};
        const CK_ATTRIBUTE t[] = {A_ULONG(CKA_KEY_TYPE, CKK_AES), A_ULONG(CKA_VALUE_LEN, 32),
                                  A_FALSE(CKA_SENSITIVE)};
        AUTO_OBJECT struct object *a = NULL;
        AUTO_OBJECT struct object *b = NULL;
        assert_ok(derive(CKM_ECDH1_DERIVE, &p, sizeof p, priv[0], NULL, t, 3, &a));
        assert_ok(derive(CKM_ECDH1_COFACTOR_DERIVE, &q, sizeof q, priv[1], NULL, t, 3, &b));
        assert_true(secret_equal(object_secret(a, CKA_VALUE), object_secret(b, CKA_VALUE)));
        assert_int_equal(object_secret(a, CKA_VALUE)->n, 32);
        struct bytes check = BYTES_NONE;
        assert_ok(object_bytes(a, CKA_CHECK_VALUE, &check));
        assert_int_equal(check.n, 3);
    }
    /* without a KDF the leading bytes go */
    CK_ECDH1_DERIVE_PARAMS p = {CKD_NULL, 0, NULL, der.n, (CK_BYTE *)(uintptr_t)der.p};
    AUTO_OBJECT struct object *whole = NULL;
    AUTO_OBJECT struct object *part = NULL;
    AUTO_OBJECT struct object *none = NULL;
    const CK_ATTRIBUTE twenty[] = {A_ULONG(CKA_VALUE_LEN, 20)};
    const CK_ATTRIBUTE fifty[] = {A_ULONG(CKA_VALUE_LEN, 49)};
    const CK_ATTRIBUTE zero[] = {A_ULONG(CKA_VALUE_LEN, 0)};
    const CK_ATTRIBUTE huge[] = {A_ULONG(CKA_VALUE_LEN, ~0ul)};
    const CK_ATTRIBUTE type[] = {A_ULONG(CKA_KEY_TYPE, CKK_AES)};
    assert_ok(derive(CKM_ECDH1_DERIVE, &p, sizeof p, priv[0], NULL, NULL, 0, &whole));
    assert_ok(derive(CKM_ECDH1_DERIVE, &p, sizeof p, priv[0], NULL, twenty, 1, &part));
    const struct secret *z = object_secret(whole, CKA_VALUE);
    assert_int_equal(z->n, 48);
    assert_bytes(secret_view(object_secret(part, CKA_VALUE)), BYTES(z->p + 28, 20));
    assert_rc(derive(CKM_ECDH1_DERIVE, &p, sizeof p, priv[0], NULL, fifty, 1, &none),
              RC_TEMPLATE_INCONSISTENT);
    assert_rc(derive(CKM_ECDH1_DERIVE, &p, sizeof p, priv[0], NULL, zero, 1, &none),
              RC_ATTRIBUTE_VALUE_INVALID);
    assert_rc(derive(CKM_ECDH1_DERIVE, &p, sizeof p, priv[0], NULL, huge, 1, &none),
              RC_ATTRIBUTE_VALUE_INVALID);
    assert_rc(derive(CKM_ECDH1_DERIVE, &p, sizeof p, priv[0], NULL, type, 1, &none),
              RC_TEMPLATE_INCOMPLETE);
    /* points that are none */
    uint8_t bad[120];
    memcpy(bad, der.p, der.n);
    p.pPublicData = bad;
    bad[30] ^= 1;
    assert_rc(derive(CKM_ECDH1_DERIVE, &p, sizeof p, priv[0], NULL, NULL, 0, &none),
              RC_PUBLIC_KEY_INVALID);
    bad[2] = 2;
    assert_rc(derive(CKM_ECDH1_DERIVE, &p, sizeof p, priv[0], NULL, NULL, 0, &none),
              RC_MECHANISM_PARAM_INVALID);
    p.ulPublicDataLen = 10;
    assert_rc(derive(CKM_ECDH1_DERIVE, &p, sizeof p, priv[0], NULL, NULL, 0, &none),
              RC_MECHANISM_PARAM_INVALID);
    for (int i = 0; i < 2; i++) {
        object_unref(pub[i]);
        object_unref(priv[i]);
    }
}

/* RFC 5869, test case 1: whole, each half, and the salt as a key. */
static void r069_rfc5869(void **state)
{
    (void)state;
    const struct bytes salt = hex("000102030405060708090a0b0c");
    const struct bytes info = hex("f0f1f2f3f4f5f6f7f8f9");
    const char *okm = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                      "34007208d5b887185865";
    AUTO_OBJECT struct object *base =
        secret_key(CKK_HKDF, hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"));
    AUTO_OBJECT struct object *salt_key = secret_key(CKK_GENERIC_SECRET, salt);
    AUTO_OBJECT struct object *whole = NULL;
    AUTO_OBJECT struct object *prk = NULL;
    AUTO_OBJECT struct object *half = NULL;
    AUTO_OBJECT struct object *keyed = NULL;
    AUTO_OBJECT struct object *none = NULL;
    const CK_ATTRIBUTE t[] = {A_ULONG(CKA_VALUE_LEN, 42), A_FALSE(CKA_SENSITIVE)};
    CK_HKDF_PARAMS p = {.bExtract = 1,
                        .bExpand = 1,
                        .prfHashMechanism = CKM_SHA256,
                        .ulSaltType = CKF_HKDF_SALT_DATA,
                        .pSalt = (CK_BYTE *)(uintptr_t)salt.p,
                        .ulSaltLen = salt.n,
                        .pInfo = (CK_BYTE *)(uintptr_t)info.p,
                        .ulInfoLen = info.n};
    assert_ok(derive(CKM_HKDF_DERIVE, &p, sizeof p, base, NULL, t, 2, &whole));
    assert_hex(secret_view(object_secret(whole, CKA_VALUE)), okm);
    p.bExpand = 0;
    assert_ok(derive(CKM_HKDF_DERIVE, &p, sizeof p, base, NULL, t + 1, 1, &prk));
    assert_hex(secret_view(object_secret(prk, CKA_VALUE)),
               "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    p.bExpand = 1;
    p.bExtract = 0;
    assert_ok(derive(CKM_HKDF_DERIVE, &p, sizeof p, prk, NULL, t, 2, &half));
    assert_hex(secret_view(object_secret(half, CKA_VALUE)), okm);
    p.bExtract = 1;
    p.ulSaltType = CKF_HKDF_SALT_KEY;
    p.hSaltKey = 77;
    const CK_MECHANISM m = {CKM_HKDF_DERIVE, &p, sizeof p};
    CK_OBJECT_HANDLE handle = 0;
    size_t n = 0;
    assert_ok(mech_derive_handles(mech_find(&env, CKM_HKDF_DERIVE), &m, &handle, 1, &n));
    assert_int_equal(n, 1);
    assert_int_equal(handle, 77);
    assert_ok(derive(CKM_HKDF_DERIVE, &p, sizeof p, base, salt_key, t, 2, &keyed));
    assert_hex(secret_view(object_secret(keyed, CKA_VALUE)), okm);
    assert_rc(derive(CKM_HKDF_DERIVE, &p, sizeof p, base, NULL, t, 2, &none),
              RC_KEY_HANDLE_INVALID);
    AUTO_OBJECT struct object *aes_key = aes("000102030405060708090a0b0c0d0e0f");
    assert_rc(derive(CKM_HKDF_DERIVE, &p, sizeof p, base, aes_key, t, 2, &none),
              RC_KEY_TYPE_INCONSISTENT);
    /* item 18: no more than a key may have; the PRK has one size */
    p.ulSaltType = CKF_HKDF_SALT_NULL;
    p.prfHashMechanism = CKM_SHA_1;
    const CK_ATTRIBUTE most[] = {A_ULONG(CKA_VALUE_LEN, 4096)};
    const CK_ATTRIBUTE over[] = {A_ULONG(CKA_VALUE_LEN, 255 * 32 + 1)};
    assert_ok(derive(CKM_HKDF_DERIVE, &p, sizeof p, base, NULL, most, 1, &none));
    AUTO_OBJECT struct object *no = NULL;
    assert_rc(derive(CKM_HKDF_DERIVE, &p, sizeof p, base, NULL, over, 1, &no),
              RC_ATTRIBUTE_VALUE_INVALID);
    assert_rc(derive(CKM_HKDF_DERIVE, &p, sizeof p, base, NULL, NULL, 0, &no),
              RC_TEMPLATE_INCOMPLETE);
    p.bExpand = 0;
    assert_rc(derive(CKM_HKDF_DERIVE, &p, sizeof p, base, NULL, t, 2, &no),
              RC_ATTRIBUTE_VALUE_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc7748),
        cmocka_unit_test(r067_ecdh_both_ways),
        cmocka_unit_test(r069_rfc5869),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
