/* SPDX-License-Identifier: Apache-2.0
 *
 * A program that links when the library has all of pq_library.h and, with CRATON_AWSLC_ML_KEM or
 * CRATON_AWSLC_ML_DSA, what ml_kem_set.h or ml_dsa_set.h builds upon. Built when the build is
 * configured; never run.
 */
#include "ml_dsa_expanded.h"
#include "ml_kem_expanded.h"
#include "pq_library.h"

int main(void)
{
#if defined(CRATON_AWSLC_ML_DSA)
    return lc_ml_dsa_44.public_size + lc_ml_dsa_65.public_size + lc_ml_dsa_87.public_size == 0;
#elif defined(CRATON_AWSLC_ML_KEM)
    return lc_ml_kem_512.size + lc_ml_kem_768.size + lc_ml_kem_1024.size == 0;
#else
    return lc_pq() == NULL;
#endif
}
