/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_DELAY_H
#define HOSTED_XEN_DELAY_H

#include <xen/time.h>

void udelay(unsigned long usecs);

#endif /* HOSTED_XEN_DELAY_H */
