/* SPDX-License-Identifier: GPL-2.0-only */
/* An action in flight: from what the hypercall began to what an idle vCPU
 * ends, with the hooks before and after. */
#ifndef LIVEPATCH_FLIGHT_H
#define LIVEPATCH_FLIGHT_H

#include <xen/livepatch_payload.h>

/* The payload whose action is in flight, or NULL.  No other can begin. */
const struct payload *flight_payload(void);

/*
 * Starts an action that is allowed, with payloads_lock held.  0: it ends by
 * itself.  Otherwise nothing was done, or everything undone.
 */
int flight_start(struct payload *payload, uint32_t action, s_time_t timeout);

/* For words. */
const char *action_name(uint32_t action);

#endif /* LIVEPATCH_FLIGHT_H */
