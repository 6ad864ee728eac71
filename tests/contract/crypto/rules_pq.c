/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of ML-KEM, ML-DSA and SLH-DSA: what a pair is, what determines it, what is refused.
 */
#include "rules_pq.h"

#include <string.h>

bool pq_is_slow(enum pkey_kind kind)
{
    static const enum pkey_kind slow[] = {PKEY_SLH_DSA_SHA2_128S, PKEY_SLH_DSA_SHAKE_128S,
                                          PKEY_SLH_DSA_SHA2_192S, PKEY_SLH_DSA_SHAKE_192S,
                                          PKEY_SLH_DSA_SHA2_256S, PKEY_SLH_DSA_SHAKE_256S};

    for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
        if (slow[i] == kind) {
            return true;
        }
    }
    return false;
}

size_t pq_kinds(const struct crypto *c, enum pkey_kind from, enum pkey_kind to,
                enum pkey_kind *list)
{
    size_t n = 0;

    for (enum pkey_kind kind = from; kind <= to; kind++) {
        if (c->pkey[kind][CURVE_NONE] != NULL && !pq_is_slow(kind)) {
            list[n++] = kind;
        }
    }
    return n;
}

struct pkey *pq_load(const struct pq_pair *p, const struct key_parts *parts, bool priv)
{
    struct pkey *k = NULL;

    ASSERT_OK(p->ops->load(&p->spec, parts, priv, &k));
    return k;
}

enum rc pq_try_load(const struct pq_pair *p, const struct key_parts *parts, bool priv)
{
    struct pkey *k = NULL;
    const enum rc rc = p->ops->load(&p->spec, parts, priv, &k);

    assert_true((k != NULL) == (rc == RC_OK));
    p->ops->free(k);
    return rc;
}

struct pq_pair pq_pair_new(const struct crypto *c, enum pkey_kind kind)
{
    struct pq_pair p = {.spec = {.kind = kind}};

    p.ops = pkey_for(c, &p.spec);
    p.parts = new_pair(c, &p.spec);
    p.priv = pq_load(&p, &p.parts, true);
    p.pub = pq_load(&p, &p.parts, false);
    return p;
}

void pq_pair_free(struct pq_pair *p)
{
    p->ops->free(p->priv);
    p->ops->free(p->pub);
    key_parts_free(&p->parts);
}

static struct secret *copy_of(const struct secret *s)
{
    return s != NULL ? secret_copy(s) : NULL;
}

struct key_parts pq_parts_copy(const struct key_parts *from)
{
    struct key_parts to = {.priv = copy_of(from->priv), .seed = copy_of(from->seed)};

    ASSERT_OK(buf_set(&to.pub, buf_view(&from->pub)));
    return to;
}

struct pkey_params pq_params(enum pkey_kind kind, bool deterministic)
{
    static const uint8_t pure[2]; /* FIPS 205, 10.2.1: no hash, no context */

    return (struct pkey_params){
        .scheme = pkey_is_ml_dsa(kind) ? SCHEME_ML_DSA : SCHEME_SLH_DSA,
        .prefix = pkey_is_ml_dsa(kind) ? BYTES_NONE : BYTES(pure, sizeof(pure)),
        .deterministic = deterministic,
    };
}

const uint8_t pq_mu[65] = "sixty-four bytes, which stand for any message and its public key";

void pq_sign(const struct pq_pair *p, const struct pkey *k, bool deterministic, uint8_t *out)
{
    const struct pkey_params params = pq_params(p->spec.kind, deterministic);
    size_t n = 0;

    ASSERT_OK(p->ops->sign(k, &params, BYTES(pq_mu, 64), out, &n));
    assert_int_equal(n, p->ops->size(k));
}

/* S with MORE zero bytes behind it, or fewer of its own. */
static struct secret *resized(const struct secret *s, int more)
{
    struct secret *other = secret_new((size_t)((int)s->n + more));

    assert_non_null(other);
    memcpy(other->p, s->p, s->n < other->n ? s->n : other->n);
    return other;
}

/* ---- pairs ---------------------------------------------------------------------------------------- */

static void check_tr(const struct crypto *c, const struct pq_pair *p)
{
    uint8_t tr[64];

    if (!pkey_is_ml_dsa(p->spec.kind)) {
        assert_null(p->ops->tr(p->priv));
        assert_null(p->ops->tr(p->pub));
        return;
    }
    assert_memory_equal(p->ops->tr(p->priv), p->ops->tr(p->pub), sizeof(tr));
    assert_memory_equal(p->ops->tr(p->priv), p->parts.priv->p + 64, sizeof(tr)); /* rho, K, tr */
    if (c->digest[HASH_SHAKE256] != NULL) {
        ASSERT_OK(crypto_xof(c, HASH_SHAKE256, buf_view(&p->parts.pub), tr, sizeof(tr)));
        assert_memory_equal(p->ops->tr(p->pub), tr, sizeof(tr));
    }
}

