/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes an empty LMDB store in a directory.
 */
#ifndef CRATON_STORE_CREATE_H
#define CRATON_STORE_CREATE_H

#include "base/rc.h"

/* Makes DIR/data.mdb, whole or not at all; when another process was faster its file stays. PATH is
 * the directory's name for a machine without /proc. RC_DEVICE_MEMORY, RC_STORE_ACCESS. */
NODISCARD enum rc store_create(int dir, const char *path);

#endif
