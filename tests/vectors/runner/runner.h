/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of craton-vectors share: the module with an open session, byte strings from the
 * vectors, keys as session objects, operations in one go and in parts.
 */
#ifndef CRATON_TESTS_VECTORS_RUNNER_H
#define CRATON_TESTS_VECTORS_RUNNER_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "craton/pkcs11.h"

/* ---- bytes --------------------------------------------------------------------------------------- */

struct data {
    CK_BYTE *p; /* never NULL */
    CK_ULONG n;
};

/* Live until the case is over (arena_clear). */
struct data data_new(CK_ULONG n);
struct data data_hex(const char *hex);
struct data data_join(struct data a, struct data b);
bool data_same(struct data a, struct data b);
struct data data_strip(struct data v); /* leading zero bytes off, one byte stays */
void arena_clear(void);

/* The member NAME of a case or group; empty when absent. */
struct data hex_of(json_t *o, const char *name);
const char *text_of(json_t *o, const char *name);
CK_ULONG number_of(json_t *o, const char *name);
bool flagged(json_t *test, const char *flag);

/* ---- verdicts --------------------------------------------------------------------------------------- */

enum outcome {
    ACCEPTED, /* the module took it, and gave what the vector says */
    REJECTED, /* the module gave an error */
    WRONG,    /* the module took it and gave something else */
    SKIPPED,
};

/* Says why, and is SKIPPED. */
enum outcome skip(const char *why);
/* Of a case that counts although only this much of it can be seen through the C functions. */
void partly(const char *what);
/* Remembers the module's error for a report; is REJECTED. */
enum outcome rejected(CK_RV rv);

/* Runs one case of one group; FILE is the base name. */
typedef enum outcome (*runner)(const char *file, json_t *group, json_t *test);

enum outcome run_cbc(const char *file, json_t *group, json_t *test);
enum outcome run_aead(const char *file, json_t *group, json_t *test);
enum outcome run_mac(const char *file, json_t *group, json_t *test);
enum outcome run_gmac(const char *file, json_t *group, json_t *test);
enum outcome run_wrap(const char *file, json_t *group, json_t *test);
enum outcome run_hkdf(const char *file, json_t *group, json_t *test);
enum outcome run_ecdsa(const char *file, json_t *group, json_t *test);
enum outcome run_eddsa(const char *file, json_t *group, json_t *test);
enum outcome run_ecdh(const char *file, json_t *group, json_t *test);
enum outcome run_xdh(const char *file, json_t *group, json_t *test);
enum outcome run_rsa_verify(const char *file, json_t *group, json_t *test);
enum outcome run_rsa_sign(const char *file, json_t *group, json_t *test);
enum outcome run_pss(const char *file, json_t *group, json_t *test);
enum outcome run_oaep(const char *file, json_t *group, json_t *test);
enum outcome run_pkcs1_decrypt(const char *file, json_t *group, json_t *test);
enum outcome run_kem_keygen(const char *file, json_t *group, json_t *test);
enum outcome run_kem_encaps(const char *file, json_t *group, json_t *test);
enum outcome run_kem_decaps(const char *file, json_t *group, json_t *test);
enum outcome run_ml_dsa_sign(const char *file, json_t *group, json_t *test);
enum outcome run_ml_dsa_verify(const char *file, json_t *group, json_t *test);
enum outcome run_stanza(const char *file, json_t *group, json_t *test);

/* Leaves out what the vectors' authors keep for their extended test (--quick). */
extern bool quick;

/* OpenSSL's stanzas as one group of type "Stanza", in the form of a Wycheproof file: NULL and words
 * on the standard error when there is something in the file that is not understood. */
json_t *stanzas_load(const char *path);

/* ---- the module --------------------------------------------------------------------------------------- */

extern CK_FUNCTION_LIST_3_2 *p11;
extern CK_SESSION_HANDLE session;

/* Loads it, makes a token in memory and logs in. False: says why. */
bool module_open(const char *path);
void module_close(void);

/* Session objects. The kept one is used again while VALUE (any bytes that name it) is the same. */
CK_RV key_create(CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret);
CK_RV key_kept(struct data name, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret);
CK_RV key_secret(CK_KEY_TYPE type, struct data value, CK_OBJECT_HANDLE *ret);
/* Destroyed when the case is over (keys_clear). */
CK_RV key_passing(CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret);
void key_pass(CK_OBJECT_HANDLE key);
void keys_clear(void);
void key_destroy(CK_OBJECT_HANDLE key);
CK_RV key_attribute(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, struct data *ret);
/* CKA_VALUE. */
CK_RV key_value(CK_OBJECT_HANDLE key, struct data *ret);

CK_MECHANISM mechanism(CK_MECHANISM_TYPE type, const void *param, CK_ULONG n);
/* PARTS: 0 in one call, else in parts of so many bytes. */
CK_RV do_encrypt(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct data in, CK_ULONG parts,
                 struct data *ret);
CK_RV do_decrypt(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct data in, CK_ULONG parts,
                 struct data *ret);
CK_RV do_sign(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct data in, CK_ULONG parts,
              struct data *ret);
CK_RV do_verify(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct data in, CK_ULONG parts,
                struct data sig);
CK_RV do_digest(CK_MECHANISM_TYPE type, struct data in, struct data *ret);
CK_RV do_digest_with(CK_MECHANISM *m, struct data in, CK_ULONG parts, struct data *ret);
/* The secret is the value of the generic secret key that the token made. */
CK_RV do_encapsulate(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, struct data *ct,
                     struct data *secret);
CK_RV do_decapsulate(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, struct data ct,
                     struct data *secret);

/* What a hash is called in the vectors ("SHA-512/256", "SHA3-224", "SHA1"), and its mechanisms; 0
 * where there is none. NULL: not a hash of ours. */
struct hash_names {
    const char *name;
    CK_MECHANISM_TYPE digest, hmac, hmac_general, rsa, pss, ecdsa;
    CK_RSA_PKCS_MGF_TYPE mgf;
    CK_ULONG size;
};
const struct hash_names *hash_named(const char *name);

#endif
