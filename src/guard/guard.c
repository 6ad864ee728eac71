/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules. See guard.h.
 */
#include "guard.h"

#include "base/bytes.h"
#include "mech/mech.h"
#include "object/object.h"

/* Below this an RSA key makes nothing new (SP 800-131A); what it signed may still be verified. */
enum { RSA_MIN_BITS = 2048 };

/* What each verb asks of a key, and how its refusals are called. */
struct verb_row {
    uint32_t usage; /* of enum object_flag; 0: none */
    bool weak;      /* a weak RSA key will do */
    enum rc handle;
    enum rc type;
    enum rc size;
};

#define PLAIN RC_KEY_HANDLE_INVALID, RC_KEY_TYPE_INCONSISTENT, RC_KEY_SIZE_RANGE
#define WRAPS                                                                                      \
    RC_WRAPPING_KEY_HANDLE_INVALID, RC_WRAPPING_KEY_TYPE_INCONSISTENT, RC_WRAPPING_KEY_SIZE_RANGE
#define UNWRAPS                                                                                    \
    RC_UNWRAPPING_KEY_HANDLE_INVALID, RC_UNWRAPPING_KEY_TYPE_INCONSISTENT,                         \
        RC_UNWRAPPING_KEY_SIZE_RANGE

static const struct verb_row verbs[VERB_COUNT] = {
    [VERB_ENCRYPT] = {OBJECT_ENCRYPT, false, PLAIN},
    [VERB_DECRYPT] = {OBJECT_DECRYPT, false, PLAIN},
    [VERB_DIGEST] = {0, true, PLAIN},
    [VERB_SIGN] = {OBJECT_SIGN, false, PLAIN},
    [VERB_VERIFY] = {OBJECT_VERIFY, true, PLAIN},
    [VERB_SIGN_RECOVER] = {OBJECT_SIGN_RECOVER, false, PLAIN},
    [VERB_VERIFY_RECOVER] = {OBJECT_VERIFY_RECOVER, true, PLAIN},
    [VERB_GENERATE] = {0, true, PLAIN},
    [VERB_GENERATE_PAIR] = {0, true, PLAIN},
    [VERB_WRAP] = {OBJECT_WRAP, false, WRAPS},
    [VERB_UNWRAP] = {OBJECT_UNWRAP, false, UNWRAPS},
    [VERB_DERIVE] = {OBJECT_DERIVE, false, PLAIN},
    [VERB_ENCAPSULATE] = {OBJECT_ENCAPSULATE, false, PLAIN},
    [VERB_DECAPSULATE] = {OBJECT_DECAPSULATE, false, PLAIN},
};

static size_t modulus_bits(const struct object *key)
{
    struct bytes n;
    if (object_bytes(key, CKA_MODULUS, &n) != RC_OK) {
        return 0;
    }
    while (n.n > 0 && n.p[0] == 0) {
        n.p++;
        n.n--;
    }
    size_t bits = n.n * 8;
    for (unsigned top = n.n > 0 ? n.p[0] : 0x80; (top & 0x80) == 0; top <<= 1) {
        bits--;
    }
    return bits;
}

bool guard_sees(const struct guard_policy *policy, const struct guard_who *who,
                const struct object *o)
{
    if (policy->hide_post_quantum && mech_is_post_quantum(object_key_type(o))) {
        return false;
    }
    return (object_flags(o) & OBJECT_PRIVATE) == 0 || who->role == ROLE_USER;
}

enum rc guard_use(const struct guard_policy *policy, const struct guard_who *who, int verb,
                  const struct mech_row *row, const struct object *key)
{
    REQUIRE(verb >= 0 && verb < VERB_COUNT && row != NULL, RC_MECHANISM_INVALID);
    const enum mech_verb v = (enum mech_verb)verb;
    REQUIRE(mech_offers(row, v), RC_MECHANISM_INVALID);
    REQUIRE(policy->allow_sha1_signing || !mech_signs_with_sha1(row, v), RC_MECHANISM_INVALID);
    if (key == NULL) {
        return RC_OK;
    }
    const struct verb_row *rule = &verbs[v];
    REQUIRE(guard_sees(policy, who, key), rule->handle);
    REQUIRE(object_allows(key, mech_type(row)), RC_MECHANISM_INVALID);
    REQUIRE(mech_fits_key(row, v, object_class(key), object_key_type(key)), rule->type);
    REQUIRE((object_flags(key) & rule->usage) == rule->usage, RC_KEY_FUNCTION_NOT_PERMITTED);
    if (object_key_type(key) == CKK_RSA && !rule->weak && !policy->allow_weak_rsa) {
        REQUIRE(modulus_bits(key) >= RSA_MIN_BITS, rule->size);
    }
    return RC_OK;
}

enum rc guard_wrap(const struct guard_policy *policy, const struct object *wrapping,
                   const struct object *key)
{
    const CK_OBJECT_CLASS cls = object_class(key);
    REQUIRE(cls == CKO_SECRET_KEY || cls == CKO_PRIVATE_KEY, RC_KEY_NOT_WRAPPABLE);
    const uint32_t flags = object_flags(key);
    REQUIRE((flags & OBJECT_EXTRACTABLE) != 0, RC_KEY_UNEXTRACTABLE);
    if ((flags & OBJECT_WRAP_WITH_TRUSTED) != 0) {
        REQUIRE((object_flags(wrapping) & OBJECT_TRUSTED) != 0, RC_KEY_NOT_WRAPPABLE);
    }
    if (policy->key_separation) {
        REQUIRE(object_id(wrapping) != object_id(key), RC_KEY_NOT_WRAPPABLE);
    }
    REQUIRE(object_fits_template(wrapping, CKA_WRAP_TEMPLATE, key), RC_KEY_HANDLE_INVALID);
    return RC_OK;
}

enum rc guard_change(const struct guard_who *who, uint32_t object_flags)
{
    REQUIRE((object_flags & OBJECT_TOKEN) == 0 || who->rw, RC_SESSION_READ_ONLY);
    REQUIRE((object_flags & OBJECT_PRIVATE) == 0 || who->role == ROLE_USER, RC_USER_NOT_LOGGED_IN);
    return RC_OK;
}
