/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_ATOMIC_H
#define HOSTED_ASM_ATOMIC_H

/*
 * x86 orders loads before what follows them and stores after what precedes
 * them, so that is what these mean here: ThreadSanitizer then sees what the
 * processor promises, and no more.
 */
#include <xen/types.h>

typedef struct {
    int counter;
} atomic_t;

#define write_atomic(p, x) __atomic_store_n(p, x, __ATOMIC_RELEASE)

#define xchg(p, x) \
    ({ typeof(*(p)) x_ = __atomic_exchange_n(p, x, __ATOMIC_SEQ_CST); x_; })

/* What was there; both values by pointers, as Xen has it. */
static inline __uint128_t cmpxchg16b(volatile void *ptr, const void *old,
                                     const void *new)
{
    const uint64_t *o = old, *n = new;
    uint64_t low = o[0], high = o[1];

    asm volatile ( "lock cmpxchg16b %0"
                   : "+m" (*(volatile __uint128_t *)ptr), "+a" (low),
                     "+d" (high)
                   : "b" (n[0]), "c" (n[1]) : "cc" );
    return (__uint128_t)high << 64 | low;
}

#endif /* HOSTED_ASM_ATOMIC_H */
