/* SPDX-License-Identifier: Apache-2.0
 *
 * Ways. All CKM knowledge: one mechanism table (mechanisms.def), and families that run its rows.
 * The mechanism list, mechanism info, policy and documentation derive from the row. A new mechanism
 * is one row and one vector file; a new function only when no family fits.
 */
#ifndef CRATON_MECH_MECH_H
#define CRATON_MECH_MECH_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "craton/pkcs11.h"

struct crypto;
struct object;
struct draft;
struct mech_row;
struct mech_op;

enum mech_verb {
    VERB_ENCRYPT,
    VERB_DECRYPT,
    VERB_DIGEST,
    VERB_SIGN,
    VERB_VERIFY,
    VERB_SIGN_RECOVER,
    VERB_VERIFY_RECOVER,
    VERB_GENERATE,
    VERB_GENERATE_PAIR,
    VERB_WRAP,
    VERB_UNWRAP,
    VERB_DERIVE,
    VERB_ENCAPSULATE,
    VERB_DECAPSULATE,
    VERB_COUNT
};

struct mech_policy {
    bool allow_weak_rsa;     /* RSA below 2048 bits */
    bool allow_sha1_signing; /* making signatures with SHA-1; verifying is always allowed */
    bool allow_raw_rsa;      /* CKM_RSA_X_509 */
    bool enable_pqc;         /* post-quantum algorithms at all */
    bool vendor_mechanisms;  /* mech_list names numbers of the vendor range too */
};

/* What mechanisms need from above. One per hall, constant while it is open. */
struct mech_env {
    const struct crypto *crypto;
    struct mech_policy policy;
    /* The next nonce for AES-GCM without a parameter (12 bytes: prefix and counter), never given
     * twice, also after restart and restore. RC_KEY_EXHAUSTED at the limit. */
    enum rc (*next_nonce)(void *ctx, const struct object *key, uint8_t ret[12]);
    void *ctx;
};

/* ---- the table --------------------------------------------------------------------------------------- */

/* The row of TYPE when this build, backend and policy offer it; else NULL. O(1). */
const struct mech_row *mech_find(const struct mech_env *env, CK_MECHANISM_TYPE type);
/* All that are offered, in table order: *N in entries; OUT may be NULL (count only).
 * RC_BUFFER_TOO_SMALL: *N is what is needed, nothing is written. */
NODISCARD enum rc mech_list(const struct mech_env *env, CK_MECHANISM_TYPE *out, CK_ULONG *n);
void mech_info(const struct mech_row *row, CK_MECHANISM_INFO *ret);
CK_MECHANISM_TYPE mech_type(const struct mech_row *row);
const char *mech_name(const struct mech_row *row); /* "CKM_ECDSA" */
bool mech_offers(const struct mech_row *row, enum mech_verb verb);
/* Whether a key of this class and type fits the row for VERB. */
bool mech_fits_key(const struct mech_row *row, enum mech_verb verb, CK_OBJECT_CLASS cls,
                   CK_KEY_TYPE type);
/* Whether VERB with this row makes a SHA-1 signature (policy). */
bool mech_signs_with_sha1(const struct mech_row *row, enum mech_verb verb);

/* Whether keys of TYPE are what policy.enable_pqc is about: ML-KEM, ML-DSA, SLH-DSA, composites. */
bool mech_is_post_quantum(CK_KEY_TYPE type);

/* ---- running: encrypt, decrypt, digest, sign, verify (and recover) -------------------------------------- */

/* One running operation. Made once per session and verb, begun again and again; keeps its contexts.
 * Not locked: the session's owner is. Caller frees by mech_op_free. */
struct mech_op *mech_op_new(void); /* NULL when memory is short */
void mech_op_free(struct mech_op *op);

/* Begins ROW for VERB with MECHANISM's parameter and KEY (NULL for digests). KEY is borrowed until
 * mech_end or the end of the run: the caller keeps a reference, so that threads that use one key do
 * not share a counter here too. KEY's secrets are ready; guard has allowed it.
 * RC_MECHANISM_PARAM_INVALID, RC_KEY_SIZE_RANGE, RC_KEY_TYPE_INCONSISTENT, ... leave OP idle. */
NODISCARD enum rc mech_begin(struct mech_op *op, const struct mech_env *env,
                             const struct mech_row *row, enum mech_verb verb,
                             const CK_MECHANISM *mechanism, const struct object *key);
/* Ends without result; wipes; OP may begin again. */
void mech_end(struct mech_op *op);

enum mech_phase { PHASE_ONCE, PHASE_UPDATE, PHASE_FINAL };
/* An upper bound in bytes of what the phase will write for IN_N bytes of input. *RET_EXACT: it will
 * be exactly this. No state changes. */
NODISCARD enum rc mech_out_size(const struct mech_op *op, enum mech_phase phase, size_t in_n,
                                size_t *ret, bool *ret_exact);

/* OUT has room for mech_out_size bytes; *OUT_N is what was written. IN and OUT may be the same
 * place or overlap. An error ends the run (the engine calls mech_end). once: the whole message.
 * RC_FUNCTION_NOT_SUPPORTED from update: the row is single-part only. */
NODISCARD enum rc mech_once(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n);
NODISCARD enum rc mech_update(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n);
NODISCARD enum rc mech_final(struct mech_op *op, uint8_t *out, size_t *out_n);
/* Verify: RC_OK, RC_SIGNATURE_INVALID, RC_SIGNATURE_LEN_RANGE. */
NODISCARD enum rc mech_verify_once(struct mech_op *op, struct bytes in, struct bytes sig);
NODISCARD enum rc mech_verify_final(struct mech_op *op, struct bytes sig);
/* C_DigestKey: feeds the value of a secret key. RC_KEY_INDIGESTIBLE. */
NODISCARD enum rc mech_digest_key(struct mech_op *op, const struct object *key);

