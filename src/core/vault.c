/* SPDX-License-Identifier: Apache-2.0
 *
 * Making, changing and removing objects. What concerns token objects happens in one durable
 * transaction; memory follows only after it is committed.
 */
#include <string.h>

#include "hall.h"
#include "wire/hex.h"

/* One object to be made: from a draft, or as a changed copy of another. */
struct plan {
    struct draft *draft;
    const struct object *source;
    const struct template *t;
    char unique[33];
    bool token;
    uint64_t id; /* of a session object; a token object's is in the store */
    struct object *made;
};

struct object_rules vault_rules(const struct session *s)
{
    return (struct object_rules){
        .so = atomic_load(&s->token->role) == ROLE_SO,
        .key_separation = s->token->hsm->conf->key_separation,
    };
}

enum rc vault_may_add(const struct session *s, const struct draft *d)
{
    CK_ULONG cls = CK_UNAVAILABLE_INFORMATION;
    (void)!draft_ulong(d, CKA_CLASS, &cls);
    const bool secret = cls == CKO_PRIVATE_KEY || cls == CKO_SECRET_KEY;
    const struct guard_who who = session_who(s);
    const uint32_t flags = (draft_bool(d, CKA_TOKEN, false) ? (uint32_t)OBJECT_TOKEN : 0u) |
                           (draft_bool(d, CKA_PRIVATE, secret) ? (uint32_t)OBJECT_PRIVATE : 0u);
    return guard_change(&who, flags);
}

/* A session object's CKA_UNIQUE_ID: the number drawn when the hall opened, plus the handle, which is
 * given once only. So two of one process differ; of two processes the numbers lie 2^128 apart at
 * random, and either would have to make more objects than their distance. Nothing rests on its being
 * hard to guess: it is an attribute that everybody may read. */
static void count_unique(const struct hsm *h, uint64_t handle, uint8_t out[16])
{
    const uint64_t low = get_u64_be(h->unique_start + 8) + handle;
    put_u64_be(out, get_u64_be(h->unique_start) + (low < handle));
    put_u64_be(out + 8, low);
}

/* Given once; sessions take them in blocks, so that they do not meet at the counter each time. */
static uint64_t next_number(struct session *s)
{
    if (s->number % NUMBERS == 0) {
        s->number = atomic_fetch_add(&s->token->hsm->next_session_object, NUMBERS);
    }
    return s->number++;
}

/* CKA_UNIQUE_ID as hex; of token objects 128 random bits. */
static enum rc give_unique(struct session *s, struct plan *p)
{
    const struct hsm *h = s->token->hsm;
    uint8_t id[16];
    if (p->token) {
        TRY(rng_bytes(h->crypto->rng, id, sizeof id));
    } else {
        p->id = next_number(s);
        count_unique(h, p->id, id);
    }
    hex_write(BYTES(id, sizeof id), p->unique);
    return p->draft != NULL ? draft_set(p->draft, CKA_UNIQUE_ID, BYTES(p->unique, 32)) : RC_OK;
}

static enum rc finish(const struct session *s, struct plan *p, uint64_t id, uint64_t version)
{
    const struct object_rules rules = vault_rules(s);
    const struct guard_who who = session_who(s);
    if (p->draft != NULL) {
        TRY(draft_finish(p->draft, id, version, &p->made));
    } else {
        TRY(object_copy(p->source, p->t, &rules, id, version, BYTES(p->unique, 32), &p->made));
    }
    return guard_change(&who, object_flags(p->made));
}

/* ---- writing token objects --------------------------------------------------------------------------- */

struct writing {
    struct token *t;
    struct store_txn *txn;
    const struct seal_keys *keys;
    uint64_t id;
    bool remove;
};

static enum rc each_term(void *ctx, struct bytes term)
{
    const struct writing *w = ctx;
    const struct store_engine *engine = w->t->hsm->engine;
    uint8_t key[VAULT_TERM_SIZE];
    TRY(vault_term_key(w->t, w->keys, term, key));
    return w->remove ? engine->index_remove(w->txn, BYTES(key, sizeof key), w->id)
                     : engine->index_add(w->txn, BYTES(key, sizeof key), w->id);
}

