/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the rows of tests/vectors/composite.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#define VECTORS_MAX 64
static struct vector vectors[VECTORS_MAX];
static size_t n_vectors;

static unsigned digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;

    assert_non_null(at);
    return (unsigned)(at - digits);
}

/* Base64, RFC 4648, 4. */
static void decode(const char *text, struct buf *ret)
{
    unsigned bits = 0, held = 0;

    for (const char *p = text; *p != '\0' && *p != '='; p++) {
        held = (held << 6 | digit(*p)) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            ASSERT_OK(buf_add_u8(ret, (uint8_t)(held >> bits)));
        }
    }
}

static void field(struct vector *v, const char *name, const char *value)
{
    const struct {
        const char *name;
        struct buf *to;
    } binary[] = {{"priv", &v->priv}, {"pub", &v->pub},     {"msg", &v->msg},
                  {"sig", &v->sig},   {"ctx", &v->ctx},     {"ctx_sig", &v->ctx_sig},
                  {"ct", &v->ct},     {"fixed", &v->fixed}, {"ss", &v->ss}};

    if (strcmp(name, "set") == 0) {
        v->set = set_named(value);
        assert_int_not_equal(v->set, COMP_NONE);
        return;
    }
    if (strcmp(name, "id") == 0) {
        (void)snprintf(v->id, sizeof(v->id), "%s", value);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(binary); i++) {
        if (strcmp(name, binary[i].name) == 0) {
            decode(value, binary[i].to);
            return;
        }
    }
    fail_msg("a field that no row has: %s", name);
}

static void read_row(char *line)
{
    char *rest = NULL;

    if (line[0] == '#' || strtok_r(line, " \n", &rest) == NULL) {
        return;
    }
    assert_true(n_vectors < VECTORS_MAX);
    struct vector *v = &vectors[n_vectors++];
    for (char *word; (word = strtok_r(NULL, " \n", &rest)) != NULL;) {
        char *equals = strchr(word, '=');

        assert_non_null(equals);
        *equals = '\0';
        field(v, word, equals + 1);
    }
}

void vectors_read(void)
{
    static const char *const files[] = {"sigs", "kem", "xwing"};
    char path[4096];
    char *line = NULL;
    size_t cap = 0;

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s.txt", CRATON_COMPOSITE_VECTORS, files[i]);
        FILE *f = fopen(path, "re");
        assert_non_null(f);
        while (getline(&line, &cap, f) > 0) {
            read_row(line);
        }
        (void)fclose(f);
    }
    free(line);
    assert_int_equal(n_vectors, 18 + 12 + 3); /* what the three drafts publish */
}

void vectors_free(void)
{
    for (; n_vectors > 0; n_vectors--) {
        struct vector *v = &vectors[n_vectors - 1];
        struct buf *all[] = {&v->priv,    &v->pub,   &v->msg, &v->sig, &v->ctx,
                             &v->ctx_sig, &v->fixed, &v->ct,  &v->ss};

        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
            buf_free(all[i]);
        }
        memset(v, 0, sizeof(*v));
    }
}

size_t vectors_count(void)
{
    return n_vectors;
}

const struct vector *vector_at(size_t i)
{
    return &vectors[i];
}

const struct vector *vector_of(unsigned set)
{
    for (size_t i = 0; i < n_vectors; i++) {
        if (vectors[i].set == set) {
            return &vectors[i];
        }
    }
    return NULL;
}
