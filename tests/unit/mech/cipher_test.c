/* SPDX-License-Identifier: Apache-2.0
 *
 * AES through mech: NIST SP 800-38A and 38C examples, GCM test cases of its proposal (McGrew and
 * Viega), parts against whole, wrong lengths and paddings, in place and overlapping.
 */
#include "fixture.h"

#include <malloc.h>
#include <string.h>

#define KEY "2b7e151628aed2a6abf7158809cf4f3c"
#define IV "000102030405060708090a0b0c0d0e0f"
#define TEXT                                                                                       \
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"                             \
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"

static void block_modes(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *key = aes(KEY);
    AUTO_BUF struct buf out = BUF_INIT;
    assert_ok(once(CKM_AES_ECB, VERB_ENCRYPT, NULL, 0, key, hex(TEXT), &out));
    assert_hex(buf_view(&out), "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
                               "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4");
    out.n = 0;
    assert_ok(once(CKM_AES_CBC, VERB_ENCRYPT, hex(IV).p, 16, key, hex(TEXT), &out));
    assert_hex(buf_view(&out), "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
                               "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7");
    CK_AES_CTR_PARAMS ctr = {.ulCounterBits = 128};
    memcpy(ctr.cb, hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff").p, 16);
    out.n = 0;
    assert_ok(once(CKM_AES_CTR, VERB_ENCRYPT, &ctr, sizeof ctr, key, hex(TEXT), &out));
    assert_hex(buf_view(&out), "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
                               "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee");
}

struct way {
    CK_MECHANISM_TYPE type;
    const void *param;
    size_t param_n;
    bool any_length;
};

/* Every length up to five blocks, every size of part: the same as in one go, and back. */
static void parts_make_the_whole(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *key = aes(KEY);
    CK_AES_CTR_PARAMS ctr = {.ulCounterBits = 32};
    memcpy(ctr.cb, hex(IV).p, 16);
    uint8_t nonce[12] = {1};
    uint8_t aad[20] = {2};
    CK_GCM_PARAMS gcm = {nonce, 12, 96, aad, 20, 96};
    const struct way ways[] = {
        {CKM_AES_ECB, NULL, 0, false},          {CKM_AES_CBC, hex(IV).p, 16, false},
        {CKM_AES_CBC_PAD, hex(IV).p, 16, true}, {CKM_AES_CTR, &ctr, sizeof ctr, true},
        {CKM_AES_GCM, &gcm, sizeof gcm, true},
    };
    uint8_t text[80];
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (uint8_t)i;
    }
    for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
        for (size_t n = 0; n <= sizeof text; n += ways[w].any_length ? 1 : 16) {
            AUTO_BUF struct buf whole = BUF_INIT;
            const struct bytes in = BYTES(text, n);
            assert_ok(
                once(ways[w].type, VERB_ENCRYPT, ways[w].param, ways[w].param_n, key, in, &whole));
            for (size_t step = 1; step <= 40; step += 6) {
                AUTO_BUF struct buf out = BUF_INIT;
                AUTO_BUF struct buf back = BUF_INIT;
                assert_ok(in_parts(ways[w].type, VERB_ENCRYPT, ways[w].param, ways[w].param_n, key,
                                   in, step, &out));
                assert_bytes(buf_view(&out), buf_view(&whole));
                assert_ok(in_parts(ways[w].type, VERB_DECRYPT, ways[w].param, ways[w].param_n, key,
                                   buf_view(&out), step, &back));
                assert_bytes(buf_view(&back), in);
            }
            AUTO_BUF struct buf back = BUF_INIT;
            assert_ok(once(ways[w].type, VERB_DECRYPT, ways[w].param, ways[w].param_n, key,
                           buf_view(&whole), &back));
            assert_bytes(buf_view(&back), in);
        }
    }
}

