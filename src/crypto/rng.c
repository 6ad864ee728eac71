/* SPDX-License-Identifier: Apache-2.0
 *
 * The generator for callers and for all key material: eight instances of HMAC_DRBG, each behind a
 * short lock, so that threads seldom meet. Every request reseeds from the entropy source first
 * (prediction resistance, SP 800-90A 9.3.1).
 *
 * Fork: an instance lies in memory that reads zero in a child: there it is not ready, and starts
 * anew. Where the kernel does not promise that, the instance remembers the process that made it.
 */
#include "rng.h"

#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/mem.h"
#include "base/secret.h"
#include "drbg.h"

#define INSTANCES 8

struct instance {
    struct lock lock;
    struct drbg *drbg; /* secret memory */
    bool ask_pid;      /* it may not read zero in a child */
    pid_t owner;       /* who instantiated it */
};

struct rng {
    const struct env *env;
    const struct digest_ops *sha256;
    struct instance instances[INSTANCES];
};

struct rng *rng_new(const struct env *env, const struct digest_ops *sha256)
{
    struct rng *rng = mem_alloc(sizeof(*rng));

    if (rng == NULL) {
        return NULL;
    }
    rng->env = env;
    rng->sha256 = sha256;
    for (size_t i = 0; i < INSTANCES; i++) {
        lock_init(&rng->instances[i].lock, LOCK_CRYPTO);
    }
    for (size_t i = 0; i < INSTANCES; i++) {
        rng->instances[i].drbg = secret_alloc(sizeof(struct drbg));
        if (rng->instances[i].drbg == NULL) {
            rng_free(rng);
            return NULL;
        }
        rng->instances[i].ask_pid = !secret_empty_in_child(rng->instances[i].drbg);
    }
    return rng;
}

void rng_free(struct rng *rng)
{
    if (rng == NULL) {
        return;
    }
    for (size_t i = 0; i < INSTANCES; i++) {
        if (rng->instances[i].drbg != NULL) {
            drbg_clear(rng->instances[i].drbg);
            secret_release(rng->instances[i].drbg);
        }
        lock_destroy(&rng->instances[i].lock);
    }
    mem_free(rng);
}

/* Threads are spread by a number that each gets at its first request. */
static struct instance *mine(struct rng *rng)
{
    static _Atomic unsigned next;
    static _Thread_local unsigned number;

    if (number == 0) {
        number = ++next;
    }
    return &rng->instances[number % INSTANCES];
}

static enum rc entropy(struct rng *rng, uint8_t *out, size_t n)
{
    const enum rc rc = rng->env->entropy(rng->env->ctx, out, n);

    if (rc != RC_OK) {
        mem_wipe(out, n);
    }
    return rc;
}

/* What tells instances apart beside their entropy (SP 800-90A 8.7.1). */
static enum rc instantiate(struct rng *rng, struct instance *in)
{
    uint8_t seed[DRBG_ENTROPY + DRBG_NONCE];
    struct {
        char name[16];
        uint64_t now;
        int64_t pid;
        uint64_t number;
    } perso = {.name = "craton-hsm drbg",
               .now = rng->env->now(rng->env->ctx),
               .pid = getpid(),
               .number = (uint64_t)(in - rng->instances)};

    enum rc rc = entropy(rng, seed, sizeof(seed));
    if (rc == RC_OK) {
        rc = drbg_instantiate(in->drbg, rng->sha256, BYTES(seed, DRBG_ENTROPY),
                              BYTES(seed + DRBG_ENTROPY, DRBG_NONCE), BYTES(&perso, sizeof(perso)));
    }
    if (rc == RC_OK) {
        in->owner = getpid();
    }
    mem_wipe(seed, sizeof(seed));
    return rc;
}

/* Fresh entropy before each request; MORE is the additional input. */
static enum rc refresh(struct rng *rng, struct instance *in, struct bytes more)
{
    uint8_t fresh[DRBG_ENTROPY];

    if (!in->drbg->ready || (in->ask_pid && in->owner != getpid())) {
        TRY(instantiate(rng, in));
    }
    enum rc rc = entropy(rng, fresh, sizeof(fresh));
    if (rc == RC_OK) {
        rc = drbg_reseed(in->drbg, BYTES(fresh, sizeof(fresh)), more);
    }
    mem_wipe(fresh, sizeof(fresh));
    return rc;
}

static enum rc request(struct rng *rng, uint8_t *out, size_t n)
{
    struct instance *in = mine(rng);

    LOCKED(&in->lock);
    TRY(refresh(rng, in, BYTES_NONE));
    return drbg_generate(in->drbg, BYTES_NONE, out, n);
}

enum rc rng_bytes(struct rng *rng, uint8_t *out, size_t n)
{
    for (size_t done = 0; done < n;) {
        const size_t left = n - done;
        const size_t take = left < DRBG_REQUEST_MAX ? left : DRBG_REQUEST_MAX;
        const enum rc rc = request(rng, out + done, take);

        if (rc != RC_OK) {
            mem_wipe(out, n);
            return rc;
        }
        done += take;
    }
    return RC_OK;
}

enum rc rng_mix(struct rng *rng, struct bytes v)
{
    for (size_t i = 0; i < INSTANCES; i++) {
        struct instance *in = &rng->instances[i];

        LOCKED(&in->lock);
        TRY(refresh(rng, in, v));
    }
    return RC_OK;
}

struct secret *rng_secret(struct rng *rng, size_t n)
{
    struct secret *s = secret_new(n);

    if (s != NULL && rng_bytes(rng, s->p, n) != RC_OK) {
        secret_free(s);
        return NULL;
    }
    return s;
}
