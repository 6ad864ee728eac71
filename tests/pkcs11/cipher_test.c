/* SPDX-License-Identifier: Apache-2.0
 *
 * AES in every mode that is offered. Vectors: SP 800-38A F.1.1, F.2.1, F.5.1 (AES-128), the GCM
 * specification's test cases 2 and 4, RFC 3610 packet vector 1, RFC 3394 4.1, RFC 5649 section 6.
 */
#include "harness.h"

static const CK_BYTE key128[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
                                   0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
static const CK_BYTE block[16] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
                                  0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a};
static CK_BYTE counting[256];

static int setup(void **state)
{
    for (size_t i = 0; i < sizeof counting; i++) {
        counting[i] = (CK_BYTE)i;
    }
    return setup_token(state);
}

/* Encrypts in one call and in pieces of each of several sizes, decrypts likewise, compares. */
static void round_trip(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE k, CK_ULONG n)
{
    CK_BYTE whole[512], parts[512], back[512];
    CK_ULONG w = sizeof whole;
    OK(p11->C_EncryptInit(s, m, k));
    OK(p11->C_Encrypt(s, counting, n, whole, &w));
    static const CK_ULONG steps[] = {1, 7, 16, 33};
    for (size_t i = 0; i < LEN(steps); i++) {
        CK_ULONG at = 0;
        OK(p11->C_EncryptInit(s, m, k));
        for (CK_ULONG j = 0; j < n; j += steps[i]) {
            CK_ULONG got = sizeof parts - at;
            OK(p11->C_EncryptUpdate(s, counting + j, n - j < steps[i] ? n - j : steps[i],
                                    parts + at, &got));
            at += got;
        }
        CK_ULONG got = sizeof parts - at;
        OK(p11->C_EncryptFinal(s, parts + at, &got));
        assert_int_equal(at + got, w);
        assert_memory_equal(parts, whole, w);
        at = 0;
        OK(p11->C_DecryptInit(s, m, k));
        for (CK_ULONG j = 0; j < w; j += steps[i]) {
            got = sizeof back - at;
            OK(p11->C_DecryptUpdate(s, whole + j, w - j < steps[i] ? w - j : steps[i], back + at,
                                    &got));
            at += got;
        }
        got = sizeof back - at;
        OK(p11->C_DecryptFinal(s, back + at, &got));
        assert_int_equal(at + got, n);
        assert_memory_equal(back, counting, n);
    }
    CK_ULONG b = sizeof back;
    OK(p11->C_DecryptInit(s, m, k));
    OK(p11->C_Decrypt(s, whole, w, back, &b));
    assert_int_equal(b, n);
    assert_memory_equal(back, counting, n);
}

static void vectors_of_sp800_38a(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_import(s, key128, sizeof key128);
    CK_BYTE out[32];
    CK_ULONG n = sizeof out;
    OK(p11->C_EncryptInit(s, MECH(CKM_AES_ECB), k));
    OK(p11->C_Encrypt(s, BYTE_PTR(block), 16, out, &n));
    assert_memory_equal(out, "\x3a\xd7\x7b\xb4\x0d\x7a\x36\x60\xa8\x9e\xca\xf3\x24\x66\xef\x97",
                        16);
    n = sizeof out;
    OK(p11->C_EncryptInit(s, MECHX(CKM_AES_CBC, counting, 16), k));
    OK(p11->C_Encrypt(s, BYTE_PTR(block), 16, out, &n));
    assert_memory_equal(out, "\x76\x49\xab\xac\x81\x19\xb2\x46\xce\xe9\x8e\x9b\x12\xe9\x19\x7d",
                        16);
    CK_AES_CTR_PARAMS c = {.ulCounterBits = 128};
    for (size_t i = 0; i < 16; i++) {
        c.cb[i] = (CK_BYTE)(0xf0 + i);
    }
    n = sizeof out;
    OK(p11->C_EncryptInit(s, MECHP(CKM_AES_CTR, c), k));
    OK(p11->C_Encrypt(s, BYTE_PTR(block), 16, out, &n));
    assert_memory_equal(out, "\x87\x4d\x61\x91\xb6\x20\xe3\x26\x1b\xef\x68\x64\x99\x0d\xb6\xce",
                        16);
}

