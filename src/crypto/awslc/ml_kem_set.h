/* SPDX-License-Identifier: Apache-2.0
 *
 * One parameter set of ml_kem_expanded.h: included once by each of ml_kem_512.c, ml_kem_768.c and
 * ml_kem_1024.c, which say ML_KEM_SET and its number. Names are those of FIPS 203; mlk_ and MLK are
 * the library's (mlkem-native, as AWS-LC 5.1.0 carries it).
 */
#define MLK_CONFIG_FILE "../mlkem_native_config.h" /* as the library configures it for itself */
#include "crypto/fipsmodule/cpucap/internal.h"
#include "crypto/fipsmodule/ml_kem/mlkem/compress.c"
#include "crypto/fipsmodule/ml_kem/mlkem/debug.c"
#include "crypto/fipsmodule/ml_kem/mlkem/indcpa.c"
#include "crypto/fipsmodule/ml_kem/mlkem/poly.c"
#include "crypto/fipsmodule/ml_kem/mlkem/poly_k.c"
#include "crypto/fipsmodule/ml_kem/mlkem/sampling.c"
#include "crypto/fipsmodule/ml_kem/mlkem/verify.c"

#include "ml_kem_expanded.h"

enum {
    HALF = 32, /* bytes of m, of a shared secret, of a seed, of the hash H */
    K = MLKEM_K,
    CT = MLKEM_INDCCA_CIPHERTEXTBYTES,
    EK = MLKEM_INDCCA_PUBLICKEYBYTES,
    DK = MLKEM_INDCCA_SECRETKEYBYTES,
    DK_PKE = MLKEM_INDCPA_SECRETKEYBYTES,
};

struct expanded {
    mlk_polymat at; /* A, transposed */
    mlk_polyvec t;
    uint8_t h[HALF]; /* H(ek) */
};
_Static_assert(_Alignof(struct expanded) <= LC_ML_KEM_ALIGN, "the caller aligns it enough");

static void expand(void *to, const uint8_t *ek)
{
    struct expanded *e = to;
    mlk_polyvec_frombytes(&e->t, ek);
    mlk_gen_matrix(&e->at, ek + MLKEM_POLYVECBYTES, 1);
    mlk_hash_h(e->h, ek, EK);
}

/* What an encryption leaves behind. */
struct traces {
    mlk_polyvec y, e1, u;
    mlk_polyvec_mulcache y_products;
    mlk_poly e2, v, mu;
};

/* y, e1 and e2 (algorithm 14, lines 9 to 17). The library takes four polynomials at a time. */
static void sample(struct traces *w, const uint8_t r[HALF])
{
    mlk_poly *y = w->y.vec;
    mlk_poly *e1 = w->e1.vec;
#if MLKEM_K == 2
    mlk_poly_getnoise_eta1122_4x(&y[0], &y[1], &e1[0], &e1[1], r, 0, 1, 2, 3);
    mlk_poly_getnoise_eta2(&w->e2, r, 4);
#elif MLKEM_K == 3
    mlk_poly_getnoise_eta1_4x(&y[0], &y[1], &y[2], NULL, r, 0, 1, 2, UINT8_MAX /* unused */);
    mlk_poly_getnoise_eta2_4x(&e1[0], &e1[1], &e1[2], &w->e2, r, 3, 4, 5, 6);
#else
    mlk_poly_getnoise_eta1_4x(&y[0], &y[1], &y[2], &y[3], r, 0, 1, 2, 3);
    mlk_poly_getnoise_eta2_4x(&e1[0], &e1[1], &e1[2], &e1[3], r, 4, 5, 6, 7);
    mlk_poly_getnoise_eta2(&w->e2, r, 8);
#endif
}

/* K-PKE.Encrypt (algorithm 14). */
static void encrypt(const struct expanded *e, const uint8_t m[HALF], const uint8_t r[HALF],
                    uint8_t ct[CT])
{
    struct traces w;
    sample(&w, r);
    mlk_polyvec_ntt(&w.y);
    mlk_polyvec_mulcache_compute(&w.y_products, &w.y);
    for (size_t i = 0; i < K; i++) {
        mlk_polyvec_basemul_acc_montgomery_cached(&w.u.vec[i], &e->at.vec[i], &w.y, &w.y_products);
    }
    mlk_polyvec_invntt_tomont(&w.u);
    mlk_polyvec_add(&w.u, &w.e1);
    mlk_polyvec_reduce(&w.u);
    mlk_polyvec_basemul_acc_montgomery_cached(&w.v, &e->t, &w.y, &w.y_products);
    mlk_poly_invntt_tomont(&w.v);
    mlk_poly_frommsg(&w.mu, m);
    mlk_poly_add(&w.v, &w.e2);
    mlk_poly_add(&w.v, &w.mu);
    mlk_poly_reduce(&w.v);
    mlk_polyvec_compress_du(ct, &w.u);
    mlk_poly_compress_dv(ct + MLKEM_POLYVECCOMPRESSEDBYTES_DU, &w.v);
    mlk_zeroize(&w, sizeof(w));
}

/* (K, r) = G(m || H(ek)) */
static void derive(const struct expanded *e, const uint8_t m[HALF], uint8_t k_and_r[2 * HALF])
{
    uint8_t in[2 * HALF];
    mlk_memcpy(in, m, HALF);
    mlk_memcpy(in + HALF, e->h, HALF);
    mlk_hash_g(k_and_r, in, sizeof(in));
    mlk_zeroize(in, sizeof(in));
}

static bool encapsulate(const void *key, const uint8_t *m, uint8_t *ct, uint8_t *shared)
{
    const struct expanded *e = key;
    uint8_t k_and_r[2 * HALF];
    derive(e, m, k_and_r);
    encrypt(e, m, k_and_r + HALF, ct);
    mlk_memcpy(shared, k_and_r, HALF);
    mlk_zeroize(k_and_r, sizeof(k_and_r));
    return true;
}

static bool decapsulate(const void *key, const uint8_t *dk, const uint8_t *ct, uint8_t *shared)
{
    const struct expanded *e = key;
    struct {
        uint8_t m[HALF], k_and_r[2 * HALF], z_and_ct[HALF + CT], again[CT];
    } w;
    (void)mlk_indcpa_dec(w.m, ct, dk, none); /* fails only where it allocates */
    derive(e, w.m, w.k_and_r);
    encrypt(e, w.m, w.k_and_r + HALF, w.again);
    mlk_memcpy(w.z_and_ct, dk + DK - HALF, HALF);
    mlk_memcpy(w.z_and_ct + HALF, ct, CT);
    mlk_hash_j(shared, w.z_and_ct, sizeof(w.z_and_ct));
    /* The implicit rejection's secret stays unless both ciphertexts are the same. */
    mlk_ct_cmov_zero(shared, w.k_and_r, HALF, mlk_ct_memcmp(ct, w.again, CT));
    mlk_zeroize(&w, sizeof(w));
    return true;
}

const struct lc_ml_kem_expanded ML_KEM_SET = {
    .size = sizeof(struct expanded),
    .expand = expand,
    .encapsulate = encapsulate,
    .decapsulate = decapsulate,
};
