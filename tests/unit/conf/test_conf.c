/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts to struct conf: defaults, every kind of value, every refusal with its reason.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../cmocka_all.h"
#include "base/mem.h"
#include "conf_keys.h"

static const struct conf *parsed(const char *text)
{
    char reason[512] = "";
    const struct conf *c = NULL;
    if (conf_parse("t.toml", text, strlen(text), &c, reason, sizeof reason) != RC_OK) {
        fail_msg("%s\nis refused: %s", text, reason);
    }
    return c;
}

static void test_defaults(void **state)
{
    (void)state;
    char reason[512] = "";
    const struct conf *c = NULL;
    assert_int_equal(conf_parse(NULL, NULL, 0, &c, reason, sizeof reason), RC_OK);
    assert_string_equal(c->label, "Craton HSM Token 0");
    assert_int_equal(c->storage_path[0], '/');
    assert_int_equal(c->max_sessions, 10000);
    assert_int_equal(c->max_rw_sessions, 10000);
    assert_true(c->persist_objects);
    assert_int_equal(c->slot_count, 1);
    assert_string_equal(c->serial_number, "0000000000000001");
    assert_false(c->exclusive);
    assert_int_equal(c->pin_min_length, 8);
    assert_int_equal(c->pin_max_length, 64);
    assert_false(c->pin_complexity);
    assert_int_equal(c->max_failed_logins, 10);
    assert_int_equal(c->pbkdf2_iterations, 600000);
    assert_false(c->key_separation);
    assert_int_equal(c->crypto_backend, CONF_BACKEND_AUTO);
    assert_false(c->fips_approved_only);
    assert_false(c->allow_weak_rsa);
    assert_false(c->allow_sha1_signing);
    assert_false(c->allow_raw_rsa);
    assert_int_equal(c->log_level, LOG_LEVEL_WARN);
    assert_int_equal(c->log_target, LOG_TO_SYSLOG);
    assert_null(c->log_file);
    assert_null(c->source);
    conf_free(c);
    conf_free(NULL);

    c = parsed("");
    assert_string_equal(c->source, "t.toml");
    assert_int_equal(c->slot_count, 1);
    conf_free(c);
}

static void test_every_member(void **state)
{
    (void)state;
    const struct conf *c = parsed(
        "[token]\nlabel='A b~'\nstorage_path='/nowhere/./store//x/'\nmax_sessions=7\n"
        "max_rw_sessions=6\npersist_objects=false\nslot_count=256\nserial_number='42'\n"
        "exclusive=true\n"
        "[security]\npin_min_length=4\npin_max_length=256\npin_complexity=true\n"
        "max_failed_logins=3\npbkdf2_iterations=100000\nkey_separation=true\n"
        "reject_repeated_iv=true\n"
        "[algorithms]\ncrypto_backend='awslc'\nfips_approved_only=false\nfips_pqc=true\n"
        "enable_pqc=false\nallow_weak_rsa=true\nallow_sha1_signing=true\nallow_raw_rsa=true\n"
        "vendor_mechanisms=false\n"
        "[log]\nlevel='debug'\ntarget='file'\nfile='/nowhere/log'\n");
    assert_string_equal(c->label, "A b~");
    assert_string_equal(c->storage_path, "/nowhere/store/x");
    assert_int_equal(c->max_sessions, 7);
    assert_int_equal(c->max_rw_sessions, 6);
    assert_false(c->persist_objects);
    assert_int_equal(c->slot_count, 256);
    assert_string_equal(c->serial_number, "42");
    assert_true(c->exclusive);
    assert_int_equal(c->pin_min_length, 4);
    assert_int_equal(c->pin_max_length, 256);
    assert_true(c->pin_complexity);
    assert_int_equal(c->max_failed_logins, 3);
    assert_int_equal(c->pbkdf2_iterations, 100000);
    assert_true(c->key_separation);
    assert_int_equal(c->crypto_backend, CONF_BACKEND_AWSLC);
    assert_true(c->allow_weak_rsa);
    assert_true(c->allow_sha1_signing);
    assert_true(c->allow_raw_rsa);
    assert_int_equal(c->log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(c->log_target, LOG_TO_FILE);
    assert_string_equal(c->log_file, "/nowhere/log");
    conf_free(c);
}

static void test_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum conf_backend backend;
    } cases[] = {{"auto", CONF_BACKEND_AUTO},
                 {"rustcrypto", CONF_BACKEND_AUTO},
                 {"openssl", CONF_BACKEND_OPENSSL},
                 {"awslc", CONF_BACKEND_AWSLC}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[100];
        (void)snprintf(text, sizeof text, "algorithms.crypto_backend='%s'", cases[i].text);
        const struct conf *c = parsed(text);
        assert_int_equal(c->crypto_backend, cases[i].backend);
        conf_free(c);
    }
    static const char *const levels[] = {"off", "error", "warn", "info", "debug"};
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        char text[100];
        (void)snprintf(text, sizeof text, "log={level='%s',target='stderr'}", levels[i]);
        const struct conf *c = parsed(text);
        assert_int_equal(c->log_level, i);
        assert_int_equal(c->log_target, LOG_TO_STDERR);
        conf_free(c);
    }
    const struct conf *c = parsed("log.level='warning'\nlog.file='/nowhere/l'");
    assert_int_equal(c->log_level, LOG_LEVEL_WARN);
    assert_int_equal(c->log_target, LOG_TO_FILE); /* the file says so */
    conf_free(c);
}

