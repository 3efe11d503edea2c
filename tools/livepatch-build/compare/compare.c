/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between two builds of the same source file.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "difference.h"
#include "identity.h"
#include "support/memory.h"
#include "support/sorted.h"
#include "traits.h"

const char *verdict_name(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_SAME:
        return "same";
    case VERDICT_CHANGED:
        return "changed";
    case VERDICT_NEW:
        return "new";
    case VERDICT_UNKNOWN:
        break;
    }
    return "unknown";
}

/* -- Identities ----------------------------------------------------------- */

/* Twins are one; what has no twin is like nothing else. */
static uint64_t identify_named(struct object *object, uint64_t next,
                               bool has_ids)
{
    for (size_t i = 0; i < object->natoms; i++) {
        struct atom *atom = object->atoms[i];

        atom->identity = 0;
        if (is_named(atom)) {
            atom->identity = has_ids && atom->twin ? atom->twin->identity
                                                   : next++;
        }
    }
    return next;
}

/* Of each identity among what is unnamed, the first atom. */
static struct atom **first_of_each(struct object *object, uint64_t identities)
{
    struct atom **first = must_alloc(identities, sizeof(*first));

    for (size_t i = object->natoms; i-- > 0;) {
        struct atom *atom = object->atoms[i];

        if (!is_named(atom)) {
            first[atom->identity] = atom;
        }
    }
    return first;
}

static void judge_unnamed(struct object *object, struct atom *const *others)
{
    for (size_t i = 0; i < object->natoms; i++) {
        struct atom *atom = object->atoms[i];

        if (!is_named(atom)) {
            atom->twin = others[atom->identity];
            atom->verdict = atom->twin ? VERDICT_SAME : VERDICT_NEW;
        }
    }
}

static void identify(struct object *old, struct object *new)
{
    uint64_t next = identify_named(old, 1, false);
    struct atom **old_first, **new_first;

    next = identify_named(new, next, true);
    next = identify_contents(old, new, next);
    old_first = first_of_each(old, next);
    new_first = first_of_each(new, next);
    judge_unnamed(old, new_first);
    judge_unnamed(new, old_first);
    free(old_first);
    free(new_first);
}

/* -- Verdicts ------------------------------------------------------------- */

static void change(struct atom *new, const char *difference)
{
    new->verdict = new->twin->verdict = VERDICT_CHANGED;
    new->difference = new->twin->difference = difference;
}

static void judge_named(struct object *new, struct atom *atom)
{
    char *difference;

    if (!atom->twin) {
        atom->verdict = VERDICT_NEW;
        return;
    }
    if (atom->verdict == VERDICT_CHANGED) {
        return;     /* pair_objects() had no choice */
    }
    difference = find_difference(atom->twin, atom);
    if (difference) {
        change(atom, object_keep(new, difference));
    } else {
        atom->verdict = atom->twin->verdict = VERDICT_SAME;
    }
}

static void judge_all_named(struct object *old, struct object *new)
{
    for (size_t i = 0; i < new->natoms; i++) {
        if (is_named(new->atoms[i])) {
            judge_named(new, new->atoms[i]);
        }
    }
    for (size_t i = 0; i < old->natoms; i++) {
        if (is_named(old->atoms[i]) && !old->atoms[i]->twin) {
            old->atoms[i]->verdict = VERDICT_NEW;
        }
    }
}

/* -- What is changed by others -------------------------------------------- */

/* A function that reaches into another one: if that changes, it does, too. */
struct reach {
    const struct atom *into;
    struct atom *from;
};

struct reaches {
    struct reach *list;
    size_t count, room;
};

static void add_reaches(struct reaches *reaches, struct atom *function,
                        const struct atom *by)
{
    for (size_t i = 0; i < by->nrefs; i++) {
        const struct ref *ref = &by->refs[i];

        if (!ref->target || ref->target == function ||
            ref->target->kind != ATOM_FUNCTION ||
            (!ref->place && !is_cold(ref->target))) {
            continue;
        }
        reaches->list = must_grow(reaches->list, &reaches->room,
                                  reaches->count + 1, sizeof(*reaches->list));
        reaches->list[reaches->count++] = (struct reach) {
            ref->target, function
        };
    }
}

