/* SPDX-License-Identifier: Apache-2.0
 *
 * RSA: loading what is there of a key, refusing what contradicts itself, schemes and their limits.
 */
#include <string.h>

#include "rules.h"

static const struct pkey_spec spec = {.kind = PKEY_RSA, .bits = 2048};
static const struct crypto *c;
static const struct pkey_ops *ops;
static struct key_parts pair; /* one for all tests: making it takes a while */
static struct pkey *priv, *pub;

static int open_pair(void **state)
{
    c = subject_open();
    *state = NULL;
    ops = pkey_for(c, &spec);
    pair = new_pair(c, &spec);
    ASSERT_OK(ops->load(&spec, &pair, true, &priv));
    ASSERT_OK(ops->load(&spec, &pair, false, &pub));
    return 0;
}

static int close_pair(void **state)
{
    struct crypto *mine = (struct crypto *)(uintptr_t)c;

    (void)state;
    ops->free(priv);
    ops->free(pub);
    key_parts_free(&pair);
    crypto_close(mine);
    return 0;
}

static struct secret **place(struct key_parts *k, size_t i)
{
    struct secret **const all[] = {&k->d, &k->p, &k->q, &k->dp, &k->dq, &k->qi};

    return all[i];
}

/* The parts whose bit is set in WHICH: n e d p q dp dq qi. */
static struct key_parts some_of(unsigned which)
{
    struct key_parts k = {0};

    if (which & 1) {
        ASSERT_OK(buf_set(&k.n, buf_view(&pair.n)));
    }
    if (which & 2) {
        ASSERT_OK(buf_set(&k.e, buf_view(&pair.e)));
    }
    for (size_t i = 0; i < 6; i++) {
        if (which & 4U << i) {
            *place(&k, i) = secret_copy(*place(&pair, i));
            assert_non_null(*place(&k, i));
        }
    }
    return k;
}

static enum rc try_load(const struct key_parts *parts, bool private_one)
{
    struct pkey *k = NULL;
    const enum rc rc = ops->load(&spec, parts, private_one, &k);

    if (k != NULL) {
        ops->free(k);
    }
    return rc;
}

static void test_generated_pair(void **state)
{
    (void)state;
    assert_int_equal(pair.n.n, 256);
    assert_int_equal(ops->size(priv), 256);
    assert_true(pair.n.p[0] & 0x80);
    assert_int_equal(pair.e.n, 3);
    for (size_t i = 0; i < 6; i++) {
        assert_non_null(*place(&pair, i));
    }
    assert_int_equal(pair.p->n, 128);
}

static void test_generate_refuses(void **state)
{
    static const struct {
        size_t bits;
        const char *e;
        size_t e_n;
        enum rc rc;
    } cases[] = {
        {256, "\x01\x00\x01", 3, RC_KEY_SIZE_RANGE},
        {16392, "\x01\x00\x01", 3, RC_KEY_SIZE_RANGE},
        {2048, "\x01", 1, RC_ATTRIBUTE_VALUE_INVALID},
        {2048, "\x02", 1, RC_ATTRIBUTE_VALUE_INVALID},
        {2048, "\x00", 1, RC_ATTRIBUTE_VALUE_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct pkey_spec wanted = {.kind = PKEY_RSA, .bits = cases[i].bits};
        struct key_parts none = {0};

        const enum rc expected = ops->supports(&wanted) ? cases[i].rc : RC_MECHANISM_INVALID;

        ASSERT_RC(ops->generate(&wanted, BYTES(cases[i].e, cases[i].e_n), c->rng, &none), expected);
        assert_null(none.d);
        assert_int_equal(none.n.n, 0);
    }
}

/* Each combination that determines the key loads, completes to the same parts, and signs. */
static void test_partial_keys(void **state)
{
    enum { N = 1, E = 2, D = 4, P = 8, Q = 16, DP = 32, DQ = 64, QI = 128 };
    static const unsigned enough[] = {N | D,
                                      N | E | D,
                                      N | D | P | Q,
                                      N | E | D | P,
                                      N | E | D | Q,
                                      N | E | D | P | Q,
                                      N | D | P,
                                      N | E | D | P | Q | DP,
                                      N | E | D | P | Q | DP | DQ | QI};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(enough); i++) {
        AUTO_KEY_PARTS struct key_parts parts = some_of(enough[i]);

        ASSERT_OK(try_load(&parts, true));
        ASSERT_OK(ops->complete(&spec, &parts));
        assert_true(bytes_equal(buf_view(&parts.e), buf_view(&pair.e)));
        for (size_t j = 0; j < 6; j++) {
            assert_non_null(*place(&parts, j));
        }
        const bool swapped = !secret_equal(parts.p, pair.p); /* which prime is first is open */
        assert_true(secret_equal(swapped ? parts.q : parts.p, pair.p));
        assert_true(secret_equal(swapped ? parts.dq : parts.dp, pair.dp));
        ASSERT_OK(try_load(&parts, true));
    }
    static const unsigned too_little[] = {0, N, N | E, E | D, D, P | Q | E};
    for (size_t i = 0; i < ARRAY_LEN(too_little); i++) {
        AUTO_KEY_PARTS struct key_parts parts = some_of(too_little[i]);

        ASSERT_RC(try_load(&parts, true), RC_TEMPLATE_INCOMPLETE);
    }
}

