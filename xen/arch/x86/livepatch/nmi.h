/* SPDX-License-Identifier: GPL-2.0-only */
/* NMIs that the engine sees before Xen's handler does. */
#ifndef LIVEPATCH_X86_NMI_H
#define LIVEPATCH_X86_NMI_H

#include <xen/types.h>

struct cpu_user_regs;

/* At boot: from then on every NMI of every CPU comes by the engine. */
void nmi_intercept(void);

void nmi_send(unsigned int cpu);

/* In NMI context: whether it is one that arch_locate() has sent to this CPU.
 * Notes where that is. */
bool locate_answer(const struct cpu_user_regs *regs);

#endif /* LIVEPATCH_X86_NMI_H */
