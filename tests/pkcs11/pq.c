/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of post-quantum keys share. See pq.h.
 */
#include "pq.h"

#define KEM(bits, pub, priv, ct)                                                                   \
    {                                                                                              \
        "ML-KEM-" #bits, CKK_ML_KEM, CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_KEM, CKP_ML_KEM_##bits, pub,  \
            priv, 64, ct, false                                                                    \
    }
#define DSA(level, pub, priv, sig)                                                                 \
    {                                                                                              \
        "ML-DSA-" #level, CKK_ML_DSA, CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_DSA, CKP_ML_DSA_##level,     \
            pub, priv, 32, sig, false                                                              \
    }
#define SLH(set, pub, sig, slow)                                                                   \
    {                                                                                              \
        "SLH-DSA-" #set, CKK_SLH_DSA, CKM_SLH_DSA_KEY_PAIR_GEN, CKM_SLH_DSA, CKP_SLH_DSA_##set,    \
            pub, 2 * (pub), 0, sig, slow                                                           \
    }

const struct pq_set pq_sets[] = {
    KEM(512, 800, 1632, 768),         KEM(768, 1184, 2400, 1088),
    KEM(1024, 1568, 3168, 1568),      DSA(44, 1312, 2560, 2420),
    DSA(65, 1952, 4032, 3309),        DSA(87, 2592, 4896, 4627),
    SLH(SHA2_128S, 32, 7856, true),   SLH(SHAKE_128S, 32, 7856, true),
    SLH(SHA2_128F, 32, 17088, false), SLH(SHAKE_128F, 32, 17088, false),
    SLH(SHA2_192S, 48, 16224, true),  SLH(SHAKE_192S, 48, 16224, true),
    SLH(SHA2_192F, 48, 35664, false), SLH(SHAKE_192F, 48, 35664, false),
    SLH(SHA2_256S, 64, 29792, true),  SLH(SHAKE_256S, 64, 29792, true),
    SLH(SHA2_256F, 64, 49856, false), SLH(SHAKE_256F, 64, 49856, false),
};
const size_t pq_sets_n = LEN(pq_sets);

const struct pq_set *pq_set_of(CK_KEY_TYPE type, CK_ULONG number)
{
    for (size_t i = 0; i < pq_sets_n; i++) {
        if (pq_sets[i].type == type && pq_sets[i].number == number) {
            return &pq_sets[i];
        }
    }
    fail_msg("no such parameter set");
    return NULL;
}

struct pair pq_pair(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE generator, CK_ULONG set)
{
    struct pair p = {0, 0};
    OK(p11->C_GenerateKeyPair(
        s, MECH(generator), &(CK_ATTRIBUTE){CKA_PARAMETER_SET, &set, sizeof set},
        set == SET_OF_MECHANISM ? 0 : 1,
        T(AB(CKA_SENSITIVE, CK_FALSE), AB(CKA_EXTRACTABLE, CK_TRUE)), &p.pub, &p.priv));
    assert_true(p.pub != 0 && p.priv != 0 && p.pub != p.priv);
    return p;
}

/* ---- signatures ---- */

CK_ULONG pq_sign(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key, const void *data,
                 CK_ULONG n, CK_BYTE sig[PQ_SIG_MAX])
{
    CK_ULONG sig_n = PQ_SIG_MAX;
    OK(p11->C_SignInit(s, m, key));
    OK(p11->C_Sign(s, BYTE_PTR(data), n, sig, &sig_n));
    assert_true(sig_n > 0 && sig_n <= PQ_SIG_MAX);
    return sig_n;
}

CK_RV pq_verify(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key, const void *data,
                CK_ULONG n, const CK_BYTE *sig, CK_ULONG sig_n)
{
    OK(p11->C_VerifyInit(s, m, key));
    return p11->C_Verify(s, BYTE_PTR(data), n, BYTE_PTR(sig), sig_n);
}

