/* SPDX-License-Identifier: Apache-2.0
 *
 * Sixteen processes at once create, find, sign and destroy on one token, ten thousand operations;
 * then nothing may be lost and nothing half made.
 */
#include "token.h"

#include <stdlib.h>

enum { PROCESSES = 16, ROUNDS = 157, PAIR_EVERY = 20 };

static void name_of(int process, int round, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "process %d key %d", process, round);
}

static void pair_name(int process, int round, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "process %d pair %d", process, round);
}

static bool is_kept(int round)
{
    return round % 3 == 0;
}

/* Four operations. */
static void one_round(CK_SESSION_HANDLE s, int process, int round)
{
    char name[NAME_SIZE];
    CK_OBJECT_HANDLE key = 0;
    CK_OBJECT_HANDLE found[2];
    name_of(process, round, name);
    OK(key_create(s, name, round % 2 == 0, &key));
    REQUIRE(find(s, CKO_SECRET_KEY, name, found, 2) == 1 && found[0] == key, "%s", name);
    OK(key_use(s, key));
    if (!is_kept(round)) {
        OK(p11->C_DestroyObject(s, key));
        REQUIRE(find(s, CKO_SECRET_KEY, name, found, 2) == 0, "%s was destroyed", name);
    } else {
        OK(key_check(s, key, name));
    }
    if (round % PAIR_EVERY == 0) {
        pair_name(process, round, name);
        OK(pair_generate(s, name));
        pair_use(s, name);
    }
}

static void worker(void *arg)
{
    const int process = *(const int *)arg;
    token_start();
    const CK_SESSION_HANDLE s = token_login();
    for (int round = 0; round < ROUNDS; round++) {
        one_round(s, process, round);
    }
    OK(p11->C_Finalize(NULL));
}

static void verify(void *unused)
{
    (void)unused;
    static CK_OBJECT_HANDLE all[PROCESSES * ROUNDS * 3];
    char name[NAME_SIZE];
    CK_OBJECT_HANDLE found[2];
    CK_ULONG keys = 0;
    CK_ULONG pairs = 0;
    token_start();
    const CK_SESSION_HANDLE s = token_login();
    for (int p = 0; p < PROCESSES; p++) {
        for (int r = 0; r < ROUNDS; r++) {
            name_of(p, r, name);
            const CK_ULONG n = find(s, CK_UNAVAILABLE_INFORMATION, name, found, 2);
            REQUIRE(n == (is_kept(r) ? 1u : 0u), "%s: %lu", name, n);
            if (n == 1) {
                OK(key_check(s, found[0], name));
                OK(key_use(s, found[0]));
                keys++;
            }
            if (r % PAIR_EVERY == 0) {
                pair_name(p, r, name);
                pair_use(s, name);
                pairs++;
            }
        }
    }
    const CK_ULONG n = find(s, CK_UNAVAILABLE_INFORMATION, NULL, all, sizeof(all) / sizeof(all[0]));
    REQUIRE(n == keys + 2 * pairs, "%lu objects, not %lu", n, keys + 2 * pairs);
    printf("%d processes, %d operations: %lu keys and %lu pairs kept, none lost, none left over\n",
           PROCESSES, PROCESSES * ROUNDS * 4, keys, pairs);
    OK(p11->C_Finalize(NULL));
}

int main(void)
{
    static int number[PROCESSES];
    pid_t pid[PROCESSES];
    int failed = 0;
    place_make();
    token_make();
    for (int i = 0; i < PROCESSES; i++) {
        number[i] = i;
        pid[i] = start_child(worker, &number[i]);
    }
    for (int i = 0; i < PROCESSES; i++) {
        const int end = end_child(pid[i]);
        if (end != 0) {
            fprintf(stderr, "process %d ended with %d\n", i, end);
            failed = 1;
        }
    }
    if (failed == 0) {
        failed = run_child(verify, NULL) != 0;
    }
    place_remove();
    return failed;
}
