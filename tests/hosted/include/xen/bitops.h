/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_BITOPS_H
#define HOSTED_XEN_BITOPS_H

#include <xen/types.h>

#define hosted_word(nr, addr) ((unsigned long *)(addr) + (nr) / 64)
#define hosted_bit(nr)        (1UL << ((nr) % 64))

#define __set_bit(nr, addr) set_bit(nr, addr)
#define test_bit(nr, addr) \
    (!!(__atomic_load_n(hosted_word(nr, addr), __ATOMIC_ACQUIRE) & \
        hosted_bit(nr)))
#define test_and_set_bit(nr, addr) \
    (!!(__atomic_fetch_or(hosted_word(nr, addr), hosted_bit(nr), \
                          __ATOMIC_SEQ_CST) & hosted_bit(nr)))
#define test_and_clear_bit(nr, addr) \
    (!!(__atomic_fetch_and(hosted_word(nr, addr), ~hosted_bit(nr), \
                           __ATOMIC_SEQ_CST) & hosted_bit(nr)))
#define set_bit(nr, addr)     ((void)test_and_set_bit(nr, addr))
#define clear_bit(nr, addr)   ((void)test_and_clear_bit(nr, addr))

#define ffs(x) __builtin_ffs(x)

static inline uint32_t ror32(uint32_t word, unsigned int shift)
{
    return word >> shift | word << (32 - shift);
}

#endif /* HOSTED_XEN_BITOPS_H */
