/* SPDX-License-Identifier: Apache-2.0
 *
 * The little DER that composite keys and signatures have in them. See composite_der.h.
 */
#include "composite_der.h"

#include <string.h>

#define TAG_INTEGER 0x02
#define TAG_OCTETS 0x04
#define TAG_SEQUENCE 0x30

/* ---- reading --------------------------------------------------------------------------------- */

/* The shortest form of a length; nothing here has 65536 bytes or more. */
static enum rc read_length(struct rd *r, size_t *ret)
{
    uint8_t first = 0, high = 0, low = 0;

    TRY(rd_u8(r, &first));
    if (first < 0x80) {
        *ret = first;
        return RC_OK;
    }
    REQUIRE(first == 0x81 || first == 0x82, RC_MALFORMED);
    if (first == 0x82) {
        TRY(rd_u8(r, &high));
    }
    TRY(rd_u8(r, &low));
    *ret = (size_t)high << 8 | low;
    REQUIRE(*ret >= (first == 0x81 ? 0x80 : 0x100), RC_MALFORMED);
    return RC_OK;
}

static enum rc read_tlv(struct rd *r, uint8_t tag, struct bytes *ret)
{
    uint8_t got = 0;
    size_t n = 0;

    TRY(rd_u8(r, &got));
    REQUIRE(got == tag, RC_MALFORMED);
    TRY(read_length(r, &n));
    return rd_take(r, n, ret);
}

/* Not negative, and no byte longer than it must be. */
static enum rc read_integer(struct rd *r, struct bytes *ret)
{
    struct bytes v = BYTES_NONE;

    TRY(read_tlv(r, TAG_INTEGER, &v));
    REQUIRE(v.n > 0 && (v.p[0] & 0x80) == 0, RC_MALFORMED);
    if (v.n > 1 && v.p[0] == 0) {
        REQUIRE((v.p[1] & 0x80) != 0, RC_MALFORMED);
        v = BYTES(v.p + 1, v.n - 1);
    }
    *ret = v;
    return RC_OK;
}

/* A sequence of all of IN. */
static enum rc read_sequence(struct bytes in, struct rd *ret)
{
    struct rd whole = RD(in);
    struct bytes inside = BYTES_NONE;

    TRY(read_tlv(&whole, TAG_SEQUENCE, &inside));
    TRY(rd_end(&whole));
    *ret = RD(inside);
    return RC_OK;
}

/* What the reader says of an end that came too early is no other fault here. */
static enum rc malformed(enum rc rc)
{
    return rc == RC_OK ? RC_OK : RC_MALFORMED;
}

static enum rc read_numbers(struct bytes in, struct bytes *numbers, size_t n_numbers)
{
    struct rd inside = {0};
    struct bytes version = BYTES_NONE;

    TRY(read_sequence(in, &inside));
    if (n_numbers == DER_RSA_NUMBERS) {
        TRY(read_integer(&inside, &version));
        REQUIRE(version.n == 1 && version.p[0] == 0, RC_MALFORMED);
    }
    for (size_t i = 0; i < n_numbers; i++) {
        TRY(read_integer(&inside, &numbers[i]));
    }
    return rd_end(&inside);
}

enum rc der_rsa_read(struct bytes in, struct bytes *numbers, size_t n_numbers)
{
    return malformed(read_numbers(in, numbers, n_numbers));
}

static enum rc read_rs(struct bytes in, struct bytes *r, struct bytes *s)
{
    struct rd inside = {0};

    TRY(read_sequence(in, &inside));
    TRY(read_integer(&inside, r));
    TRY(read_integer(&inside, s));
    return rd_end(&inside);
}

enum rc der_ecdsa_read(struct bytes in, size_t half, uint8_t *out)
{
    struct bytes r = BYTES_NONE, s = BYTES_NONE;

    TRY(malformed(read_rs(in, &r, &s)));
    REQUIRE(r.n <= half && s.n <= half, RC_MALFORMED);
    memset(out, 0, 2 * half);
    mem_copy(out + (half - r.n), r.p, r.n);
    mem_copy(out + (2 * half - s.n), s.p, s.n);
    return RC_OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Tag and length; OUT NULL: only counted. */
static size_t write_head(uint8_t tag, size_t n, uint8_t *out)
{
    const size_t head = n < 0x80 ? 2 : n < 0x100 ? 3 : 4;

    if (out != NULL) {
        out[0] = tag;
        out[1] = (uint8_t)(head == 2 ? n : 0x7e + head);
        if (head == 4) {
            out[2] = (uint8_t)(n >> 8);
        }
        out[head - 1] = (uint8_t)n;
    }
    return head;
}

static size_t write_integer(struct bytes v, uint8_t *out)
{
    static const uint8_t zero[1];

    while (v.n > 0 && v.p[0] == 0) {
        v = BYTES(v.p + 1, v.n - 1);
    }
    if (v.n == 0) {
        v = BYTES(zero, 1);
    }
    const size_t pad = v.p[0] >> 7;
    const size_t head = write_head(TAG_INTEGER, pad + v.n, out);
    if (out != NULL) {
        out[head] = 0; /* the pad, or the first byte's place */
        mem_copy(out + head + pad, v.p, v.n);
    }
    return head + pad + v.n;
}

/* Integers one behind the other. */
static size_t write_integers(const struct bytes *v, size_t n_v, uint8_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < n_v; i++) {
        n += write_integer(v[i], out != NULL ? out + n : NULL);
    }
    return n;
}

