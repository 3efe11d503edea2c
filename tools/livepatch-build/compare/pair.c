/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Find each atom's like in the other object.
 *
 * What has a name of its own is found by it.  Those whose names differ in the
 * compiler's number alone make a group; who in the group is whom is told by
 * the code that refers to them.  Functions can't be told wrong: whichever of
 * the group is the twin, it is compared, and so are those who call it.  For
 * variables it matters, as they hold what happened so far: if nothing tells,
 * they count as changed.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "evidence.h"
#include "identity.h"
#include "support/memory.h"
#include "users.h"

/* Each round pairs something; more are needed only for what nests deeper. */
#define MAX_ROUNDS 16

/* How far callers are followed that are in one of the builds alone. */
#define MAX_USERS 64

struct name {
    char *base;                 /* without numbers */
    bool numbered, new;
    size_t order;
    struct atom *atom;
};

/* Names that are one but for their numbers: the old ones, then the new ones. */
struct group {
    struct name *names;
    size_t nold, nnew;
};

struct pairing {
    struct object *old, *new;
    struct name *names;
    size_t nnames, room;
    struct group *groups;
    size_t ngroups, groups_room;
    struct users *old_users, *new_users;    /* when asked for */
};

static void make_twins(struct atom *old, struct atom *new)
{
    old->twin = new;
    new->twin = old;
}

/* -- Groups --------------------------------------------------------------- */

static void add_name(struct pairing *pairing, struct atom *atom,
                     const char *text, bool new)
{
    struct name *name;

    pairing->names = must_grow(pairing->names, &pairing->room,
                               pairing->nnames + 1, sizeof(*pairing->names));
    name = &pairing->names[pairing->nnames];
    name->base = name_without_numbers(text, &name->numbered);
    name->new = new;
    name->order = pairing->nnames++;
    name->atom = atom;
}

static void collect_names(struct pairing *pairing, struct object *object,
                          bool new)
{
    for (size_t i = 0; i < object->natoms; i++) {
        struct atom *atom = object->atoms[i];

        atom->twin = NULL;
        atom->identity = 0;
        atom->verdict = VERDICT_UNKNOWN;
        atom->difference = NULL;
        if (is_named(atom)) {
            add_name(pairing, atom, atom->symbol->name, new);
        }
    }
    /* Aliases. */
    for (size_t i = 1; i < object->nsymbols; i++) {
        const struct symbol *symbol = &object->symbols[i];

        if (symbol->atom && !symbol->offset && is_named(symbol->atom) &&
            symbol != symbol->atom->symbol && symbol->name[0] &&
            strncmp(symbol->name, ".L", 2) && symbol->type != STT_SECTION) {
            add_name(pairing, symbol->atom, symbol->name, new);
        }
    }
}

static int compare_keys(const struct name *a, const struct name *b)
{
    int order = strcmp(a->base, b->base);

    if (!order) {
        order = a->numbered - b->numbered;
    }
    return order ? order : (int)a->atom->kind - (int)b->atom->kind;
}

static int compare_names(const void *a, const void *b)
{
    const struct name *l = a, *r = b;
    int order = compare_keys(l, r);

    if (!order) {
        order = l->new - r->new;
    }
    return order ? order : l->order < r->order ? -1 : l->order > r->order;
}

static void make_groups(struct pairing *pairing)
{
    size_t from = 0, to;

    if (pairing->nnames) {
        qsort(pairing->names, pairing->nnames, sizeof(*pairing->names),
              compare_names);
    }
    for (; from < pairing->nnames; from = to) {
        struct group group = { .names = &pairing->names[from] };

        for (to = from; to < pairing->nnames &&
                        !compare_keys(group.names, &pairing->names[to]); to++) {
            if (pairing->names[to].new) {
                group.nnew++;
            } else {
                group.nold++;
            }
        }
        pairing->groups = must_grow(pairing->groups, &pairing->groups_room,
                                    pairing->ngroups + 1,
                                    sizeof(*pairing->groups));
        pairing->groups[pairing->ngroups++] = group;
    }
}

/* A name that no other has on its side; a number says nothing of data. */
static void pair_by_name(struct pairing *pairing)
{
    for (size_t i = 0; i < pairing->ngroups; i++) {
        const struct group *group = &pairing->groups[i];
        struct atom *old, *new;

        if (group->nold != 1 || group->nnew != 1) {
            continue;
        }
        old = group->names[0].atom;
        new = group->names[1].atom;
        if (!old->twin && !new->twin &&
            (!group->names->numbered || old->kind == ATOM_FUNCTION)) {
            make_twins(old, new);
        }
    }
}

