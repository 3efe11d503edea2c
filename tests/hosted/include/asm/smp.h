/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_SMP_H
#define HOSTED_ASM_SMP_H

#include <xen/cpumask.h>
#include <asm/current.h>

/* vector: APIC_DM_NMI alone means something. */
void send_IPI_mask(const cpumask_t *mask, int vector);
void send_IPI_self(int vector);

#endif /* HOSTED_ASM_SMP_H */
