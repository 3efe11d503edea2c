/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_CURRENT_H
#define HOSTED_ASM_CURRENT_H

#include <xen/types.h>

struct vcpu;

/* Which of the pretended CPUs runs this. */
extern __thread unsigned int hosted_cpu;
#define smp_processor_id() (hosted_cpu)

struct vcpu *hosted_current(void);
#define current hosted_current()
struct vcpu *get_cpu_current(unsigned int cpu);

struct cpu_user_regs;
struct cpu_user_regs *guest_cpu_user_regs(void);

#endif /* HOSTED_ASM_CURRENT_H */
