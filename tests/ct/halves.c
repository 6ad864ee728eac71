/* SPDX-License-Identifier: Apache-2.0
 *
 * Stand-ins for a library's keys, and the crypto that is made of stand-ins. They do as the door says
 * with lengths and with what is secret; what they compute means nothing.
 */
#include <string.h>

#include "composite.h"
#include "ct.h"
#include "rng.h"

struct pkey {
    struct pkey_spec spec;
};

static const uint8_t pattern[] = "a public value that a library computed from a secret one";

static void fill(uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = pattern[i % (sizeof(pattern) - 1)];
    }
}

static size_t private_size(const struct pkey_spec *spec)
{
    switch (spec->kind) {
    case PKEY_EC:
        return curve_bytes(spec->curve);
    case PKEY_ED448:
        return 57;
    case PKEY_X448:
        return 56;
    default:
        return 32;
    }
}

static size_t public_size(const struct pkey_spec *spec)
{
    if (pkey_is_pq(spec->kind)) {
        return pq_sizes(spec->kind)->pub;
    }
    return spec->kind == PKEY_EC ? 1 + 2 * private_size(spec) : private_size(spec);
}

static struct secret *hidden(size_t n)
{
    struct secret *s = secret_new(n);

    CT_CHECK(s != NULL);
    fill(s->p, n);
    ct_hide(s->p, n);
    return s;
}

/* How long an integer is in DER shows its first byte's first bit: that byte is no secret there. */
static struct secret *hidden_integer(size_t n, uint8_t first)
{
    struct secret *s = hidden(n);

    s->p[0] = first;
    return s;
}

static bool stub_supports(const struct pkey_spec *spec)
{
    (void)spec;
    return true;
}

static enum rc set_pub(const struct pkey_spec *spec, struct key_parts *parts)
{
    uint8_t pub[4096];

    fill(pub, public_size(spec));
    return buf_set(&parts->pub, BYTES(pub, public_size(spec)));
}

static enum rc rsa_parts(const struct pkey_spec *spec, struct key_parts *parts)
{
    const size_t n = spec->bits / 8;
    uint8_t modulus[512];
    static const uint8_t e[] = {1, 0, 1};

    fill(modulus, n);
    modulus[0] = 0xc5;
    TRY(buf_set(&parts->n, BYTES(modulus, n)));
    TRY(buf_set(&parts->e, BYTES(e, sizeof(e))));
    parts->d = hidden_integer(n, 0x2b);
    parts->p = hidden_integer(n / 2, 0xe3);
    parts->q = hidden_integer(n / 2, 0xd1);
    parts->dp = hidden_integer(n / 2, 0x1f);
    parts->dq = hidden_integer(n / 2, 0x80);
    parts->qi = hidden_integer(n / 2, 0x7f);
    return RC_OK;
}

static enum rc stub_generate(const struct pkey_spec *spec, struct bytes e, struct rng *rng,
                             struct key_parts *parts)
{
    (void)e;
    if (spec->kind == PKEY_RSA) {
        return rsa_parts(spec, parts);
    }
    TRY(set_pub(spec, parts));
    struct secret **place = pkey_is_pq(spec->kind) ? &parts->seed : &parts->priv;
    *place =
        rng_secret(rng, pkey_is_pq(spec->kind) ? pq_sizes(spec->kind)->seed : private_size(spec));
    return *place != NULL ? RC_OK : RC_ENTROPY;
}

/* What arrives here as a private value is still hidden. */
static void check_private(const struct pkey_spec *spec, const struct key_parts *parts)
{
    if (spec->kind == PKEY_RSA) {
        const struct secret *all[] = {parts->d,  parts->p,  parts->q,
                                      parts->dp, parts->dq, parts->qi};

        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
            CT_CHECK(ct_is_hidden(all[i]->p + 1, all[i]->n - 1));
        }
        return;
    }
    const struct secret *s = pkey_is_pq(spec->kind) ? parts->seed : parts->priv;
    CT_CHECK(s != NULL && ct_is_hidden(s->p, s->n));
}

static enum rc stub_load(const struct pkey_spec *spec, const struct key_parts *parts, bool priv,
                         struct pkey **ret)
{
    if (priv) {
        check_private(spec, parts);
    }
    *ret = mem_alloc(sizeof(**ret));
    REQUIRE(*ret != NULL, RC_HOST_MEMORY);
    (*ret)->spec = *spec;
    return RC_OK;
}

static void stub_free(struct pkey *k)
{
    mem_free(k);
}

static enum rc stub_complete(const struct pkey_spec *spec, struct key_parts *parts)
{
    check_private(spec, parts);
    return spec->kind == PKEY_RSA ? RC_OK : set_pub(spec, parts);
}

