/* SPDX-License-Identifier: Apache-2.0
 *
 * AES: counters that wrap, tags and initial values of every length, contexts that change keys, and
 * key wrap with initial values of the caller.
 */
#include "own.h"

static struct cipher_key *new_key(enum cipher_mode mode, uint8_t fill, size_t n)
{
    uint8_t bytes[32];
    struct cipher_key *k = NULL;
    memset(bytes, fill, sizeof(bytes));
    AUTO_SECRET struct secret *s = secret_of(BYTES(bytes, n));
    ASSERT_OK(awslc_cipher_ops.key_new(mode, s, &k));
    return k;
}

/* CTR by blocks of ECB over counters that are made here. */
static void ctr_by_ecb(const uint8_t iv[16], unsigned bits, size_t n, uint8_t *out)
{
    struct cipher_key *k = new_key(CIPHER_ECB, 7, 32);
    const struct cipher_params p = {.encrypt = true};
    struct cipher_ctx c = {0};
    uint8_t counter[16];
    memcpy(counter, iv, 16);
    ASSERT_OK(awslc_cipher_ops.begin(&c, k, &p));
    for (size_t at = 0; at < n; at += 16) {
        uint8_t block[16];
        ASSERT_OK(awslc_cipher_ops.update(&c, counter, 16, block));
        memcpy(out + at, block, n - at < 16 ? n - at : 16);
        for (unsigned bit = 0; bit < bits; bit++) { /* add one, bit by bit */
            uint8_t *b = &counter[15 - bit / 8];
            *b ^= (uint8_t)(1U << bit % 8);
            if (*b & (1U << bit % 8)) {
                break;
            }
        }
    }
    awslc_cipher_ops.clear(&c);
    awslc_cipher_ops.key_free(k);
}

static void check_ctr(const uint8_t iv[16], unsigned bits, size_t n, size_t part)
{
    uint8_t zero[200] = {0};
    uint8_t want[208];
    uint8_t have[200];
    struct cipher_key *k = new_key(CIPHER_CTR, 7, 32);
    const struct cipher_params p = {.encrypt = true, .iv = BYTES(iv, 16), .counter_bits = bits};
    struct cipher_ctx c = {0};
    ctr_by_ecb(iv, bits, n, want);
    ASSERT_OK(awslc_cipher_ops.begin(&c, k, &p));
    for (size_t at = 0; at < n; at += part) {
        ASSERT_OK(awslc_cipher_ops.update(&c, zero, n - at < part ? n - at : part, have + at));
    }
    assert_memory_equal(have, want, n);
    awslc_cipher_ops.clear(&c);
    awslc_cipher_ops.key_free(k);
}

static void test_ctr_wraps(void **state)
{
    (void)state;
    static const unsigned widths[] = {4, 8, 13, 32, 63, 64, 65, 100, 127, 128};
    for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
        uint8_t iv[16];
        memset(iv, 0xff, sizeof(iv));
        iv[15] = 0xfd; /* three blocks before the wrap */
        for (size_t part = 1; part < 200; part += 13) {
            check_ctr(iv, widths[i], 200, part);
        }
    }
}

static void test_ctr_ends(void **state)
{
    (void)state;
    uint8_t data[64] = {0};
    const uint8_t iv[16] = {0};
    struct cipher_key *k = new_key(CIPHER_CTR, 7, 16);
    struct cipher_params p = {.encrypt = true, .iv = BYTES(iv, 16), .counter_bits = 1};
    struct cipher_ctx c = {0};
    ASSERT_OK(awslc_cipher_ops.begin(&c, k, &p));
    ASSERT_OK(awslc_cipher_ops.update(&c, data, 31, data));
    ASSERT_RC(awslc_cipher_ops.update(&c, data, 2, data), RC_DATA_LEN_RANGE);
    ASSERT_OK(awslc_cipher_ops.update(&c, data, 1, data));
    ASSERT_RC(awslc_cipher_ops.update(&c, data, 1, data), RC_DATA_LEN_RANGE);
    p.counter_bits = 0;
    ASSERT_RC(awslc_cipher_ops.begin(&c, k, &p), RC_MECHANISM_PARAM_INVALID);
    p.counter_bits = 129;
    ASSERT_RC(awslc_cipher_ops.begin(&c, k, &p), RC_MECHANISM_PARAM_INVALID);
    awslc_cipher_ops.clear(&c);
    awslc_cipher_ops.key_free(k);
}

