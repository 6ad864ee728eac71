/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate. Its state is the one global of the program, because the C_ functions take no context.
 *
 * It lives in a page that the kernel empties in the child of a fork (MADV_WIPEONFORK; a fork handler
 * does the same where the kernel is older), and empty means closed: the child finds a fresh gate,
 * locks and counters included, and no call has to ask for the process id.
 */
#include "gate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "core/core.h"
#include "door.h"

#define STRIPES 64       /* a power of two */
#define STRIPE_BYTES 128 /* two cache lines: neighbours are fetched in pairs */

enum gate_state { GATE_CLOSED = 0, GATE_OPEN, GATE_CLOSING };

/* Threads inside; threads spread over the stripes so that two do not write one cache line. */
struct stripe {
    _Alignas(STRIPE_BYTES) atomic_uint inside;
};

/* All zero is a closed gate; a zero mutex and condition are valid ones on Linux. */
struct gate {
    _Alignas(STRIPE_BYTES) atomic_int state;
    struct hsm *hsm;           /* set before GATE_OPEN, stays until after GATE_CLOSING */
    pthread_mutex_t lifecycle; /* held through opening and closing */
    pthread_mutex_t leaving;   /* with empty: the closer waits for the last to leave */
    pthread_cond_t empty;
    struct stripe stripes[STRIPES];
};

static struct {
    _Atomic(struct gate *) gate; /* mapped at the first C_Initialize, never unmapped */
    pthread_once_t once;
    /* Outside the page, under the lifecycle lock: what the child of a fork finds of its parent. */
    bool opened;
    struct hsm *hsm;
    void *ctx;
} door = {.once = PTHREAD_ONCE_INIT};

static void empty_in_child(void)
{
    struct gate *g = atomic_load(&door.gate);
    if (g != NULL) {
        memset(g, 0, sizeof *g);
    }
}

static void map_gate(void)
{
    void *p =
        mmap(NULL, sizeof(struct gate), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        return;
    }
    const int wiped = madvise(p, sizeof(struct gate), MADV_WIPEONFORK);
    const int handled = pthread_atfork(NULL, NULL, empty_in_child);
    if (wiped != 0 && handled != 0) {
        (void)munmap(p, sizeof(struct gate));
        return;
    }
    atomic_store(&door.gate, (struct gate *)p);
}

/* The stripe of the calling thread: its id is an address, whose middle bits differ. */
static struct stripe *own_stripe(struct gate *g)
{
    const uint64_t mixed = (uint64_t)(uintptr_t)pthread_self() * UINT64_C(0x9e3779b97f4a7c15);
    return &g->stripes[mixed >> 58 & (STRIPES - 1)];
}

/* The order matters and is sequentially consistent on both sides: we count, then look at the
 * state; the closer sets the state, then looks at the counts. One of the two sees the other. */
static void count_out(struct gate *g, struct stripe *s)
{
    atomic_fetch_sub(&s->inside, 1);
    if (atomic_load(&g->state) == GATE_CLOSING) {
        pthread_mutex_lock(&g->leaving);
        pthread_cond_signal(&g->empty);
        pthread_mutex_unlock(&g->leaving);
    }
}

struct hsm *gate_enter(void)
{
    struct gate *g = atomic_load_explicit(&door.gate, memory_order_acquire);
    if (g == NULL) {
        return NULL;
    }
    struct stripe *s = own_stripe(g);
    atomic_fetch_add(&s->inside, 1);
    if (atomic_load(&g->state) != GATE_OPEN) {
        count_out(g, s);
        return NULL;
    }
    return g->hsm;
}

void gate_leave(void)
{
    struct gate *g = atomic_load_explicit(&door.gate, memory_order_acquire);
    count_out(g, own_stripe(g));
}

static enum rc open_locked(struct gate *g)
{
    REQUIRE(atomic_load(&g->state) == GATE_CLOSED, RC_CRYPTOKI_ALREADY_INITIALIZED);
    if (door.opened) { /* closed, yet opened: by the parent of this process */
        door_house.abandon(door.hsm, door.ctx);
    }
    door.hsm = NULL;
    door.ctx = NULL;
    door.opened = true; /* before open: a fork may come in the middle of it */
    struct hsm *hsm = NULL;
    void *ctx = NULL;
    const enum rc rc = door_house.open(&hsm, &ctx);
    if (rc != RC_OK) {
        door.opened = false;
        return rc;
    }
    door.ctx = ctx;
    door.hsm = hsm;
    g->hsm = hsm;
    atomic_store(&g->state, GATE_OPEN);
    return RC_OK;
}

enum rc gate_open(void)
{
    REQUIRE(pthread_once(&door.once, map_gate) == 0, RC_GENERAL_ERROR);
    struct gate *g = atomic_load(&door.gate);
    REQUIRE(g != NULL, RC_HOST_MEMORY);
    pthread_mutex_lock(&g->lifecycle);
    const enum rc rc = open_locked(g);
    pthread_mutex_unlock(&g->lifecycle);
    return rc;
}

static int anybody_inside(struct gate *g)
{
    for (int i = 0; i < STRIPES; i++) {
        if (atomic_load(&g->stripes[i].inside) != 0) {
            return 1;
        }
    }
    return 0;
}

static enum rc close_locked(struct gate *g)
{
    REQUIRE(atomic_load(&g->state) == GATE_OPEN, RC_CRYPTOKI_NOT_INITIALIZED);
    atomic_store(&g->state, GATE_CLOSING);
    hsm_wake(g->hsm);
    pthread_mutex_lock(&g->leaving);
    while (anybody_inside(g)) {
        pthread_cond_wait(&g->empty, &g->leaving);
    }
    pthread_mutex_unlock(&g->leaving);
    door_house.close(g->hsm, door.ctx);
    g->hsm = NULL;
    door.opened = false;
    atomic_store(&g->state, GATE_CLOSED);
    return RC_OK;
}

enum rc gate_close(void)
{
    struct gate *g = atomic_load(&door.gate);
    REQUIRE(g != NULL, RC_CRYPTOKI_NOT_INITIALIZED);
    pthread_mutex_lock(&g->lifecycle);
    const enum rc rc = close_locked(g);
    pthread_mutex_unlock(&g->lifecycle);
    return rc;
}
