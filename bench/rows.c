/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows and their aims. Every row also aims at not being slower than SoftHSM2, and every row
 * with two threads at 1.9 times one.
 */
#include "bench.h"

#include "base/mem.h"

/* clang-format off */
#define ROW(label, operation, algorithm, ...)                                                      \
    {.name = label, .op = operation, .alg = algorithm, __VA_ARGS__}
#define PARTS(...) .parts = {__VA_ARGS__}
#define AIM(of_bare) .threads = true, .aim_bare = of_bare
#define SUM(of_parts) .threads = true, .aim_sum = of_parts

#define SLH_DSA(label, algorithm, times)                                                           \
    ROW(label " sign", OP_SIGN, algorithm, .longer = times),                                       \
    ROW(label " verify", OP_VERIFY, algorithm)

/* How often ML-DSA begins a signature anew is chance: many are needed for a mean. */
#define ML_DSA(label, algorithm)                                                                   \
    ROW(label " sign", OP_SIGN, algorithm, AIM(0.9), .longer = 5),                                 \
    ROW(label " verify", OP_VERIFY, algorithm, AIM(0.9))

/* A pair is tried before it is handed out: the second row compares with who does so as well. */
#define ML_KEM(label, algorithm)                                                                   \
    ROW(label " generation", OP_GENERATE, algorithm, .threads = true),                             \
    ROW(label " gen., tried", OP_GENERATE, algorithm, AIM(0.9),                                    \
        .why = "also makes two objects; the generator reseeds",       \
        PARTS({OP_GENERATE, algorithm}, {OP_ENCAPSULATE, algorithm}, {OP_DECAPSULATE, algorithm})), \
    ROW(label " encapsulate", OP_ENCAPSULATE, algorithm, AIM(0.9),                                 \
        .why = "its randomness comes from a generator that reseeds at each request"),              \
    ROW(label " decapsulate", OP_DECAPSULATE, algorithm, AIM(0.9))

#define COMPOSITE(label, algorithm, half, other)                                                   \
    ROW(label " sign", OP_SIGN, algorithm, SUM(0.95), .longer = 5, .own_parts = true,              \
        PARTS({OP_SIGN, half}, {OP_SIGN, other})),                                                 \
    ROW(label " verify", OP_VERIFY, algorithm, SUM(0.95), .own_parts = true,                       \
        PARTS({OP_VERIFY, half}, {OP_VERIFY, other}))
/* clang-format on */

