/* SPDX-License-Identifier: Apache-2.0
 *
 * The numbers of an RSA key: reading, checking, and finding those that are missing (SP 800-56B
 * Rev. 2, 6.4.1 and Appendix C).
 */
#include <string.h>

#include "key.h"

/* The library's own bounds: a large modulus goes with a public exponent of at most 64 bits. */
#define SMALL_MODULUS_BITS 3072
#define LARGE_E_BITS 64
#define SMALL_E_BITS 256

#define INVALID RC_ATTRIBUTE_VALUE_INVALID

/* Fails with RC_HOST_MEMORY: nothing else can go wrong in these calls. */
#define TRY_BN(expr)                                                                               \
    do {                                                                                           \
        if ((expr) != 1) {                                                                         \
            return osl_failed(RC_HOST_MEMORY);                                                     \
        }                                                                                          \
    } while (0)

void osl_rsa_numbers_free(struct rsa_numbers *r)
{
    BIGNUM *all[] = {r->n, r->e, r->d, r->p, r->q, r->dp, r->dq, r->qi};

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        BN_clear_free(all[i]);
    }
    memset(r, 0, sizeof(*r));
}

static enum rc read_secret(const struct secret *s, BIGNUM **ret)
{
    if (s == NULL || s->n == 0) {
        return RC_OK;
    }
    REQUIRE(s->n <= RSA_BITS_MAX / 8 + 8, INVALID);
    *ret = osl_bn_from_secret(s);
    REQUIRE(*ret != NULL, RC_HOST_MEMORY);
    return RC_OK;
}

static enum rc read_public(const struct buf *b, BIGNUM **ret)
{
    if (b->n == 0) {
        return RC_OK;
    }
    REQUIRE(b->n <= RSA_BITS_MAX / 8 + 8, INVALID);
    *ret = osl_bn_from(buf_view(b));
    REQUIRE(*ret != NULL, RC_HOST_MEMORY);
    return RC_OK;
}

enum rc osl_rsa_numbers_read(const struct key_parts *parts, bool priv, struct rsa_numbers *r)
{
    TRY(read_public(&parts->n, &r->n));
    TRY(read_public(&parts->e, &r->e));
    if (!priv) {
        return RC_OK;
    }
    TRY(read_secret(parts->d, &r->d));
    TRY(read_secret(parts->p, &r->p));
    TRY(read_secret(parts->q, &r->q));
    TRY(read_secret(parts->dp, &r->dp));
    TRY(read_secret(parts->dq, &r->dq));
    return read_secret(parts->qi, &r->qi);
}

enum rc osl_rsa_check_public(const struct rsa_numbers *r)
{
    REQUIRE(r->n != NULL && r->e != NULL, RC_TEMPLATE_INCOMPLETE);
    const int bits = BN_num_bits(r->n);
    REQUIRE(bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX && BN_is_odd(r->n), INVALID);
    REQUIRE(BN_is_odd(r->e) && !BN_is_one(r->e) && BN_cmp(r->e, r->n) < 0, INVALID);
    REQUIRE(BN_num_bits(r->e) <= (bits > SMALL_MODULUS_BITS ? LARGE_E_BITS : SMALL_E_BITS),
            INVALID);
    return RC_OK;
}

/* ---- finding the primes ------------------------------------------------------------------------- */

static BIGNUM *new_secret_bn(void)
{
    BIGNUM *bn = BN_secure_new();

    if (bn != NULL) {
        BN_set_flags(bn, BN_FLG_CONSTTIME);
    }
    return bn;
}

/* The odd E up to 65537 that undoes D: (2^d)^e = 2 mod n. */
static enum rc find_e(struct rsa_numbers *r, BN_CTX *ctx)
{
    AUTO_BN BIGNUM *two = BN_new();
    AUTO_BN BIGNUM *step = BN_new();
    AUTO_BN BIGNUM *power = BN_new();
    AUTO_BN BIGNUM *e = BN_new();

    REQUIRE(two != NULL && step != NULL && power != NULL && e != NULL, RC_HOST_MEMORY);
    TRY_BN(BN_set_word(two, 2));
    TRY_BN(BN_mod_exp(power, two, r->d, r->n, ctx)); /* what 2 is signed to: public */
    TRY_BN(BN_mod_sqr(step, power, r->n, ctx));
    for (BN_ULONG word = 3; word <= 65537; word += 2) {
        TRY_BN(BN_mod_mul(power, power, step, r->n, ctx));
        if (BN_cmp(power, two) == 0) {
            TRY_BN(BN_set_word(e, word));
            r->e = TAKE(e);
            return RC_OK;
        }
    }
    return INVALID;
}