/* All sets, the slow ones too. */
static void test_generated_pairs(void **state)
{
    const struct crypto *c = *state;

    for (enum pkey_kind kind = PKEY_ML_KEM_512; kind < PKEY_COMP_SIG; kind++) {
        const struct pq_sizes *sizes = pq_sizes(kind);

        if (c->pkey[kind][CURVE_NONE] == NULL) {
            continue;
        }
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kind);
        assert_int_equal(p.parts.pub.n, sizes->pub);
        assert_int_equal(p.parts.priv->n, sizes->priv);
        assert_int_equal(p.parts.seed != NULL ? p.parts.seed->n : 0, sizes->seed);
        assert_int_equal(p.ops->size(p.priv), sizes->out);
        assert_int_equal(p.ops->size(p.pub), sizes->out);
        check_tr(c, &p);
        if (pq_is_slow(kind)) {
            continue;
        }
        AUTO_KEY_PARTS struct key_parts other = new_pair(c, &p.spec);
        assert_false(bytes_equal(buf_view(&p.parts.pub), buf_view(&other.pub)));
        assert_false(secret_equal(p.parts.priv, other.priv));
    }
}

static void assert_same(const struct key_parts *a, const struct key_parts *b)
{
    assert_true(secret_equal(a->priv, b->priv));
    assert_true(bytes_equal(buf_view(&a->pub), buf_view(&b->pub)));
}

/* The seed, the value, or both; with the public value and without. */
static void test_what_determines_a_key(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n = pq_kinds(c, PKEY_ML_KEM_512, PKEY_SLH_DSA_SHAKE_256F, kinds);

    for (size_t i = 0; i < n; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);

        for (unsigned which = 0; which < 8; which++) { /* seed, priv, pub */
            AUTO_KEY_PARTS struct key_parts some = pq_parts_copy(&p.parts);

            if (!(which & 1)) {
                secret_free(TAKE(some.seed));
            }
            if (!(which & 2)) {
                secret_free(TAKE(some.priv));
            }
            if (!(which & 4)) {
                buf_free(&some.pub);
            }
            const bool enough = some.seed != NULL || some.priv != NULL;
            const enum rc expected = enough ? RC_OK : RC_TEMPLATE_INCOMPLETE;
            ASSERT_RC(pq_try_load(&p, &some, true), expected);
            ASSERT_RC(pq_try_load(&p, &some, false), which & 4 ? RC_OK : RC_TEMPLATE_INCOMPLETE);
            ASSERT_RC(p.ops->complete(&p.spec, &some), expected);
            if (enough) {
                assert_same(&some, &p.parts);
            }
        }
    }
}

/* ---- what is refused ------------------------------------------------------------------------------ */

static void test_wrong_lengths(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n = pq_kinds(c, PKEY_ML_KEM_512, PKEY_SLH_DSA_SHAKE_256F, kinds);

    for (size_t i = 0; i < n; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);

        for (int more = -1; more <= 1; more += 2) {
            AUTO_KEY_PARTS struct key_parts priv = pq_parts_copy(&p.parts);
            AUTO_KEY_PARTS struct key_parts seed = pq_parts_copy(&p.parts);
            AUTO_KEY_PARTS struct key_parts pub = pq_parts_copy(&p.parts);

            secret_free(priv.priv);
            priv.priv = resized(p.parts.priv, more);
            ASSERT_RC(pq_try_load(&p, &priv, true), RC_ATTRIBUTE_VALUE_INVALID);
            secret_free(TAKE(priv.seed));
            ASSERT_RC(pq_try_load(&p, &priv, true), RC_ATTRIBUTE_VALUE_INVALID);
            ASSERT_RC(p.ops->complete(&p.spec, &priv), RC_ATTRIBUTE_VALUE_INVALID);
            if (seed.seed != NULL) {
                secret_free(seed.seed);
                seed.seed = resized(p.parts.seed, more);
                ASSERT_RC(pq_try_load(&p, &seed, true), RC_ATTRIBUTE_VALUE_INVALID);
                secret_free(TAKE(seed.priv));
                ASSERT_RC(pq_try_load(&p, &seed, true), RC_ATTRIBUTE_VALUE_INVALID);
            }
            if (more > 0) {
                ASSERT_OK(buf_add_u8(&pub.pub, 0));
            } else {
                pub.pub.n--;
            }
            ASSERT_RC(pq_try_load(&p, &pub, true), RC_ATTRIBUTE_VALUE_INVALID);
            ASSERT_RC(pq_try_load(&p, &pub, false), RC_ATTRIBUTE_VALUE_INVALID);
        }
    }
}

