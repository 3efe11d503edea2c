/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ASM_X86_LIVEPATCH_H
#define ASM_X86_LIVEPATCH_H

#include <xen/sizes.h>

/* Bytes of the jump at a patched function's entry: e9 and 32 bits. */
#define ARCH_PATCH_INSN_SIZE 5

/* How far it reaches, either way. */
#define ARCH_LIVEPATCH_RANGE SZ_2G

/* For alternatives in payloads that are always to be taken. */
#define LIVEPATCH_FEATURE    X86_FEATURE_ALWAYS

#endif /* ASM_X86_LIVEPATCH_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
