/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relocation.h"

#include <elf.h>

enum meaning { ADDRESS = 1, DISTANCE, GOT_DISTANCE, OTHER, OTHER_DISTANCE };

static const struct {
    unsigned char size;
    enum meaning meaning;
} types[] = {
    [R_X86_64_64] = { 8, ADDRESS },
    [R_X86_64_PC32] = { 4, DISTANCE },
    [R_X86_64_GOT32] = { 4, OTHER },
    [R_X86_64_PLT32] = { 4, DISTANCE },
    [R_X86_64_GOTPCREL] = { 4, GOT_DISTANCE },
    [R_X86_64_32] = { 4, ADDRESS },
    [R_X86_64_32S] = { 4, ADDRESS },
    [R_X86_64_16] = { 2, ADDRESS },
    [R_X86_64_PC16] = { 2, DISTANCE },
    [R_X86_64_8] = { 1, ADDRESS },
    [R_X86_64_PC8] = { 1, DISTANCE },
    [R_X86_64_PC64] = { 8, DISTANCE },
    [R_X86_64_GOTOFF64] = { 8, OTHER },
    [R_X86_64_GOTPC32] = { 4, OTHER_DISTANCE },
    [R_X86_64_SIZE32] = { 4, OTHER },
    [R_X86_64_SIZE64] = { 8, OTHER },
    [R_X86_64_GOTPCRELX] = { 4, GOT_DISTANCE },
    [R_X86_64_REX_GOTPCRELX] = { 4, GOT_DISTANCE },
};

#define TYPES (sizeof(types) / sizeof(*types))

static enum meaning meaning_of(unsigned int type)
{
    return type < TYPES ? types[type].meaning : 0;
}

unsigned int relocation_size(unsigned int type)
{
    return type < TYPES ? types[type].size : 0;
}

bool relocation_is_relative(unsigned int type)
{
    enum meaning meaning = meaning_of(type);

    return meaning == DISTANCE || meaning == GOT_DISTANCE ||
           meaning == OTHER_DISTANCE;
}

bool relocation_is_got(unsigned int type)
{
    return meaning_of(type) == GOT_DISTANCE;
}

bool relocation_is_address(unsigned int type)
{
    enum meaning meaning = meaning_of(type);

    return meaning == ADDRESS || meaning == DISTANCE ||
           meaning == GOT_DISTANCE;
}
