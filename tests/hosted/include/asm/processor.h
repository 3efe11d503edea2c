/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_PROCESSOR_H
#define HOSTED_ASM_PROCESSOR_H

#include <asm/cpufeature.h>
#include <asm/current.h>
#include <xen/types.h>

#include <public/xen.h>

#if HOSTED_RELEASE >= 21
/* Before, it was in the public headers. */
struct cpu_user_regs {
    uint64_t rip, rflags, rsp;
    uint16_t cs;
};
#endif

/* Lets another pretended CPU run, and time pass. */
void cpu_relax(void);

/* Serialising; otherwise the register has no meaning. */
void write_cr4(unsigned long val);
static inline unsigned long read_cr4(void)
{
    return 0;
}

#endif /* HOSTED_ASM_PROCESSOR_H */