/* One bit of one part, while the others are there. */
static void test_contradictions(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n = pq_kinds(c, PKEY_ML_KEM_512, PKEY_SLH_DSA_SHAKE_256F, kinds);

    for (size_t i = 0; i < n; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);
        AUTO_KEY_PARTS struct key_parts bad = pq_parts_copy(&p.parts);

        for (size_t at = 0; bad.seed != NULL && at < bad.seed->n; at += 31) {
            bad.seed->p[at] ^= 1;
            ASSERT_RC(pq_try_load(&p, &bad, true), RC_ATTRIBUTE_VALUE_INVALID);
            ASSERT_RC(p.ops->complete(&p.spec, &bad), RC_ATTRIBUTE_VALUE_INVALID);
            bad.seed->p[at] ^= 1;
        }
        for (size_t at = 0; bad.seed != NULL && at < bad.priv->n; at += 173) {
            bad.priv->p[at] ^= 0x10;
            ASSERT_RC(pq_try_load(&p, &bad, true), RC_ATTRIBUTE_VALUE_INVALID);
            bad.priv->p[at] ^= 0x10;
        }
        bad.pub.p[bad.pub.n - 1] ^= 1;
        ASSERT_RC(pq_try_load(&p, &bad, true), RC_ATTRIBUTE_VALUE_INVALID);
        ASSERT_RC(p.ops->complete(&p.spec, &bad), RC_ATTRIBUTE_VALUE_INVALID);
        secret_free(TAKE(bad.seed)); /* against the value alone */
        ASSERT_RC(pq_try_load(&p, &bad, true), RC_ATTRIBUTE_VALUE_INVALID);
        bad.pub.p[bad.pub.n - 1] ^= 1;
        ASSERT_OK(pq_try_load(&p, &bad, true));
    }
}

/* A value alone that contradicts itself: at byte AT a bit is another. */
static void flip(const struct pq_pair *p, size_t at, enum rc expected)
{
    AUTO_KEY_PARTS struct key_parts bad = pq_parts_copy(&p->parts);

    secret_free(TAKE(bad.seed));
    buf_free(&bad.pub);
    bad.priv->p[at] ^= 1;
    ASSERT_RC(pq_try_load(p, &bad, true), expected);
    ASSERT_RC(p->ops->complete(&p->spec, &bad), expected);
}

/* FIPS 203, algorithm 16: secret vector, ek, hash of ek, z. Nothing depends on z. */
static void test_ml_kem_value_contradicts_itself(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n = pq_kinds(c, PKEY_ML_KEM_512, PKEY_ML_KEM_1024, kinds);

    for (size_t i = 0; i < n; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);
        const size_t whole = p.parts.priv->n;

        flip(&p, 0, RC_ATTRIBUTE_VALUE_INVALID);
        flip(&p, 300, RC_ATTRIBUTE_VALUE_INVALID);
        flip(&p, whole - 65, RC_ATTRIBUTE_VALUE_INVALID); /* the end of ek: rho */
        flip(&p, whole - 64, RC_ATTRIBUTE_VALUE_INVALID);
        flip(&p, whole - 33, RC_ATTRIBUTE_VALUE_INVALID);
        flip(&p, whole - 32, RC_OK);
        flip(&p, whole - 1, RC_OK);
    }
}

/* FIPS 204, algorithm 24: rho, K, tr, s1, s2, t0. Nothing depends on K. */
static void test_ml_dsa_value_contradicts_itself(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n = pq_kinds(c, PKEY_ML_DSA_44, PKEY_ML_DSA_87, kinds);

    for (size_t i = 0; i < n; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);

        flip(&p, 0, RC_ATTRIBUTE_VALUE_INVALID);
        flip(&p, 31, RC_ATTRIBUTE_VALUE_INVALID);
        flip(&p, 32, RC_OK);
        flip(&p, 63, RC_OK);
        flip(&p, 64, RC_ATTRIBUTE_VALUE_INVALID);
        flip(&p, 127, RC_ATTRIBUTE_VALUE_INVALID);
        flip(&p, 128, RC_ATTRIBUTE_VALUE_INVALID);
        flip(&p, 800, RC_ATTRIBUTE_VALUE_INVALID);
        flip(&p, p.parts.priv->n - 1, RC_ATTRIBUTE_VALUE_INVALID);
    }
}

