/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What functions take and give back: callers that stay go by it.
 */
#ifndef LIVEPATCH_BUILD_LAYOUT_PROTOTYPE_H
#define LIVEPATCH_BUILD_LAYOUT_PROTOTYPE_H

#include <elfutils/libdw.h>

#include "layout_types.h"

struct parameter {
    const char *name;           /* "" */
    struct shape shape;
};

struct prototype {
    const char *name;           /* the function's, of the table of names */
    struct shape result;
    struct parameter *parameters;
    size_t count;
};

/* Of a function that there is code of; NULL: the DIE is of none.  Lives as long
 * as the types. */
const struct prototype *prototype_read(struct types *types, Dwarf_Die *die);

/* What differs for a caller, in words that this one frees; NULL: nothing.  Who
 * ignores what is returned doesn't mind if something is. */
char *prototype_compare(const struct prototype *old,
                        const struct prototype *new);

#endif
