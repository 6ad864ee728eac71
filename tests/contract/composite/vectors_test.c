/* SPDX-License-Identifier: Apache-2.0
 *
 * The published vectors of the three drafts (tests/vectors/README.md).
 */
#include <string.h>

#include "suite.h"

/* How many of the sets the subject has: AWS-LC lacks the Brainpool curves, Ed448 and X448. */
#define SIG_SETS 18
#define KEM_SETS 17
#define AWSLC_SIG_SETS 15
#define AWSLC_KEM_SETS 14

static void test_every_set_is_there(void **state)
{
    const bool awslc = strcmp(SUBJECT, "awslc") == 0;
    int sigs = 0, kems = 0;

    for (unsigned set = COMP_NONE + 1; set < COMP_SET_COUNT; set++) {
        if (set_ops(*state, set) != NULL) {
            sigs += comp_kind(set) == PKEY_COMP_SIG;
            kems += comp_kind(set) == PKEY_COMP_KEM;
        }
    }
    assert_int_equal(sigs, awslc ? AWSLC_SIG_SETS : SIG_SETS);
    assert_int_equal(kems, awslc ? AWSLC_KEM_SETS : KEM_SETS);
}

/* ---- keys ----------------------------------------------------------------------------------------- */

static void check_key(const struct crypto *c, const struct vector *v)
{
    const struct pkey_spec spec = set_spec(v->set);
    const struct pkey_ops *ops = set_ops(c, v->set);
    AUTO_KEY_PARTS struct key_parts parts = {0};
    struct pkey *k = NULL;

    parts.priv = secret_from(v->priv.p, v->priv.n);
    ASSERT_OK(ops->complete(&spec, &parts));
    assert_int_equal(parts.pub.n, v->pub.n);
    assert_memory_equal(parts.pub.p, v->pub.p, v->pub.n);
    ASSERT_OK(ops->load(&spec, &parts, true, &k)); /* both, which belong together */
    ops->free(k);
}

static void test_public_key_from_private(void **state)
{
    for (size_t i = 0; i < vectors_count(); i++) {
        if (set_ops(*state, vector_at(i)->set) != NULL) {
            check_key(*state, vector_at(i));
        }
    }
}

/* ---- signatures --------------------------------------------------------------------------------------- */

static enum rc verify(const struct crypto *c, const struct vector *v, const struct pkey *k,
                      struct bytes msg, struct bytes ctx, struct bytes sig)
{
    const struct pkey_params p = {.scheme = SCHEME_COMP_SIG, .context = ctx};
    const struct digest d = set_digest(c, v->set, msg);

    return set_ops(c, v->set)->verify(k, &p, BYTES(d.p, d.n), sig);
}

/* One bit of each of some bytes, over both halves. */
static void check_altered(const struct crypto *c, const struct vector *v, const struct pkey *k)
{
    AUTO_BUF struct buf sig = BUF_INIT;

    ASSERT_OK(buf_set(&sig, buf_view(&v->sig)));
    for (size_t at = 0; at < sig.n; at += at + 90 < sig.n ? 67 : 1) {
        sig.p[at] ^= (uint8_t)(1U << (at % 8));
        ASSERT_RC(verify(c, v, k, buf_view(&v->msg), BYTES_NONE, buf_view(&sig)),
                  RC_SIGNATURE_INVALID);
        sig.p[at] ^= (uint8_t)(1U << (at % 8));
    }
    ASSERT_OK(verify(c, v, k, buf_view(&v->msg), BYTES_NONE, buf_view(&sig)));
}

