/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a member or variable is in the end, from its debug information.
 */
#ifndef LIVEPATCH_BUILD_LAYOUT_SHAPE_H
#define LIVEPATCH_BUILD_LAYOUT_SHAPE_H

#include <elfutils/libdw.h>

#include "layout_types.h"

/* An aggregate that has no name: its members are its holder's. */
struct nameless {
    Dwarf_Die die;
    bool is;                    /* there is one */
    bool pointed;               /* the holder has a pointer to it */
};

/* What the DIE's type comes to; nameless may be NULL. */
struct shape shape_read(struct types *types, Dwarf_Die *holder,
                        struct nameless *nameless);

/* The DIE's own name, or NULL: none, or a damaged one. */
const char *die_name(Dwarf_Die *die);
bool die_type(Dwarf_Die *die, Dwarf_Die *type);
bool die_number(Dwarf_Die *die, unsigned int attribute, uint64_t *number);
bool die_flag(Dwarf_Die *die, unsigned int attribute);
bool is_aggregate(int tag);

/* What typedefs without further typedefs come to: const and the like gone. */
bool die_unqualified(Dwarf_Die *die);

#endif
