/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers that a patch gives another value by #define.  Debug information, by
 * which enums are compared, knows nothing of them.
 */
#ifndef LIVEPATCH_BUILD_CONSTANTS_H
#define LIVEPATCH_BUILD_CONSTANTS_H

#include "report/report.h"
#include "sources.h"

/*
 * Refuses those of a public header, which guests and tools were built with, and
 * those of a list that is numbered anew, which memory may hold; warns of each
 * other whose value changes.
 */
void constants_judge(const struct source *source, struct report *report);

#endif