/* objects_lock is held for reading. */
static enum rc change_terms(struct token *t, struct store_txn *txn, const struct object *o,
                            bool remove)
{
    const struct seal_keys *keys =
        t->keys[(object_flags(o) & OBJECT_PRIVATE) != 0 ? SEAL_PRIVATE : SEAL_PUBLIC];
    REQUIRE(keys != NULL, RC_USER_NOT_LOGGED_IN);
    struct writing w = {.t = t, .txn = txn, .keys = keys, .id = object_id(o), .remove = remove};
    return object_terms(o, each_term, &w);
}

static enum rc put_part(struct token *t, struct store_txn *txn, const struct seal_keys *keys,
                        const struct object *o, enum seal_part part, struct bytes plain)
{
    AUTO_BUF struct buf record = BUF_INIT;
    uint8_t key[VAULT_KEY_SIZE];
    vault_store_key(t, object_id(o), part, key);
    TRY(seal_record(keys, object_id(o), object_version(o), part, plain, &record));
    return t->hsm->engine->put(txn, STORE_OBJECT, BYTES(key, sizeof key), buf_view(&record));
}

/* Both records and the index terms; objects_lock is held for reading. */
static enum rc put_object(struct token *t, struct store_txn *txn, const struct object *o)
{
    const struct seal_keys *keys =
        t->keys[(object_flags(o) & OBJECT_PRIVATE) != 0 ? SEAL_PRIVATE : SEAL_PUBLIC];
    REQUIRE(keys != NULL, RC_USER_NOT_LOGGED_IN);
    AUTO_BUF struct buf plain = BUF_INIT;
    AUTO_SECRET struct secret *secrets = NULL;
    TRY(object_write(o, &plain));
    TRY(object_write_secrets(o, &secrets));
    TRY(put_part(t, txn, keys, o, SEAL_ATTRIBUTES, buf_view(&plain)));
    if (secrets != NULL) {
        TRY(put_part(t, txn, keys, o, SEAL_SECRETS, secret_view(secrets)));
    }
    return change_terms(t, txn, o, false);
}

/* Handles of token objects count up over the whole store and are never given twice. */
static enum rc next_id(struct hsm *h, struct store_txn *txn, uint64_t *ret)
{
    static const uint8_t name[] = "next object";
    const struct bytes key = BYTES(name, sizeof name - 1);
    struct bytes v = BYTES_NONE;
    uint64_t id = 0;
    const enum rc rc = h->engine->get(txn, STORE_META, key, &v);
    if (rc == RC_OK) {
        REQUIRE(v.n == 8, RC_STORE_CORRUPT);
        id = get_u64_le(v.p);
    } else if (rc == RC_NOT_FOUND) {
        uint8_t start[2];
        TRY(rng_bytes(h->crypto->rng, start, sizeof start));
        id = 0x10000u + ((uint64_t)start[0] << 8) + start[1];
    } else {
        return rc;
    }
    REQUIRE(id > 0 && id < HANDLE_SESSION_OBJECT, RC_STORE_CORRUPT);
    uint8_t next[8];
    put_u64_le(next, id + 1);
    TRY(h->engine->put(txn, STORE_META, key, BYTES(next, sizeof next)));
    *ret = id;
    return RC_OK;
}

static enum rc write_plans(struct session *s, struct store_txn *txn, struct plan *plans, size_t n)
{
    struct token *t = s->token;
    TRY(token_still(t, txn));
    const uint64_t version = t->hsm->engine->txn_change(txn);
    for (size_t i = 0; i < n; i++) {
        if (!plans[i].token) {
            continue;
        }
        uint64_t id = 0;
        TRY(next_id(t->hsm, txn, &id));
        TRY(finish(s, &plans[i], id, version));
        rwlock_read(&t->objects_lock);
        const enum rc rc = put_object(t, txn, plans[i].made);
        rwlock_drop(&t->objects_lock);
        TRY(rc);
    }
    return RC_OK;
}

