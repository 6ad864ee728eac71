/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects out of the store, and the memory of those seen. An object in memory is current while the
 * store's change number stands where it was checked; else its version is compared again.
 */
#include <string.h>

#include "hall.h"

void vault_store_key(const struct token *t, uint64_t id, enum seal_part part,
                     uint8_t out[VAULT_KEY_SIZE])
{
    put_u32_be(out, t->slot);
    put_u64_be(out + 4, id);
    out[12] = (uint8_t)part;
}

uint64_t vault_change_number(const struct token *t)
{
    const struct store *store = atomic_load_explicit(&t->hsm->store, memory_order_acquire);
    return store != NULL ? t->hsm->engine->change(store) : 0;
}

static void cached_free(struct cached *c)
{
    if (c != NULL) {
        object_unref(c->object);
        mem_free(c);
    }
}

void vault_forget(struct token *t, uint64_t id)
{
    rwlock_write(&t->objects_lock);
    struct cached *c = map_take(&t->cached, id);
    rwlock_drop(&t->objects_lock);
    cached_free(c);
}

static void forget_cached(struct token *t, bool private_only)
{
    uint64_t id = 0;
    void *value = NULL;
    for (size_t i = 0; map_next(&t->cached, &i, &id, &value);) {
        const struct cached *c = value;
        if (!private_only || (object_flags(c->object) & OBJECT_PRIVATE) != 0) {
            cached_free(map_take(&t->cached, id));
        }
    }
}

void vault_forget_private(struct token *t)
{
    rwlock_write(&t->objects_lock);
    forget_cached(t, true);
    seal_keys_free(TAKE(t->keys[SEAL_PRIVATE]));
    rwlock_drop(&t->objects_lock);
}

void vault_forget_all(struct token *t)
{
    rwlock_write(&t->objects_lock);
    forget_cached(t, false);
    seal_keys_free(TAKE(t->keys[SEAL_PRIVATE]));
    seal_keys_free(TAKE(t->keys[SEAL_PUBLIC]));
    nonces_free(t);
    rwlock_drop(&t->objects_lock);
}

void vault_remember(struct token *t, const struct object *o, uint64_t change, uint64_t epoch)
{
    struct cached *fresh = mem_alloc(sizeof *fresh);
    if (fresh == NULL) {
        return;
    }
    fresh->object = object_ref(o);
    atomic_store(&fresh->checked, change);
    struct cached *old = fresh; /* freed below when it is not kept */
    rwlock_write(&t->objects_lock);
    const struct cached *known = map_get(&t->cached, object_id(o));
    const bool newer = known == NULL || object_version(known->object) < object_version(o);
    if (atomic_load(&t->epoch) == epoch && newer) {
        old = map_take(&t->cached, object_id(o));
        if (map_put(&t->cached, object_id(o), fresh) != RC_OK) {
            cached_free(fresh);
        }
    }
    rwlock_drop(&t->objects_lock);
    cached_free(old);
}

/* A record that claims to be private cannot be proved while nobody is logged in. If the public index
 * names it, the claim is damage, not privacy. objects_lock is held for reading. */
static enum rc unproved(struct token *t, struct store_txn *txn, uint64_t id)
{
    AUTO_TEMPLATE struct template *all = NULL;
    AUTO_BUF struct buf term = BUF_INIT;
    uint8_t key[VAULT_TERM_SIZE];
    bool complete = false;
    uint64_t found = 0;
    size_t n = 0;
    REQUIRE(t->keys[SEAL_PUBLIC] != NULL && id > 0, RC_NOT_FOUND);
    TRY(template_read(NULL, 0, true, &all));
    TRY(template_term(all, &term, &complete));
    TRY(vault_term_key(t, t->keys[SEAL_PUBLIC], buf_view(&term), key));
    TRY(t->hsm->engine->index_read(txn, BYTES(key, sizeof key), id - 1, &found, 1, &n));
    return n == 1 && found == id ? RC_STORE_CORRUPT : RC_NOT_FOUND;
}

