/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameters of the post-quantum families: what they hold, inner pointers and ranges, any alignment.
 */
#include "family.h"
#include "fixture.h"

#include <string.h>

#define BAD RC_MECHANISM_PARAM_INVALID

/* Reads at every alignment (item 11): the answer is the same, and so is what is read. RET is of the
 * aligned place; caller frees. */
static enum rc read_param(enum param_kind kind, const void *p, size_t n, struct param *ret)
{
    uint8_t place[160];
    const CK_MECHANISM m = {0, (void *)(uintptr_t)p, n};
    const enum rc rc = param_read(kind, &m, ret);
    for (size_t shift = 1; shift < 8; shift++) {
        AUTO_PARAM struct param again = {.store = BUF_INIT};
        memcpy(place + shift, p, n);
        const CK_MECHANISM odd = {0, place + shift, n};
        assert_rc(param_read(kind, &odd, &again), rc);
        assert_int_equal(again.deterministic, ret->deterministic);
        assert_int_equal(again.given, ret->given);
        assert_bytes(again.aad, ret->aad);
        assert_bytes(again.peer, ret->peer);
        assert_bytes(again.iv, ret->iv);
    }
    return rc;
}

static void expect(enum param_kind kind, const void *p, size_t n, enum rc want)
{
    AUTO_PARAM struct param out = {.store = BUF_INIT};
    assert_rc(read_param(kind, p, n, &out), want);
    if (want != RC_OK) { /* nothing is left of what was refused */
        assert_false(out.given || out.deterministic || out.hedge_unknown);
        assert_true(out.aad.n == 0 && out.peer.n == 0 && out.iv.n == 0 && out.out_n == NULL);
    }
}
#define EXPECT(want, kind, v) expect(kind, &(v), sizeof(v), want)

static void r071_signatures(void **state)
{
    (void)state;
    uint8_t b[256] = {1, 2, 3};
    for (CK_ULONG n = 0; n <= 255; n += 51) {
        for (CK_HEDGE_TYPE h = 0; h <= 4; h++) {
            AUTO_PARAM struct param out = {.store = BUF_INIT};
            const CK_SIGN_ADDITIONAL_CONTEXT c = {h, b, n};
            assert_ok(read_param(PARAM_SIGN, &c, sizeof c, &out));
            assert_true(out.given);
            assert_int_equal(out.deterministic, h == CKH_DETERMINISTIC_REQUIRED);
            assert_int_equal(out.hedge_unknown, h > CKH_DETERMINISTIC_REQUIRED);
            assert_bytes(out.aad, BYTES(b, n));
            assert_true(n == 0 || out.aad.p != b); /* a copy */
        }
    }
    const CK_SIGN_ADDITIONAL_CONTEXT bad[] = {
        {0, b, 256}, {0, NULL, 1}, {0, NULL, 255}, {0, b, ~0ul}, {0, NULL, ~0ul}, {2, b, 1ul << 32},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        EXPECT(BAD, PARAM_SIGN, bad[i]);
        EXPECT(BAD, PARAM_HEDGE, bad[i]);
    }
    CK_SIGN_ADDITIONAL_CONTEXT c = {2, NULL, 0};
    EXPECT(RC_OK, PARAM_HEDGE, c);
    c = (CK_SIGN_ADDITIONAL_CONTEXT){2, b, 0};
    EXPECT(RC_OK, PARAM_HEDGE, c);
    c = (CK_SIGN_ADDITIONAL_CONTEXT){2, b, 1}; /* no context of its own */
    EXPECT(BAD, PARAM_HEDGE, c);
}

static void r071_named_hashes(void **state)
{
    (void)state;
    static const struct {
        CK_MECHANISM_TYPE type;
        enum hash_alg hash; /* HASH_NONE: refused */
    } rows[] = {
        {CKM_SHA224, HASH_SHA224},
        {CKM_SHA256, HASH_SHA256},
        {CKM_SHA384, HASH_SHA384},
        {CKM_SHA512, HASH_SHA512},
        {CKM_SHA512_224, HASH_SHA512_224},
        {CKM_SHA512_256, HASH_SHA512_256},
        {CKM_SHA3_224, HASH_SHA3_224},
        {CKM_SHA3_256, HASH_SHA3_256},
        {CKM_SHA3_384, HASH_SHA3_384},
        {CKM_SHA3_512, HASH_SHA3_512},
        {0, HASH_NONE},
        {CKM_SHA256_HMAC, HASH_NONE},
        {CKM_HASH_ML_DSA_SHA256, HASH_NONE},
        {CKM_SHA256_RSA_PKCS, HASH_NONE},
        {CKM_ML_DSA_EXTERNAL_MU_GEN, HASH_NONE},
        {~0ul, HASH_NONE},
    };
    uint8_t b[256] = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_PARAM struct param out = {.store = BUF_INIT};
        CK_HASH_SIGN_ADDITIONAL_CONTEXT c = {1, b, 7, rows[i].type};
        const bool right = rows[i].hash != HASH_NONE;
        assert_rc(read_param(PARAM_HASH_SIGN, &c, sizeof c, &out), right ? RC_OK : BAD);
        assert_int_equal(out.hash, rows[i].hash);
        c.ulContextLen = 256;
        EXPECT(BAD, PARAM_HASH_SIGN, c);
        c = (CK_HASH_SIGN_ADDITIONAL_CONTEXT){1, NULL, 1, rows[i].type};
        EXPECT(BAD, PARAM_HASH_SIGN, c);
    }
}

