/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules for paths.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../cmocka_all.h"
#include "base/mem.h"
#include "conf_keys.h"

static const char *why(const char *path, size_t n)
{
    const char *text = NULL;
    const enum rc rc = conf_path_check(path, n, &text);
    assert_true((rc == RC_OK) == (text == NULL));
    return text;
}

static void test_rules(void **state)
{
    (void)state;
    static const char *const good[] = {"/nowhere/x", "nowhere/x",  "x",     "./x",  "/",
                                       "..x",        "x..",        "a/..b", "...",  ".hidden/x",
                                       "/.ssh/x",    "a/.ssh/x",   ".gitx", "a//b", "a\\b",
                                       "/a b/c",     "\xc3\xa9/x", ".",     "~/x",  "/a\\\\b"};
    static const char *const bad[] = {"",     "..",       "../x",     "a/..",     "a/../b",
                                      "/..",  "//x",      "//",       "\\\\x\\y", ".git/x",
                                      ".ssh", "./.ssh/x", ".gnupg/x", ".aws/x",   ".config/x",
                                      ".env", "././.env", ".//.aws",  "a\nb",     "a\x7f"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (why(good[i], strlen(good[i])) != NULL) {
            fail_msg("refused: %s (%s)", good[i], why(good[i], strlen(good[i])));
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (why(bad[i], strlen(bad[i])) == NULL) {
            fail_msg("not refused: %s", bad[i]);
        }
    }
    assert_non_null(why("a\0b", 3));
    static char longest[PATH_MAX + 1];
    memset(longest, 'a', PATH_MAX);
    assert_non_null(why(longest, PATH_MAX));
    assert_null(why(longest + 1, PATH_MAX - 1));
}

static void test_links(void **state)
{
    (void)state;
    char top[] = "/tmp/craton-path-XXXXXX";
    assert_non_null(mkdtemp(top));
    assert_int_equal(chdir(top), 0);
    assert_int_equal(mkdir("real", 0700), 0);
    assert_int_equal(symlink("real", "link"), 0);
    assert_int_equal(symlink("missing", "dangling"), 0);
    assert_null(why("real/x", 6));
    assert_null(why("real", 4));
    assert_non_null(why("link", 4));
    assert_non_null(why("link/x", 6));
    assert_non_null(why("link//x", 7));
    assert_non_null(why("./link/x", 8));
    assert_non_null(why("link/x/y/z", 10));
    assert_non_null(why("link/", 5));
    assert_non_null(why("dangling", 8));
    assert_null(why("missing/link", 12)); /* behind what does not exist there is nothing */
    char path[100];
    (void)snprintf(path, sizeof path, "%s/link/x", top);
    assert_non_null(why(path, strlen(path)));
    (void)unlink("link");
    (void)unlink("dangling");
    (void)rmdir("real");
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(top), 0);
}

static void test_resolve(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"/a/b", "/a/b"}, {"/a//b///c", "/a/b/c"}, {"/a/./b/.", "/a/b"},
        {"/", "/"},       {"/a/b/", "/a/b"},       {"/./", "/"},
        {"x", "/tmp/x"},  {".", "/tmp"},           {"./x/y", "/tmp/x/y"},
    };
    assert_int_equal(chdir("/tmp"), 0);
    char here[PATH_MAX];
    assert_non_null(getcwd(here, sizeof here));
    if (strcmp(here, "/tmp") != 0) {
        skip();
    }
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_FREE char *out = NULL;
        assert_int_equal(conf_path_resolve(cases[i][0], &out), RC_OK);
        assert_string_equal(out, cases[i][1]);
    }
    assert_int_equal(chdir("/"), 0);
    AUTO_FREE char *out = NULL;
    assert_int_equal(conf_path_resolve("x", &out), RC_OK);
    assert_string_equal(out, "/x");
}

static void test_user_places(void **state)
{
    (void)state;
    AUTO_FREE char *a = NULL;
    AUTO_FREE char *b = NULL;
    AUTO_FREE char *c = NULL;
    (void)setenv("XDG_DATA_HOME", "/data", 1);
    (void)setenv("HOME", "/me", 1);
    assert_int_equal(conf_path_user("XDG_DATA_HOME", "/.local/share", "/x", &a), RC_OK);
    assert_string_equal(a, "/data/x");
    (void)setenv("XDG_DATA_HOME", "data", 1);
    assert_int_equal(conf_path_user("XDG_DATA_HOME", "/.local/share", "/x", &b), RC_OK);
    assert_string_equal(b, "/me/.local/share/x");
    (void)unsetenv("HOME");
    assert_int_equal(conf_path_user("XDG_DATA_HOME", "/.local/share", "/x", &c), RC_OK);
    if (c != NULL) {
        assert_int_equal(c[0], '/');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_user_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
