/* SPDX-License-Identifier: Apache-2.0
 *
 * The TOML reader: a table of what is valid and what it means, a table of what is not and why.
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "../cmocka_all.h"
#include "toml_cases.h"
#include "toml_dump.h"

static char *dumped(const struct toml_value *root)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    assert_non_null(out);
    dump_value(out, root);
    (void)fclose(out);
    return text;
}

static void check_valid(const struct toml_case *c)
{
    struct toml_value *root = NULL;
    struct toml_error error;
    const enum rc rc = toml_parse(BYTES(c->text, c->n), &root, &error);
    if (rc != RC_OK) {
        fail_msg("refused: %s\nline %u: %s", c->text, error.line, error.text);
    }
    char *text = dumped(root);
    if (strcmp(text, c->expected) != 0) {
        fail_msg("%s\nis        %s\nshould be %s", c->text, text, c->expected);
    }
    free(text);
    toml_free(root);
}

static void test_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(valid_cases); i++) {
        check_valid(&valid_cases[i]);
    }
}

static void test_invalid(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(invalid_cases); i++) {
        const struct toml_case *c = &invalid_cases[i];
        struct toml_value *root = NULL;
        struct toml_error error;
        const enum rc rc = toml_parse(BYTES(c->text, c->n), &root, &error);
        if (rc != RC_MALFORMED) {
            fail_msg("not refused: %s (%s)", c->text, rc_name(rc));
        }
        assert_null(root);
        assert_true(error.line >= 1 && error.column >= 1);
        if (strstr(error.text, c->expected) == NULL) {
            fail_msg("%s\nis refused with \"%s\"\nnot with        \"%s\"", c->text, error.text,
                     c->expected);
        }
    }
}

static void test_every_cut_is_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(valid_cases); i++) {
        for (size_t n = 0; n < valid_cases[i].n; n++) {
            char *text = malloc(n + 1); /* exact, so that a sanitizer sees a read too far */
            assert_non_null(text);
            memcpy(text, valid_cases[i].text, n);
            struct toml_value *root = NULL;
            struct toml_error error;
            if (toml_parse(BYTES(text, n), &root, &error) == RC_OK) {
                toml_free(root);
            } else {
                assert_null(root);
            }
            free(text);
        }
    }
}

static void test_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line;
        unsigned column;
    } cases[] = {
        {"a=1\nb=2 c", 2, 5},           {"\r\n\r\n  a=x", 3, 5},
        {"a=\"\"\"\n\n\"\"\" b", 3, 5}, {"\"\xc3\xa9\xc3\xa9\" 1", 1, 6},
        {"a=[\n1,\n\n2 3]", 4, 3},      {"# \xc3\xa9\n\xff", 2, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct toml_value *root = NULL;
        struct toml_error error;
        assert_int_equal(toml_parse(BYTES(cases[i].text, strlen(cases[i].text)), &root, &error),
                         RC_MALFORMED);
        assert_int_equal(error.line, cases[i].line);
        assert_int_equal(error.column, cases[i].column);
    }
}

static void test_get_and_lines(void **state)
{
    (void)state;
    static const char text[] = "x=1\n[a]\n\nb='v'\n[[c]]\n";
    struct toml_value *root = NULL;
    struct toml_error error;
    assert_int_equal(toml_parse(BYTES_STR(text), &root, &error), RC_OK);
    assert_int_equal(toml_get(root, "x")->line, 1);
    const struct toml_value *a = toml_get(root, "a");
    assert_int_equal(a->line, 2);
    assert_int_equal(toml_get(a, "b")->line, 4);
    assert_string_equal(toml_get(a, "b")->u.string.p, "v");
    assert_string_equal(toml_get(a, "b")->key, "b");
    assert_null(toml_get(a, "x"));
    assert_null(toml_get(root, ""));
    assert_null(toml_get(toml_get(root, "x"), "x"));
    assert_null(toml_get(toml_get(root, "c"), "x"));
    assert_null(toml_get(NULL, "x"));
    toml_free(root);
    toml_free(NULL);
}

