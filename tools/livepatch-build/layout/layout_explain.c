/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layout_explain.h"

#include <stdlib.h>
#include <string.h>

#include "layout_holes.h"
#include "support/memory.h"

#define MOST_HOLDERS 5          /* that are told by name */
#define DEEPEST 64              /* types within each other */

static const char way_out_type[] =
    "keep the new data in a shadow variable (--skeleton writes one to fill "
    "in), in a struct of its own beside this one, or where this one has "
    "padding";
static const char way_out_enum[] =
    "put new constants behind those that exist";
static const char way_out_variable[] =
    "leave it as it is, and add a variable for what is new";
static const char way_out_public[] =
    "leave the public interface as it is: guests and tools can't be patched "
    "with Xen";

/* -- Gathering ------------------------------------------------------------- */

static bool is_known(struct changes *changes, const struct type *old,
                     const struct type *new)
{
    struct type_change *change = map_get(&changes->by_old, old);

    while (change && change->new != new) {
        change = change->also;
    }
    return change;
}

void changes_add(struct changes *changes, const struct type *old,
                 const struct type *new)
{
    struct type_change *change;

    if (old == new || is_known(changes, old, new)) {
        return;
    }
    change = must_alloc(1, sizeof(*change));
    change->old = old;
    change->new = new;
    types_compare(old, new, &change->difference);
    change->also = map_get(&changes->by_old, old);
    map_put(&changes->by_old, old, change);
    changes->all = must_grow(changes->all, &changes->room, changes->count + 1,
                             sizeof(*changes->all));
    changes->all[changes->count++] = change;
}

void changes_free(struct changes *changes)
{
    size_t i;

    for (i = 0; i < changes->count; i++) {
        struct type_change *change = changes->all[i];

        free(change->difference.words);
        free(change->path);
        free(change->holders);
        free(change);
    }
    free(changes->all);
    map_free(&changes->by_old);
}

/* -- Causes ---------------------------------------------------------------- */

/* The changes of layout, by tag. */
static void index_tags(const struct changes *changes, struct map *by_tag)
{
    size_t i;

    for (i = 0; i < changes->count; i++) {
        struct type_change *change = changes->all[i];

        if (change->old->tag && change->difference.grade == GRADE_LAYOUT &&
            change->old->size != change->new->size) {
            map_put(by_tag, change->old->tag, change);
        }
    }
}

/* Where all that happened to a type is that members moved, and it holds by
 * value a type that grew or shrank, that one is what its author has to see. */
static void find_cause(struct type_change *change, const struct map *by_tag)
{
    const struct type *old = change->old;
    size_t i;

    if (change->difference.grade != GRADE_LAYOUT ||
        !change->difference.moved_alone) {
        return;
    }
    for (i = 0; i < old->nmembers && !change->cause; i++) {
        const struct member *member = &old->members[i];

        if (member->shape.kind == SHAPE_AGGREGATE && member->shape.tag &&
            !member->apart && member->shape.tag != old->tag) {
            change->cause = map_get(by_tag, member->shape.tag);
        }
    }
}

/* The innermost one.  In debug information gone mad they may go in a circle:
 * then there is none. */
static struct type_change *first_cause(struct type_change *change)
{
    unsigned int steps;

    for (steps = 0; change->cause && steps < DEEPEST; steps++) {
        change = change->cause;
    }
    return change->cause ? NULL : change;
}

static void add_holder(struct type_change *cause,
                       const struct type_change *holder)
{
    char *longer;

    if (cause->nholders++ >= MOST_HOLDERS) {
        return;
    }
    longer = must_print("%s%s%s", cause->holders ? cause->holders : "",
                        cause->holders ? ", " : "", holder->old->name);
    free(cause->holders);
    cause->holders = longer;
}

/* -- Words ----------------------------------------------------------------- */

