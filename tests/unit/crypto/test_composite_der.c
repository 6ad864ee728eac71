/* SPDX-License-Identifier: Apache-2.0
 *
 * The DER of composite keys and signatures: what is written, and that nothing else is read. Expected
 * bytes follow from X.690, 8.3 (integers) and 10.1 (lengths), RFC 5915, RFC 8017, A.1 and RFC 3279.
 */
#include <string.h>

#include "../cmocka_all.h"
#include "composite_der.h"

#define ASSERT_RC(expr, rc) assert_string_equal(rc_name(expr), rc_name(rc))
#define ASSERT_OK(expr) ASSERT_RC(expr, RC_OK)

#define IN(...) BYTES(((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__}))

static void refuse_sig(struct bytes in, size_t half)
{
    uint8_t out[132];

    memset(out, 0x5a, sizeof(out));
    ASSERT_RC(der_ecdsa_read(in, half, out), RC_MALFORMED);
    for (size_t i = 0; i < sizeof(out); i++) {
        assert_int_equal(out[i], 0x5a);
    }
}

/* ---- Ecdsa-Sig-Value ------------------------------------------------------------------------------ */

static void test_signature_is_read(void **state)
{
    uint8_t out[8];
    static const uint8_t wanted[8] = {0, 0, 0, 1, 0, 0, 0x80, 2};

    (void)state;
    ASSERT_OK(der_ecdsa_read(IN(0x30, 8, 2, 1, 1, 2, 3, 0, 0x80, 2), 4, out));
    assert_memory_equal(out, wanted, 8);
    ASSERT_OK(der_ecdsa_read(IN(0x30, 6, 2, 1, 0, 2, 1, 0), 4, out)); /* zeros are integers too */
    assert_memory_equal(out, ((const uint8_t[8]){0}), 8);
    ASSERT_OK(der_ecdsa_read(IN(0x30, 8, 2, 3, 0, 0xff, 0xfe, 2, 1, 0x7f), 2, out));
    assert_memory_equal(out, ((const uint8_t[4]){0xff, 0xfe, 0, 0x7f}), 4);
}

static void test_signature_is_refused(void **state)
{
    (void)state;
    refuse_sig(BYTES_NONE, 4);
    refuse_sig(IN(0x30), 4);
    refuse_sig(IN(0x30, 0), 4);
    refuse_sig(IN(0x30, 3, 2, 1, 1), 4);                         /* one integer */
    refuse_sig(IN(0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1), 4);       /* three */
    refuse_sig(IN(0x30, 6, 2, 1, 1, 2, 1, 1, 0), 4);             /* trailing, outside */
    refuse_sig(IN(0x30, 7, 2, 1, 1, 2, 1, 1, 0), 4);             /* trailing, inside */
    refuse_sig(IN(0x31, 6, 2, 1, 1, 2, 1, 1), 4);                /* a set */
    refuse_sig(IN(0x30, 6, 3, 1, 1, 2, 1, 1), 4);                /* a bit string */
    refuse_sig(IN(0x30, 5, 2, 0, 2, 1, 1), 4);                   /* an integer of nothing */
    refuse_sig(IN(0x30, 6, 2, 1, 0x80, 2, 1, 1), 4);             /* negative */
    refuse_sig(IN(0x30, 6, 2, 1, 1, 2, 1, 0xff), 4);             /* negative */
    refuse_sig(IN(0x30, 7, 2, 2, 0, 1, 2, 1, 1), 4);             /* padded */
    refuse_sig(IN(0x30, 7, 2, 2, 0, 0x7f, 2, 1, 1), 4);          /* padded */
    refuse_sig(IN(0x30, 8, 2, 3, 0, 0, 0x80, 2, 1, 1), 4);       /* padded twice */
    refuse_sig(IN(0x30, 7, 2, 2, 0, 0, 2, 1, 1), 4);             /* a long zero */
    refuse_sig(IN(0x30, 10, 2, 5, 1, 0, 0, 0, 0, 2, 1, 1), 4);   /* longer than the order */
    refuse_sig(IN(0x30, 10, 2, 1, 1, 2, 5, 1, 0, 0, 0, 0), 4);   /* longer than the order */
    refuse_sig(IN(0x30, 0x81, 6, 2, 1, 1, 2, 1, 1), 4);          /* a long length, not needed */
    refuse_sig(IN(0x30, 0x82, 0, 6, 2, 1, 1, 2, 1, 1), 4);       /* longer yet */
    refuse_sig(IN(0x30, 0x83, 0, 0, 6, 2, 1, 1, 2, 1, 1), 4);    /* and longer */
    refuse_sig(IN(0x30, 0x84, 0, 0, 0, 6, 2, 1, 1, 2, 1, 1), 4); /* and longer */
    refuse_sig(IN(0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0), 4);       /* no length: BER */
    refuse_sig(IN(0x30, 0xff, 2, 1, 1, 2, 1, 1), 4);             /* reserved */
    refuse_sig(IN(0x30, 6, 2, 0x81, 1, 1, 2, 1, 1), 4);          /* inside as well */
    refuse_sig(IN(0x30, 7, 2, 0x81, 1, 1, 2, 1, 1), 4);          /* inside as well */
    refuse_sig(IN(0x30, 6, 2, 0x7f, 1, 2, 1, 1), 4);             /* beyond the end */
    refuse_sig(IN(0x30, 0x82, 0xff, 0xff, 2, 1, 1, 2, 1, 1), 4); /* beyond the end */
    refuse_sig(IN(0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 1), 4); /* far beyond */
    refuse_sig(IN(0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 1), 4);
}

