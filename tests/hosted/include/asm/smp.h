/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_SMP_H
#define HOSTED_ASM_SMP_H

#include <xen/cpumask.h>
#include <asm/current.h>

/* vector: APIC_DM_NMI alone means something. */
void send_IPI_mask(const cpumask_t *mask, int vector);
void send_IPI_self(int vector);
void smp_send_event_check_mask(const cpumask_t *mask);
void smp_send_nmi_allbutself(void);
void on_selected_cpus(const cpumask_t *selected, void (*func)(void *info),
                      void *info, int wait);

#endif /* HOSTED_ASM_SMP_H */
