/* SPDX-License-Identifier: Apache-2.0
 *
 * TOML 1.0 values without quotes: booleans, integers, floats, dates and times (RFC 3339).
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "toml_parse.h"

#define TOKEN_MAX 1024U

/* The text of one value, and a place in it. */
struct token {
    const char *p;
    size_t n;
    size_t at;
};

static int next_of(const struct token *k)
{
    return k->at < k->n ? (unsigned char)k->p[k->at] : -1;
}

static bool take_char(struct token *k, int c)
{
    const bool is = next_of(k) == c;
    k->at += is;
    return is;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_token_char(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '+' || c == '-' || c == '.' || c == ':';
}

/* ---------------------------------------------------------------- dates and times */

/* COUNT digits with a value of LOW to HIGH. */
static bool take_field(struct token *k, unsigned count, unsigned low, unsigned high, unsigned *ret)
{
    unsigned v = 0;
    for (unsigned i = 0; i < count; i++) {
        if (!is_digit(next_of(k))) {
            return false;
        }
        v = v * 10 + (unsigned)(k->p[k->at++] - '0');
    }
    *ret = v;
    return v >= low && v <= high;
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool take_date(struct token *k)
{
    unsigned year = 0;
    unsigned month = 0;
    unsigned day = 0;
    return take_field(k, 4, 0, 9999, &year) && take_char(k, '-') &&
           take_field(k, 2, 1, 12, &month) && take_char(k, '-') &&
           take_field(k, 2, 1, days_in(year, month), &day);
}

static bool take_time(struct token *k)
{
    unsigned v = 0;
    if (!take_field(k, 2, 0, 23, &v) || !take_char(k, ':') || !take_field(k, 2, 0, 59, &v) ||
        !take_char(k, ':') || !take_field(k, 2, 0, 60, &v)) {
        return false;
    }
    if (take_char(k, '.')) {
        if (!is_digit(next_of(k))) {
            return false;
        }
        while (is_digit(next_of(k))) {
            k->at++;
        }
    }
    return true;
}

static bool take_offset(struct token *k)
{
    unsigned v = 0;
    if (take_char(k, 'Z') || take_char(k, 'z')) {
        return true;
    }
    return (take_char(k, '+') || take_char(k, '-')) && take_field(k, 2, 0, 23, &v) &&
           take_char(k, ':') && take_field(k, 2, 0, 59, &v);
}

static bool is_datetime(struct token k)
{
    if (k.n > 2 && k.p[2] == ':') {
        return take_time(&k) && k.at == k.n;
    }
    if (!take_date(&k)) {
        return false;
    }
    if (k.at == k.n) {
        return true;
    }
    if (!take_char(&k, 'T') && !take_char(&k, 't') && !take_char(&k, ' ')) {
        return false;
    }
    return take_time(&k) && (k.at == k.n || (take_offset(&k) && k.at == k.n));
}

static bool looks_like_datetime(const struct token *k)
{
    return k->n > 4 && is_digit(k->p[0]) && is_digit(k->p[1]) &&
           (k->p[2] == ':' || (is_digit(k->p[2]) && is_digit(k->p[3]) && k->p[4] == '-'));
}

/* ---------------------------------------------------------------- numbers */

static int digit_in(int c, unsigned base)
{
    int v = -1;
    if (is_digit(c)) {
        v = c - '0';
    } else if (c >= 'a' && c <= 'f') {
        v = c - 'a' + 10;
    } else if (c >= 'A' && c <= 'F') {
        v = c - 'A' + 10;
    }
    return v < (int)base ? v : -1;
}

/* Digits with single underscores between them; false when there is none or one is misplaced. */
static bool take_digits(struct token *k, unsigned base)
{
    bool digit = false;
    for (;;) {
        if (digit_in(next_of(k), base) >= 0) {
            digit = true;
        } else if (next_of(k) == '_' && digit) {
            digit = false;
        } else {
            return digit;
        }
        k->at++;
    }
}

/* The value of the digits FROM to k->at; false when it is above LIMIT. */
static bool digits_value(const struct token *k, size_t from, unsigned base, uint64_t limit,
                         uint64_t *ret)
{
    uint64_t v = 0;
    for (size_t i = from; i < k->at; i++) {
        if (k->p[i] == '_') {
            continue;
        }
        const uint64_t digit = (uint64_t)digit_in(k->p[i], base);
        if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, digit, &v) ||
            v > limit) {
            return false;
        }
    }
    *ret = v;
    return true;
}

static unsigned prefix_base(const struct token *k)
{
    if (k->n < 2 || k->p[0] != '0') {
        return 0;
    }
    return k->p[1] == 'x' ? 16 : k->p[1] == 'o' ? 8 : k->p[1] == 'b' ? 2 : 0;
}

static enum rc refuse_range(struct toml_text *t)
{
    return toml_refuse(t, "the integer does not fit 64 bits");
}

