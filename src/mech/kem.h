/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the KEM family share.
 */
#ifndef CRATON_MECH_KEM_H
#define CRATON_MECH_KEM_H

#include "family.h"

/* Begins wrapping (VERB_ENCRYPT) or unwrapping (VERB_DECRYPT). */
NODISCARD enum rc kem_wrap_begin(struct mech_op *op);

#endif
