/* SPDX-License-Identifier: Apache-2.0
 *
 * Wrapping with a KEM in two steps: encapsulate, derive a key-encryption key from the shared secret,
 * wrap the target with AES-KWP. The result says what it is made of: it is a KEMRecipientInfo of CMS
 * (RFC 9629), DER:
 *
 *   SEQUENCE {
 *     INTEGER 0
 *     [0] subject key identifier: the first 20 bytes of the public key's SHA-256 (RFC 7093)
 *     SEQUENCE { OID of the KEM and its parameter set }
 *     OCTET STRING ciphertext
 *     SEQUENCE { OID id-alg-hkdf-with-sha256 }
 *     INTEGER 32, bytes of the key-encryption key
 *     [0] { OCTET STRING what is wrapped }
 *     SEQUENCE { OID id-aes256-wrap-pad }
 *     OCTET STRING the wrapped key (RFC 5649)
 *   }
 *
 * What is wrapped (the user keying material of the RFC) is SEQUENCE { UTF8String "craton-hsm key",
 * INTEGER class, and of secret keys INTEGER key type }, as the numbers of PKCS#11; PKCS#8 says the type
 * of a private key. Others may put something else there or nothing: then the template decides alone.
 *
 * The key-encryption key is HKDF-SHA256 without salt; its info is CMSORIforKEMOtherInfo, which binds
 * the wrapping, the length, and what is wrapped: whoever changes or takes out that statement gets
 * another key-encryption key. The identifier helps to find the key and is not checked: a wrong key
 * fails at the wrapping's own check.
 */
#include "kem.h"

#include "wire/der.h"

enum { KEK_SIZE = 32, KEY_ID_SIZE = 20, OVERHEAD = 192 };

/* Whole SEQUENCEs: AlgorithmIdentifiers without parameters. */
static const uint8_t hkdf_sha256[] = {0x30, 0x0d, 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86,
                                      0xf7, 0x0d, 0x01, 0x09, 0x10, 0x03, 0x1c};
static const uint8_t aes256_wrap_pad[] = {0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
                                          0x01, 0x65, 0x03, 0x04, 0x01, 0x30};

/* ---- what is wrapped ---------------------------------------------------------------------------------- */

#define STATEMENT BYTES_STR("craton-hsm key") /* what ours begins with */

/* What the user keying material says of K. */
static enum rc write_statement(const struct key_kind *k, struct buf *ret)
{
    AUTO_BUF struct buf body = BUF_INIT;
    TRY(der_add(&body, DER_UTF8_STRING, STATEMENT));
    TRY(der_add_small(&body, (uint32_t)k->cls));
    if (k->cls == CKO_SECRET_KEY) {
        TRY(der_add_small(&body, (uint32_t)k->type));
    }
    return der_add(ret, DER_SEQUENCE, buf_view(&body));
}

/* Whether V is a statement of ours, about whatever. */
static bool is_statement(struct bytes v)
{
    struct bytes seq = BYTES_NONE;
    struct bytes name = BYTES_NONE;
    if (der_whole(v, DER_SEQUENCE, &seq) != RC_OK) {
        return false;
    }
    struct rd r = RD(seq);
    return der_take(&r, DER_UTF8_STRING, &name) == RC_OK && bytes_equal(name, STATEMENT);
}

static enum rc agrees(const struct key_kind *k, struct bytes ukm)
{
    AUTO_BUF struct buf right = BUF_INIT;
    TRY(write_statement(k, &right));
    return !is_statement(ukm) || bytes_equal(ukm, buf_view(&right)) ? RC_OK
                                                                    : RC_TEMPLATE_INCONSISTENT;
}

/* The field of both structures; nothing when there is none. */
static enum rc add_ukm(struct buf *b, struct bytes ukm)
{
    AUTO_BUF struct buf octets = BUF_INIT;
    if (ukm.n == 0) {
        return RC_OK;
    }
    TRY(der_add(&octets, DER_OCTET_STRING, ukm));
    return der_add(b, DER_CONTEXT_0, buf_view(&octets));
}

