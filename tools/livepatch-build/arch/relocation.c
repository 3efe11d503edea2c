/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relocation.h"

#include "arch.h"

const struct relocation *relocation_of(unsigned int type)
{
    static const struct relocation unknown;

    return type < arch->nrelocations ? &arch->relocations[type] : &unknown;
}

bool relocation_is_relative(unsigned int type)
{
    unsigned int means = relocation_of(type)->means;

    return means == RELOCATION_DISTANCE || means == RELOCATION_GOT_DISTANCE ||
           means == RELOCATION_OTHER_DISTANCE;
}

bool relocation_is_address(unsigned int type)
{
    unsigned int means = relocation_of(type)->means;

    return means == RELOCATION_ADDRESS || means == RELOCATION_DISTANCE ||
           means == RELOCATION_GOT_DISTANCE;
}