static void test_relative_path_is_resolved(void **state)
{
    (void)state;
    char here[4096];
    char expected[4200];
    assert_non_null(getcwd(here, sizeof here));
    const struct conf *c = parsed("token.storage_path='./some//store'");
    (void)snprintf(expected, sizeof expected, "%s/some/store", here);
    assert_string_equal(c->storage_path, expected);
    conf_free(c);
}

static void test_rw_sessions_follow(void **state)
{
    (void)state;
    const struct conf *c = parsed("token.max_sessions=100");
    assert_int_equal(c->max_rw_sessions, 100);
    conf_free(c);
}

/* The text that the log writes while TEXT is parsed; freed by free. */
static char *logged(const char *text)
{
    char path[] = "/tmp/craton-conf-log-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    log_setup(LOG_LEVEL_WARN, LOG_TO_FILE, path);
    conf_free(parsed(text));
    log_setup(LOG_LEVEL_OFF, LOG_TO_NONE, NULL);
    char *out = calloc(1, 4096);
    assert_non_null(out);
    assert_true(read(fd, out, 4095) >= 0);
    (void)close(fd);
    (void)unlink(path);
    return out;
}

static void test_notes(void **state)
{
    (void)state;
    char *text = logged("algorithms.crypto_backend='rustcrypto'");
    assert_non_null(strstr(text, "\"rustcrypto\" is taken as \"auto\""));
    free(text);
    text = logged("audit.enabled=true\n[daemon]\nbind='[::1]:1'\ntls_key='/nowhere/key'");
    assert_non_null(strstr(text, "without effect in this version: audit.enabled, daemon.bind, "
                                 "daemon.tls_key"));
    free(text);
    text = logged("token.slot_count=3");
    assert_string_equal(text, "");
    free(text);
}

static void test_keys_of_later_parts(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_OFF, LOG_TO_NONE, NULL);
    conf_free(parsed(
        "[audit]\nenabled=false\nlog_path='a.jsonl'\nlog_level='auth'\non_failure='warn'\n"
        "[daemon]\nbind='0.0.0.0:5696'\ntls_cert='c.pem'\ntls_key='k.pem'\ntls_client_ca='ca.pem'\n"
        "tls_client_crl='crl.pem'\nallow_unauthenticated_tls=false\nallow_insecure=true\n"
        "bind_unix='/nowhere/s'\nmax_random_length=1\nmax_digest_length=1\nmax_login_attempts=0\n"
        "login_cooldown_secs=0\nmax_connections=1\nrequest_timeout_secs=1\ncrl_refresh_secs=0\n"
        "[kmip]\nenabled=true\nlisten='host.example:5696'\ntls_cert='c'\ntls_key='k'\nclient_ca='a'\n"
        "[auth]\nprovider='oidc'\nmfa_timeout_secs=5\nrequire_mfa_for_destructive=true\n"
        "[security]\nrequire_integrity=true\n"));
}

