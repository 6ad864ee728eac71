/* SPDX-License-Identifier: Apache-2.0
 *
 * The map against a plain array, through many puts and takes.
 */
#include "../cmocka_all.h"
#include "base/map.h"
#include "base/mem.h"

static void test_empty(void **state)
{
    (void)state;
    struct map m = MAP_INIT;
    assert_null(map_get(&m, 1));
    assert_null(map_take(&m, 1));
    size_t i = 0;
    uint64_t id = 0;
    void *value = NULL;
    assert_int_equal(map_next(&m, &i, &id, &value), 0);
    map_free(&m);
}

static void test_put_get_take(void **state)
{
    (void)state;
    struct map m = MAP_INIT;
    int a = 0;
    int b = 0;
    assert_int_equal(map_put(&m, 0, &a), RC_GENERAL_ERROR);
    assert_int_equal(map_put(&m, UINT64_MAX, &a), RC_OK);
    assert_int_equal(map_put(&m, 1, &b), RC_OK);
    assert_int_equal(m.n, 2);
    assert_ptr_equal(map_get(&m, UINT64_MAX), &a);
    assert_int_equal(map_put(&m, UINT64_MAX, &b), RC_OK);
    assert_int_equal(m.n, 2);
    assert_ptr_equal(map_take(&m, UINT64_MAX), &b);
    assert_null(map_get(&m, UINT64_MAX));
    assert_null(map_take(&m, UINT64_MAX));
    assert_ptr_equal(map_get(&m, 1), &b);
    assert_null(map_get(&m, 0));
    map_free(&m);
}

enum { MANY = 3000 };
static char things[MANY];

static void test_against_array(void **state)
{
    (void)state;
    struct map m = MAP_INIT;
    static char in[MANY];
    uint32_t seed = 12345;
    size_t n = 0;
    for (unsigned step = 0; step < 60000; step++) {
        seed = seed * 1664525 + 1013904223;
        const unsigned i = (seed >> 8) % MANY;
        const uint64_t id = ((uint64_t)i + 1) << (i % 3 * 20); /* clustered low bits */
        if ((seed >> 30) != 0 && !in[i]) {
            assert_int_equal(map_put(&m, id, &things[i]), RC_OK);
            in[i] = 1;
            n++;
        } else if (in[i]) {
            assert_ptr_equal(map_take(&m, id), &things[i]);
            in[i] = 0;
            n--;
        }
        assert_int_equal(m.n, n);
    }
    size_t seen = 0;
    size_t at = 0;
    uint64_t id = 0;
    void *value = NULL;
    while (map_next(&m, &at, &id, &value)) {
        const size_t i = (size_t)((char *)value - things);
        assert_true(in[i]);
        assert_true(id == ((uint64_t)i + 1) << (i % 3 * 20));
        assert_ptr_equal(map_take(&m, id), value);
        seen++;
    }
    assert_int_equal(seen, n);
    assert_int_equal(m.n, 0);
    assert_true(m.cap <= 16384); /* taken places are used again */
    map_free(&m);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct map m = MAP_INIT;
    int a = 0;
    mem_fault_at(1);
    assert_int_equal(map_put(&m, 1, &a), RC_HOST_MEMORY);
    for (uint64_t id = 1; id <= 12; id++) {
        assert_int_equal(map_put(&m, id, &a), RC_OK);
    }
    mem_fault_at(1);
    assert_int_equal(map_put(&m, 13, &a), RC_HOST_MEMORY);
    mem_fault_at(0);
    assert_int_equal(m.n, 12);
    for (uint64_t id = 1; id <= 12; id++) {
        assert_ptr_equal(map_get(&m, id), &a);
    }
    map_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_put_get_take),
        cmocka_unit_test(test_against_array),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
