/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types whose layout differs between two builds, from their debug information.
 */
#ifndef LIVEPATCH_BUILD_LAYOUT_H
#define LIVEPATCH_BUILD_LAYOUT_H

#include <stdbool.h>

#include "report/report.h"

struct layouts;
struct shape;

struct layouts *layouts_new(void);
void layouts_free(struct layouts *layouts);

/*
 * Compare the types of two builds of a source file, given by their objects'
 * paths (compiled with -g).  old NULL: the file is new.  new NULL: it isn't
 * made again, and only tells what is in memory.  Each type is compared once,
 * however many objects have it.  False and *why (the caller frees it): a bad
 * file, or one that has code, but no debug information.
 */
bool layouts_compare(struct layouts *layouts, const char *old, const char *new,
                     char **why);

/* All objects are given.  Refuses each type that lives in running memory and
 * has another size, or a member at another place or of another kind, by type,
 * member, both places, and file where it is declared; warns of padding that
 * has become a member. */
void layouts_conclude(struct layouts *layouts, struct report *report);

/*
 * What a function takes and gives back, if that differs in the pair of objects
 * that was the number-th to be compared (from 0): in words, for who calls it
 * as it was.  NULL: it doesn't.  They live as long as the layouts.
 */
const char *layouts_prototype(const struct layouts *layouts, size_t number,
                              const char *function);

/* All types that differ: layout_explain.h. */
const struct changes *layouts_changes(const struct layouts *layouts);
/* What a variable is that the new build alone has; NULL: there is none. */
const struct shape *layouts_variable(const struct layouts *layouts,
                                     const char *name);
/* Can source that the patch hasn't touched have one? */
bool layouts_had(const struct layouts *layouts, const struct shape *shape);

#endif
