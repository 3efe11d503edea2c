/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types of relocations of x86-64 (R_X86_64_*), as its ABI defines them.
 */
#ifndef LIVEPATCH_BUILD_RELOCATION_H
#define LIVEPATCH_BUILD_RELOCATION_H

#include <stdbool.h>

/* Bytes of the field that it fills in; 0: a type that isn't known, or has
 * none. */
unsigned int relocation_size(unsigned int type);

/* Is it a distance from that field? */
bool relocation_is_relative(unsigned int type);

/* Does it go through a table of addresses, in an instruction that can be made
 * to do without? */
bool relocation_is_got(unsigned int type);

/* Does it mean the address of its symbol, be it through such a table, rather
 * than a size, say? */
bool relocation_is_address(unsigned int type);

#endif