/* Opens one record; objects_lock is held for reading. */
static enum rc open_part(struct token *t, struct store_txn *txn, uint64_t id, enum seal_part part,
                         uint64_t *ret_version, struct buf *ret_public, struct secret **ret_secret)
{
    uint8_t key[VAULT_KEY_SIZE];
    struct bytes record = BYTES_NONE;
    enum seal_domain domain = SEAL_PUBLIC;
    uint64_t version = 0;
    vault_store_key(t, id, part, key);
    TRY(t->hsm->engine->get(txn, STORE_OBJECT, BYTES(key, sizeof key), &record));
    TRY(seal_record_peek(record, &domain, &version));
    REQUIRE(domain == SEAL_PUBLIC || domain == SEAL_PRIVATE, RC_STORE_CORRUPT);
    if (t->keys[domain] == NULL) {
        return unproved(t, txn, id);
    }
    *ret_version = version;
    return seal_open_record(t->keys[domain], id, version, part, record, ret_public, ret_secret);
}

static enum rc load(struct token *t, struct store_txn *txn, uint64_t id, struct object **ret)
{
    AUTO_BUF struct buf plain = BUF_INIT;
    uint64_t version = 0;
    rwlock_read(&t->objects_lock);
    const enum rc rc = open_part(t, txn, id, SEAL_ATTRIBUTES, &version, &plain, NULL);
    rwlock_drop(&t->objects_lock);
    TRY(rc);
    return object_read(id, version, buf_view(&plain), ret);
}

/* The version the store has now, without opening the record. */
static enum rc stored_version(struct token *t, struct store_txn *txn, uint64_t id, uint64_t *ret)
{
    uint8_t key[VAULT_KEY_SIZE];
    struct bytes record = BYTES_NONE;
    enum seal_domain domain = SEAL_PUBLIC;
    vault_store_key(t, id, SEAL_ATTRIBUTES, key);
    TRY(t->hsm->engine->get(txn, STORE_OBJECT, BYTES(key, sizeof key), &record));
    return seal_record_peek(record, &domain, ret);
}

static struct object *recall(struct token *t, uint64_t id, uint64_t change, bool *ret_current)
{
    rwlock_read(&t->objects_lock);
    const struct cached *c = map_get(&t->cached, id);
    struct object *o = c != NULL ? object_ref(c->object) : NULL;
    *ret_current = c != NULL && atomic_load(&c->checked) == change;
    rwlock_drop(&t->objects_lock);
    return o;
}

static void mark_checked(struct token *t, uint64_t id, uint64_t change)
{
    rwlock_read(&t->objects_lock);
    struct cached *c = map_get(&t->cached, id);
    if (c != NULL) {
        atomic_store(&c->checked, change);
    }
    rwlock_drop(&t->objects_lock);
}

/* Looks ID up in the store; KNOWN (or NULL) is what memory has. Takes the reference of KNOWN.
 * *RET_SEEN: the store change that the answer is as of. */
static enum rc check_store(struct token *t, struct store_txn *txn, uint64_t id,
                           struct object *known, struct object **ret, uint64_t *ret_seen)
{
    AUTO_OBJECT struct object *old = known;
    const uint64_t change = t->hsm->engine->txn_change(txn);
    *ret_seen = change;
    const uint64_t epoch = atomic_load(&t->epoch);
    uint64_t version = 0;
    const enum rc rc = stored_version(t, txn, id, &version);
    if (rc == RC_NOT_FOUND) {
        vault_forget(t, id);
        return rc;
    }
    TRY(rc);
    if (old != NULL && object_version(old) == version) {
        mark_checked(t, id, change);
        *ret = TAKE(old);
        return RC_OK;
    }
    TRY(load(t, txn, id, ret));
    vault_remember(t, *ret, change, epoch);
    return RC_OK;
}

