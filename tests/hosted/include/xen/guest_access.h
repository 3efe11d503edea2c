/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_GUEST_ACCESS_H
#define HOSTED_XEN_GUEST_ACCESS_H

#include <xen/types.h>
#include <public/xen.h>

/* How many bytes were not copied: see hosted.h for making them fail. */
size_t hosted_copy(void *to, const void *from, size_t size);

/* Also of a null pointer. */
#define hosted_plus(p, off) \
    ((typeof(p))((uintptr_t)(p) + (off) * sizeof(*(p))))

#define copy_from_guest_offset(ptr, hnd, off, nr) \
    hosted_copy(ptr, hosted_plus((hnd).p, off), sizeof(*(ptr)) * (nr))
#define copy_to_guest_offset(hnd, off, ptr, nr) \
    ({ const typeof(*(ptr)) *from_ = (ptr); \
       typeof(*(hnd).p) *to_ = hosted_plus((hnd).p, off); \
       hosted_copy(to_, from_, sizeof(*from_) * (nr)); })
#define copy_from_guest(ptr, hnd, nr) copy_from_guest_offset(ptr, hnd, 0, nr)
#define guest_handle_okay(hnd, nr) hosted_handle_okay((hnd).p)
bool hosted_handle_okay(const void *p);

#endif /* HOSTED_XEN_GUEST_ACCESS_H */
