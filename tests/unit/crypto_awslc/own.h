/* SPDX-License-Identifier: Apache-2.0
 *
 * The AWS-LC table, opened for a test, and small makers.
 */
#ifndef CRATON_TESTS_CRYPTO_AWSLC_OWN_H
#define CRATON_TESTS_CRYPTO_AWSLC_OWN_H

#include "../cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "awslc_backend.h"
#include "base/mem.h"
#include "pkey.h"

#define ASSERT_RC(expr, rc) assert_string_equal(rc_name(expr), rc_name(rc))
#define ASSERT_OK(expr) ASSERT_RC(expr, RC_OK)

static inline int own_open(void **state)
{
    struct crypto *c = NULL;
    const struct crypto_backend *list[] = {crypto_backend_awslc()};
    ASSERT_OK(crypto_open(CRYPTO_AWSLC, env_system(), list, 1, &c));
    *state = c;
    return 0;
}

static inline int own_close(void **state)
{
    crypto_close(*state);
    return 0;
}

/* Bytes from hex text without spaces. At most 256 bytes; static storage, next call overwrites. */
static inline struct bytes hex(const char *text)
{
    static uint8_t out[256];
    size_t n = 0;
    for (; text[0] != 0 && n < sizeof(out); text += 2, n++) {
        const char pair[3] = {text[0], text[1], 0};
        out[n] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return BYTES(out, n);
}

static inline struct secret *secret_of(struct bytes v)
{
    struct secret *s = secret_from(v.p, v.n);
    assert_non_null(s);
    return s;
}

#endif
