/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two builds of a type, and how far the memory of the one is the other's.
 */
#ifndef LIVEPATCH_BUILD_LAYOUT_COMPARE_H
#define LIVEPATCH_BUILD_LAYOUT_COMPARE_H

#include "layout_types.h"

enum grade {
    GRADE_SAME,     /* what is in memory means to both builds the same */
    GRADE_EYE,      /* it can, if a person looks after it */
    GRADE_LAYOUT,   /* it doesn't */
};

struct difference {
    enum grade grade;
    char *words;                /* the first of this grade; or NULL */
    size_t others;              /* more of this grade */
    bool moved_alone;           /* only places and sizes: what it holds may be
                                 * what grew */
};

/* Two builds of a type.  The caller frees the words. */
void types_compare(const struct type *old, const struct type *new,
                   struct difference *difference);

/*
 * Does memory that holds the one hold the other?  A named aggregate is itself,
 * whatever became of its members: that is its own difference.
 */
enum grade shape_compare(const struct shape *old, const struct shape *new);

#endif