/* Every part, altered, contradicts the others. */
static void test_contradictions(void **state)
{
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        AUTO_KEY_PARTS struct key_parts parts = some_of(0xff);
        struct secret *s = *place(&parts, i);

        s->p[s->n - 1] ^= 2;
        ASSERT_RC(try_load(&parts, true), RC_ATTRIBUTE_VALUE_INVALID);
        s->p[s->n - 1] ^= 2;
        ASSERT_OK(try_load(&parts, true));
        memset(s->p, 0, s->n);
        ASSERT_RC(try_load(&parts, true), RC_ATTRIBUTE_VALUE_INVALID);
    }
    AUTO_KEY_PARTS struct key_parts parts = some_of(0xff);
    parts.n.p[100] ^= 1;
    ASSERT_RC(try_load(&parts, true), RC_ATTRIBUTE_VALUE_INVALID);
    parts.n.p[100] ^= 1;
    parts.e.p[2] = 3;
    ASSERT_RC(try_load(&parts, true), RC_ATTRIBUTE_VALUE_INVALID);
    AUTO_KEY_PARTS struct key_parts wrong_d = some_of(7);
    wrong_d.d->p[40] ^= 1;
    ASSERT_RC(try_load(&wrong_d, true), RC_ATTRIBUTE_VALUE_INVALID);
}

static void test_public_ranges(void **state)
{
    AUTO_KEY_PARTS struct key_parts parts = some_of(3);

    (void)state;
    ASSERT_OK(try_load(&parts, false));
    parts.n.p[255] ^= 1; /* even */
    ASSERT_RC(try_load(&parts, false), RC_ATTRIBUTE_VALUE_INVALID);
    parts.n.p[255] ^= 1;
    parts.e.p[2] = 0; /* even */
    ASSERT_RC(try_load(&parts, false), RC_ATTRIBUTE_VALUE_INVALID);
    ASSERT_OK(buf_set(&parts.e, BYTES_STR("\x01")));
    ASSERT_RC(try_load(&parts, false), RC_ATTRIBUTE_VALUE_INVALID);
    ASSERT_OK(buf_set(&parts.e, BYTES_STR("\x00\x00\x03"))); /* leading zeros are no matter */
    ASSERT_OK(try_load(&parts, false));
    ASSERT_OK(buf_set(&parts.e, buf_view(&parts.n))); /* not below n */
    ASSERT_RC(try_load(&parts, false), RC_ATTRIBUTE_VALUE_INVALID);
    buf_clear(&parts.e);
    ASSERT_RC(try_load(&parts, false), RC_TEMPLATE_INCOMPLETE);
    AUTO_KEY_PARTS struct key_parts huge = some_of(2);
    for (size_t i = 0; i < 2049; i++) { /* 16392 bits */
        ASSERT_OK(buf_add_u8(&huge.n, 0xff));
    }
    ASSERT_RC(try_load(&huge, false), RC_ATTRIBUTE_VALUE_INVALID);
    huge.n.n = 2048;
    ASSERT_OK(try_load(&huge, false));
    AUTO_KEY_PARTS struct key_parts zeros = some_of(2);
    ASSERT_OK(buf_set(&zeros.n, BYTES("\0\0\0\0", 4)));
    ASSERT_RC(try_load(&zeros, false), RC_ATTRIBUTE_VALUE_INVALID);
}

/* ---- signatures ------------------------------------------------------------------------------------------ */

