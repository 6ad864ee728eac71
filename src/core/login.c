/* SPDX-License-Identifier: Apache-2.0
 *
 * PINs: C_InitToken, C_InitPIN, C_SetPIN, C_Login, C_Logout. An attempt is counted durably before
 * the PIN is compared, so that neither a crash nor a second process wins a free try.
 */
#include <string.h>

#include "hall.h"

/* Reads, changes and writes a token's state in one durable transaction; t->lock is not held. */
static enum rc change_state(struct token *t, enum rc (*change)(struct seal_state *s, void *ctx),
                            void *ctx)
{
    struct hsm *h = t->hsm;
    struct store *store = NULL;
    TRY(hall_store(h, &store));
    struct store_txn *txn = NULL;
    TRY(h->engine->begin(store, true, &txn));
    /* What another process wrote meanwhile is in this transaction's view. */
    struct seal_state state;
    enum rc rc = token_state_get(t, txn, &state);
    rc = rc == RC_OK ? change(&state, ctx) : rc;
    if (rc == RC_OK) {
        state.change++;
        rc = token_state_put(t, txn, &state);
    }
    if (rc != RC_OK) {
        h->engine->abort(txn);
        return rc;
    }
    TRY(h->engine->commit(txn));
    return token_refresh(t);
}

/* A copy of the state as it is now. */
static void snapshot(struct token *t, struct seal_state *ret)
{
    LOCKED(&t->lock);
    *ret = t->state;
}

static bool same_token(const struct seal_state *a, const struct seal_state *b)
{
    return memcmp(a->token_id, b->token_id, sizeof a->token_id) == 0;
}

struct attempt {
    struct token *t;
    enum seal_account account;
    unsigned wait_ms; /* > 0: not counted, come back later */
};

static enum rc count_attempt(struct seal_state *s, void *ctx)
{
    struct attempt *a = ctx;
    struct seal_pin *pin = &s->pin[a->account];
    const uint64_t now = hall_now_ms(a->t->hsm);
    REQUIRE(pin->set, RC_USER_PIN_NOT_INITIALIZED);
    REQUIRE(pin->failed < a->t->hsm->conf->max_failed_logins, RC_PIN_LOCKED);
    a->wait_ms = seal_pin_wait_ms(pin, now);
    REQUIRE(a->wait_ms == 0, RC_CANCEL);
    pin->failed++;
    pin->last_failed_ms = now;
    return RC_OK;
}

static enum rc clear_attempts(struct seal_state *s, void *ctx)
{
    const struct attempt *a = ctx;
    s->pin[a->account].failed = 0;
    s->pin[a->account].last_failed_ms = 0;
    return RC_OK;
}

enum rc login_check(struct token *t, enum seal_account account, struct bytes pin,
                    struct seal_state *ret_state, struct secret **ret_master)
{
    struct attempt attempt = {.t = t, .account = account, .wait_ms = 0};
    enum rc rc = change_state(t, count_attempt, &attempt);
    while (rc == RC_CANCEL) { /* back-off is due; another process may add to it meanwhile */
        t->hsm->env->wait(t->hsm->env->ctx, attempt.wait_ms);
        rc = change_state(t, count_attempt, &attempt);
    }
    TRY(rc);
    AUTO_SECRET struct secret *master = NULL;
    snapshot(t, ret_state);
    rc = seal_pin_open(t->hsm->crypto, ret_state, account, pin, &master);
    if (rc == RC_PIN_INCORRECT &&
        ret_state->pin[account].failed >= t->hsm->conf->max_failed_logins) {
        log_warn("the %s PIN of slot %u is now locked", account == SEAL_SO ? "SO" : "user",
                 t->slot);
        return RC_PIN_LOCKED;
    }
    TRY(rc);
    TRY(change_state(t, clear_attempts, &attempt));
    *ret_master = TAKE(master);
    return RC_OK;
}

/* ---- rules for new PINs ------------------------------------------------------------------------ */

