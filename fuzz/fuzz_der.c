/* SPDX-License-Identifier: Apache-2.0
 *
 * DER: whatever is read is written back as the same bytes; whatever is refused moves nothing.
 */
#include "fuzz.h"

#include "wire/der.h"

const struct fuzz_seed fuzz_seeds[] = {
    SEED("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"),
    SEED("\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
    SEED("\x30\x09\x02\x01\x03\x02\x04\x7f\xff\xff\xff"),
    SEED("\x30\x0a\x02\x02\x00\x80\x04\x01\x61\x03\x02\x00\x55"),
    SEED("\xa0\x06\x30\x04\x80\x01\x00\xa1\x00"),
    SEED("\x04\x81\x80"),
    SEED("\x30\x80\x00\x00"),
    SEED("\x02\x88\xff\xff\xff\xff\xff\xff\xff\xff"),
    {NULL, 0},
};

static void check_uint(struct rd r, struct bytes whole)
{
    struct bytes magnitude = BYTES_NONE;
    uint32_t small = 0;
    struct rd again = r;
    if (der_take_uint(&r, &magnitude) != RC_OK) {
        MUST(r.n == again.n && der_take_small(&again, &small) != RC_OK);
        return;
    }
    AUTO_BUF struct buf b = BUF_INIT;
    MUST(der_add_uint(&b, magnitude) == RC_OK);
    MUST(bytes_equal(buf_view(&b), whole));
    if (der_take_small(&again, &small) == RC_OK) {
        buf_clear(&b);
        MUST(der_add_small(&b, small) == RC_OK);
        MUST(bytes_equal(buf_view(&b), whole));
    }
}

static void walk(struct bytes v, unsigned depth)
{
    struct rd r = RD(v);
    while (r.n != 0) {
        const struct rd before = r;
        uint8_t tag = 0;
        struct bytes content = BYTES_NONE;
        struct bytes whole = BYTES_NONE;
        if (der_take_any(&r, &tag, &content, &whole) != RC_OK) {
            MUST(r.p == before.p && r.n == before.n);
            return;
        }
        MUST(whole.n == before.n - r.n && whole.p == before.p);
        MUST(content.n < whole.n && content.p + content.n == whole.p + whole.n);
        AUTO_BUF struct buf b = BUF_INIT;
        MUST(der_add(&b, tag, content) == RC_OK);
        MUST(bytes_equal(buf_view(&b), whole));
        struct bytes again = BYTES_NONE;
        MUST(der_whole(whole, tag, &again) == RC_OK && bytes_equal(again, content));
        MUST(der_peek(&before, tag));
        check_uint(before, whole);
        if ((tag & 0x20U) != 0 && depth < 30) {
            walk(content, depth + 1);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    walk(BYTES(data, n), 0);
    return 0;
}