static size_t write_sequence(const struct bytes *v, size_t n_v, uint8_t *out)
{
    const size_t inside = write_integers(v, n_v, NULL);
    const size_t head = write_head(TAG_SEQUENCE, inside, out);

    if (out != NULL) {
        (void)write_integers(v, n_v, out + head);
    }
    return head + inside;
}

size_t der_rsa_write(const struct bytes *numbers, size_t n_numbers, uint8_t *out)
{
    struct bytes all[1 + DER_RSA_NUMBERS] = {BYTES_NONE}; /* the version is an integer too: 0 */

    if (n_numbers == DER_RSA_PUBLIC_NUMBERS) {
        return write_sequence(numbers, n_numbers, out);
    }
    memcpy(all + 1, numbers, DER_RSA_NUMBERS * sizeof(*numbers));
    return write_sequence(all, 1 + DER_RSA_NUMBERS, out);
}

size_t der_ecdsa_write(const uint8_t *rs, size_t half, uint8_t *out)
{
    const struct bytes both[2] = {BYTES(rs, half), BYTES(rs + half, half)};

    return write_sequence(both, 2, out);
}

/* ---- how long --------------------------------------------------------------------------------- */

static size_t tlv_size(size_t n)
{
    return write_head(TAG_INTEGER, n, NULL) + n;
}

size_t der_rsa_most(size_t bits, bool priv)
{
    /* One byte of zero before each number whose first bit is set; d is below n. */
    const size_t whole = tlv_size(bits / 8 + 1), half = tlv_size(bits / 16 + 1), e = tlv_size(3);

    return tlv_size(priv ? tlv_size(1) + 2 * whole + e + 5 * half : whole + e);
}

size_t der_ecdsa_most(size_t order_bits)
{
    return tlv_size(2 * tlv_size(order_bits / 8 + 1));
}

/* ---- ECPrivateKey ------------------------------------------------------------------------------- */

/* namedCurve: RFC 5480, 2.1.1.1 and RFC 5639, 4.1 */
static const struct {
    uint8_t n, oid[9];
} names[CURVE_COUNT] = {
    [CURVE_P256] = {8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}},
    [CURVE_P384] = {5, {0x2b, 0x81, 0x04, 0x00, 0x22}},
    [CURVE_P521] = {5, {0x2b, 0x81, 0x04, 0x00, 0x23}},
    [CURVE_BP256R1] = {9, {0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07}},
    [CURVE_BP384R1] = {9, {0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0b}},
};

/* Every length of it is below 128. What stands before the scalar and what behind it: */
#define EC_HEAD 7 /* the sequence, version 1, the octet string */
#define EC_TAIL(curve) (4U + names[curve].n)

size_t der_ec_size(enum ec_curve curve)
{
    return names[curve].n > 0 ? EC_HEAD + curve_bytes(curve) + EC_TAIL(curve) : 0;
}

static void write_frame(enum ec_curve curve, uint8_t head[EC_HEAD], uint8_t *tail)
{
    const uint8_t name_n = names[curve].n;
    const uint8_t begin[EC_HEAD] = {
        TAG_SEQUENCE, (uint8_t)(der_ec_size(curve) - 2), TAG_INTEGER, 1, 1,
        TAG_OCTETS,   (uint8_t)curve_bytes(curve)};

    memcpy(head, begin, EC_HEAD);
    tail[0] = 0xa0; /* parameters [0] */
    tail[1] = (uint8_t)(2 + name_n);
    tail[2] = 0x06; /* an object identifier */
    tail[3] = name_n;
    memcpy(tail + 4, names[curve].oid, name_n);
}

enum rc der_ec_read(enum ec_curve curve, struct bytes in, struct bytes *ret_scalar)
{
    const size_t n = curve_bytes(curve);
    uint8_t head[EC_HEAD], tail[4 + sizeof(names->oid)];

    REQUIRE(der_ec_size(curve) > 0 && in.n == der_ec_size(curve), RC_MALFORMED);
    write_frame(curve, head, tail);
    REQUIRE(memcmp(in.p, head, EC_HEAD) == 0, RC_MALFORMED);
    REQUIRE(memcmp(in.p + EC_HEAD + n, tail, EC_TAIL(curve)) == 0, RC_MALFORMED);
    *ret_scalar = BYTES(in.p + EC_HEAD, n);
    return RC_OK;
}

void der_ec_write(enum ec_curve curve, struct bytes scalar, uint8_t *out)
{
    write_frame(curve, out, out + EC_HEAD + scalar.n);
    mem_copy(out + EC_HEAD, scalar.p, scalar.n);
}
