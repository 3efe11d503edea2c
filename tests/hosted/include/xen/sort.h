/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_SORT_H
#define HOSTED_XEN_SORT_H

#include <xen/types.h>

void sort(void *base, size_t num, size_t size,
          int (*cmp)(const void *a, const void *b),
          void (*swap)(void *a, void *b, size_t size));

#endif /* HOSTED_XEN_SORT_H */
