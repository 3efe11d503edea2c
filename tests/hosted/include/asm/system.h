/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_SYSTEM_H
#define HOSTED_ASM_SYSTEM_H

#include <asm/atomic.h>
#include <xen/compiler.h>

/* On x86, only a store followed by a load needs an instruction. */
#define smp_mb()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#define mb()  smp_mb()
#define rmb() smp_rmb()
#define wmb() smp_wmb()

/* IRQs of the pretended CPU: see services_cpu.c. */
void local_irq_disable(void);
void local_irq_enable(void);
bool local_irq_is_enabled(void);
#define local_irq_save(x) \
    ((x) = local_irq_is_enabled(), local_irq_disable())
#define local_irq_restore(x) \
    do { if ( x ) local_irq_enable(); else local_irq_disable(); } while ( 0 )

#endif /* HOSTED_ASM_SYSTEM_H */
