/* SPDX-License-Identifier: Apache-2.0
 *
 * PINs, the wait after failures, and the sealed state of a token.
 */
#include "fixture.h"

#include <string.h>

#define FEW 10u /* iterations: these tests are about logic */
#define LABEL BYTES_STR("the label of this token, 32 byte")

static void new_token(struct seal_state *s, struct secret **master)
{
    assert_ok(seal_token_new(crypto, LABEL, BYTES_STR("so pin"), FEW, 1234, s, master));
}

static void opens(const struct seal_state *s, enum seal_account a, struct bytes pin,
                  const struct secret *master)
{
    AUTO_SECRET struct secret *got = NULL;
    assert_ok(seal_pin_open(crypto, s, a, pin, &got));
    assert_true(secret_equal(got, master));
}

static void refused(const struct seal_state *s, enum seal_account a, struct bytes pin, enum rc want)
{
    AUTO_SECRET struct secret *got = NULL;
    assert_rc(seal_pin_open(crypto, s, a, pin, &got), want);
    assert_null(got);
}

static void a_new_token(void **state)
{
    (void)state;
    AUTO_SECRET struct secret *a = NULL;
    AUTO_SECRET struct secret *b = NULL;
    struct seal_state s;
    struct seal_state t;
    new_token(&s, &a);
    new_token(&t, &b);
    assert_int_equal(a->n, SEAL_KEY_SIZE);
    assert_false(secret_equal(a, b));
    assert_memory_not_equal(s.token_id, t.token_id, SEAL_TOKEN_ID_SIZE);
    assert_int_equal(s.generation, 1);
    assert_int_equal(s.created_ms, 1234);
    assert_true(s.pin[SEAL_SO].set);
    assert_false(s.pin[SEAL_USER].set);
    opens(&s, SEAL_SO, BYTES_STR("so pin"), a);
    refused(&s, SEAL_SO, BYTES_STR("so pim"), RC_PIN_INCORRECT);
    refused(&s, SEAL_SO, BYTES_NONE, RC_PIN_INCORRECT);
    refused(&s, SEAL_USER, BYTES_STR("so pin"), RC_USER_PIN_NOT_INITIALIZED);
    assert_rc(seal_token_new(crypto, BYTES_STR("short"), BYTES_STR("p"), FEW, 0, &t, &b),
              RC_ARGUMENTS_BAD);
}

static void r100_both_accounts_open_one_master_key(void **state)
{
    (void)state;
    AUTO_SECRET struct secret *m = NULL;
    struct seal_state s;
    new_token(&s, &m);
    s.pin[SEAL_USER].failed = 3;
    s.pin[SEAL_USER].last_failed_ms = 99;
    assert_ok(seal_pin_set(crypto, &s, SEAL_USER, BYTES_STR("user"), FEW, m));
    assert_int_equal(s.pin[SEAL_USER].failed, 0);
    assert_int_equal(s.pin[SEAL_USER].last_failed_ms, 0);
    opens(&s, SEAL_USER, BYTES_STR("user"), m);
    opens(&s, SEAL_SO, BYTES_STR("so pin"), m);
    refused(&s, SEAL_SO, BYTES_STR("user"), RC_PIN_INCORRECT);
    /* a new PIN: a fresh salt, and the old one is dead */
    const struct seal_pin old = s.pin[SEAL_USER];
    assert_ok(seal_pin_set(crypto, &s, SEAL_USER, BYTES_STR("new"), FEW + 1, m));
    assert_memory_not_equal(old.salt, s.pin[SEAL_USER].salt, sizeof(old.salt));
    refused(&s, SEAL_USER, BYTES_STR("user"), RC_PIN_INCORRECT);
    opens(&s, SEAL_USER, BYTES_STR("new"), m);
}

static void r100_a_wrapped_key_is_good_in_its_place_alone(void **state)
{
    (void)state;
    AUTO_SECRET struct secret *m = NULL;
    struct seal_state s;
    new_token(&s, &m);
    assert_ok(seal_pin_set(crypto, &s, SEAL_USER, BYTES_STR("user"), FEW, m));
    struct seal_state t = s;
    t.pin[SEAL_SO] = s.pin[SEAL_USER]; /* the user's PIN as the officer's */
    refused(&t, SEAL_SO, BYTES_STR("user"), RC_PIN_INCORRECT);
    t = s;
    t.token_id[0] ^= 1;
    refused(&t, SEAL_USER, BYTES_STR("user"), RC_PIN_INCORRECT);
    t = s;
    t.generation++;
    refused(&t, SEAL_USER, BYTES_STR("user"), RC_PIN_INCORRECT);
    t = s;
    t.pin[SEAL_USER].iterations++;
    refused(&t, SEAL_USER, BYTES_STR("user"), RC_PIN_INCORRECT);
    for (size_t i = 0; i < sizeof(t.pin[0].wrapped); i++) {
        t = s;
        t.pin[SEAL_USER].wrapped[i] ^= 0x10;
        refused(&t, SEAL_USER, BYTES_STR("user"), RC_PIN_INCORRECT);
    }
}

