/* SPDX-License-Identifier: Apache-2.0
 *
 * Family: key encapsulation (ML-KEM, composite KEMs): C_EncapsulateKey and C_DecapsulateKey, the vendor
 * form of C_DeriveKey (HKDF over the shared secret), and wrapping in two steps (kem_wrap.c).
 */
#include "kem.h"

enum { DERIVED_SIZE = 32, MIXED_SIZE = 32 };

static bool offered(const struct mech_env *env, const struct mech_row *row)
{
    const CK_KEY_TYPE type = row->keys == KEYS_ML_KEM ? CKK_ML_KEM : CKK_COMP_KEM;
    return set_offered(env, type, row->kind);
}

/* The library's key, of the set that ROW is of. */
static enum rc kem_key(const struct mech_env *env, const struct mech_row *row,
                       const struct object *key, const struct pkey_ops **ret_ops,
                       const struct pkey **ret)
{
    TRY(set_of_row(row, key));
    return key_pkey(env, key, ret_ops, ret);
}

static enum rc kem_size(const struct mech_env *env, const struct mech_row *row,
                        const struct object *key, size_t *ret)
{
    const struct pkey_ops *ops = NULL;
    const struct pkey *pkey = NULL;
    TRY(kem_key(env, row, key, &ops, &pkey));
    *ret = ops->size(pkey);
    return RC_OK;
}

static enum rc shared_out(const struct mech_env *env, const struct mech_row *row,
                          const struct object *key, uint8_t *ct, struct secret **ret)
{
    const struct pkey_ops *ops = NULL;
    const struct pkey *pkey = NULL;
    TRY(kem_key(env, row, key, &ops, &pkey));
    return ops->encapsulate(pkey, env->crypto->rng, BYTES_NONE, ct, ret);
}

static enum rc shared_in(const struct mech_env *env, const struct mech_row *row,
                         const struct object *key, struct bytes ct, struct secret **ret)
{
    const struct pkey_ops *ops = NULL;
    const struct pkey *pkey = NULL;
    TRY(kem_key(env, row, key, &ops, &pkey));
    return ops->decapsulate(pkey, ct, ret);
}

/* Takes GIVEN. Its first bytes become the key's value: as many as CKA_VALUE_LEN says. A secret longer
 * than MIXED_SIZE is two secrets one behind the other (the hybrids of TLS): it is taken whole, since
 * a part of it would depend on one half alone. */
static enum rc set_shared(const struct mech_env *env, struct draft *d, struct secret *given)
{
    AUTO_SECRET struct secret *shared = given;
    size_t n = 0;
    TRY(draft_value_size(d, shared->n, &n));
    REQUIRE(n <= shared->n && (n == shared->n || shared->n <= MIXED_SIZE),
            RC_ATTRIBUTE_VALUE_INVALID);
    return draft_set_value(env, d, n == shared->n ? TAKE(shared) : secret_head(shared, n));
}

static enum rc encapsulate(const struct mech_env *env, const struct mech_row *row,
                           const struct object *key, struct draft *d, uint8_t *ct)
{
    struct secret *shared = NULL;
    TRY(shared_out(env, row, key, ct, &shared));
    return set_shared(env, d, shared);
}

static enum rc decapsulate(const struct mech_env *env, const struct mech_row *row,
                           const struct object *key, struct bytes ct, struct draft *d)
{
    struct secret *shared = NULL;
    TRY(shared_in(env, row, key, ct, &shared));
    return set_shared(env, d, shared);
}

/* ---- deriving ----------------------------------------------------------------------------------------- */

/* The caller's number, of any alignment. */
static size_t length_in(const CK_ULONG *p)
{
    CK_ULONG n = 0;
    mem_copy(&n, p, sizeof(n));
    return n;
}

static void length_out(CK_ULONG *p, CK_ULONG n)
{
    mem_copy(p, &n, sizeof(n));
}

