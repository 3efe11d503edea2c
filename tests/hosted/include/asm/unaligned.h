/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_UNALIGNED_H
#define HOSTED_ASM_UNALIGNED_H

#include <xen/unaligned.h>

#endif /* HOSTED_ASM_UNALIGNED_H */
