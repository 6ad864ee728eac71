/* SPDX-License-Identifier: Apache-2.0
 *
 * Composite ML-DSA (draft-ietf-lamps-pq-composite-sigs): both halves sign the same M', which binds
 * the combination, the context and the digest of the message.
 */
#include <string.h>

#include "composite_der.h"
#include "composite_key.h"

#define PREFIX "CompositeAlgorithmSignatures2025"
#define PREFIX_N (sizeof(PREFIX) - 1)
#define CONTEXT_MAX 255
#define TR_N 64
#define MU_N 64
#define HALF_MAX 66 /* bytes of r or s */

/* What both halves sign. The bytes before M' are what mu has in front of it (FIPS 204, algorithm 2,
 * line 10 and algorithm 7, line 6): tr, 0 for a pure signature, the label as the context. */
struct represented {
    uint8_t bytes[TR_N + 2 + COMP_LABEL_MAX + PREFIX_N + COMP_LABEL_MAX + 1 + CONTEXT_MAX +
                  HASH_MAX_SIZE];
    size_t n, at; /* bytes; where M' begins */
    uint8_t mu[MU_N];
    uint8_t digest[HASH_MAX_SIZE]; /* of M', unless the other half signs M' as it is */
    struct bytes other;            /* what the other half signs */
};

static void add(struct represented *r, const void *p, size_t n)
{
    mem_copy(r->bytes + r->n, p, n);
    r->n += n;
}

static enum rc represent(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                         struct represented *r)
{
    const struct comp_row *row = k->row;
    const uint8_t *tr = k->pq_ops->tr(k->pq);
    const uint8_t pure[2] = {0, (uint8_t)row->label.n};
    const uint8_t context_n = (uint8_t)p->context.n;

    REQUIRE(p->scheme == SCHEME_COMP_SIG, RC_MECHANISM_INVALID);
    REQUIRE(p->context.n <= CONTEXT_MAX, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(data.n == hash_size(row->prehash), RC_DATA_LEN_RANGE);
    REQUIRE(tr != NULL, RC_CRYPTO_LIBRARY);
    r->n = 0;
    add(r, tr, TR_N);
    add(r, pure, sizeof(pure));
    add(r, row->label.p, row->label.n);
    r->at = r->n;
    add(r, PREFIX, PREFIX_N);
    add(r, row->label.p, row->label.n);
    add(r, &context_n, 1);
    add(r, p->context.p, p->context.n);
    add(r, data.p, data.n);
    TRY(crypto_xof(k->c, HASH_SHAKE256, BYTES(r->bytes, r->n), r->mu, MU_N));
    r->other = BYTES(r->bytes + r->at, r->n - r->at);
    if (row->hash != HASH_NONE) {
        TRY(crypto_hash(k->c, row->hash, r->other, r->digest));
        r->other = BYTES(r->digest, hash_size(row->hash));
    }
    return RC_OK;
}

static struct pkey_params pq_params(const struct pkey_params *p)
{
    return (struct pkey_params){.scheme = SCHEME_ML_DSA, .deterministic = p->deterministic};
}

static struct pkey_params other_params(const struct comp_row *row)
{
    return (struct pkey_params){.scheme = row->padding,
                                .hash = row->hash,
                                .mgf = row->hash,
                                .salt_n = hash_size(row->hash)};
}

/* ---- signing -------------------------------------------------------------------------------------- */

static enum rc sign_other(const struct pkey *k, struct bytes data, uint8_t *out, size_t *out_n)
{
    const struct pkey_params p = other_params(k->row);
    uint8_t rs[2 * HALF_MAX];
    size_t n = 0;

    if (p.scheme != SCHEME_ECDSA) {
        return k->other_ops->sign(k->other, &p, data, out, out_n);
    }
    TRY(k->other_ops->sign(k->other, &p, data, rs, &n));
    REQUIRE(n == 2 * curve_bytes(k->row->other.curve), RC_CRYPTO_LIBRARY);
    *out_n = der_ecdsa_write(rs, n / 2, out);
    return RC_OK;
}

static enum rc sign_both(const struct pkey *k, const struct pkey_params *p,
                         const struct represented *r, uint8_t *out, size_t *out_n)
{
    const struct pkey_params pq = pq_params(p);
    size_t pq_n = 0, other_n = 0;

    TRY(k->pq_ops->sign(k->pq, &pq, BYTES(r->mu, MU_N), out, &pq_n));
    REQUIRE(pq_n == k->pq_out, RC_CRYPTO_LIBRARY);
    TRY(sign_other(k, r->other, out + pq_n, &other_n));
    *out_n = pq_n + other_n;
    return RC_OK;
}

enum rc comp_sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                  uint8_t *out, size_t *out_n)
{
    struct represented r;

    REQUIRE(k->priv && k->row->kind == PKEY_COMP_SIG, RC_KEY_TYPE_INCONSISTENT);
    TRY(represent(k, p, data, &r));
    const enum rc rc = sign_both(k, p, &r, out, out_n);
    if (rc != RC_OK) {
        mem_wipe(out, k->size); /* one half alone is no signature */
    }
    return rc;
}

/* ---- verifying ------------------------------------------------------------------------------------- */

/* Total lengths that there can be. */
static bool length_fits(const struct pkey *k, size_t n)
{
    if (k->row->padding == SCHEME_ECDSA) {
        return n >= k->pq_out + DER_ECDSA_LEAST && n <= k->size;
    }
    return n == k->size;
}

static enum rc verify_other(const struct pkey *k, struct bytes data, struct bytes sig)
{
    const struct pkey_params p = other_params(k->row);
    const size_t half = curve_bytes(k->row->other.curve);
    uint8_t rs[2 * HALF_MAX];

    if (p.scheme != SCHEME_ECDSA) {
        return k->other_ops->verify(k->other, &p, data, sig);
    }
    REQUIRE(der_ecdsa_read(sig, half, rs) == RC_OK, RC_SIGNATURE_INVALID);
    return k->other_ops->verify(k->other, &p, data, BYTES(rs, 2 * half));
}

static bool refused(enum rc rc)
{
    return rc == RC_SIGNATURE_INVALID || rc == RC_SIGNATURE_LEN_RANGE;
}

enum rc comp_verify(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                    struct bytes sig)
{
    const struct pkey_params pq = pq_params(p);
    struct represented r;

    REQUIRE(!k->priv && k->row->kind == PKEY_COMP_SIG, RC_KEY_TYPE_INCONSISTENT);
    TRY(represent(k, p, data, &r));
    REQUIRE(length_fits(k, sig.n), RC_SIGNATURE_LEN_RANGE);
    /* Both, always: what is wrong with which half is nobody's business. */
    const enum rc first = k->pq_ops->verify(k->pq, &pq, BYTES(r.mu, MU_N), BYTES(sig.p, k->pq_out));
    const enum rc second = verify_other(k, r.other, BYTES(sig.p + k->pq_out, sig.n - k->pq_out));
    REQUIRE(!refused(first) && !refused(second), RC_SIGNATURE_INVALID);
    TRY(first);
    return second;
}
