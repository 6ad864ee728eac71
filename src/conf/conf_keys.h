/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside conf only: the rows of keys.def, and what the files of this room share.
 */
#ifndef CRATON_CONF_CONF_KEYS_H
#define CRATON_CONF_CONF_KEYS_H

#include <stddef.h>

#include "base/bytes.h"
#include "conf.h"

enum conf_kind { CONF_BOOL, CONF_UINT, CONF_TEXT, CONF_PATH, CONF_WORD, CONF_ADDRESS };

#define CONF_NO_MEMBER ((size_t)-1)

struct conf_row {
    const char *table;
    const char *key;
    enum conf_kind kind;
    size_t member; /* offset in struct conf, or CONF_NO_MEMBER */
    const char *fallback;
    unsigned long low;
    unsigned long high;
    const char *words;
    const char *text;
    bool built; /* has an effect */
};

/* A number for each row: CONF_ROW_token_label, ... */
enum conf_row_no {
#define K(table, key, kind, member, fallback, low, high, words, text) CONF_ROW_##table##_##key,
#define L(table, key, kind, place, fallback, low, high, words, text) CONF_ROW_##table##_##key,
#include "keys.def"
#undef K
#undef L
    CONF_ROWS
};

extern const struct conf_row conf_rows[CONF_ROWS];

/* One reading of a configuration. */
struct conf_reading {
    const char *name; /* stands for the file in messages; NULL when there is none */
    struct conf *conf;
    unsigned line[CONF_ROWS]; /* where the file sets the key; 0: it does not */
    char *reason;
    size_t reason_n;
    struct buf notes; /* lines to be logged, each ended by a NUL */
};

/* Writes "name:LINE: text" to the reason and returns RC_CONFIG. LINE 0 is left out. */
enum rc conf_refuse(struct conf_reading *r, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), warn_unused_result));
NODISCARD enum rc conf_note(struct conf_reading *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

struct toml_value;

/* conf_keys.c: values from the file, and the defaults. */
NODISCARD enum rc conf_take_tables(struct conf_reading *r, const struct toml_value *root);
NODISCARD enum rc conf_take_defaults(struct conf_reading *r);

/* The known key or table that is nearest to "table.key" or "table" (edit distance). */
const char *conf_nearest(const char *table, const char *key, char *out, size_t out_n);

/* conf_check.c: what rows say to each other. */
NODISCARD enum rc conf_check(struct conf_reading *r);

/* conf_path.c. RC_CONFIG: *RET_WHY says what is wrong with the path (static storage). */
NODISCARD enum rc conf_path_check(const char *path, size_t n, const char **ret_why);
/* The absolute path without "." and double slashes; freed by mem_free. */
NODISCARD enum rc conf_path_resolve(const char *path, char **ret);
/* Where the store is when no key says so. */
NODISCARD enum rc conf_path_store(char **ret);
/* $VARIABLE (when absolute), else the home directory with HOME_TAIL, and TAIL behind it. *RET is
 * NULL when there is no home. */
NODISCARD enum rc conf_path_user(const char *variable, const char *home_tail, const char *tail,
                                 char **ret);
char *conf_text(const char *a, const char *b, const char *c); /* one behind the other, or NULL */

#endif
