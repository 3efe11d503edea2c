/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines that an author has to look at, as lines of a comment.
 */
#ifndef LIVEPATCH_BUILD_USES_H
#define LIVEPATCH_BUILD_USES_H

#include <stdio.h>

#include "patch/sources.h"

struct names_used {
    const char **words;
    size_t count;
    bool members;       /* only as "->word" or ".word", and only in lines that
                         * patches brought: others have members of that name */
};

/* Tell of each line of a source that uses one of the names. */
void uses_tell(const struct source *source, const struct names_used *names,
               FILE *out);
/* The first of them; 0: none. */
size_t uses_first(const struct source *source, const struct names_used *names);

/* The lines that patches took from a function, and brought into it. */
size_t changes_tell(const struct source *source, const char *function,
                    FILE *out);

#endif
