/* SPDX-License-Identifier: Apache-2.0
 *
 * Algorithms behind one table of families. Knows no CKM. Each library fills a table
 * (struct crypto_backend); crypto_open() chooses, for each algorithm, the fastest library that has
 * it, or pins one. Everybody above sees struct crypto alone.
 *
 * Key contexts (mac_key, cipher_key, pkey) are immutable once made and used by many threads at
 * once. Running contexts (digest_ctx, mac_ctx, cipher_ctx) belong to one thread at a time and are
 * meant to be kept and begun again: beginning again must not allocate where the library allows it.
 */
#ifndef CRATON_CRYPTO_CRYPTO_H
#define CRATON_CRYPTO_CRYPTO_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/env.h"
#include "base/secret.h"

/* ---- randomness ------------------------------------------------------------------------- */

/* Our SP 800-90A HMAC_DRBG (SHA-256, security strength 256, prediction resistance: fresh entropy
 * before each request; compared with the block before). Thread-safe: an instance a thread or a
 * short lock. Reseeded after fork. */
struct rng;

/* Fills N bytes (any N; long requests are cut into requests of at most 65536 bytes).
 * RC_ENTROPY / RC_RANDOM_NO_RNG when the source failed; the bytes are then zero. */
NODISCARD enum rc rng_bytes(struct rng *rng, uint8_t *out, size_t n);

/* Mixes caller's bytes in as additional input (C_SeedRandom); never lowers the strength. */
NODISCARD enum rc rng_mix(struct rng *rng, struct bytes v);

/* N random bytes as a secret; NULL when the source or memory failed. */
struct secret *rng_secret(struct rng *rng, size_t n);

/* ---- hashes ----------------------------------------------------------------------------- */

enum hash_alg {
    HASH_NONE,
    HASH_SHA1,
    HASH_SHA224,
    HASH_SHA256,
    HASH_SHA384,
    HASH_SHA512,
    HASH_SHA512_224,
    HASH_SHA512_256,
    HASH_SHA3_224,
    HASH_SHA3_256,
    HASH_SHA3_384,
    HASH_SHA3_512,
    HASH_SHAKE128, /* with 32 bytes of output, as FIPS 204 and FIPS 205 hash a message with it */
    HASH_SHAKE256, /* with 64 bytes of output, alike */
    HASH_COUNT
};
#define HASH_MAX_SIZE 64

size_t hash_size(enum hash_alg alg);       /* bytes of output; 0 for HASH_NONE */
bool hash_is_xof(enum hash_alg alg);       /* SHAKE: no HMAC, no RSA padding with it */
size_t hash_block_size(enum hash_alg alg); /* bytes of the block HMAC pads to; 0 for HASH_NONE */

/* Room for a library's state inline. Zero-filled before first use. ops is set by begin. */
struct digest_ctx {
    const struct digest_ops *ops; /* the library that began it; NULL: never begun */
    void *heap;                   /* the library's own, kept for reuse */
    enum hash_alg alg;
    _Alignas(16) uint8_t state[256];
};

struct digest_ops {
    enum rc (*begin)(struct digest_ctx *c, enum hash_alg alg);
    enum rc (*update)(struct digest_ctx *c, const void *p, size_t n);
    enum rc (*finish)(struct digest_ctx *c, uint8_t *out); /* hash_size bytes; c may begin again */
    enum rc (*copy)(struct digest_ctx *to, const struct digest_ctx *from);
    void (*clear)(struct digest_ctx *c); /* wipes, frees heap, zero-fills */
    enum rc (*once)(enum hash_alg alg, const void *p, size_t n, uint8_t *out);
    /* HASH_SHAKE128 and HASH_SHAKE256 alone: OUT_N bytes of output, any number. */
    enum rc (*xof)(enum hash_alg alg, const void *p, size_t n, uint8_t *out, size_t out_n);
    /* SHA-256's compression function (FIPS 180-4, 6.2.2) on N blocks of 64 bytes; works before the
     * backend is started. */
    void (*sha256_blocks)(uint32_t h[8], const uint8_t *p, size_t n);
};

/* ---- message authentication --------------------------------------------------------------- */

enum mac_kind { MAC_HMAC, MAC_CMAC, MAC_GMAC, MAC_COUNT };
#define MAC_MAX_SIZE 64

