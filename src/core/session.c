/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions. A handle is (generation << 20 | index + 1): looking one up takes the session's own lock
 * and no other. A session's memory is kept and used again until the hall closes, so that a stale
 * handle finds a session with another handle, never freed memory.
 */
#include <string.h>

#include "hall.h"

#define INDEX_BITS 20

void session_drop_at(struct session **s)
{
    if (*s != NULL) {
        lock_drop(&(*s)->lock);
    }
}

enum rc session_take(struct hsm *h, CK_SESSION_HANDLE handle, struct session **ret)
{
    const uint64_t index = (handle & ((1u << INDEX_BITS) - 1)) - 1;
    REQUIRE(index < h->sessions_cap, RC_SESSION_HANDLE_INVALID);
    struct session *s = atomic_load_explicit(&h->sessions[index], memory_order_acquire);
    REQUIRE(s != NULL, RC_SESSION_HANDLE_INVALID);
    lock_take(&s->lock);
    if (s->handle != handle) {
        lock_drop(&s->lock);
        return RC_SESSION_HANDLE_INVALID;
    }
    *ret = s;
    return RC_OK;
}

struct guard_who session_who(const struct session *s)
{
    return (struct guard_who){.role = (enum guard_role)atomic_load(&s->token->role), .rw = s->rw};
}

/* A free session struct, made if there is none. */
static enum rc obtain(struct hsm *h, struct session **ret)
{
    LOCKED(&h->lock);
    struct session *s = h->free_sessions;
    if (s != NULL) {
        h->free_sessions = s->next_free;
        *ret = s;
        return RC_OK;
    }
    REQUIRE(h->sessions_made < h->sessions_cap, RC_SESSION_COUNT);
    s = mem_alloc(sizeof *s);
    REQUIRE(s != NULL, RC_HOST_MEMORY);
    uint8_t start[2];
    const enum rc rc = rng_bytes(h->crypto->rng, start, sizeof start);
    if (rc != RC_OK) {
        mem_free(s);
        return rc;
    }
    lock_init(&s->lock, LOCK_SESSION);
    s->index = (uint32_t)h->sessions_made;
    s->generation = ((unsigned)start[0] << 2) | (start[1] & 3u);
    atomic_store_explicit(&h->sessions[h->sessions_made++], s, memory_order_release);
    *ret = s;
    return RC_OK;
}

static void give_back(struct hsm *h, struct session *s)
{
    LOCKED(&h->lock);
    s->next_free = h->free_sessions;
    h->free_sessions = s;
}

static enum rc admit(struct token *t, bool rw)
{
    LOCKED(&t->lock);
    TRY(token_refresh_locked(t));
    REQUIRE(t->initialized, RC_TOKEN_NOT_RECOGNIZED);
    REQUIRE(rw || atomic_load(&t->role) != ROLE_SO, RC_SESSION_READ_WRITE_SO_EXISTS);
    REQUIRE(t->sessions < t->hsm->conf->max_sessions, RC_SESSION_COUNT);
    REQUIRE(!rw || t->rw_sessions < t->hsm->conf->max_rw_sessions, RC_SESSION_COUNT);
    t->sessions++;
    t->rw_sessions += rw;
    return RC_OK;
}

enum rc core_open_session(struct hsm *h, CK_SLOT_ID slot, CK_FLAGS flags, CK_SESSION_HANDLE *ret)
{
    struct token *t = NULL;
    TRY(hall_token(h, slot, &t));
    REQUIRE(ret != NULL, RC_ARGUMENTS_BAD);
    REQUIRE((flags & CKF_SERIAL_SESSION) != 0, RC_SESSION_PARALLEL_NOT_SUPPORTED);
    REQUIRE((flags & CKF_ASYNC_SESSION) == 0, RC_SESSION_ASYNC_NOT_SUPPORTED);
    REQUIRE((flags & ~(CK_FLAGS)(CKF_SERIAL_SESSION | CKF_RW_SESSION)) == 0, RC_ARGUMENTS_BAD);
    const bool rw = (flags & CKF_RW_SESSION) != 0;
    struct session *s = NULL;
    TRY(obtain(h, &s));
    const enum rc rc = admit(t, rw);
    if (rc != RC_OK) {
        give_back(h, s);
        return rc;
    }
    LOCKED(&s->lock);
    s->token = t;
    s->rw = rw;
    s->generation++;
    s->handle = (s->generation << INDEX_BITS) | (s->index + 1u);
    *ret = s->handle;
    return RC_OK;
}

static void forget(struct known *k)
{
    object_unref(k->object);
    *k = (struct known){.object = NULL};
}

