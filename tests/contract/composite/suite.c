/* SPDX-License-Identifier: Apache-2.0
 *
 * The crypto under test, and keys of every set.
 */
#include "suite.h"

#include <string.h>

static const char *const names[COMP_SET_COUNT] = {
    [COMP_NONE] = "",
#define SIG(name, label, ml_dsa, kind, curve, bits, padding, hash, prehash)                        \
    [COMP_SIG_##name] = #name,
#define KEM(name, label, ml_kem, kind, curve, bits, combiner) [COMP_KEM_##name] = #name,
#include "crypto/composite.def"
};

int suite_open(void **state)
{
    *state = strcmp(SUBJECT, "auto") == 0 ? subject_open_all() : subject_open();
    vectors_read();
    return 0;
}

int suite_close(void **state)
{
    vectors_free();
    crypto_close(*state);
    return 0;
}

const char *set_name(unsigned set)
{
    return names[set];
}

unsigned set_named(const char *name)
{
    for (unsigned set = COMP_NONE + 1; set < COMP_SET_COUNT; set++) {
        if (strcmp(names[set], name) == 0) {
            return set;
        }
    }
    return COMP_NONE;
}

struct pkey_spec set_spec(unsigned set)
{
    return (struct pkey_spec){.kind = comp_kind(set), .set = set};
}

const struct pkey_ops *set_ops(const struct crypto *c, unsigned set)
{
    const struct pkey_spec spec = set_spec(set);
    const struct pkey_ops *ops = c->pkey[spec.kind][CURVE_NONE];

    return ops != NULL && ops->supports(&spec) ? ops : NULL;
}

/* The names say what the halves are. */
static bool named(unsigned set, const char *part)
{
    return strstr(names[set], part) != NULL;
}

struct pkey_spec set_pq(unsigned set)
{
    const enum pkey_kind kind = named(set, "MLDSA44")     ? PKEY_ML_DSA_44
                                : named(set, "MLDSA65")   ? PKEY_ML_DSA_65
                                : named(set, "MLDSA87")   ? PKEY_ML_DSA_87
                                : named(set, "MLKEM1024") ? PKEY_ML_KEM_1024
                                                          : PKEY_ML_KEM_768;

    return (struct pkey_spec){.kind = kind};
}

struct pkey_spec set_other(unsigned set)
{
    static const struct {
        const char *part;
        struct pkey_spec spec;
    } others[] = {
        {"RSA2048", {.kind = PKEY_RSA, .bits = 2048}},
        {"RSA3072", {.kind = PKEY_RSA, .bits = 3072}},
        {"RSA4096", {.kind = PKEY_RSA, .bits = 4096}},
        {"BRAINPOOLP256R1", {.kind = PKEY_EC, .curve = CURVE_BP256R1}},
        {"BRAINPOOLP384R1", {.kind = PKEY_EC, .curve = CURVE_BP384R1}},
        {"P256", {.kind = PKEY_EC, .curve = CURVE_P256}},
        {"P384", {.kind = PKEY_EC, .curve = CURVE_P384}},
        {"P521", {.kind = PKEY_EC, .curve = CURVE_P521}},
        {"X25519", {.kind = PKEY_X25519}},
        {"XWING", {.kind = PKEY_X25519}},
        {"X448", {.kind = PKEY_X448}},
        {"ED25519", {.kind = PKEY_ED25519}},
        {"ED448", {.kind = PKEY_ED448}},
    };

    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (named(set, others[i].part)) {
            return others[i].spec;
        }
    }
    fail_msg("%s: what is its other half?", names[set]);
    return (struct pkey_spec){0};
}

bool set_is_rsa(unsigned set)
{
    return set_other(set).kind == PKEY_RSA;
}

bool set_is_ec(unsigned set)
{
    return set_other(set).kind == PKEY_EC;
}

bool set_pq_first(unsigned set)
{
    return set != COMP_KEM_P256_MLKEM768 && set != COMP_KEM_P384_MLKEM1024;
}

/* ---- keys ----------------------------------------------------------------------------------------- */

struct key_parts set_pair(const struct crypto *c, unsigned set)
{
    const struct pkey_spec spec = set_spec(set);
    const struct vector *v = vector_of(set);
    struct key_parts parts = {0};

    if (v == NULL) {
        return new_pair(c, &spec);
    }
    parts.priv = secret_from(v->priv.p, v->priv.n);
    assert_non_null(parts.priv);
    ASSERT_OK(buf_set(&parts.pub, buf_view(&v->pub)));
    return parts;
}

struct pkey *set_load(const struct crypto *c, unsigned set, const struct key_parts *parts,
                      bool priv)
{
    const struct pkey_spec spec = set_spec(set);
    struct pkey *k = NULL;

    ASSERT_OK(set_ops(c, set)->load(&spec, parts, priv, &k));
    assert_non_null(k);
    return k;
}

enum rc set_load_value(const struct crypto *c, unsigned set, struct bytes value, bool priv,
                       struct pkey **ret)
{
    const struct pkey_spec spec = set_spec(set);
    AUTO_KEY_PARTS struct key_parts parts = {0};

    if (priv) {
        parts.priv = secret_from(value.p, value.n);
        assert_non_null(parts.priv);
    } else {
        ASSERT_OK(buf_set(&parts.pub, value));
    }
    return set_ops(c, set)->load(&spec, &parts, priv, ret);
}

struct digest set_digest(const struct crypto *c, unsigned set, struct bytes msg)
{
    struct digest d = {.n = hash_size(comp_hash(set))};

    ASSERT_OK(crypto_hash(c, comp_hash(set), msg, d.p));
    return d;
}
