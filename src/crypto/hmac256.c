/* SPDX-License-Identifier: Apache-2.0
 *
 * HMAC-SHA256 on the compression function alone.
 */
#include "hmac256.h"

#include <string.h>

enum { BLOCK = 64, LENGTH_AT = BLOCK - 8 };

/* FIPS 180-4, 5.3.3 */
static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

void hmac256_key(struct hmac256 *m, const uint8_t key[HMAC256_SIZE])
{
    memcpy(m->inner, start, sizeof(start));
    memcpy(m->outer, start, sizeof(start));
    memset(m->block, 0x36, BLOCK);
    for (size_t i = 0; i < HMAC256_SIZE; i++) {
        m->block[i] ^= key[i];
    }
    m->blocks(m->inner, m->block, 1);
    for (size_t i = 0; i < BLOCK; i++) {
        m->block[i] ^= 0x36 ^ 0x5c;
    }
    m->blocks(m->outer, m->block, 1);
}

void hmac256_begin(struct hmac256 *m)
{
    memcpy(m->h, m->inner, sizeof(m->h));
    m->total = BLOCK;
}

void hmac256_add(struct hmac256 *m, const uint8_t *p, size_t n)
{
    while (n > 0) {
        const size_t used = m->total % BLOCK;
        const size_t take = n < BLOCK - used ? n : BLOCK - used;
        memcpy(m->block + used, p, take);
        m->total += take;
        p += take;
        n -= take;
        if (m->total % BLOCK == 0) {
            m->blocks(m->h, m->block, 1);
        }
    }
}

/* The padding of a message of m->total bytes, and the last block. */
static void finish(struct hmac256 *m, uint8_t out[HMAC256_SIZE])
{
    size_t used = m->total % BLOCK;
    m->block[used++] = 0x80;
    if (used > LENGTH_AT) {
        memset(m->block + used, 0, BLOCK - used);
        m->blocks(m->h, m->block, 1);
        used = 0;
    }
    memset(m->block + used, 0, LENGTH_AT - used);
    put_u64_be(m->block + LENGTH_AT, m->total * 8);
    m->blocks(m->h, m->block, 1);
    for (size_t i = 0; i < 8; i++) {
        put_u32_be(out + 4 * i, m->h[i]);
    }
}

void hmac256_end(struct hmac256 *m, uint8_t out[HMAC256_SIZE])
{
    finish(m, m->block);
    memcpy(m->h, m->outer, sizeof(m->h));
    m->total = BLOCK + HMAC256_SIZE;
    finish(m, out);
}
