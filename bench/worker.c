/* SPDX-License-Identifier: Apache-2.0
 *
 * Workers: one process a subject and store. The main process writes a request and reads the answer;
 * between requests a worker sleeps.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "bench.h"

#define THREADS_MAX 2

enum command { CMD_RUN, CMD_ROW_DONE, CMD_STOP };

struct request {
    enum command command;
    unsigned threads;
    size_t row;
    double seconds;
    bool cpu; /* by processor time */
};

struct answer {
    double ops; /* a second; below zero: the row is not to be had */
    char say[160];
};

static double clock_seconds(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double now_seconds(void)
{
    return clock_seconds(CLOCK_MONOTONIC);
}

/* ---- the worker's side ----------------------------------------------------------------------------- */

struct runner {
    const struct subject *subject;
    void *state;
    double seconds;
    bool cpu;
    atomic_uint *ready; /* threads at the line */
    unsigned threads;
    double ops; /* result; below zero: failed */
};

/* The clock is read after batches that take about a hundredth of the run. */
static void *runner_main(void *arg)
{
    struct runner *r = arg;
    size_t batch = 1;
    size_t done = 0;
    atomic_fetch_add(r->ready, 1);
    while (atomic_load(r->ready) < r->threads) {
        sched_yield();
    }
    const double begin_cpu = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
    const double begin = now_seconds();
    double now = begin;
    while (now - begin < r->seconds || done == 0) {
        for (size_t i = 0; i < batch; i++) {
            if (r->subject->once(r->state) != 0) {
                r->ops = -1;
                return NULL;
            }
        }
        done += batch;
        const double t = now_seconds();
        if (t - now < r->seconds / 200) {
            batch *= 2;
        }
        now = t;
    }
    const double spent = r->cpu ? clock_seconds(CLOCK_THREAD_CPUTIME_ID) - begin_cpu : now - begin;
    r->ops = (double)done / spent;
    return NULL;
}

static double run_threads(const struct subject *subject, void *const *states,
                          const struct request *q)
{
    const unsigned threads = q->threads;
    struct runner r[THREADS_MAX];
    pthread_t ids[THREADS_MAX];
    atomic_uint ready = 0;
    double ops = 0;
    for (unsigned i = 0; i < threads; i++) {
        r[i] = (struct runner){subject, states[i], q->seconds, q->cpu, &ready, threads, 0};
        if (pthread_create(&ids[i], NULL, runner_main, &r[i]) != 0) {
            _exit(1);
        }
    }
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
    }
    for (unsigned i = 0; i < threads; i++) {
        if (r[i].ops < 0) {
            return -1;
        }
        ops += r[i].ops;
    }
    return ops;
}

static const struct subject *subject_of(enum who who)
{
    switch (who) {
    case WHO_OPENSSL:
        return &subject_openssl;
    case WHO_AWSLC:
#ifdef CRATON_BENCH_AWSLC
        return &subject_awslc;
#else
        return NULL;
#endif
    default:
        return &subject_module;
    }
}

static bool read_whole(int fd, void *p, size_t n)
{
    for (size_t at = 0; at < n;) {
        const ssize_t got = read(fd, (char *)p + at, n - at);
        if (got <= 0) {
            return false;
        }
        at += (size_t)got;
    }
    return true;
}

/* A row under way. */
struct work {
    const struct subject *how;
    void *states[THREADS_MAX];
};

static void release_all(struct work *w)
{
    for (size_t i = 0; i < THREADS_MAX; i++) {
        if (w->states[i] != NULL) {
            w->how->release(w->states[i]);
            w->states[i] = NULL;
        }
    }
}

static double serve(enum who who, const struct subject *s, struct work *w, const struct request *q)
{
    const struct row *row = &rows[q->row];
    const bool parts = (s != &subject_module || who == WHO_PARTS) && row->parts[0].alg != ALG_NONE;
    w->how = parts ? subject_in_parts(s) : s;
    for (unsigned i = 0; i < q->threads; i++) {
        if (w->states[i] == NULL) {
            w->states[i] = w->how->prepare(row, i);
        }
        if (w->states[i] == NULL) {
            return -1;
        }
    }
    return run_threads(w->how, w->states, q);
}

