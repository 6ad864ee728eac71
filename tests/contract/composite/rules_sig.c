/* SPDX-License-Identifier: Apache-2.0
 *
 * Composite signatures: both halves count, and nothing of one combination serves another.
 */
#include <string.h>

#include "rules.h"

struct signer {
    const struct pkey_ops *ops;
    struct pkey *priv, *pub;
    unsigned set;
    size_t pq_n;
};

static struct signer signer_of(const struct crypto *c, unsigned set)
{
    AUTO_KEY_PARTS struct key_parts pair = set_pair(c, set);

    return (struct signer){.ops = set_ops(c, set),
                           .priv = set_load(c, set, &pair, true),
                           .pub = set_load(c, set, &pair, false),
                           .set = set,
                           .pq_n = pq_sizes(set_pq(set).kind)->out};
}

static void signer_free(struct signer *s)
{
    s->ops->free(s->priv);
    s->ops->free(s->pub);
}

static struct pkey_params with_context(struct bytes context)
{
    return (struct pkey_params){.scheme = SCHEME_COMP_SIG, .context = context};
}

static size_t sign(const struct signer *s, struct bytes context, struct digest d, uint8_t *sig)
{
    const struct pkey_params p = with_context(context);
    size_t n = 0;

    ASSERT_OK(s->ops->sign(s->priv, &p, BYTES(d.p, d.n), sig, &n));
    assert_true(n <= s->ops->size(s->priv));
    return n;
}

static void expect(const struct signer *s, struct bytes context, struct digest d, struct bytes sig,
                   enum rc rc)
{
    const struct pkey_params p = with_context(context);

    ASSERT_RC(s->ops->verify(s->pub, &p, BYTES(d.p, d.n), sig), rc);
}

/* Contexts of every length count, to the byte. */
static void test_contexts(void **state)
{
    static const uint8_t context[256] = {1, 2, 3};
    uint8_t sig[SIG_MAX];

    EACH_SET(*state, set, PKEY_COMP_SIG)
    {
        struct signer s = signer_of(*state, set);
        const struct digest d = set_digest(*state, set, BYTES_STR("text"));

        for (size_t n = 0; n <= 255; n += n < 2 ? 1 : 253) {
            const size_t sig_n = sign(&s, BYTES(context, n), d, sig);

            expect(&s, BYTES(context, n), d, BYTES(sig, sig_n), RC_OK);
            expect(&s, BYTES(context, n == 0 ? 1 : n - 1), d, BYTES(sig, sig_n),
                   RC_SIGNATURE_INVALID);
        }
        const struct pkey_params p = with_context(BYTES(context, 256));
        size_t n = 0;
        ASSERT_RC(s.ops->sign(s.priv, &p, BYTES(d.p, d.n), sig, &n), RC_MECHANISM_PARAM_INVALID);
        expect(&s, BYTES(context, 256), d, BYTES(sig, 100), RC_MECHANISM_PARAM_INVALID);
        signer_free(&s);
    }
}

static void test_digest_lengths(void **state)
{
    static const uint8_t digest[HASH_MAX_SIZE + 1];
    uint8_t sig[SIG_MAX];

    EACH_SET(*state, set, PKEY_COMP_SIG)
    {
        struct signer s = signer_of(*state, set);
        const struct pkey_params p = with_context(BYTES_NONE);

        for (size_t n = 0; n <= sizeof(digest); n++) {
            size_t sig_n = 0;
            const enum rc rc = n == hash_size(comp_hash(set)) ? RC_OK : RC_DATA_LEN_RANGE;

            ASSERT_RC(s.ops->sign(s.priv, &p, BYTES(digest, n), sig, &sig_n), rc);
            ASSERT_RC(s.ops->verify(s.pub, &p, BYTES(digest, n), BYTES(sig, sig_n)), rc);
        }
        signer_free(&s);
    }
}

