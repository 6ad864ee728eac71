/* SPDX-License-Identifier: Apache-2.0
 *
 * libcraton_hsm.so: which configuration, store and libraries stand behind the PKCS#11 door.
 */
#include "base/env.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "conf/conf.h"
#include "core/core.h"
#include "crypto/crypto.h"
#include "crypto_openssl/openssl_backend.h"
#ifdef CRATON_WITH_AWSLC
#include "crypto_awslc/awslc_backend.h"
#endif
#include "pkcs11/door.h"
#include "store/store.h"

struct house {
    const struct conf *conf;
    struct crypto *crypto;
};

struct backends {
    const struct crypto_backend *list[2];
    size_t n;
};

static struct backends backends(void)
{
    struct backends b = {.list = {crypto_backend_openssl()}, .n = 1};
#ifdef CRATON_WITH_AWSLC
    b.list[b.n++] = crypto_backend_awslc();
#endif
    return b;
}

static void house_free(struct house *h)
{
    if (h == NULL) {
        return;
    }
    if (h->crypto != NULL) {
        crypto_close(h->crypto);
    }
    conf_free(h->conf);
    mem_free(h);
}

static void house_free_at(struct house **h)
{
    house_free(*h);
}

static enum crypto_choice choice(enum conf_backend wish)
{
    switch (wish) {
    case CONF_BACKEND_OPENSSL:
        return CRYPTO_OPENSSL;
    case CONF_BACKEND_AWSLC:
        return CRYPTO_AWSLC;
    case CONF_BACKEND_AUTO:
        break;
    }
    return CRYPTO_AUTO;
}

static enum rc read_conf(struct house *h)
{
    char reason[512] = "";
    const enum rc rc = conf_load(&h->conf, reason, sizeof reason);
    if (rc != RC_OK) {
        log_fatal("%s", reason[0] != '\0' ? reason : rc_text(rc));
        return rc;
    }
    log_setup(h->conf->log_level, h->conf->log_target, h->conf->log_file);
    return RC_OK;
}

static enum rc start_crypto(struct house *h)
{
    const struct backends b = backends();
    const enum rc rc =
        crypto_open(choice(h->conf->crypto_backend), env_system(), b.list, b.n, &h->crypto);
    if (rc == RC_CONFIG) {
        log_fatal("algorithms.crypto_backend names a library that this build is without");
    } else if (rc != RC_OK) {
        log_fatal("the crypto libraries do not start: %s", rc_text(rc));
    }
    return rc;
}

static enum rc start_hsm(const struct house *h, struct hsm **ret)
{
    const struct hsm_parts parts = {
        .env = env_system(),
        .conf = h->conf,
        .crypto = h->crypto,
        .disk = store_engine_lmdb(),
        .memory = store_engine_memory(),
    };
    const enum rc rc = hsm_open(&parts, ret);
    if (rc != RC_OK) {
        log_fatal("cannot start: %s", rc_text(rc));
    }
    return rc;
}

static enum rc house_open(struct hsm **ret, void **ret_ctx)
{
    __attribute__((cleanup(house_free_at))) struct house *h = mem_alloc(sizeof *h);
    REQUIRE(h != NULL, RC_HOST_MEMORY);
    TRY(read_conf(h));
    TRY(start_crypto(h));
    TRY(start_hsm(h, ret));
    *ret_ctx = TAKE(h);
    return RC_OK;
}

static void house_close(struct hsm *hsm, void *ctx)
{
    hsm_close(hsm);
    house_free(ctx);
}

/* The parent's libraries are left as they lie: to free them could touch what the parent uses. */
static void house_abandon(struct hsm *hsm, void *ctx)
{
    if (hsm != NULL) {
        hsm_abandon(hsm);
    }
    secret_after_fork();
    const struct backends b = backends();
    crypto_after_fork(b.list, b.n);
    struct house *h = ctx;
    if (h != NULL) {
        h->crypto = NULL;
        house_free(h);
    }
}

const struct door_house door_house = {
    .open = house_open,
    .close = house_close,
    .abandon = house_abandon,
};
