/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_COMPILE_H
#define HOSTED_XEN_COMPILE_H

/* Which release of Xen is pretended: 17 or later, by -DHOSTED_RELEASE. */
#ifndef HOSTED_RELEASE
#define HOSTED_RELEASE 17
#endif
#define XEN_VERSION    4
#define XEN_SUBVERSION HOSTED_RELEASE

#endif /* HOSTED_XEN_COMPILE_H */
