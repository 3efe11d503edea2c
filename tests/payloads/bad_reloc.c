/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bad_reloc: holds a 32-bit absolute relocation (R_X86_64_32), which the
 * engine doesn't support.  Refused at upload.
 */
#include "payload.h"

EXTRA_VERSION(bad_reloc, "Badly relocated");

asm ( ".pushsection .rodata.bad_reloc, \"a\", @progbits\n"
      ".long bad_reloc_extra_version\n"
      ".popsection" );
