/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the releases of Xen from 4.17 on differ, as far as it matters here. */
#ifndef LIVEPATCH_COMPAT_H
#define LIVEPATCH_COMPAT_H

#include <xen/compile.h>
#include <xen/types.h>
#include <xen/version.h>
#include <xen/virtual_region.h>

#include <public/sysctl.h>

#include <asm/alternative.h>

#define XEN_RELEASE(major, minor) ((major) * 100 + (minor))
#define XEN_THIS_RELEASE XEN_RELEASE(XEN_VERSION, XEN_SUBVERSION)

/* The bounds of what was freed after boot. */
#if XEN_THIS_RELEASE >= XEN_RELEASE(4, 19)
# include <xen/sections.h>
#else
extern char __init_begin[], __init_end[];
#endif

/* What sort() gives to the function that swaps two entries. */
#if XEN_THIS_RELEASE >= XEN_RELEASE(4, 21)
# define SORT_SWAP_PARAMETERS void *a, void *b
#else
# define SORT_SWAP_PARAMETERS void *a, void *b, size_t size
#endif

/* The hypervisor's own build-id; false if it has none. */
static inline bool compat_build_id(const void **p, unsigned int *len)
{
#if XEN_THIS_RELEASE >= XEN_RELEASE(4, 21)
    *p = xen_build_id;
    *len = xen_build_id_len;

    return xen_build_id_len;
#else
    return !xen_build_id(p, len);
#endif
}

/* The flags of a sub-operation, and which of them there are. */
static inline uint32_t compat_flags(const struct xen_sysctl_livepatch_op *op)
{
#if XEN_THIS_RELEASE >= XEN_RELEASE(4, 19)
    return op->flags;
#else
    return op->pad;
#endif
}

#ifndef LIVEPATCH_FLAG_FORCE
#define LIVEPATCH_FLAG_FORCE 0
#endif

/* How much room the caller has for names or metadata, if he says so. */
static inline uint32_t compat_list_room(uint32_t total_size)
{
#if XEN_THIS_RELEASE >= XEN_RELEASE(4, 21)
    return total_size;
#else
    return UINT32_MAX;
#endif
}

/* The bug frames of one kind. */
static inline void compat_set_bug_frames(struct virtual_region *region,
                                         unsigned int kind,
                                         const struct bug_frame *frames,
                                         size_t n)
{
#if XEN_THIS_RELEASE >= XEN_RELEASE(4, 19)
    region->frame[kind].start = frames;
    region->frame[kind].stop = frames + n;
#else
    region->frame[kind].bugs = frames;
    region->frame[kind].n_bugs = n;
#endif
}

/* "If the feature is missing" came by a bug fix, in the middle of releases. */
#ifndef ALT_FLAG_NOT
#define ALT_FLAG_NOT 0
#endif

/* 0 or -errno; older ones return nothing, and stop the host instead. */
#define compat_apply_alternatives(start, end)                              \
    __builtin_choose_expr(                                                 \
        __builtin_types_compatible_p(                                      \
            typeof(apply_alternatives(start, end)), void),                 \
        (apply_alternatives(start, end), 0),                               \
        (apply_alternatives(start, end)))

#endif /* LIVEPATCH_COMPAT_H */
