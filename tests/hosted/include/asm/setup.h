/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_SETUP_H
#define HOSTED_ASM_SETUP_H

#include <xen/mm.h>

#endif /* HOSTED_ASM_SETUP_H */
