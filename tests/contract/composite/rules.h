/* SPDX-License-Identifier: Apache-2.0
 *
 * What the door promises of composites. Each file gives a list.
 */
#ifndef CRATON_TESTS_COMPOSITE_RULES_H
#define CRATON_TESTS_COMPOSITE_RULES_H

#include "suite.h"

int run_key_rules(void);
int run_sig_rules(void);
int run_kem_rules(void);
int run_life_rules(void);

/* For each set of a kind that the subject has. */
#define EACH_SET(c, set, wanted)                                                                   \
    for (unsigned set = COMP_NONE + 1; set < COMP_SET_COUNT; set++)                                \
        if (comp_kind(set) == (wanted) && set_ops((c), set) != NULL)

#endif