/* *RET_N: bytes of the ciphertext, which is in the caller's place now. */
static enum rc derive_out(const struct mech_env *env, const struct mech_row *row,
                          const struct param *p, const struct object *base, struct secret **ret,
                          size_t *ret_n)
{
    size_t need = 0;
    REQUIRE(p->out_n != NULL, RC_MECHANISM_PARAM_INVALID);
    TRY(kem_size(env, row, base, &need));
    const bool fits = p->out != NULL && length_in(p->out_n) >= need;
    length_out(p->out_n, need);
    REQUIRE(fits, RC_BUFFER_TOO_SMALL);
    TRY(shared_out(env, row, base, p->out, ret));
    *ret_n = need;
    return RC_OK;
}

static enum rc derive_in(const struct mech_env *env, const struct mech_row *row,
                         const struct param *p, const struct object *base, struct secret **ret)
{
    struct bytes ct = p->peer;
    if (p->out_n != NULL) {
        ct = BYTES(p->out, length_in(p->out_n));
        REQUIRE(ct.p != NULL && ct.n > 0, RC_MECHANISM_PARAM_INVALID);
    }
    REQUIRE(ct.n > 0, RC_MECHANISM_PARAM_INVALID);
    const enum rc rc = shared_in(env, row, base, ct, ret);
    const bool bad = rc == RC_ENCRYPTED_DATA_LEN_RANGE || rc == RC_ENCRYPTED_DATA_INVALID;
    return bad ? RC_MECHANISM_PARAM_INVALID : rc;
}

static enum rc set_derived(const struct mech_env *env, const struct param *p,
                           const struct secret *shared, size_t n, struct draft *d)
{
    AUTO_SECRET struct secret *value = NULL;
    TRY(crypto_hkdf(env->crypto, p->hash, true, true, shared, p->iv, p->aad, n, &value));
    return draft_set_value(env, d, TAKE(value));
}

static enum rc derive(const struct mech_env *env, const struct mech_row *row, const struct param *p,
                      const struct object *base, const struct object *const *more, size_t more_n,
                      struct draft *d)
{
    (void)more;
    (void)more_n;
    AUTO_SECRET struct secret *shared = NULL;
    size_t made = 0;
    size_t n = 0;
    REQUIRE(env->crypto->hmac[p->hash] != NULL, RC_MECHANISM_PARAM_INVALID);
    TRY(draft_value_size(d, DERIVED_SIZE, &n));
    REQUIRE(n <= 255 * hash_size(p->hash), RC_KEY_SIZE_RANGE);
    if (object_class(base) == CKO_PUBLIC_KEY) {
        TRY(derive_out(env, row, p, base, &shared, &made));
    } else {
        TRY(derive_in(env, row, p, base, &shared));
    }
    const enum rc rc = set_derived(env, p, shared, n, d);
    if (rc != RC_OK && made > 0) {
        mem_wipe(p->out, made); /* no ciphertext without its key */
    }
    return rc;
}

const struct family family_kem = {.offered = offered,
                                  .begin = kem_wrap_begin,
                                  .generate_pair = pq_generate_pair,
                                  .derive = derive,
                                  .kem_size = kem_size,
                                  .encapsulate = encapsulate,
                                  .decapsulate = decapsulate};

/* ---- the door ----------------------------------------------------------------------------------------- */

enum rc mech_kem_size(const struct mech_env *env, const struct mech_row *row,
                      const CK_MECHANISM *mechanism, const struct object *key, size_t *ret)
{
    REQUIRE(row->family->kem_size != NULL, RC_MECHANISM_INVALID);
    REQUIRE(mechanism->ulParameterLen == 0, RC_MECHANISM_PARAM_INVALID);
    return row->family->kem_size(env, row, key, ret);
}

enum rc mech_encapsulate(const struct mech_env *env, const struct mech_row *row,
                         const struct object *key, struct draft *d, uint8_t *ct)
{
    REQUIRE(mech_offers(row, VERB_ENCAPSULATE), RC_MECHANISM_INVALID);
    TRY(draft_imply_secret(d));
    return row->family->encapsulate(env, row, key, d, ct);
}

enum rc mech_decapsulate(const struct mech_env *env, const struct mech_row *row,
                         const struct object *key, struct bytes ct, struct draft *d)
{
    REQUIRE(mech_offers(row, VERB_DECAPSULATE), RC_MECHANISM_INVALID);
    TRY(draft_imply_secret(d));
    return row->family->decapsulate(env, row, key, ct, d);
}
