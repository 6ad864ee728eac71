/* SPDX-License-Identifier: Apache-2.0
 *
 * Making and importing keys: sizes, completion, check values, curves and points, what is refused.
 */
#include "fixture.h"

#include <string.h>

static struct bytes attr(const struct object *o, CK_ATTRIBUTE_TYPE type)
{
    struct bytes v = BYTES_NONE;
    assert_ok(object_bytes(o, type, &v));
    return v;
}

static CK_ULONG number(const struct object *o, CK_ATTRIBUTE_TYPE type)
{
    CK_ULONG v = 0;
    assert_ok(object_ulong(o, type, &v));
    return v;
}

static void r017_secret_keys(void **state)
{
    (void)state;
    static const CK_ULONG right[] = {16, 24, 32};
    static const CK_ULONG wrong[] = {0, 1, 15, 17, 33, 0x7fffffff, ~0ul};
    for (size_t i = 0; i < ARRAY_LEN(right); i++) {
        AUTO_OBJECT struct object *o = NULL;
        const CK_ATTRIBUTE t[] = {A_ULONG(CKA_VALUE_LEN, right[i])};
        assert_ok(generate(CKM_AES_KEY_GEN, t, 1, &o));
        assert_int_equal(object_key_type(o), CKK_AES);
        assert_int_equal(object_secret(o, CKA_VALUE)->n, right[i]);
        assert_int_equal(number(o, CKA_VALUE_LEN), right[i]);
        assert_int_equal(number(o, CKA_KEY_GEN_MECHANISM), CKM_AES_KEY_GEN);
        assert_true((object_flags(o) & OBJECT_LOCAL) != 0);
        assert_int_equal(attr(o, CKA_CHECK_VALUE).n, 3);
    }
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        AUTO_OBJECT struct object *o = NULL;
        const CK_ATTRIBUTE t[] = {A_ULONG(CKA_VALUE_LEN, wrong[i])};
        assert_rc(generate(CKM_AES_KEY_GEN, t, 1, &o), RC_ATTRIBUTE_VALUE_INVALID);
    }
    AUTO_OBJECT struct object *a = NULL;
    AUTO_OBJECT struct object *b = NULL;
    AUTO_OBJECT struct object *c = NULL;
    assert_rc(generate(CKM_AES_KEY_GEN, NULL, 0, &a), RC_TEMPLATE_INCOMPLETE);
    assert_rc(generate(CKM_GENERIC_SECRET_KEY_GEN, NULL, 0, &a), RC_TEMPLATE_INCOMPLETE);
    const CK_ATTRIBUTE long_one[] = {A_ULONG(CKA_VALUE_LEN, 100)};
    assert_ok(generate(CKM_GENERIC_SECRET_KEY_GEN, long_one, 1, &a));
    assert_int_equal(object_secret(a, CKA_VALUE)->n, 100);
    assert_ok(generate(CKM_SHA384_KEY_GEN, NULL, 0, &b));
    assert_int_equal(object_key_type(b), CKK_SHA384_HMAC);
    assert_int_equal(object_secret(b, CKA_VALUE)->n, 48);
    assert_ok(generate(CKM_HKDF_KEY_GEN, long_one, 1, &c));
    assert_int_equal(object_key_type(c), CKK_HKDF);
    const CK_ATTRIBUTE other[] = {A_ULONG(CKA_VALUE_LEN, 16), A_ULONG(CKA_KEY_TYPE, CKK_HKDF)};
    AUTO_OBJECT struct object *d = NULL;
    assert_rc(generate(CKM_AES_KEY_GEN, other, 2, &d), RC_TEMPLATE_INCONSISTENT);
}

