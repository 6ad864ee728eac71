/* SPDX-License-Identifier: Apache-2.0
 *
 * Views, buffers, the bounded reader.
 */
#include <string.h>

#include "../cmocka_all.h"
#include "base/bytes.h"

static void test_equal(void **state)
{
    (void)state;
    assert_true(bytes_equal(BYTES_STR("abc"), BYTES_STR("abc")));
    assert_false(bytes_equal(BYTES_STR("abc"), BYTES_STR("abd")));
    assert_false(bytes_equal(BYTES_STR("abc"), BYTES_STR("ab")));
    assert_true(bytes_equal(BYTES_NONE, BYTES_STR("")));
}

static void test_integers_are_little_endian(void **state)
{
    (void)state;
    AUTO_BUF struct buf b = BUF_INIT;
    assert_int_equal(buf_add_u8(&b, 0x01), RC_OK);
    assert_int_equal(buf_add_u16(&b, 0x0302), RC_OK);
    assert_int_equal(buf_add_u32(&b, 0x07060504), RC_OK);
    assert_int_equal(buf_add_u64(&b, 0x0f0e0d0c0b0a0908U), RC_OK);
    for (size_t i = 0; i < 15; i++) {
        assert_int_equal(b.p[i], i + 1);
    }
    struct rd r = RD(buf_view(&b));
    uint8_t u8 = 0;
    uint16_t u16 = 0;
    uint32_t u32 = 0;
    uint64_t u64 = 0;
    assert_int_equal(rd_u8(&r, &u8), RC_OK);
    assert_int_equal(rd_u16(&r, &u16), RC_OK);
    assert_int_equal(rd_u32(&r, &u32), RC_OK);
    assert_int_equal(rd_end(&r), RC_MALFORMED);
    assert_int_equal(rd_u64(&r, &u64), RC_OK);
    assert_int_equal(rd_end(&r), RC_OK);
    assert_int_equal(u8, 1);
    assert_int_equal(u16, 0x0302);
    assert_int_equal(u32, 0x07060504);
    assert_true(u64 == 0x0f0e0d0c0b0a0908U);
}

static void test_short_input_stays(void **state)
{
    (void)state;
    const uint8_t seven[7] = {1, 2, 3, 4, 5, 6, 7};
    struct rd r = RD(BYTES(seven, 7));
    uint64_t u64 = 99;
    assert_int_equal(rd_u64(&r, &u64), RC_TRUNCATED);
    assert_int_equal(u64, 99);
    assert_ptr_equal(r.p, seven);
    assert_int_equal(r.n, 7);
    struct bytes v = BYTES_NONE;
    assert_int_equal(rd_take(&r, SIZE_MAX, &v), RC_TRUNCATED);
    assert_int_equal(rd_take(&r, 7, &v), RC_OK);
    assert_int_equal(v.n, 7);
    uint8_t u8 = 9;
    assert_int_equal(rd_u8(&r, &u8), RC_TRUNCATED);
    struct rd none = RD(BYTES_NONE);
    assert_int_equal(rd_take(&none, 0, &v), RC_OK);
    assert_int_equal(v.n, 0);
}

static void test_block(void **state)
{
    (void)state;
    AUTO_BUF struct buf b = BUF_INIT;
    assert_int_equal(buf_add_block(&b, BYTES_STR("hello")), RC_OK);
    assert_int_equal(buf_add_block(&b, BYTES_NONE), RC_OK);
    assert_int_equal(b.n, 13);
    struct rd r = RD(buf_view(&b));
    struct bytes v = BYTES_NONE;
    assert_int_equal(rd_block(&r, &v), RC_OK);
    assert_true(bytes_equal(v, BYTES_STR("hello")));
    assert_int_equal(rd_block(&r, &v), RC_OK);
    assert_int_equal(v.n, 0);
    assert_int_equal(rd_end(&r), RC_OK);
    for (size_t n = 0; n < 9; n++) {
        struct rd cut = {b.p, n};
        assert_int_equal(rd_block(&cut, &v), RC_TRUNCATED);
        assert_int_equal(cut.n, n);
    }
    const uint8_t huge[6] = {0xff, 0xff, 0xff, 0xff, 1, 2};
    struct rd h = RD(BYTES(huge, 6));
    assert_int_equal(rd_block(&h, &v), RC_TRUNCATED);
    assert_int_equal(h.n, 6);
}

static void test_growth_and_set(void **state)
{
    (void)state;
    AUTO_BUF struct buf b = BUF_INIT;
    for (unsigned i = 0; i < 10000; i++) {
        assert_int_equal(buf_add_u8(&b, (uint8_t)i), RC_OK);
    }
    for (unsigned i = 0; i < 10000; i++) {
        assert_int_equal(b.p[i], (uint8_t)i);
    }
    const size_t cap = b.cap;
    uint8_t *where = b.p;
    assert_int_equal(buf_set(&b, BYTES_STR("short")), RC_OK);
    assert_int_equal(b.n, 5);
    assert_ptr_equal(b.p, where);
    assert_int_equal(b.p[5], 0); /* what was there is wiped */
    assert_int_equal(b.p[9999], 0);
    buf_clear(&b);
    assert_int_equal(b.n, 0);
    assert_int_equal(b.cap, cap);
    assert_int_equal(b.p[0], 0);
    assert_int_equal(buf_reserve(&b, SIZE_MAX), RC_HOST_MEMORY);
    assert_int_equal(buf_reserve(&b, SIZE_MAX / 2 + 2), RC_HOST_MEMORY);
    assert_int_equal(b.cap, cap);
    buf_free(&b);
    assert_null(b.p);
    assert_int_equal(buf_add(&b, NULL, 0), RC_OK);
}

static void test_no_memory_leaves_it(void **state)
{
    (void)state;
    AUTO_BUF struct buf b = BUF_INIT;
    assert_int_equal(buf_add(&b, "0123456789", 10), RC_OK);
    uint8_t big[500] = {0};
    mem_fault_at(1);
    assert_int_equal(buf_add_block(&b, BYTES(big, sizeof big)), RC_HOST_MEMORY);
    assert_int_equal(b.n, 10);
    mem_fault_at(1);
    assert_int_equal(buf_set(&b, BYTES(big, sizeof big)), RC_HOST_MEMORY);
    mem_fault_at(0);
    assert_true(bytes_equal(buf_view(&b), BYTES_STR("0123456789")));
}

static void test_fixed_places(void **state)
{
    (void)state;
    uint8_t out[8];
    put_u32_be(out, 0x01020304);
    assert_memory_equal(out, "\x01\x02\x03\x04", 4);
    put_u64_be(out, 0x0102030405060708U);
    assert_memory_equal(out, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
    assert_true(get_u64_be(out) == 0x0102030405060708U);
    assert_true(get_u64_le(out) == 0x0807060504030201U);
    put_u64_le(out, 0xfffefdfcfbfaf9f8U);
    assert_true(get_u64_le(out) == 0xfffefdfcfbfaf9f8U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_integers_are_little_endian),
        cmocka_unit_test(test_short_input_stays),
        cmocka_unit_test(test_block),
        cmocka_unit_test(test_growth_and_set),
        cmocka_unit_test(test_no_memory_leaves_it),
        cmocka_unit_test(test_fixed_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
