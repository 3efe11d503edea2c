/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_NOTIFIER_H
#define HOSTED_XEN_NOTIFIER_H

#include <xen/errno.h>
#include <xen/list.h>

#define NOTIFY_DONE 0

struct notifier_block {
    int (*notifier_call)(struct notifier_block *nb, unsigned long action,
                         void *cpu);
    struct list_head chain;
    int priority;
};

#endif /* HOSTED_XEN_NOTIFIER_H */