/* Ends everything in S, whose lock is held. */
static void empty(struct session *s)
{
    struct token *t = s->token;
    session_objects_drop(t, s->handle, false);
    for (size_t i = 0; i < OP_KINDS; i++) {
        op_forget(&s->ops[i]);
    }
    find_end(&s->find);
    for (size_t i = 0; i < ARRAY_LEN(s->known); i++) {
        forget(&s->known[i]);
    }
    s->handle = 0;
    LOCKED(&t->lock);
    t->sessions--;
    t->rw_sessions -= s->rw;
    if (t->sessions == 0) {
        token_logout_locked(t);
    }
}

enum rc core_close_session(struct hsm *h, CK_SESSION_HANDLE session)
{
    struct session *s = NULL;
    TRY(session_take(h, session, &s));
    empty(s);
    lock_drop(&s->lock);
    give_back(h, s);
    return RC_OK;
}

enum rc core_close_all_sessions(struct hsm *h, CK_SLOT_ID slot)
{
    struct token *t = NULL;
    TRY(hall_token(h, slot, &t));
    for (size_t i = 0; i < h->sessions_cap; i++) {
        struct session *s = atomic_load_explicit(&h->sessions[i], memory_order_acquire);
        if (s == NULL) {
            break; /* they are made in order */
        }
        lock_take(&s->lock);
        const bool mine = s->handle != 0 && s->token == t;
        if (mine) {
            empty(s);
        }
        lock_drop(&s->lock);
        if (mine) {
            give_back(h, s);
        }
    }
    return RC_OK;
}

static CK_STATE state_of(const struct guard_who *who)
{
    switch (who->role) {
    case ROLE_SO:
        return CKS_RW_SO_FUNCTIONS;
    case ROLE_USER:
        return who->rw ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
    case ROLE_PUBLIC:
        break;
    }
    return who->rw ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
}

enum rc core_get_session_info(struct hsm *h, CK_SESSION_HANDLE session, CK_SESSION_INFO *ret)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(ret != NULL, RC_ARGUMENTS_BAD);
    const struct guard_who who = session_who(s);
    *ret = (CK_SESSION_INFO){
        .slotID = s->token->slot,
        .state = state_of(&who),
        .flags = CKF_SERIAL_SESSION | (s->rw ? CKF_RW_SESSION : 0u),
        .ulDeviceError = 0,
    };
    return RC_OK;
}

/* Flags of C_SessionCancel for each kind of operation (PKCS#11 3.2, 5.6.10). */
static const CK_FLAGS cancel_flags[OP_KINDS] = {
    [VERB_ENCRYPT] = CKF_ENCRYPT, [VERB_DECRYPT] = CKF_DECRYPT, [VERB_DIGEST] = CKF_DIGEST,
    [VERB_SIGN] = CKF_SIGN,       [VERB_VERIFY] = CKF_VERIFY,
};

enum rc core_session_cancel(struct hsm *h, CK_SESSION_HANDLE session, CK_FLAGS flags)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    for (size_t i = 0; i < OP_KINDS; i++) {
        if ((flags & cancel_flags[i]) != 0) {
            op_end(&s->ops[i]);
        }
    }
    if ((flags & CKF_FIND_OBJECTS) != 0) {
        find_end(&s->find);
    }
    return RC_OK;
}

static bool is_gone(struct session *s, const struct object *o)
{
    AUTO_OBJECT struct object *now = NULL;
    return vault_get(s, object_id(o), false, &now) == RC_OBJECT_HANDLE_INVALID;
}

static void sweep(struct session *s)
{
    for (size_t i = 0; i < OP_KINDS; i++) {
        if (s->ops[i].key != NULL && is_gone(s, s->ops[i].key)) {
            op_forget(&s->ops[i]);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(s->known); i++) {
        if (s->known[i].object != NULL && is_gone(s, s->known[i].object)) {
            forget(&s->known[i]);
        }
    }
}

void sessions_sweep(struct token *t)
{
    struct hsm *h = t->hsm;
    for (size_t i = 0; i < h->sessions_cap; i++) {
        struct session *s = atomic_load_explicit(&h->sessions[i], memory_order_acquire);
        if (s == NULL) {
            break; /* they are made in order */
        }
        if (lock_try(&s->lock)) {
            if (s->handle != 0 && s->token == t) {
                sweep(s);
            }
            lock_drop(&s->lock);
        }
    }
}

void sessions_free(struct hsm *h)
{
    for (size_t i = 0; i < h->sessions_made; i++) {
        struct session *s = atomic_load(&h->sessions[i]);
        if (s->handle != 0) {
            lock_take(&s->lock);
            empty(s);
            lock_drop(&s->lock);
        }
        ops_free(s);
        lock_destroy(&s->lock);
        mem_free(s);
    }
    h->sessions_made = 0;
}
