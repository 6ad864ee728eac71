/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of an RSA key: reading them, finding those that are missing, making them.
 *
 * Whatever is computed here on secret numbers happens once, when a key is made or brought in. Where
 * the library has no public function for it that runs in constant time (division), time may depend
 * on the key.
 */
#include "pkey.h"

#define RSA_MIN_BITS 512
#define RSA_MAX_BITS 16384

void lc_rsa_parts_free(struct rsa_parts *r)
{
    BIGNUM **const all[] = {&r->n, &r->e, &r->d, &r->p, &r->q, &r->dp, &r->dq, &r->qi};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        BN_clear_free(*all[i]);
        *all[i] = NULL;
    }
}

/* Absent, or a number that is not zero and not absurdly long. */
static enum rc read_part(const uint8_t *p, size_t n, BIGNUM **ret)
{
    if (n == 0) {
        return RC_OK;
    }
    REQUIRE(n <= RSA_MAX_BITS / 8 + 8, RC_ATTRIBUTE_VALUE_INVALID);
    *ret = BN_bin2bn(p, n, NULL);
    REQUIRE(*ret != NULL, awslc_failed(RC_HOST_MEMORY));
    REQUIRE(!BN_is_zero(*ret), RC_ATTRIBUTE_VALUE_INVALID);
    return RC_OK;
}

static enum rc read_secret(const struct secret *s, BIGNUM **ret)
{
    return s == NULL ? RC_OK : read_part(s->p, s->n, ret);
}

static enum rc read_all(struct rsa_parts *r, const struct key_parts *k)
{
    TRY(read_part(k->n.p, k->n.n, &r->n));
    TRY(read_part(k->e.p, k->e.n, &r->e));
    TRY(read_secret(k->d, &r->d));
    TRY(read_secret(k->p, &r->p));
    TRY(read_secret(k->q, &r->q));
    TRY(read_secret(k->dp, &r->dp));
    TRY(read_secret(k->dq, &r->dq));
    TRY(read_secret(k->qi, &r->qi));
    REQUIRE(r->n != NULL, RC_TEMPLATE_INCOMPLETE);
    const unsigned bits = BN_num_bits(r->n);
    REQUIRE(bits >= RSA_MIN_BITS && bits <= RSA_MAX_BITS && BN_is_odd(r->n),
            RC_ATTRIBUTE_VALUE_INVALID);
    return RC_OK;
}

/* lcm(p - 1, q - 1) */
static enum rc lambda_of(const struct rsa_parts *r, BN_CTX *cx, BIGNUM **ret)
{
    AUTO_BN BIGNUM *p1 = BN_dup(r->p);
    AUTO_BN BIGNUM *q1 = BN_dup(r->q);
    AUTO_BN BIGNUM *g = BN_new();
    AUTO_BN BIGNUM *l = BN_new();
    REQUIRE(p1 != NULL && q1 != NULL && g != NULL && l != NULL, awslc_failed(RC_HOST_MEMORY));
    TRY_LIB(BN_sub_word(p1, 1) && BN_sub_word(q1, 1) && BN_gcd(g, p1, q1, cx) &&
                BN_div(l, NULL, p1, g, cx) && BN_mul(l, l, q1, cx),
            RC_ATTRIBUTE_VALUE_INVALID);
    *ret = TAKE(l);
    return RC_OK;
}

/* Is 2^(e d) = 2 mod n? */
static enum rc belongs(const struct rsa_parts *r, const BIGNUM *e, BN_CTX *cx, bool *ret)
{
    AUTO_BN BIGNUM *two = BN_new();
    AUTO_BN BIGNUM *x = BN_new();
    REQUIRE(two != NULL && x != NULL, awslc_failed(RC_HOST_MEMORY));
    TRY_LIB(BN_set_word(two, 2) && BN_mod_exp_mont_consttime(x, two, r->d, r->n, cx, NULL) &&
                BN_mod_exp_mont(x, x, e, r->n, cx, NULL),
            RC_ATTRIBUTE_VALUE_INVALID);
    *ret = BN_cmp(x, two) == 0;
    return RC_OK;
}

