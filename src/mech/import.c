/* SPDX-License-Identifier: Apache-2.0
 *
 * Key material that comes from outside: checked as a whole, completed, and given the attributes that
 * follow from it. Also the way of keys to and from what wrapping wraps.
 */
#include "family.h"

enum { RSA_MOST = 16384, RSA_LEAST = 2048, RSA_LEAST_WEAK = 512 };

static enum rc check_rsa(const struct mech_env *env, const struct key_parts *parts)
{
    const struct bytes n = buf_view(&parts->n);
    const struct bytes e = buf_view(&parts->e);
    const size_t bits = magnitude_bits(n);
    REQUIRE(bits >= RSA_LEAST_WEAK && (n.p[n.n - 1] & 1) == 1, RC_ATTRIBUTE_VALUE_INVALID);
    REQUIRE(bits <= RSA_MOST, RC_ATTRIBUTE_VALUE_INVALID);
    REQUIRE(env->policy.allow_weak_rsa || bits >= RSA_LEAST, RC_KEY_SIZE_RANGE);
    if (e.n > 0) {
        const bool odd = (e.p[e.n - 1] & 1) == 1;
        REQUIRE(odd && e.n <= 8 && (e.n > 1 || e.p[0] >= 3), RC_ATTRIBUTE_VALUE_INVALID);
    }
    return RC_OK;
}

/* Whether the library takes it, which says that it is whole and right. */
static enum rc try_load(const struct pkey_ops *ops, const struct pkey_spec *spec,
                        const struct key_parts *parts, bool priv)
{
    struct pkey *key = NULL;
    TRY(ops->load(spec, parts, priv, &key));
    ops->free(key);
    return RC_OK;
}

/* A point that came with a private key is the right one. */
static enum rc check_own_point(struct draft *d, const struct pkey_spec *spec,
                               const struct key_parts *parts)
{
    struct bytes point = BYTES_NONE;
    if (spec->kind == PKEY_RSA || pkey_is_pq(spec->kind) ||
        draft_bytes(d, CKA_EC_POINT, &point) != RC_OK) {
        return RC_OK;
    }
    TRY(point_read(spec, point, &point));
    return bytes_equal(point, buf_view(&parts->pub)) ? RC_OK : RC_ATTRIBUTE_VALUE_INVALID;
}

static enum rc import_pkey(const struct mech_env *env, struct draft *d, CK_KEY_TYPE type, bool priv)
{
    const struct source s = {.d = d};
    struct pkey_spec spec;
    AUTO_KEY_PARTS struct key_parts parts = {0};
    TRY(source_spec(&s, type, &spec));
    const struct pkey_ops *ops = spec_ops(env, &spec);
    REQUIRE(ops != NULL, spec_missing(&spec));
    TRY(source_parts(&s, &spec, priv, &parts));
    if (spec.kind == PKEY_RSA) {
        TRY(check_rsa(env, &parts));
    }
    TRY(try_load(ops, &spec, &parts, priv));
    if (priv) {
        TRY(ops->complete(&spec, &parts));
        TRY(check_own_point(d, &spec, &parts));
    }
    TRY(draft_set_parts(d, &spec, &parts, priv));
    return draft_set_public_info(d, &spec, &parts);
}

static enum rc import_secret(const struct mech_env *env, struct draft *d)
{
    const struct secret *value = draft_secret(d, CKA_VALUE);
    REQUIRE(value != NULL, RC_TEMPLATE_INCOMPLETE);
    return draft_set_value(env, d, secret_copy(value));
}

static enum rc import_any(const struct mech_env *env, struct draft *d)
{
    CK_OBJECT_CLASS cls = 0;
    CK_KEY_TYPE type = 0;
    REQUIRE(draft_ulong(d, CKA_CLASS, &cls) == RC_OK, RC_TEMPLATE_INCOMPLETE);
    if (cls == CKO_CERTIFICATE) {
        return draft_set_check_value(env, d);
    }
    if (cls != CKO_PUBLIC_KEY && cls != CKO_PRIVATE_KEY && cls != CKO_SECRET_KEY) {
        return RC_OK;
    }
    REQUIRE(draft_ulong(d, CKA_KEY_TYPE, &type) == RC_OK, RC_TEMPLATE_INCOMPLETE);
    if (cls == CKO_SECRET_KEY) {
        return import_secret(env, d);
    }
    const enum rc rc = import_pkey(env, d, type, cls == CKO_PRIVATE_KEY);
    return rc == RC_KEY_TYPE_INCONSISTENT ? RC_ATTRIBUTE_VALUE_INVALID : rc;
}

