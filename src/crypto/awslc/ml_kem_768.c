/* SPDX-License-Identifier: Apache-2.0
 *
 * ML-KEM-768 (FIPS 203, 8).
 */
#define MLK_CONFIG_PARAMETER_SET 768
#define ML_KEM_SET lc_ml_kem_768
#include "ml_kem_set.h"
