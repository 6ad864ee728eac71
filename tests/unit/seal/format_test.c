/* SPDX-License-Identifier: Apache-2.0
 *
 * The sealed formats are frozen: what version 1 wrote opens. The vectors were made by a second
 * implementation (tests/vectors/format/make.py), not by this code.
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char text[16384]; /* the file of vectors */

static int load(void **state)
{
    FILE *f = fopen(CRATON_VECTORS "/seal-v1.txt", "r");
    assert_non_null(f);
    const size_t n = fread(text, 1, sizeof(text) - 1, f);
    (void)fclose(f);
    text[n] = '\0';
    assert_true(n > 1000);
    return fixture_open(state);
}

static const char *find(const char *name)
{
    char line[64];
    (void)snprintf(line, sizeof(line), "\n%s = ", name);
    const char *p = strstr(text, line);
    assert_non_null(p);
    return p + strlen(line);
}

static unsigned long long number(const char *name, int base)
{
    return strtoull(find(name), NULL, base);
}

static struct secret *hex(const char *name)
{
    const char *p = find(name);
    const size_t n = strcspn(p, "\n") / 2;
    struct secret *s = secret_new(n);
    assert_non_null(s);
    for (size_t i = 0; i < n; i++) {
        unsigned v = 0;
        assert_int_equal(sscanf(p + 2 * i, "%2x", &v), 1);
        s->p[i] = (uint8_t)v;
    }
    return s;
}

static struct seal_keys *keys_of(int domain)
{
    AUTO_SECRET struct secret *root = hex(domain == 0 ? "device" : "master");
    AUTO_SECRET struct secret *token = hex("token");
    struct seal_keys *k = NULL;
    assert_ok(seal_keys_new(crypto, root, token->p, (uint32_t)number("generation", 10),
                            (enum seal_domain)domain, &k));
    return k;
}

static void one_record(const struct seal_keys *k, int domain, int part)
{
    char name[4][40];
    static const char *const what[4] = {"object", "version", "plain", "sealed"};
    for (int i = 0; i < 4; i++) {
        (void)snprintf(name[i], sizeof(name[i]), "record.%d.%d.%s", domain, part, what[i]);
    }
    AUTO_SECRET struct secret *plain = hex(name[2]);
    AUTO_SECRET struct secret *sealed = hex(name[3]);
    AUTO_SECRET struct secret *got = NULL;
    const uint64_t object = number(name[0], 16);
    const uint64_t version = number(name[1], 16);
    enum seal_domain claimed_domain = SEAL_PUBLIC;
    uint64_t claimed = 0;
    assert_ok(seal_record_peek(secret_view(sealed), &claimed_domain, &claimed));
    assert_int_equal(claimed_domain, domain);
    assert_true(claimed == version);
    assert_ok(seal_open_record(k, object, version, (enum seal_part)part, secret_view(sealed), NULL,
                               &got));
    assert_true(secret_equal(got, plain));
    /* and what is written now has the same frame */
    AUTO_BUF struct buf now = BUF_INIT;
    assert_ok(seal_record(k, object, version, (enum seal_part)part, secret_view(plain), &now));
    assert_int_equal(now.n, sealed->n);
    assert_memory_equal(now.p, sealed->p, 12);
}

static void r118_records_and_terms(void **state)
{
    (void)state;
    for (int domain = 0; domain < 2; domain++) {
        struct seal_keys *k = keys_of(domain);
        one_record(k, domain, 0);
        one_record(k, domain, 1);
        one_record(k, domain, 2);
        AUTO_SECRET struct secret *want = hex(domain == 0 ? "blind.0" : "blind.1");
        uint8_t got[SEAL_BLIND_SIZE];
        assert_ok(seal_blind(k, BYTES_STR("a term"), got));
        assert_int_equal(want->n, sizeof(got));
        assert_memory_equal(got, want->p, sizeof(got));
        seal_keys_free(k);
    }
}

static void r118_token_state(void **state)
{
    (void)state;
    AUTO_SECRET struct secret *device = hex("device");
    AUTO_SECRET struct secret *record = hex("state");
    AUTO_SECRET struct secret *token = hex("token");
    AUTO_SECRET struct secret *master = hex("master");
    struct seal_state s;
    assert_ok(
        seal_state_read(crypto, device, (uint32_t)number("slot", 10), secret_view(record), &s));
    assert_memory_equal(s.token_id, token->p, sizeof(s.token_id));
    assert_memory_equal(s.label, "frozen token                    ", 32);
    assert_int_equal(s.generation, number("generation", 10));
    assert_int_equal(s.created_ms, 1600000000000);
    assert_int_equal(s.change, 77);
    for (unsigned a = 0; a < SEAL_ACCOUNTS; a++) {
        AUTO_SECRET struct secret *pin = hex(a == 0 ? "pin.0" : "pin.1");
        AUTO_SECRET struct secret *got = NULL;
        assert_true(s.pin[a].set);
        assert_int_equal(s.pin[a].iterations, 1000 + a);
        assert_int_equal(s.pin[a].failed, a);
        assert_int_equal(s.pin[a].last_failed_ms, 1700000000000 + a);
        assert_ok(seal_pin_open(crypto, &s, (enum seal_account)a, secret_view(pin), &got));
        assert_true(secret_equal(got, master));
    }
    AUTO_BUF struct buf now = BUF_INIT;
    assert_ok(seal_state_write(crypto, device, (uint32_t)number("slot", 10), &s, &now));
    assert_int_equal(now.n, record->n);
}

static void device_file(void **state)
{
    (void)state;
    AUTO_SECRET struct secret *file = hex("device.file");
    AUTO_SECRET struct secret *device = hex("device");
    AUTO_SECRET struct secret *got = NULL;
    char dir[64];
    char path[80];
    fixture_dir(dir);
    (void)snprintf(path, sizeof(path), "%s/device.key", dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(file->p, 1, file->n, f), file->n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0600), 0);
    assert_ok(seal_device_key_read(crypto, dir, &got));
    assert_true(secret_equal(got, device));
    fixture_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r118_records_and_terms),
        cmocka_unit_test(r118_token_state),
        cmocka_unit_test(device_file),
    };
    return cmocka_run_group_tests_name("seal: frozen format", tests, load, fixture_close);
}
