/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows about hashes, message authentication, key derivation and HMAC_DRBG.
 */
#include <string.h>

#include "drbg.h"
#include "rows.h"

static enum outcome check_digest(const struct crypto *c, struct row *r)
{
    const enum hash_alg alg = row_hash(r, "hash");
    const struct digest_ops *ops = c->digest[alg];
    const struct bytes msg = row_bytes(r, "msg");
    struct digest_ctx run = {0};
    uint8_t out[HASH_MAX_SIZE];
    bool good;

    if (ops == NULL) {
        return LACKING;
    }
    ASSERT_OK(ops->once(alg, msg.p, msg.n, out));
    good = bytes_equal(BYTES(out, hash_size(alg)), row_bytes(r, "out"));
    ASSERT_OK(ops->begin(&run, alg));
    for (size_t i = 0; i < msg.n; i++) {
        ASSERT_OK(ops->update(&run, msg.p + i, 1));
    }
    ASSERT_OK(ops->finish(&run, out));
    ops->clear(&run);
    good = good && bytes_equal(BYTES(out, hash_size(alg)), row_bytes(r, "out"));
    return good ? CHECKED : WRONG;
}

/* SHAKE: as much output as the row has. */
static enum outcome check_xof(const struct crypto *c, struct row *r)
{
    const enum hash_alg alg = row_hash(r, "hash");
    const struct bytes msg = row_bytes(r, "msg");
    const struct bytes expected = row_bytes(r, "out");
    AUTO_BUF struct buf out = BUF_INIT;

    if (c->digest[alg] == NULL) {
        return LACKING;
    }
    ASSERT_OK(buf_reserve(&out, expected.n));
    out.n = expected.n;
    ASSERT_OK(crypto_xof(c, alg, msg, out.p, out.n));
    return bytes_equal(buf_view(&out), expected) ? CHECKED : WRONG;
}

/* The first bytes of the tag of MSG equal the row's. */
static bool tag_matches(const struct mac_ops *ops, const struct mac_key *k, struct row *r)
{
    const struct bytes msg = row_bytes(r, "msg");
    const struct bytes tag = row_bytes(r, "tag");
    const size_t half = msg.n / 2;
    struct mac_ctx run = {0};
    uint8_t out[MAC_MAX_SIZE];

    bool good = tag.n <= ops->size(k) && ops->begin(&run, k, row_bytes(r, "iv")) == RC_OK &&
                ops->update(&run, msg.p, half) == RC_OK &&
                ops->update(&run, msg.p + half, msg.n - half) == RC_OK &&
                ops->finish(&run, out) == RC_OK && bytes_equal(BYTES(out, tag.n), tag);
    ops->clear(&run);
    return good;
}

static enum outcome check_mac(const struct mac_ops *ops, enum mac_kind kind, enum hash_alg hash,
                              struct row *r)
{
    AUTO_SECRET struct secret *key = row_secret(r, "key");
    struct mac_key *k = NULL;

    if (ops == NULL) {
        return LACKING;
    }
    const enum rc rc = ops->key_new(kind, hash, key, &k);
    if (rc != RC_OK) {
        ASSERT_RC(rc, RC_KEY_SIZE_RANGE);
        return judged(r, false);
    }
    const bool right = tag_matches(ops, k, r);
    ops->key_free(k);
    return judged(r, right);
}

static enum outcome check_hmac(const struct crypto *c, struct row *r)
{
    return check_mac(c->hmac[row_hash(r, "hash")], MAC_HMAC, row_hash(r, "hash"), r);
}

static enum outcome check_cmac(const struct crypto *c, struct row *r)
{
    return check_mac(c->cmac, MAC_CMAC, HASH_NONE, r);
}

static enum outcome check_gmac(const struct crypto *c, struct row *r)
{
    return check_mac(c->gmac, MAC_GMAC, HASH_NONE, r);
}

/* ---- key derivation ------------------------------------------------------------------------------- */

static enum outcome derived(struct row *r, enum rc rc, const struct secret *out)
{
    return judged(r, rc == RC_OK && bytes_equal(secret_view(out), row_bytes(r, "out")));
}

