/* SPDX-License-Identifier: Apache-2.0
 *
 * RSA: loading, signing, verifying, encrypting. Paddings are the library's where it has them with
 * every hash (PSS, OAEP, PKCS#1 v1.5 blocks); DigestInfo is made here, so that the hashes do not
 * depend on the library's list.
 */
#include <limits.h>

#include "pkey.h"

#define RSA_MAX_BYTES 2048

static void rsa_free_at(RSA **p)
{
    RSA_free(*p);
}
#define AUTO_RSA __attribute__((cleanup(rsa_free_at)))

/* ---- loading ------------------------------------------------------------------------------------- */

/* The library bounds e at 33 bits unless told otherwise. */
static RSA *public_new(const struct rsa_parts *r)
{
    return BN_num_bits(r->e) <= 33 ? RSA_new_public_key(r->n, r->e)
                                   : RSA_new_public_key_large_e(r->n, r->e);
}

static RSA *private_new(const struct rsa_parts *r)
{
    if (r->e == NULL) {
        return RSA_new_private_key_no_e(r->n, r->d);
    }
    if (BN_num_bits(r->e) <= 33) {
        return RSA_new_private_key(r->n, r->e, r->d, r->p, r->q, r->dp, r->dq, r->qi);
    }
    return RSA_new_private_key_large_e(r->n, r->e, r->d, r->p, r->q, r->dp, r->dq, r->qi);
}

enum rc lc_rsa_load(struct pkey *k, const struct key_parts *parts)
{
    AUTO_RSA_PARTS struct rsa_parts r = {0};
    if (k->priv) {
        REQUIRE(parts->d != NULL, RC_TEMPLATE_INCOMPLETE);
        TRY(lc_rsa_parts_fill(&r, parts));
    } else {
        const struct key_parts pub = {.n = parts->n, .e = parts->e};
        TRY(lc_rsa_parts_fill(&r, &pub));
        REQUIRE(r.e != NULL, RC_TEMPLATE_INCOMPLETE);
    }
    AUTO_RSA RSA *rsa = k->priv ? private_new(&r) : public_new(&r);
    REQUIRE(rsa != NULL, awslc_failed(RC_ATTRIBUTE_VALUE_INVALID));
    k->evp = EVP_PKEY_new();
    TRY_LIB(k->evp != NULL && EVP_PKEY_set1_RSA(k->evp, rsa), RC_HOST_MEMORY);
    k->size = RSA_size(rsa);
    if (k->priv) {
        AUTO_SECRET struct secret *d = NULL;
        TRY(lc_bn_to_secret(r.d, k->size, &d));
        TRY(awslc_digest_ops.once(HASH_SHA256, d->p, d->n, k->reject_seed));
    }
    k->rsa = TAKE(rsa);
    return RC_OK;
}

/* ---- signatures ------------------------------------------------------------------------------------ */

