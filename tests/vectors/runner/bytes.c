/* SPDX-License-Identifier: Apache-2.0
 *
 * craton-vectors: byte strings, and the members of a case.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

enum { ARENA_MOST = 256 };
static void *arena[ARENA_MOST];
static size_t arena_n;

struct data data_new(CK_ULONG n)
{
    if (arena_n == ARENA_MOST) {
        (void)fprintf(stderr, "craton-vectors: a case takes too many buffers\n");
        exit(2);
    }
    void *p = calloc(n + 1, 1);
    if (p == NULL) {
        (void)fprintf(stderr, "craton-vectors: out of memory\n");
        exit(2);
    }
    arena[arena_n++] = p;
    return (struct data){p, n};
}

void arena_clear(void)
{
    while (arena_n > 0) {
        free(arena[--arena_n]);
    }
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

struct data data_hex(const char *hex)
{
    const size_t n = strlen(hex) / 2;
    struct data d = data_new(n);
    for (size_t i = 0; i < n; i++) {
        d.p[i] = (CK_BYTE)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    }
    return d;
}

struct data data_join(struct data a, struct data b)
{
    struct data d = data_new(a.n + b.n);
    memcpy(d.p, a.p, a.n);
    memcpy(d.p + a.n, b.p, b.n);
    return d;
}

bool data_same(struct data a, struct data b)
{
    return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

struct data data_strip(struct data v)
{
    while (v.n > 1 && v.p[0] == 0) {
        v.p++;
        v.n--;
    }
    return v;
}

const char *text_of(json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));
    return s != NULL ? s : "";
}

struct data hex_of(json_t *o, const char *name)
{
    return data_hex(text_of(o, name));
}

CK_ULONG number_of(json_t *o, const char *name)
{
    return (CK_ULONG)json_integer_value(json_object_get(o, name));
}

bool flagged(json_t *test, const char *flag)
{
    size_t i;
    json_t *f;
    json_array_foreach(json_object_get(test, "flags"), i, f)
    {
        if (strcmp(json_string_value(f), flag) == 0) {
            return true;
        }
    }
    return false;
}
