/* SPDX-License-Identifier: Apache-2.0
 *
 * See pq_types.h. pq_names.h is written by the build from the headers in include/craton.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <craton/vendor.h>

#include "pq_files.h"
#include "pq_names.h"
#include "pq_types.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define KEM(n, third)                                                                              \
    {                                                                                              \
        "ML-KEM-" #n, CKK_ML_KEM, CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_KEM, CKP_ML_KEM_##n,             \
        {                                                                                          \
            4, third                                                                               \
        }                                                                                          \
    }
#define DSA(n, third)                                                                              \
    {                                                                                              \
        "ML-DSA-" #n, CKK_ML_DSA, CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_DSA, CKP_ML_DSA_##n,             \
        {                                                                                          \
            3, third                                                                               \
        }                                                                                          \
    }
#define SLH(family, n, third)                                                                      \
    {                                                                                              \
        "SLH-DSA-" #family "-" #n, CKK_SLH_DSA, CKM_SLH_DSA_KEY_PAIR_GEN, CKM_SLH_DSA,             \
            CKP_SLH_DSA_##family##_##n,                                                            \
        {                                                                                          \
            3, third                                                                               \
        }                                                                                          \
    }
#define SIG(n)                                                                                     \
    {                                                                                              \
        "COMP_SIG_" #n, CKK_COMP_SIG, CKM_COMP_SIG_KEY_PAIR_GEN, CKM_COMP_SIG, CKP_COMP_SIG_##n,   \
        {                                                                                          \
            0, 0                                                                                   \
        }                                                                                          \
    }
#define CKEM(n)                                                                                    \
    {                                                                                              \
        "COMP_KEM_" #n, CKK_COMP_KEM, CKM_COMP_KEM_KEY_PAIR_GEN, CKM_COMP_KEM, CKP_COMP_KEM_##n,   \
        {                                                                                          \
            0, 0                                                                                   \
        }                                                                                          \
    }
#define HYBRID(name, type, n)                                                                      \
    {                                                                                              \
        name, type, CKM_CRATON_HYBRID_##n, CKM_CRATON_HYBRID_##n, 0,                               \
        {                                                                                          \
            0, 0                                                                                   \
        }                                                                                          \
    }

static const struct pq_type types[] = {
    KEM(512, 1),
    KEM(768, 2),
    KEM(1024, 3),
    DSA(44, 17),
    DSA(65, 18),
    DSA(87, 19),
    SLH(SHA2, 128S, 20),
    SLH(SHA2, 128F, 21),
    SLH(SHA2, 192S, 22),
    SLH(SHA2, 192F, 23),
    SLH(SHA2, 256S, 24),
    SLH(SHA2, 256F, 25),
    SLH(SHAKE, 128S, 26),
    SLH(SHAKE, 128F, 27),
    SLH(SHAKE, 192S, 28),
    SLH(SHAKE, 192F, 29),
    SLH(SHAKE, 256S, 30),
    SLH(SHAKE, 256F, 31),
    HYBRID("HYBRID-ML-DSA-ECDSA", CKK_COMP_SIG, ML_DSA_ECDSA),
    HYBRID("HYBRID-X25519-ML-KEM-768", CKK_COMP_KEM, X25519_ML_KEM_768),
    HYBRID("HYBRID-X25519-ML-KEM-1024", CKK_COMP_KEM, X25519_ML_KEM_1024),
    SIG(MLDSA44_RSA2048_PSS_SHA256),
    SIG(MLDSA44_RSA2048_PKCS15_SHA256),
    SIG(MLDSA44_ED25519_SHA512),
    SIG(MLDSA44_ECDSA_P256_SHA256),
    SIG(MLDSA65_RSA3072_PSS_SHA512),
    SIG(MLDSA65_RSA3072_PKCS15_SHA512),
    SIG(MLDSA65_RSA4096_PSS_SHA512),
    SIG(MLDSA65_RSA4096_PKCS15_SHA512),
    SIG(MLDSA65_ECDSA_P256_SHA512),
    SIG(MLDSA65_ECDSA_P384_SHA512),
    SIG(MLDSA65_ECDSA_BRAINPOOLP256R1_SHA512),
    SIG(MLDSA65_ED25519_SHA512),
    SIG(MLDSA87_ECDSA_P384_SHA512),
    SIG(MLDSA87_ECDSA_BRAINPOOLP384R1_SHA512),
    SIG(MLDSA87_ED448_SHAKE256),
    SIG(MLDSA87_RSA3072_PSS_SHA512),
    SIG(MLDSA87_RSA4096_PSS_SHA512),
    SIG(MLDSA87_ECDSA_P521_SHA512),
    CKEM(MLKEM768_RSA2048),
    CKEM(MLKEM768_RSA3072),
    CKEM(MLKEM768_RSA4096),
    CKEM(MLKEM768_X25519),
    CKEM(MLKEM768_ECDH_P256),
    CKEM(MLKEM768_ECDH_P384),
    CKEM(MLKEM768_ECDH_BRAINPOOLP256R1),
    CKEM(MLKEM1024_RSA3072),
    CKEM(MLKEM1024_ECDH_P384),
    CKEM(MLKEM1024_ECDH_BRAINPOOLP384R1),
    CKEM(MLKEM1024_X448),
    CKEM(MLKEM1024_ECDH_P521),
    CKEM(XWING),
    CKEM(X25519_MLKEM768),
    CKEM(P256_MLKEM768),
    CKEM(P384_MLKEM1024),
    CKEM(X25519_MLKEM1024),
};

const struct pq_type *pq_type_at(unsigned i)
{
    return i < COUNT(types) ? &types[i] : NULL;
}

const struct pq_type *pq_type_named(const char *name)
{
    for (unsigned i = 0; i < COUNT(types); i++) {
        if (strcasecmp(types[i].name, name) == 0) {
            return &types[i];
        }
    }
    return NULL;
}

const struct pq_type *pq_type_of_oid(const unsigned char *oid, unsigned long len)
{
    static const unsigned char nist[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04};
    if (len != sizeof nist + 2 || memcmp(oid, nist, sizeof nist) != 0) {
        return NULL;
    }
    for (unsigned i = 0; i < COUNT(types); i++) {
        if (types[i].arc[0] != 0 && memcmp(types[i].arc, oid + sizeof nist, 2) == 0) {
            return &types[i];
        }
    }
    return NULL;
}

/* ---- names ------------------------------------------------------------------------------------ */

