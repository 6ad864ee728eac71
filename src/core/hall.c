/* SPDX-License-Identifier: Apache-2.0
 *
 * Start and stop of the hall, and the store behind it.
 */
#include "hall.h"

static void set_policy(struct hsm *h)
{
    h->policy = (struct guard_policy){
        .allow_weak_rsa = h->conf->allow_weak_rsa,
        .allow_sha1_signing = h->conf->allow_sha1_signing,
        .key_separation = h->conf->key_separation,
        .hide_post_quantum = !h->conf->enable_pqc,
    };
}

static enum rc open_tokens(struct hsm *h)
{
    h->tokens = mem_alloc_aligned(_Alignof(struct token), h->conf->slot_count * sizeof *h->tokens);
    REQUIRE(h->tokens != NULL, RC_HOST_MEMORY);
    for (uint32_t i = 0; i < h->conf->slot_count; i++) {
        TRY(token_open(h, i, &h->tokens[i]));
        h->n_tokens++;
    }
    return RC_OK;
}

static void hsm_close_at(struct hsm **h)
{
    if (*h != NULL) {
        hsm_close(*h);
    }
}

enum rc hsm_open(const struct hsm_parts *parts, struct hsm **ret)
{
    __attribute__((cleanup(hsm_close_at))) struct hsm *h = mem_alloc(sizeof *h);
    REQUIRE(h != NULL, RC_HOST_MEMORY);
    h->env = parts->env;
    h->conf = parts->conf;
    h->crypto = parts->crypto;
    h->engine = parts->conf->persist_objects ? parts->disk : parts->memory;
    h->path = parts->conf->persist_objects ? parts->conf->storage_path : NULL;
    lock_init(&h->lock, LOCK_HSM);
    lock_init(&h->opening, LOCK_OPENING);
    pthread_mutex_init(&h->wake_mutex, NULL);
    pthread_cond_init(&h->wake, NULL);
    set_policy(h);
    h->sessions_cap = h->conf->max_sessions;
    h->sessions = mem_array(h->sessions_cap, sizeof *h->sessions);
    REQUIRE(h->sessions != NULL, RC_HOST_MEMORY);
    h->state_key = rng_secret(h->crypto->rng, 32);
    REQUIRE(h->state_key != NULL, RC_ENTROPY);
    uint8_t start[4];
    TRY(rng_bytes(h->crypto->rng, start, sizeof start));
    atomic_store(&h->next_session_object,
                 HANDLE_SESSION_OBJECT + NUMBERS * (((uint64_t)start[0] << 16) | start[1]));
    TRY(rng_bytes(h->crypto->rng, h->unique_start, sizeof h->unique_start));
    TRY(open_tokens(h));
    struct store *store = NULL;
    const enum rc rc = hall_store(h, &store);
    if (rc == RC_STORE_LOCKED) {
        return rc; /* token.exclusive: said by the engine */
    }
    if (rc != RC_OK && rc != RC_NOT_FOUND) {
        log_warn("the store at %s cannot be opened: %s", h->path, rc_text(rc));
    }
    *ret = TAKE(h);
    return RC_OK;
}

static void free_all(struct hsm *h)
{
    secret_free(h->device);
    secret_free(h->state_key);
    mem_free(h->tokens);
    mem_free(h->sessions);
    pthread_cond_destroy(&h->wake);
    pthread_mutex_destroy(&h->wake_mutex);
    lock_destroy(&h->opening);
    lock_destroy(&h->lock);
    mem_free(h);
}

void hsm_close(struct hsm *h)
{
    hsm_wake(h);
    sessions_free(h);
    for (size_t i = 0; i < h->n_tokens; i++) {
        token_close(&h->tokens[i]);
    }
    struct store *store = atomic_load(&h->store);
    if (store != NULL) {
        h->engine->close(store);
    }
    free_all(h);
}

void hsm_abandon(struct hsm *h)
{
    /* The child holds copies of locks that other threads of the parent may have held, and secrets
     * that read as zero. Nothing is taken or wiped; the memory is left. */
    struct store *store = atomic_load(&h->store);
    if (store != NULL) {
        h->engine->abandon(store);
    }
}

void hsm_wake(struct hsm *h)
{
    pthread_mutex_lock(&h->wake_mutex);
    h->waking = true;
    pthread_cond_broadcast(&h->wake);
    pthread_mutex_unlock(&h->wake_mutex);
}

enum rc hall_token(struct hsm *h, CK_SLOT_ID slot, struct token **ret)
{
    REQUIRE(slot < h->n_tokens, RC_SLOT_ID_INVALID);
    *ret = &h->tokens[slot];
    return RC_OK;
}

uint64_t hall_now_ms(const struct hsm *h)
{
    return h->env->now(h->env->ctx) / 1000000u;
}

static enum rc open_store(struct hsm *h, bool create, struct store **ret)
{
    LOCKED(&h->opening);
    struct store *store = atomic_load(&h->store);
    if (store != NULL) {
        *ret = store;
        return RC_OK;
    }
    const struct store_options options = {
        .path = h->path,
        .create = create || h->path == NULL,
        .exclusive = h->conf->exclusive,
    };
    TRY(h->engine->open(&options, &store));
    struct secret *device = NULL;
    enum rc rc;
    if (h->path == NULL) {
        device = rng_secret(h->crypto->rng, SEAL_KEY_SIZE);
        rc = device != NULL ? RC_OK : RC_ENTROPY;
    } else if (create) {
        rc = seal_device_key_make(h->crypto, h->path, &device);
    } else {
        rc = seal_device_key_read(h->crypto, h->path, &device);
    }
    if (rc != RC_OK) {
        h->engine->close(store);
        return rc;
    }
    h->device = device;
    atomic_store(&h->store, store);
    *ret = store;
    return RC_OK;
}

enum rc hall_store(struct hsm *h, struct store **ret)
{
    struct store *store = atomic_load_explicit(&h->store, memory_order_acquire);
    if (store != NULL) {
        *ret = store;
        return RC_OK;
    }
    return open_store(h, false, ret);
}

enum rc hall_store_make(struct hsm *h, struct store **ret)
{
    return open_store(h, true, ret);
}
