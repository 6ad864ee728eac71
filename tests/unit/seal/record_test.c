/* SPDX-License-Identifier: Apache-2.0
 *
 * Sealed records and blinded terms: what is sealed opens, and nothing else does.
 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const uint8_t token_a[SEAL_TOKEN_ID_SIZE] = "token number one";
static const uint8_t token_b[SEAL_TOKEN_ID_SIZE] = "token number two";
static struct seal_keys *keys; /* token a, generation 1, private */

static struct seal_keys *keys_of(uint8_t root, const uint8_t *token, uint32_t generation,
                                 enum seal_domain domain)
{
    AUTO_SECRET struct secret *r = fixture_key(root, SEAL_KEY_SIZE);
    struct seal_keys *k = NULL;
    assert_ok(seal_keys_new(crypto, r, token, generation, domain, &k));
    return k;
}

static int open_keys(void **state)
{
    (void)fixture_open(state);
    keys = keys_of(1, token_a, 1, SEAL_PRIVATE);
    return 0;
}

static int close_keys(void **state)
{
    seal_keys_free(keys);
    seal_keys_free(NULL);
    return fixture_close(state);
}

static void opens(struct bytes record, uint64_t object, uint64_t version, enum seal_part part,
                  struct bytes want)
{
    AUTO_BUF struct buf out = BUF_INIT;
    AUTO_SECRET struct secret *s = NULL;
    assert_ok(buf_add(&out, "before", 6));
    assert_ok(seal_open_record(keys, object, version, part, record, &out, NULL));
    assert_true(bytes_equal(buf_view(&out), want));
    assert_ok(seal_open_record(keys, object, version, part, record, NULL, &s));
    assert_true(bytes_equal(secret_view(s), want));
}

static void refused(const struct seal_keys *k, struct bytes record, uint64_t object,
                    uint64_t version, enum seal_part part, enum rc want)
{
    AUTO_BUF struct buf out = BUF_INIT;
    AUTO_SECRET struct secret *s = NULL;
    assert_rc(seal_open_record(k, object, version, part, record, &out, NULL), want);
    assert_int_equal(out.n, 0);
    assert_rc(seal_open_record(k, object, version, part, record, NULL, &s), want);
    assert_null(s);
}

static void round_trips(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 15, 16, 17, 255, 4096, 100000};
    AUTO_SECRET struct secret *plain = fixture_key(9, 100000);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        AUTO_BUF struct buf record = BUF_INIT;
        const struct bytes v = BYTES(plain->p, sizes[i]);
        assert_ok(seal_record(keys, 77, 3, SEAL_SECRETS, v, &record));
        assert_int_equal(record.n, 12 + 12 + sizes[i] + 16);
        enum seal_domain domain = SEAL_PUBLIC;
        uint64_t version = 0;
        assert_ok(seal_record_peek(buf_view(&record), &domain, &version));
        assert_int_equal(domain, SEAL_PRIVATE);
        assert_int_equal(version, 3);
        opens(buf_view(&record), 77, 3, SEAL_SECRETS, v);
        for (unsigned part = SEAL_ATTRIBUTES; part <= SEAL_COUNTERS; part++) {
            assert_ok(seal_record(keys, 77, 3, (enum seal_part)part, v, &record));
            opens(buf_view(&record), 77, 3, (enum seal_part)part, v);
        }
    }
}

static void sealing_twice_differs(void **state)
{
    (void)state;
    AUTO_BUF struct buf a = BUF_INIT;
    AUTO_BUF struct buf b = BUF_INIT;
    assert_ok(seal_record(keys, 1, 1, SEAL_ATTRIBUTES, BYTES_STR("same"), &a));
    assert_ok(seal_record(keys, 1, 1, SEAL_ATTRIBUTES, BYTES_STR("same"), &b));
    assert_int_equal(a.n, b.n);
    assert_memory_not_equal(a.p + 12, b.p + 12, 12); /* the nonce */
}

