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

#define ATOMIC_INIT(i) { (i) }

#define read_atomic(p)     __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define write_atomic(p, x) __atomic_store_n(p, x, __ATOMIC_RELEASE)

#define atomic_read(v)     read_atomic(&(v)->counter)
#define _atomic_read(v)    ((v).counter)
#define atomic_set(v, i)   write_atomic(&(v)->counter, i)
#define atomic_add_return(i, v) \
    __atomic_add_fetch(&(v)->counter, i, __ATOMIC_SEQ_CST)
#define atomic_sub_return(i, v) \
    __atomic_sub_fetch(&(v)->counter, i, __ATOMIC_SEQ_CST)
#define atomic_inc_return(v)   atomic_add_return(1, v)
#define atomic_dec_return(v)   atomic_sub_return(1, v)
#define atomic_inc(v)          ((void)atomic_add_return(1, v))
#define atomic_dec(v)          ((void)atomic_sub_return(1, v))
#define atomic_add(i, v)       ((void)atomic_add_return(i, v))
#define atomic_sub(i, v)       ((void)atomic_sub_return(i, v))
#define atomic_inc_and_test(v) (!atomic_add_return(1, v))
#define atomic_dec_and_test(v) (!atomic_sub_return(1, v))

#define xchg(p, x) \
    ({ typeof(*(p)) x_ = __atomic_exchange_n(p, x, __ATOMIC_SEQ_CST); x_; })
#define cmpxchg(p, o, n) \
    ({ typeof(*(p)) o_ = (o); \
       __atomic_compare_exchange_n(p, &o_, n, false, __ATOMIC_SEQ_CST, \
                                   __ATOMIC_SEQ_CST); o_; })

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

static inline int atomic_cmpxchg(atomic_t *v, int old, int new)
{
    return cmpxchg(&v->counter, old, new);
}

#endif /* HOSTED_ASM_ATOMIC_H */
