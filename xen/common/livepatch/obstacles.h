/* SPDX-License-Identifier: GPL-2.0-only */
/* Who kept an action from being done: CPUs that didn't arrive, and vCPUs that
 * sleep inside the hypervisor. */
#ifndef LIVEPATCH_OBSTACLES_H
#define LIVEPATCH_OBSTACLES_H

#include "actions.h"

/* Keeps those that an action on the payload met, if any, and lists them on the
 * console. */
void obstacles_keep(struct payload *payload, const struct patching_plan *plan,
                    const struct quiesce_result *result);

/* Words for a rendezvous that failed.  Returns its error. */
int obstacles_refuse(struct payload *payload,
                     const struct quiesce_result *result, s_time_t timeout);

void obstacles_forget(const struct payload *payload);

#endif /* LIVEPATCH_OBSTACLES_H */
