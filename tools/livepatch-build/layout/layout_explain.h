/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types that differ, gathered from all objects; and what the report says.
 */
#ifndef LIVEPATCH_BUILD_LAYOUT_EXPLAIN_H
#define LIVEPATCH_BUILD_LAYOUT_EXPLAIN_H

#include "layout_compare.h"
#include "layout_memory.h"
#include "report/report.h"

struct type_change {
    const struct type *old, *new;
    struct difference difference;
    struct type_change *also;        /* of the same old type, another new one */
    struct type_change *same_key;    /* of the same name, visible as widely */
    bool repeated;              /* one of those says the same */
    struct type_change *cause;       /* it only holds what has changed */
    char *path;                 /* how it comes to be in memory, or NULL */
    bool fleeting;              /* an enum that nothing is known to keep */
    char *holders;              /* what has changed with it, or NULL */
    size_t nholders;
};

struct changes {
    struct type_change **all;
    size_t count, room;
    struct map by_old;          /* changes by old type, first of them */
};

/* Compare two builds of a type, if that wasn't done before. */
void changes_add(struct changes *changes, const struct type *old,
                 const struct type *new);
void changes_explain(struct changes *changes,
                     const struct memory_types *memory,
                     struct report *report);
/* Is the type refused, and can what is new be beside the objects that exist? */
bool change_has_shadow(const struct type_change *change);
void changes_free(struct changes *changes);

#endif
