/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this room share: the row, the family behind it, the parsed parameter and the
 * running operation.
 */
#ifndef CRATON_MECH_FAMILY_H
#define CRATON_MECH_FAMILY_H

#include "craton/vendor.h"
#include "crypto/crypto.h"
#include "mech.h"
#include "object/object.h"

/* ---- the row ----------------------------------------------------------------------------------- */

enum block_kind { BLOCK_ECB, BLOCK_CBC, BLOCK_CBC_PAD, BLOCK_CTR };
enum wrap_kind { WRAP_RFC3394, WRAP_RFC5649, WRAP_PKCS7 };

enum key_set {
    KEYS_NONE,
    KEYS_RSA,
    KEYS_EC,
    KEYS_EDWARDS,
    KEYS_MONTGOMERY,
    KEYS_AGREE, /* EC and Montgomery */
    KEYS_ML_KEM,
    KEYS_ML_DSA,
    KEYS_SLH_DSA,
    KEYS_COMP_SIG,
    KEYS_COMP_KEM, /* the last of public-key algorithms: mech_fits_key */
    KEYS_AES,
    KEYS_HMAC, /* generic secrets and keys of the row's own HMAC */
    KEYS_HKDF, /* what HKDF derives from: HKDF keys, generic and HMAC secrets */
    KEYS_ANY,
};

enum param_kind {
    PARAM_NONE,
    PARAM_IV,        /* 16 bytes */
    PARAM_CTR,       /* CK_AES_CTR_PARAMS */
    PARAM_GCM,       /* CK_GCM_PARAMS, with or without ulIvBits; none: our own nonce */
    PARAM_CCM,       /* CK_CCM_PARAMS */
    PARAM_GMAC,      /* 12 bytes */
    PARAM_MAC_SIZE,  /* CK_MAC_GENERAL_PARAMS: bytes */
    PARAM_PSS,       /* CK_RSA_PKCS_PSS_PARAMS */
    PARAM_OAEP,      /* CK_RSA_PKCS_OAEP_PARAMS */
    PARAM_RSA_AES,   /* CK_RSA_AES_KEY_WRAP_PARAMS */
    PARAM_EDDSA,     /* none, or CK_EDDSA_PARAMS */
    PARAM_ECDH,      /* CK_ECDH1_DERIVE_PARAMS */
    PARAM_HKDF,      /* CK_HKDF_PARAMS */
    PARAM_KW,        /* none, or 8 bytes */
    PARAM_KWP,       /* none, or 4 bytes */
    PARAM_SIGN,      /* none, or CK_SIGN_ADDITIONAL_CONTEXT */
    PARAM_HASH_SIGN, /* CK_HASH_SIGN_ADDITIONAL_CONTEXT */
    PARAM_HEDGE,     /* the same as PARAM_SIGN, without a context */
    PARAM_MU,        /* CK_MU_GEN_PARAMS */
    PARAM_KEM,       /* none; to derive: CK_CRATON_KEM_DERIVE_PARAMS, or the ciphertext */
    PARAM_KIND_COUNT
};

struct mech_row {
    CK_MECHANISM_TYPE type;
    const char *name;
    const struct family *family;
    unsigned long kind;
    enum hash_alg hash;
    CK_FLAGS flags;
    CK_ULONG min, max;
    enum key_set keys;
    bool streams;
    enum param_kind param;
};

/* Rows in table order: as SHA-1 signing is allowed or not. */
size_t mech_row_count(void);
const struct mech_row *mech_row_at(size_t i, bool sha1_signing);
const char *param_kind_name(enum param_kind kind);

/* ---- the parameter ------------------------------------------------------------------------------ */

#define PARAM_MAX_BYTES (64ul << 20) /* of one byte string inside a parameter */

