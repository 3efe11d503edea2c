/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Padding of a type, where what a patch adds to it could be instead.
 */
#ifndef LIVEPATCH_BUILD_LAYOUT_HOLES_H
#define LIVEPATCH_BUILD_LAYOUT_HOLES_H

#include "layout_types.h"

/*
 * If the new build has one more member, which has room in the old one: words
 * that say where.  NULL: it has none.  The caller frees them.
 */
char *hole_find(const struct type *old, const struct type *new);

#endif
