/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS-LC directly, in the best way an application could use it: keys loaded once, contexts kept.
 */
#include <openssl/aead.h>
#include <openssl/aes.h>
#include <openssl/base.h>
#include <openssl/bn.h>
#include <openssl/cipher.h>
#include <openssl/cmac.h>
#include <openssl/curve25519.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/ecdh.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/nid.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include <stdio.h>

#include "base/mem.h"
#include "bench.h"

struct state {
    enum op op;
    enum alg alg;
    size_t n;
    unsigned bits;
    int nid;
    size_t digest_n;
    RSA *rsa;
    EC_KEY *ec, *peer;
    uint8_t ed_priv[64], ed_pub[32];
    EVP_AEAD_CTX aead;
    AES_KEY aes;
    HMAC_CTX hmac;
    CMAC_CTX *cmac;
    EVP_PKEY *pq;               /* ML-DSA, ML-KEM */
    EVP_PKEY_CTX *kem;          /* of pq; or of its generation */
    EVP_MD_CTX *message;        /* begun with pq */
    uint8_t sig[SIGNATURE_MAX]; /* or a ciphertext of a KEM */
    size_t sig_n;
    uint8_t in[4096], out[4096 + 16], iv[16];
};

static int open_library(enum place place, char *say, size_t cap)
{
    if (place != PLACE_KEYS) {
        return -1;
    }
    snprintf(say, cap, "AWS-LC %s", AWSLC_VERSION_NUMBER_STRING);
    return 0;
}

static void close_library(void)
{
}

static int sign(struct state *s)
{
    unsigned n = 0;
    size_t len = 0;
    switch (s->alg) {
    case ALG_RSA2048:
    case ALG_RSA3072:
    case ALG_RSA4096:
        if (!RSA_sign(NID_sha256, s->in, 32, s->sig, &n, s->rsa)) {
            return -1;
        }
        s->sig_n = n;
        return 0;
    case ALG_P256:
    case ALG_P384:
    case ALG_P521:
        if (!ECDSA_sign(0, s->in, s->digest_n, s->sig, &n, s->ec)) {
            return -1;
        }
        s->sig_n = n;
        return 0;
    case ALG_ED25519:
        return ED25519_sign(s->sig, s->in, 32, s->ed_priv) ? 0 : -1;
    case ALG_HMAC_SHA256:
        return HMAC_Init_ex(&s->hmac, NULL, 0, NULL, NULL) && HMAC_Update(&s->hmac, s->in, s->n) &&
                       HMAC_Final(&s->hmac, s->out, &n)
                   ? 0
                   : -1;
    case ALG_CMAC:
        return CMAC_Reset(s->cmac) && CMAC_Update(s->cmac, s->in, s->n) &&
                       CMAC_Final(s->cmac, s->out, &len)
                   ? 0
                   : -1;
    default:
        s->sig_n = sizeof(s->sig);
        return EVP_DigestSign(s->message, s->sig, &s->sig_n, s->in, 32) ? 0 : -1;
    }
}

static int verify(struct state *s)
{
    if (s->pq != NULL) {
        return EVP_DigestVerify(s->message, s->sig, s->sig_n, s->in, 32) ? 0 : -1;
    }
    if (s->rsa != NULL) {
        return RSA_verify(NID_sha256, s->in, 32, s->sig, s->sig_n, s->rsa) ? 0 : -1;
    }
    if (s->ec != NULL) {
        return ECDSA_verify(0, s->in, s->digest_n, s->sig, s->sig_n, s->ec) ? 0 : -1;
    }
    return ED25519_verify(s->in, 32, s->sig, s->ed_pub) ? 0 : -1;
}

static int agree(struct state *s)
{
    if (s->alg == ALG_X25519) {
        return X25519(s->out, s->ed_priv, s->ed_pub) ? 0 : -1;
    }
    return ECDH_compute_key(s->out, 32, EC_KEY_get0_public_key(s->peer), s->ec, NULL) == 32 ? 0
                                                                                            : -1;
}

static int encapsulate(struct state *s)
{
    size_t n = 32;
    s->sig_n = sizeof(s->sig);
    return EVP_PKEY_encapsulate(s->kem, s->sig, &s->sig_n, s->out, &n) ? 0 : -1;
}

static int decapsulate(struct state *s)
{
    size_t n = 32;
    return EVP_PKEY_decapsulate(s->kem, s->out, &n, s->sig, s->sig_n) ? 0 : -1;
}

