/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code in which the assembler has resolved references by itself.
 */
#ifndef LIVEPATCH_BUILD_CODE_H
#define LIVEPATCH_BUILD_CODE_H

#include "object.h"

/*
 * The offset of the first byte that does something else in the other function;
 * the smaller one's size if there is none.  Relocations are not compared.
 * Functions that share a section, as those in .init.text, reach each other
 * without relocations: distances between them mean what is there.
 */
uint64_t code_difference(const struct atom *old, const struct atom *new);

#endif