static void block_modes_and_pieces(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    static const CK_ULONG sizes[] = {16, 24, 32};
    for (size_t i = 0; i < LEN(sizes); i++) {
        const CK_OBJECT_HANDLE k = aes_key(s, sizes[i]);
        round_trip(s, MECH(CKM_AES_ECB), k, 64);
        round_trip(s, MECHX(CKM_AES_CBC, counting + 5, 16), k, 64);
        static const CK_ULONG lengths[] = {0, 1, 15, 16, 17, 100, 128};
        for (size_t j = 0; j < LEN(lengths); j++) {
            round_trip(s, MECHX(CKM_AES_CBC_PAD, counting + 5, 16), k, lengths[j]);
            CK_AES_CTR_PARAMS c = {.ulCounterBits = 32, .cb = {1, 2, 3}};
            round_trip(s, MECHP(CKM_AES_CTR, c), k, lengths[j]);
            CK_GCM_PARAMS g = {.pIv = counting + 1,
                               .ulIvLen = 12,
                               .ulIvBits = 96,
                               .pAAD = counting,
                               .ulAADLen = 20,
                               .ulTagBits = 128};
            round_trip(s, MECHP(CKM_AES_GCM, g), k, lengths[j]);
        }
    }
}

static void data_that_is_no_whole_block(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_BYTE out[64];
    CK_ULONG n = sizeof out;
    OK(p11->C_EncryptInit(s, MECHX(CKM_AES_CBC, counting, 16), k));
    RV(CKR_DATA_LEN_RANGE, p11->C_Encrypt(s, counting, 17, out, &n));
    OK(p11->C_DecryptInit(s, MECHX(CKM_AES_CBC, counting, 16), k));
    n = sizeof out;
    RV(CKR_ENCRYPTED_DATA_LEN_RANGE, p11->C_Decrypt(s, counting, 17, out, &n));
    OK(p11->C_DecryptInit(s, MECHX(CKM_AES_CBC_PAD, counting, 16), k));
    n = sizeof out;
    RV(CKR_ENCRYPTED_DATA_LEN_RANGE, p11->C_Decrypt(s, counting, 17, out, &n));
    OK(p11->C_EncryptInit(s, MECH(CKM_AES_ECB), k));
    n = sizeof out;
    OK(p11->C_EncryptUpdate(s, counting, 17, out, &n));
    n = sizeof out;
    RV(CKR_DATA_LEN_RANGE, p11->C_EncryptFinal(s, out, &n));
}

static void r054_bad_padding_has_one_answer(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_BYTE plain[32], cipher[48], out[64];
    unsigned wrong = 0;
    for (unsigned last = 0; last < 256; last++) {
        memset(plain, 0x55, sizeof plain);
        plain[31] = (CK_BYTE)last;
        if (last == 1) {
            continue; /* good padding */
        }
        CK_ULONG n = sizeof cipher;
        OK(p11->C_EncryptInit(s, MECHX(CKM_AES_CBC, counting, 16), k));
        OK(p11->C_Encrypt(s, plain, sizeof plain, cipher, &n));
        OK(p11->C_DecryptInit(s, MECHX(CKM_AES_CBC_PAD, counting, 16), k));
        CK_ULONG m = sizeof out;
        memset(out, 0xee, sizeof out);
        RV(CKR_ENCRYPTED_DATA_INVALID, p11->C_Decrypt(s, cipher, n, out, &m));
        for (size_t i = 0; i < sizeof out; i++) {
            wrong += out[i] == 0x55;
        }
    }
    assert_int_equal(wrong, 0);
}