static int encrypt(struct state *s)
{
    size_t n = 0;
    unsigned num = 0;
    uint8_t iv[16];
    uint8_t stream[16] = {0};
    s->iv[0]++;
    mem_copy(iv, s->iv, 16);
    switch (s->alg) {
    case ALG_AES_GCM:
        return EVP_AEAD_CTX_seal(&s->aead, s->out, &n, sizeof(s->out), iv, 12, s->in, s->n, NULL, 0)
                   ? 0
                   : -1;
    case ALG_AES_CBC:
        AES_cbc_encrypt(s->in, s->out, s->n, &s->aes, iv, AES_ENCRYPT);
        return 0;
    default:
        AES_ctr128_encrypt(s->in, s->out, s->n, &s->aes, iv, stream, &num);
        return 0;
    }
}

static int generate(struct state *s)
{
    if (s->kem != NULL) {
        EVP_PKEY *k = NULL;
        const int good = EVP_PKEY_keygen(s->kem, &k);
        EVP_PKEY_free(k);
        return good ? 0 : -1;
    }
    if (s->alg == ALG_X25519) {
        X25519_keypair(s->ed_pub, s->ed_priv);
        return 0;
    }
    if (s->alg == ALG_AES) {
        return RAND_bytes(s->out, 32) ? 0 : -1;
    }
    if (s->alg == ALG_P256) {
        EC_KEY *k = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
        const int good = k != NULL && EC_KEY_generate_key(k);
        EC_KEY_free(k);
        return good ? 0 : -1;
    }
    RSA *r = RSA_new();
    BIGNUM *e = BN_new();
    const int good = BN_set_word(e, 65537) && RSA_generate_key_ex(r, 2048, e, NULL);
    BN_free(e);
    RSA_free(r);
    return good ? 0 : -1;
}

static int once(void *state)
{
    struct state *s = state;
    switch (s->op) {
    case OP_SIGN:
        return sign(s);
    case OP_VERIFY:
        return verify(s);
    case OP_AGREE:
        return agree(s);
    case OP_ENCAPSULATE:
        return encapsulate(s);
    case OP_DECAPSULATE:
        return decapsulate(s);
    case OP_ENCRYPT:
        return encrypt(s);
    case OP_DIGEST:
        if (s->alg == ALG_SHA256) {
            SHA256(s->in, s->n, s->out);
        } else {
            SHA512(s->in, s->n, s->out);
        }
        return 0;
    case OP_GENERATE:
        return generate(s);
    case OP_WRAP:
        return AES_wrap_key(&s->aes, NULL, s->out, s->in, 32) == 40 ? 0 : -1;
    case OP_RANDOM:
        return RAND_bytes(s->out, s->n) ? 0 : -1;
    default:
        return -1;
    }
}

static void release(void *state)
{
    struct state *s = state;
    RSA_free(s->rsa);
    EC_KEY_free(s->ec);
    EC_KEY_free(s->peer);
    EVP_AEAD_CTX_cleanup(&s->aead);
    HMAC_CTX_cleanup(&s->hmac);
    CMAC_CTX_free(s->cmac);
    EVP_MD_CTX_free(s->message);
    EVP_PKEY_CTX_free(s->kem);
    EVP_PKEY_free(s->pq);
    mem_free(s);
}

static EC_KEY *new_ec(int nid)
{
    EC_KEY *k = EC_KEY_new_by_curve_name(nid);
    return k != NULL && EC_KEY_generate_key(k) ? k : NULL;
}

/* Of the post-quantum algorithms that the library has; NID_undef: another. */
static int pq_nid(enum alg alg)
{
    switch (alg) {
    case ALG_ML_DSA_44:
        return NID_MLDSA44;
    case ALG_ML_DSA_65:
        return NID_MLDSA65;
    case ALG_ML_DSA_87:
        return NID_MLDSA87;
    case ALG_ML_KEM_512:
        return NID_MLKEM512;
    case ALG_ML_KEM_768:
        return NID_MLKEM768;
    case ALG_ML_KEM_1024:
        return NID_MLKEM1024;
    default:
        return NID_undef;
    }
}

