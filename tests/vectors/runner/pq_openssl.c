/* SPDX-License-Identifier: Apache-2.0
 *
 * craton-vectors: ML-KEM, ML-DSA and SLH-DSA as OpenSSL's stanzas have them, made of NIST's ACVP
 * vectors.
 */
#include <string.h>

#include "craton/vendor.h"
#include "pq.h"

/* ---- keys ----------------------------------------------------------------------------------------- */

/* SLH-DSA has no seed apart: its private value is the seed and the root that is made of it, which
 * the token therefore has to make too. */
static enum outcome slh_dsa_expands(const struct pq_set *set, struct data seed, struct data value,
                                    struct data public)
{
    CK_OBJECT_HANDLE key = 0;
    CK_OBJECT_HANDLE other = 0;
    struct data bits = data_new(0);
    CK_RV rv = pq_private(set, value, data_new(0), &key);
    if (rv != CKR_OK) {
        return pq_rejected(set, rv);
    }
    const bool begins = seed.n < value.n && memcmp(seed.p, value.p, seed.n) == 0;
    rv = pq_public_bits(key, &bits);
    if (rv != CKR_OK || !data_same(bits, public) || !begins) {
        return WRONG;
    }
    value.p[value.n - 1] ^= 1;
    return pq_private(set, value, data_new(0), &other) != CKR_OK ? ACCEPTED : WRONG;
}

/* A case makes its key several times over, which for SLH-DSA takes a while. */
static bool first_of_set(const struct pq_set *set)
{
    static bool seen[CKP_SLH_DSA_SHAKE_256F + 1];
    const bool first = !seen[set->number];
    seen[set->number] = true;
    return first;
}

static enum outcome key_gen(const struct pq_set *set, json_t *test)
{
    if (quick && set->type == CKK_SLH_DSA && !first_of_set(set)) {
        return skip("that are not the first of their parameter set");
    }
    const struct data seed = hex_of(test, "Ctrl.hexseed");
    const struct data value = hex_of(test, "CtrlOut.hexpriv");
    const struct data public = hex_of(test, "CtrlOut.hexpub");
    return set->type == CKK_SLH_DSA ? slh_dsa_expands(set, seed, value, public)
                                    : pq_seed_expands(set, seed, value, public);
}

/* ---- ML-KEM --------------------------------------------------------------------------------------- */

static enum outcome kem(const struct pq_set *set, json_t *test)
{
    const struct data secret = hex_of(test, "Output");
    const struct data value = hex_of(test, "EncodedPrivateKey");
    CK_OBJECT_HANDLE key = 0;
    if (value.n == 0) {
        const enum outcome o = pq_encapsulates(set, hex_of(test, "EncodedPublicKey"),
                                               hex_of(test, "Ciphertext").n, secret.n);
        if (o == ACCEPTED) {
            partly("without the secret, since nobody can choose the randomness");
        }
        return o;
    }
    const CK_RV rv = pq_private(set, value, data_new(0), &key);
    return rv == CKR_OK ? pq_decapsulates(set, key, hex_of(test, "Input"), secret) : rejected(rv);
}

/* ---- signatures ----------------------------------------------------------------------------------- */

enum { OID_SIZE = 11 }; /* of a hash, whole DER */

/* 0: none that can be named. */
static CK_MECHANISM_TYPE hash_of_oid(const CK_BYTE *oid, CK_ULONG *ret_n)
{
    static const CK_BYTE head[] = {0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02};
    static const struct {
        CK_MECHANISM_TYPE hash;
        CK_ULONG n;
    } hashes[] = {
        {CKM_SHA256, 32},     {CKM_SHA384, 48},     {CKM_SHA512, 64},   {CKM_SHA224, 28},
        {CKM_SHA512_224, 28}, {CKM_SHA512_256, 32}, {CKM_SHA3_224, 28}, {CKM_SHA3_256, 32},
        {CKM_SHA3_384, 48},   {CKM_SHA3_512, 64},
    };
    const CK_ULONG last = oid[sizeof head];
    if (memcmp(oid, head, sizeof head) != 0 || last == 0 ||
        last > sizeof hashes / sizeof hashes[0]) {
        return 0;
    }
    *ret_n = hashes[last - 1].n;
    return hashes[last - 1].hash;
}