/* -- Evidence ------------------------------------------------------------- */

static void identify_by_group(struct pairing *pairing)
{
    for (size_t i = 0; i < pairing->ngroups; i++) {
        const struct group *group = &pairing->groups[i];

        for (size_t j = 0; j < group->nold + group->nnew; j++) {
            if (!group->names[j].atom->identity) {
                group->names[j].atom->identity = i + 1;
            }
        }
    }
    for (size_t i = 0; i < pairing->new->natoms; i++) {
        struct atom *new = pairing->new->atoms[i];

        if (new->twin) {
            new->identity = new->twin->identity;
        }
    }
    identify_contents(pairing->old, pairing->new, pairing->ngroups + 1);
}

static void pair_by_evidence(struct pairing *pairing)
{
    struct evidence *evidence = evidence_new();
    unsigned int round = 0;

    do {
        for (size_t i = 0; i < pairing->old->natoms; i++) {
            const struct atom *old = pairing->old->atoms[i];

            if (old->twin) {
                evidence_gather(evidence, old, old->twin);
            }
        }
    } while (evidence_settle(evidence) && ++round < MAX_ROUNDS);
    evidence_free(evidence);
}

/* -- What is left of a group ---------------------------------------------- */

struct rest {
    struct atom **old, **new;
    size_t nold, nnew;
};

static struct atom **still_open(const struct name *names, size_t count,
                                size_t *nopen)
{
    struct atom **open = must_alloc(count, sizeof(*open));

    *nopen = 0;
    for (size_t i = 0; i < count; i++) {
        if (!names[i].atom->twin) {
            open[(*nopen)++] = names[i].atom;
        }
    }
    return open;
}

static bool are_both_open(const struct atom *a, const struct atom *b)
{
    return !a->twin && !b->twin;
}

static void pair_in_order(const struct rest *rest)
{
    size_t i = 0, j = 0;

    while (i < rest->nold && j < rest->nnew) {
        if (rest->old[i]->twin) {
            i++;
        } else if (rest->new[j]->twin) {
            j++;
        } else {
            make_twins(rest->old[i++], rest->new[j++]);
        }
    }
}

static int by_size(const void *a, const void *b)
{
    const struct atom *l = *(struct atom *const *)a;
    const struct atom *r = *(struct atom *const *)b;

    if (l->size != r->size) {
        return l->size < r->size ? -1 : 1;
    }
    return l->offset < r->offset ? -1 : l->offset > r->offset;
}

/* Those that hold the same first: they are likely to remain the same. */
static void pair_functions(const struct rest *rest)
{
    size_t i = 0, j = 0;

    qsort(rest->old, rest->nold, sizeof(*rest->old), by_size);
    qsort(rest->new, rest->nnew, sizeof(*rest->new), by_size);
    while (i < rest->nold && j < rest->nnew) {
        struct atom *old = rest->old[i], *new = rest->new[j];

        if (old->size == new->size && are_both_open(old, new) &&
            same_contents(old, new)) {
            make_twins(old, new);
            i++;
            j++;
        } else if (old->size < new->size) {
            i++;
        } else {
            j++;
        }
    }
    pair_in_order(rest);
}

/*
 * The twins among those who refer to an atom, if need be through functions that
 * are in one of the builds alone, as they were inlined or renamed.
 */
struct referrers {
    const struct atom *atoms[MAX_USERS];
    size_t count, ntwins;
};

static void add_referrer(struct referrers *referrers, const struct atom *atom)
{
    for (size_t i = 0; i < referrers->count; i++) {
        if (referrers->atoms[i] == atom) {
            return;
        }
    }
    if (referrers->count < MAX_USERS) {
        referrers->atoms[referrers->count++] = atom;
        referrers->ntwins += !!atom->twin;
    }
}

static struct referrers find_referrers(struct pairing *pairing,
                                       const struct atom *atom, bool new)
{
    struct users **users = new ? &pairing->new_users : &pairing->old_users;
    struct referrers found = { .count = 0 };
    size_t next = 0;

    if (!*users) {
        *users = users_new(new ? pairing->new : pairing->old);
    }
    do {
        struct atom *const *list;
        size_t count = users_of(*users, atom, &list);

        for (size_t i = 0; i < count && found.count < MAX_USERS; i++) {
            add_referrer(&found, list[i]->owner ? list[i]->owner : list[i]);
        }
        while (next < found.count && found.atoms[next]->twin) {
            next++;
        }
        atom = next < found.count ? found.atoms[next++] : NULL;
    } while (atom);
    return found;
}