/* One try of Appendix C.1: X = g^r is squared until it is 1; the value before it, when not -1, gives
 * a factor. *FOUND says whether P is one. */
static enum rc try_base(const struct rsa_numbers *r, BN_ULONG g, const BIGNUM *odd, int twos,
                        BN_CTX *ctx, BIGNUM *p, bool *found)
{
    AUTO_BN BIGNUM *x = new_secret_bn();
    AUTO_BN BIGNUM *y = new_secret_bn();
    AUTO_BN BIGNUM *minus_one = BN_dup(r->n);

    REQUIRE(x != NULL && y != NULL && minus_one != NULL, RC_HOST_MEMORY);
    TRY_BN(BN_sub_word(minus_one, 1));
    TRY_BN(BN_set_word(y, g));
    TRY_BN(BN_mod_exp(x, y, odd, r->n, ctx));
    for (int i = 0; i < twos; i++) {
        if (BN_is_one(x) || BN_cmp(x, minus_one) == 0) {
            return RC_OK;
        }
        TRY_BN(BN_mod_sqr(y, x, r->n, ctx));
        if (BN_is_one(y)) {
            TRY_BN(BN_sub_word(x, 1));
            TRY_BN(BN_gcd(p, x, r->n, ctx));
            *found = true;
            return RC_OK;
        }
        TRY_BN(BN_copy(x, y) != NULL);
    }
    return RC_OK;
}

/* Probabilistic in its bases, which are small primes here: each fails for half of all keys. */
static enum rc find_p(struct rsa_numbers *r, BN_CTX *ctx)
{
    static const uint8_t bases[] = {2,   3,   5,   7,   11,  13,  17,  19,  23,  29,
                                    31,  37,  41,  43,  47,  53,  59,  61,  67,  71,
                                    73,  79,  83,  89,  97,  101, 103, 107, 109, 113,
                                    127, 131, 137, 139, 149, 151, 157, 163, 167, 173};
    AUTO_BN BIGNUM *odd = new_secret_bn();
    AUTO_BN BIGNUM *p = new_secret_bn();
    int twos = 0;
    bool found = false;

    REQUIRE(odd != NULL && p != NULL, RC_HOST_MEMORY);
    TRY_BN(BN_mul(odd, r->d, r->e, ctx));
    TRY_BN(BN_sub_word(odd, 1));
    REQUIRE(!BN_is_zero(odd) && !BN_is_odd(odd), INVALID);
    while (!BN_is_bit_set(odd, twos)) {
        twos++;
    }
    TRY_BN(BN_rshift(odd, odd, twos));
    for (size_t i = 0; i < ARRAY_LEN(bases) && !found; i++) {
        TRY(try_base(r, bases[i], odd, twos, ctx, p, &found));
    }
    REQUIRE(found, INVALID);
    r->p = TAKE(p);
    return RC_OK;
}

/* q = n / p without a rest, or the other way round. */
static enum rc divide_n(const struct rsa_numbers *r, const BIGNUM *by, BN_CTX *ctx, BIGNUM **ret)
{
    AUTO_BN BIGNUM *other = new_secret_bn();
    AUTO_BN BIGNUM *rest = new_secret_bn();

    REQUIRE(other != NULL && rest != NULL, RC_HOST_MEMORY);
    REQUIRE(!BN_is_zero(by), INVALID);
    TRY_BN(BN_div(other, rest, r->n, by, ctx));
    REQUIRE(BN_is_zero(rest), INVALID);
    *ret = TAKE(other);
    return RC_OK;
}

static enum rc find_primes(struct rsa_numbers *r, BN_CTX *ctx)
{
    AUTO_BN BIGNUM *product = NULL;

    if (r->p == NULL && r->q == NULL) {
        REQUIRE(r->d != NULL, RC_TEMPLATE_INCOMPLETE);
        if (r->e == NULL) {
            TRY(find_e(r, ctx));
        }
        TRY(find_p(r, ctx));
    }
    if (r->q == NULL) {
        TRY(divide_n(r, r->p, ctx, &r->q));
    } else if (r->p == NULL) {
        TRY(divide_n(r, r->q, ctx, &r->p));
    }
    product = new_secret_bn();
    REQUIRE(product != NULL, RC_HOST_MEMORY);
    TRY_BN(BN_mul(product, r->p, r->q, ctx));
    REQUIRE(BN_cmp(product, r->n) == 0, INVALID);
    REQUIRE(!BN_is_one(r->p) && !BN_is_one(r->q) && BN_cmp(r->p, r->q) != 0, INVALID);
    return RC_OK;
}

