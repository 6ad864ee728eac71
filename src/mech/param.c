/* SPDX-License-Identifier: Apache-2.0
 *
 * Mechanism parameters, by kind: sizes are exact, inner pointers are checked before they are
 * followed, everything is copied, whatever its alignment. What is wrong is
 * RC_MECHANISM_PARAM_INVALID.
 */
#include "family.h"

#define BAD RC_MECHANISM_PARAM_INVALID

/* A byte string that a parameter points to, and where its copy is to be seen. */
struct piece {
    const void *p;
    CK_ULONG n;
    struct bytes *ret;
};

static enum rc keep(struct param *p, const struct piece *pieces, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        REQUIRE(pieces[i].n <= PARAM_MAX_BYTES && (pieces[i].p != NULL || pieces[i].n == 0), BAD);
        total += pieces[i].n;
    }
    /* all at once: a view must not move when the next piece comes */
    if (total > 0) {
        TRY(buf_reserve(&p->store, total));
    }
    for (size_t i = 0; i < n; i++) {
        *pieces[i].ret = BYTES_NONE;
        if (pieces[i].n > 0) {
            *pieces[i].ret = BYTES(p->store.p + p->store.n, pieces[i].n);
            TRY(buf_add(&p->store, pieces[i].p, pieces[i].n));
        }
    }
    return RC_OK;
}

/* The parameter is one structure of N bytes. */
static enum rc take(const CK_MECHANISM *m, void *ret, size_t n)
{
    REQUIRE(m->pParameter != NULL && m->ulParameterLen == n, BAD);
    mem_copy(ret, m->pParameter, n);
    return RC_OK;
}

/* The parameter is N bytes. */
static enum rc take_bytes(const CK_MECHANISM *m, size_t n, struct param *p)
{
    REQUIRE(m->pParameter != NULL && m->ulParameterLen == n, BAD);
    const struct piece piece = {m->pParameter, n, &p->iv};
    return keep(p, &piece, 1);
}

static enum rc mgf_hash(CK_RSA_PKCS_MGF_TYPE mgf, enum hash_alg *ret)
{
    static const enum hash_alg hashes[] = {
        [CKG_MGF1_SHA1] = HASH_SHA1,         [CKG_MGF1_SHA256] = HASH_SHA256,
        [CKG_MGF1_SHA384] = HASH_SHA384,     [CKG_MGF1_SHA512] = HASH_SHA512,
        [CKG_MGF1_SHA224] = HASH_SHA224,     [CKG_MGF1_SHA3_224] = HASH_SHA3_224,
        [CKG_MGF1_SHA3_256] = HASH_SHA3_256, [CKG_MGF1_SHA3_384] = HASH_SHA3_384,
        [CKG_MGF1_SHA3_512] = HASH_SHA3_512,
    };
    REQUIRE(mgf < ARRAY_LEN(hashes) && hashes[mgf] != HASH_NONE, BAD);
    *ret = hashes[mgf];
    return RC_OK;
}

static enum rc named_hash(CK_MECHANISM_TYPE type, enum hash_alg *ret)
{
    *ret = hash_of_mechanism(type);
    REQUIRE(*ret != HASH_NONE, BAD);
    return RC_OK;
}

static enum rc kdf_hash(CK_EC_KDF_TYPE kdf, enum hash_alg *ret)
{
    static const enum hash_alg hashes[] = {
        [CKD_SHA1_KDF] = HASH_SHA1,         [CKD_SHA224_KDF] = HASH_SHA224,
        [CKD_SHA256_KDF] = HASH_SHA256,     [CKD_SHA384_KDF] = HASH_SHA384,
        [CKD_SHA512_KDF] = HASH_SHA512,     [CKD_SHA3_224_KDF] = HASH_SHA3_224,
        [CKD_SHA3_256_KDF] = HASH_SHA3_256, [CKD_SHA3_384_KDF] = HASH_SHA3_384,
        [CKD_SHA3_512_KDF] = HASH_SHA3_512,
    };
    if (kdf == CKD_NULL) {
        *ret = HASH_NONE;
        return RC_OK;
    }
    REQUIRE(kdf < ARRAY_LEN(hashes) && hashes[kdf] != HASH_NONE, BAD);
    *ret = hashes[kdf];
    return RC_OK;
}

