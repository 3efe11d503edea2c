/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layout.h"

#include <stdlib.h>
#include <string.h>

#include "layout_explain.h"
#include "layout_memory.h"
#include "support/memory.h"

/* Old types and constants of one object, by what their like is found by. */
struct old_types {
    struct map by_key, by_constant;
};

/* Of a function that only one build of an object has. */
struct single_prototype {
    size_t serial;              /* of the object */
    const struct prototype *prototype;
    struct single_prototype *next;
};

/* A function whose prototype differs. */
struct prototype_change {
    size_t serial;              /* of its object */
    const char *name;
    char *words;
};

struct layouts {
    struct types types;
    struct prototype_change *prototypes;
    size_t nprototypes, prototypes_room;
    struct single_prototype *gone, *arrived;
    struct changes changes;
    size_t serial;
    struct tags held, pointed;  /* of all objects, as in object_types */
    struct map held_seen, pointed_seen;
};

struct layouts *layouts_new(void)
{
    return must_alloc(1, sizeof(struct layouts));
}

void layouts_free(struct layouts *layouts)
{
    if (!layouts) {
        return;
    }
    for (size_t i = 0; i < layouts->nprototypes; i++) {
        free(layouts->prototypes[i].words);
    }
    free(layouts->prototypes);
    changes_free(&layouts->changes);
    map_free(&layouts->held_seen);
    map_free(&layouts->pointed_seen);
    free(layouts->held.all);
    free(layouts->pointed.all);
    types_free(&layouts->types);
    free(layouts);
}

/* -- A pair of objects ----------------------------------------------------- */

static void add_tags(struct tags *all, struct map *seen,
                     const struct tags *more)
{
    size_t i;

    for (i = 0; i < more->count; i++) {
        if (map_get(seen, more->all[i].name)) {
            continue;
        }
        map_put(seen, more->all[i].name, all);
        all->all = must_grow(all->all, &all->room, all->count + 1,
                             sizeof(*all->all));
        all->all[all->count++] = more->all[i];
    }
}

static void index_old(struct old_types *index, const struct object_types *old)
{
    size_t i, k;

    for (i = 0; i < old->ntypes; i++) {
        struct type *type = old->types[i];

        map_put(&index->by_key, type->key, type);
        for (k = 0; k < type->nenumerators; k++) {
            map_put(&index->by_constant, type->enumerators[k].name, type);
        }
    }
}

/* A list of constants may have no name, or a new first one. */
static struct type *find_old(const struct old_types *index,
                             const struct type *new)
{
    struct type *old = map_get(&index->by_key, new->key);
    size_t i;

    for (i = 0; i < new->nenumerators && !old; i++) {
        old = map_get(&index->by_constant, new->enumerators[i].name);
    }
    return old;
}

/* Constant data is compared by its bytes, not here. */
static bool is_compared(const struct type *type)
{
    return type->kind != TYPE_VARIABLE ||
           (!type->constant && !strchr(type->name, '.'));
}

static void compare_object(struct layouts *layouts,
                           const struct object_types *old,
                           const struct object_types *new)
{
    struct old_types index = { { 0 }, { 0 } };
    size_t i;

    index_old(&index, old);
    for (i = 0; i < new->ntypes; i++) {
        struct type *type = new->types[i], *like;

        if (type->in_old == layouts->serial || !is_compared(type)) {
            continue;
        }
        like = find_old(&index, type);
        if (like) {
            changes_add(&layouts->changes, like, type);
        }
    }
    map_free(&index.by_key);
    map_free(&index.by_constant);
}

static void compare_prototype(struct layouts *layouts, size_t serial,
                              const struct prototype *was,
                              const struct prototype *is)
{
    char *words = prototype_compare(was, is);

    if (words) {
        layouts->prototypes = must_grow(layouts->prototypes,
                                        &layouts->prototypes_room,
                                        layouts->nprototypes + 1,
                                        sizeof(*layouts->prototypes));
        layouts->prototypes[layouts->nprototypes++] =
            (struct prototype_change) { serial, is->name, words };
    }
}

static void index_prototypes(struct map *by_name,
                             const struct object_types *types)
{
    for (size_t i = 0; i < types->nprototypes; i++) {
        map_put(by_name, types->prototypes[i]->name,
                (void *)types->prototypes[i]);
    }
}

static void add_single(struct layouts *layouts, struct single_prototype **list,
                       const struct prototype *prototype)
{
    struct single_prototype *single = arena_alloc(&layouts->types.arena, 1,
                                                  sizeof(*single));

    *single = (struct single_prototype) { layouts->serial, prototype, *list };
    *list = single;
}

