/* SPDX-License-Identifier: Apache-2.0
 *
 * One object in many threads: references, the secret part that arrives once, what is kept beside it.
 * Of use under ThreadSanitizer.
 */
#include "make.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4, ROUNDS = 300 };

struct shared {
    struct object *o;
    struct bytes secrets;
    atomic_int made;
    atomic_int gone;
    void *winner[THREADS];
};

struct one {
    struct shared *all;
    size_t at;
};

struct beside {
    struct shared *all;
};

static void release(void *p)
{
    struct beside *b = p;
    atomic_fetch_add(&b->all->gone, 1);
    mem_free(b);
}

static void *work(void *arg)
{
    const struct one *me = arg;
    struct shared *all = me->all;
    struct object *mine = object_ref(all->o);
    const bool opened = object_read_secrets(mine, all->secrets) == RC_OK;
    const struct secret *s = object_secret(mine, CKA_VALUE);
    struct beside *b = mem_alloc(sizeof *b);
    if (opened && s != NULL && s->n == sizeof aes_key && b != NULL) {
        b->all = all;
        atomic_fetch_add(&all->made, 1);
        all->winner[me->at] = object_aux_put(mine, 1, b, release);
    }
    object_unref(mine);
    return NULL;
}

static void one_round(const struct buf *form, const struct secret *secrets)
{
    struct shared all = {.secrets = secret_view(secrets)};
    assert_int_equal(object_read(1, 1, buf_view(form), &all.o), RC_OK);
    pthread_t threads[THREADS];
    struct one ones[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        ones[i] = (struct one){&all, i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &ones[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_non_null(all.winner[i]);
        assert_ptr_equal(all.winner[i], object_aux(all.o, 1));
    }
    assert_int_equal(atomic_load(&all.made), THREADS);
    assert_int_equal(atomic_load(&all.gone), THREADS - 1);
    object_unref(all.o);
    assert_int_equal(atomic_load(&all.gone), THREADS);
}

static void one_object_many_threads(void **state)
{
    (void)state;
    struct list_of l;
    start_aes(&l);
    AUTO_OBJECT struct object *o = make_object(&l, ORIGIN_CREATE);
    AUTO_BUF struct buf form = BUF_INIT;
    AUTO_SECRET struct secret *secrets = NULL;
    assert_int_equal(object_write(o, &form), RC_OK);
    assert_int_equal(object_write_secrets(o, &secrets), RC_OK);
    for (int i = 0; i < ROUNDS; i++) {
        one_round(&form, secrets);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_object_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
