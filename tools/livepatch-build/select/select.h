/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes into the payload: changed and new functions, and what these need
 * that doesn't run yet.
 */
#ifndef LIVEPATCH_BUILD_SELECT_H
#define LIVEPATCH_BUILD_SELECT_H

#include "compare/compare.h"
#include "layout/layout.h"
#include "report/report.h"
#include "running/running.h"

/* Where something is refused, what a hook, or a variable of another kind, could
 * have in its place: atom->gap. */
enum gap {
    GAP_NONE,
    GAP_RAN,            /* what code that has run would do with the patch */
    GAP_VALUE,          /* the value of a variable that exists */
    GAP_FIRST_VALUE,    /* that of a new one */
    GAP_PER_CPU,        /* a new per-CPU variable */
};

/*
 * Set atom->selected in the new objects, and refuse what can't be done.  All
 * pairs at once, as a function of one file may need a new one of another.
 * layouts: of the same pairs, in their order, for what callers go by.  Tells
 * the report the functions that are selected, if nothing was refused.
 */
void select_atoms(struct object_pair *pairs, size_t npairs,
                  const struct running *running,
                  const struct layouts *layouts, struct report *report);

#endif
