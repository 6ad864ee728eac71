/* SPDX-License-Identifier: Apache-2.0
 *
 * HMAC-SHA256 on the compression function: RFC 4231 (test cases 1 to 4, whose keys are at most 32
 * bytes; the standard fills a shorter key up with zeros), and every length around the padding against
 * HMAC on the library's whole hash.
 */
#include "hmac.h"
#include "hmac256.h"
#include "source.h"

static const struct digest_ops *sha256(void)
{
    return crypto_backend_openssl()->digest; /* works before start() */
}

static void mac(const uint8_t key[32], const uint8_t *p, size_t n, size_t step, uint8_t out[32])
{
    struct hmac256 m = {.blocks = sha256()->sha256_blocks};
    hmac256_key(&m, key);
    hmac256_begin(&m);
    for (size_t at = 0; at < n; at += step) {
        hmac256_add(&m, p + at, n - at < step ? n - at : step);
    }
    hmac256_end(&m, out);
}

static void fill(uint8_t *p, size_t n, uint8_t v)
{
    memset(p, v, n);
}

static void test_rfc4231(void **state)
{
    struct {
        uint8_t key[32];
        uint8_t data[50];
        size_t n;
        const char *out;
    } cases[4] = {
        {.data = "Hi There",
         .n = 8,
         .out = "\xb0\x34\x4c\x61\xd8\xdb\x38\x53\x5c\xa8\xaf\xce\xaf\x0b\xf1\x2b"
                "\x88\x1d\xc2\x00\xc9\x83\x3d\xa7\x26\xe9\x37\x6c\x2e\x32\xcf\xf7"},
        {.key = "Jefe",
         .data = "what do ya want for nothing?",
         .n = 28,
         .out = "\x5b\xdc\xc1\x46\xbf\x60\x75\x4e\x6a\x04\x24\x26\x08\x95\x75\xc7"
                "\x5a\x00\x3f\x08\x9d\x27\x39\x83\x9d\xec\x58\xb9\x64\xec\x38\x43"},
        {.n = 50,
         .out = "\x77\x3e\xa9\x1e\x36\x80\x0e\x46\x85\x4d\xb8\xeb\xd0\x91\x81\xa7"
                "\x29\x59\x09\x8b\x3e\xf8\xc1\x22\xd9\x63\x55\x14\xce\xd5\x65\xfe"},
        {.n = 50,
         .out = "\x82\x55\x8a\x38\x9a\x44\x3c\x0e\xa4\xcc\x81\x98\x99\xf2\x08\x3a"
                "\x85\xf0\xfa\xa3\xe5\x78\xf8\x07\x7a\x2e\x3f\xf4\x67\x29\x66\x5b"},
    };
    uint8_t out[32];

    (void)state;
    fill(cases[0].key, 20, 0x0b);
    fill(cases[2].key, 20, 0xaa);
    fill(cases[2].data, 50, 0xdd);
    for (uint8_t i = 0; i < 25; i++) {
        cases[3].key[i] = (uint8_t)(i + 1);
    }
    fill(cases[3].data, 50, 0xcd);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        mac(cases[i].key, cases[i].data, cases[i].n, 50, out);
        assert_memory_equal(out, cases[i].out, 32);
        mac(cases[i].key, cases[i].data, cases[i].n, 1, out);
        assert_memory_equal(out, cases[i].out, 32);
    }
}

static void test_lengths(void **state)
{
    static const size_t steps[] = {1, 7, 63, 64, 65, 300};
    uint8_t key[32];
    uint8_t data[300];

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 7 + 1);
    }
    memcpy(key, data + 100, sizeof(key));
    for (size_t n = 0; n <= sizeof(data); n++) {
        struct hmac_key k = {0};
        struct digest_ctx run = {0};
        uint8_t expected[32];
        uint8_t out[32];

        ASSERT_OK(hmac_key_init(&k, sha256(), HASH_SHA256, BYTES(key, sizeof(key))));
        ASSERT_OK(hmac_begin(&k, &run));
        ASSERT_OK(hmac_update(&run, data, n));
        ASSERT_OK(hmac_finish(&k, &run, expected));
        mac(key, data, n, steps[n % ARRAY_LEN(steps)], out);
        assert_memory_equal(out, expected, sizeof(out));
        hmac_run_clear(&run);
        hmac_key_clear(&k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc4231),
        cmocka_unit_test(test_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
