/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows about ML-KEM, ML-DSA and SLH-DSA.
 */
#include <string.h>

#include "rows.h"

static struct pkey_spec spec_of(const struct row *r)
{
    static const char *const names[PKEY_COUNT] = {
        [PKEY_ML_KEM_512] = "ML_KEM_512",
        [PKEY_ML_KEM_768] = "ML_KEM_768",
        [PKEY_ML_KEM_1024] = "ML_KEM_1024",
        [PKEY_ML_DSA_44] = "ML_DSA_44",
        [PKEY_ML_DSA_65] = "ML_DSA_65",
        [PKEY_ML_DSA_87] = "ML_DSA_87",
        [PKEY_SLH_DSA_SHA2_128S] = "SLH_DSA_SHA2_128S",
        [PKEY_SLH_DSA_SHAKE_128S] = "SLH_DSA_SHAKE_128S",
        [PKEY_SLH_DSA_SHA2_128F] = "SLH_DSA_SHA2_128F",
        [PKEY_SLH_DSA_SHAKE_128F] = "SLH_DSA_SHAKE_128F",
        [PKEY_SLH_DSA_SHA2_192S] = "SLH_DSA_SHA2_192S",
        [PKEY_SLH_DSA_SHAKE_192S] = "SLH_DSA_SHAKE_192S",
        [PKEY_SLH_DSA_SHA2_192F] = "SLH_DSA_SHA2_192F",
        [PKEY_SLH_DSA_SHAKE_192F] = "SLH_DSA_SHAKE_192F",
        [PKEY_SLH_DSA_SHA2_256S] = "SLH_DSA_SHA2_256S",
        [PKEY_SLH_DSA_SHAKE_256S] = "SLH_DSA_SHAKE_256S",
        [PKEY_SLH_DSA_SHA2_256F] = "SLH_DSA_SHA2_256F",
        [PKEY_SLH_DSA_SHAKE_256F] = "SLH_DSA_SHAKE_256F",
    };

    for (enum pkey_kind kind = PKEY_ML_KEM_512; kind < PKEY_COMP_SIG; kind++) {
        if (strcmp(names[kind], row_text(r, "kind")) == 0) {
            return (struct pkey_spec){.kind = kind};
        }
    }
    fail_msg("no such kind: %s", row_text(r, "kind"));
    return (struct pkey_spec){0};
}

static struct secret *part(struct row *r, const char *name)
{
    return row_text(r, name)[0] != '\0' ? row_secret(r, name) : NULL;
}

static struct key_parts parts_of(struct row *r)
{
    struct key_parts parts = {.priv = part(r, "priv")};

    if (pq_sizes(spec_of(r).kind)->seed > 0) {
        parts.seed = part(r, "seed");
    }
    ASSERT_OK(buf_set(&parts.pub, row_bytes(r, "pub")));
    return parts;
}

/* NULL: refused, and for a reason that the door names. */
static struct pkey *load(const struct pkey_ops *ops, const struct pkey_spec *spec,
                         const struct key_parts *parts, bool priv)
{
    struct pkey *k = NULL;
    const enum rc rc = ops->load(spec, parts, priv, &k);

    if (rc != RC_OK && rc != RC_PUBLIC_KEY_INVALID && rc != RC_TEMPLATE_INCOMPLETE) {
        ASSERT_RC(rc, RC_ATTRIBUTE_VALUE_INVALID);
    }
    return k;
}

/* ---- keys ------------------------------------------------------------------------------------------ */

/* All of the seed (SLH-DSA: all but the end is the seed, and the end is checked against it), and
 * the public value of the private one. */
static enum outcome check_keygen(const struct crypto *c, struct row *r)
{
    const struct pkey_spec spec = spec_of(r);
    const struct pkey_ops *ops = pkey_for(c, &spec);
    const struct bytes seed = row_bytes(r, "seed");
    const struct bytes priv = row_bytes(r, "priv");

