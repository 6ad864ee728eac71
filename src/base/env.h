/* SPDX-License-Identifier: Apache-2.0
 *
 * What the world gives: time and entropy, handed in at start so that tests and simulation need no
 * mocks.
 */
#ifndef CRATON_BASE_ENV_H
#define CRATON_BASE_ENV_H

#include <stddef.h>
#include <stdint.h>

#include "rc.h"

struct env {
    void *ctx; /* given back to each function */

    /* Nanoseconds since 1970-01-01 UTC. */
    uint64_t (*now)(void *ctx);

    /* Waits MS milliseconds. */
    void (*wait)(void *ctx, unsigned ms);

    /* Fills N bytes of full entropy or fails with RC_ENTROPY. */
    enum rc (*entropy)(void *ctx, uint8_t *out, size_t n);
};

/* The real one: clock_gettime, nanosleep, getrandom(2) with the SP 800-90B 4.4 health tests
 * (repetition count cutoff 41, adaptive proportion window 1024 cutoff 670; 1024 start-up samples).
 * Static storage. */
const struct env *env_system(void);

#endif
