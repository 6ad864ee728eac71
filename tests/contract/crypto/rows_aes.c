/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows about AES: block modes, GCM and CCM (in one call, and GCM in pieces), key wrap.
 */
#include <string.h>

#include "rows.h"

static struct cipher_key *key_of(const struct crypto *c, enum cipher_mode mode, struct row *r)
{
    AUTO_SECRET struct secret *key = row_secret(r, "key");
    struct cipher_key *k = NULL;

    if (c->cipher[mode]->key_new(mode, key, &k) != RC_OK) {
        return NULL;
    }
    return k;
}

/* IN through MODE in pieces of STEP bytes; what came out equals EXPECTED. */
static bool stream_gives(const struct cipher_ops *ops, const struct cipher_key *k,
                         const struct cipher_params *p, struct bytes in, size_t step,
                         struct bytes expected)
{
    AUTO_BUF struct buf out = BUF_INIT;
    struct cipher_ctx run = {0};
    bool good = true;

    ASSERT_OK(buf_reserve(&out, in.n + 1));
    good = ops->begin(&run, k, p) == RC_OK;
    for (size_t done = 0; good && done < in.n; done += step) {
        const size_t take = in.n - done < step ? in.n - done : step;

        good = ops->update(&run, in.p + done, take, out.p + done) == RC_OK;
    }
    good = good && ops->finish(&run, NULL, 0) == RC_OK;
    out.n = in.n;
    ops->clear(&run);
    return good && bytes_equal(buf_view(&out), expected);
}

static enum outcome check_block_mode(const struct crypto *c, struct row *r, enum cipher_mode mode)
{
    const struct cipher_ops *ops = c->cipher[mode];
    const struct bytes msg = row_bytes(r, "msg");
    const struct bytes ct = row_bytes(r, "ct");
    const size_t step = mode == CIPHER_CTR ? 5 : 16;
    struct cipher_params p = {.iv = row_bytes(r, "iv"), .counter_bits = 128};

    if (ops == NULL) {
        return LACKING;
    }
    struct cipher_key *k = key_of(c, mode, r);
    assert_non_null(k);
    p.encrypt = true;
    bool good = strcmp(row_text(r, "way"), "DECRYPT") == 0 ||
                (stream_gives(ops, k, &p, msg, SIZE_MAX / 2, ct) &&
                 stream_gives(ops, k, &p, msg, step, ct));
    p.encrypt = false;
    good = good && (strcmp(row_text(r, "way"), "ENCRYPT") == 0 ||
                    (stream_gives(ops, k, &p, ct, SIZE_MAX / 2, msg) &&
                     stream_gives(ops, k, &p, ct, step, msg)));
    ops->key_free(k);
    return good ? CHECKED : WRONG;
}

static enum outcome check_ecb(const struct crypto *c, struct row *r)
{
    return check_block_mode(c, r, CIPHER_ECB);
}

static enum outcome check_cbc(const struct crypto *c, struct row *r)
{
    return check_block_mode(c, r, CIPHER_CBC);
}

static enum outcome check_ctr(const struct crypto *c, struct row *r)
{
    return check_block_mode(c, r, CIPHER_CTR);
}

/* CBC, then the padding of the last block. */
static enum outcome check_cbcpad(const struct crypto *c, struct row *r)
{
    const struct cipher_ops *ops = c->cipher[CIPHER_CBC];
    const struct bytes ct = row_bytes(r, "ct");
    const struct cipher_params p = {.encrypt = false, .iv = row_bytes(r, "iv")};
    AUTO_BUF struct buf out = BUF_INIT;
    struct cipher_ctx run = {0};
    size_t left = 0;

    if (ops == NULL) {
        return LACKING;
    }
    struct cipher_key *k = key_of(c, CIPHER_CBC, r);
    ASSERT_OK(buf_reserve(&out, ct.n + 1));
    bool right = ct.n > 0 && ops->begin(&run, k, &p) == RC_OK &&
                 ops->update(&run, ct.p, ct.n, out.p) == RC_OK &&
                 ops->finish(&run, NULL, 0) == RC_OK &&
                 crypto_unpad16(out.p + ct.n - 16, &left) == RC_OK;
    out.n = right ? ct.n - 16 + left : 0;
    right = right && bytes_equal(buf_view(&out), row_bytes(r, "msg"));
    ops->clear(&run);
    ops->key_free(k);
    return judged(r, right);
}

