/* SPDX-License-Identifier: Apache-2.0
 *
 * Public points of the Edwards curves: encoded in the one canonical way (RFC 8032, 5.1.3 and
 * 5.2.3), on the curve, and not of small order; the library checks none of it when a key is made.
 * Public data: no constant time.
 */
#include <string.h>

#include "key.h"

/* The y of the points whose order divides the cofactor; little endian, without the sign of x. */
static const uint8_t ed25519_small[][32] = {
    {1}, /* order 1 */
    {0}, /* order 4 */
    /* p - 1: order 2 */
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    /* order 8 */
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
};

/* 2^255 - 19 */
static const uint8_t ed25519_p[32] = {
    0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
};

/* 2^448 - 2^224 - 1; the 57th byte carries the sign of x alone */
static const uint8_t ed448_p[57] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00,
};

/* A < B, little endian. */
static bool less(const uint8_t *a, const uint8_t *b, size_t n)
{
    for (size_t i = n; i-- > 0;) {
        if (a[i] != b[i]) {
            return a[i] < b[i];
        }
    }
    return false;
}

static bool ed448_is_small(const uint8_t y[57])
{
    uint8_t zero_or_one[57] = {0};
    uint8_t p_less_one[57];

    memcpy(p_less_one, ed448_p, sizeof(p_less_one));
    p_less_one[0]--;
    if (memcmp(y, zero_or_one, sizeof(zero_or_one)) == 0 || memcmp(y, p_less_one, 57) == 0) {
        return true;
    }
    zero_or_one[0] = 1;
    return memcmp(y, zero_or_one, sizeof(zero_or_one)) == 0;
}

/* Is there an x for this Y, that is, is x^2 a square? With u and v the numerator and denominator of
 * x^2, u * v is one exactly when u / v is.
 *   edwards25519: x^2 = (y^2 - 1) / (d y^2 + 1), d = -121665 / 121666
 *   edwards448:   x^2 = (1 - y^2) / (1 - d y^2), d = -39081 */
static enum rc check_on_curve(enum pkey_kind kind, const uint8_t *y_bytes, size_t n)
{
    const bool small = kind == PKEY_ED25519;
    AUTO_BN_CTX BN_CTX *ctx = BN_CTX_new_ex(osl()->lib);
    AUTO_BN BIGNUM *p = BN_lebin2bn(small ? ed25519_p : ed448_p, (int)n, NULL);
    AUTO_BN BIGNUM *y2 = BN_lebin2bn(y_bytes, (int)n, NULL);
    AUTO_BN BIGNUM *u = BN_new();
    AUTO_BN BIGNUM *v = BN_new();

    REQUIRE(ctx != NULL && p != NULL && y2 != NULL && u != NULL && v != NULL, RC_HOST_MEMORY);
    TRY_SSL(BN_mod_sqr(y2, y2, p, ctx));
    TRY_SSL(BN_copy(u, y2) != NULL && BN_copy(v, y2) != NULL);
    TRY_SSL(BN_sub_word(u, 1)); /* not 0: y = 0 was refused */
    if (small) {                /* v times 121666^2, a square */
        TRY_SSL(BN_mul_word(v, 121665) && BN_sub_word(v, 121666) && BN_mul_word(v, 121666));
        BN_set_negative(v, !BN_is_negative(v));
    } else {
        TRY_SSL(BN_mul_word(v, 39081) && BN_add_word(v, 1));
        BN_set_negative(u, 1);
    }
    TRY_SSL(BN_mod_mul(u, u, v, p, ctx));
    const int square = BN_kronecker(u, p, ctx);
    REQUIRE(square >= -1, osl_failed(RC_CRYPTO_LIBRARY));
    return square >= 0 ? RC_OK : RC_PUBLIC_KEY_INVALID;
}

enum rc osl_okp_check_edwards(enum pkey_kind kind, struct bytes pub)
{
    uint8_t y[57];
    const size_t n = kind == PKEY_ED25519 ? 32 : 57;

    REQUIRE(pub.n == n, RC_PUBLIC_KEY_INVALID);
    memcpy(y, pub.p, n);
    y[n - 1] &= 0x7f;
    if (kind == PKEY_ED448) {
        REQUIRE(less(y, ed448_p, n) && !ed448_is_small(y), RC_PUBLIC_KEY_INVALID);
        return check_on_curve(kind, y, n);
    }
    REQUIRE(less(y, ed25519_p, n), RC_PUBLIC_KEY_INVALID);
    for (size_t i = 0; i < ARRAY_LEN(ed25519_small); i++) {
        REQUIRE(memcmp(y, ed25519_small[i], n) != 0, RC_PUBLIC_KEY_INVALID);
    }
    return check_on_curve(kind, y, n);
}
