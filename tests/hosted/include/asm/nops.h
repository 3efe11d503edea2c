/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_NOPS_H
#define HOSTED_ASM_NOPS_H

#include <xen/types.h>

#define ASM_NOP_MAX 9

#endif /* HOSTED_ASM_NOPS_H */