static void r062_ctr_counter_bits(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    static const CK_ULONG bad[] = {0, 129, 1000, ~0UL};
    for (size_t i = 0; i < LEN(bad); i++) {
        CK_AES_CTR_PARAMS c = {.ulCounterBits = bad[i]};
        RV(CKR_MECHANISM_PARAM_INVALID, p11->C_EncryptInit(s, MECHP(CKM_AES_CTR, c), k));
    }
    static const CK_ULONG widths[] = {2, 8, 32, 63, 64, 65, 128};
    for (size_t i = 0; i < LEN(widths); i++) { /* two blocks, then the counter would overflow */
        CK_AES_CTR_PARAMS c = {.ulCounterBits = widths[i]};
        memset(c.cb, 0xff, sizeof c.cb);
        c.cb[15] = 0xfe;
        CK_BYTE out[64];
        CK_ULONG n = sizeof out;
        OK(p11->C_EncryptInit(s, MECHP(CKM_AES_CTR, c), k));
        OK(p11->C_Encrypt(s, counting, 32, out, &n));
        OK(p11->C_EncryptInit(s, MECHP(CKM_AES_CTR, c), k));
        n = sizeof out;
        RV(CKR_DATA_LEN_RANGE, p11->C_Encrypt(s, counting, 33, out, &n));
        OK(p11->C_EncryptInit(s, MECHP(CKM_AES_CTR, c), k));
        n = sizeof out;
        OK(p11->C_EncryptUpdate(s, counting, 31, out, &n));
        n = sizeof out;
        RV(CKR_DATA_LEN_RANGE, p11->C_EncryptUpdate(s, counting, 2, out, &n));
    }
}

static void gcm_vectors(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    static const CK_BYTE zero[16];
    const CK_OBJECT_HANDLE k = aes_import(s, zero, 16);
    CK_GCM_PARAMS g = {.pIv = BYTE_PTR(zero), .ulIvLen = 12, .ulIvBits = 96, .ulTagBits = 128};
    CK_BYTE out[64];
    CK_ULONG n = sizeof out;
    OK(p11->C_EncryptInit(s, MECHP(CKM_AES_GCM, g), k));
    OK(p11->C_Encrypt(s, BYTE_PTR(zero), 16, out, &n));
    assert_int_equal(n, 32);
    assert_memory_equal(out,
                        "\x03\x88\xda\xce\x60\xb6\xa3\x92\xf3\x28\xc2\xb9\x71\xb2\xfe\x78"
                        "\xab\x6e\x47\xd4\x2c\xec\x13\xbd\xf5\x3a\x67\xb2\x12\x57\xbd\xdf",
                        32);
    /* the shorter structure of 2.40, without ulIvBits */
    CK_CRATON_GCM_PARAMS_2_40 old = {.pIv = BYTE_PTR(zero), .ulIvLen = 12, .ulTagBits = 128};
    CK_BYTE again[64];
    CK_ULONG m = sizeof again;
    OK(p11->C_EncryptInit(s, MECHP(CKM_AES_GCM, old), k));
    OK(p11->C_Encrypt(s, BYTE_PTR(zero), 16, again, &m));
    assert_memory_equal(out, again, 32);
}

static void r061_gcm_parameters(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    static const CK_ULONG tags[] = {0, 8, 31, 33, 129, 136, ~0UL};
    for (size_t i = 0; i < LEN(tags); i++) {
        CK_GCM_PARAMS g = {.pIv = counting, .ulIvLen = 12, .ulIvBits = 96, .ulTagBits = tags[i]};
        RV(CKR_MECHANISM_PARAM_INVALID, p11->C_EncryptInit(s, MECHP(CKM_AES_GCM, g), k));
    }
    CK_GCM_PARAMS g = {.pIv = counting, .ulIvLen = 0, .ulTagBits = 128};
    RV(CKR_MECHANISM_PARAM_INVALID, p11->C_EncryptInit(s, MECHP(CKM_AES_GCM, g), k));
    for (CK_ULONG n = 1; n <= 64; n += 9) {
        g = (CK_GCM_PARAMS){.pIv = counting, .ulIvLen = n, .ulIvBits = 8 * n, .ulTagBits = 96};
        round_trip(s, MECHP(CKM_AES_GCM, g), k, 50);
    }
}

