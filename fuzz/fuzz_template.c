/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates and the rules of making. Input: u8 origin and rules, then attributes: u8 which (a row of
 * the table; the last number: four bytes of any), u8 how (bits 0 to 5: length; bit 6: NULL; bit 7:
 * the attributes that follow are its value), value. What passes all rules becomes an object that is
 * stored, read back, searched, changed and copied; nothing sensitive may come out.
 */
#include "fuzz.h"

#include "object/object.h"

#include "attributes.h"

/* Made for: create, generate, unwrap under key separation, a certificate by the security officer,
 * a public key, a private key. */
const struct fuzz_seed fuzz_seeds[] = {
    SEED("\x00\xff\x00\x00\x00\x00\x08\x04\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x01\x00\x08\x1f"
         "\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x00\x11\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08"
         "\x09\x0a\x0b\x0c\x0d\x0e\x0f\xff\x00\x00\x00\x03\x05\x6c\x61\x62\x65\x6c\xff\x00\x00\x01"
         "\x02\x02\x69\x64\xff\x00\x00\x00\x03\x03\x6e\x65\x77\xff\x00\x00\x01\x03\x01\x01"),
    SEED("\x01\xff\x00\x00\x00\x00\x08\x04\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x01\x00\x08\x1f"
         "\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x01\x61\x08\x10\x00\x00\x00\x00\x00\x00\x00\xff"
         "\x00\x00\x01\x62\x01\x01\xff\x00\x00\x01\x03\x01\x00\xff\x40\x00\x02\x11\x82\xff\x00\x00"
         "\x01\x03\x01\x01\xff\x00\x00\x01\x02\x01\x78\xff\x00\x00\x01\x70\x01\x00"),
    SEED("\x12\xff\x00\x00\x00\x00\x08\x04\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x01\x00\x08\x1f"
         "\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x01\x06\x01\x01\xff\x40\x00\x06\x00\x08\x87\x10"
         "\x00\x00\x00\x00\x00\x00\xff\x00\x00\x01\x07\x01\x01\xff\x00\x00\x01\x62\x01\x00"),
    SEED("\x08\xff\x00\x00\x00\x00\x08\x01\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x00\x80\x08\x00"
         "\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x01\x01\x07\x73\x75\x62\x6a\x65\x63\x74\xff\x00"
         "\x00\x00\x11\x0b\x63\x65\x72\x74\x69\x66\x69\x63\x61\x74\x65\xff\x00\x00\x00\x86\x01\x01"
         "\xff\x00\x00\x01\x10\x08\x32\x30\x32\x36\x30\x31\x30\x31\xff\x00\x00\x01\x02\x05\x6f\x74"
         "\x68\x65\x72"),
    SEED("\x00\xff\x00\x00\x00\x00\x08\x02\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x01\x00\x08\x03"
         "\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x01\x80\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01"
         "\x07\xff\x00\x00\x01\x81\x20\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
         "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x01\x0a"
         "\x01\x01"),
    SEED("\x00\xff\x00\x00\x00\x00\x08\x03\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x01\x00\x08\x00"
         "\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x01\x20\x02\x00\xc1\xff\x00\x00\x01\x23\x01\x64"
         "\xff\x00\x00\x01\x24\x01\x70\xff\x00\x00\x00\x02\x01\x00\xff\x00\x00\x00\x02\x01\x01"),
    {NULL, 0},
};

enum { MAX = 48 };

struct input {
    const uint8_t *p;
    size_t n;
    CK_ATTRIBUTE inner[MAX];
    size_t inner_n;
};

static uint8_t next(struct input *in)
{
    if (in->n == 0) {
        return 0;
    }
    in->n--;
    return *in->p++;
}

static CK_ATTRIBUTE_TYPE which(struct input *in)
{
    size_t n;
    const struct attr_row *rows = attr_rows(&n);
    const uint8_t i = next(in);
    if (i < n) {
        return rows[i].type;
    }
    CK_ATTRIBUTE_TYPE type = 0;
    for (int k = 0; k < 4; k++) {
        type = type << 8 | next(in);
    }
    return type;
}

/* The next attribute; its value lies in the input itself, at any alignment. */
static CK_ATTRIBUTE attribute(struct input *in, bool outer)
{
    union {
        const uint8_t *in;
        void *out;
    } value;
    CK_ATTRIBUTE a = {.type = which(in)};
    const uint8_t how = next(in);
    if (outer && (how & 0x80) != 0) {
        const size_t first = in->inner_n;
        for (size_t i = 0; i < (how & 7u) && in->inner_n < MAX; i++) {
            const CK_ATTRIBUTE one = attribute(in, false);
            in->inner[in->inner_n++] = one;
        }
        a.pValue = in->inner + first;
        a.ulValueLen = (in->inner_n - first) * sizeof a;
        return a;
    }
    const size_t n = (how & 0x3fu) < in->n ? (how & 0x3fu) : in->n;
    value.in = in->p;
    a.pValue = (how & 0x40) != 0 ? NULL : value.out;
    a.ulValueLen = n;
    in->p += n;
    in->n -= n;
    return a;
}

