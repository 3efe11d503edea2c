/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A patch's change of one file: where each hunk belongs, and what it makes.
 */
#ifndef LIVEPATCH_BUILD_HUNKS_H
#define LIVEPATCH_BUILD_HUNKS_H

#include "sources.h"

/*
 * Change the lines of a source file.  The new ones point into the patch, which
 * has to live as long.  A hunk has to fit exactly, but may be away from where
 * it says, which the report tells.  False and *why (the caller frees it): which
 * hunk doesn't fit, and what is there instead.
 */
bool hunks_apply(struct source *source, const struct patch_text *patch,
                 const struct change *change, struct report *report,
                 char **why);

#endif
