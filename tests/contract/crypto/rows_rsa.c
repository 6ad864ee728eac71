/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows about RSA. A row "rsakey" sets the key for those behind it.
 */
#include <string.h>

#include "rows.h"

static const struct pkey_spec spec = {.kind = PKEY_RSA};
static const struct pkey_ops *ops;
static struct pkey *key; /* NULL: the subject refused it */
static bool key_private;

void rsa_rows_end(void)
{
    if (key != NULL) {
        ops->free(key);
        key = NULL;
    }
}

static struct secret *part(struct row *r, const char *name)
{
    return row_text(r, name)[0] != '\0' ? row_secret(r, name) : NULL;
}

static enum outcome check_key(const struct crypto *c, struct row *r)
{
    AUTO_KEY_PARTS struct key_parts parts = {0};

    rsa_rows_end();
    ops = pkey_for(c, &spec);
    if (ops == NULL) {
        return LACKING;
    }
    ASSERT_OK(buf_set(&parts.n, row_bytes(r, "n")));
    ASSERT_OK(buf_set(&parts.e, row_bytes(r, "e")));
    parts.d = part(r, "d");
    parts.p = part(r, "p");
    parts.q = part(r, "q");
    parts.dp = part(r, "dp");
    parts.dq = part(r, "dq");
    parts.qi = part(r, "qi");
    key_private = parts.d != NULL;
    ASSERT_OK(ops->load(&spec, &parts, key_private, &key));
    return CHECKED;
}

static enum outcome check_signature(const struct crypto *c, struct row *r,
                                    const struct pkey_params *p)
{
    uint8_t digest[HASH_MAX_SIZE];

    if (ops == NULL || c->digest[p->hash] == NULL) {
        return LACKING;
    }
    ASSERT_OK(crypto_hash(c, p->hash, row_bytes(r, "msg"), digest));
    const enum rc rc = ops->verify(key, p, BYTES(digest, hash_size(p->hash)), row_bytes(r, "sig"));
    return judged(r, rc == RC_OK);
}

static enum outcome check_pkcs1_verify(const struct crypto *c, struct row *r)
{
    const struct pkey_params p = {.scheme = SCHEME_RSA_PKCS1_HASH, .hash = row_hash(r, "hash")};

    return check_signature(c, r, &p);
}

static enum outcome check_pss(const struct crypto *c, struct row *r)
{
    const struct pkey_params p = {.scheme = SCHEME_RSA_PSS,
                                  .hash = row_hash(r, "hash"),
                                  .mgf = row_hash(r, "mgf"),
                                  .salt_n = row_number(r, "salt")};

    return check_signature(c, r, &p);
}

static enum outcome check_pkcs1_sign(const struct crypto *c, struct row *r)
{
    const struct pkey_params p = {.scheme = SCHEME_RSA_PKCS1_HASH, .hash = row_hash(r, "hash")};
    uint8_t digest[HASH_MAX_SIZE];
    uint8_t sig[1024];
    size_t n = 0;

    if (ops == NULL || c->digest[p.hash] == NULL) {
        return LACKING;
    }
    ASSERT_OK(crypto_hash(c, p.hash, row_bytes(r, "msg"), digest));
    ASSERT_OK(ops->sign(key, &p, BYTES(digest, hash_size(p.hash)), sig, &n));
    return judged(r, bytes_equal(BYTES(sig, n), row_bytes(r, "sig")));
}

static enum outcome check_oaep(const struct crypto *c, struct row *r)
{
    const struct pkey_params p = {.scheme = SCHEME_RSA_OAEP,
                                  .hash = row_hash(r, "hash"),
                                  .mgf = row_hash(r, "mgf"),
                                  .label = row_bytes(r, "label")};
    const struct bytes ct = row_bytes(r, "ct");
    AUTO_SECRET struct secret *out = NULL;

    (void)c;
    if (ops == NULL) {
        return LACKING;
    }
    const enum rc rc = ops->decrypt(key, &p, ct, &out);
    if (rc != RC_OK) {
        ASSERT_RC(rc,
                  ct.n == ops->size(key) ? RC_ENCRYPTED_DATA_INVALID : RC_ENCRYPTED_DATA_LEN_RANGE);
    }
    return judged(r, rc == RC_OK && bytes_equal(secret_view(out), row_bytes(r, "msg")));
}

/* Implicit rejection: a ciphertext of the right length below the modulus never fails. */
static enum outcome check_pkcs1_decrypt(const struct crypto *c, struct row *r)
{
    const struct pkey_params p = {.scheme = SCHEME_RSA_PKCS1};
    const struct bytes ct = row_bytes(r, "ct");
    AUTO_SECRET struct secret *out = NULL;
    AUTO_SECRET struct secret *again = NULL;

    (void)c;
    if (ops == NULL) {
        return LACKING;
    }
    const enum rc rc = ops->decrypt(key, &p, ct, &out);
    if (rc != RC_OK) {
        ASSERT_RC(rc,
                  ct.n == ops->size(key) ? RC_ENCRYPTED_DATA_INVALID : RC_ENCRYPTED_DATA_LEN_RANGE);
        return judged(r, false);
    }
    ASSERT_OK(ops->decrypt(key, &p, ct, &again));
    assert_true(secret_equal(out, again));
    const bool right = bytes_equal(secret_view(out), row_bytes(r, "msg"));
    return row_is(r, "valid") == right ? CHECKED : WRONG;
}

const struct row_kind rsa_rows[] = {
    {"rsakey", check_key},
    {"pkcs1verify", check_pkcs1_verify},
    {"pkcs1sign", check_pkcs1_sign},
    {"pss", check_pss},
    {"oaep", check_oaep},
    {"pkcs1decrypt", check_pkcs1_decrypt},
    {NULL, NULL},
};
