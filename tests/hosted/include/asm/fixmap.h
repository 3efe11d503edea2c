/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_FIXMAP_H
#define HOSTED_ASM_FIXMAP_H

#define FIXADDR_X_SIZE 0
#define XEN_VIRT_END ((unsigned long)hosted_xen_end + (1UL << 30))

#endif /* HOSTED_ASM_FIXMAP_H */
