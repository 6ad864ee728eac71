/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of keys.def, and how a value becomes a member of struct conf.
 */
#include "conf_keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/toml.h"

#define AT(member) offsetof(struct conf, member)
#define NOWHERE CONF_NO_MEMBER

const struct conf_row conf_rows[CONF_ROWS] = {
#define L(table, key, kind, place, fallback, low, high, words, text)                               \
    {#table, #key, CONF_##kind, place, fallback, low, high, words, text, false},
#define K(table, key, kind, member, fallback, low, high, words, text)                              \
    {#table, #key, CONF_##kind, AT(member), fallback, low, high, words, text, true},
#include "keys.def"
#undef K
#undef L
};

/* WORD members are written as unsigned. */
_Static_assert(sizeof(enum conf_backend) == sizeof(unsigned), "an enum is as large as unsigned");
_Static_assert(sizeof(enum log_level) == sizeof(unsigned), "an enum is as large as unsigned");
_Static_assert(sizeof(enum log_target) == sizeof(unsigned), "an enum is as large as unsigned");

/* ---------------------------------------------------------------- members */

static void put_member(struct conf_reading *r, const struct conf_row *row, const void *value,
                       size_t n)
{
    if (row->member != CONF_NO_MEMBER) {
        mem_copy((uint8_t *)r->conf + row->member, value, n);
    }
}

/* Takes *TEXT over; the text that was there goes. */
static void put_text(struct conf_reading *r, const struct conf_row *row, char **text)
{
    if (row->member != CONF_NO_MEMBER) {
        char *before = NULL;
        mem_copy(&before, (uint8_t *)r->conf + row->member, sizeof before);
        mem_free(before);
        put_member(r, row, text, sizeof *text);
        *text = NULL;
    }
}

static enum rc put_copy(struct conf_reading *r, const struct conf_row *row, const char *p)
{
    AUTO_FREE char *copy = conf_text(p, "", "");
    REQUIRE(copy != NULL, RC_HOST_MEMORY);
    put_text(r, row, &copy);
    return RC_OK;
}

/* ---------------------------------------------------------------- values of the file */

static enum rc take_bool(struct conf_reading *r, const struct conf_row *row,
                         const struct toml_value *v)
{
    if (v->type != TOML_BOOL) {
        return conf_refuse(r, v->line, "%s.%s must be true or false", row->table, row->key);
    }
    put_member(r, row, &v->u.boolean, sizeof v->u.boolean);
    return RC_OK;
}

static enum rc take_uint(struct conf_reading *r, const struct conf_row *row,
                         const struct toml_value *v)
{
    if (v->type != TOML_INTEGER) {
        return conf_refuse(r, v->line, "%s.%s must be an integer from %lu to %lu", row->table,
                           row->key, row->low, row->high);
    }
    if (v->u.integer < (int64_t)row->low || v->u.integer > (int64_t)row->high) {
        return conf_refuse(r, v->line, "%s.%s must be from %lu to %lu, not %" PRId64, row->table,
                           row->key, row->low, row->high, v->u.integer);
    }
    const unsigned value = (unsigned)v->u.integer;
    put_member(r, row, &value, sizeof value);
    return RC_OK;
}

static enum rc take_text(struct conf_reading *r, const struct conf_row *row,
                         const struct toml_value *v)
{
    if (v->u.string.n < row->low || v->u.string.n > row->high) {
        return conf_refuse(r, v->line, "%s.%s must have %lu to %lu characters, not %zu", row->table,
                           row->key, row->low, row->high, v->u.string.n);
    }
    for (size_t i = 0; i < v->u.string.n; i++) {
        if (v->u.string.p[i] < 0x20 || v->u.string.p[i] > 0x7e) {
            return conf_refuse(r, v->line, "%s.%s must be printable ASCII", row->table, row->key);
        }
    }
    return put_copy(r, row, v->u.string.p);
}

static enum rc take_path(struct conf_reading *r, const struct conf_row *row,
                         const struct toml_value *v)
{
    const char *why = NULL;
    if (conf_path_check(v->u.string.p, v->u.string.n, &why) != RC_OK) {
        return conf_refuse(r, v->line, "%s.%s %s", row->table, row->key, why);
    }
    AUTO_FREE char *path = NULL;
    const enum rc rc = conf_path_resolve(v->u.string.p, &path);
    if (rc == RC_CONFIG) {
        return conf_refuse(r, v->line, "%s.%s is relative, and the working directory is gone",
                           row->table, row->key);
    }
    TRY(rc);
    put_text(r, row, &path);
    return RC_OK;
}

/* The number of the word TEXT among WORDS, or -1. */
static int word_no(const char *words, const char *text, size_t n)
{
    int no = 0;
    for (const char *p = words;; p++) {
        const size_t len = strcspn(p, "|,");
        if (len == n && memcmp(p, text, n) == 0) {
            return no;
        }
        p += len;
        if (*p == '\0') {
            return -1;
        }
        no += *p == '|';
    }
}

static enum rc take_word(struct conf_reading *r, const struct conf_row *row,
                         const struct toml_value *v)
{
    const int no = word_no(row->words, v->u.string.p, v->u.string.n);
    if (no < 0) {
        return conf_refuse(r, v->line, "%s.%s must be one of %s", row->table, row->key, row->words);
    }
    const unsigned value = (unsigned)no;
    put_member(r, row, &value, sizeof value);
    return RC_OK;
}

/* host:port, with an IPv6 host in brackets. */
static bool is_address(const char *p, size_t n)
{
    const char *colon = strrchr(p, ':');
    if (strlen(p) != n || colon == NULL || colon == p) {
        return false;
    }
    const size_t host = (size_t)(colon - p);
    const bool bracketed = p[0] == '[' && host > 2 && p[host - 1] == ']';
    if (!bracketed && strcspn(p, ":[]") != host) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (p[i] <= 0x20 || p[i] >= 0x7f) {
            return false;
        }
    }
    const size_t digits = n - host - 1;
    if (digits == 0 || digits > 5 || strspn(colon + 1, "0123456789") != digits) {
        return false;
    }
    const unsigned long port = strtoul(colon + 1, NULL, 10);
    return port >= 1 && port <= 65535;
}

static enum rc take_address(struct conf_reading *r, const struct conf_row *row,
                            const struct toml_value *v)
{
    if (!is_address(v->u.string.p, v->u.string.n)) {
        return conf_refuse(r, v->line, "%s.%s must be host:port", row->table, row->key);
    }
    return put_copy(r, row, v->u.string.p);
}

static enum rc take_string(struct conf_reading *r, const struct conf_row *row,
                           const struct toml_value *v)
{
    if (v->type != TOML_STRING) {
        return conf_refuse(r, v->line, "%s.%s must be a string", row->table, row->key);
    }
    switch (row->kind) {
    case CONF_TEXT:
        return take_text(r, row, v);
    case CONF_PATH:
        return take_path(r, row, v);
    case CONF_WORD:
        return take_word(r, row, v);
    default:
        return take_address(r, row, v);
    }
}

static enum rc take_value(struct conf_reading *r, enum conf_row_no no, const struct toml_value *v)
{
    const struct conf_row *row = &conf_rows[no];
    r->line[no] = v->line;
    if (row->kind == CONF_BOOL) {
        return take_bool(r, row, v);
    }
    return row->kind == CONF_UINT ? take_uint(r, row, v) : take_string(r, row, v);
}

/* ---------------------------------------------------------------- the file */

/* Printable, bounded: a key of the file for a message. */
static void plain_key(const struct toml_value *v, char out[64])
{
    size_t n = 0;
    for (; n < v->key_n && n < 63; n++) {
        out[n] = '?';
        if (v->key[n] > 0x20 && v->key[n] < 0x7f) {
            out[n] = v->key[n];
        }
    }
    out[n] = '\0';
}

static enum rc take_table(struct conf_reading *r, const char *table, const struct toml_value *t)
{
    for (size_t i = 0; i < t->u.list.n; i++) {
        const struct toml_value *v = t->u.list.items[i];
        size_t no = 0;
        while (no < CONF_ROWS &&
               (strcmp(conf_rows[no].table, table) != 0 || strlen(conf_rows[no].key) != v->key_n ||
                memcmp(conf_rows[no].key, v->key, v->key_n) != 0)) {
            no++;
        }
        if (no == CONF_ROWS) {
            char key[64];
            char near[128];
            plain_key(v, key);
            return conf_refuse(r, v->line, "unknown key %s.%s; the nearest known one is %s", table,
                               key, conf_nearest(table, key, near, sizeof near));
        }
        TRY(take_value(r, (enum conf_row_no)no, v));
    }
    return RC_OK;
}

static bool is_table_name(const char *name)
{
    for (size_t i = 0; i < CONF_ROWS; i++) {
        if (strcmp(conf_rows[i].table, name) == 0) {
            return true;
        }
    }
    return false;
}

enum rc conf_take_tables(struct conf_reading *r, const struct toml_value *root)
{
    for (size_t i = 0; i < root->u.list.n; i++) {
        const struct toml_value *v = root->u.list.items[i];
        char name[64];
        char near[128];
        plain_key(v, name);
        const bool known = strlen(name) == v->key_n && is_table_name(name);
        if (!known && v->type == TOML_TABLE && v->u.list.n != 0) {
            const struct toml_value *first = v->u.list.items[0];
            char key[64];
            plain_key(first, key);
            return conf_refuse(r, first->line, "unknown key %s.%s; the nearest known one is %s",
                               name, key, conf_nearest(name, key, near, sizeof near));
        }
        if (!known) {
            return conf_refuse(r, v->line, "unknown %s %s; the nearest known one is %s",
                               v->type == TOML_TABLE ? "table" : "key", name,
                               v->type == TOML_TABLE ? conf_nearest(name, NULL, near, sizeof near)
                                                     : conf_nearest("", name, near, sizeof near));
        }
        if (v->type != TOML_TABLE) {
            return conf_refuse(r, v->line, "%s must be a table: [%s]", name, name);
        }
        TRY(take_table(r, name, v));
    }
    return RC_OK;
}

/* ---------------------------------------------------------------- defaults */

enum rc conf_take_defaults(struct conf_reading *r)
{
    for (size_t i = 0; i < CONF_ROWS; i++) {
        const struct conf_row *row = &conf_rows[i];
        if (row->member == CONF_NO_MEMBER || row->fallback == NULL) {
            continue;
        }
        if (row->kind == CONF_BOOL) {
            const bool value = strcmp(row->fallback, "true") == 0;
            put_member(r, row, &value, sizeof value);
        } else if (row->kind == CONF_UINT) {
            const unsigned value = (unsigned)strtoul(row->fallback, NULL, 10);
            put_member(r, row, &value, sizeof value);
        } else if (row->kind == CONF_WORD) {
            const unsigned value =
                (unsigned)word_no(row->words, row->fallback, strlen(row->fallback));
            put_member(r, row, &value, sizeof value);
        } else {
            TRY(put_copy(r, row, row->fallback));
        }
    }
    return RC_OK;
}

/* ---------------------------------------------------------------- the nearest key */

#define NEAR_MAX 128U

static size_t least(size_t a, size_t b, size_t c)
{
    const size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Levenshtein distance; texts are cut at NEAR_MAX characters. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NEAR_MAX + 1];
    const size_t bn = strnlen(b, NEAR_MAX);
    for (size_t j = 0; j <= bn; j++) {
        row[j] = j;
    }
    for (size_t i = 0; i < NEAR_MAX && a[i] != '\0'; i++) {
        size_t corner = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < bn; j++) {
            const size_t replaced = corner + (a[i] != b[j]);
            corner = row[j + 1];
            row[j + 1] = least(row[j] + 1, row[j + 1] + 1, replaced);
        }
    }
    return row[bn];
}

const char *conf_nearest(const char *table, const char *key, char *out, size_t out_n)
{
    size_t best = (size_t)-1;
    for (size_t i = 0; i < CONF_ROWS; i++) {
        const struct conf_row *row = &conf_rows[i];
        /* A wrong table weighs little when the key is right. */
        const size_t of_table = distance(table, row->table);
        const size_t far =
            key == NULL ? of_table : 2 * distance(key, row->key) + (of_table > 3 ? 3 : of_table);
        if (far < best) {
            best = far;
            (void)snprintf(out, out_n, "%s%s%s", row->table, key != NULL ? "." : "",
                           key != NULL ? row->key : "");
        }
    }
    return out;
}
