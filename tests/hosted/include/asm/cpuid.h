/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_CPUID_H
#define HOSTED_ASM_CPUID_H

#include <asm/cpufeature.h>

#endif /* HOSTED_ASM_CPUID_H */
