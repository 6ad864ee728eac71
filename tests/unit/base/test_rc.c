/* SPDX-License-Identifier: Apache-2.0
 *
 * The error list: names, sentences, CK_RV.
 */
#include <string.h>

#include "../cmocka_all.h"
#include "base/rc.h"

static void test_names_and_numbers(void **state)
{
    (void)state;
    assert_string_equal(rc_name(RC_OK), "OK");
    assert_int_equal(rc_ckr(RC_OK), 0);
    assert_string_equal(rc_name(RC_PIN_LOCKED), "PIN_LOCKED");
    assert_int_equal(rc_ckr(RC_PIN_LOCKED), 0xa4);
    assert_int_equal(rc_ckr(RC_HOST_MEMORY), 2);
    assert_int_equal(rc_ckr(RC_CONFIG), 5);
    assert_int_equal(rc_ckr(RC_KEY_EXHAUSTED), 0x203);
}

static void test_each_row_is_whole(void **state)
{
    (void)state;
    for (int rc = 1; rc < RC_COUNT; rc++) {
        assert_true(strlen(rc_name((enum rc)rc)) > 2);
        assert_true(strlen(rc_text((enum rc)rc)) > 2);
        assert_int_not_equal(rc_text((enum rc)rc)[strlen(rc_text((enum rc)rc)) - 1], '.');
        assert_int_not_equal(rc_ckr((enum rc)rc), 0);
    }
}

static void test_no_such_number(void **state)
{
    (void)state;
    assert_string_equal(rc_name(RC_COUNT), "?");
    assert_string_equal(rc_name((enum rc) - 1), "?");
    assert_int_equal(rc_ckr((enum rc)100000), 5);
}

static enum rc tried(enum rc rc)
{
    TRY(rc);
    return RC_CANCEL;
}

static enum rc required(int held)
{
    REQUIRE(held, RC_NOT_FOUND);
    return RC_OK;
}

static void test_guards(void **state)
{
    (void)state;
    assert_int_equal(tried(RC_OK), RC_CANCEL);
    assert_int_equal(tried(RC_CONFIG), RC_CONFIG);
    assert_int_equal(required(1), RC_OK);
    assert_int_equal(required(0), RC_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_numbers),
        cmocka_unit_test(test_each_row_is_whole),
        cmocka_unit_test(test_no_such_number),
        cmocka_unit_test(test_guards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
