/* SPDX-License-Identifier: Apache-2.0
 *
 * The stored form: there and back, frozen vectors (the same bytes on every machine: item 118 of the
 * robustness list), damage.
 */
#include "make.h"

#include <stdio.h>

#include "wire/hex.h"

typedef void start_fn(struct list_of *l);

static void start_full(struct list_of *l)
{
    static CK_BBOOL yes = CK_TRUE;
    static CK_ULONG type = CKK_AES;
    CK_ATTRIBUTE inner[2] = {{CKA_SENSITIVE, &yes, 1}, {CKA_KEY_TYPE, &type, sizeof type}};
    const CK_MECHANISM_TYPE mechs[2] = {CKM_AES_GCM, CKM_AES_KEY_WRAP};
    start_aes(l);
    add_text(l, CKA_LABEL, "wrapping key");
    add(l, CKA_ID, "\x01\x02", 2);
    add_bool(l, CKA_TOKEN, true);
    add(l, CKA_WRAP_TEMPLATE, inner, sizeof inner);
    add(l, CKA_ALLOWED_MECHANISMS, mechs, sizeof mechs);
    add_text(l, CKA_END_DATE, "20301231");
}

static const struct {
    const char *name;
    start_fn *start;
} frozen[] = {
    {"data", start_data},
    {"certificate", start_cert},
    {"rsa-public", start_rsa_public},
    {"rsa-private", start_rsa_private},
    {"ec-public", start_ec_public},
    {"ec-private", start_ec_private},
    {"secret-full", start_full},
    {"dsa-domain", start_dsa_domain},
};

static void there_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(frozen); i++) {
        struct list_of l;
        frozen[i].start(&l);
        AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_CREATE);
        AUTO_BUF struct buf b = BUF_INIT;
        AUTO_SECRET struct secret *s = NULL;
        assert_int_equal(object_write(o, &b), RC_OK);
        assert_int_equal(object_write_secrets(o, &s), RC_OK);
        assert_int_equal(s != NULL, object_has_secrets(o));
        assert_int_equal(object_size(o), b.n + (s == NULL ? 0 : s->n));

        AUTO_OBJECT struct object *back = NULL;
        assert_int_equal(object_read(7, 3, buf_view(&b), &back), RC_OK);
        assert_int_equal(object_flags(back), object_flags(o));
        assert_int_equal(object_class(back), object_class(o));
        assert_int_equal(object_key_type(back), object_key_type(o));
        assert_int_equal(object_version(back), 3);
        assert_int_equal(object_size(back), object_size(o));
        assert_int_equal(object_has_secrets(back), s != NULL);
        assert_int_equal(object_secrets_ready(back), s == NULL);
        AUTO_BUF struct buf again = BUF_INIT;
        assert_int_equal(object_write(back, &again), RC_OK);
        assert_true(bytes_equal(buf_view(&again), buf_view(&b)));
        if (s != NULL) {
            assert_int_equal(object_read_secrets(back, secret_view(s)), RC_OK);
            assert_true(object_secrets_ready(back));
            assert_int_equal(object_read_secrets(back, BYTES_NONE), RC_OK); /* once */
            AUTO_SECRET struct secret *t = NULL;
            assert_int_equal(object_write_secrets(back, &t), RC_OK);
            assert_true(secret_equal(s, t));
        }
    }
}

/* Line "NAME HEX" of FILE as bytes. */
static void read_line(FILE *f, const char *name, struct buf *ret)
{
    static char line[16384];
    rewind(f);
    while (fgets(line, sizeof line, f) != NULL) {
        const size_t n = strlen(name);
        if (strncmp(line, name, n) == 0 && line[n] == ' ') {
            const size_t end = strcspn(line + n + 1, "\r\n");
            assert_int_equal(hex_read(line + n + 1, end, ret), RC_OK);
            return;
        }
    }
    fail_msg("no line %s", name);
}

static void say(const char *file, const char *name, struct bytes v)
{
    char *text = test_malloc(2 * v.n + 1);
    hex_write(v, text);
    printf("%s: %s %s\n", file, name, text);
    test_free(text);
}

