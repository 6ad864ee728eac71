/* SPDX-License-Identifier: Apache-2.0
 *
 * Families: key agreement (ECDH, X25519, X448; plain or through the X9.63 KDF) and HKDF.
 */
#include "family.h"

enum { HKDF_BLOCKS = 255 };

/* ---- agreement ------------------------------------------------------------------------------------------ */

static bool agree_offered(const struct mech_env *env, const struct mech_row *row)
{
    (void)row;
    for (size_t i = CURVE_NONE + 1; i < CURVE_COUNT; i++) {
        if (env->crypto->pkey[PKEY_EC][i] != NULL) {
            return true;
        }
    }
    return env->crypto->pkey[PKEY_X25519][CURVE_NONE] != NULL ||
           env->crypto->pkey[PKEY_X448][CURVE_NONE] != NULL;
}

static enum rc shared_secret(const struct mech_env *env, const struct object *base,
                             struct bytes peer, struct secret **ret)
{
    const struct source s = {.o = base};
    const struct pkey_ops *ops = NULL;
    const struct pkey *key = NULL;
    struct pkey_spec spec;
    struct bytes point = BYTES_NONE;
    TRY(source_spec(&s, object_key_type(base), &spec));
    REQUIRE(point_read(&spec, peer, &point) == RC_OK, RC_MECHANISM_PARAM_INVALID);
    TRY(key_pkey(env, base, &ops, &key));
    return ops->agree(key, point, ret);
}

/* The new key's bytes out of the secret Z, which is taken: without a KDF its last ones (the standard
 * cuts at the leading end), otherwise what the KDF gives. */
static enum rc agreed_value(const struct mech_env *env, const struct param *p, struct secret *z,
                            size_t n, struct secret **ret)
{
    AUTO_SECRET struct secret *whole = z;
    if (p->hash != HASH_NONE) {
        return crypto_x963(env->crypto, p->hash, whole, p->aad, n, ret);
    }
    REQUIRE(n <= whole->n, RC_TEMPLATE_INCONSISTENT);
    *ret = n == whole->n ? TAKE(whole) : secret_from(whole->p + whole->n - n, n);
    return *ret != NULL ? RC_OK : RC_HOST_MEMORY;
}

static enum rc agree(const struct mech_env *env, const struct mech_row *row, const struct param *p,
                     const struct object *base, const struct object *const *more, size_t more_n,
                     struct draft *d)
{
    (void)row;
    (void)more;
    (void)more_n;
    AUTO_SECRET struct secret *z = NULL;
    AUTO_SECRET struct secret *value = NULL;
    size_t n = 0;
    REQUIRE(p->hash == HASH_NONE || env->crypto->digest[p->hash] != NULL,
            RC_MECHANISM_PARAM_INVALID);
    TRY(shared_secret(env, base, p->peer, &z));
    TRY(draft_value_size(d, p->hash == HASH_NONE ? z->n : hash_size(p->hash), &n));
    TRY(agreed_value(env, p, TAKE(z), n, &value));
    return draft_set_value(env, d, TAKE(value));
}

const struct family family_agree = {.offered = agree_offered, .derive = agree};

/* ---- HKDF ------------------------------------------------------------------------------------------------ */

static bool hkdf_offered(const struct mech_env *env, const struct mech_row *row)
{
    (void)row;
    return env->crypto->hmac[HASH_SHA256] != NULL;
}

static enum rc hkdf_salt(const struct param *p, const struct object *const *more, size_t more_n,
                         struct bytes *ret)
{
    *ret = p->peer;
    if (!p->given) {
        return RC_OK;
    }
    REQUIRE(more_n == 1 && object_class(more[0]) == CKO_SECRET_KEY, RC_KEY_HANDLE_INVALID);
    const CK_KEY_TYPE type = object_key_type(more[0]);
    const struct secret *salt = object_secret(more[0], CKA_VALUE);
    REQUIRE(salt != NULL && type != CKK_AES, RC_KEY_TYPE_INCONSISTENT);
    REQUIRE((object_flags(more[0]) & OBJECT_DERIVE) != 0, RC_KEY_FUNCTION_NOT_PERMITTED);
    *ret = secret_view(salt);
    return RC_OK;
}

static enum rc hkdf(const struct mech_env *env, const struct mech_row *row, const struct param *p,
                    const struct object *base, const struct object *const *more, size_t more_n,
                    struct draft *d)
{
    (void)row;
    AUTO_SECRET struct secret *value = NULL;
    struct bytes salt = BYTES_NONE;
    size_t n = 0;
    REQUIRE(env->crypto->hmac[p->hash] != NULL, RC_MECHANISM_PARAM_INVALID);
    const struct secret *ikm = object_secret(base, CKA_VALUE);
    REQUIRE(ikm != NULL, RC_KEY_TYPE_INCONSISTENT);
    TRY(hkdf_salt(p, more, more_n, &salt));
    const size_t hash_n = hash_size(p->hash);
    TRY(draft_value_size(d, p->expand ? 0 : hash_n, &n));
    if (p->expand) {
        REQUIRE(n <= HKDF_BLOCKS * hash_n, RC_KEY_SIZE_RANGE);
        REQUIRE(p->extract || ikm->n >= hash_n, RC_KEY_SIZE_RANGE);
    } else {
        REQUIRE(n == hash_n, RC_ATTRIBUTE_VALUE_INVALID); /* the PRK is one hash long */
    }
    TRY(crypto_hkdf(env->crypto, p->hash, p->extract, p->expand, ikm, salt, p->aad, n, &value));
    return draft_set_value(env, d, TAKE(value));
}

const struct family family_hkdf = {.offered = hkdf_offered, .derive = hkdf};

/* ---- the door --------------------------------------------------------------------------------------------- */

enum rc mech_derive(const struct mech_env *env, const struct mech_row *row,
                    const CK_MECHANISM *mechanism, const struct object *base,
                    const struct object *const *more, size_t more_n, struct draft *d)
{
    AUTO_PARAM struct param p = {.store = BUF_INIT};
    REQUIRE(mech_offers(row, VERB_DERIVE), RC_MECHANISM_INVALID);
    TRY(param_read(row->param, mechanism, &p));
    TRY(draft_imply_secret(d));
    return row->family->derive(env, row, &p, base, more, more_n, d);
}

enum rc mech_derive_handles(const struct mech_row *row, const CK_MECHANISM *mechanism,
                            CK_OBJECT_HANDLE *ret, size_t max, size_t *ret_n)
{
    AUTO_PARAM struct param p = {.store = BUF_INIT};
    *ret_n = 0;
    REQUIRE(mech_offers(row, VERB_DERIVE), RC_MECHANISM_INVALID);
    if (row->param != PARAM_HKDF) {
        return RC_OK; /* no other names a key: it is read when it is used */
    }
    TRY(param_read(row->param, mechanism, &p));
    if (p.given) {
        REQUIRE(max >= 1, RC_ARGUMENTS_BAD);
        ret[0] = p.salt_key;
        *ret_n = 1;
    }
    return RC_OK;
}
