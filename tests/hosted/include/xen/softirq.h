/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_SOFTIRQ_H
#define HOSTED_XEN_SOFTIRQ_H

#include <xen/types.h>

void process_pending_softirqs(void);

#endif /* HOSTED_XEN_SOFTIRQ_H */
