/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which types live in running memory, as far as the old build's types and
 * variables tell.
 */
#ifndef LIVEPATCH_BUILD_LAYOUT_MEMORY_H
#define LIVEPATCH_BUILD_LAYOUT_MEMORY_H

#include "layout_read.h"

struct memory_types;

/* Of stacks, as struct object_types has it. */
struct memory_types *memory_types_new(const struct types *types,
                                      const struct tags *held,
                                      const struct tags *pointed);
void memory_types_free(struct memory_types *memory);

/* How the old type comes to be in memory, in words that the caller frees; NULL:
 * it is on stacks alone. */
char *memory_types_path(const struct memory_types *memory,
                        const struct type *type);

/* Is it an enum that one source file alone knows, and of which no variable or
 * member is?  Then values are in memory as plain numbers at most. */
bool memory_types_is_fleeting(const struct memory_types *memory,
                              const struct type *type);

#endif
