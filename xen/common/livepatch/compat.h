/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the releases of Xen from 4.17 on differ, as far as it matters here. */
#ifndef LIVEPATCH_COMPAT_H
#define LIVEPATCH_COMPAT_H

#include <xen/compile.h>
#include <xen/version.h>

#define XEN_RELEASE(major, minor) ((major) * 100 + (minor))
#define XEN_THIS_RELEASE XEN_RELEASE(XEN_VERSION, XEN_SUBVERSION)

#endif /* LIVEPATCH_COMPAT_H */
