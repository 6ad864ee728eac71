/* SPDX-License-Identifier: Apache-2.0
 *
 * OpenSSL directly, in the best way an application could use it: algorithms fetched once, keys
 * loaded once, contexts kept and begun again.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <stdio.h>

#include "base/mem.h"
#include "bench.h"

struct state {
    enum op op;
    enum alg alg;
    size_t n;
    size_t digest_n;
    EVP_PKEY *key, *peer;
    EVP_PKEY_CTX *pkey; /* begun for the operation; keeps it, but for Ed25519 */
    EVP_SIGNATURE *how; /* of messages */
    EVP_MD *md;
    EVP_MD_CTX *digest;
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *cx;
    EVP_MAC *mac_alg;
    EVP_MAC_CTX *mac;
    uint8_t sig[SIGNATURE_MAX]; /* or a ciphertext of a KEM */
    size_t sig_n;
    uint8_t in[4096], out[4096 + 32], iv[16];
};

static int open_library(enum place place, char *say, size_t cap)
{
    if (place != PLACE_KEYS) {
        return -1;
    }
    snprintf(say, cap, "OpenSSL %s", OpenSSL_version(OPENSSL_VERSION_STRING));
    return 0;
}

static void close_library(void)
{
}

static int good(int rc)
{
    return rc == 1 ? 0 : -1;
}

static int sign(struct state *s)
{
    size_t n = sizeof(s->sig);
    if (s->mac != NULL) {
        return good(EVP_MAC_init(s->mac, NULL, 0, NULL) && EVP_MAC_update(s->mac, s->in, s->n) &&
                    EVP_MAC_final(s->mac, s->out, &n, sizeof(s->out)));
    }
    if (s->alg == ALG_ED25519 && EVP_PKEY_sign_message_init(s->pkey, s->how, NULL) != 1) {
        return -1;
    }
    const int rc = EVP_PKEY_sign(s->pkey, s->sig, &n, s->in, s->digest_n);
    s->sig_n = n;
    return good(rc);
}

static int verify(struct state *s)
{
    if (s->alg == ALG_ED25519 && EVP_PKEY_verify_message_init(s->pkey, s->how, NULL) != 1) {
        return -1;
    }
    return good(EVP_PKEY_verify(s->pkey, s->sig, s->sig_n, s->in, s->digest_n));
}

static int encapsulate(struct state *s)
{
    size_t n = 32;
    s->sig_n = sizeof(s->sig);
    return good(EVP_PKEY_encapsulate(s->pkey, s->sig, &s->sig_n, s->out, &n));
}

static int decapsulate(struct state *s)
{
    size_t n = 32;
    return good(EVP_PKEY_decapsulate(s->pkey, s->out, &n, s->sig, s->sig_n));
}

static int encrypt(struct state *s)
{
    int n = 0;
    int last = 0;
    s->iv[0]++;
    if (EVP_EncryptInit_ex2(s->cx, NULL, NULL, s->iv, NULL) != 1 ||
        EVP_EncryptUpdate(s->cx, s->out, &n, s->in, (int)s->n) != 1 ||
        EVP_EncryptFinal_ex(s->cx, s->out + n, &last) != 1) {
        return -1;
    }
    if (s->alg == ALG_AES_GCM) {
        return good(EVP_CIPHER_CTX_ctrl(s->cx, EVP_CTRL_AEAD_GET_TAG, 16, s->sig));
    }
    return 0;
}

static int generate(struct state *s)
{
    if (s->alg == ALG_AES) {
        return good(RAND_priv_bytes(s->out, 32));
    }
    EVP_PKEY *k = NULL;
    const int rc = EVP_PKEY_generate(s->pkey, &k);
    EVP_PKEY_free(k);
    return good(rc);
}

static int once(void *state)
{
    struct state *s = state;
    int n = 0;
    size_t len = sizeof(s->out);
    switch (s->op) {
    case OP_SIGN:
        return sign(s);
    case OP_VERIFY:
        return verify(s);
    case OP_AGREE:
        return good(EVP_PKEY_derive(s->pkey, s->out, &len));
    case OP_ENCAPSULATE:
        return encapsulate(s);
    case OP_DECAPSULATE:
        return decapsulate(s);
    case OP_ENCRYPT:
        return encrypt(s);
    case OP_DIGEST:
        return good(EVP_DigestInit_ex2(s->digest, s->md, NULL) &&
                    EVP_DigestUpdate(s->digest, s->in, s->n) &&
                    EVP_DigestFinal_ex(s->digest, s->out, NULL));
    case OP_GENERATE:
        return generate(s);
    case OP_WRAP:
        return good(EVP_EncryptInit_ex2(s->cx, NULL, NULL, NULL, NULL) &&
                    EVP_EncryptUpdate(s->cx, s->out, &n, s->in, 32));
    case OP_RANDOM:
        return good(RAND_bytes(s->out, (int)s->n));
    default:
        return -1;
    }
}

