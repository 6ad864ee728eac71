/* SPDX-License-Identifier: Apache-2.0
 *
 * SubjectPublicKeyInfo (RFC 5280, RFC 3279, RFC 5480, RFC 8410) from a key's public attributes.
 */
#include "object.h"

#include "base/mem.h"
#include "wire/der.h"

enum rc ec_point_raw(struct bytes attr, struct bytes *ret)
{
    /* Sizes of raw points: X25519 and Ed25519, X448, Ed448 and P-224, then uncompressed points of
     * 256, 320, 384, 512 and 521 bits. No DER OCTET STRING of any of these has such a size. */
    static const size_t sizes[] = {32, 56, 57, 65, 81, 97, 129, 133};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        if (attr.n == sizes[i]) {
            *ret = attr;
            return RC_OK;
        }
    }
    struct bytes content;
    *ret = der_whole(attr, DER_OCTET_STRING, &content) == RC_OK ? content : attr;
    return RC_OK;
}

static const uint8_t oid_rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
static const uint8_t oid_ec[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};

/* AlgorithmIdentifier and key bits, together in one SEQUENCE. */
static enum rc put_info(struct bytes algorithm, struct bytes key, struct buf *ret)
{
    AUTO_BUF struct buf body = BUF_INIT;
    TRY(der_add(&body, DER_SEQUENCE, algorithm));
    TRY(der_add_bits(&body, key));
    return der_add(ret, DER_SEQUENCE, buf_view(&body));
}

enum rc spki_write_plain(struct bytes oid, struct bytes key, struct buf *ret)
{
    REQUIRE(oid.n > 0 && key.n > 0, RC_NOT_FOUND);
    return put_info(oid, key, ret);
}

static enum rc spki_rsa(struct bytes modulus, struct bytes exponent, struct buf *ret)
{
    REQUIRE(modulus.n > 0 && exponent.n > 0, RC_NOT_FOUND);
    AUTO_BUF struct buf algorithm = BUF_INIT;
    TRY(der_add(&algorithm, DER_OID, BYTES(oid_rsa, sizeof oid_rsa)));
    TRY(der_add(&algorithm, DER_NULL, BYTES_NONE));
    AUTO_BUF struct buf numbers = BUF_INIT;
    TRY(der_add_uint(&numbers, modulus));
    TRY(der_add_uint(&numbers, exponent));
    AUTO_BUF struct buf key = BUF_INIT;
    TRY(der_add(&key, DER_SEQUENCE, buf_view(&numbers)));
    return put_info(buf_view(&algorithm), buf_view(&key), ret);
}

static enum rc spki_ec(struct bytes params, struct bytes point, struct buf *ret)
{
    REQUIRE(params.n > 0 && point.n > 0, RC_NOT_FOUND);
    AUTO_BUF struct buf algorithm = BUF_INIT;
    TRY(der_add(&algorithm, DER_OID, BYTES(oid_ec, sizeof oid_ec)));
    TRY(buf_add_bytes(&algorithm, params));
    return put_info(buf_view(&algorithm), point, ret);
}

/* RFC 8410: 1.3.101.110 to 113, without parameters. The size of the point names the curve. */
static enum rc spki_8410(CK_KEY_TYPE type, struct bytes point, struct buf *ret)
{
    static const struct {
        CK_KEY_TYPE type;
        size_t size;
        uint8_t last;
    } curves[] = {
        {CKK_EC_MONTGOMERY, 32, 110},
        {CKK_EC_MONTGOMERY, 56, 111},
        {CKK_EC_EDWARDS, 32, 112},
        {CKK_EC_EDWARDS, 57, 113},
    };
    for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
        if (curves[i].type == type && curves[i].size == point.n) {
            const uint8_t oid[3] = {0x2b, 0x65, curves[i].last};
            AUTO_BUF struct buf algorithm = BUF_INIT;
            TRY(der_add(&algorithm, DER_OID, BYTES(oid, sizeof oid)));
            return put_info(buf_view(&algorithm), point, ret);
        }
    }
    return RC_NOT_FOUND;
}

enum rc spki_write(CK_KEY_TYPE type, struct bytes modulus, struct bytes exponent,
                   struct bytes ec_params, struct bytes point, struct buf *ret)
{
    struct bytes raw;
    TRY(ec_point_raw(point, &raw));
    switch (type) {
    case CKK_RSA:
        return spki_rsa(modulus, exponent, ret);
    case CKK_EC:
        return spki_ec(ec_params, raw, ret);
    case CKK_EC_EDWARDS:
    case CKK_EC_MONTGOMERY:
        return spki_8410(type, raw, ret);
    default:
        return RC_NOT_FOUND;
    }
}
