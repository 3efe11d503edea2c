/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_MM_H
#define HOSTED_ASM_MM_H

#include <asm/page.h>

#endif /* HOSTED_ASM_MM_H */
