/* SPDX-License-Identifier: Apache-2.0
 *
 * Compiled with banned.h before it: with USE one banned call, which must not compile; without, all
 * that stays allowed, which must.
 */
#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int banned_probe(char *to, const char *from, size_t n);

struct has_members {
    void (*free)(void *); /* as third-party headers have them */
    int system;
};

int banned_probe(char *to, const char *from, size_t n)
{
    const struct has_members members = {NULL, 1};
    (void)members.free;
#ifdef USE
    (void)(USE);
#endif
    return snprintf(to, n, "%s", from) + members.system;
}
