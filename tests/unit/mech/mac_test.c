/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests (FIPS 180-4 and 202 examples), HMAC (RFC 4231), CMAC (RFC 4493), GMAC, cut tags, saved
 * digests.
 */
#include "fixture.h"

#include <string.h>
#include <sys/mman.h>

static void digests(void **state)
{
    (void)state;
    static const struct {
        CK_MECHANISM_TYPE type;
        const char *abc;
    } rows[] = {
        {CKM_SHA_1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {CKM_SHA224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
        {CKM_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {CKM_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                     "8086072ba1e7cc2358baeca134c825a7"},
        {CKM_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
        {CKM_SHA512_224, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"},
        {CKM_SHA512_256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"},
        {CKM_SHA3_224, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"},
        {CKM_SHA3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
        {CKM_SHA3_384, "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2"
                       "98d88cea927ac7f539f1edf228376d25"},
        {CKM_SHA3_512, "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
                       "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_BUF struct buf a = BUF_INIT;
        AUTO_BUF struct buf b = BUF_INIT;
        assert_ok(once(rows[i].type, VERB_DIGEST, NULL, 0, NULL, BYTES_STR("abc"), &a));
        assert_ok(in_parts(rows[i].type, VERB_DIGEST, NULL, 0, NULL, BYTES_STR("abc"), 1, &b));
        assert_hex(buf_view(&a), rows[i].abc);
        assert_hex(buf_view(&b), rows[i].abc);
        a.n = b.n = 0;
        assert_ok(once(rows[i].type, VERB_DIGEST, NULL, 0, NULL, BYTES_NONE, &a));
        assert_ok(in_parts(rows[i].type, VERB_DIGEST, NULL, 0, NULL, BYTES_NONE, 1, &b));
        assert_bytes(buf_view(&a), buf_view(&b));
    }
}

static void saved_digest(void **state)
{
    (void)state;
    struct mech_op *a = mech_op_new();
    struct mech_op *b = mech_op_new();
    AUTO_BUF struct buf saved = BUF_INIT;
    uint8_t x[32];
    uint8_t y[32];
    size_t n = 0;
    assert_ok(begin(a, CKM_SHA256, VERB_DIGEST, NULL, 0, NULL));
    assert_ok(mech_update(a, BYTES_STR("ab"), NULL, &n));
    assert_ok(mech_save(a, &saved));
    assert_ok(mech_restore(b, &env, buf_view(&saved)));
    assert_ok(mech_update(a, BYTES_STR("c"), NULL, &n));
    assert_ok(mech_update(b, BYTES_STR("c"), NULL, &n));
    assert_ok(mech_final(a, x, &n));
    assert_ok(mech_final(b, y, &n));
    assert_memory_equal(x, y, 32);
    assert_rc(mech_restore(b, &env, BYTES(saved.p, saved.n - 1)), RC_SAVED_STATE_INVALID);
    /* too much, and keys: not saved */
    AUTO_BUF struct buf big = BUF_INIT;
    assert_ok(buf_reserve(&big, 70000));
    memset(big.p, 1, 70000);
    assert_ok(begin(a, CKM_SHA256, VERB_DIGEST, NULL, 0, NULL));
    assert_ok(mech_update(a, BYTES(big.p, 70000), NULL, &n));
    assert_rc(mech_save(a, &saved), RC_STATE_UNSAVEABLE);
    AUTO_OBJECT struct object *key = secret_key(CKK_GENERIC_SECRET, BYTES_STR("abc"));
    assert_ok(begin(a, CKM_SHA256, VERB_DIGEST, NULL, 0, NULL));
    assert_ok(mech_digest_key(a, key));
    assert_rc(mech_save(a, &saved), RC_STATE_UNSAVEABLE);
    assert_ok(mech_final(a, x, &n));
    assert_hex(BYTES(x, 32), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    mech_op_free(a);
    mech_op_free(b);
}

static void r064_hmac_vectors(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *key = secret_key(CKK_GENERIC_SECRET, BYTES_STR("Jefe"));
    AUTO_OBJECT struct object *typed = secret_key(CKK_SHA256_HMAC, BYTES_STR("Jefe"));
    const struct bytes text = BYTES_STR("what do ya want for nothing?");
    static const struct {
        CK_MECHANISM_TYPE type, general;
        const char *tag;
    } rows[] = {
        {CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL,
         "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"},
        {CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL,
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL,
         "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
         "8e2240ca5e69e2c78b3239ecfab21649"},
        {CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL,
         "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
         "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_BUF struct buf out = BUF_INIT;
        const struct bytes tag = hex(rows[i].tag);
        assert_ok(once(rows[i].type, VERB_SIGN, NULL, 0, key, text, &out));
        assert_bytes(buf_view(&out), tag);
        out.n = 0;
        assert_ok(in_parts(rows[i].type, VERB_SIGN, NULL, 0, key, text, 3, &out));
        assert_bytes(buf_view(&out), tag);
        assert_ok(verify(rows[i].type, NULL, 0, key, text, tag));
        assert_ok(verify_in_parts(rows[i].type, NULL, 0, key, text, 5, tag));
        assert_rc(verify(rows[i].type, NULL, 0, key, BYTES_STR("no"), tag), RC_SIGNATURE_INVALID);
        assert_rc(verify(rows[i].type, NULL, 0, key, text, BYTES(tag.p, tag.n - 1)),
                  RC_SIGNATURE_LEN_RANGE);
        assert_rc(verify(rows[i].type, NULL, 0, key, text, BYTES_NONE), RC_SIGNATURE_LEN_RANGE);
        const CK_ULONG cut = 10;
        out.n = 0;
        assert_ok(once(rows[i].general, VERB_SIGN, &cut, sizeof cut, key, text, &out));
        assert_bytes(buf_view(&out), BYTES(tag.p, 10));
        assert_ok(verify(rows[i].general, &cut, sizeof cut, key, text, BYTES(tag.p, 10)));
        const CK_ULONG none = 0;
        const CK_ULONG more = tag.n + 1;
        assert_rc(once(rows[i].general, VERB_SIGN, &none, sizeof none, key, text, &out),
                  RC_MECHANISM_PARAM_INVALID);
        assert_rc(once(rows[i].general, VERB_SIGN, &more, sizeof more, key, text, &out),
                  RC_MECHANISM_PARAM_INVALID);
    }
    const struct mech_row *row = mech_find(&env, CKM_SHA256_HMAC);
    assert_true(mech_fits_key(row, VERB_SIGN, CKO_SECRET_KEY, CKK_SHA256_HMAC));
    assert_false(mech_fits_key(row, VERB_SIGN, CKO_SECRET_KEY, CKK_SHA384_HMAC));
    assert_false(mech_fits_key(row, VERB_SIGN, CKO_SECRET_KEY, CKK_AES));
    assert_false(mech_fits_key(row, VERB_SIGN, CKO_PRIVATE_KEY, CKK_RSA));
    AUTO_BUF struct buf out = BUF_INIT;
    assert_ok(once(CKM_SHA256_HMAC, VERB_SIGN, NULL, 0, typed, text, &out));
    assert_hex(buf_view(&out), rows[1].tag);
}

static void cmac_and_gmac(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *key = aes("2b7e151628aed2a6abf7158809cf4f3c");
    AUTO_BUF struct buf out = BUF_INIT;
    const struct bytes text = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                                  "30c81c46a35ce411");
    assert_ok(once(CKM_AES_CMAC, VERB_SIGN, NULL, 0, key, BYTES_NONE, &out));
    assert_hex(buf_view(&out), "bb1d6929e95937287fa37d129b756746");
    out.n = 0;
    assert_ok(in_parts(CKM_AES_CMAC, VERB_SIGN, NULL, 0, key, text, 7, &out));
    assert_hex(buf_view(&out), "dfa66747de9ae63030ca32611497c827");
    const CK_ULONG four = 4;
    assert_ok(verify(CKM_AES_CMAC_GENERAL, &four, sizeof four, key, text, BYTES(out.p, 4)));
    const CK_ULONG big = 17;
    assert_rc(verify(CKM_AES_CMAC_GENERAL, &big, sizeof big, key, text, BYTES(out.p, 4)),
              RC_MECHANISM_PARAM_INVALID);
    /* GMAC is the tag of GCM over no text */
    const uint8_t iv[12] = {7};
    CK_GCM_PARAMS gcm = {(CK_BYTE *)(uintptr_t)iv,     12,     96,
                         (CK_BYTE *)(uintptr_t)text.p, text.n, 128};
    AUTO_BUF struct buf tag = BUF_INIT;
    assert_ok(once(CKM_AES_GCM, VERB_ENCRYPT, &gcm, sizeof gcm, key, BYTES_NONE, &tag));
    out.n = 0;
    assert_ok(in_parts(CKM_AES_GMAC, VERB_SIGN, iv, 12, key, text, 6, &out));
    assert_bytes(buf_view(&out), buf_view(&tag));
    assert_ok(verify(CKM_AES_GMAC, iv, 12, key, text, buf_view(&tag)));
    assert_rc(verify(CKM_AES_GMAC, iv, 11, key, text, buf_view(&tag)), RC_MECHANISM_PARAM_INVALID);
}

/* One context for many runs, of different kinds, some left in the middle. */
static void one_op_for_all(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *generic = secret_key(CKK_GENERIC_SECRET, BYTES_STR("Jefe"));
    AUTO_OBJECT struct object *key = aes("2b7e151628aed2a6abf7158809cf4f3c");
    struct mech_op *op = mech_op_new();
    uint8_t out[64];
    size_t n = 0;
    for (int i = 0; i < 50; i++) {
        assert_ok(begin(op, CKM_SHA256_HMAC, VERB_SIGN, NULL, 0, generic));
        assert_ok(mech_update(op, BYTES_STR("left"), NULL, &n));
        assert_ok(begin(op, CKM_SHA512_HMAC, VERB_SIGN, NULL, 0, generic));
        assert_ok(mech_once(op, BYTES_STR("x"), out, &n));
        assert_ok(begin(op, CKM_AES_CMAC, VERB_SIGN, NULL, 0, key));
        assert_ok(mech_once(op, BYTES_NONE, out, &n));
        assert_hex(BYTES(out, n), "bb1d6929e95937287fa37d129b756746");
        assert_ok(begin(op, CKM_SHA256_HMAC, VERB_SIGN, NULL, 0, generic));
        assert_ok(mech_once(op, BYTES_STR("what do ya want for nothing?"), out, &n));
        assert_hex(BYTES(out, n),
                   "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert_rc(mech_once(op, BYTES_NONE, out, &n), RC_OPERATION_NOT_INITIALIZED);
    }
    mech_op_free(op);
}

/* More bytes in one call than an int counts: the same as in parts. */
static void r029_more_than_an_int(void **state)
{
    (void)state;
    const size_t n = ((size_t)1 << 31) + 4099;
    uint8_t *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(p != MAP_FAILED);
    AUTO_BUF struct buf whole = BUF_INIT;
    AUTO_BUF struct buf parts = BUF_INIT;
    assert_ok(once(CKM_SHA_1, VERB_DIGEST, NULL, 0, NULL, BYTES(p, n), &whole));
    assert_ok(in_parts(CKM_SHA_1, VERB_DIGEST, NULL, 0, NULL, BYTES(p, n), 1u << 28, &parts));
    assert_bytes(buf_view(&whole), buf_view(&parts));
    (void)munmap(p, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests),           cmocka_unit_test(saved_digest),
        cmocka_unit_test(r064_hmac_vectors), cmocka_unit_test(cmac_and_gmac),
        cmocka_unit_test(one_op_for_all),    cmocka_unit_test(r029_more_than_an_int),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
