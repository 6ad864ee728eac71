/* SPDX-License-Identifier: Apache-2.0
 *
 * The real world: clocks, and getrandom(2) under the health tests of SP 800-90B 4.4.
 */
#include "env.h"

#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "health.h"
#include "lock.h"
#include "mem.h"

/* Repetition count test, 4.4.1. */
static void feed_repetition(struct health *h, uint8_t sample)
{
    if (h->begun && sample == h->last) {
        h->repeated++;
    } else {
        h->begun = true;
        h->last = sample;
        h->repeated = 1;
    }
    if (h->repeated >= HEALTH_REPETITION_CUTOFF) {
        h->failed = true;
    }
}

/* Adaptive proportion test, 4.4.2. */
static void feed_window(struct health *h, uint8_t sample)
{
    if (h->window_at == 0) {
        h->watched = sample;
        h->window_count = 0;
    }
    h->window_count += sample == h->watched;
    h->window_at = (h->window_at + 1) % HEALTH_WINDOW;
    if (h->window_count >= HEALTH_WINDOW_CUTOFF) {
        h->failed = true;
    }
}

bool health_feed(struct health *h, const uint8_t *samples, size_t n)
{
    struct health now = *h; /* a copy that can stay in registers */
    for (size_t i = 0; i < n; i++) {
        feed_repetition(&now, samples[i]);
        feed_window(&now, samples[i]);
    }
    *h = now;
    return !now.failed;
}

static struct lock health_lock = {PTHREAD_MUTEX_INITIALIZER, LOCK_MEMORY};
static struct health health; /* under health_lock */
static bool startup_done;    /* under health_lock */

void env_after_fork(void)
{
    lock_init(&health_lock, LOCK_MEMORY);
}

static uint64_t system_now(void *ctx)
{
    (void)ctx;
    struct timespec ts = {0, 0};
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

static void system_wait(void *ctx, unsigned ms)
{
    (void)ctx;
    struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* The system call itself: the C library's getrandom may answer from a state that lies in this process
 * (glibc 2.41), and then what is fresh to us is not to somebody who has read our memory
 * (docs/adr/0009). */
static enum rc draw(uint8_t *out, size_t n)
{
    while (n != 0) {
        const long got = syscall(SYS_getrandom, out, n, 0);
        if (got < 0) {
            REQUIRE(errno == EINTR, RC_ENTROPY);
            continue;
        }
        out += got;
        n -= (size_t)got;
    }
    return RC_OK;
}

/* The first use in the process: samples that are tested and thrown away. */
static enum rc startup(void)
{
    if (startup_done) {
        return RC_OK;
    }
    uint8_t samples[HEALTH_STARTUP];
    enum rc rc = draw(samples, sizeof samples);
    if (rc == RC_OK && !health_feed(&health, samples, sizeof samples)) {
        rc = RC_ENTROPY;
    }
    mem_wipe(samples, sizeof samples);
    startup_done = rc == RC_OK;
    return rc;
}

static enum rc begin_testing(void)
{
    LOCKED(&health_lock);
    REQUIRE(!health.failed, RC_ENTROPY);
    return startup();
}

static enum rc test_drawn(const uint8_t *p, size_t n)
{
    LOCKED(&health_lock);
    return health_feed(&health, p, n) ? RC_OK : RC_ENTROPY;
}

/* Threads draw side by side; the tests see one draw after the other. */
static enum rc drawn_and_tested(uint8_t *out, size_t n)
{
    TRY(begin_testing());
    TRY(draw(out, n));
    return test_drawn(out, n);
}

static enum rc system_entropy(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    const enum rc rc = drawn_and_tested(out, n);
    if (rc != RC_OK) {
        mem_wipe(out, n);
    }
    return rc;
}

const struct env *env_system(void)
{
    static const struct env env = {NULL, system_now, system_wait, system_entropy};
    return &env;
}