/* FIPS 205, figure 15: SK.seed, SK.prf, PK.seed, PK.root. The root does not depend on SK.prf. */
static void test_slh_dsa_value_contradicts_itself(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n_kinds = pq_kinds(c, PKEY_SLH_DSA_SHA2_128S, PKEY_SLH_DSA_SHAKE_256F, kinds);

    for (size_t i = 0; i < n_kinds; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);
        const size_t n = p.parts.priv->n / 4;

        flip(&p, n - 1, RC_ATTRIBUTE_VALUE_INVALID);
        flip(&p, n, RC_OK);
        flip(&p, 2 * n, RC_ATTRIBUTE_VALUE_INVALID);
        flip(&p, 3 * n, RC_ATTRIBUTE_VALUE_INVALID);
        flip(&p, 4 * n - 1, RC_ATTRIBUTE_VALUE_INVALID);
    }
}

/* ---- FIPS 203, 7.2 and 7.3 -------------------------------------------------------------------------- */

/* Number AT of an encapsulation key becomes VALUE: 12 bits each. */
static void put_number(uint8_t *ek, size_t at, unsigned value)
{
    uint8_t *p = ek + at / 2 * 3;

    if (at % 2 == 0) {
        p[0] = (uint8_t)value;
        p[1] = (uint8_t)((p[1] & 0xf0) | value >> 8);
    } else {
        p[1] = (uint8_t)((p[1] & 0x0f) | (value & 0x0f) << 4);
        p[2] = (uint8_t)(value >> 4);
    }
}

static void test_ml_kem_modulus(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n = pq_kinds(c, PKEY_ML_KEM_512, PKEY_ML_KEM_1024, kinds);
    static const unsigned beyond[] = {3329, 3330, 4095};

    for (size_t i = 0; i < n; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);
        const size_t numbers = (p.parts.pub.n - 32) / 3 * 2;
        const size_t places[] = {0, 1, 255, 256, numbers - 2, numbers - 1};

        for (size_t at = 0; at < ARRAY_LEN(places); at++) {
            AUTO_KEY_PARTS struct key_parts bad = pq_parts_copy(&p.parts);

            put_number(bad.pub.p, places[at], 3328);
            ASSERT_OK(pq_try_load(&p, &bad, false));
            for (size_t j = 0; j < ARRAY_LEN(beyond); j++) {
                put_number(bad.pub.p, places[at], beyond[j]);
                ASSERT_RC(pq_try_load(&p, &bad, false), RC_PUBLIC_KEY_INVALID);
            }
        }
    }
}

/* The encapsulation key inside a decapsulation key is held to the same, even if its hash fits. */
static void test_ml_kem_modulus_within(void **state)
{
    const struct crypto *c = *state;
    enum pkey_kind kinds[PKEY_COUNT];
    const size_t n = pq_kinds(c, PKEY_ML_KEM_512, PKEY_ML_KEM_1024, kinds);

    for (size_t i = 0; i < n && c->digest[HASH_SHA3_256] != NULL; i++) {
        AUTO_PQ_PAIR struct pq_pair p = pq_pair_new(c, kinds[i]);
        AUTO_KEY_PARTS struct key_parts bad = pq_parts_copy(&p.parts);
        const size_t ek_n = bad.pub.n;
        uint8_t *ek = bad.priv->p + bad.priv->n - 64 - ek_n;

        secret_free(TAKE(bad.seed));
        buf_free(&bad.pub);
        put_number(ek, 7, 3329);
        ASSERT_OK(crypto_hash(c, HASH_SHA3_256, BYTES(ek, ek_n), ek + ek_n));
        ASSERT_RC(pq_try_load(&p, &bad, true), RC_PUBLIC_KEY_INVALID);
        ASSERT_RC(p.ops->complete(&p.spec, &bad), RC_PUBLIC_KEY_INVALID);
        put_number(ek, 7, 3328); /* no such key fits the secret vector, but for its own */
        ASSERT_OK(crypto_hash(c, HASH_SHA3_256, BYTES(ek, ek_n), ek + ek_n));
        ek[ek_n] ^= 1;
        ASSERT_RC(pq_try_load(&p, &bad, true), RC_ATTRIBUTE_VALUE_INVALID);
    }
}

int run_pq_rules(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generated_pairs),
        cmocka_unit_test(test_what_determines_a_key),
        cmocka_unit_test(test_wrong_lengths),
        cmocka_unit_test(test_contradictions),
        cmocka_unit_test(test_ml_kem_value_contradicts_itself),
        cmocka_unit_test(test_ml_dsa_value_contradicts_itself),
        cmocka_unit_test(test_slh_dsa_value_contradicts_itself),
        cmocka_unit_test(test_ml_kem_modulus),
        cmocka_unit_test(test_ml_kem_modulus_within),
    };

    return cmocka_run_group_tests_name("pq", tests, rules_open, rules_close);
}
