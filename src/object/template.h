/* SPDX-License-Identifier: Apache-2.0
 *
 * A template from the inside.
 */
#ifndef CRATON_OBJECT_TEMPLATE_H
#define CRATON_OBJECT_TEMPLATE_H

#include "bag.h"

struct template
{
    struct bag bag;
    bool nothing; /* a search that no object can match */
};

#endif
