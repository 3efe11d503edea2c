/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_SMP_H
#define HOSTED_XEN_SMP_H

#include <xen/cpumask.h>
#include <asm/current.h>
#include <asm/smp.h>

#endif /* HOSTED_XEN_SMP_H */
