/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the lines that patches change are part of. */
#ifndef LIVEPATCH_BUILD_PLACES_H
#define LIVEPATCH_BUILD_PLACES_H

#include "sources.h"

enum place_kind { PLACE_FUNCTION, PLACE_MACRO, PLACE_OTHER };

struct place {
    const char *path;           /* below xen/; the source's */
    size_t line;                /* the first one; of the patched file, or if it
                                 * is gone, of the old one */
    bool gone;
    enum place_kind kind;
    char *name;                 /* of the function or macro; else NULL */
};

struct places {
    struct place *list;
    size_t count, room;
};

/* Add those of a source; each function or macro once. */
void places_add(struct places *places, const struct source *source);
/* The function that a line of the source is in: of the patched text, or if it
 * is gone, of the old one.  NULL: none.  The caller frees it. */
char *place_function(const struct source *source, bool gone, size_t line);
void places_free(struct places *places);

#endif
