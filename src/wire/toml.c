/* SPDX-License-Identifier: Apache-2.0
 *
 * TOML 1.0: the document, its keys, tables and arrays. Strings are in toml_string.c, all other
 * plain values in toml_plain.c.
 */
#include "toml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "toml_parse.h"

/* How a table or an array came to be, which decides who may add to it. */
enum origin {
    BY_PATH,   /* a table that a longer header implied: a header may still define it */
    BY_HEADER, /* [table], [[array]] and its members */
    BY_DOTS,   /* a table that a dotted key made */
    BY_VALUE,  /* written as a value: closed */
};

struct node {
    struct toml_value v; /* first, so that both have one address */
    enum origin origin;
    unsigned depth;     /* of the root: 0 */
    size_t cap;         /* of the list */
    struct map index;   /* of a large table: hash of key to first node with that hash */
    struct node *alike; /* the next with the same hash */
};

#define INDEX_FROM 16U /* members from which on a table has an index */

/* ---------------------------------------------------------------- errors and characters */

enum rc toml_refuse(struct toml_text *t, const char *fmt, ...)
{
    unsigned column = 1;
    for (size_t i = t->line_start; i < t->at; i++) {
        column += (t->p[i] & 0xc0) != 0x80;
    }
    t->error->line = t->line;
    t->error->column = column;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(t->error->text, sizeof t->error->text, fmt, args);
    va_end(args);
    return RC_MALFORMED;
}

int toml_peek(const struct toml_text *t, size_t offset)
{
    return offset < t->n - t->at ? (unsigned char)t->p[t->at + offset] : -1;
}

bool toml_take_newline(struct toml_text *t)
{
    if (toml_peek(t, 0) == '\n') {
        t->at++;
    } else if (toml_peek(t, 0) == '\r' && toml_peek(t, 1) == '\n') {
        t->at += 2;
    } else {
        return false;
    }
    t->line++;
    t->line_start = t->at;
    return true;
}

void toml_skip_blanks(struct toml_text *t)
{
    while (toml_peek(t, 0) == ' ' || toml_peek(t, 0) == '\t') {
        t->at++;
    }
}

char *toml_dup(const void *p, size_t n)
{
    char *text = mem_alloc(n + 1);
    if (text != NULL) {
        mem_copy(text, p, n);
    }
    return text;
}

/* Bytes of the UTF-8 sequence (RFC 3629) that begins at I, or 0. */
static size_t sequence_at(const unsigned char *p, size_t n, size_t i)
{
    const unsigned c = p[i];
    if (c < 0x80) {
        return 1;
    }
    const size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4 || len > n - i) {
        return 0;
    }
    for (size_t k = 1; k < len; k++) {
        if ((p[i + k] & 0xc0) != 0x80) {
            return 0;
        }
    }
    const unsigned second = p[i + 1];
    const bool wrong = (c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) ||
                       (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f);
    return wrong ? 0 : len;
}

static enum rc check_utf8(struct toml_text *t)
{
    struct toml_text at = *t;
    while (at.at < at.n) {
        const size_t len = sequence_at((const unsigned char *)at.p, at.n, at.at);
        if (len == 0) {
            return toml_refuse(&at, "not UTF-8");
        }
        if (!toml_take_newline(&at)) {
            at.at += len;
        }
    }
    return RC_OK;
}

static enum rc skip_comment(struct toml_text *t)
{
    if (toml_peek(t, 0) != '#') {
        return RC_OK;
    }
    for (;; t->at++) {
        const int c = toml_peek(t, 0);
        if (c < 0 || c == '\n' || (c == '\r' && toml_peek(t, 1) == '\n')) {
            return RC_OK;
        }
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return toml_refuse(t, "control character in a comment");
        }
    }
}

/* Blanks, newlines and comments, as allowed inside of an array. */
static enum rc skip_lines(struct toml_text *t)
{
    do {
        toml_skip_blanks(t);
        TRY(skip_comment(t));
    } while (toml_take_newline(t));
    return RC_OK;
}

/* ---------------------------------------------------------------- the tree */

static struct node *node_of(struct toml_value *v)
{
    return (struct node *)(void *)v;
}

static struct node *node_new(const struct toml_text *t, enum toml_type type, enum origin origin)
{
    struct node *node = mem_alloc(sizeof *node);
    if (node != NULL) {
        node->v.type = type;
        node->v.line = t->line;
        node->origin = origin;
        node->index = MAP_INIT;
    }
    return node;
}

