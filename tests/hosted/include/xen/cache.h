/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_CACHE_H
#define HOSTED_XEN_CACHE_H

#define SMP_CACHE_BYTES 128
#define __cacheline_aligned __attribute__((__aligned__(SMP_CACHE_BYTES)))

#endif /* HOSTED_XEN_CACHE_H */
