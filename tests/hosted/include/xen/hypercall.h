/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_HYPERCALL_H
#define HOSTED_XEN_HYPERCALL_H

#include <public/sysctl.h>

#endif /* HOSTED_XEN_HYPERCALL_H */
