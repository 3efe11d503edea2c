/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other programs: make, and what it runs.
 */
#ifndef LIVEPATCH_BUILD_RUN_H
#define LIVEPATCH_BUILD_RUN_H

#include <stdbool.h>

/* Called with each line that the program says, as it says it. */
typedef void run_line(void *context, const char *line);

/*
 * Run a program to its end, with nothing to read, and an environment that has
 * no other influence than where programs and temporary files are, and what
 * compiler launchers (ccache, sccache, distcc, icecc) are told by theirs.
 * argv[0] is looked up in PATH.
 *
 * Returns its exit status, or 128 and the signal that ended it; -1 if it can't
 * be started.  *output is all that it said, on either stream, and the caller's
 * to free.
 */
int run_program(const char *const *argv, run_line *callback, void *context,
                char **output);

/* Where PATH has the program; the caller frees it.  NULL: nowhere. */
char *run_find(const char *name);
/* The same, but first beside this program itself. */
char *run_find_beside(const char *name);
/* There is such a program; or false and *why, in which `wanted` needs it. */
bool run_has_beside(const char *name, const char *wanted, char **why);
/* What a program has said last, which is in text; blank lines are cut off. */
const char *run_last_line(char *text);

#endif
