/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small Xen to run: snippets, linked as Xen is.
 */
#ifndef TESTS_BUILDER_LINKED_H
#define TESTS_BUILDER_LINKED_H

#include "running/running.h"

struct source {
    const char *name, *text;    /* as for snippet() */
};

/* What every Xen with live patching has; the first of the sources. */
extern const struct source xen_source;

/* Link them, the last has a NULL name.  options: for the linker.  Returns the
 * file's path; the caller removes and frees it with unlink_xen(). */
char *link_xen(const struct source *sources, const char *options);
void unlink_xen(char *path);

/* The same, read. */
struct running *run_xen(const struct source *sources);

#endif