/* One call and many, each tag length, short and long IVs, in place. */
static void check_gcm(const struct cipher_key *k, struct cipher_ctx *c, size_t iv_n, size_t tag_n)
{
    static const uint8_t iv[300] = {9, 8, 7};
    uint8_t one[100];
    uint8_t two[100];
    uint8_t tag1[16] = {0};
    uint8_t tag2[16] = {0};
    struct cipher_params p = {
        .encrypt = true, .iv = BYTES(iv, iv_n), .aad = BYTES_STR("with it"), .tag_n = tag_n};
    memset(one, 3, sizeof(one));
    memset(two, 3, sizeof(two));
    ASSERT_OK(awslc_cipher_ops.once(k, &p, one, sizeof(one), one, tag1));
    ASSERT_OK(awslc_cipher_ops.begin(c, k, &p));
    ASSERT_OK(awslc_cipher_ops.update(c, two, 33, two));
    ASSERT_OK(awslc_cipher_ops.update(c, two + 33, 67, two + 33));
    ASSERT_OK(awslc_cipher_ops.finish(c, tag2, tag_n));
    assert_memory_equal(one, two, sizeof(one));
    assert_memory_equal(tag1, tag2, 16); /* nothing is written behind a short tag */
    p.encrypt = false;
    ASSERT_OK(awslc_cipher_ops.begin(c, k, &p));
    ASSERT_OK(awslc_cipher_ops.update(c, two, 100, two));
    ASSERT_OK(awslc_cipher_ops.finish(c, tag2, tag_n));
    ASSERT_OK(awslc_cipher_ops.once(k, &p, one, 100, one, tag1));
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(one[i], 3);
        assert_int_equal(two[i], 3);
    }
    tag1[tag_n - 1] ^= 1;
    ASSERT_RC(awslc_cipher_ops.once(k, &p, one, 100, one, tag1), RC_ENCRYPTED_DATA_INVALID);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(one[i], 0);
    }
}

static void test_gcm_lengths(void **state)
{
    (void)state;
    static const size_t ivs[] = {1, 8, 12, 13, 16, 17, 64, 128, 300};
    static const size_t keys[] = {16, 24, 32};
    struct cipher_ctx c = {0}; /* kept over all keys and IV lengths */
    for (size_t key = 0; key < ARRAY_LEN(keys); key++) {
        struct cipher_key *k = new_key(CIPHER_GCM, (uint8_t)key, keys[key]);
        for (size_t i = 0; i < ARRAY_LEN(ivs); i++) {
            for (size_t tag_n = 4; tag_n <= 16; tag_n++) {
                check_gcm(k, &c, ivs[i], tag_n);
            }
        }
        awslc_cipher_ops.key_free(k);
    }
    awslc_cipher_ops.clear(&c);
}

/* A key that is freed and another at the same address: the context must notice. */
static void test_kept_context_new_key(void **state)
{
    (void)state;
    const uint8_t iv[12] = {1};
    const struct cipher_params p = {.encrypt = true, .iv = BYTES(iv, 12), .tag_n = 16};
    struct cipher_ctx c = {0};
    for (uint8_t fill = 0; fill < 8; fill++) {
        struct cipher_key *k = new_key(CIPHER_GCM, fill, 32);
        uint8_t a[16] = {0};
        uint8_t b[16] = {0};
        uint8_t tag_a[16];
        uint8_t tag_b[16];
        ASSERT_OK(awslc_cipher_ops.begin(&c, k, &p));
        ASSERT_OK(awslc_cipher_ops.update(&c, a, 16, a));
        ASSERT_OK(awslc_cipher_ops.finish(&c, tag_a, 16));
        ASSERT_OK(awslc_cipher_ops.once(k, &p, b, 16, b, tag_b));
        assert_memory_equal(a, b, 16);
        assert_memory_equal(tag_a, tag_b, 16);
        awslc_cipher_ops.key_free(k);
    }
    awslc_cipher_ops.clear(&c);
}

