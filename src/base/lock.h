/* SPDX-License-Identifier: Apache-2.0
 *
 * Mutexes with a rank. A thread takes locks in rising rank only; debug builds abort on a wrong
 * order (the rank of all held locks is kept per thread). Release builds have no cost beside the
 * mutex itself.
 */
#ifndef CRATON_BASE_LOCK_H
#define CRATON_BASE_LOCK_H

#include <pthread.h>

enum lock_rank {
    LOCK_HSM = 1,
    LOCK_SESSION,
    LOCK_LOGIN,
    LOCK_TOKEN,
    LOCK_OBJECT,
    LOCK_OPENING, /* the opening of a store */
    LOCK_STORE,
    LOCK_CRYPTO,
    LOCK_MEMORY,
    LOCK_LOG,
};

struct lock {
    pthread_mutex_t mutex;
    enum lock_rank rank;
};

void lock_init(struct lock *l, enum lock_rank rank);
void lock_destroy(struct lock *l);
void lock_take(struct lock *l);
int lock_try(struct lock *l); /* 1 when taken */
void lock_drop(struct lock *l);

/* Held to the end of the scope: LOCKED(&token->lock); */
void lock_drop_at(struct lock **l);
#define LOCK_NAME2(line) locked_##line
#define LOCK_NAME(line) LOCK_NAME2(line)
#define LOCKED(l)                                                                                  \
    __attribute__((cleanup(lock_drop_at), unused)) struct lock *LOCK_NAME(__LINE__) =              \
        (lock_take(l), (l))

/* A lock for many readers and one writer; same ranks. */
struct rwlock {
    pthread_rwlock_t rw;
    enum lock_rank rank;
};

void rwlock_init(struct rwlock *l, enum lock_rank rank);
void rwlock_destroy(struct rwlock *l);
void rwlock_read(struct rwlock *l);
void rwlock_write(struct rwlock *l);
void rwlock_drop(struct rwlock *l);

#endif