static enum rc read_ctr(const CK_MECHANISM *m, struct param *p)
{
    CK_AES_CTR_PARAMS in;
    TRY(take(m, &in, sizeof(in)));
    REQUIRE(in.ulCounterBits >= 1 && in.ulCounterBits <= 128, BAD);
    p->counter_bits = (unsigned)in.ulCounterBits;
    const struct piece piece = {in.cb, sizeof(in.cb), &p->iv};
    return keep(p, &piece, 1);
}

static enum rc read_gcm(const CK_MECHANISM *m, struct param *p)
{
    CK_GCM_PARAMS in = {0};
    if (m->ulParameterLen == 0) {
        p->tag_n = 16;
        return RC_OK; /* our own nonce */
    }
    if (m->ulParameterLen == sizeof(CK_CRATON_GCM_PARAMS_2_40)) {
        CK_CRATON_GCM_PARAMS_2_40 old;
        TRY(take(m, &old, sizeof(old)));
        in.pIv = old.pIv;
        in.ulIvLen = old.ulIvLen;
        in.pAAD = old.pAAD;
        in.ulAADLen = old.ulAADLen;
        in.ulTagBits = old.ulTagBits;
    } else {
        TRY(take(m, &in, sizeof(in)));
    }
    REQUIRE(in.ulIvLen > 0 && in.ulTagBits >= 32 && in.ulTagBits <= 128 && in.ulTagBits % 8 == 0,
            BAD);
    p->given = true;
    p->tag_n = in.ulTagBits / 8;
    const struct piece pieces[] = {{in.pIv, in.ulIvLen, &p->iv}, {in.pAAD, in.ulAADLen, &p->aad}};
    return keep(p, pieces, ARRAY_LEN(pieces));
}

static enum rc read_ccm(const CK_MECHANISM *m, struct param *p)
{
    CK_CCM_PARAMS in;
    TRY(take(m, &in, sizeof(in)));
    REQUIRE(in.ulNonceLen >= 7 && in.ulNonceLen <= 13, BAD);
    REQUIRE(in.ulMACLen >= 4 && in.ulMACLen <= 16 && in.ulMACLen % 2 == 0, BAD);
    const unsigned length_bits = 8 * (15 - (unsigned)in.ulNonceLen);
    REQUIRE(length_bits >= 64 || in.ulDataLen >> length_bits == 0, BAD);
    p->data_n = in.ulDataLen;
    p->tag_n = in.ulMACLen;
    const struct piece pieces[] = {{in.pNonce, in.ulNonceLen, &p->iv},
                                   {in.pAAD, in.ulAADLen, &p->aad}};
    return keep(p, pieces, ARRAY_LEN(pieces));
}

static enum rc read_mac_size(const CK_MECHANISM *m, struct param *p)
{
    CK_MAC_GENERAL_PARAMS n = 0;
    TRY(take(m, &n, sizeof(n)));
    REQUIRE(n >= 1 && n <= MAC_MAX_SIZE, BAD); /* the family knows the tag's size */
    p->tag_n = n;
    return RC_OK;
}

static enum rc read_pss(const CK_MECHANISM *m, struct param *p)
{
    CK_RSA_PKCS_PSS_PARAMS in;
    TRY(take(m, &in, sizeof(in)));
    TRY(named_hash(in.hashAlg, &p->hash));
    TRY(mgf_hash(in.mgf, &p->mgf));
    REQUIRE(in.sLen <= 16384 / 8, BAD); /* the family knows the modulus */
    p->salt_n = in.sLen;
    return RC_OK;
}

static enum rc read_oaep_struct(const CK_RSA_PKCS_OAEP_PARAMS *in, struct param *p)
{
    TRY(named_hash(in->hashAlg, &p->hash));
    TRY(mgf_hash(in->mgf, &p->mgf));
    /* source 0 and no data is how many callers say "no label" */
    REQUIRE(in->source == CKZ_DATA_SPECIFIED || (in->source == 0 && in->ulSourceDataLen == 0), BAD);
    const struct piece piece = {in->pSourceData, in->ulSourceDataLen, &p->aad};
    return keep(p, &piece, 1);
}

static enum rc read_oaep(const CK_MECHANISM *m, struct param *p)
{
    CK_RSA_PKCS_OAEP_PARAMS in;
    TRY(take(m, &in, sizeof(in)));
    return read_oaep_struct(&in, p);
}

