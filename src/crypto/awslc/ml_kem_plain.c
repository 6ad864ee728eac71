/* SPDX-License-Identifier: Apache-2.0
 *
 * The door of ml_kem_expanded.h before the library's own functions. They want lengths where ours are
 * known, and make the checks of FIPS 203, 7.2 and 7.3, once more.
 */
#include <openssl/err.h>

#include "base/mem.h"
#include "ml_kem_expanded.h"
#include "pq_library.h"

enum { SHARED_SIZE = 32 };

static bool encapsulate(size_t set, size_t ct_n, const void *e, const uint8_t *m, uint8_t *ct,
                        uint8_t *shared)
{
    size_t shared_n = SHARED_SIZE;
    const bool good = lc_pq()->ml_kem[set].encapsulate(ct, &ct_n, shared, &shared_n, e, m) == 0;
    if (!good) {
        mem_wipe(ct, ct_n);
        ERR_clear_error();
    }
    return good;
}

static bool decapsulate(size_t set, const uint8_t *dk, const uint8_t *ct, uint8_t *shared)
{
    size_t shared_n = SHARED_SIZE;
    const bool good = lc_pq()->ml_kem[set].decapsulate(shared, &shared_n, ct, dk) == 0;
    if (!good) {
        ERR_clear_error();
    }
    return good;
}

#define PLAIN(number, set, ek_n, ct_n)                                                             \
    static void expand_##number(void *e, const uint8_t *ek)                                        \
    {                                                                                              \
        mem_copy(e, ek, ek_n);                                                                     \
    }                                                                                              \
    static bool encapsulate_##number(const void *e, const uint8_t *m, uint8_t *ct,                 \
                                     uint8_t *shared)                                              \
    {                                                                                              \
        return encapsulate(set, ct_n, e, m, ct, shared);                                           \
    }                                                                                              \
    static bool decapsulate_##number(const void *e, const uint8_t *dk, const uint8_t *ct,          \
                                     uint8_t *shared)                                              \
    {                                                                                              \
        (void)e;                                                                                   \
        return decapsulate(set, dk, ct, shared);                                                   \
    }
PLAIN(512, 0, 800, 768)
PLAIN(768, 1, 1184, 1088)
PLAIN(1024, 2, 1568, 1568)

const struct lc_ml_kem_expanded lc_ml_kem_plain[3] = {
    {800, expand_512, encapsulate_512, decapsulate_512},
    {1184, expand_768, encapsulate_768, decapsulate_768},
    {1568, expand_1024, encapsulate_1024, decapsulate_1024},
};
