/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ground: 256 functions that nobody calls, for the payload wide to replace.
 */
#include "payload.h"

asm ( ".altmacro\n"
      ".macro ground_function n\n"
      "    .p2align 4\n"
      "    .globl ground_\\n\n"
      "    .type ground_\\n, @function\n"
      "ground_\\n:\n"
      "    mov $\\n, %eax\n"
      "    .fill 10, 1, 0x90\n"
      "    ret\n"
      "    .size ground_\\n, . - ground_\\n\n"
      ".endm\n"
      ".pushsection .text.ground, \"ax\", @progbits\n"
      ".set ground_count, 0\n"
      ".rept 256\n"
      "    ground_function %ground_count\n"
      "    .set ground_count, ground_count + 1\n"
      ".endr\n"
      ".popsection\n"
      ".noaltmacro\n" );

static void cf_check ground_on_load(void)
{
}
LIVEPATCH_LOAD_HOOK(ground_on_load);
