/* SPDX-License-Identifier: Apache-2.0
 *
 * What C_UnwrapKey takes from a KEM: the whole way through mech_unwrap, with the keys of a real library.
 * Input: a byte that chooses the key (bit 0) and the way (bit 1), then
 *   way 0   a blob
 *   way 1   changes of a blob that is right: four bytes each, where (two), how (0 to 2), with what
 * A blob that is taken gives what was wrapped; all others are refused by one of three names.
 */
#include "fuzz.h"

#include <string.h>

#include "crypto_openssl/openssl_backend.h"
#include "family.h"

#define BLOB_MAX 4096u

const struct fuzz_seed fuzz_seeds[] = {
    SEED("\x02"),
    SEED("\x03"),
    SEED("\x02\x00\x0a\x00\xff"),                                 /* the identifier */
    SEED("\x02\x00\x20\x00\x01\x00\x29\x00\x01"),                 /* the KEM's name */
    SEED("\x03\x01\x00\x00\x10\x04\x70\x00\x02\x04\x80\x01\x00"), /* ciphertext, wrapped key, cut */
    SEED("\x02\x00\x05\x02\x80\x03\x30\x02\x00"),
    /* the beginning of one: version, identifier, ML-KEM-512, an empty ciphertext */
    SEED(
        "\x00\x30\x46\x02\x01\x00\x80\x02\xaa\xbb\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x01"
        "\x04\x00\x30\x0d\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x1c\x02\x01\x20\x30\x0b\x06\x09"
        "\x60\x86\x48\x01\x65\x03\x04\x01\x30\x04\x08\x00\x00\x00\x00\x00\x00\x00\x00"),
    {NULL, 0},
};

/* One KEM: its private key, and a blob that is right. */
struct kem {
    CK_MECHANISM_TYPE generator, use;
    CK_ULONG set;
    struct object *pub, *priv;
    struct buf blob;
};
static struct kem kems[] = {
    {.generator = CKM_ML_KEM_KEY_PAIR_GEN, .use = CKM_ML_KEM, .set = CKP_ML_KEM_512},
    {.generator = CKM_COMP_KEM_KEY_PAIR_GEN,
     .use = CKM_COMP_KEM,
     .set = CKP_COMP_KEM_X25519_MLKEM768},
};
static const char target[] = "what is wrapped: forty bytes of a key...";
static struct mech_env env;

/* ---- once -------------------------------------------------------------------------------------------- */

static void new_draft(const CK_ATTRIBUTE *t, CK_ULONG n, enum object_origin origin,
                      struct draft **ret)
{
    const struct object_rules rules = {0};
    AUTO_TEMPLATE struct template *template = NULL;
    MUST(template_read(t, n, false, &template) == RC_OK);
    MUST(draft_new(origin, &rules, template, ret) == RC_OK);
}

static const struct key_kind generic = {CKO_SECRET_KEY, CKK_GENERIC_SECRET};

static struct object *finish(struct draft *d)
{
    struct object *o = NULL;
    MUST(draft_set(d, CKA_UNIQUE_ID, BYTES_STR("0123456789abcdef0123456789abcdef")) == RC_OK);
    MUST(draft_finish(d, 1, 1, &o) == RC_OK);
    return o;
}

static void make(struct kem *k)
{
    const CK_MECHANISM generator = {k->generator, NULL, 0};
    const CK_MECHANISM use = {k->use, NULL, 0};
    const CK_ATTRIBUTE t[] = {{CKA_PARAMETER_SET, &k->set, sizeof k->set}};
    AUTO_DRAFT struct draft *pub = NULL;
    AUTO_DRAFT struct draft *priv = NULL;
    AUTO_SECRET struct secret *plain = secret_from(target, sizeof target);
    new_draft(t, 1, ORIGIN_GENERATE, &pub);
    new_draft(NULL, 0, ORIGIN_GENERATE, &priv);
    MUST(mech_generate_pair(&env, mech_find(&env, k->generator), &generator, pub, priv) == RC_OK);
    k->pub = finish(pub);
    k->priv = finish(priv);
    MUST(mech_wrap(&env, mech_find(&env, k->use), &use, k->pub, &generic, plain, &k->blob) ==
         RC_OK);
    MUST(k->blob.n < BLOB_MAX);
}

