/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Line numbers outlive a patch: behind what it inserted or took away, #line
 * gives the lines the numbers that they had.  So __LINE__ is what it was in
 * code that wasn't touched, and that code compiles to what it was.
 */
#ifndef LIVEPATCH_BUILD_LINES_H
#define LIVEPATCH_BUILD_LINES_H

#include "sources.h"

/* Is it C?  Headers of Xen's public interface are not only: scripts read
 * them. */
bool lines_may_be_kept(const struct source *source);

/* Of each line, whether the other text hasn't got it: of the old one, and of
 * the patched one.  The caller frees both. */
void lines_changed(const struct source *source, bool **gone, bool **new);

/*
 * The file's text as it is to be compiled; the caller frees it.  keep: with
 * #line, but not where this would be within a macro's definition, a comment, or
 * parentheses, which may be those of a macro's arguments.
 */
char *lines_text(const struct source *source, bool keep, size_t *size);

#endif