static enum rc read_rsa_aes(const CK_MECHANISM *m, struct param *p)
{
    CK_RSA_AES_KEY_WRAP_PARAMS in;
    CK_RSA_PKCS_OAEP_PARAMS oaep;
    TRY(take(m, &in, sizeof(in)));
    REQUIRE(in.ulAESKeyBits == 128 || in.ulAESKeyBits == 192 || in.ulAESKeyBits == 256, BAD);
    REQUIRE(in.pOAEPParams != NULL, BAD);
    mem_copy(&oaep, in.pOAEPParams, sizeof(oaep));
    p->aes_n = in.ulAESKeyBits / 8;
    return read_oaep_struct(&oaep, p);
}

static enum rc read_eddsa(const CK_MECHANISM *m, struct param *p)
{
    CK_EDDSA_PARAMS in;
    if (m->ulParameterLen == 0) {
        return RC_OK;
    }
    TRY(take(m, &in, sizeof(in)));
    REQUIRE(in.phFlag <= 1 && in.ulContextDataLen <= 255, BAD);
    p->given = true;
    p->prehash = in.phFlag == 1;
    const struct piece piece = {in.pContextData, in.ulContextDataLen, &p->aad};
    return keep(p, &piece, 1);
}

static enum rc read_ecdh(const CK_MECHANISM *m, struct param *p)
{
    CK_ECDH1_DERIVE_PARAMS in;
    TRY(take(m, &in, sizeof(in)));
    TRY(kdf_hash(in.kdf, &p->hash));
    REQUIRE(in.kdf != CKD_NULL || in.ulSharedDataLen == 0, BAD);
    REQUIRE(in.ulPublicDataLen > 0, BAD);
    const struct piece pieces[] = {{in.pPublicData, in.ulPublicDataLen, &p->peer},
                                   {in.pSharedData, in.ulSharedDataLen, &p->aad}};
    return keep(p, pieces, ARRAY_LEN(pieces));
}

static enum rc read_hkdf(const CK_MECHANISM *m, struct param *p)
{
    CK_HKDF_PARAMS in;
    TRY(take(m, &in, sizeof(in)));
    REQUIRE(in.bExtract <= 1 && in.bExpand <= 1 && (in.bExtract == 1 || in.bExpand == 1), BAD);
    TRY(named_hash(in.prfHashMechanism, &p->hash));
    p->extract = in.bExtract == 1;
    p->expand = in.bExpand == 1;
    p->salt_key = CK_INVALID_HANDLE;
    struct piece pieces[] = {{NULL, 0, &p->peer}, {NULL, 0, &p->aad}};
    if (p->extract && in.ulSaltType == CKF_HKDF_SALT_DATA) {
        pieces[0].p = in.pSalt;
        pieces[0].n = in.ulSaltLen;
    } else if (p->extract && in.ulSaltType == CKF_HKDF_SALT_KEY) {
        p->salt_key = in.hSaltKey;
    } else {
        REQUIRE(!p->extract || in.ulSaltType == CKF_HKDF_SALT_NULL, BAD);
    }
    if (p->expand) {
        pieces[1].p = in.pInfo;
        pieces[1].n = in.ulInfoLen;
    }
    p->given = p->extract && in.ulSaltType == CKF_HKDF_SALT_KEY; /* a salt key must come */
    return keep(p, pieces, ARRAY_LEN(pieces));
}

static enum rc read_sign_context(CK_HEDGE_TYPE hedge, const void *context, CK_ULONG n,
                                 struct param *p)
{
    REQUIRE(n <= 255, BAD);
    p->given = true;
    p->deterministic = hedge == CKH_DETERMINISTIC_REQUIRED;
    p->hedge_unknown = hedge > CKH_DETERMINISTIC_REQUIRED;
    const struct piece piece = {context, n, &p->aad};
    return keep(p, &piece, 1);
}

static enum rc read_sign(const CK_MECHANISM *m, bool context, struct param *p)
{
    CK_SIGN_ADDITIONAL_CONTEXT in;
    if (m->ulParameterLen == 0) {
        return RC_OK;
    }
    TRY(take(m, &in, sizeof(in)));
    REQUIRE(context || in.ulContextLen == 0, BAD);
    return read_sign_context(in.hedgeVariant, in.pContext, in.ulContextLen, p);
}

static enum rc read_hash_sign(const CK_MECHANISM *m, struct param *p)
{
    CK_HASH_SIGN_ADDITIONAL_CONTEXT in;
    TRY(take(m, &in, sizeof(in)));
    TRY(named_hash(in.hash, &p->hash));
    return read_sign_context(in.hedgeVariant, in.pContext, in.ulContextLen, p);
}

