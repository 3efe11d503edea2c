/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_MM_FRAME_H
#define HOSTED_XEN_MM_FRAME_H

#include <xen/types.h>

typedef struct {
    unsigned long mfn;
} mfn_t;

static inline mfn_t _mfn(unsigned long mfn)
{
    return (mfn_t){ mfn };
}

static inline unsigned long mfn_x(mfn_t mfn)
{
    return mfn.mfn;
}

static inline bool mfn_eq(mfn_t a, mfn_t b)
{
    return a.mfn == b.mfn;
}

#define INVALID_MFN (_mfn(~0UL))

#endif /* HOSTED_XEN_MM_FRAME_H */