static void release(void *state)
{
    struct state *s = state;
    EVP_PKEY_CTX_free(s->pkey);
    EVP_PKEY_free(s->key);
    EVP_PKEY_free(s->peer);
    EVP_SIGNATURE_free(s->how);
    EVP_MD_CTX_free(s->digest);
    EVP_MD_free(s->md);
    EVP_CIPHER_CTX_free(s->cx);
    EVP_CIPHER_free(s->cipher);
    EVP_MAC_CTX_free(s->mac);
    EVP_MAC_free(s->mac_alg);
    mem_free(s);
}

/* NULL: not post-quantum. */
static const char *pq_name(enum alg alg)
{
    switch (alg) {
    case ALG_ML_DSA_44:
        return "ML-DSA-44";
    case ALG_ML_DSA_65:
        return "ML-DSA-65";
    case ALG_ML_DSA_87:
        return "ML-DSA-87";
    case ALG_SLH_DSA_SHA2_128S:
        return "SLH-DSA-SHA2-128s";
    case ALG_SLH_DSA_SHA2_128F:
        return "SLH-DSA-SHA2-128f";
    case ALG_SLH_DSA_SHAKE_128F:
        return "SLH-DSA-SHAKE-128f";
    case ALG_ML_KEM_512:
        return "ML-KEM-512";
    case ALG_ML_KEM_768:
        return "ML-KEM-768";
    case ALG_ML_KEM_1024:
        return "ML-KEM-1024";
    default:
        return NULL;
    }
}

static EVP_PKEY *new_key(enum alg alg)
{
    switch (alg) {
    case ALG_RSA2048:
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    case ALG_RSA3072:
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)3072);
    case ALG_RSA4096:
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)4096);
    case ALG_P256:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    case ALG_P384:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    case ALG_P521:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521");
    case ALG_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case ALG_X25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    default:
        return pq_name(alg) != NULL ? EVP_PKEY_Q_keygen(NULL, NULL, pq_name(alg)) : NULL;
    }
}

static int begin_sign(struct state *s, bool rsa)
{
    return s->alg == ALG_ED25519 ||
                   (EVP_PKEY_sign_init(s->pkey) == 1 &&
                    (!rsa || (EVP_PKEY_CTX_set_rsa_padding(s->pkey, RSA_PKCS1_PADDING) == 1 &&
                              EVP_PKEY_CTX_set_signature_md(s->pkey, s->md) == 1)))
               ? 0
               : -1;
}

static int begin_verify(struct state *s, bool rsa)
{
    if (begin_sign(s, rsa) != 0 || sign(s) != 0) {
        return -1;
    }
    return s->alg == ALG_ED25519 ||
                   (EVP_PKEY_verify_init(s->pkey) == 1 &&
                    (!rsa || (EVP_PKEY_CTX_set_rsa_padding(s->pkey, RSA_PKCS1_PADDING) == 1 &&
                              EVP_PKEY_CTX_set_signature_md(s->pkey, s->md) == 1)))
               ? 0
               : -1;
}

static int prepare_generate(struct state *s, bool rsa)
{
    const char *name = pq_name(s->alg);
    name = name != NULL ? name : rsa ? "RSA" : s->alg == ALG_X25519 ? "X25519" : "EC";
    s->pkey = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
    if (EVP_PKEY_keygen_init(s->pkey) != 1) {
        return -1;
    }
    if (rsa) {
        return good(EVP_PKEY_CTX_set_rsa_keygen_bits(s->pkey, 2048));
    }
    return s->alg == ALG_P256 ? good(EVP_PKEY_CTX_set_group_name(s->pkey, "P-256")) : 0;
}

