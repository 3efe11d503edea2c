/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_VERSION_H
#define HOSTED_XEN_VERSION_H

#include <xen/compile.h>
#include <xen/elfstructs.h>
#include <xen/types.h>

/* The pretended hypervisor's build-id: see hosted.h. */
#if HOSTED_RELEASE < 21
int xen_build_id(const void **p, unsigned int *len);
#else
extern const void *xen_build_id;
extern unsigned int xen_build_id_len;
#endif
int xen_build_id_check(const Elf_Note *n, unsigned int n_sz,
                       const void **p, unsigned int *len);

#endif /* HOSTED_XEN_VERSION_H */
