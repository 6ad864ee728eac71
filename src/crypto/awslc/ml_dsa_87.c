/* SPDX-License-Identifier: Apache-2.0
 *
 * ML-DSA-87 (FIPS 204, 4).
 */
#define MLD_CONFIG_PARAMETER_SET 87
#define ML_DSA_SET lc_ml_dsa_87
#include "ml_dsa_set.h"
