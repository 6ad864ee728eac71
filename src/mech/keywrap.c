/* SPDX-License-Identifier: Apache-2.0
 *
 * Family: AES key wrap. CKM_AES_KEY_WRAP is RFC 3394 (multiples of 8 bytes, at least 16),
 * CKM_AES_KEY_WRAP_KWP and the older CKM_AES_KEY_WRAP_PAD are RFC 5649, CKM_AES_KEY_WRAP_PKCS7 pads
 * to 8 bytes as PKCS#7 does and then wraps by RFC 3394. Single-part.
 */
#include "family.h"

#define MAX_IN (1ul << 31) /* bytes; RFC 5649 counts in 32 bits */

static bool offered(const struct mech_env *env, const struct mech_row *row)
{
    (void)row;
    return env->crypto->keywrap != NULL;
}

static enum keywrap_kind kind_of(const struct mech_op *op)
{
    return op->row->kind == WRAP_RFC5649 ? KEYWRAP_RFC5649 : KEYWRAP_RFC3394;
}

static enum rc out_size(const struct mech_op *op, enum mech_phase phase, size_t in_n, size_t *ret,
                        bool *ret_exact)
{
    (void)phase;
    REQUIRE(in_n <= MAX_IN,
            op->verb == VERB_ENCRYPT ? RC_DATA_LEN_RANGE : RC_ENCRYPTED_DATA_LEN_RANGE);
    *ret_exact = true;
    if (op->verb == VERB_DECRYPT) {
        *ret = in_n > 8 ? in_n - 8 : 0;
        *ret_exact = op->row->kind == WRAP_RFC3394;
    } else if (op->row->kind == WRAP_PKCS7) {
        *ret = in_n - in_n % 8 + 16;
    } else {
        *ret = (in_n + 7) / 8 * 8 + 8;
    }
    return RC_OK;
}

static enum rc wrap_padded(struct mech_op *op, struct bytes in, const struct secret *kek,
                           const uint8_t *iv, struct buf *ret)
{
    const size_t pad = 8 - in.n % 8;
    AUTO_SECRET struct secret *padded = secret_new(in.n + pad);
    REQUIRE(padded != NULL, RC_HOST_MEMORY);
    REQUIRE(padded->n >= 16, RC_DATA_LEN_RANGE);
    mem_copy(padded->p, in.p, in.n);
    for (size_t i = in.n; i < padded->n; i++) {
        padded->p[i] = (uint8_t)pad;
    }
    return op->env->crypto->keywrap->wrap(KEYWRAP_RFC3394, kek, iv, secret_view(padded), ret);
}

static enum rc encrypt(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    const struct secret *kek = object_secret(op->key, CKA_VALUE);
    const uint8_t *iv = op->param.iv.n > 0 ? op->param.iv.p : NULL;
    AUTO_BUF struct buf wrapped = BUF_INIT;
    size_t room = 0;
    bool exact = false;
    TRY(out_size(op, PHASE_ONCE, in.n, &room, &exact));
    if (op->row->kind == WRAP_PKCS7) {
        TRY(wrap_padded(op, in, kek, iv, &wrapped));
    } else {
        const bool rfc3394 = op->row->kind == WRAP_RFC3394;
        REQUIRE(rfc3394 ? in.n >= 16 && in.n % 8 == 0 : in.n > 0, RC_DATA_LEN_RANGE);
        TRY(op->env->crypto->keywrap->wrap(kind_of(op), kek, iv, in, &wrapped));
    }
    REQUIRE(wrapped.n <= room, RC_GENERAL_ERROR);
    mem_copy(out, wrapped.p, wrapped.n);
    *out_n = wrapped.n;
    return RC_OK;
}

/* How many bytes PKCS#7 padding to 8 leaves of V; V->n + 1 when the padding is wrong. The time
 * depends on the length alone. */
static size_t unpad8(const struct secret *v)
{
    const size_t pad = v->p[v->n - 1];
    unsigned bad = (unsigned)((pad - 1) >> 3 != 0); /* 1..8 */
    for (size_t i = 0; i < 8; i++) {
        const unsigned in_pad = (unsigned)(i < pad);
        bad |= in_pad & (unsigned)(v->p[v->n - 1 - i] != pad);
    }
    return bad ? v->n + 1 : v->n - pad;
}

static enum rc decrypt(struct mech_op *op, struct bytes in, uint8_t *out, size_t *out_n)
{
    const struct secret *kek = object_secret(op->key, CKA_VALUE);
    const uint8_t *iv = op->param.iv.n > 0 ? op->param.iv.p : NULL;
    const size_t least = op->row->kind == WRAP_RFC5649 ? 16 : 24;
    AUTO_SECRET struct secret *plain = NULL;
    REQUIRE(in.n >= least && in.n % 8 == 0 && in.n <= MAX_IN, RC_ENCRYPTED_DATA_LEN_RANGE);
    const enum rc rc = op->env->crypto->keywrap->unwrap(kind_of(op), kek, iv, in, &plain);
    REQUIRE(rc != RC_WRAPPED_KEY_LEN_RANGE, RC_ENCRYPTED_DATA_LEN_RANGE);
    REQUIRE(rc != RC_WRAPPED_KEY_INVALID, RC_ENCRYPTED_DATA_INVALID);
    TRY(rc);
    size_t n = plain->n;
    if (op->row->kind == WRAP_PKCS7) {
        n = unpad8(plain);
        REQUIRE(n <= plain->n, RC_ENCRYPTED_DATA_INVALID);
    }
    REQUIRE(n <= in.n - 8, RC_GENERAL_ERROR);
    mem_copy(out, plain->p, n);
    *out_n = n;
    return RC_OK;
}

static enum rc begin(struct mech_op *op)
{
    static const struct runner encrypts = {.out_size = out_size, .once = encrypt};
    static const struct runner decrypts = {.out_size = out_size, .once = decrypt};
    REQUIRE(object_secret(op->key, CKA_VALUE) != NULL, RC_KEY_TYPE_INCONSISTENT);
    op->run = op->verb == VERB_ENCRYPT ? &encrypts : &decrypts;
    return RC_OK;
}

const struct family family_keywrap = {.offered = offered, .begin = begin};
