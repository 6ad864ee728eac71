/* SPDX-License-Identifier: Apache-2.0
 *
 * Things. All CKA knowledge: one attribute table (attributes.def: type, name, kind of value, which
 * classes and key types have it, and the standard's footnotes as flags), templates, the building of
 * objects by rule, the stored form, index terms.
 *
 * An object is immutable and counted. Changing one makes a new version. The last reference wipes.
 */
#ifndef CRATON_OBJECT_OBJECT_H
#define CRATON_OBJECT_OBJECT_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "craton/pkcs11.h"

/* ---- templates ---------------------------------------------------------------------------------- */

struct template; /* a checked, deep copy of a CK_ATTRIBUTE array */

#define TEMPLATE_MAX_ATTRIBUTES 1024
#define TEMPLATE_MAX_VALUE (1u << 20) /* bytes of one value */

/* Reads N attributes at P with every check that needs no object: count, NULL pointers, known type
 * (RC_ATTRIBUTE_TYPE_INVALID), size of CK_BBOOL / CK_ULONG / CK_DATE, boolean 0 or 1, nested arrays
 * (depth 1), duplicates (RC_TEMPLATE_INCONSISTENT). Reads through memcpy only (any alignment).
 * FIND: for C_FindObjectsInit (duplicates allowed when equal; an attribute that the token does not
 * know, or an empty big integer, matches nothing).
 * RC_ARGUMENTS_BAD for NULL P with N > 0 or N > the maximum. Values of attributes that can be
 * secret are kept in secret memory. Caller frees. */
NODISCARD enum rc template_read(const CK_ATTRIBUTE *p, CK_ULONG n, bool find,
                                struct template **ret);
void template_free(struct template *t); /* NULL allowed */
void template_free_at(struct template **t);
#define AUTO_TEMPLATE __attribute__((cleanup(template_free_at)))

size_t template_count(const struct template *t);
bool template_has(const struct template *t, CK_ATTRIBUTE_TYPE type);
/* RC_NOT_FOUND when absent. */
NODISCARD enum rc template_bytes(const struct template *t, CK_ATTRIBUTE_TYPE type,
                                 struct bytes *ret);
NODISCARD enum rc template_ulong(const struct template *t, CK_ATTRIBUTE_TYPE type, CK_ULONG *ret);
bool template_bool(const struct template *t, CK_ATTRIBUTE_TYPE type, bool otherwise);

/* ---- objects -------------------------------------------------------------------------------------- */

struct object;

enum object_flag {
    OBJECT_TOKEN = 1 << 0,
    OBJECT_PRIVATE = 1 << 1,
    OBJECT_MODIFIABLE = 1 << 2,
    OBJECT_COPYABLE = 1 << 3,
    OBJECT_DESTROYABLE = 1 << 4,
    OBJECT_SENSITIVE = 1 << 5,
    OBJECT_EXTRACTABLE = 1 << 6,
    OBJECT_ENCRYPT = 1 << 7,
    OBJECT_DECRYPT = 1 << 8,
    OBJECT_SIGN = 1 << 9,
    OBJECT_VERIFY = 1 << 10,
    OBJECT_SIGN_RECOVER = 1 << 11,
    OBJECT_VERIFY_RECOVER = 1 << 12,
    OBJECT_WRAP = 1 << 13,
    OBJECT_UNWRAP = 1 << 14,
    OBJECT_DERIVE = 1 << 15,
    OBJECT_ENCAPSULATE = 1 << 16,
    OBJECT_DECAPSULATE = 1 << 17,
    OBJECT_LOCAL = 1 << 18,
    OBJECT_ALWAYS_SENSITIVE = 1 << 19,
    OBJECT_NEVER_EXTRACTABLE = 1 << 20,
    OBJECT_TRUSTED = 1 << 21,
    OBJECT_WRAP_WITH_TRUSTED = 1 << 22,
    OBJECT_ALWAYS_AUTHENTICATE = 1 << 23,
    OBJECT_HAS_ALLOWED_MECHANISMS = 1 << 24,
};

struct object *object_ref(const struct object *o); /* one more reference; returns O */
void object_unref(struct object *o);               /* NULL allowed */
void object_unref_at(struct object **o);
/* Whether there are more references than the caller's. Nobody else can become the second holder of an
 * object that only the caller can reach. */
bool object_is_shared(const struct object *o);
#define AUTO_OBJECT __attribute__((cleanup(object_unref_at)))

uint64_t object_id(const struct object *o);      /* the handle */
uint64_t object_version(const struct object *o); /* rises with each change */
CK_OBJECT_CLASS object_class(const struct object *o);
CK_KEY_TYPE object_key_type(const struct object *o); /* CK_UNAVAILABLE_INFORMATION: not a key */
uint32_t object_flags(const struct object *o);       /* of enum object_flag */

