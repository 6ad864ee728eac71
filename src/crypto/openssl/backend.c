/* SPDX-License-Identifier: Apache-2.0
 *
 * OpenSSL as a backend: private library contexts, everything fetched once, the table.
 *
 * The two library contexts are made at the first start and kept until the process ends: the library
 * notes in each thread that used one what to release when that thread ends, and cannot take it back
 * from other threads (OPENSSL_thread_stop_ex(3)), so a context that was freed while they live would
 * be touched after. What was fetched is released by stop().
 */
#include "openssl_backend.h"

#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/provider.h>

#include "osl.h"

/* A private library context with its provider. */
struct context {
    OSSL_LIB_CTX *lib;
    OSSL_PROVIDER *provider;
};

static struct {
    struct context operations, generation; /* until the process ends */
    struct osl o;
    bool started;
} self;

const struct osl *osl(void)
{
    return &self.o;
}

struct pool *osl_digest_pool(enum hash_alg alg)
{
    return &self.o.digests[alg];
}

/* ---- names --------------------------------------------------------------------------------- */

static const char *const hash_names[HASH_COUNT] = {
    [HASH_SHA1] = "SHA1",
    [HASH_SHA224] = "SHA2-224",
    [HASH_SHA256] = "SHA2-256",
    [HASH_SHA384] = "SHA2-384",
    [HASH_SHA512] = "SHA2-512",
    [HASH_SHA512_224] = "SHA2-512/224",
    [HASH_SHA512_256] = "SHA2-512/256",
    [HASH_SHA3_224] = "SHA3-224",
    [HASH_SHA3_256] = "SHA3-256",
    [HASH_SHA3_384] = "SHA3-384",
    [HASH_SHA3_512] = "SHA3-512",
    [HASH_SHAKE128] = "SHAKE-128",
    [HASH_SHAKE256] = "SHAKE-256",
};

static const char *const cipher_names[CIPHER_MODE_COUNT][AES_SIZES] = {
    [CIPHER_ECB] = {"AES-128-ECB", "AES-192-ECB", "AES-256-ECB"},
    [CIPHER_CBC] = {"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"},
    [CIPHER_CTR] = {"AES-128-CTR", "AES-192-CTR", "AES-256-CTR"},
    [CIPHER_GCM] = {"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"},
    [CIPHER_CCM] = {"AES-128-CCM", "AES-192-CCM", "AES-256-CCM"},
};

static const char *const wrap_names[2][AES_SIZES] = {
    [KEYWRAP_RFC3394] = {"AES-128-WRAP", "AES-192-WRAP", "AES-256-WRAP"},
    [KEYWRAP_RFC5649] = {"AES-128-WRAP-PAD", "AES-192-WRAP-PAD", "AES-256-WRAP-PAD"},
};

static const char *const eddsa_names[EDDSA_VARIANTS] = {
    [ED25519_PURE] = "ED25519", [ED25519_CTX] = "ED25519ctx", [ED25519_PH] = "ED25519ph",
    [ED448_PURE] = "ED448",     [ED448_PH] = "ED448ph",
};

static const int curve_nids[CURVE_COUNT] = {
    [CURVE_P224] = NID_secp224r1,          [CURVE_P256] = NID_X9_62_prime256v1,
    [CURVE_P384] = NID_secp384r1,          [CURVE_P521] = NID_secp521r1,
    [CURVE_SECP256K1] = NID_secp256k1,     [CURVE_BP224R1] = NID_brainpoolP224r1,
    [CURVE_BP256R1] = NID_brainpoolP256r1, [CURVE_BP320R1] = NID_brainpoolP320r1,
    [CURVE_BP384R1] = NID_brainpoolP384r1, [CURVE_BP512R1] = NID_brainpoolP512r1,
};

const char *osl_hash_name(enum hash_alg alg)
{
    return (unsigned)alg < HASH_COUNT ? hash_names[alg] : NULL;
}

int osl_aes_index(size_t key_n)
{
    return key_n == 16 ? 0 : key_n == 24 ? 1 : key_n == 32 ? 2 : -1;
}

enum rc osl_failed(enum rc otherwise)
{
    const unsigned long e = ERR_peek_last_error();

    ERR_clear_error();
    return ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE ? RC_HOST_MEMORY : otherwise;
}

/* ---- start and stop --------------------------------------------------------------------------- */

