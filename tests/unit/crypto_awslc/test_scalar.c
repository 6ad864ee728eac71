/* SPDX-License-Identifier: Apache-2.0
 *
 * The constant-time reduction against the library's division, and its edges.
 */
#include "own.h"

static const enum ec_curve curves[] = {CURVE_P224, CURVE_P256, CURVE_P384, CURVE_P521,
                                       CURVE_SECP256K1};

static void order_of(enum ec_curve c, uint8_t order[66], size_t *n)
{
    const BIGNUM *o = EC_GROUP_get0_order(lc_ec_group(c));
    *n = BN_num_bytes(o);
    BN_bn2bin(o, order);
}

/* (RANDOM mod (order - 1)) + 1 by the library. */
static void expected(const uint8_t *order, size_t n, const uint8_t *random, size_t random_n,
                     uint8_t *out)
{
    AUTO_BN BIGNUM *m = BN_bin2bn(order, n, NULL);
    AUTO_BN BIGNUM *r = BN_bin2bn(random, random_n, NULL);
    AUTO_BN_CTX BN_CTX *cx = BN_CTX_new();
    assert_true(BN_sub_word(m, 1) && BN_nnmod(r, r, m, cx) && BN_add_word(r, 1));
    assert_true(BN_bn2bin_padded(out, n, r));
}

static void check(enum ec_curve c, const uint8_t *random, size_t random_n)
{
    uint8_t order[66];
    uint8_t have[66];
    uint8_t want[66];
    size_t n = 0;
    order_of(c, order, &n);
    lc_scalar_reduce(order, n, random, random_n, have);
    expected(order, n, random, random_n, want);
    assert_memory_equal(have, want, n);
}

static void test_random(void **state)
{
    struct crypto *c = *state;
    uint8_t random[74];
    for (size_t k = 0; k < ARRAY_LEN(curves); k++) {
        const size_t n = (curve_order_bits(curves[k]) + 7) / 8 + 8;
        for (int i = 0; i < 200; i++) {
            ASSERT_OK(rng_bytes(c->rng, random, n));
            check(curves[k], random, n);
        }
    }
}

/* Zero, one, the order and its neighbours, all ones. */
static void test_edges(void **state)
{
    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(curves); k++) {
        uint8_t order[66];
        size_t n = 0;
        order_of(curves[k], order, &n);
        for (int delta = -3; delta <= 2; delta++) {
            uint8_t random[74] = {0};
            AUTO_BN BIGNUM *v = BN_bin2bn(order, n, NULL);
            assert_true(delta < 0 ? BN_sub_word(v, (BN_ULONG)-delta)
                                  : BN_add_word(v, (BN_ULONG)delta));
            assert_true(BN_bn2bin_padded(random, n + 8, v));
            check(curves[k], random, n + 8);
        }
        uint8_t same[74];
        for (int value = 0; value < 256; value += 255) {
            memset(same, value, sizeof(same));
            check(curves[k], same, n + 8);
        }
        memset(same, 0, sizeof(same));
        same[n + 7] = 1;
        check(curves[k], same, n + 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random), cmocka_unit_test(test_edges)};
    return cmocka_run_group_tests(tests, own_open, own_close);
}
