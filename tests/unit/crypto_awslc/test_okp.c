/* SPDX-License-Identifier: Apache-2.0
 *
 * Ed25519 and X25519: keys that must be refused, and the variants of RFC 8032.
 */
#include "own.h"

static const struct pkey_spec ed = {.kind = PKEY_ED25519};
static const struct pkey_spec x = {.kind = PKEY_X25519};

static enum rc load_public(const struct pkey_spec *spec, struct bytes pub)
{
    AUTO_KEY_PARTS struct key_parts k = {0};
    struct pkey *key = NULL;
    ASSERT_OK(buf_set(&k.pub, pub));
    const enum rc rc = awslc_pkey_ops.load(spec, &k, false, &key);
    awslc_pkey_ops.free(key);
    return rc;
}

/* The eight points whose order divides 8 and the other encodings of them; y of p and above; a y
 * that no point has. */
static void test_ed_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0200000000000000000000000000000000000000000000000000000000000000",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ASSERT_RC(load_public(&ed, hex(bad[i])), RC_PUBLIC_KEY_INVALID);
    }
    ASSERT_RC(load_public(&ed, BYTES("", 0)), RC_PUBLIC_KEY_INVALID);
    ASSERT_RC(load_public(&ed, BYTES(bad[0], 33)), RC_PUBLIC_KEY_INVALID);
}

static void test_ed_accepted(void **state)
{
    struct crypto *c = *state;
    ASSERT_OK(
        load_public(&ed, hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")));
    for (int i = 0; i < 50; i++) {
        AUTO_KEY_PARTS struct key_parts k = {0};
        ASSERT_OK(awslc_pkey_ops.generate(&ed, BYTES_NONE, c->rng, &k));
        ASSERT_OK(load_public(&ed, buf_view(&k.pub)));
    }
}

static void test_x_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ASSERT_RC(load_public(&x, hex(bad[i])), RC_PUBLIC_KEY_INVALID);
    }
}

/* RFC 8032, 7.2 (Ed25519ctx, "foo") and 7.3 (Ed25519ph, "abc"). */
static void check_vector(const char *seed, const char *message, const char *sig,
                         const struct pkey_params *p)
{
    AUTO_KEY_PARTS struct key_parts k = {0};
    struct pkey *key = NULL;
    uint8_t msg[64];
    uint8_t have[64];
    size_t n = 0;
    k.priv = secret_of(hex(seed));
    const struct bytes m = hex(message);
    const size_t msg_n = m.n;
    memcpy(msg, m.p, m.n);
    ASSERT_OK(awslc_pkey_ops.load(&ed, &k, true, &key));
    ASSERT_OK(awslc_pkey_ops.sign(key, p, BYTES(msg, msg_n), have, &n));
    assert_int_equal(n, 64);
    assert_memory_equal(have, hex(sig).p, 64);
    ASSERT_OK(awslc_pkey_ops.verify(key, p, BYTES(msg, msg_n), BYTES(have, 64)));
    struct pkey_params other = *p;
    other.context = BYTES_STR("other");
    ASSERT_RC(awslc_pkey_ops.verify(key, &other, BYTES(msg, msg_n), BYTES(have, 64)),
              RC_SIGNATURE_INVALID);
    awslc_pkey_ops.free(key);
}

static void test_variants(void **state)
{
    (void)state;
    const struct pkey_params ctx = {
        .scheme = SCHEME_EDDSA, .has_context = true, .context = BYTES_STR("foo")};
    check_vector("0305334e381af78f141cb666f6199f57bc3495335a256a95bd2a55bf546663f6",
                 "f726936d19c800494e3fdaff20b276a8",
                 "55a4cc2f70a54e04288c5f4cd1e45a7bb520b36292911876cada7323198dd87a"
                 "8b36950b95130022907a7fb7c4e9b2d5f6cca685a587b4b21f4b888e4e7edb0d",
                 &ctx);
    const struct pkey_params ph = {.scheme = SCHEME_EDDSA, .prehash = true, .has_context = true};
    check_vector("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42", "616263",
                 "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"
                 "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406",
                 &ph);
}

static void test_pair_must_fit(void **state)
{
    struct crypto *c = *state;
    const struct pkey_spec *const specs[] = {&ed, &x};
    for (size_t i = 0; i < ARRAY_LEN(specs); i++) {
        AUTO_KEY_PARTS struct key_parts k = {0};
        struct pkey *key = NULL;
        ASSERT_OK(awslc_pkey_ops.generate(specs[i], BYTES_NONE, c->rng, &k));
        k.pub.p[3] ^= 1;
        ASSERT_RC(awslc_pkey_ops.load(specs[i], &k, true, &key), RC_ATTRIBUTE_VALUE_INVALID);
        ASSERT_OK(awslc_pkey_ops.complete(specs[i], &k));
        ASSERT_OK(awslc_pkey_ops.load(specs[i], &k, true, &key));
        awslc_pkey_ops.free(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ed_refused),    cmocka_unit_test(test_ed_accepted),
        cmocka_unit_test(test_x_refused),     cmocka_unit_test(test_variants),
        cmocka_unit_test(test_pair_must_fit),
    };
    return cmocka_run_group_tests(tests, own_open, own_close);
}