/* e from the primes and d, or one of those in use that fits n and d. */
static enum rc find_e(struct rsa_parts *r, BN_CTX *cx)
{
    static const BN_ULONG usual[] = {65537, 3, 17, 5, 257};
    AUTO_BN BIGNUM *e = BN_new();
    REQUIRE(e != NULL, awslc_failed(RC_HOST_MEMORY));
    if (r->p != NULL && r->q != NULL) {
        AUTO_BN BIGNUM *lambda = NULL;
        TRY(lambda_of(r, cx, &lambda));
        TRY_LIB(BN_nnmod(e, r->d, lambda, cx) && BN_mod_inverse(e, e, lambda, cx) != NULL,
                RC_ATTRIBUTE_VALUE_INVALID);
        r->e = TAKE(e);
        return RC_OK;
    }
    for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
        bool fits = false;
        TRY_LIB(BN_set_word(e, usual[i]), RC_HOST_MEMORY);
        TRY(belongs(r, e, cx, &fits));
        if (fits) {
            r->e = TAKE(e);
            return RC_OK;
        }
    }
    return RC_OK; /* stays unknown */
}

/* One try at a square root of 1 that is neither 1 nor -1, from BASE: base^odd squared upwards
 * (Handbook of Applied Cryptography, 8.2.2 (i)). *RET_P is set when found. */
static enum rc split_with(const struct rsa_parts *r, const BIGNUM *odd, int twos, BN_ULONG base,
                          BN_CTX *cx, BIGNUM **ret_p)
{
    AUTO_BN BIGNUM *x = BN_new();
    AUTO_BN BIGNUM *y = BN_new();
    AUTO_BN BIGNUM *minus1 = BN_dup(r->n);
    AUTO_BN BIGNUM *g = BN_new();
    REQUIRE(x != NULL && y != NULL && minus1 != NULL && g != NULL, awslc_failed(RC_HOST_MEMORY));
    TRY_LIB(BN_sub_word(minus1, 1) && BN_set_word(y, base) &&
                BN_mod_exp_mont_consttime(x, y, odd, r->n, cx, NULL),
            RC_ATTRIBUTE_VALUE_INVALID);
    for (int i = 0; i < twos; i++) {
        TRY_LIB(BN_mod_sqr(y, x, r->n, cx), RC_HOST_MEMORY);
        if (BN_is_one(y) && !BN_is_one(x) && BN_cmp(x, minus1) != 0) {
            TRY_LIB(BN_sub_word(x, 1) && BN_gcd(g, x, r->n, cx), RC_HOST_MEMORY);
            *ret_p = TAKE(g);
            return RC_OK;
        }
        TRY_LIB(BN_copy(x, y), RC_HOST_MEMORY);
    }
    return RC_OK;
}

/* p and q, the greater one first, from n, e and d. Each base works with a chance of one half. */
static enum rc find_primes(struct rsa_parts *r, BN_CTX *cx)
{
    AUTO_BN BIGNUM *odd = BN_new();
    AUTO_BN BIGNUM *p = NULL;
    AUTO_BN BIGNUM *q = BN_new();
    AUTO_BN BIGNUM *rest = BN_new();
    REQUIRE(odd != NULL && q != NULL && rest != NULL, awslc_failed(RC_HOST_MEMORY));
    TRY_LIB(BN_mul(odd, r->d, r->e, cx) && BN_sub_word(odd, 1), RC_HOST_MEMORY);
    REQUIRE(!BN_is_zero(odd) && !BN_is_odd(odd), RC_ATTRIBUTE_VALUE_INVALID);
    const int twos = BN_count_low_zero_bits(odd);
    TRY_LIB(BN_rshift(odd, odd, twos), RC_HOST_MEMORY);
    for (BN_ULONG base = 2; base < 130 && p == NULL; base++) {
        TRY(split_with(r, odd, twos, base, cx, &p));
    }
    REQUIRE(p != NULL, RC_ATTRIBUTE_VALUE_INVALID);
    TRY_LIB(BN_div(q, rest, r->n, p, cx) && BN_is_zero(rest), RC_ATTRIBUTE_VALUE_INVALID);
    const bool greater = BN_cmp(p, q) >= 0;
    BN_clear_free(r->p);
    BN_clear_free(r->q);
    r->p = greater ? TAKE(p) : TAKE(q);
    r->q = greater ? TAKE(q) : TAKE(p);
    return RC_OK;
}