static char *explain(const struct type_change *change)
{
    const struct difference *difference = &change->difference;
    char *others = must_copy(""), *holders = must_copy(""), *words;
    const struct type *old = change->old, *new = change->new;
    char *hole = hole_find(old, new);
    bool renamed = old->kind == new->kind && old->kind != TYPE_ENUM &&
                   old->name != new->name;

    if (difference->others) {
        free(others);
        others = must_print(", and %zu more difference%s", difference->others,
                            difference->others == 1 ? "" : "s");
    }
    if (change->nholders) {
        size_t more = change->nholders - MOST_HOLDERS;

        free(holders);
        holders = change->nholders <= MOST_HOLDERS ?
                  must_print("; changed with it, as it is in them: %s",
                             change->holders) :
                  must_print("; changed with it, as it is in them: %s and "
                             "%zu more", change->holders, more);
    }
    words = must_print("%s%s%s%s%s%s; in running memory: %s%s",
                       renamed ? "now called " : "",
                       renamed ? new->name : "", renamed ? ": " : "",
                       difference->words, others, hole ? hole : "",
                       change->path, holders);
    free(others);
    free(holders);
    free(hole);
    return words;
}

static const char *way_out(const struct type *type)
{
    if (strstr(type->file, "include/public/") ||
        strstr(type->file, "include/compat/")) {
        return way_out_public;
    }
    return type->kind == TYPE_ENUM ? way_out_enum :
           type->kind == TYPE_VARIABLE ? way_out_variable : way_out_type;
}

static bool is_told(const struct type_change *change)
{
    return change->path && !change->cause && !change->repeated;
}

bool change_has_shadow(const struct type_change *change)
{
    return is_told(change) && !change->fleeting &&
           change->difference.grade == GRADE_LAYOUT &&
           way_out(change->old) == way_out_type;
}

static void tell(const struct type_change *change, struct report *report)
{
    const struct type *old = change->old;
    char *where = must_print("%s:%d", old->file, old->line);
    char *words;

    if (change->fleeting) {
        report_warn(report, where, old->name, "%s: nothing keeps one; see "
                    "that none is stored as a plain number",
                    change->difference.words);
    } else if (change->difference.grade == GRADE_LAYOUT) {
        words = explain(change);
        report_refuse(report, REFUSAL_LAYOUT, where, old->name, way_out(old),
                      "%s", words);
        free(words);
    } else {
        report_warn(report, where, old->name, "%s",
                    change->difference.words);
    }
    free(where);
}

/* An enum by its first constant: it may have a typedef's name, too. */
static const char *key_of(const struct type *type)
{
    return type->kind == TYPE_ENUM ? type->enumerators[0].name : type->key;
}

/* The same may have been found in several guises, as objects know more or less
 * of what is pointed to. */
static void find_repeats(struct changes *changes)
{
    struct map by_key = { 0 };
    size_t i;

    for (i = 0; i < changes->count; i++) {
        struct type_change *change = changes->all[i];
        struct type_change *first = map_get(&by_key, key_of(change->old));
        struct type_change *other;

        change->same_key = first;
        map_put(&by_key, key_of(change->old), change);
        for (other = first; other; other = other->same_key) {
            change->repeated |=
                other->old->file == change->old->file &&
                other->difference.grade == change->difference.grade;
        }
    }
    map_free(&by_key);
}

/* -- All ------------------------------------------------------------------- */

static void find_causes(struct changes *changes,
                        const struct memory_types *memory)
{
    struct map by_tag = { 0 };
    size_t i;

    index_tags(changes, &by_tag);
    for (i = 0; i < changes->count; i++) {
        struct type_change *change = changes->all[i];

        find_cause(change, &by_tag);
        if (change->difference.grade != GRADE_SAME) {
            change->path = memory_types_path(memory, change->old);
            change->fleeting = memory_types_is_fleeting(memory, change->old);
        }
    }
    map_free(&by_tag);
}

/* Each that only holds what has changed is told of with that. */
static void gather_holders(struct changes *changes)
{
    size_t i;

    for (i = 0; i < changes->count; i++) {
        struct type_change *change = changes->all[i];
        struct type_change *cause = first_cause(change);

        if (cause == change || !change->path) {
            continue;
        }
        if (!cause || !cause->path) {
            change->cause = NULL;
        } else if (!change->repeated) {
            add_holder(cause, change);
        }
    }
}

void changes_explain(struct changes *changes,
                     const struct memory_types *memory,
                     struct report *report)
{
    size_t i;

    find_repeats(changes);
    find_causes(changes, memory);
    gather_holders(changes);
    for (i = 0; i < changes->count; i++) {
        const struct type_change *change = changes->all[i];

        if (is_told(change)) {
            tell(change, report);
        }
    }
}
