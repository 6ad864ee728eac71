/* SPDX-License-Identifier: Apache-2.0
 *
 * Session objects: in memory only, on the shelf that their number says. Each shelf has its lock, and
 * nobody holds two.
 */
#include "hall.h"

struct session_object {
    struct object *object;
    CK_SESSION_HANDLE owner;
};

static void session_object_free(struct session_object *so)
{
    if (so != NULL) {
        object_unref(so->object);
        mem_free(so);
    }
}

static struct shelf *shelf_of(struct token *t, uint64_t id)
{
    return &t->shelves[id / NUMBERS % SHELVES];
}

void session_objects_open(struct token *t)
{
    for (size_t i = 0; i < SHELVES; i++) {
        lock_init(&t->shelves[i].lock, LOCK_OBJECT);
    }
}

void session_objects_close(struct token *t)
{
    for (size_t i = 0; i < SHELVES; i++) {
        map_free(&t->shelves[i].map);
        lock_destroy(&t->shelves[i].lock);
    }
}

enum rc session_objects_put(struct session *s, const struct object *o)
{
    struct shelf *shelf = shelf_of(s->token, object_id(o));
    struct session_object *so = mem_alloc(sizeof *so);
    REQUIRE(so != NULL, RC_HOST_MEMORY);
    so->object = object_ref(o);
    so->owner = s->handle;
    lock_take(&shelf->lock);
    const enum rc rc = map_put(&shelf->map, object_id(o), so);
    lock_drop(&shelf->lock);
    if (rc != RC_OK) {
        session_object_free(so);
    }
    return rc;
}

struct object *session_objects_get(struct token *t, uint64_t id)
{
    struct shelf *shelf = shelf_of(t, id);
    LOCKED(&shelf->lock);
    const struct session_object *so = map_get(&shelf->map, id);
    return so != NULL ? object_ref(so->object) : NULL;
}

enum rc session_objects_replace(struct token *t, const struct object *o, struct object *made)
{
    struct shelf *shelf = shelf_of(t, object_id(o));
    AUTO_OBJECT struct object *gone = made;
    lock_take(&shelf->lock);
    struct session_object *so = map_get(&shelf->map, object_id(o));
    const bool same = so != NULL && so->object == o;
    if (same) {
        gone = so->object;
        so->object = made;
    }
    lock_drop(&shelf->lock);
    REQUIRE(so != NULL, RC_OBJECT_HANDLE_INVALID);
    REQUIRE(same, RC_CANCEL);
    atomic_fetch_add(&t->local, 1);
    return RC_OK;
}

enum rc session_objects_remove(struct session *s, uint64_t id, bool *ret_held)
{
    struct token *t = s->token;
    struct shelf *shelf = shelf_of(t, id);
    const struct guard_who who = session_who(s);
    enum rc rc = RC_OBJECT_HANDLE_INVALID;
    lock_take(&shelf->lock);
    struct session_object *so = map_get(&shelf->map, id);
    if (so != NULL && guard_sees(&t->hsm->policy, &who, so->object)) {
        rc = vault_may_remove(&who, so->object);
    }
    if (rc == RC_OK) {
        (void)map_take(&shelf->map, id);
    }
    lock_drop(&shelf->lock);
    TRY(rc);
    /* Off the shelf nobody can get hold of it any more. */
    *ret_held = object_is_shared(so->object) || object_version(so->object) > 1;
    if (*ret_held) {
        atomic_fetch_add(&t->local, 1);
    }
    session_object_free(so);
    return RC_OK;
}

void session_objects_take_back(struct token *t, uint64_t id)
{
    struct shelf *shelf = shelf_of(t, id);
    lock_take(&shelf->lock);
    struct session_object *so = map_take(&shelf->map, id);
    lock_drop(&shelf->lock);
    atomic_fetch_add(&t->local, 1);
    session_object_free(so);
}

static void drop_from(struct shelf *shelf, CK_SESSION_HANDLE owner, bool private_only)
{
    uint64_t id = 0;
    void *value = NULL;
    LOCKED(&shelf->lock);
    for (size_t i = 0; map_next(&shelf->map, &i, &id, &value);) {
        const struct session_object *so = value;
        const bool private = (object_flags(so->object) & OBJECT_PRIVATE) != 0;
        if ((owner == 0 || so->owner == owner) && (private || !private_only)) {
            session_object_free(map_take(&shelf->map, id));
        }
    }
}

void session_objects_drop(struct token *t, CK_SESSION_HANDLE owner, bool private_only)
{
    for (size_t i = 0; i < SHELVES; i++) {
        drop_from(&t->shelves[i], owner, private_only);
    }
    atomic_fetch_add(&t->local, 1);
}

static enum rc each_of(struct shelf *shelf, enum rc (*each)(void *ctx, const struct object *o),
                       void *ctx)
{
    uint64_t id = 0;
    void *value = NULL;
    LOCKED(&shelf->lock);
    for (size_t i = 0; map_next(&shelf->map, &i, &id, &value);) {
        TRY(each(ctx, ((const struct session_object *)value)->object));
    }
    return RC_OK;
}

enum rc session_objects_each(struct token *t, enum rc (*each)(void *ctx, const struct object *o),
                             void *ctx)
{
    for (size_t i = 0; i < SHELVES; i++) {
        TRY(each_of(&t->shelves[i], each, ctx));
    }
    return RC_OK;
}
