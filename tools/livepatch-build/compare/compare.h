/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between two builds of the same source file.
 */
#ifndef LIVEPATCH_BUILD_COMPARE_H
#define LIVEPATCH_BUILD_COMPARE_H

#include "object/object.h"

enum verdict {
    VERDICT_UNKNOWN,
    VERDICT_SAME,       /* it has a twin, and does what that does */
    VERDICT_CHANGED,    /* it has a twin, and differs from it */
    VERDICT_NEW,        /* it has none (in the old object: it is gone) */
};

/* Two builds of a source file, paired and compared.  old NULL: it is new. */
struct object_pair {
    struct object *old, *new;
};

/*
 * Find each atom's like in the other object, by what it is: by its name; by
 * its name without the compiler's numbers (foo.1, __func__.2, bar.isra.0,
 * CSWTCH.3), as confirmed by content and by who refers to it from where; by
 * its content, if it has no name.  Sets atom->twin on both sides; what is
 * anonymous and merged (strings, constants) may have one twin for many, as may
 * CSWTCH.N and __func__.N.  Those twins are set by compare_objects().
 *
 * A static variable that may or may not be the old one, as nothing tells, is
 * VERDICT_CHANGED already here: it must not pass for a new one.
 */
void pair_objects(struct object *old, struct object *new);

/*
 * Judge every atom of both objects, which pair_objects() has seen: sets verdict
 * and difference.
 *
 * Functions are the same if their bytes are, their references mean twins (or
 * equal symbols) at equal places, and the table entries that they own are the
 * same, with the fixups and replacements that those name.  The line number in
 * a BUG frame is no difference, nor is the order of entries in a table.  What
 * a reference means may differ in content (a static variable that changed is
 * a change of that variable), but for strings and constants, which are what
 * they hold: these, unnamed code and entries of tables are SAME or NEW, never
 * CHANGED.  A function that jumps into the middle of another, or to its own
 * cold part, is changed if that is.
 */
void compare_objects(struct object *old, struct object *new);

/* The same for global functions that one file has lost and another has got: who
 * calls them elsewhere goes on by the name.  They count as changed. */
void compare_moved(struct object_pair *pairs, size_t npairs);

const char *verdict_name(enum verdict verdict);

/* Write both verdicts and differences, as `livepatch-build diff` shows them:
 * functions first, then data.  all: those that are the same, too. */
void compare_print(const struct object *old, const struct object *new,
                   bool all);

#endif
