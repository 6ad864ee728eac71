/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading rows.
 */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int nibble(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

static size_t index_of(const struct row *r, const char *name)
{
    for (size_t i = 0; i < r->n; i++) {
        if (strcmp(r->name[i], name) == 0) {
            return i;
        }
    }
    return FIELDS_MAX;
}

const char *row_text(const struct row *r, const char *name)
{
    const size_t i = index_of(r, name);

    return i < FIELDS_MAX ? r->text[i] : "";
}

unsigned long row_number(const struct row *r, const char *name)
{
    return strtoul(row_text(r, name), NULL, 10);
}

struct bytes row_bytes(struct row *r, const char *name)
{
    const size_t i = index_of(r, name);

    if (i == FIELDS_MAX) {
        return BYTES_NONE;
    }
    if (r->bytes[i].n == 0) {
        for (const char *p = r->text[i]; *p != '\0'; p += 2) {
            const int high = nibble(p[0]);
            const int low = nibble(p[1]);

            assert_true(high >= 0 && low >= 0);
            ASSERT_OK(buf_add_u8(&r->bytes[i], (uint8_t)(high << 4 | low)));
        }
    }
    return buf_view(&r->bytes[i]);
}

struct secret *row_secret(struct row *r, const char *name)
{
    const struct bytes v = row_bytes(r, name);
    struct secret *s = secret_from(v.p, v.n);

    assert_non_null(s);
    return s;
}

bool row_is(const struct row *r, const char *result)
{
    return strcmp(row_text(r, "result"), result) == 0;
}

enum hash_alg row_hash(const struct row *r, const char *name)
{
    static const char *const names[HASH_COUNT] = {
        "",           "SHA1",     "SHA224",   "SHA256",   "SHA384",   "SHA512",   "SHA512_224",
        "SHA512_256", "SHA3_224", "SHA3_256", "SHA3_384", "SHA3_512", "SHAKE128", "SHAKE256"};

    for (enum hash_alg alg = HASH_SHA1; alg < HASH_COUNT; alg++) {
        if (strcmp(names[alg], row_text(r, name)) == 0) {
            return alg;
        }
    }
    return HASH_NONE;
}

enum outcome judged(const struct row *r, bool right)
{
    if (row_is(r, "acceptable")) {
        return CHECKED;
    }
    return right == row_is(r, "valid") ? CHECKED : WRONG;
}

static row_checker checker_of(const char *op)
{
    const struct row_kind *const all[] = {aes_rows, hash_rows, pkey_rows, pq_rows, rsa_rows};

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        for (const struct row_kind *k = all[i]; k->op != NULL; k++) {
            if (strcmp(k->op, op) == 0) {
                return k->check;
            }
        }
    }
    return NULL;
}

/* Cuts LINE into the row's fields. */
static struct row parse(char *line)
{
    struct row r = {0};
    char *rest = NULL;

    r.op = strtok_r(line, " \n", &rest);
    for (char *word; (word = strtok_r(NULL, " \n", &rest)) != NULL;) {
        char *equals = strchr(word, '=');

        assert_non_null(equals);
        assert_true(r.n < FIELDS_MAX);
        *equals = '\0';
        r.name[r.n] = word;
        r.text[r.n++] = equals + 1;
    }
    return r;
}

unsigned rows_run(const struct crypto *c, const char *file, unsigned *ret_checked)
{
    const char *folder = getenv("CRATON_VECTORS");
    char path[4096];
    char *line = NULL;
    size_t cap = 0;
    unsigned wrong = 0;

    (void)snprintf(path, sizeof(path), "%s/%s.txt", folder != NULL ? folder : CRATON_VECTORS_DIR,
                   file);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    while (getline(&line, &cap, f) > 0) {
        struct row r = parse(line);
        const row_checker check = checker_of(r.op);

        assert_non_null(check);
        const enum outcome o = check(c, &r);
        *ret_checked += o == CHECKED;
        if (o == WRONG) {
            wrong++;
            print_error("%s %s: result=%s\n", r.op, row_text(&r, "id"), row_text(&r, "result"));
        }
        for (size_t i = 0; i < r.n; i++) {
            buf_free(&r.bytes[i]);
        }
    }
    free(line);
    (void)fclose(f);
    rsa_rows_end();
    return wrong;
}