/* Written and read again at every length an order of ours has; and cut anywhere it is refused. */
static void test_signature_round_trip(void **state)
{
    uint8_t rs[132], back[132], der[160];

    (void)state;
    for (size_t half = 1; half <= 66; half++) {
        for (unsigned first = 0; first < 256; first += 0x7f) {
            memset(rs, 0xa5, sizeof(rs));
            rs[0] = (uint8_t)first;
            rs[half] = 0;
            const size_t n = der_ecdsa_write(rs, half, NULL);

            assert_true(n <= sizeof(der) && n <= der_ecdsa_most(8 * half));
            assert_int_equal(der_ecdsa_write(rs, half, der), n);
            ASSERT_OK(der_ecdsa_read(BYTES(der, n), half, back));
            assert_memory_equal(rs, back, 2 * half);
            for (size_t cut = 0; cut < n; cut++) {
                refuse_sig(BYTES(der, cut), half);
            }
        }
    }
    static const uint8_t small[4] = {0, 1, 0, 0x80};
    assert_int_equal(der_ecdsa_write(small, 2, der), 9);
    assert_memory_equal(der, ((const uint8_t[9]){0x30, 7, 2, 1, 1, 2, 2, 0, 0x80}), 9);
    assert_int_equal(der_ecdsa_write((const uint8_t[2]){0, 0}, 1, der), DER_ECDSA_LEAST);
    assert_memory_equal(der, ((const uint8_t[8]){0x30, 6, 2, 1, 0, 2, 1, 0}), 8);
    /* The tables of the draft: 72, 104 and 139 bytes at most. */
    assert_int_equal(der_ecdsa_most(256), 72);
    assert_int_equal(der_ecdsa_most(384), 104);
    assert_int_equal(der_ecdsa_most(521), 139);
}

/* ---- RSA ------------------------------------------------------------------------------------------- */

static void refuse_rsa(struct bytes in, size_t n_numbers)
{
    struct bytes numbers[DER_RSA_NUMBERS];

    ASSERT_RC(der_rsa_read(in, numbers, n_numbers), RC_MALFORMED);
}

