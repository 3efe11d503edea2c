/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_NMI_H
#define HOSTED_ASM_NMI_H

#include <xen/types.h>

struct cpu_user_regs;

typedef int nmi_callback_t(const struct cpu_user_regs *regs, int cpu);
nmi_callback_t *set_nmi_callback(nmi_callback_t *callback);
void unset_nmi_callback(void);

/* How the watchdog uses NMIs; it isn't there until a test says so. */
extern unsigned int nmi_watchdog;
#define NMI_NONE    0
#define NMI_IO_APIC 1
extern bool watchdog_force;

#endif /* HOSTED_ASM_NMI_H */
