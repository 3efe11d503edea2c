/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_IRQ_H
#define HOSTED_XEN_IRQ_H

#include <asm/system.h>

#endif /* HOSTED_XEN_IRQ_H */