static void r112_every_bit_flip_is_seen(void **state)
{
    (void)state;
    AUTO_BUF struct buf record = BUF_INIT;
    assert_ok(seal_record(keys, 5, 9, SEAL_ATTRIBUTES, BYTES_STR("some attributes"), &record));
    for (size_t bit = 0; bit < record.n * 8; bit++) {
        record.p[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        refused(keys, buf_view(&record), 5, 9, SEAL_ATTRIBUTES,
                bit < 8 ? RC_STORE_FORMAT : RC_STORE_CORRUPT);
        record.p[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    opens(buf_view(&record), 5, 9, SEAL_ATTRIBUTES, BYTES_STR("some attributes"));
}

static void every_cut_is_seen(void **state)
{
    (void)state;
    AUTO_BUF struct buf record = BUF_INIT;
    assert_ok(seal_record(keys, 5, 9, SEAL_ATTRIBUTES, BYTES_STR("some attributes"), &record));
    for (size_t n = 0; n < record.n; n++) {
        refused(keys, BYTES(record.p, n), 5, 9, SEAL_ATTRIBUTES, RC_STORE_CORRUPT);
    }
    assert_ok(buf_add_u8(&record, 0));
    refused(keys, buf_view(&record), 5, 9, SEAL_ATTRIBUTES, RC_STORE_CORRUPT);
}

static void r112_a_record_is_good_in_its_place_alone(void **state)
{
    (void)state;
    AUTO_BUF struct buf r = BUF_INIT;
    assert_ok(seal_record(keys, 5, 9, SEAL_ATTRIBUTES, BYTES_STR("x"), &r));
    refused(keys, buf_view(&r), 6, 9, SEAL_ATTRIBUTES, RC_STORE_CORRUPT);
    refused(keys, buf_view(&r), 5, 8, SEAL_ATTRIBUTES, RC_STORE_CORRUPT);
    refused(keys, buf_view(&r), 5, 10, SEAL_ATTRIBUTES, RC_STORE_CORRUPT);
    refused(keys, buf_view(&r), 5, 9, SEAL_SECRETS, RC_STORE_CORRUPT);
    refused(keys, buf_view(&r), 5, 9, SEAL_COUNTERS, RC_STORE_CORRUPT);
    struct seal_keys *others[] = {
        keys_of(1, token_b, 1, SEAL_PRIVATE), /* another token */
        keys_of(1, token_a, 2, SEAL_PRIVATE), /* another master key's number */
        keys_of(1, token_a, 1, SEAL_PUBLIC),  /* another domain */
        keys_of(2, token_a, 1, SEAL_PRIVATE), /* another root */
    };
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        refused(others[i], buf_view(&r), 5, 9, SEAL_ATTRIBUTES, RC_STORE_CORRUPT);
        seal_keys_free(others[i]);
    }
    /* the header changed to what the reader asks for */
    put_u64_le(r.p + 4, 10);
    refused(keys, buf_view(&r), 5, 10, SEAL_ATTRIBUTES, RC_STORE_CORRUPT);
    put_u64_le(r.p + 4, 9);
    r.p[2] = SEAL_SECRETS;
    refused(keys, buf_view(&r), 5, 9, SEAL_SECRETS, RC_STORE_CORRUPT);
}

static void both_outputs_or_none_is_a_mistake(void **state)
{
    (void)state;
    AUTO_BUF struct buf r = BUF_INIT;
    AUTO_BUF struct buf out = BUF_INIT;
    AUTO_SECRET struct secret *s = NULL;
    assert_ok(seal_record(keys, 5, 9, SEAL_ATTRIBUTES, BYTES_STR("x"), &r));
    assert_rc(seal_open_record(keys, 5, 9, SEAL_ATTRIBUTES, buf_view(&r), &out, &s),
              RC_ARGUMENTS_BAD);
    assert_rc(seal_open_record(keys, 5, 9, SEAL_ATTRIBUTES, buf_view(&r), NULL, NULL),
              RC_ARGUMENTS_BAD);
}

static void blinding(void **state)
{
    (void)state;
    uint8_t a[SEAL_BLIND_SIZE];
    uint8_t b[SEAL_BLIND_SIZE];
    assert_ok(seal_blind(keys, BYTES_STR("label=x"), a));
    assert_ok(seal_blind(keys, BYTES_STR("label=x"), b));
    assert_memory_equal(a, b, sizeof(a));
    assert_ok(seal_blind(keys, BYTES_STR("label=y"), b));
    assert_memory_not_equal(a, b, sizeof(a));
    assert_ok(seal_blind(keys, BYTES_NONE, b));
    struct seal_keys *other = keys_of(1, token_b, 1, SEAL_PRIVATE);
    assert_ok(seal_blind(other, BYTES_STR("label=x"), b));
    assert_memory_not_equal(a, b, sizeof(a));
    seal_keys_free(other);
}

static void blinding_is_fast(void **state)
{
    (void)state;
    uint8_t out[SEAL_BLIND_SIZE];
    double best = 1e9;
    for (int round = 0; round < 5; round++) {
        struct timespec from;
        struct timespec to;
        (void)clock_gettime(CLOCK_MONOTONIC, &from);
        for (int i = 0; i < 2000; i++) {
            assert_int_equal(seal_blind(keys, BYTES_STR("class=3 label=signing"), out), RC_OK);
        }
        (void)clock_gettime(CLOCK_MONOTONIC, &to);
        const double us =
            ((double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3) /
            2000;
        best = us < best ? us : best;
    }
    print_message("seal_blind: %.2f us\n", best);
    assert_true(best < 50); /* far above what it takes; sanitizers and busy machines included */
}

static void short_memory(void **state)
{
    (void)state;
    for (unsigned long nth = 1;; nth++) {
        AUTO_BUF struct buf r = BUF_INIT;
        AUTO_SECRET struct secret *s = NULL;
        struct seal_keys *k = NULL;
        AUTO_SECRET struct secret *root = fixture_key(1, SEAL_KEY_SIZE);
        mem_fault_at(nth);
        enum rc rc = seal_keys_new(crypto, root, token_a, 1, SEAL_PRIVATE, &k);
        if (rc == RC_OK) {
            rc = seal_record(k, 5, 9, SEAL_ATTRIBUTES, BYTES_STR("x"), &r);
        }
        if (rc == RC_OK) {
            rc = seal_open_record(k, 5, 9, SEAL_ATTRIBUTES, buf_view(&r), NULL, &s);
        }
        const unsigned long fired = mem_fault_count();
        mem_fault_at(0);
        seal_keys_free(k);
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
        cmocka_unit_test(round_trips),
        cmocka_unit_test(sealing_twice_differs),
        cmocka_unit_test(r112_every_bit_flip_is_seen),
        cmocka_unit_test(every_cut_is_seen),
        cmocka_unit_test(r112_a_record_is_good_in_its_place_alone),
        cmocka_unit_test(both_outputs_or_none_is_a_mistake),
        cmocka_unit_test(blinding),
        cmocka_unit_test(blinding_is_fast),
        cmocka_unit_test(short_memory),
    };
    return cmocka_run_group_tests_name("seal: records", tests, open_keys, close_keys);
}
