/* SPDX-License-Identifier: Apache-2.0
 *
 * SubjectPublicKeyInfo and EC points. The Ed25519 and X25519 encodings are those of RFC 8410
 * section 10.1 and RFC 7748 keys in that frame; the RSA and EC frames are written out by hand.
 */
#include "make.h"

/* RFC 8410, 10.1: MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE= */
static const uint8_t ed25519_spki[] = {
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 0x19, 0xbf, 0x44,
    0x09, 0x69, 0x84, 0xcd, 0xfe, 0x85, 0x41, 0xba, 0xc1, 0x67, 0xdc, 0x3b, 0x96, 0xc8, 0x50,
    0x86, 0xaa, 0x30, 0xb6, 0xb6, 0xcb, 0x0c, 0x5c, 0x38, 0xad, 0x70, 0x31, 0x66, 0xe1,
};

static void edwards(void **state)
{
    (void)state;
    AUTO_BUF struct buf b = BUF_INIT;
    const struct bytes raw = BYTES(ed25519_spki + 12, 32);
    assert_int_equal(spki_write(CKK_EC_EDWARDS, BYTES_NONE, BYTES_NONE, BYTES_NONE, raw, &b),
                     RC_OK);
    assert_true(bytes_equal(buf_view(&b), BYTES(ed25519_spki, sizeof ed25519_spki)));
    uint8_t der[34] = {0x04, 0x20};
    memcpy(der + 2, raw.p, 32);
    buf_clear(&b);
    assert_int_equal(
        spki_write(CKK_EC_EDWARDS, BYTES_NONE, BYTES_NONE, BYTES_NONE, BYTES(der, sizeof der), &b),
        RC_OK);
    assert_true(bytes_equal(buf_view(&b), BYTES(ed25519_spki, sizeof ed25519_spki)));
    buf_clear(&b);
    assert_int_equal(spki_write(CKK_EC_MONTGOMERY, BYTES_NONE, BYTES_NONE, BYTES_NONE, raw, &b),
                     RC_OK);
    assert_int_equal(b.p[8], 110);
    assert_int_equal(
        spki_write(CKK_EC_EDWARDS, BYTES_NONE, BYTES_NONE, BYTES_NONE, BYTES(der, 33), &b),
        RC_NOT_FOUND);
}

static void rsa(void **state)
{
    (void)state;
    static const uint8_t want[] = {
        0x30, 0x1c, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
        0x05, 0x00, 0x03, 0x0b, 0x00, 0x30, 0x08, 0x02, 0x03, 0x00, 0xc1, 0x05, 0x02, 0x01, 0x03,
    };
    static const uint8_t n[] = {0xc1, 0x05};
    static const uint8_t e[] = {0x03};
    AUTO_BUF struct buf b = BUF_INIT;
    assert_int_equal(spki_write(CKK_RSA, BYTES(n, 2), BYTES(e, 1), BYTES_NONE, BYTES_NONE, &b),
                     RC_OK);
    assert_true(bytes_equal(buf_view(&b), BYTES(want, sizeof want)));
    assert_int_equal(spki_write(CKK_RSA, BYTES(n, 2), BYTES_NONE, BYTES_NONE, BYTES_NONE, &b),
                     RC_NOT_FOUND);
    assert_int_equal(spki_write(CKK_AES, BYTES(n, 2), BYTES(e, 1), BYTES_NONE, BYTES_NONE, &b),
                     RC_NOT_FOUND);
}

static void ec(void **state)
{
    (void)state;
    uint8_t want[91] = {
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
        0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    };
    AUTO_BUF struct buf b = BUF_INIT;
    assert_int_equal(spki_write(CKK_EC, BYTES_NONE, BYTES_NONE, BYTES(oid_p256, sizeof oid_p256),
                                BYTES(want + 26, 65), &b),
                     RC_OK);
    assert_true(bytes_equal(buf_view(&b), BYTES(want, sizeof want)));
    assert_int_equal(
        spki_write(CKK_EC, BYTES_NONE, BYTES_NONE, BYTES_NONE, BYTES(want + 26, 65), &b),
        RC_NOT_FOUND);
}

/* Raw points stay what they are, also those that look like an OCTET STRING by chance. */
static void points(void **state)
{
    (void)state;
    static const size_t raw[] = {32, 56, 57, 65, 81, 97, 129, 133};
    for (size_t i = 0; i < ARRAY_LEN(raw); i++) {
        uint8_t p[140] = {0x04, (uint8_t)(raw[i] - 2)};
        struct bytes v;
        assert_int_equal(ec_point_raw(BYTES(p, raw[i]), &v), RC_OK);
        assert_true(v.p == p && v.n == raw[i]);

        uint8_t der[140] = {0x04, 0x81, (uint8_t)raw[i]};
        size_t head = 3;
        if (raw[i] < 128) {
            der[1] = (uint8_t)raw[i];
            head = 2;
        }
        assert_int_equal(ec_point_raw(BYTES(der, head + raw[i]), &v), RC_OK);
        assert_true(v.p == der + head && v.n == raw[i]);
    }
    struct bytes v;
    assert_int_equal(ec_point_raw(BYTES_NONE, &v), RC_OK);
    assert_int_equal(v.n, 0);
}

static enum rc write_all(void)
{
    static const uint8_t n[] = {0xc1, 0x05};
    AUTO_BUF struct buf b = BUF_INIT;
    TRY(spki_write(CKK_RSA, BYTES(n, 2), BYTES(n, 2), BYTES_NONE, BYTES_NONE, &b));
    AUTO_BUF struct buf c = BUF_INIT;
    return spki_write(CKK_EC_EDWARDS, BYTES_NONE, BYTES_NONE, BYTES_NONE,
                      BYTES(ed25519_spki + 12, 32), &c);
}

static void faults(void **state)
{
    (void)state;
    with_faults(write_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edwards), cmocka_unit_test(rsa),    cmocka_unit_test(ec),
        cmocka_unit_test(points),  cmocka_unit_test(faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
