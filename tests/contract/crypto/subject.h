/* SPDX-License-Identifier: Apache-2.0
 *
 * What is tested: one library behind the table, opened for the suite.
 */
#ifndef CRATON_TESTS_CRYPTO_SUBJECT_H
#define CRATON_TESTS_CRYPTO_SUBJECT_H

#include "crypto/crypto.h"

/* All libraries of this build. */
const struct crypto_backend *const *all_backends(void);
extern const size_t n_backends;

/* Opens the library that this program tests (SUBJECT), or both. Aborts the test on failure. */
struct crypto *subject_open(void);
struct crypto *subject_open_all(void);
enum crypto_choice subject_choice(void);

/* The library of a name; NULL when the build has none. */
const struct crypto_backend *backend_named(const char *name);

/* A table for a key of SPEC; NULL when the subject lacks it. */
const struct pkey_ops *pkey_for(const struct crypto *c, const struct pkey_spec *spec);

/* One EC, RSA-2048, Ed25519 ... pair from the subject's generator. Aborts the test on failure. */
struct key_parts new_pair(const struct crypto *c, const struct pkey_spec *spec);

#define ASSERT_RC(expr, rc) assert_string_equal(rc_name(expr), rc_name(rc))
#define ASSERT_OK(expr) ASSERT_RC(expr, RC_OK)

#endif
