/* SPDX-License-Identifier: Apache-2.0
 *
 * Wrapping: RFC 3394 and RFC 5649 vectors, every kind of key through every wrapping mechanism and
 * back, PKCS#8 as others write it, what is altered or cut.
 */
#include "fixture.h"

#include <string.h>

static enum rc draft_for(CK_OBJECT_CLASS cls, CK_KEY_TYPE type, struct draft **ret)
{
    const CK_ATTRIBUTE t[] = {A_ULONG(CKA_CLASS, cls), A_ULONG(CKA_KEY_TYPE, type),
                              A_FALSE(CKA_SENSITIVE), A_TRUE(CKA_EXTRACTABLE)};
    const struct object_rules rules = {0};
    AUTO_TEMPLATE struct template *template = NULL;
    TRY(template_read(t, ARRAY_LEN(t), false, &template));
    return draft_new(ORIGIN_UNWRAP, &rules, template, ret);
}

static enum rc wrap(CK_MECHANISM_TYPE type, const void *param, size_t n,
                    const struct object *wrapping, const struct object *key, struct buf *ret)
{
    const CK_MECHANISM m = {type, (void *)(uintptr_t)param, n};
    AUTO_SECRET struct secret *plain = NULL;
    TRY(mech_encode_key(&env, key, &plain));
    const struct key_kind kind = {object_class(key), object_key_type(key)};
    return mech_wrap(&env, mech_find(&env, type), &m, wrapping, &kind, plain, ret);
}

static enum rc decode(const struct secret *plain, CK_OBJECT_CLASS cls, CK_KEY_TYPE type,
                      struct object **ret)
{
    AUTO_DRAFT struct draft *d = NULL;
    TRY(draft_for(cls, type, &d));
    TRY(draft_check(d));
    TRY(mech_decode_key(&env, plain, d));
    TRY(mech_import(&env, d));
    TRY(draft_set(d, CKA_UNIQUE_ID, BYTES_STR("0123456789abcdef0123456789abcdef")));
    return draft_finish(d, 7, 1, ret);
}

static enum rc unwrap(CK_MECHANISM_TYPE type, const void *param, size_t n,
                      const struct object *unwrapping, struct bytes wrapped, CK_OBJECT_CLASS cls,
                      CK_KEY_TYPE key_type, struct object **ret)
{
    const CK_MECHANISM m = {type, (void *)(uintptr_t)param, n};
    AUTO_SECRET struct secret *plain = NULL;
    const struct key_kind kind = {cls, key_type};
    TRY(mech_unwrap(&env, mech_find(&env, type), &m, unwrapping, &kind, wrapped, &plain));
    return decode(plain, cls, key_type, ret);
}

static void key_wrap_vectors(void **state)
{
    (void)state;
    AUTO_BUF struct buf out = BUF_INIT;
    AUTO_BUF struct buf back = BUF_INIT;
    AUTO_OBJECT struct object *kek = aes("000102030405060708090a0b0c0d0e0f1011121314151617");
    assert_ok(once(CKM_AES_KEY_WRAP, VERB_ENCRYPT, NULL, 0, kek,
                   hex("00112233445566778899aabbccddeeff"), &out));
    assert_hex(buf_view(&out), "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d");
    AUTO_OBJECT struct object *kek2 = aes("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8");
    static const CK_MECHANISM_TYPE kwp[] = {CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD};
    for (size_t i = 0; i < 2; i++) {
        out.n = back.n = 0;
        assert_ok(once(kwp[i], VERB_ENCRYPT, NULL, 0, kek2,
                       hex("c37b7e6492584340bed12207808941155068f738"), &out));
        assert_hex(buf_view(&out),
                   "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a");
        assert_ok(once(kwp[i], VERB_DECRYPT, NULL, 0, kek2, buf_view(&out), &back));
        assert_hex(buf_view(&back), "c37b7e6492584340bed12207808941155068f738");
        out.n = 0;
        assert_ok(once(kwp[i], VERB_ENCRYPT, NULL, 0, kek2, hex("466f7250617369"), &out));
        assert_hex(buf_view(&out), "afbeb0f07dfbf5419200f2ccb50bb24f");
    }
}