static void test_rsa_public(void **state)
{
    struct bytes v[DER_RSA_NUMBERS];
    uint8_t out[600];
    static const uint8_t der[] = {0x30, 9, 2, 2, 0, 0xc1, 2, 3, 1, 0, 1};

    (void)state;
    ASSERT_OK(der_rsa_read(BYTES(der, sizeof(der)), v, DER_RSA_PUBLIC_NUMBERS));
    assert_int_equal(v[DER_N].n, 1);
    assert_int_equal(v[DER_N].p[0], 0xc1);
    assert_int_equal(v[DER_E].n, 3);
    assert_int_equal(der_rsa_write(v, DER_RSA_PUBLIC_NUMBERS, NULL), sizeof(der));
    assert_int_equal(der_rsa_write(v, DER_RSA_PUBLIC_NUMBERS, out), sizeof(der));
    assert_memory_equal(out, der, sizeof(der));
    for (size_t cut = 0; cut < sizeof(der); cut++) {
        refuse_rsa(BYTES(der, cut), DER_RSA_PUBLIC_NUMBERS);
    }
    refuse_rsa(IN(0x30, 9, 2, 2, 0, 0xc1, 2, 3, 1, 0, 1, 0), DER_RSA_PUBLIC_NUMBERS);
    refuse_rsa(IN(0x30, 10, 2, 2, 0, 0xc1, 2, 3, 1, 0, 1, 0), DER_RSA_PUBLIC_NUMBERS);
    refuse_rsa(IN(0x30, 8, 2, 1, 0xc1, 2, 3, 1, 0, 1), DER_RSA_PUBLIC_NUMBERS);
    refuse_rsa(BYTES(der, sizeof(der)), DER_RSA_NUMBERS);
    /* RFC 8017 and the table of the draft: 270, 398 and 526 bytes with e = 65537 */
    assert_int_equal(der_rsa_most(2048, false), 270);
    assert_int_equal(der_rsa_most(3072, false), 398);
    assert_int_equal(der_rsa_most(4096, false), 526);
}

static void test_rsa_private(void **state)
{
    struct bytes v[DER_RSA_NUMBERS];
    uint8_t out[64];
    uint8_t der[] = {0x30, 28, 2,    1,    0, /* version */
                     2,    2,  0,    0x8f,    /* n */
                     2,    1,  7,             /* e */
                     2,    1,  0x67,          /* d */
                     2,    1,  13,            /* p */
                     2,    1,  11,            /* q */
                     2,    1,  7,             /* d mod p - 1 */
                     2,    1,  3,             /* d mod q - 1 */
                     2,    1,  6};            /* 1/q mod p */

    (void)state;
    ASSERT_OK(der_rsa_read(BYTES(der, sizeof(der)), v, DER_RSA_NUMBERS));
    assert_int_equal(v[DER_N].p[0], 0x8f);
    assert_int_equal(v[DER_D].p[0], 0x67);
    assert_int_equal(v[DER_QI].p[0], 6);
    assert_int_equal(der_rsa_write(v, DER_RSA_NUMBERS, out), sizeof(der));
    assert_memory_equal(out, der, sizeof(der));
    for (size_t cut = 0; cut < sizeof(der); cut++) {
        refuse_rsa(BYTES(der, cut), DER_RSA_NUMBERS);
    }
    refuse_rsa(BYTES(der, sizeof(der)), DER_RSA_PUBLIC_NUMBERS);
    der[4] = 1; /* several primes */
    refuse_rsa(BYTES(der, sizeof(der)), DER_RSA_NUMBERS);
    der[4] = 0;
    der[sizeof(der) - 1] = 0x86; /* negative */
    refuse_rsa(BYTES(der, sizeof(der)), DER_RSA_NUMBERS);
    der[sizeof(der) - 1] = 6;
    der[8] = 0x0f; /* a padded modulus */
    refuse_rsa(BYTES(der, sizeof(der)), DER_RSA_NUMBERS);
    /* The table of the draft: 1226 - 32, 1802 - 32, 2383 - 32 bytes */
    assert_int_equal(der_rsa_most(2048, true), 1194);
    assert_int_equal(der_rsa_most(3072, true), 1770);
    assert_int_equal(der_rsa_most(4096, true), 2351);
}

