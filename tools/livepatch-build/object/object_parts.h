/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How an object is read, step by step; between object*.c alone.
 */
#ifndef LIVEPATCH_BUILD_OBJECT_PARTS_H
#define LIVEPATCH_BUILD_OBJECT_PARTS_H

#include <stdint.h>

#include "object.h"

/* A section's relocations. */
struct relocations {
    struct ref *refs;           /* in ascending order, not overlapping */
    size_t nrefs, room;
};

/* A place that a relocation names and that no symbol needs to: a fixup or a
 * replacement, by the entry of a table, or a string. */
struct mark {
    struct section *section;
    uint64_t offset;
    uint64_t size;              /* of a replacement, as its entry has it */
    struct ref *ref;
    size_t atom;                /* for a replacement of no size: its number
                                 * among all atoms; or NO_ATOM */
};

#define NO_ATOM SIZE_MAX

/* An object, and what is needed while it is read.  object->memory. */
struct reading {
    struct object *object;
    const char *label;
    char **why;
    uint8_t *image;
    size_t size;
    struct relocations *relocations;    /* by section */
    struct symbol **places;     /* the symbols that mark a place in a section,
                                 * by section, value, and falling size */
    size_t *first_place;        /* by section, and one more: in places */
    size_t nplaces;
    struct mark *marks;         /* by section, offset and size */
    size_t nmarks, marks_room;
    struct atom *atoms;         /* by section, in ascending order */
    size_t natoms, atoms_room;
    size_t *first_atom;         /* by section, and one more: in atoms */
    struct atom **entries;      /* by owner */
    char **kept;                /* object_keep() */
    size_t nkept, kept_room;
};

/* Steps, in their order.  Those that can fail say why. */
bool object_elf_read(struct reading *reading);
bool object_cut(struct reading *reading);
bool object_understand_refs(struct reading *reading);
void object_find_owners(struct reading *reading);

/* Of object_cut(): fills in places and marks. */
void object_find_places(struct reading *reading);

/* The section's first mark; *end: behind its last one. */
size_t section_marks(const struct reading *reading,
                     const struct section *section, size_t *end);

bool holds_strings(const struct section *section);

/* Is it a local label of the compiler or the assembler? */
bool is_label(const struct symbol *symbol);

/* The atom at this offset or the last one in front of it, if there is one, or
 * else the first behind it.  The section has atoms. */
struct atom *nearest_atom(const struct section *section, uint64_t offset);

/* The first of the section's relocations at or behind this offset. */
size_t first_ref(const struct relocations *relocations, uint64_t offset);

#endif
