/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions that nobody may call: this header is included before the first line of every file of
 * the product (not of the tests). A use is a compile error that names the way to go instead.
 *
 * The functions are declared as unavailable, ahead of the C library's own declarations, rather than
 * poisoned by name, so that third-party headers may keep parameters and members called "free".
 * Memory comes from mem.c alone, whose build defines CRATON_RAW_MEMORY.
 */
#ifndef CRATON_BASE_BANNED_H
#define CRATON_BASE_BANNED_H

#define BAN(type, name, arguments, instead)                                                        \
    extern type name arguments __attribute__((unavailable(instead)))

BAN(char *, strcpy, (char *__restrict, const char *__restrict), "lengths are known: use mem_copy");
BAN(char *, stpcpy, (char *__restrict, const char *__restrict), "lengths are known: use mem_copy");
BAN(char *, strcat, (char *__restrict, const char *__restrict), "use snprintf or buf_add");
BAN(char *, strncat, (char *__restrict, const char *__restrict, __SIZE_TYPE__), "use buf_add");
BAN(int, sprintf, (char *__restrict, const char *__restrict, ...), "use snprintf");
BAN(int, vsprintf, (char *__restrict, const char *__restrict, __builtin_va_list), "use vsnprintf");
BAN(char *, gets, (char *), "use fgets");
BAN(char *, strtok, (char *__restrict, const char *__restrict), "it keeps state between callers");
BAN(int, system, (const char *), "no shell is started from here");
BAN(int, rand, (void), "randomness comes from struct rng");
BAN(void, srand, (unsigned), "randomness comes from struct rng");
BAN(long, random, (void), "randomness comes from struct rng");
BAN(__PTRDIFF_TYPE__, getrandom, (void *, __SIZE_TYPE__, unsigned),
    "entropy comes from struct env");
BAN(char *, getenv, (const char *), "use secure_getenv");
BAN(void *, alloca, (__SIZE_TYPE__), "use mem_alloc");

#ifndef CRATON_RAW_MEMORY
BAN(void *, malloc, (__SIZE_TYPE__), "use mem_alloc");
BAN(void *, calloc, (__SIZE_TYPE__, __SIZE_TYPE__), "use mem_array");
BAN(void *, aligned_alloc, (__SIZE_TYPE__, __SIZE_TYPE__), "use mem_alloc_aligned");
BAN(void *, realloc, (void *, __SIZE_TYPE__), "use mem_resize");
BAN(void, free, (void *), "use mem_free");
BAN(char *, strdup, (const char *), "use mem_alloc and mem_copy");
#endif

#undef BAN

/* Where the C library has macros of these names, they go. */
#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef alloca
#undef sprintf
#undef vsprintf
#undef strdup

#endif
