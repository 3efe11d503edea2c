/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types of relocations of x86-64 (R_X86_64_*), as its ABI defines them.  Three
 * are done by all engines.
 */
#include "x86.h"

#include <elf.h>

#define ADDRESS .means = RELOCATION_ADDRESS
#define DISTANCE .means = RELOCATION_DISTANCE, .is_signed = true
#define GOT_DISTANCE .means = RELOCATION_GOT_DISTANCE, .is_signed = true
#define OTHER .means = RELOCATION_OTHER

const struct relocation x86_relocations[X86_RELOCATIONS] = {
    [R_X86_64_64] = { 8, ADDRESS, .done_by_engines = true },
    [R_X86_64_PC32] = { 4, DISTANCE, .done_by_engines = true },
    [R_X86_64_GOT32] = { 4, OTHER },
    [R_X86_64_PLT32] = { 4, DISTANCE, .done_by_engines = true,
                         .branch = true },
    [R_X86_64_GOTPCREL] = { 4, GOT_DISTANCE },
    [R_X86_64_32] = { 4, ADDRESS },
    [R_X86_64_32S] = { 4, ADDRESS, .is_signed = true },
    [R_X86_64_16] = { 2, ADDRESS },
    [R_X86_64_PC16] = { 2, DISTANCE },
    [R_X86_64_8] = { 1, ADDRESS },
    [R_X86_64_PC8] = { 1, DISTANCE },
    [R_X86_64_PC64] = { 8, DISTANCE },
    [R_X86_64_GOTOFF64] = { 8, OTHER },
    [R_X86_64_GOTPC32] = { 4, .means = RELOCATION_OTHER_DISTANCE },
    [R_X86_64_SIZE32] = { 4, OTHER },
    [R_X86_64_SIZE64] = { 8, OTHER },
    [R_X86_64_GOTPCRELX] = { 4, GOT_DISTANCE },
    [R_X86_64_REX_GOTPCRELX] = { 4, GOT_DISTANCE },
};