static bool utf8_without_nul(struct bytes v)
{
    size_t i = 0;
    while (i < v.n) {
        const uint8_t c = v.p[i];
        size_t more = 0;
        uint32_t least = 1;
        uint32_t point = c;
        if (c >= 0xf0 && c <= 0xf4) {
            more = 3, least = 0x10000, point = c & 0x07u;
        } else if (c >= 0xe0 && c < 0xf0) {
            more = 2, least = 0x800, point = c & 0x0fu;
        } else if (c >= 0xc2 && c < 0xe0) {
            more = 1, least = 0x80, point = c & 0x1fu;
        } else if (c >= 0x80) {
            return false;
        }
        if (v.n - i <= more) {
            return false;
        }
        for (size_t k = 1; k <= more; k++) {
            if ((v.p[i + k] & 0xc0) != 0x80) {
                return false;
            }
            point = (point << 6) | (v.p[i + k] & 0x3fu);
        }
        if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
            return false;
        }
        i += more + 1;
    }
    return true;
}

/* Three distinct bytes, and two kinds of characters when all are printable ASCII. */
static bool complex_enough(struct bytes v)
{
    bool seen[256] = {false};
    unsigned distinct = 0, lower = 0, upper = 0, digit = 0, symbol = 0, other = 0;
    for (size_t i = 0; i < v.n; i++) {
        const uint8_t c = v.p[i];
        distinct += !seen[c];
        seen[c] = true;
        lower |= c >= 'a' && c <= 'z';
        upper |= c >= 'A' && c <= 'Z';
        digit |= c >= '0' && c <= '9';
        other |= c < 0x20 || c > 0x7e;
        symbol |= c > 0x20 && c <= 0x7e && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') &&
                  !(c >= '0' && c <= '9');
    }
    mem_wipe(seen, sizeof seen);
    return distinct >= 3 && (other || lower + upper + digit + symbol >= 2);
}

enum rc login_new_pin(const struct hsm *h, struct bytes pin)
{
    REQUIRE(pin.p != NULL, RC_ARGUMENTS_BAD);
    REQUIRE(pin.n >= h->conf->pin_min_length && pin.n <= h->conf->pin_max_length, RC_PIN_LEN_RANGE);
    REQUIRE(utf8_without_nul(pin), RC_PIN_INVALID);
    REQUIRE(!h->conf->pin_complexity || complex_enough(pin), RC_PIN_INVALID);
    return RC_OK;
}

/* ---- C_InitToken --------------------------------------------------------------------------------- */

/* *RET_STATE: the token that may be replaced; *RET_EXISTS: whether there is one. */
static enum rc prove_so(struct token *t, struct bytes pin, struct seal_state *ret_state,
                        bool *ret_exists)
{
    AUTO_SECRET struct secret *master = NULL;
    const enum rc ready = token_ready(t);
    *ret_exists = ready == RC_OK;
    if (ready == RC_TOKEN_NOT_INITIALIZED) {
        return RC_OK;
    }
    TRY(ready);
    snapshot(t, ret_state);
    /* A locked SO recovers only here, and loses everything by it. */
    if (ret_state->pin[SEAL_SO].failed >= t->hsm->conf->max_failed_logins) {
        log_warn("slot %u is initialised anew because its SO PIN is locked", t->slot);
        return RC_OK;
    }
    return login_check(t, SEAL_SO, pin, ret_state, &master);
}

static enum rc no_sessions(struct token *t)
{
    LOCKED(&t->lock);
    return t->sessions == 0 ? RC_OK : RC_SESSION_EXISTS;
}

/* The token in the store is still the one whose officer was asked: RC_CANCEL, ask again. */
static enum rc still_replaceable(struct token *t, struct store_txn *txn,
                                 const struct seal_state *old)
{
    struct seal_state now;
    const enum rc rc = token_state_get(t, txn, &now);
    if (rc == RC_NOT_FOUND) {
        return old == NULL ? RC_OK : RC_CANCEL;
    }
    TRY(rc);
    return old != NULL && same_token(old, &now) ? RC_OK : RC_CANCEL;
}

