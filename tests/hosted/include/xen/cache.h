/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_CACHE_H
#define HOSTED_XEN_CACHE_H

/* Where data lies in caches makes no difference here, nor when it may be
 * written. */
#define __ro_after_init

#endif /* HOSTED_XEN_CACHE_H */