enum rc mech_import(const struct mech_env *env, struct draft *d)
{
    const enum rc rc = import_any(env, d);
    if (draft_origin(d) == ORIGIN_UNWRAP &&
        (rc == RC_ATTRIBUTE_VALUE_INVALID || rc == RC_PUBLIC_KEY_INVALID)) {
        return RC_WRAPPED_KEY_INVALID;
    }
    return rc;
}

/* ---- what wrapping wraps -------------------------------------------------------------------------------- */

static enum rc encode_private(const struct mech_env *env, const struct object *key,
                              struct secret **ret)
{
    const struct source s = {.o = key};
    struct pkey_spec spec;
    AUTO_KEY_PARTS struct key_parts parts = {0};
    TRY(source_spec(&s, object_key_type(key), &spec));
    TRY(source_parts(&s, &spec, true, &parts));
    const struct pkey_ops *ops = spec_ops(env, &spec);
    REQUIRE(ops != NULL, RC_KEY_NOT_WRAPPABLE);
    TRY(ops->complete(&spec, &parts));
    return pkcs8_write(&spec, &parts, ret);
}

enum rc mech_encode_key(const struct mech_env *env, const struct object *key, struct secret **ret)
{
    if (object_class(key) == CKO_PRIVATE_KEY) {
        return encode_private(env, key, ret);
    }
    REQUIRE(object_class(key) == CKO_SECRET_KEY, RC_KEY_NOT_WRAPPABLE);
    const struct secret *value = object_secret(key, CKA_VALUE);
    REQUIRE(value != NULL, RC_KEY_NOT_WRAPPABLE);
    *ret = secret_copy(value);
    return *ret != NULL ? RC_OK : RC_HOST_MEMORY;
}

static enum rc decode_private(const struct secret *plain, struct draft *d, CK_KEY_TYPE type)
{
    struct pkey_spec spec;
    AUTO_KEY_PARTS struct key_parts parts = {0};
    TRY(pkcs8_read(plain, &spec, &parts));
    REQUIRE(spec_key_type(&spec) == type, RC_TEMPLATE_INCONSISTENT);
    if (pkey_is_pq(spec.kind)) {
        return draft_set_parts(d, &spec, &parts, true);
    }
    if (type != CKK_RSA) {
        struct bytes given = BYTES_NONE;
        struct pkey_spec said;
        if (draft_bytes(d, CKA_EC_PARAMS, &given) == RC_OK) { /* maybe by another name */
            REQUIRE(curve_read(type, given, &said) == RC_OK && said.kind == spec.kind &&
                        said.curve == spec.curve,
                    RC_TEMPLATE_INCONSISTENT);
        } else {
            TRY(draft_set(d, CKA_EC_PARAMS, curve_oid(&spec)));
        }
    }
    return draft_set_parts(d, &spec, &parts, true);
}

enum rc mech_decode_key(const struct mech_env *env, const struct secret *plain, struct draft *d)
{
    CK_OBJECT_CLASS cls = 0;
    CK_KEY_TYPE type = 0;
    REQUIRE(draft_ulong(d, CKA_CLASS, &cls) == RC_OK, RC_TEMPLATE_INCOMPLETE);
    REQUIRE(draft_ulong(d, CKA_KEY_TYPE, &type) == RC_OK, RC_TEMPLATE_INCOMPLETE);
    if (cls == CKO_PRIVATE_KEY) {
        return decode_private(plain, d, type);
    }
    REQUIRE(cls == CKO_SECRET_KEY, RC_TEMPLATE_INCONSISTENT);
    const enum rc rc = draft_set_value(env, d, secret_copy(plain));
    return rc == RC_ATTRIBUTE_VALUE_INVALID ? RC_WRAPPED_KEY_INVALID : rc;
}
