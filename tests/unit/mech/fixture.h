/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of mech share: the real library, keys as objects, and short forms.
 */
#ifndef CRATON_TESTS_MECH_FIXTURE_H
#define CRATON_TESTS_MECH_FIXTURE_H

#include "../cmocka_all.h"
#include "crypto/crypto.h"
#include "mech.h"
#include "object/object.h"

#define assert_rc(expr, want) assert_string_equal(rc_name(expr), rc_name(want))
#define assert_ok(expr) assert_rc(expr, RC_OK)

extern struct mech_env env; /* open between the two; tests may change the policy and put it back */
extern uint64_t nonces;     /* how many nonces were given */
int fixture_open(void **state);
int fixture_close(void **state);

/* Hex to bytes; static storage for the last 32 calls. */
struct bytes hex(const char *text);
#define assert_hex(view, text) assert_bytes(view, hex(text))
void assert_bytes(struct bytes a, struct bytes b);

/* Templates. */
#define A_ULONG(type, v)                                                                           \
    {                                                                                              \
        type, &(CK_ULONG){v}, sizeof(CK_ULONG)                                                     \
    }
#define A_TRUE(type)                                                                               \
    {                                                                                              \
        type, &(CK_BBOOL){CK_TRUE}, 1                                                              \
    }
#define A_FALSE(type)                                                                              \
    {                                                                                              \
        type, &(CK_BBOOL){CK_FALSE}, 1                                                             \
    }
#define A_BYTES(type, v)                                                                           \
    {                                                                                              \
        type, (void *)(uintptr_t)(v).p, (v).n                                                      \
    }

/* A finished object, through the checks that C_CreateObject runs. */
enum rc create(const CK_ATTRIBUTE *t, size_t n, struct object **ret);
#define CREATE(ret, ...)                                                                           \
    create((const CK_ATTRIBUTE[]){__VA_ARGS__},                                                    \
           sizeof((const CK_ATTRIBUTE[]){__VA_ARGS__}) / sizeof(CK_ATTRIBUTE), ret)
struct object *secret_key(CK_KEY_TYPE type, struct bytes value); /* extractable */
struct object *aes(const char *key_hex);

/* Key generation. EXTRA goes into both templates' end. */
enum rc generate(CK_MECHANISM_TYPE type, const CK_ATTRIBUTE *t, size_t n, struct object **ret);
enum rc generate_pair(CK_MECHANISM_TYPE type, const CK_ATTRIBUTE *pub_t, size_t pub_n,
                      struct object **ret_pub, struct object **ret_priv);
void rsa_pair(CK_ULONG bits, struct object **ret_pub, struct object **ret_priv);
void ec_pair(const char *params_hex, CK_MECHANISM_TYPE type, struct object **ret_pub,
             struct object **ret_priv);

#define P256 "06082a8648ce3d030107"
#define ED25519 "06032b6570"
#define ED448 "06032b6571"
#define X25519 "06032b656e"
#define X448 "06032b656f"

/* Operations in one go. PARAM may be NULL. */
enum rc begin(struct mech_op *op, CK_MECHANISM_TYPE type, enum mech_verb verb, const void *param,
              size_t param_n, const struct object *key);
enum rc once(CK_MECHANISM_TYPE type, enum mech_verb verb, const void *param, size_t param_n,
             const struct object *key, struct bytes in, struct buf *ret);
/* The same in parts of STEP bytes. */
enum rc in_parts(CK_MECHANISM_TYPE type, enum mech_verb verb, const void *param, size_t param_n,
                 const struct object *key, struct bytes in, size_t step, struct buf *ret);
enum rc verify(CK_MECHANISM_TYPE type, const void *param, size_t param_n, const struct object *key,
               struct bytes in, struct bytes sig);
enum rc verify_in_parts(CK_MECHANISM_TYPE type, const void *param, size_t param_n,
                        const struct object *key, struct bytes in, size_t step, struct bytes sig);

#endif
