/* SPDX-License-Identifier: Apache-2.0
 *
 * Index terms: whatever a search asks, the term it picks is one of the object's.
 */
#include "make.h"

struct seen {
    const struct buf *want;
    size_t n;
    bool hit;
};

static enum rc each(void *ctx, struct bytes term)
{
    struct seen *s = ctx;
    s->n++;
    s->hit = s->hit || (s->want != NULL && bytes_equal(term, buf_view(s->want)));
    return RC_OK;
}

/* Whether a search for A finds O by its term; checks that the letter and completeness are as said. */
static bool found(const struct object *o, const CK_ATTRIBUTE *a, CK_ULONG n, char letter,
                  bool complete)
{
    AUTO_TEMPLATE struct template *t = NULL;
    assert_int_equal(template_read(a, n, true, &t), RC_OK);
    AUTO_BUF struct buf term = BUF_INIT;
    bool is_complete = !complete;
    assert_int_equal(template_term(t, &term, &is_complete), RC_OK);
    assert_int_equal(term.p[0], letter);
    assert_int_equal(is_complete, complete);
    struct seen s = {.want = &term, .n = 0, .hit = false};
    assert_int_equal(object_terms(o, each, &s), RC_OK);
    return s.hit;
}

static void picks(void **state)
{
    (void)state;
    struct list_of l;
    start_aes(&l);
    add_text(&l, CKA_LABEL, "label");
    add_text(&l, CKA_ID, "id");
    AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_CREATE);
    CK_ULONG cls = CKO_SECRET_KEY;
    CK_ULONG key = CKK_AES;
    CK_BBOOL yes = CK_TRUE;
    char label[] = "label";
    char id[] = "id";
    const CK_ATTRIBUTE cls_ = {CKA_CLASS, &cls, sizeof cls};
    const CK_ATTRIBUTE key_ = {CKA_KEY_TYPE, &key, sizeof key};
    const CK_ATTRIBUTE label_ = {CKA_LABEL, label, 5};
    const CK_ATTRIBUTE id_ = {CKA_ID, id, 2};
    const CK_ATTRIBUTE token_ = {CKA_TOKEN, &yes, 1};
    const CK_ATTRIBUTE private_ = {CKA_PRIVATE, &yes, 1};
    const CK_ATTRIBUTE empty_ = {CKA_ID, NULL, 0};
    const CK_ATTRIBUTE sign_ = {CKA_SIGN, &yes, 1};
    const CK_ATTRIBUTE vendor_ = {CKA_VENDOR_DEFINED | 1, &yes, 1};
#define FIND(letter, complete, ...)                                                                \
    found(o, (const CK_ATTRIBUTE[]){__VA_ARGS__},                                                  \
          sizeof((const CK_ATTRIBUTE[]){__VA_ARGS__}) / sizeof(CK_ATTRIBUTE), letter, complete)
    assert_true(found(o, NULL, 0, 'A', true));
    assert_true(FIND('A', true, token_, private_));
    assert_true(FIND('C', true, cls_));
    assert_true(FIND('C', true, cls_, token_));
    assert_true(FIND('K', true, cls_, key_));
    assert_true(FIND('I', true, id_));
    assert_true(FIND('L', true, label_));
    assert_true(FIND('i', true, cls_, id_));
    assert_true(FIND('l', true, cls_, label_));
    assert_true(FIND('i', false, cls_, id_, label_));
    assert_true(FIND('i', false, cls_, id_, key_));
    assert_true(FIND('I', false, id_, sign_));
    assert_true(FIND('A', false, key_));
    assert_true(FIND('A', false, sign_));
    assert_true(FIND('C', false, cls_, empty_));
    assert_true(FIND('C', false, cls_, vendor_));
    cls = CKO_PRIVATE_KEY;
    assert_false(FIND('i', true, cls_, id_));
    label[0] = 'x';
    assert_false(FIND('L', true, label_));
}

static void counts(void **state)
{
    (void)state;
    struct list_of l;
    struct seen s = {.want = NULL};
    start_data(&l);
    AUTO_OBJECT struct object *bare = make_object(&l, ORIGIN_CREATE);
    assert_int_equal(object_terms(bare, each, &s), RC_OK);
    assert_int_equal(s.n, 2); /* all, class */
    start_aes(&l);
    add_text(&l, CKA_LABEL, "label");
    add_text(&l, CKA_ID, "id");
    AUTO_OBJECT struct object *full = make_object(&l, ORIGIN_CREATE);
    s.n = 0;
    assert_int_equal(object_terms(full, each, &s), RC_OK);
    assert_int_equal(s.n, 7);
}

static enum rc stop(void *ctx, struct bytes term)
{
    (void)ctx;
    return term.p[0] == 'C' ? RC_DEVICE_MEMORY : RC_OK;
}

static void an_error_ends_it(void **state)
{
    (void)state;
    struct list_of l;
    start_data(&l);
    AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_CREATE);
    assert_int_equal(object_terms(o, stop, NULL), RC_DEVICE_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picks),
        cmocka_unit_test(counts),
        cmocka_unit_test(an_error_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
