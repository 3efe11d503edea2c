/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_KERNEL_H
#define HOSTED_XEN_KERNEL_H

#include <xen/types.h>

#define min(a, b) ({ typeof(a) a_ = (a); typeof(b) b_ = (b); \
                     a_ < b_ ? a_ : b_; })
#define max(a, b) ({ typeof(a) a_ = (a); typeof(b) b_ = (b); \
                     a_ > b_ ? a_ : b_; })
#define min_t(type, a, b) ({ type a_ = (a), b_ = (b); a_ < b_ ? a_ : b_; })
#define max_t(type, a, b) ({ type a_ = (a), b_ = (b); a_ > b_ ? a_ : b_; })

#undef container_of
#define container_of(ptr, type, member) \
    ((type *)((char *)(ptr) - offsetof(type, member)))

/* The pretended hypervisor's text and data: see hypervisor.S. */
extern char _start[], _end[], _stext[], _srodata[], _erodata[];
extern char _sinittext[], _einittext[];
extern char hosted_image_start[], hosted_image_end[], hosted_text_end[];
#define _start hosted_image_start
#define _end   hosted_image_end
#define _etext hosted_text_end

#define hosted_within(p, from, to) \
    ((unsigned long)(p) >= (unsigned long)(from) && \
     (unsigned long)(p) < (unsigned long)(to))
#define is_kernel(p)          hosted_within(p, _start, _end)
#define is_kernel_text(p)     hosted_within(p, _stext, _etext)
#define is_kernel_inittext(p) hosted_within(p, _sinittext, _einittext)

extern enum system_state {
    SYS_STATE_early_boot,
    SYS_STATE_boot,
    SYS_STATE_smp_boot,
    SYS_STATE_active,
    SYS_STATE_suspend,
    SYS_STATE_resume
} system_state;

bool is_active_kernel_text(unsigned long addr);

#endif /* HOSTED_XEN_KERNEL_H */
