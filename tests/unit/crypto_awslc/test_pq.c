/* SPDX-License-Identifier: Apache-2.0
 *
 * ML-KEM, ML-DSA and SHAKE: that the functions behind the library's public interface mean what we
 * take them to mean, and keys that must be refused.
 *
 * Vectors: C2SP/wycheproof, testvectors_v1, Apache-2.0: mlkem_*_keygen_seed_test, tcId 1,
 * mlkem_*_encaps_test, tcId 10, 14 and 18; mldsa_*_sign_seed_test and mldsa_*_sign_noseed_test,
 * tcId 1. Long values are given as the SHA-256 of what is published.
 */
#include <pthread.h>

#include "ml_dsa_expanded.h"
#include "ml_kem_expanded.h"
#include "own.h"
#include "pq_library.h"

#define CT_MAX 1568
#define SIG_MAX 4627

static const struct pkey_ops *const ops = &awslc_pkey_ops;
static const struct pkey_params hedged = {.scheme = SCHEME_ML_DSA};
static const struct pkey_params fixed = {.scheme = SCHEME_ML_DSA, .deterministic = true};
static const uint8_t mu[65] = {1, 2, 3};

static void assert_sha256(struct bytes v, const char *expected)
{
    uint8_t have[32];
    ASSERT_OK(awslc_digest_ops.once(HASH_SHA256, v.p, v.n, have));
    assert_memory_equal(have, hex(expected).p, 32);
}

/* The parts that follow from a seed. */
static struct key_parts completed(const struct pkey_spec *spec, struct bytes seed)
{
    struct key_parts parts = {.seed = secret_of(seed)};
    ASSERT_OK(ops->complete(spec, &parts));
    assert_int_equal(parts.pub.n, pq_sizes(spec->kind)->pub);
    assert_int_equal(parts.priv->n, pq_sizes(spec->kind)->priv);
    return parts;
}

static struct pkey *loaded(const struct pkey_spec *spec, const struct key_parts *parts, bool priv)
{
    struct pkey *key = NULL;
    ASSERT_OK(ops->load(spec, parts, priv, &key));
    assert_int_equal(ops->size(key), pq_sizes(spec->kind)->out);
    return key;
}

static enum rc load(const struct pkey_spec *spec, const struct key_parts *parts, bool priv)
{
    struct pkey *key = NULL;
    const enum rc rc = ops->load(spec, parts, priv, &key);
    assert_true(rc == RC_OK || key == NULL);
    ops->free(key);
    return rc;
}

/* ---- vectors --------------------------------------------------------------------------------- */

static const struct {
    enum pkey_kind kind;
    const char *ek, *dk, *ct, *shared;
} kem_vectors[] = {
    {PKEY_ML_KEM_512, "852523749efd2b78d1074e5de629060312cd9397933a19ddb7482cfda5e92614",
     "937a781daf1928b86a64f69dada5feff8b8ade060f298d187090a46c0d205cb7",
     "bc29d7df8bc5465d980601d800259793e2603825a572da6cd198a512cc6d1a34",
     "319839e82ab6b222de7b619e80da8391522bbb37677018494a4742c53f9abfdf"},
    {PKEY_ML_KEM_768, "86adbca81f4fee893e2fb58fb98aa2fe188f501fed268d7f4056f8c05c4e53c4",
     "8757e8aee5e441aee07a43af40467d32f80aee5c51aae4ebd2bdb844c038aac7",
     "36829a2f35cbf4deb62c0a12a15c22dae9f8d2c252566fc24f88abe805cb575e",
     "e7184a0975ee3470878d2d159ec83129c8aec253d4ee17b4810311d198cd0368"},
    {PKEY_ML_KEM_1024, "61b95ec8c32ae85ad7a17ae5b9c2dfb083e05f767da3ba9a0a8092ea6b4cbf7a",
     "926ce3868d8fd192e03410d405e61fb32697a532d7ca7d9ba9b296111df3af74",
     "508136a13f8a7920e3434498c6975cbbab457d809309eb2f92453e7409738210",
     "489dd1e9c2be4af3482bdb35bb26ce760e6e414da6ecbe489985748a825f1cd6"},
};

static void test_ml_kem_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kem_vectors); i++) {
        const struct pkey_spec spec = {.kind = kem_vectors[i].kind};
        AUTO_KEY_PARTS struct key_parts parts = completed(
            &spec, hex("7c9935a0b07694aa0c6d10e4db6b1add2fd81a25ccb148032dcd739936737f2d"
                       "8626ed79d451140800e03b59b956f8210e556067407d13dc90fa9e8b872bfb8f"));
        AUTO_SECRET struct secret *there = NULL;
        AUTO_SECRET struct secret *back = NULL;
        uint8_t ct[CT_MAX];

        assert_sha256(buf_view(&parts.pub), kem_vectors[i].ek);
        assert_sha256(secret_view(parts.priv), kem_vectors[i].dk);
        struct pkey *pub = loaded(&spec, &parts, false);
        struct pkey *priv = loaded(&spec, &parts, true);
        ASSERT_OK(ops->encapsulate(
            pub, NULL, hex("147c03f7a5bebba406c8fae1874d7f13c80efe79a3a9a874cc09fe76f6997615"), ct,
            &there));
        assert_sha256(BYTES(ct, ops->size(pub)), kem_vectors[i].ct);
        ASSERT_OK(ops->decapsulate(priv, BYTES(ct, ops->size(priv)), &back));
        assert_true(bytes_equal(secret_view(there), hex(kem_vectors[i].shared)));
        assert_true(bytes_equal(secret_view(back), hex(kem_vectors[i].shared)));
        ops->free(pub);
        ops->free(priv);
    }
}

