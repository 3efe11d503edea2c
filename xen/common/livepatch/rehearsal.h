/* SPDX-License-Identifier: GPL-2.0-only */
/* An action on nothing: what would be in the way of a real one now? */
#ifndef LIVEPATCH_REHEARSAL_H
#define LIVEPATCH_REHEARSAL_H

#include <xen/livepatch_payload.h>

/*
 * Begins one, with payloads_lock held.  timeout as for an action.  0: it ends
 * by itself.  -EBUSY: something is in flight, and goes on undisturbed.
 */
int rehearsal_begin(uint32_t timeout);

/*
 * What became of the last one, as of an action on a payload: status, why,
 * times and obstacles.  NULL if there was none since boot.
 */
const struct payload *rehearsal_last(void);

#endif /* LIVEPATCH_REHEARSAL_H */