static bool all_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Opens in one call and, GCM, in pieces; the two agree. */
static bool opens(const struct cipher_ops *ops, const struct cipher_key *k, enum cipher_mode mode,
                  const struct cipher_params *p, struct row *r)
{
    const struct bytes ct = row_bytes(r, "ct");
    const struct bytes tag = row_bytes(r, "tag");
    AUTO_BUF struct buf out = BUF_INIT;
    AUTO_BUF struct buf copy = BUF_INIT;
    struct cipher_ctx run = {0};

    ASSERT_OK(buf_reserve(&out, ct.n + 1));
    ASSERT_OK(buf_set(&copy, tag));
    out.n = ct.n;
    const enum rc rc = ops->once(k, p, ct.p, ct.n, out.p, copy.p);
    const bool right = rc == RC_OK && bytes_equal(buf_view(&out), row_bytes(r, "msg"));
    if (rc == RC_ENCRYPTED_DATA_INVALID) {
        assert_true(all_zero(out.p, out.n));
    }
    if (mode == CIPHER_GCM) {
        enum rc piece = ops->begin(&run, k, p);
        for (size_t done = 0; piece == RC_OK && done < ct.n; done += 7) {
            piece = ops->update(&run, ct.p + done, ct.n - done < 7 ? ct.n - done : 7, out.p + done);
        }
        piece = piece == RC_OK ? ops->finish(&run, copy.p, p->tag_n) : piece;
        assert_int_equal(piece, rc);
        ops->clear(&run);
    }
    return right;
}

static bool seals(const struct cipher_ops *ops, const struct cipher_key *k,
                  const struct cipher_params *p, struct row *r)
{
    const struct bytes msg = row_bytes(r, "msg");
    AUTO_BUF struct buf out = BUF_INIT;
    uint8_t tag[16] = {0};

    ASSERT_OK(buf_set(&out, msg)); /* in place */
    ASSERT_OK(buf_reserve(&out, 1));
    return ops->once(k, p, out.p, msg.n, out.p, tag) == RC_OK &&
           bytes_equal(buf_view(&out), row_bytes(r, "ct")) &&
           bytes_equal(BYTES(tag, p->tag_n), row_bytes(r, "tag"));
}

static enum outcome check_aead(const struct crypto *c, struct row *r, enum cipher_mode mode)
{
    const struct cipher_ops *ops = c->cipher[mode];
    struct cipher_params p = {.iv = row_bytes(r, "iv"), .aad = row_bytes(r, "aad")};

    if (ops == NULL) {
        return LACKING;
    }
    struct cipher_key *k = key_of(c, mode, r);
    if (k == NULL) {
        return judged(r, false);
    }
    p.tag_n = row_bytes(r, "tag").n;
    p.data_n = row_bytes(r, "ct").n;
    const bool right = opens(ops, k, mode, &p, r);
    p.encrypt = true;
    const bool sealed = !right || seals(ops, k, &p, r);
    ops->key_free(k);
    return sealed ? judged(r, right) : WRONG;
}

static enum outcome check_gcm(const struct crypto *c, struct row *r)
{
    return check_aead(c, r, CIPHER_GCM);
}

static enum outcome check_ccm(const struct crypto *c, struct row *r)
{
    return check_aead(c, r, CIPHER_CCM);
}

static enum outcome check_wrap(const struct crypto *c, struct row *r, enum keywrap_kind kind)
{
    AUTO_SECRET struct secret *kek = row_secret(r, "key");
    AUTO_SECRET struct secret *out = NULL;
    AUTO_BUF struct buf wrapped = BUF_INIT;
    const struct bytes msg = row_bytes(r, "msg");

    if (c->keywrap == NULL) {
        return LACKING;
    }
    const bool right = c->keywrap->unwrap(kind, kek, NULL, row_bytes(r, "ct"), &out) == RC_OK &&
                       bytes_equal(secret_view(out), msg);
    if (right && row_is(r, "valid")) {
        ASSERT_OK(c->keywrap->wrap(kind, kek, NULL, msg, &wrapped));
        assert_true(bytes_equal(buf_view(&wrapped), row_bytes(r, "ct")));
    }
    return judged(r, right);
}

static enum outcome check_kw(const struct crypto *c, struct row *r)
{
    return check_wrap(c, r, KEYWRAP_RFC3394);
}

static enum outcome check_kwp(const struct crypto *c, struct row *r)
{
    return check_wrap(c, r, KEYWRAP_RFC5649);
}

const struct row_kind aes_rows[] = {
    {"ecb", check_ecb},       {"cbc", check_cbc}, {"ctr", check_ctr},
    {"cbcpad", check_cbcpad}, {"gcm", check_gcm}, {"ccm", check_ccm},
    {"kw", check_kw},         {"kwp", check_kwp}, {NULL, NULL},
};