/* The default provider in a context of our own. Nothing is read from a configuration file. */
static enum rc context_open(struct context *c)
{
    if (c->lib != NULL) {
        return RC_OK;
    }
    OSSL_LIB_CTX *lib = OSSL_LIB_CTX_new();
    REQUIRE(lib != NULL, osl_failed(RC_CRYPTO_LIBRARY));
    c->provider = OSSL_PROVIDER_load(lib, "default");
    if (c->provider == NULL) {
        OSSL_LIB_CTX_free(lib);
        return osl_failed(RC_CRYPTO_LIBRARY);
    }
    c->lib = lib;
    return RC_OK;
}

static enum rc contexts_open(void)
{
    const uint64_t how =
        OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS;

    TRY_SSL(OPENSSL_init_crypto(how, NULL));
    TRY(context_open(&self.operations));
    if (self.generation.lib == NULL) {
        struct context made = {NULL, NULL};

        TRY(context_open(&made));
        const enum rc rc = osl_rand_install(made.lib);
        if (rc != RC_OK) {
            OSSL_PROVIDER_unload(made.provider);
            OSSL_LIB_CTX_free(made.lib);
            return rc;
        }
        self.generation = made;
    }
    self.o.lib = self.operations.lib;
    self.o.gen = self.generation.lib;
    return RC_OK;
}

#define FETCH(place, call)                                                                         \
    do {                                                                                           \
        (place) = (call);                                                                          \
        if ((place) == NULL) {                                                                     \
            return osl_failed(RC_CRYPTO_LIBRARY);                                                  \
        }                                                                                          \
    } while (0)

static enum rc fetch_all(struct osl *o)
{
    for (enum hash_alg alg = HASH_SHA1; alg < HASH_COUNT; alg++) {
        if (hash_names[alg] == NULL) {
            continue;
        }
        FETCH(o->md[alg], EVP_MD_fetch(o->lib, hash_names[alg], NULL));
    }
    for (size_t size = 0; size < AES_SIZES; size++) {
        for (size_t mode = 0; mode < CIPHER_MODE_COUNT; mode++) {
            FETCH(o->aes[mode][size], EVP_CIPHER_fetch(o->lib, cipher_names[mode][size], NULL));
        }
        for (size_t kind = 0; kind < ARRAY_LEN(wrap_names); kind++) {
            FETCH(o->wrap[kind][size], EVP_CIPHER_fetch(o->lib, wrap_names[kind][size], NULL));
        }
    }
    FETCH(o->cmac, EVP_MAC_fetch(o->lib, "CMAC", NULL));
    for (size_t i = 0; i < EDDSA_VARIANTS; i++) {
        FETCH(o->eddsa[i], EVP_SIGNATURE_fetch(o->lib, eddsa_names[i], NULL));
    }
    for (enum pkey_kind kind = PKEY_ML_DSA_44; kind <= PKEY_SLH_DSA_SHAKE_256F; kind++) {
        FETCH(o->pq_sign[kind], EVP_SIGNATURE_fetch(o->lib, osl_pq_name(kind), NULL));
    }
    for (enum ec_curve c = CURVE_P224; c < CURVE_COUNT; c++) {
        FETCH(o->group[c], EC_GROUP_new_by_curve_name_ex(o->lib, NULL, curve_nids[c]));
    }
    return RC_OK;
}

static void release_all(struct osl *o)
{
    void *idle;

    for (size_t alg = 0; alg < HASH_COUNT; alg++) {
        while ((idle = osl_pool_take(&o->digests[alg])) != NULL) {
            EVP_MD_CTX_free(idle);
        }
        EVP_MD_free(o->md[alg]);
    }
    for (size_t size = 0; size < AES_SIZES; size++) {
        for (size_t mode = 0; mode < CIPHER_MODE_COUNT; mode++) {
            EVP_CIPHER_free(o->aes[mode][size]);
        }
        for (size_t kind = 0; kind < ARRAY_LEN(wrap_names); kind++) {
            EVP_CIPHER_free(o->wrap[kind][size]);
        }
    }
    EVP_MAC_free(o->cmac);
    for (size_t i = 0; i < EDDSA_VARIANTS; i++) {
        EVP_SIGNATURE_free(o->eddsa[i]);
    }
    for (size_t kind = 0; kind < PKEY_COUNT; kind++) {
        EVP_SIGNATURE_free(o->pq_sign[kind]);
    }
    for (size_t c = 0; c < CURVE_COUNT; c++) {
        EC_GROUP_free(o->group[c]);
    }
    memset(o, 0, sizeof(*o));
}

