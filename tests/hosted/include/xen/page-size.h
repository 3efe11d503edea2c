/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_PAGE_SIZE_H
#define HOSTED_XEN_PAGE_SIZE_H

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))
#define PAGE_OFFSET(p) ((unsigned long)(p) & ~PAGE_MASK)

#endif /* HOSTED_XEN_PAGE_SIZE_H */
