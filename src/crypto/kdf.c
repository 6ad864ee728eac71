/* SPDX-License-Identifier: Apache-2.0
 *
 * Key derivation over the table: HKDF, X9.63, PBKDF2; and the padding check of CBC.
 */
#include <string.h>

#include "base/mem.h"
#include "crypto/crypto.h"

/* An HMAC key and its run, released together. */
struct prf {
    const struct mac_ops *ops;
    struct mac_key *key;
    struct mac_ctx run;
};

static void prf_close(struct prf *f)
{
    if (f->key != NULL) {
        f->ops->clear(&f->run);
        f->ops->key_free(f->key);
    }
}
#define AUTO_PRF __attribute__((cleanup(prf_close)))

static enum rc prf_open(struct prf *f, const struct crypto *c, enum hash_alg alg,
                        const struct secret *key)
{
    REQUIRE(hash_size(alg) > 0 && c->hmac[alg] != NULL, RC_MECHANISM_PARAM_INVALID);
    f->ops = c->hmac[alg];
    return f->ops->key_new(MAC_HMAC, alg, key, &f->key);
}

/* OUT = HMAC(key, V[0] || V[1] || ...) */
static enum rc prf_run(struct prf *f, const struct bytes v[], size_t n, uint8_t *out)
{
    TRY(f->ops->begin(&f->run, f->key, BYTES_NONE));
    for (size_t i = 0; i < n; i++) {
        TRY(f->ops->update(&f->run, v[i].p, v[i].n));
    }
    return f->ops->finish(&f->run, out);
}

static enum rc hkdf_extract(const struct crypto *c, enum hash_alg alg, const struct secret *ikm,
                            struct bytes salt, struct secret **ret)
{
    static const uint8_t zeros[HASH_MAX_SIZE];
    const size_t size = hash_size(alg);
    const struct bytes input = secret_view(ikm);
    AUTO_SECRET struct secret *key = NULL;
    AUTO_SECRET struct secret *prk = NULL;
    AUTO_PRF struct prf f = {0};

    key = salt.n > 0 ? secret_from(salt.p, salt.n) : secret_from(zeros, size);
    prk = secret_new(size);
    REQUIRE(key != NULL && prk != NULL, RC_HOST_MEMORY);
    TRY(prf_open(&f, c, alg, key));
    TRY(prf_run(&f, &input, 1, prk->p));
    *ret = TAKE(prk);
    return RC_OK;
}

static enum rc hkdf_expand(const struct crypto *c, enum hash_alg alg, const struct secret *prk,
                           struct bytes info, struct secret *out)
{
    const size_t size = hash_size(alg);
    AUTO_SECRET struct secret *t = secret_new(size);
    AUTO_PRF struct prf f = {0};
    uint8_t count = 0;

    REQUIRE(t != NULL, RC_HOST_MEMORY);
    TRY(prf_open(&f, c, alg, prk));
    for (size_t done = 0; done < out->n; done += size) {
        const size_t take = out->n - done < size ? out->n - done : size;
        const struct bytes before = BYTES(t->p, count == 0 ? 0 : size);

        count++;
        const struct bytes v[] = {before, info, BYTES(&count, 1)};
        TRY(prf_run(&f, v, ARRAY_LEN(v), t->p));
        memcpy(out->p + done, t->p, take);
    }
    return RC_OK;
}

enum rc crypto_hkdf(const struct crypto *c, enum hash_alg alg, bool extract, bool expand,
                    const struct secret *ikm, struct bytes salt, struct bytes info, size_t out_n,
                    struct secret **ret)
{
    const size_t size = hash_size(alg);
    AUTO_SECRET struct secret *prk = NULL;
    AUTO_SECRET struct secret *out = NULL;

    REQUIRE(size > 0 && (extract || expand), RC_MECHANISM_PARAM_INVALID);
    REQUIRE(out_n <= 255 * size && (expand || out_n == size), RC_KEY_SIZE_RANGE);
    if (extract) {
        TRY(hkdf_extract(c, alg, ikm, salt, &prk));
    }
    if (!expand) {
        *ret = TAKE(prk);
        return RC_OK;
    }
    out = secret_new(out_n);
    REQUIRE(out != NULL, RC_HOST_MEMORY);
    TRY(hkdf_expand(c, alg, extract ? prk : ikm, info, out));
    *ret = TAKE(out);
    return RC_OK;
}