/* d mod (PRIME - 1) */
static enum rc crt_exponent(const BIGNUM *d, const BIGNUM *prime, BN_CTX *cx, BIGNUM **ret)
{
    AUTO_BN BIGNUM *less = BN_dup(prime);
    AUTO_BN BIGNUM *x = BN_new();
    REQUIRE(less != NULL && x != NULL, awslc_failed(RC_HOST_MEMORY));
    TRY_LIB(BN_sub_word(less, 1) && !BN_is_zero(less) && BN_nnmod(x, d, less, cx),
            RC_ATTRIBUTE_VALUE_INVALID);
    *ret = TAKE(x);
    return RC_OK;
}

/* q^-1 mod p, by Fermat: in constant time. */
static enum rc crt_coefficient(const struct rsa_parts *r, BN_CTX *cx, BIGNUM **ret)
{
    AUTO_BN BIGNUM *less = BN_dup(r->p);
    AUTO_BN BIGNUM *q = BN_new();
    AUTO_BN BIGNUM *x = BN_new();
    REQUIRE(less != NULL && q != NULL && x != NULL, awslc_failed(RC_HOST_MEMORY));
    TRY_LIB(BN_is_odd(r->p) && BN_sub_word(less, 2) && BN_nnmod(q, r->q, r->p, cx) &&
                BN_mod_exp_mont_consttime(x, q, less, r->p, cx, NULL),
            RC_ATTRIBUTE_VALUE_INVALID);
    *ret = TAKE(x);
    return RC_OK;
}

/* A prime below 3 or not below n has no place in what follows. */
static bool prime_in_range(const BIGNUM *prime, const BIGNUM *n)
{
    return prime == NULL || (BN_is_odd(prime) && !BN_is_one(prime) && BN_cmp(prime, n) < 0);
}

enum rc lc_rsa_parts_fill(struct rsa_parts *r, const struct key_parts *parts)
{
    TRY(read_all(r, parts));
    if (r->d == NULL) {
        return RC_OK; /* a public key */
    }
    AUTO_BN_CTX BN_CTX *cx = BN_CTX_new();
    REQUIRE(cx != NULL, awslc_failed(RC_HOST_MEMORY));
    REQUIRE(BN_cmp(r->d, r->n) < 0, RC_ATTRIBUTE_VALUE_INVALID);
    REQUIRE(prime_in_range(r->p, r->n) && prime_in_range(r->q, r->n), RC_ATTRIBUTE_VALUE_INVALID);
    if (r->e == NULL) {
        TRY(find_e(r, cx));
    }
    if (r->e != NULL && (r->p == NULL || r->q == NULL)) {
        TRY(find_primes(r, cx));
    }
    if (r->p == NULL || r->q == NULL) {
        return RC_OK; /* n and d alone */
    }
    if (r->dp == NULL) {
        TRY(crt_exponent(r->d, r->p, cx, &r->dp));
    }
    if (r->dq == NULL) {
        TRY(crt_exponent(r->d, r->q, cx, &r->dq));
    }
    if (r->qi == NULL) {
        TRY(crt_coefficient(r, cx, &r->qi));
    }
    return RC_OK;
}