void toml_free(struct toml_value *v)
{
    if (v == NULL) {
        return;
    }
    if (v->type == TOML_STRING || v->type == TOML_DATETIME) {
        mem_free(v->u.string.p);
    } else if (v->type == TOML_ARRAY || v->type == TOML_TABLE) {
        for (size_t i = 0; i < v->u.list.n; i++) {
            toml_free(v->u.list.items[i]);
        }
        mem_free(v->u.list.items);
        map_free(&node_of(v)->index);
    }
    mem_free(v->key);
    mem_free(v);
}

static void node_free_at(struct node **node)
{
    if (*node != NULL) {
        toml_free(&(*node)->v);
    }
}
#define AUTO_NODE __attribute__((cleanup(node_free_at)))

/* FNV-1a, 64 bits; 0 is no id of a map. */
static uint64_t hash_of(const char *key, size_t n)
{
    uint64_t h = 0xcbf29ce484222325U;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ (unsigned char)key[i]) * 0x100000001b3U;
    }
    return h != 0 ? h : 1;
}

static bool has_key(const struct node *node, const char *key, size_t n)
{
    return node->v.key_n == n && memcmp(node->v.key, key, n) == 0;
}

static struct node *member(const struct node *table, const char *key, size_t n)
{
    if (table->index.n != 0) {
        struct node *node = map_get(&table->index, hash_of(key, n));
        while (node != NULL && !has_key(node, key, n)) {
            node = node->alike;
        }
        return node;
    }
    for (size_t i = 0; i < table->v.u.list.n; i++) {
        struct node *node = node_of(table->v.u.list.items[i]);
        if (has_key(node, key, n)) {
            return node;
        }
    }
    return NULL;
}

static enum rc index_add(struct node *table, struct node *child)
{
    const uint64_t h = hash_of(child->v.key, child->v.key_n);
    struct node *first = map_get(&table->index, h);
    TRY(map_put(&table->index, h, child));
    child->alike = first;
    return RC_OK;
}

static enum rc index_keep(struct node *table, struct node *child)
{
    const size_t n = table->v.u.list.n;
    if (table->v.type != TOML_TABLE || n < INDEX_FROM) {
        return RC_OK;
    }
    if (table->index.n == 0) {
        for (size_t i = 0; i < n; i++) {
            TRY(index_add(table, node_of(table->v.u.list.items[i])));
        }
    }
    return index_add(table, child);
}

/* Puts *CHILD, which belongs to PARENT from then on (and *CHILD is NULL), at the end of its list. */
static enum rc append(struct toml_text *t, struct node *parent, struct node **child)
{
    struct node *list = parent;
    if (list->depth + 1 > TOML_DEPTH_MAX) {
        return toml_refuse(t, "nested deeper than %u", TOML_DEPTH_MAX);
    }
    if (list->v.u.list.n == list->cap) {
        const size_t cap = list->cap == 0 ? 4 : list->cap * 2;
        struct toml_value **items =
            mem_resize(list->v.u.list.items, list->cap * sizeof *items, cap * sizeof *items);
        REQUIRE(items != NULL, RC_HOST_MEMORY);
        list->v.u.list.items = items;
        list->cap = cap;
    }
    TRY(index_keep(list, *child));
    (*child)->depth = list->depth + 1;
    list->v.u.list.items[list->v.u.list.n++] = &(*child)->v;
    *child = NULL;
    return RC_OK;
}

/* A new, empty table or array under KEY (NULL in an array). */
static enum rc append_new(struct toml_text *t, struct node *parent, struct bytes key,
                          enum toml_type type, enum origin origin, struct node **ret)
{
    AUTO_NODE struct node *made = node_new(t, type, origin);
    REQUIRE(made != NULL, RC_HOST_MEMORY);
    if (parent->v.type == TOML_TABLE) {
        made->v.key = toml_dup(key.p, key.n);
        made->v.key_n = key.n;
        REQUIRE(made->v.key != NULL, RC_HOST_MEMORY);
    }
    struct node *kept = made;
    TRY(append(t, parent, &made));
    *ret = kept;
    return RC_OK;
}

const struct toml_value *toml_get(const struct toml_value *table, const char *key)
{
    if (table == NULL || table->type != TOML_TABLE) {
        return NULL;
    }
    const struct node *found = member((const struct node *)(const void *)table, key, strlen(key));
    return found != NULL ? &found->v : NULL;
}

/* ---------------------------------------------------------------- keys */