static void check_sig(const struct crypto *c, const struct vector *v)
{
    const struct pkey_ops *ops = set_ops(c, v->set);
    const struct bytes msg = buf_view(&v->msg), ctx = buf_view(&v->ctx);
    struct pkey *pub = NULL, *priv = NULL;
    uint8_t sig[SIG_MAX];
    size_t n = 0;

    ASSERT_OK(set_load_value(c, v->set, buf_view(&v->pub), false, &pub));
    ASSERT_OK(set_load_value(c, v->set, buf_view(&v->priv), true, &priv));
    ASSERT_OK(verify(c, v, pub, msg, BYTES_NONE, buf_view(&v->sig)));
    ASSERT_OK(verify(c, v, pub, msg, ctx, buf_view(&v->ctx_sig)));
    ASSERT_RC(verify(c, v, pub, msg, ctx, buf_view(&v->sig)), RC_SIGNATURE_INVALID);
    ASSERT_RC(verify(c, v, pub, msg, BYTES_NONE, buf_view(&v->ctx_sig)), RC_SIGNATURE_INVALID);
    ASSERT_RC(verify(c, v, pub, msg, BYTES(ctx.p, ctx.n - 1), buf_view(&v->ctx_sig)),
              RC_SIGNATURE_INVALID);
    ASSERT_RC(verify(c, v, pub, BYTES(msg.p, msg.n - 1), BYTES_NONE, buf_view(&v->sig)),
              RC_SIGNATURE_INVALID);
    check_altered(c, v, pub);

    const struct pkey_params p = {.scheme = SCHEME_COMP_SIG, .context = ctx};
    const struct digest d = set_digest(c, v->set, msg);
    ASSERT_OK(ops->sign(priv, &p, BYTES(d.p, d.n), sig, &n));
    assert_true(n <= ops->size(priv));
    ASSERT_OK(verify(c, v, pub, msg, ctx, BYTES(sig, n)));
    ops->free(pub);
    ops->free(priv);
}

static void test_signatures(void **state)
{
    int checked = 0;

    for (size_t i = 0; i < vectors_count(); i++) {
        const struct vector *v = vector_at(i);

        if (comp_kind(v->set) == PKEY_COMP_SIG && set_ops(*state, v->set) != NULL) {
            check_sig(*state, v);
            checked++;
        }
    }
    assert_true(checked >= AWSLC_SIG_SETS);
}

/* ---- secrets ------------------------------------------------------------------------------------------ */

static void check_fixed(const struct pkey_ops *ops, const struct pkey *pub, const struct vector *v)
{
    AUTO_SECRET struct secret *ss = NULL;
    uint8_t ct[CT_MAX];

    ASSERT_OK(ops->encapsulate(pub, NULL, buf_view(&v->fixed), ct, &ss));
    assert_int_equal(ops->size(pub), v->ct.n);
    assert_memory_equal(ct, v->ct.p, v->ct.n);
    assert_true(bytes_equal(secret_view(ss), buf_view(&v->ss)));
}

static void check_kem(const struct crypto *c, const struct vector *v)
{
    const struct pkey_ops *ops = set_ops(c, v->set);
    struct pkey *pub = NULL, *priv = NULL;
    AUTO_SECRET struct secret *ss = NULL;
    AUTO_SECRET struct secret *sent = NULL;
    AUTO_SECRET struct secret *got = NULL;
    uint8_t ct[CT_MAX];

    ASSERT_OK(set_load_value(c, v->set, buf_view(&v->pub), false, &pub));
    ASSERT_OK(set_load_value(c, v->set, buf_view(&v->priv), true, &priv));
    ASSERT_OK(ops->decapsulate(priv, buf_view(&v->ct), &ss));
    assert_true(bytes_equal(secret_view(ss), buf_view(&v->ss)));
    if (v->fixed.n > 0) {
        check_fixed(ops, pub, v);
    }
    ASSERT_OK(ops->encapsulate(pub, c->rng, BYTES_NONE, ct, &sent));
    ASSERT_OK(ops->decapsulate(priv, BYTES(ct, ops->size(priv)), &got));
    assert_true(secret_equal(sent, got));
    assert_false(secret_equal(sent, ss));
    ops->free(pub);
    ops->free(priv);
}

static void test_secrets(void **state)
{
    int checked = 0, fixed = 0;

    for (size_t i = 0; i < vectors_count(); i++) {
        const struct vector *v = vector_at(i);

        if (comp_kind(v->set) == PKEY_COMP_KEM && set_ops(*state, v->set) != NULL) {
            check_kem(*state, v);
            checked++;
            fixed += v->fixed.n > 0;
        }
    }
    assert_true(checked >= 9 + 3);
    assert_int_equal(fixed, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_set_is_there),
        cmocka_unit_test(test_public_key_from_private),
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_secrets),
    };

    return cmocka_run_group_tests(tests, suite_open, suite_close);
}