static enum rc keep_token_objects(struct session *s, struct plan *plans, size_t n)
{
    struct token *t = s->token;
    struct hsm *h = t->hsm;
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    TRY(hall_store(h, &store));
    TRY(token_ready(t));
    const uint64_t epoch = atomic_load(&t->epoch);
    TRY(h->engine->begin(store, true, &txn));
    const uint64_t change = h->engine->txn_change(txn);
    const enum rc rc = write_plans(s, txn, plans, n);
    if (rc != RC_OK) {
        h->engine->abort(txn);
        return rc;
    }
    TRY(h->engine->commit(txn));
    for (size_t i = 0; i < n; i++) {
        if (plans[i].token) {
            vault_remember(t, plans[i].made, change, epoch);
        }
    }
    return RC_OK;
}

static enum rc keep_session_object(struct session *s, struct plan *p)
{
    TRY(finish(s, p, p->id, 1));
    return session_objects_put(s, p->made);
}

static enum rc keep(struct session *s, struct plan *plans, size_t n, CK_OBJECT_HANDLE *ret)
{
    bool stored = false;
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < n; i++) {
        rc = give_unique(s, &plans[i]);
        stored = stored || plans[i].token;
    }
    for (size_t i = 0; rc == RC_OK && i < n; i++) {
        rc = plans[i].token ? RC_OK : keep_session_object(s, &plans[i]);
    }
    if (rc == RC_OK && stored) {
        rc = keep_token_objects(s, plans, n);
    }
    for (size_t i = 0; i < n; i++) {
        if (rc == RC_OK) {
            ret[i] = object_id(plans[i].made);
        } else if (plans[i].made != NULL && !plans[i].token) {
            session_objects_take_back(s->token, object_id(plans[i].made));
        }
        object_unref(plans[i].made);
    }
    return rc;
}

enum rc vault_add(struct session *s, struct draft *const *drafts, size_t n, CK_OBJECT_HANDLE *ret)
{
    struct plan plans[2];
    memset(plans, 0, sizeof plans);
    REQUIRE(n <= ARRAY_LEN(plans), RC_GENERAL_ERROR);
    for (size_t i = 0; i < n; i++) {
        plans[i].draft = drafts[i];
        plans[i].token = draft_bool(drafts[i], CKA_TOKEN, false);
    }
    return keep(s, plans, n, ret);
}

enum rc vault_copy(struct session *s, const struct object *o, const struct template *t,
                   CK_OBJECT_HANDLE *ret)
{
    struct plan plan;
    memset(&plan, 0, sizeof plan);
    plan.source = o;
    plan.t = t;
    plan.token = template_bool(t, CKA_TOKEN, (object_flags(o) & OBJECT_TOKEN) != 0);
    return keep(s, &plan, 1, ret);
}

/* ---- changing -------------------------------------------------------------------------------------------- */

static enum rc modify_session_object(struct session *s, const struct object *o,
                                     const struct template *t)
{
    const struct object_rules rules = vault_rules(s);
    struct object *made = NULL;
    TRY(object_modify(o, t, &rules, object_version(o) + 1, &made));
    return session_objects_replace(s->token, o, made);
}

/* The version of O in the store must be the one that was changed: RC_CANCEL, look again. */
static enum rc still_current(struct token *t, struct store_txn *txn, const struct object *o)
{
    uint8_t key[VAULT_KEY_SIZE];
    struct bytes record = BYTES_NONE;
    enum seal_domain domain = SEAL_PUBLIC;
    uint64_t version = 0;
    vault_store_key(t, object_id(o), SEAL_ATTRIBUTES, key);
    const enum rc rc = t->hsm->engine->get(txn, STORE_OBJECT, BYTES(key, sizeof key), &record);
    REQUIRE(rc != RC_NOT_FOUND, RC_OBJECT_HANDLE_INVALID);
    TRY(rc);
    TRY(seal_record_peek(record, &domain, &version));
    return version == object_version(o) ? RC_OK : RC_CANCEL;
}

