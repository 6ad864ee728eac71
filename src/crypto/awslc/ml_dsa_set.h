/* SPDX-License-Identifier: Apache-2.0
 *
 * One parameter set of ml_dsa_expanded.h: included once by each of ml_dsa_44.c, ml_dsa_65.c and
 * ml_dsa_87.c, which say ML_DSA_SET and its number. Names are those of FIPS 204; mld_ and MLD are
 * the library's (mldsa-native, as AWS-LC 5.1.0 carries it).
 *
 * MLD_CT_TESTING_DECLASSIFY is for tests/ct: what it names may be known to everybody.
 */
#define MLD_CONFIG_FILE "../mldsa_native_config.h" /* as the library configures it for itself */
#include "crypto/fipsmodule/cpucap/internal.h"
#include "crypto/fipsmodule/ml_dsa/mldsa/ct.c"
#include "crypto/fipsmodule/ml_dsa/mldsa/debug.c"
#include "crypto/fipsmodule/ml_dsa/mldsa/packing.c"
#include "crypto/fipsmodule/ml_dsa/mldsa/poly.c"
#include "crypto/fipsmodule/ml_dsa/mldsa/poly_kl.c"
#include "crypto/fipsmodule/ml_dsa/mldsa/polyvec.c"
#include "crypto/fipsmodule/ml_dsa/mldsa/polyvec_lazy.c"
/* Tables of the processor's own code. A missing one is no error: it would be zero. */
#ifdef MLD_SYS_X86_64
#include "crypto/fipsmodule/ml_dsa/mldsa/native/x86_64/src/consts.c"
#endif
#ifdef MLD_SYS_AARCH64
#include "crypto/fipsmodule/ml_dsa/mldsa/native/aarch64/src/aarch64_zetas.c"
#include "crypto/fipsmodule/ml_dsa/mldsa/native/aarch64/src/polyz_unpack_table.c"
#include "crypto/fipsmodule/ml_dsa/mldsa/native/aarch64/src/rej_uniform_eta_table.c"
#include "crypto/fipsmodule/ml_dsa/mldsa/native/aarch64/src/rej_uniform_table.c"
#endif

#include "ml_dsa_expanded.h"

enum {
    K = MLDSA_K,
    L = MLDSA_L,
    SEED = MLDSA_SEEDBYTES, /* of rho, of the private K, of rnd */
    MU = MLDSA_CRHBYTES,    /* also of rho'' */
    C_TILDE = MLDSA_CTILDEBYTES,
    W1 = K * MLDSA_POLYW1_PACKEDBYTES,
    Z_ROW = MLDSA_POLYZ_PACKEDBYTES,
    /* The numbers of an attempt's polynomials have 16 bits. FIPS 204, appendix C, asks for 814 attempts
     * at least before giving up. */
    ATTEMPTS = (UINT16_MAX - L) / L,
};
_Static_assert(ATTEMPTS >= 814, "enough attempts");

struct signing_key {
    mld_polymat a;
    uint64_t sum; /* see whole() */
};
struct verifying_key {
    mld_polymat a;
    mld_polyveck t1; /* times 2^d */
};
_Static_assert(_Alignof(struct signing_key) <= LC_ML_DSA_ALIGN, "the caller aligns it enough");
_Static_assert(_Alignof(struct verifying_key) <= LC_ML_DSA_ALIGN, "the caller aligns it enough");

static uint64_t sum_of(const mld_polymat *a)
{
    const uint8_t *p = (const uint8_t *)a;
    uint64_t sum = 1; /* zeros are not whole */
    for (size_t i = 0; i < sizeof(*a); i += sizeof(sum)) {
        uint64_t word;
        mld_memcpy(&word, p + i, sizeof(word));
        sum += word;
    }
    return sum;
}

static void expand_private(void *to, const uint8_t *sk)
{
    struct signing_key *e = to;
    mld_polyvec_matrix_expand(&e->a, sk);
    e->sum = sum_of(&e->a);
}

/* Two signatures of one mu and one rnd, the second with a bit of A changed in memory, have the same y
 * and another c: they would give s1 away. The library cannot meet with that, it makes A each time. */
static bool whole(const struct signing_key *e)
{
    return sum_of(&e->a) == e->sum;
}

static void expand_public(void *to, const uint8_t *pk)
{
    struct verifying_key *e = to;
    mld_polyvec_matrix_expand(&e->a, pk);
    for (unsigned i = 0; i < K; i++) {
        mld_unpack_pk_t1(&e->t1.vec[i], pk, i);
        mld_poly_shiftl(&e->t1.vec[i]);
        mld_poly_ntt(&e->t1.vec[i]);
    }
}

/* What c~ is the hash of: mu and the high bits of w, encoded. */
struct hashed {
    uint8_t mu[MU];
    uint8_t w1[W1];
};
_Static_assert(sizeof(struct hashed) == MU + W1, "hashed as it lies in memory");

/* ---- signing ---------------------------------------------------------------------------------- */

struct secrets {
    mld_polyvecl s1;
    mld_polyveck s2, t0;
    uint8_t rho[MU]; /* rho'' */
};

