/* SPDX-License-Identifier: Apache-2.0
 *
 * Post-quantum keys as material: PKCS#8 in its forms, wrapping with a KEM taken apart by hand,
 * encapsulation onto drafts; and each of them with memory that runs out.
 */
#include "family.h"
#include "fixture.h"

#include <string.h>

#include "wire/der.h"

/* ---- PKCS#8 ------------------------------------------------------------------------------------------ */

/* The private keys of RFC 9881, C.1, and RFC 9935, C.1, in the form with the seed: 0, 1, 2, ... */
static const struct {
    enum pkey_kind kind;
    size_t seed;
    const char *head;
} examples[] = {
    {PKEY_ML_DSA_44, 32, "3034020100300b060960864801650304031104228020"},
    {PKEY_ML_DSA_65, 32, "3034020100300b060960864801650304031204228020"},
    {PKEY_ML_DSA_87, 32, "3034020100300b060960864801650304031304228020"},
    {PKEY_ML_KEM_512, 64, "3054020100300b060960864801650304040104428040"},
    {PKEY_ML_KEM_768, 64, "3054020100300b060960864801650304040204428040"},
    {PKEY_ML_KEM_1024, 64, "3054020100300b060960864801650304040304428040"},
};

static void pkcs8_of_the_rfcs(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        AUTO_BUF struct buf der = BUF_INIT;
        AUTO_KEY_PARTS struct key_parts parts = {0};
        AUTO_SECRET struct secret *back = NULL;
        struct pkey_spec spec;
        assert_ok(buf_add_bytes(&der, hex(examples[i].head)));
        for (size_t k = 0; k < examples[i].seed; k++) {
            const uint8_t b = (uint8_t)k;
            assert_ok(buf_add(&der, &b, 1));
        }
        AUTO_SECRET struct secret *v = secret_from(der.p, der.n);
        assert_ok(pkcs8_read(v, &spec, &parts));
        assert_int_equal(spec.kind, examples[i].kind);
        assert_null(parts.priv);
        assert_bytes(secret_view(parts.seed), BYTES(der.p + 22, examples[i].seed));
        const struct pkey_ops *ops = spec_ops(&env, &spec);
        assert_ok(ops->complete(&spec, &parts));
        assert_int_equal(parts.priv->n, pq_sizes(spec.kind)->priv);
        assert_int_equal(parts.pub.n, pq_sizes(spec.kind)->pub);
        assert_ok(pkcs8_write(&spec, &parts, &back));
        assert_bytes(secret_view(back), buf_view(&der));
    }
}

/* What is written of parts, and what comes back of it. */
static void round_trip(const struct pkey_spec *spec, const struct key_parts *parts)
{
    AUTO_SECRET struct secret *der = NULL;
    AUTO_KEY_PARTS struct key_parts back = {0};
    struct pkey_spec got;
    assert_ok(pkcs8_write(spec, parts, &der));
    assert_ok(pkcs8_read(der, &got, &back));
    assert_true(got.kind == spec->kind && got.set == spec->set);
    if (parts->seed != NULL) {
        assert_true(secret_equal(parts->seed, back.seed) != 0);
        assert_null(back.priv);
    } else {
        assert_true(secret_equal(parts->priv, back.priv) != 0);
        assert_null(back.seed);
    }
    /* every byte less is none */
    for (size_t n = 0; n < der->n; n += n < 64 ? 1 : 41) {
        AUTO_SECRET struct secret *cut = secret_head(der, n);
        AUTO_KEY_PARTS struct key_parts none = {0};
        assert_rc(pkcs8_read(cut, &got, &none), RC_WRAPPED_KEY_INVALID);
    }
}

static const CK_ULONG comp_sets[] = {CKP_COMP_SIG_MLDSA44_ED25519_SHA512,
                                     CKP_COMP_SIG_MLDSA65_ECDSA_P256_SHA512};

static void pkcs8_round_trips(void **state)
{
    (void)state;
    for (enum pkey_kind kind = PKEY_ML_KEM_512; kind <= PKEY_COMP_SIG; kind++) {
        struct pkey_spec spec = {.kind = kind};
        if (pkey_is_slh_dsa(kind) && kind != PKEY_SLH_DSA_SHA2_128F &&
            kind != PKEY_SLH_DSA_SHAKE_256F) {
            continue;
        }
        if (kind == PKEY_COMP_SIG) {
            assert_ok(set_read(CKK_COMP_SIG, comp_sets[1], &spec));
        }
        AUTO_KEY_PARTS struct key_parts parts = {0};
        const struct pkey_ops *ops = env.crypto->pkey_generate[spec.kind][CURVE_NONE];
        assert_ok(ops->generate(&spec, BYTES_NONE, env.crypto->rng, &parts));
        round_trip(&spec, &parts);
        secret_free(TAKE(parts.seed)); /* a key that came without */
        round_trip(&spec, &parts);
    }
    /* nothing to write */
    const struct pkey_spec spec = {.kind = PKEY_ML_DSA_44};
    AUTO_KEY_PARTS struct key_parts none = {0};
    AUTO_SECRET struct secret *der = NULL;
    assert_rc(pkcs8_write(&spec, &none, &der), RC_KEY_NOT_WRAPPABLE);
}