static void compare_prototypes(struct layouts *layouts,
                               const struct object_types *old,
                               const struct object_types *new)
{
    struct map in_old = { 0 }, in_new = { 0 };

    index_prototypes(&in_old, old);
    index_prototypes(&in_new, new);
    for (size_t i = 0; i < new->nprototypes; i++) {
        const struct prototype *is = new->prototypes[i];
        const struct prototype *was = map_get(&in_old, is->name);

        if (was) {
            compare_prototype(layouts, layouts->serial, was, is);
        } else {
            add_single(layouts, &layouts->arrived, is);
        }
    }
    for (size_t i = 0; i < old->nprototypes; i++) {
        if (!map_get(&in_new, old->prototypes[i]->name)) {
            add_single(layouts, &layouts->gone, old->prototypes[i]);
        }
    }
    map_free(&in_old);
    map_free(&in_new);
}

static bool read_both(struct layouts *layouts, const char *old_path,
                      const char *new_path, struct object_types *old,
                      struct object_types *new, char **why)
{
    struct types *types = &layouts->types;

    return (!old_path ||
            types_read(types, old_path, true, layouts->serial, old, why)) &&
           (!new_path ||
            types_read(types, new_path, false, layouts->serial, new, why));
}

bool layouts_compare(struct layouts *layouts, const char *old_path,
                     const char *new_path, char **why)
{
    struct object_types old = { 0 }, new = { 0 };
    bool good;

    layouts->serial++;
    good = read_both(layouts, old_path, new_path, &old, &new, why);
    if (good) {
        add_tags(&layouts->held, &layouts->held_seen, &old.held);
        add_tags(&layouts->pointed, &layouts->pointed_seen, &old.pointed);
        compare_object(layouts, &old, &new);
        compare_prototypes(layouts, &old, &new);
    }
    object_types_free(&old);
    object_types_free(&new);
    return good;
}

/* -- All objects ----------------------------------------------------------- */

/*
 * Of a type that only another object had before (as its user has moved from
 * one file to another), the like is the one with its name and declared in the
 * same file.
 */
static void compare_moved(struct layouts *layouts)
{
    const struct types *types = &layouts->types;
    struct map by_key = { 0 };
    size_t i;

    for (i = 0; i < types->ntypes; i++) {
        if (types->all[i]->old) {
            map_put(&by_key, types->all[i]->key, types->all[i]);
        }
    }
    for (i = 0; i < types->ntypes; i++) {
        struct type *type = types->all[i];
        struct type *like = map_get(&by_key, type->key);

        if (!type->old && type->kind != TYPE_VARIABLE && like &&
            like->file == type->file) {
            changes_add(&layouts->changes, like, type);
        }
    }
    map_free(&by_key);
}

/* Functions that one object has lost and another has got. */
static void compare_moved_prototypes(struct layouts *layouts)
{
    const struct single_prototype *is, *was;

    for (is = layouts->arrived; is; is = is->next) {
        for (was = layouts->gone; was; was = was->next) {
            if (was->prototype->name == is->prototype->name) {
                compare_prototype(layouts, is->serial, was->prototype,
                                  is->prototype);
            }
        }
    }
}

/* -- Types that have got another name -------------------------------------- */

/*
 * A type that no object has any more, and one that none had before, are one if
 * they are declared in the same file and at least half of the members are
 * called the same: memory may be full of it, reached by way of a list.
 */
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

/* What was made by the name that a type had is read by the one that it has. */
static void compare_renamed(const struct types *types, struct changes *changes)
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

void layouts_conclude(struct layouts *layouts, struct report *report)
{
    struct memory_types *memory;

    compare_moved_prototypes(layouts);
    compare_moved(layouts);
    compare_renamed(&layouts->types, &layouts->changes);
    if (!layouts->changes.count) {
        return;
    }
    memory = memory_types_new(&layouts->types, &layouts->held,
                              &layouts->pointed);
    changes_explain(&layouts->changes, memory, report);
    memory_types_free(memory);
}

const char *layouts_prototype(const struct layouts *layouts, size_t number,
                              const char *function)
{
    for (size_t i = 0; i < layouts->nprototypes; i++) {
        const struct prototype_change *change = &layouts->prototypes[i];

        if (change->serial == number + 1 && !strcmp(change->name, function)) {
            return change->words;
        }
    }
    return NULL;
}

/* -- For who goes on from a refusal ---------------------------------------- */

const struct changes *layouts_changes(const struct layouts *layouts)
{
    return &layouts->changes;
}

const struct shape *layouts_variable(const struct layouts *layouts,
                                     const char *name)
{
    for (size_t i = 0; i < layouts->types.ntypes; i++) {
        const struct type *type = layouts->types.all[i];

        if (type->kind == TYPE_VARIABLE && !type->old && type->nmembers &&
            !strcmp(type->name, name)) {
            return &type->members[0].shape;
        }
    }
    return NULL;
}

bool layouts_had(const struct layouts *layouts, const struct shape *shape)
{
    while (shape->kind == SHAPE_POINTER) {
        shape = shape->target;
    }
    for (size_t i = 0; shape->tag && i < layouts->types.ntypes; i++) {
        const struct type *type = layouts->types.all[i];

        if (type->tag == shape->tag && type->old) {
            return true;
        }
    }
    return !shape->tag && shape->kind != SHAPE_FUNCTION;
}
