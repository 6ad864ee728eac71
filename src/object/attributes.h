/* SPDX-License-Identifier: Apache-2.0
 *
 * The attribute table as structs, and the ways to look something up in it.
 */
#ifndef CRATON_OBJECT_ATTRIBUTES_H
#define CRATON_OBJECT_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"
#include "craton/pkcs11.h"
#include "craton/vendor.h"

/* NSS names the database entry of a private key by this vendor attribute; kept as it is given. */
#define CKA_NSS_DB 0xD5A0DB00UL

enum attr_kind {
    KIND_BOOL,
    KIND_ULONG,
    KIND_BYTES,
    KIND_STRING,
    KIND_DATE,
    KIND_BIGINT,
    KIND_POINT,
    KIND_MECHS,
    KIND_TEMPLATE,
    KIND_COUNT
};

enum attr_class {
    C_DATA = 1 << 0,
    C_CERT = 1 << 1,
    C_PUBLIC = 1 << 2,
    C_PRIVATE = 1 << 3,
    C_SECRET = 1 << 4,
    C_DOMAIN = 1 << 5,
    C_KEYS = C_PUBLIC | C_PRIVATE | C_SECRET,
    C_ALL = C_DATA | C_CERT | C_KEYS | C_DOMAIN,
};

enum attr_key {
    K_NONE = 1 << 0, /* objects without a key type */
    K_RSA = 1 << 1,
    K_EC = 1 << 2,
    K_EDWARDS = 1 << 3,
    K_MONTGOMERY = 1 << 4,
    K_AES = 1 << 5,
    K_GENERIC = 1 << 6,
    K_HMAC = 1 << 7,
    K_HKDF = 1 << 8,
    K_DSA = 1 << 9,
    K_DH = 1 << 10,
    K_X942 = 1 << 11,
    K_ML_KEM = 1 << 12,
    K_ML_DSA = 1 << 13,
    K_SLH_DSA = 1 << 14,
    K_COMP_SIG = 1 << 15,
    K_COMP_KEM = 1 << 16,
    K_CURVE = K_EC | K_EDWARDS | K_MONTGOMERY,
    K_KEM = K_ML_KEM | K_COMP_KEM,                /* establish keys and do nothing else */
    K_PQ_SIG = K_ML_DSA | K_SLH_DSA | K_COMP_SIG, /* sign and do nothing else */
    K_PQ = K_KEM | K_PQ_SIG,
    K_SEEDED = K_ML_KEM | K_ML_DSA,
    K_SIGNS = K_RSA | K_EC | K_EDWARDS | K_AES | K_GENERIC | K_HMAC | K_PQ_SIG,
    K_DERIVES = K_EC | K_MONTGOMERY | K_GENERIC | K_HMAC | K_HKDF | K_KEM,
    K_WRAPS = K_RSA | K_AES | K_KEM,
    K_ANY = 0xfffff,
};

enum attr_flag {
    F_NEED_CREATE = 1 << 0,
    F_NO_CREATE = 1 << 1,
    F_NEED_GENERATE = 1 << 2,
    F_NO_GENERATE = 1 << 3,
    F_NEED_UNWRAP = 1 << 4,
    F_NO_UNWRAP = 1 << 5,
    F_SECRET = 1 << 6,
    F_SET = 1 << 7,
    F_COPY = 1 << 8,
    F_SO = 1 << 9,
    F_STICKY_TRUE = 1 << 10,
    F_STICKY_FALSE = 1 << 11,
    F_TOKEN = 1 << 12,
    F_AGREE = 1 << 13,
    F_NEVER = 1 << 14,
};

enum attr_default {
    DEF_NONE,
    DEF_EMPTY,
    DEF_FALSE,
    DEF_TRUE,
    DEF_ZERO,
    DEF_UNAVAILABLE,
    DEF_MUST,
    DEF_USE,
    DEF_USE_WRAP,
    DEF_SENSITIVE,
    DEF_EXTRACTABLE,
    DEF_LOCAL,
    DEF_ALWAYS_SENSITIVE,
    DEF_NEVER_EXTRACTABLE,
    DEF_VALUE_LEN,
    DEF_MODULUS_BITS,
    DEF_PRIME_BITS,
    DEF_SUBPRIME_BITS,
    DEF_COUNT
};

/* Small, since making an object walks through many of them. */
struct attr_row {
    uint32_t type;
    uint32_t keys;
    uint16_t classes;
    uint16_t flags;
    uint8_t kind; /* enum attr_kind */
    uint8_t def;  /* enum attr_default */
};

/* What an object is, as bits of the table. */
struct attr_scope {
    uint16_t cls;  /* one bit of enum attr_class; 0: not known yet */
    uint32_t keys; /* one bit of enum attr_key; 0: not known yet */
};

/* The number that the token uses for TYPE: one of two encodings where the standard published two.
 * 0xffffffff for what fits no row. */
static inline uint32_t attr_number(CK_ATTRIBUTE_TYPE type)
{
    if (type == CKA_ENCAPSULATE_TEMPLATE_ARRAY) {
        return (uint32_t)CKA_ENCAPSULATE_TEMPLATE;
    }
    if (type == CKA_DECAPSULATE_TEMPLATE_ARRAY) {
        return (uint32_t)CKA_DECAPSULATE_TEMPLATE;
    }
    return type < UINT32_MAX ? (uint32_t)type : UINT32_MAX;
}

/* All rows in table order. */
const struct attr_row *attr_rows(size_t *ret_n);

/* "CKA_CLASS" for a row of the table. Static storage. */
const char *attr_name(const struct attr_row *row);

/* The first row of the attribute, whatever the class; NULL when the table has none. */
const struct attr_row *attr_any(uint32_t type);

/* The row for SCOPE (an unknown part fits every row); NULL when such objects have no such
 * attribute. */
const struct attr_row *attr_row(uint32_t type, struct attr_scope scope);

/* Whether ROW (of attr_rows) is the one that counts for SCOPE. */
bool attr_counts(const struct attr_row *row, struct attr_scope scope);

/* Whether some class keeps this attribute secret. */
bool attr_can_be_secret(uint32_t type);

/* 0 when the class is not offered. */
uint16_t attr_class_bit(CK_OBJECT_CLASS cls);
/* 0 when the key type is not offered for the class. */
uint32_t attr_key_bit(CK_KEY_TYPE type, uint16_t cls);
/* The number that the token uses for a key type: the standard's where a vendor one is its alias. */
CK_KEY_TYPE attr_key_type(CK_KEY_TYPE type);
bool attr_class_has_key_type(uint16_t cls);

#endif
