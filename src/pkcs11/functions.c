/* SPDX-License-Identifier: Apache-2.0
 *
 * The C_ functions, one line each: rows of functions.def. Those of kind EARLY are in general.c.
 */
#include <stddef.h>

#include "core/core.h"
#include "craton/pkcs11.h"
#include "gate.h"

/* Some rows do not pass everything on: C_OpenSession's callback is never called, and a function
 * that is not offered looks at nothing. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define LIST(...) __VA_ARGS__

#define ROW_EARLY(name, target, parameters, arguments)

#define ROW_CORE(name, target, parameters, arguments)                                              \
    CK_RV name parameters                                                                          \
    {                                                                                              \
        struct hsm *hsm = gate_enter();                                                            \
        if (hsm == NULL) {                                                                         \
            return CKR_CRYPTOKI_NOT_INITIALIZED;                                                   \
        }                                                                                          \
        const enum rc rc = target(hsm, LIST arguments);                                            \
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