static enum rc prefixed_integer(struct toml_text *t, struct token k, unsigned base,
                                struct toml_value *v)
{
    uint64_t value = 0;
    k.at = 2;
    if (!take_digits(&k, base) || k.at != k.n) {
        return toml_refuse(t, "not an integer of base %u", base);
    }
    if (!digits_value(&k, 2, base, INT64_MAX, &value)) {
        return refuse_range(t);
    }
    v->type = TOML_INTEGER;
    v->u.integer = (int64_t)value;
    return RC_OK;
}

/* The text without its underscores, in the C locale whatever the host program's is. */
static enum rc float_value(struct toml_text *t, const struct token *k, double *ret)
{
    char plain[TOKEN_MAX + 1];
    size_t n = 0;
    for (size_t i = 0; i < k->n; i++) {
        if (k->p[i] != '_') {
            plain[n++] = k->p[i];
        }
    }
    plain[n] = '\0';
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    REQUIRE(c_locale != (locale_t)0, RC_HOST_MEMORY);
    char *end = NULL;
    const double value = strtod_l(plain, &end, c_locale);
    freelocale(c_locale);
    if (end != plain + n) {
        return toml_refuse(t, "not a number");
    }
    *ret = value;
    return RC_OK;
}

static bool is_word(const struct token *k, size_t from, const char *word)
{
    const size_t n = strlen(word);
    return k->n - from == n && memcmp(k->p + from, word, n) == 0;
}

/* Behind the digits before it: fraction, exponent, or both, up to the end. */
static bool take_float_rest(struct token *k)
{
    if (take_char(k, '.') && !take_digits(k, 10)) {
        return false;
    }
    if (take_char(k, 'e') || take_char(k, 'E')) {
        if (!take_char(k, '+')) {
            (void)take_char(k, '-');
        }
        if (!take_digits(k, 10)) {
            return false;
        }
    }
    return k->at == k->n;
}

static enum rc decimal(struct toml_text *t, struct token k, struct toml_value *v)
{
    const bool minus = take_char(&k, '-');
    if (!minus) {
        (void)take_char(&k, '+');
    }
    const size_t from = k.at;
    if (is_word(&k, from, "inf") || is_word(&k, from, "nan")) {
        v->type = TOML_FLOAT;
        return float_value(t, &k, &v->u.real);
    }
    if (!take_digits(&k, 10)) {
        return toml_refuse(t, "not a value");
    }
    if (k.p[from] == '0' && k.at - from > 1) {
        return toml_refuse(t, "a number has no leading zero");
    }
    if (k.at == k.n) {
        uint64_t value = 0;
        if (!digits_value(&k, from, 10, (uint64_t)INT64_MAX + minus, &value)) {
            return refuse_range(t);
        }
        v->type = TOML_INTEGER;
        v->u.integer = minus ? (int64_t)(0 - value) : (int64_t)value;
        return RC_OK;
    }
    if (!take_float_rest(&k)) {
        return toml_refuse(t, "not a number");
    }
    v->type = TOML_FLOAT;
    return float_value(t, &k, &v->u.real);
}

/* ---------------------------------------------------------------- the value */

static struct token take_token(const struct toml_text *t)
{
    struct token k = {t->p + t->at, 0, 0};
    while (is_token_char(toml_peek(t, k.n))) {
        k.n++;
    }
    /* "1979-05-27 07:32:00": the one value with a space inside */
    if (k.n == 10 && k.p[4] == '-' && toml_peek(t, 10) == ' ' && is_digit(toml_peek(t, 11))) {
        k.n++;
        while (is_token_char(toml_peek(t, k.n))) {
            k.n++;
        }
    }
    return k;
}

static enum rc value_of(struct toml_text *t, const struct token *k, struct toml_value *v)
{
    if (is_word(k, 0, "true") || is_word(k, 0, "false")) {
        v->type = TOML_BOOL;
        v->u.boolean = k->p[0] == 't';
        return RC_OK;
    }
    if (looks_like_datetime(k)) {
        if (!is_datetime(*k)) {
            return toml_refuse(t, "not a date or time");
        }
        char *text = toml_dup(k->p, k->n);
        REQUIRE(text != NULL, RC_HOST_MEMORY);
        v->type = TOML_DATETIME;
        v->u.string.p = text;
        v->u.string.n = k->n;
        return RC_OK;
    }
    const unsigned base = prefix_base(k);
    return base != 0 ? prefixed_integer(t, *k, base, v) : decimal(t, *k, v);
}

enum rc toml_take_plain(struct toml_text *t, struct toml_value *v)
{
    const struct token k = take_token(t);
    if (k.n == 0) {
        return toml_refuse(t, "a value is missing");
    }
    if (k.n > TOKEN_MAX) {
        return toml_refuse(t, "the value is too long");
    }
    TRY(value_of(t, &k, v));
    t->at += k.n;
    return RC_OK;
}