/* What is computed once a key and what the library computes at each call come to the same, byte for
 * byte, for ciphertexts that are damaged anywhere too. */
static void test_ml_kem_expanded_is_plain(void **state)
{
    (void)state;
#ifdef CRATON_AWSLC_ML_KEM
    static const struct lc_ml_kem_expanded *const expanded[] = {&lc_ml_kem_512, &lc_ml_kem_768,
                                                                &lc_ml_kem_1024};
    for (unsigned i = 0; i < ARRAY_LEN(expanded); i++) {
        const struct lc_ml_kem_expanded *const side[2] = {expanded[i], &lc_ml_kem_plain[i]};
        const enum pkey_kind kind = (enum pkey_kind)(PKEY_ML_KEM_512 + i);
        uint8_t ek[1568], dk[3168], ct[2][1568], sent[2][32], got[2][32];
        void *e[2];
        for (uint8_t round = 0; round < 20; round++) {
            uint8_t seed[64], m[32];
            memset(seed, round, sizeof seed);
            memset(m, 0xff - round, sizeof m);
            ASSERT_OK(lc_ml_kem_expand(kind, seed, ek, dk));
            for (int k = 0; k < 2; k++) {
                e[k] = mem_alloc_aligned(LC_ML_KEM_ALIGN, side[k]->size);
                assert_non_null(e[k]);
                side[k]->expand(e[k], ek);
                assert_true(side[k]->encapsulate(e[k], m, ct[k], sent[k]));
            }
            assert_memory_equal(ct[0], ct[1], pq_sizes(kind)->out);
            assert_memory_equal(sent[0], sent[1], 32);
            for (size_t at = 0; at <= pq_sizes(kind)->out; at += 96) { /* at 0: not damaged */
                ct[0][at > 0 ? at - 1 : 0] ^= at > 0;
                for (int k = 0; k < 2; k++) {
                    assert_true(side[k]->decapsulate(e[k], dk, ct[0], got[k]));
                }
                assert_memory_equal(got[0], got[1], 32);
                assert_int_equal(memcmp(got[0], sent[0], 32) == 0, at == 0);
            }
            mem_free(e[0]);
            mem_free(e[1]);
        }
    }
#else
    skip();
#endif
}

/* The library's own functions look at a key again, and what they refuse is not handed on. */
static void test_ml_kem_plain_refuses(void **state)
{
    (void)state;
    static const uint8_t seed[64] = {1};
    uint8_t ek[1568], dk[3168], ct[1568], shared[32];
    for (unsigned i = 0; i < 3; i++) {
        const enum pkey_kind kind = (enum pkey_kind)(PKEY_ML_KEM_512 + i);
        const struct pq_sizes *sizes = pq_sizes(kind);
        ASSERT_OK(lc_ml_kem_expand(kind, seed, ek, dk));
        assert_true(lc_ml_kem_plain[i].encapsulate(ek, seed, ct, shared));
        assert_true(lc_ml_kem_plain[i].decapsulate(ek, dk, ct, shared));
        dk[sizes->priv - 40] ^= 1; /* the hash of ek */
        assert_false(lc_ml_kem_plain[i].decapsulate(ek, dk, ct, shared));
        memset(ek, 0xff, 3); /* numbers of q and more */
        assert_false(lc_ml_kem_plain[i].encapsulate(ek, seed, ct, shared));
        assert_int_equal(ct[0], 0);
    }
}

