/* SPDX-License-Identifier: Apache-2.0
 *
 * The log: what it says, where, and what it keeps to itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../cmocka_all.h"
#include "base/log.h"

static char folder[] = "/tmp/craton-log-XXXXXX";
static char path[100];
static char text[8192];

static int set_up(void **state)
{
    (void)state;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/log", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_OFF, LOG_TO_NONE, NULL);
    (void)unlink(path);
    return rmdir(folder);
}

static const char *written(void)
{
    memset(text, 0, sizeof text);
    const int fd = open(path, O_RDONLY);
    if (fd >= 0) {
        assert_true(read(fd, text, sizeof text - 1) >= 0);
        (void)close(fd);
    }
    return text;
}

static void test_levels(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_WARN, LOG_TO_FILE, path);
    assert_true(log_wants(LOG_LEVEL_ERROR));
    assert_true(log_wants(LOG_LEVEL_WARN));
    assert_false(log_wants(LOG_LEVEL_INFO));
    assert_false(log_wants(LOG_LEVEL_OFF));
    log_info("not this");
    log_debug("nor this");
    assert_string_equal(written(), "");
    assert_int_equal(access(path, F_OK), -1); /* not made before it is needed */
    log_warn("number %d", 42);
    log_error("second");
    assert_non_null(strstr(written(), "] warning: number 42\n"));
    assert_non_null(strstr(text, "] error: second\n"));
    log_setup(LOG_LEVEL_OFF, LOG_TO_FILE, path);
    log_error("third");
    assert_null(strstr(written(), "third"));
    log_setup(LOG_LEVEL_DEBUG, LOG_TO_NONE, path);
    log_error("fourth");
    assert_null(strstr(written(), "fourth"));
}

static void test_line(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_DEBUG, LOG_TO_FILE, path);
    log_debug("a\nb\tc\x1b[1m");
    written();
    int year = 0;
    int month = 0;
    int day = 0;
    int second = -1;
    long pid = 0;
    char rest[100] = "";
    assert_int_equal(sscanf(text, "%4d-%2d-%2dT%*2d:%*2d:%2dZ craton-hsm[%ld] debug: %99[^\n]",
                            &year, &month, &day, &second, &pid, rest),
                     6);
    assert_in_range(year, 2020, 2200);
    assert_in_range(month, 1, 12);
    assert_in_range(day, 1, 31);
    assert_in_range(second, 0, 59);
    assert_int_equal(pid, getpid());
    assert_string_equal(rest, "a?b?c?[1m"); /* one line, no control characters */
    assert_int_equal(strlen(text), (size_t)(strchr(text, '\n') - text) + 1);
}

static void test_time_is_right(void **state)
{
    (void)state;
    struct stat st;
    char expected[32];
    log_setup(LOG_LEVEL_DEBUG, LOG_TO_FILE, path);
    log_debug("x");
    assert_int_equal(stat(path, &st), 0);
    const time_t when = st.st_mtim.tv_sec;
    struct tm tm;
    assert_non_null(gmtime_r(&when, &tm));
    (void)strftime(expected, sizeof expected, "%Y-%m-%dT", &tm);
    assert_memory_equal(written(), expected, strlen(expected));
}

static void test_long_message_is_cut(void **state)
{
    (void)state;
    char *long_text = malloc(5000);
    assert_non_null(long_text);
    memset(long_text, 'x', 4999);
    long_text[4999] = '\0';
    log_setup(LOG_LEVEL_DEBUG, LOG_TO_FILE, path);
    log_debug("%s", long_text);
    free(long_text);
    assert_in_range(strlen(written()), 1000, 1300);
    assert_int_equal(text[strlen(text) - 1], '\n');
}

static void test_file(void **state)
{
    (void)state;
    const mode_t mask = umask(0);
    log_setup(LOG_LEVEL_DEBUG, LOG_TO_FILE, path);
    errno = 77;
    log_debug("one");
    assert_int_equal(errno, 77);
    (void)umask(mask);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    /* rotated: the next line makes a new one */
    assert_int_equal(unlink(path), 0);
    log_debug("two");
    assert_non_null(strstr(written(), "two"));
    assert_null(strstr(text, "one"));
    /* a link is not followed */
    char target[120];
    (void)snprintf(target, sizeof target, "%s/target", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(target, path), 0);
    log_debug("three");
    assert_int_equal(access(target, F_OK), -1);
}

static void test_setup_text(void **state)
{
    (void)state;
    char setup[200];
    (void)snprintf(setup, sizeof setup, "info,%s", path);
    assert_int_equal(log_setup_text(setup), 0);
    log_info("by text");
    assert_non_null(strstr(written(), "by text"));
    assert_int_equal(log_setup_text("debug"), 0); /* target stays */
    log_debug("more");
    assert_non_null(strstr(written(), "more"));
    static const char *const bad[] = {"",           "loud",           "debug,",
                                      "debug,file", "debug,relative", "DEBUG",
                                      "warn,x,y",   ",stderr",        "debugger"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(log_setup_text(bad[i]), -1);
    }
    assert_true(log_wants(LOG_LEVEL_DEBUG)); /* nothing changed */
    log_debug("still");
    assert_non_null(strstr(written(), "still"));
    assert_int_equal(log_setup_text("off,syslog"), 0);
    assert_int_equal(log_setup_text("warning,stderr"), 0);
    assert_true(log_wants(LOG_LEVEL_WARN));
}

static void test_fatal(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_ERROR, LOG_TO_FILE, path);
    char errors[120];
    (void)snprintf(errors, sizeof errors, "%s/errors", folder);
    const int fd = open(errors, O_RDWR | O_CREAT, 0600);
    const int kept = dup(STDERR_FILENO);
    assert_true(fd >= 0 && kept >= 0);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
    log_fatal("cannot %s", "start\n");
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    char said[200] = "";
    assert_true(pread(fd, said, sizeof said - 1, 0) > 0);
    (void)close(fd);
    (void)close(kept);
    (void)unlink(errors);
    assert_string_equal(said, "craton-hsm: cannot start?\n");
    assert_non_null(strstr(written(), "error: cannot start?"));
}

static void test_syslog_without_daemon(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_DEBUG, LOG_TO_SYSLOG, NULL);
    log_debug("a test of craton-hsm"); /* no daemon, no harm */
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_levels), T(test_line),       T(test_time_is_right), T(test_long_message_is_cut),
        T(test_file),   T(test_setup_text), T(test_fatal),         T(test_syslog_without_daemon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
