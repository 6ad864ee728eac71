/* SPDX-License-Identifier: Apache-2.0
 *
 * RSA keys that come in with parts missing or wrong; generation; decryption of wrong texts.
 */
#include "own.h"

static const struct pkey_spec rsa = {.kind = PKEY_RSA};
static const struct pkey_params pkcs1 = {.scheme = SCHEME_RSA_PKCS1};
static const uint8_t f4[] = {1, 0, 1};

static struct key_parts key; /* one for all tests */

static int open_with_key(void **state)
{
    const struct pkey_spec spec = {.kind = PKEY_RSA, .bits = 1024};
    own_open(state);
    struct crypto *c = *state;
    ASSERT_OK(awslc_pkey_ops.generate(&spec, BYTES(f4, sizeof(f4)), c->rng, &key));
    return 0;
}

static int close_with_key(void **state)
{
    key_parts_free(&key);
    return own_close(state);
}

static struct secret *copy_of(const struct secret *s)
{
    return s == NULL ? NULL : secret_of(secret_view(s));
}

enum { WITH_E = 1, WITH_PRIMES = 2, WITH_CRT = 4 };

static struct key_parts some_of(unsigned which)
{
    struct key_parts k = {0};
    ASSERT_OK(buf_set(&k.n, buf_view(&key.n)));
    k.d = copy_of(key.d);
    if (which & WITH_E) {
        ASSERT_OK(buf_set(&k.e, buf_view(&key.e)));
    }
    if (which & WITH_PRIMES) {
        k.p = copy_of(key.p);
        k.q = copy_of(key.q);
    }
    if (which & WITH_CRT) {
        k.dp = copy_of(key.dp);
        k.dq = copy_of(key.dq);
        k.qi = copy_of(key.qi);
    }
    return k;
}

static void signs_right(const struct pkey *priv)
{
    uint8_t sig[128];
    size_t n = 0;
    struct pkey *pub = NULL;
    ASSERT_OK(awslc_pkey_ops.sign(priv, &pkcs1, BYTES_STR("message"), sig, &n));
    assert_int_equal(n, sizeof(sig));
    ASSERT_OK(awslc_pkey_ops.load(&rsa, &key, false, &pub));
    ASSERT_OK(awslc_pkey_ops.verify(pub, &pkcs1, BYTES_STR("message"), BYTES(sig, n)));
    sig[5] ^= 1;
    ASSERT_RC(awslc_pkey_ops.verify(pub, &pkcs1, BYTES_STR("message"), BYTES(sig, n)),
              RC_SIGNATURE_INVALID);
    ASSERT_RC(awslc_pkey_ops.verify(pub, &pkcs1, BYTES_STR("message"), BYTES(sig, n - 1)),
              RC_SIGNATURE_LEN_RANGE);
    awslc_pkey_ops.free(pub);
}

static void test_every_subset_loads(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 8; which++) {
        AUTO_KEY_PARTS struct key_parts k = some_of(which);
        struct pkey *priv = NULL;
        ASSERT_OK(awslc_pkey_ops.load(&rsa, &k, true, &priv));
        assert_int_equal(awslc_pkey_ops.size(priv), 128);
        signs_right(priv);
        awslc_pkey_ops.free(priv);
    }
}

static void test_complete_finds_all(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 4; which++) {
        AUTO_KEY_PARTS struct key_parts k = some_of(which);
        ASSERT_OK(awslc_pkey_ops.complete(&rsa, &k));
        assert_true(bytes_equal(buf_view(&k.e), buf_view(&key.e)));
        assert_true(secret_equal(k.p, key.p) && secret_equal(k.q, key.q));
        assert_true(secret_equal(k.dp, key.dp) && secret_equal(k.dq, key.dq));
        assert_true(secret_equal(k.qi, key.qi));
    }
}

