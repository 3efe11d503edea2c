/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_BUG_H
#define HOSTED_ASM_BUG_H

#include <xen/bug.h>

#endif /* HOSTED_ASM_BUG_H */
