/* SPDX-License-Identifier: Apache-2.0
 *
 * The C_ functions, one line each: rows of functions.def. Those of kind EARLY are in general.c.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/core.h"
#include "craton/pkcs11.h"
#include "gate.h"

/* Some rows do not pass everything on: C_OpenSession's callback is never called, and a function
 * that is not offered looks at nothing. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define LIST(...) __VA_ARGS__

/* ---- pointers of any alignment ------------------------------------------------------------------ */

static int is_even(const void *p)
{
    return ((uintptr_t)p & (_Alignof(CK_ULONG) - 1)) == 0;
}

/* P, or a copy of what it points to in ROOM. */
static CK_MECHANISM *even_mechanism(CK_MECHANISM *p, CK_MECHANISM *room)
{
    if (is_even(p)) {
        return p;
    }
    memcpy(room, p, sizeof *room);
    return room;
}

/* A number that goes in and out. */
struct number {
    CK_ULONG value;
    void *home; /* where it is copied back to */
};

static CK_ULONG *even_number(CK_ULONG *p, struct number *room)
{
    if (is_even(p)) {
        return p;
    }
    room->home = p;
    memcpy(&room->value, p, sizeof room->value);
    return &room->value;
}

static void number_home(const struct number *room)
{
    if (room->home != NULL) {
        memcpy(room->home, &room->value, sizeof room->value);
    }
}

#define EVEN(p) even_mechanism((p), &mechanism)
#define NUMBER(p) even_number((p), &number)
#define SECOND(p) even_number((p), &second)

/* ---- the functions ------------------------------------------------------------------------------ */

#define ROW_EARLY(name, target, parameters, arguments)

#define ROW_CORE(name, target, parameters, arguments)                                              \
    CK_RV name parameters                                                                          \
    {                                                                                              \
        struct hsm *hsm = gate_enter();                                                            \
        if (hsm == NULL) {                                                                         \
            return CKR_CRYPTOKI_NOT_INITIALIZED;                                                   \
        }                                                                                          \
        CK_MECHANISM mechanism __attribute__((unused));                                            \
        struct number number = {0, NULL}, second = {0, NULL};                                      \
        const enum rc rc = target(hsm, LIST arguments);                                            \
        number_home(&number);                                                                      \
        number_home(&second);                                                                      \
        gate_leave();                                                                              \
        return rc_ckr(rc);                                                                         \
    }

#define ROW_SHUT(name, target, parameters, arguments)                                              \
    CK_RV name parameters                                                                          \
    {                                                                                              \
        if (gate_enter() == NULL) {                                                                \
            return CKR_CRYPTOKI_NOT_INITIALIZED;                                                   \
        }                                                                                          \
        gate_leave();                                                                              \
        return CKR_##target;                                                                       \
    }

#define ROW(how, name, since, kind, target, parameters, arguments)                                 \
    ROW_##how(name, target, parameters, arguments)
#include "functions.def"
#undef ROW
