/* SPDX-License-Identifier: Apache-2.0
 *
 * The promises of the door of crypto, over one library.
 */
#include "rules.h"

int rules_open(void **state)
{
    *state = subject_open();
    return 0;
}

int rules_close(void **state)
{
    crypto_close(*state);
    return 0;
}

int main(void)
{
    return run_digest_rules() + run_cipher_rules() + run_pkey_rules() + run_rsa_rules() +
           run_pq_rules() + run_pq_sign_rules() + run_pq_use_rules() + run_life_rules();
}
