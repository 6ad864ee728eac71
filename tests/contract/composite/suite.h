/* SPDX-License-Identifier: Apache-2.0
 *
 * What the composite suites share: the crypto under test, keys of every set, published vectors.
 */
#ifndef CRATON_TESTS_COMPOSITE_SUITE_H
#define CRATON_TESTS_COMPOSITE_SUITE_H

#include "../../unit/cmocka_all.h"
#include "../crypto/subject.h"
#include "base/mem.h"
#include "crypto/composite.h"

/* Group fixtures: *STATE is the open struct crypto. */
int suite_open(void **state);
int suite_close(void **state);

const char *set_name(unsigned set);
unsigned set_named(const char *name); /* COMP_NONE when there is none */
struct pkey_spec set_spec(unsigned set);
/* Is the set there? Its operations; NULL when the libraries lack a half. */
const struct pkey_ops *set_ops(const struct crypto *c, unsigned set);
/* The halves of a set, as the documents have them (not taken from the table under test). */
struct pkey_spec set_pq(unsigned set);
struct pkey_spec set_other(unsigned set);
bool set_is_rsa(unsigned set);
bool set_is_ec(unsigned set);
/* The ML-KEM or ML-DSA half comes first. */
bool set_pq_first(unsigned set);

/* ---- vectors (vectors.c) ------------------------------------------------------------------------ */

struct vector {
    unsigned set;
    char id[64];
    struct buf priv, pub;
    struct buf msg, sig, ctx, ctx_sig; /* comp_sig */
    struct buf fixed, ct, ss;          /* comp_kem */
};

void vectors_read(void); /* once */
void vectors_free(void);
size_t vectors_count(void);
const struct vector *vector_at(size_t i);
const struct vector *vector_of(unsigned set); /* the first of a set; NULL when none */

/* ---- keys ----------------------------------------------------------------------------------------- */

/* A pair: the published one of the set, or where there is none, a new one. */
struct key_parts set_pair(const struct crypto *c, unsigned set);
struct pkey *set_load(const struct crypto *c, unsigned set, const struct key_parts *parts,
                      bool priv);
/* Loads VALUE as the private or public value alone. */
enum rc set_load_value(const struct crypto *c, unsigned set, struct bytes value, bool priv,
                       struct pkey **ret);

/* What comp_hash() makes of a message. */
struct digest {
    uint8_t p[HASH_MAX_SIZE];
    size_t n;
};
struct digest set_digest(const struct crypto *c, unsigned set, struct bytes msg);

#define SIG_MAX 6000
#define CT_MAX 2200

#endif
