/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The types that an object has, and where it has them.
 */
#ifndef LIVEPATCH_BUILD_LAYOUT_READ_H
#define LIVEPATCH_BUILD_LAYOUT_READ_H

#include "layout_prototype.h"
#include "layout_types.h"

/* A type's tag, and what it was found by: "`info' of do_write()". */
struct tag {
    const char *name, *by;
};

struct tags {
    struct tag *all;
    size_t count, room;
};

/* What one object has. */
struct object_types {
    struct type **types;        /* and variables that aren't on a stack */
    size_t ntypes, types_room;
    struct tags held;           /* of what is on a stack by value */
    struct tags pointed;        /* of what local variables point to, and what
                                 * functions return pointers to */
    const struct prototype **prototypes;        /* of functions with code */
    size_t nprototypes, prototypes_room;
};

/*
 * Read an object's types: serial is a number of its own, of the old build or of
 * the new.  False and *why (the caller frees it): as debug_open(), or damaged.
 */
bool types_read(struct types *types, const char *path, bool old, size_t serial,
                struct object_types *object, char **why);
void object_types_free(struct object_types *object);

#endif
