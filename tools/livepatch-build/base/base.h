/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The base build: made once in a cache, and never changed; and what a patch
 * makes of it, in a copy that is gone afterwards.
 */
#ifndef LIVEPATCH_BUILD_BASE_H
#define LIVEPATCH_BUILD_BASE_H

#include <stdbool.h>
#include <stddef.h>

#include "report/report.h"

struct base;

struct base_options {
    const char *tree;           /* Xen's source, or a build of it; only read */
    const char *config;         /* the text of its .config; NULL: the tree's */
    const char *cache;          /* a directory of ours */
    const char *compiler;       /* NULL: gcc */
    unsigned int jobs;
};

/*
 * Find the base build in the cache, or make it there: the tree's source and
 * configuration, as objects with debug information, nothing linked.  Waits for
 * another run that uses the same one.  NULL with *outcome and *why:
 * OUTCOME_BUILD, it doesn't compile (with the compiler's words), or
 * OUTCOME_FAILED, there is something missing.
 */
struct base *base_open(const struct base_options *options,
                       struct report *report, enum outcome *outcome,
                       char **why);
void base_close(struct base *base);

/* The objects that are linked into Xen, relative to the tree's xen/, sorted. */
size_t base_objects(const struct base *base, const char *const **paths);
/* A file of the base build, by that path; the caller frees it. */
char *base_path(const struct base *base, const char *object);
/* A path for what is to be kept about this base; the caller frees it. */
char *base_note_path(const struct base *base, const char *name);

/*
 * Apply the patches, in their order, in a copy, and make what they change.
 * Lines are kept at their numbers (#line) where a patch moves them.  Afterwards
 * base_changed() has the objects that were made again and differ (or are new),
 * until base_close().  OUTCOME_BUILD and *why if a patch doesn't apply (which
 * hunk, of which file) or doesn't compile (the compiler's words).
 */
enum outcome base_patch(struct base *base, const char *const *patches,
                        size_t npatches, struct report *report, char **why);
size_t base_changed(const struct base *base, const char *const **paths);
char *base_changed_path(const struct base *base, const char *object);

#endif
