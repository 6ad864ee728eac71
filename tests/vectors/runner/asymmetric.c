/* SPDX-License-Identifier: Apache-2.0
 *
 * craton-vectors: ECDSA, EdDSA, ECDH, X25519, X448, RSA.
 */
#include <string.h>

#include "runner.h"

static CK_OBJECT_CLASS public_class = CKO_PUBLIC_KEY;
static CK_OBJECT_CLASS private_class = CKO_PRIVATE_KEY;
static CK_OBJECT_CLASS secret_class = CKO_SECRET_KEY;
static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;

/* ---- curves ----------------------------------------------------------------------------------------- */

struct curve {
    const char *name, *oid; /* the OID as whole DER */
    CK_ULONG order_n, field_n;
};

static const struct curve *curve_named(const char *name)
{
    static const struct curve curves[] = {
        {"secp224r1", "06052b81040021", 28, 28},
        {"secp256r1", "06082a8648ce3d030107", 32, 32},
        {"secp384r1", "06052b81040022", 48, 48},
        {"secp521r1", "06052b81040023", 66, 66},
        {"secp256k1", "06052b8104000a", 32, 32},
        {"brainpoolP224r1", "06092b2403030208010105", 28, 28},
        {"brainpoolP256r1", "06092b2403030208010107", 32, 32},
        {"brainpoolP320r1", "06092b2403030208010109", 40, 40},
        {"brainpoolP384r1", "06092b240303020801010b", 48, 48},
        {"brainpoolP512r1", "06092b240303020801010d", 64, 64},
    };
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
        if (strcmp(curves[i].name, name) == 0) {
            return &curves[i];
        }
    }
    return NULL;
}

static CK_RV public_point(CK_KEY_TYPE type, struct data oid, struct data point,
                          CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE t[] = {
        {CKA_CLASS, &public_class, sizeof public_class},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_EC_PARAMS, oid.p, oid.n},
        {CKA_EC_POINT, point.p, point.n},
        {CKA_VERIFY, &yes, 1},
    };
    return key_kept(data_join(oid, point), t, sizeof t / sizeof t[0], ret);
}

/* ---- ECDSA --------------------------------------------------------------------------------------------- */

/* One DER INTEGER, not negative, in its shortest form, into N bytes. */
static bool der_integer(struct data *rest, CK_BYTE *out, CK_ULONG n)
{
    if (rest->n < 3 || rest->p[0] != 0x02 || rest->p[1] > 127 || rest->p[1] == 0 ||
        rest->p[1] > rest->n - 2) {
        return false;
    }
    CK_BYTE *p = rest->p + 2;
    CK_ULONG len = rest->p[1];
    rest->p += 2 + len;
    rest->n -= 2 + len;
    if ((p[0] & 0x80) != 0 || (len > 1 && p[0] == 0 && (p[1] & 0x80) == 0)) {
        return false;
    }
    if (len > 1 && p[0] == 0) {
        p++;
        len--;
    }
    if (len > n) {
        return false;
    }
    memcpy(out + n - len, p, len);
    return true;
}

/* What a caller of PKCS#11 does with a DER signature. False: there are no r and s of the right size
 * in it. */
static bool raw_signature(struct data der, CK_ULONG n, struct data *ret)
{
    struct data in = der;
    *ret = data_new(2 * n);
    if (in.n < 2 || in.p[0] != 0x30) {
        return false;
    }
    CK_ULONG head = 2;
    CK_ULONG len = in.p[1];
    if (len == 0x81 && in.n > 2 && in.p[2] > 127) {
        len = in.p[2];
        head = 3;
    }
    if (len > 0xff || (head == 2 && len > 127) || in.n - head != len) {
        return false;
    }
    in.p += head;
    in.n -= head;
    return der_integer(&in, ret->p, n) && der_integer(&in, ret->p + n, n) && in.n == 0;
}

/* In one call, in parts, and as CKM_ECDSA over the digest. */
static enum outcome verify_ways(CK_MECHANISM_TYPE combined, CK_MECHANISM_TYPE raw,
                                CK_MECHANISM_TYPE digest, CK_OBJECT_HANDLE key, struct data msg,
                                struct data sig)
{
    CK_MECHANISM m = mechanism(combined, NULL, 0);
    const CK_RV a = do_verify(&m, key, msg, 0, sig);
    const CK_RV b = do_verify(&m, key, msg, 5, sig);
    struct data hash;
    CK_RV c = a;
    if (raw != 0) {
        CK_MECHANISM r = mechanism(raw, NULL, 0);
        c = do_digest(digest, msg, &hash);
        c = c == CKR_OK ? do_verify(&r, key, hash, 0, sig) : c;
    }
    if (a != b || a != c) {
        return WRONG;
    }
    return a == CKR_OK ? ACCEPTED : rejected(a);
}

