/* SPDX-License-Identifier: Apache-2.0
 *
 * The door of ml_dsa_expanded.h before the library's own functions. They want lengths where ours are
 * known, and take all that they need from a key's bytes.
 */
#include "base/mem.h"
#include "ml_dsa_expanded.h"
#include "pq_library.h"

enum { MU_SIZE = 64 };

static bool sign(size_t set, const uint8_t *sk, const uint8_t *mu, const uint8_t *rnd, uint8_t *sig)
{
    size_t n = 0;
    return lc_pq()->ml_dsa[set].sign(sk, sig, &n, mu, MU_SIZE, NULL, 0, rnd) == 1;
}

static bool verify(size_t set, const uint8_t *pk, const uint8_t *mu, const uint8_t *sig, size_t n)
{
    return lc_pq()->ml_dsa[set].verify(pk, sig, n, mu, MU_SIZE) == 1;
}

static void expand_private(void *e, const uint8_t *sk)
{
    (void)e;
    (void)sk;
}

#define PLAIN(number, set, pk_n, sig_n)                                                            \
    static void expand_##number(void *e, const uint8_t *pk)                                        \
    {                                                                                              \
        mem_copy(e, pk, pk_n);                                                                     \
    }                                                                                              \
    static bool sign_##number(const void *e, const uint8_t *sk, const uint8_t *mu,                 \
                              const uint8_t *rnd, uint8_t *sig)                                    \
    {                                                                                              \
        (void)e;                                                                                   \
        return sign(set, sk, mu, rnd, sig);                                                        \
    }                                                                                              \
    static bool verify_##number(const void *e, const uint8_t *mu, const uint8_t *sig)              \
    {                                                                                              \
        return verify(set, e, mu, sig, sig_n);                                                     \
    }
PLAIN(44, 0, 1312, 2420)
PLAIN(65, 1, 1952, 3309)
PLAIN(87, 2, 2592, 4627)

const struct lc_ml_dsa_expanded lc_ml_dsa_plain[3] = {
    {0, 1312, expand_private, expand_44, sign_44, verify_44},
    {0, 1952, expand_private, expand_65, sign_65, verify_65},
    {0, 2592, expand_private, expand_87, sign_87, verify_87},
};
