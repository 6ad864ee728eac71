/* SPDX-License-Identifier: Apache-2.0
 *
 * ML-KEM-1024 (FIPS 203, 8).
 */
#define MLK_CONFIG_PARAMETER_SET 1024
#define ML_KEM_SET lc_ml_kem_1024
#include "ml_kem_set.h"