/* Numbers with zeros in front come out without, and lengths of all three forms. */
static void test_rsa_lengths(void **state)
{
    static uint8_t n[514], e[4] = {0, 1, 0, 1}, der[1200];
    struct bytes back[DER_RSA_NUMBERS];

    (void)state;
    for (size_t size = 1; size <= sizeof(n) - 1; size++) {
        memset(n, 0, sizeof(n));
        n[sizeof(n) - size] = size % 2 == 0 ? 0x80 : 0x7f;
        const struct bytes v[2] = {BYTES(n, sizeof(n)), BYTES(e, sizeof(e))};
        const size_t der_n = der_rsa_write(v, 2, der);

        ASSERT_OK(der_rsa_read(BYTES(der, der_n), back, 2));
        assert_int_equal(back[DER_N].n, size);
        assert_int_equal(back[DER_E].n, 3);
        refuse_rsa(BYTES(der, der_n - 1), 2);
        refuse_rsa(BYTES(der, der_n + 1), 2);
    }
}

/* ---- ECPrivateKey ------------------------------------------------------------------------------------ */

/* RFC 5480, 2.1.1.1: secp256r1 is 1.2.840.10045.3.1.7 */
static const uint8_t p256_head[] = {0x30, 0x31, 2, 1, 1, 4, 0x20};
static const uint8_t p256_tail[] = {0xa0, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

static void test_ec_private(void **state)
{
    /* RFC 5480 and RFC 5639; the lengths in the tables of the drafts less the seed */
    static const struct {
        enum ec_curve curve;
        size_t n;
    } curves[] = {{CURVE_P256, 51},
                  {CURVE_P384, 64},
                  {CURVE_P521, 82},
                  {CURVE_BP256R1, 52},
                  {CURVE_BP384R1, 68}};
    uint8_t scalar[66], der[100];
    struct bytes back = BYTES_NONE;

    (void)state;
    memset(scalar, 0xee, sizeof(scalar));
    for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
        const enum ec_curve curve = curves[i].curve;
        const size_t n = der_ec_size(curve);

        assert_int_equal(n, curves[i].n);
        der_ec_write(curve, BYTES(scalar, curve_bytes(curve)), der);
        ASSERT_OK(der_ec_read(curve, BYTES(der, n), &back));
        assert_int_equal(back.n, curve_bytes(curve));
        assert_memory_equal(back.p, scalar, back.n);
        for (size_t cut = 0; cut < n; cut++) {
            ASSERT_RC(der_ec_read(curve, BYTES(der, cut), &back), RC_MALFORMED);
        }
        ASSERT_RC(der_ec_read(curve, BYTES(der, n + 1), &back), RC_MALFORMED);
        for (size_t at = 0; at < n; at++) { /* the scalar alone may be anything */
            const bool frame = at < 7 || at >= 7 + curve_bytes(curve);

            der[at] ^= 0x01;
            ASSERT_RC(der_ec_read(curve, BYTES(der, n), &back), frame ? RC_MALFORMED : RC_OK);
            der[at] ^= 0x01;
        }
    }
    der_ec_write(CURVE_P256, BYTES(scalar, 32), der);
    assert_memory_equal(der, p256_head, sizeof(p256_head));
    assert_memory_equal(der + 39, p256_tail, sizeof(p256_tail));
    ASSERT_RC(der_ec_read(CURVE_BP256R1, BYTES(der, 52), &back), RC_MALFORMED);
    assert_int_equal(der_ec_size(CURVE_SECP256K1), 0);
    ASSERT_RC(der_ec_read(CURVE_SECP256K1, BYTES(der, 51), &back), RC_MALFORMED);
    ASSERT_RC(der_ec_read(CURVE_SECP256K1, BYTES_NONE, &back), RC_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signature_is_read),    cmocka_unit_test(test_signature_is_refused),
        cmocka_unit_test(test_signature_round_trip), cmocka_unit_test(test_rsa_public),
        cmocka_unit_test(test_rsa_private),          cmocka_unit_test(test_rsa_lengths),
        cmocka_unit_test(test_ec_private),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
