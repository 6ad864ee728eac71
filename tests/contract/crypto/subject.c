/* SPDX-License-Identifier: Apache-2.0
 *
 * What is tested: one library behind the table.
 */
#include "subject.h"

#include <string.h>

#include "../../unit/cmocka_all.h"
#include "base/mem.h"
#include "crypto_openssl/openssl_backend.h"
#ifdef CRATON_WITH_AWSLC
#include "crypto_awslc/awslc_backend.h"
#endif

#ifdef CRATON_WITH_AWSLC
const size_t n_backends = 2;
#else
const size_t n_backends = 1;
#endif

const struct crypto_backend *const *all_backends(void)
{
    static const struct crypto_backend *list[2];

    list[0] = crypto_backend_openssl();
#ifdef CRATON_WITH_AWSLC
    list[1] = crypto_backend_awslc();
#endif
    return list;
}

const struct crypto_backend *backend_named(const char *name)
{
    const struct crypto_backend *const *all = all_backends();

    for (size_t i = 0; i < n_backends; i++) {
        if (strcmp(all[i]->name, name) == 0) {
            return all[i];
        }
    }
    return NULL;
}

enum crypto_choice subject_choice(void)
{
    return strcmp(SUBJECT, "awslc") == 0 ? CRYPTO_AWSLC : CRYPTO_OPENSSL;
}

static struct crypto *open_choice(enum crypto_choice choice)
{
    struct crypto *c = NULL;

    ASSERT_OK(crypto_open(choice, env_system(), all_backends(), n_backends, &c));
    return c;
}

struct crypto *subject_open(void)
{
    return open_choice(subject_choice());
}

struct crypto *subject_open_all(void)
{
    return open_choice(CRYPTO_AUTO);
}

const struct pkey_ops *pkey_for(const struct crypto *c, const struct pkey_spec *spec)
{
    return c->pkey[spec->kind][spec->kind == PKEY_EC ? spec->curve : CURVE_NONE];
}

struct key_parts new_pair(const struct crypto *c, const struct pkey_spec *spec)
{
    static const uint8_t f4[] = {1, 0, 1};
    struct key_parts parts = {0};

    ASSERT_OK(pkey_for(c, spec)->generate(spec, BYTES(f4, sizeof(f4)), c->rng, &parts));
    return parts;
}
