/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_REGS_H
#define HOSTED_ASM_REGS_H

#include <asm/processor.h>

/* As in Xen: ring 0 code has an even pair of low bits in cs. */
static inline bool guest_mode(const struct cpu_user_regs *regs)
{
    return regs->cs & 3;
}

#endif /* HOSTED_ASM_REGS_H */
