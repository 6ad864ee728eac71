/* SPDX-License-Identifier: Apache-2.0
 *
 * Composite ML-KEM, X-Wing and the hybrids of TLS: two secrets, each with its ciphertext, made one.
 * What the documents say is beside the rows in composite.def.
 */
#include <string.h>

#include "composite_der.h"
#include "composite_key.h"

#define M_N 32  /* ML-KEM: the randomness of an encapsulation */
#define SS_N 32 /* ML-KEM: the secret */
#define AGREED_MAX 66
#define OTHER_CT_MAX (COMP_RSA_BITS / 8)
/* RSAPublicKey with an exponent as long as the modulus, and three heads and two pads */
#define OTHER_PUB_MAX (2 * (COMP_RSA_BITS / 8 + 1) + 3 * 4)

static const struct pkey_params oaep = {
    .scheme = SCHEME_RSA_OAEP, .hash = HASH_SHA256, .mgf = HASH_SHA256};

/* ---- two secrets, one ----------------------------------------------------------------------------- */

/* SHA3-256 of both secrets, the other half's ciphertext and public value, and the label. */
static enum rc mix(const struct pkey *k, const struct secret *pq, const struct secret *other,
                   struct bytes other_ct, struct secret **ret)
{
    uint8_t all[SS_N + AGREED_MAX + OTHER_CT_MAX + OTHER_PUB_MAX + COMP_LABEL_MAX];
    const struct bytes in[] = {secret_view(pq), secret_view(other), other_ct,
                               buf_view(&k->other_pub), k->row->label};
    AUTO_SECRET struct secret *ss = secret_new(COMP_CARRIED);
    size_t n = 0;

    REQUIRE(ss != NULL, RC_HOST_MEMORY);
    for (size_t i = 0; i < ARRAY_LEN(in); i++) {
        REQUIRE(in[i].n <= sizeof(all) - n, RC_CRYPTO_LIBRARY);
        mem_copy(all + n, in[i].p, in[i].n);
        n += in[i].n;
    }
    const enum rc rc = crypto_hash(k->c, HASH_SHA3_256, BYTES(all, n), ss->p);
    mem_wipe(all, pq->n + other->n); /* the rest is public */
    TRY(rc);
    *ret = TAKE(ss);
    return RC_OK;
}

static enum rc concatenate(const struct secret *a, const struct secret *b, struct secret **ret)
{
    struct secret *ss = secret_new(a->n + b->n);

    REQUIRE(ss != NULL, RC_HOST_MEMORY);
    mem_copy(ss->p, a->p, a->n);
    mem_copy(ss->p + a->n, b->p, b->n);
    *ret = ss;
    return RC_OK;
}

static enum rc combine(const struct pkey *k, const struct secret *pq, const struct secret *other,
                       struct bytes other_ct, struct secret **ret)
{
    switch (k->row->combiner) {
    case COMBINER_MLKEM_FIRST:
        return concatenate(pq, other, ret);
    case COMBINER_MLKEM_LAST:
        return concatenate(other, pq, ret);
    case COMBINER_SHA3:
    case COMBINER_XWING:
        break;
    }
    return mix(k, pq, other, other_ct, ret);
}

/* Where a half's ciphertext begins. */
static size_t pq_at(const struct pkey *k)
{
    return comp_pq_first(k->row) ? 0 : k->size - k->pq_out;
}

static size_t other_at(const struct pkey *k)
{
    return comp_pq_first(k->row) ? k->pq_out : 0;
}

/* ---- encapsulation ---------------------------------------------------------------------------------- */

/* What an encapsulation starts from: m of ML-KEM, and the other half's secret or ephemeral key. */
struct drawn {
    uint8_t p[M_N + AGREED_MAX];
    size_t n;
};

/* One request for both halves. EC draws its scalar itself, below its order: nothing here then. */
static enum rc draw(const struct pkey *k, struct rng *rng, struct bytes fixed, struct drawn *ret)
{
    const struct pkey_spec *other = &k->row->other;
    const size_t own_n = other->kind == PKEY_RSA  ? COMP_CARRIED
                         : other->kind == PKEY_EC ? 0
                                                  : comp_scalar_size(other);