    if (ops == NULL) {
        return LACKING;
    }
    AUTO_KEY_PARTS struct key_parts whole = parts_of(r);
    AUTO_KEY_PARTS struct key_parts of_seed = {0};
    AUTO_KEY_PARTS struct key_parts of_priv = {.priv = row_secret(r, "priv")};
    struct pkey *k = load(ops, &spec, &whole, true);
    bool good = k != NULL;
    ops->free(k);
    if (pkey_is_slh_dsa(spec.kind)) {
        good = good && bytes_equal(seed, BYTES(priv.p, seed.n));
    } else {
        of_seed.seed = row_secret(r, "seed");
        ASSERT_OK(ops->complete(&spec, &of_seed));
        good = good && bytes_equal(secret_view(of_seed.priv), priv) &&
               bytes_equal(buf_view(&of_seed.pub), row_bytes(r, "pub"));
    }
    ASSERT_OK(ops->complete(&spec, &of_priv));
    good = good && bytes_equal(buf_view(&of_priv.pub), row_bytes(r, "pub"));
    return good ? CHECKED : WRONG;
}

/* ---- ML-KEM ---------------------------------------------------------------------------------------- */

static enum outcome check_encap(const struct crypto *c, struct row *r)
{
    const struct pkey_spec spec = spec_of(r);
    const struct pkey_ops *ops = pkey_for(c, &spec);
    AUTO_SECRET struct secret *shared = NULL;
    uint8_t ct[1568];

    if (ops == NULL) {
        return LACKING;
    }
    AUTO_KEY_PARTS struct key_parts parts = parts_of(r);
    struct pkey *k = load(ops, &spec, &parts, false);
    if (k == NULL) {
        return judged(r, false);
    }
    const enum rc rc = ops->encapsulate(k, c->rng, row_bytes(r, "m"), ct, &shared);
    const bool right = rc == RC_OK && bytes_equal(BYTES(ct, ops->size(k)), row_bytes(r, "ct")) &&
                       bytes_equal(secret_view(shared), row_bytes(r, "shared"));
    ops->free(k);
    return judged(r, right);
}

static enum outcome check_decap(const struct crypto *c, struct row *r)
{
    const struct pkey_spec spec = spec_of(r);
    const struct pkey_ops *ops = pkey_for(c, &spec);
    AUTO_SECRET struct secret *shared = NULL;

    if (ops == NULL) {
        return LACKING;
    }
    AUTO_KEY_PARTS struct key_parts parts = parts_of(r);
    struct pkey *k = load(ops, &spec, &parts, true);
    if (k == NULL) {
        return judged(r, false);
    }
    const enum rc rc = ops->decapsulate(k, row_bytes(r, "ct"), &shared);
    if (rc != RC_OK) {
        ASSERT_RC(rc, RC_ENCRYPTED_DATA_LEN_RANGE);
    }
    const bool right = rc == RC_OK && bytes_equal(secret_view(shared), row_bytes(r, "shared"));
    ops->free(k);
    return judged(r, right);
}

/* ---- signatures ------------------------------------------------------------------------------------ */

/* What the library is given of a row. */
struct signing {
    uint8_t prefix[2 + 255];
    uint8_t mu[64];
    struct pkey_params params;
    struct bytes data;
};

static void make_mu(const struct crypto *c, const uint8_t *tr, struct signing *s, struct bytes msg)
{
    const struct digest_ops *ops = c->digest[HASH_SHAKE256];
    struct digest_ctx run = {0};

    ASSERT_OK(ops->begin(&run, HASH_SHAKE256));
    ASSERT_OK(ops->update(&run, tr, 64));
    ASSERT_OK(ops->update(&run, s->params.prefix.p, s->params.prefix.n));
    ASSERT_OK(ops->update(&run, msg.p, msg.n));
    ASSERT_OK(ops->finish(&run, s->mu));
    ops->clear(&run);
    s->params.prefix = BYTES_NONE;
    s->data = BYTES(s->mu, sizeof(s->mu));
}

/* S stays where it is: what it says points into it. */
static void prepare(const struct crypto *c, const struct pkey_ops *ops, const struct pkey *k,
                    struct row *r, struct signing *s)
{
    const struct bytes ctx = row_bytes(r, "ctx");
    const bool ml_dsa = pkey_is_ml_dsa(spec_of(r).kind);