static enum rc x963_block(const struct digest_ops *ops, struct digest_ctx *d, enum hash_alg alg,
                          const struct secret *z, uint32_t count, struct bytes info, uint8_t *out)
{
    uint8_t be[4];

    put_u32_be(be, count);
    TRY(ops->begin(d, alg));
    TRY(ops->update(d, z->p, z->n));
    TRY(ops->update(d, be, sizeof(be)));
    TRY(ops->update(d, info.p, info.n));
    return ops->finish(d, out);
}

enum rc crypto_x963(const struct crypto *c, enum hash_alg alg, const struct secret *z,
                    struct bytes shared_info, size_t out_n, struct secret **ret)
{
    const size_t size = hash_size(alg);
    AUTO_SECRET struct secret *out = NULL;
    AUTO_SECRET struct secret *block = NULL;
    struct digest_ctx d = {0};
    enum rc rc = RC_OK;

    REQUIRE(size > 0 && c->digest[alg] != NULL, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(out_n / size < UINT32_MAX, RC_KEY_SIZE_RANGE);
    out = secret_new(out_n);
    block = secret_new(size);
    REQUIRE(out != NULL && block != NULL, RC_HOST_MEMORY);
    uint32_t count = 1;
    for (size_t done = 0; done < out_n && rc == RC_OK; done += size) {
        const size_t take = out_n - done < size ? out_n - done : size;

        rc = x963_block(c->digest[alg], &d, alg, z, count++, shared_info, block->p);
        memcpy(out->p + done, block->p, take);
    }
    c->digest[alg]->clear(&d);
    TRY(rc);
    *ret = TAKE(out);
    return RC_OK;
}

/* T = U1 ^ U2 ^ ... (RFC 8018, 5.2) for block number COUNT. U is room for one block. */
static enum rc pbkdf2_block(struct prf *f, struct bytes salt, uint32_t count, unsigned iterations,
                            size_t size, uint8_t *u, uint8_t *t)
{
    uint8_t be[4];

    put_u32_be(be, count);
    const struct bytes first[] = {salt, BYTES(be, sizeof(be))};
    TRY(prf_run(f, first, ARRAY_LEN(first), u));
    memcpy(t, u, size);
    for (unsigned i = 1; i < iterations; i++) {
        TRY(f->ops->begin(&f->run, f->key, BYTES_NONE));
        TRY(f->ops->update(&f->run, u, size));
        TRY(f->ops->finish(&f->run, u));
        for (size_t j = 0; j < size; j++) {
            t[j] ^= u[j];
        }
    }
    return RC_OK;
}

enum rc crypto_pbkdf2(const struct crypto *c, enum hash_alg alg, struct bytes password,
                      struct bytes salt, unsigned iterations, size_t out_n, struct secret **ret)
{
    const size_t size = hash_size(alg);
    AUTO_SECRET struct secret *key = secret_from(password.p, password.n);
    AUTO_SECRET struct secret *work = secret_new(2 * HASH_MAX_SIZE);
    AUTO_SECRET struct secret *out = NULL;
    AUTO_PRF struct prf f = {0};

    REQUIRE(size > 0 && iterations > 0, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(out_n / size < UINT32_MAX, RC_KEY_SIZE_RANGE);
    out = secret_new(out_n);
    REQUIRE(key != NULL && work != NULL && out != NULL, RC_HOST_MEMORY);
    TRY(prf_open(&f, c, alg, key));
    uint32_t count = 1;
    for (size_t done = 0; done < out_n; done += size) {
        const size_t take = out_n - done < size ? out_n - done : size;
        uint8_t *t = work->p + HASH_MAX_SIZE;

        TRY(pbkdf2_block(&f, salt, count++, iterations, size, work->p, t));
        memcpy(out->p + done, t, take);
    }
    *ret = TAKE(out);
    return RC_OK;
}

/* All ones when A < B, for values below 2^31. */
static uint32_t mask_less(uint32_t a, uint32_t b)
{
    return (uint32_t)0 - ((a - b) >> 31);
}

enum rc crypto_unpad16(const uint8_t block[16], size_t *ret_n)
{
    const uint32_t pad = block[15];
    /* 1 <= pad <= 16 */
    uint32_t bad = mask_less(pad, 1) | mask_less(16, pad);

    for (uint32_t i = 0; i < 16; i++) {
        const uint32_t inside = mask_less(15 - i, pad); /* byte i is one of the last pad bytes */

        bad |= inside & ((uint32_t)block[i] ^ pad);
    }
    /* 0 or 1, without a branch: the first one is the caller's, on the verdict. */
    const uint32_t wrong = (bad | ((uint32_t)0 - bad)) >> 31;
    *ret_n = (16 - pad) & (wrong - 1);
    return (enum rc)(wrong * RC_ENCRYPTED_DATA_INVALID);
}