enum outcome run_ecdsa(const char *file, json_t *group, json_t *test)
{
    (void)file;
    json_t *public = json_object_get(group, "publicKey");
    const struct curve *curve = curve_named(text_of(public, "curve"));
    const struct hash_names *h = hash_named(text_of(group, "sha"));
    if (curve == NULL) {
        return skip("on a curve that the token does not have");
    }
    if (h == NULL || h->ecdsa == 0) {
        return skip("with a hash that ECDSA in PKCS#11 does not have");
    }
    CK_OBJECT_HANDLE key = 0;
    const CK_RV rv =
        public_point(CKK_EC, data_hex(curve->oid), hex_of(public, "uncompressed"), &key);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    struct data sig = hex_of(test, "sig");
    const bool valid = strcmp(text_of(test, "result"), "valid") == 0;
    if (strcmp(text_of(group, "type"), "EcdsaVerify") == 0 &&
        !raw_signature(sig, curve->order_n, &sig) && !valid) {
        return skip("with a DER form that has no r and s of the curve's size");
    }
    return verify_ways(h->ecdsa, CKM_ECDSA, h->digest, key, hex_of(test, "msg"), sig);
}

enum outcome run_eddsa(const char *file, json_t *group, json_t *test)
{
    (void)file;
    json_t *public = json_object_get(group, "publicKey");
    const bool ed25519 = strcmp(text_of(public, "curve"), "edwards25519") == 0;
    CK_OBJECT_HANDLE key = 0;
    const CK_RV rv = public_point(CKK_EC_EDWARDS, data_hex(ed25519 ? "06032b6570" : "06032b6571"),
                                  hex_of(public, "pk"), &key);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    return verify_ways(CKM_EDDSA, 0, 0, key, hex_of(test, "msg"), hex_of(test, "sig"));
}

/* ---- agreement --------------------------------------------------------------------------------------------- */

static enum outcome agree(CK_KEY_TYPE type, struct data oid, struct data private, struct data peer,
                          struct data shared)
{
    CK_ATTRIBUTE t[] = {
        {CKA_CLASS, &private_class, sizeof private_class},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_EC_PARAMS, oid.p, oid.n},
        {CKA_VALUE, private.p, private.n},
        {CKA_DERIVE, &yes, 1},
        {CKA_SENSITIVE, &no, 1},
    };
    CK_KEY_TYPE generic = CKK_GENERIC_SECRET;
    CK_ATTRIBUTE derived[] = {
        {CKA_CLASS, &secret_class, sizeof secret_class},
        {CKA_KEY_TYPE, &generic, sizeof generic},
        {CKA_SENSITIVE, &no, 1},
        {CKA_EXTRACTABLE, &yes, 1},
    };
    CK_ECDH1_DERIVE_PARAMS p = {CKD_NULL, 0, NULL, peer.n, peer.p};
    CK_MECHANISM m = mechanism(CKM_ECDH1_DERIVE, &p, sizeof p);
    CK_OBJECT_HANDLE base = 0;
    CK_OBJECT_HANDLE key = 0;
    struct data out;
    CK_RV rv = key_kept(data_join(oid, private), t, sizeof t / sizeof t[0], &base);
    rv = rv == CKR_OK ? p11->C_DeriveKey(session, &m, base, derived, 4, &key) : rv;
    if (rv == CKR_OK) {
        rv = key_value(key, &out);
        key_destroy(key);
    }
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    return data_same(out, shared) ? ACCEPTED : WRONG;
}

/* The point in a SubjectPublicKeyInfo that names OID and is DER to the letter; what else callers
 * get, they do not hand to PKCS#11. */
