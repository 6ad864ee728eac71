/* SPDX-License-Identifier: Apache-2.0
 *
 * A program that links when the library has all of pq_library.h. Built when the build is
 * configured; never run.
 */
#include "pq_library.h"

int main(void)
{
    return lc_pq() == NULL;
}