static void r042_gcm_releases_nothing_unverified(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 16);
    CK_GCM_PARAMS g = {.pIv = counting,
                       .ulIvLen = 12,
                       .ulIvBits = 96,
                       .pAAD = counting,
                       .ulAADLen = 4,
                       .ulTagBits = 128};
    CK_BYTE cipher[128], out[128];
    CK_ULONG n = sizeof cipher;
    OK(p11->C_EncryptInit(s, MECHP(CKM_AES_GCM, g), k));
    OK(p11->C_Encrypt(s, counting, 64, cipher, &n));
    for (CK_ULONG i = 0; i < n; i += 5) {
        cipher[i] ^= 1;
        memset(out, 0xee, sizeof out);
        CK_ULONG m = sizeof out, released = 0;
        OK(p11->C_DecryptInit(s, MECHP(CKM_AES_GCM, g), k));
        ONE_OF(p11->C_Decrypt(s, cipher, n, out, &m), CKR_ENCRYPTED_DATA_INVALID,
               CKR_AEAD_DECRYPT_FAILED);
        OK(p11->C_DecryptInit(s, MECHP(CKM_AES_GCM, g), k));
        m = sizeof out;
        OK(p11->C_DecryptUpdate(s, cipher, n, out, &m));
        released += m;
        m = sizeof out - released;
        ONE_OF(p11->C_DecryptFinal(s, out + released, &m), CKR_ENCRYPTED_DATA_INVALID,
               CKR_AEAD_DECRYPT_FAILED);
        assert_int_equal(released, 0);
        for (size_t j = 0; j < sizeof out; j++) {
            assert_true(out[j] == 0xee || out[j] == 0); /* untouched or wiped */
        }
        cipher[i] ^= 1;
    }
    CK_ULONG m = 0;
    OK(p11->C_DecryptInit(s, MECHP(CKM_AES_GCM, g), k));
    ONE_OF(p11->C_Decrypt(s, cipher, 15, out, &m), CKR_ENCRYPTED_DATA_LEN_RANGE,
           CKR_ENCRYPTED_DATA_INVALID, CKR_AEAD_DECRYPT_FAILED);
    OK(p11->C_DecryptInit(s, MECHP(CKM_AES_GCM, g), k)); /* final asked for its length */
    m = sizeof out;
    OK(p11->C_DecryptUpdate(s, cipher, n, out, &m));
    CK_ULONG rest = 0;
    OK(p11->C_DecryptFinal(s, NULL, &rest));
    rest = sizeof out;
    OK(p11->C_DecryptFinal(s, out + m, &rest));
    assert_int_equal(m + rest, 64);
    assert_memory_equal(out, counting, 64);
}

static void gcm_with_an_iv_of_the_tokens(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE k = aes_key(s, 32);
    CK_BYTE one[128], two[128], back[128];
    CK_ULONG n = sizeof one, m = sizeof two, b = sizeof back;
    OK(p11->C_EncryptInit(s, MECH(CKM_AES_GCM), k));
    OK(p11->C_Encrypt(s, counting, 40, one, &n));
    assert_int_equal(n, 12 + 40 + 16);
    OK(p11->C_EncryptInit(s, MECH(CKM_AES_GCM), k));
    OK(p11->C_Encrypt(s, counting, 40, two, &m));
    assert_memory_not_equal(one, two, 12); /* no nonce twice */
    OK(p11->C_DecryptInit(s, MECH(CKM_AES_GCM), k));
    OK(p11->C_Decrypt(s, one, n, back, &b));
    assert_int_equal(b, 40);
    assert_memory_equal(back, counting, 40);
}

