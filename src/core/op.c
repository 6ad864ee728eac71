/* SPDX-License-Identifier: Apache-2.0
 *
 * The one operation engine: length question, short buffer, single and multi-part, cancel, context
 * login and the end of a key are written here once, for all verbs (PKCS#11 3.2, 5.2 and 5.8 to
 * 5.15).
 *
 * A call that ends its operation does so whatever it returns, except for a length question,
 * RC_BUFFER_TOO_SMALL, and a wrong order of calls (RC_OPERATION_ACTIVE).
 */
#include "hall.h"

void op_end(struct op *op)
{
    if (op->run != NULL) {
        mech_end(op->run);
    }
    secret_free(TAKE(op->held));
    op->row = NULL;
    op->keyed = false;
    op->active = false;
    op->in_parts = false;
    op->needs_login = false;
    op->early = false;
}

void op_forget(struct op *op)
{
    op_end(op);
    object_unref(TAKE(op->key));
}

void ops_free(struct session *s)
{
    for (size_t i = 0; i < OP_KINDS; i++) {
        op_forget(&s->ops[i]);
        mech_op_free(TAKE(s->ops[i].run));
        buf_free(&s->ops[i].signature);
    }
    mem_free(TAKE(s->find.ids));
    s->find.cap = 0;
}

/* ---- begin ------------------------------------------------------------------------------------- */

static enum rc begin(struct session *s, struct op *op, enum mech_verb verb, const CK_MECHANISM *m,
                     CK_OBJECT_HANDLE handle)
{
    struct token *t = s->token;
    const struct guard_who who = session_who(s);
    const struct object *key = NULL;
    const struct mech_row *row = mech_find(&t->mech, m->mechanism);
    REQUIRE(row != NULL && mech_offers(row, verb), RC_MECHANISM_INVALID);
    if (verb == VERB_DIGEST) {
        TRY(mech_digest_handle(row, m, &handle));
    }
    if (verb != VERB_DIGEST || handle != CK_INVALID_HANDLE) {
        TRY(vault_key(s, handle, &key));
    }
    /* what a digest takes from a key is public */
    TRY(guard_use(&t->hsm->policy, &who, (int)verb, row, verb == VERB_DIGEST ? NULL : key));
    if (op->run == NULL) {
        op->run = mech_op_new();
        REQUIRE(op->run != NULL, RC_HOST_MEMORY);
    }
    TRY(mech_begin(op->run, &t->mech, row, verb, m, key));
    op->row = row;
    op->active = true;
    op->in_parts = false;
    if (key != NULL) {
        if (op->key != key) {
            object_unref(op->key);
            op->key = object_ref(key);
        }
        op->keyed = true;
        op->needs_login =
            verb != VERB_DIGEST && (object_flags(key) & OBJECT_ALWAYS_AUTHENTICATE) != 0;
        const struct known *seen = &s->known[s->recent];
        op->epoch = seen->epoch;
        op->change = seen->change;
        op->local = seen->local;
    }
    return RC_OK;
}

static enum rc init(struct session *s, enum mech_verb verb, const CK_MECHANISM *mechanism,
                    CK_OBJECT_HANDLE key)
{
    CK_MECHANISM m;
    struct op *op = &s->ops[verb];
    if (mechanism == NULL) { /* cancels (PKCS#11 3.2, 5.8.1 and its likes) */
        op_end(op);
        return RC_OK;
    }
    REQUIRE(!op->active, RC_OPERATION_ACTIVE);
    mem_copy(&m, mechanism, sizeof m); /* of any alignment */
    return begin(s, op, verb, &m, key);
}

static enum rc op_init(struct hsm *h, CK_SESSION_HANDLE session, enum mech_verb verb,
                       const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    return init(s, verb, mechanism, key);
}

/* ---- steps ------------------------------------------------------------------------------------- */

/* The key is still there and still ours to use. */
static enum rc key_lives(struct session *s, struct op *op)
{
    struct token *t = s->token;
    if (!op->keyed) {
        return RC_OK;
    }
    const bool private = (object_flags(op->key) & OBJECT_PRIVATE) != 0;
    REQUIRE(!private || atomic_load(&t->epoch) == op->epoch, RC_OPERATION_NOT_INITIALIZED);
    const uint64_t change = vault_change_number(t);
    const uint64_t local = atomic_load(&t->local);
    if (change != op->change || local != op->local) {
        AUTO_OBJECT struct object *o = NULL;
        uint64_t seen = 0;
        const enum rc rc = vault_get_at(s, object_id(op->key), false, &o, &seen);
        REQUIRE(rc != RC_OBJECT_HANDLE_INVALID, RC_KEY_HANDLE_INVALID);
        TRY(rc);
        op->change = seen;
        op->local = local;
    }
    return RC_OK;
}