static void vectors(void **state)
{
    (void)state;
    bool missing = false;
    for (size_t i = 0; i < ARRAY_LEN(frozen); i++) {
        struct list_of l;
        frozen[i].start(&l);
        AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_CREATE);
        AUTO_BUF struct buf b = BUF_INIT;
        AUTO_SECRET struct secret *s = NULL;
        assert_int_equal(object_write(o, &b), RC_OK);
        assert_int_equal(object_write_secrets(o, &s), RC_OK);
        char path[1024];
        snprintf(path, sizeof path, VECTORS "/object-%s.txt", frozen[i].name);
        FILE *f = fopen(path, "r");
        if (f == NULL) {
            say(frozen[i].name, "public", buf_view(&b));
            say(frozen[i].name, "secret", s == NULL ? BYTES_NONE : secret_view(s));
            missing = true;
            continue;
        }
        AUTO_BUF struct buf want = BUF_INIT;
        read_line(f, "public", &want);
        assert_true(bytes_equal(buf_view(&want), buf_view(&b)));
        AUTO_OBJECT struct object *back = NULL;
        assert_int_equal(object_read(7, 1, buf_view(&want), &back), RC_OK);
        if (s != NULL) {
            buf_clear(&want);
            read_line(f, "secret", &want);
            assert_true(bytes_equal(buf_view(&want), secret_view(s)));
            assert_int_equal(object_read_secrets(back, buf_view(&want)), RC_OK);
        }
        fclose(f);
    }
    assert_false(missing);
}

/* Cut anywhere, or with any byte changed: refused, or read without harm; never half. */
static void damage(void **state)
{
    (void)state;
    struct list_of l;
    start_full(&l);
    AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_CREATE);
    AUTO_BUF struct buf b = BUF_INIT;
    AUTO_SECRET struct secret *s = NULL;
    assert_int_equal(object_write(o, &b), RC_OK);
    assert_int_equal(object_write_secrets(o, &s), RC_OK);
    for (size_t n = 0; n < b.n; n++) {
        struct object *none = NULL;
        assert_int_equal(object_read(1, 1, BYTES(b.p, n), &none), RC_STORE_CORRUPT);
        assert_null(none);
    }
    for (size_t i = 0; i < b.n; i++) {
        for (int bit = 0; bit < 8; bit++) {
            b.p[i] ^= (uint8_t)(1 << bit);
            AUTO_OBJECT struct object *back = NULL;
            const enum rc rc = object_read(1, 1, buf_view(&b), &back);
            assert_true(rc == RC_OK || rc == RC_STORE_CORRUPT || rc == RC_STORE_FORMAT);
            assert_int_equal(back != NULL, rc == RC_OK);
            b.p[i] ^= (uint8_t)(1 << bit);
        }
    }
    AUTO_OBJECT struct object *back = NULL;
    assert_int_equal(object_read(1, 1, buf_view(&b), &back), RC_OK);
    for (size_t n = 0; n < s->n; n++) {
        assert_int_equal(object_read_secrets(back, BYTES(s->p, n)), RC_STORE_CORRUPT);
    }
    s->p[1] = 2;
    assert_int_equal(object_read_secrets(back, secret_view(s)), RC_STORE_FORMAT);
    s->p[1] = 1;
    s->p[8] ^= 1; /* another attribute */
    assert_int_equal(object_read_secrets(back, secret_view(s)), RC_STORE_CORRUPT);
    assert_false(object_secrets_ready(back));
    b.p[1] = 2;
    struct object *none = NULL;
    assert_int_equal(object_read(1, 1, buf_view(&b), &none), RC_STORE_FORMAT);
}

static enum rc both_ways(void)
{
    struct list_of l;
    start_rsa_private(&l);
    AUTO_OBJECT struct object *o = NULL;
    TRY(try_object(&l, ORIGIN_CREATE, &plain_rules, &o));
    AUTO_BUF struct buf b = BUF_INIT;
    AUTO_SECRET struct secret *s = NULL;
    TRY(object_write(o, &b));
    TRY(object_write_secrets(o, &s));
    AUTO_OBJECT struct object *back = NULL;
    TRY(object_read(1, 1, buf_view(&b), &back));
    return object_read_secrets(back, secret_view(s));
}

static void faults(void **state)
{
    (void)state;
    with_faults(both_ways);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(vectors),
        cmocka_unit_test(damage),
        cmocka_unit_test(faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
