/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_CONFIG_H
#define HOSTED_ASM_CONFIG_H

#include <xen/config.h>

#endif /* HOSTED_ASM_CONFIG_H */
