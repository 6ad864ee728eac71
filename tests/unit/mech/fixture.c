/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of mech share: see fixture.h.
 */
#include "fixture.h"

#include "family.h"

#include <string.h>

#include "crypto_openssl/openssl_backend.h"
#include "wire/hex.h"

struct mech_env env;
uint64_t nonces;
static struct crypto *open_crypto;

static enum rc next_nonce(void *ctx, const struct object *key, uint8_t ret[12])
{
    (void)ctx;
    (void)key;
    memset(ret, 0xa5, 4);
    put_u64_be(ret + 4, ++nonces);
    return RC_OK;
}

int fixture_open(void **state)
{
    (void)state;
    static const struct crypto_backend *backends[1];
    backends[0] = crypto_backend_openssl();
    assert_ok(crypto_open(CRYPTO_OPENSSL, env_system(), backends, 1, &open_crypto));
    env = (struct mech_env){.crypto = open_crypto,
                            .policy = {.enable_pqc = true, .vendor_mechanisms = true},
                            .next_nonce = next_nonce};
    return 0;
}

int fixture_close(void **state)
{
    (void)state;
    crypto_close(open_crypto);
    return 0;
}

struct bytes hex(const char *text)
{
    static struct buf ring[32];
    static size_t at;
    struct buf *b = &ring[at++ % 32];
    b->n = 0;
    assert_ok(buf_reserve(b, 1));
    assert_ok(hex_read(text, strlen(text), b));
    return buf_view(b);
}

void assert_bytes(struct bytes a, struct bytes b)
{
    assert_int_equal(a.n, b.n);
    if (a.n > 0) {
        assert_memory_equal(a.p, b.p, a.n);
    }
}

static enum rc finish(struct draft *d, struct object **ret)
{
    static uint64_t id = 100;
    TRY(draft_set(d, CKA_UNIQUE_ID, BYTES_STR("0123456789abcdef0123456789abcdef")));
    return draft_finish(d, id++, 1, ret);
}

static enum rc draft_of(enum object_origin origin, const CK_ATTRIBUTE *t, size_t n,
                        struct draft **ret)
{
    const struct object_rules rules = {0};
    AUTO_TEMPLATE struct template *template = NULL;
    TRY(template_read(t, n, false, &template));
    return draft_new(origin, &rules, template, ret);
}

enum rc create(const CK_ATTRIBUTE *t, size_t n, struct object **ret)
{
    AUTO_DRAFT struct draft *d = NULL;
    TRY(draft_of(ORIGIN_CREATE, t, n, &d));
    TRY(draft_check(d));
    TRY(mech_import(&env, d));
    return finish(d, ret);
}

struct object *secret_key(CK_KEY_TYPE type, struct bytes value)
{
    struct object *o = NULL;
    assert_ok(CREATE(&o, A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, type),
                     A_BYTES(CKA_VALUE, value), A_FALSE(CKA_SENSITIVE), A_TRUE(CKA_EXTRACTABLE),
                     A_TRUE(CKA_DERIVE)));
    return o;
}

struct object *aes(const char *key_hex)
{
    return secret_key(CKK_AES, hex(key_hex));
}

static const struct mech_row *row_of(CK_MECHANISM_TYPE type)
{
    const struct mech_row *row = mech_find(&env, type);
    assert_non_null(row);
    return row;
}

enum rc generate(CK_MECHANISM_TYPE type, const CK_ATTRIBUTE *t, size_t n, struct object **ret)
{
    AUTO_DRAFT struct draft *d = NULL;
    const CK_MECHANISM m = {.mechanism = type};
    TRY(draft_of(ORIGIN_GENERATE, t, n, &d));
    TRY(mech_generate(&env, row_of(type), &m, d));
    return finish(d, ret);
}

enum rc generate_pair(CK_MECHANISM_TYPE type, const CK_ATTRIBUTE *pub_t, size_t pub_n,
                      struct object **ret_pub, struct object **ret_priv)
{
    AUTO_DRAFT struct draft *pub = NULL;
    AUTO_DRAFT struct draft *priv = NULL;
    const CK_ATTRIBUTE open[] = {A_FALSE(CKA_SENSITIVE), A_TRUE(CKA_EXTRACTABLE),
                                 A_TRUE(CKA_DERIVE)};
    const CK_MECHANISM m = {.mechanism = type};
    const enum key_set keys = row_of(type)->keys;
    const bool signs = keys == KEYS_ML_DSA || keys == KEYS_SLH_DSA || keys == KEYS_COMP_SIG;
    TRY(draft_of(ORIGIN_GENERATE, pub_t, pub_n, &pub));
    TRY(draft_of(ORIGIN_GENERATE, open, ARRAY_LEN(open) - (signs ? 1 : 0), &priv));
    TRY(mech_generate_pair(&env, row_of(type), &m, pub, priv));
    AUTO_OBJECT struct object *o = NULL;
    TRY(finish(pub, &o));
    TRY(finish(priv, ret_priv));
    *ret_pub = TAKE(o);
    return RC_OK;
}

