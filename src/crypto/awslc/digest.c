/* SPDX-License-Identifier: Apache-2.0
 *
 * Hashes. SHA-1 and SHA-2 run in the context's inline state and never allocate; SHA-3 is reached
 * through the library's EVP interface, whose context is kept for reuse. So is SHAKE when it runs in
 * parts; in one call it needs no context.
 */
#include "awslc.h"
#include "pq_library.h"

_Static_assert(sizeof(union sha_state) <= sizeof(((struct digest_ctx *)0)->state),
               "the inline state is too small");

const EVP_MD *awslc_md(enum hash_alg alg)
{
    switch (alg) {
    case HASH_SHA1:
        return EVP_sha1();
    case HASH_SHA224:
        return EVP_sha224();
    case HASH_SHA256:
        return EVP_sha256();
    case HASH_SHA384:
        return EVP_sha384();
    case HASH_SHA512:
        return EVP_sha512();
    case HASH_SHA512_224:
        return EVP_sha512_224();
    case HASH_SHA512_256:
        return EVP_sha512_256();
    case HASH_SHA3_224:
        return EVP_sha3_224();
    case HASH_SHA3_256:
        return EVP_sha3_256();
    case HASH_SHA3_384:
        return EVP_sha3_384();
    case HASH_SHA3_512:
        return EVP_sha3_512();
    default:
        return NULL;
    }
}

static const EVP_MD *md_of(enum hash_alg alg)
{
    if (!hash_is_xof(alg)) {
        return awslc_md(alg);
    }
    return alg == HASH_SHAKE128 ? EVP_shake128() : EVP_shake256();
}

bool lc_sha_has(enum hash_alg alg)
{
    return alg >= HASH_SHA1 && alg <= HASH_SHA512_256;
}

/* The library's functions of this family cannot fail (they return 1 always). */
void lc_sha_begin(union sha_state *s, enum hash_alg alg)
{
    switch (alg) {
    case HASH_SHA1:
        SHA1_Init(&s->sha1);
        break;
    case HASH_SHA224:
        SHA224_Init(&s->sha256);
        break;
    case HASH_SHA256:
        SHA256_Init(&s->sha256);
        break;
    case HASH_SHA384:
        SHA384_Init(&s->sha512);
        break;
    case HASH_SHA512_224:
        SHA512_224_Init(&s->sha512);
        break;
    case HASH_SHA512_256:
        SHA512_256_Init(&s->sha512);
        break;
    default:
        SHA512_Init(&s->sha512);
        break;
    }
}

void lc_sha_update(union sha_state *s, enum hash_alg alg, const void *p, size_t n)
{
    if (n == 0) {
        return;
    }
    switch (alg) {
    case HASH_SHA1:
        SHA1_Update(&s->sha1, p, n);
        break;
    case HASH_SHA224:
    case HASH_SHA256:
        SHA256_Update(&s->sha256, p, n);
        break;
    default:
        SHA512_Update(&s->sha512, p, n);
        break;
    }
}

void lc_sha_finish(union sha_state *s, enum hash_alg alg, uint8_t *out)
{
    switch (alg) {
    case HASH_SHA1:
        SHA1_Final(out, &s->sha1);
        break;
    case HASH_SHA224:
        SHA224_Final(out, &s->sha256);
        break;
    case HASH_SHA256:
        SHA256_Final(out, &s->sha256);
        break;
    case HASH_SHA384:
        SHA384_Final(out, &s->sha512);
        break;
    case HASH_SHA512_224:
        SHA512_224_Final(out, &s->sha512);
        break;
    case HASH_SHA512_256:
        SHA512_256_Final(out, &s->sha512);
        break;
    default:
        SHA512_Final(out, &s->sha512);
        break;
    }
}

static void digest_clear(struct digest_ctx *c)
{
    EVP_MD_CTX_free(c->heap);
    mem_wipe(c, sizeof(*c));
}

