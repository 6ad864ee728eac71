/* SPDX-License-Identifier: Apache-2.0
 *
 * Hex text, there and back.
 */
#include <string.h>

#include "../cmocka_all.h"
#include "wire/hex.h"

static void test_write(void **state)
{
    (void)state;
    char out[9];
    memset(out, 'x', sizeof out);
    hex_write(BYTES_STR("\x00\x7f\xab\xff"), out);
    assert_string_equal(out, "007fabff");
    hex_write(BYTES_NONE, out);
    assert_string_equal(out, "");
}

static void test_read(void **state)
{
    (void)state;
    AUTO_BUF struct buf b = BUF_INIT;
    assert_int_equal(hex_read("00aBFf7F", 8, &b), RC_OK);
    assert_true(bytes_equal(buf_view(&b), BYTES_STR("\x00\xab\xff\x7f")));
    assert_int_equal(hex_read("", 0, &b), RC_OK);
    assert_int_equal(hex_read("01", 2, &b), RC_OK);
    assert_int_equal(b.n, 5);
}

static void test_refused_leaves_it(void **state)
{
    (void)state;
    AUTO_BUF struct buf b = BUF_INIT;
    static const char *const bad[] = {"0",   "0g", "g0", "0x00", " 0", "00 0",
                                      "012", "/0", ":0", "@0",   "G0", "`0"};
    assert_int_equal(buf_add_u8(&b, 7), RC_OK);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(hex_read(bad[i], strlen(bad[i]), &b), RC_MALFORMED);
        assert_int_equal(b.n, 1);
    }
    static const char many[200] = {0};
    assert_int_equal(hex_read(many, sizeof many, &b), RC_MALFORMED);
    char zeros[400];
    memset(zeros, '0', sizeof zeros);
    mem_fault_at(1);
    assert_int_equal(hex_read(zeros, sizeof zeros, &b), RC_HOST_MEMORY);
    mem_fault_at(0);
    assert_int_equal(b.n, 1);
}

static void test_all_bytes(void **state)
{
    (void)state;
    uint8_t all[256];
    char text[513];
    for (unsigned i = 0; i < 256; i++) {
        all[i] = (uint8_t)i;
    }
    hex_write(BYTES(all, sizeof all), text);
    AUTO_BUF struct buf b = BUF_INIT;
    assert_int_equal(hex_read(text, 512, &b), RC_OK);
    assert_int_equal(b.n, 256);
    assert_memory_equal(b.p, all, 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_refused_leaves_it),
        cmocka_unit_test(test_all_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
