/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_COMPILER_H
#define HOSTED_XEN_COMPILER_H

#define likely(x)         __builtin_expect(!!(x), 1)
#define unlikely(x)       __builtin_expect(!!(x), 0)
#ifndef always_inline
#define always_inline     __attribute__((__always_inline__)) inline
#endif
#define noinline          __attribute__((__noinline__))
#undef __must_check
#define __must_check      __attribute__((__warn_unused_result__))
#define __section(s)      __attribute__((__section__(s)))
#define __used_section(s) __attribute__((__used__, __section__(s)))
#define __aligned(n)      __attribute__((__aligned__(n)))
#ifndef __attribute_const__
#define __attribute_const__ __attribute__((__const__))
#endif
#define cf_check
#define __read_mostly
#define barrier()         asm volatile ( "" ::: "memory" )
#define ACCESS_ONCE(x)    (*(volatile typeof(x) *)&(x))

#endif /* HOSTED_XEN_COMPILER_H */