/* One attempt. */
struct attempt {
    mld_polyvecl y; /* in the end z */
    union {
        mld_polyvecl y; /* in NTT form */
        mld_polyveck w1;
    } u;
    mld_polyveck w0; /* in the end w0 - c * s2 + c * t0 */
    mld_poly c, product;
    struct hashed hashed;
    uint8_t c_tilde[C_TILDE];
};

/* rho'', and s1, s2, t0 in NTT form. */
static void unpack(struct secrets *s, const uint8_t *sk, const uint8_t *mu, const uint8_t *rnd)
{
    uint8_t in[SEED + SEED + MU];
    mld_memcpy(in, sk + MLDSA_SK_KEY_OFFSET, SEED);
    mld_memcpy(in + SEED, rnd, SEED);
    mld_memcpy(in + SEED + SEED, mu, MU);
    mld_shake256(s->rho, MU, in, sizeof(in));
    mld_zeroize(in, sizeof(in));

    mld_polyvecl_unpack_eta(&s->s1, sk + MLDSA_SK_S1_OFFSET);
    mld_polyvecl_ntt(&s->s1);
    mld_polyveck_unpack_eta(&s->s2, sk + MLDSA_SK_S2_OFFSET);
    mld_polyveck_ntt(&s->s2);
    for (size_t i = 0; i < K; i++) {
        mld_polyt0_unpack(&s->t0.vec[i], sk + MLDSA_SK_T0_OFFSET + i * MLDSA_POLYT0_PACKEDBYTES);
    }
    mld_polyveck_ntt(&s->t0);
}

/* ExpandMask (algorithm 34), with four hashes at a time where the processor can. */
static void expand_mask(mld_polyvecl *y, const uint8_t rho[MU], unsigned kappa)
{
    struct {
        uint8_t seed[4][MU + 2];
        uint8_t v[4][Z_ROW];
    } w;
    for (unsigned r = 0; r < L; r += 4) {
        for (unsigned i = 0; i < 4; i++) {
            mld_memcpy(w.seed[i], rho, MU);
            w.seed[i][MU] = (uint8_t)(kappa + r + i);
            w.seed[i][MU + 1] = (uint8_t)((kappa + r + i) >> 8);
        }
        if (L - r == 1) {
            mld_shake256(w.v[0], Z_ROW, w.seed[0], MU + 2);
        } else { /* returns 1 */
            (void)SHAKE256_x4(w.seed[0], w.seed[1], w.seed[2], w.seed[3], MU + 2, w.v[0], w.v[1],
                              w.v[2], w.v[3], Z_ROW);
        }
        for (unsigned i = 0; i < 4 && r + i < L; i++) {
            mld_polyz_unpack(&y->vec[r + i], w.v[i]);
        }
    }
    mld_zeroize(&w, sizeof(w));
}

/* w = A * y, its halves, c~ and c. c~ is public even if the attempt fails: a hash that
 * says nothing about what was hashed. */
static void commit(struct attempt *w, const struct signing_key *e)
{
    w->u.y = w->y;
    mld_polyvecl_ntt(&w->u.y);
    for (size_t i = 0; i < K; i++) {
        mld_polyvecl_pointwise_acc_montgomery(&w->w0.vec[i], &e->a.vec[i], &w->u.y);
    }
    mld_polyveck_invntt_tomont(&w->w0);
    mld_polyveck_caddq(&w->w0);
    mld_polyveck_decompose(&w->u.w1, &w->w0);
    mld_polyveck_pack_w1(w->hashed.w1, &w->u.w1);
    mld_shake256(w->c_tilde, C_TILDE, (const uint8_t *)&w->hashed, sizeof(w->hashed));
    MLD_CT_TESTING_DECLASSIFY(w->c_tilde, C_TILDE);
    mld_poly_challenge(&w->c, w->c_tilde);
    mld_poly_ntt(&w->c);
}

/* product = c * V, which is in NTT form */
static void multiply(struct attempt *w, const mld_poly *v)
{
    w->product = *v;
    mld_poly_pointwise_montgomery(&w->product, &w->c);
    mld_poly_invntt_tomont(&w->product);
}

/* Every coefficient below BOUND? The verdict is public, for each polynomial: that of z does not depend
 * on s1, since y is uniform and the range is shorter by beta at both ends than that of y; and once z
 * is good, all the rest follows from z, c and t. */
static bool fits(const mld_poly *p, int32_t bound)
{
    uint32_t beyond = mld_poly_chknorm(p, bound);
    MLD_CT_TESTING_DECLASSIFY(&beyond, sizeof(beyond));
    return beyond == 0;
}

/* z = y + c * s1 */
static bool response_fits(struct attempt *w, const struct secrets *s)
{
    for (size_t i = 0; i < L; i++) {
        multiply(w, &s->s1.vec[i]);
        mld_poly_add(&w->y.vec[i], &w->product);
        mld_poly_reduce(&w->y.vec[i]);
        if (!fits(&w->y.vec[i], MLDSA_GAMMA1 - MLDSA_BETA)) {
            return false;
        }
    }
    return true;
}