static enum rc replace_in(struct token *t, struct store_txn *txn, const struct seal_state *old,
                          const struct seal_state *state)
{
    const struct store_engine *engine = t->hsm->engine;
    uint8_t prefix[4];
    put_u32_be(prefix, t->slot);
    TRY(still_replaceable(t, txn, old));
    TRY(engine->remove_prefix(txn, STORE_OBJECT, BYTES(prefix, sizeof prefix)));
    TRY(engine->remove_prefix(txn, STORE_INDEX, BYTES(prefix, sizeof prefix)));
    return token_state_put(t, txn, state);
}

/* OLD: the token that goes, or NULL. */
static enum rc replace_token(struct token *t, struct store *store, const struct seal_state *old,
                             const struct seal_state *state)
{
    struct hsm *h = t->hsm;
    struct store_txn *txn = NULL;
    LOCKED(&t->lock);
    REQUIRE(t->sessions == 0, RC_SESSION_EXISTS); /* none came while the PIN was checked */
    TRY(h->engine->begin(store, true, &txn));
    const enum rc rc = replace_in(t, txn, old, state);
    if (rc != RC_OK) {
        h->engine->abort(txn);
        return rc;
    }
    TRY(h->engine->commit(txn));
    return token_refresh_locked(t);
}

static void token_label(const struct hsm *h, const CK_BYTE *given, uint8_t out[SEAL_LABEL_SIZE])
{
    bool blank = true;
    for (size_t i = 0; i < SEAL_LABEL_SIZE; i++) {
        blank = blank && (given[i] == ' ' || given[i] == 0);
    }
    if (!blank) {
        mem_copy(out, given, SEAL_LABEL_SIZE);
        return;
    }
    memset(out, ' ', SEAL_LABEL_SIZE);
    mem_copy(out, h->conf->label, strnlen(h->conf->label, SEAL_LABEL_SIZE));
}

static enum rc init_token(struct token *t, struct bytes so_pin, const CK_BYTE *label)
{
    struct hsm *h = t->hsm;
    struct seal_state old;
    struct seal_state fresh;
    bool exists = false;
    struct store *store = NULL;
    uint8_t text[SEAL_LABEL_SIZE];
    AUTO_SECRET struct secret *master = NULL;
    TRY(prove_so(t, so_pin, &old, &exists));
    TRY(hall_store_make(h, &store));
    token_label(h, label, text);
    TRY(seal_token_new(h->crypto, BYTES(text, sizeof text), so_pin, h->conf->pbkdf2_iterations,
                       hall_now_ms(h), &fresh, &master));
    return replace_token(t, store, exists ? &old : NULL, &fresh);
}

enum rc core_init_token(struct hsm *h, CK_SLOT_ID slot, CK_BYTE *pin, CK_ULONG pin_n,
                        CK_BYTE *label)
{
    struct token *t = NULL;
    TRY(hall_token(h, slot, &t));
    REQUIRE(pin != NULL && label != NULL, RC_ARGUMENTS_BAD);
    LOCKED(&t->login);
    TRY(no_sessions(t));
    TRY(login_new_pin(h, BYTES(pin, pin_n)));
    enum rc rc = RC_CANCEL;
    while (rc == RC_CANCEL) { /* another process initialised it meanwhile */
        rc = init_token(t, BYTES(pin, pin_n), label);
    }
    return rc;
}

/* ---- C_InitPIN, C_SetPIN ---------------------------------------------------------------------------- */

struct new_pin {
    const struct seal_state *of; /* the token it was made for */
    enum seal_account account;
    struct seal_pin made;
};

