/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests that know the module by its C_ functions alone. A world is a scratch directory with a
 * configuration, in which the module is initialised; a group of tests shares one.
 *
 * A test that shows an item of the robustness list has the item's number in its name: r014_...
 */
#ifndef CRATON_TESTS_PKCS11_HARNESS_H
#define CRATON_TESTS_PKCS11_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "craton/pkcs11.h"
#include "craton/vendor.h"

#define SO_PIN "so-pin-12345"
#define USER_PIN "user-pin-123"
#define PIN(s) ((CK_UTF8CHAR *)(uintptr_t)(s)), (sizeof(s) - 1)
#define LEN(a) (sizeof(a) / sizeof((a)[0]))

extern CK_FUNCTION_LIST_3_2 *p11; /* the module's 3.2 list */
extern CK_SLOT_ID slot;           /* the first slot */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* ---- answers ---- */

/* Fails the test when CALL does not answer WANT. */
#define RV(want, call) rv_check((call), (want), #call, __FILE__, __LINE__)
#define OK(call) RV(CKR_OK, call)
/* CALL answers one of the codes that follow. Returns it. */
#define ONE_OF(call, ...)                                                                          \
    rv_one_of((call), (const CK_RV[]){__VA_ARGS__},                                                \
              sizeof((CK_RV[]){__VA_ARGS__}) / sizeof(CK_RV), #call, __FILE__, __LINE__)
/* CALL answers anything but CKR_OK. Returns it. */
#define REFUSED(call) rv_refused((call), #call, __FILE__, __LINE__)

void rv_check(CK_RV got, CK_RV want, const char *call, const char *file, int line);
CK_RV rv_one_of(CK_RV got, const CK_RV *want, size_t n, const char *call, const char *file,
                int line);
CK_RV rv_refused(CK_RV got, const char *call, const char *file, int line);
const char *rv_name(CK_RV rv);

/* ---- worlds ---- */

/* Makes a scratch directory with craton_hsm.toml (EXTRA: more lines of [section] text, or NULL) and
 * names it in the environment. Does not initialise. */
void world_make(const char *extra);
void world_remove(void);
const char *world_dir(void);
void world_write(const char *name, const char *text, unsigned mode); /* a file in it */

/* Group fixtures: a world, initialised; with _token also an initialised token with both PINs. */
int setup_module(void **state);
int setup_token(void **state);
int teardown_module(void **state);
/* Test fixtures: teardown closes all sessions (which logs out) and removes token objects. */
int teardown_sessions(void **state);

void token_init(CK_SLOT_ID id); /* C_InitToken, C_InitPIN */

CK_SESSION_HANDLE open_session(bool rw);
CK_SESSION_HANDLE user_session(void); /* RW, user logged in */
CK_SESSION_HANDLE so_session(void);   /* RW, SO logged in */

/* Runs FN in a forked child, which must initialise for itself; true when it returned normally.
 * Assertions in the child print and make it false. */
bool in_child(void (*fn)(void *), void *arg);
/* The same in two steps. */
int child_start(void (*fn)(void *), void *arg);
bool child_wait(int pid);

/* ---- templates and mechanisms ---- */

#define AB(type, v)                                                                                \
    {                                                                                              \
        (type), &(CK_BBOOL){(v)}, sizeof(CK_BBOOL)                                                 \
    }
#define AU(type, v)                                                                                \
    {                                                                                              \
        (type), &(CK_ULONG){(v)}, sizeof(CK_ULONG)                                                 \
    }
#define AS(type, lit)                                                                              \
    {                                                                                              \
        (type), (void *)(uintptr_t)(lit), sizeof(lit) - 1                                          \
    }
#define AX(type, p, n)                                                                             \
    {                                                                                              \
        (type), (void *)(uintptr_t)(p), (n)                                                        \
    }
/* Two arguments: the array and its count. */
#define T(...)                                                                                     \
    (CK_ATTRIBUTE[]){__VA_ARGS__}, (sizeof((CK_ATTRIBUTE[]){__VA_ARGS__}) / sizeof(CK_ATTRIBUTE))

#define MECH(type) (&(CK_MECHANISM){(type), NULL, 0})
#define MECHP(type, param) (&(CK_MECHANISM){(type), &(param), sizeof(param)})
#define MECHX(type, p, n) (&(CK_MECHANISM){(type), (void *)(uintptr_t)(p), (n)})

#define BYTE_PTR(p) ((CK_BYTE *)(uintptr_t)(p))

bool has_mechanism(CK_MECHANISM_TYPE type);
/* Skips the test when the token does not offer the mechanism. */
#define NEED_MECHANISM(type)                                                                       \
    do {                                                                                           \
        if (!has_mechanism(type)) {                                                                \
            skip();                                                                                \
        }                                                                                          \
    } while (0)

/* Lower-case hex to bytes; how many. */
CK_ULONG unhex(const char *hex, CK_BYTE *out);

/* ---- objects ---- */

CK_OBJECT_HANDLE data_object(CK_SESSION_HANDLE s, bool token, const char *label);
CK_OBJECT_HANDLE aes_key(CK_SESSION_HANDLE s, CK_ULONG bytes); /* session, every usage */
CK_OBJECT_HANDLE aes_import(CK_SESSION_HANDLE s, const void *value, CK_ULONG bytes);
CK_OBJECT_HANDLE secret_import(CK_SESSION_HANDLE s, const void *value, CK_ULONG bytes);
void rsa_pair(CK_SESSION_HANDLE s, CK_ULONG bits, CK_OBJECT_HANDLE *pub, CK_OBJECT_HANDLE *priv);
struct oid {
    CK_ULONG n;
    CK_BYTE der[16];
};
extern const struct oid P256, P384, P521, ED25519, X25519, ED448, X448, SECP256K1;
void ec_pair(CK_SESSION_HANDLE s, const struct oid *curve, CK_OBJECT_HANDLE *pub,
             CK_OBJECT_HANDLE *priv);
void edwards_pair(CK_SESSION_HANDLE s, const struct oid *curve, CK_OBJECT_HANDLE *pub,
                  CK_OBJECT_HANDLE *priv);
void montgomery_pair(CK_SESSION_HANDLE s, const struct oid *curve, CK_OBJECT_HANDLE *pub,
                     CK_OBJECT_HANDLE *priv);

CK_BBOOL attr_bool(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type);
CK_ULONG attr_ulong(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type);
/* Reads at most CAP bytes; returns the length. */
CK_ULONG attr_bytes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, void *buf,
                    CK_ULONG cap);
/* How many objects match; the first CAP handles in LIST (NULL allowed). */
CK_ULONG find(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *list,
              CK_ULONG cap);
bool object_exists(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o);

#endif