/* FIPS 197, C.1 gives the block of another text; the zero block under SP 800-38A's key is known. */
static void r102_check_values(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *key = aes("2b7e151628aed2a6abf7158809cf4f3c");
    assert_hex(attr(key, CKA_CHECK_VALUE), "7df76b");
    AUTO_OBJECT struct object *generic = secret_key(
        CKK_GENERIC_SECRET, BYTES_STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"));
    assert_hex(attr(generic, CKA_CHECK_VALUE), "84983e");
    /* three bytes of a short secret's hash would say too much */
    AUTO_OBJECT struct object *short_one = secret_key(CKK_GENERIC_SECRET, BYTES_STR("abc"));
    struct bytes v;
    assert_true(object_bytes(short_one, CKA_CHECK_VALUE, &v) != RC_OK || v.n == 0);
    AUTO_OBJECT struct object *o = NULL;
    assert_rc(CREATE(&o, A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, CKK_AES),
                     A_BYTES(CKA_VALUE, hex("2b7e151628aed2a6abf7158809cf4f3c")),
                     A_BYTES(CKA_CHECK_VALUE, hex("000000"))),
              RC_ATTRIBUTE_VALUE_INVALID);
    assert_ok(CREATE(&o, A_ULONG(CKA_CLASS, CKO_CERTIFICATE),
                     A_ULONG(CKA_CERTIFICATE_TYPE, CKC_X_509), A_BYTES(CKA_SUBJECT, hex("3000")),
                     A_BYTES(CKA_VALUE, BYTES_STR("abc"))));
    assert_hex(attr(o, CKA_CHECK_VALUE), "a9993e");
}

static void r024_aes_import(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 40; n++) {
        AUTO_OBJECT struct object *o = NULL;
        uint8_t v[40] = {1};
        const enum rc rc = CREATE(&o, A_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                                  A_ULONG(CKA_KEY_TYPE, CKK_AES), A_BYTES(CKA_VALUE, BYTES(v, n)));
        assert_rc(rc, n == 16 || n == 24 || n == 32 ? RC_OK : RC_ATTRIBUTE_VALUE_INVALID);
    }
}

static void r019_rsa_generation(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *pub = NULL;
    AUTO_OBJECT struct object *priv = NULL;
    rsa_pair(2048, &pub, &priv);
    assert_int_equal(number(pub, CKA_MODULUS_BITS), 2048);
    assert_hex(attr(pub, CKA_PUBLIC_EXPONENT), "010001");
    assert_bytes(attr(pub, CKA_PUBLIC_KEY_INFO), attr(priv, CKA_PUBLIC_KEY_INFO));
    assert_bytes(attr(pub, CKA_MODULUS), attr(priv, CKA_MODULUS));
    assert_non_null(object_secret(priv, CKA_COEFFICIENT));
    static const CK_ULONG sizes[] = {0, 512, 1024, 2047, 2049, 8256, 1ul << 20, ~0ul};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        AUTO_OBJECT struct object *a = NULL;
        AUTO_OBJECT struct object *b = NULL;
        const CK_ATTRIBUTE t[] = {A_ULONG(CKA_MODULUS_BITS, sizes[i])};
        assert_rc(generate_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, t, 1, &a, &b), RC_KEY_SIZE_RANGE);
    }
    static const char *const exponents[] = {"", "00", "01", "02", "010000", "010000000000000001"};
    for (size_t i = 0; i < ARRAY_LEN(exponents); i++) {
        AUTO_OBJECT struct object *a = NULL;
        AUTO_OBJECT struct object *b = NULL;
        const CK_ATTRIBUTE t[] = {A_ULONG(CKA_MODULUS_BITS, 2048),
                                  A_BYTES(CKA_PUBLIC_EXPONENT, hex(exponents[i]))};
        assert_rc(generate_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, t, 2, &a, &b),
                  RC_ATTRIBUTE_VALUE_INVALID);
    }
    AUTO_OBJECT struct object *a = NULL;
    AUTO_OBJECT struct object *b = NULL;
    assert_rc(generate_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0, &a, &b), RC_TEMPLATE_INCOMPLETE);
    env.policy.allow_weak_rsa = true;
    const CK_ATTRIBUTE t[] = {A_ULONG(CKA_MODULUS_BITS, 1024),
                              A_BYTES(CKA_PUBLIC_EXPONENT, hex("000003"))};
    assert_ok(generate_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, t, 2, &a, &b));
    assert_hex(attr(a, CKA_PUBLIC_EXPONENT), "03");
    env.policy.allow_weak_rsa = false;
}