void rsa_pair(CK_ULONG bits, struct object **ret_pub, struct object **ret_priv)
{
    const CK_ATTRIBUTE t[] = {A_ULONG(CKA_MODULUS_BITS, bits)};
    assert_ok(generate_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, t, 1, ret_pub, ret_priv));
}

void ec_pair(const char *params_hex, CK_MECHANISM_TYPE type, struct object **ret_pub,
             struct object **ret_priv)
{
    const CK_ATTRIBUTE t[] = {A_BYTES(CKA_EC_PARAMS, hex(params_hex))};
    assert_ok(generate_pair(type, t, 1, ret_pub, ret_priv));
}

enum rc begin(struct mech_op *op, CK_MECHANISM_TYPE type, enum mech_verb verb, const void *param,
              size_t param_n, const struct object *key)
{
    const CK_MECHANISM m = {type, (void *)(uintptr_t)param, param_n};
    return mech_begin(op, &env, row_of(type), verb, &m, key);
}

static void free_op(struct mech_op **op)
{
    mech_op_free(*op);
}
#define AUTO_OP __attribute__((cleanup(free_op)))

/* One step, into a place of exactly the promised size. */
static enum rc step(struct mech_op *op, enum mech_phase phase, struct bytes in, struct buf *ret)
{
    size_t need = 0;
    size_t n = 0;
    bool exact = false;
    TRY(mech_out_size(op, phase, in.n, &need, &exact));
    AUTO_FREE uint8_t *out = mem_alloc(need);
    REQUIRE(out != NULL, RC_HOST_MEMORY);
    switch (phase) {
    case PHASE_ONCE:
        TRY(mech_once(op, in, out, &n));
        break;
    case PHASE_UPDATE:
        TRY(mech_update(op, in, out, &n));
        break;
    case PHASE_FINAL:
        TRY(mech_final(op, out, &n));
        break;
    }
    assert_true(exact ? n == need : n <= need);
    return n > 0 ? buf_add(ret, out, n) : RC_OK;
}

enum rc once(CK_MECHANISM_TYPE type, enum mech_verb verb, const void *param, size_t param_n,
             const struct object *key, struct bytes in, struct buf *ret)
{
    AUTO_OP struct mech_op *op = mech_op_new();
    REQUIRE(op != NULL, RC_HOST_MEMORY);
    TRY(begin(op, type, verb, param, param_n, key));
    return step(op, PHASE_ONCE, in, ret);
}

enum rc in_parts(CK_MECHANISM_TYPE type, enum mech_verb verb, const void *param, size_t param_n,
                 const struct object *key, struct bytes in, size_t size, struct buf *ret)
{
    AUTO_OP struct mech_op *op = mech_op_new();
    REQUIRE(op != NULL, RC_HOST_MEMORY);
    TRY(begin(op, type, verb, param, param_n, key));
    for (size_t at = 0; at < in.n; at += size) {
        const size_t n = in.n - at < size ? in.n - at : size;
        TRY(step(op, PHASE_UPDATE, BYTES(in.p + at, n), ret));
    }
    return step(op, PHASE_FINAL, BYTES_NONE, ret);
}

enum rc verify(CK_MECHANISM_TYPE type, const void *param, size_t param_n, const struct object *key,
               struct bytes in, struct bytes sig)
{
    AUTO_OP struct mech_op *op = mech_op_new();
    REQUIRE(op != NULL, RC_HOST_MEMORY);
    TRY(begin(op, type, VERB_VERIFY, param, param_n, key));
    return mech_verify_once(op, in, sig);
}

enum rc verify_in_parts(CK_MECHANISM_TYPE type, const void *param, size_t param_n,
                        const struct object *key, struct bytes in, size_t size, struct bytes sig)
{
    AUTO_OP struct mech_op *op = mech_op_new();
    size_t none = 0;
    REQUIRE(op != NULL, RC_HOST_MEMORY);
    TRY(begin(op, type, VERB_VERIFY, param, param_n, key));
    for (size_t at = 0; at < in.n; at += size) {
        const size_t n = in.n - at < size ? in.n - at : size;
        TRY(mech_update(op, BYTES(in.p + at, n), NULL, &none));
    }
    return mech_verify_final(op, sig);
}
