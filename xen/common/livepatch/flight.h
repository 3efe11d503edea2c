/* SPDX-License-Identifier: GPL-2.0-only */
/* An action in flight: from what the hypercall began to what an idle vCPU
 * ends, with the hooks before and after. */
#ifndef LIVEPATCH_FLIGHT_H
#define LIVEPATCH_FLIGHT_H

#include <xen/livepatch_payload.h>

/*
 * The payload whose action is in flight, or NULL.  No other can begin.  It may
 * be that of the rehearsal, which is not loaded.
 */
const struct payload *flight_payload(void);

/*
 * Starts an action that is allowed, with payloads_lock held.  timeout is in
 * nanoseconds; 0 is the default.  0: it ends by itself.  Otherwise nothing was
 * done, or everything undone.
 */
int flight_start(struct payload *payload, uint32_t action, uint32_t timeout);

/* For words. */
const char *action_name(uint32_t action);

#endif /* LIVEPATCH_FLIGHT_H */
