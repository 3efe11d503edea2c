/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the base build.
 *
 *   CACHE/KEY/lock         held by who makes this base
 *   CACHE/KEY/pristine/    the base as it was built, and then moved here; never
 *                          written to, so who uses it needs no lock
 *   CACHE/KEY/inlines      narrow.c
 *   CACHE/KEY/run-*        where a run compiles: the base, or a copy of it with
 *                          a patch
 */
#ifndef LIVEPATCH_BUILD_BASE_PRIVATE_H
#define LIVEPATCH_BUILD_BASE_PRIVATE_H

#include "base.h"
#include "depends.h"

struct base {
    const struct base_options *options;
    char *config;               /* the text */
    char *folder;               /* CACHE/KEY */
    char *pristine, *build;
    char *pristine_xen, *build_xen;
    int lock, build_lock;
    struct depends *depends;
    struct sources *sources;    /* patched */
    struct outdated outdated;   /* by that */
    bool *spared;               /* of these, what stays as it is: narrow.c */
    char *failed;               /* of the last make, below xen/; or NULL */
    char **changed;
    size_t nchanged, changed_room;
};

/* base_cache.c */

/* Compute the key, and make the folder. */
bool base_find(struct base *base, char **why);
/* Wait for who makes the base, to make it, or find that it is there now. */
bool base_lock(struct base *base, struct report *report, char **why);
void base_unlock(struct base *base);
/* Copy the tree's source into the build folder. */
bool base_copy_tree(const struct base *base, char **why);
/* Make the build folder the pristine one. */
bool base_keep(const struct base *base, char **why);
/* Copy the pristine build into the build folder: what was copied from the tree
 * as further names of the same files, which nothing writes to.  objects: those
 * too; otherwise make would make all of them. */
bool base_copy_pristine(const struct base *base, bool objects, char **why);

/* base_folder.c: base->build, empty; until it is removed, or its time is up. */
bool base_make_folder(struct base *base, char **why);
void base_remove_folder(struct base *base);

/* narrow.c */

/* Keep which inline functions each object of the base in the build folder may
 * have parts of: CACHE/KEY/inlines. */
bool base_note_inlines(struct base *base, struct report *report, char **why);
/* Find out by that what need not be compiled: base->spared. */
void base_narrow(struct base *base);

/* base_make.c */

/*
 * Make a target, Xen's or one of ours, in the build folder.  variables: further
 * words for make, "NAME=VALUE".  expected: how many compilations; 0: nobody
 * knows.  What fails is OUTCOME_BUILD, or OUTCOME_FAILED for want of space or
 * of a program; *why has the words that tell, and base->failed what couldn't be
 * made, if make said so.
 */
enum outcome base_make(struct base *base, const char *target,
                       const char *const *variables, size_t nvariables,
                       size_t expected, struct report *report, char **why);
/* Write the rules for our targets into the build folder. */
bool base_write_rules(const struct base *base, char **why);

#endif
