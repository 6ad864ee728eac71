/* SPDX-License-Identifier: Apache-2.0
 *
 * Hashes. SHA-1 and SHA-2 run in place in the caller's context through the library's plain
 * functions (no allocation, no look-up; they work before start() too). SHA-3 and SHAKE have none: they
 * run in a library context that is kept and begun again.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <string.h>

#include <openssl/sha.h>

#include "osl.h"

_Static_assert(sizeof(SHA512_CTX) <= sizeof(((struct digest_ctx *)0)->state), "state fits");

enum family { FAMILY_NONE, FAMILY_SHA1, FAMILY_SHA256, FAMILY_SHA512, FAMILY_SHA3 /* and SHAKE */ };

static const uint8_t families[HASH_COUNT] = {
    [HASH_SHA1] = FAMILY_SHA1,         [HASH_SHA224] = FAMILY_SHA256,
    [HASH_SHA256] = FAMILY_SHA256,     [HASH_SHA384] = FAMILY_SHA512,
    [HASH_SHA512] = FAMILY_SHA512,     [HASH_SHA512_224] = FAMILY_SHA512,
    [HASH_SHA512_256] = FAMILY_SHA512, [HASH_SHA3_224] = FAMILY_SHA3,
    [HASH_SHA3_256] = FAMILY_SHA3,     [HASH_SHA3_384] = FAMILY_SHA3,
    [HASH_SHA3_512] = FAMILY_SHA3,     [HASH_SHAKE128] = FAMILY_SHA3,
    [HASH_SHAKE256] = FAMILY_SHA3,
};

/* FIPS 180-4, 5.3.6: the library's plain functions lack these two starting values alone. */
static const uint64_t sha512_224_start[8] = {
    0x8C3D37C819544DA2, 0x73E1996689DCD4D6, 0x1DFAB7AE32FF9C82, 0x679DD514582F9FCF,
    0x0F6D2B697BD44DA8, 0x77E36F7304C48942, 0x3F9D85A86A1D36C8, 0x1112E6AD91D692A1,
};
static const uint64_t sha512_256_start[8] = {
    0x22312194FC2BF72C, 0x9F555FA3C84C64C2, 0x2393B86B6F53B151, 0x963877195940EABD,
    0x96283EE2A88EFFE3, 0xBE5E1E2553863992, 0x2B0199FC2C85B8AA, 0x0EB72DDC81C52CA2,
};

static void sha512_start_at(SHA512_CTX *s, const uint64_t h[8], unsigned size)
{
    SHA512_Init(s);
    for (size_t i = 0; i < 8; i++) {
        s->h[i] = h[i];
    }
    s->md_len = size;
}

static void start_plain(enum hash_alg alg, void *state)
{
    switch (alg) {
    case HASH_SHA1:
        SHA1_Init(state);
        break;
    case HASH_SHA224:
        SHA224_Init(state);
        break;
    case HASH_SHA256:
        SHA256_Init(state);
        break;
    case HASH_SHA384:
        SHA384_Init(state);
        break;
    case HASH_SHA512:
        SHA512_Init(state);
        break;
    case HASH_SHA512_224:
        sha512_start_at(state, sha512_224_start, 28);
        break;
    default:
        sha512_start_at(state, sha512_256_start, 32);
        break;
    }
}

static enum rc sha3_begin(struct digest_ctx *c, enum hash_alg alg)
{
    if (c->heap == NULL) {
        c->heap = EVP_MD_CTX_new();
        REQUIRE(c->heap != NULL, RC_HOST_MEMORY);
    }
    const EVP_MD *md = osl_md(alg);
    REQUIRE(md != NULL, osl_failed(RC_CRYPTO_LIBRARY));
    TRY_SSL(EVP_DigestInit_ex2(c->heap, md, NULL));
    return RC_OK;
}

/* How much a SHAKE gives is said at its end; a hash has one size. */
static int sha3_final(EVP_MD_CTX *ctx, enum hash_alg alg, uint8_t *out, size_t n)
{
    return hash_is_xof(alg) ? EVP_DigestFinalXOF(ctx, out, n) : EVP_DigestFinal_ex(ctx, out, NULL);
}

static enum rc begin(struct digest_ctx *c, enum hash_alg alg)
{
    REQUIRE(hash_size(alg) > 0, RC_ARGUMENTS_BAD);
    c->ops = &osl_digest_ops;
    c->alg = alg;
    if (families[alg] == FAMILY_SHA3) {
        return sha3_begin(c, alg);
    }
    start_plain(alg, c->state);
    return RC_OK;
}

