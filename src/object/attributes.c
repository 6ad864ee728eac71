/* SPDX-License-Identifier: Apache-2.0
 *
 * Look-ups in the attribute table.
 */
#include "attributes.h"

#include "base/mem.h"

static const struct attr_row rows[] = {
#define A(name_, kind_, classes_, keys_, flags_, def_)                                             \
    {.type = (uint32_t)(name_),                                                                    \
     .kind = KIND_##kind_,                                                                         \
     .def = DEF_##def_,                                                                            \
     .classes = (classes_),                                                                        \
     .keys = (keys_),                                                                              \
     .flags = (flags_)},
#include "attributes.def"
};

static const char *const names[] = {
#define A(name_, kind_, classes_, keys_, flags_, def_) #name_,
#include "attributes.def"
};

/* Where to look for a number: its last row, counted from 1; 0: there is none. No two numbers of the
 * table may share a slot (a test looks up every row). */
enum { SLOTS = 1024 };
#define SLOT(type) (((uint32_t)(type) ^ (uint32_t)(type) >> 8) % SLOTS)

enum { ROWS_BEGIN = __COUNTER__ };
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init" /* rows of one number: the last one stays */
static const uint8_t last_row[SLOTS] = {
#define A(name_, kind_, classes_, keys_, flags_, def_) [SLOT(name_)] = __COUNTER__ - ROWS_BEGIN,
#include "attributes.def"
};
#pragma GCC diagnostic pop
_Static_assert(ARRAY_LEN(rows) <= UINT8_MAX, "a row's place fits a byte");

struct key_row {
    CK_KEY_TYPE type;
    uint32_t bit;
    uint16_t classes;
};

static const struct key_row key_rows[] = {
#define K(name_, bit_, classes_) {(name_), (bit_), (classes_)},
#include "attributes.def"
};

const struct attr_row *attr_rows(size_t *ret_n)
{
    *ret_n = ARRAY_LEN(rows);
    return rows;
}

const char *attr_name(const struct attr_row *row)
{
    return names[row - rows];
}

const struct attr_row *attr_any(uint32_t type)
{
    size_t i = last_row[SLOT(type)];
    if (i == 0 || rows[i - 1].type != type) {
        return NULL;
    }
    while (i > 1 && rows[i - 2].type == type) {
        i--;
    }
    return &rows[i - 1];
}

static bool fits(const struct attr_row *row, struct attr_scope scope)
{
    return (scope.cls == 0 || (row->classes & scope.cls) != 0) &&
           (scope.keys == 0 || (row->keys & scope.keys) != 0);
}

bool attr_counts(const struct attr_row *row, struct attr_scope scope)
{
    if (!fits(row, scope)) {
        return false;
    }
    for (const struct attr_row *r = row; r > rows && r[-1].type == row->type; r--) {
        if (fits(r - 1, scope)) {
            return false;
        }
    }
    return true;
}

const struct attr_row *attr_row(uint32_t type, struct attr_scope scope)
{
    const struct attr_row *end = rows + ARRAY_LEN(rows);
    for (const struct attr_row *r = attr_any(type); r != NULL && r < end && r->type == type; r++) {
        if (fits(r, scope)) {
            return r;
        }
    }
    return NULL;
}

bool attr_can_be_secret(uint32_t type)
{
    const struct attr_row *end = rows + ARRAY_LEN(rows);
    for (const struct attr_row *r = attr_any(type); r != NULL && r < end && r->type == type; r++) {
        if ((r->flags & F_SECRET) != 0) {
            return true;
        }
    }
    return false;
}

uint16_t attr_class_bit(CK_OBJECT_CLASS cls)
{
    static const struct {
        CK_OBJECT_CLASS cls;
        uint16_t bit;
    } classes[] = {
        {CKO_DATA, C_DATA},           {CKO_CERTIFICATE, C_CERT},  {CKO_PUBLIC_KEY, C_PUBLIC},
        {CKO_PRIVATE_KEY, C_PRIVATE}, {CKO_SECRET_KEY, C_SECRET}, {CKO_DOMAIN_PARAMETERS, C_DOMAIN},
    };
    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        if (classes[i].cls == cls) {
            return classes[i].bit;
        }
    }
    return 0;
}

CK_KEY_TYPE attr_key_type(CK_KEY_TYPE type)
{
    static const CK_KEY_TYPE aliases[][2] = {
        {CKK_CRATON_ML_KEM, CKK_ML_KEM},
        {CKK_CRATON_ML_DSA, CKK_ML_DSA},
        {CKK_CRATON_SLH_DSA, CKK_SLH_DSA},
    };
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
        if (aliases[i][0] == type) {
            return aliases[i][1];
        }
    }
    return type;
}

uint32_t attr_key_bit(CK_KEY_TYPE type, uint16_t cls)
{
    for (size_t i = 0; i < ARRAY_LEN(key_rows); i++) {
        if (key_rows[i].type == type && (key_rows[i].classes & cls) != 0) {
            return key_rows[i].bit;
        }
    }
    return 0;
}

bool attr_class_has_key_type(uint16_t cls)
{
    return (cls & (C_KEYS | C_DOMAIN)) != 0;
}
