/* SPDX-License-Identifier: Apache-2.0
 *
 * See pq_files.h.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pq_files.h"

void fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("pq_keys: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    exit(1);
}

struct bytes new_bytes(size_t len)
{
    struct bytes b = {calloc(1, len + 1), len};
    if (b.data == NULL) {
        fail("out of memory");
    }
    return b;
}

struct bytes read_file(const char *path)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (f == NULL) {
        fail("%s cannot be read", path);
    }
    struct bytes b = new_bytes(0);
    size_t n = 0;
    do {
        b.len += n;
        b.data = realloc(b.data, b.len + 65536);
        if (b.data == NULL) {
            fail("out of memory");
        }
        n = fread(b.data + b.len, 1, 65536, f);
    } while (n > 0);
    if (ferror(f)) {
        fail("%s cannot be read", path);
    }
    (void)fclose(f);
    return b;
}

void write_file(const char *path, const unsigned char *data, size_t len)
{
    FILE *f = stdout;
    if (path != NULL && strcmp(path, "-") != 0) {
        const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        f = fd >= 0 ? fdopen(fd, "wb") : NULL;
    }
    if (f == NULL || fwrite(data, 1, len, f) != len || fflush(f) != 0) {
        fail("%s cannot be written", path == NULL ? "standard output" : path);
    }
    if (f != stdout) {
        (void)fclose(f);
    }
}

struct bytes from_hex(const char *text)
{
    const size_t digits = strlen(text);
    struct bytes b = new_bytes(digits / 2);
    if (digits % 2 != 0 || strspn(text, "0123456789abcdefABCDEF") != digits) {
        fail("'%s' is not an even number of hexadecimal digits", text);
    }
    for (size_t i = 0; i < b.len; i++) {
        const char pair[3] = {text[2 * i], text[2 * i + 1], 0};
        b.data[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return b;
}

/* ---- PEM -------------------------------------------------------------------------------------- */

static const char digits64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char begin[] = "-----BEGIN PUBLIC KEY-----\n", end[] = "-----END PUBLIC KEY-----\n";

void write_public_pem(const char *path, const unsigned char *der, size_t len)
{
    const size_t groups = (len + 2) / 3;
    struct bytes out = new_bytes(groups * 4 + groups / 16 + 1 + sizeof begin + sizeof end);
    unsigned char *p = (unsigned char *)stpcpy((char *)out.data, begin);
    for (size_t g = 0; g < groups; g++) {
        const size_t at = g * 3, n = len - at < 3 ? len - at : 3;
        unsigned word = (unsigned)der[at] << 16;
        word |= n > 1 ? (unsigned)der[at + 1] << 8 : 0;
        word |= n > 2 ? (unsigned)der[at + 2] : 0;
        for (size_t i = 0; i < 4; i++) {
            *p++ = i <= n ? (unsigned char)digits64[(word >> (18 - 6 * i)) & 63] : '=';
        }
        if (g % 16 == 15 || g == groups - 1) {
            *p++ = '\n';
        }
    }
    p = (unsigned char *)stpcpy((char *)p, end);
    write_file(path, out.data, (size_t)(p - out.data));
    free(out.data);
}

struct bytes read_public_pem(const char *path)
{
    struct bytes text = read_file(path);
    text.data[text.len] = 0;
    const char *p = strstr((const char *)text.data, begin);
    const char *stop = p != NULL ? strstr(p, end) : NULL;
    if (p == NULL || stop == NULL) {
        fail("%s holds no PEM public key", path);
    }
    struct bytes der = new_bytes((size_t)(stop - p));
    unsigned word = 0, bits = 0;
    der.len = 0;
    for (p += sizeof begin - 1; p < stop && *p != '='; p++) {
        const char *digit = strchr(digits64, *p);
        if (digit == NULL) {
            continue; /* the ends of lines */
        }
        word = word << 6 | (unsigned)(digit - digits64);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            der.data[der.len++] = (unsigned char)(word >> bits);
        }
    }
    free(text.data);
    return der;
}

/* ---- DER -------------------------------------------------------------------------------------- */

/* The content of the element of TAG that IN begins with; IN moves past it. */
static struct bytes element(struct bytes *in, unsigned char tag)
{
    size_t head = 2, len = in->len > 1 ? in->data[1] : 0;
    if (len > 0x80 && len <= 0x84 && in->len > 6) {
        head += len - 0x80;
        len = 0;
        for (size_t i = 2; i < head; i++) {
            len = len << 8 | in->data[i];
        }
    }
    if (in->len < head || in->data[0] != tag || len > in->len - head) {
        fail("that is not the DER of a public key");
    }
    const struct bytes content = {in->data + head, len};
    in->data += head + len;
    in->len -= head + len;
    return content;
}

void split_public(const struct bytes *der, struct bytes *oid, struct bytes *key)
{
    struct bytes all = *der;
    struct bytes spki = element(&all, 0x30);
    struct bytes algorithm = element(&spki, 0x30);
    *oid = element(&algorithm, 0x06);
    *key = element(&spki, 0x03);
    if (key->len == 0 || key->data[0] != 0) {
        fail("the public key is no whole number of bytes");
    }
    key->data++;
    key->len--;
}
