/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding does not scan: the narrowest index term of the template gives the candidates; they are
 * opened only when the term does not say all that was asked, or whether they may be seen.
 */
#include <stdlib.h>

#include "hall.h"

enum { CHUNK = 256 };

enum rc vault_term_key(const struct token *t, const struct seal_keys *keys, struct bytes term,
                       uint8_t out[VAULT_TERM_SIZE])
{
    put_u32_be(out, t->slot);
    return seal_blind(keys, term, out + 4);
}

static enum rc append(struct find *f, uint64_t id)
{
    if (f->n == f->cap) {
        const size_t cap = f->cap == 0 ? 64 : f->cap * 2;
        uint64_t *ids = mem_resize(f->ids, f->cap * sizeof *ids, cap * sizeof *ids);
        REQUIRE(ids != NULL, RC_HOST_MEMORY);
        f->ids = ids;
        f->cap = cap;
    }
    f->ids[f->n++] = id;
    return RC_OK;
}

/* All ids under one term of one domain. */
static enum rc read_term(struct token *t, struct store_txn *txn, enum seal_domain domain,
                         struct bytes term, struct find *f)
{
    uint8_t key[VAULT_TERM_SIZE];
    rwlock_read(&t->objects_lock);
    const enum rc rc =
        t->keys[domain] != NULL ? vault_term_key(t, t->keys[domain], term, key) : RC_NOT_FOUND;
    rwlock_drop(&t->objects_lock);
    if (rc == RC_NOT_FOUND) {
        return RC_OK;
    }
    TRY(rc);
    uint64_t ids[CHUNK];
    uint64_t after = 0;
    size_t n = CHUNK;
    while (n == CHUNK) {
        n = 0;
        TRY(t->hsm->engine->index_read(txn, BYTES(key, sizeof key), after, ids, CHUNK, &n));
        for (size_t i = 0; i < n; i++) {
            TRY(append(f, ids[i]));
        }
        after = n > 0 ? ids[n - 1] : after;
    }
    return RC_OK;
}

struct wanted {
    bool public, private, token, session;
};

static struct wanted wanted(const struct session *s, const struct template *t)
{
    const struct guard_who who = session_who(s);
    struct wanted w = {true, who.role == ROLE_USER, true, true};
    if (template_has(t, CKA_PRIVATE)) {
        const bool private = template_bool(t, CKA_PRIVATE, false);
        w.public = !private;
        w.private = w.private && private;
    }
    if (template_has(t, CKA_TOKEN)) {
        w.token = template_bool(t, CKA_TOKEN, false);
        w.session = !w.token;
    }
    return w;
}

static enum rc find_stored(struct session *s, struct store *store, const struct wanted *w,
                           struct bytes term, struct find *f)
{
    const struct store_engine *engine = s->token->hsm->engine;
    struct store_txn *txn = NULL;
    TRY(engine->begin(store, false, &txn));
    f->change = engine->txn_change(txn);
    enum rc rc = w->public ? read_term(s->token, txn, SEAL_PUBLIC, term, f) : RC_OK;
    if (rc == RC_OK && w->private) {
        rc = read_term(s->token, txn, SEAL_PRIVATE, term, f);
    }
    engine->abort(txn);
    return rc;
}

/* Drops the candidates from FROM on that do not match. A damaged record is left out, aloud: the
 * others must stay within reach. */
static enum rc sift(struct session *s, const struct template *t, struct find *f, size_t from)
{
    size_t kept = from;
    for (size_t i = from; i < f->n; i++) {
        AUTO_OBJECT struct object *o = NULL;
        const enum rc rc = vault_get(s, f->ids[i], false, &o);
        if (rc == RC_STORE_CORRUPT) {
            log_error("object %llu of slot %u is damaged and left out of a search",
                      (unsigned long long)f->ids[i], s->token->slot);
        } else if (rc == RC_OK && object_matches(o, t)) {
            f->ids[kept++] = f->ids[i];
        } else if (rc != RC_OK && rc != RC_OBJECT_HANDLE_INVALID) {
            return rc;
        }
    }
    f->n = kept;
    return RC_OK;
}

static int by_id(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

struct looking {
    struct session *s;
    const struct template *t;
    const struct wanted *w;
    struct find *f;
};

static enum rc look_at(void *ctx, const struct object *o)
{
    const struct looking *l = ctx;
    const struct guard_who who = session_who(l->s);
    const bool private = (object_flags(o) & OBJECT_PRIVATE) != 0;
    const bool meant = private ? l->w->private : l->w->public;
    return meant && guard_sees(&l->s->token->hsm->policy, &who, o) && object_matches(o, l->t)
               ? append(l->f, object_id(o))
               : RC_OK;
}

static enum rc find_session_objects(struct session *s, const struct template *t,
                                    const struct wanted *w, struct find *f)
{
    struct looking l = {s, t, w, f};
    const size_t from = f->n;
    TRY(session_objects_each(s->token, look_at, &l));
    if (f->n > from + 1) {
        qsort(f->ids + from, f->n - from, sizeof *f->ids, by_id);
    }
    return RC_OK;
}

enum rc vault_find(struct session *s, const struct template *t, struct find *f)
{
    const struct wanted w = wanted(s, t);
    struct store *store = NULL;
    TRY(token_refresh(s->token));
    TRY(hall_store(s->token->hsm, &store));
    f->change = s->token->hsm->engine->change(store);
    if (w.token) {
        AUTO_BUF struct buf term = BUF_INIT;
        bool complete = false;
        TRY(template_term(t, &term, &complete));
        TRY(find_stored(s, store, &w, buf_view(&term), f));
        if (!complete || s->token->hsm->policy.hide_post_quantum) {
            TRY(sift(s, t, f, 0));
        }
    }
    return w.session ? find_session_objects(s, t, &w, f) : RC_OK;
}