static bool share_a_twin(const struct referrers *old,
                         const struct referrers *new)
{
    for (size_t i = 0; i < old->count; i++) {
        for (size_t j = 0; j < new->count; j++) {
            if (old->atoms[i]->twin == new->atoms[j] && old->atoms[i]->twin) {
                return true;
            }
        }
    }
    return false;
}

static bool is_like(const struct atom *old, const struct atom *new)
{
    return old->size == new->size && !old->bytes == !new->bytes &&
           old->section->flags == new->section->flags;
}

/* What is read only can be told by what it holds. */
static void pair_constants(const struct rest *rest)
{
    for (size_t i = 0; i < rest->nold; i++) {
        struct atom *old = rest->old[i];

        for (size_t j = 0; j < rest->nnew && j < MAX_USERS; j++) {
            struct atom *new = rest->new[j];

            if (are_both_open(old, new) && is_read_only(old->section) &&
                is_read_only(new->section) && same_contents(old, new)) {
                make_twins(old, new);
            }
        }
    }
}

static size_t keep_variables(struct atom **atoms, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (!atoms[i]->twin && !is_read_only(atoms[i]->section)) {
            atoms[kept++] = atoms[i];
        }
    }
    return kept;
}

/* A table's entry, which the linker collects, is what it holds as well. */
static void pair_unreferred(struct pairing *pairing, const struct rest *rest)
{
    for (size_t i = 0; i < rest->nold; i++) {
        struct atom *old = rest->old[i];

        if (find_referrers(pairing, old, false).count) {
            continue;
        }
        for (size_t j = 0; j < rest->nnew && j < MAX_USERS; j++) {
            struct atom *new = rest->new[j];

            if (are_both_open(old, new) && same_contents(old, new) &&
                !find_referrers(pairing, new, true).count) {
                make_twins(old, new);
            }
        }
    }
}

static void pair_variables(struct pairing *pairing, struct rest *rest)
{
    pair_unreferred(pairing, rest);
    rest->nold = keep_variables(rest->old, rest->nold);
    rest->nnew = keep_variables(rest->new, rest->nnew);
    if (rest->nold == 1 && rest->nnew == 1) {
        struct referrers old = find_referrers(pairing, rest->old[0], false);
        struct referrers new = find_referrers(pairing, rest->new[0], true);

        if (share_a_twin(&old, &new)) {
            make_twins(rest->old[0], rest->new[0]);
            return;
        }
        if (!is_like(rest->old[0], rest->new[0])) {
            return;
        }
    }
    pair_in_order(rest);
    for (size_t i = 0; i < rest->nold; i++) {
        struct atom *old = rest->old[i];

        if (old->twin) {
            old->verdict = VERDICT_CHANGED;
            old->difference = old->twin->difference =
                "a static variable of this name is gone and one is new, and "
                "nothing tells whether they are the same";
            old->twin->verdict = VERDICT_CHANGED;
        }
    }
}

static void pair_rest(struct pairing *pairing, const struct group *group)
{
    struct rest rest;

    rest.old = still_open(group->names, group->nold, &rest.nold);
    rest.new = still_open(group->names + group->nold, group->nnew,
                          &rest.nnew);
    if (rest.nold && rest.nnew) {
        if (rest.old[0]->kind == ATOM_FUNCTION) {
            pair_functions(&rest);
        } else if (!group->names->numbered) {
            pair_in_order(&rest);
        } else {
            pair_constants(&rest);
            pair_variables(pairing, &rest);
        }
    }
    free(rest.old);
    free(rest.new);
}

void pair_objects(struct object *old, struct object *new)
{
    struct pairing pairing = { .old = old, .new = new };

    collect_names(&pairing, old, false);
    collect_names(&pairing, new, true);
    make_groups(&pairing);
    pair_by_name(&pairing);
    identify_by_group(&pairing);
    pair_by_evidence(&pairing);
    for (size_t i = 0; i < pairing.ngroups; i++) {
        pair_rest(&pairing, &pairing.groups[i]);
    }
    for (size_t i = 0; i < pairing.nnames; i++) {
        free(pairing.names[i].base);
    }
    if (pairing.old_users) {
        users_free(pairing.old_users);
    }
    if (pairing.new_users) {
        users_free(pairing.new_users);
    }
    free(pairing.names);
    free(pairing.groups);
}
