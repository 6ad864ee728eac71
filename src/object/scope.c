/* SPDX-License-Identifier: Apache-2.0
 *
 * The attribute table by scope.
 */
#include "scope.h"

#include "thing.h"

enum { CLASSES = 6, KEYS = 1 + 32 /* unknown, and one for each bit */ };
_Static_assert((int)C_ALL == (1 << CLASSES) - 1, "a place for each class");

static struct scope_rows lists[CLASSES][KEYS]; /* most are never touched */

static unsigned bit_number(uint32_t bit)
{
    return (unsigned)__builtin_ctz(bit);
}

/* Two threads that come here at once write the same; the count says that all is there. */
static void work_out(struct scope_rows *l, struct attr_scope scope)
{
    size_t n;
    size_t fitting = 0;
    const struct attr_row *rows = attr_rows(&n);
    for (size_t i = 0; i < n; i++) {
        if (attr_counts(&rows[i], scope)) {
            const uint32_t flag = object_flag_of(rows[i].type);
            atomic_store_explicit(&l->flag[fitting], flag, memory_order_relaxed);
            atomic_store_explicit(&l->row[fitting++], &rows[i], memory_order_relaxed);
        }
    }
    atomic_store_explicit(&l->n, fitting, memory_order_release);
}

const struct scope_rows *scope_rows(struct attr_scope scope)
{
    struct scope_rows *l =
        &lists[bit_number(scope.cls)][scope.keys == 0 ? 0 : 1 + bit_number(scope.keys)];
    if (atomic_load_explicit(&l->n, memory_order_acquire) == 0) {
        work_out(l, scope);
    }
    return l;
}
