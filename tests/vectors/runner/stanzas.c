/* SPDX-License-Identifier: Apache-2.0
 *
 * craton-vectors: reads the files in which OpenSSL carries vectors: stanzas of "name = value" lines,
 * empty lines between them, "#" before remarks. What comes out has the form of a Wycheproof file,
 * one case a stanza:
 *
 *   kind     the first name: KeyGen, Kem, Sign-Message, Verify-Message-Public
 *   set      the algorithm that its value names
 *   key      hexadecimal, of the PrivateKeyRaw or PublicKeyRaw that its value names
 *   result   valid, or invalid where the stanza says so
 *   line     where the stanza begins
 *   comment  the first line's value and the remark before it
 *
 * and the other lines as they are; "Ctrl = a:b" as "Ctrl.a", "CtrlOut = a:b" as "CtrlOut.a".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

struct reader {
    const char *path;
    unsigned long line;
    char remark[256]; /* since the last empty line */
    json_t *keys;     /* name: {set, value} */
    json_t *tests;
    json_t *test; /* of the stanza at hand; NULL: it is none, or has not begun */
    bool good;
};

static void complain(struct reader *r, const char *what, const char *of)
{
    (void)fprintf(stderr, "craton-vectors: %s:%lu: %s: %s\n", r->path, r->line, what, of);
    r->good = false;
}

static void put(json_t *o, const char *name, const char *value)
{
    (void)json_object_set_new(o, name, json_string(value));
}

/* "name:set:value". The text is cut up. */
static void read_key(struct reader *r, char *value)
{
    char *set = strchr(value, ':');
    char *hex = set != NULL ? strchr(set + 1, ':') : NULL;
    if (hex == NULL) {
        complain(r, "not name:algorithm:value", value);
        return;
    }
    *set++ = '\0';
    *hex++ = '\0';
    json_t *key = json_object();
    put(key, "set", set);
    put(key, "value", hex);
    (void)json_object_set_new(r->keys, value, key);
}

static void begin(struct reader *r, const char *kind, const char *value)
{
    char comment[512];
    (void)snprintf(comment, sizeof comment, "%s%s%s", value, r->remark[0] != '\0' ? ": " : "",
                   r->remark);
    r->test = json_object();
    put(r->test, "kind", kind);
    put(r->test, "set", value);
    put(r->test, "comment", comment);
    put(r->test, "result", "valid");
    (void)json_object_set_new(r->test, "line", json_integer((json_int_t)r->line));
    (void)json_array_append_new(r->tests, r->test);
}

/* Of a signature: "set:name of a key". */
static void begin_with_key(struct reader *r, const char *kind, char *value)
{
    char *name = strchr(value, ':');
    begin(r, kind, value);
    if (name == NULL) {
        complain(r, "not algorithm:key", value);
        return;
    }
    *name++ = '\0';
    json_t *key = json_object_get(r->keys, name);
    if (key == NULL || strcmp(text_of(key, "set"), value) != 0) {
        complain(r, "no such key of this algorithm", name);
        return;
    }
    put(r->test, "set", value);
    put(r->test, "key", text_of(key, "value"));
}

static bool begins_stanza(struct reader *r, const char *name, char *value)
{
    if (strcmp(name, "PrivateKeyRaw") == 0 || strcmp(name, "PublicKeyRaw") == 0) {
        read_key(r, value);
    } else if (strcmp(name, "KeyGen") == 0 || strcmp(name, "Kem") == 0) {
        begin(r, name, value);
    } else if (strcmp(name, "Sign-Message") == 0 || strcmp(name, "Verify-Message-Public") == 0) {
        begin_with_key(r, name, value);
    } else {
        /* of the file, and of the library's version */
        return strcmp(name, "Title") == 0 || strcmp(name, "FIPSversion") == 0;
    }
    return true;
}

static bool known(const char *name)
{
    static const char *const names[] = {
        "KeyName",
        "Extended-Test",
        "Input",
        "Output",
        "Entropy",
        "EncodedPublicKey",
        "Ciphertext",
        "EncodedPrivateKey",
        "Ctrl.hexseed",
        "Ctrl.hextest-entropy",
        "Ctrl.mu",
        "Ctrl.hexcontext-string",
        "Ctrl.deterministic",
        "Ctrl.message-encoding",
        "CtrlOut.hexpub",
        "CtrlOut.hexpriv",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void read_field(struct reader *r, const char *name, char *value)
{
    char full[64];
    (void)snprintf(full, sizeof full, "%s", name);
    if (strcmp(name, "Ctrl") == 0 || strcmp(name, "CtrlOut") == 0) {
        char *colon = strchr(value, ':');
        if (colon == NULL) {
            complain(r, "not name:value", value);
            return;
        }
        *colon = '\0';
        (void)snprintf(full, sizeof full, "%s.%s", name, value);
        value = colon + 1;
    }
    if (strcmp(full, "Result") == 0) {
        put(r->test, "result", "invalid");
        if (strcmp(value, "VERIFY_ERROR") != 0) {
            complain(r, "unknown result", value);
        }
    } else if (!known(full) || json_object_get(r->test, full) != NULL) {
        complain(r, "unknown, or there twice", full);
    } else {
        put(r->test, full, value);
    }
}

static char *trimmed(char *s)
{
    char *end = s + strlen(s);
    while (end > s && strchr(" \t\r\n", end[-1]) != NULL) {
        *--end = '\0';
    }
    return s + strspn(s, " \t");
}

static void read_line(struct reader *r, char *text)
{
    char *line = trimmed(text);
    if (*line == '#') {
        (void)snprintf(r->remark, sizeof r->remark, "%s", line + 1 + strspn(line + 1, " "));
        return;
    }
    if (*line == '\0') {
        r->test = NULL;
        r->remark[0] = '\0';
        return;
    }
    char *equals = strchr(line, '=');
    if (equals == NULL) {
        complain(r, "not name = value", line);
        return;
    }
    *equals = '\0';
    const char *name = trimmed(line);
    char *value = trimmed(equals + 1);
    if (r->test != NULL) {
        read_field(r, name, value);
    } else if (!begins_stanza(r, name, value)) {
        complain(r, "unknown beginning of a stanza", name);
    }
}

static json_t *wrapped(json_t *tests)
{
    json_t *root = json_object();
    json_t *groups = json_array();
    json_t *group = json_object();
    put(group, "type", "Stanza");
    (void)json_object_set_new(group, "tests", tests);
    (void)json_array_append_new(groups, group);
    (void)json_object_set_new(root, "testGroups", groups);
    return root;
}

json_t *stanzas_load(const char *path)
{
    struct reader r = {.path = path, .good = true};
    char *line = NULL;
    size_t n = 0;
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        complain(&r, "does not open", path);
        return NULL;
    }
    r.keys = json_object();
    r.tests = json_array();
    while (getline(&line, &n, f) > 0) {
        r.line++;
        read_line(&r, line);
    }
    free(line);
    (void)fclose(f);
    json_decref(r.keys);
    json_t *root = wrapped(r.tests);
    if (!r.good) {
        json_decref(root);
        return NULL;
    }
    return root;
}
