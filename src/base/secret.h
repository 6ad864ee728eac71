/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets: bytes in pages of their own: locked in memory (best effort), left out of core dumps,
 * zero in a forked child, with guard pages around each region, wiped when freed. Small secrets
 * share pages with other secrets only.
 *
 * Key material reaches crypto only as const struct secret *.
 */
#ifndef CRATON_BASE_SECRET_H
#define CRATON_BASE_SECRET_H

#include "bytes.h"

/* n never changes after creation; p is writable for the one who fills it. */
struct secret {
    uint8_t *p;
    size_t n;
};

/* N zero bytes (N may be 0). NULL when memory is short. Caller frees. */
struct secret *secret_new(size_t n);

/* A copy of N bytes at P. NULL when memory is short. Caller frees. */
struct secret *secret_from(const void *p, size_t n);
struct secret *secret_copy(const struct secret *s);

/* A new secret of the first N bytes (N <= s->n). */
struct secret *secret_head(const struct secret *s, size_t n);

/* Wipes and frees. NULL allowed. */
void secret_free(struct secret *s);
void secret_free_at(struct secret **s);
#define AUTO_SECRET __attribute__((cleanup(secret_free_at)))

/* 1 when equal in length and content; time depends on the lengths alone. */
int secret_equal(const struct secret *a, const struct secret *b);

/* For places that own the bytes' meaning (sealing, handing out an extractable value). */
static inline struct bytes secret_view(const struct secret *s)
{
    return BYTES(s->p, s->n);
}

/* Raw memory of the same kind, for a library's key context. 16-byte aligned, zero. */
void *secret_alloc(size_t n);
void secret_release(void *p); /* wipes; NULL allowed */

/* Whether the kernel sees to it that P, of the above, reads zero in a forked child (Linux 4.14). */
bool secret_empty_in_child(const void *p);

/* In a forked child the parent's secrets read as zero; this forgets the parent's regions (they are
 * left mapped) so that new secrets get new pages. Called once by the child's C_Initialize. */
void secret_after_fork(void);

/* How many bytes are in use and how many of the pages could be locked. */
void secret_stats(size_t *ret_used, size_t *ret_locked_pages, size_t *ret_pages);

#endif
