/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_NMI_H
#define HOSTED_XEN_NMI_H

#include <asm/nmi.h>

#endif /* HOSTED_XEN_NMI_H */