enum rc lc_bn_to_secret(const BIGNUM *b, size_t width, struct secret **ret)
{
    const size_t n = BN_num_bytes(b) > width ? BN_num_bytes(b) : width;
    AUTO_SECRET struct secret *s = secret_new(n);
    REQUIRE(s != NULL, RC_HOST_MEMORY);
    TRY_LIB(BN_bn2bin_padded(s->p, n, b), RC_CRYPTO_LIBRARY);
    *ret = TAKE(s);
    return RC_OK;
}

static enum rc write_public(const BIGNUM *b, struct buf *ret)
{
    if (b == NULL || ret->n > 0) {
        return RC_OK;
    }
    TRY(buf_reserve(ret, BN_num_bytes(b)));
    ret->n = BN_bn2bin(b, ret->p);
    return RC_OK;
}

static enum rc write_secret(const BIGNUM *b, struct secret **ret)
{
    if (b == NULL || *ret != NULL) {
        return RC_OK;
    }
    return lc_bn_to_secret(b, 0, ret);
}

enum rc lc_rsa_parts_write(const struct rsa_parts *r, struct key_parts *k)
{
    TRY(write_public(r->n, &k->n));
    TRY(write_public(r->e, &k->e));
    TRY(write_secret(r->d, &k->d));
    TRY(write_secret(r->p, &k->p));
    TRY(write_secret(r->q, &k->q));
    TRY(write_secret(r->dp, &k->dp));
    TRY(write_secret(r->dq, &k->dq));
    return write_secret(r->qi, &k->qi);
}

enum rc lc_rsa_complete(struct key_parts *parts)
{
    AUTO_RSA_PARTS struct rsa_parts r = {0};
    REQUIRE(parts->d != NULL, RC_TEMPLATE_INCOMPLETE);
    TRY(lc_rsa_parts_fill(&r, parts));
    return lc_rsa_parts_write(&r, parts);
}

/* ---- generation (FIPS 186-5, A.1.3) ------------------------------------------------------------------ */

/* A random odd number of BITS bits whose two top bits are set, so that the product of two such has
 * twice as many. */
static enum rc random_candidate(struct rng *rng, size_t bits, BIGNUM *ret)
{
    const size_t n = (bits + 7) / 8;
    AUTO_SECRET struct secret *s = rng_secret(rng, n);
    REQUIRE(s != NULL, RC_ENTROPY);
    TRY_LIB(BN_bin2bn(s->p, n, ret) != NULL && BN_mask_bits(ret, (int)bits), RC_HOST_MEMORY);
    TRY_LIB(BN_set_bit(ret, (int)bits - 1) && BN_set_bit(ret, (int)bits - 2) && BN_set_bit(ret, 0),
            RC_HOST_MEMORY);
    return RC_OK;
}

/* Too near to OTHER? |a - b| must exceed 2^(bits - 100). */
static enum rc too_near(const BIGNUM *a, const BIGNUM *b, size_t bits, bool *ret)
{
    AUTO_BN BIGNUM *difference = BN_new();
    REQUIRE(difference != NULL, awslc_failed(RC_HOST_MEMORY));
    TRY_LIB(BN_sub(difference, a, b), RC_HOST_MEMORY);
    BN_set_negative(difference, 0);
    *ret = BN_num_bits(difference) <= bits - 100;
    return RC_OK;
}