static void r063_key_wrap_lengths(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *kek = aes("000102030405060708090a0b0c0d0e0f");
    uint8_t v[48];
    memset(v, 0x08, sizeof v);
    for (size_t n = 0; n <= sizeof v; n++) {
        AUTO_BUF struct buf out = BUF_INIT;
        AUTO_BUF struct buf back = BUF_INIT;
        const bool kw = n >= 16 && n % 8 == 0;
        assert_rc(once(CKM_AES_KEY_WRAP, VERB_ENCRYPT, NULL, 0, kek, BYTES(v, n), &out),
                  kw ? RC_OK : RC_DATA_LEN_RANGE);
        out.n = 0;
        assert_rc(once(CKM_AES_KEY_WRAP_KWP, VERB_ENCRYPT, NULL, 0, kek, BYTES(v, n), &out),
                  n > 0 ? RC_OK : RC_DATA_LEN_RANGE);
        out.n = 0;
        assert_rc(once(CKM_AES_KEY_WRAP_PKCS7, VERB_ENCRYPT, NULL, 0, kek, BYTES(v, n), &out),
                  n >= 8 ? RC_OK : RC_DATA_LEN_RANGE);
        if (n >= 8) {
            assert_ok(
                once(CKM_AES_KEY_WRAP_PKCS7, VERB_DECRYPT, NULL, 0, kek, buf_view(&out), &back));
            assert_bytes(buf_view(&back), BYTES(v, n));
        }
        assert_rc(once(CKM_AES_KEY_WRAP, VERB_DECRYPT, NULL, 0, kek, BYTES(v, n), &back),
                  n >= 24 && n % 8 == 0 ? RC_ENCRYPTED_DATA_INVALID : RC_ENCRYPTED_DATA_LEN_RANGE);
    }
    /* a padding that is none: by the plain mechanism first */
    AUTO_BUF struct buf out = BUF_INIT;
    AUTO_BUF struct buf back = BUF_INIT;
    v[23] = 9;
    assert_ok(once(CKM_AES_KEY_WRAP, VERB_ENCRYPT, NULL, 0, kek, BYTES(v, 24), &out));
    assert_rc(once(CKM_AES_KEY_WRAP_PKCS7, VERB_DECRYPT, NULL, 0, kek, buf_view(&out), &back),
              RC_ENCRYPTED_DATA_INVALID);
}

struct wrapper {
    CK_MECHANISM_TYPE type;
    const void *param;
    size_t param_n;
    const struct object *wrapping, *unwrapping;
};

static void try_one(const struct wrapper *w, const struct object *key)
{
    AUTO_BUF struct buf wrapped = BUF_INIT;
    AUTO_OBJECT struct object *back = NULL;
    AUTO_SECRET struct secret *plain = NULL;
    AUTO_SECRET struct secret *again = NULL;
    const enum rc rc = wrap(w->type, w->param, w->param_n, w->wrapping, key, &wrapped);
    if (rc == RC_KEY_SIZE_RANGE) { /* does not fit: not a multiple of 8, or longer than RSA takes */
        assert_true(w->type == CKM_AES_KEY_WRAP || w->type == CKM_RSA_PKCS ||
                    w->type == CKM_RSA_PKCS_OAEP);
        return;
    }
    assert_ok(rc);
    assert_ok(unwrap(w->type, w->param, w->param_n, w->unwrapping, buf_view(&wrapped),
                     object_class(key), object_key_type(key), &back));
    assert_ok(mech_encode_key(&env, key, &plain));
    assert_ok(mech_encode_key(&env, back, &again));
    assert_true(secret_equal(plain, again));
    if (w->type == CKM_AES_CBC_PAD || w->type == CKM_RSA_PKCS) {
        return; /* without integrity */
    }
    object_unref(TAKE(back));
    wrapped.p[wrapped.n - 3] ^= 0x40;
    assert_rc(unwrap(w->type, w->param, w->param_n, w->unwrapping, buf_view(&wrapped),
                     object_class(key), object_key_type(key), &back),
              RC_WRAPPED_KEY_INVALID);
    assert_rc(unwrap(w->type, w->param, w->param_n, w->unwrapping, BYTES(wrapped.p, 15),
                     object_class(key), object_key_type(key), &back),
              RC_WRAPPED_KEY_LEN_RANGE);
}

