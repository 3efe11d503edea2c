/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_MM_H
#define HOSTED_XEN_MM_H

#include <asm/page.h>
#include <xen/types.h>

typedef unsigned int pte_attr_t;

int modify_xen_mappings(unsigned long s, unsigned long e, unsigned int flags);
void modify_xen_mappings_lite(unsigned long s, unsigned long e,
                              unsigned int flags);

extern char hosted_xen_end[], hosted_payloads_end[];
#define __2M_rwdata_end hosted_xen_end

#endif /* HOSTED_XEN_MM_H */
