/* SPDX-License-Identifier: Apache-2.0
 *
 * DER: what is right is read and written back alike; all else is refused and moves nothing.
 */
#include <string.h>

#include "../cmocka_all.h"
#include "wire/der.h"

#define D(lit)                                                                                     \
    {                                                                                              \
        (const uint8_t *)(lit), sizeof(lit) - 1                                                    \
    }

struct hostile {
    const char *what;
    struct bytes der;
    enum rc rc;
};

static const struct hostile hostile[] = {
    {"nothing", {NULL, 0}, RC_TRUNCATED},
    {"tag alone", D("\x30"), RC_TRUNCATED},
    {"indefinite length", D("\x30\x80\x00\x00"), RC_MALFORMED},
    {"reserved length of length", D("\x30\xff\x01"), RC_MALFORMED},
    {"long form for a short length", D("\x04\x81\x01\x61"), RC_MALFORMED},
    {"long form for 127", D("\x04\x81\x7f"), RC_MALFORMED},
    {"leading zero in the length", D("\x04\x82\x00\x80"), RC_MALFORMED},
    {"leading zero in a longer length", D("\x04\x84\x00\x00\x00\x01\x61"), RC_MALFORMED},
    {"length of nine bytes", D("\x04\x89\x01\x00\x00\x00\x00\x00\x00\x00\x00"), RC_MALFORMED},
    {"length of all ones", D("\x04\x88\xff\xff\xff\xff\xff\xff\xff\xff"), RC_TRUNCATED},
    {"length of 2^63", D("\x04\x88\x80\x00\x00\x00\x00\x00\x00\x00"), RC_TRUNCATED},
    {"length of 2^32 - 1", D("\x04\x84\xff\xff\xff\xff\x00"), RC_TRUNCATED},
    {"length cut", D("\x04\x82\x01"), RC_TRUNCATED},
    {"content cut", D("\x04\x03\x61\x62"), RC_TRUNCATED},
    {"content missing", D("\x04\x01"), RC_TRUNCATED},
    {"tag of several bytes", D("\x1f\x81\x01\x00"), RC_MALFORMED},
    {"context tag of several bytes", D("\xbf\x81\x01\x00"), RC_MALFORMED},
    {"end-of-contents", D("\x00\x00"), RC_MALFORMED},
};

static void test_hostile(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        struct rd r = RD(hostile[i].der);
        uint8_t tag = 0x55;
        struct bytes content = BYTES_STR("kept");
        struct bytes whole = BYTES_STR("kept");
        const enum rc rc = der_take_any(&r, &tag, &content, &whole);
        if (rc != hostile[i].rc) {
            fail_msg("%s: %s", hostile[i].what, rc_name(rc));
        }
        assert_int_equal(r.n, hostile[i].der.n);
        assert_int_equal(tag, 0x55);
        assert_int_equal(content.n, 4);
        assert_int_equal(whole.n, 4);
        assert_int_not_equal(der_whole(hostile[i].der, 0x04, &content), RC_OK);
    }
}

static void test_take_and_peek(void **state)
{
    (void)state;
    const struct bytes in = BYTES_STR("\x30\x05\x04\x01\x61\x05\x00\x02\x01\x07");
    struct rd r = RD(in);
    struct bytes seq = BYTES_NONE;
    assert_int_equal(der_peek(&r, DER_SEQUENCE), 1);
    assert_int_equal(der_peek(&r, DER_SET), 0);
    assert_int_equal(der_take(&r, DER_SET, &seq), RC_MALFORMED);
    assert_int_equal(der_take(&r, DER_SEQUENCE, &seq), RC_OK);
    assert_int_equal(seq.n, 5);
    struct rd inner = RD(seq);
    struct bytes v = BYTES_NONE;
    struct bytes whole = BYTES_NONE;
    uint8_t tag = 0;
    assert_int_equal(der_take(&inner, DER_OCTET_STRING, &v), RC_OK);
    assert_true(bytes_equal(v, BYTES_STR("a")));
    assert_int_equal(der_take_any(&inner, &tag, &v, &whole), RC_OK);
    assert_int_equal(tag, DER_NULL);
    assert_int_equal(v.n, 0);
    assert_int_equal(whole.n, 2);
    assert_int_equal(rd_end(&inner), RC_OK);
    assert_int_equal(der_take(&inner, DER_NULL, &v), RC_TRUNCATED);
    assert_int_equal(der_peek(&inner, DER_NULL), 0);
    uint32_t small = 0;
    assert_int_equal(der_take_small(&r, &small), RC_OK);
    assert_int_equal(small, 7);
    assert_int_equal(rd_end(&r), RC_OK);
}

