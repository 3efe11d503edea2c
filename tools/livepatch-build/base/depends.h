/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Xen's build has left about itself: which objects are linked, and which
 * files each was made of.
 */
#ifndef LIVEPATCH_BUILD_DEPENDS_H
#define LIVEPATCH_BUILD_DEPENDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base.h"

struct depends;

/* Of a built xen/.  NULL and *why: it can't be read, or is no build. */
struct depends *depends_read(const char *xen, char **why);
void depends_free(struct depends *depends);

/* The objects that are linked into Xen, by their paths below xen/, sorted. */
size_t depends_linked(const struct depends *depends, const char *const **paths);
/* The folder whose Makefile makes a linked object, by its number. */
const char *depends_folder(const struct depends *depends, size_t number);

/* The linked object that a compiled one becomes: itself, or what it is a part
 * of.  False: none, or more than one. */
bool depends_number(const struct depends *depends, const char *object,
                    size_t *number);

/* Does the object's record say that this is the file it was compiled from? */
bool depends_is_made_of(const struct depends *depends, const char *object,
                        const char *source);

/* paths: of files that changed, below xen/; sorted with strcmp().  The caller
 * frees outdated->linked. */
void depends_outdated(const struct depends *depends, const char *const *paths,
                      size_t npaths, struct outdated *outdated);

#endif
