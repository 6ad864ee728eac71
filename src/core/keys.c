/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys come to be and travel: generate, wrap, unwrap, derive, encapsulate, decapsulate (PKCS#11 3.2,
 * 5.18).
 */
#include "hall.h"

/* The row, and a copy of what the caller's pointer of any alignment names. */
static enum rc find_row(const struct session *s, const CK_MECHANISM *given, enum mech_verb verb,
                        CK_MECHANISM *m, const struct mech_row **ret)
{
    REQUIRE(given != NULL, RC_ARGUMENTS_BAD);
    mem_copy(m, given, sizeof *m);
    const struct mech_row *row = mech_find(&s->token->mech, m->mechanism);
    REQUIRE(row != NULL && mech_offers(row, verb), RC_MECHANISM_INVALID);
    *ret = row;
    return RC_OK;
}

/* A template's draft, which takes what the template holds. Both are the caller's. */
static enum rc new_draft(const struct session *s, enum object_origin origin, CK_ATTRIBUTE *t,
                         CK_ULONG n, struct template **ret_template, struct draft **ret)
{
    const struct object_rules rules = vault_rules(s);
    REQUIRE(t != NULL || n == 0, RC_ARGUMENTS_BAD);
    TRY(template_read(t, n, false, ret_template));
    return draft_new(origin, &rules, *ret_template, ret);
}

enum rc core_generate_key(struct hsm *h, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                          CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    AUTO_SESSION *s = NULL;
    CK_MECHANISM m;
    AUTO_TEMPLATE struct template *template = NULL;
    AUTO_DRAFT struct draft *draft = NULL;
    const struct mech_row *row = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(ret != NULL, RC_ARGUMENTS_BAD);
    TRY(find_row(s, mechanism, VERB_GENERATE, &m, &row));
    TRY(new_draft(s, ORIGIN_GENERATE, t, n, &template, &draft));
    TRY(draft_imply(draft, CKA_CLASS, CKO_SECRET_KEY));
    TRY(vault_may_add(s, draft));
    TRY(mech_generate(&s->token->mech, row, &m, draft));
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    TRY(vault_add(s, &draft, 1, &handle));
    *ret = handle;
    return RC_OK;
}

enum rc core_generate_key_pair(struct hsm *h, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                               CK_ATTRIBUTE *pub_t, CK_ULONG pub_n, CK_ATTRIBUTE *priv_t,
                               CK_ULONG priv_n, CK_OBJECT_HANDLE *ret_pub,
                               CK_OBJECT_HANDLE *ret_priv)
{
    AUTO_SESSION *s = NULL;
    CK_MECHANISM m;
    AUTO_TEMPLATE struct template *pub_template = NULL;
    AUTO_TEMPLATE struct template *priv_template = NULL;
    AUTO_DRAFT struct draft *pub = NULL;
    AUTO_DRAFT struct draft *priv = NULL;
    const struct mech_row *row = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(ret_pub != NULL && ret_priv != NULL, RC_ARGUMENTS_BAD);
    TRY(find_row(s, mechanism, VERB_GENERATE_PAIR, &m, &row));
    TRY(new_draft(s, ORIGIN_GENERATE, pub_t, pub_n, &pub_template, &pub));
    TRY(new_draft(s, ORIGIN_GENERATE, priv_t, priv_n, &priv_template, &priv));
    TRY(draft_imply(pub, CKA_CLASS, CKO_PUBLIC_KEY));
    TRY(draft_imply(priv, CKA_CLASS, CKO_PRIVATE_KEY));
    TRY(vault_may_add(s, pub));
    TRY(vault_may_add(s, priv));
    TRY(mech_generate_pair(&s->token->mech, row, &m, pub, priv));
    struct draft *const both[2] = {pub, priv};
    CK_OBJECT_HANDLE handles[2] = {CK_INVALID_HANDLE, CK_INVALID_HANDLE};
    TRY(vault_add(s, both, 2, handles));
    *ret_pub = handles[0];
    *ret_priv = handles[1];
    return RC_OK;
}

/* A key that works on another: found, secrets in memory, allowed. RENAMED: what a bad handle is
 * called here. *RET is borrowed from the session (vault_key). */
static enum rc working_key(struct session *s, CK_OBJECT_HANDLE handle, enum mech_verb verb,
                           const struct mech_row *row, enum rc renamed, const struct object **ret)
{
    const struct guard_who who = session_who(s);
    const struct object *o = NULL;
    const enum rc rc = vault_key(s, handle, &o);
    REQUIRE(rc != RC_KEY_HANDLE_INVALID, renamed);
    TRY(rc);
    TRY(guard_use(&s->token->hsm->policy, &who, (int)verb, row, o));
    *ret = o;
    return RC_OK;
}