static void wrong_lengths(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *key = aes(KEY);
    AUTO_BUF struct buf out = BUF_INIT;
    const struct bytes odd = BYTES(hex(TEXT).p, 17);
    const void *iv = hex(IV).p;
    assert_rc(once(CKM_AES_ECB, VERB_ENCRYPT, NULL, 0, key, odd, &out), RC_DATA_LEN_RANGE);
    assert_rc(once(CKM_AES_CBC, VERB_ENCRYPT, iv, 16, key, odd, &out), RC_DATA_LEN_RANGE);
    assert_rc(once(CKM_AES_CBC, VERB_DECRYPT, iv, 16, key, odd, &out), RC_ENCRYPTED_DATA_LEN_RANGE);
    assert_rc(once(CKM_AES_CBC_PAD, VERB_DECRYPT, iv, 16, key, odd, &out),
              RC_ENCRYPTED_DATA_LEN_RANGE);
    assert_rc(once(CKM_AES_CBC_PAD, VERB_DECRYPT, iv, 16, key, BYTES_NONE, &out),
              RC_ENCRYPTED_DATA_LEN_RANGE);
    assert_rc(in_parts(CKM_AES_ECB, VERB_ENCRYPT, NULL, 0, key, odd, 5, &out), RC_DATA_LEN_RANGE);
    assert_rc(in_parts(CKM_AES_CBC, VERB_DECRYPT, iv, 16, key, odd, 5, &out),
              RC_ENCRYPTED_DATA_LEN_RANGE);
    assert_rc(in_parts(CKM_AES_CBC_PAD, VERB_DECRYPT, iv, 16, key, odd, 5, &out),
              RC_ENCRYPTED_DATA_LEN_RANGE);
    assert_rc(in_parts(CKM_AES_CBC_PAD, VERB_DECRYPT, iv, 16, key, BYTES_NONE, 5, &out),
              RC_ENCRYPTED_DATA_LEN_RANGE);
}

/* Each wrong padding has the one code; a whole text in one call gives no byte of it. */
static void r054_wrong_padding(void **state)
{
    (void)state;
    static const char *const lasts[] = {
        "6bc1bee22e409f96e93d7e1173931700", "6bc1bee22e409f96e93d7e1173931711",
        "6bc1bee22e409f96e93d7e1173930302", "6bc1bee22e409f96e93d7e11739317ff",
        "0f101010101010101010101010101010",
    };
    AUTO_OBJECT struct object *key = aes(KEY);
    const void *iv = hex(IV).p;
    for (size_t i = 0; i < ARRAY_LEN(lasts); i++) {
        AUTO_BUF struct buf text = BUF_INIT;
        AUTO_BUF struct buf sealed = BUF_INIT;
        AUTO_BUF struct buf out = BUF_INIT;
        assert_ok(buf_add_bytes(&text, hex(TEXT)));
        assert_ok(buf_add_bytes(&text, hex(lasts[i])));
        assert_ok(once(CKM_AES_CBC, VERB_ENCRYPT, iv, 16, key, buf_view(&text), &sealed));
        assert_rc(once(CKM_AES_CBC_PAD, VERB_DECRYPT, iv, 16, key, buf_view(&sealed), &out),
                  RC_ENCRYPTED_DATA_INVALID);
        assert_int_equal(out.n, 0);
        assert_rc(in_parts(CKM_AES_CBC_PAD, VERB_DECRYPT, iv, 16, key, buf_view(&sealed), 7, &out),
                  RC_ENCRYPTED_DATA_INVALID);
        struct mech_op *op = mech_op_new();
        uint8_t place[96];
        size_t n = 0;
        memset(place, 0, sizeof place);
        assert_ok(begin(op, CKM_AES_CBC_PAD, VERB_DECRYPT, iv, 16, key));
        assert_rc(mech_once(op, buf_view(&sealed), place, &n), RC_ENCRYPTED_DATA_INVALID);
        for (size_t k = 0; k < sizeof place; k++) {
            assert_int_equal(place[k], 0);
        }
        mech_op_free(op);
    }
}

static void r062_ctr_counts_to_its_bits(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *key = aes(KEY);
    AUTO_BUF struct buf out = BUF_INIT;
    CK_AES_CTR_PARAMS ctr = {.ulCounterBits = 1};
    uint8_t text[33] = {0};
    assert_ok(once(CKM_AES_CTR, VERB_ENCRYPT, &ctr, sizeof ctr, key, BYTES(text, 32), &out));
    assert_rc(once(CKM_AES_CTR, VERB_ENCRYPT, &ctr, sizeof ctr, key, BYTES(text, 33), &out),
              RC_DATA_LEN_RANGE);
}

#define GCM_KEY "feffe9928665731c6d6a8f9467308308"
#define GCM_TEXT                                                                                   \
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"                             \
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define GCM_AAD "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define GCM_OUT                                                                                    \
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"                             \
    "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"

