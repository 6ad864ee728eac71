/* SPDX-License-Identifier: Apache-2.0
 *
 * Our own code that touches secrets, run under valgrind's memcheck with the secrets marked (ct.h): a
 * branch or an index that depends on one ends the run with an error. Results are revealed at the
 * end, and looked at.
 *
 *   ct_secrets            everything; no error is expected
 *   ct_secrets branch     and each of these does what must not be done: an error is expected
 *   ct_secrets index
 *   ct_secrets compare
 *   ct_secrets signature   ML-DSA as it is built for use, where nothing says that a verdict is public
 *
 * 77: not under memcheck, or built without its header.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "composite.h"
#include "ct.h"
#include "drbg.h"
#include "ml_dsa_expanded.h"
#include "ml_kem_expanded.h"

int __real_mem_equal_ct(const void *a, const void *b, size_t n);
#ifdef CRATON_WITH_AWSLC
/* crypto/awslc/pkey.h, which only that room can include */
void lc_scalar_reduce(const uint8_t *order, size_t n, const uint8_t *random, size_t random_n,
                      uint8_t *out);
enum rc lc_ml_kem_expand(enum pkey_kind kind, const uint8_t *seed, uint8_t *pub, uint8_t *priv);
enum rc lc_ml_dsa_expand(enum pkey_kind kind, const uint8_t *seed, uint8_t *pub, uint8_t *priv);
#endif
#ifdef CRATON_AWSLC_ML_DSA
/* What lc_ml_dsa_44 and so on are, built for this test: see CMakeLists.txt. */
extern const struct lc_ml_dsa_expanded ct_ml_dsa_44;
extern const struct lc_ml_dsa_expanded ct_ml_dsa_65;
extern const struct lc_ml_dsa_expanded ct_ml_dsa_87;
extern const struct lc_ml_dsa_expanded ct_ml_dsa_44_avx2;
extern const struct lc_ml_dsa_expanded ct_ml_dsa_65_avx2;
extern const struct lc_ml_dsa_expanded ct_ml_dsa_87_avx2;
#endif

/* ---- small things ----------------------------------------------------------------------------------- */

static void run_comparison(void)
{
    for (size_t n = 0; n < 70; n++) {
        for (size_t differ = 0; differ <= n; differ += 7) { /* at N: nowhere */
            uint8_t a[70], b[70];

            memset(a, 0x5a, sizeof(a));
            memset(b, 0x5a, sizeof(b));
            if (differ < n) {
                b[differ] ^= 0x40;
            }
            ct_hide(a, n);
            ct_hide(b, n);
            int equal = __real_mem_equal_ct(a, b, n);
            CT_CHECK(n == 0 || ct_is_hidden(&equal, 1));
            ct_reveal(&equal, sizeof(equal));
            CT_CHECK(equal == (differ >= n));
        }
    }
}

static void run_padding(void)
{
    for (unsigned pad = 0; pad < 256; pad++) {
        for (unsigned wrong = 0; wrong <= 16; wrong++) { /* at 16: nowhere */
            uint8_t block[16];
            size_t n = 99;

            memset(block, (int)pad, sizeof(block));
            if (wrong < 15) {
                block[wrong] ^= 0x80;
            }
            const bool good = pad >= 1 && pad <= 16 && (wrong >= 15 || wrong < 16 - pad);
            ct_hide(block, sizeof(block));
            enum rc rc = crypto_unpad16(block, &n);
            CT_CHECK(ct_is_hidden(&rc, 1) && ct_is_hidden(&n, 1));
            ct_reveal(&rc, sizeof(rc));
            ct_reveal(&n, sizeof(n));
            CT_CHECK(rc == (good ? RC_OK : RC_ENCRYPTED_DATA_INVALID));
            CT_CHECK(!good || n == 16 - pad);
        }
    }
}

static void run_scalar(void)
{
#ifdef CRATON_WITH_AWSLC
    for (size_t n = 28; n <= 66; n++) {
        uint8_t order[66], random[74], out[66];

        memset(order, 0xf7, sizeof(order)); /* odd */
        for (unsigned first = 0; first < 256; first += 51) {
            memset(random, 0xc3, sizeof(random));
            memset(random, (int)first, 9);
            ct_hide(random, n + 8);
            lc_scalar_reduce(order, n, random, n + 8, out);
            CT_CHECK(ct_is_hidden(out, n));
            ct_reveal(out, n);
            CT_CHECK(memcmp(out, order, n) < 0);
        }
    }
#endif
}