    if (fixed.n == 0) {
        ret->n = M_N + own_n;
        return rng_bytes(rng, ret->p, ret->n);
    }
    REQUIRE(other->kind != PKEY_RSA && fixed.n == M_N + comp_scalar_size(other), RC_ARGUMENTS_BAD);
    ret->n = fixed.n;
    mem_copy(ret->p, fixed.p, fixed.n);
    return RC_OK;
}

static enum rc carry(const struct pkey *k, struct bytes own, uint8_t *ct, struct secret **ret)
{
    AUTO_SECRET struct secret *carried = secret_from(own.p, own.n);
    size_t n = 0;

    REQUIRE(carried != NULL, RC_HOST_MEMORY);
    TRY(k->other_ops->encrypt(k->other, &oaep, secret_view(carried), ct, &n));
    REQUIRE(n == k->size - k->pq_out, RC_CRYPTO_LIBRARY);
    *ret = TAKE(carried);
    return RC_OK;
}

static enum rc encapsulate_both(const struct pkey *k, struct rng *rng, const struct drawn *from,
                                uint8_t *ct, struct secret **ret)
{
    const struct bytes own = BYTES(from->p + M_N, from->n - M_N);
    AUTO_SECRET struct secret *pq = NULL;
    AUTO_SECRET struct secret *other = NULL;
    uint8_t *other_ct = ct + other_at(k);

    TRY(k->pq_ops->encapsulate(k->pq, rng, BYTES(from->p, M_N), ct + pq_at(k), &pq));
    if (k->row->other.kind == PKEY_RSA) {
        TRY(carry(k, own, other_ct, &other));
    } else {
        TRY(k->other_ops->encapsulate(k->other, rng, own, other_ct, &other));
    }
    return combine(k, pq, other, BYTES(other_ct, k->size - k->pq_out), ret);
}

enum rc comp_encapsulate(const struct pkey *k, struct rng *rng, struct bytes fixed, uint8_t *ct,
                         struct secret **ret)
{
    struct drawn from;

    REQUIRE(!k->priv && k->row->kind == PKEY_COMP_KEM, RC_KEY_TYPE_INCONSISTENT);
    enum rc rc = draw(k, rng, fixed, &from);
    if (rc == RC_OK) {
        rc = encapsulate_both(k, rng, &from, ct, ret);
    }
    mem_wipe(from.p, sizeof(from.p));
    if (rc != RC_OK) {
        mem_wipe(ct, k->size); /* one half alone is no ciphertext */
    }
    return rc;
}

/* ---- decapsulation ---------------------------------------------------------------------------------- */

static enum rc open_other(const struct pkey *k, struct bytes ct, struct secret **ret)
{
    if (k->row->other.kind == PKEY_RSA) {
        TRY(k->other_ops->decrypt(k->other, &oaep, ct, ret));
        REQUIRE((*ret)->n == COMP_CARRIED, RC_ENCRYPTED_DATA_INVALID);
        return RC_OK;
    }
    const enum rc rc = k->other_ops->agree(k->other, ct, ret);
    return rc == RC_PUBLIC_KEY_INVALID ? RC_ENCRYPTED_DATA_INVALID : rc;
}

enum rc comp_decapsulate(const struct pkey *k, struct bytes ct, struct secret **ret)
{
    AUTO_SECRET struct secret *pq = NULL;
    AUTO_SECRET struct secret *other = NULL;

    REQUIRE(k->priv && k->row->kind == PKEY_COMP_KEM, RC_KEY_TYPE_INCONSISTENT);
    REQUIRE(ct.n == k->size, RC_ENCRYPTED_DATA_LEN_RANGE);
    const struct bytes pq_ct = BYTES(ct.p + pq_at(k), k->pq_out);
    const struct bytes other_ct = BYTES(ct.p + other_at(k), k->size - k->pq_out);
    /* Both, whichever fails: the documents let an error of the other half be seen, its time not. */
    const enum rc first = k->pq_ops->decapsulate(k->pq, pq_ct, &pq);
    const enum rc second = open_other(k, other_ct, &other);
    TRY(first);
    TRY(second);
    return combine(k, pq, other, other_ct, ret);
}