/* Forms that there are not. */
static void r027_pkcs8_that_is_none(void **state)
{
    (void)state;
    static const char *const bad[] = {
        /* ML-DSA-44: an empty key, an empty seed, an empty value, a constructed [0], [1] */
        "3012020100300b06096086480165030403110400",
        "3014020100300b060960864801650304031104028000",
        "3014020100300b0609608648016503040311040204 00",
        "3016020100300b0609608648016503040311 0404 a002 0400",
        "3014020100300b0609608648016503040311 0402 8100",
        /* both, one of them missing or empty; three; bytes behind */
        "3016020100300b0609608648016503040311 0404 3002 0400",
        "3018020100300b0609608648016503040311 0406 3004 0400 0400",
        "3019020100300b0609608648016503040311 0407 3005 0401aa 0400",
        "301d020100300b0609608648016503040311 040b 3009 0401aa 0401bb 0401cc",
        "3016020100300b0609608648016503040311 0404 8001aa 00",
        /* parameters, NULL or otherwise, behind the OID; an OID that is no set */
        "3018020100300d06096086480165030403110500 0404 8002aabb",
        "3016020100300b06096086480165030403ff 0404 8002aabb",
        "3016020100300b0609608648016503040404 0404 8002aabb",
        /* a version that is not there */
        "3016020102300b0609608648016503040311 0404 8002aabb",
        /* SLH-DSA and X-Wing: an empty key */
        "3012020100300b06096086480165030403150400",
        "3014020100300d060b2b0601040183e62d81c87a0400",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char packed[200];
        size_t n = 0;
        for (const char *p = bad[i]; *p != '\0'; p++) {
            if (*p != ' ') {
                packed[n++] = *p;
            }
        }
        packed[n] = '\0';
        const struct bytes der = hex(packed);
        AUTO_SECRET struct secret *v = secret_from(der.p, der.n);
        AUTO_KEY_PARTS struct key_parts parts = {0};
        struct pkey_spec spec;
        assert_int_equal(der.p[1], der.n - 2); /* what is tried is the inside */
        assert_rc(pkcs8_read(v, &spec, &parts), RC_WRAPPED_KEY_INVALID);
    }
}

/* ---- keys and drafts --------------------------------------------------------------------------------- */

static struct object *kem_pub;
static struct object *kem_priv;
static struct object *dsa_pub;
static struct object *dsa_priv;

static int open_keys(void **state)
{
    (void)fixture_open(state);
    const CK_ATTRIBUTE t[] = {A_ULONG(CKA_PARAMETER_SET, CKP_ML_KEM_768)};
    const CK_ATTRIBUTE u[] = {A_ULONG(CKA_PARAMETER_SET, CKP_ML_DSA_44)};
    assert_ok(generate_pair(CKM_ML_KEM_KEY_PAIR_GEN, t, 1, &kem_pub, &kem_priv));
    assert_ok(generate_pair(CKM_ML_DSA_KEY_PAIR_GEN, u, 1, &dsa_pub, &dsa_priv));
    return 0;
}

static int close_keys(void **state)
{
    object_unref(kem_pub);
    object_unref(kem_priv);
    object_unref(dsa_pub);
    object_unref(dsa_priv);
    return fixture_close(state);
}

static enum rc draft_for(enum object_origin origin, CK_OBJECT_CLASS cls, CK_KEY_TYPE type,
                         struct draft **ret)
{
    const CK_ATTRIBUTE t[] = {A_ULONG(CKA_CLASS, cls), A_ULONG(CKA_KEY_TYPE, type)};
    const struct object_rules rules = {0};
    AUTO_TEMPLATE struct template *template = NULL;
    TRY(template_read(t, ARRAY_LEN(t), false, &template));
    return draft_new(origin, &rules, template, ret);
}

