/* SPDX-License-Identifier: Apache-2.0
 *
 * Curves by name: OIDs (SEC 2, RFC 5639, RFC 8410, and the two older ones that are in use for
 * Edwards and Montgomery curves) and the printable names of PKCS#11 3.2, and points.
 */
#include "family.h"

#include "wire/der.h"

struct curve_name {
    CK_KEY_TYPE type;
    struct pkey_spec spec;
    struct bytes der; /* the first of a curve is the one we write */
};

#define NAME(type_, kind_, curve_, text)                                                           \
    {                                                                                              \
        .type = CKK_##type_, .spec = {.kind = PKEY_##kind_, .curve = CURVE_##curve_}, .der = {     \
            (const uint8_t *)(text),                                                               \
            sizeof(text) - 1                                                                       \
        }                                                                                          \
    }

static const struct curve_name names[] = {
    NAME(EC, EC, P256, "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
    NAME(EC, EC, P384, "\x06\x05\x2b\x81\x04\x00\x22"),
    NAME(EC, EC, P521, "\x06\x05\x2b\x81\x04\x00\x23"),
    NAME(EC, EC, P224, "\x06\x05\x2b\x81\x04\x00\x21"),
    NAME(EC, EC, SECP256K1, "\x06\x05\x2b\x81\x04\x00\x0a"),
    NAME(EC, EC, BP224R1, "\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x05"),
    NAME(EC, EC, BP256R1, "\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x07"),
    NAME(EC, EC, BP320R1, "\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x09"),
    NAME(EC, EC, BP384R1, "\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0b"),
    NAME(EC, EC, BP512R1, "\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0d"),
    NAME(EC_EDWARDS, ED25519, NONE, "\x06\x03\x2b\x65\x70"),
    NAME(EC_EDWARDS, ED25519, NONE,
         "\x13\x0c"
         "edwards25519"),
    NAME(EC_EDWARDS, ED25519, NONE, "\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01"),
    NAME(EC_EDWARDS, ED448, NONE, "\x06\x03\x2b\x65\x71"),
    NAME(EC_EDWARDS, ED448, NONE,
         "\x13\x0a"
         "edwards448"),
    NAME(EC_MONTGOMERY, X25519, NONE, "\x06\x03\x2b\x65\x6e"),
    NAME(EC_MONTGOMERY, X25519, NONE,
         "\x13\x0a"
         "curve25519"),
    NAME(EC_MONTGOMERY, X25519, NONE,
         "\x13\x0b" /* one byte too many, but pkcs11-tool up to 0.23 at least says it so */
         "curve25519"),
    NAME(EC_MONTGOMERY, X25519, NONE, "\x06\x0a\x2b\x06\x01\x04\x01\x97\x55\x01\x05\x01"),
    NAME(EC_MONTGOMERY, X448, NONE, "\x06\x03\x2b\x65\x6f"),
    NAME(EC_MONTGOMERY, X448, NONE,
         "\x13\x08"
         "curve448"),
};

enum rc curve_read(CK_KEY_TYPE type, struct bytes ec_params, struct pkey_spec *ret)
{
    struct rd r = RD(ec_params);
    uint8_t tag = 0;
    struct bytes content = BYTES_NONE;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (names[i].type == type && bytes_equal(names[i].der, ec_params)) {
            *ret = names[i].spec;
            return RC_OK;
        }
    }
    REQUIRE(der_take_any(&r, &tag, &content, NULL) == RC_OK && rd_end(&r) == RC_OK,
            RC_DOMAIN_PARAMS_INVALID);
    const bool known = tag == DER_OID || tag == DER_PRINTABLE_STRING || tag == DER_SEQUENCE;
    return known ? RC_CURVE_NOT_SUPPORTED : RC_DOMAIN_PARAMS_INVALID;
}

struct bytes curve_oid(const struct pkey_spec *spec)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (names[i].spec.kind == spec->kind && names[i].spec.curve == spec->curve) {
            return names[i].der;
        }
    }
    return BYTES_NONE;
}

CK_KEY_TYPE spec_key_type(const struct pkey_spec *spec)
{
    if (pkey_is_pq(spec->kind)) {
        return set_key_type(spec);
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (names[i].spec.kind == spec->kind) {
            return names[i].type;
        }
    }
    return CKK_RSA;
}

size_t spec_private_size(const struct pkey_spec *spec)
{
    switch (spec->kind) {
    case PKEY_EC:
        return curve_bytes(spec->curve);
    case PKEY_ED448:
        return 57;
    case PKEY_X448:
        return 56;
    default:
        return 32;
    }
}

size_t spec_public_size(const struct pkey_spec *spec)
{
    const size_t n = spec_private_size(spec);
    return spec->kind == PKEY_EC ? 1 + 2 * n : n;
}

enum rc point_read(const struct pkey_spec *spec, struct bytes v, struct bytes *ret)
{
    const size_t n = spec_public_size(spec);
    struct bytes point = v;
    if (v.n != n) { /* raw points have exactly that size: an OCTET STRING is longer */
        REQUIRE(der_whole(v, DER_OCTET_STRING, &point) == RC_OK && point.n == n,
                RC_ATTRIBUTE_VALUE_INVALID);
    }
    REQUIRE(spec->kind != PKEY_EC || point.p[0] == 0x04, RC_ATTRIBUTE_VALUE_INVALID);
    *ret = point;
    return RC_OK;
}