static const struct {
    enum pkey_kind kind;
    const char *mu, *pk, *sk, *sig;
} dsa_vectors[] = {
    {PKEY_ML_DSA_44,
     "0ba2d90bc4fa5877844e47f7563eefccf658f898eaf4197b2a9a89d3df683955"
     "c73a80895ac0a51cc9049d44cdc1d1c550ef3870c1126afdb3d52ee057cbbcdd",
     "d87f8ca136ac1aa55e2d6c4521680efb3a378cbb9bc0bfb446e9c60893931ea3",
     "828f3ab87ec1c8f69e73f88ba704d19f7ec65d0a1cf1da371190f76c5857239a",
     "8cd6fc03daa72e87210a4e721523e84c14f27733789075e65736744d4787fdd5"},
    {PKEY_ML_DSA_65,
     "de30bd32395e1998bcdae79ad419cec6ea9e9a903fdc552c6e9801208174d80a"
     "9d2f3902a144e62f89d6e505cc9c69fb01de013fc1d0204ee4dcf5fcc25f1378",
     "b7acce2ddb11f8cc1aa46e2bafac6eacfa2b732ef192bd636ad8d3a56d649c66",
     "3513e0881fb738ae2979779f76c221eca35bd4563e198ba1b1d9f8699cbe5b85",
     "39fbbb0d97a52c79844213b325af823a7f16a174e00a5b3daeb3e6e6d1c89681"},
    {PKEY_ML_DSA_87,
     "00d86c57be5399a1841b734bbdc6ad234218ec65376768f844bec76cd3585696"
     "d6e648ec8a069bd929f2be80051679f2b8bec414f715261148f42eddaf3a9b43",
     "d43128fa8a8c785c1d44c9e7db538dbf9dd88fe6c8ad911a344bcec1017c6d54",
     "58d8e69824b61cc3e0e7e470f14d64c5a3db23edddefa0714fed1c5e1318c71e",
     "1ad45bd0419e694375bd38ec11d8e0c228ab9ffac2fce4adbe6218d9c949e293"},
};

/* mu of the message and no context, in parts, as a caller makes it. */
static void make_mu(const struct pkey *key, uint8_t out[64])
{
    struct digest_ctx c = {0};
    ASSERT_OK(awslc_digest_ops.begin(&c, HASH_SHAKE256));
    ASSERT_OK(awslc_digest_ops.update(&c, ops->tr(key), 64));
    ASSERT_OK(awslc_digest_ops.update(&c, "\0", 2));
    ASSERT_OK(awslc_digest_ops.update(&c, "Hello world", 11));
    ASSERT_OK(awslc_digest_ops.finish(&c, out));
    awslc_digest_ops.clear(&c);
}

static void test_ml_dsa_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(dsa_vectors); i++) {
        const struct pkey_spec spec = {.kind = dsa_vectors[i].kind};
        uint8_t seed[32];
        uint8_t have[64];
        uint8_t sig[SIG_MAX];
        size_t n = 0;

        memset(seed, 0x2a, sizeof(seed));
        AUTO_KEY_PARTS struct key_parts parts = completed(&spec, BYTES(seed, sizeof(seed)));
        assert_sha256(buf_view(&parts.pub), dsa_vectors[i].pk);
        assert_sha256(secret_view(parts.priv), dsa_vectors[i].sk);
        struct pkey *pub = loaded(&spec, &parts, false);
        struct pkey *priv = loaded(&spec, &parts, true);
        make_mu(pub, have);
        assert_memory_equal(have, hex(dsa_vectors[i].mu).p, 64);
        make_mu(priv, have);
        assert_memory_equal(have, hex(dsa_vectors[i].mu).p, 64);
        ASSERT_OK(ops->sign(priv, &fixed, BYTES(have, 64), sig, &n));
        assert_int_equal(n, ops->size(pub));
        assert_sha256(BYTES(sig, n), dsa_vectors[i].sig);
        ASSERT_OK(ops->verify(pub, &hedged, BYTES(have, 64), BYTES(sig, n)));
        ops->free(pub);
        ops->free(priv);
    }
}

#ifdef CRATON_AWSLC_ML_DSA
static const struct lc_ml_dsa_expanded *const dsa_expanded[][3] = {
    {&lc_ml_dsa_44, &lc_ml_dsa_65, &lc_ml_dsa_87},
#ifdef CRATON_AWSLC_ML_DSA_AVX2
    {&lc_ml_dsa_44_avx2, &lc_ml_dsa_65_avx2, &lc_ml_dsa_87_avx2},
#endif
};

/* The rows that this processor can run. */
static size_t dsa_rows(void)
{
#ifdef CRATON_AWSLC_ML_DSA_AVX2
    return __builtin_cpu_supports("avx2") ? 2 : 1;
#else
    return 1;
#endif
}

/* c~, z and h in a signature (FIPS 204, table 1 and algorithm 26). */
static const struct {
    size_t z, h, omega;
} dsa_parts[] = {{32, 32 + 4 * 576, 80}, {48, 48 + 5 * 640, 55}, {64, 64 + 7 * 640, 75}};

static enum pkey_kind dsa_kind(size_t i)
{
    return (enum pkey_kind)(PKEY_ML_DSA_44 + i);
}

/* Two ways to do set I, and a key of each. */
struct dsa_pair {
    size_t i;
    const struct lc_ml_dsa_expanded *side[2];
    uint8_t *priv[2], *pub[2];
    uint8_t sk[4896];
};

static void make_pair(struct dsa_pair *p, uint8_t seed_byte)
{
    uint8_t seed[32], pk[2592];
    memset(seed, seed_byte, sizeof seed);
    ASSERT_OK(lc_ml_dsa_expand(dsa_kind(p->i), seed, pk, p->sk));
    for (int k = 0; k < 2; k++) {
        p->priv[k] = mem_alloc_aligned(LC_ML_DSA_ALIGN, p->side[k]->private_size);
        p->pub[k] = mem_alloc_aligned(LC_ML_DSA_ALIGN, p->side[k]->public_size);
        assert_true(p->priv[k] != NULL && p->pub[k] != NULL);
        p->side[k]->expand_private(p->priv[k], p->sk);
        p->side[k]->expand_public(p->pub[k], pk);
    }
}

