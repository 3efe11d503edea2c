/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A header of which patches change inline functions, and nothing else. */
#ifndef LIVEPATCH_BUILD_INLINES_H
#define LIVEPATCH_BUILD_INLINES_H

#include "sources.h"

struct inlines {
    char **names;
    size_t count, room;
};

/* Add the names of the functions whose bodies patches changed.  False: they
 * changed something else, too, or it can't be told. */
bool inlines_changed(const struct source *source, struct inlines *inlines);
void inlines_free(struct inlines *inlines);

#endif