static size_t stub_size(const struct pkey *k)
{
    return pkey_is_pq(k->spec.kind) ? pq_sizes(k->spec.kind)->out : k->spec.bits / 8;
}

static const uint8_t *stub_tr(const struct pkey *k)
{
    static const uint8_t tr[64] = "tr";

    return pkey_is_ml_dsa(k->spec.kind) ? tr : NULL;
}

static enum rc stub_sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                         uint8_t *out, size_t *out_n)
{
    (void)p, (void)data;
    *out_n = pkey_is_pq(k->spec.kind) || k->spec.kind == PKEY_RSA ? stub_size(k)
                                                                  : 2 * private_size(&k->spec);
    fill(out, *out_n);
    return RC_OK;
}

static enum rc stub_verify(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                           struct bytes sig)
{
    uint8_t wanted[6000];
    size_t n = 0;

    TRY(stub_sign(k, p, data, wanted, &n));
    return bytes_equal(sig, BYTES(wanted, n)) ? RC_OK : RC_SIGNATURE_INVALID;
}

/* The ciphertext is the carried secret as it is, so that it comes out again; to everybody else it is
 * a ciphertext, which is public. */
static enum rc stub_encrypt(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                            uint8_t *out, size_t *out_n)
{
    (void)p;
    CT_CHECK(ct_is_hidden(data.p, data.n));
    *out_n = stub_size(k);
    fill(out, *out_n);
    mem_copy(out, data.p, data.n);
    ct_reveal(out, *out_n);
    return RC_OK;
}

static enum rc stub_decrypt(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                            struct secret **ret)
{
    (void)k, (void)p;
    *ret = secret_from(data.p, 32);
    CT_CHECK(*ret != NULL);
    ct_hide((*ret)->p, 32);
    return RC_OK;
}

static enum rc stub_agree(const struct pkey *k, struct bytes peer, struct secret **ret)
{
    CT_CHECK(ct_is_clear(peer.p, peer.n));
    *ret = hidden(private_size(&k->spec));
    return RC_OK;
}

static enum rc stub_encapsulate(const struct pkey *k, struct rng *rng, struct bytes fixed,
                                uint8_t *ct, struct secret **ret)
{
    const bool pq = pkey_is_pq(k->spec.kind);

    (void)rng;
    CT_CHECK(fixed.n == 0 || ct_is_hidden(fixed.p, fixed.n));
    fill(ct, pq ? stub_size(k) : public_size(&k->spec));
    *ret = hidden(pq ? 32 : private_size(&k->spec));
    return RC_OK;
}

static enum rc stub_decapsulate(const struct pkey *k, struct bytes ct, struct secret **ret)
{
    (void)k, (void)ct;
    *ret = hidden(32);
    return RC_OK;
}

const struct pkey_ops ct_halves = {
    .supports = stub_supports,
    .generate = stub_generate,
    .load = stub_load,
    .free = stub_free,
    .complete = stub_complete,
    .size = stub_size,
    .tr = stub_tr,
    .sign = stub_sign,
    .verify = stub_verify,
    .encrypt = stub_encrypt,
    .decrypt = stub_decrypt,
    .agree = stub_agree,
    .encapsulate = stub_encapsulate,
    .decapsulate = stub_decapsulate,
};

/* ---- the crypto ------------------------------------------------------------------------------------ */

static enum rc hidden_entropy(void *ctx, uint8_t *out, size_t n)
{
    uint8_t *count = ctx;

    for (size_t i = 0; i < n; i++) {
        out[i] = (uint8_t)(++*count * 37);
    }
    ct_hide(out, n);
    return RC_OK;
}

static uint64_t no_time(void *ctx)
{
    (void)ctx;
    return 1;
}

struct crypto *ct_open(void)
{
    static uint8_t count;
    static const struct env env = {.ctx = &count, .now = no_time, .entropy = hidden_entropy};
    struct crypto *c = mem_alloc(sizeof(*c));

    CT_CHECK(c != NULL);
    c->rng = rng_new(&env, &ct_digest);
    CT_CHECK(c->rng != NULL);
    for (enum hash_alg alg = HASH_SHA1; alg < HASH_COUNT; alg++) {
        c->digest[alg] = &ct_digest;
        c->hmac[alg] = &ct_mac;
    }
    for (enum pkey_kind kind = 0; kind < PKEY_COMP_SIG; kind++) {
        for (enum ec_curve curve = 0; curve < CURVE_COUNT; curve++) {
            c->pkey[kind][curve] = &ct_halves;
            c->pkey_generate[kind][curve] = &ct_halves;
        }
    }
    composite_open(c);
    return c;
}

void ct_close(struct crypto *c)
{
    composite_close(c);
    rng_free(c->rng);
    mem_free(c);
}
