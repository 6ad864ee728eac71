/* SPDX-License-Identifier: Apache-2.0
 *
 * What the signature families share.
 */
#ifndef CRATON_MECH_SIGNATURE_H
#define CRATON_MECH_SIGNATURE_H

#include "family.h"

/* Loads the key, sets op->size, op->run and the scheme in op->pk. */
NODISCARD enum rc signature_begin(struct mech_op *op);
bool signature_hash_offered(const struct mech_env *env, const struct mech_row *row);

#endif
