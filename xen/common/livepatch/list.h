/* SPDX-License-Identifier: GPL-2.0-only */
/* The list of payloads, as tools see it. */
#ifndef LIVEPATCH_LIST_H
#define LIVEPATCH_LIST_H

#include <xen/livepatch_payload.h>

/* XEN_SYSCTL_LIVEPATCH_LIST, with payloads_lock held.  How many were copied,
 * or -errno. */
int list_payloads(struct xen_sysctl_livepatch_list *list);

/* State and result.  While an action is in flight, the result is -EAGAIN. */
struct xen_livepatch_status payload_status(const struct payload *payload);

#endif /* LIVEPATCH_LIST_H */
