/* SPDX-License-Identifier: Apache-2.0
 *
 * Running contexts of hashes and message authentication, and the limits of key derivation.
 */
#include <string.h>

#include "rules.h"

static uint8_t text[300]; /* filled once */

static void fill_text(void)
{
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (uint8_t)(i * 7 + 1);
    }
}

/* A copy taken in the middle goes its own way; a context serves one algorithm after another. */
static void test_digest_copy_and_reuse(void **state)
{
    const struct crypto *c = *state;
    struct digest_ctx a = {0};
    struct digest_ctx b = {0};
    uint8_t whole[HASH_MAX_SIZE], copied[HASH_MAX_SIZE], other[HASH_MAX_SIZE], once[HASH_MAX_SIZE];

    fill_text();
    for (enum hash_alg alg = HASH_SHA1; alg < HASH_COUNT; alg++) {
        const struct digest_ops *ops = c->digest[alg];

        if (ops == NULL) {
            continue;
        }
        ASSERT_OK(ops->begin(&a, alg));
        assert_ptr_equal(a.ops, ops);
        ASSERT_OK(ops->update(&a, text, 150));
        ASSERT_OK(ops->copy(&b, &a));
        ASSERT_OK(ops->update(&a, text + 150, 150));
        ASSERT_OK(ops->finish(&a, whole));
        ASSERT_OK(ops->update(&b, text, 10));
        ASSERT_OK(ops->finish(&b, other));
        assert_memory_not_equal(whole, other, hash_size(alg));
        ASSERT_OK(ops->once(alg, text, sizeof(text), once));
        assert_memory_equal(whole, once, hash_size(alg));
        ASSERT_OK(ops->begin(&a, alg)); /* begun, left, begun again */
        ASSERT_OK(ops->update(&a, text, 33));
        ASSERT_OK(ops->begin(&a, alg));
        ASSERT_OK(ops->update(&a, text, sizeof(text)));
        ASSERT_OK(ops->copy(&b, &a));
        ASSERT_OK(ops->finish(&b, copied));
        assert_memory_equal(copied, once, hash_size(alg));
        ops->clear(&a);
        ops->clear(&b);
        assert_null(a.ops);
        assert_null(a.heap);
    }
}

/* Left without clear between algorithms of different kinds. */
static void test_digest_switches_algorithm(void **state)
{
    const struct crypto *c = *state;
    static const enum hash_alg order[] = {HASH_SHA256,   HASH_SHA3_256, HASH_SHAKE256,
                                          HASH_SHA512,   HASH_SHA3_512, HASH_SHA1,
                                          HASH_SHAKE128, HASH_SHA3_256, HASH_SHA256};
    const struct digest_ops *ops = c->digest[HASH_SHA256];
    struct digest_ctx run = {0};
    uint8_t out[HASH_MAX_SIZE], once[HASH_MAX_SIZE];

    fill_text();
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        if (c->digest[order[i]] != ops) {
            continue;
        }
        ASSERT_OK(ops->begin(&run, order[i]));
        ASSERT_OK(ops->update(&run, text, sizeof(text)));
        ASSERT_OK(ops->finish(&run, out));
        ASSERT_OK(ops->once(order[i], text, sizeof(text), once));
        assert_memory_equal(out, once, hash_size(order[i]));
    }
    ops->clear(&run);
}

/* SHAKE gives as much as is asked for, and the beginning is always the same. */
static void test_xof(void **state)
{
    const struct crypto *c = *state;
    uint8_t whole[1000], part[1000];

    fill_text();
    for (enum hash_alg alg = HASH_SHAKE128; alg <= HASH_SHAKE256; alg++) {
        const struct digest_ops *ops = c->digest[alg];

        if (ops == NULL) {
            continue;
        }
        ASSERT_OK(crypto_xof(c, alg, BYTES(text, 200), whole, sizeof(whole)));
        for (size_t n = 0; n <= sizeof(whole); n += 53) {
            memset(part, 0xee, sizeof(part));
            ASSERT_OK(ops->xof(alg, text, 200, part, n));
            assert_memory_equal(part, whole, n);
            assert_true(n == sizeof(part) || part[n] == 0xee);
        }
        ASSERT_OK(ops->once(alg, text, 200, part));
        assert_memory_equal(part, whole, hash_size(alg));
        ASSERT_OK(ops->xof(alg, NULL, 0, part, 1));
        assert_int_not_equal(ops->xof(HASH_SHA3_256, text, 1, part, 32), RC_OK);
        assert_int_not_equal(crypto_xof(c, HASH_SHA256, BYTES(text, 1), part, 32), RC_OK);
    }
}

