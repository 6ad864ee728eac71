/* SPDX-License-Identifier: Apache-2.0
 *
 * AES: what is refused, contexts that are begun again, the counter of CTR, tags, key wrap.
 */
#include <string.h>

#include "rules.h"

static const uint8_t raw_key[32] = "an AES key that everybody knows";

static struct cipher_key *new_key(const struct crypto *c, enum cipher_mode mode, size_t n)
{
    AUTO_SECRET struct secret *key = secret_from(raw_key, n);
    struct cipher_key *k = NULL;

    ASSERT_OK(c->cipher[mode]->key_new(mode, key, &k));
    return k;
}

static void run_all(const struct cipher_ops *ops, struct cipher_ctx *run,
                    const struct cipher_key *k, const struct cipher_params *p, const uint8_t *in,
                    size_t n, uint8_t *out)
{
    ASSERT_OK(ops->begin(run, k, p));
    ASSERT_OK(ops->update(run, in, n, out));
    ASSERT_OK(ops->finish(run, NULL, 0));
}

/* One context through modes, keys and directions, in place. */
static void test_context_serves_all(void **state)
{
    const struct crypto *c = *state;
    static const enum cipher_mode modes[] = {CIPHER_CBC, CIPHER_CTR, CIPHER_ECB, CIPHER_CBC};
    static const size_t sizes[] = {16, 32, 24};
    struct cipher_ctx run = {0};
    uint8_t iv[16] = {9};
    uint8_t plain[160], data[160];

    for (size_t i = 0; i < sizeof(plain); i++) {
        plain[i] = (uint8_t)i;
    }
    for (size_t m = 0; m < ARRAY_LEN(modes); m++) {
        const struct cipher_ops *ops = c->cipher[modes[m]];

        for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
            struct cipher_key *k = new_key(c, modes[m], sizes[s]);
            struct cipher_params p = {.iv = BYTES(iv, modes[m] == CIPHER_ECB ? 0 : 16),
                                      .counter_bits = 128};

            for (int round = 0; round < 2; round++) {
                memcpy(data, plain, sizeof(data));
                p.encrypt = true;
                run_all(ops, &run, k, &p, data, sizeof(data), data);
                assert_memory_not_equal(data, plain, sizeof(data));
                p.encrypt = false;
                run_all(ops, &run, k, &p, data, sizeof(data), data);
                assert_memory_equal(data, plain, sizeof(data));
            }
            ops->key_free(k);
        }
    }
    c->cipher[CIPHER_ECB]->clear(&run);
    assert_null(run.heap);
}

/* FIPS 197, appendix C. */
static void test_one_block(void **state)
{
    const struct crypto *c = *state;
    static const struct {
        size_t key_n;
        uint8_t out[16];
    } cases[] = {
        {16, "\x69\xc4\xe0\xd8\x6a\x7b\x04\x30\xd8\xcd\xb7\x80\x70\xb4\xc5\x5a"},
        {24, "\xdd\xa9\x7c\xa4\x86\x4c\xdf\xe0\x6e\xaf\x70\xa0\xec\x0d\x71\x91"},
        {32, "\x8e\xa2\xb7\xca\x51\x67\x45\xbf\xea\xfc\x49\x90\x4b\x49\x60\x89"},
    };
    const struct cipher_ops *ops = c->cipher[CIPHER_CBC];
    uint8_t key[33], in[16], out[16];

    if (ops->one_block == NULL) {
        skip(); /* the library has no shorter way */
    }
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof(in); i++) {
        in[i] = (uint8_t)(0x11 * i);
    }
    for (size_t n = 0; n <= sizeof(key); n++) {
        AUTO_SECRET struct secret *k = secret_from(key, n);
        const bool good = n == 16 || n == 24 || n == 32;
        ASSERT_RC(ops->one_block(k, in, out), good ? RC_OK : RC_KEY_SIZE_RANGE);
    }
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_SECRET struct secret *k = secret_from(key, cases[i].key_n);
        ASSERT_OK(ops->one_block(k, in, out));
        assert_memory_equal(out, cases[i].out, 16);
    }
}

