/* SPDX-License-Identifier: GPL-2.0-only */
/* What the engine tells beyond states and results. */
#ifndef LIVEPATCH_REPORT_H
#define LIVEPATCH_REPORT_H

#include <xen/livepatch_payload.h>

/* XEN_SYSCTL_LIVEPATCH_REPORT, with payloads_lock held.  payload is NULL for
 * the last failed upload. */
int report_write(struct xen_sysctl_livepatch_report *report,
                 const struct payload *payload);

/* Remembers why an upload failed.  payload is NULL if there wasn't even memory
 * for its description. */
void report_failed_upload(const struct payload *payload, int rc);

#endif /* LIVEPATCH_REPORT_H */
