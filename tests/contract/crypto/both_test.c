/* SPDX-License-Identifier: Apache-2.0
 *
 * Each library against the other: what one makes the other reads. And the choice between them.
 */
#include <string.h>

#include "rules.h"

static struct crypto *c;
static const struct crypto_backend *side[2];

static int open_both(void **state)
{
    (void)state;
    c = subject_open_all();
    side[0] = backend_named("openssl");
    side[1] = backend_named("awslc");
    assert_int_equal(c->n_backends, 2);
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    crypto_close(c);
    return 0;
}

static const uint8_t text[333] = "what both must agree on";

static void test_hashes(void **state)
{
    (void)state;
    for (enum hash_alg alg = HASH_SHA1; alg < HASH_COUNT; alg++) {
        for (size_t n = 0; n <= sizeof(text); n += 111) {
            uint8_t out[2][HASH_MAX_SIZE] = {{0}};

            if (side[0]->digest_rank(alg) == 0 || side[1]->digest_rank(alg) == 0) {
                continue;
            }
            ASSERT_OK(side[0]->digest->once(alg, text, n, out[0]));
            ASSERT_OK(side[1]->digest->once(alg, text, n, out[1]));
            assert_memory_equal(out[0], out[1], HASH_MAX_SIZE);
        }
    }
}

static void mac_by(const struct crypto_backend *b, enum mac_kind kind, enum hash_alg hash,
                   size_t key_n, uint8_t *out)
{
    AUTO_SECRET struct secret *key = secret_from(text, key_n);
    struct mac_key *k = NULL;
    struct mac_ctx run = {0};

    ASSERT_OK(b->mac->key_new(kind, hash, key, &k));
    ASSERT_OK(b->mac->begin(&run, k, BYTES(text, 12)));
    ASSERT_OK(b->mac->update(&run, text, 200));
    ASSERT_OK(b->mac->finish(&run, out));
    b->mac->clear(&run);
    b->mac->key_free(k);
}

static void test_macs(void **state)
{
    uint8_t out[2][MAC_MAX_SIZE] = {{0}};

    (void)state;
    for (enum hash_alg alg = HASH_SHA1; alg < HASH_COUNT; alg++) {
        if (side[0]->mac_rank(MAC_HMAC, alg) > 0 && side[1]->mac_rank(MAC_HMAC, alg) > 0) {
            mac_by(side[0], MAC_HMAC, alg, 150, out[0]);
            mac_by(side[1], MAC_HMAC, alg, 150, out[1]);
            assert_memory_equal(out[0], out[1], MAC_MAX_SIZE);
        }
    }
    for (enum mac_kind kind = MAC_CMAC; kind < MAC_COUNT; kind++) {
        for (size_t key_n = 16; key_n <= 32; key_n += 8) {
            memset(out, 0, sizeof(out));
            mac_by(side[0], kind, HASH_NONE, key_n, out[0]);
            mac_by(side[1], kind, HASH_NONE, key_n, out[1]);
            assert_memory_equal(out[0], out[1], MAC_MAX_SIZE);
        }
    }
}

static void stream(const struct crypto_backend *b, enum cipher_mode mode, size_t key_n,
                   bool encrypt, uint8_t *data, size_t n, uint8_t *tag)
{
    AUTO_SECRET struct secret *key = secret_from(text, key_n);
    const struct cipher_params p = {.encrypt = encrypt,
                                    .iv = BYTES(text, mode == CIPHER_ECB ? 0 : 16),
                                    .aad = BYTES(text, mode == CIPHER_GCM ? 50 : 0),
                                    .tag_n = 16,
                                    .counter_bits = 7};
    struct cipher_key *k = NULL;
    struct cipher_ctx run = {0};

    ASSERT_OK(b->cipher->key_new(mode, key, &k));
    ASSERT_OK(b->cipher->begin(&run, k, &p));
    ASSERT_OK(b->cipher->update(&run, data, 64, data));
    ASSERT_OK(b->cipher->update(&run, data + 64, n - 64, data + 64));
    ASSERT_OK(b->cipher->finish(&run, mode == CIPHER_GCM ? tag : NULL, 16));
    b->cipher->clear(&run);
    b->cipher->key_free(k);
}

