/* SPDX-License-Identifier: Apache-2.0
 *
 * RSA decryption. OAEP through the library. PKCS#1 v1.5 with implicit rejection, which the library
 * lacks: a text whose padding is wrong decrypts to a message that depends on the key and the text
 * alone, so that nobody learns that it was wrong (draft-irtf-cfrg-rsa-guidance). The derivation is
 * the one in use by others, so that each library gives the same message.
 */
#include <limits.h>

#include "pkey.h"

#define RSA_MAX_BYTES 2048
#define CANDIDATES 128 /* lengths that are drawn for the other message */
#define LEAST_PADDING 8

/* ---- implicit rejection -------------------------------------------------------------------------------- */

/* All ones when A < B, both below 2^31. */
static uint32_t mask_less(uint32_t a, uint32_t b)
{
    return 0U - ((a - b) >> 31);
}

static uint32_t mask_zero(uint32_t a)
{
    return 0U - ((~a & (a - 1)) >> 31);
}

static uint32_t choose(uint32_t mask, uint32_t a, uint32_t b)
{
    return (mask & a) | (~mask & b);
}

static enum rc hmac256(const struct secret *key, const struct bytes *parts, size_t n_parts,
                       uint8_t out[32])
{
    struct mac_key *k = NULL;
    struct mac_ctx c = {0};
    TRY(awslc_mac_ops.key_new(MAC_HMAC, HASH_SHA256, key, &k));
    enum rc rc = awslc_mac_ops.begin(&c, k, BYTES_NONE);
    for (size_t i = 0; i < n_parts && rc == RC_OK; i++) {
        rc = awslc_mac_ops.update(&c, parts[i].p, parts[i].n);
    }
    if (rc == RC_OK) {
        rc = awslc_mac_ops.finish(&c, out);
    }
    awslc_mac_ops.clear(&c);
    awslc_mac_ops.key_free(k);
    return rc;
}

