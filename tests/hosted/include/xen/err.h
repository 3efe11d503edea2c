/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_ERR_H
#define HOSTED_XEN_ERR_H

#include <xen/errno.h>
#include <xen/types.h>

#define MAX_ERRNO 4095
#endif /* HOSTED_XEN_ERR_H */
