/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The base build: made once in a cache, and never changed; and what a patch
 * makes of it, in a copy that is gone afterwards.
 */
#ifndef LIVEPATCH_BUILD_BASE_H
#define LIVEPATCH_BUILD_BASE_H

#include <stdbool.h>
#include <stddef.h>

#include "patch/sources.h"
#include "report/report.h"

struct base;

struct base_options {
    const char *tree;           /* Xen's source, or a build of it; only read */
    const char *config;         /* the text of its .config; NULL: the tree's */
    const char *cache;          /* a directory of ours */
    const char *compiler;       /* NULL: gcc */
    unsigned int jobs;
    bool compile_all;           /* that includes a header that changed, although
                                 * it doesn't use what did */
};

/*
 * Find the base build in the cache, or make it there: the tree's source and
 * configuration, as objects with debug information, nothing linked.  Waits for
 * another run that makes the same one.  NULL with *outcome and *why:
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
/* That file compiled from its source once more, without debug information, in
 * the run's folder and until the next one is; the caller frees the path.
 * NULL: it can't be. */
char *base_compile_bare(struct base *base, const char *object,
                        const char *source);
/* A path for what is to be kept about this base; the caller frees it. */
char *base_note_path(const struct base *base, const char *name);

/* Which of the objects are made again when some files change. */
struct outdated {
    bool *linked;               /* by number; the caller frees it */
    size_t count;
    bool offsets;               /* asm-offsets.h, maybe */
    bool everything;            /* something else, too: make alone knows */
};

/* paths: below xen/; of base_sources(), or those that another payload tells. */
void base_outdated(const struct base *base, const char *const *paths,
                   size_t npaths, struct outdated *outdated);

/*
 * Apply the patches, in their order, to the sources; nothing is compiled yet.
 * base_sources() has them then, until base_close().  OUTCOME_BUILD and *why: a
 * patch doesn't apply (which hunk, of which file).
 */
enum outcome base_patch(struct base *base, const char *const *patches,
                        size_t npatches, struct report *report, char **why);
const struct sources *base_sources(const struct base *base);

/*
 * Make what the patches change, in a copy.  Lines are kept at their numbers
 * (#line) where a patch moves them.  Afterwards base_changed() has the objects
 * that were made again and differ (or are new; with keep_equal, all that were
 * made again), until base_close().  OUTCOME_BUILD and *why if it doesn't
 * compile (the compiler's words).
 */
enum outcome base_compile(struct base *base, bool keep_equal,
                          struct report *report, char **why);
const struct outdated *base_compiled(const struct base *base);
size_t base_changed(const struct base *base, const char *const **paths);
char *base_changed_path(const struct base *base, const char *object);

#endif