/* Which hash takes the message: the names of the drafts' algorithms end with it. */
static void test_hashes(void **state)
{
    (void)state;
    for (unsigned set = COMP_NONE + 1; set < COMP_SET_COUNT; set++) {
        const char *name = set_name(set);
        const enum hash_alg alg = strstr(name, "SHAKE256") != NULL ? HASH_SHAKE256
                                  : strstr(name, "SHA512") != NULL ? HASH_SHA512
                                  : strstr(name, "SHA256") != NULL ? HASH_SHA256
                                                                   : HASH_NONE;

        assert_int_equal(comp_hash(set), alg);
    }
}

/* Each half of one good signature with the other half of another: both are needed. */
static void test_halves_are_bound(void **state)
{
    uint8_t a[SIG_MAX], b[SIG_MAX], mixed[SIG_MAX];

    EACH_SET(*state, set, PKEY_COMP_SIG)
    {
        struct signer s = signer_of(*state, set);
        const struct digest one = set_digest(*state, set, BYTES_STR("one"));
        const struct digest two = set_digest(*state, set, BYTES_STR("two"));
        const size_t a_n = sign(&s, BYTES_NONE, one, a);
        const size_t b_n = sign(&s, BYTES_NONE, two, b);

        memcpy(mixed, a, s.pq_n);
        memcpy(mixed + s.pq_n, b + s.pq_n, b_n - s.pq_n);
        expect(&s, BYTES_NONE, one, BYTES(mixed, b_n), RC_SIGNATURE_INVALID);
        expect(&s, BYTES_NONE, two, BYTES(mixed, b_n), RC_SIGNATURE_INVALID);
        const size_t a2_n = sign(&s, BYTES_NONE, one, b); /* halves of two over one message */
        memcpy(mixed + s.pq_n, b + s.pq_n, a2_n - s.pq_n);
        expect(&s, BYTES_NONE, one, BYTES(mixed, a2_n), RC_OK);
        memset(a, 0, s.pq_n);
        expect(&s, BYTES_NONE, one, BYTES(a, a_n), RC_SIGNATURE_INVALID);
        memset(mixed + s.pq_n, 0, a2_n - s.pq_n);
        expect(&s, BYTES_NONE, one, BYTES(mixed, a2_n), RC_SIGNATURE_INVALID);
        signer_free(&s);
    }
}

/* The same key values in a row that differs in its label and padding alone. */
static void test_rows_are_bound(void **state)
{
    const struct crypto *c = *state;
    static const struct {
        unsigned from, to;
    } pairs[] = {
        {COMP_SIG_MLDSA44_RSA2048_PSS_SHA256, COMP_SIG_MLDSA44_RSA2048_PKCS15_SHA256},
        {COMP_SIG_MLDSA65_RSA3072_PKCS15_SHA512, COMP_SIG_MLDSA65_RSA3072_PSS_SHA512},
        {COMP_SIG_MLDSA65_RSA4096_PSS_SHA512, COMP_SIG_MLDSA65_RSA4096_PKCS15_SHA512},
    };
    uint8_t sig[SIG_MAX], own[SIG_MAX];

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        AUTO_KEY_PARTS struct key_parts pair = set_pair(c, pairs[i].from);
        struct signer from = signer_of(c, pairs[i].from);
        struct signer to = from;
        const struct digest d = set_digest(c, pairs[i].from, BYTES_STR("text"));

        to.priv = set_load(c, pairs[i].to, &pair, true);
        to.pub = set_load(c, pairs[i].to, &pair, false);
        const size_t n = sign(&from, BYTES_NONE, d, sig);
        const size_t own_n = sign(&to, BYTES_NONE, d, own);
        expect(&from, BYTES_NONE, d, BYTES(sig, n), RC_OK);
        expect(&to, BYTES_NONE, d, BYTES(own, own_n), RC_OK);
        expect(&to, BYTES_NONE, d, BYTES(sig, n), RC_SIGNATURE_INVALID);
        memcpy(own, sig, to.pq_n); /* the ML-DSA half alone is bound to its row too */
        expect(&to, BYTES_NONE, d, BYTES(own, own_n), RC_SIGNATURE_INVALID);
        signer_free(&from);
        signer_free(&to);
    }
}

