/* SPDX-License-Identifier: GPL-2.0-only */
/* Where one x86-64 instruction ends and the next begins. */
#ifndef X86_LIVEPATCH_INSTRUCTION_H
#define X86_LIVEPATCH_INSTRUCTION_H

#include <xen/types.h>

#define INSTRUCTION_MAX 15

/*
 * Length of the instruction whose bytes begin at code, of which room can be
 * read.  0: it isn't complete, no processor knows it, or processors disagree
 * about its length.
 */
unsigned int instruction_length(const uint8_t *code, size_t room);

/*
 * Whether an instruction of that length is what assemblers fill gaps between
 * functions with: a NOP of any length, or INT3.
 */
bool instruction_is_padding(const uint8_t *code, unsigned int length);

#endif /* X86_LIVEPATCH_INSTRUCTION_H */
