/* SPDX-License-Identifier: Apache-2.0
 *
 * Names, sentences and CK_RV of the errors, all from errors.def.
 */
#include "rc.h"

#include "mem.h"

struct rc_row {
    unsigned long ckr;
    const char *name;
    const char *text;
};

static const struct rc_row rows[] = {
    {0, "OK", "done"},
#define E(name, ckr, text) {ckr, #name, text},
#include "errors.def"
#undef E
};

_Static_assert(ARRAY_LEN(rows) == RC_COUNT, "one row for each enum rc");

static const struct rc_row unknown = {0x005, "?", "unknown error"};

static const struct rc_row *row_of(enum rc rc)
{
    return (unsigned)rc < RC_COUNT ? &rows[rc] : &unknown;
}

const char *rc_name(enum rc rc)
{
    return row_of(rc)->name;
}

const char *rc_text(enum rc rc)
{
    return row_of(rc)->text;
}

unsigned long rc_ckr(enum rc rc)
{
    return row_of(rc)->ckr;
}
