/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the PKCS#11 subject share: the connection, what one thread needs for a row, and
 * how the algorithms' keys are made.
 */
#ifndef CRATON_BENCH_MODULE_H
#define CRATON_BENCH_MODULE_H

#include <craton/pkcs11.h>

#include "bench.h"

struct connection {
    const CK_FUNCTION_LIST *p11;
    const CK_FUNCTION_LIST_3_2 *p11_3_2; /* NULL when the module has none */
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session; /* keeps the login */
    enum place place;
};
extern struct connection self;

struct state {
    const struct row *row;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key, pub, target;
    CK_MECHANISM mech;
    CK_GCM_PARAMS gcm;
    CK_AES_CTR_PARAMS ctr;
    CK_ECDH1_DERIVE_PARAMS ecdh;
    CK_BYTE iv[16], peer[256];
    CK_BYTE in[4096], out[4096 + 64];
    CK_BYTE sig[SIGNATURE_MAX]; /* or a ciphertext of a KEM */
    CK_ULONG data_n, sig_n;
    char label[24];
    CK_OBJECT_HANDLE *made; /* by OP_CREATE */
    size_t made_n, made_cap;
};

/* How an algorithm is called here, and its key in the token. */
struct kind {
    enum alg alg;
    const char *label;
    CK_MECHANISM_TYPE generate;
    CK_KEY_TYPE type;
    CK_MECHANISM_TYPE mech; /* of sign, encrypt, digest, derive, encapsulate */
    CK_ULONG data_n;        /* of what is signed; 0: as the row says */
    CK_ULONG bits;          /* RSA */
    const char *oid;        /* EC: DER of the curve */
    size_t oid_n;
    CK_ULONG set; /* post-quantum: CKA_PARAMETER_SET */
};
const struct kind *kind_of(enum alg alg);

/* A template. */
struct list {
    CK_ATTRIBUTE a[12];
    CK_ULONG n;
};
/* Of the session key that an application makes of a KEM's shared secret: AES-256, or (WHOLE) the 64
 * bytes of a hybrid, to derive from. */
struct list session_key_template(bool whole);

extern CK_BBOOL bool_yes, bool_no; /* values for templates */

CK_RV generate_pair(CK_SESSION_HANDLE session, const struct kind *k, CK_MECHANISM_TYPE how,
                    CK_BBOOL token, CK_OBJECT_HANDLE *pub, CK_OBJECT_HANDLE *priv);
CK_RV generate_secret(CK_SESSION_HANDLE session, const struct kind *k, CK_BBOOL token,
                      const char *name, CK_BBOOL extractable, CK_OBJECT_HANDLE *key);

/* The token's key of this kind; made at the first time. 0 when it is there. */
int find_or_make(struct state *s, const struct kind *k);

#endif
