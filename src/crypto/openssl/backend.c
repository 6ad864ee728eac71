/* SPDX-License-Identifier: Apache-2.0
 *
 * OpenSSL as a backend: private library contexts, start and stop, the table.
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

static void release_all(struct osl *o)
{
    void *idle;

    for (size_t alg = 0; alg < HASH_COUNT; alg++) {
        while ((idle = osl_pool_take(&o->digests[alg])) != NULL) {
            EVP_MD_CTX_free(idle);
        }
    }
    osl_fetch_release();
    memset(o, 0, sizeof(*o));
}

static enum rc start(struct rng *rng)
{
    (void)rng; /* handed to generate() with each call */
    if (self.started) {
        return RC_OK;
    }
    TRY(contexts_open());
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
    osl_fetch_forget();
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
