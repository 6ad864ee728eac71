/* SPDX-License-Identifier: Apache-2.0
 *
 * A TOML tree as one line of text, so that a case can say what it expects: tables {k:v,...},
 * arrays [v,...], strings in quotes with \xNN for what is not printable ASCII, d(...) for dates.
 */
#ifndef CRATON_TESTS_TOML_DUMP_H
#define CRATON_TESTS_TOML_DUMP_H

#include <math.h>
#include <stdio.h>

#include "wire/toml.h"

static inline void dump_text(FILE *out, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)p[i];
        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') {
            (void)fprintf(out, "\\x%02x", c);
        } else {
            (void)fputc(c, out);
        }
    }
}

static inline void dump_float(FILE *out, double v)
{
    if (isnan(v)) {
        (void)fputs("nan", out);
    } else if (isinf(v)) {
        (void)fputs(v < 0 ? "-inf" : "inf", out);
    } else {
        (void)fprintf(out, "%.17gf", v);
    }
}

static inline void dump_value(FILE *out, const struct toml_value *v)
{
    const int table = v->type == TOML_TABLE;
    switch (v->type) {
    case TOML_STRING:
        (void)fputc('"', out);
        dump_text(out, v->u.string.p, v->u.string.n);
        (void)fputc('"', out);
        break;
    case TOML_INTEGER:
        (void)fprintf(out, "%lld", (long long)v->u.integer);
        break;
    case TOML_FLOAT:
        dump_float(out, v->u.real);
        break;
    case TOML_BOOL:
        (void)fputs(v->u.boolean ? "true" : "false", out);
        break;
    case TOML_DATETIME:
        (void)fprintf(out, "d(%s)", v->u.string.p);
        break;
    case TOML_ARRAY:
    case TOML_TABLE:
        (void)fputc(table ? '{' : '[', out);
        for (size_t i = 0; i < v->u.list.n; i++) {
            if (i != 0) {
                (void)fputc(',', out);
            }
            if (table) {
                dump_text(out, v->u.list.items[i]->key, v->u.list.items[i]->key_n);
                (void)fputc(':', out);
            }
            dump_value(out, v->u.list.items[i]);
        }
        (void)fputc(table ? '}' : ']', out);
        break;
    }
}

#endif