static void test_whole(void **state)
{
    (void)state;
    struct bytes v = BYTES_STR("kept");
    assert_int_equal(der_whole(BYTES_STR("\x04\x01\x61\x00"), DER_OCTET_STRING, &v), RC_MALFORMED);
    assert_int_equal(der_whole(BYTES_STR("\x04\x01\x61"), DER_OID, &v), RC_MALFORMED);
    assert_int_equal(v.n, 4);
    assert_int_equal(der_whole(BYTES_STR("\x04\x01\x61"), DER_OCTET_STRING, &v), RC_OK);
    assert_int_equal(v.n, 1);
}

struct integer {
    struct bytes der;
    enum rc rc;
    struct bytes magnitude;
};

static const struct integer integers[] = {
    {D("\x02\x01\x00"), RC_OK, D("\x00")},
    {D("\x02\x01\x7f"), RC_OK, D("\x7f")},
    {D("\x02\x02\x00\x80"), RC_OK, D("\x80")},
    {D("\x02\x02\x01\x00"), RC_OK, D("\x01\x00")},
    {D("\x02\x03\x00\xff\xff"), RC_OK, D("\xff\xff")},
    {D("\x02\x00"), RC_MALFORMED, {NULL, 0}},
    {D("\x02\x01\x80"), RC_MALFORMED, {NULL, 0}},         /* negative */
    {D("\x02\x02\xff\x00"), RC_MALFORMED, {NULL, 0}},     /* negative */
    {D("\x02\x02\x00\x7f"), RC_MALFORMED, {NULL, 0}},     /* not the shortest */
    {D("\x02\x03\x00\x00\x80"), RC_MALFORMED, {NULL, 0}}, /* not the shortest */
    {D("\x03\x01\x00"), RC_MALFORMED, {NULL, 0}},         /* another tag */
    {D("\x02\x02\x01"), RC_TRUNCATED, {NULL, 0}},
};

static void test_integers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(integers); i++) {
        struct rd r = RD(integers[i].der);
        struct bytes v = BYTES_NONE;
        assert_int_equal(der_take_uint(&r, &v), integers[i].rc);
        assert_true(bytes_equal(v, integers[i].magnitude));
        assert_int_equal(r.n, integers[i].rc == RC_OK ? 0 : integers[i].der.n);
        if (integers[i].rc == RC_OK) {
            AUTO_BUF struct buf b = BUF_INIT;
            assert_int_equal(der_add_uint(&b, v), RC_OK);
            assert_true(bytes_equal(buf_view(&b), integers[i].der));
        }
    }
}

static void test_small(void **state)
{
    (void)state;
    static const uint32_t values[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 0x7fffffff};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        AUTO_BUF struct buf b = BUF_INIT;
        assert_int_equal(der_add_small(&b, values[i]), RC_OK);
        struct rd r = RD(buf_view(&b));
        uint32_t back = 99;
        assert_int_equal(der_take_small(&r, &back), RC_OK);
        assert_int_equal(back, values[i]);
    }
    uint32_t v = 99;
    struct rd big = RD(BYTES_STR("\x02\x05\x00\x80\x00\x00\x00"));
    assert_int_equal(der_take_small(&big, &v), RC_MALFORMED);
    assert_int_equal(big.n, 7);
    struct rd bigger = RD(BYTES_STR("\x02\x05\x01\x00\x00\x00\x00"));
    assert_int_equal(der_take_small(&bigger, &v), RC_MALFORMED);
    assert_int_equal(v, 99);
}