static void drop_pair(struct dsa_pair *p)
{
    for (int k = 0; k < 2; k++) {
        mem_free(p->priv[k]);
        mem_free(p->pub[k]);
    }
}

static void assert_both(const struct dsa_pair *p, const uint8_t *sig, bool good)
{
    for (int k = 0; k < 2; k++) {
        assert_int_equal(p->side[k]->verify(p->pub[k], mu, sig), good);
    }
}

/* SIG with XOR put on byte AT. */
static void assert_both_refuse(const struct dsa_pair *p, uint8_t *sig, size_t at, uint8_t xor)
{
    sig[at] ^= xor;
    assert_both(p, sig, false);
    sig[at] ^= xor;
}

static void assert_damaged_is_refused(const struct dsa_pair *p, uint8_t *sig)
{
    const size_t n = pq_sizes(dsa_kind(p->i))->out;
    const size_t h = dsa_parts[p->i].h;
    assert_both(p, sig, true);
    for (size_t at = 0; at < h; at += 61) {
        assert_both_refuse(p, sig, at, 0x04);
    }
    for (size_t at = h; at < n; at++) { /* places out of order, counts that fall or are too high */
        assert_both_refuse(p, sig, at, 0x01);
        assert_both_refuse(p, sig, at, 0x80);
    }
    if (sig[n - 1] < dsa_parts[p->i].omega) { /* behind the last place */
        assert_both_refuse(p, sig, h + dsa_parts[p->i].omega - 1, 0x03);
    }
    memset(sig + dsa_parts[p->i].z, 0, 3); /* the first number of z is gamma1 */
    assert_both(p, sig, false);
}

static void assert_same_signatures(const struct dsa_pair *p)
{
    uint8_t sig[2][SIG_MAX], rnd[32];
    for (uint8_t again = 0; again < 10; again++) {
        memset(rnd, again, sizeof rnd);
        for (int k = 0; k < 2; k++) {
            memset(sig[k], 0x55 + k, sizeof sig[k]);
            assert_true(p->side[k]->sign(p->priv[k], p->sk, mu, rnd, sig[k]));
        }
        assert_memory_equal(sig[0], sig[1], pq_sizes(dsa_kind(p->i))->out);
    }
    assert_damaged_is_refused(p, sig[0]);
}
#endif

/* What is computed once a key and what the library computes at each call come to the same, byte for
 * byte; so they do for signatures that are damaged anywhere. */
static void test_ml_dsa_expanded_is_plain(void **state)
{
    (void)state;
#ifdef CRATON_AWSLC_ML_DSA
    for (size_t row = 0; row < dsa_rows(); row++) {
        for (size_t i = 0; i < 3; i++) {
            struct dsa_pair p = {.i = i, .side = {dsa_expanded[row][i], &lc_ml_dsa_plain[i]}};
            for (uint8_t round = 0; round < 20; round++) {
                make_pair(&p, round);
                assert_same_signatures(&p);
                drop_pair(&p);
            }
        }
    }
#else
    skip();
#endif
}

/* A bit of A that has changed since would give s1 away. */
static void test_ml_dsa_damaged_key_does_not_sign(void **state)
{
    (void)state;
#ifdef CRATON_AWSLC_ML_DSA
    for (size_t i = 0; i < 3; i++) {
        const struct lc_ml_dsa_expanded *s = dsa_expanded[0][i];
        struct dsa_pair p = {.i = i, .side = {s, s}};
        uint8_t sig[SIG_MAX];
        make_pair(&p, 1);
        for (size_t at = 0; at < s->private_size - 32; at += 509) {
            p.priv[0][at] ^= 0x20;
            assert_false(s->sign(p.priv[0], p.sk, mu, mu, sig));
            p.priv[0][at] ^= 0x20;
        }
        assert_true(s->sign(p.priv[0], p.sk, mu, mu, sig));
        memset(p.priv[0], 0, s->private_size);
        assert_false(s->sign(p.priv[0], p.sk, mu, mu, sig));
        drop_pair(&p);
    }
#else
    skip();
#endif
}

/* ---- keys that must be refused ------------------------------------------------------------------ */

/* Both halves of a pair of SPEC, without the seed. */
static struct key_parts seedless(struct crypto *c, const struct pkey_spec *spec)
{
    struct key_parts parts = {0};
    ASSERT_OK(ops->generate(spec, BYTES_NONE, c->rng, &parts));
    secret_free(TAKE(parts.seed));
    ASSERT_OK(load(spec, &parts, true));
    ASSERT_OK(load(spec, &parts, false));
    return parts;
}

