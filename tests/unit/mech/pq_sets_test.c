/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameter sets: numbers, kinds and OIDs belong together, no two sets share one; SubjectPublicKeyInfo is
 * made of the OID alone and the public value.
 */
#include "family.h"
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/composite.h"

/* OIDs as the documents print them: RFC 9935 (ML-KEM), RFC 9881 (ML-DSA), RFC 9909 (SLH-DSA),
 * draft-ietf-lamps-pq-composite-sigs, draft-ietf-lamps-pq-composite-kem, draft-connolly-cfrg-xwing-kem. */
static const struct {
    CK_KEY_TYPE type;
    CK_ULONG number;
    const char *oid;
} known[] = {
    {CKK_ML_KEM, CKP_ML_KEM_512, "2.16.840.1.101.3.4.4.1"},
    {CKK_ML_KEM, CKP_ML_KEM_768, "2.16.840.1.101.3.4.4.2"},
    {CKK_ML_KEM, CKP_ML_KEM_1024, "2.16.840.1.101.3.4.4.3"},
    {CKK_ML_DSA, CKP_ML_DSA_44, "2.16.840.1.101.3.4.3.17"},
    {CKK_ML_DSA, CKP_ML_DSA_65, "2.16.840.1.101.3.4.3.18"},
    {CKK_ML_DSA, CKP_ML_DSA_87, "2.16.840.1.101.3.4.3.19"},
    {CKK_SLH_DSA, CKP_SLH_DSA_SHA2_128S, "2.16.840.1.101.3.4.3.20"},
    {CKK_SLH_DSA, CKP_SLH_DSA_SHA2_128F, "2.16.840.1.101.3.4.3.21"},
    {CKK_SLH_DSA, CKP_SLH_DSA_SHA2_192S, "2.16.840.1.101.3.4.3.22"},
    {CKK_SLH_DSA, CKP_SLH_DSA_SHA2_192F, "2.16.840.1.101.3.4.3.23"},
    {CKK_SLH_DSA, CKP_SLH_DSA_SHA2_256S, "2.16.840.1.101.3.4.3.24"},
    {CKK_SLH_DSA, CKP_SLH_DSA_SHA2_256F, "2.16.840.1.101.3.4.3.25"},
    {CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_128S, "2.16.840.1.101.3.4.3.26"},
    {CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_128F, "2.16.840.1.101.3.4.3.27"},
    {CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_192S, "2.16.840.1.101.3.4.3.28"},
    {CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_192F, "2.16.840.1.101.3.4.3.29"},
    {CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_256S, "2.16.840.1.101.3.4.3.30"},
    {CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_256F, "2.16.840.1.101.3.4.3.31"},
    {CKK_COMP_SIG, CKP_COMP_SIG_MLDSA44_RSA2048_PSS_SHA256, "1.3.6.1.5.5.7.6.37"},
    {CKK_COMP_SIG, CKP_COMP_SIG_MLDSA65_ECDSA_P256_SHA512, "1.3.6.1.5.5.7.6.45"},
    {CKK_COMP_SIG, CKP_COMP_SIG_MLDSA87_ECDSA_P521_SHA512, "1.3.6.1.5.5.7.6.54"},
    {CKK_COMP_KEM, CKP_COMP_KEM_MLKEM768_RSA2048, "1.3.6.1.5.5.7.6.55"},
    {CKK_COMP_KEM, CKP_COMP_KEM_MLKEM768_X25519, "1.3.6.1.5.5.7.6.58"},
    {CKK_COMP_KEM, CKP_COMP_KEM_MLKEM1024_ECDH_P521, "1.3.6.1.5.5.7.6.66"},
    {CKK_COMP_KEM, CKP_COMP_KEM_XWING, "1.3.6.1.4.1.62253.25722"},
};

static const CK_KEY_TYPE types[] = {CKK_ML_KEM, CKK_ML_DSA, CKK_SLH_DSA, CKK_COMP_SIG,
                                    CKK_COMP_KEM};

/* Dotted text to whole DER (X.690, 8.19). Numbers fit 32 bits. */
static size_t oid_der(const char *text, uint8_t out[64])
{
    uint8_t body[62];
    size_t n = 0;
    unsigned long v[24];
    size_t count = 0;
    for (const char *p = text; count < ARRAY_LEN(v);) {
        char *end = NULL;
        v[count++] = strtoul(p, &end, 10);
        if (*end == '\0') {
            break;
        }
        p = end + 1;
    }
    v[1] += 40 * v[0];
    for (size_t i = 1; i < count; i++) {
        unsigned shift = 28;
        while (shift > 0 && v[i] >> shift == 0) {
            shift -= 7;
        }
        for (; shift > 0; shift -= 7) {
            body[n++] = (uint8_t)(0x80 | (v[i] >> shift & 0x7f));
        }
        body[n++] = (uint8_t)(v[i] & 0x7f);
    }
    out[0] = 0x06;
    out[1] = (uint8_t)n;
    memcpy(out + 2, body, n);
    return n + 2;
}