static void r060_ccm(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    /* RFC 3610, packet vector 1 */
    CK_BYTE key[16], nonce[13] = {0, 0, 0, 3, 2, 1, 0, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5};
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (CK_BYTE)(0xc0 + i);
    }
    const CK_OBJECT_HANDLE k = aes_import(s, key, sizeof key);
    CK_CCM_PARAMS c = {.ulDataLen = 23,
                       .pNonce = nonce,
                       .ulNonceLen = 13,
                       .pAAD = counting,
                       .ulAADLen = 8,
                       .ulMACLen = 8};
    CK_BYTE out[64], back[64];
    CK_ULONG n = sizeof out, m = sizeof back;
    OK(p11->C_EncryptInit(s, MECHP(CKM_AES_CCM, c), k));
    OK(p11->C_Encrypt(s, counting + 8, 23, out, &n));
    assert_int_equal(n, 31);
    assert_memory_equal(out,
                        "\x58\x8c\x97\x9a\x61\xc6\x63\xd2\xf0\x66\xd0\xc2\xc0\xf9\x89\x80"
                        "\x6d\x5f\x6b\x61\xda\xc3\x84\x17\xe8\xd1\x2c\xfd\xf9\x26\xe0",
                        31);
    OK(p11->C_DecryptInit(s, MECHP(CKM_AES_CCM, c), k));
    OK(p11->C_Decrypt(s, out, n, back, &m));
    assert_int_equal(m, 23);
    assert_memory_equal(back, counting + 8, 23);
    out[3] ^= 4;
    m = sizeof back;
    OK(p11->C_DecryptInit(s, MECHP(CKM_AES_CCM, c), k));
    ONE_OF(p11->C_Decrypt(s, out, n, back, &m), CKR_ENCRYPTED_DATA_INVALID,
           CKR_AEAD_DECRYPT_FAILED);
    static const CK_ULONG macs[] = {0, 1, 2, 3, 5, 7, 17, 18, ~0UL};
    for (size_t i = 0; i < LEN(macs); i++) {
        c.ulMACLen = macs[i];
        RV(CKR_MECHANISM_PARAM_INVALID, p11->C_EncryptInit(s, MECHP(CKM_AES_CCM, c), k));
    }
    c.ulMACLen = 8;
    static const CK_ULONG nonces[] = {0, 6, 14, ~0UL};
    for (size_t i = 0; i < LEN(nonces); i++) {
        c.ulNonceLen = nonces[i];
        RV(CKR_MECHANISM_PARAM_INVALID, p11->C_EncryptInit(s, MECHP(CKM_AES_CCM, c), k));
    }
    c.ulNonceLen = 13;
    c.ulDataLen = 22; /* and 23 come: item 42 */
    n = sizeof out;
    OK(p11->C_EncryptInit(s, MECHP(CKM_AES_CCM, c), k));
    ONE_OF(p11->C_Encrypt(s, counting + 8, 23, out, &n), CKR_DATA_LEN_RANGE);
}

static void r063_key_wrap_vectors(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_BYTE value[16];
    for (size_t i = 0; i < sizeof value; i++) {
        value[i] = (CK_BYTE)(i * 0x11);
    }
    const CK_OBJECT_HANDLE w = aes_import(s, counting, 16);
    const CK_OBJECT_HANDLE k = aes_import(s, value, 16);
    CK_BYTE out[64];
    CK_ULONG n = 0;
    OK(p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), w, k, NULL, &n));
    assert_int_equal(n, 24);
    n = 23;
    RV(CKR_BUFFER_TOO_SMALL, p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), w, k, out, &n));
    assert_int_equal(n, 24);
    OK(p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), w, k, out, &n));
    assert_memory_equal(out,
                        "\x1f\xa6\x8b\x0a\x81\x12\xb4\x47\xae\xf3\x4b\xd8\xfb\x5a\x7b\x82"
                        "\x9d\x3e\x86\x23\x71\xd2\xcf\xe5",
                        24);
    CK_ATTRIBUTE t[] = {AU(CKA_CLASS, CKO_SECRET_KEY), AU(CKA_KEY_TYPE, CKK_AES),
                        AB(CKA_SENSITIVE, CK_FALSE), AB(CKA_EXTRACTABLE, CK_TRUE)};
    CK_OBJECT_HANDLE u = 0;
    OK(p11->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), w, out, n, t, LEN(t), &u));
    CK_BYTE back[16];
    assert_int_equal(attr_bytes(s, u, CKA_VALUE, back, sizeof back), 16);
    assert_memory_equal(back, value, 16);
    u = 0;
    out[5] ^= 1;
    RV(CKR_WRAPPED_KEY_INVALID,
       p11->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), w, out, n, t, LEN(t), &u));
    ONE_OF(p11->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), w, out, n - 1, t, LEN(t), &u),
           CKR_WRAPPED_KEY_LEN_RANGE);
    ONE_OF(p11->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), w, out, 8, t, LEN(t), &u),
           CKR_WRAPPED_KEY_LEN_RANGE, CKR_WRAPPED_KEY_INVALID);
    ONE_OF(p11->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), w, out, 0, t, LEN(t), &u),
           CKR_WRAPPED_KEY_LEN_RANGE, CKR_WRAPPED_KEY_INVALID, CKR_ARGUMENTS_BAD);
    assert_int_equal(u, 0);
}