static void check_scheme(const struct pkey_params *p, struct bytes data)
{
    uint8_t sig[256];
    size_t n = 0;

    ASSERT_OK(ops->sign(priv, p, data, sig, &n));
    assert_int_equal(n, 256);
    ASSERT_OK(ops->verify(pub, p, data, BYTES(sig, n)));
    ASSERT_RC(ops->verify(pub, p, data, BYTES(sig, n - 1)), RC_SIGNATURE_LEN_RANGE);
    sig[200] ^= 4;
    ASSERT_RC(ops->verify(pub, p, data, BYTES(sig, n)), RC_SIGNATURE_INVALID);
    memset(sig, 0xff, sizeof(sig)); /* not below the modulus */
    ASSERT_RC(ops->verify(pub, p, data, BYTES(sig, n)), RC_SIGNATURE_INVALID);
}

static void test_signatures_with_every_hash(void **state)
{
    static const uint8_t digest[HASH_MAX_SIZE] = {1, 2, 3};

    (void)state;
    for (enum hash_alg hash = HASH_SHA1; hash < HASH_COUNT; hash++) {
        struct pkey_params p = {.scheme = SCHEME_RSA_PKCS1_HASH, .hash = hash};
        const size_t n = hash_size(hash);
        uint8_t sig[256];
        size_t sig_n = 0;

        if (c->digest[hash] == NULL || hash_is_xof(hash)) {
            continue;
        }
        check_scheme(&p, BYTES(digest, n));
        ASSERT_RC(ops->sign(priv, &p, BYTES(digest, n - 1), sig, &sig_n), RC_DATA_LEN_RANGE);
        p.scheme = SCHEME_RSA_PSS;
        for (enum hash_alg mgf = HASH_SHA1; mgf < HASH_SHAKE128; mgf += 3) {
            p.mgf = mgf;
            p.salt_n = mgf % 2 == 0 ? n : mgf;
            check_scheme(&p, BYTES(digest, n));
        }
    }
}

/* SHAKE has no place in RSA: not as the hash, not inside MGF1. */
static void test_shake_is_refused(void **state)
{
    static const uint8_t data[256] = {1};

    (void)state;
    for (enum hash_alg xof = HASH_SHAKE128; xof <= HASH_SHAKE256; xof++) {
        const struct pkey_params refused[] = {
            {.scheme = SCHEME_RSA_PKCS1_HASH, .hash = xof},
            {.scheme = SCHEME_RSA_PSS, .hash = xof, .mgf = HASH_SHA256, .salt_n = 8},
            {.scheme = SCHEME_RSA_PSS, .hash = HASH_SHA256, .mgf = xof, .salt_n = 8},
            {.scheme = SCHEME_RSA_OAEP, .hash = xof, .mgf = HASH_SHA256},
            {.scheme = SCHEME_RSA_OAEP, .hash = HASH_SHA256, .mgf = xof},
        };

        for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
            const struct bytes digest = BYTES(data, hash_size(refused[i].hash));
            struct secret *none = NULL;
            uint8_t out[256];
            size_t n = 0;

            if (refused[i].scheme == SCHEME_RSA_OAEP) {
                ASSERT_RC(ops->encrypt(pub, &refused[i], digest, out, &n),
                          RC_MECHANISM_PARAM_INVALID);
                ASSERT_RC(ops->decrypt(priv, &refused[i], BYTES(data, 256), &none),
                          RC_MECHANISM_PARAM_INVALID);
                assert_null(none);
                continue;
            }
            ASSERT_RC(ops->sign(priv, &refused[i], digest, out, &n), RC_MECHANISM_PARAM_INVALID);
            ASSERT_RC(ops->verify(pub, &refused[i], digest, BYTES(data, 256)),
                      RC_MECHANISM_PARAM_INVALID);
        }
    }
}

