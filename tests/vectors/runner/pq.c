/* SPDX-License-Identifier: Apache-2.0
 *
 * craton-vectors: post-quantum keys as session objects, and what is tried with them.
 */
#include <stdlib.h>
#include <string.h>

#include "craton/vendor.h"
#include "pq.h"

static CK_OBJECT_CLASS public_class = CKO_PUBLIC_KEY;
static CK_OBJECT_CLASS private_class = CKO_PRIVATE_KEY;
static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;

const struct pq_set *pq_set_named(const char *name)
{
    static const struct pq_set sets[] = {
        {"ML-KEM-512", CKK_ML_KEM, CKP_ML_KEM_512, CKM_CRATON_ML_KEM_512},
        {"ML-KEM-768", CKK_ML_KEM, CKP_ML_KEM_768, CKM_CRATON_ML_KEM_768},
        {"ML-KEM-1024", CKK_ML_KEM, CKP_ML_KEM_1024, CKM_CRATON_ML_KEM_1024},
        {"ML-DSA-44", CKK_ML_DSA, CKP_ML_DSA_44, CKM_CRATON_ML_DSA_44},
        {"ML-DSA-65", CKK_ML_DSA, CKP_ML_DSA_65, CKM_CRATON_ML_DSA_65},
        {"ML-DSA-87", CKK_ML_DSA, CKP_ML_DSA_87, CKM_CRATON_ML_DSA_87},
        {"SLH-DSA-SHA2-128s", CKK_SLH_DSA, CKP_SLH_DSA_SHA2_128S, CKM_CRATON_SLH_DSA_SHA2_128S},
        {"SLH-DSA-SHAKE-128s", CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_128S, 0},
        {"SLH-DSA-SHA2-128f", CKK_SLH_DSA, CKP_SLH_DSA_SHA2_128F, 0},
        {"SLH-DSA-SHAKE-128f", CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_128F, 0},
        {"SLH-DSA-SHA2-192s", CKK_SLH_DSA, CKP_SLH_DSA_SHA2_192S, 0},
        {"SLH-DSA-SHAKE-192s", CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_192S, 0},
        {"SLH-DSA-SHA2-192f", CKK_SLH_DSA, CKP_SLH_DSA_SHA2_192F, 0},
        {"SLH-DSA-SHAKE-192f", CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_192F, 0},
        {"SLH-DSA-SHA2-256s", CKK_SLH_DSA, CKP_SLH_DSA_SHA2_256S, CKM_CRATON_SLH_DSA_SHA2_256S},
        {"SLH-DSA-SHAKE-256s", CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_256S, 0},
        {"SLH-DSA-SHA2-256f", CKK_SLH_DSA, CKP_SLH_DSA_SHA2_256F, 0},
        {"SLH-DSA-SHAKE-256f", CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_256F, 0},
    };
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        if (strcmp(sets[i].name, name) == 0) {
            return &sets[i];
        }
    }
    return NULL;
}

enum outcome pq_rejected(const struct pq_set *set, CK_RV rv)
{
    const char *pinned = getenv("CRATON_BACKEND");
    if (rv == CKR_PARAMETER_SET_NOT_SUPPORTED && set->type == CKK_SLH_DSA && pinned != NULL &&
        strcmp(pinned, "awslc") == 0) {
        return skip("of an algorithm that this library does not have");
    }
    return rejected(rv);
}

/* ---- keys ----------------------------------------------------------------------------------------- */

CK_RV pq_public(const struct pq_set *set, struct data value, CK_OBJECT_HANDLE *ret)
{
    CK_KEY_TYPE type = set->type;
    CK_ULONG number = set->number;
    CK_ATTRIBUTE t[] = {
        {CKA_CLASS, &public_class, sizeof public_class},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_PARAMETER_SET, &number, sizeof number},
        {CKA_VALUE, value.p, value.n},
        {type == CKK_ML_KEM ? CKA_ENCAPSULATE : CKA_VERIFY, &yes, 1},
    };
    return key_passing(t, sizeof t / sizeof t[0], ret);
}

