/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * too_big: a file over the limit of 2 MiB.
 * Refused at upload, or before it.
 */
#include "payload.h"

EXTRA_VERSION(too_big, "Too big");

asm ( ".pushsection .rodata.too_big, \"a\", @progbits\n"
      ".fill 2 * 1024 * 1024, 1, 0xa5\n"
      ".popsection" );