/* What comes back completed from fewer parts is what was generated. */
static void rsa_import(void **state)
{
    (void)state;
    static const CK_ATTRIBUTE_TYPE all[] = {CKA_PRIME_1, CKA_PRIME_2, CKA_EXPONENT_1,
                                            CKA_EXPONENT_2, CKA_COEFFICIENT};
    AUTO_OBJECT struct object *pub = NULL;
    AUTO_OBJECT struct object *priv = NULL;
    rsa_pair(2048, &pub, &priv);
    for (int parts = 0; parts <= 5; parts++) {
        CK_ATTRIBUTE t[10] = {
            A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_ULONG(CKA_KEY_TYPE, CKK_RSA),
            A_BYTES(CKA_MODULUS, attr(priv, CKA_MODULUS)),
            A_BYTES(CKA_PUBLIC_EXPONENT, attr(pub, CKA_PUBLIC_EXPONENT)),
            A_BYTES(CKA_PRIVATE_EXPONENT, *object_secret(priv, CKA_PRIVATE_EXPONENT))};
        for (int i = 0; i < parts; i++) {
            const struct secret *v = object_secret(priv, all[i]);
            t[5 + i] = (CK_ATTRIBUTE){all[i], v->p, v->n};
        }
        if (parts == 1) {
            continue; /* a prime alone */
        }
        AUTO_OBJECT struct object *o = NULL;
        assert_ok(create(t, 5 + (size_t)parts, &o));
        assert_bytes(attr(o, CKA_PUBLIC_KEY_INFO), attr(pub, CKA_PUBLIC_KEY_INFO));
        AUTO_BUF struct buf sig = BUF_INIT;
        assert_ok(once(CKM_SHA256_RSA_PKCS, VERB_SIGN, NULL, 0, o, BYTES_STR("x"), &sig));
        assert_ok(verify(CKM_SHA256_RSA_PKCS, NULL, 0, pub, BYTES_STR("x"), buf_view(&sig)));
        assert_non_null(object_secret(o, CKA_COEFFICIENT));
    }
    /* a modulus of another key */
    AUTO_OBJECT struct object *pub2 = NULL;
    AUTO_OBJECT struct object *priv2 = NULL;
    AUTO_OBJECT struct object *o = NULL;
    rsa_pair(2048, &pub2, &priv2);
    assert_rc(CREATE(&o, A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_ULONG(CKA_KEY_TYPE, CKK_RSA),
                     A_BYTES(CKA_MODULUS, attr(pub2, CKA_MODULUS)),
                     A_BYTES(CKA_PUBLIC_EXPONENT, attr(pub, CKA_PUBLIC_EXPONENT)),
                     A_BYTES(CKA_PRIVATE_EXPONENT, *object_secret(priv, CKA_PRIVATE_EXPONENT)),
                     A_BYTES(CKA_PRIME_1, *object_secret(priv, CKA_PRIME_1)),
                     A_BYTES(CKA_PRIME_2, *object_secret(priv, CKA_PRIME_2))),
              RC_ATTRIBUTE_VALUE_INVALID);
}

static enum rc rsa_public(struct bytes n, const char *e)
{
    AUTO_OBJECT struct object *o = NULL;
    return CREATE(&o, A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), A_ULONG(CKA_KEY_TYPE, CKK_RSA),
                  A_BYTES(CKA_MODULUS, n), A_BYTES(CKA_PUBLIC_EXPONENT, hex(e)));
}

static void r020_rsa_public_import(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *pub = NULL;
    AUTO_OBJECT struct object *priv = NULL;
    uint8_t n[2100];
    rsa_pair(2048, &pub, &priv);
    memcpy(n + 1, attr(pub, CKA_MODULUS).p, 256);
    n[0] = 0;
    assert_ok(rsa_public(BYTES(n, 257), "00010001"));
    assert_rc(rsa_public(BYTES(n, 257), "02"), RC_ATTRIBUTE_VALUE_INVALID);
    assert_rc(rsa_public(BYTES(n, 257), "01"), RC_ATTRIBUTE_VALUE_INVALID);
    assert_rc(rsa_public(BYTES(n, 257), "0000"), RC_ATTRIBUTE_VALUE_INVALID);
    assert_rc(rsa_public(BYTES(n, 257), "01ffffffffffffffff"), RC_ATTRIBUTE_VALUE_INVALID);
    assert_rc(rsa_public(BYTES(n, 129), "010001"),
              (n[128] & 1) != 0 ? RC_KEY_SIZE_RANGE : RC_ATTRIBUTE_VALUE_INVALID);
    n[256] &= 0xfe;
    assert_rc(rsa_public(BYTES(n, 257), "010001"), RC_ATTRIBUTE_VALUE_INVALID);
    memset(n, 0xff, sizeof n);
    assert_rc(rsa_public(BYTES(n, sizeof n), "010001"), RC_ATTRIBUTE_VALUE_INVALID);
    memset(n, 0, sizeof n);
    assert_rc(rsa_public(BYTES(n, 256), "010001"), RC_ATTRIBUTE_VALUE_INVALID);
}

