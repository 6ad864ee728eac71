/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameter sets of the post-quantum key types: CKA_PARAMETER_SET, what crypto calls it, and its
 * OID (RFC 9935, RFC 9881, RFC 9909; composites: draft-ietf-lamps-pq-composite-sigs and -kem, X-Wing:
 * draft-connolly-cfrg-xwing-kem). The hybrids that have no OID of their own have one below a UUID
 * (ITU-T X.667).
 */
#include "family.h"

#include "crypto/composite.h"

struct set_row {
    CK_KEY_TYPE type;
    CK_ULONG number; /* CKP_ */
    struct pkey_spec spec;
    struct bytes oid; /* whole DER */
};

#define OID(text)                                                                                  \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
#define NIST(kind, last) OID("\x06\x09\x60\x86\x48\x01\x65\x03\x04" kind last)
#define PKIX(last) OID("\x06\x08\x2b\x06\x01\x05\x05\x07\x06" last)
/* 2.25.202307841034003133464261814118690976596 */
#define OWN(last)                                                                                  \
    OID("\x06\x15\x69\x82\xb0\xb3\x89\xaa\xb9\x84\x9a\x89\xf5\xa9\xbf\xd2\xa0\xbc\xb9\x87\xe6"     \
        "\x54" last)

#define KEM(name, last)                                                                            \
    {                                                                                              \
        CKK_ML_KEM, CKP_ML_KEM_##name, {.kind = PKEY_ML_KEM_##name}, NIST("\x04", last)            \
    }
#define DSA(name, last)                                                                            \
    {                                                                                              \
        CKK_ML_DSA, CKP_ML_DSA_##name, {.kind = PKEY_ML_DSA_##name}, NIST("\x03", last)            \
    }
#define SLH(name, last)                                                                            \
    {                                                                                              \
        CKK_SLH_DSA, CKP_SLH_DSA_##name, {.kind = PKEY_SLH_DSA_##name}, NIST("\x03", last)         \
    }
#define COMP_SIG(name, last)                                                                       \
    {                                                                                              \
        CKK_COMP_SIG, CKP_COMP_SIG_##name, {.kind = PKEY_COMP_SIG, .set = COMP_SIG_##name},        \
            PKIX(last)                                                                             \
    }
#define COMP_KEM(name, oid)                                                                        \
    {                                                                                              \
        CKK_COMP_KEM, CKP_COMP_KEM_##name, {.kind = PKEY_COMP_KEM, .set = COMP_KEM_##name}, oid    \
    }

