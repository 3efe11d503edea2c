/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_ERRNO_H
#define HOSTED_XEN_ERRNO_H

/* Xen's numbers are Linux's. */
#include <errno.h>

#endif /* HOSTED_XEN_ERRNO_H */