/* Whether M, an encoded message (FIPS 204, 5.2 and 5.4.1; FIPS 205, 10.2), is what the mechanisms
 * make of some message or digest: then IN is that. */
static bool decoded(const struct pq_set *set, struct data m, struct pq_way *way, struct data *in)
{
    if (m.n < 2 || m.p[0] > 1 || m.n - 2 < m.p[1]) {
        return false;
    }
    const CK_ULONG head = 2UL + m.p[1];
    *way = pq_message_way(set, (struct data){m.p + 2, m.p[1]});
    *in = (struct data){m.p + head, m.n - head};
    if (m.p[0] == 0) {
        return true;
    }
    CK_ULONG n = 0;
    if (in->n < OID_SIZE) {
        return false;
    }
    *way = (struct pq_way){.type = set->type == CKK_ML_DSA ? CKM_HASH_ML_DSA : CKM_HASH_SLH_DSA,
                           .context = way->context,
                           .hash = hash_of_oid(in->p, &n)};
    *in = (struct data){in->p + OID_SIZE, in->n - OID_SIZE};
    return way->hash != 0 && in->n == n;
}

/* How the case is put to the token. */
static bool way_of(const struct pq_set *set, json_t *test, struct pq_way *way, struct data *in)
{
    *in = hex_of(test, "Input");
    *way = pq_message_way(set, hex_of(test, "Ctrl.hexcontext-string"));
    if (strcmp(text_of(test, "Ctrl.mu"), "1") == 0) {
        *way = (struct pq_way){.type = CKM_ML_DSA_EXTERNAL_MU, .context = data_new(0)};
        return set->type == CKK_ML_DSA;
    }
    return strcmp(text_of(test, "Ctrl.message-encoding"), "0") != 0 || decoded(set, *in, way, in);
}

static const char undecoded[] = "with an encoded message that no mechanism makes";

static enum outcome sign(const struct pq_set *set, json_t *test)
{
    const struct data sig = hex_of(test, "Output");
    struct pq_way way;
    struct data in;
    CK_OBJECT_HANDLE key = 0;
    CK_OBJECT_HANDLE pub = 0;
    if (!way_of(set, test, &way, &in)) {
        return skip(undecoded);
    }
    CK_RV rv = pq_private(set, hex_of(test, "key"), data_new(0), &key);
    if (rv != CKR_OK) {
        return pq_rejected(set, rv);
    }
    rv = pq_public_of(set, key, &pub);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    if (strcmp(text_of(test, "Ctrl.deterministic"), "1") != 0) {
        partly("verified, not signed, since nobody can choose the randomness");
        return pq_verifies(&way, pub, in, sig);
    }
    const enum outcome o = pq_signs(&way, key, in, sig);
    return o == ACCEPTED ? pq_verifies(&way, pub, in, sig) : o;
}

static enum outcome verify(const struct pq_set *set, json_t *test)
{
    struct pq_way way;
    struct data in;
    CK_OBJECT_HANDLE key = 0;
    if (!way_of(set, test, &way, &in)) {
        return skip(undecoded);
    }
    const CK_RV rv = pq_public(set, hex_of(test, "key"), &key);
    return rv == CKR_OK ? pq_verifies(&way, key, in, hex_of(test, "Output")) : pq_rejected(set, rv);
}

enum outcome run_stanza(const char *file, json_t *group, json_t *test)
{
    static const struct {
        const char *kind;
        enum outcome (*run)(const struct pq_set *set, json_t *test);
    } kinds[] = {
        {"KeyGen", key_gen},
        {"Kem", kem},
        {"Sign-Message", sign},
        {"Verify-Message-Public", verify},
    };
    const struct pq_set *set = pq_set_named(text_of(test, "set"));
    (void)file;
    (void)group;
    if (set == NULL) {
        return skip("of an algorithm that the token does not have");
    }
    if (quick && json_object_get(test, "Extended-Test") != NULL) {
        return skip("that their authors keep for the extended test");
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].kind, text_of(test, "kind")) == 0) {
            return kinds[i].run(set, test);
        }
    }
    return skip("of a kind not in the table");
}