static const struct set_row sets[] = {
    KEM(512, "\x01"),
    KEM(768, "\x02"),
    KEM(1024, "\x03"),
    DSA(44, "\x11"),
    DSA(65, "\x12"),
    DSA(87, "\x13"),
    SLH(SHA2_128S, "\x14"),
    SLH(SHAKE_128S, "\x1a"),
    SLH(SHA2_128F, "\x15"),
    SLH(SHAKE_128F, "\x1b"),
    SLH(SHA2_192S, "\x16"),
    SLH(SHAKE_192S, "\x1c"),
    SLH(SHA2_192F, "\x17"),
    SLH(SHAKE_192F, "\x1d"),
    SLH(SHA2_256S, "\x18"),
    SLH(SHAKE_256S, "\x1e"),
    SLH(SHA2_256F, "\x19"),
    SLH(SHAKE_256F, "\x1f"),
    COMP_SIG(MLDSA44_RSA2048_PSS_SHA256, "\x25"),
    COMP_SIG(MLDSA44_RSA2048_PKCS15_SHA256, "\x26"),
    COMP_SIG(MLDSA44_ED25519_SHA512, "\x27"),
    COMP_SIG(MLDSA44_ECDSA_P256_SHA256, "\x28"),
    COMP_SIG(MLDSA65_RSA3072_PSS_SHA512, "\x29"),
    COMP_SIG(MLDSA65_RSA3072_PKCS15_SHA512, "\x2a"),
    COMP_SIG(MLDSA65_RSA4096_PSS_SHA512, "\x2b"),
    COMP_SIG(MLDSA65_RSA4096_PKCS15_SHA512, "\x2c"),
    COMP_SIG(MLDSA65_ECDSA_P256_SHA512, "\x2d"),
    COMP_SIG(MLDSA65_ECDSA_P384_SHA512, "\x2e"),
    COMP_SIG(MLDSA65_ECDSA_BRAINPOOLP256R1_SHA512, "\x2f"),
    COMP_SIG(MLDSA65_ED25519_SHA512, "\x30"),
    COMP_SIG(MLDSA87_ECDSA_P384_SHA512, "\x31"),
    COMP_SIG(MLDSA87_ECDSA_BRAINPOOLP384R1_SHA512, "\x32"),
    COMP_SIG(MLDSA87_ED448_SHAKE256, "\x33"),
    COMP_SIG(MLDSA87_RSA3072_PSS_SHA512, "\x34"),
    COMP_SIG(MLDSA87_RSA4096_PSS_SHA512, "\x35"),
    COMP_SIG(MLDSA87_ECDSA_P521_SHA512, "\x36"),
    COMP_KEM(MLKEM768_RSA2048, PKIX("\x37")),
    COMP_KEM(MLKEM768_RSA3072, PKIX("\x38")),
    COMP_KEM(MLKEM768_RSA4096, PKIX("\x39")),
    COMP_KEM(MLKEM768_X25519, PKIX("\x3a")),
    COMP_KEM(MLKEM768_ECDH_P256, PKIX("\x3b")),
    COMP_KEM(MLKEM768_ECDH_P384, PKIX("\x3c")),
    COMP_KEM(MLKEM768_ECDH_BRAINPOOLP256R1, PKIX("\x3d")),
    COMP_KEM(MLKEM1024_RSA3072, PKIX("\x3e")),
    COMP_KEM(MLKEM1024_ECDH_P384, PKIX("\x3f")),
    COMP_KEM(MLKEM1024_ECDH_BRAINPOOLP384R1, PKIX("\x40")),
    COMP_KEM(MLKEM1024_X448, PKIX("\x41")),
    COMP_KEM(MLKEM1024_ECDH_P521, PKIX("\x42")),
    COMP_KEM(XWING, OID("\x06\x0b\x2b\x06\x01\x04\x01\x83\xe6\x2d\x81\xc8\x7a")),
    COMP_KEM(X25519_MLKEM768, OWN("\x01")),
    COMP_KEM(P256_MLKEM768, OWN("\x02")),
    COMP_KEM(P384_MLKEM1024, OWN("\x03")),
    COMP_KEM(X25519_MLKEM1024, OWN("\x04")),
};

static const struct set_row *row_of(const struct pkey_spec *spec)
{
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        if (sets[i].spec.kind == spec->kind && sets[i].spec.set == spec->set) {
            return &sets[i];
        }
    }
    return NULL;
}

enum rc set_read(CK_KEY_TYPE type, CK_ULONG number, struct pkey_spec *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        if (sets[i].type == type && sets[i].number == number) {
            *ret = sets[i].spec;
            return RC_OK;
        }
    }
    return RC_PARAMETER_SET_NOT_SUPPORTED;
}

bool set_of_oid(struct bytes oid, struct pkey_spec *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        if (bytes_equal(sets[i].oid, oid)) {
            *ret = sets[i].spec;
            return true;
        }
    }
    return false;
}

bool mech_is_post_quantum(CK_KEY_TYPE type)
{
    return type == CKK_ML_KEM || type == CKK_ML_DSA || type == CKK_SLH_DSA ||
           type == CKK_COMP_SIG || type == CKK_COMP_KEM;
}

CK_KEY_TYPE set_key_type(const struct pkey_spec *spec)
{
    const struct set_row *row = row_of(spec);
    return row != NULL ? row->type : CK_UNAVAILABLE_INFORMATION;
}

CK_ULONG set_number(const struct pkey_spec *spec)
{
    const struct set_row *row = row_of(spec);
    return row != NULL ? row->number : CK_UNAVAILABLE_INFORMATION;
}

struct bytes set_oid(const struct pkey_spec *spec)
{
    const struct set_row *row = row_of(spec);
    return row != NULL ? row->oid : BYTES_NONE;
}

bool set_offered(const struct mech_env *env, CK_KEY_TYPE type, CK_ULONG number)
{
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        const bool meant = sets[i].type == type && (number == 0 || sets[i].number == number);
        if (meant && spec_ops(env, &sets[i].spec) != NULL) {
            return true;
        }
    }
    return false;
}

enum rc set_of_row(const struct mech_row *row, const struct object *key)
{
    CK_ULONG number = 0;
    if (row->kind == 0) {
        return RC_OK;
    }
    TRY(object_ulong(key, CKA_PARAMETER_SET, &number));
    return number == row->kind ? RC_OK : RC_KEY_TYPE_INCONSISTENT;
}
