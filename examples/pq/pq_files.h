/* SPDX-License-Identifier: Apache-2.0
 *
 * Files, PEM and the little of X.509 that pq_keys needs. Every function ends the program with a
 * message when it cannot do its work: an example's way, not a library's.
 */
#ifndef PQ_FILES_H
#define PQ_FILES_H

#include <stddef.h>

/* Bytes with an owner: free() them. */
struct bytes {
    unsigned char *data;
    size_t len;
};

_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct bytes new_bytes(size_t len);
/* The whole file; "-" is standard input. */
struct bytes read_file(const char *path);
/* For the owner's eyes alone (mode 0600); NULL or "-" is standard output. */
void write_file(const char *path, const unsigned char *data, size_t len);
/* "0a1b" or "0A1B" to two bytes. */
struct bytes from_hex(const char *text);

/* A SubjectPublicKeyInfo as PEM. */
void write_public_pem(const char *path, const unsigned char *der, size_t len);
struct bytes read_public_pem(const char *path);
/* The two parts of a SubjectPublicKeyInfo that a raw key needs: they point into DER. */
void split_public(const struct bytes *der, struct bytes *oid, struct bytes *key);

#endif
