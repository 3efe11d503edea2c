/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A type that no object has any more, and one that none had before, are one if
 * they are declared in the same file and at least half of the members are
 * called the same: memory may be full of it, reached by way of a list.
 */
#include "layout_renamed.h"

#define LEAST_SHARED 2          /* a number or a list alone says little */

static size_t count_shared(const struct type *old, const struct type *new)
{
    struct map paths = { 0 };
    size_t shared = 0;

    for (size_t i = 0; i < new->nmembers; i++) {
        map_put(&paths, new->members[i].path, (void *)new);
    }
    for (size_t i = 0; i < old->nmembers; i++) {
        shared += !!map_get(&paths, old->members[i].path);
    }
    map_free(&paths);
    return shared;
}

static bool is_gone(const struct type *type, const struct map *new_keys)
{
    return type->old && type->nmembers >= LEAST_SHARED &&
           !map_get(new_keys, type->key);
}

/* The one that it has most in common with; NULL: none. */
static const struct type *find_former(const struct types *types,
                                      const struct map *new_keys,
                                      const struct type *new)
{
    const struct type *best = NULL;
    size_t most = LEAST_SHARED - 1;

    for (size_t i = 0; i < types->ntypes; i++) {
        const struct type *old = types->all[i];
        size_t shared;

        if (old->kind != new->kind || old->file != new->file ||
            !is_gone(old, new_keys)) {
            continue;
        }
        shared = count_shared(old, new);
        if (shared > most && 2 * shared >= old->nmembers) {
            most = shared;
            best = old;
        }
    }
    return best;
}

void compare_renamed(const struct types *types, struct changes *changes)
{
    struct map old_keys = { 0 }, new_keys = { 0 };

    for (size_t i = 0; i < types->ntypes; i++) {
        struct type *type = types->all[i];

        if (type->old) {
            map_put(&old_keys, type->key, type);
        }
        if (type->new) {
            map_put(&new_keys, type->key, type);
        }
    }
    for (size_t i = 0; i < types->ntypes; i++) {
        const struct type *new = types->all[i], *old = NULL;

        if ((new->kind == TYPE_STRUCT || new->kind == TYPE_UNION) &&
            !map_get(&old_keys, new->key)) {
            old = find_former(types, &new_keys, new);
        }
        if (old) {
            changes_add(changes, old, new);
        }
    }
    map_free(&old_keys);
    map_free(&new_keys);
}
