/* SPDX-License-Identifier: Apache-2.0
 *
 * The DER in composite keys and signatures. It is the one encoding there is: what is read gives the
 * same bytes when it is written again.
 */
#include <string.h>

#include "fuzz.h"

#include "composite_der.h"

#define P256_OID "\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"

const struct fuzz_seed fuzz_seeds[] = {
    SEED("\x30\x06\x02\x01\x01\x02\x01\x02"),
    SEED("\x30\x08\x02\x01\x01\x02\x03\x00\x80\x02"),
    SEED("\x30\x09\x02\x02\x00\xc1\x02\x03\x01\x00\x01"),
    SEED("\x30\x1c\x02\x01\x00\x02\x02\x00\x8f\x02\x01\x07\x02\x01\x67\x02\x01\x0d\x02\x01\x0b\x02"
         "\x01\x07\x02\x01\x03\x02\x01\x06"),
    SEED("\x30\x31\x02\x01\x01\x04\x20"
         "thirty-two bytes that are a key." P256_OID),
    {NULL, 0},
};

static void rsa(struct bytes v, size_t n_numbers)
{
    struct bytes numbers[DER_RSA_NUMBERS];
    uint8_t again[1 << 16];

    if (der_rsa_read(v, numbers, n_numbers) == RC_OK) {
        MUST(der_rsa_write(numbers, n_numbers, NULL) == v.n && v.n <= sizeof(again));
        MUST(der_rsa_write(numbers, n_numbers, again) == v.n);
        MUST(memcmp(again, v.p, v.n) == 0);
    }
}

static void ecdsa(struct bytes v)
{
    for (size_t half = 1; half <= 66; half += 13) {
        uint8_t rs[132], again[160];

        if (der_ecdsa_read(v, half, rs) == RC_OK) {
            MUST(v.n >= DER_ECDSA_LEAST && v.n <= der_ecdsa_most(8 * half));
            MUST(der_ecdsa_write(rs, half, again) == v.n && memcmp(again, v.p, v.n) == 0);
        }
    }
}

static void ec(struct bytes v)
{
    for (enum ec_curve curve = CURVE_NONE; curve < CURVE_COUNT; curve++) {
        struct bytes scalar = BYTES_NONE;
        uint8_t again[128];

        if (der_ec_read(curve, v, &scalar) == RC_OK) {
            MUST(scalar.n == curve_bytes(curve) && v.n == der_ec_size(curve));
            der_ec_write(curve, scalar, again);
            MUST(memcmp(again, v.p, v.n) == 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct bytes v = BYTES(data, n);

    rsa(v, DER_RSA_PUBLIC_NUMBERS);
    rsa(v, DER_RSA_NUMBERS);
    ecdsa(v);
    ec(v);
    return 0;
}