struct refusal {
    const char *text;
    const char *reason;
};

static const struct refusal refusals[] = {
    /* the text itself */
    {"[token\n", "t.toml:1: column 7: ']' is missing"},
    {"\n[token]\nlabel='a'\nlabel='b'", "t.toml:4: column 6: defined twice"},
    /* names */
    {"[token]\nslot_cuont=1", "t.toml:2: unknown key token.slot_cuont; the nearest known one is "
                              "token.slot_count"},
    {"[security]\nslot_count=1", "the nearest known one is token.slot_count"},
    {"[tokens]\nlabel='x'", "unknown key tokens.label; the nearest known one is token.label"},
    {"\n[tokne]", "t.toml:2: unknown table tokne; the nearest known one is token"},
    {"label='x'", "t.toml:1: unknown key label; the nearest known one is token.label"},
    {"token=1", "token must be a table"},
    {"[[token]]\nlabel='x'", "token must be a table"},
    {"[token.label]", "token.label must be a string"},
    {"[token.x]\ny=1", "unknown key token.x"},
    {"\"to\\u0000ken\"=1", "unknown key to?ken"},
    {"[token]\n\"la\\u0000bel\"=1", "unknown key token.la?bel"},
    {"[token]\n\"label\\n\"=1", "unknown key token.label?"},
    {"[daemon]\nmax_ops=1", "unknown key daemon.max_ops"},
    /* types */
    {"token.label=1", "token.label must be a string"},
    {"token.slot_count='1'", "token.slot_count must be an integer from 1 to 256"},
    {"token.slot_count=1.0", "token.slot_count must be an integer"},
    {"token.persist_objects='true'", "token.persist_objects must be true or false"},
    {"token.persist_objects=1", "must be true or false"},
    {"token.storage_path=['/x']", "token.storage_path must be a string"},
    {"log.level=1", "log.level must be a string"},
    {"algorithms.crypto_backend=true", "algorithms.crypto_backend must be a string"},
    {"daemon.bind=5696", "daemon.bind must be a string"},
    {"audit.enabled=1979-05-27", "audit.enabled must be true or false"},
    /* ranges */
    {"\n\ntoken.slot_count=0", "t.toml:3: token.slot_count must be from 1 to 256, not 0"},
    {"token.slot_count=257", "must be from 1 to 256, not 257"},
    {"token.slot_count=-1", "must be from 1 to 256, not -1"},
    {"token.slot_count=4294967297", "must be from 1 to 256, not 4294967297"},
    {"token.max_sessions=0", "must be from 1 to 10000"},
    {"token.max_sessions=10001", "must be from 1 to 10000"},
    {"token.label=''", "token.label must have 1 to 32 characters, not 0"},
    {"token.label='123456789012345678901234567890123'", "must have 1 to 32 characters, not 33"},
    {"token.label='\xc3\xa9'", "token.label must be printable ASCII"},
    {"token.label=\"a\\u0000b\"", "must be printable ASCII"},
    {"token.label=\"a\\n\"", "must be printable ASCII"},
    {"token.serial_number='12345678901234567'", "must have 1 to 16 characters"},
    {"security.pin_min_length=3", "must be from 4 to 256"},
    {"security.pin_max_length=257", "must be from 4 to 256"},
    {"security.max_failed_logins=2", "must be from 3 to 100"},
    {"security.max_failed_logins=101", "must be from 3 to 100"},
    {"security.pbkdf2_iterations=99999", "must be from 100000 to 10000000"},
    {"security.pbkdf2_iterations=10000001", "must be from 100000 to 10000000"},
    {"algorithms.crypto_backend='boringssl'", "must be one of auto,rustcrypto|openssl|awslc"},
    {"algorithms.crypto_backend='auto,rustcrypto'", "must be one of"},
    {"algorithms.crypto_backend=''", "must be one of"},
    {"algorithms.crypto_backend=\"auto\\u0000\"", "must be one of"},
    {"log.level='verbose'", "log.level must be one of"},
    {"log.target='printer'", "log.target must be one of"},
    {"audit.log_level='some'", "must be one of all|crypto|auth|admin|none"},
    {"audit.on_failure='ignore'", "must be one of deny|warn"},
    {"daemon.bind='localhost'", "daemon.bind must be host:port"},
    {"daemon.bind=':5696'", "must be host:port"},
    {"daemon.bind='h:'", "must be host:port"},
    {"daemon.bind='h:0'", "must be host:port"},
    {"daemon.bind='h:65536'", "must be host:port"},
    {"daemon.bind='h:+1'", "must be host:port"},
    {"daemon.bind='::1:5696'", "must be host:port"},
    {"daemon.bind='[]:5696'", "must be host:port"},
    {"daemon.bind='a b:1'", "must be host:port"},
    {"daemon.max_connections=0", "must be from 1 to 65535"},
    {"daemon.request_timeout_secs=0", "must be from 1 to 86400"},
    /* paths: every key of that kind */
    {"token.storage_path=''", "token.storage_path must not be empty"},
    {"token.storage_path='../x'", "token.storage_path must not hold \"..\""},
    {"token.storage_path='//host/x'", "network (UNC)"},
    {"audit.log_path='\\\\host\\x'", "network (UNC)"},
    {"audit.log_path='.ssh/x'", "must not begin in .git"},
    {"daemon.tls_key=\"/a\\u0000b\"", "must not hold NUL"},
    {"daemon.bind_unix='/a/../b'", "must not hold \"..\""},
    {"log.file='.env/x'", "must not begin in .git"},
    /* contradictions */
    {"[token]\nmax_sessions=5\nmax_rw_sessions=6",
     "t.toml:3: token.max_rw_sessions (6) is above token.max_sessions (5)"},
    {"[security]\npin_min_length=9\npin_max_length=8", "t.toml:2: security.pin_min_length (9)"},
    {"security.pin_min_length=65", "is above security.pin_max_length (64)"},
    {"security.pin_max_length=7", "t.toml:1: security.pin_min_length (8)"},
    {"algorithms.fips_approved_only=true", "the approved mode is not part of this version"},
    {"[algorithms]\nfips_approved_only=true\nallow_weak_rsa=true",
     "t.toml:2: algorithms.fips_approved_only contradicts algorithms.allow_weak_rsa"},
    {"[algorithms]\nfips_approved_only=true\nallow_sha1_signing=true",
     "contradicts algorithms.allow_sha1_signing"},
    {"log.target='file'", "log.file is not set"},
    {"log.target='stderr'\nlog.file='/nowhere/x'", "log.target is not \"file\""},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        char reason[512] = "";
        const struct conf *c = NULL;
        const char *text = refusals[i].text;
        const enum rc rc = conf_parse("t.toml", text, strlen(text), &c, reason, sizeof reason);
        if (rc != RC_CONFIG) {
            fail_msg("not refused: %s (%s)", text, rc_name(rc));
        }
        assert_null(c);
        if (strstr(reason, refusals[i].reason) == NULL) {
            fail_msg("%s\nis refused with \"%s\"\nnot with        \"%s\"", text, reason,
                     refusals[i].reason);
        }
        for (const char *p = reason; *p != '\0'; p++) {
            assert_true((unsigned char)*p >= 0x20);
        }
    }
}

