/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines that an author has to look at, as lines of a comment.
 */
#ifndef LIVEPATCH_BUILD_USES_H
#define LIVEPATCH_BUILD_USES_H

#include <stdio.h>

#include "patch/sources.h"

enum use {
    USE_MEMBER,         /* "->word", ".word", in lines that patches brought */
    USE_VARIABLE,       /* the word, in any line of the files they changed */
};

/* Tell of each line of one source that uses the word.  Returns how many. */
size_t uses_tell(const struct source *source, const char *word, enum use use,
                 FILE *out);
/* The first of them; 0: none. */
size_t uses_first(const struct source *source, const char *word, enum use use);

/* The lines that patches took from a function, and brought into it. */
size_t changes_tell(const struct source *source, const char *function,
                    FILE *out);

#endif