/* The halves are what a verifier of the halves alone would take: M' by hand. */
static void test_other_half_by_hand(void **state)
{
    const struct crypto *c = *state;
    const unsigned set = COMP_SIG_MLDSA65_ED25519_SHA512;
    static const char text[] =
        "CompositeAlgorithmSignatures2025COMPSIG-MLDSA65-Ed25519-SHA512\3ctx";
    const struct pkey_spec ed = {.kind = PKEY_ED25519};
    const struct pkey_params eddsa = {.scheme = SCHEME_EDDSA};
    struct signer s = signer_of(c, set);
    AUTO_KEY_PARTS struct key_parts pair = set_pair(c, set);
    AUTO_KEY_PARTS struct key_parts other = {0};
    AUTO_BUF struct buf m = BUF_INIT;
    const struct digest d = set_digest(c, set, BYTES_STR("text"));
    uint8_t sig[SIG_MAX];
    struct pkey *k = NULL;

    const size_t n = sign(&s, BYTES_STR("ctx"), d, sig);
    ASSERT_OK(buf_add(&m, text, sizeof(text) - 1));
    ASSERT_OK(buf_add(&m, d.p, d.n));
    ASSERT_OK(buf_add(&other.pub, pair.pub.p + 1952, 32));
    ASSERT_OK(pkey_for(c, &ed)->load(&ed, &other, false, &k));
    ASSERT_OK(pkey_for(c, &ed)->verify(k, &eddsa, buf_view(&m), BYTES(sig + 3309, n - 3309)));
    pkey_for(c, &ed)->free(k);
    signer_free(&s);
}

/* Deterministic: the ML-DSA half (and those others that are so anyway). */
static void test_deterministic(void **state)
{
    uint8_t a[SIG_MAX], b[SIG_MAX];

    EACH_SET(*state, set, PKEY_COMP_SIG)
    {
        struct signer s = signer_of(*state, set);
        const struct digest d = set_digest(*state, set, BYTES_STR("text"));
        struct pkey_params p = with_context(BYTES_NONE);
        size_t n = 0;

        p.deterministic = true;
        ASSERT_OK(s.ops->sign(s.priv, &p, BYTES(d.p, d.n), a, &n));
        expect(&s, BYTES_NONE, d, BYTES(a, n), RC_OK);
        ASSERT_OK(s.ops->sign(s.priv, &p, BYTES(d.p, d.n), b, &n));
        assert_memory_equal(a, b, s.pq_n);
        p.deterministic = false;
        ASSERT_OK(s.ops->sign(s.priv, &p, BYTES(d.p, d.n), b, &n));
        assert_memory_not_equal(a, b, s.pq_n);
        signer_free(&s);
    }
}

/* ---- what is refused --------------------------------------------------------------------------------- */

static void test_signature_lengths(void **state)
{
    static uint8_t sig[SIG_MAX + 200];

    EACH_SET(*state, set, PKEY_COMP_SIG)
    {
        struct signer s = signer_of(*state, set);
        const struct digest d = set_digest(*state, set, BYTES_STR("text"));
        const bool ecdsa = set_is_ec(set);
        const size_t most = s.ops->size(s.pub), n = sign(&s, BYTES_NONE, d, sig);

        memset(sig + n, 0, 200);
        assert_int_equal(most, comp_sizes(set, NULL).out);
        for (size_t at = 0; at < most + 100; at += at + 30 < s.pq_n ? 29 : 1) {
            const bool possible = ecdsa ? at >= s.pq_n + 8 && at <= most : at == most;

            expect(&s, BYTES_NONE, d, BYTES(sig, at),
                   at == n    ? RC_OK
                   : possible ? RC_SIGNATURE_INVALID
                              : RC_SIGNATURE_LEN_RANGE);
        }
        expect(&s, BYTES_NONE, d, BYTES_NONE, RC_SIGNATURE_LEN_RANGE);
        signer_free(&s);
    }
}

