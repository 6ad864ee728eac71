/* SPDX-License-Identifier: Apache-2.0
 *
 * How composite keys are written: lengths, and public and private values from and to the parts of
 * both halves. composite.def says what is written how.
 */
#include <string.h>

#include "composite_der.h"
#include "composite_key.h"

/* ---- lengths -------------------------------------------------------------------------------------- */

/* Public and private values of these are alike in length (RFC 7748, RFC 8032); a signature is two. */
static size_t okp_size(enum pkey_kind kind)
{
    return kind == PKEY_X448 ? 56 : kind == PKEY_ED448 ? 57 : 32;
}

size_t comp_scalar_size(const struct pkey_spec *half)
{
    return half->kind == PKEY_EC ? curve_bytes(half->curve) : okp_size(half->kind);
}

/* The hybrids of TLS have a bare scalar, whatever the curve. */
static bool bare(const struct comp_row *row)
{
    return row->kind == PKEY_COMP_KEM && row->combiner != COMBINER_SHA3;
}

bool comp_pq_first(const struct comp_row *row)
{
    return row->kind != PKEY_COMP_KEM || row->combiner != COMBINER_MLKEM_LAST;
}

size_t comp_other_pub_size(const struct comp_row *row)
{
    if (row->other.kind == PKEY_RSA) {
        return der_rsa_most(row->other.bits, false);
    }
    return row->other.kind == PKEY_EC ? 1 + 2 * curve_bytes(row->other.curve)
                                      : okp_size(row->other.kind);
}

size_t comp_other_priv_size(const struct comp_row *row)
{
    if (row->other.kind == PKEY_RSA) {
        return der_rsa_most(row->other.bits, true);
    }
    return row->other.kind == PKEY_EC && !bare(row) ? der_ec_size(row->other.curve)
                                                    : comp_scalar_size(&row->other);
}

size_t comp_other_out_size(const struct comp_row *row)
{
    if (row->other.kind == PKEY_RSA) {
        return row->other.bits / 8;
    }
    if (row->kind == PKEY_COMP_KEM) {
        return comp_other_pub_size(row);
    }
    return row->other.kind == PKEY_EC ? der_ecdsa_most(curve_order_bits(row->other.curve))
                                      : 2 * okp_size(row->other.kind);
}

bool comp_exact(const struct comp_row *row)
{
    return row->other.kind != PKEY_RSA && row->padding != SCHEME_ECDSA;
}

/* ---- parts ---------------------------------------------------------------------------------------- */

void comp_parts_free(struct comp_parts *p)
{
    key_parts_free(&p->pq);
    key_parts_free(&p->other);
}

static enum rc set_secret(struct secret **place, struct bytes v)
{
    struct secret *s = secret_from(v.p, v.n);

    REQUIRE(s != NULL, RC_HOST_MEMORY);
    secret_free(*place);
    *place = s;
    return RC_OK;
}

/* ---- RSA -------------------------------------------------------------------------------------------- */

/* In the order of the encoding, behind n and e. */
#define RSA_SECRETS (DER_RSA_NUMBERS - DER_RSA_PUBLIC_NUMBERS)
static void rsa_secrets(struct key_parts *parts, struct secret **places[RSA_SECRETS])
{
    struct secret **const all[RSA_SECRETS] = {&parts->d,  &parts->p,  &parts->q,
                                              &parts->dp, &parts->dq, &parts->qi};

    memcpy(places, all, sizeof(all));
}

/* Each row has one size of modulus, and a key of another is none of the row. */
static enum rc rsa_set_public(const struct comp_row *row, const struct bytes *v,
                              struct key_parts *parts)
{
    const struct bytes n = v[DER_N], e = v[DER_E];

    REQUIRE(n.n == row->other.bits / 8 && (n.p[0] & 0x80) != 0 && e.n <= n.n,
            RC_ATTRIBUTE_VALUE_INVALID);
    if (parts->n.n > 0) {
        REQUIRE(bytes_equal(n, buf_view(&parts->n)) && bytes_equal(e, buf_view(&parts->e)),
                RC_ATTRIBUTE_VALUE_INVALID);
        return RC_OK;
    }
    TRY(buf_set(&parts->n, n));
    return buf_set(&parts->e, e);
}

