/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows by their parts: what no bare library has as one call is done as an application would without
 * this module, one part after the other.
 */
#include "base/mem.h"
#include "bench.h"

static const struct subject *whose;

struct parts {
    struct row rows[PARTS_MAX];
    void *states[PARTS_MAX];
    size_t n;
};

static int once(void *state)
{
    const struct parts *p = state;
    for (size_t i = 0; i < p->n; i++) {
        if (whose->once(p->states[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

static void release(void *state)
{
    struct parts *p = state;
    for (size_t i = 0; i < p->n; i++) {
        whose->release(p->states[i]);
    }
    mem_free(p);
}

static void *prepare(const struct row *row, unsigned thread)
{
    struct parts *p = mem_alloc(sizeof(*p));
    for (size_t i = 0; p != NULL && i < PARTS_MAX && row->parts[i].alg != ALG_NONE; i++) {
        p->rows[i] = (struct row){.op = row->parts[i].op, .alg = row->parts[i].alg};
        p->states[i] = whose->prepare(&p->rows[i], thread);
        if (p->states[i] == NULL) {
            release(p);
            return NULL;
        }
        p->n = i + 1;
    }
    return p;
}

const struct subject *subject_in_parts(const struct subject *s)
{
    static const struct subject in_parts = {
        .name = "parts", .prepare = prepare, .once = once, .release = release};
    whose = s;
    return &in_parts;
}