static void gcm_vector(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *key = aes(GCM_KEY);
    struct bytes iv = hex("cafebabefacedbaddecaf888");
    struct bytes aad = hex(GCM_AAD);
    /* both layouts, and at an odd address */
    CK_GCM_PARAMS gcm = {(CK_BYTE *)(uintptr_t)iv.p, 12, 96, (CK_BYTE *)(uintptr_t)aad.p, 20, 128};
    const struct {
        const void *iv;
        CK_ULONG iv_n;
        const void *aad;
        CK_ULONG aad_n, tag;
    } old = {iv.p, 12, aad.p, 20, 128};
    uint8_t odd[1 + sizeof gcm];
    memcpy(odd + 1, &gcm, sizeof gcm);
    AUTO_BUF struct buf a = BUF_INIT;
    AUTO_BUF struct buf b = BUF_INIT;
    AUTO_BUF struct buf back = BUF_INIT;
    assert_ok(once(CKM_AES_GCM, VERB_ENCRYPT, odd + 1, sizeof gcm, key, hex(GCM_TEXT), &a));
    assert_ok(once(CKM_AES_GCM, VERB_ENCRYPT, &old, sizeof old, key, hex(GCM_TEXT), &b));
    assert_hex(buf_view(&a), GCM_OUT);
    assert_hex(buf_view(&b), GCM_OUT);
    assert_ok(once(CKM_AES_GCM, VERB_DECRYPT, &old, sizeof old, key, hex(GCM_OUT), &back));
    assert_hex(buf_view(&back), GCM_TEXT);
}

/* No plaintext before the tag was right: not from update, not into the caller's place. */
static void r042_gcm_releases_nothing(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *key = aes(GCM_KEY);
    struct bytes iv = hex("cafebabefacedbaddecaf888");
    CK_GCM_PARAMS gcm = {(CK_BYTE *)(uintptr_t)iv.p, 12, 96, NULL, 0, 128};
    AUTO_BUF struct buf sealed = BUF_INIT;
    assert_ok(once(CKM_AES_GCM, VERB_ENCRYPT, &gcm, sizeof gcm, key, hex(GCM_TEXT), &sealed));
    sealed.p[3] ^= 1;
    struct mech_op *op = mech_op_new();
    uint8_t place[128];
    size_t n = 0;
    bool exact = false;
    memset(place, 0x77, sizeof place);
    assert_ok(begin(op, CKM_AES_GCM, VERB_DECRYPT, &gcm, sizeof gcm, key));
    assert_ok(mech_out_size(op, PHASE_UPDATE, sealed.n, &n, &exact));
    assert_int_equal(n, 0);
    assert_ok(mech_update(op, buf_view(&sealed), place, &n));
    assert_int_equal(n, 0);
    assert_int_equal(place[0], 0x77);
    assert_rc(mech_final(op, place, &n), RC_ENCRYPTED_DATA_INVALID);
    for (size_t i = 0; i < 60; i++) {
        assert_true(place[i] == 0 || place[i] == 0x77);
    }
    assert_ok(begin(op, CKM_AES_GCM, VERB_DECRYPT, &gcm, sizeof gcm, key));
    assert_rc(mech_once(op, BYTES(sealed.p, 15), place, &n), RC_ENCRYPTED_DATA_LEN_RANGE);
    mech_op_free(op);
}

/* Without a parameter the token makes the nonce and puts it in front. */
static void gcm_own_nonce(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *key = aes(GCM_KEY);
    AUTO_BUF struct buf a = BUF_INIT;
    AUTO_BUF struct buf b = BUF_INIT;
    AUTO_BUF struct buf back = BUF_INIT;
    const uint64_t before = nonces;
    assert_ok(once(CKM_AES_GCM, VERB_ENCRYPT, NULL, 0, key, hex(GCM_TEXT), &a));
    assert_ok(in_parts(CKM_AES_GCM, VERB_ENCRYPT, NULL, 0, key, hex(GCM_TEXT), 9, &b));
    assert_int_equal(nonces, before + 2);
    assert_int_equal(a.n, 12 + 60 + 16);
    assert_int_equal(b.n, a.n);
    assert_true(memcmp(a.p, b.p, 12) != 0);
    assert_ok(once(CKM_AES_GCM, VERB_DECRYPT, NULL, 0, key, buf_view(&a), &back));
    assert_hex(buf_view(&back), GCM_TEXT);
    back.n = 0;
    assert_ok(in_parts(CKM_AES_GCM, VERB_DECRYPT, NULL, 0, key, buf_view(&b), 11, &back));
    assert_hex(buf_view(&back), GCM_TEXT);
    CK_GCM_PARAMS gcm = {a.p, 12, 96, NULL, 0, 128};
    back.n = 0;
    assert_ok(once(CKM_AES_GCM, VERB_DECRYPT, &gcm, sizeof gcm, key, BYTES(a.p + 12, 76), &back));
    assert_hex(buf_view(&back), GCM_TEXT);
    /* an empty text: 28 bytes, also in parts */
    a.n = 0;
    assert_ok(in_parts(CKM_AES_GCM, VERB_ENCRYPT, NULL, 0, key, BYTES_NONE, 1, &a));
    assert_int_equal(a.n, 28);
    back.n = 0;
    assert_ok(once(CKM_AES_GCM, VERB_DECRYPT, NULL, 0, key, buf_view(&a), &back));
    assert_int_equal(back.n, 0);
    assert_rc(once(CKM_AES_GCM, VERB_DECRYPT, NULL, 0, key, BYTES(a.p, 27), &back),
              RC_ENCRYPTED_DATA_LEN_RANGE);
}

