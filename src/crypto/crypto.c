/* SPDX-License-Identifier: Apache-2.0
 *
 * The choice: which library serves which algorithm.
 */
#include "crypto/crypto.h"

#include <string.h>

#include "base/mem.h"
#include "composite.h"
#include "rng.h"

/* FIPS 180-4, FIPS 202 */
static const struct {
    uint8_t size, block;
} hashes[HASH_COUNT] = {
    [HASH_SHA1] = {20, 64},        [HASH_SHA224] = {28, 64},    [HASH_SHA256] = {32, 64},
    [HASH_SHA384] = {48, 128},     [HASH_SHA512] = {64, 128},   [HASH_SHA512_224] = {28, 128},
    [HASH_SHA512_256] = {32, 128}, [HASH_SHA3_224] = {28, 144}, [HASH_SHA3_256] = {32, 136},
    [HASH_SHA3_384] = {48, 104},   [HASH_SHA3_512] = {64, 72},  [HASH_SHAKE128] = {32, 168},
    [HASH_SHAKE256] = {64, 136},
};

size_t hash_size(enum hash_alg alg)
{
    return (unsigned)alg < HASH_COUNT ? hashes[alg].size : 0;
}

size_t hash_block_size(enum hash_alg alg)
{
    return (unsigned)alg < HASH_COUNT ? hashes[alg].block : 0;
}

bool hash_is_xof(enum hash_alg alg)
{
    return alg == HASH_SHAKE128 || alg == HASH_SHAKE256;
}

/* SP 800-186, SEC 2, RFC 5639: for each of these the order has as many bits as the field. */
static const uint16_t curves[CURVE_COUNT] = {
    [CURVE_P224] = 224,      [CURVE_P256] = 256,    [CURVE_P384] = 384,    [CURVE_P521] = 521,
    [CURVE_SECP256K1] = 256, [CURVE_BP224R1] = 224, [CURVE_BP256R1] = 256, [CURVE_BP320R1] = 320,
    [CURVE_BP384R1] = 384,   [CURVE_BP512R1] = 512,
};

size_t curve_bits(enum ec_curve c)
{
    return (unsigned)c < CURVE_COUNT ? curves[c] : 0;
}

size_t curve_order_bits(enum ec_curve c)
{
    return curve_bits(c);
}

size_t curve_bytes(enum ec_curve c)
{
    return (curve_bits(c) + 7) / 8;
}

bool pkey_is_ml_kem(enum pkey_kind kind)
{
    return kind >= PKEY_ML_KEM_512 && kind <= PKEY_ML_KEM_1024;
}

bool pkey_is_ml_dsa(enum pkey_kind kind)
{
    return kind >= PKEY_ML_DSA_44 && kind <= PKEY_ML_DSA_87;
}

bool pkey_is_slh_dsa(enum pkey_kind kind)
{
    return kind >= PKEY_SLH_DSA_SHA2_128S && kind <= PKEY_SLH_DSA_SHAKE_256F;
}

bool pkey_is_kem(enum pkey_kind kind)
{
    return pkey_is_ml_kem(kind) || kind == PKEY_COMP_KEM;
}

bool pkey_is_pq(enum pkey_kind kind)
{
    return kind >= PKEY_ML_KEM_512 && kind < PKEY_COUNT;
}

const struct pq_sizes *pq_sizes(enum pkey_kind kind)
{
    static const struct pq_sizes sizes[PKEY_COUNT] = {
        [PKEY_ML_KEM_512] = {800, 1632, 64, 768},
        [PKEY_ML_KEM_768] = {1184, 2400, 64, 1088},
        [PKEY_ML_KEM_1024] = {1568, 3168, 64, 1568},
        [PKEY_ML_DSA_44] = {1312, 2560, 32, 2420},
        [PKEY_ML_DSA_65] = {1952, 4032, 32, 3309},
        [PKEY_ML_DSA_87] = {2592, 4896, 32, 4627},
        [PKEY_SLH_DSA_SHA2_128S] = {32, 64, 0, 7856},
        [PKEY_SLH_DSA_SHAKE_128S] = {32, 64, 0, 7856},
        [PKEY_SLH_DSA_SHA2_128F] = {32, 64, 0, 17088},
        [PKEY_SLH_DSA_SHAKE_128F] = {32, 64, 0, 17088},
        [PKEY_SLH_DSA_SHA2_192S] = {48, 96, 0, 16224},
        [PKEY_SLH_DSA_SHAKE_192S] = {48, 96, 0, 16224},
        [PKEY_SLH_DSA_SHA2_192F] = {48, 96, 0, 35664},
        [PKEY_SLH_DSA_SHAKE_192F] = {48, 96, 0, 35664},
        [PKEY_SLH_DSA_SHA2_256S] = {64, 128, 0, 29792},
        [PKEY_SLH_DSA_SHAKE_256S] = {64, 128, 0, 29792},
        [PKEY_SLH_DSA_SHA2_256F] = {64, 128, 0, 49856},
        [PKEY_SLH_DSA_SHAKE_256F] = {64, 128, 0, 49856},
    };
    return &sizes[(unsigned)kind < PKEY_COUNT ? kind : PKEY_RSA];
}