/* DigestInfo (RFC 8017, 9.2; NIST's arc 2.16.840.1.101.3.4.2 but for SHA-1). */
static enum rc digest_info(enum hash_alg alg, struct bytes digest, uint8_t *out, size_t *ret_n)
{
    static const uint8_t sha1[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
                                   0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
    static const uint8_t nist[] = {0x30, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                   0x65, 0x03, 0x04, 0x02, 0x00, 0x05, 0x00, 0x04, 0x00};
    static const uint8_t arc[HASH_COUNT] = {
        [HASH_SHA224] = 4,     [HASH_SHA256] = 1,     [HASH_SHA384] = 2,   [HASH_SHA512] = 3,
        [HASH_SHA512_224] = 5, [HASH_SHA512_256] = 6, [HASH_SHA3_224] = 7, [HASH_SHA3_256] = 8,
        [HASH_SHA3_384] = 9,   [HASH_SHA3_512] = 10,
    };
    REQUIRE(awslc_md(alg) != NULL, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(digest.n == hash_size(alg), RC_DATA_LEN_RANGE);
    size_t n = 0;
    if (alg == HASH_SHA1) {
        n = sizeof(sha1);
        mem_copy(out, sha1, n);
    } else {
        n = sizeof(nist);
        mem_copy(out, nist, n);
        out[1] = (uint8_t)(n - 2 + digest.n);
        out[14] = arc[alg];
        out[18] = (uint8_t)digest.n;
    }
    mem_copy(out + n, digest.p, digest.n);
    *ret_n = n + digest.n;
    return RC_OK;
}

/* PSS: hashes, the digest's length, and room for the salt (RFC 8017, 9.1.1). */
static enum rc pss_check(const struct pkey *k, const struct pkey_params *p, struct bytes data)
{
    const size_t h = hash_size(p->hash);
    const size_t em_n = (RSA_bits(k->rsa) + 6) / 8;
    REQUIRE(awslc_md(p->hash) != NULL && awslc_md(p->mgf) != NULL, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(data.n == h, RC_DATA_LEN_RANGE);
    REQUIRE(em_n >= h + 2 && p->salt_n <= em_n - h - 2, RC_MECHANISM_PARAM_INVALID);
    return RC_OK;
}

static enum rc sign_pss(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                        uint8_t *out, size_t *out_n)
{
    TRY(pss_check(k, p, data));
    TRY_LIB(RSA_sign_pss_mgf1(k->rsa, out_n, out, k->size, data.p, data.n, awslc_md(p->hash),
                              awslc_md(p->mgf), (int)p->salt_n),
            RC_CRYPTO_LIBRARY);
    return RC_OK;
}

static enum rc raw_check(const struct pkey *k, struct bytes data)
{
    REQUIRE(data.n == k->size, RC_DATA_LEN_RANGE);
    AUTO_BN BIGNUM *m = BN_bin2bn(data.p, data.n, NULL);
    REQUIRE(m != NULL, awslc_failed(RC_HOST_MEMORY));
    REQUIRE(BN_cmp(m, RSA_get0_n(k->rsa)) < 0, RC_DATA_INVALID);
    return RC_OK;
}

/* A block of type 1 around DATA, or DATA as it is. */
static enum rc sign_block(const struct pkey *k, struct bytes data, int padding, uint8_t *out,
                          size_t *out_n)
{
    TRY_LIB(RSA_sign_raw(k->rsa, out_n, out, k->size, data.p, data.n, padding), RC_CRYPTO_LIBRARY);
    return RC_OK;
}

enum rc lc_rsa_sign(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                    uint8_t *out, size_t *out_n)
{
    uint8_t info[32 + HASH_MAX_SIZE];
    size_t info_n = 0;
    switch (p->scheme) {
    case SCHEME_RSA_PSS:
        return sign_pss(k, p, data, out, out_n);
    case SCHEME_RSA_RAW:
        TRY(raw_check(k, data));
        return sign_block(k, data, RSA_NO_PADDING, out, out_n);
    case SCHEME_RSA_PKCS1_HASH:
        TRY(digest_info(p->hash, data, info, &info_n));
        data = BYTES(info, info_n);
        REQUIRE(info_n + 11 <= k->size, RC_KEY_SIZE_RANGE);
        return sign_block(k, data, RSA_PKCS1_PADDING, out, out_n);
    case SCHEME_RSA_PKCS1:
        REQUIRE(data.n + 11 <= k->size, RC_DATA_LEN_RANGE);
        return sign_block(k, data, RSA_PKCS1_PADDING, out, out_n);
    default:
        return RC_MECHANISM_INVALID;
    }
}

/* The whole block that SIG opens to is compared with the one expected: nothing is parsed. */
static enum rc verify_block(const struct pkey *k, struct bytes data, bool padded, struct bytes sig)
{
    uint8_t want[RSA_MAX_BYTES];
    uint8_t have[RSA_MAX_BYTES];
    size_t n = 0;
    const size_t head = k->size - data.n;
    for (size_t i = 0; i < head; i++) {
        want[i] = 0xff;
    }
    if (padded) {
        want[0] = 0;
        want[1] = 1;
        want[head - 1] = 0;
    }
    mem_copy(want + head, data.p, data.n);
    TRY_LIB(RSA_verify_raw(k->rsa, &n, have, k->size, sig.p, sig.n, RSA_NO_PADDING),
            RC_SIGNATURE_INVALID);
    REQUIRE(n == k->size && mem_equal_ct(want, have, n), RC_SIGNATURE_INVALID);
    return RC_OK;
}

enum rc lc_rsa_verify(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                      struct bytes sig)
{
    uint8_t info[32 + HASH_MAX_SIZE];
    size_t info_n = 0;
    switch (p->scheme) {
    case SCHEME_RSA_PSS:
        TRY(pss_check(k, p, data));
        TRY_LIB(RSA_verify_pss_mgf1(k->rsa, data.p, data.n, awslc_md(p->hash), awslc_md(p->mgf),
                                    (int)p->salt_n, sig.p, sig.n),
                RC_SIGNATURE_INVALID);
        return RC_OK;
    case SCHEME_RSA_RAW:
        REQUIRE(data.n == k->size, RC_DATA_LEN_RANGE);
        return verify_block(k, data, false, sig);
    case SCHEME_RSA_PKCS1_HASH:
        TRY(digest_info(p->hash, data, info, &info_n));
        REQUIRE(info_n + 11 <= k->size, RC_KEY_SIZE_RANGE);
        return verify_block(k, BYTES(info, info_n), true, sig);
    case SCHEME_RSA_PKCS1:
        REQUIRE(data.n + 11 <= k->size, RC_DATA_LEN_RANGE);
        return verify_block(k, data, true, sig);
    default:
        return RC_MECHANISM_INVALID;
    }
}

/* ---- encryption -------------------------------------------------------------------------------------- */

static enum rc encrypt_oaep(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                            uint8_t *out, size_t *out_n)
{
    const size_t h = hash_size(p->hash);
    REQUIRE(awslc_md(p->hash) != NULL && awslc_md(p->mgf) != NULL, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(k->size >= 2 * h + 2, RC_KEY_SIZE_RANGE);
    REQUIRE(data.n <= k->size - 2 * h - 2, RC_DATA_LEN_RANGE);
    AUTO_SECRET struct secret *block = secret_new(k->size);
    REQUIRE(block != NULL, RC_HOST_MEMORY);
    TRY_LIB(RSA_padding_add_PKCS1_OAEP_mgf1(block->p, block->n, data.p, data.n, p->label.p,
                                            p->label.n, awslc_md(p->hash), awslc_md(p->mgf)),
            RC_CRYPTO_LIBRARY);
    TRY_LIB(RSA_encrypt(k->rsa, out_n, out, k->size, block->p, block->n, RSA_NO_PADDING),
            RC_CRYPTO_LIBRARY);
    return RC_OK;
}

enum rc lc_rsa_encrypt(const struct pkey *k, const struct pkey_params *p, struct bytes data,
                       uint8_t *out, size_t *out_n)
{
    switch (p->scheme) {
    case SCHEME_RSA_OAEP:
        return encrypt_oaep(k, p, data, out, out_n);
    case SCHEME_RSA_RAW:
        TRY(raw_check(k, data));
        TRY_LIB(RSA_encrypt(k->rsa, out_n, out, k->size, data.p, data.n, RSA_NO_PADDING),
                RC_CRYPTO_LIBRARY);
        return RC_OK;
    case SCHEME_RSA_PKCS1:
        REQUIRE(data.n + 11 <= k->size, RC_DATA_LEN_RANGE);
        TRY_LIB(RSA_encrypt(k->rsa, out_n, out, k->size, data.p, data.n, RSA_PKCS1_PADDING),
                RC_CRYPTO_LIBRARY);
        return RC_OK;
    default:
        return RC_MECHANISM_INVALID;
    }
}