int worker_main(enum who who, enum place place)
{
    const struct subject *s = subject_of(who);
    struct work work = {.how = NULL};
    struct answer a = {.ops = 0};
    struct request q;
    const int in = STDIN_FILENO;
    const int out = dup(STDOUT_FILENO); /* a module may print */
    dup2(STDERR_FILENO, STDOUT_FILENO);
    if (s == NULL || s->open(place, a.say, sizeof(a.say)) != 0) {
        a.ops = -1;
    }
    while (write(out, &a, sizeof(a)) == (ssize_t)sizeof(a) && a.ops > -1.5 &&
           read_whole(in, &q, sizeof(q)) && q.command != CMD_STOP) {
        memset(&a, 0, sizeof(a));
        if (q.command == CMD_ROW_DONE) {
            release_all(&work);
        } else {
            a.ops = serve(who, s, &work, &q);
        }
    }
    if (s != NULL) {
        release_all(&work);
        s->close();
    }
    return 0;
}

/* ---- the main process' side ---------------------------------------------------------------------------- */

struct worker {
    pid_t pid;
    int to, from;
    bool alive;
    char say[160];
};

static struct answer ask(struct worker *w, struct request q)
{
    struct answer a = {.ops = -1};
    if (!w->alive) {
        return a;
    }
    if (write(w->to, &q, sizeof(q)) != (ssize_t)sizeof(q) || !read_whole(w->from, &a, sizeof(a))) {
        w->alive = false;
        snprintf(w->say, sizeof(w->say), "died in the row %s", rows[q.row].name);
        a.ops = -1;
    }
    return a;
}

static void child(int in, int out, enum who who, enum place place, const struct module_place *p)
{
    char who_text[8];
    char place_text[8];
    snprintf(who_text, sizeof(who_text), "%d", (int)who);
    snprintf(place_text, sizeof(place_text), "%d", (int)place);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    execl("/proc/self/exe", "craton-hsm-bench", "--worker", who_text, place_text, p->path,
          p->scratch, p->memory, (char *)NULL);
    _exit(127);
}

struct worker *worker_start(enum who who, enum place place, const struct module_place *p)
{
    int to[2];
    int from[2];
    struct worker *w = mem_alloc(sizeof(*w));
    struct answer a;
    if (w == NULL || pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) {
        _exit(1);
    }
    w->pid = fork();
    if (w->pid == 0) {
        child(to[0], from[1], who, place, p);
    }
    close(to[0]);
    close(from[1]);
    w->to = to[1];
    w->from = from[0];
    w->alive = w->pid > 0 && read_whole(w->from, &a, sizeof(a));
    if (w->alive) {
        memcpy(w->say, a.say, sizeof(w->say));
        w->alive = a.ops >= 0;
    } else {
        snprintf(w->say, sizeof(w->say), "died at its start");
    }
    return w;
}

const char *worker_version(const struct worker *w)
{
    return w->alive ? w->say : "";
}

bool worker_alive(const struct worker *w)
{
    return w->alive;
}

const char *worker_trouble(const struct worker *w)
{
    return w->say;
}

double worker_run(struct worker *w, size_t row, unsigned threads, double seconds, bool cpu)
{
    return ask(w, (struct request){CMD_RUN, threads, row, seconds, cpu}).ops;
}

void worker_row_done(struct worker *w)
{
    (void)ask(w, (struct request){CMD_ROW_DONE, 0, 0, 0, false});
}

void worker_stop(struct worker *w)
{
    const struct request q = {CMD_STOP, 0, 0, 0, false};
    if (w == NULL) {
        return;
    }
    (void)!write(w->to, &q, sizeof(q));
    close(w->to);
    close(w->from);
    waitpid(w->pid, NULL, 0);
    mem_free(w);
}
