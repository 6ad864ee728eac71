/* SPDX-License-Identifier: Apache-2.0
 *
 * craton-vectors: AES, MACs, key wrap, HKDF.
 */
#include <string.h>

#include "runner.h"

static const CK_ULONG ways[] = {0, 7}; /* in one call, and in parts of 7 bytes */
#define WAYS (sizeof ways / sizeof ways[0])

/* Encrypts when the vector is valid, decrypts always; both ways each. */
static enum outcome cipher(CK_MECHANISM *m, CK_OBJECT_HANDLE key, json_t *test, struct data msg,
                           struct data ct)
{
    const bool valid = strcmp(text_of(test, "result"), "valid") == 0;
    enum outcome first = SKIPPED;
    for (size_t w = 0; w < WAYS; w++) {
        struct data out;
        enum outcome now = ACCEPTED;
        CK_RV rv = do_decrypt(m, key, ct, ways[w], &out);
        if (rv != CKR_OK) {
            now = rejected(rv);
        } else if (!data_same(out, msg)) {
            return WRONG;
        }
        if (valid) {
            rv = do_encrypt(m, key, msg, ways[w], &out);
            if (rv != CKR_OK) {
                return rejected(rv);
            }
            if (!data_same(out, ct)) {
                return WRONG;
            }
        }
        if (w > 0 && now != first) {
            return WRONG; /* parts and whole differ */
        }
        first = now;
    }
    return first;
}

enum outcome run_cbc(const char *file, json_t *group, json_t *test)
{
    (void)file;
    (void)group;
    const struct data iv = hex_of(test, "iv");
    CK_OBJECT_HANDLE key = 0;
    CK_MECHANISM m = mechanism(CKM_AES_CBC_PAD, iv.p, iv.n);
    const CK_RV rv = key_secret(CKK_AES, hex_of(test, "key"), &key);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    const enum outcome o = cipher(&m, key, test, hex_of(test, "msg"), hex_of(test, "ct"));
    key_destroy(key);
    return o;
}

enum outcome run_aead(const char *file, json_t *group, json_t *test)
{
    const bool ccm = strstr(file, "ccm") != NULL;
    const struct data iv = hex_of(test, "iv");
    const struct data aad = hex_of(test, "aad");
    const struct data msg = hex_of(test, "msg");
    const CK_ULONG tag_bits = number_of(group, "tagSize");
    const struct data ct = data_join(hex_of(test, "ct"), hex_of(test, "tag"));
    const CK_ULONG data_n = ct.n >= tag_bits / 8 ? ct.n - tag_bits / 8 : 0;
    CK_GCM_PARAMS gcm = {iv.p, iv.n, iv.n * 8, aad.p, aad.n, tag_bits};
    CK_CCM_PARAMS p = {data_n, iv.p, iv.n, aad.p, aad.n, tag_bits / 8};
    CK_OBJECT_HANDLE key = 0;
    CK_MECHANISM m =
        ccm ? mechanism(CKM_AES_CCM, &p, sizeof p) : mechanism(CKM_AES_GCM, &gcm, sizeof gcm);
    const CK_RV rv = key_secret(CKK_AES, hex_of(test, "key"), &key);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    const enum outcome o = cipher(&m, key, test, msg, ct);
    key_destroy(key);
    return o;
}

/* Signs and verifies, both ways. */
static enum outcome mac(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct data msg, struct data tag)
{
    enum outcome first = SKIPPED;
    for (size_t w = 0; w < WAYS; w++) {
        struct data out;
        CK_RV rv = do_sign(m, key, msg, ways[w], &out);
        if (rv != CKR_OK) {
            return rejected(rv);
        }
        const bool same = data_same(out, tag);
        rv = do_verify(m, key, msg, ways[w], tag);
        const enum outcome now = rv == CKR_OK ? ACCEPTED : rejected(rv);
        if (same != (now == ACCEPTED) || (w > 0 && now != first)) {
            return WRONG;
        }
        first = now;
    }
    return first;
}

enum outcome run_mac(const char *file, json_t *group, json_t *test)
{
    const char *algorithm = text_of(group, "algorithm");
    const struct data value = hex_of(test, "key");
    const struct data tag = hex_of(test, "tag");
    CK_MAC_GENERAL_PARAMS size = number_of(group, "tagSize") / 8;
    CK_MECHANISM_TYPE full = CKM_AES_CMAC;
    CK_MECHANISM_TYPE general = CKM_AES_CMAC_GENERAL;
    CK_ULONG full_n = 16;
    const bool cmac = strstr(file, "cmac") != NULL;
    if (!cmac) {
        const struct hash_names *h = hash_named(algorithm + strlen("HMAC"));
        if (h == NULL) {
            return skip("of a hash that PKCS#11 does not name");
        }
        if (value.n == 0) {
            return skip("with an empty key, which is no object");
        }
        full = h->hmac;
        general = h->hmac_general;
        full_n = h->size;
    }
    CK_OBJECT_HANDLE key = 0;
    const CK_RV rv = key_secret(cmac ? CKK_AES : CKK_GENERIC_SECRET, value, &key);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    CK_MECHANISM m =
        size == full_n ? mechanism(full, NULL, 0) : mechanism(general, &size, sizeof size);
    const enum outcome o = mac(&m, key, hex_of(test, "msg"), tag);
    key_destroy(key);
    return o;
}