/* SP 800-38C, example 1 and 2. */
static void r060_ccm_vectors(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *key = aes("404142434445464748494a4b4c4d4e4f");
    uint8_t nonce[] = {0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17};
    uint8_t aad[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    CK_CCM_PARAMS one = {4, nonce, 7, aad, 8, 4};
    CK_CCM_PARAMS two = {16, nonce, 8, aad, 16, 6};
    AUTO_BUF struct buf out = BUF_INIT;
    assert_ok(once(CKM_AES_CCM, VERB_ENCRYPT, &one, sizeof one, key, hex("20212223"), &out));
    assert_hex(buf_view(&out), "7162015b4dac255d");
    out.n = 0;
    const struct bytes text = hex("202122232425262728292a2b2c2d2e2f");
    assert_ok(in_parts(CKM_AES_CCM, VERB_ENCRYPT, &two, sizeof two, key, text, 5, &out));
    assert_hex(buf_view(&out), "d2a1f0e051ea5f62081a7792073d593d1fc64fbfaccd");
    AUTO_BUF struct buf back = BUF_INIT;
    assert_ok(in_parts(CKM_AES_CCM, VERB_DECRYPT, &two, sizeof two, key, buf_view(&out), 5, &back));
    assert_bytes(buf_view(&back), text);
    /* the length is the one that was named */
    assert_rc(once(CKM_AES_CCM, VERB_ENCRYPT, &one, sizeof one, key, text, &back),
              RC_DATA_LEN_RANGE);
    assert_rc(in_parts(CKM_AES_CCM, VERB_ENCRYPT, &one, sizeof one, key, text, 3, &back),
              RC_DATA_LEN_RANGE);
    assert_rc(once(CKM_AES_CCM, VERB_DECRYPT, &one, sizeof one, key, buf_view(&out), &back),
              RC_ENCRYPTED_DATA_LEN_RANGE);
    out.p[out.n - 1] ^= 1;
    assert_rc(once(CKM_AES_CCM, VERB_DECRYPT, &two, sizeof two, key, buf_view(&out), &back),
              RC_ENCRYPTED_DATA_INVALID);
}

/* Output over input, shifted by -20 to 20 bytes: as if they were apart. */
static void r030_overlapping(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *key = aes(KEY);
    uint8_t nonce[12] = {1};
    CK_GCM_PARAMS gcm = {nonce, 12, 96, NULL, 0, 128};
    CK_AES_CTR_PARAMS ctr = {.ulCounterBits = 128};
    const struct way ways[] = {
        {CKM_AES_ECB, NULL, 0, false},          {CKM_AES_CBC, hex(IV).p, 16, false},
        {CKM_AES_CBC_PAD, hex(IV).p, 16, true}, {CKM_AES_CTR, &ctr, sizeof ctr, true},
        {CKM_AES_GCM, &gcm, sizeof gcm, true},
    };
    for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
        const struct way *y = &ways[w];
        const struct bytes text = hex(TEXT);
        AUTO_BUF struct buf sealed = BUF_INIT;
        assert_ok(once(y->type, VERB_ENCRYPT, y->param, y->param_n, key, text, &sealed));
        for (int shift = -20; shift <= 20; shift++) {
            for (int parts = 0; parts < 2; parts++) {
                struct mech_op *op = mech_op_new();
                uint8_t place[200];
                uint8_t *in = place + 40;
                uint8_t *out = in + shift;
                size_t n = 0;
                memcpy(in, text.p, text.n);
                assert_ok(begin(op, y->type, VERB_ENCRYPT, y->param, y->param_n, key));
                if (parts == 0) {
                    assert_ok(mech_once(op, BYTES(in, text.n), out, &n));
                } else {
                    assert_ok(mech_update(op, BYTES(in, text.n), out, &n));
                    mech_end(op);
                }
                assert_memory_equal(out, sealed.p, parts == 0 ? sealed.n : text.n);
                memcpy(in, sealed.p, sealed.n);
                assert_ok(begin(op, y->type, VERB_DECRYPT, y->param, y->param_n, key));
                assert_ok(mech_once(op, BYTES(in, sealed.n), out, &n));
                assert_int_equal(n, text.n);
                assert_memory_equal(out, text.p, text.n);
                mech_op_free(op);
            }
        }
    }
}

