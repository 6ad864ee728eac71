/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the file is found, when it is not believed, and what the environment adds.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../cmocka_all.h"
#include "base/mem.h"
#include "conf.h"

static char top[] = "/tmp/craton-conf-XXXXXX";

static void write_file(const char *path, const char *text, mode_t mode)
{
    (void)unlink(path);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static int set_up(void **state)
{
    (void)state;
    static const char *const variables[] = {"CRATON_HSM_CONFIG", "CRATON_HSM_LOG",
                                            "CRATON_HSM_FIPS", "XDG_CONFIG_HOME", "XDG_DATA_HOME"};
    for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
        (void)unsetenv(variables[i]);
    }
    memcpy(top + sizeof top - 7, "XXXXXX", 6);
    if (mkdtemp(top) == NULL || chdir(top) != 0 || setenv("HOME", top, 1) != 0 ||
        mkdir("xdg", 0700) != 0 || mkdir("xdg/craton-hsm", 0700) != 0 ||
        mkdir(".config", 0700) != 0 || mkdir(".config/craton-hsm", 0700) != 0) {
        return -1;
    }
    log_setup(LOG_LEVEL_OFF, LOG_TO_NONE, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const files[] = {"craton_hsm.toml",
                                        "named.toml",
                                        "real.toml",
                                        "fifo",
                                        "log",
                                        "xdg/craton-hsm/craton_hsm.toml",
                                        ".config/craton-hsm/craton_hsm.toml"};
    static const char *const folders[] = {"xdg/craton-hsm", "xdg", ".config/craton-hsm", ".config"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        (void)unlink(files[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        (void)rmdir(folders[i]);
    }
    return chdir("/") != 0 || rmdir(top) != 0;
}

static unsigned loaded_slots(void)
{
    char reason[512] = "";
    const struct conf *c = NULL;
    if (conf_load(&c, reason, sizeof reason) != RC_OK) {
        fail_msg("%s", reason);
    }
    const unsigned slots = c->slot_count;
    conf_free(c);
    return slots;
}

static void refused(const char *part)
{
    char reason[512] = "";
    const struct conf *c = NULL;
    assert_int_equal(conf_load(&c, reason, sizeof reason), RC_CONFIG);
    assert_null(c);
    if (strstr(reason, part) == NULL) {
        fail_msg("refused with \"%s\", not with \"%s\"", reason, part);
    }
}

static void test_order(void **state)
{
    (void)state;
    write_file(".config/craton-hsm/craton_hsm.toml", "token.slot_count=5\n", 0600);
    assert_int_equal(loaded_slots(), 5);
    (void)setenv("XDG_CONFIG_HOME", "xdg", 1); /* relative: ignored */
    assert_int_equal(loaded_slots(), 5);
    char xdg[64];
    (void)snprintf(xdg, sizeof xdg, "%s/xdg", top);
    (void)setenv("XDG_CONFIG_HOME", xdg, 1);
    write_file("xdg/craton-hsm/craton_hsm.toml", "token.slot_count=4\n", 0600);
    assert_int_equal(loaded_slots(), 4);
    write_file("craton_hsm.toml", "token.slot_count=3\n", 0644);
    assert_int_equal(loaded_slots(), 3);
    write_file("named.toml", "token.slot_count=2\n", 0640);
    (void)setenv("CRATON_HSM_CONFIG", "named.toml", 1);
    assert_int_equal(loaded_slots(), 2);
    (void)setenv("CRATON_HSM_CONFIG", "", 1); /* as if not set */
    assert_int_equal(loaded_slots(), 3);
}

static void test_source(void **state)
{
    (void)state;
    char reason[512] = "";
    const struct conf *c = NULL;
    write_file("named.toml", "", 0600);
    (void)setenv("CRATON_HSM_CONFIG", "named.toml", 1);
    assert_int_equal(conf_load(&c, reason, sizeof reason), RC_OK);
    assert_string_equal(c->source, "named.toml");
    conf_free(c);
}

static void test_named_but_missing(void **state)
{
    (void)state;
    (void)setenv("CRATON_HSM_CONFIG", "missing.toml", 1);
    refused("missing.toml: does not exist, and CRATON_HSM_CONFIG names it");
    (void)setenv("CRATON_HSM_CONFIG", "missing/craton_hsm.toml", 1);
    refused("does not exist");
}

static void test_not_believed(void **state)
{
    (void)state;
    write_file("craton_hsm.toml", "", 0620);
    refused("can be written by group or others (mode 0620)");
    write_file("craton_hsm.toml", "", 0602);
    refused("can be written by group or others (mode 0602)");
    (void)unlink("craton_hsm.toml");
    write_file("real.toml", "", 0600);
    assert_int_equal(symlink("real.toml", "craton_hsm.toml"), 0);
    refused("./craton_hsm.toml: is a symbolic link");
    (void)unlink("craton_hsm.toml");
    assert_int_equal(symlink("nothing", "craton_hsm.toml"), 0);
    refused("is a symbolic link");
    (void)setenv("CRATON_HSM_CONFIG", top, 1);
    refused("is not a regular file");
    assert_int_equal(mkfifo("fifo", 0600), 0);
    (void)setenv("CRATON_HSM_CONFIG", "fifo", 1);
    refused("is not a regular file");
    (void)setenv("CRATON_HSM_CONFIG", "/dev/null", 1);
    refused("is not a regular file");
}

static void test_of_another_user(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    write_file("craton_hsm.toml", "token.slot_count=3\n", 0644);
    assert_int_equal(chown("craton_hsm.toml", 12345, 12345), 0);
    refused("belongs to another user");
    (void)setenv("CRATON_HSM_CONFIG", "craton_hsm.toml", 1); /* named: meant */
    assert_int_equal(loaded_slots(), 3);
}

static void test_too_large(void **state)
{
    (void)state;
    write_file("craton_hsm.toml", "", 0600);
    assert_int_equal(truncate("craton_hsm.toml", 1024 * 1024 + 1), 0);
    refused("is larger than 1 MiB");
}

static void test_bad_file_names_itself(void **state)
{
    (void)state;
    write_file("craton_hsm.toml", "[token]\nslots=1\n", 0600);
    refused("./craton_hsm.toml:2: unknown key token.slots; the nearest known one is token.");
    /* a bad file is not passed over for the next one */
    write_file(".config/craton-hsm/craton_hsm.toml", "token.slot_count=5\n", 0600);
    refused("./craton_hsm.toml:2: unknown key");
}

static void test_approved_mode_is_refused(void **state)
{
    (void)state;
    (void)setenv("CRATON_HSM_FIPS", "1", 1);
    refused("CRATON_HSM_FIPS=1: the approved mode is not part of this version");
    (void)setenv("CRATON_HSM_FIPS", "yes", 1);
    refused("CRATON_HSM_FIPS must be 0 or 1");
    (void)setenv("CRATON_HSM_FIPS", "0", 1);
    assert_int_equal(loaded_slots(), 1);
}

static void test_log_from_environment(void **state)
{
    (void)state;
    char reason[512] = "";
    const struct conf *c = NULL;
    write_file("craton_hsm.toml", "log={level='error',file='log'}\n", 0600);
    (void)setenv("CRATON_HSM_LOG", "info", 1);
    assert_int_equal(conf_load(&c, reason, sizeof reason), RC_OK);
    assert_int_equal(c->log_level, LOG_LEVEL_INFO);
    assert_int_equal(c->log_target, LOG_TO_FILE);
    assert_non_null(strstr(c->log_file, "/log"));
    assert_true(log_wants(LOG_LEVEL_INFO));
    conf_free(c);
    (void)setenv("CRATON_HSM_LOG", "debug,stderr", 1);
    assert_int_equal(conf_load(&c, reason, sizeof reason), RC_OK);
    assert_int_equal(c->log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(c->log_target, LOG_TO_STDERR);
    assert_null(c->log_file);
    conf_free(c);
    (void)setenv("CRATON_HSM_LOG", "off,/nowhere/at/all", 1);
    assert_int_equal(conf_load(&c, reason, sizeof reason), RC_OK);
    assert_int_equal(c->log_target, LOG_TO_FILE);
    assert_string_equal(c->log_file, "/nowhere/at/all");
    conf_free(c);
    (void)setenv("CRATON_HSM_LOG", "loud", 1); /* not understood: said, and nothing changes */
    assert_int_equal(conf_load(&c, reason, sizeof reason), RC_OK);
    assert_int_equal(c->log_level, LOG_LEVEL_ERROR);
    conf_free(c);
}

static void test_default_store(void **state)
{
    (void)state;
    char expected[PATH_MAX];
    char reason[512] = "";
    const struct conf *c = NULL;
    if (access("/var/lib/craton-hsm", F_OK) == 0) {
        skip();
    }
    assert_int_equal(conf_load(&c, reason, sizeof reason), RC_OK);
    (void)snprintf(expected, sizeof expected, "%s/.local/share/craton-hsm/store", top);
    assert_string_equal(c->storage_path, expected);
    assert_int_not_equal(access(c->storage_path, F_OK), 0); /* reading creates nothing */
    conf_free(c);
    (void)setenv("XDG_DATA_HOME", "/nowhere/data", 1);
    assert_int_equal(conf_load(&c, reason, sizeof reason), RC_OK);
    assert_string_equal(c->storage_path, "/nowhere/data/craton-hsm/store");
    conf_free(c);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_order),
        T(test_source),
        T(test_named_but_missing),
        T(test_not_believed),
        T(test_of_another_user),
        T(test_too_large),
        T(test_bad_file_names_itself),
        T(test_approved_mode_is_refused),
        T(test_log_from_environment),
        T(test_default_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