void key_parts_free(struct key_parts *k)
{
    struct secret *secrets[] = {k->d, k->p, k->q, k->dp, k->dq, k->qi, k->priv, k->seed};

    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        secret_free(secrets[i]);
    }
    buf_free(&k->n);
    buf_free(&k->e);
    buf_free(&k->pub);
    memset(k, 0, sizeof(*k));
}

/* ---- choosing ------------------------------------------------------------------------------ */

/* The backend whose rank by EXPR (seen as b) is highest; the first of equals; NULL when all are 0. */
#define BEST(c, expr)                                                                              \
    __extension__({                                                                                \
        const struct crypto_backend *best_ = NULL;                                                 \
        int best_rank_ = 0;                                                                        \
        for (size_t at_ = 0; at_ < (c)->n_backends; at_++) {                                       \
            const struct crypto_backend *b = (c)->backends[at_];                                   \
            const int rank_ = (expr);                                                              \
            if (rank_ > best_rank_) {                                                              \
                best_rank_ = rank_;                                                                \
                best_ = b;                                                                         \
            }                                                                                      \
        }                                                                                          \
        best_;                                                                                     \
    })

static void choose_hashes(struct crypto *c)
{
    const struct crypto_backend *b1;

    for (enum hash_alg alg = HASH_SHA1; alg < HASH_COUNT; alg++) {
        b1 = BEST(c, b->digest != NULL ? b->digest_rank(alg) : 0);
        c->digest[alg] = b1 != NULL ? b1->digest : NULL;
        b1 = BEST(c, b->mac != NULL && !hash_is_xof(alg) ? b->mac_rank(MAC_HMAC, alg) : 0);
        c->hmac[alg] = b1 != NULL ? b1->mac : NULL;
    }
    b1 = BEST(c, b->mac != NULL ? b->mac_rank(MAC_CMAC, HASH_NONE) : 0);
    c->cmac = b1 != NULL ? b1->mac : NULL;
    b1 = BEST(c, b->mac != NULL ? b->mac_rank(MAC_GMAC, HASH_NONE) : 0);
    c->gmac = b1 != NULL ? b1->mac : NULL;
}

static void choose_ciphers(struct crypto *c)
{
    const struct crypto_backend *b1;

    for (enum cipher_mode mode = 0; mode < CIPHER_MODE_COUNT; mode++) {
        b1 = BEST(c, b->cipher != NULL ? b->cipher_rank(mode) : 0);
        c->cipher[mode] = b1 != NULL ? b1->cipher : NULL;
    }
    b1 = BEST(c, b->keywrap != NULL ? b->keywrap_rank : 0);
    c->keywrap = b1 != NULL ? b1->keywrap : NULL;
}

static void choose_pkeys(struct crypto *c)
{
    for (enum pkey_kind kind = 0; kind < PKEY_COUNT; kind++) {
        for (enum ec_curve curve = 0; curve < CURVE_COUNT; curve++) {
            const struct pkey_spec spec = {.kind = kind, .curve = curve};

            if ((kind == PKEY_EC) != (curve != CURVE_NONE)) {
                continue;
            }
            const struct crypto_backend *user =
                BEST(c, b->pkey != NULL && b->pkey->supports(&spec) ? b->pkey_rank(&spec) : 0);
            const struct crypto_backend *maker = BEST(
                c, b->pkey != NULL && b->pkey->supports(&spec) ? b->pkey_generate_rank(&spec) : 0);
            c->pkey[kind][curve] = user != NULL ? user->pkey : NULL;
            c->pkey_generate[kind][curve] = maker != NULL ? maker->pkey : NULL;
        }
    }
}