static bool point_of(struct data spki, struct data oid, struct data *ret)
{
    static const CK_BYTE ec[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
    CK_ULONG at = 1;
    if (spki.n < 8 || spki.p[0] != 0x30) {
        return false;
    }
    CK_ULONG len = spki.p[at++];
    if (len == 0x81) {
        len = spki.p[at++];
    }
    if (len > 0xff || at + len != spki.n || spki.p[at] != 0x30 ||
        spki.p[at + 1] != sizeof ec + oid.n) {
        return false;
    }
    at += 2;
    if (at + sizeof ec + oid.n + 4 > spki.n || memcmp(spki.p + at, ec, sizeof ec) != 0 ||
        memcmp(spki.p + at + sizeof ec, oid.p, oid.n) != 0) {
        return false;
    }
    at += sizeof ec + oid.n;
    if (spki.p[at++] != 0x03) {
        return false;
    }
    len = spki.p[at++];
    if (len == 0x81) {
        len = spki.p[at++];
    }
    if (len < 2 || at + len != spki.n || spki.p[at] != 0) {
        return false;
    }
    *ret = data_new(len - 1);
    memcpy(ret->p, spki.p + at + 1, len - 1);
    return true;
}

enum outcome run_ecdh(const char *file, json_t *group, json_t *test)
{
    (void)file;
    const struct curve *curve = curve_named(text_of(group, "curve"));
    if (curve == NULL) {
        return skip("on a curve that the token does not have");
    }
    const struct data oid = data_hex(curve->oid);
    struct data point = hex_of(test, "public");
    const bool valid = strcmp(text_of(test, "result"), "valid") == 0;
    if (strcmp(text_of(group, "encoding"), "asn") == 0 && !point_of(point, oid, &point) && !valid) {
        return skip("with a public key that is no DER with the curve's name");
    }
    const bool compressed = point.n == curve->field_n + 1 && (point.p[0] & 0xfe) == 2;
    if (compressed && valid) {
        return skip("with a compressed point, which the token does not take");
    }
    return agree(CKK_EC, oid, data_strip(hex_of(test, "private")), point, hex_of(test, "shared"));
}

enum outcome run_xdh(const char *file, json_t *group, json_t *test)
{
    (void)file;
    const bool x25519 = strcmp(text_of(group, "curve"), "curve25519") == 0;
    return agree(CKK_EC_MONTGOMERY, data_hex(x25519 ? "06032b656e" : "06032b656f"),
                 hex_of(test, "private"), hex_of(test, "public"), hex_of(test, "shared"));
}

/* ---- RSA ------------------------------------------------------------------------------------------------------ */

static CK_RV rsa_public(json_t *group, CK_OBJECT_HANDLE *ret)
{
    json_t *k = json_object_get(group, "publicKey");
    const struct data n = hex_of(k, "modulus");
    const struct data e = hex_of(k, "publicExponent");
    CK_KEY_TYPE type = CKK_RSA;
    CK_ATTRIBUTE t[] = {
        {CKA_CLASS, &public_class, sizeof public_class},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_MODULUS, n.p, n.n},
        {CKA_PUBLIC_EXPONENT, e.p, e.n},
        {CKA_VERIFY, &yes, 1},
    };
    return key_kept(data_join(n, e), t, sizeof t / sizeof t[0], ret);
}

static CK_RV rsa_private(json_t *group, CK_OBJECT_HANDLE *ret)
{
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        const char *name;
    } members[] = {
        {CKA_MODULUS, "modulus"},
        {CKA_PUBLIC_EXPONENT, "publicExponent"},
        {CKA_PRIVATE_EXPONENT, "privateExponent"},
        {CKA_PRIME_1, "prime1"},
        {CKA_PRIME_2, "prime2"},
        {CKA_EXPONENT_1, "exponent1"},
        {CKA_EXPONENT_2, "exponent2"},
        {CKA_COEFFICIENT, "coefficient"},
    };
    json_t *k = json_object_get(group, "privateKey");
    CK_KEY_TYPE type = CKK_RSA;
    CK_ATTRIBUTE t[12] = {
        {CKA_CLASS, &private_class, sizeof private_class},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_SIGN, &yes, 1},
        {CKA_DECRYPT, &yes, 1},
    };
    CK_ULONG n = 4;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const struct data v = hex_of(k, members[i].name);
        if (v.n > 0) {
            t[n++] = (CK_ATTRIBUTE){members[i].type, v.p, v.n};
        }
    }
    return key_kept(hex_of(k, "modulus"), t, n, ret);
}

/* DigestInfo for hashes that have no combined mechanism (SHA-512/224 and SHA-512/256). */
static struct data digest_info(const struct hash_names *h, struct data msg)
{
    struct data hash = data_new(0);
    const bool short_one = h->size == 28;
    (void)do_digest(h->digest, msg, &hash);
    return data_join(data_hex(short_one ? "302d300d06096086480165030402050500041c"
                                        : "3031300d060960864801650304020605000420"),
                     hash);
}

