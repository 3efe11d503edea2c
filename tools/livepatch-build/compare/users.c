/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who refers to an atom.
 */
#include <stdlib.h>

#include "support/memory.h"
#include "support/sorted.h"
#include "users.h"

struct use {
    const struct atom *target;
    size_t order;               /* of the user in its object */
    struct atom *user;
};

struct users {
    size_t count;
    const struct atom **targets;        /* ascending */
    struct atom **list;                 /* the user of each */
};

static int compare_uses(const void *a, const void *b)
{
    const struct use *l = a, *r = b;

    if (l->target != r->target) {
        return l->target < r->target ? -1 : 1;
    }
    return l->order < r->order ? -1 : l->order > r->order;
}

static size_t collect(const struct object *object, struct use **uses)
{
    size_t count = 0, room = 0;

    for (size_t i = 0; i < object->natoms; i++) {
        struct atom *atom = object->atoms[i];

        for (size_t j = 0; j < atom->nrefs; j++) {
            if (!atom->refs[j].target) {
                continue;
            }
            *uses = must_grow(*uses, &room, count + 1, sizeof(**uses));
            (*uses)[count++] = (struct use) { atom->refs[j].target, i, atom };
        }
    }
    return count;
}

struct users *users_new(const struct object *object)
{
    struct users *users = must_alloc(1, sizeof(*users));
    struct use *uses = NULL;
    size_t count = collect(object, &uses);

    if (count) {
        qsort(uses, count, sizeof(*uses), compare_uses);
    }
    users->targets = must_alloc(count + 1, sizeof(*users->targets));
    users->list = must_alloc(count + 1, sizeof(*users->list));
    for (size_t i = 0; i < count; i++) {
        if (!i || compare_uses(&uses[i - 1], &uses[i])) {
            users->targets[users->count] = uses[i].target;
            users->list[users->count++] = uses[i].user;
        }
    }
    free(uses);
    return users;
}

void users_free(struct users *users)
{
    if (users) {
        free(users->targets);
        free(users->list);
        free(users);
    }
}

size_t users_of(const struct users *users, const struct atom *target,
                struct atom *const **list)
{
    size_t at, end;

    FIND_SORTED(at, users->count, users->targets[at] < target);
    for (end = at; end < users->count && users->targets[end] == target;) {
        end++;
    }
    *list = users->list + at;
    return end - at;
}