/* Loads the private key with XOR put on byte AT of its value. */
static enum rc load_altered(const struct pkey_spec *spec, const struct key_parts *parts, size_t at,
                            uint8_t xor)
{
    const struct key_parts altered = {.priv = secret_copy(parts->priv)};
    struct secret *value = altered.priv;
    assert_true(at < value->n);
    value->p[at] ^= xor;
    const enum rc rc = load(spec, &altered, true);
    secret_free(value);
    return rc;
}

static void test_ml_kem_refused(void **state)
{
    for (enum pkey_kind kind = PKEY_ML_KEM_512; kind <= PKEY_ML_KEM_1024; kind++) {
        const struct pkey_spec spec = {.kind = kind};
        AUTO_KEY_PARTS struct key_parts parts = seedless(*state, &spec);
        const size_t pub_n = pq_sizes(kind)->pub;
        const size_t n = parts.priv->n;
        const size_t ek_at = n - 64 - pub_n;

        ASSERT_RC(load_altered(&spec, &parts, n - 64, 1), RC_ATTRIBUTE_VALUE_INVALID); /* hash */
        ASSERT_RC(load_altered(&spec, &parts, n - 65, 1), RC_ATTRIBUTE_VALUE_INVALID); /* rho */
        ASSERT_OK(load_altered(&spec, &parts, n - 1, 1)); /* z may be anything */
        /* Another first number of the secret vector: below q, if not by one bit then by the other;
         * that it does not fit is seen when the pair is tried. */
        ASSERT_RC(load_altered(&spec, &parts, 0, 1), RC_ATTRIBUTE_VALUE_INVALID);
        ASSERT_RC(load_altered(&spec, &parts, 0, 2), RC_ATTRIBUTE_VALUE_INVALID);
        /* The first number q, in the secret vector, in ek, in the public key alone. */
        parts.priv->p[0] = 0x01;
        parts.priv->p[1] = (uint8_t)((parts.priv->p[1] & 0xf0) | 0x0d);
        ASSERT_RC(load(&spec, &parts, true), RC_ATTRIBUTE_VALUE_INVALID);
        parts.priv->p[ek_at] = parts.pub.p[0] = 0x01;
        parts.priv->p[ek_at + 1] = parts.pub.p[1] = (uint8_t)((parts.pub.p[1] & 0xf0) | 0x0d);
        ASSERT_RC(load(&spec, &parts, true), RC_PUBLIC_KEY_INVALID);
        ASSERT_RC(load(&spec, &parts, false), RC_PUBLIC_KEY_INVALID);
        parts.pub.p[0] = 0x00; /* q - 1 */
        ASSERT_OK(load(&spec, &parts, false));
    }
}

/* sk is rho, K, tr, s1, s2, t0 (FIPS 204, algorithm 24); K is in nothing that could be compared. */
static void test_ml_dsa_refused(void **state)
{
    for (enum pkey_kind kind = PKEY_ML_DSA_44; kind <= PKEY_ML_DSA_87; kind++) {
        const struct pkey_spec spec = {.kind = kind};
        AUTO_KEY_PARTS struct key_parts parts = seedless(*state, &spec);

        ASSERT_RC(load_altered(&spec, &parts, 0, 1), RC_ATTRIBUTE_VALUE_INVALID);   /* rho */
        ASSERT_OK(load_altered(&spec, &parts, 32, 1));                              /* K */
        ASSERT_RC(load_altered(&spec, &parts, 64, 1), RC_ATTRIBUTE_VALUE_INVALID);  /* tr */
        ASSERT_RC(load_altered(&spec, &parts, 128, 1), RC_ATTRIBUTE_VALUE_INVALID); /* s1 */
        ASSERT_RC(load_altered(&spec, &parts, parts.priv->n - 1, 1), RC_ATTRIBUTE_VALUE_INVALID);
        parts.priv->p[128] = 0xff; /* s1 out of its range */
        ASSERT_RC(load(&spec, &parts, true), RC_ATTRIBUTE_VALUE_INVALID);
        parts.pub.p[0] ^= 1; /* any bytes are a public key */
        ASSERT_OK(load(&spec, &parts, false));
    }
}

