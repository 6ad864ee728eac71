/* SPDX-License-Identifier: Apache-2.0
 *
 * craton-vectors: ML-KEM and ML-DSA as Wycheproof writes them.
 */
#include <string.h>

#include "craton/vendor.h"
#include "pq.h"

/* ---- ML-KEM --------------------------------------------------------------------------------------- */

static const struct pq_set *kem_set(json_t *group)
{
    return pq_set_named(text_of(group, "parameterSet"));
}

enum outcome run_kem_keygen(const char *file, json_t *group, json_t *test)
{
    (void)file;
    return pq_seed_expands(kem_set(group), hex_of(test, "seed"), hex_of(test, "dk"),
                           hex_of(test, "ek"));
}

enum outcome run_kem_encaps(const char *file, json_t *group, json_t *test)
{
    (void)file;
    const enum outcome o = pq_encapsulates(kem_set(group), hex_of(test, "ek"), hex_of(test, "c").n,
                                           hex_of(test, "K").n);
    if (o == ACCEPTED) {
        partly("without the secret, since nobody can choose the randomness");
    }
    return o;
}

/* From the seed, and from the value that it expands to. */
enum outcome run_kem_decaps(const char *file, json_t *group, json_t *test)
{
    (void)file;
    const struct pq_set *set = kem_set(group);
    const struct data ct = hex_of(test, "c");
    const struct data secret = hex_of(test, "K");
    struct data value = hex_of(test, "dk");
    CK_OBJECT_HANDLE key = 0;
    CK_RV rv = pq_private(set, value, hex_of(test, "seed"), &key);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    struct data bits = data_new(0);
    const struct data ek = hex_of(test, "ek");
    if (pq_public_bits(key, &bits) != CKR_OK || (ek.n > 0 && !data_same(bits, ek))) {
        return WRONG;
    }
    const enum outcome first = pq_decapsulates(set, key, ct, secret);
    if (value.n > 0) {
        return first;
    }
    rv = key_value(key, &value);
    rv = rv == CKR_OK ? pq_private(set, value, data_new(0), &key) : rv;
    return rv == CKR_OK && pq_decapsulates(set, key, ct, secret) == first ? first : WRONG;
}

/* ---- ML-DSA --------------------------------------------------------------------------------------- */

static struct pq_way mu_way(void)
{
    return (struct pq_way){.type = CKM_ML_DSA_EXTERNAL_MU, .context = data_new(0)};
}

/* Its PKCS#8 form, wrapped, becomes the same key. */
static bool unwraps(const struct pq_set *set, struct data pkcs8, CK_OBJECT_HANDLE key)
{
    CK_OBJECT_CLASS cls = CKO_PRIVATE_KEY;
    CK_KEY_TYPE type = set->type;
    CK_BBOOL no = CK_FALSE;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE t[] = {{CKA_CLASS, &cls, sizeof cls},
                        {CKA_KEY_TYPE, &type, sizeof type},
                        {CKA_SENSITIVE, &no, 1},
                        {CKA_EXTRACTABLE, &yes, 1}};
    CK_MECHANISM m = mechanism(CKM_AES_KEY_WRAP_KWP, NULL, 0);
    CK_OBJECT_HANDLE kek = 0;
    CK_OBJECT_HANDLE back = 0;
    struct data blob = data_new(0);
    struct data value = data_new(0);
    CK_RV rv = key_secret(CKK_AES, data_new(32), &kek);
    if (rv != CKR_OK) {
        return false;
    }
    key_pass(kek);
    rv = do_encrypt(&m, kek, pkcs8, 0, &blob);
    rv = rv == CKR_OK ? p11->C_UnwrapKey(session, &m, kek, blob.p, blob.n, t, 4, &back) : rv;
    if (rv != CKR_OK) {
        return false;
    }
    key_pass(back);
    return key_value(key, &value) == CKR_OK && pq_attribute_is(back, CKA_VALUE, value);
}