static enum rc token_object(struct token *t, uint64_t id, struct object **ret, uint64_t *ret_seen)
{
    struct hsm *h = t->hsm;
    struct store *store = NULL;
    TRY(hall_store(h, &store));
    bool current = false;
    const uint64_t change = h->engine->change(store);
    struct object *known = recall(t, id, change, &current);
    if (current) {
        *ret = known;
        *ret_seen = change;
        return RC_OK;
    }
    AUTO_OBJECT struct object *old = known;
    TRY(token_refresh(t));
    struct store_txn *txn = NULL;
    TRY(h->engine->begin(store, false, &txn));
    const enum rc rc = check_store(t, txn, id, TAKE(old), ret, ret_seen);
    h->engine->abort(txn);
    return rc;
}

static enum rc load_secrets(struct token *t, const struct object *o)
{
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    AUTO_SECRET struct secret *plain = NULL;
    uint64_t version = 0;
    TRY(hall_store(t->hsm, &store));
    TRY(t->hsm->engine->begin(store, false, &txn));
    rwlock_read(&t->objects_lock);
    enum rc rc = open_part(t, txn, object_id(o), SEAL_SECRETS, &version, NULL, &plain);
    rwlock_drop(&t->objects_lock);
    t->hsm->engine->abort(txn);
    TRY(rc);
    REQUIRE(version == object_version(o), RC_NOT_FOUND); /* changed between the two looks */
    return object_read_secrets(o, secret_view(plain));
}

static enum rc get_once(struct session *s, CK_OBJECT_HANDLE handle, bool secrets,
                        struct object **ret, uint64_t *ret_seen)
{
    struct token *t = s->token;
    AUTO_OBJECT struct object *o = NULL;
    if ((handle & HANDLE_SESSION_OBJECT) != 0) {
        *ret_seen = vault_change_number(t);
        o = session_objects_get(t, handle);
        REQUIRE(o != NULL, RC_NOT_FOUND);
    } else {
        TRY(token_object(t, handle, &o, ret_seen));
    }
    const struct guard_who who = session_who(s);
    REQUIRE(guard_sees(&t->hsm->policy, &who, o), RC_NOT_FOUND);
    if (secrets && !object_secrets_ready(o)) {
        TRY(load_secrets(t, o));
    }
    *ret = TAKE(o);
    return RC_OK;
}

enum rc vault_get_at(struct session *s, CK_OBJECT_HANDLE handle, bool secrets, struct object **ret,
                     uint64_t *ret_seen)
{
    REQUIRE(handle != CK_INVALID_HANDLE, RC_OBJECT_HANDLE_INVALID);
    enum rc rc = get_once(s, handle, secrets, ret, ret_seen);
    if (rc == RC_NOT_FOUND && secrets) {
        rc = get_once(s, handle, secrets, ret, ret_seen); /* it was changed while we looked */
    }
    return rc == RC_NOT_FOUND ? RC_OBJECT_HANDLE_INVALID : rc;
}

enum rc vault_get(struct session *s, CK_OBJECT_HANDLE handle, bool secrets, struct object **ret)
{
    uint64_t seen = 0;
    return vault_get_at(s, handle, secrets, ret, &seen);
}

enum rc vault_key(struct session *s, CK_OBJECT_HANDLE handle, const struct object **ret)
{
    const struct token *t = s->token;
    struct known now = {
        .handle = handle,
        .change = vault_change_number(t),
        .local = atomic_load_explicit(&t->local, memory_order_acquire),
        .epoch = atomic_load_explicit(&t->epoch, memory_order_acquire),
    };
    for (unsigned i = 0; i < ARRAY_LEN(s->known); i++) {
        const unsigned at = s->recent ^ i;
        const struct known *k = &s->known[at];
        if (k->object != NULL && k->handle == handle && k->change == now.change &&
            k->local == now.local && k->epoch == now.epoch) {
            s->recent = at;
            *ret = k->object;
            return RC_OK;
        }
    }
    /* Not the change number of above: it may run ahead of what a reader sees. */
    const enum rc rc = vault_get_at(s, handle, true, &now.object, &now.change);
    REQUIRE(rc != RC_OBJECT_HANDLE_INVALID, RC_KEY_HANDLE_INVALID);
    TRY(rc);
    s->recent ^= 1;
    object_unref(s->known[s->recent].object);
    s->known[s->recent] = now;
    *ret = now.object;
    return RC_OK;
}
