/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_PAGE_DEFS_H
#define HOSTED_XEN_PAGE_DEFS_H

#include <xen/page-size.h>

#endif /* HOSTED_XEN_PAGE_DEFS_H */
