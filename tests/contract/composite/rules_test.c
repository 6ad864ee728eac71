/* SPDX-License-Identifier: Apache-2.0
 *
 * The promises of composites, over the halves of one library or of both.
 */
#include "rules.h"

int main(void)
{
    return run_key_rules() + run_sig_rules() + run_kem_rules() + run_life_rules();
}
