/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows about elliptic curves: ECDSA, ECDH, EdDSA, X25519 and X448.
 */
#include <string.h>

#include "rows.h"

static enum ec_curve curve_of(const struct row *r)
{
    static const char *const names[CURVE_COUNT] = {"",        "P224",      "P256",    "P384",
                                                   "P521",    "SECP256K1", "BP224R1", "BP256R1",
                                                   "BP320R1", "BP384R1",   "BP512R1"};

    for (enum ec_curve c = CURVE_P224; c < CURVE_COUNT; c++) {
        if (strcmp(names[c], row_text(r, "curve")) == 0) {
            return c;
        }
    }
    fail_msg("no such curve: %s", row_text(r, "curve"));
    return CURVE_NONE;
}

static enum pkey_kind kind_of(const struct row *r)
{
    const char *name = row_text(r, "kind");

    return strcmp(name, "ED25519") == 0  ? PKEY_ED25519
           : strcmp(name, "ED448") == 0  ? PKEY_ED448
           : strcmp(name, "X25519") == 0 ? PKEY_X25519
                                         : PKEY_X448;
}

static struct pkey *load_public(const struct pkey_ops *ops, const struct pkey_spec *spec,
                                struct bytes pub)
{
    AUTO_KEY_PARTS struct key_parts parts = {0};
    struct pkey *k = NULL;

    ASSERT_OK(buf_set(&parts.pub, pub));
    const enum rc rc = ops->load(spec, &parts, false, &k);
    if (rc != RC_OK) {
        ASSERT_RC(rc, RC_PUBLIC_KEY_INVALID);
    }
    return k;
}

static struct pkey *load_private(const struct pkey_ops *ops, const struct pkey_spec *spec,
                                 struct row *r)
{
    AUTO_KEY_PARTS struct key_parts parts = {0};
    struct pkey *k = NULL;

    parts.priv = row_secret(r, "priv");
    ASSERT_OK(ops->load(spec, &parts, true, &k));
    return k;
}

static enum outcome check_ecdsa(const struct crypto *c, struct row *r)
{
    const struct pkey_spec spec = {.kind = PKEY_EC, .curve = curve_of(r)};
    const struct pkey_params params = {.scheme = SCHEME_ECDSA};
    const enum hash_alg alg = row_hash(r, "hash");
    const struct pkey_ops *ops = pkey_for(c, &spec);
    uint8_t digest[HASH_MAX_SIZE];

    if (ops == NULL || c->digest[alg] == NULL) {
        return LACKING;
    }
    struct pkey *k = load_public(ops, &spec, row_bytes(r, "pub"));
    if (k == NULL) {
        return judged(r, false);
    }
    ASSERT_OK(crypto_hash(c, alg, row_bytes(r, "msg"), digest));
    const bool right =
        ops->verify(k, &params, BYTES(digest, hash_size(alg)), row_bytes(r, "sig")) == RC_OK;
    ops->free(k);
    return judged(r, right);
}

static enum outcome check_agree(const struct crypto *c, struct row *r, const struct pkey_spec *spec)
{
    const struct pkey_ops *ops = pkey_for(c, spec);
    AUTO_SECRET struct secret *z = NULL;

    if (ops == NULL) {
        return LACKING;
    }
    struct pkey *k = load_private(ops, spec, r);
    const enum rc rc = ops->agree(k, row_bytes(r, "pub"), &z);
    if (rc != RC_OK) {
        ASSERT_RC(rc, RC_PUBLIC_KEY_INVALID);
        assert_null(z);
    }
    const bool right = rc == RC_OK && bytes_equal(secret_view(z), row_bytes(r, "shared"));
    ops->free(k);
    return judged(r, right);
}

static enum outcome check_ecdh(const struct crypto *c, struct row *r)
{
    const struct pkey_spec spec = {.kind = PKEY_EC, .curve = curve_of(r)};

    return check_agree(c, r, &spec);
}

static enum outcome check_xdh(const struct crypto *c, struct row *r)
{
    const struct pkey_spec spec = {.kind = kind_of(r)};

    return check_agree(c, r, &spec);
}

/* A row with a private key: the signature is determined. */
static enum outcome check_eddsa_sign(const struct pkey_ops *ops, const struct pkey_spec *spec,
                                     const struct pkey_params *p, struct row *r)
{
    struct pkey *k = load_private(ops, spec, r);
    uint8_t sig[114];
    size_t n = 0;

    const enum rc rc = ops->sign(k, p, row_bytes(r, "msg"), sig, &n);
    const bool good = rc == RC_OK && bytes_equal(BYTES(sig, n), row_bytes(r, "sig")) &&
                      ops->verify(k, p, row_bytes(r, "msg"), BYTES(sig, n)) == RC_OK;
    ops->free(k);
    return good ? CHECKED : WRONG;
}

static enum outcome check_eddsa(const struct crypto *c, struct row *r)
{
    const struct pkey_spec spec = {.kind = kind_of(r)};
    const struct pkey_ops *ops = pkey_for(c, &spec);
    const struct pkey_params params = {.scheme = SCHEME_EDDSA,
                                       .prehash = row_number(r, "ph") == 1,
                                       .has_context = row_bytes(r, "ctx").n > 0,
                                       .context = row_bytes(r, "ctx")};

    if (ops == NULL) {
        return LACKING;
    }
    if (row_text(r, "priv")[0] != '\0') {
        return check_eddsa_sign(ops, &spec, &params, r);
    }
    struct pkey *k = load_public(ops, &spec, row_bytes(r, "pub"));
    if (k == NULL) {
        return judged(r, false);
    }
    const bool right = ops->verify(k, &params, row_bytes(r, "msg"), row_bytes(r, "sig")) == RC_OK;
    ops->free(k);
    return judged(r, right);
}

const struct row_kind pkey_rows[] = {
    {"ecdsa", check_ecdsa}, {"ecdh", check_ecdh}, {"eddsa", check_eddsa},
    {"xdh", check_xdh},     {NULL, NULL},
};
