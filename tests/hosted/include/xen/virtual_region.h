/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_VIRTUAL_REGION_H
#define HOSTED_XEN_VIRTUAL_REGION_H

#include <xen/bug.h>
#include <xen/list.h>
#include <xen/symbols.h>
#include <asm/uaccess.h>

struct virtual_region {
    struct list_head list;
    const void *text_start, *text_end;
    const void *rodata_start, *rodata_end;
    symbols_lookup_t *symbols_lookup;
    struct {
#if HOSTED_RELEASE < 19
        const struct bug_frame *bugs;
        size_t n_bugs;
#else
        const struct bug_frame *start, *stop;
#endif
    } frame[BUGFRAME_NR];
    const struct exception_table_entry *ex, *ex_end;
};

const struct virtual_region *find_text_region(unsigned long addr);
void register_virtual_region(struct virtual_region *r);
void unregister_virtual_region(struct virtual_region *r);
void relax_virtual_region_perms(void);
void tighten_virtual_region_perms(void);

#endif /* HOSTED_XEN_VIRTUAL_REGION_H */