static void test_ciphers(void **state)
{
    uint8_t data[2][192], tag[2][16] = {{0}};

    (void)state;
    for (enum cipher_mode mode = CIPHER_ECB; mode <= CIPHER_GCM; mode++) {
        for (size_t key_n = 16; key_n <= 32; key_n += 8) {
            for (size_t i = 0; i < 2; i++) {
                memcpy(data[i], text, sizeof(data[i]));
                stream(side[i], mode, key_n, true, data[i], sizeof(data[i]), tag[i]);
            }
            assert_memory_equal(data[0], data[1], sizeof(data[0]));
            assert_memory_equal(tag[0], tag[1], sizeof(tag[0]));
            stream(side[1], mode, key_n, false, data[0], sizeof(data[0]), tag[0]);
            stream(side[0], mode, key_n, false, data[1], sizeof(data[1]), tag[1]);
            assert_memory_equal(data[0], text, sizeof(data[0]));
            assert_memory_equal(data[1], text, sizeof(data[1]));
        }
    }
}

static void test_ccm_and_wrap(void **state)
{
    AUTO_SECRET struct secret *key = secret_from(text, 32);
    uint8_t data[100], tag[16];
    struct cipher_key *k[2] = {NULL};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        ASSERT_OK(side[i]->cipher->key_new(CIPHER_CCM, key, &k[i]));
    }
    for (size_t i = 0; i < 2; i++) {
        struct cipher_params p = {.encrypt = true,
                                  .iv = BYTES(text, 7 + 6 * i),
                                  .aad = BYTES(text, 99 * i),
                                  .tag_n = 8,
                                  .data_n = 100};

        ASSERT_OK(side[i]->cipher->once(k[i], &p, text, 100, data, tag));
        p.encrypt = false;
        ASSERT_OK(side[1 - i]->cipher->once(k[1 - i], &p, data, 100, data, tag));
        assert_memory_equal(data, text, 100);
        for (int kind = KEYWRAP_RFC3394; kind <= KEYWRAP_RFC5649; kind++) {
            AUTO_BUF struct buf wrapped = BUF_INIT;
            AUTO_SECRET struct secret *back = NULL;

            ASSERT_OK(side[i]->keywrap->wrap(kind, key, NULL, BYTES(text, 40), &wrapped));
            ASSERT_OK(side[1 - i]->keywrap->unwrap(kind, key, NULL, buf_view(&wrapped), &back));
            assert_true(bytes_equal(secret_view(back), BYTES(text, 40)));
        }
    }
    side[0]->cipher->key_free(k[0]);
    side[1]->cipher->key_free(k[1]);
}

/* ---- keys -------------------------------------------------------------------------------------------- */

struct pair_of_sides {
    struct pkey *priv[2], *pub[2];
};

/* A pair made by side I, loaded by both. */
static struct pair_of_sides make(const struct pkey_spec *spec, size_t i, struct key_parts *parts)
{
    static const uint8_t f4[] = {1, 0, 1};
    struct pair_of_sides s = {{NULL}, {NULL}};

    ASSERT_OK(side[i]->pkey->generate(spec, BYTES(f4, sizeof(f4)), c->rng, parts));
    for (size_t j = 0; j < 2; j++) {
        ASSERT_OK(side[j]->pkey->load(spec, parts, true, &s.priv[j]));
        ASSERT_OK(side[j]->pkey->load(spec, parts, false, &s.pub[j]));
    }
    return s;
}

static void drop(struct pair_of_sides *s)
{
    for (size_t j = 0; j < 2; j++) {
        side[j]->pkey->free(s->priv[j]);
        side[j]->pkey->free(s->pub[j]);
    }
}

static void sign_across(const struct pair_of_sides *s, const struct pkey_params *p, size_t n)
{
    for (size_t i = 0; i < 2; i++) {
        uint8_t sig[256];
        size_t sig_n = 0;

        ASSERT_OK(side[i]->pkey->sign(s->priv[i], p, BYTES(text, n), sig, &sig_n));
        ASSERT_OK(side[1 - i]->pkey->verify(s->pub[1 - i], p, BYTES(text, n), BYTES(sig, sig_n)));
    }
}

static void encrypt_across(const struct pair_of_sides *s, const struct pkey_params *p, size_t n)
{
    for (size_t i = 0; i < 2; i++) {
        AUTO_SECRET struct secret *back = NULL;
        uint8_t ct[256];
        size_t ct_n = 0;

        ASSERT_OK(side[i]->pkey->encrypt(s->pub[i], p, BYTES(text, n), ct, &ct_n));
        ASSERT_OK(side[1 - i]->pkey->decrypt(s->priv[1 - i], p, BYTES(ct, ct_n), &back));
        assert_true(bytes_equal(secret_view(back), BYTES(text, n)));
    }
}

