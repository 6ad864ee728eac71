/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of published vectors (tests/vectors/README.md) and what each kind of row is checked by.
 */
#ifndef CRATON_TESTS_CRYPTO_ROWS_H
#define CRATON_TESTS_CRYPTO_ROWS_H

#include "../../unit/cmocka_all.h"
#include "base/mem.h"
#include "subject.h"

#define FIELDS_MAX 16

struct row {
    const char *op;
    size_t n;
    const char *name[FIELDS_MAX], *text[FIELDS_MAX];
    struct buf bytes[FIELDS_MAX]; /* decoded at first use */
};

/* How the row went: checked, or left out since the subject lacks the algorithm. */
enum outcome { CHECKED, LACKING, WRONG };

const char *row_text(const struct row *r, const char *name); /* "" when absent */
unsigned long row_number(const struct row *r, const char *name);
struct bytes row_bytes(struct row *r, const char *name); /* decoded hex; empty when absent */
struct secret *row_secret(struct row *r, const char *name);
bool row_is(const struct row *r, const char *result);
enum hash_alg row_hash(const struct row *r, const char *name);

/* Calls the checker of each row of a file; prints those that go wrong; returns how many did. */
unsigned rows_run(const struct crypto *c, const char *file, unsigned *ret_checked);

typedef enum outcome (*row_checker)(const struct crypto *c, struct row *r);
struct row_kind {
    const char *op;
    row_checker check;
};
/* end: op NULL */
extern const struct row_kind aes_rows[], hash_rows[], pkey_rows[], pq_rows[], rsa_rows[];
void rsa_rows_end(void); /* releases the key that is set */

/* Whether what happened (RIGHT: the operation succeeded with the expected output) fits what the
 * vector's authors say. */
enum outcome judged(const struct row *r, bool right);

#endif
