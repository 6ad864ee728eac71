/* SPDX-License-Identifier: Apache-2.0
 *
 * ML-DSA-44 (FIPS 204, 4).
 */
#define MLD_CONFIG_PARAMETER_SET 44
#define ML_DSA_SET lc_ml_dsa_44
#include "ml_dsa_set.h"