    assert_true(ctx.n <= 255);
    s->params = (struct pkey_params){.scheme = ml_dsa ? SCHEME_ML_DSA : SCHEME_SLH_DSA,
                                     .deterministic = row_number(r, "deterministic") == 1};
    s->data = row_bytes(r, "msg");
    if (strcmp(row_text(r, "form"), "mu") == 0) {
        return;
    }
    if (strcmp(row_text(r, "form"), "pure") == 0) {
        s->prefix[0] = 0;
        s->prefix[1] = (uint8_t)ctx.n;
        mem_copy(s->prefix + 2, ctx.p, ctx.n);
        s->params.prefix = BYTES(s->prefix, 2 + ctx.n);
    }
    if (ml_dsa) {
        make_mu(c, ops->tr(k), s, s->data);
    }
    if (row_text(r, "mu")[0] != '\0') {
        assert_true(bytes_equal(s->data, row_bytes(r, "mu")));
    }
}

static bool lacking(const struct crypto *c, const struct row *r)
{
    const struct pkey_spec spec = spec_of(r);

    return pkey_for(c, &spec) == NULL ||
           (pkey_is_ml_dsa(spec.kind) && c->digest[HASH_SHAKE256] == NULL);
}

static enum outcome check_verify(const struct crypto *c, struct row *r)
{
    const struct pkey_spec spec = spec_of(r);
    const struct pkey_ops *ops = pkey_for(c, &spec);
    const struct bytes sig = row_bytes(r, "sig");
    struct signing s;

    if (lacking(c, r)) {
        return LACKING;
    }
    AUTO_KEY_PARTS struct key_parts parts = parts_of(r);
    struct pkey *k = load(ops, &spec, &parts, false);
    if (k == NULL) {
        return judged(r, false);
    }
    prepare(c, ops, k, r, &s);
    const enum rc rc = ops->verify(k, &s.params, s.data, sig);
    if (rc != RC_OK) {
        ASSERT_RC(rc, sig.n == ops->size(k) ? RC_SIGNATURE_INVALID : RC_SIGNATURE_LEN_RANGE);
    }
    ops->free(k);
    return judged(r, rc == RC_OK);
}

/* The signature that K makes: the row's, or, hedged, one that holds. PUB belongs to it. */
static bool signs_alike(const struct crypto *c, const struct pkey_ops *ops, const struct pkey *k,
                        const struct pkey *pub, struct row *r)
{
    AUTO_FREE uint8_t *sig = mem_alloc(ops->size(k));
    struct signing s;
    size_t n = 0;

    prepare(c, ops, k, r, &s);
    ASSERT_OK(ops->sign(k, &s.params, s.data, sig, &n));
    return ops->verify(pub, &s.params, s.data, row_bytes(r, "sig")) == RC_OK &&
           ops->verify(pub, &s.params, s.data, BYTES(sig, n)) == RC_OK &&
           bytes_equal(BYTES(sig, n), row_bytes(r, "sig")) == s.params.deterministic;
}

static enum outcome check_sign(const struct crypto *c, struct row *r)
{
    const struct pkey_spec spec = spec_of(r);
    const struct pkey_ops *ops = pkey_for(c, &spec);

    if (lacking(c, r)) {
        return LACKING;
    }
    AUTO_KEY_PARTS struct key_parts parts = parts_of(r);
    struct pkey *k = load(ops, &spec, &parts, true);
    if (k == NULL) {
        return judged(r, false);
    }
    ASSERT_OK(ops->complete(&spec, &parts));
    struct pkey *pub = load(ops, &spec, &parts, false);
    const bool right = signs_alike(c, ops, k, pub, r);
    ops->free(k);
    ops->free(pub);
    return judged(r, right);
}

const struct row_kind pq_rows[] = {
    {"pqkeygen", check_keygen}, {"encap", check_encap},     {"decap", check_decap},
    {"pqsign", check_sign},     {"pqverify", check_verify}, {NULL, NULL},
};