struct mac_key; /* immutable; the key is already expanded */

struct mac_ctx {
    const struct mac_ops *ops;
    void *heap;
    const struct mac_key *key; /* borrowed; outlives the run */
    _Alignas(16) uint8_t state[768];
};

struct mac_ops {
    /* HASH counts for HMAC only. KEY: any length for HMAC (also 0), 16/24/32 for CMAC and GMAC
     * (else RC_KEY_SIZE_RANGE). */
    enum rc (*key_new)(enum mac_kind kind, enum hash_alg hash, const struct secret *key,
                       struct mac_key **ret);
    void (*key_free)(struct mac_key *k);
    size_t (*size)(const struct mac_key *k); /* bytes of the full tag */
    /* IV counts for GMAC only (1 or more bytes). */
    enum rc (*begin)(struct mac_ctx *c, const struct mac_key *k, struct bytes iv);
    enum rc (*update)(struct mac_ctx *c, const void *p, size_t n);
    enum rc (*finish)(struct mac_ctx *c, uint8_t *out); /* size(k) bytes */
    void (*clear)(struct mac_ctx *c);
};

/* ---- AES ------------------------------------------------------------------------------------ */

enum cipher_mode {
    CIPHER_ECB, /* no padding: whole blocks */
    CIPHER_CBC, /* no padding: whole blocks; IV 16 */
    CIPHER_CTR, /* IV = the first counter block (16); the low counter_bits bits count up */
    CIPHER_GCM,
    CIPHER_CCM,
    CIPHER_MODE_COUNT
};

struct cipher_key; /* immutable, per object and mode; the key schedule is already made */

struct cipher_params {
    bool encrypt;
    struct bytes iv;  /* GCM: 1..2^29-1 bytes; CCM: 7..13; ECB: none */
    struct bytes aad; /* GCM, CCM */
    size_t tag_n;     /* bytes: GCM 4..16, CCM 4,6,..16 */
    size_t data_n;    /* CCM: length of the plaintext in bytes; once() goes by its own N */
    /* CTR: 1..128. Running past 2^counter_bits blocks is RC_DATA_LEN_RANGE. */
    unsigned counter_bits;
};

struct cipher_ctx {
    const struct cipher_ops *ops;
    void *heap;
    const struct cipher_key *key; /* borrowed */
    _Alignas(16) uint8_t state[256];
};

struct cipher_ops {
    enum rc (*key_new)(enum cipher_mode mode, const struct secret *key, struct cipher_key **ret);
    void (*key_free)(struct cipher_key *k);

    /* Streaming. Block modes take whole blocks only (the caller buffers). In-place (out == in) is
     * allowed. update writes exactly n bytes. GCM and CCM decryption: plaintext is written before
     * the tag is checked; the caller must not release it before finish said RC_OK. CCM runs
     * through once() only. */
    enum rc (*begin)(struct cipher_ctx *c, const struct cipher_key *k,
                     const struct cipher_params *p);
    enum rc (*update)(struct cipher_ctx *c, const uint8_t *in, size_t n, uint8_t *out);
    /* TAG: tag_n bytes written (GCM encrypt) or compared (GCM decrypt:
     * RC_ENCRYPTED_DATA_INVALID). NULL for the others. */
    enum rc (*finish)(struct cipher_ctx *c, uint8_t *tag, size_t tag_n);
    void (*clear)(struct cipher_ctx *c);

    /* AEAD in one call, the fast way: needs no running context. N bytes of IN; encrypt: OUT takes
     * N bytes and TAG tag_n bytes; decrypt: TAG is compared in constant time, OUT holds zeros when
     * it does not match (RC_ENCRYPTED_DATA_INVALID). GCM and CCM. In place allowed. */
    enum rc (*once)(const struct cipher_key *k, const struct cipher_params *p, const uint8_t *in,
                    size_t n, uint8_t *out, uint8_t *tag);

    /* One block encrypted with a key that is not used again; NULL: no shorter way than the above. */
    enum rc (*one_block)(const struct secret *key, const uint8_t in[16], uint8_t out[16]);
};

/* AES key wrap. kind: RFC 3394 (IN a multiple of 8 bytes, at least 16) or RFC 5649 (IN 1 byte or
 * more). IV: NULL for the default one (8 bytes for RFC 3394, 4 for RFC 5649). Unwrapping an altered
 * text is RC_WRAPPED_KEY_INVALID, of a wrong length RC_WRAPPED_KEY_LEN_RANGE. */
