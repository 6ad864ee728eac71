/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside base only: the shared fault counter, and what a forked child must put right. A lock that
 * another thread of the parent held at fork stays held in the child for ever; each file that has a
 * static lock makes it anew here. secret_after_fork() calls them.
 */
#ifndef CRATON_BASE_FAULT_H
#define CRATON_BASE_FAULT_H

#include <stdbool.h>

/* Counts one allocation; true when this one shall fail. */
bool mem_fault_due(void);

void log_after_fork(void);
void env_after_fork(void);

#endif