/* Begun once; the context then serves any number of messages or secrets. */
static int prepare_pq(struct state *s)
{
    const char *name = pq_name(s->alg);
    switch (s->op) {
    case OP_SIGN:
    case OP_VERIFY:
        s->how = EVP_SIGNATURE_fetch(NULL, name, NULL);
        if (EVP_PKEY_sign_message_init(s->pkey, s->how, NULL) != 1) {
            return -1;
        }
        return s->op == OP_SIGN
                   ? 0
                   : good(sign(s) == 0 && EVP_PKEY_verify_message_init(s->pkey, s->how, NULL) == 1);
    case OP_ENCAPSULATE:
        return good(EVP_PKEY_encapsulate_init(s->pkey, NULL));
    case OP_DECAPSULATE:
        return good(EVP_PKEY_encapsulate_init(s->pkey, NULL) == 1 && encapsulate(s) == 0 &&
                    EVP_PKEY_decapsulate_init(s->pkey, NULL) == 1);
    default:
        return -1;
    }
}

static int prepare_pkey(struct state *s)
{
    const bool rsa = s->alg == ALG_RSA2048 || s->alg == ALG_RSA3072 || s->alg == ALG_RSA4096;
    s->digest_n = s->alg == ALG_P384 ? 48 : s->alg == ALG_P521 ? 64 : 32;
    if (s->op == OP_GENERATE) {
        return prepare_generate(s, rsa);
    }
    s->key = new_key(s->alg);
    s->pkey = s->key == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, s->key, NULL);
    if (s->pkey == NULL) {
        return -1;
    }
    if (pq_name(s->alg) != NULL) {
        return prepare_pq(s);
    }
    s->md = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    s->how = EVP_SIGNATURE_fetch(NULL, "ED25519", NULL);
    if (s->op == OP_SIGN) {
        return begin_sign(s, rsa);
    }
    if (s->op == OP_VERIFY) {
        return begin_verify(s, rsa);
    }
    s->peer = new_key(s->alg);
    return EVP_PKEY_derive_init(s->pkey) == 1 && EVP_PKEY_derive_set_peer(s->pkey, s->peer) == 1
               ? 0
               : -1;
}

static int prepare_cipher(struct state *s, const char *name)
{
    s->cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    s->cx = EVP_CIPHER_CTX_new();
    if (s->cipher == NULL || s->cx == NULL) {
        return -1;
    }
    EVP_CIPHER_CTX_set_flags(s->cx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (EVP_EncryptInit_ex2(s->cx, s->cipher, s->in, NULL, NULL) != 1) {
        return -1;
    }
    EVP_CIPHER_CTX_set_padding(s->cx, 0);
    return 0;
}

static int prepare_mac(struct state *s, const char *name, const char *param, const char *value)
{
    char text[32];
    snprintf(text, sizeof(text), "%s", value);
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(param, text, 0), OSSL_PARAM_END};
    s->mac_alg = EVP_MAC_fetch(NULL, name, NULL);
    s->mac = s->mac_alg == NULL ? NULL : EVP_MAC_CTX_new(s->mac_alg);
    return s->mac != NULL && EVP_MAC_init(s->mac, s->in, 32, params) == 1 ? 0 : -1;
}

static int prepare_digest(struct state *s, const char *name)
{
    s->md = EVP_MD_fetch(NULL, name, NULL);
    s->digest = EVP_MD_CTX_new();
    return s->md != NULL && s->digest != NULL ? 0 : -1;
}

static int prepare_alg(struct state *s)
{
    switch (s->alg) {
    case ALG_AES_GCM:
        return prepare_cipher(s, "AES-256-GCM");
    case ALG_AES_CBC:
        return prepare_cipher(s, "AES-256-CBC");
    case ALG_AES_CTR:
        return prepare_cipher(s, "AES-256-CTR");
    case ALG_AES:
        return s->op == OP_WRAP ? prepare_cipher(s, "AES-256-WRAP") : 0;
    case ALG_SHA256:
        return prepare_digest(s, "SHA2-256");
    case ALG_SHA512:
        return prepare_digest(s, "SHA2-512");
    case ALG_HMAC_SHA256:
        return prepare_mac(s, "HMAC", OSSL_MAC_PARAM_DIGEST, "SHA2-256");
    case ALG_CMAC:
        return prepare_mac(s, "CMAC", OSSL_MAC_PARAM_CIPHER, "AES-256-CBC");
    case ALG_NONE:
        return 0;
    default:
        return prepare_pkey(s);
    }
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
    if (prepare_alg(s) != 0) {
        release(s);
        return NULL;
    }
    return s;
}

const struct subject subject_openssl = {
    .name = "OpenSSL",
    .open = open_library,
    .close = close_library,
    .prepare = prepare,
    .once = once,
    .release = release,
};
