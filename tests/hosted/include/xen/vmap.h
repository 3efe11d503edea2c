/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_VMAP_H
#define HOSTED_XEN_VMAP_H

#include <asm/page.h>
#include <xen/types.h>

enum vmap_region {
    VMAP_DEFAULT,
    VMAP_XEN,
    VMAP_REGION_NR,
};

void vm_init_type(enum vmap_region type, void *start, void *end);

void *vmap(const mfn_t *mfn, unsigned int nr);
void *__vmap(const mfn_t *mfn, unsigned int granularity, unsigned int nr,
             unsigned int align, unsigned int flags, enum vmap_region type);
void vunmap(const void *va);

void *vmalloc(size_t size);
void *vzalloc(size_t size);
void *vmalloc_xen(size_t size);
void vfree(void *va);

#endif /* HOSTED_XEN_VMAP_H */
