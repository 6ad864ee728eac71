/* SPDX-License-Identifier: Apache-2.0
 *
 * C_CreateObject to C_FindObjectsFinal.
 */
#include "hall.h"

enum rc core_create_object(struct hsm *h, CK_SESSION_HANDLE session, CK_ATTRIBUTE *t, CK_ULONG n,
                           CK_OBJECT_HANDLE *ret)
{
    AUTO_SESSION *s = NULL;
    AUTO_TEMPLATE struct template *template = NULL;
    AUTO_DRAFT struct draft *draft = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(ret != NULL && (t != NULL || n == 0), RC_ARGUMENTS_BAD);
    TRY(template_read(t, n, false, &template));
    const struct object_rules rules = vault_rules(s);
    TRY(draft_new(ORIGIN_CREATE, &rules, template, &draft));
    TRY(draft_check(draft));
    TRY(vault_may_add(s, draft));
    TRY(mech_import(&s->token->mech, draft));
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    TRY(vault_add(s, &draft, 1, &handle));
    *ret = handle;
    return RC_OK;
}

enum rc core_copy_object(struct hsm *h, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                         CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    AUTO_SESSION *s = NULL;
    AUTO_TEMPLATE struct template *template = NULL;
    AUTO_OBJECT struct object *o = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(ret != NULL && (t != NULL || n == 0), RC_ARGUMENTS_BAD);
    TRY(vault_get(s, object, true, &o));
    TRY(template_read(t, n, false, &template));
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    TRY(vault_copy(s, o, template, &handle));
    *ret = handle;
    return RC_OK;
}

/* *RET: the token whose sessions may hold the object still, or NULL. */
static enum rc destroy(struct hsm *h, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                       struct token **ret)
{
    AUTO_SESSION *s = NULL;
    bool held = false;
    TRY(session_take(h, session, &s));
    TRY(vault_remove(s, object, &held));
    *ret = held ? s->token : NULL;
    return RC_OK;
}

enum rc core_destroy_object(struct hsm *h, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    struct token *t = NULL;
    TRY(destroy(h, session, object, &t));
    if (t != NULL) {
        sessions_sweep(t);
    }
    return RC_OK;
}

enum rc core_get_object_size(struct hsm *h, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                             CK_ULONG *ret)
{
    AUTO_SESSION *s = NULL;
    AUTO_OBJECT struct object *o = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(ret != NULL, RC_ARGUMENTS_BAD);
    TRY(vault_get(s, object, true, &o));
    *ret = object_size(o);
    return RC_OK;
}

enum rc core_get_attribute_value(struct hsm *h, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                 CK_ATTRIBUTE *t, CK_ULONG n)
{
    AUTO_SESSION *s = NULL;
    AUTO_OBJECT struct object *o = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(t != NULL && n > 0 && n <= TEMPLATE_MAX_ATTRIBUTES, RC_ARGUMENTS_BAD);
    TRY(vault_get(s, object, false, &o));
    if (!object_secrets_ready(o) && object_wants_secrets(o, t, n)) {
        object_unref(TAKE(o));
        TRY(vault_get(s, object, true, &o));
    }
    return object_get(o, t, n);
}

enum rc core_set_attribute_value(struct hsm *h, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                 CK_ATTRIBUTE *t, CK_ULONG n)
{
    AUTO_SESSION *s = NULL;
    AUTO_TEMPLATE struct template *template = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(t != NULL && n > 0, RC_ARGUMENTS_BAD);
    TRY(template_read(t, n, false, &template));
    return vault_modify(s, object, template);
}

void find_end(struct find *f)
{
    f->active = false;
    f->n = 0;
    f->at = 0;
    if (f->cap > 4096) { /* a large result is not kept for the next search */
        mem_free(TAKE(f->ids));
        f->cap = 0;
    }
}

enum rc core_find_objects_init(struct hsm *h, CK_SESSION_HANDLE session, CK_ATTRIBUTE *t,
                               CK_ULONG n)
{
    AUTO_SESSION *s = NULL;
    AUTO_TEMPLATE struct template *template = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(t != NULL || n == 0, RC_ARGUMENTS_BAD);
    REQUIRE(!s->find.active, RC_OPERATION_ACTIVE);
    TRY(template_read(t, n, true, &template));
    const enum rc rc = vault_find(s, template, &s->find);
    if (rc != RC_OK) {
        find_end(&s->find);
        return rc;
    }
    s->find.active = true;
    return RC_OK;
}

enum rc core_find_objects(struct hsm *h, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *list,
                          CK_ULONG max, CK_ULONG *ret_n)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(ret_n != NULL && (list != NULL || max == 0), RC_ARGUMENTS_BAD);
    struct find *f = &s->find;
    REQUIRE(f->active, RC_OPERATION_NOT_INITIALIZED);
    const bool changed = vault_change_number(s->token) != f->change;
    CK_ULONG n = 0;
    while (n < max && f->at < f->n) {
        const uint64_t id = f->ids[f->at++];
        AUTO_OBJECT struct object *o = NULL;
        /* what went since C_FindObjectsInit is not given out */
        if ((!changed && (id & HANDLE_SESSION_OBJECT) == 0) ||
            vault_get(s, id, false, &o) != RC_OBJECT_HANDLE_INVALID) {
            list[n++] = id;
        }
    }
    *ret_n = n;
    return RC_OK;
}

enum rc core_find_objects_final(struct hsm *h, CK_SESSION_HANDLE session)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(s->find.active, RC_OPERATION_NOT_INITIALIZED);
    find_end(&s->find);
    return RC_OK;
}
