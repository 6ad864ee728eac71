/* SPDX-License-Identifier: Apache-2.0
 *
 * Published vectors through one library: no wrong accept, no wrong reject.
 */
#include "rows.h"

static int open_subject(void **state)
{
    *state = subject_open();
    return 0;
}

static int close_subject(void **state)
{
    crypto_close(*state);
    return 0;
}

static void run(void **state, const char *file)
{
    unsigned checked = 0;
    const unsigned wrong = rows_run(*state, file, &checked);

    print_message("%s: %u checked\n", file, checked);
    assert_int_equal(wrong, 0);
    assert_true(checked > 10);
}

#define FILE_TEST(name)                                                                            \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        run(state, #name);                                                                         \
    }
FILE_TEST(digest)
FILE_TEST(mac)
FILE_TEST(kdf)
FILE_TEST(drbg)
FILE_TEST(aes)
FILE_TEST(ec)
FILE_TEST(okp)
FILE_TEST(rsa)

/* A library may be built without any of these. */
static void test_pq(void **state)
{
    const struct crypto *c = *state;

    if (c->pkey[PKEY_ML_KEM_512][CURVE_NONE] == NULL &&
        c->pkey[PKEY_ML_DSA_44][CURVE_NONE] == NULL) {
        skip();
    }
    run(state, "pq");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest), cmocka_unit_test(test_mac), cmocka_unit_test(test_kdf),
        cmocka_unit_test(test_drbg),   cmocka_unit_test(test_aes), cmocka_unit_test(test_ec),
        cmocka_unit_test(test_okp),    cmocka_unit_test(test_rsa), cmocka_unit_test(test_pq),
    };

    return cmocka_run_group_tests(tests, open_subject, close_subject);
}