static void test_wrap_own_iv(void **state)
{
    (void)state;
    static const uint8_t iv[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    AUTO_SECRET struct secret *kek = secret_of(BYTES_STR("0123456789abcdef"));
    for (size_t n = 1; n <= 40; n++) {
        uint8_t data[40];
        memset(data, 0x5a, sizeof(data));
        for (enum keywrap_kind kind = KEYWRAP_RFC3394; kind <= KEYWRAP_RFC5649; kind++) {
            AUTO_BUF struct buf text = BUF_INIT;
            AUTO_SECRET struct secret *back = NULL;
            AUTO_SECRET struct secret *none = NULL;
            if (kind == KEYWRAP_RFC3394 && (n % 8 != 0 || n < 16)) {
                ASSERT_RC(awslc_keywrap_ops.wrap(kind, kek, iv, BYTES(data, n), &text),
                          RC_DATA_LEN_RANGE);
                continue;
            }
            ASSERT_OK(awslc_keywrap_ops.wrap(kind, kek, iv, BYTES(data, n), &text));
            ASSERT_OK(awslc_keywrap_ops.unwrap(kind, kek, iv, buf_view(&text), &back));
            assert_true(bytes_equal(secret_view(back), BYTES(data, n)));
            ASSERT_RC(awslc_keywrap_ops.unwrap(kind, kek, NULL, buf_view(&text), &none),
                      RC_WRAPPED_KEY_INVALID);
            for (size_t bit = 0; bit < text.n * 8; bit += 7) {
                text.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
                ASSERT_RC(awslc_keywrap_ops.unwrap(kind, kek, iv, buf_view(&text), &none),
                          RC_WRAPPED_KEY_INVALID);
                text.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
            }
        }
    }
}

/* RFC 5649 texts that open but say a wrong length or carry something behind the data. */
static void test_wrap_bad_padding(void **state)
{
    (void)state;
    static const struct {
        uint8_t length, last; /* of two semiblocks */
        enum rc rc;
    } cases[] = {{16, 1, RC_OK},
                 {15, 0, RC_OK},
                 {9, 0, RC_OK},
                 {15, 1, RC_WRAPPED_KEY_INVALID},
                 {9, 1, RC_WRAPPED_KEY_INVALID},
                 {8, 0, RC_WRAPPED_KEY_INVALID},
                 {0, 0, RC_WRAPPED_KEY_INVALID},
                 {17, 0, RC_WRAPPED_KEY_INVALID},
                 {255, 0, RC_WRAPPED_KEY_INVALID}};
    AUTO_SECRET struct secret *kek = secret_of(BYTES_STR("0123456789abcdef"));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t aiv[8] = {0xa6, 0x59, 0x59, 0xa6, 0, 0, 0, cases[i].length};
        uint8_t data[16] = {0};
        AUTO_BUF struct buf text = BUF_INIT;
        AUTO_SECRET struct secret *back = NULL;
        data[15] = cases[i].last;
        ASSERT_OK(awslc_keywrap_ops.wrap(KEYWRAP_RFC3394, kek, aiv, BYTES(data, 16), &text));
        ASSERT_RC(awslc_keywrap_ops.unwrap(KEYWRAP_RFC5649, kek, NULL, buf_view(&text), &back),
                  cases[i].rc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ctr_wraps),   cmocka_unit_test(test_ctr_ends),
        cmocka_unit_test(test_gcm_lengths), cmocka_unit_test(test_kept_context_new_key),
        cmocka_unit_test(test_wrap_own_iv), cmocka_unit_test(test_wrap_bad_padding),
    };
    return cmocka_run_group_tests(tests, own_open, own_close);
}