static enum outcome check_hkdf(const struct crypto *c, struct row *r)
{
    const enum hash_alg alg = row_hash(r, "hash");
    AUTO_SECRET struct secret *ikm = row_secret(r, "ikm");
    AUTO_SECRET struct secret *out = NULL;
    AUTO_SECRET struct secret *prk = NULL;
    AUTO_SECRET struct secret *halves = NULL;

    const enum rc rc = crypto_hkdf(c, alg, true, true, ikm, row_bytes(r, "salt"),
                                   row_bytes(r, "info"), row_number(r, "size"), &out);
    if (rc == RC_OK) {
        ASSERT_OK(crypto_hkdf(c, alg, true, false, ikm, row_bytes(r, "salt"), BYTES_NONE,
                              hash_size(alg), &prk));
        ASSERT_OK(crypto_hkdf(c, alg, false, true, prk, BYTES_NONE, row_bytes(r, "info"),
                              row_number(r, "size"), &halves));
        assert_true(secret_equal(out, halves));
    }
    return derived(r, rc, out);
}

static enum outcome check_pbkdf2(const struct crypto *c, struct row *r)
{
    AUTO_SECRET struct secret *out = NULL;

    const enum rc rc =
        crypto_pbkdf2(c, row_hash(r, "hash"), row_bytes(r, "password"), row_bytes(r, "salt"),
                      (unsigned)row_number(r, "iterations"), row_number(r, "size"), &out);
    return derived(r, rc, out);
}

static enum outcome check_x963(const struct crypto *c, struct row *r)
{
    AUTO_SECRET struct secret *z = row_secret(r, "z");
    AUTO_SECRET struct secret *out = NULL;

    const enum rc rc =
        crypto_x963(c, row_hash(r, "hash"), z, row_bytes(r, "info"), row_bytes(r, "out").n, &out);
    return derived(r, rc, out);
}

/* ---- HMAC_DRBG: two requests, the second is what is compared ------------------------------------------ */

static enum rc drbg_request(struct drbg *d, bool fresh, struct bytes entropy, struct bytes more,
                            uint8_t *out, size_t n)
{
    if (fresh) {
        TRY(drbg_reseed(d, entropy, more));
        more = BYTES_NONE;
    }
    return drbg_generate(d, more, out, n);
}

static enum outcome check_drbg(const struct crypto *c, struct row *r)
{
    const bool fresh = strcmp(row_text(r, "mode"), "pr") == 0;
    const struct bytes expected = row_bytes(r, "out");
    struct drbg *d = secret_alloc(sizeof(*d));
    AUTO_BUF struct buf out = BUF_INIT;

    assert_non_null(d);
    ASSERT_OK(buf_reserve(&out, expected.n));
    out.n = expected.n;
    ASSERT_OK(drbg_instantiate(d, c->digest[HASH_SHA256], row_bytes(r, "entropy"),
                               row_bytes(r, "nonce"), row_bytes(r, "perso")));
    if (strcmp(row_text(r, "mode"), "reseed") == 0) {
        ASSERT_OK(drbg_reseed(d, row_bytes(r, "rentropy"), row_bytes(r, "radd")));
    }
    ASSERT_OK(drbg_request(d, fresh, row_bytes(r, "enta"), row_bytes(r, "adda"), out.p, out.n));
    ASSERT_OK(drbg_request(d, fresh, row_bytes(r, "entb"), row_bytes(r, "addb"), out.p, out.n));
    drbg_clear(d);
    secret_release(d);
    return bytes_equal(buf_view(&out), expected) ? CHECKED : WRONG;
}

const struct row_kind hash_rows[] = {
    {"digest", check_digest}, {"hmac", check_hmac},
    {"cmac", check_cmac},     {"gmac", check_gmac},
    {"hkdf", check_hkdf},     {"pbkdf2", check_pbkdf2},
    {"x963", check_x963},     {"drbg", check_drbg},
    {"xof", check_xof},       {NULL, NULL},
};
