/* SPDX-License-Identifier: Apache-2.0
 *
 * An entropy source that counts, can fail, and can be made to repeat itself.
 */
#ifndef CRATON_TESTS_CRYPTO_SOURCE_H
#define CRATON_TESTS_CRYPTO_SOURCE_H

#include <string.h>

#include "../cmocka_all.h"
#include "base/env.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto_openssl/openssl_backend.h"

struct source {
    unsigned calls;
    unsigned fail_at; /* the call of this number and those behind it fail; 0: none */
    size_t bytes;     /* drawn in all */
    bool constant;    /* the same bytes each time */
};

static inline enum rc source_entropy(void *ctx, uint8_t *out, size_t n)
{
    struct source *s = ctx;

    s->calls++;
    if (s->fail_at != 0 && s->calls >= s->fail_at) {
        memset(out, 0xaa, n); /* what a failing source leaves is nobody's randomness */
        return RC_ENTROPY;
    }
    s->bytes += n;
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint8_t)(s->constant ? 7 : s->calls * 31 + i);
    }
    return RC_OK;
}

static inline uint64_t source_now(void *ctx)
{
    (void)ctx;
    return 1;
}

static inline struct env source_env(struct source *s)
{
    return (struct env){.ctx = s, .now = source_now, .entropy = source_entropy};
}

#define ASSERT_RC(expr, rc) assert_string_equal(rc_name(expr), rc_name(rc))
#define ASSERT_OK(expr) ASSERT_RC(expr, RC_OK)

static inline bool all_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0) {
            return false;
        }
    }
    return true;
}

#endif