static void test_bad_keys_and_parameters(void **state)
{
    const struct crypto *c = *state;
    struct cipher_ctx run = {0};
    uint8_t out[64];
    uint8_t iv[16] = {0};

    for (enum cipher_mode mode = 0; mode < CIPHER_MODE_COUNT; mode++) {
        for (size_t n = 0; n <= 32; n++) {
            AUTO_SECRET struct secret *key = secret_new(n);
            struct cipher_key *k = NULL;
            const bool good = n == 16 || n == 24 || n == 32;

            ASSERT_RC(c->cipher[mode]->key_new(mode, key, &k), good ? RC_OK : RC_KEY_SIZE_RANGE);
            c->cipher[mode]->key_free(k);
        }
    }
    struct cipher_key *cbc = new_key(c, CIPHER_CBC, 16);
    struct cipher_key *ctr = new_key(c, CIPHER_CTR, 16);
    struct cipher_params p = {.encrypt = true, .iv = BYTES(iv, 15), .counter_bits = 32};
    ASSERT_RC(c->cipher[CIPHER_CBC]->begin(&run, cbc, &p), RC_MECHANISM_PARAM_INVALID);
    ASSERT_RC(c->cipher[CIPHER_CTR]->begin(&run, ctr, &p), RC_MECHANISM_PARAM_INVALID);
    p.iv.n = 16;
    p.counter_bits = 0;
    ASSERT_RC(c->cipher[CIPHER_CTR]->begin(&run, ctr, &p), RC_MECHANISM_PARAM_INVALID);
    p.counter_bits = 129;
    ASSERT_RC(c->cipher[CIPHER_CTR]->begin(&run, ctr, &p), RC_MECHANISM_PARAM_INVALID);
    c->cipher[CIPHER_CTR]->clear(&run);
    ASSERT_OK(c->cipher[CIPHER_CBC]->begin(&run, cbc, &p));
    ASSERT_RC(c->cipher[CIPHER_CBC]->update(&run, out, 17, out), RC_DATA_LEN_RANGE);
    c->cipher[CIPHER_CBC]->clear(&run);
    c->cipher[CIPHER_CBC]->key_free(cbc);
    c->cipher[CIPHER_CTR]->key_free(ctr);
}

/* ---- CTR: only the low bits count --------------------------------------------------------------------- */

/* Adds I to the low BITS of BLOCK, which wrap. */
static void counted(uint8_t block[16], unsigned bits, unsigned i)
{
    for (; i > 0; i--) {
        for (unsigned bit = 0; bit < bits; bit++) {
            uint8_t *at = &block[15 - bit / 8];

            *at ^= (uint8_t)(1U << (bit % 8));
            if ((*at >> (bit % 8) & 1U) == 1) {
                break;
            }
        }
    }
}

static void keystream(const struct crypto *c, const uint8_t first[16], unsigned bits,
                      unsigned blocks, uint8_t *out)
{
    struct cipher_key *k = new_key(c, CIPHER_ECB, 32);
    const struct cipher_params p = {.encrypt = true};
    struct cipher_ctx run = {0};

    for (unsigned i = 0; i < blocks; i++) {
        memcpy(out + 16 * (size_t)i, first, 16);
        counted(out + 16 * (size_t)i, bits, i);
    }
    run_all(c->cipher[CIPHER_ECB], &run, k, &p, out, 16 * (size_t)blocks, out);
    c->cipher[CIPHER_ECB]->clear(&run);
    c->cipher[CIPHER_ECB]->key_free(k);
}

static void test_ctr_wraps_inside_its_bits(void **state)
{
    const struct crypto *c = *state;
    const struct cipher_ops *ops = c->cipher[CIPHER_CTR];
    static const unsigned widths[] = {3, 4, 7, 8, 9, 16, 31, 32, 33, 63, 64, 65, 96, 127, 128};
    struct cipher_key *k = new_key(c, CIPHER_CTR, 32);
    struct cipher_ctx run = {0};
    uint8_t zero[128] = {0};
    uint8_t expected[128], out[128];

    for (size_t w = 0; w < ARRAY_LEN(widths); w++) {
        for (unsigned before = 0; before < 6; before++) {
            uint8_t iv[16];

            memset(iv, 0xff, sizeof(iv)); /* as if BEFORE blocks short of the wrap */
            iv[15] = (uint8_t)(0xff - before);
            if (w % 2 == 0) {
                iv[0] = 0x5a;
            }
            const struct cipher_params p = {
                .encrypt = before % 2 == 0, .iv = BYTES(iv, 16), .counter_bits = widths[w]};
            keystream(c, iv, widths[w], 8, expected);
            run_all(ops, &run, k, &p, zero, sizeof(zero), out);
            assert_memory_equal(out, expected, sizeof(out));
            ASSERT_OK(ops->begin(&run, k, &p));
            for (size_t i = 0; i < sizeof(out); i += 11) { /* in odd pieces */
                const size_t take = sizeof(out) - i < 11 ? sizeof(out) - i : 11;
                ASSERT_OK(ops->update(&run, zero, take, out + i));
            }
            assert_memory_equal(out, expected, sizeof(out));
        }
    }
    ops->clear(&run);
    ops->key_free(k);
}