static enum rc read_mu(const CK_MECHANISM *m, struct param *p)
{
    CK_MU_GEN_PARAMS in;
    TRY(take(m, &in, sizeof(in)));
    REQUIRE(in.ulctxLen <= 255, BAD);
    /* a key, or 64 bytes of its public key's digest, not both */
    REQUIRE(in.ulTRLen == (in.hKey == CK_INVALID_HANDLE ? 64 : 0), BAD);
    p->salt_key = in.hKey;
    const struct piece pieces[] = {{in.pTR, in.ulTRLen, &p->peer}, {in.pctx, in.ulctxLen, &p->aad}};
    return keep(p, pieces, ARRAY_LEN(pieces));
}

/* The bare ciphertext is P->peer; the salt P->iv, the info P->aad. */
static enum rc read_kem(const CK_MECHANISM *m, struct param *p)
{
    CK_CRATON_KEM_DERIVE_PARAMS in;
    p->hash = HASH_SHA256;
    if (m->ulParameterLen == 0) {
        return RC_OK;
    }
    p->given = true;
    if (m->ulParameterLen != sizeof(in)) { /* the ciphertext: no KEM has one of that length */
        const struct piece piece = {m->pParameter, m->ulParameterLen, &p->peer};
        return keep(p, &piece, 1);
    }
    TRY(take(m, &in, sizeof(in)));
    if (in.prfHashMechanism != 0) {
        TRY(named_hash(in.prfHashMechanism, &p->hash));
    }
    REQUIRE(in.pulCiphertextLen != NULL, BAD);
    p->out = in.pCiphertext;
    p->out_n = in.pulCiphertextLen;
    const struct piece pieces[] = {{in.pSalt, in.ulSaltLen, &p->iv},
                                   {in.pInfo, in.ulInfoLen, &p->aad}};
    return keep(p, pieces, ARRAY_LEN(pieces));
}

static enum rc read_optional_iv(const CK_MECHANISM *m, size_t n, struct param *p)
{
    return m->ulParameterLen == 0 ? RC_OK : take_bytes(m, n, p);
}

static enum rc read_kind(enum param_kind kind, const CK_MECHANISM *m, struct param *p)
{
    switch (kind) {
    case PARAM_NONE:
        REQUIRE(m->ulParameterLen == 0, BAD);
        return RC_OK;
    case PARAM_IV:
        return take_bytes(m, 16, p);
    case PARAM_CTR:
        return read_ctr(m, p);
    case PARAM_GCM:
        return read_gcm(m, p);
    case PARAM_CCM:
        return read_ccm(m, p);
    case PARAM_GMAC:
        return take_bytes(m, 12, p);
    case PARAM_MAC_SIZE:
        return read_mac_size(m, p);
    case PARAM_PSS:
        return read_pss(m, p);
    case PARAM_OAEP:
        return read_oaep(m, p);
    case PARAM_RSA_AES:
        return read_rsa_aes(m, p);
    case PARAM_EDDSA:
        return read_eddsa(m, p);
    case PARAM_ECDH:
        return read_ecdh(m, p);
    case PARAM_HKDF:
        return read_hkdf(m, p);
    case PARAM_KW:
        return read_optional_iv(m, 8, p);
    case PARAM_KWP:
        return read_optional_iv(m, 4, p);
    case PARAM_SIGN:
        return read_sign(m, true, p);
    case PARAM_HASH_SIGN:
        return read_hash_sign(m, p);
    case PARAM_HEDGE:
        return read_sign(m, false, p);
    case PARAM_MU:
        return read_mu(m, p);
    case PARAM_KEM:
        return read_kem(m, p);
    case PARAM_KIND_COUNT:
        break;
    }
    return BAD;
}

enum rc param_read(enum param_kind kind, const CK_MECHANISM *m, struct param *p)
{
    param_clear(p);
    REQUIRE(m->pParameter != NULL || m->ulParameterLen == 0, BAD);
    const enum rc rc = read_kind(kind, m, p);
    if (rc != RC_OK) {
        param_clear(p);
    }
    return rc;
}

void param_clear(struct param *p)
{
    struct buf store = p->store;
    buf_clear(&store);
    *p = (struct param){.store = store};
}

void param_free(struct param *p)
{
    buf_free(&p->store);
    *p = (struct param){.store = BUF_INIT};
}
