/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The source files that patches change.
 */
#ifndef LIVEPATCH_BUILD_SOURCES_H
#define LIVEPATCH_BUILD_SOURCES_H

#include <stdbool.h>

#include "patch_text.h"
#include "report/report.h"

/* A line, and the number that it had before any patch; 0: it is new. */
struct source_line {
    struct text_line line;
    size_t origin;
};

struct source {
    char *path;                 /* below xen/ */
    struct text text;           /* as it was */
    struct source_line *lines;  /* as it is */
    size_t nlines;
    bool existed, exists;       /* before the first patch; now */
    bool unfinished;            /* the last line has no newline */
    char **states;              /* its sum after each patch that changed it */
    size_t nstates, states_room;
};

struct sources;

/* The files below a xen/, which are only read.  Of the tree around it only the
 * names are of interest: what is patched there isn't ours. */
struct sources *sources_new(const char *xen, const char *tree);
void sources_free(struct sources *sources);

/*
 * Apply a patch, on top of those before.  Each hunk has to fit exactly, maybe
 * a few lines away, which the report tells.  False and *why: which hunk, of
 * which file, doesn't, and what is there instead.
 */
bool sources_patch(struct sources *sources, const char *patch,
                   struct report *report, char **why);

size_t sources_count(const struct sources *sources);
/* By its path below xen/; NULL: no patch changes it. */
const struct source *sources_find(const struct sources *sources,
                                  const char *path);
const struct source *sources_get(const struct sources *sources, size_t number);

/*
 * What has been compiled, in a form that a payload can tell and a later build
 * can ask for: "SUM:PATH,SUM:PATH", of the files that patches changed, in the
 * order of their names.  A sum is the first 8 bytes of SHA-256 over the file's
 * content, in hexadecimal: the same, however the patch that led there was made.
 * The caller frees it.
 */
char *sources_tell(const struct sources *sources);
/* After some of the patches, was this the file's sum? */
bool sources_went_by(const struct sources *sources, const char *path,
                     const char *sum);

/* Write what has changed into another xen/; keep_lines: with #line, as lines.h
 * tells.  False and *why: which file couldn't be written. */
bool sources_write(const struct sources *sources, const char *xen,
                   bool keep_lines, char **why);

#endif
