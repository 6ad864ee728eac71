/* SPDX-License-Identifier: Apache-2.0
 *
 * What the door of crypto promises, as tests over one library. Each file gives a list.
 */
#ifndef CRATON_TESTS_CRYPTO_RULES_H
#define CRATON_TESTS_CRYPTO_RULES_H

#include "../../unit/cmocka_all.h"
#include "base/mem.h"
#include "subject.h"

int run_digest_rules(void);
int run_cipher_rules(void);
int run_pkey_rules(void);
int run_rsa_rules(void);
int run_pq_rules(void);
int run_pq_sign_rules(void);
int run_pq_use_rules(void);
int run_life_rules(void);

/* Group fixtures: *STATE is an open struct crypto. */
int rules_open(void **state);
int rules_close(void **state);

#endif
