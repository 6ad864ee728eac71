/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets as memcheck sees them: marked as undefined, so that a branch or an index that depends on
 * one is an error of the run. The marks follow the data through arithmetic and copies.
 */
#ifndef CRATON_TESTS_CT_H
#define CRATON_TESTS_CT_H

#include "base/mem.h"
#include "base/secret.h"
#include "crypto/crypto.h"

#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#define CT_WATCHED 1
#endif
#endif

bool ct_running(void); /* under memcheck, and built with its header */
void ct_hide(const void *p, size_t n);
void ct_reveal(const void *p, size_t n);
bool ct_is_hidden(const void *p, size_t n); /* every byte, at least in part */
bool ct_is_clear(const void *p, size_t n);

/* A check that stays in an optimised build. */
#define CT_CHECK(expr) ct_check((expr), #expr, __FILE__, __LINE__)
#define CT_OK(expr) CT_CHECK((expr) == RC_OK)
void ct_check(bool right, const char *what, const char *file, int line);

/* ---- stand-ins for the libraries (stubs.c, halves.c) ----------------------------------------------- */

/* A hash that mixes every byte into every byte, without branch or table. Of no other use. */
extern const struct digest_ops ct_digest;
/* HMAC over it. */
extern const struct mac_ops ct_mac;
/* Keys whose private values and shared secrets are hidden. What a library makes of a secret and
 * gives to everybody (public values, signatures, ciphertexts) is clear. */
extern const struct pkey_ops ct_halves;

/* A crypto of these alone; its entropy is hidden. */
struct crypto *ct_open(void);
void ct_close(struct crypto *c);

#endif
