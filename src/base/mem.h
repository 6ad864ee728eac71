/* SPDX-License-Identifier: Apache-2.0
 *
 * Heap memory for public bytes. Freeing wipes by default. Key material does not
 * live here: see secret.h.
 */
#ifndef CRATON_BASE_MEM_H
#define CRATON_BASE_MEM_H

#include <stddef.h>
#include <string.h>

#include "rc.h"

/* SIZE bytes of zero, or NULL. Size 0 gives a pointer that may be freed. */
void *mem_alloc(size_t size) __attribute__((malloc));

/* The same, at a multiple of ALIGN bytes (a power of two). */
void *mem_alloc_aligned(size_t align, size_t size) __attribute__((malloc));

/* COUNT * SIZE bytes of zero, or NULL, also when the product overflows. */
void *mem_array(size_t count, size_t size) __attribute__((malloc));

/* Grows or shrinks P (NULL allowed); new bytes are zero; the old place is wiped. NULL: P is
 * untouched. OLD_SIZE and NEW_SIZE in bytes. */
void *mem_resize(void *p, size_t old_size, size_t new_size);

/* Wipes the whole allocation and frees it. NULL allowed. */
void mem_free(void *p);

/* Overwrites N bytes, in a way the compiler cannot drop. */
void mem_wipe(void *p, size_t n);

/* 1 when the N bytes are equal, in time that depends on N alone. */
int mem_equal_ct(const void *a, const void *b, size_t n);

/* Copies N bytes; N may be 0 with NULL pointers. The areas must not overlap. */
static inline void mem_copy(void *to, const void *from, size_t n)
{
    if (n != 0) {
        memcpy(to, from, n);
    }
}

/* Faults for tests: the NTH next allocation in this process (1 = the very next; also of secrets
 * and growing buffers) fails once. 0 switches it off. */
void mem_fault_at(unsigned long nth);

/* How many faults were delivered since mem_fault_at() was last called. */
unsigned long mem_fault_count(void);

/* Release at scope end: AUTO_FREE char *p = mem_alloc(n); TAKE(p) keeps it. */
void mem_free_at(void *pp);
#define AUTO_FREE __attribute__((cleanup(mem_free_at)))
#define TAKE(p)                                                                                    \
    __extension__({                                                                                \
        __typeof__(p) take_ = (p);                                                                 \
        (p) = NULL;                                                                                \
        take_;                                                                                     \
    })

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
