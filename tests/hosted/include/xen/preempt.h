/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_PREEMPT_H
#define HOSTED_XEN_PREEMPT_H

#include <asm/current.h>

static inline void preempt_disable(void) {}
static inline void preempt_enable(void) {}

#endif /* HOSTED_XEN_PREEMPT_H */