/* FIPS 202: SHAKE of nothing. */
static void test_shake_of_nothing(void **state)
{
    static const uint8_t shake128[8] = {0x7f, 0x9c, 0x2b, 0xa4, 0xe8, 0x8f, 0x82, 0x7d};
    static const uint8_t shake256[8] = {0x46, 0xb9, 0xdd, 0x2b, 0x0b, 0xa8, 0x8d, 0x13};
    const struct crypto *c = *state;
    uint8_t out[HASH_MAX_SIZE];

    if (c->digest[HASH_SHAKE128] != NULL) {
        ASSERT_OK(crypto_hash(c, HASH_SHAKE128, BYTES_NONE, out));
        assert_memory_equal(out, shake128, sizeof(shake128));
    }
    if (c->digest[HASH_SHAKE256] != NULL) {
        ASSERT_OK(crypto_hash(c, HASH_SHAKE256, BYTES_NONE, out));
        assert_memory_equal(out, shake256, sizeof(shake256));
    }
}

static void test_empty_input(void **state)
{
    const struct crypto *c = *state;
    uint8_t out[HASH_MAX_SIZE];
    static const uint8_t sha256_of_nothing[4] = {0xe3, 0xb0, 0xc4, 0x42}; /* FIPS 180-4 */

    ASSERT_OK(crypto_hash(c, HASH_SHA256, BYTES_NONE, out));
    assert_memory_equal(out, sha256_of_nothing, 4);
    assert_int_not_equal(crypto_hash(c, HASH_NONE, BYTES_NONE, out), RC_OK);
    assert_int_not_equal(crypto_hash(c, HASH_COUNT, BYTES_NONE, out), RC_OK);
}

/* ---- message authentication ---------------------------------------------------------------------- */

static void tag_of(const struct mac_ops *ops, struct mac_ctx *run, const struct mac_key *k,
                   uint8_t *out)
{
    const struct bytes iv = BYTES(text, 12);

    ASSERT_OK(ops->begin(run, k, iv));
    ASSERT_OK(ops->update(run, text, 100));
    ASSERT_OK(ops->update(run, text + 100, 0));
    ASSERT_OK(ops->update(run, text + 100, 77));
    ASSERT_OK(ops->finish(run, out));
}

/* One running context through keys and kinds; each tag is the same every time. */
static void test_mac_context_serves_all(void **state)
{
    const struct crypto *c = *state;
    const struct mac_ops *ops = c->hmac[HASH_SHA256];
    static const struct {
        enum mac_kind kind;
        enum hash_alg hash;
        size_t key_n;
    } cases[] = {
        {MAC_HMAC, HASH_SHA256, 32}, {MAC_CMAC, HASH_NONE, 16},  {MAC_GMAC, HASH_NONE, 32},
        {MAC_HMAC, HASH_SHA512, 0},  {MAC_CMAC, HASH_NONE, 24},  {MAC_CMAC, HASH_NONE, 32},
        {MAC_GMAC, HASH_NONE, 24},   {MAC_HMAC, HASH_SHA1, 200}, {MAC_GMAC, HASH_NONE, 16},
        {MAC_HMAC, HASH_SHA384, 99},
    };
    struct mac_key *keys[ARRAY_LEN(cases)] = {NULL};
    uint8_t first[ARRAY_LEN(cases)][MAC_MAX_SIZE], again[MAC_MAX_SIZE];
    struct mac_ctx run = {0};

    fill_text();
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            if (round == 0) {
                AUTO_SECRET struct secret *key = secret_from(text + i, cases[i].key_n);

                ASSERT_OK(ops->key_new(cases[i].kind, cases[i].hash, key, &keys[i]));
                struct mac_ctx fresh = {0};
                tag_of(ops, &fresh, keys[i], first[i]);
                ops->clear(&fresh);
            }
            tag_of(ops, &run, keys[i], again);
            assert_memory_equal(first[i], again, ops->size(keys[i]));
            tag_of(ops, &run, keys[i], again); /* the same key at once again */
            assert_memory_equal(first[i], again, ops->size(keys[i]));
        }
    }
    ops->clear(&run);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ops->key_free(keys[i]);
    }
}

static void test_mac_key_sizes(void **state)
{
    const struct crypto *c = *state;
    AUTO_SECRET struct secret *odd = secret_new(17);
    AUTO_SECRET struct secret *none = secret_new(0);
    struct mac_key *k = NULL;

    ASSERT_RC(c->cmac->key_new(MAC_CMAC, HASH_NONE, odd, &k), RC_KEY_SIZE_RANGE);
    ASSERT_RC(c->gmac->key_new(MAC_GMAC, HASH_NONE, none, &k), RC_KEY_SIZE_RANGE);
    assert_null(k);
    c->cmac->key_free(NULL);
    for (enum hash_alg xof = HASH_SHAKE128; xof <= HASH_SHAKE256; xof++) { /* no HMAC with SHAKE */
        assert_null(c->hmac[xof]);
        assert_int_equal(c->backends[0]->mac_rank(MAC_HMAC, xof), 0);
        assert_int_not_equal(c->hmac[HASH_SHA256]->key_new(MAC_HMAC, xof, odd, &k), RC_OK);
        assert_null(k);
    }
}