static enum rc may_step(struct session *s, struct op *op)
{
    REQUIRE(op->active, RC_OPERATION_NOT_INITIALIZED);
    const enum rc rc = key_lives(s, op);
    if (rc != RC_OK) {
        op_end(op);
        return rc;
    }
    REQUIRE(!op->needs_login, RC_USER_NOT_LOGGED_IN);
    return RC_OK;
}

static enum rc check_input(const CK_BYTE *in, CK_ULONG n)
{
    REQUIRE(in != NULL || n == 0, RC_ARGUMENTS_BAD);
    REQUIRE(n <= CORE_DATA_MAX, RC_DATA_LEN_RANGE);
    return RC_OK;
}

static enum rc run(struct op *op, enum mech_phase phase, struct bytes in, uint8_t *out, size_t *n)
{
    switch (phase) {
    case PHASE_ONCE:
        return mech_once(op->run, in, out, n);
    case PHASE_UPDATE:
        return mech_update(op->run, in, out, n);
    case PHASE_FINAL:
        break;
    }
    return mech_final(op->run, out, n);
}

/* Hands out what was held back because the buffer was short. */
static enum rc deliver(const struct op *op, uint8_t *out, CK_ULONG *out_n)
{
    const size_t need = op->held->n;
    const bool fits = *out_n >= need;
    *out_n = need;
    REQUIRE(fits, RC_BUFFER_TOO_SMALL);
    mem_copy(out, op->held->p, need);
    return RC_OK;
}

/* Runs into private memory first: the size is known only afterwards (padding). */
static enum rc run_aside(struct op *op, enum mech_phase phase, struct bytes in, size_t bound,
                         uint8_t *out, CK_ULONG *out_n)
{
    AUTO_SECRET struct secret *aside = secret_new(bound);
    REQUIRE(aside != NULL, RC_HOST_MEMORY);
    size_t n = bound;
    TRY(run(op, phase, in, aside->p, &n));
    op->held = secret_head(aside, n);
    REQUIRE(op->held != NULL, RC_HOST_MEMORY);
    return deliver(op, out, out_n);
}

/* One step that gives bytes. RC_BUFFER_TOO_SMALL and a length question leave the operation; *RET_MORE
 * says so. */
static enum rc step_out(struct op *op, enum mech_phase phase, struct bytes in, uint8_t *out,
                        CK_ULONG *out_n, bool *ret_more)
{
    size_t need = 0;
    bool exact = true;
    *ret_more = false;
    REQUIRE(out_n != NULL, RC_ARGUMENTS_BAD);
    if (op->held != NULL) {
        *ret_more = true;
        if (out == NULL) {
            *out_n = op->held->n;
            return RC_OK;
        }
        TRY(deliver(op, out, out_n));
        *ret_more = false;
        secret_free(TAKE(op->held));
        return RC_OK;
    }
    TRY(mech_out_size(op->run, phase, in.n, &need, &exact));
    if (out == NULL) {
        *ret_more = true;
        *out_n = need;
        return RC_OK;
    }
    if (*out_n < need && exact) {
        *ret_more = true;
        *out_n = need;
        return RC_BUFFER_TOO_SMALL;
    }
    if (*out_n < need) {
        const enum rc rc = run_aside(op, phase, in, need, out, out_n);
        *ret_more = rc == RC_BUFFER_TOO_SMALL;
        return rc;
    }
    size_t n = *out_n;
    TRY(run(op, phase, in, out, &n));
    *out_n = n;
    return RC_OK;
}

static enum rc op_once(struct hsm *h, CK_SESSION_HANDLE session, enum mech_verb verb, CK_BYTE *in,
                       CK_ULONG in_n, CK_BYTE *out, CK_ULONG *out_n)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    struct op *op = &s->ops[verb];
    TRY(may_step(s, op));
    REQUIRE(!op->in_parts, RC_OPERATION_ACTIVE);
    bool more = false;
    enum rc rc = check_input(in, in_n);
    rc = rc == RC_OK ? step_out(op, PHASE_ONCE, BYTES(in, in_n), out, out_n, &more) : rc;
    if (!more) {
        op_end(op);
    }
    return rc;
}

