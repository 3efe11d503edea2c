/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which functions of an object hold copies of which others, by its debug
 * information. */
#ifndef LIVEPATCH_BUILD_INLINED_H
#define LIVEPATCH_BUILD_INLINED_H

#include <stdbool.h>
#include <stddef.h>

struct copy {
    char *holder, *of;          /* functions' names, as in the source */
};

struct copies {
    struct copy *list;
    size_t count, room;
};

/* Add those of an object file.  False and *why: it can't be read. */
bool copies_read(struct copies *copies, const char *path, char **why);
bool copies_has(const struct copies *copies, const char *holder,
                const char *of);
void copies_free(struct copies *copies);

#endif