static enum rc parse_repeated(const char *part, size_t times, const char *end)
{
    AUTO_BUF struct buf b = BUF_INIT;
    assert_int_equal(buf_add(&b, "a=", 2), RC_OK);
    for (size_t i = 0; i < times; i++) {
        assert_int_equal(buf_add(&b, part, strlen(part)), RC_OK);
    }
    for (size_t i = 0; end != NULL && i < times; i++) {
        assert_int_equal(buf_add(&b, end, strlen(end)), RC_OK);
    }
    struct toml_value *root = NULL;
    struct toml_error error;
    const enum rc rc = toml_parse(buf_view(&b), &root, &error);
    if (rc == RC_OK) {
        toml_free(root);
    }
    return rc;
}

static void test_limits(void **state)
{
    (void)state;
    assert_int_equal(parse_repeated("[", 64, "]"), RC_OK);
    assert_int_equal(parse_repeated("[", 65, "]"), RC_MALFORMED);
    assert_int_equal(parse_repeated("[", 500000, "]"), RC_MALFORMED);
    assert_int_equal(parse_repeated("{a=", 500000 / 3, NULL), RC_MALFORMED);
    assert_int_equal(parse_repeated(" ", 2 * 1024 * 1024, NULL), RC_MALFORMED);

    AUTO_BUF struct buf b = BUF_INIT;
    for (unsigned i = 0; i < 200; i++) {
        assert_int_equal(buf_add(&b, "a.", 2), RC_OK);
    }
    assert_int_equal(buf_add(&b, "a=1", 3), RC_OK);
    struct toml_value *root = NULL;
    struct toml_error error;
    assert_int_equal(toml_parse(buf_view(&b), &root, &error), RC_MALFORMED);
}

static void test_many_keys(void **state)
{
    (void)state;
    AUTO_BUF struct buf b = BUF_INIT;
    char line[32];
    enum { KEYS = 60000 };
    for (unsigned i = 0; i < KEYS; i++) {
        const int n = snprintf(line, sizeof line, "k%u=%u\n", i, i);
        assert_int_equal(buf_add(&b, line, (size_t)n), RC_OK);
    }
    struct toml_value *root = NULL;
    struct toml_error error;
    assert_int_equal(toml_parse(buf_view(&b), &root, &error), RC_OK);
    for (unsigned i = 0; i < KEYS; i += 7) {
        (void)snprintf(line, sizeof line, "k%u", i);
        assert_int_equal(toml_get(root, line)->u.integer, i);
    }
    assert_null(toml_get(root, "k60000"));
    toml_free(root);
    assert_int_equal(buf_add(&b, "k77=1\n", 6), RC_OK);
    assert_int_equal(toml_parse(buf_view(&b), &root, &error), RC_MALFORMED);
    assert_string_equal(error.text, "defined twice: \"k77\" is defined in line 78");
}

static void test_other_locale(void **state)
{
    (void)state;
    /* Where such a locale is installed, its decimal comma must not matter. */
    (void)setlocale(LC_ALL, "de_DE.UTF-8");
    check_valid(&(struct toml_case){"a=1.5", 5, "{a:1.5f}"});
    (void)setlocale(LC_ALL, "C");
}

static void test_no_memory(void **state)
{
    (void)state;
    static const char text[] = "a.b=1\nc=[1,{x='y'}]\nd=\"\"\"\nlong enough to grow a buffer, and "
                               "then some more, and more\"\"\"\n[[e]]\nf=1979-05-27\n[e.g]\n"
                               "a1=1\na2=1\na3=1\na4=1\na5=1\na6=1\na7=1\na8=1\na9=1\nb1=1\nb2=1\n"
                               "b3=1\nb4=1\nb5=1\nb6=1\nb7=1\nb8=1\nb9=1\n\"q\"=1\n";
    unsigned long nth = 0;
    for (;;) {
        struct toml_value *root = NULL;
        struct toml_error error;
        mem_fault_at(++nth);
        const enum rc rc = toml_parse(BYTES_STR(text), &root, &error);
        const unsigned long fired = mem_fault_count();
        mem_fault_at(0);
        if (fired == 0) {
            assert_int_equal(rc, RC_OK);
            toml_free(root);
            break;
        }
        assert_int_equal(rc, RC_HOST_MEMORY);
        assert_null(root);
    }
    assert_true(nth > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_every_cut_is_safe),
        cmocka_unit_test(test_where),
        cmocka_unit_test(test_get_and_lines),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_other_locale),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