/* ---- generator and derivation ------------------------------------------------------------------------- */

/* The marks come out where secret went in, and nowhere else. */
static void expect_secret(const struct secret *s, size_t n)
{
    CT_CHECK(s != NULL && s->n == n && ct_is_hidden(s->p, n));
}

static void run_generator(struct crypto *c)
{
    static const size_t lengths[] = {1, 16, 32, 33, 64, 1000};

    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        AUTO_SECRET struct secret *s = rng_secret(c->rng, lengths[i]);

        expect_secret(s, lengths[i]);
    }
    uint8_t more[20] = "a caller's bytes";
    ct_hide(more, sizeof(more));
    CT_OK(rng_mix(c->rng, BYTES(more, sizeof(more))));
    AUTO_SECRET struct secret *s = rng_secret(c->rng, 32);
    expect_secret(s, 32);
}

static struct secret *hidden_key(size_t n)
{
    struct secret *s = secret_new(n);

    CT_CHECK(s != NULL);
    ct_hide(s->p, n);
    return s;
}

static void run_derivation(const struct crypto *c)
{
    static const size_t keys[] = {1, 32, 64, 128, 200}; /* HMAC hashes the long ones first */
    uint8_t tag[HASH_MAX_SIZE];

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        AUTO_SECRET struct secret *key = hidden_key(keys[i]);
        AUTO_SECRET struct secret *hkdf = NULL;
        AUTO_SECRET struct secret *x963 = NULL;
        AUTO_SECRET struct secret *pbkdf2 = NULL;

        CT_OK(crypto_hmac(c, HASH_SHA256, key, BYTES_STR("data"), tag));
        CT_CHECK(ct_is_hidden(tag, 32));
        CT_OK(crypto_hkdf(c, HASH_SHA256, true, true, key, BYTES_STR("salt"), BYTES_STR("info"),
                          100, &hkdf));
        CT_OK(crypto_x963(c, HASH_SHA384, key, BYTES_STR("info"), 100, &x963));
        CT_OK(crypto_pbkdf2(c, HASH_SHA512, secret_view(key), BYTES_STR("salt"), 3, 100, &pbkdf2));
        expect_secret(hkdf, 100);
        expect_secret(x963, 100);
        expect_secret(pbkdf2, 100);
        CT_CHECK(!secret_equal(hkdf, x963));
    }
}

/* ---- ML-KEM with expanded keys -------------------------------------------------------------------------- */

#ifdef CRATON_AWSLC_ML_KEM
/* dk without the ek and its hash that are in it. */
static void hide_private(uint8_t *dk, size_t dk_n, size_t ek_n)
{
    ct_hide(dk, dk_n - 64 - ek_n);
    ct_hide(dk + dk_n - 32, 32);
}

static void run_ml_kem_set(const struct lc_ml_kem_expanded *set, enum pkey_kind kind)
{
    static const uint8_t seed[64] = "d and z";
    static _Alignas(LC_ML_KEM_ALIGN) uint8_t e[16384];
    const struct pq_sizes *sizes = pq_sizes(kind);
    uint8_t ek[1568], dk[3168], ct[1568], m[32] = "m", sent[32], got[32];

    CT_CHECK(set->size <= sizeof(e));
    CT_OK(lc_ml_kem_expand(kind, seed, ek, dk));
    set->expand(e, ek);
    ct_hide(m, sizeof(m));
    hide_private(dk, sizes->priv, sizes->pub);
    set->encapsulate(e, m, ct, sent);
    CT_CHECK(ct_is_hidden(sent, sizeof(sent)) && ct_is_hidden(ct, 32));
    ct_reveal(ct, sizes->out);
    ct_reveal(sent, sizeof(sent));
    for (int damaged = 0; damaged < 2; damaged++) {
        ct[7] ^= (uint8_t)damaged;
        set->decapsulate(e, dk, ct, got);
        CT_CHECK(ct_is_hidden(got, sizeof(got)));
        ct_reveal(got, sizeof(got));
        CT_CHECK((memcmp(got, sent, sizeof(got)) == 0) == (damaged == 0));
    }
}
#endif

