/* SPDX-License-Identifier: Apache-2.0
 *
 * Short ways to templates, drafts and objects for the tests of this room.
 */
#ifndef CRATON_TESTS_OBJECT_MAKE_H
#define CRATON_TESTS_OBJECT_MAKE_H

#include <string.h>

#include "../cmocka_all.h"

#include "base/mem.h"
#include "object/object.h"

struct list_of {
    CK_ATTRIBUTE a[40];
    CK_ULONG n;
    uint8_t store[1024];
    size_t used;
};

static inline void add(struct list_of *l, CK_ATTRIBUTE_TYPE type, const void *p, size_t n)
{
    assert_true(l->n < 40 && l->used + n <= sizeof l->store);
    memcpy(l->store + l->used, p, n);
    l->a[l->n++] = (CK_ATTRIBUTE){type, l->store + l->used, n};
    l->used += (n + 7) / 8 * 8;
}

static inline void add_ulong(struct list_of *l, CK_ATTRIBUTE_TYPE type, CK_ULONG v)
{
    add(l, type, &v, sizeof v);
}

static inline void add_bool(struct list_of *l, CK_ATTRIBUTE_TYPE type, bool v)
{
    const CK_BBOOL b = v ? CK_TRUE : CK_FALSE;
    add(l, type, &b, 1);
}

static inline void add_text(struct list_of *l, CK_ATTRIBUTE_TYPE type, const char *text)
{
    add(l, type, text, strlen(text));
}

