/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A patch file: unified differences, as `git format-patch` or `diff -u` make
 * them, with words of people and mailers around.
 */
#ifndef LIVEPATCH_BUILD_PATCH_TEXT_H
#define LIVEPATCH_BUILD_PATCH_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text_line {
    const char *text;       /* without its newline */
    size_t length;
};

struct text {
    char *bytes;
    struct text_line *lines;
    size_t nlines;
    bool unfinished;        /* the last line has no newline */
};

struct hunk {
    size_t old_start, old_count, new_start, new_count;
    /* Its lines in the patch file, of which the first letter says what they
     * are: ' ', '-', '+', '\\'. */
    size_t first, count;
};

struct change {
    char *from, *to;        /* -p1; NULL: /dev/null, a new or deleted file */
    struct hunk *hunks;
    size_t nhunks, room;
};

struct patch_text {
    const char *path;
    struct text text;
    struct change *changes;
    size_t nchanges, room;
};

/* Take a file apart into lines.  False and *why: it can't be read. */
bool text_read(struct text *text, const char *path, char **why);
void text_free(struct text *text);

/* False and *why: it can't be read, or makes no sense, in which line. */
bool patch_text_read(struct patch_text *patch, const char *path, char **why);
void patch_text_free(struct patch_text *patch);

#endif
