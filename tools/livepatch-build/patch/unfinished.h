/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks in a patch that something is to be filled in.
 *
 * They stand in comments, and are looked for in the patch's text: an object
 * doesn't show a line that isn't compiled, or a place that needs no code yet.
 */
#ifndef LIVEPATCH_BUILD_UNFINISHED_H
#define LIVEPATCH_BUILD_UNFINISHED_H

#include "sources.h"

#define UNFINISHED_MARK "LIVEPATCH_TODO"

/* Refuse each line with a mark that patches have brought. */
void unfinished_judge(const struct sources *sources, struct report *report);

#endif
