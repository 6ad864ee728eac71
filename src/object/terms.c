/* SPDX-License-Identifier: Apache-2.0
 *
 * Index terms: under which byte strings an object is to be found, and which of them answers a
 * search best. A term is a letter, the numbers (8 bytes each, little endian), then the bytes.
 */
#include "thing.h"

#include "base/mem.h"
#include "template.h"

enum {
    TERM_ALL = 'A',
    TERM_CLASS = 'C',
    TERM_CLASS_KEY = 'K',
    TERM_ID = 'I',
    TERM_LABEL = 'L',
    TERM_CLASS_ID = 'i',
    TERM_CLASS_LABEL = 'l',
};

static enum rc put_term(struct buf *b, uint8_t letter, struct bytes first, struct bytes second)
{
    buf_clear(b);
    TRY(buf_add_u8(b, letter));
    TRY(buf_add_bytes(b, first));
    return buf_add_bytes(b, second);
}

static struct bytes value_of(const struct object *o, uint32_t type)
{
    struct bytes v = BYTES_NONE;
    return list_find(&o->list, type, &v) == RC_OK ? v : BYTES_NONE;
}

enum rc object_terms(const struct object *o, enum rc (*each)(void *ctx, struct bytes term),
                     void *ctx)
{
    const struct bytes cls = value_of(o, CKA_CLASS);
    const struct bytes key = value_of(o, CKA_KEY_TYPE);
    const struct bytes id = value_of(o, CKA_ID);
    const struct bytes label = value_of(o, CKA_LABEL);
    const struct {
        uint8_t letter;
        bool there;
        struct bytes first;
        struct bytes second;
    } terms[] = {
        {TERM_ALL, true, BYTES_NONE, BYTES_NONE},     {TERM_CLASS, true, cls, BYTES_NONE},
        {TERM_CLASS_KEY, key.n > 0, cls, key},        {TERM_ID, id.n > 0, id, BYTES_NONE},
        {TERM_LABEL, label.n > 0, label, BYTES_NONE}, {TERM_CLASS_ID, id.n > 0, cls, id},
        {TERM_CLASS_LABEL, label.n > 0, cls, label},
    };
    AUTO_BUF struct buf b = BUF_INIT;
    for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
        if (terms[i].there) {
            TRY(put_term(&b, terms[i].letter, terms[i].first, terms[i].second));
            TRY(each(ctx, buf_view(&b)));
        }
    }
    return RC_OK;
}

static struct bytes asked(const struct template *t, uint32_t type)
{
    const struct attr *a = bag_find(&t->bag, type);
    return a == NULL ? BYTES_NONE : attr_value(a);
}

/* How many attributes T asks for that decide which object it is. */
static size_t telling(const struct template *t)
{
    size_t n = t->bag.n;
    n -= bag_find(&t->bag, CKA_TOKEN) != NULL;
    n -= bag_find(&t->bag, CKA_PRIVATE) != NULL;
    return n;
}

enum rc template_term(const struct template *t, struct buf *ret, bool *ret_complete)
{
    const struct bytes cls = asked(t, CKA_CLASS);
    const struct bytes key = asked(t, CKA_KEY_TYPE);
    const struct bytes id = asked(t, CKA_ID);
    const struct bytes label = asked(t, CKA_LABEL);
    const struct {
        uint8_t letter;
        bool fits;
        size_t says; /* attributes of the template that the term covers */
        struct bytes first;
        struct bytes second;
    } terms[] = {
        {TERM_CLASS_ID, cls.n > 0 && id.n > 0, 2, cls, id},
        {TERM_ID, id.n > 0, 1, id, BYTES_NONE},
        {TERM_CLASS_LABEL, cls.n > 0 && label.n > 0, 2, cls, label},
        {TERM_LABEL, label.n > 0, 1, label, BYTES_NONE},
        {TERM_CLASS_KEY, cls.n > 0 && key.n > 0, 2, cls, key},
        {TERM_CLASS, cls.n > 0, 1, cls, BYTES_NONE},
        {TERM_ALL, true, 0, BYTES_NONE, BYTES_NONE},
    };
    for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
        if (terms[i].fits) {
            TRY(put_term(ret, terms[i].letter, terms[i].first, terms[i].second));
            *ret_complete = !t->nothing && telling(t) == terms[i].says;
            return RC_OK;
        }
    }
    return RC_GENERAL_ERROR;
}
