/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside wire only: what the files of the TOML reader share. The text was checked to be UTF-8
 * before any of these functions sees it.
 */
#ifndef CRATON_WIRE_TOML_PARSE_H
#define CRATON_WIRE_TOML_PARSE_H

#include "toml.h"

#define TOML_DEPTH_MAX 64U
#define TOML_SIZE_MAX (1024U * 1024U)

struct toml_text {
    const char *p;
    size_t n;
    size_t at;         /* the next byte */
    size_t line_start; /* where the line of AT begins */
    unsigned line;     /* from 1 */
    struct toml_error *error;
};

/* Sets the error at the next byte and returns RC_MALFORMED. */
enum rc toml_refuse(struct toml_text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));

/* The byte OFFSET behind the next one; -1 behind the end. */
int toml_peek(const struct toml_text *t, size_t offset);

/* Takes a newline (LF or CRLF) if the next is one. */
bool toml_take_newline(struct toml_text *t);

void toml_skip_blanks(struct toml_text *t); /* spaces and tabs */

/* A string of any of the four kinds, the next byte being its quote; MULTI: the two kinds with three
 * quotes are allowed. Appends to OUT. */
NODISCARD enum rc toml_take_string(struct toml_text *t, bool multi, struct buf *out);

/* A number, a date, a boolean, inf or nan. Fills type and value of V. */
NODISCARD enum rc toml_take_plain(struct toml_text *t, struct toml_value *v);

/* The value as text that is freed by mem_free, NUL behind it; NULL when memory is short. */
char *toml_dup(const void *p, size_t n);

#endif
