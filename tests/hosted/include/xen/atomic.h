/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_ATOMIC_H
#define HOSTED_XEN_ATOMIC_H

#include <asm/atomic.h>

#endif /* HOSTED_XEN_ATOMIC_H */
