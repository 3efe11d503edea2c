/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * big: a file just under the limit of 2 MiB.
 * Accepted, applied, reverted as any other.
 */
#include "payload.h"

EXTRA_VERSION(big, "Big World");

asm ( ".pushsection .rodata.big, \"a\", @progbits\n"
      ".fill 2 * 1024 * 1024 - 4096, 1, 0xa5\n"
      ".popsection" );
