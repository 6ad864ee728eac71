/* SPDX-License-Identifier: Apache-2.0
 *
 * What the seal's tests share: see fixture.h.
 */
#include "fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto_openssl/openssl_backend.h"

const struct crypto *crypto;
static struct crypto *open_crypto;

int fixture_open(void **state)
{
    (void)state;
    static const struct crypto_backend *backends[1];
    backends[0] = crypto_backend_openssl();
    assert_ok(crypto_open(CRYPTO_OPENSSL, env_system(), backends, 1, &open_crypto));
    crypto = open_crypto;
    return 0;
}

int fixture_close(void **state)
{
    (void)state;
    crypto_close(open_crypto);
    crypto = NULL;
    return 0;
}

struct secret *fixture_key(uint8_t first, size_t n)
{
    struct secret *s = secret_new(n);
    assert_non_null(s);
    for (size_t i = 0; i < n; i++) {
        s->p[i] = (uint8_t)(first + i);
    }
    return s;
}

void fixture_dir(char path[64])
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(path, 64, "%.40s/craton-seal-XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(path));
}

void fixture_dir_remove(const char *path)
{
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        (void)unlinkat(dirfd(d), e->d_name, 0);
    }
    (void)closedir(d);
    assert_int_equal(rmdir(path), 0);
}