static void every_kind_of_key_wrapped_and_back(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    const CK_OBJECT_HANDLE w = aes_key(s, 32);
    CK_OBJECT_HANDLE rsa_pub = 0, rsa_priv = 0, ec_pub = 0, ec_priv = 0, ed_pub = 0, ed_priv = 0;
    CK_OBJECT_HANDLE x_pub = 0, x_priv = 0;
    rsa_pair(s, 2048, &rsa_pub, &rsa_priv);
    ec_pair(s, &P384, &ec_pub, &ec_priv);
    edwards_pair(s, &ED25519, &ed_pub, &ed_priv);
    montgomery_pair(s, &X25519, &x_pub, &x_priv);
    const struct {
        CK_OBJECT_HANDLE key;
        CK_OBJECT_CLASS class;
        CK_KEY_TYPE type;
    } keys[] = {
        {aes_key(s, 24), CKO_SECRET_KEY, CKK_AES},
        {secret_import(s, "seventeen bytes..", 17), CKO_SECRET_KEY, CKK_GENERIC_SECRET},
        {rsa_priv, CKO_PRIVATE_KEY, CKK_RSA},
        {ec_priv, CKO_PRIVATE_KEY, CKK_EC},
        {ed_priv, CKO_PRIVATE_KEY, CKK_EC_EDWARDS},
        {x_priv, CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY},
    };
    static const CK_MECHANISM_TYPE ways[] = {CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD,
                                             CKM_AES_KEY_WRAP_PKCS7};
    for (size_t i = 0; i < LEN(ways); i++) {
        for (size_t j = 0; j < LEN(keys); j++) {
            CK_BYTE out[4096];
            CK_ULONG n = sizeof out;
            CK_OBJECT_HANDLE u = 0;
            OK(p11->C_WrapKey(s, MECH(ways[i]), w, keys[j].key, out, &n));
            OK(p11->C_UnwrapKey(s, MECH(ways[i]), w, out, n,
                                T(AU(CKA_CLASS, keys[j].class), AU(CKA_KEY_TYPE, keys[j].type),
                                  AB(CKA_EXTRACTABLE, CK_TRUE)),
                                &u));
            CK_BYTE again[4096];
            CK_ULONG m = sizeof again;
            OK(p11->C_WrapKey(s, MECH(ways[i]), w, u, again, &m));
            assert_int_equal(n, m);
            assert_memory_equal(out, again, n);
            out[n / 2] ^= 0x10;
            RV(CKR_WRAPPED_KEY_INVALID,
               p11->C_UnwrapKey(s, MECH(ways[i]), w, out, n,
                                T(AU(CKA_CLASS, keys[j].class), AU(CKA_KEY_TYPE, keys[j].type)),
                                &u));
        }
    }
    /* the unwrapped private key signs as the first one did */
    CK_BYTE out[4096], sig[256];
    CK_ULONG n = sizeof out, len = sizeof sig;
    CK_OBJECT_HANDLE u = 0;
    OK(p11->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP_KWP), w, ec_priv, out, &n));
    OK(p11->C_UnwrapKey(
        s, MECH(CKM_AES_KEY_WRAP_KWP), w, out, n,
        T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, CKK_EC), AB(CKA_SIGN, CK_TRUE)), &u));
    OK(p11->C_SignInit(s, MECH(CKM_ECDSA_SHA384), u));
    OK(p11->C_Sign(s, counting, 100, sig, &len));
    OK(p11->C_VerifyInit(s, MECH(CKM_ECDSA_SHA384), ec_pub));
    OK(p11->C_Verify(s, counting, 100, sig, len));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(vectors_of_sp800_38a),         TEST(block_modes_and_pieces),
        TEST(data_that_is_no_whole_block),  TEST(r054_bad_padding_has_one_answer),
        TEST(r062_ctr_counter_bits),        TEST(gcm_vectors),
        TEST(r061_gcm_parameters),          TEST(r042_gcm_releases_nothing_unverified),
        TEST(gcm_with_an_iv_of_the_tokens), TEST(r060_ccm),
        TEST(r063_key_wrap_vectors),        TEST(every_kind_of_key_wrapped_and_back),
    };
    return cmocka_run_group_tests(tests, setup, teardown_module);
}