static void test_parts_belong_together(void **state)
{
    struct crypto *c = *state;
    for (enum pkey_kind kind = PKEY_ML_KEM_512; kind <= PKEY_ML_DSA_87; kind++) {
        const struct pkey_spec spec = {.kind = kind};
        AUTO_KEY_PARTS struct key_parts parts = {0};
        AUTO_KEY_PARTS struct key_parts other = {0};
        ASSERT_OK(ops->generate(&spec, BYTES_NONE, c->rng, &parts));
        ASSERT_OK(ops->generate(&spec, BYTES_NONE, c->rng, &other));
        assert_int_equal(parts.seed->n, pq_sizes(kind)->seed);
        ASSERT_OK(load(&spec, &parts, true));
        const struct key_parts mixed[] = {
            {.seed = parts.seed, .priv = other.priv},
            {.seed = parts.seed, .pub = other.pub},
            {.priv = parts.priv, .pub = other.pub},
            {.seed = parts.priv},
            {.priv = parts.seed},
            {.priv = parts.priv, .pub = {parts.pub.p, parts.pub.n - 1, 0}},
        };
        for (size_t i = 0; i < ARRAY_LEN(mixed); i++) {
            struct key_parts same = mixed[i];
            ASSERT_RC(load(&spec, &same, true), RC_ATTRIBUTE_VALUE_INVALID);
            ASSERT_RC(ops->complete(&spec, &same), RC_ATTRIBUTE_VALUE_INVALID);
            assert_memory_equal(&same, &mixed[i], sizeof(same)); /* untouched */
        }
        struct key_parts none = {.pub = parts.pub};
        ASSERT_RC(load(&spec, &none, true), RC_TEMPLATE_INCOMPLETE);
        ASSERT_RC(ops->complete(&spec, &none), RC_TEMPLATE_INCOMPLETE);
        ASSERT_RC(load(&spec, &(struct key_parts){0}, false), RC_TEMPLATE_INCOMPLETE);
        ASSERT_RC(load(&spec, &mixed[5], false), RC_ATTRIBUTE_VALUE_INVALID);
    }
}

/* ---- use ---------------------------------------------------------------------------------------- */

static void test_ml_kem_use(void **state)
{
    struct crypto *c = *state;
    const struct pkey_spec spec = {.kind = PKEY_ML_KEM_768};
    AUTO_KEY_PARTS struct key_parts parts = seedless(c, &spec);
    struct pkey *pub = loaded(&spec, &parts, false);
    struct pkey *priv = loaded(&spec, &parts, true);
    uint8_t ct[2][CT_MAX] = {{0}};
    struct secret *s[5] = {NULL};
    const struct bytes first = BYTES(ct[0], ops->size(pub));

    ASSERT_OK(ops->encapsulate(pub, c->rng, BYTES_NONE, ct[0], &s[0]));
    ASSERT_OK(ops->encapsulate(pub, c->rng, BYTES_NONE, ct[1], &s[1]));
    assert_memory_not_equal(ct[0], ct[1], first.n);
    assert_false(secret_equal(s[0], s[1]));
    ASSERT_OK(ops->decapsulate(priv, first, &s[2]));
    assert_true(secret_equal(s[0], s[2]));
    ct[0][5] ^= 1; /* rejected silently: a secret that is another, and always the same */
    ASSERT_OK(ops->decapsulate(priv, first, &s[3]));
    ASSERT_OK(ops->decapsulate(priv, first, &s[4]));
    assert_false(secret_equal(s[0], s[3]));
    assert_true(secret_equal(s[3], s[4]));
    struct secret *none = NULL;
    ASSERT_RC(ops->decapsulate(priv, BYTES(ct[0], first.n - 1), &none),
              RC_ENCRYPTED_DATA_LEN_RANGE);
    ASSERT_RC(ops->decapsulate(priv, BYTES(ct[0], first.n + 1), &none),
              RC_ENCRYPTED_DATA_LEN_RANGE);
    memset(ct[0], 0x55, first.n);
    memcpy(ct[1], ct[0], first.n);
    ASSERT_RC(ops->encapsulate(pub, c->rng, BYTES(mu, 31), ct[0], &none), RC_ARGUMENTS_BAD);
    ASSERT_RC(ops->encapsulate(pub, c->rng, BYTES(mu, 33), ct[0], &none), RC_ARGUMENTS_BAD);
    assert_memory_equal(ct[0], ct[1], first.n);
    ASSERT_RC(ops->decapsulate(pub, first, &none), RC_KEY_TYPE_INCONSISTENT);
    ASSERT_RC(ops->encapsulate(priv, c->rng, BYTES_NONE, ct[0], &none), RC_KEY_TYPE_INCONSISTENT);
    assert_null(none);
    assert_null(ops->tr(priv));
    for (size_t i = 0; i < ARRAY_LEN(s); i++) {
        secret_free(s[i]);
    }
    ops->free(pub);
    ops->free(priv);
}

