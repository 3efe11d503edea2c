/* SPDX-License-Identifier: GPL-2.0-only */
/* From an uploaded file to a payload that can be applied. */
#ifndef LIVEPATCH_LOAD_H
#define LIVEPATCH_LOAD_H

#include <xen/livepatch_payload.h>

/*
 * Loads all of it into *payload, whose name is set and the rest zero.  On
 * failure everything is undone, and payload->why says why.  The caller holds
 * payloads_lock, adds the payload to the list, and frees the file.
 */
int load_payload(struct payload *payload, const void *file, size_t size,
                 bool force);

/* The opposite, for a payload that is in no list. */
void unload_payload(struct payload *payload);

#endif /* LIVEPATCH_LOAD_H */
