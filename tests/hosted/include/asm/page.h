/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_PAGE_H
#define HOSTED_ASM_PAGE_H

#include <xen/mm-frame.h>
#include <xen/page-size.h>

#define PAGE_ALIGN(x) (((x) + PAGE_SIZE - 1) & PAGE_MASK)
#define PFN_DOWN(x)   ((x) >> PAGE_SHIFT)
#define PFN_UP(x)     (((x) + PAGE_SIZE - 1) >> PAGE_SHIFT)

/* Only these differ; the values mean nothing. */
#define PAGE_HYPERVISOR_RO  1u
#define PAGE_HYPERVISOR_RW  2u
#define PAGE_HYPERVISOR_RX  3u
#define PAGE_HYPERVISOR_RWX 4u
#define PAGE_HYPERVISOR     PAGE_HYPERVISOR_RW

/* A frame's number is its address in the process, in pages, if it is the
 * hypervisor's or a payload's; the others are invalid. */
mfn_t vmap_to_mfn(const void *va);

#endif /* HOSTED_ASM_PAGE_H */