/* Encapsulates, decapsulates, and compares the two drafts' values. */
static enum rc exchange(const struct object *pub, const struct object *priv, bool *ret_same)
{
    const struct mech_row *row = mech_find(&env, CKM_ML_KEM);
    const CK_MECHANISM m = {CKM_ML_KEM, NULL, 0};
    AUTO_DRAFT struct draft *a = NULL;
    AUTO_DRAFT struct draft *b = NULL;
    uint8_t ct[1600];
    size_t n = 0;
    TRY(mech_kem_size(&env, row, &m, pub, &n));
    TRY(draft_for(ORIGIN_KEM, CKO_SECRET_KEY, CKK_AES, &a));
    TRY(draft_for(ORIGIN_KEM, CKO_SECRET_KEY, CKK_AES, &b));
    TRY(mech_encapsulate(&env, row, pub, a, ct));
    TRY(mech_decapsulate(&env, row, priv, BYTES(ct, n), b));
    *ret_same = secret_equal(draft_secret(a, CKA_VALUE), draft_secret(b, CKA_VALUE)) != 0;
    return RC_OK;
}

/* ---- wrapping ---------------------------------------------------------------------------------------- */

/* Where the parts of a blob of an ML-KEM-768 key lie: what it says of the wrapped key, and the name of the
 * wrapping behind it. */
enum { CT_AT = 4 + 3 + 22 + 13 + 4, UKM_AT = CT_AT + 1088 + 15 + 3, UKM_SIZE = 28, NAME_SIZE = 13 };

/* [0] { OCTET STRING { SEQUENCE { "craton-hsm key", CKO_SECRET_KEY, CKK_AES }}} */
#define UKM_AES "a01a041830160c0e637261746f6e2d68736d206b657902010402011f"

/* The blob of a secret key, opened by the book: decapsulate, HKDF-SHA256 with
 * CMSORIforKEMOtherInfo as info (RFC 9629, 5), AES-256 key wrap with padding (RFC 5649). */
static void a_blob_opened_by_hand(void **state)
{
    (void)state;
    const CK_MECHANISM m = {CKM_ML_KEM, NULL, 0};
    const struct pkey_ops *ops = NULL;
    const struct pkey *key = NULL;
    AUTO_BUF struct buf blob = BUF_INIT;
    AUTO_SECRET struct secret *target = secret_from("sixteen byte key", 16);
    AUTO_SECRET struct secret *shared = NULL;
    AUTO_SECRET struct secret *kek = NULL;
    AUTO_SECRET struct secret *plain = NULL;
    const struct key_kind kind = {CKO_SECRET_KEY, CKK_AES};
    assert_ok(mech_wrap(&env, mech_find(&env, CKM_ML_KEM), &m, kem_pub, &kind, target, &blob));
    const size_t wrapped_at = UKM_AT + UKM_SIZE + NAME_SIZE + 2;
    assert_hex(BYTES(blob.p + UKM_AT, UKM_SIZE), UKM_AES);
    assert_int_equal(blob.n, wrapped_at + 24);
    assert_ok(key_pkey(&env, kem_priv, &ops, &key));
    assert_ok(ops->decapsulate(key, BYTES(blob.p + CT_AT, 1088), &shared));
    assert_ok(crypto_hkdf(env.crypto, HASH_SHA256, true, true, shared, BYTES_NONE,
                          hex("302c300b0609608648016503040130020120" UKM_AES), 32, &kek));
    assert_ok(env.crypto->keywrap->unwrap(KEYWRAP_RFC5649, kek, NULL,
                                          BYTES(blob.p + wrapped_at, 24), &plain));
    assert_true(secret_equal(plain, target) != 0);
}

/* BLOB's parts up to the ukm, with UKM_FIELD (hex, may be empty) instead, and the target wrapped so. */
static void by_others(struct bytes blob, const struct secret *shared, const struct secret *target,
                      const char *ukm_field, const char *info, struct buf *ret)
{
    AUTO_SECRET struct secret *kek = NULL;
    AUTO_BUF struct buf body = BUF_INIT;
    AUTO_BUF struct buf wrapped = BUF_INIT;
    assert_ok(
        crypto_hkdf(env.crypto, HASH_SHA256, true, true, shared, BYTES_NONE, hex(info), 32, &kek));
    assert_ok(env.crypto->keywrap->wrap(KEYWRAP_RFC5649, kek, NULL, secret_view(target), &wrapped));
    assert_ok(buf_add(&body, blob.p + 4, UKM_AT - 4));
    if (ukm_field[0] != '\0') {
        const struct bytes v = hex(ukm_field);
        assert_ok(buf_add(&body, v.p, v.n));
    }
    assert_ok(buf_add(&body, blob.p + UKM_AT + UKM_SIZE, NAME_SIZE));
    assert_ok(der_add(&body, DER_OCTET_STRING, buf_view(&wrapped)));
    assert_ok(der_add(ret, DER_SEQUENCE, buf_view(&body)));
}

