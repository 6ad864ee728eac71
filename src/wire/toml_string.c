/* SPDX-License-Identifier: Apache-2.0
 *
 * TOML 1.0 strings: basic, literal, and both over several lines.
 */
#include "toml_parse.h"

/* Control characters other than tab must be escaped (and cannot be in literal strings). */
static bool is_control(int c)
{
    return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f;
}

static enum rc add_code_point(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        return buf_add_u8(out, (uint8_t)c);
    }
    if (c < 0x800) {
        TRY(buf_add_u8(out, (uint8_t)(0xc0 | c >> 6)));
    } else {
        if (c < 0x10000) {
            TRY(buf_add_u8(out, (uint8_t)(0xe0 | c >> 12)));
        } else {
            TRY(buf_add_u8(out, (uint8_t)(0xf0 | c >> 18)));
            TRY(buf_add_u8(out, (uint8_t)(0x80 | (c >> 12 & 0x3f))));
        }
        TRY(buf_add_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3f))));
    }
    return buf_add_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
}

static int hex_digit(int c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* COUNT hex digits of a Unicode scalar value. */
static enum rc take_unicode(struct toml_text *t, unsigned count, struct buf *out)
{
    uint32_t c = 0;
    for (unsigned i = 0; i < count; i++) {
        const int digit = hex_digit(toml_peek(t, 0));
        if (digit < 0) {
            return toml_refuse(t, "\\%c needs %u hex digits", count == 4 ? 'u' : 'U', count);
        }
        c = c << 4 | (uint32_t)digit;
        t->at++;
    }
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
        return toml_refuse(t, "not a Unicode character: %08X", (unsigned)c);
    }
    return add_code_point(out, c);
}

/* The next byte is the one behind a backslash. */
static enum rc take_escape(struct toml_text *t, struct buf *out)
{
    static const char from[] = "btnfr\"\\";
    static const char to[] = "\b\t\n\f\r\"\\";
    const int c = toml_peek(t, 0);
    for (size_t i = 0; from[i] != '\0'; i++) {
        if (c == from[i]) {
            t->at++;
            return buf_add_u8(out, (uint8_t)to[i]);
        }
    }
    if (c == 'u' || c == 'U') {
        t->at++;
        return take_unicode(t, c == 'u' ? 4 : 8, out);
    }
    return toml_refuse(t, "no such escape in a string");
}

/* A backslash at the end of a line: all blanks and newlines up to the next character go. True when
 * it was one; the next byte is the one behind the backslash. */
static bool take_line_end(struct toml_text *t)
{
    struct toml_text ahead = *t;
    toml_skip_blanks(&ahead);
    if (!toml_take_newline(&ahead)) {
        return false;
    }
    do {
        toml_skip_blanks(&ahead);
    } while (toml_take_newline(&ahead));
    *t = ahead;
    return true;
}

static enum rc take_single(struct toml_text *t, int quote, struct buf *out)
{
    for (;;) {
        const int c = toml_peek(t, 0);
        if (c == quote) {
            t->at++;
            return RC_OK;
        }
        if (c < 0 || c == '\n' || c == '\r') {
            return toml_refuse(t, "the string does not end on its line");
        }
        if (is_control(c)) {
            return toml_refuse(t, "control character in a string");
        }
        t->at++;
        if (c == '\\' && quote == '"') {
            TRY(take_escape(t, out));
        } else {
            TRY(buf_add_u8(out, (uint8_t)c));
        }
    }
}

/* How many quotes come next, at most five. */
static unsigned quotes_ahead(const struct toml_text *t, int quote)
{
    unsigned n = 0;
    while (n < 5 && toml_peek(t, n) == quote) {
        n++;
    }
    return n;
}

/* One character or newline inside of a string over several lines. */
static enum rc take_multi_part(struct toml_text *t, int quote, struct buf *out)
{
    const int c = toml_peek(t, 0);
    const size_t from = t->at;
    if (toml_take_newline(t)) {
        return buf_add(out, t->p + from, t->at - from);
    }
    if (c < 0) {
        return toml_refuse(t, "the string does not end");
    }
    if (is_control(c)) {
        return toml_refuse(t, "control character in a string");
    }
    t->at++;
    if (c != '\\' || quote != '"') {
        return buf_add_u8(out, (uint8_t)c);
    }
    return take_line_end(t) ? RC_OK : take_escape(t, out);
}

static enum rc take_multi(struct toml_text *t, int quote, struct buf *out)
{
    (void)toml_take_newline(t);
    for (;;) {
        const unsigned quotes = quotes_ahead(t, quote);
        if (quotes >= 3) {
            t->at += quotes;
            for (unsigned i = 3; i < quotes; i++) {
                TRY(buf_add_u8(out, (uint8_t)quote));
            }
            return RC_OK;
        }
        TRY(take_multi_part(t, quote, out));
    }
}

enum rc toml_take_string(struct toml_text *t, bool multi, struct buf *out)
{
    const int quote = toml_peek(t, 0);
    if (toml_peek(t, 1) == quote && toml_peek(t, 2) == quote) {
        if (!multi) {
            return toml_refuse(t, "a key is on one line");
        }
        t->at += 3;
        return take_multi(t, quote, out);
    }
    t->at++;
    return take_single(t, quote, out);
}