/* OUT: block I is HMAC(KEY, I in 2 bytes, LABEL, length of OUT in bits in 2 bytes). */
static enum rc stretch(const struct secret *key, struct bytes label, struct secret *out)
{
    const uint8_t bits[2] = {(uint8_t)(out->n * 8 >> 8), (uint8_t)(out->n * 8)};
    uint8_t block[32];
    enum rc rc = RC_OK;
    for (size_t at = 0; at < out->n && rc == RC_OK; at += 32) {
        const size_t i = at / 32;
        const uint8_t counter[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        const struct bytes parts[] = {BYTES(counter, 2), label, BYTES(bits, 2)};
        rc = hmac256(key, parts, ARRAY_LEN(parts), block);
        if (rc == RC_OK) {
            mem_copy(out->p + at, block, out->n - at < 32 ? out->n - at : 32);
        }
    }
    mem_wipe(block, sizeof(block));
    return rc;
}

/* The message that a wrong text gets: its bytes (as long as the modulus, its end counts) and
 * length. */
static enum rc other_message(const struct pkey *k, struct bytes text, struct secret **ret,
                             uint32_t *ret_n)
{
    AUTO_SECRET struct secret *seed = secret_from(k->reject_seed, sizeof(k->reject_seed));
    AUTO_SECRET struct secret *kdk = secret_new(32);
    AUTO_SECRET struct secret *lengths = secret_new((size_t)CANDIDATES * 2);
    AUTO_SECRET struct secret *message = secret_new(k->size);
    REQUIRE(seed != NULL && kdk != NULL && lengths != NULL && message != NULL, RC_HOST_MEMORY);
    TRY(hmac256(seed, &text, 1, kdk->p));
    TRY(stretch(kdk, BYTES_STR("length"), lengths));
    TRY(stretch(kdk, BYTES_STR("message"), message));
    const uint32_t most = (uint32_t)k->size - 2 - LEAST_PADDING;
    uint32_t mask = most;
    for (unsigned shift = 1; shift <= 8; shift *= 2) {
        mask |= mask >> shift;
    }
    uint32_t n = 0;
    for (size_t i = 0; i < CANDIDATES; i++) {
        const uint8_t *c = lengths->p + 2 * i;
        const uint32_t candidate = ((uint32_t)c[0] << 8 | c[1]) & mask;
        n = choose(mask_less(candidate, most), candidate, n);
    }
    *ret = TAKE(message);
    *ret_n = n;
    return RC_OK;
}

/* Where the message in a type 2 block begins; *RET_GOOD all ones when the padding is right. */
static uint32_t message_start(const uint8_t *em, uint32_t n, uint32_t *ret_good)
{
    uint32_t good = mask_zero(em[0]) & mask_zero(em[1] ^ 2U);
    uint32_t found = 0;
    uint32_t zero_at = 0;
    for (uint32_t i = 2; i < n; i++) {
        const uint32_t zero = mask_zero(em[i]);
        zero_at = choose(~found & zero, i, zero_at);
        found |= zero;
    }
    good &= found & ~mask_less(zero_at, 2 + LEAST_PADDING);
    *ret_good = good;
    return zero_at + 1;
}

static enum rc decrypt_pkcs1(const struct pkey *k, struct bytes text, struct secret **ret)
{
    AUTO_SECRET struct secret *em = secret_new(k->size);
    AUTO_SECRET struct secret *other = NULL;
    size_t em_n = 0;
    uint32_t other_n = 0;
    REQUIRE(em != NULL, RC_HOST_MEMORY);
    REQUIRE(k->size >= 2 + LEAST_PADDING + 1, RC_KEY_SIZE_RANGE);
    TRY_LIB(RSA_decrypt(k->rsa, &em_n, em->p, em->n, text.p, text.n, RSA_NO_PADDING),
            RC_ENCRYPTED_DATA_INVALID);
    TRY(other_message(k, text, &other, &other_n));
    uint32_t good = 0;
    const uint32_t n = (uint32_t)k->size;
    const uint32_t start = message_start(em->p, n, &good);
    const uint32_t from = choose(good, start, n - other_n);
    for (uint32_t i = 0; i < n; i++) {
        em->p[i] = (uint8_t)choose(good, em->p[i], other->p[i]);
    }
    /* The length is handed to the caller in either case, so it is no secret from here on. */
    struct secret *message = secret_from(em->p + from, n - from);
    REQUIRE(message != NULL, RC_HOST_MEMORY);
    *ret = message;
    return RC_OK;
}

/* ---- OAEP and raw ---------------------------------------------------------------------------------------- */

static void pkey_ctx_free_at(EVP_PKEY_CTX **p)
{
    EVP_PKEY_CTX_free(*p);
}

static enum rc oaep_setup(EVP_PKEY_CTX *cx, const struct pkey_params *p)
{
    TRY_LIB(EVP_PKEY_decrypt_init(cx) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(cx, RSA_PKCS1_OAEP_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_oaep_md(cx, awslc_md(p->hash)) == 1 &&
                EVP_PKEY_CTX_set_rsa_mgf1_md(cx, awslc_md(p->mgf)) == 1,
            RC_CRYPTO_LIBRARY);
    if (p->label.n > 0) {
        uint8_t *label = OPENSSL_memdup(p->label.p, p->label.n);
        REQUIRE(label != NULL, awslc_failed(RC_HOST_MEMORY));
        if (EVP_PKEY_CTX_set0_rsa_oaep_label(cx, label, p->label.n) != 1) {
            OPENSSL_free(label);
            return awslc_failed(RC_CRYPTO_LIBRARY);
        }
    }
    return RC_OK;
}

static enum rc decrypt_oaep(const struct pkey *k, const struct pkey_params *p, struct bytes text,
                            struct secret **ret)
{
    const size_t h = hash_size(p->hash);
    REQUIRE(awslc_md(p->hash) != NULL && awslc_md(p->mgf) != NULL, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(k->size >= 2 * h + 2, RC_KEY_SIZE_RANGE);
    __attribute__((cleanup(pkey_ctx_free_at))) EVP_PKEY_CTX *cx = EVP_PKEY_CTX_new(k->evp, NULL);
    AUTO_SECRET struct secret *plain = secret_new(k->size);
    REQUIRE(cx != NULL && plain != NULL, awslc_failed(RC_HOST_MEMORY));
    TRY(oaep_setup(cx, p));
    size_t n = plain->n;
    TRY_LIB(EVP_PKEY_decrypt(cx, plain->p, &n, text.p, text.n) == 1, RC_ENCRYPTED_DATA_INVALID);
    struct secret *message = secret_head(plain, n);
    REQUIRE(message != NULL, RC_HOST_MEMORY);
    *ret = message;
    return RC_OK;
}

static enum rc decrypt_raw(const struct pkey *k, struct bytes text, struct secret **ret)
{
    AUTO_SECRET struct secret *plain = secret_new(k->size);
    size_t n = 0;
    REQUIRE(plain != NULL, RC_HOST_MEMORY);
    TRY_LIB(RSA_decrypt(k->rsa, &n, plain->p, plain->n, text.p, text.n, RSA_NO_PADDING),
            RC_ENCRYPTED_DATA_INVALID);
    *ret = TAKE(plain);
    return RC_OK;
}

enum rc lc_rsa_decrypt(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                       struct secret **ret)
{
    REQUIRE(data.n == k->size, RC_ENCRYPTED_DATA_LEN_RANGE);
    switch (p->scheme) {
    case SCHEME_RSA_OAEP:
        return decrypt_oaep(k, p, data, ret);
    case SCHEME_RSA_PKCS1:
        return decrypt_pkcs1(k, data, ret);
    case SCHEME_RSA_RAW:
        return decrypt_raw(k, data, ret);
    default:
        return RC_MECHANISM_INVALID;
    }
}