/* One bit of one part turned: the key contradicts itself. */
static void test_contradiction(void **state)
{
    (void)state;
    for (int part = 0; part < 7; part++) {
        AUTO_KEY_PARTS struct key_parts k = some_of(WITH_E | WITH_PRIMES | WITH_CRT);
        struct secret *const secrets[] = {k.d, k.p, k.q, k.dp, k.dq, k.qi};
        struct pkey *priv = NULL;
        uint8_t *p = part == 6 ? k.n.p : secrets[part]->p;
        p[20] ^= 0x10;
        ASSERT_RC(awslc_pkey_ops.load(&rsa, &k, true, &priv), RC_ATTRIBUTE_VALUE_INVALID);
        assert_null(priv);
    }
}

static void test_out_of_range(void **state)
{
    (void)state;
    struct pkey *pub = NULL;
    AUTO_KEY_PARTS struct key_parts k = some_of(WITH_E);
    static const uint8_t bad_e[][1] = {{1}, {2}, {4}};
    for (size_t i = 0; i < ARRAY_LEN(bad_e); i++) {
        ASSERT_OK(buf_set(&k.e, BYTES(bad_e[i], 1)));
        ASSERT_RC(awslc_pkey_ops.load(&rsa, &k, false, &pub), RC_ATTRIBUTE_VALUE_INVALID);
    }
    ASSERT_OK(buf_set(&k.e, BYTES(f4, sizeof(f4))));
    k.n.p[k.n.n - 1] ^= 1; /* even */
    ASSERT_RC(awslc_pkey_ops.load(&rsa, &k, false, &pub), RC_ATTRIBUTE_VALUE_INVALID);
    k.n.n = 16; /* 128 bits */
    ASSERT_RC(awslc_pkey_ops.load(&rsa, &k, false, &pub), RC_ATTRIBUTE_VALUE_INVALID);
    buf_clear(&k.e);
    k.n.n = 128;
    k.n.p[127] |= 1;
    ASSERT_RC(awslc_pkey_ops.load(&rsa, &k, false, &pub), RC_TEMPLATE_INCOMPLETE);
    assert_null(pub);
}

/* A public exponent beyond the library's usual bound of 33 bits. */
static void test_large_exponent(void **state)
{
    struct crypto *c = *state;
    static const uint8_t e[] = {1, 0, 0, 0, 0, 0, 0, 1};
    const struct pkey_spec spec = {.kind = PKEY_RSA, .bits = 1024};
    AUTO_KEY_PARTS struct key_parts k = {0};
    struct pkey *priv = NULL;
    uint8_t sig[128];
    size_t n = 0;
    ASSERT_OK(awslc_pkey_ops.generate(&spec, BYTES(e, sizeof(e)), c->rng, &k));
    ASSERT_OK(awslc_pkey_ops.load(&spec, &k, true, &priv));
    ASSERT_OK(awslc_pkey_ops.sign(priv, &pkcs1, BYTES_STR("m"), sig, &n));
    ASSERT_OK(awslc_pkey_ops.verify(priv, &pkcs1, BYTES_STR("m"), BYTES(sig, n)));
    awslc_pkey_ops.free(priv);
    static const uint8_t even[] = {1, 0, 0};
    ASSERT_RC(awslc_pkey_ops.generate(&spec, BYTES(even, sizeof(even)), c->rng, &k),
              RC_ATTRIBUTE_VALUE_INVALID);
}

/* FIPS 186-5, A.1.1: lengths, distance, d. */
static void test_generated_parts(void **state)
{
    (void)state;
    AUTO_RSA_PARTS struct rsa_parts r = {0};
    AUTO_BN_CTX BN_CTX *cx = BN_CTX_new();
    ASSERT_OK(lc_rsa_parts_fill(&r, &key));
    assert_int_equal(BN_num_bits(r.n), 1024);
    assert_int_equal(BN_num_bits(r.p), 512);
    assert_int_equal(BN_num_bits(r.q), 512);
    assert_true(BN_cmp(r.p, r.q) > 0);
    int prime = 0;
    assert_true(BN_primality_test(&prime, r.p, BN_prime_checks_for_generation, cx, 1, NULL));
    assert_int_equal(prime, 1);
    assert_true(BN_primality_test(&prime, r.q, BN_prime_checks_for_generation, cx, 1, NULL));
    assert_int_equal(prime, 1);
    assert_true(BN_sub(r.p, r.p, r.q));
    assert_true(BN_num_bits(r.p) > 412);
    assert_true(BN_num_bits(r.d) > 512);
}