/* A deep copy. Views point into store. */
struct param {
    bool given;
    struct bytes iv, aad;      /* ciphers; aad also: OAEP label, EdDSA context, shared data, info */
    size_t tag_n;              /* bytes of a tag or MAC */
    size_t data_n;             /* CCM: bytes of plaintext */
    unsigned counter_bits;     /* CTR */
    enum hash_alg hash, mgf;   /* PSS, OAEP, KDF, HKDF; HASH_NONE: none */
    size_t salt_n;             /* PSS, bytes */
    bool prehash;              /* EDDSA */
    struct bytes peer;         /* ECDH public data; HKDF salt */
    bool extract, expand;      /* HKDF */
    CK_OBJECT_HANDLE salt_key; /* HKDF; MU: the key */
    size_t aes_n;              /* RSA_AES: bytes of the temporary key */
    bool deterministic;        /* SIGN, HASH_SIGN: no hedging */
    bool hedge_unknown;        /* the same: a number of no meaning, which verifying ignores */
    CK_BYTE *out;              /* KEM: the caller's place for a ciphertext, and its length */
    CK_ULONG *out_n;
    struct buf store;
};

/* Reads M's parameter of KIND into P (whose store is kept for reuse). RC_MECHANISM_PARAM_INVALID. */
NODISCARD enum rc param_read(enum param_kind kind, const CK_MECHANISM *m, struct param *p);
/* Wipes what P holds and keeps its memory. */
void param_clear(struct param *p);
void param_free(struct param *p);
#define AUTO_PARAM __attribute__((cleanup(param_free)))

/* HASH_NONE when there is none. */
enum hash_alg hash_of_mechanism(CK_MECHANISM_TYPE type);
CK_KEY_TYPE hash_hmac_key_type(enum hash_alg hash);

/* ---- the running operation ---------------------------------------------------------------------- */

#define HELD_MAX (1ul << 30)      /* bytes that an operation collects at most */
#define PREFIX_MAX (2 + 255 + 11) /* domain, length of a context, context, OID of a hash */
#define JOURNAL_MAX (64ul << 10)  /* bytes of input that a digest keeps so that it can be saved */

struct mech_op {
    const struct mech_env *env;
    const struct mech_row *row; /* NULL: idle */
    const struct runner *run;
    enum mech_verb verb;
    const struct object *key; /* borrowed */
    struct param param;

    bool started; /* an update came */
    bool digest_live, mac_live, cipher_live;
    uint8_t block[16]; /* the part of a block that waits; for padding the block held back */
    size_t block_n;
    uint64_t ctr_left; /* CTR: bytes until the counting bits would overflow */
    uint8_t nonce[12];
    uint8_t prefix[PREFIX_MAX]; /* what ML-DSA and SLH-DSA put before a message */
    size_t prefix_n;

    const struct cipher_ops *cipher_ops;
    const struct cipher_key *cipher_key; /* kept beside the object */
    const struct mac_ops *mac_ops;
    const struct mac_key *mac_key;
    struct mac_key *own_mac_key; /* when the object's place for one was taken by another hash */
    const struct pkey_ops *pkey_ops;
    const struct pkey *pkey;
    struct pkey_params pk;
    size_t size;             /* bytes of the signature, tag or modulus */
    struct key_kind wrapped; /* of wrapping: what the key is */

    struct digest_ctx digest;
    struct mac_ctx mac;
    struct cipher_ctx cipher;
    struct buf held;    /* input that is collected */
    bool journal_full;  /* a digest got more than JOURNAL_MAX */
    struct buf scratch; /* copy of an input that overlaps the output */
};

/* How a begun operation runs. Absent: the row cannot do it. */
struct runner {
    /* Bytes that PHASE will write at most, for IN_N bytes of input. */
    enum rc (*out_size)(const struct mech_op *op, enum mech_phase phase, size_t in_n, size_t *ret,
                        bool *ret_exact);
    enum rc (*once)(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n);
    enum rc (*update)(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n);
    enum rc (*final)(struct mech_op *op, uint8_t *out, size_t *out_n);
    enum rc (*verify_once)(struct mech_op *op, struct bytes in, struct bytes sig);
    enum rc (*verify_final)(struct mech_op *op, struct bytes sig);
};