static void test_rsa(void **state)
{
    const struct pkey_spec spec = {.kind = PKEY_RSA, .bits = 2048};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        AUTO_KEY_PARTS struct key_parts parts = {0};
        struct pair_of_sides s = make(&spec, i, &parts);

        for (enum hash_alg h = HASH_SHA1; h < HASH_COUNT; h++) {
            struct pkey_params p = {
                .scheme = SCHEME_RSA_PKCS1_HASH, .hash = h, .mgf = h, .salt_n = 11};

            if (side[1]->digest_rank(h) == 0 || hash_is_xof(h)) {
                continue;
            }
            sign_across(&s, &p, hash_size(h));
            p.scheme = SCHEME_RSA_PSS;
            sign_across(&s, &p, hash_size(h));
            p.scheme = SCHEME_RSA_OAEP;
            p.label = BYTES(text, h);
            encrypt_across(&s, &p, 20);
        }
        sign_across(&s, &(struct pkey_params){.scheme = SCHEME_RSA_PKCS1}, 100);
        encrypt_across(&s, &(struct pkey_params){.scheme = SCHEME_RSA_PKCS1}, 100);
        drop(&s);
    }
}

static void test_curves(void **state)
{
    (void)state;
    for (size_t n = 1; n < CURVE_COUNT + 4; n++) {
        const struct pkey_spec spec = {
            .kind = n < CURVE_COUNT ? PKEY_EC : (enum pkey_kind)(PKEY_ED25519 + n - CURVE_COUNT),
            .curve = n < CURVE_COUNT ? (enum ec_curve)n : CURVE_NONE,
        };
        const bool edwards = spec.kind == PKEY_ED25519 || spec.kind == PKEY_ED448;

        for (size_t i = 0; i < 2 && side[1]->pkey->supports(&spec); i++) {
            AUTO_KEY_PARTS struct key_parts parts = {0};
            struct pair_of_sides s = make(&spec, i, &parts);

            if (edwards) {
                const struct pkey_params ph = {.scheme = SCHEME_EDDSA, .prehash = true};

                sign_across(&s, &(struct pkey_params){.scheme = SCHEME_EDDSA}, 100);
                sign_across(&s, &ph, 100);
            } else {
                AUTO_SECRET struct secret *a = NULL;
                AUTO_SECRET struct secret *b = NULL;

                if (spec.kind == PKEY_EC) {
                    sign_across(&s, &(struct pkey_params){.scheme = SCHEME_ECDSA}, 48);
                }
                ASSERT_OK(side[0]->pkey->agree(s.priv[0], buf_view(&parts.pub), &a));
                ASSERT_OK(side[1]->pkey->agree(s.priv[1], buf_view(&parts.pub), &b));
                assert_true(secret_equal(a, b));
            }
            drop(&s);
        }
    }
}

/* ---- post-quantum keys ---------------------------------------------------------------------------------- */

/* Both make the same key of a seed, and each half of it alone. */
static void same_from_seed(const struct pkey_spec *spec, const struct key_parts *parts)
{
    for (size_t i = 0; i < 2 && parts->seed != NULL; i++) {
        AUTO_KEY_PARTS struct key_parts made = {.seed = secret_copy(parts->seed)};

        ASSERT_OK(side[i]->pkey->complete(spec, &made));
        assert_true(secret_equal(made.priv, parts->priv));
        assert_true(bytes_equal(buf_view(&made.pub), buf_view(&parts->pub)));
    }
    for (size_t i = 0; i < 2; i++) {
        AUTO_KEY_PARTS struct key_parts made = {.priv = secret_copy(parts->priv)};

        ASSERT_OK(side[i]->pkey->complete(spec, &made));
        assert_true(bytes_equal(buf_view(&made.pub), buf_view(&parts->pub)));
    }
}

static void encapsulate_across(const struct pair_of_sides *s)
{
    struct secret *fixed[2] = {NULL, NULL};
    uint8_t ct[2][1568];
    const size_t n = side[0]->pkey->size(s->pub[0]);

    for (size_t i = 0; i < 2; i++) {
        AUTO_SECRET struct secret *sent = NULL;
        AUTO_SECRET struct secret *got = NULL;
        struct secret *rejected[2] = {NULL, NULL};

        ASSERT_OK(side[i]->pkey->encapsulate(s->pub[i], c->rng, BYTES_NONE, ct[i], &sent));
        ASSERT_OK(side[1 - i]->pkey->decapsulate(s->priv[1 - i], BYTES(ct[i], n), &got));
        assert_true(secret_equal(sent, got));
        ct[i][n / 2] ^= 1;
        for (size_t j = 0; j < 2; j++) {
            ASSERT_OK(side[j]->pkey->decapsulate(s->priv[j], BYTES(ct[i], n), &rejected[j]));
        }
        assert_true(secret_equal(rejected[0], rejected[1]));
        assert_false(secret_equal(rejected[0], sent));
        secret_free(rejected[0]);
        secret_free(rejected[1]);
        ASSERT_OK(side[i]->pkey->encapsulate(s->pub[i], c->rng, BYTES(text, 32), ct[i], &fixed[i]));
    }
    assert_memory_equal(ct[0], ct[1], n);
    assert_true(secret_equal(fixed[0], fixed[1]));
    secret_free(fixed[0]);
    secret_free(fixed[1]);
}

