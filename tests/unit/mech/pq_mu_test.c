/* SPDX-License-Identifier: Apache-2.0
 *
 * What ML-DSA signs of a message, computed here by the book: mu = SHAKE256(tr, M'), 64 bytes (FIPS 204,
 * algorithm 7, line 6), with M' of algorithm 2 (0, length of the context, context, message) or algorithm
 * 4 (1, length, context, OID of the hash, digest). What a row signs must verify as that mu.
 */
#include "family.h"
#include "fixture.h"

#include <string.h>

static struct object *pub;
static struct object *priv;
static uint8_t tr[64];
static uint8_t context[255];
static const uint8_t text[] = "what is signed";

static int open_key(void **state)
{
    (void)fixture_open(state);
    const CK_ATTRIBUTE t[] = {A_ULONG(CKA_PARAMETER_SET, CKP_ML_DSA_44)};
    struct bytes value = BYTES_NONE;
    assert_ok(generate_pair(CKM_ML_DSA_KEY_PAIR_GEN, t, 1, &pub, &priv));
    assert_ok(object_bytes(pub, CKA_VALUE, &value));
    assert_ok(crypto_xof(env.crypto, HASH_SHAKE256, value, tr, sizeof tr));
    for (size_t i = 0; i < sizeof context; i++) {
        context[i] = (uint8_t)(3 * i);
    }
    return 0;
}

static int close_key(void **state)
{
    object_unref(pub);
    object_unref(priv);
    return fixture_close(state);
}

static void mu_of(uint8_t domain, size_t context_n, struct bytes oid, struct bytes data,
                  uint8_t mu[64])
{
    AUTO_BUF struct buf all = BUF_INIT;
    const uint8_t head[2] = {domain, (uint8_t)context_n};
    assert_ok(buf_add(&all, tr, sizeof tr));
    assert_ok(buf_add(&all, head, 2));
    if (context_n > 0) {
        assert_ok(buf_add(&all, context, context_n));
    }
    assert_ok(buf_add_bytes(&all, oid));
    assert_ok(buf_add_bytes(&all, data));
    assert_ok(crypto_xof(env.crypto, HASH_SHAKE256, buf_view(&all), mu, 64));
}

/* Signed by TYPE with PARAM, verified as mu; and mu signed, verified by TYPE. */
static void both_ways(CK_MECHANISM_TYPE type, const void *param, size_t n, struct bytes data,
                      const uint8_t mu[64])
{
    AUTO_BUF struct buf sig = BUF_INIT;
    const struct bytes m = BYTES(mu, 64);
    assert_ok(once(type, VERB_SIGN, param, n, priv, data, &sig));
    assert_ok(verify(CKM_ML_DSA_EXTERNAL_MU, NULL, 0, pub, m, buf_view(&sig)));
    sig.n = 0;
    assert_ok(once(CKM_ML_DSA_EXTERNAL_MU, VERB_SIGN, NULL, 0, priv, m, &sig));
    assert_ok(verify(type, param, n, pub, data, buf_view(&sig)));
}

static void r071_pure(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 128, 255};
    uint8_t mu[64];
    const struct bytes data = BYTES(text, sizeof text);
    mu_of(0, 0, BYTES_NONE, data, mu);
    both_ways(CKM_ML_DSA, NULL, 0, data, mu);
    both_ways(CKM_CRATON_ML_DSA_44, NULL, 0, data, mu);
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        const CK_SIGN_ADDITIONAL_CONTEXT c = {0, context, lengths[i]};
        const CK_MU_GEN_PARAMS by_tr = {CK_INVALID_HANDLE, tr, 64, context, lengths[i]};
        AUTO_BUF struct buf made = BUF_INIT;
        mu_of(0, lengths[i], BYTES_NONE, data, mu);
        both_ways(CKM_ML_DSA, &c, sizeof c, data, mu);
        assert_ok(
            once(CKM_ML_DSA_EXTERNAL_MU_GEN, VERB_DIGEST, &by_tr, sizeof by_tr, NULL, data, &made));
        assert_bytes(buf_view(&made), BYTES(mu, 64));
        made.n = 0;
        assert_ok(in_parts(CKM_ML_DSA_EXTERNAL_MU_GEN, VERB_DIGEST, &by_tr, sizeof by_tr, NULL,
                           data, 3, &made));
        assert_bytes(buf_view(&made), BYTES(mu, 64));
    }
}

