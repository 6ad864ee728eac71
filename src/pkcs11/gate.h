/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate: whether the library is initialised in this process, and who is inside. Each C_ function
 * passes it, so entering costs two uncontended atomic additions and no system call.
 */
#ifndef CRATON_PKCS11_GATE_H
#define CRATON_PKCS11_GATE_H

#include "base/rc.h"

struct hsm;

/* Counts the calling thread in. NULL: not initialised in this process (also in the child of a fork
 * until it initialises itself); then gate_leave() must not be called. */
struct hsm *gate_enter(void);

/* Counts the calling thread out. */
void gate_leave(void);

/* Opens the house; of concurrent callers one does. RC_CRYPTOKI_ALREADY_INITIALIZED when it is open,
 * else what door_house.open says; then it stays closed. */
NODISCARD enum rc gate_open(void);

/* Lets nobody in any more, wakes those who wait, waits until all have left, closes the house.
 * RC_CRYPTOKI_NOT_INITIALIZED when it is not open in this process. */
NODISCARD enum rc gate_close(void);

#endif