static void make_all(void)
{
    static const struct crypto_backend *backends[1];
    static struct crypto *crypto;
    if (crypto != NULL) {
        return;
    }
    backends[0] = crypto_backend_openssl();
    MUST(crypto_open(CRYPTO_OPENSSL, env_system(), backends, 1, &crypto) == RC_OK);
    env = (struct mech_env){.crypto = crypto, .policy = {.enable_pqc = true}};
    for (size_t i = 0; i < ARRAY_LEN(kems); i++) {
        make(&kems[i]);
    }
}

/* ---- each input -------------------------------------------------------------------------------------- */

/* 0: a byte changes; 1: the blob ends here; 2: a byte comes in. */
static size_t change(uint8_t *blob, size_t n, const uint8_t step[4])
{
    const size_t at = n > 0 ? ((size_t)step[0] << 8 | step[1]) % n : 0;
    switch (step[2] % 3) {
    case 0:
        if (n > 0) {
            blob[at] ^= step[3];
        }
        return n;
    case 1:
        return at;
    default:
        if (n == BLOB_MAX) {
            return n;
        }
        memmove(blob + at + 1, blob + at, n - at);
        blob[at] = step[3];
        return n + 1;
    }
}

/* What came out goes on as C_UnwrapKey has it, as every kind of key. */
static void decode(const struct secret *plain)
{
    static const struct key_kind kinds[] = {{CKO_SECRET_KEY, CKK_GENERIC_SECRET},
                                            {CKO_SECRET_KEY, CKK_AES},
                                            {CKO_PRIVATE_KEY, CKK_ML_KEM}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        const CK_ATTRIBUTE t[] = {
            {CKA_CLASS, (void *)(uintptr_t)&kinds[i].cls, sizeof kinds[i].cls},
            {CKA_KEY_TYPE, (void *)(uintptr_t)&kinds[i].type, sizeof kinds[i].type}};
        AUTO_DRAFT struct draft *d = NULL;
        new_draft(t, 2, ORIGIN_UNWRAP, &d);
        const enum rc rc = mech_decode_key(&env, plain, d);
        MUST(i == 0 ? rc == RC_OK : rc == RC_WRAPPED_KEY_INVALID);
    }
}

static void unwrap(const struct kem *k, const uint8_t *blob, size_t n)
{
    const CK_MECHANISM m = {k->use, NULL, 0};
    AUTO_SECRET struct secret *plain = NULL;
    const enum rc rc =
        mech_unwrap(&env, mech_find(&env, k->use), &m, k->priv, &generic, BYTES(blob, n), &plain);
    if (rc == RC_OK) {
        MUST(bytes_equal(secret_view(plain), BYTES((const uint8_t *)target, sizeof target)));
        decode(plain);
        return;
    }
    MUST(plain == NULL);
    MUST(rc == RC_WRAPPED_KEY_INVALID || rc == RC_UNWRAPPING_KEY_TYPE_INCONSISTENT ||
         (rc == RC_WRAPPED_KEY_LEN_RANGE && n == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t blob[BLOB_MAX];
    make_all();
    if (size == 0) {
        return 0;
    }
    const struct kem *k = &kems[data[0] & 1];
    if ((data[0] & 2) == 0) {
        unwrap(k, data + 1, size - 1);
        return 0;
    }
    size_t n = k->blob.n;
    memcpy(blob, k->blob.p, n);
    for (size_t at = 1; at + 4 <= size; at += 4) {
        n = change(blob, n, data + at);
    }
    unwrap(k, blob, n);
    return 0;
}
