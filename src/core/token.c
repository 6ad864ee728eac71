/* SPDX-License-Identifier: Apache-2.0
 *
 * A token's state: read from the store when the store has changed, written in its transactions.
 */
#include <string.h>

#include "hall.h"

static void state_key(uint32_t slot, uint8_t out[8])
{
    mem_copy(out, "tokn", 4);
    put_u32_be(out + 4, slot);
}

enum rc token_open(struct hsm *h, uint32_t slot, struct token *t)
{
    t->hsm = h;
    t->slot = slot;
    t->mech = (struct mech_env){
        .crypto = h->crypto,
        .policy =
            {
                .allow_weak_rsa = h->conf->allow_weak_rsa,
                .allow_sha1_signing = h->conf->allow_sha1_signing,
                .allow_raw_rsa = h->conf->allow_raw_rsa,
                .enable_pqc = h->conf->enable_pqc,
                .vendor_mechanisms = h->conf->vendor_mechanisms,
            },
        .next_nonce = vault_next_nonce,
        .ctx = t,
    };
    lock_init(&t->login, LOCK_LOGIN);
    lock_init(&t->lock, LOCK_TOKEN);
    rwlock_init(&t->objects_lock, LOCK_OBJECT);
    session_objects_open(t);
    return RC_OK;
}

void token_close(struct token *t)
{
    lock_take(&t->lock);
    token_logout_locked(t);
    lock_drop(&t->lock);
    session_objects_drop(t, 0, false);
    vault_forget_all(t);
    map_free(&t->cached);
    session_objects_close(t);
    map_free(&t->nonces);
    buf_free(&t->state_record);
    rwlock_destroy(&t->objects_lock);
    lock_destroy(&t->lock);
    lock_destroy(&t->login);
}

void token_logout_locked(struct token *t)
{
    atomic_store(&t->role, ROLE_PUBLIC);
    atomic_fetch_add(&t->epoch, 1);
    secret_free(TAKE(t->master));
    session_objects_drop(t, 0, true);
    vault_forget_private(t);
}

/* The token was re-initialised, here or by another process: nothing from before is valid. */
static void forget_token(struct token *t)
{
    token_logout_locked(t);
    vault_forget_all(t);
    t->initialized = false;
}

static enum rc adopt(struct token *t, const struct seal_state *state)
{
    const bool same = t->initialized &&
                      memcmp(t->state.token_id, state->token_id, sizeof state->token_id) == 0 &&
                      t->state.generation == state->generation;
    if (!same) {
        forget_token(t);
        struct seal_keys *keys = NULL;
        TRY(seal_keys_new(t->hsm->crypto, t->hsm->device, state->token_id, state->generation,
                          SEAL_PUBLIC, &keys));
        rwlock_write(&t->objects_lock);
        t->keys[SEAL_PUBLIC] = keys;
        mem_copy(t->token_id, state->token_id, sizeof t->token_id);
        rwlock_drop(&t->objects_lock);
    }
    t->state = *state;
    t->initialized = true;
    return RC_OK;
}

static enum rc read_state(struct token *t, struct store_txn *txn)
{
    uint8_t key[8];
    struct bytes record = BYTES_NONE;
    state_key(t->slot, key);
    const enum rc rc = t->hsm->engine->get(txn, STORE_META, BYTES(key, sizeof key), &record);
    if (rc == RC_NOT_FOUND) {
        if (t->initialized) {
            forget_token(t);
        }
        buf_clear(&t->state_record);
        return RC_OK;
    }
    TRY(rc);
    if (t->initialized && bytes_equal(record, buf_view(&t->state_record))) {
        return RC_OK;
    }
    struct seal_state state;
    TRY(seal_state_read(t->hsm->crypto, t->hsm->device, t->slot, record, &state));
    TRY(buf_set(&t->state_record, record));
    return adopt(t, &state);
}

enum rc token_refresh_locked(struct token *t)
{
    struct hsm *h = t->hsm;
    struct store *store = NULL;
    const enum rc opened = hall_store(h, &store);
    if (opened == RC_NOT_FOUND) {
        return RC_OK;
    }
    TRY(opened);
    if (atomic_load(&t->seen) == h->engine->change(store) + 1) {
        return t->status;
    }
    struct store_txn *txn = NULL;
    TRY(h->engine->begin(store, false, &txn));
    const uint64_t change = h->engine->txn_change(txn);
    t->status = read_state(t, txn);
    h->engine->abort(txn);
    if (t->status != RC_OK) {
        log_error("the state of the token in slot %u cannot be read: %s", t->slot,
                  rc_text(t->status));
        return t->status;
    }
    atomic_store(&t->seen, change + 1);
    return RC_OK;
}

enum rc token_refresh(struct token *t)
{
    struct store *store = atomic_load_explicit(&t->hsm->store, memory_order_acquire);
    if (store != NULL && atomic_load(&t->seen) == t->hsm->engine->change(store) + 1) {
        return RC_OK;
    }
    LOCKED(&t->lock);
    return token_refresh_locked(t);
}

enum rc token_ready(struct token *t)
{
    TRY(token_refresh(t));
    LOCKED(&t->lock);
    return t->initialized ? RC_OK : RC_TOKEN_NOT_INITIALIZED;
}

enum rc token_state_get(struct token *t, struct store_txn *txn, struct seal_state *ret)
{
    uint8_t key[8];
    struct bytes record = BYTES_NONE;
    state_key(t->slot, key);
    TRY(t->hsm->engine->get(txn, STORE_META, BYTES(key, sizeof key), &record));
    return seal_state_read(t->hsm->crypto, t->hsm->device, t->slot, record, ret);
}

enum rc token_still(struct token *t, struct store_txn *txn)
{
    uint8_t ours[SEAL_TOKEN_ID_SIZE];
    struct seal_state state;
    TRY(token_state_get(t, txn, &state));
    rwlock_read(&t->objects_lock);
    mem_copy(ours, t->token_id, sizeof ours);
    rwlock_drop(&t->objects_lock);
    return memcmp(state.token_id, ours, sizeof ours) == 0 ? RC_OK : RC_TOKEN_NOT_RECOGNIZED;
}

enum rc token_state_put(struct token *t, struct store_txn *txn, const struct seal_state *state)
{
    AUTO_BUF struct buf record = BUF_INIT;
    uint8_t key[8];
    state_key(t->slot, key);
    TRY(seal_state_write(t->hsm->crypto, t->hsm->device, t->slot, state, &record));
    return t->hsm->engine->put(txn, STORE_META, BYTES(key, sizeof key), buf_view(&record));
}