static EVP_PKEY_CTX *pq_generator(const struct state *s)
{
    const bool signs = s->alg <= ALG_ML_DSA_87;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(signs ? EVP_PKEY_PQDSA : EVP_PKEY_KEM, NULL);
    const bool good = ctx != NULL &&
                      (signs ? EVP_PKEY_CTX_pqdsa_set_params(ctx, pq_nid(s->alg))
                             : EVP_PKEY_CTX_kem_set_params(ctx, pq_nid(s->alg))) &&
                      EVP_PKEY_keygen_init(ctx);
    if (!good) {
        EVP_PKEY_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

/* Contexts are begun once and then serve any number of messages or secrets. */
static int prepare_pq(struct state *s)
{
    EVP_PKEY_CTX *maker = pq_generator(s);
    if (s->op == OP_GENERATE) {
        s->kem = maker;
        return maker != NULL ? 0 : -1;
    }
    const int made = maker != NULL && EVP_PKEY_keygen(maker, &s->pq);
    EVP_PKEY_CTX_free(maker);
    if (!made) {
        return -1;
    }
    if (s->op == OP_ENCAPSULATE || s->op == OP_DECAPSULATE) {
        s->kem = EVP_PKEY_CTX_new(s->pq, NULL);
        return s->kem != NULL && encapsulate(s) == 0 ? 0 : -1;
    }
    s->message = EVP_MD_CTX_new();
    if (!EVP_DigestSignInit(s->message, NULL, NULL, NULL, s->pq)) {
        return -1;
    }
    if (s->op == OP_SIGN) {
        return 0;
    }
    const int signed_ = sign(s);
    EVP_MD_CTX_cleanup(s->message);
    return signed_ == 0 && EVP_DigestVerifyInit(s->message, NULL, NULL, NULL, s->pq) ? 0 : -1;
}

/* The parameters of the algorithm; 0 when this library has it for the operation. */
static int prepare_key(struct state *s)
{
    BIGNUM *e = NULL;
    switch (s->alg) {
    case ALG_RSA2048:
    case ALG_RSA3072:
    case ALG_RSA4096:
        s->bits = s->alg == ALG_RSA2048 ? 2048 : s->alg == ALG_RSA3072 ? 3072 : 4096;
        s->rsa = RSA_new();
        e = BN_new();
        if (!BN_set_word(e, 65537) || !RSA_generate_key_ex(s->rsa, (int)s->bits, e, NULL)) {
            return -1;
        }
        BN_free(e);
        return 0;
    case ALG_P256:
    case ALG_P384:
    case ALG_P521:
        s->nid = s->alg == ALG_P256   ? NID_X9_62_prime256v1
                 : s->alg == ALG_P384 ? NID_secp384r1
                                      : NID_secp521r1;
        s->digest_n = s->alg == ALG_P256 ? 32 : s->alg == ALG_P384 ? 48 : 64;
        s->ec = new_ec(s->nid);
        s->peer = new_ec(s->nid);
        return s->ec != NULL && s->peer != NULL ? 0 : -1;
    case ALG_ED25519:
        ED25519_keypair(s->ed_pub, s->ed_priv);
        return 0;
    case ALG_X25519:
        X25519_keypair(s->ed_pub, s->ed_priv);
        return 0;
    case ALG_AES_GCM:
        return EVP_AEAD_CTX_init(&s->aead, EVP_aead_aes_256_gcm(), s->in, 32, 16, NULL) ? 0 : -1;
    case ALG_HMAC_SHA256:
        return HMAC_Init_ex(&s->hmac, s->in, 32, EVP_sha256(), NULL) ? 0 : -1;
    case ALG_CMAC:
        s->cmac = CMAC_CTX_new();
        return CMAC_Init(s->cmac, s->in, 32, EVP_aes_256_cbc(), NULL) ? 0 : -1;
    default:
        return AES_set_encrypt_key(s->in, 256, &s->aes);
    }
}

static int prepare_row(struct state *s)
{
    if (pq_nid(s->alg) != NID_undef) {
        return prepare_pq(s);
    }
    if (s->alg > ALG_AES) {
        return -1; /* not in the library */
    }
    if (s->op == OP_GENERATE || s->op == OP_RANDOM) {
        return 0;
    }
    return prepare_key(s) == 0 && (s->op != OP_VERIFY || sign(s) == 0) ? 0 : -1;
}

static void *prepare(const struct row *row, unsigned thread)
{
    (void)thread;
    if (row->op >= OP_FIND) {
        return NULL;
    }
    struct state *s = mem_alloc(sizeof(*s));
    if (s == NULL) {
        return NULL;
    }
    s->op = row->op;
    s->alg = row->alg;
    s->n = row->n;
    HMAC_CTX_init(&s->hmac);
    EVP_AEAD_CTX_zero(&s->aead);
    if (prepare_row(s) != 0) {
        release(s);
        return NULL;
    }
    return s;
}

const struct subject subject_awslc = {
    .name = "AWS-LC",
    .open = open_library,
    .close = close_library,
    .prepare = prepare,
    .once = once,
    .release = release,
};