static void feed(CK_RV (*update)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG), CK_SESSION_HANDLE s,
                 const CK_BYTE *data, CK_ULONG n, CK_ULONG step)
{
    for (CK_ULONG at = 0; at < n; at += step) {
        OK(update(s, BYTE_PTR(data + at), n - at < step ? n - at : step));
    }
}

CK_ULONG pq_sign_parts(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key, const void *data,
                       CK_ULONG n, CK_ULONG step, CK_BYTE sig[PQ_SIG_MAX])
{
    CK_ULONG sig_n = PQ_SIG_MAX;
    OK(p11->C_SignInit(s, m, key));
    feed(p11->C_SignUpdate, s, data, n, step);
    OK(p11->C_SignFinal(s, sig, &sig_n));
    return sig_n;
}

CK_RV pq_verify_parts(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key, const void *data,
                      CK_ULONG n, CK_ULONG step, const CK_BYTE *sig, CK_ULONG sig_n)
{
    OK(p11->C_VerifyInit(s, m, key));
    feed(p11->C_VerifyUpdate, s, data, n, step);
    return p11->C_VerifyFinal(s, BYTE_PTR(sig), sig_n);
}

/* ---- encapsulation ---- */

CK_ULONG pq_encapsulate(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE m, CK_OBJECT_HANDLE pub,
                        CK_BYTE ct[PQ_SIG_MAX], CK_OBJECT_HANDLE *ret)
{
    CK_ULONG n = PQ_SIG_MAX;
    OK(p11->C_EncapsulateKey(s, MECH(m), pub, T(AB(CKA_SENSITIVE, CK_FALSE)), ct, &n, ret));
    return n;
}

CK_OBJECT_HANDLE pq_decapsulate(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE m, CK_OBJECT_HANDLE priv,
                                const CK_BYTE *ct, CK_ULONG n)
{
    CK_OBJECT_HANDLE key = 0;
    OK(p11->C_DecapsulateKey(s, MECH(m), priv, T(AB(CKA_SENSITIVE, CK_FALSE)), BYTE_PTR(ct), n,
                             &key));
    return key;
}

bool pq_same(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE a, CK_OBJECT_HANDLE b)
{
    static CK_BYTE x[PQ_VALUE_MAX];
    static CK_BYTE y[PQ_VALUE_MAX];
    const CK_ULONG n = attr_bytes(s, a, CKA_VALUE, x, sizeof x);
    const CK_ULONG m = attr_bytes(s, b, CKA_VALUE, y, sizeof y);
    assert_true(n > 0 && m > 0);
    return n == m && memcmp(x, y, n) == 0;
}

/* ---- objects ---- */

CK_ULONG pq_objects(CK_SESSION_HANDLE s)
{
    return find(s, NULL, 0, NULL, 0);
}

CK_RV pq_import_public(CK_SESSION_HANDLE s, CK_KEY_TYPE type, CK_ULONG set, const CK_BYTE *value,
                       CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    return p11->C_CreateObject(s,
                               T(AU(CKA_CLASS, CKO_PUBLIC_KEY), AU(CKA_KEY_TYPE, type),
                                 AU(CKA_PARAMETER_SET, set), AX(CKA_VALUE, value, n)),
                               ret);
}

CK_RV pq_import_private(CK_SESSION_HANDLE s, CK_KEY_TYPE type, CK_ULONG set, const CK_BYTE *value,
                        CK_ULONG n, const CK_BYTE *seed, CK_ULONG seed_n, CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE t[8] = {AU(CKA_CLASS, CKO_PRIVATE_KEY), AU(CKA_KEY_TYPE, type),
                         AU(CKA_PARAMETER_SET, set), AB(CKA_SENSITIVE, CK_FALSE),
                         AB(CKA_EXTRACTABLE, CK_TRUE)};
    CK_ULONG count = 5;
    if (value != NULL) {
        t[count++] = (CK_ATTRIBUTE)AX(CKA_VALUE, value, n);
    }
    if (seed != NULL) {
        t[count++] = (CK_ATTRIBUTE)AX(CKA_SEED, seed, seed_n);
    }
    return p11->C_CreateObject(s, t, count, ret);
}