/* A text with wrong padding decrypts, always to the same message, and each text to another. */
static void test_implicit_rejection(void **state)
{
    struct crypto *c = *state;
    struct pkey *priv = NULL;
    uint8_t text[128];
    struct secret *first = NULL;
    struct secret *again = NULL;
    size_t differing = 0;
    ASSERT_OK(awslc_pkey_ops.load(&rsa, &key, true, &priv));
    for (int i = 0; i < 40; i++) {
        ASSERT_OK(rng_bytes(c->rng, text, sizeof(text)));
        text[0] = 0; /* below the modulus */
        ASSERT_OK(awslc_pkey_ops.decrypt(priv, &pkcs1, BYTES(text, 128), &first));
        ASSERT_OK(awslc_pkey_ops.decrypt(priv, &pkcs1, BYTES(text, 128), &again));
        assert_true(secret_equal(first, again));
        assert_true(first->n <= 117);
        secret_free(again);
        text[127] ^= 1;
        ASSERT_OK(awslc_pkey_ops.decrypt(priv, &pkcs1, BYTES(text, 128), &again));
        differing += !secret_equal(first, again);
        secret_free(first);
        secret_free(again);
    }
    assert_true(differing > 30);
    ASSERT_RC(awslc_pkey_ops.decrypt(priv, &pkcs1, BYTES(text, 127), &first),
              RC_ENCRYPTED_DATA_LEN_RANGE);
    awslc_pkey_ops.free(priv);
}

static void test_round_trips(void **state)
{
    (void)state;
    struct pkey *priv = NULL;
    uint8_t out[128];
    size_t n = 0;
    struct secret *back = NULL;
    const struct pkey_params oaep = {.scheme = SCHEME_RSA_OAEP,
                                     .hash = HASH_SHA256,
                                     .mgf = HASH_SHA1,
                                     .label = BYTES_STR("label")};
    ASSERT_OK(awslc_pkey_ops.load(&rsa, &key, true, &priv));
    for (size_t len = 0; len <= 62; len++) {
        uint8_t data[64];
        memset(data, (int)len, sizeof(data));
        ASSERT_OK(awslc_pkey_ops.encrypt(priv, &oaep, BYTES(data, len), out, &n));
        ASSERT_OK(awslc_pkey_ops.decrypt(priv, &oaep, BYTES(out, n), &back));
        assert_true(bytes_equal(secret_view(back), BYTES(data, len)));
        secret_free(back);
        ASSERT_OK(awslc_pkey_ops.encrypt(priv, &pkcs1, BYTES(data, len), out, &n));
        ASSERT_OK(awslc_pkey_ops.decrypt(priv, &pkcs1, BYTES(out, n), &back));
        assert_true(bytes_equal(secret_view(back), BYTES(data, len)));
        secret_free(back);
    }
    uint8_t data[128] = {0};
    ASSERT_RC(awslc_pkey_ops.encrypt(priv, &oaep, BYTES(data, 63), out, &n), RC_DATA_LEN_RANGE);
    ASSERT_RC(awslc_pkey_ops.encrypt(priv, &pkcs1, BYTES(data, 118), out, &n), RC_DATA_LEN_RANGE);
    memset(data, 0xff, sizeof(data));
    const struct pkey_params raw = {.scheme = SCHEME_RSA_RAW};
    ASSERT_RC(awslc_pkey_ops.sign(priv, &raw, BYTES(data, 128), out, &n), RC_DATA_INVALID);
    ASSERT_RC(awslc_pkey_ops.sign(priv, &raw, BYTES(data, 127), out, &n), RC_DATA_LEN_RANGE);
    awslc_pkey_ops.free(priv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_subset_loads), cmocka_unit_test(test_complete_finds_all),
        cmocka_unit_test(test_contradiction),      cmocka_unit_test(test_out_of_range),
        cmocka_unit_test(test_large_exponent),     cmocka_unit_test(test_generated_parts),
        cmocka_unit_test(test_implicit_rejection), cmocka_unit_test(test_round_trips),
    };
    return cmocka_run_group_tests(tests, open_with_key, close_with_key);
}
