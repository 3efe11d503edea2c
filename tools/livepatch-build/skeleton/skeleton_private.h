/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A skeleton that is being written.
 */
#ifndef LIVEPATCH_BUILD_SKELETON_PRIVATE_H
#define LIVEPATCH_BUILD_SKELETON_PRIVATE_H

#include "insertions.h"
#include "layout/layout_explain.h"
#include "skeleton.h"

/* A text that grows. */
struct writing {
    char *text;
    size_t size;
    FILE *out;
};

void writing_begin(struct writing *writing);
char *writing_end(struct writing *writing);     /* the caller frees it */

struct skeleton {
    const struct skeleton_input *input;
    struct insertions insertions;
    struct writing words, files;    /* what each part is; new files */
    size_t parts;
    bool has_shadows;               /* and what they need on other engines */
};

/* hooks.c, array.c, shadow.c: a part for one refusal.  False: it can't be had,
 * as the patch doesn't change the file that it would be in. */
bool skeleton_hooks(struct skeleton *skeleton, const struct atom *atom);
bool skeleton_array(struct skeleton *skeleton, const struct atom *atom);
bool skeleton_shadow(struct skeleton *skeleton,
                     const struct type_change *change);

/* The patched source of an atom, or NULL. */
const struct source *skeleton_source(const struct skeleton *skeleton,
                                     const struct atom *atom);

/* Put hooks, taken over, behind all else in a file. */
bool skeleton_add_hooks(struct skeleton *skeleton, const struct source *source,
                        char *text);

/* "unsigned int x[2][3]" with x in place of a name; NULL: source without the
 * patch has no such type.  The caller frees it. */
char *skeleton_declare(const struct skeleton *skeleton,
                       const struct shape *shape, const char *name);

#endif