enum rc core_wrap_key(struct hsm *h, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                      CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key, CK_BYTE *out,
                      CK_ULONG *out_n)
{
    AUTO_SESSION *s = NULL;
    CK_MECHANISM m;
    const struct object *wrapper = NULL;
    const struct object *target = NULL;
    AUTO_SECRET struct secret *plain = NULL;
    AUTO_BUF struct buf wrapped = BUF_INIT;
    const struct mech_row *row = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(out_n != NULL, RC_ARGUMENTS_BAD);
    TRY(find_row(s, mechanism, VERB_WRAP, &m, &row));
    TRY(working_key(s, wrapping, VERB_WRAP, row, RC_WRAPPING_KEY_HANDLE_INVALID, &wrapper));
    TRY(vault_key(s, key, &target));
    TRY(guard_wrap(&h->policy, wrapper, target));
    TRY(mech_encode_key(&s->token->mech, target, &plain));
    const struct key_kind kind = {object_class(target), object_key_type(target)};
    TRY(mech_wrap(&s->token->mech, row, &m, wrapper, &kind, plain, &wrapped));
    const CK_ULONG room = *out_n;
    *out_n = wrapped.n;
    if (out == NULL) {
        return RC_OK;
    }
    REQUIRE(room >= wrapped.n, RC_BUFFER_TOO_SMALL);
    mem_copy(out, wrapped.p, wrapped.n);
    return RC_OK;
}

enum rc core_unwrap_key(struct hsm *h, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                        CK_OBJECT_HANDLE unwrapping, CK_BYTE *in, CK_ULONG in_n, CK_ATTRIBUTE *t,
                        CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    AUTO_SESSION *s = NULL;
    CK_MECHANISM m;
    AUTO_TEMPLATE struct template *template = NULL;
    AUTO_DRAFT struct draft *draft = NULL;
    const struct object *key = NULL;
    AUTO_SECRET struct secret *plain = NULL;
    const struct mech_row *row = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(ret != NULL && (in != NULL || in_n == 0), RC_ARGUMENTS_BAD);
    REQUIRE(in_n <= TEMPLATE_MAX_VALUE, RC_WRAPPED_KEY_LEN_RANGE);
    TRY(find_row(s, mechanism, VERB_UNWRAP, &m, &row));
    TRY(working_key(s, unwrapping, VERB_UNWRAP, row, RC_UNWRAPPING_KEY_HANDLE_INVALID, &key));
    TRY(new_draft(s, ORIGIN_UNWRAP, t, n, &template, &draft));
    TRY(draft_apply(draft, key, CKA_UNWRAP_TEMPLATE));
    TRY(draft_check(draft));
    TRY(vault_may_add(s, draft));
    struct key_kind kind = {0, 0};
    TRY(draft_ulong(draft, CKA_CLASS, &kind.cls)); /* draft_check has seen both */
    TRY(draft_ulong(draft, CKA_KEY_TYPE, &kind.type));
    TRY(mech_unwrap(&s->token->mech, row, &m, key, &kind, BYTES(in, in_n), &plain));
    TRY(mech_decode_key(&s->token->mech, plain, draft));
    TRY(mech_import(&s->token->mech, draft));
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    TRY(vault_add(s, &draft, 1, &handle));
    *ret = handle;
    return RC_OK;
}

enum { MORE_KEYS = 4 };

static void unref_all(struct object *(*list)[MORE_KEYS])
{
    for (size_t i = 0; i < MORE_KEYS; i++) {
        object_unref((*list)[i]);
    }
}

/* The keys that the mechanism's parameter names by handle. */
static enum rc further_keys(struct session *s, const struct mech_row *row, const CK_MECHANISM *m,
                            struct object *list[MORE_KEYS], size_t *ret_n)
{
    CK_OBJECT_HANDLE handles[MORE_KEYS];
    size_t n = 0;
    TRY(mech_derive_handles(row, m, handles, MORE_KEYS, &n));
    for (size_t i = 0; i < n; i++) {
        const enum rc rc = vault_get(s, handles[i], true, &list[i]);
        REQUIRE(rc != RC_OBJECT_HANDLE_INVALID, RC_KEY_HANDLE_INVALID);
        TRY(rc);
    }
    *ret_n = n;
    return RC_OK;
}

enum rc core_derive_key(struct hsm *h, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                        CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    AUTO_SESSION *s = NULL;
    CK_MECHANISM m;
    AUTO_TEMPLATE struct template *template = NULL;
    AUTO_DRAFT struct draft *draft = NULL;
    const struct object *key = NULL;
    __attribute__((cleanup(unref_all))) struct object *more[MORE_KEYS] = {NULL};
    const struct mech_row *row = NULL;
    size_t more_n = 0;
    TRY(session_take(h, session, &s));
    REQUIRE(ret != NULL, RC_ARGUMENTS_BAD);
    TRY(find_row(s, mechanism, VERB_DERIVE, &m, &row));
    TRY(working_key(s, base, VERB_DERIVE, row, RC_KEY_HANDLE_INVALID, &key));
    TRY(further_keys(s, row, &m, more, &more_n));
    TRY(new_draft(s, ORIGIN_DERIVE, t, n, &template, &draft));
    TRY(draft_apply(draft, key, CKA_DERIVE_TEMPLATE));
    TRY(draft_imply(draft, CKA_CLASS, CKO_SECRET_KEY));
    TRY(draft_check(draft));
    TRY(vault_may_add(s, draft));
    const struct object *const *list = (const struct object *const *)more;
    TRY(mech_derive(&s->token->mech, row, &m, key, list, more_n, draft));
    TRY(draft_inherit(draft, key));
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    TRY(vault_add(s, &draft, 1, &handle));
    *ret = handle;
    return RC_OK;
}