static void test_gmac_iv_lengths(void **state)
{
    const struct crypto *c = *state;
    AUTO_SECRET struct secret *key = secret_from("0123456789abcdef", 16);
    struct mac_key *k = NULL;
    struct mac_ctx run = {0};
    uint8_t first[16], again[16];

    fill_text();
    ASSERT_OK(c->gmac->key_new(MAC_GMAC, HASH_NONE, key, &k));
    ASSERT_RC(c->gmac->begin(&run, k, BYTES_NONE), RC_MECHANISM_PARAM_INVALID);
    for (size_t n = 1; n <= sizeof(text); n += 37) {
        ASSERT_OK(c->gmac->begin(&run, k, BYTES(text, n)));
        ASSERT_OK(c->gmac->update(&run, text, 50));
        ASSERT_OK(c->gmac->finish(&run, again));
        assert_true(n == 1 || memcmp(first, again, 16) != 0);
        memcpy(first, again, 16);
    }
    c->gmac->clear(&run);
    c->gmac->key_free(k);
}

/* ---- key derivation -------------------------------------------------------------------------------- */

static void test_kdf_limits(void **state)
{
    const struct crypto *c = *state;
    AUTO_SECRET struct secret *key = secret_from("key", 3);
    AUTO_SECRET struct secret *out = NULL;
    AUTO_SECRET struct secret *none = NULL;

    ASSERT_OK(crypto_hkdf(c, HASH_SHA256, true, true, key, BYTES_NONE, BYTES_NONE, 255 * 32, &out));
    assert_int_equal(out->n, 255 * 32);
    ASSERT_RC(
        crypto_hkdf(c, HASH_SHA256, true, true, key, BYTES_NONE, BYTES_NONE, 255 * 32 + 1, &none),
        RC_KEY_SIZE_RANGE);
    ASSERT_RC(crypto_hkdf(c, HASH_SHA256, true, true, key, BYTES_NONE, BYTES_NONE, SIZE_MAX, &none),
              RC_KEY_SIZE_RANGE);
    ASSERT_RC(crypto_hkdf(c, HASH_SHA256, true, false, key, BYTES_NONE, BYTES_NONE, 31, &none),
              RC_KEY_SIZE_RANGE);
    assert_int_not_equal(
        crypto_hkdf(c, HASH_SHA256, false, false, key, BYTES_NONE, BYTES_NONE, 32, &none), RC_OK);
    assert_int_not_equal(
        crypto_hkdf(c, HASH_NONE, true, true, key, BYTES_NONE, BYTES_NONE, 32, &none), RC_OK);
    assert_int_not_equal(
        crypto_pbkdf2(c, HASH_SHA256, BYTES_STR("p"), BYTES_STR("s"), 0, 32, &none), RC_OK);
    assert_int_not_equal(crypto_x963(c, HASH_NONE, key, BYTES_NONE, 32, &none), RC_OK);
    assert_null(none);
}

/* Every last byte, and every byte before it damaged. */
static void test_unpad(void **state)
{
    uint8_t block[16];
    size_t n = 99;

    (void)state;
    for (unsigned pad = 0; pad < 256; pad++) {
        memset(block, (int)pad, sizeof(block));
        if (pad < 1 || pad > 16) {
            ASSERT_RC(crypto_unpad16(block, &n), RC_ENCRYPTED_DATA_INVALID);
            continue;
        }
        ASSERT_OK(crypto_unpad16(block, &n));
        assert_int_equal(n, 16 - pad);
        for (unsigned i = 0; i < 15; i++) {
            block[i] ^= 0x40;
            ASSERT_RC(crypto_unpad16(block, &n), i >= 16 - pad ? RC_ENCRYPTED_DATA_INVALID : RC_OK);
            block[i] ^= 0x40;
        }
    }
}

int run_digest_rules(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest_copy_and_reuse),
        cmocka_unit_test(test_digest_switches_algorithm),
        cmocka_unit_test(test_xof),
        cmocka_unit_test(test_shake_of_nothing),
        cmocka_unit_test(test_empty_input),
        cmocka_unit_test(test_mac_context_serves_all),
        cmocka_unit_test(test_mac_key_sizes),
        cmocka_unit_test(test_gmac_iv_lengths),
        cmocka_unit_test(test_kdf_limits),
        cmocka_unit_test(test_unpad),
    };

    return cmocka_run_group_tests_name("digest", tests, rules_open, rules_close);
}