enum keywrap_kind { KEYWRAP_RFC3394, KEYWRAP_RFC5649 };
struct keywrap_ops {
    enum rc (*wrap)(enum keywrap_kind kind, const struct secret *kek, const uint8_t *iv,
                    struct bytes in, struct buf *ret);
    enum rc (*unwrap)(enum keywrap_kind kind, const struct secret *kek, const uint8_t *iv,
                      struct bytes in, struct secret **ret);
};

/* ---- public key algorithms -------------------------------------------------------------------- */

enum pkey_kind {
    PKEY_RSA,
    PKEY_EC,
    PKEY_ED25519,
    PKEY_ED448,
    PKEY_X25519,
    PKEY_X448,
    PKEY_ML_KEM_512, /* FIPS 203; the first of the post-quantum kinds: see pkey_is_pq */
    PKEY_ML_KEM_768,
    PKEY_ML_KEM_1024,
    PKEY_ML_DSA_44, /* FIPS 204 */
    PKEY_ML_DSA_65,
    PKEY_ML_DSA_87,
    PKEY_SLH_DSA_SHA2_128S, /* FIPS 205, in the order of the standard's CKP_ numbers */
    PKEY_SLH_DSA_SHAKE_128S,
    PKEY_SLH_DSA_SHA2_128F,
    PKEY_SLH_DSA_SHAKE_128F,
    PKEY_SLH_DSA_SHA2_192S,
    PKEY_SLH_DSA_SHAKE_192S,
    PKEY_SLH_DSA_SHA2_192F,
    PKEY_SLH_DSA_SHAKE_192F,
    PKEY_SLH_DSA_SHA2_256S,
    PKEY_SLH_DSA_SHAKE_256S,
    PKEY_SLH_DSA_SHA2_256F,
    PKEY_SLH_DSA_SHAKE_256F,
    PKEY_COMP_SIG, /* composite.h: ML-DSA with another algorithm; spec.set says which */
    PKEY_COMP_KEM, /* ML-KEM with another algorithm */
    PKEY_COUNT
};

bool pkey_is_pq(enum pkey_kind kind);
bool pkey_is_ml_kem(enum pkey_kind kind);
bool pkey_is_ml_dsa(enum pkey_kind kind);
bool pkey_is_slh_dsa(enum pkey_kind kind);
/* Establishes a secret by encapsulation: ML-KEM and PKEY_COMP_KEM. */
bool pkey_is_kem(enum pkey_kind kind);

/* Bytes of a raw public value, of an expanded private value, of a seed (0: has none), of a
 * signature or ciphertext. For the kinds from PKEY_ML_KEM_512 to PKEY_SLH_DSA_SHAKE_256F; all zero
 * for the others. FIPS 203, table 3; FIPS 204, table 2; FIPS 205, table 2. */
struct pq_sizes {
    uint16_t pub, priv, seed, out;
};
const struct pq_sizes *pq_sizes(enum pkey_kind kind);

enum ec_curve {
    CURVE_NONE,
    CURVE_P224,
    CURVE_P256,
    CURVE_P384,
    CURVE_P521,
    CURVE_SECP256K1,
    CURVE_BP224R1,
    CURVE_BP256R1,
    CURVE_BP320R1,
    CURVE_BP384R1,
    CURVE_BP512R1,
    CURVE_COUNT
};

size_t curve_bytes(enum ec_curve c);      /* of a coordinate and of a scalar as we store it */
size_t curve_bits(enum ec_curve c);       /* of the field */
size_t curve_order_bits(enum ec_curve c); /* of the order n */

struct pkey_spec {
    enum pkey_kind kind;
    enum ec_curve curve; /* PKEY_EC */
    size_t bits;         /* PKEY_RSA generation: modulus bits */
    unsigned set;        /* PKEY_COMP_SIG, PKEY_COMP_KEM: enum comp_set of composite.h */
};

/* The parts of a key as big-endian magnitudes (RSA), uncompressed point and scalar of curve_bytes
 * (EC), raw public value and seed (the others; X25519 and X448 as RFC 7748 encodes them).
 * Zero-filled before use; released by key_parts_free. Absent parts: n == 0 / NULL. */