static bool wanted(enum crypto_choice choice, const struct crypto_backend *b)
{
    switch (choice) {
    case CRYPTO_AUTO:
        return true;
    case CRYPTO_OPENSSL:
        return strcmp(b->name, "openssl") == 0;
    case CRYPTO_AWSLC:
        return strcmp(b->name, "awslc") == 0;
    }
    return false;
}

/* Starts what is needed; those that started are in c, so that crypto_close stops them. */
static enum rc start(struct crypto *c, enum crypto_choice choice, const struct env *env,
                     const struct crypto_backend *const *backends, size_t n)
{
    const struct crypto_backend *chosen[ARRAY_LEN(c->backends)];
    size_t n_chosen = 0;
    const struct digest_ops *sha256 = NULL;
    uint8_t first[16];

    for (size_t i = 0; i < n; i++) {
        if (wanted(choice, backends[i])) {
            REQUIRE(n_chosen < ARRAY_LEN(chosen), RC_CONFIG);
            chosen[n_chosen++] = backends[i];
        }
    }
    REQUIRE(n_chosen > 0, RC_CONFIG);
    for (size_t i = 0; i < n_chosen && sha256 == NULL; i++) {
        sha256 = chosen[i]->digest_rank(HASH_SHA256) > 0 ? chosen[i]->digest : NULL;
    }
    REQUIRE(sha256 != NULL, RC_CONFIG);
    c->rng = rng_new(env, sha256);
    REQUIRE(c->rng != NULL, RC_HOST_MEMORY);
    for (size_t i = 0; i < n_chosen; i++) {
        TRY(chosen[i]->start(c->rng));
        c->backends[c->n_backends++] = chosen[i];
    }
    /* A source that fails is told now, not at the first key. */
    TRY(rng_bytes(c->rng, first, sizeof(first)));
    mem_wipe(first, sizeof(first));
    return RC_OK;
}

enum rc crypto_open(enum crypto_choice choice, const struct env *env,
                    const struct crypto_backend *const *backends, size_t n, struct crypto **ret)
{
    struct crypto *c = mem_alloc(sizeof(*c));

    REQUIRE(c != NULL, RC_HOST_MEMORY);
    const enum rc rc = start(c, choice, env, backends, n);
    if (rc != RC_OK) {
        crypto_close(c);
        return rc;
    }
    choose_hashes(c);
    choose_ciphers(c);
    choose_pkeys(c);
    composite_open(c);
    *ret = c;
    return RC_OK;
}

void crypto_close(struct crypto *c)
{
    if (c == NULL) {
        return;
    }
    composite_close(c);
    while (c->n_backends > 0) {
        c->backends[--c->n_backends]->stop();
    }
    rng_free(c->rng);
    mem_free(c);
}

void crypto_after_fork(const struct crypto_backend *const *backends, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        backends[i]->after_fork();
    }
}

/* ---- one-call helpers ------------------------------------------------------------------------ */

enum rc crypto_hash(const struct crypto *c, enum hash_alg alg, struct bytes v, uint8_t *out)
{
    REQUIRE(hash_size(alg) > 0 && c->digest[alg] != NULL, RC_MECHANISM_INVALID);
    return c->digest[alg]->once(alg, v.p, v.n, out);
}

enum rc crypto_xof(const struct crypto *c, enum hash_alg alg, struct bytes v, uint8_t *out,
                   size_t out_n)
{
    REQUIRE(hash_is_xof(alg) && c->digest[alg] != NULL, RC_MECHANISM_INVALID);
    return c->digest[alg]->xof(alg, v.p, v.n, out, out_n);
}

enum rc crypto_hmac(const struct crypto *c, enum hash_alg alg, const struct secret *key,
                    struct bytes v, uint8_t *out)
{
    struct mac_key *k = NULL;
    struct mac_ctx run = {0};

    REQUIRE(hash_size(alg) > 0 && c->hmac[alg] != NULL, RC_MECHANISM_INVALID);
    const struct mac_ops *ops = c->hmac[alg];
    TRY(ops->key_new(MAC_HMAC, alg, key, &k));
    enum rc rc = ops->begin(&run, k, BYTES_NONE);
    if (rc == RC_OK) {
        rc = ops->update(&run, v.p, v.n);
    }
    if (rc == RC_OK) {
        rc = ops->finish(&run, out);
    }
    ops->clear(&run);
    ops->key_free(k);
    return rc;
}