static enum rc digest_begin(struct digest_ctx *c, enum hash_alg alg)
{
    const EVP_MD *md = md_of(alg);
    REQUIRE(md != NULL, RC_MECHANISM_INVALID);
    if (c->ops != &awslc_digest_ops && c->ops != NULL) {
        c->ops->clear(c);
    }
    c->ops = &awslc_digest_ops;
    c->alg = alg;
    if (lc_sha_has(alg)) {
        lc_sha_begin((union sha_state *)c->state, alg);
        return RC_OK;
    }
    if (c->heap == NULL) {
        c->heap = EVP_MD_CTX_new();
        REQUIRE(c->heap != NULL, awslc_failed(RC_HOST_MEMORY));
    }
    TRY_LIB(EVP_DigestInit_ex(c->heap, md, NULL), RC_HOST_MEMORY);
    return RC_OK;
}

static enum rc digest_update(struct digest_ctx *c, const void *p, size_t n)
{
    if (lc_sha_has(c->alg)) {
        lc_sha_update((union sha_state *)c->state, c->alg, p, n);
        return RC_OK;
    }
    TRY_LIB(n == 0 || EVP_DigestUpdate(c->heap, p, n), RC_CRYPTO_LIBRARY);
    return RC_OK;
}

/* The library would free the state at the end of a SHAKE, but not at the end of a squeeze. That
 * leaves it there, so it is begun anew at once: nothing of the input remains. */
static enum rc shake_finish(struct digest_ctx *c, uint8_t *out)
{
    TRY_LIB(EVP_DigestSqueeze(c->heap, out, hash_size(c->alg)) &&
                EVP_DigestInit_ex(c->heap, md_of(c->alg), NULL),
            RC_CRYPTO_LIBRARY);
    return RC_OK;
}

static enum rc digest_finish(struct digest_ctx *c, uint8_t *out)
{
    if (lc_sha_has(c->alg)) {
        lc_sha_finish((union sha_state *)c->state, c->alg, out);
        return RC_OK;
    }
    if (hash_is_xof(c->alg)) {
        return shake_finish(c, out);
    }
    TRY_LIB(EVP_DigestFinal_ex(c->heap, out, NULL), RC_CRYPTO_LIBRARY);
    return RC_OK;
}

static enum rc digest_copy(struct digest_ctx *to, const struct digest_ctx *from)
{
    if (to->ops != &awslc_digest_ops && to->ops != NULL) {
        to->ops->clear(to);
    }
    if (!lc_sha_has(from->alg)) {
        if (to->heap == NULL) {
            to->heap = EVP_MD_CTX_new();
            REQUIRE(to->heap != NULL, awslc_failed(RC_HOST_MEMORY));
        }
        TRY_LIB(EVP_MD_CTX_copy_ex(to->heap, from->heap), RC_HOST_MEMORY);
    }
    to->ops = from->ops;
    to->alg = from->alg;
    mem_copy(to->state, from->state, sizeof(to->state));
    return RC_OK;
}

static enum rc digest_xof(enum hash_alg alg, const void *p, size_t n, uint8_t *out, size_t out_n)
{
    REQUIRE(hash_is_xof(alg) && lc_pq() != NULL, RC_MECHANISM_INVALID);
    const lc_shake shake = alg == HASH_SHAKE128 ? lc_pq()->shake128 : lc_pq()->shake256;
    TRY_LIB(out_n == 0 || shake(p, n, out, out_n) != NULL, RC_CRYPTO_LIBRARY);
    return RC_OK;
}

static enum rc digest_once(enum hash_alg alg, const void *p, size_t n, uint8_t *out)
{
    if (lc_sha_has(alg)) {
        union sha_state s;
        lc_sha_begin(&s, alg);
        lc_sha_update(&s, alg, p, n);
        lc_sha_finish(&s, alg, out);
        mem_wipe(&s, sizeof(s));
        return RC_OK;
    }
    if (hash_is_xof(alg)) {
        return digest_xof(alg, p, n, out, hash_size(alg));
    }
    const EVP_MD *md = awslc_md(alg);
    REQUIRE(md != NULL, RC_MECHANISM_INVALID);
    TRY_LIB(EVP_Digest(p, n, out, NULL, md, NULL), RC_HOST_MEMORY);
    return RC_OK;
}

const struct digest_ops awslc_digest_ops = {
    .begin = digest_begin,
    .update = digest_update,
    .finish = digest_finish,
    .copy = digest_copy,
    .clear = digest_clear,
    .once = digest_once,
    .xof = digest_xof,
    .sha256_blocks = SHA256_TransformBlocks,
};