static void r082_every_key_every_way(void **state)
{
    (void)state;
    struct object *pub[7] = {NULL};
    struct object *keys[10] = {NULL};
    rsa_pair(2048, &pub[0], &keys[0]);
    ec_pair(P256, CKM_EC_KEY_PAIR_GEN, &pub[1], &keys[1]);
    ec_pair("06052b81040023", CKM_EC_KEY_PAIR_GEN, &pub[2], &keys[2]);
    ec_pair(ED25519, CKM_EC_EDWARDS_KEY_PAIR_GEN, &pub[3], &keys[3]);
    ec_pair(ED448, CKM_EC_EDWARDS_KEY_PAIR_GEN, &pub[4], &keys[4]);
    ec_pair(X25519, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, &pub[5], &keys[5]);
    ec_pair(X448, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, &pub[6], &keys[6]);
    keys[7] = aes("000102030405060708090a0b0c0d0e0f");
    keys[8] = secret_key(CKK_GENERIC_SECRET, hex("0102030405060708090a0b0c0d0e0f101112131415"));
    keys[9] = secret_key(CKK_SHA256_HMAC, hex("01020304050607080102030405060708"));
    AUTO_OBJECT struct object *kek =
        aes("00000000000000000000000000000000ffeeddccbbaa99887766554433221100");
    const CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0};
    const CK_RSA_AES_KEY_WRAP_PARAMS rsa_aes = {256, (CK_RSA_PKCS_OAEP_PARAMS *)(uintptr_t)&oaep};
    uint8_t iv[16] = {3};
    const CK_GCM_PARAMS gcm = {iv, 12, 96, NULL, 0, 128};
    const struct wrapper ways[] = {
        {CKM_AES_KEY_WRAP, NULL, 0, kek, kek},
        {CKM_AES_KEY_WRAP_PAD, NULL, 0, kek, kek},
        {CKM_AES_KEY_WRAP_KWP, NULL, 0, kek, kek},
        {CKM_AES_KEY_WRAP_PKCS7, NULL, 0, kek, kek},
        {CKM_AES_CBC_PAD, iv, 16, kek, kek},
        {CKM_AES_GCM, &gcm, sizeof gcm, kek, kek},
        {CKM_AES_GCM, NULL, 0, kek, kek},
        {CKM_RSA_PKCS, NULL, 0, pub[0], keys[0]},
        {CKM_RSA_PKCS_OAEP, &oaep, sizeof oaep, pub[0], keys[0]},
        {CKM_RSA_AES_KEY_WRAP, &rsa_aes, sizeof rsa_aes, pub[0], keys[0]},
    };
    for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
        for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
            try_one(&ways[w], keys[k]);
        }
    }
    /* public keys are not wrapped; a template of another type does not fit */
    AUTO_SECRET struct secret *plain = NULL;
    AUTO_OBJECT struct object *o = NULL;
    assert_rc(mech_encode_key(&env, pub[0], &plain), RC_KEY_NOT_WRAPPABLE);
    assert_ok(mech_encode_key(&env, keys[0], &plain));
    assert_rc(decode(plain, CKO_PRIVATE_KEY, CKK_EC, &o), RC_TEMPLATE_INCONSISTENT);
    assert_rc(decode(plain, CKO_SECRET_KEY, CKK_AES, &o), RC_WRAPPED_KEY_INVALID);
    for (size_t i = 0; i < ARRAY_LEN(pub); i++) {
        object_unref(pub[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        object_unref(keys[i]);
    }
}

/* RFC 8410, 10.3: without and with public key and attributes; an EC key as OpenSSL writes it (SEC 1
 * with the point), and with the curve named twice. */
static void pkcs8_of_others(void **state)
{
    (void)state;
    static const struct {
        CK_KEY_TYPE type;
        const char *der;
        bool right;
    } rows[] = {
        {CKK_EC_EDWARDS,
         "302e020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44"
         "755842",
         true},
        {CKK_EC_EDWARDS,
         "3072020101300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44"
         "755842a01f301d060a2a864886f70d01090914310f0c0d437572646c6520436861697273812100"
         "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1",
         true},
        {CKK_EC,
         "304102010030 1306072a8648ce3d020106082a8648ce3d030107 0427 3025 020101 0420"
         "0000000000000000000000000000000000000000000000000000000000000001",
         true},
        {CKK_EC,
         "304d02010030 1306072a8648ce3d020106082a8648ce3d030107 0433 3031 020101 0420"
         "0000000000000000000000000000000000000000000000000000000000000001"
         "a00a 06082a8648ce3d030107",
         true},
        /* another curve inside, a wrong version, bytes behind, short lengths */
        {CKK_EC,
         "304a02010030 1306072a8648ce3d020106082a8648ce3d030107 0430 302e 020101 0420"
         "0000000000000000000000000000000000000000000000000000000000000001"
         "a007 06052b81040022",
         false},
        {CKK_EC,
         "304102010030 1306072a8648ce3d020106082a8648ce3d030107 0427 3025 020102 0420"
         "0000000000000000000000000000000000000000000000000000000000000001",
         false},
        {CKK_EC_EDWARDS,
         "302e020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44"
         "75584200",
         true}, /* as SoftHSM2 fills up a block */
        {CKK_EC_EDWARDS,
         "302e020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44"
         "75584201",
         false},
        {CKK_EC_EDWARDS,
         "302e020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44"
         "7558420000000000000000",
         false},
        {CKK_EC_EDWARDS,
         "302e020102300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44"
         "755842",
         false},
        {CKK_EC_EDWARDS,
         "302d020100300506032b657004210420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44"
         "7558",
         false},
        {CKK_EC_EDWARDS, "", false},
        {CKK_EC_EDWARDS, "3000", false},
        {CKK_RSA, "3080020100", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char packed[1024];
        size_t n = 0;
        for (const char *c = rows[i].der; *c != '\0'; c++) {
            if (*c != ' ') {
                packed[n++] = *c;
            }
        }
        packed[n] = '\0';
        const struct bytes der = hex(packed);
        AUTO_SECRET struct secret *plain = secret_from(der.p, der.n);
        AUTO_OBJECT struct object *o = NULL;
        assert_rc(decode(plain, CKO_PRIVATE_KEY, rows[i].type, &o),
                  rows[i].right ? RC_OK : RC_WRAPPED_KEY_INVALID);
    }
}

/* Every byte of an encoded key changed, and every length: never a crash, mostly an error. */
static void r027_damaged_pkcs8(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *pub = NULL;
    AUTO_OBJECT struct object *priv = NULL;
    AUTO_SECRET struct secret *plain = NULL;
    ec_pair(P256, CKM_EC_KEY_PAIR_GEN, &pub, &priv);
    assert_ok(mech_encode_key(&env, priv, &plain));
    for (size_t i = 0; i < plain->n; i++) {
        AUTO_SECRET struct secret *cut = secret_head(plain, i);
        AUTO_OBJECT struct object *o = NULL;
        assert_true(decode(cut, CKO_PRIVATE_KEY, CKK_EC, &o) != RC_OK);
        AUTO_SECRET struct secret *changed = secret_copy(plain);
        AUTO_OBJECT struct object *o2 = NULL;
        changed->p[i] ^= 0x81;
        (void)!decode(changed, CKO_PRIVATE_KEY, CKK_EC, &o2);
    }
}

static void short_memory(void **state)
{
    (void)state;
    AUTO_OBJECT struct object *pub = NULL;
    AUTO_OBJECT struct object *priv = NULL;
    AUTO_OBJECT struct object *kek = aes("000102030405060708090a0b0c0d0e0f");
    ec_pair(P256, CKM_EC_KEY_PAIR_GEN, &pub, &priv);
    for (unsigned long nth = 1;; nth++) {
        AUTO_BUF struct buf wrapped = BUF_INIT;
        AUTO_OBJECT struct object *back = NULL;
        mem_fault_at(nth);
        enum rc rc = wrap(CKM_AES_KEY_WRAP_KWP, NULL, 0, kek, priv, &wrapped);
        if (rc == RC_OK) {
            rc = unwrap(CKM_AES_KEY_WRAP_KWP, NULL, 0, kek, buf_view(&wrapped), CKO_PRIVATE_KEY,
                        CKK_EC, &back);
        }
        const unsigned long fired = mem_fault_count();
        mem_fault_at(0);
        if (fired == 0) {
            assert_ok(rc);
            break;
        }
        assert_true(rc == RC_HOST_MEMORY || rc == RC_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_wrap_vectors),         cmocka_unit_test(r063_key_wrap_lengths),
        cmocka_unit_test(r082_every_key_every_way), cmocka_unit_test(pkcs8_of_others),
        cmocka_unit_test(r027_damaged_pkcs8),       cmocka_unit_test(short_memory),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