/* Those of its code, and of fixups and replacements that lie elsewhere. */
static void collect_reaches(struct reaches *reaches,
                            const struct object *object)
{
    for (size_t i = 0; i < object->natoms; i++) {
        struct atom *atom = object->atoms[i];

        if (atom->kind == ATOM_FUNCTION) {
            add_reaches(reaches, atom, atom);
        } else if (atom->kind == ATOM_CODE && atom->owner) {
            add_reaches(reaches, atom->owner, atom);
        }
    }
}

static int compare_reaches(const void *a, const void *b)
{
    const struct reach *l = a, *r = b;

    return l->into < r->into ? -1 : l->into > r->into;
}

static size_t first_reach(const struct reaches *reaches,
                          const struct atom *into)
{
    size_t at;

    FIND_SORTED(at, reaches->count, reaches->list[at].into < into);
    return at;
}

static void change_with(struct object *new, struct atom *atom,
                        const struct atom *other)
{
    if (atom->verdict == VERDICT_SAME && atom->twin) {
        change(atom, object_keep(new, must_print(
            "it reaches into %s, which is %s", atom_name(other),
            verdict_name(other->verdict))));
    }
}

static void spread_changes(struct object *new)
{
    struct atom **work = must_alloc(new->natoms, sizeof(*work));
    struct reaches reaches = { .count = 0 };
    size_t nwork = 0;

    collect_reaches(&reaches, new);
    if (reaches.count) {
        qsort(reaches.list, reaches.count, sizeof(*reaches.list),
              compare_reaches);
    }
    for (size_t i = 0; i < new->natoms; i++) {
        if (new->atoms[i]->kind == ATOM_FUNCTION &&
            new->atoms[i]->verdict != VERDICT_SAME) {
            work[nwork++] = new->atoms[i];
        }
    }
    while (nwork) {
        const struct atom *into = work[--nwork];

        for (size_t i = first_reach(&reaches, into);
             i < reaches.count && reaches.list[i].into == into; i++) {
            struct atom *from = reaches.list[i].from;

            if (from->verdict == VERDICT_SAME) {
                change_with(new, from, into);
                work[nwork++] = from;
            }
        }
    }
    free(reaches.list);
    free(work);
}

/* A global name that meant something else: those who use it in other objects
 * get another thing than they had. */
static int compare_symbols(const void *a, const void *b)
{
    const struct symbol *const *l = a, *const *r = b;

    return strcmp((*l)->name, (*r)->name);
}

static bool is_global_name(const struct symbol *symbol)
{
    return symbol->atom && symbol->bind != STB_LOCAL && symbol->name[0];
}

static void judge_name(struct object *new, const struct symbol *old,
                       const struct symbol *now)
{
    struct atom *atom = now->atom;

    if (old->atom->twin == atom && old->offset == now->offset) {
        return;
    }
    if (old->atom->twin && old->atom->verdict == VERDICT_SAME) {
        change(old->atom->twin, object_keep(new, must_print(
            "the name %s is no longer its", old->name)));
    }
    if (atom->twin && atom->verdict == VERDICT_SAME) {
        change(atom, object_keep(new, must_print(
            "the name %s, once another's, is its", old->name)));
    }
}

static void judge_names(struct object *old, struct object *new)
{
    const struct symbol **names = must_alloc(old->nsymbols + 1,
                                             sizeof(*names));
    size_t count = 0;

    for (size_t i = 1; i < old->nsymbols; i++) {
        if (is_global_name(&old->symbols[i])) {
            names[count++] = &old->symbols[i];
        }
    }
    qsort(names, count, sizeof(*names), compare_symbols);
    for (size_t i = 1; i < new->nsymbols && count; i++) {
        const struct symbol *now = &new->symbols[i];
        const struct symbol **then = NULL;

        if (is_global_name(now)) {
            then = bsearch(&now, names, count, sizeof(*names),
                           compare_symbols);
        }
        if (then) {
            judge_name(new, *then, now);
        }
    }
    free(names);
}

void compare_objects(struct object *old, struct object *new)
{
    identify(old, new);
    judge_all_named(old, new);
    judge_names(old, new);
    spread_changes(new);
}
