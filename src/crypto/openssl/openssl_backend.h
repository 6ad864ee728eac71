/* SPDX-License-Identifier: Apache-2.0
 *
 * The table that OpenSSL 3.5 fills. Named by the app room (and tests) only.
 */
#ifndef CRATON_CRYPTO_OPENSSL_BACKEND_H
#define CRATON_CRYPTO_OPENSSL_BACKEND_H

#include "crypto/crypto.h"

/* Static storage. */
const struct crypto_backend *crypto_backend_openssl(void);

#endif