/* ---- key encapsulation (PKCS#11 3.2, 5.18.8 and 5.18.9) ---------------------------------------------- */

/* The row, and the key, allowed; borrowed from the session. */
static enum rc kem_key(struct session *s, const CK_MECHANISM *given, enum mech_verb verb,
                       CK_OBJECT_HANDLE handle, CK_MECHANISM *m, const struct mech_row **ret_row,
                       const struct object **ret)
{
    const struct guard_who who = session_who(s);
    TRY(find_row(s, given, verb, m, ret_row));
    TRY(vault_key(s, handle, ret));
    return guard_use(&s->token->hsm->policy, &who, (int)verb, *ret_row, *ret);
}

/* The new key's draft, which KEY's template WHICH has its say in. CONFLICT: what it is called when the
 * two disagree. */
static enum rc kem_draft(struct session *s, const struct object *key, CK_ATTRIBUTE_TYPE which,
                         enum rc conflict, CK_ATTRIBUTE *t, CK_ULONG n,
                         struct template **ret_template, struct draft **ret)
{
    TRY(new_draft(s, ORIGIN_KEM, t, n, ret_template, ret));
    const enum rc rc = draft_apply(*ret, key, which);
    REQUIRE(rc != RC_TEMPLATE_INCONSISTENT, conflict);
    TRY(rc);
    TRY(draft_imply(*ret, CKA_CLASS, CKO_SECRET_KEY));
    TRY(draft_check(*ret));
    return vault_may_add(s, *ret);
}

/* Makes and keeps the key; OUT has room for the ciphertext. */
static enum rc encapsulate(struct session *s, const struct mech_row *row, const struct object *key,
                           CK_ATTRIBUTE *t, CK_ULONG n, CK_BYTE *out, CK_OBJECT_HANDLE *ret)
{
    AUTO_TEMPLATE struct template *template = NULL;
    AUTO_DRAFT struct draft *draft = NULL;
    TRY(kem_draft(s, key, CKA_ENCAPSULATE_TEMPLATE, RC_KEY_HANDLE_INVALID, t, n, &template,
                  &draft));
    TRY(mech_encapsulate(&s->token->mech, row, key, draft, out));
    return vault_add(s, &draft, 1, ret);
}

enum rc core_encapsulate_key(struct hsm *h, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                             CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *t, CK_ULONG n, CK_BYTE *out,
                             CK_ULONG *out_n, CK_OBJECT_HANDLE *ret)
{
    AUTO_SESSION *s = NULL;
    CK_MECHANISM m;
    const struct mech_row *row = NULL;
    const struct object *key = NULL;
    size_t need = 0;
    TRY(session_take(h, session, &s));
    REQUIRE(out_n != NULL && (out == NULL || ret != NULL), RC_ARGUMENTS_BAD);
    REQUIRE(t != NULL || n == 0, RC_ARGUMENTS_BAD);
    TRY(kem_key(s, mechanism, VERB_ENCAPSULATE, handle, &m, &row, &key));
    TRY(mech_kem_size(&s->token->mech, row, &m, key, &need));
    const bool fits = out == NULL || *out_n >= need;
    *out_n = need;
    REQUIRE(fits, RC_BUFFER_TOO_SMALL);
    if (out == NULL) {
        return RC_OK; /* a question: no key is made */
    }
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    const enum rc rc = encapsulate(s, row, key, t, n, out, &made);
    if (rc != RC_OK) {
        mem_wipe(out, need);
        return rc;
    }
    *ret = made;
    return RC_OK;
}

enum rc core_decapsulate_key(struct hsm *h, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                             CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *t, CK_ULONG n, CK_BYTE *in,
                             CK_ULONG in_n, CK_OBJECT_HANDLE *ret)
{
    AUTO_SESSION *s = NULL;
    CK_MECHANISM m;
    AUTO_TEMPLATE struct template *template = NULL;
    AUTO_DRAFT struct draft *draft = NULL;
    const struct mech_row *row = NULL;
    const struct object *key = NULL;
    size_t need = 0;
    TRY(session_take(h, session, &s));
    REQUIRE(ret != NULL && (in != NULL || in_n == 0) && (t != NULL || n == 0), RC_ARGUMENTS_BAD);
    TRY(kem_key(s, mechanism, VERB_DECAPSULATE, handle, &m, &row, &key));
    TRY(mech_kem_size(&s->token->mech, row, &m, key, &need));
    REQUIRE(in_n == need, RC_ENCRYPTED_DATA_LEN_RANGE);
    TRY(kem_draft(s, key, CKA_DECAPSULATE_TEMPLATE, RC_TEMPLATE_INCONSISTENT, t, n, &template,
                  &draft));
    TRY(mech_decapsulate(&s->token->mech, row, key, BYTES(in, in_n), draft));
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    TRY(vault_add(s, &draft, 1, &made));
    *ret = made;
    return RC_OK;
}
