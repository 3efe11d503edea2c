/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members of a type, from its debug information, flat.
 */
#ifndef LIVEPATCH_BUILD_LAYOUT_MEMBERS_H
#define LIVEPATCH_BUILD_LAYOUT_MEMBERS_H

#include <elfutils/libdw.h>

#include "layout_types.h"

/* Where members are gathered, one type's at a time. */
struct gathering {
    struct types *types;
    struct member *members;
    size_t count, room;
    size_t visits;              /* of members, in the object */
};

/* The members of an aggregate.  False: damaged, or far too many. */
bool members_of(struct gathering *gathering, Dwarf_Die *aggregate);
/* Of a variable: itself, and what is in it if its type has no name. */
bool members_of_variable(struct gathering *gathering, Dwarf_Die *variable,
                         const char *name);

#endif
