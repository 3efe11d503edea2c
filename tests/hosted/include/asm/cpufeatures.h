/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_CPUFEATURES_H
#define HOSTED_ASM_CPUFEATURES_H

#include <asm/cpufeature.h>

#endif /* HOSTED_ASM_CPUFEATURES_H */
