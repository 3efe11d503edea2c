/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_CPU_H
#define HOSTED_XEN_CPU_H

#include <xen/notifier.h>
#include <xen/spinlock.h>
#include <xen/types.h>

bool get_cpu_maps(void);
void put_cpu_maps(void);
void register_cpu_notifier(struct notifier_block *nb);

#define CPU_UP_PREPARE   0x0001
#define CPU_ONLINE       0x0004
#define CPU_DOWN_PREPARE 0x8005
#define CPU_DEAD         0x8008

#endif /* HOSTED_XEN_CPU_H */