static enum rc ec_public(CK_KEY_TYPE type, const char *params, struct bytes point)
{
    AUTO_OBJECT struct object *o = NULL;
    return CREATE(&o, A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), A_ULONG(CKA_KEY_TYPE, type),
                  A_BYTES(CKA_EC_PARAMS, hex(params)), A_BYTES(CKA_EC_POINT, point));
}

static void r022_ec_points(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *pub = NULL;
    AUTO_OBJECT struct object *priv = NULL;
    uint8_t p[80];
    ec_pair(P256, CKM_EC_KEY_PAIR_GEN, &pub, &priv);
    const struct bytes point = attr(pub, CKA_EC_POINT);
    assert_int_equal(point.n, 67);
    assert_bytes(attr(pub, CKA_PUBLIC_KEY_INFO), attr(priv, CKA_PUBLIC_KEY_INFO));
    memcpy(p, point.p, 67);
    assert_ok(ec_public(CKK_EC, P256, BYTES(p, 67)));
    assert_ok(ec_public(CKK_EC, P256, BYTES(p + 2, 65)));
    assert_true(ec_public(CKK_EC, P256, BYTES(p, 66)) != RC_OK);
    assert_true(ec_public(CKK_EC, P256, BYTES(p, 68)) != RC_OK);
    assert_true(ec_public(CKK_EC, P256, BYTES(p + 2, 33)) != RC_OK);
    assert_true(ec_public(CKK_EC, P256, BYTES(p + 2, 1)) != RC_OK);
    p[40] ^= 1;
    assert_rc(ec_public(CKK_EC, P256, BYTES(p, 67)), RC_PUBLIC_KEY_INVALID);
    /* the same point on another curve */
    assert_rc(ec_public(CKK_EC, "06052b8104000a", point), RC_PUBLIC_KEY_INVALID);
    /* compressed, and infinity in the place of a point */
    p[0] = 2;
    assert_true(ec_public(CKK_EC, P256, BYTES(p, 33)) != RC_OK);
    memset(p, 0, sizeof p);
    assert_true(ec_public(CKK_EC, P256, BYTES(p, 65)) != RC_OK);
    /* small order and not canonical, on Edwards and Montgomery curves */
    uint8_t edge[32] = {1};
    assert_rc(ec_public(CKK_EC_EDWARDS, ED25519, BYTES(edge, 32)), RC_PUBLIC_KEY_INVALID);
    memset(edge, 0xff, 32);
    assert_rc(ec_public(CKK_EC_EDWARDS, ED25519, BYTES(edge, 32)), RC_PUBLIC_KEY_INVALID);
    assert_true(ec_public(CKK_EC_EDWARDS, ED25519, BYTES(edge, 31)) != RC_OK);
}