struct key_parts {
    struct buf n, e;                         /* RSA */
    struct secret *d, *p, *q, *dp, *dq, *qi; /* RSA */
    struct buf pub;                          /* EC: 04 x y; others: raw */
    /* EC: scalar; Edwards and Montgomery: seed. ML-KEM: the decapsulation key dk (FIPS 203, algorithm
     * 16); ML-DSA: the expanded private key (FIPS 204, algorithm 24); SLH-DSA: SK.seed, SK.prf,
     * PK.seed, PK.root. Composites: as their documents serialise a private key. */
    struct secret *priv;
    struct secret *seed; /* ML-KEM: d and z (64 bytes); ML-DSA: xi (32); others: none */
    /* The caller's word: all as generate() made it, so load() need not compute one from the other. */
    bool fresh;
};
void key_parts_free(struct key_parts *k);
#define AUTO_KEY_PARTS __attribute__((cleanup(key_parts_free)))

enum pkey_scheme {
    SCHEME_RSA_PKCS1,      /* sign: data is the whole block content (raw CKM_RSA_PKCS); encrypt */
    SCHEME_RSA_PKCS1_HASH, /* sign: data is the digest made with hash; DigestInfo is added */
    SCHEME_RSA_PSS,        /* data is the digest */
    SCHEME_RSA_OAEP,
    SCHEME_RSA_RAW, /* data is as long as the modulus and below it */
    SCHEME_ECDSA, /* data is the digest, any length; signature is r and s, curve order bytes each */
    SCHEME_EDDSA, /* data is the message (for ph: also the message; the library hashes) */
    /* data is mu, 64 bytes: SHAKE256 of tr, the domain prefix and the message or its digest (FIPS
     * 204, algorithm 7, line 6). Whoever calls makes it, so that messages stream. */
    SCHEME_ML_DSA,
    SCHEME_SLH_DSA,  /* what is signed is M' = prefix and data (FIPS 205, 10.2.1 and 10.2.2) */
    SCHEME_COMP_SIG, /* data is the digest of the message by comp_hash() (composite.h) */
};

struct pkey_params {
    enum pkey_scheme scheme;
    enum hash_alg hash;   /* PKCS1_HASH, PSS, OAEP */
    enum hash_alg mgf;    /* PSS, OAEP: hash inside MGF1 */
    size_t salt_n;        /* PSS: bytes, exact on verify too */
    struct bytes label;   /* OAEP */
    bool prehash;         /* EDDSA: Ed25519ph / Ed448ph */
    bool has_context;     /* EDDSA: Ed25519ctx when set (Ed448 always has one, maybe empty) */
    struct bytes context; /* EDDSA, COMP_SIG: at most 255 bytes */
    struct bytes prefix;  /* SLH_DSA: 0 or 1, length of the context, context, OID of a digest */
    bool deterministic;   /* ML_DSA, SLH_DSA: no fresh randomness; COMP_SIG: in its ML-DSA half */
};

struct pkey; /* immutable; holds the library's key, private or public */

struct pkey_ops {
    bool (*supports)(const struct pkey_spec *spec);

    /* Makes a key pair; PARTS gets all public and private parts. E: RSA public exponent, big
     * endian; 65537 when empty. Randomness from RNG only: EC scalars by FIPS 186-5 A.2.1 (extra
     * random bits), seeds for the others, RSA through a library generator replaced by RNG. */
    enum rc (*generate)(const struct pkey_spec *spec, struct bytes e, struct rng *rng,
                        struct key_parts *parts);

    /* Makes the library's key. PRIV: a private key (needs the private parts, public ones may be
     * absent where they can be computed; RSA: n and d at least; e may be recovered from p, q
     * and d). Validates: RC_ATTRIBUTE_VALUE_INVALID for RSA parts that contradict each other or
     * are out of range and for a private value that is (or that has another public one),
     * RC_TEMPLATE_INCOMPLETE when a part that cannot be computed is absent, RC_PUBLIC_KEY_INVALID
     * for a point that is off the curve, infinity, small order or not canonical.
     * ML-KEM and ML-DSA private: seed, priv or both, which then belong together; the modulus check of
     * encapsulation keys (FIPS 203, 7.2) and the hash check of decapsulation keys (7.3) are made:
     * RC_PUBLIC_KEY_INVALID, RC_ATTRIBUTE_VALUE_INVALID. A value of another length than the
     * parameter set has is RC_ATTRIBUTE_VALUE_INVALID (all post-quantum kinds). */
    enum rc (*load)(const struct pkey_spec *spec, const struct key_parts *parts, bool priv,
                    struct pkey **ret);
    void (*free)(struct pkey *k);

