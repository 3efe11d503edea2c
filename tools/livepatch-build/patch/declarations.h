/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * C by its declarations: as much of the language as is needed to tell what an
 * inline function in a header has to do with a file that includes it.
 */
#ifndef LIVEPATCH_BUILD_DECLARATIONS_H
#define LIVEPATCH_BUILD_DECLARATIONS_H

#include <stdbool.h>
#include <stddef.h>

struct declaration {
    size_t start, body, end;    /* offsets; of its first {, or else the end */
    char *name;                 /* of a static inline function, that compilers
                                 * drop if nobody calls it; else NULL */
};

struct declarations {
    const char *text;
    char *plain;                /* blanks for comments and literals, # for all
                                 * of a directive */
    struct declaration *list;
    size_t count, room;
};

/* text: kept.  False: its braces don't match. */
bool declarations_read(struct declarations *declarations, const char *text,
                       size_t size);
/* Of any function, what a parenthesis follows in front of its body; NULL: none,
 * or more than one word.  The caller frees it. */
char *declaration_name(const struct declarations *declarations,
                       const struct declaration *d);
/* Part of a word? */
bool is_word(char letter);
void declarations_free(struct declarations *declarations);

/* The static inline functions that what a preprocessed text is compiled to may
 * have parts of, " one two "; not those that nothing mentions but what nobody
 * needs.  NULL: it can't be told.  The caller frees it. */
char *text_needs(const char *text, size_t size);

#endif