static enum rc key_encryption_key(const struct mech_op *op, const struct secret *shared,
                                  struct bytes ukm, struct secret **ret)
{
    AUTO_BUF struct buf body = BUF_INIT;
    AUTO_BUF struct buf info = BUF_INIT;
    TRY(buf_add(&body, aes256_wrap_pad, sizeof(aes256_wrap_pad)));
    TRY(der_add_small(&body, KEK_SIZE));
    TRY(add_ukm(&body, ukm));
    TRY(der_add(&info, DER_SEQUENCE, buf_view(&body)));
    return crypto_hkdf(op->env->crypto, HASH_SHA256, true, true, shared, BYTES_NONE,
                       buf_view(&info), KEK_SIZE, ret);
}

static enum rc key_oid(const struct mech_op *op, struct bytes *ret)
{
    const struct source s = {.o = op->key};
    struct pkey_spec spec;
    TRY(source_spec(&s, object_key_type(op->key), &spec));
    *ret = set_oid(&spec);
    return RC_OK;
}

/* ---- wrapping ----------------------------------------------------------------------------------------- */

static enum rc out_size(const struct mech_op *op, enum mech_phase phase, size_t in_n, size_t *ret,
                        bool *ret_exact)
{
    (void)phase;
    REQUIRE(in_n <= HELD_MAX, RC_DATA_LEN_RANGE);
    *ret = op->verb == VERB_ENCRYPT ? in_n + op->size + OVERHEAD : in_n;
    *ret_exact = false;
    return RC_OK;
}

static enum rc write_blob(const struct mech_op *op, struct bytes ct, struct bytes ukm,
                          struct bytes wrapped, struct buf *ret)
{
    uint8_t id[HASH_MAX_SIZE];
    struct bytes oid = BYTES_NONE;
    struct bytes pub = BYTES_NONE;
    AUTO_BUF struct buf body = BUF_INIT;
    TRY(key_oid(op, &oid));
    TRY(object_bytes(op->key, CKA_VALUE, &pub));
    TRY(crypto_hash(op->env->crypto, HASH_SHA256, pub, id));
    TRY(der_add_small(&body, 0));
    TRY(der_add(&body, DER_CONTEXT_PRIMITIVE_0, BYTES(id, KEY_ID_SIZE)));
    TRY(der_add(&body, DER_SEQUENCE, oid));
    TRY(der_add(&body, DER_OCTET_STRING, ct));
    TRY(buf_add(&body, hkdf_sha256, sizeof(hkdf_sha256)));
    TRY(der_add_small(&body, KEK_SIZE));
    TRY(add_ukm(&body, ukm));
    TRY(buf_add(&body, aes256_wrap_pad, sizeof(aes256_wrap_pad)));
    TRY(der_add(&body, DER_OCTET_STRING, wrapped));
    return der_add(ret, DER_SEQUENCE, buf_view(&body));
}

static enum rc wrap(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    AUTO_SECRET struct secret *shared = NULL;
    AUTO_SECRET struct secret *kek = NULL;
    AUTO_BUF struct buf ct = BUF_INIT;
    AUTO_BUF struct buf ukm = BUF_INIT;
    AUTO_BUF struct buf wrapped = BUF_INIT;
    AUTO_BUF struct buf blob = BUF_INIT;
    REQUIRE(in.n > 0, RC_DATA_LEN_RANGE);
    TRY(write_statement(&op->wrapped, &ukm));
    TRY(buf_reserve(&ct, op->size));
    TRY(op->pkey_ops->encapsulate(op->pkey, op->env->crypto->rng, BYTES_NONE, ct.p, &shared));
    ct.n = op->size;
    TRY(key_encryption_key(op, shared, buf_view(&ukm), &kek));
    TRY(op->env->crypto->keywrap->wrap(KEYWRAP_RFC5649, kek, NULL, in, &wrapped));
    TRY(write_blob(op, buf_view(&ct), buf_view(&ukm), buf_view(&wrapped), &blob));
    REQUIRE(blob.n <= in.n + op->size + OVERHEAD, RC_GENERAL_ERROR);
    mem_copy(out, blob.p, blob.n);
    *out_n = blob.n;
    return RC_OK;
}

/* ---- unwrapping --------------------------------------------------------------------------------------- */