enum outcome run_rsa_verify(const char *file, json_t *group, json_t *test)
{
    (void)file;
    const struct hash_names *h = hash_named(text_of(group, "sha"));
    CK_OBJECT_HANDLE key = 0;
    if (h == NULL) {
        return skip("with a hash that RSA in PKCS#11 does not have");
    }
    CK_RV rv = rsa_public(group, &key);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    const struct data sig = hex_of(test, "sig");
    const struct data msg = hex_of(test, "msg");
    if (h->rsa != 0) {
        return verify_ways(h->rsa, 0, 0, key, msg, sig);
    }
    CK_MECHANISM m = mechanism(CKM_RSA_PKCS, NULL, 0);
    rv = do_verify(&m, key, digest_info(h, msg), 0, sig);
    return rv == CKR_OK ? ACCEPTED : rejected(rv);
}

enum outcome run_rsa_sign(const char *file, json_t *group, json_t *test)
{
    (void)file;
    const struct hash_names *h = hash_named(text_of(group, "sha"));
    CK_OBJECT_HANDLE key = 0;
    struct data out;
    if (h == NULL) {
        return skip("with a hash that RSA in PKCS#11 does not have");
    }
    CK_RV rv = rsa_private(group, &key);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    const bool combined = h->rsa != 0;
    const struct data msg = hex_of(test, "msg");
    CK_MECHANISM m = mechanism(combined ? h->rsa : CKM_RSA_PKCS, NULL, 0);
    rv = do_sign(&m, key, combined ? msg : digest_info(h, msg), 0, &out);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    return data_same(out, hex_of(test, "sig")) ? ACCEPTED : WRONG;
}

enum outcome run_pss(const char *file, json_t *group, json_t *test)
{
    (void)file;
    const struct hash_names *h = hash_named(text_of(group, "sha"));
    const struct hash_names *mgf = hash_named(text_of(group, "mgfSha"));
    CK_OBJECT_HANDLE key = 0;
    struct data hash;
    if (h == NULL || mgf == NULL || mgf->mgf == 0) {
        return skip("with a hash that PSS in PKCS#11 does not have");
    }
    CK_RV rv = rsa_public(group, &key);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    CK_RSA_PKCS_PSS_PARAMS p = {h->digest, mgf->mgf, number_of(group, "sLen")};
    const struct data msg = hex_of(test, "msg");
    const struct data sig = hex_of(test, "sig");
    CK_MECHANISM raw = mechanism(CKM_RSA_PKCS_PSS, &p, sizeof p);
    rv = do_digest(h->digest, msg, &hash);
    rv = rv == CKR_OK ? do_verify(&raw, key, hash, 0, sig) : rv;
    if (h->pss != 0) {
        CK_MECHANISM m = mechanism(h->pss, &p, sizeof p);
        if (do_verify(&m, key, msg, 0, sig) != rv || do_verify(&m, key, msg, 9, sig) != rv) {
            return WRONG;
        }
    }
    return rv == CKR_OK ? ACCEPTED : rejected(rv);
}

enum outcome run_oaep(const char *file, json_t *group, json_t *test)
{
    (void)file;
    const struct hash_names *h = hash_named(text_of(group, "sha"));
    const struct hash_names *mgf = hash_named(text_of(group, "mgfSha"));
    CK_OBJECT_HANDLE key = 0;
    struct data out;
    if (h == NULL || mgf == NULL || mgf->mgf == 0) {
        return skip("with a mask generation function that has no number in PKCS#11");
    }
    CK_RV rv = rsa_private(group, &key);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    const struct data label = hex_of(test, "label");
    CK_RSA_PKCS_OAEP_PARAMS p = {h->digest, mgf->mgf, CKZ_DATA_SPECIFIED, label.p, label.n};
    CK_MECHANISM m = mechanism(CKM_RSA_PKCS_OAEP, &p, sizeof p);
    rv = do_decrypt(&m, key, hex_of(test, "ct"), 0, &out);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    return data_same(out, hex_of(test, "msg")) ? ACCEPTED : WRONG;
}

/* A wrong padding gives other bytes and no error (implicit rejection): that is a refusal too. */
enum outcome run_pkcs1_decrypt(const char *file, json_t *group, json_t *test)
{
    (void)file;
    CK_OBJECT_HANDLE key = 0;
    struct data out;
    CK_RV rv = rsa_private(group, &key);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    CK_MECHANISM m = mechanism(CKM_RSA_PKCS, NULL, 0);
    rv = do_decrypt(&m, key, hex_of(test, "ct"), 0, &out);
    if (rv != CKR_OK) {
        return rejected(rv);
    }
    if (data_same(out, hex_of(test, "msg"))) {
        return ACCEPTED;
    }
    return strcmp(text_of(test, "result"), "valid") == 0 ? WRONG : rejected(CKR_OK);
}