/* Update with output (encrypt, decrypt) and without (digest, sign, verify: OUT_N NULL). */
static enum rc update_locked(struct session *s, struct op *op, CK_BYTE *in, CK_ULONG in_n,
                             CK_BYTE *out, CK_ULONG *out_n)
{
    TRY(may_step(s, op));
    bool more = false;
    size_t none = 0;
    enum rc rc = check_input(in, in_n);
    if (rc == RC_OK && !mech_streams(op->run)) {
        rc = RC_FUNCTION_NOT_SUPPORTED;
    } else if (rc == RC_OK && out_n == NULL) {
        rc = mech_update(op->run, BYTES(in, in_n), NULL, &none);
    } else if (rc == RC_OK) {
        rc = step_out(op, PHASE_UPDATE, BYTES(in, in_n), out, out_n, &more);
    }
    if (rc == RC_OK && !more) {
        op->in_parts = true;
    } else if (!more) {
        op_end(op);
    }
    return rc;
}

static enum rc op_update(struct hsm *h, CK_SESSION_HANDLE session, enum mech_verb verb, CK_BYTE *in,
                         CK_ULONG in_n, CK_BYTE *out, CK_ULONG *out_n)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    struct op *op = &s->ops[verb];
    if ((verb == VERB_ENCRYPT || verb == VERB_DECRYPT) && out_n == NULL) {
        TRY(may_step(s, op));
        op_end(op);
        return RC_ARGUMENTS_BAD;
    }
    REQUIRE(!op->early, RC_OPERATION_NOT_INITIALIZED);
    return update_locked(s, op, in, in_n, out, out_n);
}

static enum rc op_final(struct hsm *h, CK_SESSION_HANDLE session, enum mech_verb verb, CK_BYTE *out,
                        CK_ULONG *out_n)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    struct op *op = &s->ops[verb];
    TRY(may_step(s, op));
    bool more = false;
    /* what this call held back before is all that there is left: the run has ended */
    const bool left = op->held != NULL && op->in_parts;
    const enum rc rc = left || mech_streams(op->run)
                           ? step_out(op, PHASE_FINAL, BYTES_NONE, out, out_n, &more)
                           : RC_FUNCTION_NOT_SUPPORTED;
    op->in_parts = op->in_parts || op->held != NULL;
    if (!more) {
        op_end(op);
    }
    return rc;
}

/* ---- the C_ functions ---------------------------------------------------------------------------- */

#define INIT(name, verb)                                                                           \
    enum rc core_##name##_init(struct hsm *h, CK_SESSION_HANDLE session, CK_MECHANISM *m,          \
                               CK_OBJECT_HANDLE key)                                               \
    {                                                                                              \
        return op_init(h, session, verb, m, key);                                                  \
    }
/* The caller's length, read and written back whatever its alignment; LEN is NULL when it is. */
#define LENGTH_IN(out_n)                                                                           \
    CK_ULONG length = 0;                                                                           \
    CK_ULONG *const len = (out_n) != NULL ? &length : NULL;                                        \
    mem_copy(&length, (out_n), (out_n) != NULL ? sizeof length : 0)
#define LENGTH_OUT(out_n) mem_copy((out_n), &length, (out_n) != NULL ? sizeof length : 0)

#define ONCE(name, verb)                                                                           \
    enum rc core_##name(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG in_n,      \
                        CK_BYTE *out, CK_ULONG *out_n)                                             \
    {                                                                                              \
        LENGTH_IN(out_n);                                                                          \
        const enum rc rc = op_once(h, session, verb, in, in_n, out, len);                          \
        LENGTH_OUT(out_n);                                                                         \
        return rc;                                                                                 \
    }
#define UPDATE(name, verb)                                                                         \
    enum rc core_##name##_update(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *in,            \
                                 CK_ULONG in_n, CK_BYTE *out, CK_ULONG *out_n)                     \
    {                                                                                              \
        LENGTH_IN(out_n);                                                                          \
        const enum rc rc = op_update(h, session, verb, in, in_n, out, len);                        \
        LENGTH_OUT(out_n);                                                                         \
        return rc;                                                                                 \
    }
#define FEED(name, verb)                                                                           \
    enum rc core_##name##_update(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *in,            \
                                 CK_ULONG in_n)                                                    \
    {                                                                                              \
        return op_update(h, session, verb, in, in_n, NULL, NULL);                                  \
    }
#define FINAL(name, verb)                                                                          \
    enum rc core_##name##_final(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *out,            \
                                CK_ULONG *out_n)                                                   \
    {                                                                                              \
        LENGTH_IN(out_n);                                                                          \
        const enum rc rc = op_final(h, session, verb, out, len);                                   \
        LENGTH_OUT(out_n);                                                                         \
        return rc;                                                                                 \
    }