/* r0, the low bits of w - c * s2: no carry into the high ones, or it is refused. */
static bool low_bits_fit(struct attempt *w, const struct secrets *s)
{
    for (size_t i = 0; i < K; i++) {
        multiply(w, &s->s2.vec[i]);
        mld_poly_sub(&w->w0.vec[i], &w->product);
        mld_poly_reduce(&w->w0.vec[i]);
        if (!fits(&w->w0.vec[i], MLDSA_GAMMA2 - MLDSA_BETA)) {
            return false;
        }
    }
    return true;
}

/* c * t0, which the hint is to make up for. */
static bool rest_fits(struct attempt *w, const struct secrets *s)
{
    for (size_t i = 0; i < K; i++) {
        multiply(w, &s->t0.vec[i]);
        mld_poly_reduce(&w->product);
        if (!fits(&w->product, MLDSA_GAMMA2)) {
            return false;
        }
        mld_poly_add(&w->w0.vec[i], &w->product);
    }
    return true;
}

/* sigEncode, unless h has too many ones. What it is made of is public now: t0 need not be kept secret
 * (FIPS 204, 6.1). */
static bool encode(struct attempt *w, uint8_t *sig)
{
    MLD_CT_TESTING_DECLASSIFY(&w->y, sizeof(w->y));
    MLD_CT_TESTING_DECLASSIFY(&w->w0, sizeof(w->w0));
    MLD_CT_TESTING_DECLASSIFY(&w->u.w1, sizeof(w->u.w1));
    mld_pack_sig_c(sig, w->c_tilde);
    for (unsigned i = 0; i < L; i++) {
        mld_pack_sig_z(sig, &w->y.vec[i], i);
    }
    return mld_pack_sig_h(sig, &w->w0, &w->u.w1) == 0;
}

/* One turn of the loop of algorithm 7. */
static bool attempt(struct attempt *w, const struct signing_key *e, const struct secrets *s,
                    unsigned kappa, uint8_t *sig)
{
    expand_mask(&w->y, s->rho, kappa);
    commit(w, e);
    return response_fits(w, s) && low_bits_fit(w, s) && rest_fits(w, s) && encode(w, sig);
}

static bool sign(const void *key, const uint8_t *sk, const uint8_t *mu, const uint8_t *rnd,
                 uint8_t *sig)
{
    const struct signing_key *e = key;
    struct secrets s;
    struct attempt w;
    bool good = false;
    if (!whole(e)) {
        return false;
    }
    unpack(&s, sk, mu, rnd);
    mld_memcpy(w.hashed.mu, mu, MU);
    for (unsigned i = 0; i < ATTEMPTS && !good; i++) {
        good = attempt(&w, e, &s, i * L, sig);
    }
    mld_zeroize(&s, sizeof(s));
    mld_zeroize(&w, sizeof(w));
    return good;
}

/* ---- verifying -------------------------------------------------------------------------------- */

/* Row I of w1' = UseHint(h, A * z - c * t1 * 2^d), encoded. False: h is none. */
static bool high_bits(const struct verifying_key *e, const mld_polyvecl *z, const mld_poly *c,
                      const uint8_t *sig, unsigned i, uint8_t *to)
{
    mld_poly w;
    mld_poly t = e->t1.vec[i];
    mld_polyvecl_pointwise_acc_montgomery(&w, &e->a.vec[i], z);
    mld_poly_pointwise_montgomery(&t, c);
    mld_poly_sub(&w, &t);
    mld_poly_reduce(&w);
    mld_poly_invntt_tomont(&w);
    mld_poly_caddq(&w);
    mld_poly *h = &t;
    if (mld_sig_unpack_hints(h, sig, i) != 0) {
        return false;
    }
    mld_poly_use_hint(&w, h);
    mld_polyw1_pack(to, &w);
    return true;
}

static bool verify(const void *key, const uint8_t *mu, const uint8_t *sig)
{
    const struct verifying_key *e = key;
    mld_polyvecl z;
    mld_poly c;
    struct hashed hashed;
    uint8_t c_tilde[C_TILDE];
    mld_polyvecl_unpack_z(&z, sig + MLDSA_SIG_Z_OFFSET);
    if (mld_polyvecl_chknorm(&z, MLDSA_GAMMA1 - MLDSA_BETA) != 0) {
        return false;
    }
    mld_polyvecl_ntt(&z);
    mld_poly_challenge(&c, sig);
    mld_poly_ntt(&c);
    for (unsigned i = 0; i < K; i++) {
        if (!high_bits(e, &z, &c, sig, i, hashed.w1 + i * (size_t)MLDSA_POLYW1_PACKEDBYTES)) {
            return false;
        }
    }
    mld_memcpy(hashed.mu, mu, MU);
    mld_shake256(c_tilde, C_TILDE, (const uint8_t *)&hashed, sizeof(hashed));
    return mld_ct_memcmp(c_tilde, sig, C_TILDE) == 0;
}

const struct lc_ml_dsa_expanded ML_DSA_SET = {
    .private_size = sizeof(struct signing_key),
    .public_size = sizeof(struct verifying_key),
    .expand_private = expand_private,
    .expand_public = expand_public,
    .sign = sign,
    .verify = verify,
};
