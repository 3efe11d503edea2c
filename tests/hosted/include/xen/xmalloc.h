/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_XMALLOC_H
#define HOSTED_XEN_XMALLOC_H

#include <xen/kernel.h>
#include <xen/types.h>

void *hosted_malloc(size_t size, bool zero);
void xfree(void *p);

#define _xzalloc(size, align)  hosted_malloc(size, true)
#define xmalloc(type)          ((type *)hosted_malloc(sizeof(type), false))
#define xzalloc(type)          ((type *)hosted_malloc(sizeof(type), true))
#define hosted_array(type, n, zero) \
    ({ size_t bytes_; \
       (type *)(__builtin_mul_overflow(sizeof(type), (size_t)(n), &bytes_) \
                ? NULL : hosted_malloc(bytes_, zero)); })
#define xmalloc_array(type, n) hosted_array(type, n, false)
#define xzalloc_array(type, n) hosted_array(type, n, true)
#define XFREE(p) do { xfree(p); (p) = NULL; } while ( 0 )

#endif /* HOSTED_XEN_XMALLOC_H */