static void r021_curve_names(void **state)
{
    (void)state;
    static const struct {
        CK_MECHANISM_TYPE type;
        const char *params;
        enum rc want;
    } rows[] = {
        {CKM_EC_KEY_PAIR_GEN, "06052b81040006", RC_CURVE_NOT_SUPPORTED}, /* secp112r1 */
        {CKM_EC_KEY_PAIR_GEN, "0500", RC_DOMAIN_PARAMS_INVALID},         /* implicitCA */
        {CKM_EC_KEY_PAIR_GEN, "3003020101", RC_CURVE_NOT_SUPPORTED},     /* explicit */
        {CKM_EC_KEY_PAIR_GEN, "06082a8648ce3d03010700", RC_DOMAIN_PARAMS_INVALID},
        {CKM_EC_KEY_PAIR_GEN, "06082a8648ce3d0301", RC_DOMAIN_PARAMS_INVALID},
        {CKM_EC_KEY_PAIR_GEN, "0681082a8648ce3d030107", RC_DOMAIN_PARAMS_INVALID},
        {CKM_EC_KEY_PAIR_GEN, "06032b6570", RC_CURVE_NOT_SUPPORTED},
        {CKM_EC_EDWARDS_KEY_PAIR_GEN, "06082a8648ce3d030107", RC_CURVE_NOT_SUPPORTED},
        {CKM_EC_EDWARDS_KEY_PAIR_GEN, "06032b656e", RC_CURVE_NOT_SUPPORTED},
        {CKM_EC_EDWARDS_KEY_PAIR_GEN, "130c656477617264733235353138", RC_CURVE_NOT_SUPPORTED},
        {CKM_EC_EDWARDS_KEY_PAIR_GEN, "06032b6571", RC_OK},
        {CKM_EC_EDWARDS_KEY_PAIR_GEN, "130a65647761726473343438", RC_OK},
        {CKM_EC_EDWARDS_KEY_PAIR_GEN, "06092b06010401da470f01", RC_OK},
        {CKM_EC_MONTGOMERY_KEY_PAIR_GEN, "130a63757276653235353139", RC_OK},
        {CKM_EC_MONTGOMERY_KEY_PAIR_GEN, "06032b656f", RC_OK},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_OBJECT struct object *pub = NULL;
        AUTO_OBJECT struct object *priv = NULL;
        const CK_ATTRIBUTE t[] = {A_BYTES(CKA_EC_PARAMS, hex(rows[i].params))};
        assert_rc(generate_pair(rows[i].type, t, 1, &pub, &priv), rows[i].want);
        if (rows[i].want == RC_OK) {
            assert_hex(attr(priv, CKA_EC_PARAMS), rows[i].params);
        }
    }
    AUTO_OBJECT struct object *pub = NULL;
    AUTO_OBJECT struct object *priv = NULL;
    assert_rc(generate_pair(CKM_EC_KEY_PAIR_GEN, NULL, 0, &pub, &priv), RC_TEMPLATE_INCOMPLETE);
}

static void r023_ec_private_import(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *o = NULL;
    AUTO_OBJECT struct object *p = NULL;
    uint8_t order[33] = {0};
    memcpy(order + 1, hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").p,
           32);
    /* the scalar one, without its leading zeros: the point is the generator */
    assert_ok(CREATE(&o, A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_ULONG(CKA_KEY_TYPE, CKK_EC),
                     A_BYTES(CKA_EC_PARAMS, hex(P256)), A_BYTES(CKA_VALUE, hex("01"))));
    assert_int_equal(object_secret(o, CKA_VALUE)->n, 32);
    assert_hex(attr(o, CKA_PUBLIC_KEY_INFO),
               "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
               "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
               "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
    const struct {
        struct bytes v;
    } wrong[] = {{BYTES(order, 33)}, {BYTES(order + 1, 32)}, {hex("00")}, {hex("0000")}};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_rc(CREATE(&p, A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_ULONG(CKA_KEY_TYPE, CKK_EC),
                         A_BYTES(CKA_EC_PARAMS, hex(P256)), A_BYTES(CKA_VALUE, wrong[i].v)),
                  RC_ATTRIBUTE_VALUE_INVALID);
    }
    order[0] = 1;
    assert_rc(CREATE(&p, A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_ULONG(CKA_KEY_TYPE, CKK_EC),
                     A_BYTES(CKA_EC_PARAMS, hex(P256)), A_BYTES(CKA_VALUE, BYTES(order, 33))),
              RC_ATTRIBUTE_VALUE_INVALID);
    assert_rc(CREATE(&p, A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_ULONG(CKA_KEY_TYPE, CKK_EC_EDWARDS),
                     A_BYTES(CKA_EC_PARAMS, hex(ED25519)), A_BYTES(CKA_VALUE, BYTES(order, 31))),
              RC_ATTRIBUTE_VALUE_INVALID);
    assert_rc(CREATE(&p, A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_ULONG(CKA_KEY_TYPE, CKK_EC),
                     A_BYTES(CKA_VALUE, hex("01"))),
              RC_TEMPLATE_INCOMPLETE);
}

