/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What CPUs tell each other without a lock.  Everything that was written
 * before a store_release() is seen by whoever load_acquire()s the value that
 * it stored; claim() is both.  On x86 the first two are plain moves which the
 * compiler leaves where they are.
 */
#ifndef LIVEPATCH_SYNC_H
#define LIVEPATCH_SYNC_H

#define load_acquire(p)     __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

/* Changes *p from one value to another, unless somebody was faster. */
#define claim(p, from, to)                                              \
    ({                                                                  \
        typeof(*(p)) from_ = (from);                                    \
                                                                        \
        __atomic_compare_exchange_n(p, &from_, to, false,               \
                                    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED); \
    })

#endif /* LIVEPATCH_SYNC_H */
