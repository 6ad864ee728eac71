/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of ML-KEM and ML-DSA: made of a seed from our generator, read, checked. What ml_kem.c and
 * ml_dsa.c have in common.
 */
#include "pkey.h"
#include "pq_library.h"

/* The largest of a public key, ML-DSA-87's. */
#define PUB_MAX 2592

static bool present(const struct secret *s)
{
    return s != NULL && s->n > 0;
}

static enum rc from_seed(enum pkey_kind kind, const uint8_t *seed, uint8_t *pub, uint8_t *priv)
{
    return pkey_is_ml_kem(kind) ? lc_ml_kem_expand(kind, seed, pub, priv)
                                : lc_ml_dsa_expand(kind, seed, pub, priv);
}

static enum rc public_of(enum pkey_kind kind, const struct secret *priv, uint8_t *pub)
{
    return pkey_is_ml_kem(kind) ? lc_ml_kem_public_of(kind, priv, pub)
                                : lc_ml_dsa_public_of(kind, priv, pub);
}

static enum rc check_lengths(enum pkey_kind kind, const struct key_parts *parts)
{
    const struct pq_sizes *sizes = pq_sizes(kind);
    REQUIRE(!present(parts->seed) || parts->seed->n == sizes->seed, RC_ATTRIBUTE_VALUE_INVALID);
    REQUIRE(!present(parts->priv) || parts->priv->n == sizes->priv, RC_ATTRIBUTE_VALUE_INVALID);
    REQUIRE(parts->pub.n == 0 || parts->pub.n == sizes->pub, RC_ATTRIBUTE_VALUE_INVALID);
    return RC_OK;
}

/* The expanded private value and the public one (PUB: PUB_MAX bytes) of the seed, if there is one,
 * else of the private value. All that is there of PARTS belongs together then. */
static enum rc read_private(enum pkey_kind kind, const struct key_parts *parts, struct secret **ret,
                            uint8_t *pub)
{
    const size_t priv_n = pq_sizes(kind)->priv;
    TRY(check_lengths(kind, parts));
    REQUIRE(present(parts->seed) || present(parts->priv), RC_TEMPLATE_INCOMPLETE);
    AUTO_SECRET struct secret *priv =
        present(parts->seed) ? secret_new(priv_n) : secret_copy(parts->priv);
    REQUIRE(priv != NULL, RC_HOST_MEMORY);
    if (present(parts->seed)) {
        TRY(from_seed(kind, parts->seed->p, pub, priv->p));
        REQUIRE(!present(parts->priv) || secret_equal(priv, parts->priv),
                RC_ATTRIBUTE_VALUE_INVALID);
    } else {
        TRY(public_of(kind, priv, pub));
    }
    REQUIRE(parts->pub.n == 0 || bytes_equal(buf_view(&parts->pub), BYTES(pub, parts->pub.n)),
            RC_ATTRIBUTE_VALUE_INVALID);
    *ret = TAKE(priv);
    return RC_OK;
}

static enum rc expand_public(enum pkey_kind kind, const uint8_t *pub, uint8_t **ret)
{
    return pkey_is_ml_kem(kind) ? lc_ml_kem_expand_public(kind, pub, ret)
                                : lc_ml_dsa_expand_public(kind, pub, ret);
}

static enum rc expand_private(enum pkey_kind kind, const struct secret *priv, uint8_t **ret)
{
    return pkey_is_ml_kem(kind)
               ? lc_ml_kem_expand_public(kind, lc_ml_kem_public_in(kind, priv), ret)
               : lc_ml_dsa_expand_private(kind, priv, ret);
}

static enum rc read_public(struct pkey *k, const struct key_parts *parts)
{
    const struct bytes pub = buf_view(&parts->pub);
    REQUIRE(pub.n > 0, RC_TEMPLATE_INCOMPLETE);
    TRY(check_lengths(k->kind, parts));
    if (pkey_is_ml_kem(k->kind)) {
        TRY(lc_ml_kem_check_public(k->kind, pub.p));
    }
    return expand_public(k->kind, pub.p, &k->pq_pub);
}

/* To expand the seed again would tell nothing new. That ek is the one in dk costs nothing to see. */
static enum rc read_fresh(struct pkey *k, const struct key_parts *parts)
{
    const struct bytes pub = buf_view(&parts->pub);
    k->pq_priv = secret_copy(parts->priv);
    REQUIRE(k->pq_priv != NULL, RC_HOST_MEMORY);
    if (pkey_is_ml_kem(k->kind)) {
        const uint8_t *ek = lc_ml_kem_public_in(k->kind, k->pq_priv);
        REQUIRE(bytes_equal(pub, BYTES(ek, pq_sizes(k->kind)->pub)), RC_ATTRIBUTE_VALUE_INVALID);
    }
    return RC_OK;
}

enum rc lc_pq_load(struct pkey *k, const struct key_parts *parts)
{
    uint8_t pub[PUB_MAX];
    k->size = pq_sizes(k->kind)->out;
    if (!k->priv) {
        return read_public(k, parts);
    }
    TRY(parts->fresh ? read_fresh(k, parts) : read_private(k->kind, parts, &k->pq_priv, pub));
    return expand_private(k->kind, k->pq_priv, &k->pq_pub);
}

enum rc lc_pq_complete(enum pkey_kind kind, struct key_parts *parts)
{
    AUTO_SECRET struct secret *priv = NULL;
    uint8_t pub[PUB_MAX];
    TRY(read_private(kind, parts, &priv, pub));
    TRY(buf_set(&parts->pub, BYTES(pub, pq_sizes(kind)->pub)));
    if (!present(parts->priv)) {
        secret_free(parts->priv);
        parts->priv = TAKE(priv);
    }
    return RC_OK;
}

enum rc lc_pq_generate(enum pkey_kind kind, struct rng *rng, struct key_parts *parts)
{
    const struct pq_sizes *sizes = pq_sizes(kind);
    AUTO_SECRET struct secret *seed = secret_new(sizes->seed);
    AUTO_SECRET struct secret *priv = secret_new(sizes->priv);
    uint8_t pub[PUB_MAX];
    REQUIRE(seed != NULL && priv != NULL, RC_HOST_MEMORY);
    TRY(rng_bytes(rng, seed->p, seed->n));
    TRY(from_seed(kind, seed->p, pub, priv->p));
    TRY(buf_set(&parts->pub, BYTES(pub, sizes->pub)));
    secret_free(parts->seed);
    parts->seed = TAKE(seed);
    secret_free(parts->priv);
    parts->priv = TAKE(priv);
    return RC_OK;
}
