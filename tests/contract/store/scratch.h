/* SPDX-License-Identifier: Apache-2.0
 *
 * What the store's tests share: scratch directories, children, and short forms.
 */
#ifndef CRATON_TESTS_STORE_SCRATCH_H
#define CRATON_TESTS_STORE_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "store/store.h"

#define assert_rc(expr, want) assert_string_equal(rc_name(expr), rc_name(want))
#define assert_ok(expr) assert_rc(expr, RC_OK)

/* A new empty directory; scratch_remove() takes it and all in it away. */
void scratch_make(char path[64]);
void scratch_remove(const char *path);

/* Opens PATH/s with the LMDB engine. */
enum rc scratch_open(const char *path, struct store **ret);

/* Waits for PID: its exit status, or -signal. */
int child_end(pid_t pid);

/* Puts ITEM in one transaction: object record, and an id under the index key "all". */
enum rc item_put(const struct store_engine *e, struct store *s, uint64_t item);
/* Asserts that ITEM is wholly there (or wholly not). */
void item_assert(const struct store_engine *e, struct store *s, uint64_t item, bool there);
/* Whole or nothing: 1 there, 0 not, -1 half. */
int item_state(const struct store_engine *e, struct store *s, uint64_t item);

#endif
