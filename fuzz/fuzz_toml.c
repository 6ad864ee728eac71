/* SPDX-License-Identifier: Apache-2.0
 *
 * TOML: a tree that is whole, or an error that says where.
 */
#include <string.h>

#include "fuzz.h"

#include "wire/toml.h"

const struct fuzz_seed fuzz_seeds[] = {
    SEED("# c\na = 1\nb = -0x1f\nc.d.\"e f\" = 1_000.5e-3\n[t]\nx = [1, 'a', {y = true}]\n"),
    SEED("[[a]]\nb = \"\"\"\nx \\\n  y\\u00e9\"\"\"\n[a.c]\n[[a]]\nd = 1979-05-27T07:32:00Z\n"),
    SEED(
        "a = inf\nb = nan\nc = 1979-05-27 07:32:00.5-07:00\nd = 07:32:00\ne = 0b1\nf = '''\n''''\n"),
    SEED("a={b={c={d=[[[[[[1]]]]]]}}}\r\n[x.y.z]\n[x]\ny.w = 2\n"),
    SEED("a=9223372036854775807\nb=-9223372036854775808\nc=99999999999999999999\n"),
    SEED("a=\"\\U0010ffff\\b\\t\\n\\f\\r\\\"\\\\\"\n\xc3\xa9=1\n"),
    {NULL, 0},
};

static void check(const struct toml_value *v, const struct toml_value *parent, unsigned depth)
{
    MUST(depth <= 65);
    MUST(v->line >= 1);
    MUST((v->key != NULL) == (parent != NULL && parent->type == TOML_TABLE));
    if (v->key != NULL && strlen(v->key) == v->key_n) {
        MUST(toml_get(parent, v->key) == v);
    }
    if (v->type == TOML_STRING || v->type == TOML_DATETIME) {
        MUST(v->u.string.p[v->u.string.n] == '\0');
    } else if (v->type == TOML_ARRAY || v->type == TOML_TABLE) {
        for (size_t i = 0; i < v->u.list.n; i++) {
            check(v->u.list.items[i], v, depth + 1);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct toml_value *root = NULL;
    struct toml_error error;
    const enum rc rc = toml_parse(BYTES(data, n), &root, &error);
    if (rc == RC_OK) {
        MUST(root != NULL && root->type == TOML_TABLE);
        check(root, NULL, 0);
        toml_free(root);
    } else {
        MUST(rc == RC_MALFORMED && root == NULL);
        MUST(error.line >= 1 && error.column >= 1);
        MUST(error.text[0] != '\0' && memchr(error.text, '\0', sizeof error.text) != NULL);
    }
    return 0;
}