    /* Fills in the public parts of a private key (EC point, OKP public value; RSA: e, and the CRT
     * parts when p and q are there or can be found from n, e, d). ML-KEM and ML-DSA: also priv from
     * the seed when priv is absent. Errors as load's. */
    enum rc (*complete)(const struct pkey_spec *spec, struct key_parts *parts);

    /* Bytes of a signature (composites: at most), of a KEM's ciphertext, of the RSA modulus. */
    size_t (*size)(const struct pkey *k);
    /* ML-DSA: tr, the 64 bytes that mu begins with (FIPS 204, algorithm 6, line 9). NULL: other keys. */
    const uint8_t *(*tr)(const struct pkey *k);

    /* OUT holds size(k) bytes; *OUT_N is what was written. RC_DATA_LEN_RANGE when the data is too
     * long (or, RAW, RC_DATA_INVALID when it is not below the modulus). */
    enum rc (*sign)(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                    uint8_t *out, size_t *out_n);
    /* RC_OK, RC_SIGNATURE_INVALID, RC_SIGNATURE_LEN_RANGE. */
    enum rc (*verify)(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                      struct bytes sig);
    /* RSA. OUT holds size(k) bytes. decrypt: wrong length RC_ENCRYPTED_DATA_LEN_RANGE; OAEP all
     * other errors alike RC_ENCRYPTED_DATA_INVALID; PKCS1: implicit rejection, never an error for
     * a ciphertext of the right length above 1 and below the modulus less 1. The plaintext is a secret. */
    enum rc (*encrypt)(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                       uint8_t *out, size_t *out_n);
    enum rc (*decrypt)(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                       struct secret **ret);
    /* ECDH / X25519 / X448 with the other side's public value (EC: uncompressed point). RET is the
     * x coordinate (curve_bytes, leading zeros kept) or the raw output. Invalid, small-order and
     * all-zero: RC_PUBLIC_KEY_INVALID. All our curves have cofactor 1. */
    enum rc (*agree)(const struct pkey *k, struct bytes peer, struct secret **ret);

    /* KEM with a public key. CT takes size(k) bytes, *RET the shared secret (32 bytes; of the
     * concatenating hybrids more). Randomness from RNG; or, for published vectors, FIXED (ML-KEM: m,
     * 32 bytes; else what the composite's document draws; RC_ARGUMENTS_BAD where it cannot be fixed).
     * EC, X25519 and X448: an agreement with a pair made for it. CT takes its public value (as long as
     * the key's own, whatever size(k)), *RET is as agree's; FIXED: its private value. The bare thing
     * that composites and hybrids are made of, no KEM by itself. */
    enum rc (*encapsulate)(const struct pkey *k, struct rng *rng, struct bytes fixed, uint8_t *ct,
                           struct secret **ret);
    /* KEM with a private key. RC_ENCRYPTED_DATA_LEN_RANGE for a ciphertext of another length than
     * size(k). ML-KEM rejects implicitly: another secret, never an error. A composite whose other half
     * can see damage (a point off its curve) says RC_ENCRYPTED_DATA_INVALID. */
    enum rc (*decapsulate)(const struct pkey *k, struct bytes ct, struct secret **ret);
    /* ML-KEM with a private key: RC_OK when it opens what is encapsulated to the ek inside it, else
     * RC_ATTRIBUTE_VALUE_INVALID. NULL where that costs as much as both keys, loaded and used. */
    enum rc (*try_kem)(const struct pkey *k);
};

/* ---- the table and its choice ------------------------------------------------------------------- */