static void oids_of_the_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        struct pkey_spec spec;
        struct pkey_spec back;
        uint8_t der[64];
        const struct bytes oid = BYTES(der, oid_der(known[i].oid, der));
        assert_ok(set_read(known[i].type, known[i].number, &spec));
        assert_bytes(set_oid(&spec), oid);
        assert_true(set_of_oid(oid, &back));
        assert_true(back.kind == spec.kind && back.set == spec.set);
    }
}

/* Collects every set that there is, by number. */
struct all {
    struct pkey_spec spec[128];
    CK_KEY_TYPE type[128];
    CK_ULONG number[128];
    size_t n;
};

static void collect(struct all *a)
{
    a->n = 0;
    for (size_t t = 0; t < ARRAY_LEN(types); t++) {
        for (CK_ULONG k = 0; k < 0x400; k++) {
            const CK_ULONG number = k < 0x200 ? k : 0x80000000ul + (k - 0x200);
            struct pkey_spec spec;
            if (set_read(types[t], number, &spec) == RC_OK) {
                a->spec[a->n] = spec;
                a->type[a->n] = types[t];
                a->number[a->n++] = number;
            }
        }
    }
}

static void every_set_is_one(void **state)
{
    (void)state;
    static struct all a;
    collect(&a);
    assert_int_equal(a.n, 3 + 3 + 12 + 18 + 17);
    for (size_t i = 0; i < a.n; i++) {
        struct pkey_spec back;
        const struct bytes oid = set_oid(&a.spec[i]);
        assert_int_equal(set_key_type(&a.spec[i]), a.type[i]);
        assert_int_equal(set_number(&a.spec[i]), a.number[i]);
        assert_int_equal(spec_key_type(&a.spec[i]), a.type[i]);
        assert_true(mech_is_post_quantum(a.type[i]) && pkey_is_pq(a.spec[i].kind));
        assert_true(oid.n > 2 && oid.p[0] == 0x06 && oid.p[1] == oid.n - 2 &&
                    oid.p[oid.n - 1] < 128);
        assert_true(set_of_oid(oid, &back));
        assert_true(back.kind == a.spec[i].kind && back.set == a.spec[i].set);
        for (size_t k = 0; k < i; k++) {
            assert_false(bytes_equal(oid, set_oid(&a.spec[k])));
            assert_false(a.spec[i].kind == a.spec[k].kind && a.spec[i].set == a.spec[k].set);
        }
        /* every set that the table of composites has is in the table of sets, and the other way */
        if (a.spec[i].set != 0) {
            assert_int_equal(comp_kind(a.spec[i].set), a.spec[i].kind);
        }
    }
    size_t composites = 0;
    for (size_t i = 0; i < a.n; i++) {
        composites += a.spec[i].set != 0;
    }
    assert_int_equal(composites, COMP_SET_COUNT - 1);
}

static void what_is_no_set(void **state)
{
    (void)state;
    static const CK_ULONG none[] = {0, 13, 0x80000000ul, 0x80000013ul, 0x80000106ul, ~0ul};
    struct pkey_spec spec = {.kind = PKEY_RSA};
    for (size_t t = 0; t < ARRAY_LEN(types); t++) {
        for (size_t i = 0; i < ARRAY_LEN(none); i++) {
            assert_rc(set_read(types[t], none[i], &spec), RC_PARAMETER_SET_NOT_SUPPORTED);
        }
    }
    assert_rc(set_read(CKK_RSA, 1, &spec), RC_PARAMETER_SET_NOT_SUPPORTED);
    assert_rc(set_read(CKK_CRATON_ML_KEM, 1, &spec), RC_PARAMETER_SET_NOT_SUPPORTED);
    assert_false(mech_is_post_quantum(CKK_RSA) || mech_is_post_quantum(CKK_EC) ||
                 mech_is_post_quantum(CKK_CRATON_ML_DSA));
    assert_false(set_of_oid(BYTES_NONE, &spec));
    assert_false(set_of_oid(BYTES_STR("\x06\x03\x2b\x65\x70"), &spec));
    assert_false(set_of_oid(BYTES_STR("\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x04"), &spec));
    spec = (struct pkey_spec){.kind = PKEY_RSA};
    assert_int_equal(set_key_type(&spec), CK_UNAVAILABLE_INFORMATION);
    assert_int_equal(set_number(&spec), CK_UNAVAILABLE_INFORMATION);
    assert_int_equal(set_oid(&spec).n, 0);
    spec = (struct pkey_spec){.kind = PKEY_COMP_SIG, .set = COMP_KEM_XWING};
    assert_int_equal(set_oid(&spec).n, 0);
}