/* The hashes' OIDs are 2.16.840.1.101.3.4.2.x; x of NIST's registry of algorithms ("hashAlgs"). */
static void r071_digests_and_their_oids(void **state)
{
    (void)state;
    static const struct {
        CK_MECHANISM_TYPE type, named;
        enum hash_alg hash;
        uint8_t last;
        size_t size; /* FIPS 204, 5.4.1: SHAKE128 gives 256 bits here, SHAKE256 gives 512 */
    } rows[] = {
        {CKM_HASH_ML_DSA_SHA256, CKM_SHA256, HASH_SHA256, 1, 32},
        {CKM_HASH_ML_DSA_SHA384, CKM_SHA384, HASH_SHA384, 2, 48},
        {CKM_HASH_ML_DSA_SHA512, CKM_SHA512, HASH_SHA512, 3, 64},
        {CKM_HASH_ML_DSA_SHA224, CKM_SHA224, HASH_SHA224, 4, 28},
        {0, CKM_SHA512_224, HASH_SHA512_224, 5, 28},
        {0, CKM_SHA512_256, HASH_SHA512_256, 6, 32},
        {CKM_HASH_ML_DSA_SHA3_224, CKM_SHA3_224, HASH_SHA3_224, 7, 28},
        {CKM_HASH_ML_DSA_SHA3_256, CKM_SHA3_256, HASH_SHA3_256, 8, 32},
        {CKM_HASH_ML_DSA_SHA3_384, CKM_SHA3_384, HASH_SHA3_384, 9, 48},
        {CKM_HASH_ML_DSA_SHA3_512, CKM_SHA3_512, HASH_SHA3_512, 10, 64},
        {CKM_HASH_ML_DSA_SHAKE128, 0, HASH_SHAKE128, 11, 32},
        {CKM_HASH_ML_DSA_SHAKE256, 0, HASH_SHAKE256, 12, 64},
    };
    const struct bytes data = BYTES(text, sizeof text);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const uint8_t oid[] = {0x06, 0x09, 0x60, 0x86, 0x48,        0x01,
                               0x65, 0x03, 0x04, 0x02, rows[i].last};
        uint8_t digest[64];
        uint8_t mu[64];
        if (hash_is_xof(rows[i].hash)) {
            assert_ok(crypto_xof(env.crypto, rows[i].hash, data, digest, rows[i].size));
        } else {
            assert_ok(crypto_hash(env.crypto, rows[i].hash, data, digest));
        }
        const struct bytes d = BYTES(digest, rows[i].size);
        mu_of(1, 20, BYTES(oid, sizeof oid), d, mu);
        const CK_SIGN_ADDITIONAL_CONTEXT c = {2, context, 20};
        const CK_HASH_SIGN_ADDITIONAL_CONTEXT named = {2, context, 20, rows[i].named};
        if (rows[i].type != 0) {
            both_ways(rows[i].type, &c, sizeof c, data, mu);
        }
        if (rows[i].named != 0) {
            both_ways(CKM_HASH_ML_DSA, &named, sizeof named, d, mu);
        }
    }
    /* SHA-1 has an OID elsewhere, and no place here */
    const CK_HASH_SIGN_ADDITIONAL_CONTEXT sha1 = {0, NULL, 0, CKM_SHA_1};
    struct mech_op *op = mech_op_new();
    assert_rc(begin(op, CKM_HASH_ML_DSA, VERB_SIGN, &sha1, sizeof sha1, priv),
              RC_MECHANISM_PARAM_INVALID);
    mech_op_free(op);
}

/* An operation that is used again and again keeps nothing of the one before. */
static void one_after_another(void **state)
{
    (void)state;
    uint8_t sig[3][5000];
    size_t n = 0;
    const CK_SIGN_ADDITIONAL_CONTEXT c = {2, context, 255};
    const CK_SIGN_ADDITIONAL_CONTEXT none = {2, NULL, 0};
    struct mech_op *op = mech_op_new();
    for (int i = 0; i < 3; i++) {
        assert_ok(begin(op, CKM_ML_DSA, VERB_SIGN, &none, sizeof none, priv));
        assert_ok(mech_once(op, BYTES(text, 5), sig[i], &n));
        assert_ok(begin(op, CKM_HASH_ML_DSA_SHA512, VERB_SIGN, &c, sizeof c, priv));
        assert_ok(mech_update(op, BYTES(text, 5), NULL, &n));
        if (i == 1) {
            mech_end(op); /* in the midst of a message */
        }
    }
    assert_memory_equal(sig[0], sig[1], 2420);
    assert_memory_equal(sig[0], sig[2], 2420);
    assert_ok(verify(CKM_ML_DSA, NULL, 0, pub, BYTES(text, 5), BYTES(sig[2], 2420)));
    mech_op_free(op);
}

