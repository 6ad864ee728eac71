/* SPDX-License-Identifier: Apache-2.0
 *
 * A few idle objects, handed from thread to thread without a lock.
 */
#ifndef CRATON_CRYPTO_OPENSSL_POOL_H
#define CRATON_CRYPTO_OPENSSL_POOL_H

#include <stdatomic.h>

#define POOL_SLOTS 8

struct pool {
    _Atomic(void *) slot[POOL_SLOTS];
};

/* An idle object, now the caller's; NULL when there is none. */
void *osl_pool_take(struct pool *p);

/* Gives an object to the pool. 0 when the pool is full: it is the caller's still. */
int osl_pool_put(struct pool *p, void *object);

#endif