static const uint8_t oid_p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t aes_key[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* What C_CreateObject needs at least. */
static inline void start_aes(struct list_of *l)
{
    *l = (struct list_of){.n = 0};
    add_ulong(l, CKA_CLASS, CKO_SECRET_KEY);
    add_ulong(l, CKA_KEY_TYPE, CKK_AES);
    add(l, CKA_VALUE, aes_key, sizeof aes_key);
}

static inline void start_generate_aes(struct list_of *l)
{
    *l = (struct list_of){.n = 0};
    add_ulong(l, CKA_CLASS, CKO_SECRET_KEY);
    add_ulong(l, CKA_KEY_TYPE, CKK_AES);
    add_ulong(l, CKA_VALUE_LEN, 16);
}

static inline void start_data(struct list_of *l)
{
    *l = (struct list_of){.n = 0};
    add_ulong(l, CKA_CLASS, CKO_DATA);
}

static inline void start_cert(struct list_of *l)
{
    *l = (struct list_of){.n = 0};
    add_ulong(l, CKA_CLASS, CKO_CERTIFICATE);
    add_ulong(l, CKA_CERTIFICATE_TYPE, CKC_X_509);
    add_text(l, CKA_SUBJECT, "subject");
    add_text(l, CKA_VALUE, "certificate");
}

static inline void start_rsa_public(struct list_of *l)
{
    static const uint8_t modulus[] = {0x00, 0xc1, 0x02, 0x03, 0x05};
    static const uint8_t exponent[] = {0x01, 0x00, 0x01};
    *l = (struct list_of){.n = 0};
    add_ulong(l, CKA_CLASS, CKO_PUBLIC_KEY);
    add_ulong(l, CKA_KEY_TYPE, CKK_RSA);
    add(l, CKA_MODULUS, modulus, sizeof modulus);
    add(l, CKA_PUBLIC_EXPONENT, exponent, sizeof exponent);
}

static inline void start_rsa_private(struct list_of *l)
{
    static const uint8_t modulus[] = {0xc1, 0x02, 0x03, 0x05};
    *l = (struct list_of){.n = 0};
    add_ulong(l, CKA_CLASS, CKO_PRIVATE_KEY);
    add_ulong(l, CKA_KEY_TYPE, CKK_RSA);
    add(l, CKA_MODULUS, modulus, sizeof modulus);
    add_text(l, CKA_PRIVATE_EXPONENT, "exponent");
    add_text(l, CKA_PRIME_1, "prime");
}

static inline void start_ec_private(struct list_of *l)
{
    *l = (struct list_of){.n = 0};
    add_ulong(l, CKA_CLASS, CKO_PRIVATE_KEY);
    add_ulong(l, CKA_KEY_TYPE, CKK_EC);
    add(l, CKA_EC_PARAMS, oid_p256, sizeof oid_p256);
    add_text(l, CKA_VALUE, "scalar");
}

static inline void start_ec_public(struct list_of *l)
{
    const uint8_t point[65] = {0x04, 0x3f, 0x01};
    *l = (struct list_of){.n = 0};
    add_ulong(l, CKA_CLASS, CKO_PUBLIC_KEY);
    add_ulong(l, CKA_KEY_TYPE, CKK_EC);
    add(l, CKA_EC_PARAMS, oid_p256, sizeof oid_p256);
    add(l, CKA_EC_POINT, point, sizeof point);
}

static inline void start_ml_dsa_public(struct list_of *l)
{
    *l = (struct list_of){.n = 0};
    add_ulong(l, CKA_CLASS, CKO_PUBLIC_KEY);
    add_ulong(l, CKA_KEY_TYPE, CKK_ML_DSA);
    add_ulong(l, CKA_PARAMETER_SET, CKP_ML_DSA_44);
    add_text(l, CKA_VALUE, "value");
}

static inline void start_dsa_domain(struct list_of *l)
{
    *l = (struct list_of){.n = 0};
    add_ulong(l, CKA_CLASS, CKO_DOMAIN_PARAMETERS);
    add_ulong(l, CKA_KEY_TYPE, CKK_DSA);
    add_text(l, CKA_PRIME, "\x17");
    add_text(l, CKA_SUBPRIME, "\x0b");
    add_text(l, CKA_BASE, "\x04");
}

static const struct object_rules plain_rules = {.so = false, .key_separation = false};

/* template_read, draft_new, draft_check. *RET is set when all is well; the caller frees it. */
static inline enum rc try_draft(const struct list_of *l, enum object_origin origin,
                                const struct object_rules *rules, struct draft **ret)
{
    AUTO_TEMPLATE struct template *t = NULL;
    AUTO_DRAFT struct draft *d = NULL;
    TRY(template_read(l->a, l->n, false, &t));
    TRY(draft_new(origin, rules, t, &d));
    TRY(draft_check(d));
    *ret = TAKE(d);
    return RC_OK;
}

static inline enum rc try_check(const struct list_of *l, enum object_origin origin,
                                const struct object_rules *rules)
{
    AUTO_DRAFT struct draft *d = NULL;
    return try_draft(l, origin, rules, &d);
}

/* All the way to an object: supplies the value of a key that is not created. */
static inline enum rc try_object(const struct list_of *l, enum object_origin origin,
                                 const struct object_rules *rules, struct object **ret)
{
    AUTO_DRAFT struct draft *d = NULL;
    TRY(try_draft(l, origin, rules, &d));
    TRY(draft_set(d, CKA_UNIQUE_ID, BYTES_STR("0123456789abcdef0123456789abcdef")));
    if (origin != ORIGIN_CREATE) {
        TRY(draft_set_secret(d, CKA_VALUE, secret_from(aes_key, sizeof aes_key)));
    }
    return draft_finish(d, 7, 1, ret);
}

static inline struct object *make_object(const struct list_of *l, enum object_origin origin)
{
    struct object *o = NULL;
    assert_int_equal(try_object(l, origin, &plain_rules, &o), RC_OK);
    assert_non_null(o);
    return o;
}

/* The value of a boolean; 2: the object has none. */
static inline int bool_of(const struct object *o, CK_ATTRIBUTE_TYPE type)
{
    struct bytes v;
    return object_bytes(o, type, &v) == RC_OK && v.n == 1 ? v.p[0] : 2;
}

static inline struct bytes value_of(const struct object *o, CK_ATTRIBUTE_TYPE type)
{
    struct bytes v = BYTES_NONE;
    assert_int_equal(object_bytes(o, type, &v), RC_OK);
    return v;
}

/* Runs F with the 1st, 2nd, ... allocation failing, until none fails any more. */
static inline void with_faults(enum rc (*f)(void))
{
    for (unsigned long nth = 1; nth < 1000; nth++) {
        mem_fault_at(nth);
        const enum rc rc = f();
        const unsigned long fired = mem_fault_count();
        mem_fault_at(0);
        if (fired == 0) {
            assert_int_equal(rc, RC_OK);
            return;
        }
        assert_int_equal(rc, RC_HOST_MEMORY);
    }
    fail_msg("faults without end");
}

#endif
