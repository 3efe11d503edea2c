/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_FLUSHTLB_H
#define HOSTED_ASM_FLUSHTLB_H

#include <xen/types.h>

#define FLUSH_TLB_GLOBAL 0x200

unsigned int flush_area_local(const void *va, unsigned int flags);
#define flush_local(flags) flush_area_local(NULL, flags)

#endif /* HOSTED_ASM_FLUSHTLB_H */