static void test_ml_dsa_use(void **state)
{
    const struct pkey_params other = {.scheme = SCHEME_EDDSA};
    uint8_t sig[3][SIG_MAX];
    size_t n = 0;

    for (enum pkey_kind kind = PKEY_ML_DSA_44; kind <= PKEY_ML_DSA_87; kind++) {
        const struct pkey_spec spec = {.kind = kind};
        AUTO_KEY_PARTS struct key_parts parts = seedless(*state, &spec);
        struct pkey *pub = loaded(&spec, &parts, false);
        struct pkey *priv = loaded(&spec, &parts, true);
        const struct bytes data = BYTES(mu, 64);

        for (size_t i = 0; i < ARRAY_LEN(sig); i++) {
            ASSERT_OK(ops->sign(priv, i == 0 ? &fixed : &hedged, data, sig[i], &n));
            ASSERT_OK(ops->verify(pub, &hedged, data, BYTES(sig[i], n)));
        }
        assert_memory_not_equal(sig[0], sig[1], n);
        assert_memory_not_equal(sig[1], sig[2], n);
        ASSERT_OK(ops->sign(priv, &fixed, data, sig[1], &n));
        assert_memory_equal(sig[0], sig[1], n);
        for (size_t at = 0; at < n; at += n / 7) {
            sig[0][at] ^= 0x10;
            ASSERT_RC(ops->verify(pub, &hedged, data, BYTES(sig[0], n)), RC_SIGNATURE_INVALID);
            sig[0][at] ^= 0x10;
        }
        ASSERT_RC(ops->verify(pub, &hedged, BYTES(mu + 1, 64), BYTES(sig[0], n)),
                  RC_SIGNATURE_INVALID);
        ASSERT_RC(ops->verify(pub, &hedged, data, BYTES(sig[0], n - 1)), RC_SIGNATURE_LEN_RANGE);
        ASSERT_RC(ops->verify(pub, &hedged, BYTES(mu, 63), BYTES(sig[0], n)), RC_DATA_LEN_RANGE);
        ASSERT_RC(ops->sign(priv, &hedged, BYTES(mu, 63), sig[0], &n), RC_DATA_LEN_RANGE);
        ASSERT_RC(ops->sign(priv, &fixed, BYTES(mu, 65), sig[0], &n), RC_DATA_LEN_RANGE);
        ASSERT_RC(ops->sign(pub, &hedged, data, sig[0], &n), RC_KEY_TYPE_INCONSISTENT);
        ASSERT_RC(ops->sign(priv, &other, data, sig[0], &n), RC_KEY_TYPE_INCONSISTENT);
        assert_memory_equal(sig[0], sig[1], n);
        ops->free(pub);
        ops->free(priv);
    }
}

static void *sign_many(void *arg)
{
    struct pkey *const *pair = arg;
    uint8_t sig[SIG_MAX];
    size_t n = 0;

    for (int i = 0; i < 20; i++) {
        if (ops->sign(pair[0], &hedged, BYTES(mu, 64), sig, &n) != RC_OK ||
            ops->verify(pair[1], &hedged, BYTES(mu, 64), BYTES(sig, n)) != RC_OK) {
            return arg;
        }
    }
    return NULL;
}

static void test_threads(void **state)
{
    const struct pkey_spec spec = {.kind = PKEY_ML_DSA_44};
    AUTO_KEY_PARTS struct key_parts parts = seedless(*state, &spec);
    struct pkey *pair[] = {loaded(&spec, &parts, true), loaded(&spec, &parts, false)};
    pthread_t ids[4];

    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        assert_int_equal(pthread_create(&ids[i], NULL, sign_many, pair), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        void *bad = NULL;
        pthread_join(ids[i], &bad);
        assert_null(bad);
    }
    ops->free(pair[0]);
    ops->free(pair[1]);
}

static enum rc all_once(struct crypto *c, const struct pkey_spec *spec)
{
    AUTO_KEY_PARTS struct key_parts parts = {0};
    AUTO_SECRET struct secret *shared = NULL;
    struct pkey *key = NULL;
    uint8_t ct[CT_MAX];

    TRY(ops->generate(spec, BYTES_NONE, c->rng, &parts));
    secret_free(TAKE(parts.priv));
    TRY(ops->complete(spec, &parts));
    for (int priv = 0; priv < 2; priv++) {
        enum rc rc = ops->load(spec, &parts, priv, &key);
        if (rc == RC_OK && pkey_is_ml_kem(spec->kind)) {
            rc = priv ? ops->decapsulate(key, BYTES(ct, ops->size(key)), &shared)
                      : ops->encapsulate(key, c->rng, BYTES_NONE, ct, &shared);
            secret_free(TAKE(shared));
        }
        ops->free(TAKE(key));
        TRY(rc);
    }
    return RC_OK;
}

static void test_memory_runs_out(void **state)
{
    for (enum pkey_kind kind = PKEY_ML_KEM_768; kind <= PKEY_ML_DSA_65; kind += 3) {
        const struct pkey_spec spec = {.kind = kind};
        bool fired = true;
        for (unsigned long nth = 1; fired; nth++) {
            mem_fault_at(nth);
            const enum rc rc = all_once(*state, &spec);
            fired = mem_fault_count() > 0;
            mem_fault_at(0);
            ASSERT_RC(rc, fired ? RC_HOST_MEMORY : RC_OK);
        }
    }
}

/* ---- SHAKE ---------------------------------------------------------------------------------------- */

/* FIPS 202; of the empty message, as NIST's "Examples with Intermediate Values" has them. */
static const struct {
    enum hash_alg alg;
    const char *of_nothing;
} shakes[] = {
    {HASH_SHAKE128, "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26"},
    {HASH_SHAKE256, "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f"
                    "d75dc4ddd8c0f200cb05019d67b592f6fc821c49479ab48640292eacb3b7c4be"},
};

