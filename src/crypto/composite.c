/* SPDX-License-Identifier: Apache-2.0
 *
 * Composite keys: the table of combinations, who serves the halves, and keys made of two.
 */
#include "composite.h"

#include <string.h>

#include "composite_key.h"

#define TEXT(label)                                                                                \
    {                                                                                              \
        (const uint8_t *)(label), sizeof(label) - 1                                                \
    }
static const struct comp_row rows[COMP_SET_COUNT] = {
    [COMP_NONE] = {.kind = PKEY_COUNT},
#define SIG(name, label_, ml_dsa, kind_, curve_, bits_, padding_, hash_, prehash_)                 \
    [COMP_SIG_##name] = {.kind = PKEY_COMP_SIG,                                                    \
                         .label = TEXT(label_),                                                    \
                         .pq = {.kind = PKEY_##ml_dsa},                                            \
                         .other = {PKEY_##kind_, CURVE_##curve_, (bits_), 0},                      \
                         .padding = SCHEME_##padding_,                                             \
                         .hash = HASH_##hash_,                                                     \
                         .prehash = HASH_##prehash_},
#define KEM(name, label_, ml_kem, kind_, curve_, bits_, combiner_)                                 \
    [COMP_KEM_##name] = {.kind = PKEY_COMP_KEM,                                                    \
                         .label = TEXT(label_),                                                    \
                         .pq = {.kind = PKEY_##ml_kem},                                            \
                         .other = {PKEY_##kind_, CURVE_##curve_, (bits_), 0},                      \
                         .combiner = COMBINER_##combiner_},
#include "composite.def"
};

#define SIG(name, label, ml_dsa, kind, curve, bits, padding, hash, prehash)                        \
    _Static_assert(sizeof(label) - 1 <= COMP_LABEL_MAX && (bits) <= COMP_RSA_BITS, #name);
#define KEM(name, label, ml_kem, kind, curve, bits, combiner)                                      \
    _Static_assert(sizeof(label) - 1 <= COMP_LABEL_MAX && (bits) <= COMP_RSA_BITS, #name);
#include "composite.def"

/* ---- the table ------------------------------------------------------------------------------------ */

const struct comp_row *comp_row(unsigned set)
{
    return &rows[set < COMP_SET_COUNT ? set : COMP_NONE];
}

enum pkey_kind comp_kind(unsigned set)
{
    return comp_row(set)->kind;
}

enum hash_alg comp_hash(unsigned set)
{
    return comp_row(set)->prehash;
}

struct pq_sizes comp_sizes(unsigned set, bool *ret_exact)
{
    const struct comp_row *row = comp_row(set);
    const struct pq_sizes *pq = pq_sizes(row->pq.kind);
    const bool known = row->kind != PKEY_COUNT;

    if (ret_exact != NULL) {
        *ret_exact = known && comp_exact(row);
    }
    if (!known) {
        return (struct pq_sizes){0};
    }
    const size_t priv =
        row->combiner == COMBINER_XWING ? COMP_XWING_SEED : pq->seed + comp_other_priv_size(row);
    return (struct pq_sizes){.pub = (uint16_t)(pq->pub + comp_other_pub_size(row)),
                             .priv = (uint16_t)priv,
                             .out = (uint16_t)(pq->out + comp_other_out_size(row))};
}

/* ---- who serves the halves --------------------------------------------------------------------------- */

/* The crypto that is open; set before and forgotten after anybody uses it. */
static const struct crypto *opened;

static const struct pkey_ops *half_ops(const struct crypto *c, const struct pkey_spec *half)
{
    const struct pkey_ops *ops = c->pkey[half->kind][half->curve];

    return ops != NULL && ops->supports(half) ? ops : NULL;
}

static const struct pkey_ops *maker_ops(const struct crypto *c, const struct pkey_spec *half)
{
    const struct pkey_ops *ops = c->pkey_generate[half->kind][half->curve];

    return ops != NULL && ops->supports(half) ? ops : NULL;
}

static bool has_hash(const struct crypto *c, enum hash_alg alg)
{
    return alg == HASH_NONE || c->digest[alg] != NULL;
}

/* Both halves, and the hashes that mix them. */
static bool served(const struct crypto *c, const struct comp_row *row)
{
    if (half_ops(c, &row->pq) == NULL || half_ops(c, &row->other) == NULL) {
        return false;
    }
    if (row->kind == PKEY_COMP_SIG) {
        return has_hash(c, row->hash) && has_hash(c, row->prehash) && has_hash(c, HASH_SHAKE256);
    }
    return has_hash(c, HASH_SHA3_256) &&
           (row->combiner != COMBINER_XWING || has_hash(c, HASH_SHAKE256));
}

/* The row of SPEC, when it can be served. */
static enum rc find(const struct pkey_spec *spec, const struct comp_row **ret)
{
    const struct comp_row *row = comp_row(spec->set);

    REQUIRE(opened != NULL && row->kind == spec->kind && served(opened, row), RC_MECHANISM_INVALID);
    *ret = row;
    return RC_OK;
}

static bool supports(const struct pkey_spec *spec)
{
    const struct comp_row *row = NULL;

    return find(spec, &row) == RC_OK;
}

/* ---- keys -------------------------------------------------------------------------------------------- */

static void key_free(struct pkey *k)
{
    if (k == NULL) {
        return;
    }
    if (k->pq != NULL) {
        k->pq_ops->free(k->pq);
    }
    if (k->other != NULL) {
        k->other_ops->free(k->other);
    }
    buf_free(&k->other_pub);
    mem_free(k);
}

static void key_free_at(struct pkey **k)
{
    key_free(*k);
}
#define AUTO_KEY __attribute__((cleanup(key_free_at)))

/* What the halves' load takes, out of what is written. */
static enum rc read_parts(const struct comp_row *row, const struct key_parts *parts, bool priv,
                          struct comp_parts *ret)
{
    REQUIRE(priv ? parts->priv != NULL : parts->pub.n > 0, RC_TEMPLATE_INCOMPLETE);
    if (priv) {
        TRY(comp_read_priv(opened, row, parts->priv, ret));
    }
    return parts->pub.n > 0 ? comp_read_pub(row, buf_view(&parts->pub), ret) : RC_OK;
}

static bool mixes(const struct comp_row *row)
{
    return row->combiner == COMBINER_SHA3 || row->combiner == COMBINER_XWING;
}

/* The combiner of a private key needs the other half's public value, which need not be there. */
static enum rc keep_other_pub(struct pkey *k, struct key_parts *other)
{
    if (k->row->kind != PKEY_COMP_KEM || (k->priv && !mixes(k->row))) {
        return RC_OK;
    }
    if (k->row->other.kind != PKEY_RSA && other->pub.n == 0) {
        TRY(k->other_ops->complete(&k->row->other, other));
    }
    return comp_write_other_pub(k->row, other, &k->other_pub);
}

static enum rc load(const struct pkey_spec *spec, const struct key_parts *parts, bool priv,
                    struct pkey **ret)
{
    const struct comp_row *row = NULL;
    AUTO_COMP_PARTS struct comp_parts halves = {0};
    AUTO_KEY struct pkey *k = NULL;

    TRY(find(spec, &row));
    TRY(read_parts(row, parts, priv, &halves));
    k = mem_alloc(sizeof(*k));
    REQUIRE(k != NULL, RC_HOST_MEMORY);
    k->row = row;
    k->c = opened;
    k->priv = priv;
    k->pq_ops = half_ops(opened, &row->pq);
    k->other_ops = half_ops(opened, &row->other);
    k->pq_out = pq_sizes(row->pq.kind)->out;
    k->size = k->pq_out + comp_other_out_size(row);
    TRY(keep_other_pub(k, &halves.other));
    TRY(k->pq_ops->load(&row->pq, &halves.pq, priv, &k->pq));
    TRY(k->other_ops->load(&row->other, &halves.other, priv, &k->other));
    *ret = TAKE(k);
    return RC_OK;
}

static enum rc complete(const struct pkey_spec *spec, struct key_parts *parts)
{
    const struct comp_row *row = NULL;
    AUTO_COMP_PARTS struct comp_parts halves = {0};
    AUTO_BUF struct buf pub = BUF_INIT;

    TRY(find(spec, &row));
    REQUIRE(parts->priv != NULL, RC_TEMPLATE_INCOMPLETE);
    TRY(comp_read_priv(opened, row, parts->priv, &halves));
    TRY(half_ops(opened, &row->pq)->complete(&row->pq, &halves.pq));
    TRY(half_ops(opened, &row->other)->complete(&row->other, &halves.other));
    TRY(comp_write_pub(row, &halves, &pub));
    buf_free(&parts->pub);
    parts->pub = pub;
    pub = BUF_INIT;
    return RC_OK;
}

/* Both halves afresh. */
static enum rc make_halves(const struct comp_row *row, struct bytes e, struct rng *rng,
                           struct key_parts *ret)
{
    const struct pkey_ops *pq = maker_ops(opened, &row->pq);
    const struct pkey_ops *other = maker_ops(opened, &row->other);
    AUTO_COMP_PARTS struct comp_parts halves = {0};

    REQUIRE(pq != NULL && other != NULL, RC_MECHANISM_INVALID);
    TRY(pq->generate(&row->pq, BYTES_NONE, rng, &halves.pq));
    TRY(other->generate(&row->other, row->other.kind == PKEY_RSA ? e : BYTES_NONE, rng,
                        &halves.other));
    TRY(comp_write_pub(row, &halves, &ret->pub));
    return comp_write_priv(row, &halves, &ret->priv);
}

/* X-Wing: one seed for both. */
static enum rc make_seed(const struct pkey_spec *spec, struct rng *rng, struct key_parts *ret)
{
    ret->priv = secret_new(COMP_XWING_SEED);
    REQUIRE(ret->priv != NULL, RC_HOST_MEMORY);
    TRY(rng_bytes(rng, ret->priv->p, ret->priv->n));
    return complete(spec, ret);
}

static enum rc generate(const struct pkey_spec *spec, struct bytes e, struct rng *rng,
                        struct key_parts *parts)
{
    const struct comp_row *row = NULL;
    AUTO_KEY_PARTS struct key_parts made = {0};

    TRY(find(spec, &row));
    if (row->combiner == COMBINER_XWING) {
        TRY(make_seed(spec, rng, &made));
    } else {
        TRY(make_halves(row, e, rng, &made));
    }
    key_parts_free(parts);
    *parts = made;
    memset(&made, 0, sizeof(made));
    return RC_OK;
}

static size_t size(const struct pkey *k)
{
    return k->size;
}

/* ---- what a composite does not do --------------------------------------------------------------------- */

static const uint8_t *no_tr(const struct pkey *k)
{
    (void)k;
    return NULL;
}

static enum rc no_encrypt(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                          uint8_t *out, size_t *out_n)
{
    (void)k, (void)p, (void)data, (void)out, (void)out_n;
    return RC_KEY_TYPE_INCONSISTENT;
}

static enum rc no_decrypt(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                          struct secret **ret)
{
    (void)k, (void)p, (void)data, (void)ret;
    return RC_KEY_TYPE_INCONSISTENT;
}

static enum rc no_agree(const struct pkey *k, struct bytes peer, struct secret **ret)
{
    (void)k, (void)peer, (void)ret;
    return RC_KEY_TYPE_INCONSISTENT;
}

static const struct pkey_ops comp_ops = {
    .supports = supports,
    .generate = generate,
    .load = load,
    .free = key_free,
    .complete = complete,
    .size = size,
    .tr = no_tr,
    .sign = comp_sign,
    .verify = comp_verify,
    .encrypt = no_encrypt,
    .decrypt = no_decrypt,
    .agree = no_agree,
    .encapsulate = comp_encapsulate,
    .decapsulate = comp_decapsulate,
};

/* A kind is in the table when one of its rows can be served. */
void composite_open(struct crypto *c)
{
    opened = c;
    for (unsigned set = COMP_NONE + 1; set < COMP_SET_COUNT; set++) {
        const enum pkey_kind kind = rows[set].kind;

        if (served(c, &rows[set])) {
            c->pkey[kind][CURVE_NONE] = &comp_ops;
            c->pkey_generate[kind][CURVE_NONE] = &comp_ops;
        }
    }
}

void composite_close(const struct crypto *c)
{
    if (opened == c) {
        opened = NULL;
    }
}
