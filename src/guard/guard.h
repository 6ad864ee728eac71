/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules. A pure decision (who, verb, mechanism, object, policy) with its reason; no effects.
 * Order of reasons (PKCS#11 checklist): mechanism, key handle, key type, permission, parameter.
 */
#ifndef CRATON_GUARD_GUARD_H
#define CRATON_GUARD_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"
#include "craton/pkcs11.h"

struct object;
struct mech_row;

enum guard_role { ROLE_PUBLIC, ROLE_USER, ROLE_SO };

struct guard_who {
    enum guard_role role;
    bool rw; /* a read/write session */
};

struct guard_policy {
    bool allow_weak_rsa;
    bool allow_sha1_signing;
    bool key_separation;
    bool hide_post_quantum; /* algorithms.enable_pqc is false */
};

/* May WHO use KEY (NULL for a digest or generation) with ROW for VERB (an enum mech_verb)?
 * RC_MECHANISM_INVALID (row does not offer verb; CKA_ALLOWED_MECHANISMS; SHA-1 policy),
 * RC_KEY_HANDLE_INVALID (private object, not the user), RC_KEY_TYPE_INCONSISTENT,
 * RC_KEY_FUNCTION_NOT_PERMITTED (usage flag false), RC_KEY_SIZE_RANGE (RSA below 2048 bits; such a
 * key may still verify). Wrap and unwrap have the WRAPPING_ and UNWRAPPING_ forms of the handle,
 * type and size errors. */
NODISCARD enum rc guard_use(const struct guard_policy *policy, const struct guard_who *who,
                            int verb, const struct mech_row *row, const struct object *key);

/* May KEY be wrapped by WRAPPING? RC_KEY_NOT_WRAPPABLE, RC_KEY_UNEXTRACTABLE,
 * RC_KEY_HANDLE_INVALID (CKA_WRAP_TEMPLATE), CKA_WRAP_WITH_TRUSTED needs CKA_TRUSTED. */
NODISCARD enum rc guard_wrap(const struct guard_policy *policy, const struct object *wrapping,
                             const struct object *key);

/* May WHO see O at all? Private objects: the user only. Post-quantum keys: nobody, where policy hides
 * them. */
bool guard_sees(const struct guard_policy *policy, const struct guard_who *who,
                const struct object *o);

/* May WHO make, change or destroy an object with these flags (of enum object_flag)?
 * RC_SESSION_READ_ONLY for token objects in a read-only session, RC_USER_NOT_LOGGED_IN for private
 * ones without the user. */
NODISCARD enum rc guard_change(const struct guard_who *who, uint32_t object_flags);

#endif