INIT(encrypt, VERB_ENCRYPT)
ONCE(encrypt, VERB_ENCRYPT)
UPDATE(encrypt, VERB_ENCRYPT)
FINAL(encrypt, VERB_ENCRYPT)

INIT(decrypt, VERB_DECRYPT)
ONCE(decrypt, VERB_DECRYPT)
UPDATE(decrypt, VERB_DECRYPT)
FINAL(decrypt, VERB_DECRYPT)

INIT(sign, VERB_SIGN)
ONCE(sign, VERB_SIGN)
FEED(sign, VERB_SIGN)
FINAL(sign, VERB_SIGN)

ONCE(digest, VERB_DIGEST)
FEED(digest, VERB_DIGEST)
FINAL(digest, VERB_DIGEST)

INIT(verify, VERB_VERIFY)
FEED(verify, VERB_VERIFY)

enum rc core_digest_init(struct hsm *h, CK_SESSION_HANDLE session, CK_MECHANISM *m)
{
    return op_init(h, session, VERB_DIGEST, m, CK_INVALID_HANDLE);
}

enum rc core_digest_key(struct hsm *h, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    struct op *op = &s->ops[VERB_DIGEST];
    TRY(may_step(s, op));
    const struct object *o = NULL;
    TRY(vault_key(s, key, &o));
    REQUIRE(object_class(o) == CKO_SECRET_KEY &&
                (object_flags(o) & (OBJECT_SENSITIVE | OBJECT_EXTRACTABLE)) == OBJECT_EXTRACTABLE,
            RC_KEY_INDIGESTIBLE);
    TRY(mech_digest_key(op->run, o));
    op->in_parts = true;
    return RC_OK;
}

/* ---- verification: the signature comes last, or first (C_VerifySignatureInit and its likes) --------- */

/* EARLY: which of the two ways the caller goes; the operation must have begun on it. */
static enum rc verify_op(struct session *s, bool early, struct op **ret)
{
    struct op *op = &s->ops[VERB_VERIFY];
    REQUIRE(!op->active || op->early == early, RC_OPERATION_NOT_INITIALIZED);
    TRY(may_step(s, op));
    *ret = op;
    return RC_OK;
}

static enum rc verify_once(struct op *op, struct bytes data, struct bytes sig)
{
    REQUIRE(!op->in_parts, RC_OPERATION_ACTIVE);
    enum rc rc = check_input(data.p, data.n);
    rc = rc == RC_OK ? check_input(sig.p, sig.n) : rc;
    rc = rc == RC_OK ? mech_verify_once(op->run, data, sig) : rc;
    op_end(op);
    return rc;
}

static enum rc verify_final(struct op *op, struct bytes sig)
{
    enum rc rc = mech_streams(op->run) ? check_input(sig.p, sig.n) : RC_FUNCTION_NOT_SUPPORTED;
    rc = rc == RC_OK ? mech_verify_final(op->run, sig) : rc;
    op_end(op);
    return rc;
}

enum rc core_verify(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG in_n,
                    CK_BYTE *sig, CK_ULONG sig_n)
{
    AUTO_SESSION *s = NULL;
    struct op *op = NULL;
    TRY(session_take(h, session, &s));
    TRY(verify_op(s, false, &op));
    return verify_once(op, BYTES(in, in_n), BYTES(sig, sig_n));
}

enum rc core_verify_final(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *sig, CK_ULONG sig_n)
{
    AUTO_SESSION *s = NULL;
    struct op *op = NULL;
    TRY(session_take(h, session, &s));
    TRY(verify_op(s, false, &op));
    return verify_final(op, BYTES(sig, sig_n));
}

enum rc core_verify_signature_init(struct hsm *h, CK_SESSION_HANDLE session, CK_MECHANISM *m,
                                   CK_OBJECT_HANDLE key, CK_BYTE *sig, CK_ULONG sig_n)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    struct op *op = &s->ops[VERB_VERIFY];
    if (m != NULL) {
        REQUIRE(sig != NULL || sig_n == 0, RC_ARGUMENTS_BAD);
        REQUIRE(sig_n <= TEMPLATE_MAX_VALUE, RC_SIGNATURE_LEN_RANGE);
    }
    TRY(init(s, VERB_VERIFY, m, key));
    if (op->active && buf_set(&op->signature, BYTES(sig, sig_n)) != RC_OK) {
        op_end(op);
        return RC_HOST_MEMORY;
    }
    op->early = op->active;
    return RC_OK;
}

