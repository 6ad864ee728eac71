/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the hall share.
 *
 * Locks, in the order they are taken: hsm->lock < session->lock < token->login < token->lock <
 * token->objects_lock or a shelf's < hsm->opening < store. A call holds its session's lock from
 * lookup to return, so one session runs one call at a time and sessions run side by side. No
 * cryptography runs under a token lock, the opening of stored records and the PIN check excepted.
 */
#ifndef CRATON_CORE_HALL_H
#define CRATON_CORE_HALL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "base/env.h"
#include "base/lock.h"
#include "base/map.h"
#include "base/secret.h"
#include "conf/conf.h"
#include "core.h"
#include "crypto/crypto.h"
#include "guard/guard.h"
#include "mech/mech.h"
#include "object/object.h"
#include "seal/seal.h"
#include "store/store.h"

/* Session objects carry this bit in their handle; token objects never do. */
#define HANDLE_SESSION_OBJECT (1ull << 62)

/* The longest input of one call in bytes; longer data is given in parts. */
#define CORE_DATA_MAX (1ull << 32)

/* ---- token ------------------------------------------------------------------------------------ */

/* Session objects by the block of their number: sessions that make and destroy some seldom meet at one
 * shelf. */
enum { SHELVES = 16, NUMBERS = 64 /* in a block */ };
struct shelf {
    _Alignas(128) struct lock lock; /* LOCK_OBJECT; neighbours do not share a cache line */
    struct map map;                 /* id -> struct session_object * */
};

struct token {
    struct hsm *hsm;
    uint32_t slot;
    struct mech_env mech; /* what mechanisms need from us; constant */

    /* LOCK_LOGIN: one matter of PINs at a time. The slow parts (back-off, key derivation) run under
     * this lock alone, so that nobody who is logged in waits for somebody who fails to. */
    struct lock login;

    struct lock lock; /* LOCK_TOKEN: all up to objects_lock */
    bool initialized;
    enum rc status;          /* why the state cannot be read, or RC_OK */
    struct seal_state state; /* as of `seen` */
    struct buf state_record; /* the sealed record that `state` was read from */
    struct secret *master;   /* while the security officer is logged in */
    unsigned sessions, rw_sessions;
    _Atomic uint64_t seen;  /* store change that `state` is as of, plus one */
    _Atomic int role;       /* enum guard_role */
    _Atomic uint64_t epoch; /* raised when private objects become unusable */

    struct rwlock objects_lock; /* LOCK_OBJECT: all below */
    struct seal_keys *keys[2];  /* by enum seal_domain; private only while the user is logged in */
    uint8_t token_id[SEAL_TOKEN_ID_SIZE]; /* whose keys these are */
    struct map cached;                    /* token objects: id -> struct cached * */
    struct map nonces;                    /* id -> struct nonce_block * */

    struct shelf shelves[SHELVES]; /* session objects: session_objects.c */
    _Atomic uint64_t local; /* raised when a session object that somebody holds changes or goes */
};

struct cached {
    struct object *object;
    _Atomic uint64_t checked; /* store change at which it was seen to be current */
};

/* ---- session ------------------------------------------------------------------------------------ */

enum { OP_KINDS = VERB_VERIFY + 1 }; /* encrypt, decrypt, digest, sign, verify */

struct op {
    struct mech_op *run; /* kept for the next time; NULL before the first */
    const struct mech_row *row;
    /* Of this operation or of the last one: kept, so that using it again does not touch a count that
     * all threads share. */
    struct object *key;
    bool keyed; /* this operation has a key */
    bool active;
    bool in_parts;          /* an update has been seen */
    bool needs_login;       /* CKA_ALWAYS_AUTHENTICATE and no context login yet */
    uint64_t epoch;         /* of the token when begun, for private keys */
    uint64_t change, local; /* at which the key was last seen to exist */
    struct secret *held;    /* a result that did not fit the caller's buffer */
    bool early;             /* the signature came first (C_VerifySignatureInit): */
    struct buf signature;   /* this one; its memory is kept for the next time */
};

struct find {
    bool active;
    uint64_t *ids;
    size_t n, cap, at;
    uint64_t change;
};

/* A key that a session has used, which need not be looked up again while nothing changed. */
struct known {
    struct object *object;
    uint64_t handle;
    uint64_t change, local, epoch; /* as of which it was seen */
};

struct session {
    struct lock lock;         /* LOCK_SESSION */
    CK_SESSION_HANDLE handle; /* 0: free */
    struct token *token;
    bool rw;
    uint32_t index;
    uint64_t generation;
    struct op ops[OP_KINDS];
    struct find find;
    struct known known[2]; /* the keys used last */
    unsigned recent;       /* which of the two is the last */
    /* Of its next session object; a multiple of NUMBERS when its block is used up. */
    uint64_t number;
    struct session *next_free;
};

