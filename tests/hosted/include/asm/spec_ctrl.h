/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_SPEC_CTRL_H
#define HOSTED_ASM_SPEC_CTRL_H

#include <xen/types.h>

extern int8_t opt_xpti_hwdom, opt_xpti_domu;

#endif /* HOSTED_ASM_SPEC_CTRL_H */