static void run_ml_kem(void)
{
#ifdef CRATON_AWSLC_ML_KEM
    run_ml_kem_set(&lc_ml_kem_512, PKEY_ML_KEM_512);
    run_ml_kem_set(&lc_ml_kem_768, PKEY_ML_KEM_768);
    run_ml_kem_set(&lc_ml_kem_1024, PKEY_ML_KEM_1024);
#endif
}

/* ---- ML-DSA with expanded keys -------------------------------------------------------------------------- */

#ifdef CRATON_AWSLC_ML_DSA
/* K, s1, s2 and t0: sk without rho and tr (FIPS 204, algorithm 24). */
static void hide_signing_key(uint8_t *sk, size_t n)
{
    ct_hide(sk + 32, 32);
    ct_hide(sk + 128, n - 128);
}

/* Some signatures, of which each takes four or five attempts. */
static void run_ml_dsa_set(const struct lc_ml_dsa_expanded *set, enum pkey_kind kind)
{
    static const uint8_t seed[32] = "xi";
    static _Alignas(LC_ML_DSA_ALIGN) uint8_t priv[65536], pub[65536];
    const struct pq_sizes *sizes = pq_sizes(kind);
    uint8_t pk[2592], sk[4896], sig[4627], mu[64] = "mu", rnd[32] = {0};

    CT_CHECK(set->private_size <= sizeof(priv) && set->public_size <= sizeof(pub));
    CT_OK(lc_ml_dsa_expand(kind, seed, pk, sk));
    set->expand_private(priv, sk);
    set->expand_public(pub, pk);
    hide_signing_key(sk, sizes->priv);
    ct_hide(rnd, sizeof(rnd));
    for (uint8_t i = 0; i < 6; i++) {
        mu[63] = i;
        CT_CHECK(set->sign(priv, sk, mu, rnd, sig));
        CT_CHECK(ct_is_clear(sig, sizes->out) && set->verify(pub, mu, sig));
    }
    CT_CHECK(ct_is_hidden(sk + 32, 32) && ct_is_clear(pub, set->public_size));
}
#endif

static void run_ml_dsa(void)
{
#ifdef CRATON_AWSLC_ML_DSA
    run_ml_dsa_set(&ct_ml_dsa_44, PKEY_ML_DSA_44);
    run_ml_dsa_set(&ct_ml_dsa_65, PKEY_ML_DSA_65);
    run_ml_dsa_set(&ct_ml_dsa_87, PKEY_ML_DSA_87);
#endif
#ifdef CRATON_AWSLC_ML_DSA_AVX2
    if (__builtin_cpu_supports("avx2")) { /* of memcheck's processor */
        run_ml_dsa_set(&ct_ml_dsa_44_avx2, PKEY_ML_DSA_44);
        run_ml_dsa_set(&ct_ml_dsa_65_avx2, PKEY_ML_DSA_65);
        run_ml_dsa_set(&ct_ml_dsa_87_avx2, PKEY_ML_DSA_87);
    }
#endif
}

/* ---- composites ------------------------------------------------------------------------------------- */

static void sign_and_verify(const struct pkey_ops *ops, unsigned set, const struct pkey *priv,
                            const struct pkey *pub)
{
    const struct pkey_params p = {.scheme = SCHEME_COMP_SIG, .context = BYTES_STR("context")};
    static const uint8_t digest[HASH_MAX_SIZE];
    const struct bytes data = BYTES(digest, hash_size(comp_hash(set)));
    uint8_t sig[6000];
    size_t n = 0;

    CT_OK(ops->sign(priv, &p, data, sig, &n));
    CT_CHECK(n <= ops->size(priv) && ct_is_clear(sig, n));
    CT_OK(ops->verify(pub, &p, data, BYTES(sig, n)));
}

