/* SPDX-License-Identifier: Apache-2.0
 *
 * What is looked up in the library: each thing at its first use, once. To look up all of them takes
 * longer than the rest of a start, and most processes use a few.
 */
#include <stdatomic.h>
#include <string.h>

#include <openssl/obj_mac.h>

#include "osl.h"

typedef void release_fn(void *p);

static struct {
    _Atomic(void *) md[HASH_COUNT];
    _Atomic(void *) aes[CIPHER_MODE_COUNT][AES_SIZES];
    _Atomic(void *) wrap[2][AES_SIZES]; /* by enum keywrap_kind */
    _Atomic(void *) cmac;
    _Atomic(void *) eddsa[EDDSA_VARIANTS];
    _Atomic(void *) pq[PKEY_COUNT]; /* ML-DSA, SLH-DSA */
    _Atomic(void *) group[CURVE_COUNT];
} found;

static const char *const hash_names[HASH_COUNT] = {
    [HASH_SHA1] = "SHA1",
    [HASH_SHA224] = "SHA2-224",
    [HASH_SHA256] = "SHA2-256",
    [HASH_SHA384] = "SHA2-384",
    [HASH_SHA512] = "SHA2-512",
    [HASH_SHA512_224] = "SHA2-512/224",
    [HASH_SHA512_256] = "SHA2-512/256",
    [HASH_SHA3_224] = "SHA3-224",
    [HASH_SHA3_256] = "SHA3-256",
    [HASH_SHA3_384] = "SHA3-384",
    [HASH_SHA3_512] = "SHA3-512",
    [HASH_SHAKE128] = "SHAKE-128",
    [HASH_SHAKE256] = "SHAKE-256",
};

static const char *const cipher_names[CIPHER_MODE_COUNT][AES_SIZES] = {
    [CIPHER_ECB] = {"AES-128-ECB", "AES-192-ECB", "AES-256-ECB"},
    [CIPHER_CBC] = {"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"},
    [CIPHER_CTR] = {"AES-128-CTR", "AES-192-CTR", "AES-256-CTR"},
    [CIPHER_GCM] = {"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"},
    [CIPHER_CCM] = {"AES-128-CCM", "AES-192-CCM", "AES-256-CCM"},
};

static const char *const wrap_names[2][AES_SIZES] = {
    [KEYWRAP_RFC3394] = {"AES-128-WRAP", "AES-192-WRAP", "AES-256-WRAP"},
    [KEYWRAP_RFC5649] = {"AES-128-WRAP-PAD", "AES-192-WRAP-PAD", "AES-256-WRAP-PAD"},
};

static const char *const eddsa_names[EDDSA_VARIANTS] = {
    [ED25519_PURE] = "ED25519", [ED25519_CTX] = "ED25519ctx", [ED25519_PH] = "ED25519ph",
    [ED448_PURE] = "ED448",     [ED448_PH] = "ED448ph",
};

static const int curve_nids[CURVE_COUNT] = {
    [CURVE_P224] = NID_secp224r1,          [CURVE_P256] = NID_X9_62_prime256v1,
    [CURVE_P384] = NID_secp384r1,          [CURVE_P521] = NID_secp521r1,
    [CURVE_SECP256K1] = NID_secp256k1,     [CURVE_BP224R1] = NID_brainpoolP224r1,
    [CURVE_BP256R1] = NID_brainpoolP256r1, [CURVE_BP320R1] = NID_brainpoolP320r1,
    [CURVE_BP384R1] = NID_brainpoolP384r1, [CURVE_BP512R1] = NID_brainpoolP512r1,
};

const char *osl_hash_name(enum hash_alg alg)
{
    return (unsigned)alg < HASH_COUNT ? hash_names[alg] : NULL;
}

static void free_md(void *p)
{
    EVP_MD_free(p);
}

static void free_cipher(void *p)
{
    EVP_CIPHER_free(p);
}

static void free_mac(void *p)
{
    EVP_MAC_free(p);
}

static void free_signature(void *p)
{
    EVP_SIGNATURE_free(p);
}

static void free_group(void *p)
{
    EC_GROUP_free(p);
}

/* Puts what was MADE into PLACE, unless another thread was faster: then its own is released. */
static void *keep(_Atomic(void *) *place, void *made, release_fn *release)
{
    void *there = NULL;
    if (made != NULL && !atomic_compare_exchange_strong(place, &there, made)) {
        release(made);
        return there;
    }
    return made;
}

/* Returns what PLACE holds; the first time what MAKE gives. */
#define RETURN_KEPT(place, make, release)                                                          \
    do {                                                                                           \
        void *const there = atomic_load_explicit(&(place), memory_order_acquire);                  \
        return there != NULL ? there : keep(&(place), (make), (release));                          \
    } while (0)

const EVP_MD *osl_md(enum hash_alg alg)
{
    RETURN_KEPT(found.md[alg], EVP_MD_fetch(osl()->lib, hash_names[alg], NULL), free_md);
}

const EVP_CIPHER *osl_aes(enum cipher_mode mode, int size)
{
    RETURN_KEPT(found.aes[mode][size], EVP_CIPHER_fetch(osl()->lib, cipher_names[mode][size], NULL),
                free_cipher);
}

const EVP_CIPHER *osl_aes_wrap(enum keywrap_kind kind, int size)
{
    RETURN_KEPT(found.wrap[kind][size], EVP_CIPHER_fetch(osl()->lib, wrap_names[kind][size], NULL),
                free_cipher);
}

EVP_MAC *osl_cmac(void)
{
    RETURN_KEPT(found.cmac, EVP_MAC_fetch(osl()->lib, "CMAC", NULL), free_mac);
}

EVP_SIGNATURE *osl_eddsa(enum eddsa_variant variant)
{
    RETURN_KEPT(found.eddsa[variant], EVP_SIGNATURE_fetch(osl()->lib, eddsa_names[variant], NULL),
                free_signature);
}

EVP_SIGNATURE *osl_pq_signature(enum pkey_kind kind)
{
    RETURN_KEPT(found.pq[kind], EVP_SIGNATURE_fetch(osl()->lib, osl_pq_name(kind), NULL),
                free_signature);
}

const EC_GROUP *osl_group(enum ec_curve curve)
{
    RETURN_KEPT(found.group[curve],
                EC_GROUP_new_by_curve_name_ex(osl()->lib, NULL, curve_nids[curve]), free_group);
}

static void release_list(_Atomic(void *) *list, size_t n, release_fn *release)
{
    for (size_t i = 0; i < n; i++) {
        release(atomic_exchange(&list[i], NULL));
    }
}

void osl_fetch_release(void)
{
    release_list(found.md, HASH_COUNT, free_md);
    release_list(&found.aes[0][0], (size_t)CIPHER_MODE_COUNT * AES_SIZES, free_cipher);
    release_list(&found.wrap[0][0], (size_t)2 * AES_SIZES, free_cipher);
    release_list(&found.cmac, 1, free_mac);
    release_list(found.eddsa, EDDSA_VARIANTS, free_signature);
    release_list(found.pq, PKEY_COUNT, free_signature);
    release_list(found.group, CURVE_COUNT, free_group);
}

void osl_fetch_forget(void)
{
    memset(&found, 0, sizeof(found));
}
