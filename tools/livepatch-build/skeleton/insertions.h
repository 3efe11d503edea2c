/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is put into source files, as a patch that fits the tree with the fix and
 * without it: each at a place whose surroundings the fix leaves as they are.
 */
#ifndef LIVEPATCH_BUILD_INSERTIONS_H
#define LIVEPATCH_BUILD_INSERTIONS_H

#include <stdio.h>

#include "patch/sources.h"

struct insertion {
    const struct source *source;
    size_t after;               /* how many of its old lines are in front */
    char *text;                 /* whole lines */
};

struct insertions {
    struct insertion *list;
    size_t count, room;
};

/*
 * Put text, which is taken over, between two declarations: the last place in
 * front of a line of the patched file, or of its end (SIZE_MAX).  False: there
 * is none.
 */
bool insertions_add(struct insertions *insertions, const struct source *source,
                    size_t line, char *text);
/* Is there something in this file? */
bool insertions_has(const struct insertions *insertions,
                    const struct source *source);
void insertions_write(const struct insertions *insertions, FILE *out);
void insertions_free(struct insertions *insertions);

#endif