/* Public attribute as kept (numbers: 8 bytes little endian; use object_ulong).
 * RC_ATTRIBUTE_TYPE_INVALID when the object has none. The view lives as long as the object. */
NODISCARD enum rc object_bytes(const struct object *o, CK_ATTRIBUTE_TYPE type, struct bytes *ret);
NODISCARD enum rc object_ulong(const struct object *o, CK_ATTRIBUTE_TYPE type, CK_ULONG *ret);
/* A secret attribute's value (CKA_VALUE, CKA_PRIVATE_EXPONENT, ...); NULL when it has none. The
 * object keeps it. Needs object_secrets_ready. */
const struct secret *object_secret(const struct object *o, CK_ATTRIBUTE_TYPE type);

/* C_GetAttributeValue whole (PKCS#11 3.2, 5.7.5): all attributes are processed; sensitive and
 * unknown ones get CK_UNAVAILABLE_INFORMATION; short buffers are not written. Needs
 * object_secrets_ready when a secret attribute is asked for and readable: see object_wants_secrets.
 * RC_OK, RC_ATTRIBUTE_SENSITIVE, RC_ATTRIBUTE_TYPE_INVALID, RC_BUFFER_TOO_SMALL, RC_ARGUMENTS_BAD. */
NODISCARD enum rc object_get(const struct object *o, CK_ATTRIBUTE *p, CK_ULONG n);
/* Whether answering P needs the secret part. */
bool object_wants_secrets(const struct object *o, const CK_ATTRIBUTE *p, CK_ULONG n);

/* Whether every attribute of T is there with that value. Secret attributes never match. */
bool object_matches(const struct object *o, const struct template *t);

/* CKA_ALLOWED_MECHANISMS: absent allows all; present and empty allows none. */
bool object_allows(const struct object *o, CK_MECHANISM_TYPE mechanism);

/* C_GetObjectSize: bytes of the stored form, both parts. */
size_t object_size(const struct object *o);

/* A place beside the object for what was built from it once (a provider key). Readers take no lock.
 * put: the first one wins; P is released at once when another was first; the winner is returned. */
enum { OBJECT_AUX_SLOTS = 6 };
void *object_aux(const struct object *o, unsigned slot);
void *object_aux_put(const struct object *o, unsigned slot, void *p, void (*release)(void *p));

/* ---- building ------------------------------------------------------------------------------------- */

enum object_origin {
    ORIGIN_CREATE,   /* C_CreateObject */
    ORIGIN_GENERATE, /* C_GenerateKey, C_GenerateKeyPair */
    ORIGIN_UNWRAP,   /* C_UnwrapKey */
    ORIGIN_DERIVE,   /* C_DeriveKey */
    ORIGIN_KEM,      /* C_EncapsulateKey, C_DecapsulateKey */
};

struct object_rules {
    bool so;             /* the security officer is logged in: may set CKA_TRUSTED */
    bool key_separation; /* items 78, 79, 86 of the checklist */
};

struct draft; /* an object in the making */

/* Moves the attributes of T, which is empty then, into a draft. Caller frees. */
NODISCARD enum rc draft_new(enum object_origin origin, const struct object_rules *rules,
                            struct template *t, struct draft **ret);
void draft_free(struct draft *d); /* wipes; NULL allowed */
void draft_free_at(struct draft **d);
#define AUTO_DRAFT __attribute__((cleanup(draft_free_at)))

/* What the mechanism implies: sets when the template is silent, RC_TEMPLATE_INCONSISTENT when it
 * says another. */
NODISCARD enum rc draft_imply(struct draft *d, CK_ATTRIBUTE_TYPE type, CK_ULONG value);

/* Reads what is known so far (template, implied, set). RC_NOT_FOUND when absent. */
enum object_origin draft_origin(const struct draft *d);
NODISCARD enum rc draft_bytes(const struct draft *d, CK_ATTRIBUTE_TYPE type, struct bytes *ret);
NODISCARD enum rc draft_ulong(const struct draft *d, CK_ATTRIBUTE_TYPE type, CK_ULONG *ret);
bool draft_bool(const struct draft *d, CK_ATTRIBUTE_TYPE type, bool otherwise);
const struct secret *draft_secret(const struct draft *d, CK_ATTRIBUTE_TYPE type); /* or NULL */

/* What the module itself supplies; no template rule applies. Replaces. */
NODISCARD enum rc draft_set(struct draft *d, CK_ATTRIBUTE_TYPE type, struct bytes v);
NODISCARD enum rc draft_set_ulong(struct draft *d, CK_ATTRIBUTE_TYPE type, CK_ULONG v);
NODISCARD enum rc draft_set_bool(struct draft *d, CK_ATTRIBUTE_TYPE type, bool v);
/* Takes S in every case. */
NODISCARD enum rc draft_set_secret(struct draft *d, CK_ATTRIBUTE_TYPE type, struct secret *s);