static void test_lengths_there_and_back(void **state)
{
    (void)state;
    static uint8_t content[70000];
    static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 70000};
    static const size_t heads[] = {2, 2, 2, 3, 3, 4, 4, 5, 5};
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        AUTO_BUF struct buf b = BUF_INIT;
        assert_int_equal(der_add(&b, DER_OCTET_STRING, BYTES(content, lengths[i])), RC_OK);
        assert_int_equal(b.n, heads[i] + lengths[i]);
        struct bytes v = BYTES_NONE;
        assert_int_equal(der_whole(buf_view(&b), DER_OCTET_STRING, &v), RC_OK);
        assert_int_equal(v.n, lengths[i]);
        /* each truncation near both ends */
        for (size_t cut = 1; cut <= b.n && cut < 8; cut++) {
            assert_int_equal(der_whole(BYTES(b.p, b.n - cut), DER_OCTET_STRING, &v), RC_TRUNCATED);
            assert_int_equal(der_whole(BYTES(b.p, cut - 1), DER_OCTET_STRING, &v),
                             cut - 1 == b.n ? RC_OK : RC_TRUNCATED);
        }
    }
}

static void test_writers(void **state)
{
    (void)state;
    AUTO_BUF struct buf b = BUF_INIT;
    assert_int_equal(der_add_bits(&b, BYTES_STR("\xaa")), RC_OK);
    assert_true(bytes_equal(buf_view(&b), BYTES_STR("\x03\x02\x00\xaa")));
    buf_clear(&b);
    assert_int_equal(der_add_uint(&b, BYTES_STR("\x00\x00\x80")), RC_OK);
    assert_true(bytes_equal(buf_view(&b), BYTES_STR("\x02\x02\x00\x80")));
    buf_clear(&b);
    assert_int_equal(der_add_uint(&b, BYTES_NONE), RC_OK);
    assert_true(bytes_equal(buf_view(&b), BYTES_STR("\x02\x01\x00")));
    static uint8_t big[300];
    mem_fault_at(1);
    assert_int_equal(der_add(&b, DER_OCTET_STRING, BYTES(big, sizeof big)), RC_HOST_MEMORY);
    mem_fault_at(0);
    assert_int_equal(b.n, 3);
}

static void test_back_to_front(void **state)
{
    (void)state;
    AUTO_SECRET struct secret *room = secret_new(400);
    struct der_back w = {room, room->n};
    static const uint8_t modulus[200] = {0xc1, 2, 3};
    assert_int_equal(der_back_uint(&w, BYTES_STR("\x00\x01\x00\x01")), RC_OK);
    assert_int_equal(der_back_uint(&w, BYTES(modulus, sizeof modulus)), RC_OK);
    assert_int_equal(der_back_uint(&w, BYTES_NONE), RC_OK);
    assert_int_equal(der_back_wrap(&w, DER_SEQUENCE, room->n), RC_OK);
    AUTO_SECRET struct secret *made = der_back_done(&w);

    AUTO_BUF struct buf body = BUF_INIT;
    AUTO_BUF struct buf whole = BUF_INIT;
    assert_int_equal(der_add_uint(&body, BYTES_NONE), RC_OK);
    assert_int_equal(der_add_uint(&body, BYTES(modulus, sizeof modulus)), RC_OK);
    assert_int_equal(der_add_small(&body, 65537), RC_OK);
    assert_int_equal(der_add(&whole, DER_SEQUENCE, buf_view(&body)), RC_OK);
    assert_true(bytes_equal(secret_view(made), buf_view(&whole)));

    mem_fault_at(1);
    assert_null(der_back_done(&w));
    mem_fault_at(0);
}

static void test_back_to_front_without_room(void **state)
{
    (void)state;
    for (size_t n = 0; n < 4; n++) {
        AUTO_SECRET struct secret *room = secret_new(n);
        struct der_back w = {room, n};
        assert_int_equal(der_back_uint(&w, BYTES_STR("\x80")), RC_BUFFER_TOO_SMALL);
        assert_int_equal(w.at, n);
    }
    AUTO_SECRET struct secret *room = secret_new(4);
    struct der_back w = {room, 4};
    assert_int_equal(der_back_uint(&w, BYTES_STR("\x80")), RC_OK);
    assert_int_equal(w.at, 0);
    assert_true(bytes_equal(secret_view(room), BYTES_STR("\x02\x02\x00\x80")));
    assert_int_equal(der_back_wrap(&w, DER_SEQUENCE, 4), RC_BUFFER_TOO_SMALL);
    assert_int_equal(der_back_wrap(&w, DER_SEQUENCE, 5), RC_GENERAL_ERROR);
    assert_int_equal(w.at, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_take_and_peek),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_lengths_there_and_back),
        cmocka_unit_test(test_writers),
        cmocka_unit_test(test_back_to_front),
        cmocka_unit_test(test_back_to_front_without_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
