/* SPDX-License-Identifier: Apache-2.0
 *
 * The sum over all entries of a store. It is kept in the store, moved by each write, and compared
 * at open, so that damage to keys, index entries and tree pages is seen and not taken for "not
 * found". It is no protection against an attacker: that is the seal's work.
 *
 * sum = Σ term(entry) mod 2^64. What enters a term: the table, the key, and of META the value, of
 * OBJECT the length of the value (the seal authenticates its content), of INDEX the id.
 */
#ifndef CRATON_STORE_SUM_H
#define CRATON_STORE_SUM_H

#include "store.h"

uint64_t sum_value(enum store_table table, struct bytes key, struct bytes value);
uint64_t sum_id(struct bytes key, uint64_t id);

#endif