struct crypto_backend {
    const char *name;                  /* "openssl", "awslc" */
    const char *version;               /* as the library says */
    enum rc (*start)(struct rng *rng); /* private contexts, no configuration file read, pre-fetch */
    void (*stop)(void);                /* idempotent; after it start() may be called again */
    void (*after_fork)(void);          /* in the child, before start() */
    /* 0: does not have it. Higher is faster; auto takes the highest, and the one named first among
     * equals. OpenSSL answers 50 everywhere: others measure against it. The SHA-256 of each works
     * before start(). */
    const struct digest_ops *digest;
    int (*digest_rank)(enum hash_alg alg);
    const struct mac_ops *mac;
    int (*mac_rank)(enum mac_kind kind, enum hash_alg hash);
    const struct cipher_ops *cipher;
    int (*cipher_rank)(enum cipher_mode mode);
    const struct keywrap_ops *keywrap;
    int keywrap_rank;
    const struct pkey_ops *pkey;
    int (*pkey_rank)(const struct pkey_spec *spec);
    int (*pkey_generate_rank)(const struct pkey_spec *spec);
};

enum crypto_choice { CRYPTO_AUTO, CRYPTO_OPENSSL, CRYPTO_AWSLC };

/* The choice made at start; read by everybody, changed by nobody. */
struct crypto {
    struct rng *rng;
    const struct digest_ops *digest[HASH_COUNT]; /* NULL: not available */
    const struct mac_ops *hmac[HASH_COUNT];
    const struct mac_ops *cmac, *gmac;
    const struct cipher_ops *cipher[CIPHER_MODE_COUNT];
    const struct keywrap_ops *keywrap;
    const struct pkey_ops *pkey[PKEY_COUNT][CURVE_COUNT];          /* [kind][curve or CURVE_NONE] */
    const struct pkey_ops *pkey_generate[PKEY_COUNT][CURVE_COUNT]; /* who makes key pairs */
    const struct crypto_backend *backends[2];                      /* those in use; NULL-filled */
    size_t n_backends;
};

/* Starts the libraries chosen out of BACKENDS (N of them, static storage; the app room names them:
 * crypto_openssl/openssl_backend.h, crypto_awslc/awslc_backend.h). ENV outlives it. RC_CONFIG when the choice is
 * not among them. *RET is released by crypto_close. One crypto is open in a process at a time. */
NODISCARD enum rc crypto_open(enum crypto_choice choice, const struct env *env,
                              const struct crypto_backend *const *backends, size_t n,
                              struct crypto **ret);
void crypto_close(struct crypto *c);

/* For the child of a fork, before crypto_open: forgets, without freeing, what the parent held. */
void crypto_after_fork(const struct crypto_backend *const *backends, size_t n);

/* ---- small things everybody needs --------------------------------------------------------------- */

/* One-call helpers over the table. */
NODISCARD enum rc crypto_hash(const struct crypto *c, enum hash_alg alg, struct bytes v,
                              uint8_t *out);
/* SHAKE with OUT_N bytes of output. */
NODISCARD enum rc crypto_xof(const struct crypto *c, enum hash_alg alg, struct bytes v,
                             uint8_t *out, size_t out_n);
NODISCARD enum rc crypto_hmac(const struct crypto *c, enum hash_alg alg, const struct secret *key,
                              struct bytes v, uint8_t *out);
/* HKDF (RFC 5869). SALT may be empty (then hash_size zero bytes). OUT_N at most 255 * hash_size,
 * else RC_KEY_SIZE_RANGE. extract/expand select the halves: extract only gives the PRK
 * (OUT_N = hash_size); expand only takes IKM as the PRK. */
NODISCARD enum rc crypto_hkdf(const struct crypto *c, enum hash_alg alg, bool extract, bool expand,
                              const struct secret *ikm, struct bytes salt, struct bytes info,
                              size_t out_n, struct secret **ret);
/* ANSI X9.63 KDF (SEC 1, 3.6.1). */
NODISCARD enum rc crypto_x963(const struct crypto *c, enum hash_alg alg, const struct secret *z,
                              struct bytes shared_info, size_t out_n, struct secret **ret);
/* PBKDF2-HMAC (RFC 8018). */
NODISCARD enum rc crypto_pbkdf2(const struct crypto *c, enum hash_alg alg, struct bytes password,
                                struct bytes salt, unsigned iterations, size_t out_n,
                                struct secret **ret);
/* PKCS#7 padding check of a decrypted last block, constant time: RET the data bytes in it (0..15),
 * RC_ENCRYPTED_DATA_INVALID otherwise. */
NODISCARD enum rc crypto_unpad16(const uint8_t block[16], size_t *ret_n);

#endif
