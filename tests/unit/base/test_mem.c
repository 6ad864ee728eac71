/* SPDX-License-Identifier: Apache-2.0
 *
 * Heap memory: zero, bounded, wiped, and failing where a test wants it to.
 */
#include <string.h>

#include "../cmocka_all.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "base/secret.h"

static void test_alloc_is_zero(void **state)
{
    (void)state;
    for (size_t n = 1; n < 5000; n = n * 3 + 1) {
        unsigned char *p = mem_alloc(n);
        assert_non_null(p);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0xa5, n);
        mem_free(p);
    }
    void *none = mem_alloc(0);
    assert_non_null(none);
    mem_free(none);
    mem_free(NULL);
}

static void test_aligned(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 63, 64, 65, 10272};
    for (size_t align = 16; align <= 128; align *= 2) {
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
            AUTO_FREE uint8_t *p = mem_alloc_aligned(align, sizes[i]);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % align, 0);
            for (size_t k = 0; k < sizes[i]; k++) {
                assert_int_equal(p[k], 0);
            }
            memset(p, 0xa5, sizes[i]); /* the next of this place is zero all the same */
        }
    }
    assert_null(mem_alloc_aligned(64, SIZE_MAX));
    assert_null(mem_alloc_aligned(64, (size_t)PTRDIFF_MAX + 1));
    mem_fault_at(1);
    assert_null(mem_alloc_aligned(64, 64));
    mem_fault_at(0);
}

static void test_overflow_is_null(void **state)
{
    (void)state;
    assert_null(mem_array(SIZE_MAX / 2, 3));
    assert_null(mem_array(3, SIZE_MAX / 2));
    assert_null(mem_alloc(SIZE_MAX));
    assert_null(mem_alloc((size_t)PTRDIFF_MAX + 1));
    int *few = mem_array(3, sizeof *few);
    assert_non_null(few);
    assert_int_equal(few[2], 0);
    mem_free(few);
}

static void test_resize(void **state)
{
    (void)state;
    unsigned char *p = mem_resize(NULL, 0, 4);
    assert_non_null(p);
    memcpy(p, "abcd", 4);
    p = mem_resize(p, 4, 100);
    assert_non_null(p);
    assert_memory_equal(p, "abcd", 4);
    for (size_t i = 4; i < 100; i++) {
        assert_int_equal(p[i], 0);
    }
    p = mem_resize(p, 100, 2);
    assert_memory_equal(p, "ab", 2);
    assert_null(mem_resize(p, 2, SIZE_MAX));
    assert_memory_equal(p, "ab", 2);
    mem_free(p);
}

static void test_wipe(void **state)
{
    (void)state;
    char text[16] = "not for others!";
    mem_wipe(text, 3);
    assert_memory_equal(text, "\0\0\0 for others!", 16);
    mem_wipe(text, sizeof text);
    for (size_t i = 0; i < sizeof text; i++) {
        assert_int_equal(text[i], 0);
    }
    mem_wipe(NULL, 0);
}

static void test_equal_ct(void **state)
{
    (void)state;
    unsigned char a[70];
    unsigned char b[70];
    memset(a, 0x5a, sizeof a);
    memcpy(b, a, sizeof b);
    assert_int_equal(mem_equal_ct(a, b, sizeof a), 1);
    assert_int_equal(mem_equal_ct(NULL, NULL, 0), 1);
    for (size_t i = 0; i < sizeof a; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            b[i] ^= (unsigned char)(1U << bit);
            assert_int_equal(mem_equal_ct(a, b, sizeof a), 0);
            assert_int_equal(mem_equal_ct(a, b, i), 1);
            b[i] ^= (unsigned char)(1U << bit);
        }
    }
}

static void test_faults_are_delivered_once(void **state)
{
    (void)state;
    mem_fault_at(2);
    void *first = mem_alloc(1);
    assert_non_null(first);
    assert_int_equal(mem_fault_count(), 0);
    assert_null(mem_alloc(1));
    assert_int_equal(mem_fault_count(), 1);
    void *third = mem_alloc(1);
    assert_non_null(third);
    assert_int_equal(mem_fault_count(), 1);
    mem_fault_at(0);
    assert_int_equal(mem_fault_count(), 0);
    mem_free(first);
    mem_free(third);
}

static void test_faults_reach_secrets_and_buffers(void **state)
{
    (void)state;
    mem_fault_at(1);
    assert_null(secret_new(8));
    mem_fault_at(1);
    struct buf b = BUF_INIT;
    assert_int_equal(buf_add_u8(&b, 1), RC_HOST_MEMORY);
    assert_int_equal(b.n, 0);
    assert_int_equal(buf_add_u8(&b, 1), RC_OK);
    mem_fault_at(0);
    buf_free(&b);
}

static void *keep(size_t n)
{
    AUTO_FREE char *dropped = mem_alloc(n);
    AUTO_FREE char *kept = mem_alloc(n);
    memcpy(kept, "k", 2);
    memcpy(dropped, "d", 2);
    return TAKE(kept);
}

static void test_scope_release(void **state)
{
    (void)state;
    char *kept = keep(2); /* the leak checker sees that the other one went */
    assert_string_equal(kept, "k");
    mem_free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc_is_zero),
        cmocka_unit_test(test_aligned),
        cmocka_unit_test(test_overflow_is_null),
        cmocka_unit_test(test_resize),
        cmocka_unit_test(test_wipe),
        cmocka_unit_test(test_equal_ct),
        cmocka_unit_test(test_faults_are_delivered_once),
        cmocka_unit_test(test_faults_reach_secrets_and_buffers),
        cmocka_unit_test(test_scope_release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