/* ---- the whole ------------------------------------------------------------------------------------ */

struct hsm {
    const struct env *env;
    const struct conf *conf;
    const struct crypto *crypto;
    const struct store_engine *engine;
    const char *path; /* NULL: memory */
    struct guard_policy policy;
    struct secret *state_key; /* seals C_GetOperationState; lives as long as the hsm */

    struct lock opening; /* LOCK_OPENING: store and device, once */
    struct store *_Atomic store;
    struct secret *device;
    struct lock lock;                  /* LOCK_HSM: the session table */
    struct session *_Atomic *sessions; /* by index */
    size_t sessions_cap, sessions_made;
    struct session *free_sessions;
    _Atomic uint64_t next_session_object; /* a multiple of NUMBERS */
    uint8_t unique_start[16]; /* random; what the unique ids of session objects count from */

    pthread_cond_t wake;
    pthread_mutex_t wake_mutex;
    bool waking;
    unsigned waiting;

    size_t n_tokens;
    struct token *tokens;
};

/* ---- hall.c ------------------------------------------------------------------------------------------ */

/* RC_SLOT_ID_INVALID. */
NODISCARD enum rc hall_token(struct hsm *h, CK_SLOT_ID slot, struct token **ret);
/* The store, opened now if it has come to be since. RC_NOT_FOUND: there is none yet. */
NODISCARD enum rc hall_store(struct hsm *h, struct store **ret);
/* The store, made if absent (C_InitToken). */
NODISCARD enum rc hall_store_make(struct hsm *h, struct store **ret);
uint64_t hall_now_ms(const struct hsm *h);

/* ---- session.c --------------------------------------------------------------------------------------- */

/* Finds and locks a session; it stays locked to the end of the scope:
 *     AUTO_SESSION *s; TRY(session_take(h, handle, &s)); */
NODISCARD enum rc session_take(struct hsm *h, CK_SESSION_HANDLE handle, struct session **ret);
void session_drop_at(struct session **s);
#define AUTO_SESSION __attribute__((cleanup(session_drop_at))) struct session
struct guard_who session_who(const struct session *s);
void sessions_free(struct hsm *h);
/* Sessions of T let go of keys that are gone or no longer theirs to use (after a log-out or a
 * destruction), so that these leave memory. One that is busy does so at its next use. The caller
 * holds no session's lock. */
void sessions_sweep(struct token *t);

/* ---- token.c ----------------------------------------------------------------------------------------- */

NODISCARD enum rc token_open(struct hsm *h, uint32_t slot, struct token *t);
void token_close(struct token *t);
/* Brings t->state up to the store. RC_OK also when not initialised. Takes t->lock. */
NODISCARD enum rc token_refresh(struct token *t);
/* The same with t->lock held. */
NODISCARD enum rc token_refresh_locked(struct token *t);
/* As token_refresh, and RC_TOKEN_NOT_INITIALIZED. */
NODISCARD enum rc token_ready(struct token *t);
/* The token in the store is still the one whose keys we hold; else RC_TOKEN_NOT_RECOGNIZED. */
NODISCARD enum rc token_still(struct token *t, struct store_txn *txn);
/* With t->lock held: nobody is logged in any more; private things go. */
void token_logout_locked(struct token *t);
/* The state as TXN sees it. RC_NOT_FOUND: not initialised. */
NODISCARD enum rc token_state_get(struct token *t, struct store_txn *txn, struct seal_state *ret);
/* Writes STATE inside TXN. */
NODISCARD enum rc token_state_put(struct token *t, struct store_txn *txn,
                                  const struct seal_state *state);

/* ---- login.c ----------------------------------------------------------------------------------------- */

/* Checks PIN with counting, back-off and lockout, durable before the comparison. t->login is held,
 * t->lock is not. *RET_STATE: the token that it was checked against. Caller frees *RET_MASTER. */
NODISCARD enum rc login_check(struct token *t, enum seal_account account, struct bytes pin,
                              struct seal_state *ret_state, struct secret **ret_master);
/* The rules for a new PIN. */
NODISCARD enum rc login_new_pin(const struct hsm *h, struct bytes pin);

/* ---- vault_load.c: from the store ------------------------------------------------------------------------ */

/* The object behind HANDLE as S may see it; RC_OBJECT_HANDLE_INVALID. SECRETS: its secret part is in
 * memory. Caller unrefs. */
NODISCARD enum rc vault_get(struct session *s, CK_OBJECT_HANDLE handle, bool secrets,
                            struct object **ret);