static void send_and_open(const struct crypto *c, const struct pkey_ops *ops,
                          const struct pkey *priv, const struct pkey *pub)
{
    AUTO_SECRET struct secret *a = NULL;
    AUTO_SECRET struct secret *b = NULL;
    uint8_t ct[2200];
    const size_t n = ops->size(pub);

    CT_OK(ops->encapsulate(pub, c->rng, BYTES_NONE, ct, &a));
    CT_CHECK(ct_is_clear(ct, n));
    CT_OK(ops->decapsulate(priv, BYTES(ct, n), &b));
    expect_secret(a, a->n);
    expect_secret(b, a->n);
    ct_reveal(a->p, a->n);
    ct_reveal(b->p, b->n);
    CT_CHECK(memcmp(a->p, b->p, a->n) == 0);
}

/* A key is made, written, read again with and without its public value, and used. */
static void run_composite(const struct crypto *c, unsigned set)
{
    const struct pkey_spec spec = {.kind = comp_kind(set), .set = set};
    const struct pkey_ops *ops = c->pkey[spec.kind][CURVE_NONE];
    AUTO_KEY_PARTS struct key_parts made = {0};
    AUTO_KEY_PARTS struct key_parts alone = {0};
    struct pkey *priv = NULL, *again = NULL, *pub = NULL;

    CT_CHECK(ops != NULL && ops->supports(&spec));
    CT_OK(ops->generate(&spec, BYTES_NONE, c->rng, &made));
    CT_CHECK(ct_is_hidden(made.priv->p, 32) && ct_is_clear(made.pub.p, made.pub.n));
    CT_OK(ops->load(&spec, &made, true, &priv));
    CT_OK(ops->load(&spec, &made, false, &pub));
    alone.priv = secret_copy(made.priv);
    CT_OK(ops->load(&spec, &alone, true, &again));
    CT_OK(ops->complete(&spec, &alone));
    CT_CHECK(bytes_equal(buf_view(&alone.pub), buf_view(&made.pub)));
    if (spec.kind == PKEY_COMP_SIG) {
        sign_and_verify(ops, set, priv, pub);
    } else {
        send_and_open(c, ops, priv, pub);
        send_and_open(c, ops, again, pub);
    }
    ops->free(priv);
    ops->free(again);
    ops->free(pub);
}

static void run_everything(void)
{
    struct crypto *c = ct_open();

    run_comparison();
    run_padding();
    run_scalar();
    run_generator(c);
    run_derivation(c);
    run_ml_kem();
    run_ml_dsa();
    for (unsigned set = COMP_NONE + 1; set < COMP_SET_COUNT; set++) {
        run_composite(c, set);
    }
    ct_close(c);
}

/* ---- what must be seen -------------------------------------------------------------------------------- */

static volatile unsigned sink;

/* 77: not built. */
static int sign_as_built(void)
{
#ifdef CRATON_AWSLC_ML_DSA
    static const uint8_t seed[32] = "xi";
    static _Alignas(LC_ML_DSA_ALIGN) uint8_t e[65536];
    uint8_t pk[1312], sk[2560], sig[2420];

    CT_OK(lc_ml_dsa_expand(PKEY_ML_DSA_44, seed, pk, sk));
    lc_ml_dsa_44.expand_private(e, sk);
    hide_signing_key(sk, sizeof(sk));
    CT_CHECK(lc_ml_dsa_44.sign(e, sk, (const uint8_t[64]){0}, seed, sig));
    return 0;
#else
    return 77;
#endif
}

static int do_wrong(const char *how)
{
    static const uint8_t table[256] = {1, 2, 3};
    volatile uint8_t secret[16] = {0};
    const volatile uint8_t other[16] = {0};

    ct_hide((const void *)(uintptr_t)secret, sizeof(secret));
    if (strcmp(how, "branch") == 0) {
        if (secret[3] > 7) {
            sink = 1;
        }
    } else if (strcmp(how, "index") == 0) {
        sink = table[secret[3]];
    } else if (strcmp(how, "compare") == 0) { /* a comparison that ends at the first difference */
        size_t i = 0;

        while (i < sizeof(secret) && secret[i] == other[i]) {
            i++;
        }
        sink = (unsigned)i;
    } else if (strcmp(how, "signature") == 0) {
        return sign_as_built();
    } else {
        return 2;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (!ct_running()) {
        puts("not under memcheck, or built without valgrind/memcheck.h: nothing to see");
        return 77;
    }
    if (argc > 1) {
        return do_wrong(argv[1]);
    }
    run_everything();
    return 0;
}