/* Others' user keying material counts in the derivation and says nothing about the type. */
static void blobs_by_others(void **state)
{
    (void)state;
    static const struct {
        const char *field, *info;
    } cases[] = {
        {"", "3010300b0609608648016503040130020120"},
        {"a0050403666f6f", "3017300b0609608648016503040130020120a0050403666f6f"},
        {"a00a04083006020104020110",
         "301c300b0609608648016503040130020120a00a04083006020104020110"},
    };
    const CK_MECHANISM m = {CKM_ML_KEM, NULL, 0};
    const struct mech_row *row = mech_find(&env, CKM_ML_KEM);
    const struct key_kind aes = {CKO_SECRET_KEY, CKK_AES};
    const struct key_kind generic = {CKO_SECRET_KEY, CKK_GENERIC_SECRET};
    const struct pkey_ops *ops = NULL;
    const struct pkey *key = NULL;
    AUTO_BUF struct buf ours = BUF_INIT;
    AUTO_SECRET struct secret *target = secret_from("sixteen byte key", 16);
    AUTO_SECRET struct secret *shared = NULL;
    assert_ok(mech_wrap(&env, row, &m, kem_pub, &aes, target, &ours));
    assert_ok(key_pkey(&env, kem_priv, &ops, &key));
    assert_ok(ops->decapsulate(key, BYTES(ours.p + CT_AT, 1088), &shared));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_BUF struct buf theirs = BUF_INIT;
        AUTO_SECRET struct secret *plain = NULL;
        AUTO_SECRET struct secret *again = NULL;
        by_others(buf_view(&ours), shared, target, cases[i].field, cases[i].info, &theirs);
        assert_ok(mech_unwrap(&env, row, &m, kem_priv, &aes, buf_view(&theirs), &plain));
        assert_true(secret_equal(plain, target) != 0);
        assert_ok(mech_unwrap(&env, row, &m, kem_priv, &generic, buf_view(&theirs), &again));
    }
    /* an empty field is none, and is not written so */
    AUTO_BUF struct buf empty = BUF_INIT;
    AUTO_SECRET struct secret *plain = NULL;
    by_others(buf_view(&ours), shared, target, "a0020400", cases[0].info, &empty);
    assert_rc(mech_unwrap(&env, row, &m, kem_priv, &aes, buf_view(&empty), &plain),
              RC_WRAPPED_KEY_INVALID);
}

static enum rc wrap_and_unwrap(const struct object *target)
{
    const struct mech_row *row = mech_find(&env, CKM_ML_KEM);
    const CK_MECHANISM m = {CKM_ML_KEM, NULL, 0};
    AUTO_SECRET struct secret *plain = NULL;
    AUTO_SECRET struct secret *back = NULL;
    AUTO_BUF struct buf blob = BUF_INIT;
    AUTO_DRAFT struct draft *d = NULL;
    TRY(mech_encode_key(&env, target, &plain));
    const struct key_kind kind = {object_class(target), object_key_type(target)};
    TRY(mech_wrap(&env, row, &m, kem_pub, &kind, plain, &blob));
    TRY(mech_unwrap(&env, row, &m, kem_priv, &kind, buf_view(&blob), &back));
    TRY(draft_for(ORIGIN_UNWRAP, object_class(target), object_key_type(target), &d));
    TRY(mech_decode_key(&env, back, d));
    return mech_import(&env, d);
}

/* ---- memory ------------------------------------------------------------------------------------------ */

static enum rc life_of_exchange(void)
{
    bool same = false;
    TRY(exchange(kem_pub, kem_priv, &same));
    assert_true(same);
    return RC_OK;
}

static enum rc life_of_wrapping(void)
{
    return wrap_and_unwrap(dsa_priv);
}

static enum rc life_of_generation(void)
{
    AUTO_OBJECT struct object *pub = NULL;
    AUTO_OBJECT struct object *priv = NULL;
    const CK_ATTRIBUTE t[] = {A_ULONG(CKA_PARAMETER_SET, CKP_ML_KEM_512)};
    bool same = false;
    TRY(generate_pair(CKM_ML_KEM_KEY_PAIR_GEN, t, 1, &pub, &priv));
    return exchange(pub, priv, &same); /* keys that no library has seen yet */
}

