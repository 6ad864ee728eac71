/* SPDX-License-Identifier: Apache-2.0
 *
 * The AWS-LC table and its ranks.
 *
 * The library's own generator (SP 800-90A CTR_DRBG) serves nonces, blinding and hedging inside
 * signatures; keys are drawn from ours. Its first use in a process costs a start-up of its entropy
 * source of about 20 ms, which happens at the first such operation, not at start. It notices fork by
 * itself.
 */
#include <openssl/base.h>

#include "awslc.h"
#include "awslc_backend.h"
#include "pq_library.h"

/* Beside the other library's middle: slower, alike, faster. Measured on x86-64 with AES and SHA
 * extensions. */
enum { RANK_NONE = 0, RANK_SLOWER = 10, RANK_FASTER = 90 };

static enum rc backend_start(struct rng *rng)
{
    (void)rng; /* generate() is given one each time; the library's own cannot be replaced */
    return RC_OK;
}

static void backend_stop(void)
{
    ERR_clear_error();
}

static void backend_after_fork(void)
{
    ERR_clear_error();
}

static int digest_rank(enum hash_alg alg)
{
    switch (alg) {
    case HASH_NONE:
    case HASH_COUNT:
        return RANK_NONE;
    case HASH_SHAKE128:
    case HASH_SHAKE256:
        return lc_pq() != NULL ? RANK_SLOWER : RANK_NONE; /* alike */
    case HASH_SHA1:
    case HASH_SHA224:
    case HASH_SHA256:
        return RANK_FASTER; /* inline state: less to do for short messages, alike for long ones */
    default:
        return RANK_SLOWER;
    }
}

static int mac_rank(enum mac_kind kind, enum hash_alg hash)
{
    switch (kind) {
    case MAC_HMAC:
        return hash_is_xof(hash) ? RANK_NONE : digest_rank(hash);
    case MAC_CMAC:
    case MAC_GMAC:
        return RANK_FASTER;
    default:
        return RANK_NONE;
    }
}

static int cipher_rank(enum cipher_mode mode)
{
    switch (mode) {
    case CIPHER_CBC:
    case CIPHER_CTR:
    case CIPHER_GCM:
        return RANK_FASTER;
    case CIPHER_ECB:
    case CIPHER_CCM:
        return RANK_SLOWER;
    default:
        return RANK_NONE;
    }
}

static int pkey_rank(const struct pkey_spec *spec)
{
    if (!awslc_pkey_ops.supports(spec)) {
        return RANK_NONE;
    }
    /* RSA signs alike in both, but loads and generates keys faster in the other. The curves gain by
     * 1.1 (ECDH P-256) to 4 (Ed25519), ML-KEM by 2 to 3, ML-DSA by 2.3 (generation) to 5 (signing).
     */
    return spec->kind == PKEY_RSA ? RANK_SLOWER : RANK_FASTER;
}

static const struct crypto_backend backend = {
    .name = "awslc",
    .version = AWSLC_VERSION_NUMBER_STRING,
    .start = backend_start,
    .stop = backend_stop,
    .after_fork = backend_after_fork,
    .digest = &awslc_digest_ops,
    .digest_rank = digest_rank,
    .mac = &awslc_mac_ops,
    .mac_rank = mac_rank,
    .cipher = &awslc_cipher_ops,
    .cipher_rank = cipher_rank,
    .keywrap = &awslc_keywrap_ops,
    .keywrap_rank = RANK_FASTER,
    .pkey = &awslc_pkey_ops,
    .pkey_rank = pkey_rank,
    .pkey_generate_rank = pkey_rank,
};

const struct crypto_backend *crypto_backend_awslc(void)
{
    return &backend;
}
