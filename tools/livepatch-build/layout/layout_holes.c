/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layout_holes.h"

#include "support/memory.h"

static bool has_path(const struct type *type, const char *path)
{
    for (size_t i = 0; i < type->nmembers; i++) {
        if (type->members[i].path == path) {
            return true;
        }
    }
    return false;
}

/* The one member that only the new build has. */
static const struct member *find_added(const struct type *old,
                                       const struct type *new)
{
    const struct member *added = NULL;

    for (size_t i = 0; i < new->nmembers; i++) {
        const struct member *member = &new->members[i];

        if (!has_path(old, member->path)) {
            if (added || member->apart || member->field) {
                return NULL;
            }
            added = member;
        }
    }
    return added;
}

/* What debug information leaves out: no more than the size asks for. */
static uint64_t alignment_of(const struct member *member)
{
    uint64_t size = member->shape.size, lowest = size & -size;

    return lowest && lowest < 8 ? lowest : 8;
}

/* Is it between members?  The next one begins at *end. */
static bool is_hole(const struct type *type, uint64_t start, uint64_t *end)
{
    *end = type->size;
    for (size_t i = 0; i < type->nmembers; i++) {
        const struct member *member = &type->members[i];
        uint64_t first = member->bit / 8;

        if (member->apart) {
            continue;
        }
        if (first < start && member->bit + member->bits > 8 * start) {
            return false;
        }
        if (first >= start && first < *end) {
            *end = first;
        }
    }
    return true;
}

char *hole_find(const struct type *old, const struct type *new)
{
    const struct member *added = find_added(old, new);

    if (!added || old->kind != TYPE_STRUCT || new->kind != TYPE_STRUCT) {
        return NULL;
    }
    for (size_t i = 0; i < old->nmembers; i++) {
        const struct member *member = &old->members[i];
        uint64_t alignment = alignment_of(added), start, end;

        if (member->apart) {
            continue;
        }
        start = (member->bit + member->bits + 7) / 8;
        start = (start + alignment - 1) / alignment * alignment;
        if (is_hole(old, start, &end) &&
            8 * start + added->bits <= 8 * end) {
            return must_print("; %s would have room at %llu, behind %s",
                              added->path, (unsigned long long)start,
                              member->path);
        }
    }
    return NULL;
}
