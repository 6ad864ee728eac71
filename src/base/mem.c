/* SPDX-License-Identifier: Apache-2.0
 *
 * Heap memory for public bytes. The only file that calls malloc and free.
 */
#include "mem.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"

static atomic_ulong fault_left; /* 0: off; else the number of allocations up to the fault */
static atomic_ulong fault_delivered;

bool mem_fault_due(void)
{
    unsigned long left = atomic_load_explicit(&fault_left, memory_order_relaxed);
    while (left != 0) {
        if (atomic_compare_exchange_weak(&fault_left, &left, left - 1)) {
            if (left == 1) {
                atomic_fetch_add(&fault_delivered, 1);
                return true;
            }
            return false;
        }
    }
    return false;
}

void mem_fault_at(unsigned long nth)
{
    atomic_store(&fault_delivered, 0);
    atomic_store(&fault_left, nth);
}

unsigned long mem_fault_count(void)
{
    return atomic_load(&fault_delivered);
}

void *mem_alloc(size_t size)
{
    return mem_array(1, size);
}

/* The C library keeps what a thread frees up to this size at hand for malloc, but not for calloc;
 * above it calloc may know that pages are zero. */
enum { AT_HAND = 1024 };

static void *zeroed(size_t size)
{
    if (size > AT_HAND) {
        return calloc(1, size);
    }
    void *p = malloc(size);
    __asm__("" : "+r"(p)); /* else the compiler makes a calloc of the two */
    return p != NULL ? memset(p, 0, size) : NULL;
}

void *mem_array(size_t count, size_t size)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total) || total > PTRDIFF_MAX || mem_fault_due()) {
        return NULL;
    }
    return zeroed(total != 0 ? total : 1);
}

void *mem_alloc_aligned(size_t align, size_t size)
{
    if (size > PTRDIFF_MAX - align || mem_fault_due()) {
        return NULL;
    }
    const size_t whole = (size + align - 1) / align * align; /* C17 wants a multiple */
    void *p = aligned_alloc(align, whole != 0 ? whole : align);
    return p != NULL ? memset(p, 0, whole) : NULL;
}

void *mem_resize(void *p, size_t old_size, size_t new_size)
{
    void *grown = mem_alloc(new_size);
    if (grown == NULL) {
        return NULL;
    }
    if (p != NULL) {
        mem_copy(grown, p, old_size < new_size ? old_size : new_size);
        mem_free(p);
    }
    return grown;
}

void mem_free(void *p)
{
    if (p != NULL) {
        mem_wipe(p, malloc_usable_size(p));
        free(p);
    }
}

void mem_free_at(void *pp)
{
    void *p = NULL;
    memcpy(&p, pp, sizeof p);
    mem_free(p);
}

void mem_wipe(void *p, size_t n)
{
    if (n != 0) {
        memset(p, 0, n);
        /* The bytes count as read from here on: the memset stays. */
        __asm__ __volatile__("" : : "r"(p) : "memory");
    }
}

int mem_equal_ct(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    uint64_t differ = 0;
    for (; n >= 8; n -= 8, x += 8, y += 8) {
        uint64_t from_x;
        uint64_t from_y;
        memcpy(&from_x, x, 8);
        memcpy(&from_y, y, 8);
        differ |= from_x ^ from_y;
        /* What it is so far is hidden from the compiler: it cannot leave early. */
        __asm__ __volatile__("" : "+r"(differ));
    }
    for (; n > 0; n--, x++, y++) {
        differ |= (uint64_t)(*x ^ *y);
        __asm__ __volatile__("" : "+r"(differ));
    }
    /* 0 becomes 1, all else 0, without a branch */
    return (int)(1 & ~((differ | (0 - differ)) >> 63));
}