static void test_ctr_ends_after_its_blocks(void **state)
{
    const struct crypto *c = *state;
    const struct cipher_ops *ops = c->cipher[CIPHER_CTR];
    struct cipher_key *k = new_key(c, CIPHER_CTR, 16);
    struct cipher_ctx run = {0};
    uint8_t iv[16] = {0};
    static uint8_t data[16 * 256 + 1];

    iv[15] = 1; /* starts in the middle: the wrap comes first, then the end */
    for (unsigned bits = 1; bits <= 8; bits++) {
        const size_t most = (size_t)16 << bits;
        const struct cipher_params p = {.encrypt = true, .iv = BYTES(iv, 16), .counter_bits = bits};

        ASSERT_OK(ops->begin(&run, k, &p));
        ASSERT_OK(ops->update(&run, data, most, data));
        ASSERT_RC(ops->update(&run, data, 1, data), RC_DATA_LEN_RANGE);
        ASSERT_OK(ops->begin(&run, k, &p));
        ASSERT_RC(ops->update(&run, data, most + 1, data), RC_DATA_LEN_RANGE);
    }
    ops->clear(&run);
    ops->key_free(k);
}

/* ---- GCM and CCM ------------------------------------------------------------------------------------------ */

static void check_tag_lengths(const struct crypto *c, enum cipher_mode mode)
{
    const struct cipher_ops *ops = c->cipher[mode];
    struct cipher_key *k = new_key(c, mode, 32);
    uint8_t iv[12] = {1};
    uint8_t data[40], tag[16];

    for (size_t tag_n = 0; tag_n <= 20; tag_n++) {
        const bool good = tag_n >= 4 && tag_n <= 16 && (mode == CIPHER_GCM || tag_n % 2 == 0);
        struct cipher_params p = {.encrypt = true,
                                  .iv = BYTES(iv, sizeof(iv)),
                                  .aad = BYTES_STR("additional"),
                                  .tag_n = tag_n,
                                  .data_n = sizeof(data)};

        memset(data, 'x', sizeof(data));
        ASSERT_RC(ops->once(k, &p, data, sizeof(data), data, tag),
                  good ? RC_OK : RC_MECHANISM_PARAM_INVALID);
        if (!good) {
            continue;
        }
        p.encrypt = false;
        tag[tag_n - 1] ^= 1;
        uint8_t opened[40], zeros[40] = {0};
        memset(opened, 1, sizeof(opened));
        ASSERT_RC(ops->once(k, &p, data, sizeof(data), opened, tag), RC_ENCRYPTED_DATA_INVALID);
        assert_memory_equal(opened, zeros, sizeof(zeros));
        tag[tag_n - 1] ^= 1;
        ASSERT_OK(ops->once(k, &p, data, sizeof(data), data, tag));
        for (size_t i = 0; i < sizeof(data); i++) {
            assert_int_equal(data[i], 'x');
        }
    }
    ops->key_free(k);
}

static void test_tag_lengths(void **state)
{
    check_tag_lengths(*state, CIPHER_GCM);
    check_tag_lengths(*state, CIPHER_CCM);
}

static void test_nonce_lengths(void **state)
{
    const struct crypto *c = *state;
    struct cipher_key *gcm = new_key(c, CIPHER_GCM, 16);
    struct cipher_key *ccm = new_key(c, CIPHER_CCM, 16);
    static uint8_t iv[700];
    uint8_t data[5] = {0}, tag[16];
    struct cipher_ctx run = {0};
    struct cipher_params p = {.encrypt = true, .tag_n = 16, .data_n = sizeof(data)};

    for (size_t n = 0; n <= sizeof(iv); n += n < 20 ? 1 : 97) {
        p.iv = BYTES(iv, n);
        p.encrypt = true;
        memset(data, 0, sizeof(data));
        ASSERT_RC(c->cipher[CIPHER_CCM]->once(ccm, &p, data, sizeof(data), data, tag),
                  n >= 7 && n <= 13 ? RC_OK : RC_MECHANISM_PARAM_INVALID);
        ASSERT_RC(c->cipher[CIPHER_GCM]->once(gcm, &p, data, sizeof(data), data, tag),
                  n > 0 ? RC_OK : RC_MECHANISM_PARAM_INVALID);
        p.encrypt = false;
        if (n > 0) { /* what was sealed in one call opens in pieces */
            ASSERT_OK(c->cipher[CIPHER_GCM]->begin(&run, gcm, &p));
            ASSERT_OK(c->cipher[CIPHER_GCM]->update(&run, data, 2, data));
            ASSERT_OK(c->cipher[CIPHER_GCM]->update(&run, data + 2, 3, data + 2));
            ASSERT_OK(c->cipher[CIPHER_GCM]->finish(&run, tag, 16));
        }
    }
    p.iv.n = 12;
    assert_int_not_equal(c->cipher[CIPHER_CCM]->begin(&run, ccm, &p), RC_OK);
    c->cipher[CIPHER_GCM]->clear(&run);
    c->cipher[CIPHER_GCM]->key_free(gcm);
    c->cipher[CIPHER_CCM]->key_free(ccm);
}