struct family {
    /* Whether the libraries have what ROW needs, and policy offers it. */
    bool (*offered)(const struct mech_env *env, const struct mech_row *row);
    /* Chooses op->run and readies it; op->param, row, verb and key are set. */
    enum rc (*begin)(struct mech_op *op);
    enum rc (*generate)(const struct mech_env *env, const struct mech_row *row, struct draft *d);
    enum rc (*generate_pair)(const struct mech_env *env, const struct mech_row *row,
                             struct draft *pub, struct draft *priv);
    enum rc (*derive)(const struct mech_env *env, const struct mech_row *row, const struct param *p,
                      const struct object *base, const struct object *const *more, size_t more_n,
                      struct draft *d);
    /* KEM: bytes of a ciphertext; the secret key onto D, and the ciphertext to CT or from it. */
    enum rc (*kem_size)(const struct mech_env *env, const struct mech_row *row,
                        const struct object *key, size_t *ret);
    enum rc (*encapsulate)(const struct mech_env *env, const struct mech_row *row,
                           const struct object *key, struct draft *d, uint8_t *ct);
    enum rc (*decapsulate)(const struct mech_env *env, const struct mech_row *row,
                           const struct object *key, struct bytes ct, struct draft *d);
};

extern const struct family family_digest, family_mac, family_block, family_gcm, family_ccm,
    family_keywrap, family_rsa, family_rsa_aes, family_ecdsa, family_eddsa, family_agree,
    family_hkdf, family_secret, family_rsa_pair, family_ec_pair, family_kem, family_ml_dsa,
    family_slh_dsa, family_comp_sig, family_mu;

/* The generate_pair of every post-quantum family. */
NODISCARD enum rc pq_generate_pair(const struct mech_env *env, const struct mech_row *row,
                                   struct draft *pub, struct draft *priv);

/* mech_begin without the question whether the row offers the verb (wrapping runs as encryption). */
NODISCARD enum rc op_begin(struct mech_op *op, const struct mech_env *env,
                           const struct mech_row *row, enum mech_verb verb,
                           const CK_MECHANISM *mechanism, const struct object *key);

/* Adds input to what the operation collects. RC_DATA_LEN_RANGE above HELD_MAX. */
NODISCARD enum rc op_hold(struct mech_op *op, struct bytes in);

/* ---- digests inside operations -------------------------------------------------------------------- */

NODISCARD enum rc op_digest_update(struct mech_op *op, enum hash_alg hash, struct bytes in);
NODISCARD enum rc op_digest_final(struct mech_op *op, enum hash_alg hash, uint8_t *out);

/* ---- provider keys, kept beside the object --------------------------------------------------------- */

/* For an AES object. RC_KEY_SIZE_RANGE for a length AES does not have. */
NODISCARD enum rc op_cipher_key(struct mech_op *op, enum cipher_mode mode);
/* Sets op->mac_key and op->mac_ops. */
NODISCARD enum rc op_mac_key(struct mech_op *op, enum mac_kind kind, enum hash_alg hash);
void op_drop_mac_key(struct mech_op *op);
/* Sets *RET_OPS and *RET for the key O of a public-key algorithm. */
NODISCARD enum rc key_pkey(const struct mech_env *env, const struct object *o,
                           const struct pkey_ops **ret_ops, const struct pkey **ret);

/* ---- key material between attributes and parts ------------------------------------------------------ */

/* An object, or a draft: the one that is not NULL. */
struct source {
    const struct object *o;
    const struct draft *d;
};
NODISCARD enum rc source_bytes(const struct source *s, CK_ATTRIBUTE_TYPE type, struct bytes *ret);
const struct secret *source_secret(const struct source *s, CK_ATTRIBUTE_TYPE type);

/* What kind of key TYPE with these attributes is. RC_TEMPLATE_INCOMPLETE, RC_CURVE_NOT_SUPPORTED,
 * RC_DOMAIN_PARAMS_INVALID, RC_KEY_TYPE_INCONSISTENT when it is no public key algorithm. */
NODISCARD enum rc source_spec(const struct source *s, CK_KEY_TYPE type, struct pkey_spec *ret);
/* The parts as crypto wants them. RC_TEMPLATE_INCOMPLETE, RC_ATTRIBUTE_VALUE_INVALID. */
NODISCARD enum rc source_parts(const struct source *s, const struct pkey_spec *spec, bool priv,
                               struct key_parts *ret);
