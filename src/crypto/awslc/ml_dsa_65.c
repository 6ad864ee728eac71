/* SPDX-License-Identifier: Apache-2.0
 *
 * ML-DSA-65 (FIPS 204, 4).
 */
#define MLD_CONFIG_PARAMETER_SET 65
#define ML_DSA_SET lc_ml_dsa_65
#include "ml_dsa_set.h"
