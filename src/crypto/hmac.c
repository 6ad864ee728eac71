/* SPDX-License-Identifier: Apache-2.0
 *
 * HMAC over a digest table.
 */
#include "hmac.h"

#include <string.h>

#include "base/mem.h"

#define BLOCK_MAX 144 /* SHA3-224; every hash's block is whole words of 8 bytes */

union key_block {
    uint8_t bytes[BLOCK_MAX];
    uint64_t words[BLOCK_MAX / 8];
};

/* BLOCK keeps the pad; the next pad is given as what differs from it. */
static enum rc begin_with_pad(struct digest_ctx *c, const struct digest_ops *ops, enum hash_alg alg,
                              union key_block *block, uint8_t pad)
{
    const size_t n = hash_block_size(alg);

    for (size_t i = 0; i < n / 8; i++) {
        block->words[i] ^= pad * UINT64_C(0x0101010101010101);
    }
    TRY(ops->begin(c, alg));
    return ops->update(c, block->bytes, n);
}

enum rc hmac_key_init(struct hmac_key *k, const struct digest_ops *ops, enum hash_alg alg,
                      struct bytes key)
{
    union key_block block = {.bytes = {0}};
    enum rc rc = RC_OK;

    REQUIRE(hash_size(alg) > 0 && !hash_is_xof(alg), RC_ARGUMENTS_BAD);
    k->ops = ops;
    k->alg = alg;
    if (key.n > hash_block_size(alg)) {
        rc = ops->once(alg, key.p, key.n, block.bytes);
    } else {
        mem_copy(block.bytes, key.p, key.n);
    }
    if (rc == RC_OK) {
        rc = begin_with_pad(&k->inner, ops, alg, &block, 0x36);
    }
    if (rc == RC_OK) {
        rc = begin_with_pad(&k->outer, ops, alg, &block, 0x36 ^ 0x5c);
    }
    mem_wipe(&block, sizeof(block));
    return rc;
}

void hmac_key_clear(struct hmac_key *k)
{
    hmac_run_clear(&k->inner);
    hmac_run_clear(&k->outer);
    mem_wipe(k, sizeof(*k));
}

enum rc hmac_begin(const struct hmac_key *k, struct digest_ctx *run)
{
    return k->ops->copy(run, &k->inner);
}

enum rc hmac_update(struct digest_ctx *run, const void *p, size_t n)
{
    return run->ops->update(run, p, n);
}

enum rc hmac_finish(const struct hmac_key *k, struct digest_ctx *run, uint8_t *out)
{
    uint8_t inner[HASH_MAX_SIZE];

    enum rc rc = k->ops->finish(run, inner);
    if (rc == RC_OK) {
        rc = k->ops->copy(run, &k->outer);
    }
    if (rc == RC_OK) {
        rc = k->ops->update(run, inner, hash_size(k->alg));
    }
    if (rc == RC_OK) {
        rc = k->ops->finish(run, out);
    }
    mem_wipe(inner, sizeof(inner));
    return rc;
}

void hmac_run_clear(struct digest_ctx *run)
{
    if (run->ops != NULL) {
        run->ops->clear(run);
    }
}
