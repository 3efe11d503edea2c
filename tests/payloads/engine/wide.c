/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wide: replaces 256 functions, those of the payload ground, and
 * xen_extra_version: what it takes to write many jumps.
 */
#include "payload.h"

/* Each with a record as struct livepatch_func has it. */
asm ( ".altmacro\n"
      ".macro wide_function n\n"
      "    .pushsection .text.wide, \"ax\", @progbits\n"
      "    .p2align 4\n"
      "    .globl wide_\\n\n"
      "    .type wide_\\n, @function\n"
      "wide_\\n:\n"
      "    mov $\\n, %eax\n"
      "    ret\n"
      "    .size wide_\\n, . - wide_\\n\n"
      "    .popsection\n"
      "    .pushsection .rodata.str1.1, \"aMS\", @progbits, 1\n"
      "wide_name_\\n:\n"
      "    .asciz \"ground_\\n\"\n"
      "    .popsection\n"
      "    .pushsection .livepatch.funcs, \"aw\", @progbits\n"
      "    .quad wide_name_\\n, wide_\\n, ground_\\n\n"
      "    .long 0, 16\n"
      "    .byte 2\n"
      "    .fill 39 + 32, 1, 0\n"
      "    .popsection\n"
      ".endm\n"
      ".set wide_count, 0\n"
      ".rept 256\n"
      "    wide_function %wide_count\n"
      "    .set wide_count, wide_count + 1\n"
      ".endr\n"
      ".noaltmacro\n" );

EXTRA_VERSION(wide, "Wide World");