/* NULL when no library, or the policy, has it: spec_missing says how that is called. */
const struct pkey_ops *spec_ops(const struct mech_env *env, const struct pkey_spec *spec);
enum rc spec_missing(const struct pkey_spec *spec);
CK_KEY_TYPE spec_key_type(const struct pkey_spec *spec);
/* Bytes of a raw public value and of a private one (not RSA). */
size_t spec_public_size(const struct pkey_spec *spec);
size_t spec_private_size(const struct pkey_spec *spec);

/* Without leading zero bytes. */
struct bytes magnitude(struct bytes v);
/* Bits of a magnitude. */
size_t magnitude_bits(struct bytes v);

/* Puts the material on a draft (public attributes; PRIV: the secret ones too). */
NODISCARD enum rc draft_set_parts(struct draft *d, const struct pkey_spec *spec,
                                  const struct key_parts *parts, bool priv);
/* CKA_PUBLIC_KEY_INFO from the public parts, when they are all there. */
NODISCARD enum rc draft_set_public_info(struct draft *d, const struct pkey_spec *spec,
                                        const struct key_parts *parts);
/* CKA_CHECK_VALUE: sets it, or checks what the template says. */
NODISCARD enum rc draft_set_check_value(const struct mech_env *env, struct draft *d);
/* The value of a new secret key: takes S in every case; sets length, check value. The length must
 * suit the draft's key type (RC_ATTRIBUTE_VALUE_INVALID). */
NODISCARD enum rc draft_set_value(const struct mech_env *env, struct draft *d, struct secret *s);
/* What comes out of another key is a secret key: generic when the template names no type. */
NODISCARD enum rc draft_imply_secret(struct draft *d);
/* Bytes that the draft's key type and CKA_VALUE_LEN ask for; OTHERWISE when both are silent. */
NODISCARD enum rc draft_value_size(const struct draft *d, size_t otherwise, size_t *ret);

/* ---- curves ------------------------------------------------------------------------------------------ */

/* CKA_EC_PARAMS of a key of TYPE: a named curve's OID, or a printable curve name. Explicit
 * parameters and unknown names: RC_CURVE_NOT_SUPPORTED; not DER, or bytes behind it:
 * RC_DOMAIN_PARAMS_INVALID. */
NODISCARD enum rc curve_read(CK_KEY_TYPE type, struct bytes ec_params, struct pkey_spec *ret);
/* The curve's OID as whole DER; static storage. */
struct bytes curve_oid(const struct pkey_spec *spec);
/* CKA_EC_POINT, or the other side's point: DER OCTET STRING or raw. RET: uncompressed point or raw
 * public value, a view into V. RC_ATTRIBUTE_VALUE_INVALID. */
NODISCARD enum rc point_read(const struct pkey_spec *spec, struct bytes v, struct bytes *ret);

/* ---- parameter sets of post-quantum key types ------------------------------------------------------- */

/* CKA_PARAMETER_SET of a key of TYPE. RC_PARAMETER_SET_NOT_SUPPORTED. */
NODISCARD enum rc set_read(CK_KEY_TYPE type, CK_ULONG number, struct pkey_spec *ret);
/* The way back, for the spec of a post-quantum key. */
CK_KEY_TYPE set_key_type(const struct pkey_spec *spec);
CK_ULONG set_number(const struct pkey_spec *spec);
struct bytes set_oid(const struct pkey_spec *spec); /* whole DER; static storage */
bool set_of_oid(struct bytes oid, struct pkey_spec *ret);
/* Whether the set NUMBER of keys of TYPE is offered; 0: some set. */
bool set_offered(const struct mech_env *env, CK_KEY_TYPE type, CK_ULONG number);
/* Rows of one parameter set have its number as their kind (0: any set): whether KEY is of it, else
 * RC_KEY_TYPE_INCONSISTENT. */
NODISCARD enum rc set_of_row(const struct mech_row *row, const struct object *key);

/* ---- PKCS#8 -------------------------------------------------------------------------------------------- */

NODISCARD enum rc pkcs8_write(const struct pkey_spec *spec, const struct key_parts *parts,
                              struct secret **ret);
/* RC_WRAPPED_KEY_INVALID when it is none. RET_SPEC says which algorithm it is; PARTS are zero-filled
 * before and freed by the caller. */
NODISCARD enum rc pkcs8_read(const struct secret *v, struct pkey_spec *ret_spec,
                             struct key_parts *parts);

#endif
