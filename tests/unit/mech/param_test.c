/* SPDX-License-Identifier: Apache-2.0
 *
 * Mechanism parameters: exact sizes, NULL and length in every combination, ranges, any alignment.
 */
#include "family.h"
#include "fixture.h"

#include <string.h>

static enum rc read_at(enum param_kind kind, const void *p, CK_ULONG n)
{
    struct param out = {.store = BUF_INIT};
    const CK_MECHANISM m = {0, (void *)(uintptr_t)p, n};
    const enum rc rc = param_read(kind, &m, &out);
    param_free(&out);
    return rc;
}

/* At every alignment (item 11). */
static enum rc read_param(enum param_kind kind, const void *p, size_t n)
{
    uint8_t place[160];
    const enum rc rc = read_at(kind, p, n);
    for (size_t shift = 1; shift < 8; shift++) {
        memcpy(place + shift, p, n);
        assert_rc(read_at(kind, place + shift, n), rc);
    }
    return rc;
}

#define BAD RC_MECHANISM_PARAM_INVALID
#define READ(kind, v) read_param(kind, &(v), sizeof(v))

static void r006_sizes(void **state)
{
    (void)state;
    static const struct {
        size_t a, b; /* right sizes; 0: the parameter may be absent */
    } right[PARAM_KIND_COUNT] = {
        [PARAM_NONE] = {0, 0},      [PARAM_IV] = {16, 16},   [PARAM_CTR] = {24, 24},
        [PARAM_GCM] = {48, 40},     [PARAM_CCM] = {48, 48},  [PARAM_GMAC] = {12, 12},
        [PARAM_MAC_SIZE] = {8, 8},  [PARAM_PSS] = {24, 24},  [PARAM_OAEP] = {40, 40},
        [PARAM_RSA_AES] = {16, 16}, [PARAM_EDDSA] = {24, 0}, [PARAM_ECDH] = {40, 40},
        [PARAM_HKDF] = {64, 64},    [PARAM_KW] = {8, 0},     [PARAM_KWP] = {4, 0},
        [PARAM_SIGN] = {24, 0},     [PARAM_HEDGE] = {24, 0}, [PARAM_HASH_SIGN] = {32, 32},
        [PARAM_MU] = {40, 40},      [PARAM_KEM] = {56, 0},
    };
    uint8_t zeros[160] = {0};
    for (enum param_kind k = PARAM_NONE; k < PARAM_KIND_COUNT; k++) {
        for (size_t n = 1; n < sizeof zeros; n++) {
            if (n != right[k].a && n != right[k].b) {
                /* of any other length, what a KEM derives from is a ciphertext */
                assert_rc(read_at(k, zeros, n), k == PARAM_KEM ? RC_OK : BAD);
            }
            assert_rc(read_at(k, NULL, n), BAD);
        }
        assert_rc(read_at(k, NULL, ~0ul), BAD);
        assert_rc(read_at(k, zeros, ~0ul), BAD);
        const bool absent = right[k].a == 0 || right[k].b == 0 || k == PARAM_GCM;
        assert_rc(read_at(k, NULL, 0), absent ? RC_OK : BAD);
    }
}