static enum rc update(struct digest_ctx *c, const void *p, size_t n)
{
    if (n == 0) {
        return RC_OK;
    }
    switch (families[c->alg]) {
    case FAMILY_SHA1:
        SHA1_Update((SHA_CTX *)(void *)c->state, p, n);
        return RC_OK;
    case FAMILY_SHA256:
        SHA256_Update((SHA256_CTX *)(void *)c->state, p, n);
        return RC_OK;
    case FAMILY_SHA512:
        SHA512_Update((SHA512_CTX *)(void *)c->state, p, n);
        return RC_OK;
    default:
        TRY_SSL(EVP_DigestUpdate(c->heap, p, n));
        return RC_OK;
    }
}

static enum rc finish(struct digest_ctx *c, uint8_t *out)
{
    switch (families[c->alg]) {
    case FAMILY_SHA1:
        SHA1_Final(out, (SHA_CTX *)(void *)c->state);
        return RC_OK;
    case FAMILY_SHA256:
        SHA256_Final(out, (SHA256_CTX *)(void *)c->state);
        return RC_OK;
    case FAMILY_SHA512:
        SHA512_Final(out, (SHA512_CTX *)(void *)c->state);
        return RC_OK;
    default:
        TRY_SSL(sha3_final(c->heap, c->alg, out, hash_size(c->alg)));
        return RC_OK;
    }
}

static enum rc copy(struct digest_ctx *to, const struct digest_ctx *from)
{
    to->ops = &osl_digest_ops;
    to->alg = from->alg;
    switch (families[from->alg]) {
    case FAMILY_SHA1:
        memcpy(to->state, from->state, sizeof(SHA_CTX));
        return RC_OK;
    case FAMILY_SHA256:
        memcpy(to->state, from->state, sizeof(SHA256_CTX));
        return RC_OK;
    case FAMILY_SHA512:
        memcpy(to->state, from->state, sizeof(SHA512_CTX));
        return RC_OK;
    default:
        if (to->heap == NULL) {
            to->heap = EVP_MD_CTX_new();
            REQUIRE(to->heap != NULL, RC_HOST_MEMORY);
        }
        TRY_SSL(EVP_MD_CTX_copy_ex(to->heap, from->heap));
        return RC_OK;
    }
}

static void clear(struct digest_ctx *c)
{
    EVP_MD_CTX_free(c->heap);
    mem_wipe(c, sizeof(*c));
}

static enum rc sha3_once(enum hash_alg alg, const void *p, size_t n, uint8_t *out, size_t out_n)
{
    const EVP_MD *md = osl_md(alg);
    REQUIRE(md != NULL, osl_failed(RC_CRYPTO_LIBRARY));
    struct pool *pool = osl_digest_pool(alg);
    EVP_MD_CTX *ctx = osl_pool_take(pool);

    if (ctx == NULL) {
        ctx = EVP_MD_CTX_new();
        REQUIRE(ctx != NULL, RC_HOST_MEMORY);
    }
    if (EVP_DigestInit_ex2(ctx, md, NULL) != 1 || EVP_DigestUpdate(ctx, p, n) != 1 ||
        sha3_final(ctx, alg, out, out_n) != 1) {
        EVP_MD_CTX_free(ctx);
        return osl_failed(RC_CRYPTO_LIBRARY);
    }
    if (!osl_pool_put(pool, ctx)) {
        EVP_MD_CTX_free(ctx);
    }
    return RC_OK;
}

static enum rc once(enum hash_alg alg, const void *p, size_t n, uint8_t *out)
{
    REQUIRE(hash_size(alg) > 0, RC_ARGUMENTS_BAD);
    if (families[alg] == FAMILY_SHA3) {
        return sha3_once(alg, p, n, out, hash_size(alg));
    }
    struct digest_ctx c;
    c.alg = alg;
    start_plain(alg, c.state);
    enum rc rc = update(&c, p, n);
    if (rc == RC_OK) {
        rc = finish(&c, out);
    }
    mem_wipe(c.state, sizeof(c.state));
    return rc;
}

static enum rc xof(enum hash_alg alg, const void *p, size_t n, uint8_t *out, size_t out_n)
{
    REQUIRE(hash_is_xof(alg), RC_ARGUMENTS_BAD);
    return out_n > 0 ? sha3_once(alg, p, n, out, out_n) : RC_OK;
}

static void sha256_blocks(uint32_t h[8], const uint8_t *p, size_t n)
{
    SHA256_CTX s; /* of which nothing but h is looked at */
    memcpy(s.h, h, sizeof(s.h));
    for (size_t i = 0; i < n; i++) {
        SHA256_Transform(&s, p + i * SHA256_CBLOCK);
    }
    memcpy(h, s.h, sizeof(s.h));
    mem_wipe(s.h, sizeof(s.h));
}

const struct digest_ops osl_digest_ops = {
    .begin = begin,
    .update = update,
    .finish = finish,
    .copy = copy,
    .clear = clear,
    .once = once,
    .xof = xof,
    .sha256_blocks = sha256_blocks,
};
