/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_LIB_H
#define HOSTED_XEN_LIB_H

#include <stdarg.h>
#include <stdio.h>
#include <inttypes.h>

#include <xen/bug.h>
#include <xen/string.h>
#include <xen/types.h>
#include <xen/kernel.h>

#define XENLOG_ERR      "<0>"
#define XENLOG_WARNING  "<1>"
#define XENLOG_INFO     "<2>"
#define XENLOG_DEBUG    "<3>"
#define XENLOG_GUEST    ""
#define XENLOG_G_ERR     XENLOG_GUEST XENLOG_ERR
#define XENLOG_G_WARNING XENLOG_GUEST XENLOG_WARNING
#define XENLOG_G_INFO    XENLOG_GUEST XENLOG_INFO
#define XENLOG_G_DEBUG   XENLOG_GUEST XENLOG_DEBUG

/* Into the console that tests look at: see hosted.h. */
#define printk hosted_printk
#define vprintk hosted_vprintk
void printk(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2)));
void vprintk(const char *fmt, va_list args)
    __attribute__((__format__(__printf__, 1, 0)));
#define panic hosted_panic
void __attribute__((__noreturn__)) panic(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2)));
#define dprintk(level, fmt, args...) printk(level fmt, ## args)
#define gprintk(level, fmt, args...) printk(level fmt, ## args)
#define printk_once printk

/* As snprintf(), but they return what was written. */
#define scnprintf hosted_scnprintf
#define vscnprintf hosted_vscnprintf
int scnprintf(char *buf, size_t size, const char *fmt, ...)
    __attribute__((__format__(__printf__, 3, 4)));
int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
    __attribute__((__format__(__printf__, 3, 0)));

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#define ROUNDUP(x, a) (((x) + (a) - 1) & ~((typeof(x))(a) - 1))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define IS_ALIGNED(val, align) (!((val) & ((align) - 1)))
#define MASK_EXTR(v, m) (((v) & (m)) / ((m) & -(m)))
#define MASK_INSR(v, m) (((v) * ((m) & -(m))) & (m))
#define SWAP(a, b) \
    do { typeof(a) t_ = (a); (a) = (b); (b) = t_; } while ( 0 )
#define count_args(args...) hosted_count(args)

#endif /* HOSTED_XEN_LIB_H */