/* ---- exponents -------------------------------------------------------------------------------------- */

/* OF^-1 mod lcm(p - 1, q - 1) */
static enum rc invert(const struct rsa_numbers *r, const BIGNUM *of, BN_CTX *ctx, BIGNUM **ret)
{
    AUTO_BN BIGNUM *p1 = BN_dup(r->p);
    AUTO_BN BIGNUM *q1 = BN_dup(r->q);
    AUTO_BN BIGNUM *lcm = new_secret_bn();
    AUTO_BN BIGNUM *gcd = new_secret_bn();
    AUTO_BN BIGNUM *inverse = new_secret_bn();

    REQUIRE(p1 != NULL && q1 != NULL && lcm != NULL && gcd != NULL && inverse != NULL,
            RC_HOST_MEMORY);
    BN_set_flags(p1, BN_FLG_CONSTTIME);
    BN_set_flags(q1, BN_FLG_CONSTTIME);
    TRY_BN(BN_sub_word(p1, 1));
    TRY_BN(BN_sub_word(q1, 1));
    TRY_BN(BN_gcd(gcd, p1, q1, ctx));
    TRY_BN(BN_mul(lcm, p1, q1, ctx));
    TRY_BN(BN_div(lcm, NULL, lcm, gcd, ctx));
    if (BN_mod_inverse(inverse, of, lcm, ctx) == NULL) {
        return osl_failed(INVALID);
    }
    *ret = TAKE(inverse);
    return RC_OK;
}

/* *PLACE = d mod (prime - 1): computed when absent, compared otherwise; and e * d = 1 there. */
static enum rc settle_exponent(const struct rsa_numbers *r, const BIGNUM *prime, BN_CTX *ctx,
                               BIGNUM **place)
{
    AUTO_BN BIGNUM *less_one = BN_dup(prime);
    AUTO_BN BIGNUM *right = new_secret_bn();
    AUTO_BN BIGNUM *product = new_secret_bn();

    REQUIRE(less_one != NULL && right != NULL && product != NULL, RC_HOST_MEMORY);
    BN_set_flags(less_one, BN_FLG_CONSTTIME);
    TRY_BN(BN_sub_word(less_one, 1));
    TRY_BN(BN_mod(right, r->d, less_one, ctx));
    TRY_BN(BN_mod_mul(product, right, r->e, less_one, ctx));
    REQUIRE(BN_is_one(product), INVALID);
    if (*place == NULL) {
        *place = TAKE(right);
        return RC_OK;
    }
    REQUIRE(BN_cmp(*place, right) == 0, INVALID);
    return RC_OK;
}

/* qi = q^-1 mod p */
static enum rc settle_coefficient(struct rsa_numbers *r, BN_CTX *ctx)
{
    AUTO_BN BIGNUM *right = new_secret_bn();

    REQUIRE(right != NULL, RC_HOST_MEMORY);
    if (BN_mod_inverse(right, r->q, r->p, ctx) == NULL) {
        return osl_failed(INVALID);
    }
    if (r->qi == NULL) {
        r->qi = TAKE(right);
        return RC_OK;
    }
    REQUIRE(BN_cmp(r->qi, right) == 0, INVALID);
    return RC_OK;
}

enum rc osl_rsa_solve(struct rsa_numbers *r)
{
    AUTO_BN_CTX BN_CTX *ctx = BN_CTX_secure_new_ex(osl()->lib);

    REQUIRE(ctx != NULL, RC_HOST_MEMORY);
    REQUIRE(r->n != NULL, RC_TEMPLATE_INCOMPLETE);
    REQUIRE(BN_is_odd(r->n), INVALID);
    REQUIRE(BN_num_bits(r->n) >= RSA_BITS_MIN && BN_num_bits(r->n) <= RSA_BITS_MAX, INVALID);
    if (r->d != NULL) {
        REQUIRE(!BN_is_zero(r->d) && BN_cmp(r->d, r->n) < 0, INVALID);
    }
    TRY(find_primes(r, ctx));
    if (r->e == NULL) {
        REQUIRE(r->d != NULL, RC_TEMPLATE_INCOMPLETE);
        TRY(invert(r, r->d, ctx, &r->e));
    }
    TRY(osl_rsa_check_public(r));
    if (r->d == NULL) {
        TRY(invert(r, r->e, ctx, &r->d));
    }
    TRY(settle_exponent(r, r->p, ctx, &r->dp));
    TRY(settle_exponent(r, r->q, ctx, &r->dq));
    return settle_coefficient(r, ctx);
}