enum rc core_verify_signature(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG in_n)
{
    AUTO_SESSION *s = NULL;
    struct op *op = NULL;
    TRY(session_take(h, session, &s));
    TRY(verify_op(s, true, &op));
    return verify_once(op, BYTES(in, in_n), buf_view(&op->signature));
}

enum rc core_verify_signature_update(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *in,
                                     CK_ULONG in_n)
{
    AUTO_SESSION *s = NULL;
    struct op *op = NULL;
    TRY(session_take(h, session, &s));
    TRY(verify_op(s, true, &op));
    return update_locked(s, op, in, in_n, NULL, NULL);
}

enum rc core_verify_signature_final(struct hsm *h, CK_SESSION_HANDLE session)
{
    AUTO_SESSION *s = NULL;
    struct op *op = NULL;
    TRY(session_take(h, session, &s));
    TRY(verify_op(s, true, &op));
    return verify_final(op, buf_view(&op->signature));
}

/* ---- dual functions: both operations must be active; both see the plaintext ------------------------ */

/* Plaintext goes to FEED first, then through CIPHER. */
static enum rc dual_out(struct hsm *h, CK_SESSION_HANDLE session, enum mech_verb feed,
                        enum mech_verb cipher, CK_BYTE *in, CK_ULONG in_n, CK_BYTE *out,
                        CK_ULONG *out_n)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    struct op *first = &s->ops[feed];
    struct op *second = &s->ops[cipher];
    TRY(may_step(s, first));
    TRY(may_step(s, second));
    REQUIRE(out_n != NULL, RC_ARGUMENTS_BAD);
    TRY(check_input(in, in_n));
    size_t need = 0;
    bool exact = true;
    TRY(mech_out_size(second->run, PHASE_UPDATE, in_n, &need, &exact));
    if (out == NULL || *out_n < need) {
        *out_n = need;
        return out == NULL ? RC_OK : RC_BUFFER_TOO_SMALL;
    }
    /* the cipher may work in place: the plaintext is fed before it is gone */
    enum rc rc = update_locked(s, first, in, in_n, NULL, NULL);
    rc = rc == RC_OK ? update_locked(s, second, in, in_n, out, out_n) : rc;
    if (rc != RC_OK) {
        op_end(first);
        op_end(second);
    }
    return rc;
}

/* Ciphertext goes through decryption, what comes out to FEED. */
static enum rc dual_in(struct hsm *h, CK_SESSION_HANDLE session, enum mech_verb feed, CK_BYTE *in,
                       CK_ULONG in_n, CK_BYTE *out, CK_ULONG *out_n)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    struct op *first = &s->ops[VERB_DECRYPT];
    struct op *second = &s->ops[feed];
    TRY(may_step(s, first));
    TRY(may_step(s, second));
    REQUIRE(!second->early, RC_OPERATION_NOT_INITIALIZED);
    REQUIRE(out_n != NULL, RC_ARGUMENTS_BAD);
    TRY(check_input(in, in_n));
    enum rc rc = update_locked(s, first, in, in_n, out, out_n);
    if (rc == RC_OK && out != NULL) {
        rc = update_locked(s, second, out, *out_n, NULL, NULL);
    }
    if (rc != RC_OK && rc != RC_BUFFER_TOO_SMALL) {
        op_end(first);
        op_end(second);
    }
    return rc;
}

enum rc core_digest_encrypt_update(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *in,
                                   CK_ULONG in_n, CK_BYTE *out, CK_ULONG *out_n)
{
    return dual_out(h, session, VERB_DIGEST, VERB_ENCRYPT, in, in_n, out, out_n);
}

enum rc core_sign_encrypt_update(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *in,
                                 CK_ULONG in_n, CK_BYTE *out, CK_ULONG *out_n)
{
    return dual_out(h, session, VERB_SIGN, VERB_ENCRYPT, in, in_n, out, out_n);
}

enum rc core_decrypt_digest_update(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *in,
                                   CK_ULONG in_n, CK_BYTE *out, CK_ULONG *out_n)
{
    return dual_in(h, session, VERB_DIGEST, in, in_n, out, out_n);
}

enum rc core_decrypt_verify_update(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *in,
                                   CK_ULONG in_n, CK_BYTE *out, CK_ULONG *out_n)
{
    return dual_in(h, session, VERB_VERIFY, in, in_n, out, out_n);
}