static bool is_bare(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* One part of a key, into OUT, and the blanks behind it. */
static enum rc take_key_part(struct toml_text *t, struct buf *out)
{
    buf_clear(out);
    const int c = toml_peek(t, 0);
    if (c == '"' || c == '\'') {
        TRY(toml_take_string(t, false, out));
    } else if (is_bare(c)) {
        const size_t from = t->at;
        while (is_bare(toml_peek(t, 0))) {
            t->at++;
        }
        TRY(buf_add(out, t->p + from, t->at - from));
    } else {
        return toml_refuse(t, "a key is missing");
    }
    toml_skip_blanks(t);
    return RC_OK;
}

static bool take_dot(struct toml_text *t)
{
    if (toml_peek(t, 0) != '.') {
        return false;
    }
    t->at++;
    toml_skip_blanks(t);
    return true;
}

static enum rc refuse_key(struct toml_text *t, const char *what, struct bytes key,
                          const struct node *before)
{
    const int n = key.n < 60 ? (int)key.n : 60;
    return toml_refuse(t, "%s: \"%.*s\" is defined in line %u", what, n, (const char *)key.p,
                       before->v.line);
}

/* ---------------------------------------------------------------- values */

static enum rc take_value(struct toml_text *t, struct node *parent, struct bytes key);
static enum rc take_pair(struct toml_text *t, struct node *table);

/* Behind '[', the array having been made. */
static enum rc take_array(struct toml_text *t, struct node *array)
{
    for (;;) {
        TRY(skip_lines(t));
        if (toml_peek(t, 0) == ']') {
            break;
        }
        TRY(take_value(t, array, BYTES_NONE));
        TRY(skip_lines(t));
        if (toml_peek(t, 0) == ',') {
            t->at++;
        } else if (toml_peek(t, 0) != ']') {
            return toml_refuse(t, "',' or ']' is missing in an array");
        }
    }
    t->at++;
    return RC_OK;
}

/* Behind '{', the table having been made. */
static enum rc take_inline_table(struct toml_text *t, struct node *table)
{
    toml_skip_blanks(t);
    if (toml_peek(t, 0) == '}') {
        t->at++;
        return RC_OK;
    }
    for (;;) {
        toml_skip_blanks(t);
        TRY(take_pair(t, table));
        toml_skip_blanks(t);
        const int c = toml_peek(t, 0);
        if (c != ',' && c != '}') {
            return toml_refuse(t, "',' or '}' is missing in an inline table");
        }
        t->at++;
        if (c == '}') {
            return RC_OK;
        }
    }
}

static enum rc take_scalar(struct toml_text *t, struct toml_value *v)
{
    const int c = toml_peek(t, 0);
    if (c != '"' && c != '\'') {
        return toml_take_plain(t, v);
    }
    AUTO_BUF struct buf text = BUF_INIT;
    TRY(toml_take_string(t, true, &text));
    char *p = toml_dup(text.p, text.n);
    REQUIRE(p != NULL, RC_HOST_MEMORY);
    v->type = TOML_STRING;
    v->u.string.p = p;
    v->u.string.n = text.n;
    return RC_OK;
}

/* A value of any type becomes a member of PARENT. */
static enum rc take_value(struct toml_text *t, struct node *parent, struct bytes key)
{
    const int c = toml_peek(t, 0);
    struct node *made = NULL;
    if (c == '[') {
        TRY(append_new(t, parent, key, TOML_ARRAY, BY_VALUE, &made));
        t->at++;
        return take_array(t, made);
    }
    if (c == '{') {
        /* While it is read, its dotted keys are its own; no one else can reach it. */
        TRY(append_new(t, parent, key, TOML_TABLE, BY_VALUE, &made));
        t->at++;
        return take_inline_table(t, made);
    }
    TRY(append_new(t, parent, key, TOML_BOOL, BY_VALUE, &made));
    return take_scalar(t, &made->v);
}

/* The table under KEY that a dotted key goes on into. */
static enum rc enter_dotted(struct toml_text *t, struct node **table, struct bytes key)
{
    struct node *found = member(*table, (const char *)key.p, key.n);
    if (found == NULL) {
        return append_new(t, *table, key, TOML_TABLE, BY_DOTS, table);
    }
    if (found->v.type != TOML_TABLE || (found->origin != BY_DOTS && found->origin != BY_PATH)) {
        return refuse_key(t, "cannot be added to", key, found);
    }
    found->origin = BY_DOTS;
    *table = found;
    return RC_OK;
}

/* key = value, the key possibly dotted. */
static enum rc take_pair(struct toml_text *t, struct node *table)
{
    AUTO_BUF struct buf key = BUF_INIT;
    struct node *at = table;
    TRY(take_key_part(t, &key));
    while (take_dot(t)) {
        TRY(enter_dotted(t, &at, buf_view(&key)));
        TRY(take_key_part(t, &key));
    }
    if (toml_peek(t, 0) != '=') {
        return toml_refuse(t, "'=' is missing behind a key");
    }
    const struct node *before = member(at, (const char *)key.p, key.n);
    if (before != NULL) {
        return refuse_key(t, "defined twice", buf_view(&key), before);
    }
    t->at++;
    toml_skip_blanks(t);
    return take_value(t, at, buf_view(&key));
}

/* ---------------------------------------------------------------- headers */

/* The table under KEY that a header goes on into: of an array of tables, its last one. */
static enum rc enter_path(struct toml_text *t, struct node **table, struct bytes key)
{
    struct node *found = member(*table, (const char *)key.p, key.n);
    if (found == NULL) {
        return append_new(t, *table, key, TOML_TABLE, BY_PATH, table);
    }
    if (found->v.type == TOML_ARRAY && found->origin == BY_HEADER) {
        *table = node_of(found->v.u.list.items[found->v.u.list.n - 1]);
        return RC_OK;
    }
    if (found->v.type != TOML_TABLE || found->origin == BY_VALUE) {
        return refuse_key(t, "cannot be added to", key, found);
    }
    *table = found;
    return RC_OK;
}

static enum rc define_table(struct toml_text *t, struct node *parent, struct bytes key,
                            struct node **ret)
{
    struct node *found = member(parent, (const char *)key.p, key.n);
    if (found == NULL) {
        return append_new(t, parent, key, TOML_TABLE, BY_HEADER, ret);
    }
    if (found->v.type != TOML_TABLE || found->origin != BY_PATH) {
        return refuse_key(t, "defined twice", key, found);
    }
    found->origin = BY_HEADER;
    found->v.line = t->line;
    *ret = found;
    return RC_OK;
}

static enum rc define_array(struct toml_text *t, struct node *parent, struct bytes key,
                            struct node **ret)
{
    struct node *array = member(parent, (const char *)key.p, key.n);
    if (array == NULL) {
        TRY(append_new(t, parent, key, TOML_ARRAY, BY_HEADER, &array));
    } else if (array->v.type != TOML_ARRAY || array->origin != BY_HEADER) {
        return refuse_key(t, "is no array of tables", key, array);
    }
    return append_new(t, array, BYTES_NONE, TOML_TABLE, BY_HEADER, ret);
}

/* [table] or [[array]]; RET becomes the table that the following keys belong to. */
static enum rc take_header(struct toml_text *t, struct node *root, struct node **ret)
{
    AUTO_BUF struct buf key = BUF_INIT;
    const bool array = toml_peek(t, 1) == '[';
    t->at += array ? 2 : 1;
    toml_skip_blanks(t);
    struct node *at = root;
    TRY(take_key_part(t, &key));
    while (take_dot(t)) {
        TRY(enter_path(t, &at, buf_view(&key)));
        TRY(take_key_part(t, &key));
    }
    if (toml_peek(t, 0) != ']' || (array && toml_peek(t, 1) != ']')) {
        return toml_refuse(t, "'%s' is missing behind a table's name", array ? "]]" : "]");
    }
    TRY(array ? define_array(t, at, buf_view(&key), ret)
              : define_table(t, at, buf_view(&key), ret));
    t->at += array ? 2 : 1;
    return RC_OK;
}

/* ---------------------------------------------------------------- the document */

static enum rc take_line(struct toml_text *t, struct node *root, struct node **table)
{
    toml_skip_blanks(t);
    const int c = toml_peek(t, 0);
    if (c == '[') {
        TRY(take_header(t, root, table));
    } else if (c >= 0 && c != '#' && c != '\n' && c != '\r') {
        TRY(take_pair(t, *table));
    }
    toml_skip_blanks(t);
    TRY(skip_comment(t));
    if (!toml_take_newline(t) && t->at != t->n) {
        return toml_refuse(t, "the line should end here");
    }
    return RC_OK;
}

enum rc toml_parse(struct bytes text, struct toml_value **ret, struct toml_error *error)
{
    *error = (struct toml_error){0};
    struct toml_text t = {.p = (const char *)text.p, .n = text.n, .line = 1, .error = error};
    if (text.n > TOML_SIZE_MAX) {
        return toml_refuse(&t, "larger than 1 MiB");
    }
    TRY(check_utf8(&t));
    if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) {
        t.at = 3; /* a byte order mark */
    }
    AUTO_NODE struct node *root = node_new(&t, TOML_TABLE, BY_HEADER);
    REQUIRE(root != NULL, RC_HOST_MEMORY);
    struct node *table = root;
    while (t.at < t.n) {
        TRY(take_line(&t, root, &table));
    }
    *ret = &root->v;
    root = NULL;
    return RC_OK;
}
