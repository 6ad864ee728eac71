/* SPDX-License-Identifier: Apache-2.0
 *
 * kill -9 in the middle of C_CreateObject and C_GenerateKeyPair, a hundred times, four processes at
 * once. What was acknowledged is there, and of what was not, at most one thing a kill, whole. Every
 * second turn makes composite pairs alone: two algorithms and large values in one commit.
 */
#include "token.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { TURNS = 25, AT_ONCE = 4, WORKERS = TURNS * AT_ONCE };

static int told[WORKERS]; /* how many things worker i acknowledged */

struct job {
    int worker;
    int pipe;
};

static bool is_composite(int worker)
{
    return worker / AT_ONCE % 2 == 1;
}

static bool is_pair(int worker, int number)
{
    return is_composite(worker) || number % 3 == 2;
}

static void name_of(int worker, int number, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "worker %d thing %d", worker, number);
}

/* One byte when it begins, then one for each thing that the token has acknowledged. */
static void work(void *arg)
{
    const struct job *job = arg;
    char name[NAME_SIZE];
    CK_OBJECT_HANDLE key = 0;
    token_start();
    const CK_SESSION_HANDLE s = token_login();
    REQUIRE(write(job->pipe, "b", 1) == 1, "pipe");
    for (int i = 0;; i++) {
        name_of(job->worker, i, name);
        if (is_composite(job->worker)) {
            OK(composite_generate(s, name));
        } else {
            OK(is_pair(job->worker, i) ? pair_generate(s, name)
                                       : key_create(s, name, i % 2 == 0, &key));
        }
        REQUIRE(write(job->pipe, "k", 1) == 1, "pipe");
    }
}

static int count_bytes(int fd)
{
    char c = 0;
    int n = 0;
    while (read(fd, &c, 1) == 1) {
        n++;
    }
    return n;
}

static void one_turn(int turn)
{
    pid_t pid[AT_ONCE];
    int in[AT_ONCE];
    struct job job[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++) {
        int fd[2];
        REQUIRE(pipe(fd) == 0, "pipe");
        job[i] = (struct job){.worker = turn * AT_ONCE + i, .pipe = fd[1]};
        pid[i] = start_child(work, &job[i]);
        in[i] = fd[0];
        (void)close(fd[1]);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        char c = 0;
        REQUIRE(read(in[i], &c, 1) == 1, "worker %d did not begin", job[i].worker);
        (void)usleep((useconds_t)(rand() % 6000));
        REQUIRE(kill(pid[i], SIGKILL) == 0, "kill");
        REQUIRE(end_child(pid[i]) == -SIGKILL, "worker %d ended by itself", job[i].worker);
        told[job[i].worker] = count_bytes(in[i]);
        (void)close(in[i]);
    }
}

/* Whether thing NUMBER of WORKER is there; whole, if it is. */
static bool is_there(CK_SESSION_HANDLE s, int worker, int number)
{
    char name[NAME_SIZE];
    CK_OBJECT_HANDLE found[4];
    name_of(worker, number, name);
    const CK_ULONG n = find(s, CK_UNAVAILABLE_INFORMATION, name, found, 4);
    if (n == 0) {
        return false;
    }
    if (is_composite(worker)) {
        REQUIRE(n == 2, "%s: half a composite pair", name);
        composite_use(s, name);
    } else if (is_pair(worker, number)) {
        REQUIRE(n == 2, "%s: half a pair", name);
        pair_use(s, name);
    } else {
        REQUIRE(n == 1 && find(s, CKO_SECRET_KEY, name, found, 4) == 1, "%s: %lu", name, n);
        OK(key_check(s, found[0], name));
        OK(key_use(s, found[0]));
    }
    return true;
}

static void verify(void *unused)
{
    (void)unused;
    static CK_OBJECT_HANDLE all[100000];
    CK_ULONG objects = 0;
    int acknowledged = 0;
    int composites = 0;
    int more = 0;
    token_start();
    const CK_SESSION_HANDLE s = token_login();
    for (int w = 0; w < WORKERS; w++) {
        int i = 0;
        for (; i < told[w]; i++) {
            REQUIRE(is_there(s, w, i), "worker %d: acknowledged thing %d is lost", w, i);
            objects += is_pair(w, i) ? 2 : 1;
        }
        acknowledged += told[w];
        composites += is_composite(w) ? told[w] : 0;
        if (is_there(s, w, i)) { /* committed, and killed before it could say so */
            objects += is_pair(w, i) ? 2 : 1;
            more++;
        }
        REQUIRE(!is_there(s, w, i + 1), "worker %d: thing %d was never begun", w, i + 1);
    }
    const CK_ULONG n = find(s, CK_UNAVAILABLE_INFORMATION, NULL, all, 100000);
    REQUIRE(n == objects, "%lu objects, not %lu", n, objects);
    REQUIRE(acknowledged > WORKERS, "the kills came too early to mean anything");
    REQUIRE(composites > WORKERS / 4, "too few composite pairs to mean anything");
    printf(
        "%d kills: %d acknowledged things are there, %d of them composite pairs, and %d that were "
        "not told yet\n",
        WORKERS, acknowledged, composites, more);
    OK(p11->C_Finalize(NULL));
}

int main(void)
{
    srand(5);
    place_make();
    token_make();
    for (int turn = 0; turn < TURNS; turn++) {
        one_turn(turn);
    }
    const int failed = run_child(verify, NULL) != 0;
    place_remove();
    return failed;
}
