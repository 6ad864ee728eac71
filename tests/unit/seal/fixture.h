/* SPDX-License-Identifier: Apache-2.0
 *
 * What the seal's tests share: a crypto of the real library, and short forms.
 */
#ifndef CRATON_TESTS_SEAL_FIXTURE_H
#define CRATON_TESTS_SEAL_FIXTURE_H

#include "../cmocka_all.h"
#include "crypto/crypto.h"
#include "seal.h"

#define assert_rc(expr, want) assert_string_equal(rc_name(expr), rc_name(want))
#define assert_ok(expr) assert_rc(expr, RC_OK)

extern const struct crypto *crypto; /* open between the two */
int fixture_open(void **state);
int fixture_close(void **state);

/* N bytes: first, first + 1, ... */
struct secret *fixture_key(uint8_t first, size_t n);

/* Makes a directory, and takes one away with its files. */
void fixture_dir(char path[64]);
void fixture_dir_remove(const char *path);

#endif