static void sign_pq_across(const struct pair_of_sides *s, enum pkey_kind kind)
{
    struct pkey_params p = {.scheme = pkey_is_ml_dsa(kind) ? SCHEME_ML_DSA : SCHEME_SLH_DSA,
                            .prefix = BYTES(text, pkey_is_ml_dsa(kind) ? 0 : 2)};
    static uint8_t sig[2][49856];
    size_t n = 0;

    for (size_t i = 0; i < 2; i++) {
        ASSERT_OK(side[i]->pkey->sign(s->priv[i], &p, BYTES(text, 64), sig[i], &n));
        ASSERT_OK(side[1 - i]->pkey->verify(s->pub[1 - i], &p, BYTES(text, 64), BYTES(sig[i], n)));
        sig[i][n / 3] ^= 1;
        ASSERT_RC(side[1 - i]->pkey->verify(s->pub[1 - i], &p, BYTES(text, 64), BYTES(sig[i], n)),
                  RC_SIGNATURE_INVALID);
    }
    p.deterministic = true;
    for (size_t i = 0; i < 2; i++) {
        ASSERT_OK(side[i]->pkey->sign(s->priv[i], &p, BYTES(text, 64), sig[i], &n));
    }
    assert_memory_equal(sig[0], sig[1], n);
    if (pkey_is_ml_dsa(kind)) {
        assert_memory_equal(side[0]->pkey->tr(s->pub[0]), side[1]->pkey->tr(s->priv[1]), 64);
        assert_memory_equal(side[1]->pkey->tr(s->pub[1]), side[0]->pkey->tr(s->priv[0]), 64);
    }
}

static void test_post_quantum(void **state)
{
    (void)state;
    for (enum pkey_kind kind = PKEY_ML_KEM_512; kind < PKEY_COMP_SIG; kind++) {
        const struct pkey_spec spec = {.kind = kind};

        for (size_t i = 0; i < 2 && side[0]->pkey->supports(&spec); i++) {
            if (!side[1]->pkey->supports(&spec)) {
                continue;
            }
            AUTO_KEY_PARTS struct key_parts parts = {0};
            struct pair_of_sides s = make(&spec, i, &parts);

            same_from_seed(&spec, &parts);
            if (pkey_is_ml_kem(kind)) {
                encapsulate_across(&s);
            } else {
                sign_pq_across(&s, kind);
            }
            drop(&s);
        }
    }
}

/* Every algorithm of ours has somebody, and it is whoever ranks higher. */
static void test_choice_by_rank(void **state)
{
    (void)state;
    for (enum hash_alg alg = HASH_SHA1; alg < HASH_COUNT; alg++) {
        const int i = side[1]->digest_rank(alg) > side[0]->digest_rank(alg);

        assert_ptr_equal(c->digest[alg], side[i]->digest);
        assert_true((c->hmac[alg] != NULL) == !hash_is_xof(alg));
    }
    for (enum cipher_mode mode = 0; mode < CIPHER_MODE_COUNT; mode++) {
        const int i = side[1]->cipher_rank(mode) > side[0]->cipher_rank(mode);

        assert_ptr_equal(c->cipher[mode], side[i]->cipher);
    }
    for (enum ec_curve curve = CURVE_P224; curve < CURVE_COUNT; curve++) {
        assert_non_null(c->pkey[PKEY_EC][curve]);
        assert_non_null(c->pkey_generate[PKEY_EC][curve]);
        assert_null(c->pkey[PKEY_RSA][curve]);
    }
    for (enum pkey_kind kind = 0; kind < PKEY_COMP_SIG; kind++) {
        if (kind != PKEY_EC) {
            assert_non_null(c->pkey[kind][CURVE_NONE]);
            assert_non_null(c->pkey_generate[kind][CURVE_NONE]);
        }
    }
    assert_null(c->pkey[PKEY_EC][CURVE_NONE]);
    assert_non_null(c->keywrap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes),       cmocka_unit_test(test_macs),
        cmocka_unit_test(test_ciphers),      cmocka_unit_test(test_ccm_and_wrap),
        cmocka_unit_test(test_rsa),          cmocka_unit_test(test_curves),
        cmocka_unit_test(test_post_quantum), cmocka_unit_test(test_choice_by_rank),
    };

    return cmocka_run_group_tests(tests, open_both, close_both);
}