static enum rc rsa_read(const struct comp_row *row, struct bytes v, bool priv,
                        struct key_parts *parts)
{
    struct bytes numbers[DER_RSA_NUMBERS] = {BYTES_NONE};
    struct secret **places[RSA_SECRETS];

    REQUIRE(der_rsa_read(v, numbers, priv ? DER_RSA_NUMBERS : DER_RSA_PUBLIC_NUMBERS) == RC_OK,
            RC_ATTRIBUTE_VALUE_INVALID);
    TRY(rsa_set_public(row, numbers, parts));
    rsa_secrets(parts, places);
    for (size_t i = 0; priv && i < RSA_SECRETS; i++) {
        TRY(set_secret(places[i], numbers[DER_RSA_PUBLIC_NUMBERS + i]));
    }
    return RC_OK;
}

/* The numbers of PARTS; without the secret ones unless PRIV. */
static enum rc rsa_numbers(const struct key_parts *parts, bool priv, struct bytes *numbers)
{
    struct key_parts borrowed = *parts;
    struct secret **places[RSA_SECRETS];

    REQUIRE(parts->n.n > 0 && parts->e.n > 0, RC_CRYPTO_LIBRARY);
    numbers[DER_N] = buf_view(&parts->n);
    numbers[DER_E] = buf_view(&parts->e);
    rsa_secrets(&borrowed, places);
    for (size_t i = 0; priv && i < RSA_SECRETS; i++) {
        REQUIRE(*places[i] != NULL, RC_CRYPTO_LIBRARY);
        numbers[DER_RSA_PUBLIC_NUMBERS + i] = secret_view(*places[i]);
    }
    return RC_OK;
}

/* ---- public values ---------------------------------------------------------------------------------- */

static enum rc read_other_pub(const struct comp_row *row, struct bytes v, struct key_parts *parts)
{
    if (row->other.kind == PKEY_RSA) {
        return rsa_read(row, v, false, parts);
    }
    REQUIRE(v.n == comp_other_pub_size(row), RC_ATTRIBUTE_VALUE_INVALID);
    return buf_set(&parts->pub, v);
}

enum rc comp_read_pub(const struct comp_row *row, struct bytes pub, struct comp_parts *parts)
{
    const size_t pq_n = pq_sizes(row->pq.kind)->pub;

    REQUIRE(pub.n > pq_n, RC_ATTRIBUTE_VALUE_INVALID);
    const size_t other_n = pub.n - pq_n;
    const bool first = comp_pq_first(row);
    TRY(read_other_pub(row, BYTES(pub.p + (first ? pq_n : 0), other_n), &parts->other));
    return buf_set(&parts->pq.pub, BYTES(pub.p + (first ? 0 : other_n), pq_n));
}

enum rc comp_write_other_pub(const struct comp_row *row, const struct key_parts *other,
                             struct buf *ret)
{
    struct bytes numbers[DER_RSA_NUMBERS];

    if (row->other.kind != PKEY_RSA) {
        return buf_add_bytes(ret, buf_view(&other->pub));
    }
    TRY(rsa_numbers(other, false, numbers));
    const size_t n = der_rsa_write(numbers, DER_RSA_PUBLIC_NUMBERS, NULL);
    TRY(buf_reserve(ret, n));
    ret->n += der_rsa_write(numbers, DER_RSA_PUBLIC_NUMBERS, ret->p + ret->n);
    return RC_OK;
}

enum rc comp_write_pub(const struct comp_row *row, const struct comp_parts *parts, struct buf *ret)
{
    const bool first = comp_pq_first(row);

    REQUIRE(parts->pq.pub.n == pq_sizes(row->pq.kind)->pub, RC_CRYPTO_LIBRARY);
    if (first) {
        TRY(buf_add_bytes(ret, buf_view(&parts->pq.pub)));
    }
    TRY(comp_write_other_pub(row, &parts->other, ret));
    return first ? RC_OK : buf_add_bytes(ret, buf_view(&parts->pq.pub));
}