/* A waiting part of a block before an in-place update. */
static void in_place_in_parts(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *key = aes(KEY);
    struct mech_op *op = mech_op_new();
    uint8_t text[64];
    uint8_t place[64];
    uint8_t got[64];
    size_t n = 0;
    AUTO_BUF struct buf whole = BUF_INIT;
    memcpy(text, hex(TEXT).p, 64);
    assert_ok(once(CKM_AES_CBC, VERB_ENCRYPT, hex(IV).p, 16, key, BYTES(text, 64), &whole));
    assert_ok(begin(op, CKM_AES_CBC, VERB_ENCRYPT, hex(IV).p, 16, key));
    assert_ok(mech_update(op, BYTES(text, 5), got, &n));
    assert_int_equal(n, 0);
    memcpy(place, text + 5, 59);
    assert_ok(mech_update(op, BYTES(place, 59), place, &n));
    assert_int_equal(n, 64);
    assert_memory_equal(place, whole.p, 64);
    assert_ok(mech_final(op, place, &n));
    assert_int_equal(n, 0);
    mech_op_free(op);
}

/* The n-th allocation fails: an error, and the next try is right. */
static void short_memory(void **state)
{
    (void)state;
    uint8_t nonce[12] = {1};
    CK_GCM_PARAMS gcm = {nonce, 12, 96, NULL, 0, 128};
    const struct bytes sealed = hex(GCM_OUT GCM_OUT);
    const struct bytes text = hex(GCM_TEXT);
    for (unsigned long nth = 1;; nth++) {
        AUTO_OBJECT struct object *key = aes(GCM_KEY);
        AUTO_BUF struct buf out = BUF_INIT;
        mem_fault_at(nth);
        const enum rc rc = in_parts(CKM_AES_GCM, VERB_DECRYPT, NULL, 0, key, sealed, 13, &out);
        const enum rc rc2 = once(CKM_AES_GCM, VERB_ENCRYPT, &gcm, sizeof gcm, key, text, &out);
        const unsigned long fired = mem_fault_count();
        mem_fault_at(0);
        assert_true(rc == RC_HOST_MEMORY || rc == RC_ENCRYPTED_DATA_INVALID);
        assert_true(rc2 == RC_HOST_MEMORY || rc2 == RC_OK);
        if (fired == 0) {
            break;
        }
    }
}

/* A long stream takes no more memory than a short one. */
static void r116_long_streams(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *key = aes(KEY);
    struct mech_op *op = mech_op_new();
    uint8_t in[100] = {0};
    uint8_t out[128];
    size_t n = 0;
    size_t before = 0;
    assert_ok(begin(op, CKM_AES_CBC_PAD, VERB_DECRYPT, hex(IV).p, 16, key));
    for (int i = 0; i < 100000; i++) {
        assert_ok(mech_update(op, BYTES(in, sizeof in), out, &n));
        if (i == 1000) {
            before = mallinfo2().uordblks;
        }
    }
    assert_true(mallinfo2().uordblks <= before + 4096);
    mech_op_free(op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_modes),
        cmocka_unit_test(parts_make_the_whole),
        cmocka_unit_test(wrong_lengths),
        cmocka_unit_test(r054_wrong_padding),
        cmocka_unit_test(r062_ctr_counts_to_its_bits),
        cmocka_unit_test(gcm_vector),
        cmocka_unit_test(r042_gcm_releases_nothing),
        cmocka_unit_test(gcm_own_nonce),
        cmocka_unit_test(r060_ccm_vectors),
        cmocka_unit_test(r030_overlapping),
        cmocka_unit_test(in_place_in_parts),
        cmocka_unit_test(short_memory),
        cmocka_unit_test(r116_long_streams),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