static void r007_external_mu(void **state)
{
    (void)state;
    uint8_t tr[64] = {5};
    uint8_t b[256] = {6};
    AUTO_PARAM struct param out = {.store = BUF_INIT};
    CK_MU_GEN_PARAMS p = {CK_INVALID_HANDLE, tr, 64, b, 255};
    assert_ok(read_param(PARAM_MU, &p, sizeof p, &out));
    assert_bytes(out.peer, BYTES(tr, 64));
    assert_bytes(out.aad, BYTES(b, 255));
    assert_int_equal(out.salt_key, CK_INVALID_HANDLE);
    p = (CK_MU_GEN_PARAMS){77, NULL, 0, NULL, 0};
    assert_ok(read_param(PARAM_MU, &p, sizeof p, &out));
    assert_int_equal(out.salt_key, 77);
    assert_int_equal(out.peer.n, 0);
    const CK_MU_GEN_PARAMS bad[] = {
        {0, NULL, 0, NULL, 0}, {0, NULL, 64, NULL, 0}, {0, tr, 63, NULL, 0},   {0, tr, 65, NULL, 0},
        {77, tr, 64, NULL, 0}, {77, NULL, 0, b, 256},  {77, NULL, 0, NULL, 1}, {0, tr, 64, b, ~0ul},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        EXPECT(BAD, PARAM_MU, bad[i]);
    }
}

static void r007_kem(void **state)
{
    (void)state;
    uint8_t b[64] = {7};
    CK_ULONG n = 64;
    AUTO_PARAM struct param out = {.store = BUF_INIT};
    CK_CRATON_KEM_DERIVE_PARAMS p = {CKM_SHA384, b, 3, b, 5, b, &n};
    assert_ok(read_param(PARAM_KEM, &p, sizeof p, &out));
    assert_int_equal(out.hash, HASH_SHA384);
    assert_bytes(out.iv, BYTES(b, 3));
    assert_bytes(out.aad, BYTES(b, 5));
    assert_true(out.out == b && out.out_n == &n && out.given);
    p.prfHashMechanism = 0;
    assert_ok(read_param(PARAM_KEM, &p, sizeof p, &out));
    assert_int_equal(out.hash, HASH_SHA256);
    const CK_CRATON_KEM_DERIVE_PARAMS bad[] = {
        {0, NULL, 1, NULL, 0, b, &n},         {0, NULL, 0, NULL, 1, b, &n},
        {0, b, ~0ul, NULL, 0, b, &n},         {0, NULL, 0, b, ~0ul, b, &n},
        {0, NULL, 0, NULL, 0, b, NULL},       {CKM_AES_GCM, NULL, 0, NULL, 0, b, &n},
        {CKM_SHA256_HMAC, b, 1, b, 1, b, &n},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        EXPECT(BAD, PARAM_KEM, bad[i]);
    }
    /* a ciphertext is copied whole */
    assert_ok(read_param(PARAM_KEM, b, 33, &out));
    assert_bytes(out.peer, BYTES(b, 33));
    assert_true(out.peer.p != b && out.given && out.out_n == NULL);
    const CK_MECHANISM none = {0, NULL, 0};
    assert_ok(param_read(PARAM_KEM, &none, &out));
    assert_false(out.given);
    assert_int_equal(out.hash, HASH_SHA256);
}

/* The only memory that reading takes may be short. */
static void memory(void **state)
{
    (void)state;
    uint8_t b[64] = {8};
    const CK_SIGN_ADDITIONAL_CONTEXT c = {0, b, 64};
    const CK_MU_GEN_PARAMS mu = {0, b, 64, b, 64};
    const struct {
        enum param_kind kind;
        CK_MECHANISM m;
    } rows[] = {
        {PARAM_SIGN, {0, (void *)(uintptr_t)&c, sizeof c}},
        {PARAM_MU, {0, (void *)(uintptr_t)&mu, sizeof mu}},
        {PARAM_KEM, {0, b, 33}},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_PARAM struct param out = {.store = BUF_INIT};
        mem_fault_at(1);
        const enum rc rc = param_read(rows[i].kind, &rows[i].m, &out);
        mem_fault_at(0);
        assert_rc(rc, RC_HOST_MEMORY);
        assert_true(out.aad.n == 0 && out.peer.n == 0 && !out.given);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r071_signatures),  cmocka_unit_test(r071_named_hashes),
        cmocka_unit_test(r007_external_mu), cmocka_unit_test(r007_kem),
        cmocka_unit_test(memory),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