static enum rc start(struct rng *rng)
{
    (void)rng; /* handed to generate() with each call */
    if (self.started) {
        return RC_OK;
    }
    TRY(contexts_open());
    const enum rc rc = fetch_all(&self.o);
    if (rc != RC_OK) {
        release_all(&self.o);
        return rc;
    }
    self.started = true;
    return RC_OK;
}

static void stop(void)
{
    release_all(&self.o);
    self.started = false;
}

/* Locks of the parent's other threads may be held for ever in what was inherited: forgotten. */
static void after_fork(void)
{
    memset(&self, 0, sizeof(self));
}

/* ---- the table ---------------------------------------------------------------------------------- */

/* The reference: 50 everywhere. A library that measures faster somewhere answers more there. */
#define RANK 50

static int digest_rank(enum hash_alg alg)
{
    return osl_hash_name(alg) != NULL ? RANK : 0;
}

static int mac_rank(enum mac_kind kind, enum hash_alg hash)
{
    return kind != MAC_HMAC || (hash_size(hash) > 0 && !hash_is_xof(hash)) ? RANK : 0;
}

static int cipher_rank(enum cipher_mode mode)
{
    return (unsigned)mode < CIPHER_MODE_COUNT ? RANK : 0;
}

static int pkey_rank(const struct pkey_spec *spec)
{
    return osl_pkey_ops.supports(spec) ? RANK : 0;
}

static const struct crypto_backend table = {
    .name = "openssl",
    .version = OPENSSL_FULL_VERSION_STR,
    .start = start,
    .stop = stop,
    .after_fork = after_fork,
    .digest = &osl_digest_ops,
    .digest_rank = digest_rank,
    .mac = &osl_mac_ops,
    .mac_rank = mac_rank,
    .cipher = &osl_cipher_ops,
    .cipher_rank = cipher_rank,
    .keywrap = &osl_keywrap_ops,
    .keywrap_rank = RANK,
    .pkey = &osl_pkey_ops,
    .pkey_rank = pkey_rank,
    .pkey_generate_rank = pkey_rank,
};

const struct crypto_backend *crypto_backend_openssl(void)
{
    return &table;
}

/* ---- small things the other files share --------------------------------------------------------- */

void osl_bn_free_at(BIGNUM **p)
{
    BN_clear_free(*p);
}

void osl_bn_ctx_free_at(BN_CTX **p)
{
    BN_CTX_free(*p);
}

void osl_point_free_at(EC_POINT **p)
{
    EC_POINT_clear_free(*p);
}

void osl_pkey_ctx_free_at(EVP_PKEY_CTX **p)
{
    EVP_PKEY_CTX_free(*p);
}

void osl_pkey_free_at(EVP_PKEY **p)
{
    EVP_PKEY_free(*p);
}

void osl_secret_release_at(void *pp)
{
    void *p;

    memcpy(&p, pp, sizeof(p));
    secret_release(p);
}

BIGNUM *osl_bn_from(struct bytes v)
{
    return v.n <= INT_MAX ? BN_bin2bn(v.p, (int)v.n, NULL) : NULL;
}

BIGNUM *osl_bn_from_secret(const struct secret *s)
{
    BIGNUM *bn = BN_secure_new();

    if (bn == NULL || s->n > INT_MAX || BN_bin2bn(s->p, (int)s->n, bn) == NULL) {
        BN_clear_free(bn);
        return NULL;
    }
    BN_set_flags(bn, BN_FLG_CONSTTIME);
    return bn;
}

struct secret *osl_bn_to_secret(const BIGNUM *bn, size_t n)
{
    const size_t width = n > 0 ? n : (size_t)BN_num_bytes(bn);
    struct secret *s = secret_new(width);

    if (s != NULL && BN_bn2binpad(bn, s->p, (int)width) < 0) {
        secret_free(s);
        return NULL;
    }
    return s;
}

enum rc osl_bn_to_buf(const BIGNUM *bn, struct buf *ret)
{
    const size_t n = (size_t)BN_num_bytes(bn);

    buf_clear(ret);
    TRY(buf_reserve(ret, n));
    BN_bn2bin(bn, ret->p);
    ret->n = n;
    return RC_OK;
}