/* ---- private values ---------------------------------------------------------------------------------- */

static enum rc read_other_priv(const struct comp_row *row, struct bytes v, struct key_parts *parts)
{
    struct bytes scalar = v;

    if (row->other.kind == PKEY_RSA) {
        return rsa_read(row, v, true, parts);
    }
    REQUIRE(v.n == comp_other_priv_size(row), RC_ATTRIBUTE_VALUE_INVALID);
    if (row->other.kind == PKEY_EC && !bare(row)) {
        REQUIRE(der_ec_read(row->other.curve, v, &scalar) == RC_OK, RC_ATTRIBUTE_VALUE_INVALID);
    }
    return set_secret(&parts->priv, scalar);
}

/* X-Wing: what both halves are made of comes out of the one seed. */
static enum rc expand(const struct crypto *c, const struct secret *seed, struct secret **ret)
{
    AUTO_SECRET struct secret *all =
        secret_new(pq_sizes(PKEY_ML_KEM_768)->seed + okp_size(PKEY_X25519));

    REQUIRE(all != NULL, RC_HOST_MEMORY);
    TRY(crypto_xof(c, HASH_SHAKE256, secret_view(seed), all->p, all->n));
    *ret = TAKE(all);
    return RC_OK;
}

enum rc comp_read_priv(const struct crypto *c, const struct comp_row *row,
                       const struct secret *priv, struct comp_parts *parts)
{
    const size_t seed_n = pq_sizes(row->pq.kind)->seed;
    AUTO_SECRET struct secret *expanded = NULL;
    struct bytes all = secret_view(priv);

    if (row->combiner == COMBINER_XWING) {
        REQUIRE(priv->n == COMP_XWING_SEED, RC_ATTRIBUTE_VALUE_INVALID);
        TRY(expand(c, priv, &expanded));
        all = secret_view(expanded);
    }
    REQUIRE(all.n > seed_n, RC_ATTRIBUTE_VALUE_INVALID);
    TRY(read_other_priv(row, BYTES(all.p + seed_n, all.n - seed_n), &parts->other));
    return set_secret(&parts->pq.seed, BYTES(all.p, seed_n));
}

/* Bytes of the other half's private value; written to OUT unless that is NULL. */
static enum rc write_other_priv(const struct comp_row *row, const struct key_parts *other,
                                uint8_t *out, size_t *ret_n)
{
    struct bytes numbers[DER_RSA_NUMBERS];

    if (row->other.kind == PKEY_RSA) {
        TRY(rsa_numbers(other, true, numbers));
        *ret_n = der_rsa_write(numbers, DER_RSA_NUMBERS, out);
        return RC_OK;
    }
    REQUIRE(other->priv != NULL && other->priv->n == comp_scalar_size(&row->other),
            RC_CRYPTO_LIBRARY);
    *ret_n = comp_other_priv_size(row);
    if (out != NULL && row->other.kind == PKEY_EC && !bare(row)) {
        der_ec_write(row->other.curve, secret_view(other->priv), out);
    } else if (out != NULL) {
        mem_copy(out, other->priv->p, other->priv->n);
    }
    return RC_OK;
}

enum rc comp_write_priv(const struct comp_row *row, const struct comp_parts *parts,
                        struct secret **ret)
{
    const size_t seed_n = pq_sizes(row->pq.kind)->seed;
    size_t other_n = 0;

    REQUIRE(parts->pq.seed != NULL && parts->pq.seed->n == seed_n, RC_CRYPTO_LIBRARY);
    TRY(write_other_priv(row, &parts->other, NULL, &other_n));
    AUTO_SECRET struct secret *all = secret_new(seed_n + other_n);
    REQUIRE(all != NULL, RC_HOST_MEMORY);
    mem_copy(all->p, parts->pq.seed->p, seed_n);
    TRY(write_other_priv(row, &parts->other, all->p + seed_n, &other_n));
    *ret = TAKE(all);
    return RC_OK;
}