static void test_short_reason(void **state)
{
    (void)state;
    char reason[8] = "";
    const struct conf *c = NULL;
    assert_int_equal(conf_parse("t.toml", "x=1", 3, &c, reason, sizeof reason), RC_CONFIG);
    assert_string_equal(reason, "t.toml:");
    assert_int_equal(conf_parse("t.toml", "x=1", 3, &c, NULL, 0), RC_CONFIG);
}

static void test_nearest(void **state)
{
    (void)state;
    char out[128];
    assert_string_equal(conf_nearest("token", "lable", out, sizeof out), "token.label");
    assert_string_equal(conf_nearest("log", "levl", out, sizeof out), "log.level");
    assert_string_equal(conf_nearest("adit", "log_path", out, sizeof out), "audit.log_path");
    assert_string_equal(conf_nearest("algorithm", NULL, out, sizeof out), "algorithms");
    assert_string_equal(conf_nearest("", "pbkdf_iterations", out, sizeof out),
                        "security.pbkdf2_iterations");
}

static void test_sample_is_the_default(void **state)
{
    (void)state;
    AUTO_BUF struct buf sample = BUF_INIT;
    assert_int_equal(conf_sample(&sample), RC_OK);
    char reason[512] = "";
    const struct conf *c = NULL;
    if (conf_parse("sample", (const char *)sample.p, sample.n, &c, reason, sizeof reason) !=
        RC_OK) {
        fail_msg("%s", reason);
    }
    assert_int_equal(c->slot_count, 1);
    conf_free(c);
    /* with every key active it is valid as well, but for those that need a value */
    for (size_t i = 0; i + 1 < sample.n; i++) {
        if (sample.p[i] == '#' && sample.p[i + 1] >= 'a' && sample.p[i + 1] <= 'z') {
            uint8_t *end = memchr(sample.p + i, '\n', sample.n - i);
            assert_non_null(end);
            if (memcmp(end - 2, "\"\"", 2) != 0) {
                sample.p[i] = ' ';
            }
        }
    }
    log_setup(LOG_LEVEL_OFF, LOG_TO_NONE, NULL);
    if (conf_parse("sample", (const char *)sample.p, sample.n, &c, reason, sizeof reason) !=
        RC_OK) {
        fail_msg("%s", reason);
    }
    conf_free(c);
}

