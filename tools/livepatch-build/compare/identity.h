/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What atoms and references mean, across two builds of a source file.
 *
 * Code and data that have a name are what they are called, whatever they hold;
 * everything else is what it holds.  Atoms that mean the same have an equal
 * atom->identity, in the same object or in both.
 */
#ifndef LIVEPATCH_BUILD_IDENTITY_H
#define LIVEPATCH_BUILD_IDENTITY_H

#include "object/object.h"

/* Does it mean what it is called?  False also for what the compiler names, but
 * makes for its own use: CSWTCH.1, __func__.2. */
bool is_named(const struct atom *atom);

/* Nothing writes it once Xen is linked. */
bool is_read_only(const struct section *section);

/* The name without the numbers that a compiler gives: foo.1 is foo, and
 * foo.isra.0.cold is foo.isra.cold.  The caller frees it. */
char *name_without_numbers(const char *name, bool *numbered);

/*
 * Give each atom that is not named its identity.  Those of the named ones are
 * given, each below `first`, and not 0.  Returns a number above all of them.
 */
uint64_t identify_contents(struct object *old, struct object *new,
                           uint64_t first);

/* Do references mean the same byte?  Where they are is not compared. */
bool same_meaning(const struct ref *a, const struct ref *b);

/* Bytes, and references at equal offsets with the same meaning. */
bool same_contents(const struct atom *a, const struct atom *b);

/* Types that the linker treats alike are one. */
unsigned int ref_type(const struct ref *ref);

#endif