static void r007_inner_pointers(void **state)
{
    (void)state;
    uint8_t b[300] = {0};
    CK_GCM_PARAMS gcm = {b, 12, 96, b, 5, 128};
    assert_ok(READ(PARAM_GCM, gcm));
    gcm.pIv = NULL;
    assert_rc(READ(PARAM_GCM, gcm), BAD);
    gcm.pIv = b;
    gcm.pAAD = NULL;
    assert_rc(READ(PARAM_GCM, gcm), BAD);
    gcm.ulAADLen = 0;
    assert_ok(READ(PARAM_GCM, gcm));
    gcm.ulIvLen = 0;
    assert_rc(READ(PARAM_GCM, gcm), BAD);
    gcm.ulIvLen = ~0ul;
    assert_rc(READ(PARAM_GCM, gcm), BAD);
    CK_CCM_PARAMS ccm = {10, b, 12, b, 3, 16};
    assert_ok(READ(PARAM_CCM, ccm));
    ccm.pNonce = NULL;
    assert_rc(READ(PARAM_CCM, ccm), BAD);
    ccm.pNonce = b;
    ccm.pAAD = NULL;
    assert_rc(READ(PARAM_CCM, ccm), BAD);
    CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, b, 3};
    assert_ok(READ(PARAM_OAEP, oaep));
    CK_RSA_AES_KEY_WRAP_PARAMS wrap = {256, &oaep};
    assert_ok(READ(PARAM_RSA_AES, wrap));
    wrap.ulAESKeyBits = 255;
    assert_rc(READ(PARAM_RSA_AES, wrap), BAD);
    wrap = (CK_RSA_AES_KEY_WRAP_PARAMS){256, NULL};
    assert_rc(READ(PARAM_RSA_AES, wrap), BAD);
    oaep.pSourceData = NULL;
    assert_rc(READ(PARAM_OAEP, oaep), BAD);
    CK_EDDSA_PARAMS ed = {0, 255, b};
    assert_ok(READ(PARAM_EDDSA, ed));
    ed.ulContextDataLen = 256;
    assert_rc(READ(PARAM_EDDSA, ed), BAD);
    ed = (CK_EDDSA_PARAMS){0, 3, NULL};
    assert_rc(READ(PARAM_EDDSA, ed), BAD);
    ed = (CK_EDDSA_PARAMS){2, 0, NULL};
    assert_rc(READ(PARAM_EDDSA, ed), BAD);
    ed = (CK_EDDSA_PARAMS){1, 0, b}; /* an empty context, whatever the pointer */
    assert_ok(READ(PARAM_EDDSA, ed));
    CK_ECDH1_DERIVE_PARAMS dh = {CKD_SHA256_KDF, 5, b, 65, b};
    assert_ok(READ(PARAM_ECDH, dh));
    dh.pPublicData = NULL;
    assert_rc(READ(PARAM_ECDH, dh), BAD);
    dh.pPublicData = b;
    dh.pSharedData = NULL;
    assert_rc(READ(PARAM_ECDH, dh), BAD);
    dh = (CK_ECDH1_DERIVE_PARAMS){CKD_NULL, 5, b, 65, b}; /* shared data without a KDF */
    assert_rc(READ(PARAM_ECDH, dh), BAD);
    CK_HKDF_PARAMS hkdf = {1, 1, CKM_SHA256, CKF_HKDF_SALT_DATA, b, 3, 0, b, 3};
    assert_ok(READ(PARAM_HKDF, hkdf));
    hkdf.pSalt = NULL;
    assert_rc(READ(PARAM_HKDF, hkdf), BAD);
    hkdf.pSalt = b;
    hkdf.pInfo = NULL;
    assert_rc(READ(PARAM_HKDF, hkdf), BAD);
}

