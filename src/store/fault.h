/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the engines ask whether a test wants this step to fail.
 */
#ifndef CRATON_STORE_FAULT_H
#define CRATON_STORE_FAULT_H

#include "store.h"

/* RC_OK, or the error that store_fault_at() asked for at this step. */
NODISCARD enum rc fault_here(void);

#endif