/* What a group says of its key. */
static enum outcome private_of(json_t *group, const struct pq_set *set, CK_OBJECT_HANDLE *key,
                               CK_OBJECT_HANDLE *pub)
{
    CK_RV rv = pq_private(set, hex_of(group, "privateKey"), hex_of(group, "privateSeed"), key);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    rv = pq_public_of(set, *key, pub);
    const struct data pkcs8 = hex_of(group, "privateKeyPkcs8");
    if (rv != CKR_OK || !pq_attribute_is(*pub, CKA_VALUE, hex_of(group, "publicKey")) ||
        (pkcs8.n > 0 && !unwraps(set, pkcs8, *key))) {
        return WRONG;
    }
    return ACCEPTED;
}

/* A signature made with randomness of its authors' cannot be made again, only verified. */
static enum outcome signs(const struct pq_way *way, CK_OBJECT_HANDLE key, CK_OBJECT_HANDLE pub,
                          struct data in, json_t *test)
{
    const struct data sig = hex_of(test, "sig");
    if (json_object_get(test, "rnd") == NULL) {
        const enum outcome o = pq_signs(way, key, in, sig);
        if (o != ACCEPTED) {
            return o;
        }
    }
    return pq_verifies(way, pub, in, sig);
}

static bool mu_agrees(CK_OBJECT_HANDLE key, CK_OBJECT_HANDLE pub, json_t *test)
{
    struct data a = data_new(0);
    struct data b = data_new(0);
    const struct data context = hex_of(test, "ctx");
    const struct data msg = hex_of(test, "msg");
    return pq_mu(key, context, msg, &a) == CKR_OK && pq_mu(pub, context, msg, &b) == CKR_OK &&
           data_same(a, b) && data_same(a, hex_of(test, "mu"));
}

enum outcome run_ml_dsa_sign(const char *file, json_t *group, json_t *test)
{
    (void)file;
    const struct pq_set *set = pq_set_named(text_of(group, "algorithm"));
    CK_OBJECT_HANDLE key = 0;
    CK_OBJECT_HANDLE pub = 0;
    const bool has_msg = json_object_get(test, "msg") != NULL;
    const bool has_mu = json_object_get(test, "mu") != NULL;
    enum outcome o = private_of(group, set, &key, &pub);
    if (o == ACCEPTED && has_msg) {
        const struct pq_way way = pq_message_way(set, hex_of(test, "ctx"));
        o = signs(&way, key, pub, hex_of(test, "msg"), test);
    }
    if (o == ACCEPTED && has_mu) {
        const struct pq_way way = mu_way();
        o = signs(&way, key, pub, hex_of(test, "mu"), test);
    }
    if (o == ACCEPTED && has_msg && has_mu && !mu_agrees(key, pub, test)) {
        return WRONG;
    }
    if (json_object_get(test, "rnd") != NULL && o == ACCEPTED) {
        partly("verified, not signed, since nobody can choose the randomness");
    }
    return has_msg || has_mu ? o : skip("with neither a message nor mu");
}

/* As a message, in parts, and by its mu. */
enum outcome run_ml_dsa_verify(const char *file, json_t *group, json_t *test)
{
    (void)file;
    const struct pq_set *set = pq_set_named(text_of(group, "algorithm"));
    const struct data msg = hex_of(test, "msg");
    const struct data sig = hex_of(test, "sig");
    const struct data der = hex_of(group, "publicKeyDer");
    CK_OBJECT_HANDLE key = 0;
    struct data mu = data_new(0);
    const CK_RV rv = pq_public(set, hex_of(group, "publicKey"), &key);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    if (der.n > 0 && !pq_attribute_is(key, CKA_PUBLIC_KEY_INFO, der)) {
        return WRONG;
    }
    const struct pq_way way = pq_message_way(set, hex_of(test, "ctx"));
    const struct pq_way by_mu = mu_way();
    const enum outcome o = pq_verifies(&way, key, msg, sig);
    const bool have_mu = pq_mu(key, way.context, msg, &mu) == CKR_OK;
    if (have_mu ? pq_verifies(&by_mu, key, mu, sig) != o : o != REJECTED) {
        return WRONG;
    }
    return o;
}