static void test_shake(void **state)
{
    static const uint8_t text[1000] = {7};
    uint8_t once[64];
    uint8_t parts[64];
    uint8_t longer[1000];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(shakes); i++) {
        const enum hash_alg alg = shakes[i].alg;
        const struct digest_ops *d = &awslc_digest_ops;
        struct digest_ctx c = {0};

        ASSERT_OK(d->once(alg, NULL, 0, once));
        assert_memory_equal(once, hex(shakes[i].of_nothing).p, hash_size(alg));
        for (size_t n = 0; n <= sizeof(text); n += 67) {
            ASSERT_OK(d->once(alg, text, n, once));
            ASSERT_OK(d->begin(&c, alg));
            ASSERT_OK(d->update(&c, text, n / 3));
            ASSERT_OK(d->update(&c, text + n / 3, n - n / 3));
            ASSERT_OK(d->finish(&c, parts));
            assert_memory_equal(once, parts, hash_size(alg));
            ASSERT_OK(d->xof(alg, text, n, longer, sizeof(longer)));
            assert_memory_equal(once, longer, hash_size(alg));
            ASSERT_OK(d->xof(alg, text, n, parts, 1));
            assert_int_equal(parts[0], longer[0]);
            ASSERT_OK(d->xof(alg, text, n, parts, 0));
        }
        d->clear(&c);
        ASSERT_RC(d->xof(HASH_SHA3_256, text, 3, longer, 32), RC_MECHANISM_INVALID);
    }
}

/* A context that is begun again is not allocated again. */
static void test_shake_context_is_kept(void **state)
{
    struct digest_ctx c = {0};
    uint8_t out[64];

    (void)state;
    ASSERT_OK(awslc_digest_ops.begin(&c, HASH_SHAKE256));
    const EVP_MD_CTX *const heap = c.heap;
    const void *const inner = heap->md_data;
    for (int i = 0; i < 3; i++) {
        ASSERT_OK(awslc_digest_ops.update(&c, mu, 64));
        ASSERT_OK(awslc_digest_ops.finish(&c, out));
        ASSERT_OK(awslc_digest_ops.begin(&c, HASH_SHAKE256));
        assert_ptr_equal(c.heap, heap);
        assert_ptr_equal(heap->md_data, inner);
    }
    awslc_digest_ops.clear(&c);
}

/* It is no hash to pad or to authenticate with. */
static void test_shake_is_no_hash(void **state)
{
    const struct pkey_spec rsa = {.kind = PKEY_RSA, .bits = 1024};
    struct crypto *c = *state;
    AUTO_KEY_PARTS struct key_parts parts = {0};
    AUTO_SECRET struct secret *key = secret_of(BYTES(mu, 32));
    struct mac_key *mac = NULL;
    uint8_t sig[128];
    size_t n = 0;

    ASSERT_OK(ops->generate(&rsa, BYTES_NONE, c->rng, &parts));
    struct pkey *k = NULL;
    ASSERT_OK(ops->load(&rsa, &parts, true, &k));
    for (size_t i = 0; i < ARRAY_LEN(shakes); i++) {
        const enum hash_alg alg = shakes[i].alg;
        const struct pkey_params p[] = {
            {.scheme = SCHEME_RSA_PKCS1_HASH, .hash = alg},
            {.scheme = SCHEME_RSA_PSS, .hash = alg, .mgf = HASH_SHA256},
            {.scheme = SCHEME_RSA_PSS, .hash = HASH_SHA256, .mgf = alg},
        };
        for (size_t j = 0; j < ARRAY_LEN(p); j++) {
            const struct bytes data = BYTES(mu, hash_size(p[j].hash));
            ASSERT_RC(ops->sign(k, &p[j], data, sig, &n), RC_MECHANISM_PARAM_INVALID);
        }
        ASSERT_RC(awslc_mac_ops.key_new(MAC_HMAC, alg, key, &mac), RC_MECHANISM_INVALID);
        assert_int_equal(crypto_backend_awslc()->mac_rank(MAC_HMAC, alg), 0);
    }
    ops->free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ml_kem_vectors),
        cmocka_unit_test(test_ml_kem_expanded_is_plain),
        cmocka_unit_test(test_ml_kem_plain_refuses),
        cmocka_unit_test(test_ml_dsa_vectors),
        cmocka_unit_test(test_ml_dsa_expanded_is_plain),
        cmocka_unit_test(test_ml_dsa_damaged_key_does_not_sign),
        cmocka_unit_test(test_ml_kem_refused),
        cmocka_unit_test(test_ml_dsa_refused),
        cmocka_unit_test(test_parts_belong_together),
        cmocka_unit_test(test_ml_kem_use),
        cmocka_unit_test(test_ml_dsa_use),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_shake),
        cmocka_unit_test(test_shake_context_is_kept),
        cmocka_unit_test(test_shake_is_no_hash),
    };
    if (lc_pq() == NULL) {
        return 77; /* OpenSSL serves these: see the configuration's message */
    }
    return cmocka_run_group_tests(tests, own_open, own_close);
}
