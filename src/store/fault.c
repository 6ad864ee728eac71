/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults for tests: a countdown over the steps that change a store.
 */
#include "fault.h"

#include <stdatomic.h>

static atomic_ulong left;  /* steps to go; 0: off */
static atomic_ulong count; /* faults delivered */
static atomic_int answer;  /* enum rc */

void store_fault_at(unsigned long nth, enum rc rc)
{
    atomic_store(&left, 0);
    atomic_store(&count, 0);
    atomic_store(&answer, (int)rc);
    atomic_store(&left, nth);
}

unsigned long store_fault_count(void)
{
    return atomic_load(&count);
}

enum rc fault_here(void)
{
    unsigned long n = atomic_load_explicit(&left, memory_order_relaxed);
    while (n != 0) {
        if (atomic_compare_exchange_weak(&left, &n, n - 1)) {
            if (n != 1) {
                return RC_OK;
            }
            atomic_fetch_add(&count, 1);
            return (enum rc)atomic_load(&answer);
        }
    }
    return RC_OK;
}