struct blob {
    struct bytes kem, ct, ukm, wrapped; /* kem: the OID, whole DER; ukm: empty when there is none */
};

/* The next element is exactly V. */
static enum rc take_exactly(struct rd *r, struct bytes v)
{
    struct bytes got = BYTES_NONE;
    TRY(rd_take(r, v.n, &got));
    return bytes_equal(got, v) ? RC_OK : RC_MALFORMED;
}

static enum rc take_ukm(struct rd *r, struct bytes *ret)
{
    struct bytes field = BYTES_NONE;
    if (r->n == 0 || r->p[0] != DER_CONTEXT_0) {
        return RC_OK;
    }
    TRY(der_take(r, DER_CONTEXT_0, &field));
    TRY(der_whole(field, DER_OCTET_STRING, ret));
    return ret->n > 0 ? RC_OK : RC_MALFORMED;
}

static enum rc read_blob(struct bytes v, struct blob *ret)
{
    struct bytes seq = BYTES_NONE;
    struct bytes id = BYTES_NONE;
    uint32_t number = 0;
    TRY(der_whole(v, DER_SEQUENCE, &seq));
    struct rd r = RD(seq);
    TRY(der_take_small(&r, &number));
    REQUIRE(number == 0, RC_MALFORMED);
    TRY(der_take(&r, DER_CONTEXT_PRIMITIVE_0, &id));
    TRY(der_take(&r, DER_SEQUENCE, &ret->kem));
    TRY(der_take(&r, DER_OCTET_STRING, &ret->ct));
    TRY(take_exactly(&r, BYTES(hkdf_sha256, sizeof(hkdf_sha256))));
    TRY(der_take_small(&r, &number));
    REQUIRE(number == KEK_SIZE, RC_MALFORMED);
    TRY(take_ukm(&r, &ret->ukm));
    TRY(take_exactly(&r, BYTES(aes256_wrap_pad, sizeof(aes256_wrap_pad))));
    TRY(der_take(&r, DER_OCTET_STRING, &ret->wrapped));
    return rd_end(&r);
}

static enum rc unwrap(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    AUTO_SECRET struct secret *shared = NULL;
    AUTO_SECRET struct secret *kek = NULL;
    AUTO_SECRET struct secret *plain = NULL;
    struct blob blob = {.kem = BYTES_NONE};
    struct bytes oid = BYTES_NONE;
    REQUIRE(read_blob(in, &blob) == RC_OK, RC_ENCRYPTED_DATA_INVALID);
    TRY(key_oid(op, &oid));
    REQUIRE(bytes_equal(blob.kem, oid), RC_KEY_TYPE_INCONSISTENT);
    REQUIRE(blob.ct.n == op->size, RC_ENCRYPTED_DATA_INVALID);
    TRY(op->pkey_ops->decapsulate(op->pkey, blob.ct, &shared));
    TRY(key_encryption_key(op, shared, blob.ukm, &kek));
    const enum rc rc =
        op->env->crypto->keywrap->unwrap(KEYWRAP_RFC5649, kek, NULL, blob.wrapped, &plain);
    REQUIRE(rc == RC_OK || rc == RC_HOST_MEMORY, RC_ENCRYPTED_DATA_INVALID);
    TRY(rc);
    TRY(agrees(&op->wrapped, blob.ukm)); /* now it is known that nobody has changed it */
    mem_copy(out, plain->p, plain->n);
    *out_n = plain->n;
    return RC_OK;
}

enum rc kem_wrap_begin(struct mech_op *op)
{
    static const struct runner wraps = {.out_size = out_size, .once = wrap};
    static const struct runner unwraps = {.out_size = out_size, .once = unwrap};
    REQUIRE(!op->param.given, RC_MECHANISM_PARAM_INVALID);
    REQUIRE(op->env->crypto->keywrap != NULL, RC_MECHANISM_INVALID);
    TRY(set_of_row(op->row, op->key));
    TRY(key_pkey(op->env, op->key, &op->pkey_ops, &op->pkey));
    op->size = op->pkey_ops->size(op->pkey);
    op->run = op->verb == VERB_ENCRYPT ? &wraps : &unwraps;
    return RC_OK;
}
