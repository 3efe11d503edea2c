/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_EXTABLE_H
#define HOSTED_ASM_EXTABLE_H

#include <asm/uaccess.h>

#endif /* HOSTED_ASM_EXTABLE_H */