/* Primes that are far apart (FIPS 186-5, A.1.3: their top 100 bits differ), a long exponent. */
static void r074_rsa_primes(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *pub = NULL;
    AUTO_OBJECT struct object *priv = NULL;
    rsa_pair(2048, &pub, &priv);
    const struct secret *p = object_secret(priv, CKA_PRIME_1);
    const struct secret *q = object_secret(priv, CKA_PRIME_2);
    assert_int_equal(p->n, 128);
    assert_int_equal(q->n, 128);
    assert_true(memcmp(p->p, q->p, 12) != 0);
    assert_true(object_secret(priv, CKA_PRIVATE_EXPONENT)->n > 128);
}

static const struct pkey_ops *real_ops;

/* A library that hands out the public half of another pair. */
static enum rc generate_wrongly(const struct pkey_spec *spec, struct bytes e, struct rng *rng,
                                struct key_parts *parts)
{
    AUTO_KEY_PARTS struct key_parts other = {0};
    TRY(real_ops->generate(spec, e, rng, parts));
    TRY(real_ops->generate(spec, e, rng, &other));
    const struct buf pub = parts->pub;
    parts->pub = other.pub;
    other.pub = pub;
    return RC_OK;
}

/* The pairwise test: a pair whose halves do not belong together never comes out. */
static void r074_pairs_are_tried(void **state)
{
    (void)state;
    static const struct {
        CK_MECHANISM_TYPE type;
        const char *params;
        enum pkey_kind kind;
        enum ec_curve curve;
    } rows[] = {
        {CKM_EC_KEY_PAIR_GEN, P256, PKEY_EC, CURVE_P256},
        {CKM_EC_EDWARDS_KEY_PAIR_GEN, ED25519, PKEY_ED25519, CURVE_NONE},
        {CKM_EC_EDWARDS_KEY_PAIR_GEN, ED448, PKEY_ED448, CURVE_NONE},
        {CKM_EC_MONTGOMERY_KEY_PAIR_GEN, X25519, PKEY_X25519, CURVE_NONE},
        {CKM_EC_MONTGOMERY_KEY_PAIR_GEN, X448, PKEY_X448, CURVE_NONE},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_OBJECT struct object *pub = NULL;
        AUTO_OBJECT struct object *priv = NULL;
        const struct crypto *right = env.crypto;
        struct crypto wrong = *right;
        real_ops = right->pkey_generate[rows[i].kind][rows[i].curve];
        struct pkey_ops ops = *real_ops;
        ops.generate = generate_wrongly;
        wrong.pkey_generate[rows[i].kind][rows[i].curve] = &ops;
        env.crypto = &wrong;
        const CK_ATTRIBUTE t[] = {A_BYTES(CKA_EC_PARAMS, hex(rows[i].params))};
        const enum rc rc = generate_pair(rows[i].type, t, 1, &pub, &priv);
        env.crypto = right;
        assert_rc(rc, RC_FUNCTION_FAILED);
        assert_null(pub);
        assert_null(priv);
    }
}

/* A failing allocation anywhere in making a pair: an error, nothing else. */
static void short_memory(void **state)
{
    (void)state;
    for (unsigned long nth = 1;; nth++) {
        AUTO_OBJECT struct object *pub = NULL;
        AUTO_OBJECT struct object *priv = NULL;
        const CK_ATTRIBUTE t[] = {A_BYTES(CKA_EC_PARAMS, hex(ED25519))};
        mem_fault_at(nth);
        const enum rc rc = generate_pair(CKM_EC_EDWARDS_KEY_PAIR_GEN, t, 1, &pub, &priv);
        const unsigned long fired = mem_fault_count();
        mem_fault_at(0);
        if (fired == 0) {
            assert_ok(rc);
            break;
        }
        assert_true(rc == RC_HOST_MEMORY || rc == RC_RANDOM_NO_RNG || rc == RC_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r017_secret_keys),
        cmocka_unit_test(r102_check_values),
        cmocka_unit_test(r024_aes_import),
        cmocka_unit_test(r019_rsa_generation),
        cmocka_unit_test(rsa_import),
        cmocka_unit_test(r020_rsa_public_import),
        cmocka_unit_test(r022_ec_points),
        cmocka_unit_test(r021_curve_names),
        cmocka_unit_test(r023_ec_private_import),
        cmocka_unit_test(short_memory),
        cmocka_unit_test(r074_rsa_primes),
        cmocka_unit_test(r074_pairs_are_tried),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
