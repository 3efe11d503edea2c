/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is loaded of a payload near the limit of 2 MiB: 8,000 functions in 400
 * sections, three quarters of them global, which nobody calls, and 32,000
 * relocations, to functions of Xen's and to each other.
 */
#ifndef TESTS_LARGE_H
#define TESTS_LARGE_H

#include "payload.h"

/*
 * Each function calls one of Xen's and another one of the payload, and is in
 * a table.  P: the payload's name.
 */
#define LARGE_MACROS(P)                                                 \
    ".macro " P "_function n, other, xen\n"                             \
    "    .p2align 4\n"                                                  \
    "    .type " P "_function_\\n, @function\n"                         \
    "    .if \\n & 3\n"                                                 \
    "    .globl " P "_function_\\n\n"                                   \
    "    .endif\n"                                                      \
    P "_function_\\n:\n"                                                \
    "    call \\xen\n"                                                  \
    "    lea " P "_function_\\other(%rip), %rax\n"                      \
    "    call " P "_function_\\other\n"                                 \
    "    ret\n"                                                         \
    "    .fill 70, 1, 0xcc\n"                                           \
    "    .size " P "_function_\\n, . - " P "_function_\\n\n"            \
    "    .pushsection .rodata.table_" P ", \"a\", @progbits\n"           \
    "    .quad " P "_function_\\n\n"                                    \
    "    .popsection\n"                                                 \
    ".endm\n"                                                           \
    ".macro " P "_section n\n"                                          \
    "    .pushsection .text." P "_\\n, \"ax\", @progbits\n"             \
    "    .irp xen, printk, panic, memcpy, memset, memcmp, snprintf, "   \
    "xfree, _xmalloc, _xzalloc, vfree, domain_pause, domain_unpause, "  \
    "vcpu_pause, vcpu_unpause, do_softirq, raise_softirq, "             \
    "tasklet_schedule, tasklet_init, rcu_barrier, get_s_time\n"         \
    "    " P "_function %large_count, "                                 \
    "%((large_count * 7 + 21) % 8000), \\xen\n"                         \
    "    .set large_count, large_count + 1\n"                           \
    "    .endr\n"                                                       \
    "    .popsection\n"                                                 \
    ".endm\n"

#define LARGE(P)                                                        \
    asm ( ".altmacro\n"                                                 \
          LARGE_MACROS(P)                                               \
          ".set large_count, 0\n"                                       \
          ".set large_sections, 0\n"                                    \
          ".rept 400\n"                                                 \
          "    " P "_section %large_sections\n"                         \
          "    .set large_sections, large_sections + 1\n"               \
          ".endr\n"                                                     \
          ".noaltmacro\n" )

#endif