/* The same r and s in another encoding is another signature, and none. */
static void test_ecdsa_encodings(void **state)
{
    uint8_t sig[SIG_MAX];

    EACH_SET(*state, set, PKEY_COMP_SIG)
    {
        if (!set_is_ec(set) || set_other(set).curve == CURVE_P521) {
            continue; /* whose sequence has the long form already */
        }
        struct signer s = signer_of(*state, set);
        const struct digest d = set_digest(*state, set, BYTES_STR("text"));
        uint8_t *der = sig + s.pq_n;
        size_t n = 0;

        do { /* with room for a byte more */
            n = sign(&s, BYTES_NONE, d, sig);
        } while (n == s.ops->size(s.pub));
        memmove(der + 2, der + 1, n - s.pq_n - 1);
        der[1] = 0x81; /* a length of two bytes */
        expect(&s, BYTES_NONE, d, BYTES(sig, n + 1), RC_SIGNATURE_INVALID);
        memmove(der + 1, der + 2, n - s.pq_n - 1);
        expect(&s, BYTES_NONE, d, BYTES(sig, n), RC_OK);
        memmove(der + 5, der + 4, n - s.pq_n - 4);
        der[4] = 0; /* r with a zero in front */
        der[3]++;
        der[1]++;
        expect(&s, BYTES_NONE, d, BYTES(sig, n + 1), RC_SIGNATURE_INVALID);
        signer_free(&s);
    }
}

static void test_wrong_use(void **state)
{
    const struct crypto *c = *state;
    const unsigned set = COMP_SIG_MLDSA44_ECDSA_P256_SHA256;
    struct signer s = signer_of(c, set);
    const struct digest d = set_digest(c, set, BYTES_STR("text"));
    const struct pkey_params ours = with_context(BYTES_NONE);
    const struct pkey_params ecdsa = {.scheme = SCHEME_ECDSA};
    struct secret *none = NULL;
    uint8_t out[SIG_MAX];
    size_t n = 0;

    ASSERT_RC(s.ops->sign(s.pub, &ours, BYTES(d.p, d.n), out, &n), RC_KEY_TYPE_INCONSISTENT);
    ASSERT_RC(s.ops->verify(s.priv, &ours, BYTES(d.p, d.n), BYTES(out, 100)),
              RC_KEY_TYPE_INCONSISTENT);
    ASSERT_RC(s.ops->sign(s.priv, &ecdsa, BYTES(d.p, d.n), out, &n), RC_MECHANISM_INVALID);
    ASSERT_RC(s.ops->verify(s.pub, &ecdsa, BYTES(d.p, d.n), BYTES(out, 100)), RC_MECHANISM_INVALID);
    ASSERT_RC(s.ops->encapsulate(s.pub, c->rng, BYTES_NONE, out, &none), RC_KEY_TYPE_INCONSISTENT);
    ASSERT_RC(s.ops->decapsulate(s.priv, BYTES(out, 100), &none), RC_KEY_TYPE_INCONSISTENT);
    ASSERT_RC(s.ops->encrypt(s.pub, &ours, BYTES(d.p, d.n), out, &n), RC_KEY_TYPE_INCONSISTENT);
    ASSERT_RC(s.ops->decrypt(s.priv, &ours, BYTES(out, 100), &none), RC_KEY_TYPE_INCONSISTENT);
    ASSERT_RC(s.ops->agree(s.priv, BYTES(out, 65), &none), RC_KEY_TYPE_INCONSISTENT);
    assert_null(s.ops->tr(s.pub));
    assert_null(none);
    s.ops->free(NULL);
    signer_free(&s);
}

int run_sig_rules(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contexts),        cmocka_unit_test(test_digest_lengths),
        cmocka_unit_test(test_hashes),          cmocka_unit_test(test_halves_are_bound),
        cmocka_unit_test(test_rows_are_bound),  cmocka_unit_test(test_other_half_by_hand),
        cmocka_unit_test(test_deterministic),   cmocka_unit_test(test_signature_lengths),
        cmocka_unit_test(test_ecdsa_encodings), cmocka_unit_test(test_wrong_use),
    };

    return cmocka_run_group_tests_name("signatures", tests, suite_open, suite_close);
}
