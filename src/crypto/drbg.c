/* SPDX-License-Identifier: Apache-2.0
 *
 * HMAC_DRBG with SHA-256, SP 800-90A Rev. 1, 10.1.2.
 */
#include "drbg.h"

#include <string.h>

#include "base/mem.h"

/* V = HMAC(K, V) */
static void next_v(struct drbg *d)
{
    hmac256_begin(&d->mac);
    hmac256_add(&d->mac, d->v, sizeof(d->v));
    hmac256_end(&d->mac, d->v);
}

/* K = HMAC(K, V || MARK || DATA), then V = HMAC(K, V) */
static void mix(struct drbg *d, uint8_t mark, const struct bytes data[], size_t n)
{
    hmac256_begin(&d->mac);
    hmac256_add(&d->mac, d->v, sizeof(d->v));
    hmac256_add(&d->mac, &mark, 1);
    for (size_t i = 0; i < n; i++) {
        hmac256_add(&d->mac, data[i].p, data[i].n);
    }
    hmac256_end(&d->mac, d->k);
    hmac256_key(&d->mac, d->k);
    next_v(d);
}

/* HMAC_DRBG_Update, 10.1.2.2 */
static void update(struct drbg *d, const struct bytes data[], size_t n)
{
    size_t total = 0;

    for (size_t i = 0; i < n; i++) {
        total += data[i].n;
    }
    mix(d, 0x00, data, n);
    if (total > 0) {
        mix(d, 0x01, data, n);
    }
}

enum rc drbg_instantiate(struct drbg *d, const struct digest_ops *sha256, struct bytes entropy,
                         struct bytes nonce, struct bytes perso)
{
    const struct bytes seed[] = {entropy, nonce, perso};

    drbg_clear(d);
    memset(d->v, 0x01, sizeof(d->v));
    d->mac.blocks = sha256->sha256_blocks;
    hmac256_key(&d->mac, d->k);
    update(d, seed, ARRAY_LEN(seed));
    d->ready = true;
    return RC_OK;
}

enum rc drbg_reseed(struct drbg *d, struct bytes entropy, struct bytes more)
{
    const struct bytes seed[] = {entropy, more};

    REQUIRE(d->ready, RC_RANDOM_NO_RNG);
    update(d, seed, ARRAY_LEN(seed));
    return RC_OK;
}

static enum rc blocks(struct drbg *d, uint8_t *out, size_t n)
{
    while (n > 0) {
        const size_t take = n < sizeof(d->v) ? n : sizeof(d->v);

        next_v(d);
        if (d->has_last && mem_equal_ct(d->v, d->last, sizeof(d->v))) {
            return RC_RANDOM_NO_RNG;
        }
        memcpy(d->last, d->v, sizeof(d->v));
        d->has_last = true;
        memcpy(out, d->v, take);
        out += take;
        n -= take;
    }
    return RC_OK;
}

static enum rc generate(struct drbg *d, struct bytes more, uint8_t *out, size_t n)
{
    if (more.n > 0) {
        update(d, &more, 1);
    }
    TRY(blocks(d, out, n));
    update(d, &more, 1);
    return RC_OK;
}

enum rc drbg_generate(struct drbg *d, struct bytes more, uint8_t *out, size_t n)
{
    REQUIRE(d->ready, RC_RANDOM_NO_RNG);
    REQUIRE(n <= DRBG_REQUEST_MAX, RC_ARGUMENTS_BAD);
    d->ready = false;
    const enum rc rc = generate(d, more, out, n);
    if (rc != RC_OK) {
        mem_wipe(out, n);
        return rc;
    }
    d->ready = true;
    return RC_OK;
}

void drbg_clear(struct drbg *d)
{
    mem_wipe(d, sizeof(*d));
}
