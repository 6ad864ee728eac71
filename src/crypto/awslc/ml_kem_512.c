/* SPDX-License-Identifier: Apache-2.0
 *
 * ML-KEM-512 (FIPS 203, 8).
 */
#define MLK_CONFIG_PARAMETER_SET 512
#define ML_KEM_SET lc_ml_kem_512
#include "ml_kem_set.h"