static void test_pss_salt_is_exact(void **state)
{
    static const uint8_t digest[32] = {5};
    struct pkey_params p = {.scheme = SCHEME_RSA_PSS, .hash = HASH_SHA256, .mgf = HASH_SHA256};
    uint8_t sig[256];
    size_t n = 0;

    (void)state;
    for (size_t salt = 0; salt <= 222; salt += 111) { /* 222: the longest that fits */
        p.salt_n = salt;
        ASSERT_OK(ops->sign(priv, &p, BYTES(digest, 32), sig, &n));
        for (size_t other = 0; other <= 222; other += 37) {
            p.salt_n = other;
            ASSERT_RC(ops->verify(pub, &p, BYTES(digest, 32), BYTES(sig, n)),
                      other == salt ? RC_OK : RC_SIGNATURE_INVALID);
        }
    }
    p.salt_n = 223;
    ASSERT_RC(ops->sign(priv, &p, BYTES(digest, 32), sig, &n), RC_MECHANISM_PARAM_INVALID);
    ASSERT_RC(ops->verify(pub, &p, BYTES(digest, 32), BYTES(sig, n)), RC_MECHANISM_PARAM_INVALID);
    p.salt_n = SIZE_MAX;
    ASSERT_RC(ops->sign(priv, &p, BYTES(digest, 32), sig, &n), RC_MECHANISM_PARAM_INVALID);
    p.salt_n = 32;
    p.mgf = HASH_NONE;
    ASSERT_RC(ops->sign(priv, &p, BYTES(digest, 32), sig, &n), RC_MECHANISM_PARAM_INVALID);
}

static void test_raw_signatures(void **state)
{
    const struct pkey_params pkcs1 = {.scheme = SCHEME_RSA_PKCS1};
    const struct pkey_params raw = {.scheme = SCHEME_RSA_RAW};
    static const uint8_t data[257] = {0, 1};
    uint8_t sig[256];
    size_t n = 0;

    (void)state;
    check_scheme(&pkcs1, BYTES(data, 0));
    check_scheme(&pkcs1, BYTES(data, 1));
    check_scheme(&pkcs1, BYTES(data, 245));
    ASSERT_RC(ops->sign(priv, &pkcs1, BYTES(data, 246), sig, &n), RC_DATA_LEN_RANGE);
    check_scheme(&raw, BYTES(data, 256));
    ASSERT_RC(ops->sign(priv, &raw, BYTES(data, 255), sig, &n), RC_DATA_LEN_RANGE);
    ASSERT_RC(ops->sign(priv, &raw, BYTES(data, 257), sig, &n), RC_DATA_LEN_RANGE);
    ASSERT_RC(ops->sign(priv, &raw, buf_view(&pair.n), sig, &n), RC_DATA_INVALID);
    assert_int_not_equal(ops->sign(pub, &pkcs1, BYTES(data, 1), sig, &n), RC_OK);
    /* what differs in length alone is another text */
    ASSERT_OK(ops->sign(priv, &pkcs1, BYTES(data, 20), sig, &n));
    ASSERT_RC(ops->verify(pub, &pkcs1, BYTES(data, 21), BYTES(sig, n)), RC_SIGNATURE_INVALID);
}

/* ---- encryption ---------------------------------------------------------------------------------------------- */

static void round_trip(const struct pkey_params *p, struct bytes data)
{
    AUTO_SECRET struct secret *back = NULL;
    uint8_t ct[256];
    size_t n = 0;

    ASSERT_OK(ops->encrypt(pub, p, data, ct, &n));
    assert_int_equal(n, 256);
    ASSERT_OK(ops->decrypt(priv, p, BYTES(ct, n), &back));
    assert_true(bytes_equal(secret_view(back), data));
    struct secret *none = NULL;
    ASSERT_RC(ops->decrypt(priv, p, BYTES(ct, n - 1), &none), RC_ENCRYPTED_DATA_LEN_RANGE);
    ASSERT_RC(ops->decrypt(priv, p, BYTES_NONE, &none), RC_ENCRYPTED_DATA_LEN_RANGE);
    assert_null(none);
}

static void test_oaep(void **state)
{
    static const uint8_t data[256] = {3};

    (void)state;
    for (enum hash_alg hash = HASH_SHA1; hash < HASH_COUNT; hash++) {
        for (enum hash_alg mgf = HASH_SHA1; mgf < HASH_COUNT; mgf++) {
            struct pkey_params p = {.scheme = SCHEME_RSA_OAEP, .hash = hash, .mgf = mgf};
            const size_t most = 256 - 2 * hash_size(hash) - 2;
            uint8_t ct[256];
            size_t n = 0;
            struct secret *none = NULL;

            if (c->digest[hash] == NULL || c->digest[mgf] == NULL || hash_is_xof(hash) ||
                hash_is_xof(mgf)) {
                continue;
            }
            round_trip(&p, BYTES(data, 0));
            round_trip(&p, BYTES(data, most));
            ASSERT_RC(ops->encrypt(pub, &p, BYTES(data, most + 1), ct, &n), RC_DATA_LEN_RANGE);
            p.label = BYTES_STR("label");
            round_trip(&p, BYTES(data, 7));
            ASSERT_OK(ops->encrypt(pub, &p, BYTES(data, 7), ct, &n));
            p.label = BYTES_NONE;
            ASSERT_RC(ops->decrypt(priv, &p, BYTES(ct, n), &none), RC_ENCRYPTED_DATA_INVALID);
            p.label = BYTES_STR("Label");
            ASSERT_RC(ops->decrypt(priv, &p, BYTES(ct, n), &none), RC_ENCRYPTED_DATA_INVALID);
            assert_null(none);
        }
    }
}