static enum rc write_change(struct session *s, struct store_txn *txn, const struct object *o,
                            const struct template *t, struct object **ret)
{
    struct token *token = s->token;
    const struct object_rules rules = vault_rules(s);
    TRY(still_current(token, txn, o));
    TRY(object_modify(o, t, &rules, token->hsm->engine->txn_change(txn), ret));
    rwlock_read(&token->objects_lock);
    enum rc rc = change_terms(token, txn, o, true);
    rc = rc == RC_OK ? put_object(token, txn, *ret) : rc;
    rwlock_drop(&token->objects_lock);
    return rc;
}

static enum rc modify_token_object(struct session *s, const struct object *o,
                                   const struct template *t)
{
    struct hsm *h = s->token->hsm;
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    AUTO_OBJECT struct object *made = NULL;
    TRY(hall_store(h, &store));
    const uint64_t epoch = atomic_load(&s->token->epoch);
    TRY(h->engine->begin(store, true, &txn));
    const uint64_t change = h->engine->txn_change(txn);
    const enum rc rc = write_change(s, txn, o, t, &made);
    if (rc != RC_OK) {
        h->engine->abort(txn);
        return rc;
    }
    TRY(h->engine->commit(txn));
    vault_remember(s->token, made, change, epoch);
    return RC_OK;
}

enum rc vault_modify(struct session *s, CK_OBJECT_HANDLE handle, const struct template *t)
{
    const struct guard_who who = session_who(s);
    enum rc rc = RC_CANCEL;
    while (rc == RC_CANCEL) { /* somebody changed it between the look and the write */
        AUTO_OBJECT struct object *o = NULL;
        TRY(vault_get(s, handle, true, &o));
        TRY(guard_change(&who, object_flags(o)));
        rc = (object_flags(o) & OBJECT_TOKEN) != 0 ? modify_token_object(s, o, t)
                                                   : modify_session_object(s, o, t);
    }
    return rc;
}

/* ---- removing -------------------------------------------------------------------------------------------- */

enum rc vault_may_remove(const struct guard_who *who, const struct object *o)
{
    TRY(guard_change(who, object_flags(o)));
    REQUIRE((object_flags(o) & OBJECT_DESTROYABLE) != 0, RC_ACTION_PROHIBITED);
    return RC_OK;
}

static enum rc remove_records(struct token *t, struct store_txn *txn, const struct object *o)
{
    uint8_t key[VAULT_KEY_SIZE];
    TRY(still_current(t, txn, o));
    vault_store_key(t, object_id(o), SEAL_ATTRIBUTES, key);
    TRY(t->hsm->engine->remove_prefix(txn, STORE_OBJECT, BYTES(key, VAULT_KEY_SIZE - 1)));
    rwlock_read(&t->objects_lock);
    const enum rc rc = change_terms(t, txn, o, true);
    rwlock_drop(&t->objects_lock);
    return rc;
}

static enum rc remove_token_object(struct session *s, const struct object *o)
{
    struct hsm *h = s->token->hsm;
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    TRY(hall_store(h, &store));
    TRY(h->engine->begin(store, true, &txn));
    const enum rc rc = remove_records(s->token, txn, o);
    if (rc != RC_OK) {
        h->engine->abort(txn);
        return rc;
    }
    TRY(h->engine->commit(txn));
    vault_forget(s->token, object_id(o));
    return RC_OK;
}

enum rc vault_remove(struct session *s, CK_OBJECT_HANDLE handle, bool *ret_held)
{
    const struct guard_who who = session_who(s);
    if ((handle & HANDLE_SESSION_OBJECT) != 0) {
        return session_objects_remove(s, handle, ret_held);
    }
    *ret_held = true;
    enum rc rc = RC_CANCEL;
    while (rc == RC_CANCEL) {
        AUTO_OBJECT struct object *o = NULL;
        TRY(vault_get(s, handle, false, &o));
        TRY(vault_may_remove(&who, o));
        rc = remove_token_object(s, o);
    }
    return rc;
}