enum outcome run_gmac(const char *file, json_t *group, json_t *test)
{
    (void)file;
    (void)group;
    const struct data iv = hex_of(test, "iv");
    const bool valid = strcmp(text_of(test, "result"), "valid") == 0;
    if (iv.n != 12 && valid) {
        return skip("with an IV that is not 12 bytes long, as CKM_AES_GMAC wants it");
    }
    CK_OBJECT_HANDLE key = 0;
    CK_MECHANISM m = mechanism(CKM_AES_GMAC, iv.p, iv.n);
    const CK_RV rv = key_secret(CKK_AES, hex_of(test, "key"), &key);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    const enum outcome o = mac(&m, key, hex_of(test, "msg"), hex_of(test, "tag"));
    key_destroy(key);
    return o;
}

/* ---- key wrap: C_WrapKey and C_UnwrapKey ----------------------------------------------------------- */

static CK_RV wrapped(CK_MECHANISM *m, CK_OBJECT_HANDLE kek, struct data msg, struct data *ret)
{
    CK_OBJECT_HANDLE target = 0;
    CK_ULONG n = msg.n + 64;
    CK_RV rv = key_secret(CKK_GENERIC_SECRET, msg, &target);
    if (rv != CKR_OK) {
        return rv;
    }
    *ret = data_new(n);
    rv = p11->C_WrapKey(session, m, kek, target, ret->p, &n);
    ret->n = n;
    key_destroy(target);
    return rv;
}

static CK_RV unwrapped(CK_MECHANISM *m, CK_OBJECT_HANDLE kek, struct data ct, struct data *ret)
{
    CK_OBJECT_CLASS cls = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_BBOOL no = CK_FALSE;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE t[] = {{CKA_CLASS, &cls, sizeof cls},
                        {CKA_KEY_TYPE, &type, sizeof type},
                        {CKA_SENSITIVE, &no, 1},
                        {CKA_EXTRACTABLE, &yes, 1}};
    CK_OBJECT_HANDLE key = 0;
    CK_RV rv = p11->C_UnwrapKey(session, m, kek, ct.p, ct.n, t, 4, &key);
    if (rv == CKR_OK) {
        rv = key_value(key, ret);
        key_destroy(key);
    }
    return rv;
}

enum outcome run_wrap(const char *file, json_t *group, json_t *test)
{
    (void)group;
    const struct data msg = hex_of(test, "msg");
    const struct data ct = hex_of(test, "ct");
    const bool valid = strcmp(text_of(test, "result"), "valid") == 0;
    struct data out;
    CK_OBJECT_HANDLE kek = 0;
    CK_MECHANISM m =
        mechanism(strstr(file, "kwp") != NULL ? CKM_AES_KEY_WRAP_KWP : CKM_AES_KEY_WRAP, NULL, 0);
    CK_RV rv = key_secret(CKK_AES, hex_of(test, "key"), &kek);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    enum outcome o = ACCEPTED;
    rv = unwrapped(&m, kek, ct, &out);
    if (rv != CKR_OK) {
        o = rejected(rv);
    } else if (!data_same(out, msg)) {
        o = WRONG;
    }
    if (valid && o == ACCEPTED) {
        rv = wrapped(&m, kek, msg, &out);
        o = rv != CKR_OK ? rejected(rv) : data_same(out, ct) ? ACCEPTED : WRONG;
    }
    key_destroy(kek);
    return o;
}

/* ---- HKDF ------------------------------------------------------------------------------------------ */

enum outcome run_hkdf(const char *file, json_t *group, json_t *test)
{
    (void)file;
    const struct hash_names *h = hash_named(text_of(group, "algorithm") + strlen("HKDF-"));
    const struct data ikm = hex_of(test, "ikm");
    const struct data salt = hex_of(test, "salt");
    const struct data info = hex_of(test, "info");
    if (h == NULL || ikm.n == 0) {
        return skip("with an empty key, which is no object");
    }
    CK_HKDF_PARAMS p = {CK_TRUE, CK_TRUE, h->digest, CKF_HKDF_SALT_DATA, salt.p, salt.n,
                        0,       info.p,  info.n};
    CK_MECHANISM m = mechanism(CKM_HKDF_DERIVE, &p, sizeof p);
    CK_OBJECT_CLASS cls = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_ULONG size = number_of(test, "size");
    CK_BBOOL no = CK_FALSE;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE t[] = {{CKA_CLASS, &cls, sizeof cls},
                        {CKA_KEY_TYPE, &type, sizeof type},
                        {CKA_VALUE_LEN, &size, sizeof size},
                        {CKA_SENSITIVE, &no, 1},
                        {CKA_EXTRACTABLE, &yes, 1}};
    CK_OBJECT_HANDLE base = 0;
    CK_OBJECT_HANDLE key = 0;
    struct data out;
    CK_RV rv = key_secret(CKK_HKDF, ikm, &base);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    rv = p11->C_DeriveKey(session, &m, base, t, sizeof t / sizeof t[0], &key);
    key_destroy(base);
    if (rv == CKR_OK) {
        rv = key_value(key, &out);
        key_destroy(key);
    }
    if (rv != CKR_OK && size > 4096 && size <= 255 * h->size) {
        return skip("longer than the 4096 bytes a secret key may have");
    }
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    return data_same(out, hex_of(test, "okm")) ? ACCEPTED : WRONG;
}