CK_RV pq_private(const struct pq_set *set, struct data value, struct data seed,
                 CK_OBJECT_HANDLE *ret)
{
    CK_KEY_TYPE type = set->type;
    CK_ULONG number = set->number;
    CK_ATTRIBUTE t[8] = {
        {CKA_CLASS, &private_class, sizeof private_class},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_PARAMETER_SET, &number, sizeof number},
        {type == CKK_ML_KEM ? CKA_DECAPSULATE : CKA_SIGN, &yes, 1},
        {CKA_SENSITIVE, &no, 1},
        {CKA_EXTRACTABLE, &yes, 1},
    };
    CK_ULONG n = 6;
    if (value.n > 0) {
        t[n++] = (CK_ATTRIBUTE){CKA_VALUE, value.p, value.n};
    }
    if (seed.n > 0) {
        t[n++] = (CK_ATTRIBUTE){CKA_SEED, seed.p, seed.n};
    }
    return key_passing(t, n, ret);
}

/* Takes the head of a DER value off: *REST starts at its contents. */
static bool der_enter(struct data *rest, CK_BYTE tag)
{
    if (rest->n < 2 || rest->p[0] != tag) {
        return false;
    }
    const CK_ULONG more = rest->p[1] < 0x80 ? 0 : rest->p[1] & 0x7f;
    CK_ULONG n = rest->p[1];
    if (more > 0) {
        n = 0;
        for (CK_ULONG i = 0; i < more && i + 2 < rest->n; i++) {
            n = n << 8 | rest->p[2 + i];
        }
    }
    if (more > 3 || rest->n < 2 + more || n > rest->n - 2 - more) {
        return false;
    }
    rest->p += 2 + more;
    rest->n = n;
    return true;
}

CK_RV pq_public_bits(CK_OBJECT_HANDLE key, struct data *ret)
{
    struct data info = data_new(0);
    const CK_RV rv = key_attribute(key, CKA_PUBLIC_KEY_INFO, &info);
    *ret = data_new(0);
    if (rv != CKR_OK || !der_enter(&info, 0x30)) {
        return rv;
    }
    struct data algorithm = info;
    if (!der_enter(&algorithm, 0x30)) {
        return CKR_OK;
    }
    info.n -= (CK_ULONG)(algorithm.p + algorithm.n - info.p);
    info.p = algorithm.p + algorithm.n;
    if (der_enter(&info, 0x03) && info.n > 0 && info.p[0] == 0) { /* no unused bits */
        *ret = (struct data){info.p + 1, info.n - 1};
    }
    return CKR_OK;
}

CK_RV pq_public_of(const struct pq_set *set, CK_OBJECT_HANDLE key, CK_OBJECT_HANDLE *ret)
{
    struct data bits = data_new(0);
    const CK_RV rv = pq_public_bits(key, &bits);
    return rv == CKR_OK ? pq_public(set, bits, ret) : rv;
}

bool pq_attribute_is(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, struct data value)
{
    struct data got = data_new(0);
    return key_attribute(key, type, &got) == CKR_OK && data_same(got, value);
}

/* ---- seeds and encapsulation ---------------------------------------------------------------------- */

static bool public_is(CK_OBJECT_HANDLE key, struct data value)
{
    struct data bits = data_new(0);
    return pq_public_bits(key, &bits) == CKR_OK && data_same(bits, value);
}

enum outcome pq_seed_expands(const struct pq_set *set, struct data seed, struct data dk,
                             struct data ek)
{
    const struct data none = data_new(0);
    const struct {
        struct data value, seed;
    } given[] = {{none, seed}, {dk, none}, {dk, seed}};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        CK_OBJECT_HANDLE key = 0;
        const CK_RV rv = pq_private(set, given[i].value, given[i].seed, &key);
        if (rv != CKR_OK) {
            return rejected(rv);
        }
        if (!pq_attribute_is(key, CKA_VALUE, dk) || !public_is(key, ek) ||
            (given[i].seed.n > 0 && !pq_attribute_is(key, CKA_SEED, seed))) {
            return WRONG;
        }
    }
    return ACCEPTED;
}

enum outcome pq_encapsulates(const struct pq_set *set, struct data ek, CK_ULONG ct_n,
                             CK_ULONG secret_n)
{
    CK_OBJECT_HANDLE key = 0;
    struct data ct = data_new(0);
    struct data secret = data_new(0);
    CK_RV rv = pq_public(set, ek, &key);
    rv = rv == CKR_OK ? do_encapsulate(CKM_ML_KEM, key, &ct, &secret) : rv;
    rv = rv == CKR_OK ? do_encapsulate(set->vendor, key, &ct, &secret) : rv;
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    return ct.n == ct_n && secret.n == secret_n ? ACCEPTED : WRONG;
}

