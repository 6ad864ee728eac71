/* SPDX-License-Identifier: Apache-2.0
 *
 * Provider keys, made once per object and kept in its places for such things: one place for each
 * cipher mode of an AES key, one for the key of a public-key algorithm, one for a MAC key (the first
 * MAC that the key is used with; another one is made for the operation that wants it).
 */
#include "family.h"

enum { SLOT_CIPHER = 0, SLOT_PKEY = 0, SLOT_MAC = CIPHER_MODE_COUNT };
_Static_assert((int)SLOT_MAC < (int)OBJECT_AUX_SLOTS, "a place for each cipher mode and a MAC");

struct kept_cipher {
    const struct cipher_ops *ops;
    struct cipher_key *key;
};
struct kept_mac {
    const struct mac_ops *ops;
    struct mac_key *key;
    enum mac_kind kind;
    enum hash_alg hash;
};
struct kept_pkey {
    const struct pkey_ops *ops;
    struct pkey *key;
};

static void release_cipher(void *p)
{
    struct kept_cipher *k = p;
    k->ops->key_free(k->key);
    mem_free(k);
}

static void release_mac(void *p)
{
    struct kept_mac *k = p;
    k->ops->key_free(k->key);
    mem_free(k);
}

static void release_pkey(void *p)
{
    struct kept_pkey *k = p;
    k->ops->free(k->key);
    mem_free(k);
}

static enum rc make_cipher(const struct cipher_ops *ops, enum cipher_mode mode,
                           const struct object *o, struct kept_cipher **ret)
{
    const struct secret *value = object_secret(o, CKA_VALUE);
    REQUIRE(value != NULL, RC_KEY_TYPE_INCONSISTENT);
    AUTO_FREE struct kept_cipher *k = mem_alloc(sizeof(*k));
    REQUIRE(k != NULL, RC_HOST_MEMORY);
    k->ops = ops;
    TRY(ops->key_new(mode, value, &k->key));
    *ret = TAKE(k);
    return RC_OK;
}

enum rc op_cipher_key(struct mech_op *op, enum cipher_mode mode)
{
    const unsigned slot = SLOT_CIPHER + (unsigned)mode;
    struct kept_cipher *k = object_aux(op->key, slot);
    if (k == NULL) {
        TRY(make_cipher(op->env->crypto->cipher[mode], mode, op->key, &k));
        k = object_aux_put(op->key, slot, k, release_cipher);
    }
    op->cipher_ops = k->ops;
    op->cipher_key = k->key;
    return RC_OK;
}

static enum rc make_mac(struct mech_op *op, enum mac_kind kind, enum hash_alg hash,
                        struct mac_key **ret)
{
    const struct secret *value = object_secret(op->key, CKA_VALUE);
    REQUIRE(value != NULL, RC_KEY_TYPE_INCONSISTENT);
    return op->mac_ops->key_new(kind, hash, value, ret);
}

static enum rc keep_mac(struct mech_op *op, enum mac_kind kind, enum hash_alg hash,
                        struct kept_mac **ret)
{
    AUTO_FREE struct kept_mac *k = mem_alloc(sizeof(*k));
    REQUIRE(k != NULL, RC_HOST_MEMORY);
    TRY(make_mac(op, kind, hash, &k->key));
    k->ops = op->mac_ops;
    k->kind = kind;
    k->hash = hash;
    *ret = object_aux_put(op->key, SLOT_MAC, TAKE(k), release_mac);
    return RC_OK;
}

enum rc op_mac_key(struct mech_op *op, enum mac_kind kind, enum hash_alg hash)
{
    struct kept_mac *k = object_aux(op->key, SLOT_MAC);
    if (k == NULL) {
        TRY(keep_mac(op, kind, hash, &k));
    }
    if (k->kind == kind && k->hash == hash) {
        op->mac_key = k->key;
        return RC_OK;
    }
    TRY(make_mac(op, kind, hash, &op->own_mac_key));
    op->mac_key = op->own_mac_key;
    return RC_OK;
}

void op_drop_mac_key(struct mech_op *op)
{
    if (op->own_mac_key != NULL) {
        op->mac_ops->key_free(TAKE(op->own_mac_key));
    }
}

static enum rc make_pkey(const struct mech_env *env, const struct object *o, struct kept_pkey **ret)
{
    const struct source s = {.o = o};
    struct pkey_spec spec;
    AUTO_KEY_PARTS struct key_parts parts = {0};
    const bool priv = object_class(o) == CKO_PRIVATE_KEY;
    TRY(source_spec(&s, object_key_type(o), &spec));
    TRY(source_parts(&s, &spec, priv, &parts));
    AUTO_FREE struct kept_pkey *k = mem_alloc(sizeof(*k));
    REQUIRE(k != NULL, RC_HOST_MEMORY);
    k->ops = spec_ops(env, &spec);
    REQUIRE(k->ops != NULL, spec_missing(&spec));
    TRY(k->ops->load(&spec, &parts, priv, &k->key));
    *ret = TAKE(k);
    return RC_OK;
}

enum rc key_pkey(const struct mech_env *env, const struct object *o,
                 const struct pkey_ops **ret_ops, const struct pkey **ret)
{
    struct kept_pkey *k = object_aux(o, SLOT_PKEY);
    if (k == NULL) {
        TRY(make_pkey(env, o, &k));
        k = object_aux_put(o, SLOT_PKEY, k, release_pkey);
    }
    *ret_ops = k->ops;
    *ret = k->key;
    return RC_OK;
}