static void test_pkcs1_encryption(void **state)
{
    const struct pkey_params p = {.scheme = SCHEME_RSA_PKCS1};
    static const uint8_t data[256] = {8};
    uint8_t ct[256];
    size_t n = 0;

    (void)state;
    round_trip(&p, BYTES(data, 0));
    round_trip(&p, BYTES(data, 245));
    ASSERT_RC(ops->encrypt(pub, &p, BYTES(data, 246), ct, &n), RC_DATA_LEN_RANGE);
    /* wrong padding: a text all the same, the same each time, and another for another ciphertext */
    memset(ct, 0, sizeof(ct));
    for (uint8_t i = 2; i < 20; i++) {
        AUTO_SECRET struct secret *a = NULL;
        AUTO_SECRET struct secret *b = NULL;

        ct[255] = i;
        ASSERT_OK(ops->decrypt(priv, &p, BYTES(ct, 256), &a));
        ASSERT_OK(ops->decrypt(priv, &p, BYTES(ct, 256), &b));
        assert_true(secret_equal(a, b));
        assert_true(a->n <= 245);
    }
    struct secret *none = NULL;
    ASSERT_RC(ops->decrypt(priv, &p, buf_view(&pair.n), &none), RC_ENCRYPTED_DATA_INVALID);
    assert_null(none);
}

static void test_raw_encryption(void **state)
{
    const struct pkey_params p = {.scheme = SCHEME_RSA_RAW};
    static const uint8_t data[256] = {0, 8};
    uint8_t ct[256];
    size_t n = 0;

    (void)state;
    round_trip(&p, BYTES(data, 256));
    ASSERT_RC(ops->encrypt(pub, &p, BYTES(data, 255), ct, &n), RC_DATA_LEN_RANGE);
    ASSERT_RC(ops->encrypt(pub, &p, buf_view(&pair.n), ct, &n), RC_DATA_INVALID);
}

/* Schemes in turn through one key: what is kept set up must not leak into the next. */
static void test_schemes_in_turn(void **state)
{
    static const uint8_t digest[64] = {9};
    const struct pkey_params all[] = {
        {.scheme = SCHEME_RSA_PKCS1_HASH, .hash = HASH_SHA256},
        {.scheme = SCHEME_RSA_PSS, .hash = HASH_SHA256, .mgf = HASH_SHA1, .salt_n = 20},
        {.scheme = SCHEME_RSA_PKCS1},
        {.scheme = SCHEME_RSA_PSS, .hash = HASH_SHA256, .mgf = HASH_SHA256, .salt_n = 32},
        {.scheme = SCHEME_RSA_PKCS1_HASH, .hash = HASH_SHA512_256},
    };
    uint8_t sig[ARRAY_LEN(all)][256];
    size_t n = 0;

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
            ASSERT_OK(ops->sign(priv, &all[i], BYTES(digest, 32), sig[i], &n));
        }
        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
            for (size_t j = 0; j < ARRAY_LEN(all); j++) {
                ASSERT_RC(ops->verify(pub, &all[i], BYTES(digest, 32), BYTES(sig[j], n)),
                          i == j ? RC_OK : RC_SIGNATURE_INVALID);
            }
        }
    }
}

int run_rsa_rules(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generated_pair),   cmocka_unit_test(test_generate_refuses),
        cmocka_unit_test(test_partial_keys),     cmocka_unit_test(test_contradictions),
        cmocka_unit_test(test_public_ranges),    cmocka_unit_test(test_signatures_with_every_hash),
        cmocka_unit_test(test_shake_is_refused), cmocka_unit_test(test_pss_salt_is_exact),
        cmocka_unit_test(test_raw_signatures),   cmocka_unit_test(test_oaep),
        cmocka_unit_test(test_pkcs1_encryption), cmocka_unit_test(test_raw_encryption),
        cmocka_unit_test(test_schemes_in_turn),
    };

    return cmocka_run_group_tests_name("rsa", tests, open_pair, close_pair);
}