enum outcome pq_decapsulates(const struct pq_set *set, CK_OBJECT_HANDLE key, struct data ct,
                             struct data secret)
{
    CK_OBJECT_HANDLE pub = 0;
    struct data out = data_new(0);
    struct data own = data_new(0);
    CK_RV rv = do_decapsulate(CKM_ML_KEM, key, ct, &out);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    if (!data_same(out, secret)) {
        return WRONG;
    }
    if (do_decapsulate(set->vendor, key, ct, &out) != CKR_OK || !data_same(out, secret)) {
        return WRONG;
    }
    rv = pq_public_of(set, key, &pub);
    rv = rv == CKR_OK ? do_encapsulate(CKM_ML_KEM, pub, &ct, &own) : rv;
    rv = rv == CKR_OK ? do_decapsulate(CKM_ML_KEM, key, ct, &out) : rv;
    return rv == CKR_OK && data_same(out, own) ? ACCEPTED : WRONG;
}

/* ---- signatures ----------------------------------------------------------------------------------- */

union pq_param {
    CK_SIGN_ADDITIONAL_CONTEXT sign;
    CK_HASH_SIGN_ADDITIONAL_CONTEXT hash;
};

static CK_MECHANISM way_mechanism(const struct pq_way *way, union pq_param *p)
{
    if (way->hash != 0) {
        p->hash = (CK_HASH_SIGN_ADDITIONAL_CONTEXT){CKH_DETERMINISTIC_REQUIRED, way->context.p,
                                                    way->context.n, way->hash};
        return mechanism(way->type, &p->hash, sizeof p->hash);
    }
    p->sign =
        (CK_SIGN_ADDITIONAL_CONTEXT){CKH_DETERMINISTIC_REQUIRED, way->context.p, way->context.n};
    return mechanism(way->type, &p->sign, sizeof p->sign);
}

enum { PART = 5, PART_LONG = 200 };

static CK_ULONG part_of(struct data in)
{
    return in.n > 1000 ? PART_LONG : PART;
}

struct pq_way pq_message_way(const struct pq_set *set, struct data context)
{
    const bool ml_dsa = set->type == CKK_ML_DSA; /* SLH-DSA reads a message twice: no parts */
    return (struct pq_way){.type = ml_dsa ? CKM_ML_DSA : CKM_SLH_DSA,
                           .also = set->vendor,
                           .context = context,
                           .parts = ml_dsa};
}

enum outcome pq_signs(const struct pq_way *way, CK_OBJECT_HANDLE key, struct data in,
                      struct data sig)
{
    union pq_param p;
    CK_MECHANISM m = way_mechanism(way, &p);
    struct data out = data_new(0);
    CK_RV rv = do_sign(&m, key, in, 0, &out);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    if (!data_same(out, sig)) {
        return WRONG;
    }
    if (!way->parts) {
        return ACCEPTED;
    }
    m.mechanism = way->also != 0 ? way->also : way->type;
    rv = do_sign(&m, key, in, part_of(in), &out);
    return rv == CKR_OK && data_same(out, sig) ? ACCEPTED : WRONG;
}

enum outcome pq_verifies(const struct pq_way *way, CK_OBJECT_HANDLE key, struct data in,
                         struct data sig)
{
    union pq_param p;
    CK_MECHANISM m = way_mechanism(way, &p);
    const CK_RV rv = do_verify(&m, key, in, 0, sig);
    if (way->parts && do_verify(&m, key, in, part_of(in), sig) != rv) {
        return WRONG;
    }
    m.mechanism = way->also;
    if (way->also != 0 && do_verify(&m, key, in, 0, sig) != rv) {
        return WRONG;
    }
    return rv == CKR_OK ? ACCEPTED : rejected(rv);
}

CK_RV pq_mu(CK_OBJECT_HANDLE key, struct data context, struct data in, struct data *ret)
{
    CK_MU_GEN_PARAMS p = {key, NULL, 0, context.p, context.n};
    CK_MECHANISM m = mechanism(CKM_ML_DSA_EXTERNAL_MU_GEN, &p, sizeof p);
    struct data parts = data_new(0);
    CK_RV rv = do_digest_with(&m, in, 0, ret);
    if (rv == CKR_OK) {
        rv = do_digest_with(&m, in, part_of(in), &parts);
    }
    return rv == CKR_OK && !data_same(*ret, parts) ? CKR_GENERAL_ERROR : rv;
}
