/* SPDX-License-Identifier: Apache-2.0
 *
 * TOML 1.0 to a tree. Pure; the text must be UTF-8.
 */
#ifndef CRATON_WIRE_TOML_H
#define CRATON_WIRE_TOML_H

#include <stdbool.h>

#include "base/bytes.h"

enum toml_type {
    TOML_STRING,
    TOML_INTEGER,
    TOML_FLOAT,
    TOML_BOOL,
    TOML_DATETIME, /* kept as text, validated */
    TOML_ARRAY,
    TOML_TABLE,
};

struct toml_value {
    enum toml_type type;
    unsigned line; /* where it was defined, from 1 */
    char *key;     /* NUL-terminated (UTF-8, may hold NUL bytes: see key_n); NULL in an array */
    size_t key_n;
    union {
        struct {
            char *p; /* NUL-terminated; n does not count that NUL */
            size_t n;
        } string;
        int64_t integer;
        double real;
        bool boolean;
        struct {
            struct toml_value **items;
            size_t n;
        } list; /* TOML_ARRAY and TOML_TABLE, in the order of the file */
    } u;
};

struct toml_error {
    unsigned line; /* from 1 */
    unsigned column;
    char text[160];
};

/* Parses TEXT. On success *RET is the root table, freed by toml_free. On RC_MALFORMED ERROR says
 * where and why. Depth of nesting is limited to 64, size to 1 MiB. */
NODISCARD enum rc toml_parse(struct bytes text, struct toml_value **ret, struct toml_error *error);
void toml_free(struct toml_value *v);

/* The member of a table, or NULL. */
const struct toml_value *toml_get(const struct toml_value *table, const char *key);

#endif
