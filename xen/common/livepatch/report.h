/* SPDX-License-Identifier: GPL-2.0-only */
/* What the engine tells beyond states and results. */
#ifndef LIVEPATCH_REPORT_H
#define LIVEPATCH_REPORT_H

#include <xen/livepatch_payload.h>

/* XEN_SYSCTL_LIVEPATCH_REPORT, with payloads_lock held.  Without a payload
 * report->about says what on. */
int report_write(struct xen_sysctl_livepatch_report *report,
                 const struct payload *payload);

/* Remembers why the upload of a payload of that name failed. */
void report_failed_upload(const char *name, const struct livepatch_reason *why);

#endif /* LIVEPATCH_REPORT_H */