static void what_is_offered(void **state)
{
    (void)state;
    assert_true(set_offered(&env, CKK_ML_KEM, 0) && set_offered(&env, CKK_ML_DSA, CKP_ML_DSA_87));
    assert_false(set_offered(&env, CKK_ML_DSA, 4) || set_offered(&env, CKK_RSA, 0));
    env.policy.enable_pqc = false;
    for (size_t t = 0; t < ARRAY_LEN(types); t++) {
        assert_false(set_offered(&env, types[t], 0));
    }
    env.policy.enable_pqc = true;
}

/* SEQUENCE { SEQUENCE { OID }, BIT STRING value }: no parameters, no wrapping of the value. */
static void public_key_info(void **state)
{
    (void)state;
    static struct all a;
    collect(&a);
    for (size_t i = 0; i < a.n; i++) {
        if (pkey_is_slh_dsa(a.spec[i].kind) && a.number[i] != CKP_SLH_DSA_SHA2_128F) {
            continue; /* slow, and alike */
        }
        if (a.spec[i].set != 0 && a.number[i] != CKP_COMP_KEM_XWING &&
            a.number[i] != CKP_COMP_SIG_MLDSA44_ED25519_SHA512) {
            continue;
        }
        AUTO_OBJECT struct object *pub = NULL;
        AUTO_OBJECT struct object *priv = NULL;
        static const CK_MECHANISM_TYPE makers[] = {
            CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_DSA_KEY_PAIR_GEN, CKM_SLH_DSA_KEY_PAIR_GEN,
            CKM_COMP_SIG_KEY_PAIR_GEN, CKM_COMP_KEM_KEY_PAIR_GEN};
        CK_MECHANISM_TYPE maker = 0;
        for (size_t t = 0; t < ARRAY_LEN(types); t++) {
            maker = types[t] == a.type[i] ? makers[t] : maker;
        }
        const CK_ATTRIBUTE t[] = {A_ULONG(CKA_PARAMETER_SET, a.number[i])};
        assert_ok(generate_pair(maker, t, 1, &pub, &priv));
        struct bytes value = BYTES_NONE;
        struct bytes info = BYTES_NONE;
        struct bytes other = BYTES_NONE;
        assert_ok(object_bytes(pub, CKA_VALUE, &value));
        assert_ok(object_bytes(pub, CKA_PUBLIC_KEY_INFO, &info));
        assert_ok(object_bytes(priv, CKA_PUBLIC_KEY_INFO, &other));
        assert_bytes(info, other);
        AUTO_BUF struct buf want = BUF_INIT;
        const struct bytes oid = set_oid(&a.spec[i]);
        const size_t bits = value.n + 1;
        const uint8_t bits_head[] = {0x03, 0x82, (uint8_t)(bits >> 8), (uint8_t)bits, 0x00};
        const uint8_t small_head[] = {0x03, (uint8_t)bits, 0x00};
        const bool large = bits > 255;
        const size_t body = 2 + oid.n + (large ? 4 : 2) + bits;
        const uint8_t head[] = {0x30, 0x82, (uint8_t)(body >> 8), (uint8_t)body};
        const uint8_t small[] = {0x30, (uint8_t)body};
        assert_ok(large ? buf_add(&want, head, 4) : buf_add(&want, small, 2));
        assert_ok(buf_add(&want, (uint8_t[]){0x30, (uint8_t)oid.n}, 2));
        assert_ok(buf_add_bytes(&want, oid));
        assert_ok(large ? buf_add(&want, bits_head, 5) : buf_add(&want, small_head, 3));
        assert_ok(buf_add_bytes(&want, value));
        assert_bytes(info, buf_view(&want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oids_of_the_documents), cmocka_unit_test(every_set_is_one),
        cmocka_unit_test(what_is_no_set),        cmocka_unit_test(what_is_offered),
        cmocka_unit_test(public_key_info),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
