/* SPDX-License-Identifier: Apache-2.0
 *
 * Results. Every function that can fail returns enum rc and the compiler
 * insists that it is looked at. Outputs are untouched or zero on error.
 */
#ifndef CRATON_BASE_RC_H
#define CRATON_BASE_RC_H

enum rc {
    RC_OK = 0,
#define E(name, ckr, text) RC_##name,
#include "errors.def"
#undef E
    RC_COUNT
};

#define NODISCARD __attribute__((warn_unused_result))

/* Returns from the calling function when EXPR is not RC_OK. */
#define TRY(expr)                                                                                  \
    do {                                                                                           \
        const enum rc try_rc_ = (expr);                                                            \
        if (try_rc_ != RC_OK) {                                                                    \
            return try_rc_;                                                                        \
        }                                                                                          \
    } while (0)

/* As TRY, when a condition must hold. */
#define REQUIRE(cond, rc_)                                                                         \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            return (rc_);                                                                          \
        }                                                                                          \
    } while (0)

/* "KEY_HANDLE_INVALID"; "OK" for RC_OK; "?" for a number that is none. Static storage. */
const char *rc_name(enum rc rc);

/* One sentence for a person, no full stop. Static storage. */
const char *rc_text(enum rc rc);

/* The CK_RV that the PKCS#11 door answers; 0 for RC_OK. */
unsigned long rc_ckr(enum rc rc);

#endif
