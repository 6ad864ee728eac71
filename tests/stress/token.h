/* SPDX-License-Identifier: Apache-2.0
 *
 * What the stress programs share. They are plain programs, not unit tests: a process in the middle
 * of such a test says what is wrong and ends with status 1.
 */
#ifndef CRATON_TESTS_STRESS_TOKEN_H
#define CRATON_TESTS_STRESS_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#include "craton/pkcs11.h"
#include "craton/vendor.h"

extern CK_FUNCTION_LIST *p11;
extern char place[128]; /* the scratch directory */

/* Says what is wrong and ends this process. */
#define REQUIRE(cond, ...)                                                                         \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #cond);                             \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fprintf(stderr, "\n");                                                                 \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)
#define OK(call)                                                                                   \
    do {                                                                                           \
        const CK_RV rv_ = (call);                                                                  \
        REQUIRE(rv_ == CKR_OK, "%s answered 0x%lx", #call, rv_);                                   \
    } while (0)

/* A scratch directory with a configuration, in memory where there is room; and its end. */
void place_make(void);
void place_remove(void);
/* The configuration for a store in DIR, named in the environment. */
void place_configure(const char *dir);

/* Loads the module (once a process). token_start: C_Initialize as well. */
void module_load(void);
void token_start(void);
/* Makes the token with both PINs, in a process of its own. */
void token_make(void);
/* A read-write session, logged in as the user. */
CK_SESSION_HANDLE token_login(void);
CK_SESSION_HANDLE token_session(void);

/* Runs F in a process of its own; its exit status, or -signal. */
int run_child(void (*f)(void *), void *arg);
pid_t start_child(void (*f)(void *), void *arg);
int end_child(pid_t pid);

/* ---- keys whose value follows from their name --------------------------------------------------- */

enum { VALUE_SIZE = 32, NAME_SIZE = 64 };
void key_value(const char *name, CK_BYTE out[VALUE_SIZE]);

/* A token key (generic secret, may sign, readable value) called NAME; CKA_ID is the name too. */
CK_RV key_create(CK_SESSION_HANDLE s, const char *name, bool private, CK_OBJECT_HANDLE *ret);
/* A pair called NAME, both halves on the token: EC P-256, or ML-DSA with ECDSA in one. */
CK_RV pair_generate(CK_SESSION_HANDLE s, const char *name);
CK_RV composite_generate(CK_SESSION_HANDLE s, const char *name);

/* Objects of class CLS (CK_UNAVAILABLE_INFORMATION: any) with label NAME (NULL: any), at most MAX. */
CK_ULONG find(CK_SESSION_HANDLE s, CK_OBJECT_CLASS cls, const char *name, CK_OBJECT_HANDLE *out,
              CK_ULONG max);

/* CKR_OK and the right value; or what the module answered. Ends the process on a wrong value. */
CK_RV key_check(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, const char *name);
/* Signs with the key and verifies. */
CK_RV key_use(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key);
/* Signs with the private half called NAME, verifies with the public one. */
void pair_use(CK_SESSION_HANDLE s, const char *name);
void composite_use(CK_SESSION_HANDLE s, const char *name);

#endif
