/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of secret keys: what lengths they have, and the check value (the first 3 bytes of an
 * encrypted zero block for AES, of the SHA-1 of the value for the others and for certificates).
 */
#include "family.h"

enum { VALUE_MAX = 4096, CHECK_SIZE = 3, CHECK_LEAST = 16 };

static bool aes_size(size_t n)
{
    return n == 16 || n == 24 || n == 32;
}

enum rc draft_imply_secret(struct draft *d)
{
    CK_KEY_TYPE type = 0;
    TRY(draft_imply(d, CKA_CLASS, CKO_SECRET_KEY));
    return draft_ulong(d, CKA_KEY_TYPE, &type) == RC_OK
               ? RC_OK
               : draft_imply(d, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
}

enum rc draft_value_size(const struct draft *d, size_t otherwise, size_t *ret)
{
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_ULONG n = 0;
    REQUIRE(draft_ulong(d, CKA_KEY_TYPE, &type) == RC_OK, RC_TEMPLATE_INCOMPLETE);
    if (draft_ulong(d, CKA_VALUE_LEN, &n) != RC_OK) {
        const bool fits = type == CKK_AES ? aes_size(otherwise) : otherwise > 0;
        REQUIRE(fits, RC_TEMPLATE_INCOMPLETE);
        *ret = otherwise;
        return RC_OK;
    }
    REQUIRE(n >= 1 && n <= VALUE_MAX && (type != CKK_AES || aes_size(n)),
            RC_ATTRIBUTE_VALUE_INVALID);
    *ret = n;
    return RC_OK;
}

/* A zero block by a cipher object: one block of CBC from a zero IV is one of ECB, and for so little
 * whoever is chosen for CBC is faster. */
static enum rc check_by_cipher(const struct cipher_ops *ops, const struct secret *v,
                               uint8_t block[16])
{
    static const uint8_t iv[16];
    const struct cipher_params p = {.encrypt = true, .iv = BYTES(iv, sizeof(iv))};
    struct cipher_key *key = NULL;
    struct cipher_ctx ctx = {0};
    TRY(ops->key_new(CIPHER_CBC, v, &key));
    enum rc rc = ops->begin(&ctx, key, &p);
    rc = rc == RC_OK ? ops->update(&ctx, iv, 16, block) : rc;
    rc = rc == RC_OK ? ops->finish(&ctx, NULL, 0) : rc;
    if (ctx.ops != NULL) {
        ops->clear(&ctx);
    }
    ops->key_free(key);
    return rc;
}

static enum rc aes_check(const struct mech_env *env, const struct secret *v, uint8_t block[16])
{
    static const uint8_t zero[16];
    const struct cipher_ops *ops = env->crypto->cipher[CIPHER_CBC];
    REQUIRE(ops != NULL, RC_NOT_FOUND);
    return ops->one_block != NULL ? ops->one_block(v, zero, block) : check_by_cipher(ops, v, block);
}

/* RC_NOT_FOUND: there is none. A short secret has none, since three bytes of its hash would say too
 * much of it. */
static enum rc check_value(const struct mech_env *env, const struct draft *d,
                           uint8_t out[HASH_MAX_SIZE])
{
    CK_OBJECT_CLASS cls = 0;
    CK_KEY_TYPE type = CK_UNAVAILABLE_INFORMATION;
    struct bytes value = BYTES_NONE;
    REQUIRE(draft_ulong(d, CKA_CLASS, &cls) == RC_OK, RC_NOT_FOUND);
    if (cls == CKO_CERTIFICATE) {
        TRY(draft_bytes(d, CKA_VALUE, &value));
        REQUIRE(value.n > 0, RC_NOT_FOUND);
        return crypto_hash(env->crypto, HASH_SHA1, value, out);
    }
    const struct secret *s = draft_secret(d, CKA_VALUE);
    REQUIRE(cls == CKO_SECRET_KEY && s != NULL, RC_NOT_FOUND);
    REQUIRE(draft_ulong(d, CKA_KEY_TYPE, &type) == RC_OK && s->n >= CHECK_LEAST, RC_NOT_FOUND);
    if (type == CKK_AES) {
        return aes_check(env, s, out);
    }
    return crypto_hash(env->crypto, HASH_SHA1, secret_view(s), out);
}

enum rc draft_set_check_value(const struct mech_env *env, struct draft *d)
{
    uint8_t v[HASH_MAX_SIZE];
    struct bytes given = BYTES_NONE;
    const bool says = draft_bytes(d, CKA_CHECK_VALUE, &given) == RC_OK;
    if (says && given.n == 0) {
        return RC_OK; /* the caller wants none */
    }
    const enum rc rc = check_value(env, d, v);
    if (rc == RC_NOT_FOUND) {
        return RC_OK;
    }
    TRY(rc);
    const struct bytes right = BYTES(v, CHECK_SIZE);
    if (says) {
        REQUIRE(bytes_equal(given, right), RC_ATTRIBUTE_VALUE_INVALID);
        return RC_OK;
    }
    return draft_set(d, CKA_CHECK_VALUE, right);
}

enum rc draft_set_value(const struct mech_env *env, struct draft *d, struct secret *s)
{
    AUTO_SECRET struct secret *mine = s;
    CK_KEY_TYPE type = CK_UNAVAILABLE_INFORMATION;
    REQUIRE(mine != NULL, RC_HOST_MEMORY);
    const size_t n = mine->n;
    REQUIRE(draft_ulong(d, CKA_KEY_TYPE, &type) == RC_OK, RC_TEMPLATE_INCOMPLETE);
    REQUIRE(n >= 1 && n <= VALUE_MAX && (type != CKK_AES || aes_size(n)),
            RC_ATTRIBUTE_VALUE_INVALID);
    TRY(draft_set_ulong(d, CKA_VALUE_LEN, n));
    TRY(draft_set_secret(d, CKA_VALUE, TAKE(mine)));
    return draft_set_check_value(env, d);
}
