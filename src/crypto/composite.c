/* SPDX-License-Identifier: Apache-2.0
 *
 * Composite keys: the table of combinations, and the halves of a key. See composite.h.
 */
#include "composite.h"

enum combiner { COMBINER_SHA3, COMBINER_XWING, COMBINER_MLKEM_FIRST, COMBINER_MLKEM_LAST };

struct comp_row {
    enum pkey_kind kind; /* PKEY_COMP_SIG or PKEY_COMP_KEM */
    struct bytes label;
    struct pkey_spec pq, other; /* the halves */
    enum pkey_scheme padding;   /* SIG */
    enum hash_alg hash, prehash;
    enum combiner combiner; /* KEM */
};

#define TEXT(label)                                                                                \
    {                                                                                              \
        (const uint8_t *)(label), sizeof(label) - 1                                                \
    }
static const struct comp_row rows[COMP_SET_COUNT] = {
#define SIG(name, label_, ml_dsa, kind_, curve_, bits_, padding_, hash_, prehash_)                 \
    [COMP_SIG_##name] = {.kind = PKEY_COMP_SIG,                                                    \
                         .label = TEXT(label_),                                                    \
                         .pq = {.kind = PKEY_##ml_dsa},                                            \
                         .other = {PKEY_##kind_, CURVE_##curve_, (bits_), 0},                      \
                         .padding = SCHEME_##padding_,                                             \
                         .hash = HASH_##hash_,                                                     \
                         .prehash = HASH_##prehash_},
#define KEM(name, label_, ml_kem, kind_, curve_, bits_, combiner_)                                 \
    [COMP_KEM_##name] = {.kind = PKEY_COMP_KEM,                                                    \
                         .label = TEXT(label_),                                                    \
                         .pq = {.kind = PKEY_##ml_kem},                                            \
                         .other = {PKEY_##kind_, CURVE_##curve_, (bits_), 0},                      \
                         .combiner = COMBINER_##combiner_},
#include "composite.def"
};

enum pkey_kind comp_kind(unsigned set)
{
    return rows[set].kind;
}

enum hash_alg comp_hash(unsigned set)
{
    return rows[set].prehash;
}

struct pq_sizes comp_sizes(unsigned set, bool *ret_exact)
{
    (void)set;
    if (ret_exact != NULL) {
        *ret_exact = false;
    }
    return (struct pq_sizes){0};
}

void composite_open(struct crypto *c)
{
    (void)c;
}

void composite_close(const struct crypto *c)
{
    (void)c;
}
