/* SPDX-License-Identifier: Apache-2.0
 *
 * The table that AWS-LC fills. Named by the app room (and tests) only.
 */
#ifndef CRATON_CRYPTO_AWSLC_BACKEND_H
#define CRATON_CRYPTO_AWSLC_BACKEND_H

#include "crypto/crypto.h"

/* Static storage. */
const struct crypto_backend *crypto_backend_awslc(void);

#endif