const struct row rows[] = {
    {.name = "RSA-2048 sign", .op = OP_SIGN, .alg = ALG_RSA2048, .threads = true, .aim_bare = 0.97},
    {.name = "RSA-2048 verify", .op = OP_VERIFY, .alg = ALG_RSA2048, .threads = true},
    {.name = "RSA-3072 sign", .op = OP_SIGN, .alg = ALG_RSA3072, .threads = true},
    {.name = "RSA-3072 verify", .op = OP_VERIFY, .alg = ALG_RSA3072, .threads = true},
    {.name = "RSA-4096 sign", .op = OP_SIGN, .alg = ALG_RSA4096, .threads = true},
    {.name = "RSA-4096 verify", .op = OP_VERIFY, .alg = ALG_RSA4096, .threads = true},
    {.name = "ECDSA P-256 sign", .op = OP_SIGN, .alg = ALG_P256, .threads = true, .aim_bare = 0.93},
    {.name = "ECDSA P-256 verify", .op = OP_VERIFY, .alg = ALG_P256, .threads = true},
    {.name = "ECDSA P-384 sign", .op = OP_SIGN, .alg = ALG_P384, .threads = true},
    {.name = "ECDSA P-384 verify", .op = OP_VERIFY, .alg = ALG_P384, .threads = true},
    {.name = "ECDSA P-521 sign", .op = OP_SIGN, .alg = ALG_P521, .threads = true},
    {.name = "ECDSA P-521 verify", .op = OP_VERIFY, .alg = ALG_P521, .threads = true},
    {.name = "Ed25519 sign", .op = OP_SIGN, .alg = ALG_ED25519, .threads = true},
    {.name = "Ed25519 verify", .op = OP_VERIFY, .alg = ALG_ED25519, .threads = true},
    {.name = "ECDH P-256", .op = OP_AGREE, .alg = ALG_P256, .threads = true},
    {.name = "X25519", .op = OP_AGREE, .alg = ALG_X25519, .threads = true},
    {.name = "AES-256-GCM 64 B", .op = OP_ENCRYPT, .alg = ALG_AES_GCM, .n = 64, .threads = true},
    {.name = "AES-256-GCM 4 KiB",
     .op = OP_ENCRYPT,
     .alg = ALG_AES_GCM,
     .n = 4096,
     .threads = true,
     .aim_bare = 0.6},
    {.name = "AES-256-CBC 4 KiB", .op = OP_ENCRYPT, .alg = ALG_AES_CBC, .n = 4096, .threads = true},
    {.name = "AES-256-CTR 4 KiB", .op = OP_ENCRYPT, .alg = ALG_AES_CTR, .n = 4096, .threads = true},
    {.name = "SHA-256 64 B", .op = OP_DIGEST, .alg = ALG_SHA256, .n = 64, .threads = true},
    {.name = "SHA-256 4 KiB",
     .op = OP_DIGEST,
     .alg = ALG_SHA256,
     .n = 4096,
     .threads = true,
     .aim_bare = 0.95},
    {.name = "SHA-512 64 B", .op = OP_DIGEST, .alg = ALG_SHA512, .n = 64, .threads = true},
    {.name = "SHA-512 4 KiB", .op = OP_DIGEST, .alg = ALG_SHA512, .n = 4096, .threads = true},
    {.name = "HMAC-SHA256 64 B",
     .op = OP_SIGN,
     .alg = ALG_HMAC_SHA256,
     .n = 64,
     .threads = true,
     .aim_bare = 0.4},
    {.name = "HMAC-SHA256 4 KiB",
     .op = OP_SIGN,
     .alg = ALG_HMAC_SHA256,
     .n = 4096,
     .threads = true},
    {.name = "AES-CMAC 64 B", .op = OP_SIGN, .alg = ALG_CMAC, .n = 64, .threads = true},
    {.name = "AES-256 key wrap", .op = OP_WRAP, .alg = ALG_AES, .threads = true},
    {.name = "RSA-2048 generation",
     .op = OP_GENERATE,
     .alg = ALG_RSA2048,
     .threads = true,
     .longer = 5},
    {.name = "P-256 generation", .op = OP_GENERATE, .alg = ALG_P256, .threads = true},
    {.name = "AES-256 generation",
     .op = OP_GENERATE,
     .alg = ALG_AES,
     .threads = true,
     .may_lose = true,
     .why = "key material comes from a generator that reseeds at each request"},
    ML_DSA("ML-DSA-44", ALG_ML_DSA_44),
    ML_DSA("ML-DSA-65", ALG_ML_DSA_65),
    ML_DSA("ML-DSA-87", ALG_ML_DSA_87),
    SLH_DSA("SLH-DSA-SHA2-128s", ALG_SLH_DSA_SHA2_128S, 5),
    SLH_DSA("SLH-DSA-SHA2-128f", ALG_SLH_DSA_SHA2_128F, 3),
    SLH_DSA("SLH-DSA-SHAKE-128f", ALG_SLH_DSA_SHAKE_128F, 3),
    ML_KEM("ML-KEM-512", ALG_ML_KEM_512),
    ML_KEM("ML-KEM-768", ALG_ML_KEM_768),
    ML_KEM("ML-KEM-1024", ALG_ML_KEM_1024),
    ROW("X25519MLKEM768 encapsulate", OP_ENCAPSULATE, ALG_X25519_ML_KEM_768, SUM(0.95),
        PARTS({OP_GENERATE, ALG_X25519}, {OP_AGREE, ALG_X25519}, {OP_ENCAPSULATE, ALG_ML_KEM_768})),
    ROW("X25519MLKEM768 decapsulate", OP_DECAPSULATE, ALG_X25519_ML_KEM_768, SUM(0.95),
        PARTS({OP_AGREE, ALG_X25519}, {OP_DECAPSULATE, ALG_ML_KEM_768})),
    COMPOSITE("ML-DSA-65+P-256", ALG_ML_DSA_65_P256, ALG_ML_DSA_65, ALG_P256),
    COMPOSITE("ML-DSA-44+Ed25519", ALG_ML_DSA_44_ED25519, ALG_ML_DSA_44, ALG_ED25519),
    {.name = "random 32 B",
     .op = OP_RANDOM,
     .n = 32,
     .threads = true,
     .may_lose = true,
     .why = "the generator reseeds at each request, as specified"},
    {.name = "find by label, 10", .op = OP_FIND, .place = PLACE_TEN, .aim_time = 10},
    {.name = "find by label, 10 000", .op = OP_FIND, .place = PLACE_MANY, .aim_time = 10},
    {.name = "create token key", .op = OP_CREATE, .alg = ALG_AES, .longer = 3},
    {.name = "login and logout",
     .op = OP_LOGIN,
     .longer = 6,
     .may_lose = true,
     .why = "PBKDF2 with 600 000 iterations guards the PIN"},
    {.name = "start, 10", .op = OP_START, .place = PLACE_TEN},
    {.name = "start, 10 000", .op = OP_START, .place = PLACE_MANY, .aim_time = 50},
    {.name = "memory an object", .op = OP_MEMORY, .place = PLACE_MANY, .aim_time = 2048},
};

const size_t rows_n = ARRAY_LEN(rows);

const char *const who_names[WHO_COUNT] = {"craton-hsm", "SoftHSM2", "OpenSSL", "AWS-LC",
                                          "craton-hsm, by parts"};
