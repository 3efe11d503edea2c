/* SPDX-License-Identifier: GPL-2.0-only */
/* The state machine: which action is allowed when, and what follows it. */
#ifndef LIVEPATCH_ACTIONS_H
#define LIVEPATCH_ACTIONS_H

#include <xen/livepatch_payload.h>
#include "patching.h"
#include "quiesce.h"

/*
 * Begins an action, or does it if it is an unload.  0 also if there is nothing
 * to do.  An unload frees the payload.  payloads_lock must be held.
 */
int actions_begin(struct payload *payload, uint32_t action, uint32_t flags,
                  uint32_t timeout);

/* The last action of any payload that failed to stop the CPUs or met waiting
 * vCPUs, for the report.  NULL if it was not this payload's. */
struct actions_obstacles {
    unsigned int nstragglers;
    struct quiesce_straggler *stragglers;
    unsigned int nwaiting;
    struct patching_waiting waiting[PATCHING_MAX_WAITING];
};
const struct actions_obstacles *
actions_obstacles(const struct payload *payload);

/* The last action that was tried on this payload, if it is the last of all;
 * else 0. */
uint32_t actions_last(const struct payload *payload);

/* To be called before a payload is freed. */
void actions_forget(const struct payload *payload);

#endif /* LIVEPATCH_ACTIONS_H */