/* A prime of BITS bits with p - 1 prime to E, far enough from OTHER (may be NULL). */
static enum rc random_prime(struct rng *rng, size_t bits, const BIGNUM *e, const BIGNUM *other,
                            BN_CTX *cx, BIGNUM *ret)
{
    AUTO_BN BIGNUM *less = BN_new();
    AUTO_BN BIGNUM *g = BN_new();
    REQUIRE(less != NULL && g != NULL, awslc_failed(RC_HOST_MEMORY));
    for (size_t tries = 0; tries < 20 * bits; tries++) {
        bool near = false;
        int prime = 0;
        TRY(random_candidate(rng, bits, ret));
        TRY_LIB(BN_copy(less, ret) && BN_sub_word(less, 1) && BN_gcd(g, less, e, cx),
                RC_HOST_MEMORY);
        if (other != NULL) {
            TRY(too_near(ret, other, bits, &near));
        }
        if (!BN_is_one(g) || near) {
            continue;
        }
        TRY_LIB(BN_primality_test(&prime, ret, BN_prime_checks_for_generation, cx, 1, NULL),
                RC_HOST_MEMORY);
        if (prime == 1) {
            return RC_OK;
        }
    }
    return RC_FUNCTION_FAILED;
}

static enum rc exponent_read(struct bytes e, BIGNUM **ret)
{
    static const uint8_t usual[] = {1, 0, 1};
    const struct bytes v = e.n > 0 ? e : BYTES(usual, sizeof(usual));
    REQUIRE(v.n <= 32, RC_ATTRIBUTE_VALUE_INVALID);
    *ret = BN_bin2bn(v.p, v.n, NULL);
    REQUIRE(*ret != NULL, awslc_failed(RC_HOST_MEMORY));
    REQUIRE(BN_is_odd(*ret) && !BN_is_one(*ret) && BN_num_bits(*ret) <= 256,
            RC_ATTRIBUTE_VALUE_INVALID);
    return RC_OK;
}

/* d, and whether it is above 2^(bits / 2) as A.1.1 wants. */
static enum rc private_exponent(struct rsa_parts *r, size_t bits, BN_CTX *cx, bool *ret_good)
{
    AUTO_BN BIGNUM *lambda = NULL;
    TRY(lambda_of(r, cx, &lambda));
    TRY_LIB(BN_mod_inverse(r->d, r->e, lambda, cx) != NULL, RC_CRYPTO_LIBRARY);
    *ret_good = BN_num_bits(r->d) > bits / 2;
    return RC_OK;
}

enum rc lc_rsa_generate(const struct pkey_spec *spec, struct bytes e, struct rng *rng,
                        struct key_parts *parts)
{
    REQUIRE(spec->bits >= 1024 && spec->bits <= RSA_MAX_BITS && spec->bits % 2 == 0,
            RC_KEY_SIZE_RANGE);
    AUTO_RSA_PARTS struct rsa_parts r = {0};
    AUTO_BN_CTX BN_CTX *cx = BN_CTX_new();
    TRY(exponent_read(e, &r.e));
    r.n = BN_new();
    r.d = BN_new();
    r.p = BN_new();
    r.q = BN_new();
    REQUIRE(cx != NULL && r.n != NULL && r.d != NULL && r.p != NULL && r.q != NULL,
            awslc_failed(RC_HOST_MEMORY));
    for (bool good = false; !good;) {
        TRY(random_prime(rng, spec->bits / 2, r.e, NULL, cx, r.p));
        TRY(random_prime(rng, spec->bits / 2, r.e, r.p, cx, r.q));
        if (BN_cmp(r.p, r.q) < 0) {
            BIGNUM *p = r.p;
            r.p = r.q;
            r.q = p;
        }
        TRY(private_exponent(&r, spec->bits, cx, &good));
    }
    TRY_LIB(BN_mul(r.n, r.p, r.q, cx), RC_HOST_MEMORY);
    TRY(crt_exponent(r.d, r.p, cx, &r.dp));
    TRY(crt_exponent(r.d, r.q, cx, &r.dq));
    TRY(crt_coefficient(&r, cx, &r.qi));
    struct key_parts made = {0};
    const enum rc rc = lc_rsa_parts_write(&r, &made);
    if (rc != RC_OK) {
        key_parts_free(&made);
        return rc;
    }
    key_parts_free(parts);
    *parts = made;
    return RC_OK;
}
