/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside crypto only: the little DER that composite keys and signatures have in them. Readers take
 * DER alone (shortest lengths, shortest and positive integers, nothing behind the end) and answer
 * RC_MALFORMED; what they give are views into what they read.
 *
 * Tags, lengths and the leading byte of an integer are looked at, and so is how long an integer is;
 * DER shows that much of a private key to whoever sees how long it is. Nothing else of one decides
 * about a branch or a place.
 */
#ifndef CRATON_CRYPTO_COMPOSITE_DER_H
#define CRATON_CRYPTO_COMPOSITE_DER_H

#include "crypto/crypto.h"

/* Big-endian magnitudes. Read: without leading zeros (zero is one byte). */
enum { DER_N, DER_E, DER_D, DER_P, DER_Q, DER_DP, DER_DQ, DER_QI, DER_RSA_NUMBERS };
#define DER_RSA_PUBLIC_NUMBERS 2

/* RSAPublicKey and RSAPrivateKey, version 0 (RFC 8017, A.1.1 and A.1.2). N_NUMBERS:
 * DER_RSA_PUBLIC_NUMBERS or DER_RSA_NUMBERS. */
NODISCARD enum rc der_rsa_read(struct bytes in, struct bytes *numbers, size_t n_numbers);
/* Bytes of the encoding; written to OUT unless that is NULL. */
size_t der_rsa_write(const struct bytes *numbers, size_t n_numbers, uint8_t *out);
/* The most that a key of BITS with e = 65537 takes. */
size_t der_rsa_most(size_t bits, bool priv);

/* ECPrivateKey with the curve's name and without the point (RFC 5915); the scalar has curve_bytes().
 * 0 bytes: a curve that no composite has. */
size_t der_ec_size(enum ec_curve curve);
NODISCARD enum rc der_ec_read(enum ec_curve curve, struct bytes in, struct bytes *ret_scalar);
void der_ec_write(enum ec_curve curve, struct bytes scalar, uint8_t *out);

/* Ecdsa-Sig-Value (RFC 3279, 2.2.3) from and to r and s of HALF bytes each. */
NODISCARD enum rc der_ecdsa_read(struct bytes in, size_t half, uint8_t *out);
size_t der_ecdsa_write(const uint8_t *rs, size_t half, uint8_t *out);
#define DER_ECDSA_LEAST 8 /* bytes of the shortest there can be */
size_t der_ecdsa_most(size_t order_bits);

#endif