static void r061_ranges(void **state)
{
    (void)state;
    uint8_t b[16] = {0};
    for (CK_ULONG bits = 0; bits <= 140; bits++) {
        CK_GCM_PARAMS gcm = {b, 12, 96, NULL, 0, bits};
        assert_rc(READ(PARAM_GCM, gcm), bits >= 32 && bits <= 128 && bits % 8 == 0 ? RC_OK : BAD);
        CK_AES_CTR_PARAMS ctr = {.ulCounterBits = bits};
        assert_rc(READ(PARAM_CTR, ctr), bits >= 1 && bits <= 128 ? RC_OK : BAD);
    }
    for (CK_ULONG n = 0; n <= 20; n++) {
        CK_CCM_PARAMS nonce = {100, b, n <= 16 ? n : ~0ul, NULL, 0, 16};
        assert_rc(READ(PARAM_CCM, nonce), n >= 7 && n <= 13 ? RC_OK : BAD);
        CK_CCM_PARAMS mac = {100, b, 12, NULL, 0, n};
        assert_rc(READ(PARAM_CCM, mac), n >= 4 && n <= 16 && n % 2 == 0 ? RC_OK : BAD);
    }
    CK_CCM_PARAMS most = {65535, b, 13, NULL, 0, 16};
    assert_ok(READ(PARAM_CCM, most));
    most.ulDataLen = 65536;
    assert_rc(READ(PARAM_CCM, most), BAD);
    CK_RSA_PKCS_PSS_PARAMS pss = {CKM_SHA256, CKG_MGF1_SHA256, 32};
    assert_ok(READ(PARAM_PSS, pss));
    pss.sLen = ~0ul;
    assert_rc(READ(PARAM_PSS, pss), BAD);
    pss = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA256_HMAC, CKG_MGF1_SHA256, 32};
    assert_rc(READ(PARAM_PSS, pss), BAD);
    pss = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA256, 0, 32};
    assert_rc(READ(PARAM_PSS, pss), BAD);
    pss = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA256, 10, 32};
    assert_rc(READ(PARAM_PSS, pss), BAD);
    CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA_1, CKG_MGF1_SHA1, 0, NULL, 0};
    assert_ok(READ(PARAM_OAEP, oaep));
    oaep.source = 2;
    assert_rc(READ(PARAM_OAEP, oaep), BAD);
    CK_ECDH1_DERIVE_PARAMS dh = {0, 0, NULL, 16, b};
    assert_rc(READ(PARAM_ECDH, dh), BAD);
    dh.kdf = CKD_CPDIVERSIFY_KDF;
    assert_rc(READ(PARAM_ECDH, dh), BAD);
    dh.kdf = ~0ul;
    assert_rc(READ(PARAM_ECDH, dh), BAD);
    CK_HKDF_PARAMS hkdf = {0, 0, CKM_SHA256, CKF_HKDF_SALT_NULL, NULL, 0, 0, NULL, 0};
    assert_rc(READ(PARAM_HKDF, hkdf), BAD);
    hkdf.bExtract = 1;
    assert_ok(READ(PARAM_HKDF, hkdf));
    hkdf.ulSaltType = 8;
    assert_rc(READ(PARAM_HKDF, hkdf), BAD);
    hkdf.ulSaltType = CKF_HKDF_SALT_NULL;
    hkdf.bExpand = 3;
    assert_rc(READ(PARAM_HKDF, hkdf), BAD);
    const CK_ULONG macs[] = {0, 65, ~0ul};
    for (size_t i = 0; i < ARRAY_LEN(macs); i++) {
        assert_rc(READ(PARAM_MAC_SIZE, macs[i]), BAD);
    }
}

/* The parameter is a copy: the caller may change his after begin. */
static void copied(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *key = aes("2b7e151628aed2a6abf7158809cf4f3c");
    uint8_t iv[16] = {1, 2, 3};
    uint8_t a[16];
    uint8_t b[16];
    size_t n = 0;
    struct mech_op *op = mech_op_new();
    assert_ok(begin(op, CKM_AES_CBC, VERB_ENCRYPT, iv, 16, key));
    assert_ok(mech_once(op, BYTES(iv, 16), a, &n));
    uint8_t text[16];
    memcpy(text, iv, 16);
    assert_ok(begin(op, CKM_AES_CBC, VERB_ENCRYPT, iv, 16, key));
    memset(iv, 0xff, 16);
    assert_ok(mech_once(op, BYTES(text, 16), b, &n));
    assert_memory_equal(a, b, 16);
    mech_op_free(op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r006_sizes),
        cmocka_unit_test(r007_inner_pointers),
        cmocka_unit_test(r061_ranges),
        cmocka_unit_test(copied),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
