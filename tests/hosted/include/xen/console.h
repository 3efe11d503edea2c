/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_CONSOLE_H
#define HOSTED_XEN_CONSOLE_H

#include <xen/lib.h>

#endif /* HOSTED_XEN_CONSOLE_H */
