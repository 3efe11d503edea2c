/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_SORT_H
#define HOSTED_XEN_SORT_H

#include <xen/types.h>

#if HOSTED_RELEASE < 21
typedef void hosted_swap_t(void *a, void *b, size_t size);
#else
typedef void hosted_swap_t(void *a, void *b);
#endif

void sort(void *base, size_t num, size_t size,
          int (*cmp)(const void *a, const void *b), hosted_swap_t *swap);

#endif /* HOSTED_XEN_SORT_H */