/* CKA_UNWRAP_TEMPLATE / CKA_DERIVE_TEMPLATE of KEY: adds what the template is silent on;
 * RC_TEMPLATE_INCONSISTENT when it says another. */
NODISCARD enum rc draft_apply(struct draft *d, const struct object *key, CK_ATTRIBUTE_TYPE which);

/* Derivation: ALWAYS_SENSITIVE and NEVER_EXTRACTABLE follow BASE and the new key. */
NODISCARD enum rc draft_inherit(struct draft *d, const struct object *base);

/* First check, before any key material is made: class and key type known and consistent, every
 * attribute allowed for class, key type and origin, none read-only, required ones there (those that
 * the origin's template must give), access flags sane. So that C_GenerateKey fails before work. */
NODISCARD enum rc draft_check(struct draft *d);

/* Adds defaults and the attributes that the token maintains, runs all rules. ID is the handle.
 * Caller unrefs *RET. */
NODISCARD enum rc draft_finish(struct draft *d, uint64_t id, uint64_t version, struct object **ret);

/* C_SetAttributeValue: a new version of O with the changes of T, all or nothing. RC_ACTION_PROHIBITED
 * when not modifiable, RC_ATTRIBUTE_READ_ONLY, ... Needs object_secrets_ready. */
NODISCARD enum rc object_modify(const struct object *o, const struct template *t,
                                const struct object_rules *rules, uint64_t version,
                                struct object **ret);
/* C_CopyObject: as O with the changes of T and a new id. RC_ACTION_PROHIBITED when not copyable.
 * UNIQUE: text of the new CKA_UNIQUE_ID. Needs object_secrets_ready. */
NODISCARD enum rc object_copy(const struct object *o, const struct template *t,
                              const struct object_rules *rules, uint64_t id, uint64_t version,
                              struct bytes unique, struct object **ret);

/* CKA_WRAP_TEMPLATE of KEY (absent: true): whether TARGET has each attribute with that value. */
bool object_fits_template(const struct object *key, CK_ATTRIBUTE_TYPE which,
                          const struct object *target);

/* ---- public key info -------------------------------------------------------------------------------- */

/* DER SubjectPublicKeyInfo from a draft's or object's public attributes (RSA, EC, Edwards,
 * Montgomery). RC_NOT_FOUND when the parts are not there. */
NODISCARD enum rc spki_write(CK_KEY_TYPE type, struct bytes modulus, struct bytes exponent,
                             struct bytes ec_params, struct bytes point, struct buf *ret);

/* The same of an algorithm without parameters whose public key is the bits KEY. OID: whole DER. */
NODISCARD enum rc spki_write_plain(struct bytes oid, struct bytes key, struct buf *ret);

/* The point itself inside CKA_EC_POINT, which may be a DER OCTET STRING or raw (Weierstrass
 * uncompressed, Edwards, Montgomery). Told apart by the sizes that points have. RET views into
 * ATTR. Always RC_OK; whether the point is one is the mechanism's to say. */
NODISCARD enum rc ec_point_raw(struct bytes attr, struct bytes *ret);

/* ---- stored form -------------------------------------------------------------------------------------- */

/* Fixed width, versioned (docs/object-format.md). Appends. */
NODISCARD enum rc object_write(const struct object *o, struct buf *ret);
/* NULL in *RET when the object has no secret part. Caller frees. */
NODISCARD enum rc object_write_secrets(const struct object *o, struct secret **ret);
/* Without its secrets. RC_STORE_CORRUPT, RC_STORE_FORMAT. */
NODISCARD enum rc object_read(uint64_t id, uint64_t version, struct bytes v, struct object **ret);
/* Adds the secret part, once; thread-safe; later calls change nothing. */
NODISCARD enum rc object_read_secrets(const struct object *o, struct bytes v);
bool object_has_secrets(const struct object *o);   /* the object has a secret part */
bool object_secrets_ready(const struct object *o); /* none, or it is in memory */

/* ---- index ---------------------------------------------------------------------------------------------- */

/* Calls EACH with every term under which O is to be found (class; class and key type; id; label;
 * class and id; class and label; all). Terms are byte strings to be blinded. */
NODISCARD enum rc object_terms(const struct object *o,
                               enum rc (*each)(void *ctx, struct bytes term), void *ctx);
/* The narrowest term for T. *RET_COMPLETE: the term says all that T asks (beside CKA_TOKEN and
 * CKA_PRIVATE), so that matches need not be opened. */
NODISCARD enum rc template_term(const struct template *t, struct buf *ret, bool *ret_complete);

#endif