static void test_deployed_sample(void **state)
{
    (void)state;
    static char text[20000];
    FILE *f = fopen(CRATON_DEPLOYED, "r");
    if (f == NULL) {
        skip();
    }
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    (void)fclose(f);
    conf_free(parsed(text));
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONF_ROWS; i++) {
        const struct conf_row *row = &conf_rows[i];
        assert_true(row->text[strlen(row->text) - 1] == '.');
        assert_null(strchr(row->text, '|'));
        assert_true((row->kind == CONF_WORD) == (row->words != NULL));
        assert_true(row->built ? row->member != CONF_NO_MEMBER : true);
        for (size_t k = 0; k < i; k++) {
            assert_false(strcmp(conf_rows[k].table, row->table) == 0 &&
                         strcmp(conf_rows[k].key, row->key) == 0);
        }
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    static const char text[] = "[token]\nlabel='x'\nstorage_path='some/store'\n[log]\n"
                               "file='/nowhere/x'\n[audit]\nenabled=true\nlog_path='x'\n"
                               "[algorithms]\ncrypto_backend='rustcrypto'\n";
    log_setup(LOG_LEVEL_OFF, LOG_TO_NONE, NULL);
    unsigned long nth = 0;
    for (;;) {
        char reason[256] = "";
        const struct conf *c = NULL;
        mem_fault_at(++nth);
        const enum rc rc = conf_parse("t", text, sizeof text - 1, &c, reason, sizeof reason);
        const unsigned long fired = mem_fault_count();
        mem_fault_at(0);
        if (fired == 0) {
            assert_int_equal(rc, RC_OK);
            conf_free(c);
            break;
        }
        assert_int_equal(rc, RC_HOST_MEMORY);
        assert_null(c);
    }
    assert_true(nth > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_member),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_relative_path_is_resolved),
        cmocka_unit_test(test_rw_sessions_follow),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_keys_of_later_parts),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_short_reason),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_sample_is_the_default),
        cmocka_unit_test(test_deployed_sample),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
