/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_NOTIFIER_H
#define HOSTED_XEN_NOTIFIER_H

#include <xen/errno.h>
#include <xen/list.h>

struct notifier_block {
    int (*notifier_call)(struct notifier_block *nb, unsigned long action,
                         void *cpu);
    struct list_head chain;
    int priority;
};

#define NOTIFY_DONE      0x0000
#define NOTIFY_STOP_MASK 0x8000

static inline int notifier_from_errno(int err)
{
    return err ? NOTIFY_STOP_MASK | -err : NOTIFY_DONE;
}

#endif /* HOSTED_XEN_NOTIFIER_H */
