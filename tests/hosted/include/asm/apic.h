/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_APIC_H
#define HOSTED_ASM_APIC_H

#define APIC_DM_NMI 0x00400
#include <asm/nmi.h>

void self_nmi(void);
void apic_wait_icr_idle(void);

#endif /* HOSTED_ASM_APIC_H */