/* The same; *RET_SEEN: the store change that the answer is as of. */
NODISCARD enum rc vault_get_at(struct session *s, CK_OBJECT_HANDLE handle, bool secrets,
                               struct object **ret, uint64_t *ret_seen);
/* As vault_get with secrets for keys in use, through the session's memory of the last two;
 * RC_KEY_HANDLE_INVALID. *RET is borrowed from the session up to the next call but one: ref it to keep
 * it longer. */
NODISCARD enum rc vault_key(struct session *s, CK_OBJECT_HANDLE handle, const struct object **ret);
/* Puts O, as it is at store change CHANGE, into the memory of token objects, unless the token's epoch
 * is no longer EPOCH. Best effort. */
void vault_remember(struct token *t, const struct object *o, uint64_t change, uint64_t epoch);
void vault_forget(struct token *t, uint64_t id);
/* What was read under the private keys goes from memory, and the keys. */
void vault_forget_private(struct token *t);
void vault_forget_all(struct token *t);
/* Number of the store's last change; 0 without a store. */
uint64_t vault_change_number(const struct token *t);

#define VAULT_KEY_SIZE 13
/* The store's key of one part of an object: slot, id, part, big endian. The first 12 bytes are the
 * prefix of all its parts, the first 4 of all the token has. */
void vault_store_key(const struct token *t, uint64_t id, enum seal_part part,
                     uint8_t out[VAULT_KEY_SIZE]);

/* ---- vault.c: making, changing, removing ------------------------------------------------------------------- */

/* What S may add: early, before a key is made. */
NODISCARD enum rc vault_may_add(const struct session *s, const struct draft *d);
/* Finishes and keeps N drafts (1 or 2), all or none; durable when it returns. */
NODISCARD enum rc vault_add(struct session *s, struct draft *const *drafts, size_t n,
                            CK_OBJECT_HANDLE *ret);
NODISCARD enum rc vault_copy(struct session *s, const struct object *o, const struct template *t,
                             CK_OBJECT_HANDLE *ret);
NODISCARD enum rc vault_modify(struct session *s, CK_OBJECT_HANDLE handle,
                               const struct template *t);
/* *RET_HELD: sessions may still hold it (sessions_sweep). */
NODISCARD enum rc vault_remove(struct session *s, CK_OBJECT_HANDLE handle, bool *ret_held);
NODISCARD enum rc vault_may_remove(const struct guard_who *who, const struct object *o);
struct object_rules vault_rules(const struct session *s);

/* ---- session_objects.c --------------------------------------------------------------------------- */

void session_objects_open(struct token *t);
void session_objects_close(struct token *t); /* all of them are gone */
/* S is the owner of O from now on; a reference is taken. */
NODISCARD enum rc session_objects_put(struct session *s, const struct object *o);
/* A reference, or NULL. */
struct object *session_objects_get(struct token *t, uint64_t id);
/* MADE, which is taken in every case, in place of O. RC_OBJECT_HANDLE_INVALID when there is none any
 * more, RC_CANCEL when it is another version. */
NODISCARD enum rc session_objects_replace(struct token *t, const struct object *o,
                                          struct object *made);
/* What S may remove. *RET_HELD: somebody still has it, or had it before it was changed. */
NODISCARD enum rc session_objects_remove(struct session *s, uint64_t id, bool *ret_held);
/* One that nobody has been told of. */
void session_objects_take_back(struct token *t, uint64_t id);
/* Those of OWNER, or all of the token (owner 0), or the private ones, go. */
void session_objects_drop(struct token *t, CK_SESSION_HANDLE owner, bool private_only);
/* In no order; EACH is called under a lock, and its error ends it. */
NODISCARD enum rc session_objects_each(struct token *t,
                                       enum rc (*each)(void *ctx, const struct object *o),
                                       void *ctx);

/* ---- vault_find.c, nonce.c ----------------------------------------------------------------------------------- */

#define VAULT_TERM_SIZE (4 + SEAL_BLIND_SIZE)
/* The store's key of an index term: slot, blinded term. */
NODISCARD enum rc vault_term_key(const struct token *t, const struct seal_keys *keys,
                                 struct bytes term, uint8_t out[VAULT_TERM_SIZE]);
/* Every handle that matches T and S may see, appended to F. */
NODISCARD enum rc vault_find(struct session *s, const struct template *t, struct find *f);
/* mech_env.next_nonce */
enum rc vault_next_nonce(void *ctx, const struct object *key, uint8_t ret[12]);
void nonces_free(struct token *t);

/* ---- op.c -------------------------------------------------------------------------------------------- */

/* Ends the operation, if there is one. */
void op_end(struct op *op);
/* And lets go of the key that is kept. */
void op_forget(struct op *op);
void ops_free(struct session *s);
void find_end(struct find *f);

#endif
