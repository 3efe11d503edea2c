/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is missing where a patch was refused, as a patch of its own to be filled
 * in: hooks, arrays in place of per-CPU data, shadow variables.
 *
 * It goes beside the patch and doesn't take its place.  So it fits the tree
 * with the patch and without, compiles alone, and an author's words stay out of
 * an advisory's.  What is to be filled in is marked as unfinished.h has it: no
 * payload comes of it before.
 */
#ifndef LIVEPATCH_BUILD_SKELETON_H
#define LIVEPATCH_BUILD_SKELETON_H

#include "compare/compare.h"
#include "layout/layout.h"
#include "patch/sources.h"

struct skeleton_input {
    const struct object_pair *pairs;    /* select.h has seen them */
    size_t npairs;
    const struct layouts *layouts;
    const struct sources *sources;
    const char *name;                   /* of the payload */
};

/* *parts: how many refusals it is for; with 0 there is no file.  False and *why
 * (the caller frees it): it can't be written. */
bool skeleton_write(const struct skeleton_input *input, const char *path,
                    size_t *parts, char **why);

#endif
