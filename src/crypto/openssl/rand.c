/* SPDX-License-Identifier: Apache-2.0
 *
 * A provider inside the generation context whose one algorithm is a random generator that asks our
 * DRBG: so the library's RSA key generation draws from it and from nothing else. Which DRBG: the
 * one of the generate() call that runs in this thread.
 */
#include <openssl/core_dispatch.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

#include "osl.h"

#define NAME "CRATON-DRBG"
#define STRENGTH 256
#define REQUEST_MAX 65536

static _Thread_local struct rng *current;
static _Thread_local enum rc result;

void osl_rand_use(struct rng *rng)
{
    current = rng;
    result = RC_OK;
}

enum rc osl_rand_result(void)
{
    return result;
}

/* ---- the generator as the library calls it --------------------------------------------------- */

struct generator {
    int state;
};

static void *new_generator(void *provctx, void *parent, const OSSL_DISPATCH *parent_calls)
{
    struct generator *g = mem_alloc(sizeof(*g));

    (void)provctx;
    (void)parent;
    (void)parent_calls;
    if (g != NULL) {
        g->state = EVP_RAND_STATE_UNINITIALISED;
    }
    return g;
}

static void free_generator(void *g)
{
    mem_free(g);
}

static int instantiate(void *ctx, unsigned strength, int prediction_resistance,
                       const unsigned char *pstr, size_t pstr_n, const OSSL_PARAM params[])
{
    struct generator *g = ctx;

    (void)prediction_resistance;
    (void)pstr;
    (void)pstr_n;
    (void)params;
    if (strength > STRENGTH) {
        return 0;
    }
    g->state = EVP_RAND_STATE_READY;
    return 1;
}

static int uninstantiate(void *ctx)
{
    struct generator *g = ctx;

    g->state = EVP_RAND_STATE_UNINITIALISED;
    return 1;
}

static int generate(void *ctx, unsigned char *out, size_t n, unsigned strength,
                    int prediction_resistance, const unsigned char *more, size_t more_n)
{
    (void)ctx;
    (void)prediction_resistance; /* every request is reseeded */
    (void)more;                  /* names the library's call; adds nothing to fresh entropy */
    (void)more_n;
    if (strength > STRENGTH || current == NULL) {
        result = result == RC_OK ? RC_RANDOM_NO_RNG : result;
        return 0;
    }
    const enum rc rc = rng_bytes(current, out, n);
    if (rc != RC_OK) {
        result = rc;
    }
    return rc == RC_OK;
}

static int no_locking(void *ctx)
{
    (void)ctx; /* the DRBG has its own locks */
    return 1;
}

static int lock(void *ctx)
{
    (void)ctx;
    return 1;
}

static void unlock(void *ctx)
{
    (void)ctx;
}

static const OSSL_PARAM *gettable(void *ctx, void *provctx)
{
    static const OSSL_PARAM known[] = {
        OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, NULL),
        OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, NULL),
        OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, NULL),
        OSSL_PARAM_END,
    };

    (void)ctx;
    (void)provctx;
    return known;
}

static int get_params(void *ctx, OSSL_PARAM params[])
{
    const struct generator *g = ctx;
    OSSL_PARAM *p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE);

    if (p != NULL && !OSSL_PARAM_set_int(p, g->state)) {
        return 0;
    }
    p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH);
    if (p != NULL && !OSSL_PARAM_set_uint(p, STRENGTH)) {
        return 0;
    }
    p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);
    return p == NULL || OSSL_PARAM_set_size_t(p, REQUEST_MAX);
}

#define FUNCTION(f) ((void (*)(void))(f))
static const OSSL_DISPATCH functions[] = {
    {OSSL_FUNC_RAND_NEWCTX, FUNCTION(new_generator)},
    {OSSL_FUNC_RAND_FREECTX, FUNCTION(free_generator)},
    {OSSL_FUNC_RAND_INSTANTIATE, FUNCTION(instantiate)},
    {OSSL_FUNC_RAND_UNINSTANTIATE, FUNCTION(uninstantiate)},
    {OSSL_FUNC_RAND_GENERATE, FUNCTION(generate)},
    {OSSL_FUNC_RAND_ENABLE_LOCKING, FUNCTION(no_locking)},
    {OSSL_FUNC_RAND_LOCK, FUNCTION(lock)},
    {OSSL_FUNC_RAND_UNLOCK, FUNCTION(unlock)},
    {OSSL_FUNC_RAND_GETTABLE_CTX_PARAMS, FUNCTION(gettable)},
    {OSSL_FUNC_RAND_GET_CTX_PARAMS, FUNCTION(get_params)},
    {0, NULL},
};

/* ---- the provider -------------------------------------------------------------------------------- */

static const OSSL_ALGORITHM *query(void *provctx, int operation, int *no_cache)
{
    static const OSSL_ALGORITHM generators[] = {
        {NAME, "provider=craton", functions, NULL},
        {NULL, NULL, NULL, NULL},
    };

    (void)provctx;
    *no_cache = 0;
    return operation == OSSL_OP_RAND ? generators : NULL;
}

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                         const OSSL_DISPATCH **out, void **provctx)
{
    static const OSSL_DISPATCH calls[] = {
        {OSSL_FUNC_PROVIDER_QUERY_OPERATION, FUNCTION(query)},
        {0, NULL},
    };
    static int some_context; /* the library wants a pointer; there is nothing to keep */

    (void)handle;
    (void)in;
    *out = calls;
    *provctx = &some_context;
    return 1;
}

enum rc osl_rand_install(OSSL_LIB_CTX *gen)
{
    TRY_SSL(OSSL_PROVIDER_add_builtin(gen, "craton", provider_init));
    REQUIRE(OSSL_PROVIDER_load(gen, "craton") != NULL, osl_failed(RC_CRYPTO_LIBRARY));
    TRY_SSL(RAND_set_DRBG_type(gen, NAME, NULL, NULL, NULL));
    return RC_OK;
}
