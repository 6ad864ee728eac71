/* SPDX-License-Identifier: Apache-2.0
 *
 * Ranked locks. With CRATON_LOCK_CHECK each thread remembers the ranks that it holds, and taking a
 * rank that is not above all of them ends the process with a line that says which.
 */
#include "lock.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef CRATON_LOCK_CHECK

static _Thread_local unsigned held; /* bit r: a lock of rank r */

static const char *rank_name(enum lock_rank rank)
{
    static const char *const names[] = {
        [LOCK_HSM] = "HSM",       [LOCK_SESSION] = "SESSION", [LOCK_LOGIN] = "LOGIN",
        [LOCK_TOKEN] = "TOKEN",   [LOCK_OBJECT] = "OBJECT",   [LOCK_STORE] = "STORE",
        [LOCK_CRYPTO] = "CRYPTO", [LOCK_MEMORY] = "MEMORY",   [LOCK_LOG] = "LOG",
    };
    return rank >= LOCK_HSM && rank <= LOCK_LOG ? names[rank] : "?";
}

static _Noreturn void wrong(const char *what, enum lock_rank rank)
{
    fprintf(stderr, "craton-hsm: lock order: %s a lock of rank %s while holding:", what,
            rank_name(rank));
    for (int r = LOCK_HSM; r <= LOCK_LOG; r++) {
        if ((held >> r & 1U) != 0) {
            fprintf(stderr, " %s", rank_name((enum lock_rank)r));
        }
    }
    fprintf(stderr, held == 0 ? " none\n" : "\n");
    abort();
}

static void check_take(enum lock_rank rank)
{
    if (rank < LOCK_HSM || rank > LOCK_LOG || held >> rank != 0) {
        wrong("taking", rank);
    }
}

static void note_take(enum lock_rank rank)
{
    held |= 1U << rank;
}

static void note_drop(enum lock_rank rank)
{
    if ((held >> rank & 1U) == 0) {
        wrong("dropping", rank);
    }
    held &= ~(1U << rank);
}

static void must(int failed, enum lock_rank rank)
{
    if (failed != 0) {
        wrong("misusing", rank);
    }
}

#else

static void check_take(enum lock_rank rank)
{
    (void)rank;
}

static void note_take(enum lock_rank rank)
{
    (void)rank;
}

static void note_drop(enum lock_rank rank)
{
    (void)rank;
}

static void must(int failed, enum lock_rank rank)
{
    (void)failed;
    (void)rank;
}

#endif

void lock_init(struct lock *l, enum lock_rank rank)
{
    must(pthread_mutex_init(&l->mutex, NULL), rank);
    l->rank = rank;
}

void lock_destroy(struct lock *l)
{
    must(pthread_mutex_destroy(&l->mutex), l->rank);
}

void lock_take(struct lock *l)
{
    check_take(l->rank);
    must(pthread_mutex_lock(&l->mutex), l->rank);
    note_take(l->rank);
}

int lock_try(struct lock *l)
{
    check_take(l->rank);
    if (pthread_mutex_trylock(&l->mutex) != 0) {
        return 0;
    }
    note_take(l->rank);
    return 1;
}

void lock_drop(struct lock *l)
{
    note_drop(l->rank);
    must(pthread_mutex_unlock(&l->mutex), l->rank);
}

void lock_drop_at(struct lock **l)
{
    lock_drop(*l);
}

void rwlock_init(struct rwlock *l, enum lock_rank rank)
{
    pthread_rwlockattr_t attr;
    must(pthread_rwlockattr_init(&attr), rank);
    /* A stream of readers may not keep a writer waiting for ever. */
    must(pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP), rank);
    must(pthread_rwlock_init(&l->rw, &attr), rank);
    must(pthread_rwlockattr_destroy(&attr), rank);
    l->rank = rank;
}

void rwlock_destroy(struct rwlock *l)
{
    must(pthread_rwlock_destroy(&l->rw), l->rank);
}

void rwlock_read(struct rwlock *l)
{
    check_take(l->rank);
    must(pthread_rwlock_rdlock(&l->rw), l->rank);
    note_take(l->rank);
}

void rwlock_write(struct rwlock *l)
{
    check_take(l->rank);
    must(pthread_rwlock_wrlock(&l->rw), l->rank);
    note_take(l->rank);
}

void rwlock_drop(struct rwlock *l)
{
    note_drop(l->rank);
    must(pthread_rwlock_unlock(&l->rw), l->rank);
}
