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

/* As snprintf(), but they return what was written. */
#define scnprintf hosted_scnprintf
#define vscnprintf hosted_vscnprintf
int scnprintf(char *buf, size_t size, const char *fmt, ...)
    __attribute__((__format__(__printf__, 3, 4)));
int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
    __attribute__((__format__(__printf__, 3, 0)));

/* 0 if the name stands before the end, or before one of ",:;=". */
int cmdline_strcmp(const char *frag, const char *name);

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#define ROUNDUP(x, a) (((x) + (a) - 1) & ~((typeof(x))(a) - 1))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))

#endif /* HOSTED_XEN_LIB_H */