static enum rc set_pin(struct seal_state *s, void *ctx)
{
    const struct new_pin *n = ctx;
    REQUIRE(same_token(s, n->of), RC_TOKEN_NOT_RECOGNIZED);
    s->pin[n->account] = n->made;
    return RC_OK;
}

/* The slow part runs before the transaction, on a copy. */
static enum rc store_pin(struct token *t, const struct seal_state *of, enum seal_account account,
                         struct bytes pin, const struct secret *master)
{
    struct seal_state copy = *of;
    TRY(seal_pin_set(t->hsm->crypto, &copy, account, pin, t->hsm->conf->pbkdf2_iterations, master));
    struct new_pin n = {.of = of, .account = account, .made = copy.pin[account]};
    return change_state(t, set_pin, &n);
}

/* The state and the master key that the security officer's login opened. */
static enum rc so_master(struct token *t, struct seal_state *ret_state, struct secret **ret_master)
{
    LOCKED(&t->lock);
    REQUIRE(atomic_load(&t->role) == ROLE_SO && t->master != NULL, RC_USER_NOT_LOGGED_IN);
    *ret_state = t->state;
    *ret_master = secret_copy(t->master);
    return *ret_master != NULL ? RC_OK : RC_HOST_MEMORY;
}

enum rc core_init_pin(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *pin, CK_ULONG pin_n)
{
    AUTO_SESSION *s = NULL;
    struct seal_state state;
    AUTO_SECRET struct secret *master = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(pin != NULL, RC_ARGUMENTS_BAD);
    TRY(token_ready(s->token));
    LOCKED(&s->token->login);
    TRY(so_master(s->token, &state, &master));
    TRY(login_new_pin(h, BYTES(pin, pin_n)));
    return store_pin(s->token, &state, SEAL_USER, BYTES(pin, pin_n), master);
}

enum rc core_set_pin(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *old, CK_ULONG old_n,
                     CK_BYTE *pin, CK_ULONG pin_n)
{
    AUTO_SESSION *s = NULL;
    struct seal_state state;
    AUTO_SECRET struct secret *master = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(old != NULL && pin != NULL, RC_ARGUMENTS_BAD);
    REQUIRE(s->rw, RC_SESSION_READ_ONLY);
    struct token *t = s->token;
    TRY(token_ready(t));
    TRY(login_new_pin(h, BYTES(pin, pin_n)));
    LOCKED(&t->login);
    const enum seal_account account = atomic_load(&t->role) == ROLE_SO ? SEAL_SO : SEAL_USER;
    TRY(login_check(t, account, BYTES(old, old_n), &state, &master));
    return store_pin(t, &state, account, BYTES(pin, pin_n), master);
}

/* ---- C_Login, C_Logout -------------------------------------------------------------------------------- */

static enum rc may_log_in(const struct token *t, enum guard_role role)
{
    const int now = atomic_load(&t->role);
    REQUIRE(now != (int)role, RC_USER_ALREADY_LOGGED_IN);
    REQUIRE(now == ROLE_PUBLIC, RC_USER_ANOTHER_ALREADY_LOGGED_IN);
    REQUIRE(role != ROLE_SO || t->sessions == t->rw_sessions, RC_SESSION_READ_ONLY_EXISTS);
    REQUIRE(role != ROLE_USER || t->state.pin[SEAL_USER].set, RC_USER_PIN_NOT_INITIALIZED);
    return RC_OK;
}

static enum rc open_private(struct token *t, const struct secret *master)
{
    struct seal_keys *keys = NULL;
    TRY(seal_keys_new(t->hsm->crypto, master, t->state.token_id, t->state.generation, SEAL_PRIVATE,
                      &keys));
    rwlock_write(&t->objects_lock);
    t->keys[SEAL_PRIVATE] = keys;
    rwlock_drop(&t->objects_lock);
    return RC_OK;
}