static void look(const struct object *o)
{
    static const CK_ATTRIBUTE_TYPE secret[] = {CKA_VALUE, CKA_PRIVATE_EXPONENT, CKA_PRIME_1};
    const bool hides =
        (object_flags(o) & OBJECT_SENSITIVE) != 0 || (object_flags(o) & OBJECT_EXTRACTABLE) == 0;
    for (size_t i = 0; i < 3; i++) {
        CK_ATTRIBUTE a = {secret[i], NULL, 0};
        const enum rc rc = object_get(o, &a, 1);
        MUST(object_secret(o, secret[i]) == NULL || !hides || rc == RC_ATTRIBUTE_SENSITIVE);
    }
    AUTO_BUF struct buf b = BUF_INIT;
    AUTO_SECRET struct secret *s = NULL;
    AUTO_OBJECT struct object *back = NULL;
    MUST(object_write(o, &b) == RC_OK && object_write_secrets(o, &s) == RC_OK);
    MUST(object_read(object_id(o), object_version(o), buf_view(&b), &back) == RC_OK);
    MUST(s == NULL || object_read_secrets(back, secret_view(s)) == RC_OK);
    MUST(object_flags(back) == object_flags(o) && object_size(back) == object_size(o));
}

struct hit {
    const struct buf *term;
    bool hit;
};

static enum rc each(void *ctx, struct bytes term)
{
    struct hit *h = ctx;
    h->hit = h->hit || bytes_equal(term, buf_view(h->term));
    return RC_OK;
}

/* Whatever matches is found by its term; what a complete term finds, matches. */
static void search(const struct object *o, const CK_ATTRIBUTE *a, size_t n)
{
    AUTO_TEMPLATE struct template *t = NULL;
    if (template_read(a, n, true, &t) != RC_OK) {
        return;
    }
    AUTO_BUF struct buf term = BUF_INIT;
    bool complete = false;
    MUST(template_term(t, &term, &complete) == RC_OK);
    struct hit h = {.term = &term};
    MUST(object_terms(o, each, &h) == RC_OK);
    MUST(!object_matches(o, t) || h.hit);
    if (h.hit && complete && !template_has(t, CKA_TOKEN) && !template_has(t, CKA_PRIVATE)) {
        MUST(object_matches(o, t));
    }
}

static void change(const struct object *o, const struct object_rules *rules, const CK_ATTRIBUTE *a,
                   size_t n)
{
    AUTO_TEMPLATE struct template *t = NULL;
    AUTO_OBJECT struct object *set = NULL;
    AUTO_OBJECT struct object *copy = NULL;
    if (template_read(a, n, false, &t) != RC_OK) {
        return;
    }
    if (object_modify(o, t, rules, 2, &set) == RC_OK) {
        look(set);
        MUST((object_flags(o) & OBJECT_SENSITIVE & ~object_flags(set)) == 0);
        MUST((object_flags(set) & OBJECT_EXTRACTABLE & ~object_flags(o)) == 0);
    }
    if (object_copy(o, t, rules, 2, 1, BYTES_STR("u"), &copy) == RC_OK) {
        look(copy);
        MUST((object_flags(o) & OBJECT_SENSITIVE & ~object_flags(copy)) == 0);
        MUST((object_flags(copy) & OBJECT_EXTRACTABLE & ~object_flags(o)) == 0);
        MUST(rules->so || (object_flags(copy) & OBJECT_TRUSTED & ~object_flags(o)) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {.p = data, .n = size};
    const uint8_t mode = next(&in);
    const struct object_rules rules = {.so = (mode & 8) != 0, .key_separation = (mode & 16) != 0};
    CK_ATTRIBUTE list[MAX];
    size_t n = 0;
    while (in.n > 0 && n < MAX) {
        list[n++] = attribute(&in, true);
    }
    const size_t made = n - n / 4; /* the last quarter is for searches and changes */
    AUTO_TEMPLATE struct template *t = NULL;
    AUTO_DRAFT struct draft *d = NULL;
    AUTO_OBJECT struct object *o = NULL;
    if (template_read(list, made, false, &t) != RC_OK) {
        return 0;
    }
    const enum object_origin origin = (enum object_origin)((mode & 7) % 5);
    MUST(draft_new(origin, &rules, t, &d) == RC_OK);
    if (draft_check(d) != RC_OK || draft_set(d, CKA_UNIQUE_ID, BYTES_STR("u")) != RC_OK) {
        return 0;
    }
    if (origin != ORIGIN_CREATE) {
        (void)!draft_set(d, CKA_VALUE, BYTES_STR("0123456789abcdef"));
    }
    if (draft_finish(d, 1, 1, &o) == RC_OK) {
        MUST(rules.so || (object_flags(o) & OBJECT_TRUSTED) == 0);
        look(o);
        search(o, list, made);
        search(o, list + made, n - made);
        change(o, &rules, list + made, n - made);
    }
    return 0;
}