static enum rc life_of_a_composite(void)
{
    AUTO_OBJECT struct object *pub = NULL;
    AUTO_OBJECT struct object *priv = NULL;
    AUTO_BUF struct buf sig = BUF_INIT;
    const CK_ATTRIBUTE t[] = {A_ULONG(CKA_PARAMETER_SET, comp_sets[0])};
    TRY(generate_pair(CKM_COMP_SIG_KEY_PAIR_GEN, t, 1, &pub, &priv));
    TRY(once(CKM_COMP_SIG, VERB_SIGN, NULL, 0, priv, BYTES_STR("text"), &sig));
    return verify(CKM_COMP_SIG, NULL, 0, pub, BYTES_STR("text"), buf_view(&sig));
}

static enum rc life_of_derivation(void)
{
    const struct mech_row *row = mech_find(&env, CKM_ML_KEM);
    uint8_t ct[1088];
    CK_ULONG n = sizeof ct;
    const CK_CRATON_KEM_DERIVE_PARAMS p = {
        CKM_SHA512, (CK_BYTE *)(uintptr_t) "salt", 4, (CK_BYTE *)(uintptr_t) "info", 4, ct, &n};
    const CK_MECHANISM m = {CKM_ML_KEM, (void *)(uintptr_t)&p, sizeof p};
    AUTO_DRAFT struct draft *a = NULL;
    AUTO_DRAFT struct draft *b = NULL;
    TRY(draft_for(ORIGIN_DERIVE, CKO_SECRET_KEY, CKK_GENERIC_SECRET, &a));
    TRY(draft_for(ORIGIN_DERIVE, CKO_SECRET_KEY, CKK_GENERIC_SECRET, &b));
    TRY(mech_derive(&env, row, &m, kem_pub, NULL, 0, a));
    TRY(mech_derive(&env, row, &m, kem_priv, NULL, 0, b));
    assert_true(secret_equal(draft_secret(a, CKA_VALUE), draft_secret(b, CKA_VALUE)) != 0);
    return RC_OK;
}

/* Each allocation fails once. A fault in the trial of a new pair is a failed trial: still no key. */
static void r116_each_allocation_fails_once(void **state)
{
    (void)state;
    enum rc (*const lives[])(void) = {life_of_exchange, life_of_wrapping, life_of_generation,
                                      life_of_a_composite, life_of_derivation};
    for (size_t i = 0; i < ARRAY_LEN(lives); i++) {
        bool fired = true;
        unsigned long nth = 0;
        while (fired) {
            mem_fault_at(++nth);
            const enum rc rc = lives[i]();
            fired = mem_fault_count() > 0;
            mem_fault_at(0);
            assert_rc(rc, fired ? RC_HOST_MEMORY : RC_OK);
            assert_true(nth < 5000);
        }
        assert_true(nth > 3);
    }
}

/* A ciphertext that was made for a key that could not be made is wiped. */
static void no_ciphertext_without_its_key(void **state)
{
    (void)state;
    const struct mech_row *row = mech_find(&env, CKM_ML_KEM);
    uint8_t ct[1088];
    CK_ULONG n = sizeof ct;
    static const uint8_t zero[1088];
    const CK_CRATON_KEM_DERIVE_PARAMS p = {0, NULL, 0, NULL, 0, ct, &n};
    const CK_MECHANISM m = {CKM_ML_KEM, (void *)(uintptr_t)&p, sizeof p};
    unsigned long wiped = 0;
    bool fired = true;
    for (unsigned long nth = 1; fired; nth++) {
        AUTO_DRAFT struct draft *d = NULL;
        assert_ok(draft_for(ORIGIN_DERIVE, CKO_SECRET_KEY, CKK_GENERIC_SECRET, &d));
        memset(ct, 0xa5, sizeof ct);
        n = sizeof ct;
        mem_fault_at(nth);
        const enum rc rc = mech_derive(&env, row, &m, kem_pub, NULL, 0, d);
        fired = mem_fault_count() > 0;
        mem_fault_at(0);
        assert_rc(rc, fired ? RC_HOST_MEMORY : RC_OK);
        const bool untouched = ct[0] == 0xa5 && ct[1087] == 0xa5 && ct[500] == 0xa5;
        const bool gone = memcmp(ct, zero, sizeof ct) == 0;
        assert_true(rc == RC_OK || untouched || gone);
        wiped += rc != RC_OK && gone;
    }
    assert_true(wiped > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pkcs8_of_the_rfcs),
        cmocka_unit_test(pkcs8_round_trips),
        cmocka_unit_test(r027_pkcs8_that_is_none),
        cmocka_unit_test(a_blob_opened_by_hand),
        cmocka_unit_test(blobs_by_others),
        cmocka_unit_test(r116_each_allocation_fails_once),
        cmocka_unit_test(no_ciphertext_without_its_key),
    };
    return cmocka_run_group_tests(tests, open_keys, close_keys);
}