/* What is saved of a digest is of one; a key's value is not for mu. */
static void mu_is_no_digest(void **state)
{
    (void)state;
    const CK_MU_GEN_PARAMS by_tr = {CK_INVALID_HANDLE, tr, 64, NULL, 0};
    const CK_MU_GEN_PARAMS by_key = {55, NULL, 0, NULL, 0};
    const CK_MECHANISM m = {CKM_ML_DSA_EXTERNAL_MU_GEN, (void *)(uintptr_t)&by_key, sizeof by_key};
    const struct mech_row *row = mech_find(&env, CKM_ML_DSA_EXTERNAL_MU_GEN);
    AUTO_OBJECT struct object *secret =
        secret_key(CKK_GENERIC_SECRET, BYTES_STR("0123456789abcdef"));
    AUTO_BUF struct buf out = BUF_INIT;
    struct mech_op *op = mech_op_new();
    CK_OBJECT_HANDLE handle = 0;
    assert_ok(begin(op, CKM_ML_DSA_EXTERNAL_MU_GEN, VERB_DIGEST, &by_tr, sizeof by_tr, NULL));
    assert_rc(mech_digest_key(op, secret), RC_KEY_INDIGESTIBLE);
    assert_rc(mech_save(op, &out), RC_STATE_UNSAVEABLE);
    mech_end(op);
    assert_rc(mech_digest_key(op, secret), RC_OPERATION_NOT_INITIALIZED);
    /* a handle without its key, and a key that nobody named */
    assert_rc(begin(op, CKM_ML_DSA_EXTERNAL_MU_GEN, VERB_DIGEST, &by_key, sizeof by_key, NULL),
              RC_KEY_HANDLE_INVALID);
    assert_rc(begin(op, CKM_ML_DSA_EXTERNAL_MU_GEN, VERB_DIGEST, &by_tr, sizeof by_tr, pub),
              RC_KEY_HANDLE_INVALID);
    assert_rc(begin(op, CKM_ML_DSA_EXTERNAL_MU_GEN, VERB_DIGEST, &by_key, sizeof by_key, secret),
              RC_KEY_TYPE_INCONSISTENT);
    assert_ok(mech_digest_handle(row, &m, &handle));
    assert_int_equal(handle, 55);
    const CK_MECHANISM plain = {CKM_SHA256, NULL, 0};
    assert_ok(mech_digest_handle(mech_find(&env, CKM_SHA256), &plain, &handle));
    assert_int_equal(handle, CK_INVALID_HANDLE);
    mech_op_free(op);
}

/* Each allocation of a signature fails once: an error, then the same again works. */
static void r116_memory(void **state)
{
    (void)state;
    const struct bytes data = BYTES(text, sizeof text);
    const CK_SIGN_ADDITIONAL_CONTEXT c = {0, context, 100};
    static const CK_MECHANISM_TYPE types[] = {CKM_ML_DSA, CKM_HASH_ML_DSA_SHA3_512};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        bool fired = true;
        for (unsigned long nth = 1; fired; nth++) {
            AUTO_BUF struct buf sig = BUF_INIT;
            mem_fault_at(nth);
            const enum rc rc = once(types[i], VERB_SIGN, &c, sizeof c, priv, data, &sig);
            fired = mem_fault_count() > 0;
            mem_fault_at(0);
            assert_rc(rc, fired ? RC_HOST_MEMORY : RC_OK);
            assert_true(nth < 1000);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r071_pure),         cmocka_unit_test(r071_digests_and_their_oids),
        cmocka_unit_test(one_after_another), cmocka_unit_test(mu_is_no_digest),
        cmocka_unit_test(r116_memory),
    };
    return cmocka_run_group_tests(tests, open_key, close_key);
}