/* SP 800-38C: 13 bytes of nonce leave 2 for the length. */
static void test_ccm_length(void **state)
{
    const struct crypto *c = *state;
    struct cipher_key *k = new_key(c, CIPHER_CCM, 16);
    static uint8_t data[65536];
    uint8_t iv[13] = {0}, tag[16];
    struct cipher_params p = {.encrypt = true, .iv = BYTES(iv, 13), .tag_n = 8};

    p.data_n = 65536;
    ASSERT_RC(c->cipher[CIPHER_CCM]->once(k, &p, data, 65536, data, tag), RC_DATA_LEN_RANGE);
    p.data_n = 65535;
    ASSERT_OK(c->cipher[CIPHER_CCM]->once(k, &p, data, 65535, data, tag));
    c->cipher[CIPHER_CCM]->key_free(k);
}

/* ---- key wrap ------------------------------------------------------------------------------------------------ */

static void test_key_wrap(void **state)
{
    const struct crypto *c = *state;
    static const uint8_t iv[8] = "abcdefg";
    uint8_t key[100];

    memset(key, 7, sizeof(key));
    for (size_t size = 16; size <= 32; size += 8) {
        AUTO_SECRET struct secret *kek = secret_from(raw_key, size);

        for (int kind = KEYWRAP_RFC3394; kind <= KEYWRAP_RFC5649; kind++) {
            for (size_t n = 0; n < sizeof(key); n++) {
                const bool good = kind == KEYWRAP_RFC3394 ? n >= 16 && n % 8 == 0 : n >= 1;
                const uint8_t *own_iv = n % 2 == 0 ? NULL : iv;
                AUTO_BUF struct buf out = BUF_INIT;
                AUTO_SECRET struct secret *back = NULL;

                ASSERT_RC(c->keywrap->wrap(kind, kek, own_iv, BYTES(key, n), &out),
                          good ? RC_OK : RC_DATA_LEN_RANGE);
                if (!good) {
                    continue;
                }
                assert_int_equal(out.n, (n + 7) / 8 * 8 + 8);
                ASSERT_OK(c->keywrap->unwrap(kind, kek, own_iv, buf_view(&out), &back));
                assert_true(bytes_equal(secret_view(back), BYTES(key, n)));
                secret_free(TAKE(back));
                out.p[n % out.n] ^= 0x80;
                ASSERT_RC(c->keywrap->unwrap(kind, kek, own_iv, buf_view(&out), &back),
                          RC_WRAPPED_KEY_INVALID);
                ASSERT_RC(c->keywrap->unwrap(kind, kek, own_iv, BYTES(out.p, out.n - 1), &back),
                          RC_WRAPPED_KEY_LEN_RANGE);
                ASSERT_RC(c->keywrap->unwrap(kind, kek, own_iv, BYTES(out.p, 8), &back),
                          RC_WRAPPED_KEY_LEN_RANGE);
                assert_null(back);
            }
        }
    }
    AUTO_SECRET struct secret *odd = secret_new(20);
    AUTO_BUF struct buf out = BUF_INIT;
    ASSERT_RC(c->keywrap->wrap(KEYWRAP_RFC3394, odd, NULL, BYTES(key, 16), &out),
              RC_KEY_SIZE_RANGE);
}

int run_cipher_rules(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_context_serves_all),
        cmocka_unit_test(test_one_block),
        cmocka_unit_test(test_bad_keys_and_parameters),
        cmocka_unit_test(test_ctr_wraps_inside_its_bits),
        cmocka_unit_test(test_ctr_ends_after_its_blocks),
        cmocka_unit_test(test_tag_lengths),
        cmocka_unit_test(test_nonce_lengths),
        cmocka_unit_test(test_ccm_length),
        cmocka_unit_test(test_key_wrap),
    };

    return cmocka_run_group_tests_name("cipher", tests, rules_open, rules_close);
}