/* CKU_CONTEXT_SPECIFIC: for the operation that waits for it, and that one only. */
static enum rc context_login(struct session *s, struct bytes pin)
{
    struct token *t = s->token;
    bool waiting = false;
    for (size_t i = 0; i < OP_KINDS; i++) {
        waiting = waiting || (s->ops[i].active && s->ops[i].needs_login);
    }
    REQUIRE(waiting, RC_OPERATION_NOT_INITIALIZED);
    LOCKED(&t->login);
    REQUIRE(atomic_load(&t->role) == ROLE_USER, RC_USER_NOT_LOGGED_IN);
    struct seal_state state;
    AUTO_SECRET struct secret *master = NULL;
    TRY(login_check(t, SEAL_USER, pin, &state, &master));
    for (size_t i = 0; i < OP_KINDS; i++) {
        s->ops[i].needs_login = false;
    }
    return RC_OK;
}

static enum rc may_log_in_now(struct token *t, enum guard_role role)
{
    LOCKED(&t->lock);
    return may_log_in(t, role);
}

/* The PIN is right: ROLE is logged in, if that may still be. Takes *MASTER when it keeps it.
 * RC_CANCEL: another process initialised the token anew meanwhile. */
static enum rc enter(struct token *t, enum guard_role role, const struct seal_state *checked,
                     struct secret **master)
{
    LOCKED(&t->lock);
    TRY(may_log_in(t, role));
    REQUIRE(t->initialized && same_token(checked, &t->state), RC_CANCEL);
    if (role == ROLE_USER) {
        TRY(open_private(t, *master));
    } else {
        t->master = TAKE(*master); /* C_InitPIN wraps it anew */
    }
    atomic_store(&t->role, (int)role);
    return RC_OK;
}

static enum rc log_in(struct token *t, enum guard_role role, struct bytes pin)
{
    struct seal_state state;
    AUTO_SECRET struct secret *master = NULL;
    TRY(may_log_in_now(t, role));
    TRY(login_check(t, role == ROLE_SO ? SEAL_SO : SEAL_USER, pin, &state, &master));
    return enter(t, role, &state, &master);
}

enum rc core_login(struct hsm *h, CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin,
                   CK_ULONG pin_n)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(user == CKU_SO || user == CKU_USER || user == CKU_CONTEXT_SPECIFIC,
            RC_USER_TYPE_INVALID);
    REQUIRE(pin != NULL, RC_ARGUMENTS_BAD);
    REQUIRE(pin_n > 0 && pin_n <= 256, RC_PIN_LEN_RANGE);
    struct token *t = s->token;
    TRY(token_ready(t));
    if (user == CKU_CONTEXT_SPECIFIC) {
        return context_login(s, BYTES(pin, pin_n));
    }
    const enum guard_role role = user == CKU_SO ? ROLE_SO : ROLE_USER;
    LOCKED(&t->login);
    enum rc rc = RC_CANCEL;
    while (rc == RC_CANCEL) {
        rc = log_in(t, role, BYTES(pin, pin_n));
    }
    return rc;
}

enum rc core_login_user(struct hsm *h, CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin,
                        CK_ULONG pin_n, CK_BYTE *name, CK_ULONG name_n)
{
    /* The token has one user of each type; a name is accepted only when it is empty. */
    REQUIRE(name != NULL || name_n == 0, RC_ARGUMENTS_BAD);
    REQUIRE(name_n == 0, RC_ARGUMENTS_BAD);
    return core_login(h, session, user, pin, pin_n);
}

static enum rc log_out(struct hsm *h, CK_SESSION_HANDLE session, struct token **ret)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    struct token *t = s->token;
    LOCKED(&t->lock);
    REQUIRE(atomic_load(&t->role) != ROLE_PUBLIC, RC_USER_NOT_LOGGED_IN);
    token_logout_locked(t);
    *ret = t;
    return RC_OK;
}

enum rc core_logout(struct hsm *h, CK_SESSION_HANDLE session)
{
    struct token *t = NULL;
    TRY(log_out(h, session, &t));
    sessions_sweep(t);
    return RC_OK;
}
