/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate with a house of cardboard: who gets in, who waits, what a fork leaves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/core.h"
#include "door.h"
#include "gate.h"

#define THREADS 8

struct hsm {
    int number;
};

static struct hsm the_hsm;
static struct {
    atomic_int opened, closed, abandoned, inside;
    atomic_bool seen_inside_at_close, woken;
    enum rc open_answer;
    struct hsm *abandoned_hsm;
} house;

static enum rc card_open(struct hsm **ret, void **ret_ctx)
{
    atomic_fetch_add(&house.opened, 1);
    if (house.open_answer == RC_OK) {
        *ret = &the_hsm;
        *ret_ctx = &house;
    }
    return house.open_answer;
}

static void card_close(struct hsm *hsm, void *ctx)
{
    assert_ptr_equal(hsm, &the_hsm);
    assert_ptr_equal(ctx, &house);
    atomic_fetch_add(&house.closed, 1);
    if (atomic_load(&house.inside) != 0) {
        atomic_store(&house.seen_inside_at_close, true);
    }
}

static void card_abandon(struct hsm *hsm, void *ctx)
{
    (void)ctx;
    house.abandoned_hsm = hsm;
    atomic_fetch_add(&house.abandoned, 1);
}

const struct door_house door_house = {card_open, card_close, card_abandon};

void hsm_wake(struct hsm *h)
{
    assert_ptr_equal(h, &the_hsm);
    atomic_store(&house.woken, true);
}

static int fresh(void **state)
{
    (void)state;
    memset(&house, 0, sizeof house);
    return 0;
}

static void nobody_enters_a_closed_gate(void **state)
{
    (void)state;
    assert_null(gate_enter());
    assert_int_equal(gate_close(), RC_CRYPTOKI_NOT_INITIALIZED);
    assert_int_equal(gate_open(), RC_OK);
    assert_ptr_equal(gate_enter(), &the_hsm);
    gate_leave();
    assert_int_equal(gate_open(), RC_CRYPTOKI_ALREADY_INITIALIZED);
    assert_int_equal(gate_close(), RC_OK);
    assert_null(gate_enter());
    assert_int_equal(gate_close(), RC_CRYPTOKI_NOT_INITIALIZED);
    assert_int_equal(house.opened, 1);
    assert_int_equal(house.closed, 1);
}

static void a_house_that_does_not_open_leaves_the_gate_closed(void **state)
{
    (void)state;
    house.open_answer = RC_CONFIG;
    assert_int_equal(gate_open(), RC_CONFIG);
    assert_null(gate_enter());
    house.open_answer = RC_OK;
    assert_int_equal(gate_open(), RC_OK);
    assert_int_equal(house.abandoned, 0);
    assert_int_equal(gate_close(), RC_OK);
}

static void *open_one(void *answer)
{
    *(enum rc *)answer = gate_open();
    return NULL;
}

static void r106_one_of_many_opens(void **state)
{
    (void)state;
    pthread_t t[THREADS];
    enum rc answers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&t[i], NULL, open_one, &answers[i]), 0);
    }
    int ok = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
        ok += answers[i] == RC_OK;
        assert_true(answers[i] == RC_OK || answers[i] == RC_CRYPTOKI_ALREADY_INITIALIZED);
    }
    assert_int_equal(ok, 1);
    assert_int_equal(house.opened, 1);
    assert_int_equal(gate_close(), RC_OK);
}

static void *work(void *passes)
{
    while (gate_enter() != NULL) {
        atomic_fetch_add(&house.inside, 1);
        atomic_fetch_add((atomic_int *)passes, 1);
        atomic_fetch_sub(&house.inside, 1);
        gate_leave();
    }
    return NULL;
}

static void r106_close_waits_for_those_inside(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        fresh(NULL);
        assert_int_equal(gate_open(), RC_OK);
        pthread_t t[THREADS];
        atomic_int passes = 0;
        for (int i = 0; i < THREADS; i++) {
            assert_int_equal(pthread_create(&t[i], NULL, work, &passes), 0);
        }
        while (atomic_load(&passes) < 100) {
            usleep(100);
        }
        assert_int_equal(gate_close(), RC_OK);
        for (int i = 0; i < THREADS; i++) {
            pthread_join(t[i], NULL);
        }
        assert_false(house.seen_inside_at_close);
        assert_true(house.woken);
    }
}

static void *stay(void *unused)
{
    (void)unused;
    assert_non_null(gate_enter());
    atomic_store(&house.inside, 1);
    while (!atomic_load(&house.woken)) {
        usleep(1000);
    }
    usleep(20000);
    atomic_store(&house.inside, 0);
    gate_leave();
    return NULL;
}

static void r121_close_wakes_who_waits_inside(void **state)
{
    (void)state;
    assert_int_equal(gate_open(), RC_OK);
    pthread_t t;
    assert_int_equal(pthread_create(&t, NULL, stay, NULL), 0);
    while (atomic_load(&house.inside) == 0) {
        usleep(1000);
    }
    assert_int_equal(gate_close(), RC_OK);
    assert_false(house.seen_inside_at_close);
    pthread_join(t, NULL);
}

/* In the child: 0, or the number of what was not as it should be. */
static int child(void)
{
    if (gate_enter() != NULL) {
        return 1;
    }
    if (gate_close() != RC_CRYPTOKI_NOT_INITIALIZED || house.closed != 0) {
        return 2;
    }
    if (gate_open() != RC_OK || house.abandoned != 1 || house.abandoned_hsm != &the_hsm) {
        return 3;
    }
    if (gate_enter() != &the_hsm) {
        return 4;
    }
    gate_leave();
    return gate_close() == RC_OK && house.closed == 1 ? 0 : 5;
}

static void r103_a_child_finds_the_gate_closed(void **state)
{
    (void)state;
    assert_int_equal(gate_open(), RC_OK);
    pthread_t t; /* inside while the fork comes: the child must not wait for it */
    assert_int_equal(pthread_create(&t, NULL, stay, NULL), 0);
    while (atomic_load(&house.inside) == 0) {
        usleep(1000);
    }
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(10);
        atomic_store(&house.inside, 0);
        _exit(child());
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_ptr_equal(gate_enter(), &the_hsm); /* the parent is where it was */
    gate_leave();
    assert_int_equal(house.abandoned, 0);
    assert_int_equal(gate_close(), RC_OK);
    pthread_join(t, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nobody_enters_a_closed_gate, fresh),
        cmocka_unit_test_setup(a_house_that_does_not_open_leaves_the_gate_closed, fresh),
        cmocka_unit_test_setup(r106_one_of_many_opens, fresh),
        cmocka_unit_test_setup(r106_close_waits_for_those_inside, fresh),
        cmocka_unit_test_setup(r121_close_wakes_who_waits_inside, fresh),
        cmocka_unit_test_setup(r103_a_child_finds_the_gate_closed, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