struct name {
    unsigned long number;
    const char *name;
};

#define NAME(n) {n, #n},
static const struct name mechanisms[] = {MECHANISM_NAMES(NAME)};
static const struct name errors[] = {ERROR_NAMES(NAME)};
#undef NAME

const char *mechanism_names(CK_MECHANISM_TYPE number)
{
    static char text[512];
    size_t n = 0;
    (void)snprintf(text, sizeof text, "0x%08lx", number);
    for (unsigned i = 0; i < COUNT(mechanisms) && n < sizeof text; i++) {
        if (mechanisms[i].number == number) {
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n > 0 ? " = " : "",
                                  mechanisms[i].name);
        }
    }
    return text;
}

CK_MECHANISM_TYPE mechanism_number(const char *name)
{
    char *rest = NULL;
    const unsigned long number = strtoul(name, &rest, 0);
    if (*name != 0 && *rest == 0) {
        return number;
    }
    for (unsigned i = 0; i < COUNT(mechanisms); i++) {
        if (strcasecmp(mechanisms[i].name, name) == 0 ||
            strcasecmp(mechanisms[i].name + 4, name) == 0) {
            return mechanisms[i].number;
        }
    }
    fail("there is no mechanism '%s'", name);
}

const char *error_name(CK_RV rv)
{
    static char text[32];
    for (unsigned i = 0; i < COUNT(errors); i++) {
        if (errors[i].number == rv) {
            return errors[i].name;
        }
    }
    (void)snprintf(text, sizeof text, "error 0x%lx", rv);
    return text;
}