/* Whether the row streams (C_XxxUpdate). */
bool mech_streams(const struct mech_op *op);

/* Saves a running digest (C_GetOperationState). RC_STATE_UNSAVEABLE for all else. */
NODISCARD enum rc mech_save(const struct mech_op *op, struct buf *ret);
NODISCARD enum rc mech_restore(struct mech_op *op, const struct mech_env *env, struct bytes state);

/* The key that MECHANISM's parameter names for a digest (external mu): CK_INVALID_HANDLE when none. */
NODISCARD enum rc mech_digest_handle(const struct mech_row *row, const CK_MECHANISM *mechanism,
                                     CK_OBJECT_HANDLE *ret);

/* ---- making keys ------------------------------------------------------------------------------------------ */

/* Checks MECHANISM and the drafts, makes the key material and sets it on the drafts (values,
 * CKA_LOCAL, CKA_KEY_GEN_MECHANISM, CKA_CHECK_VALUE, CKA_PUBLIC_KEY_INFO, lengths). A pairwise
 * consistency test runs on key pairs. */
NODISCARD enum rc mech_generate(const struct mech_env *env, const struct mech_row *row,
                                const CK_MECHANISM *mechanism, struct draft *key);
NODISCARD enum rc mech_generate_pair(const struct mech_env *env, const struct mech_row *row,
                                     const CK_MECHANISM *mechanism, struct draft *pub,
                                     struct draft *priv);

/* C_CreateObject and after unwrapping: checks that the material is whole and right (sizes, curve,
 * point, RSA relations, policy), completes what can be computed (public parts, CRT parts,
 * CKA_MODULUS_BITS, CKA_VALUE_LEN, CKA_CHECK_VALUE, CKA_PUBLIC_KEY_INFO, certificate check value). */
NODISCARD enum rc mech_import(const struct mech_env *env, struct draft *d);

/* What wrapping wraps: the value of a secret key, PKCS#8 PrivateKeyInfo of a private key.
 * RC_KEY_NOT_WRAPPABLE for others. Caller frees. */
NODISCARD enum rc mech_encode_key(const struct mech_env *env, const struct object *key,
                                  struct secret **ret);
/* The way back, onto a draft whose class and key type are known: RC_WRAPPED_KEY_INVALID,
 * RC_TEMPLATE_INCONSISTENT when the key is of another type than the template says. */
NODISCARD enum rc mech_decode_key(const struct mech_env *env, const struct secret *plain,
                                  struct draft *d);

/* What a key is that travels wrapped: a format of our own says so and binds it (robustness item 82). */
struct key_kind {
    CK_OBJECT_CLASS cls;
    CK_KEY_TYPE type;
};

/* Wraps PLAIN, the form that mech_encode_key gave to a key of KIND, and adds the result to RET.
 * RC_WRAPPING_KEY_SIZE_RANGE, RC_KEY_SIZE_RANGE (the key does not fit), ... */
NODISCARD enum rc mech_wrap(const struct mech_env *env, const struct mech_row *row,
                            const CK_MECHANISM *mechanism, const struct object *wrapping,
                            const struct key_kind *kind, const struct secret *plain,
                            struct buf *ret);
/* The way back; caller frees. RC_WRAPPED_KEY_INVALID, RC_WRAPPED_KEY_LEN_RANGE,
 * RC_TEMPLATE_INCONSISTENT (the wrapped form says that it is not of KIND), ... */
NODISCARD enum rc mech_unwrap(const struct mech_env *env, const struct mech_row *row,
                              const CK_MECHANISM *mechanism, const struct object *unwrapping,
                              const struct key_kind *kind, struct bytes wrapped,
                              struct secret **ret);
/* Derives the value of a new secret key onto D (class, type and CKA_VALUE_LEN as D says). */
NODISCARD enum rc mech_derive(const struct mech_env *env, const struct mech_row *row,
                              const CK_MECHANISM *mechanism, const struct object *base,
                              const struct object *const *more, size_t more_n, struct draft *d);
/* C_EncapsulateKey and C_DecapsulateKey. KEY: its secrets are ready, guard has allowed it.
 * size: bytes of a ciphertext for KEY. encapsulate: the secret becomes the value of D (class, type
 * and CKA_VALUE_LEN as D says; a length above the secret's is RC_ATTRIBUTE_VALUE_INVALID); CT takes
 * mech_kem_size bytes. decapsulate: RC_ENCRYPTED_DATA_LEN_RANGE, RC_ENCRYPTED_DATA_INVALID. */
NODISCARD enum rc mech_kem_size(const struct mech_env *env, const struct mech_row *row,
                                const CK_MECHANISM *mechanism, const struct object *key,
                                size_t *ret);
NODISCARD enum rc mech_encapsulate(const struct mech_env *env, const struct mech_row *row,
                                   const struct object *key, struct draft *d, uint8_t *ct);
NODISCARD enum rc mech_decapsulate(const struct mech_env *env, const struct mech_row *row,
                                   const struct object *key, struct bytes ct, struct draft *d);
/* Handles of further keys that MECHANISM's parameter names (HKDF salt key): up to MAX, *RET_N. */
NODISCARD enum rc mech_derive_handles(const struct mech_row *row, const CK_MECHANISM *mechanism,
                                      CK_OBJECT_HANDLE *ret, size_t max, size_t *ret_n);

#endif