static void waiting(void **state)
{
    (void)state;
    static const unsigned want[] = {0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000};
    struct seal_pin p = {.set = true, .last_failed_ms = 1000000};
    for (uint32_t failed = 0; failed < ARRAY_LEN(want); failed++) {
        p.failed = failed;
        assert_int_equal(seal_pin_wait_ms(&p, 1000000), want[failed]);
        assert_int_equal(seal_pin_wait_ms(&p, 1000000 + want[failed]), 0);
        if (failed > 0) {
            assert_int_equal(seal_pin_wait_ms(&p, 1000000 + want[failed] - 1), 1);
        }
        assert_int_equal(seal_pin_wait_ms(&p, UINT64_MAX), 0);
        assert_int_equal(seal_pin_wait_ms(&p, 0), want[failed]); /* the clock went back */
    }
    p.failed = UINT32_MAX;
    assert_int_equal(seal_pin_wait_ms(&p, 1000000), 5000);
    p.failed = 33;
    assert_int_equal(seal_pin_wait_ms(&p, 1000000), 5000);
    p.last_failed_ms = UINT64_MAX;
    assert_int_equal(seal_pin_wait_ms(&p, 5), 5000);
}

/* ---- the sealed state ------------------------------------------------------------------------- */

static void same_state(const struct seal_state *a, const struct seal_state *b)
{
    assert_memory_equal(a->token_id, b->token_id, sizeof(a->token_id));
    assert_memory_equal(a->label, b->label, sizeof(a->label));
    assert_int_equal(a->generation, b->generation);
    assert_int_equal(a->created_ms, b->created_ms);
    assert_int_equal(a->change, b->change);
    for (int i = 0; i < SEAL_ACCOUNTS; i++) {
        assert_int_equal(a->pin[i].set, b->pin[i].set);
        assert_int_equal(a->pin[i].iterations, b->pin[i].iterations);
        assert_memory_equal(a->pin[i].salt, b->pin[i].salt, sizeof(a->pin[i].salt));
        assert_memory_equal(a->pin[i].wrapped, b->pin[i].wrapped, sizeof(a->pin[i].wrapped));
        assert_int_equal(a->pin[i].failed, b->pin[i].failed);
        assert_int_equal(a->pin[i].last_failed_ms, b->pin[i].last_failed_ms);
    }
}

static void the_state_is_sealed(void **state)
{
    (void)state;
    AUTO_SECRET struct secret *m = NULL;
    AUTO_SECRET struct secret *device = fixture_key(50, SEAL_KEY_SIZE);
    AUTO_SECRET struct secret *other = fixture_key(51, SEAL_KEY_SIZE);
    AUTO_BUF struct buf record = BUF_INIT;
    struct seal_state s;
    struct seal_state got;
    new_token(&s, &m);
    s.change = 7;
    s.pin[SEAL_SO].failed = 2;
    s.pin[SEAL_SO].last_failed_ms = 123456789;
    assert_ok(seal_state_write(crypto, device, 3, &s, &record));
    assert_ok(seal_state_read(crypto, device, 3, buf_view(&record), &got));
    same_state(&s, &got);
    assert_null(memmem(record.p, record.n, "the label", 9)); /* nothing readable */

    memset(&got, 0, sizeof(got));
    const struct seal_state none = got;
    assert_rc(seal_state_read(crypto, device, 4, buf_view(&record), &got), RC_STORE_CORRUPT);
    assert_rc(seal_state_read(crypto, other, 3, buf_view(&record), &got), RC_STORE_CORRUPT);
    assert_rc(seal_state_read(crypto, device, 3, BYTES_NONE, &got), RC_STORE_CORRUPT);
    for (size_t i = 0; i < record.n; i++) {
        record.p[i] ^= 0x04;
        assert_rc(seal_state_read(crypto, device, 3, buf_view(&record), &got),
                  i == 0 ? RC_STORE_FORMAT : RC_STORE_CORRUPT);
        record.p[i] ^= 0x04;
        assert_rc(seal_state_read(crypto, device, 3, BYTES(record.p, i), &got), RC_STORE_CORRUPT);
    }
    same_state(&none, &got); /* untouched by errors */
}

static void short_memory(void **state)
{
    (void)state;
    AUTO_SECRET struct secret *device = fixture_key(50, SEAL_KEY_SIZE);
    for (unsigned long nth = 1;; nth++) {
        AUTO_SECRET struct secret *m = NULL;
        AUTO_SECRET struct secret *again = NULL;
        AUTO_BUF struct buf record = BUF_INIT;
        struct seal_state s = {0};
        struct seal_state got = {0};
        mem_fault_at(nth);
        enum rc rc = seal_token_new(crypto, LABEL, BYTES_STR("so"), FEW, 1, &s, &m);
        if (rc == RC_OK) {
            rc = seal_state_write(crypto, device, 1, &s, &record);
        }
        if (rc == RC_OK) {
            rc = seal_state_read(crypto, device, 1, buf_view(&record), &got);
        }
        if (rc == RC_OK) {
            rc = seal_pin_open(crypto, &got, SEAL_SO, BYTES_STR("so"), &again);
        }
        const unsigned long fired = mem_fault_count();
        mem_fault_at(0);
        if (fired == 0) {
            assert_ok(rc);
            break;
        }
        assert_rc(rc, RC_HOST_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_token),
        cmocka_unit_test(r100_both_accounts_open_one_master_key),
        cmocka_unit_test(r100_a_wrapped_key_is_good_in_its_place_alone),
        cmocka_unit_test(waiting),
        cmocka_unit_test(the_state_is_sealed),
        cmocka_unit_test(short_memory),
    };
    return cmocka_run_group_tests_name("seal: PINs", tests, fixture_open, fixture_close);
}
