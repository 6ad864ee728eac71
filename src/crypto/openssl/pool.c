/* SPDX-License-Identifier: Apache-2.0
 *
 * A few idle objects, handed from thread to thread without a lock.
 */
#include "pool.h"

#include <stddef.h>

void *osl_pool_take(struct pool *p)
{
    for (int i = 0; i < POOL_SLOTS; i++) {
        if (atomic_load_explicit(&p->slot[i], memory_order_relaxed) != NULL) {
            void *object = atomic_exchange_explicit(&p->slot[i], NULL, memory_order_acquire);

            if (object != NULL) {
                return object;
            }
        }
    }
    return NULL;
}

int osl_pool_put(struct pool *p, void *object)
{
    for (int i = 0; i < POOL_SLOTS; i++) {
        void *none = NULL;

        if (atomic_compare_exchange_strong_explicit(&p->slot[i], &none, object,
                                                    memory_order_release, memory_order_relaxed)) {
            return 1;
        }
    }
    return 0;
}
