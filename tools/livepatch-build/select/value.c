/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * New variables begin with what their initialisers say.  Is there a value that
 * they would have to have?
 *
 * - What a patch moves from one file to another seems new where it is now.  But
 *   those who use it in files that the patch doesn't touch go on with the one
 *   that runs, and a variable would begin anew.
 * - Code that has run, at boot or as a CPU came up, would have set it.  So it
 *   may be with one that is there already.
 * - It may stand for another one, which has lost its users.
 *
 * A hook of the patch that uses it may give it its value.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "compare/identity.h"
#include "arch/arch.h"
#include "selection.h"
#include "compare/traits.h"
#include "support/memory.h"

#define DEEPEST_USER 3          /* new functions that call each other */

/* -- What has moved -------------------------------------------------------- */

static const char *const way_out =
    "leave it in the file where it is; or if it is another one, give it a name "
    "of its own";

static bool is_candidate(const struct atom *atom)
{
    return is_named(atom) && !atom->twin && !atom->section->init &&
           atom->section->special == SPECIAL_NONE;
}

static void judge_global(struct selection *selection, struct atom *atom)
{
    const struct object *object = resolver_pair(selection->resolver,
                                                atom->section)->new;
    struct running_symbol symbol;

    if (running_find(resolver_running(selection->resolver), object->source,
                     atom->symbol->name, false, &symbol) &&
        symbol.address && !symbol.init) {
        selection_refuse(selection, atom->kind == ATOM_DATA ? REFUSAL_DATA
                                                            : REFUSAL_SYMBOL,
                         atom, way_out, "new in this file, but the running Xen "
                         "has one of this name from another: who uses that "
                         "would go on with it");
    }
}

static bool is_lost(const struct atom *old, const struct atom *new)
{
    bool numbered;
    char *was, *is;
    bool same;

    if (old->kind != ATOM_DATA || !is_candidate(old) ||
        is_constant_data(old) || old->size != new->size) {
        return false;
    }
    was = name_without_numbers(old->symbol->name, &numbered);
    is = name_without_numbers(new->symbol->name, &numbered);
    same = !strcmp(was, is);
    free(was);
    free(is);
    return same;
}

/* A static variable, by its name and size. */
static void judge_variable(struct selection *selection, struct atom *atom)
{
    const struct object_pair *own = resolver_pair(selection->resolver,
                                                  atom->section);

    for (size_t i = 0; i < selection->npairs; i++) {
        const struct object *old = selection->pairs[i].old;

        for (size_t j = 0; old && &selection->pairs[i] != own &&
                           j < old->natoms; j++) {
            if (is_lost(old->atoms[j], atom)) {
                selection_refuse(selection, REFUSAL_DATA, atom, way_out,
                                 "new in this file, while one of its name is "
                                 "gone from %s: it would not take over that "
                                 "one's value", old->path);
                return;
            }
        }
    }
}

/* -- Set by what has run --------------------------------------------------- */

static const char *const way_out_of_boot =
    "set it in a load hook (--skeleton writes one to fill in), or give it the "
    "right value where it is defined";

/* Whether a function is there for words of the command line alone: without
 * them a variable keeps its initialiser. */
static bool parses_parameter(struct selection *selection,
                             const struct atom *function)
{
    struct atom *const *users;
    size_t count = selection_users(selection, function, &users);

    for (size_t i = 0; i < count; i++) {
        if (!starts_with(users[i]->section->name, ".init.setup")) {
            return false;
        }
    }
    return count;
}

/* New, and of the patched files refers to it only what is so, too, or itself: a
 * header's functions, say, of which the patch calls some. */
static bool is_unused(struct selection *selection,
                      const struct atom *function, unsigned int depth)
{
    if (function->selected || function->twin || function->section->init) {
        return false;
    }
    for (size_t i = 0; i < selection->npairs; i++) {
        const struct object *object = selection->pairs[i].new;

        for (size_t j = 0; j < object->natoms; j++) {
            const struct atom *user = object->atoms[j];

            for (size_t k = 0; user != function && user->owner != function &&
                               k < user->nrefs; k++) {
                if (resolver_target(selection->resolver, &user->refs[k]) ==
                    function && (user->kind != ATOM_FUNCTION || !depth ||
                                 !is_unused(selection, user, depth - 1))) {
                    return false;
                }
            }
        }
    }
    return true;
}

/* It is gone, or nobody but what is gone calls it, or it ran as CPUs came up:
 * what isn't selected, and uses a new variable, is itself new. */
static bool has_run(struct selection *selection, const struct atom *function)
{
    if (function->section->init) {
        return !parses_parameter(selection, function);
    }
    return !function->selected ||
           (is_patched(function) &&
            selection_is_boot_only(selection, function));
}

static bool sets(const struct atom *function, const struct ref *ref)
{
    enum access access = arch->access(function, ref);

    return access == ACCESS_WRITE || access == ACCESS_ADDRESS;
}

/* A hook that sets it is among those who do later. */
struct setters {
    const struct atom *past, *later;
};

static void find_setters(struct selection *selection,
                         const struct atom *variable, struct setters *setters)
{
    for (size_t i = 0; i < selection->npairs; i++) {
        const struct object *object = selection->pairs[i].new;

        if (object != variable->section->object && !is_global(variable)) {
            continue;
        }
        for (size_t j = 0; j < object->natoms; j++) {
            const struct atom *user = object->atoms[j];

            for (size_t k = 0; user->kind == ATOM_FUNCTION &&
                               k < user->nrefs; k++) {
                if (resolver_target(selection->resolver, &user->refs[k]) !=
                    variable || !sets(user, &user->refs[k]) ||
                    is_unused(selection, user, DEEPEST_USER)) {
                    continue;
                }
                *(has_run(selection, user) ? &setters->past
                                           : &setters->later) = user;
            }
        }
    }
}

static void judge_setters(struct selection *selection, struct atom *variable)
{
    struct setters setters = { NULL, NULL };

    find_setters(selection, variable, &setters);
    if (!setters.past) {
        return;
    }
    if (!setters.later) {
        variable->gap = GAP_FIRST_VALUE;
        selection_refuse(selection, REFUSAL_DATA, variable, way_out_of_boot,
                         "new, and set by %s alone, which has run, and does "
                         "not again: it would stay what its initialiser says",
                         setters.past->symbol->name);
    } else {
        selection_warn(selection, variable, "new, and set by %s, which has "
                       "run: until others set it, or a load hook does, it is "
                       "what its initialiser says",
                       setters.past->symbol->name);
    }
}

/* -- Set anew by what has run ---------------------------------------------- */

static bool is_same_variable(const struct ref *old, const struct ref *new)
{
    return old->target && new->target
           ? new->target->twin == old->target
           : !old->target && !new->target && old->symbol->name[0] &&
             !strcmp(old->symbol->name, new->symbol->name);
}

static bool did_set(const struct atom *function, const struct ref *ref)
{
    const struct atom *old = function->twin;

    for (size_t i = 0; old && i < old->nrefs; i++) {
        if (is_same_variable(&old->refs[i], ref) && sets(old, &old->refs[i])) {
            return true;
        }
    }
    return false;
}

static bool is_used(const struct object *object, const struct ref *ref)
{
    for (size_t i = 0; i < object->natoms; i++) {
        const struct atom *user = object->atoms[i];

        for (size_t j = 0; user->selected && j < user->nrefs; j++) {
            if (ref->target ? user->refs[j].target == ref->target
                            : !strcmp(user->refs[j].symbol->name,
                                      ref->symbol->name)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_variable(const struct atom *atom)
{
    return atom->kind == ATOM_DATA && !atom->section->init &&
           !is_constant_data(atom) && atom->section->special == SPECIAL_NONE;
}

/* A variable that is there, which .init code sets with the patch alone. */
static void judge_init(struct selection *selection,
                       const struct atom *function)
{
    for (size_t i = 0; i < function->nrefs; i++) {
        const struct ref *ref = &function->refs[i];

        if (ref->target && ref->target->twin && is_variable(ref->target) &&
            arch->access(function, ref) == ACCESS_WRITE &&
            !did_set(function, ref) &&
            is_used(function->section->object, ref)) {
            selection_warn(selection, ref->target, "%s sets it now, and has "
                           "run without; code that is patched uses it: see "
                           "that it is right, or set it in a load hook",
                           function->symbol->name);
        }
    }
}

/* -- In another's place ---------------------------------------------------- */

static bool refers_to(const struct atom *user, const struct atom *target)
{
    for (size_t i = 0; i < user->nrefs; i++) {
        if (user->refs[i].target == target) {
            return true;
        }
    }
    return false;
}

static bool refers_to_name(const struct atom *user, const char *name)
{
    for (size_t i = 0; i < user->nrefs; i++) {
        if (!strcmp(user->refs[i].symbol->name, name)) {
            return true;
        }
    }
    return false;
}

static bool is_outer_variable(struct selection *selection,
                              const struct object *object,
                              const struct ref *ref)
{
    struct running_symbol symbol;

    return !ref->symbol->section && !ref->symbol->absolute &&
           ref->symbol->name[0] &&
           running_find(resolver_running(selection->resolver), object->source,
                        ref->symbol->name, false, &symbol) == 1 &&
           symbol.type == STT_OBJECT;
}

/* What a function used to use, and doesn't any more; or NULL. */
static const char *find_left(struct selection *selection,
                             const struct atom *new)
{
    const struct atom *old = new->twin;

    for (size_t i = 0; i < old->nrefs; i++) {
        const struct ref *ref = &old->refs[i];

        if (ref->target
            ? is_variable(ref->target) && is_named(ref->target) &&
              (!ref->target->twin || !refers_to(new, ref->target->twin))
            : is_outer_variable(selection, old->section->object, ref) &&
              !refers_to_name(new, ref->symbol->name)) {
            return ref->target ? ref->target->symbol->name
                               : ref->symbol->name;
        }
    }
    return NULL;
}

/* One that is gone, of which each user that is left uses the new one. */
static bool is_heir(const struct object *old, const struct atom *gone,
                    const struct atom *variable)
{
    size_t users = 0;

    for (size_t i = 0; i < old->natoms; i++) {
        const struct atom *user = old->atoms[i];

        if (user->kind != ATOM_FUNCTION || !refers_to(user, gone) ||
            !user->twin || user->section->init) {
            continue;
        }
        if (!refers_to(user->twin, variable)) {
            return false;
        }
        users++;
    }
    return users;
}

static const struct atom *find_testator(struct selection *selection,
                                        const struct atom *variable)
{
    const struct object_pair *pair = resolver_pair(selection->resolver,
                                                   variable->section);

    for (size_t i = 0; pair->old && i < pair->old->natoms; i++) {
        const struct atom *gone = pair->old->atoms[i];

        if (is_variable(gone) && is_named(gone) && !gone->twin &&
            is_heir(pair->old, gone, variable)) {
            return gone;
        }
    }
    return NULL;
}

static void warn_of_left(struct selection *selection,
                         const struct atom *variable)
{
    struct atom *const *users;
    size_t count = selection_users(selection, variable, &users);

    for (size_t i = 0; i < count; i++) {
        const char *left = is_patched(users[i]) ?
                           find_left(selection, users[i]) : NULL;

        if (left) {
            selection_warn(selection, variable, "new, and %s uses it, but not "
                           "%s any more: if it stands for that, it doesn't "
                           "take over its value; a load hook can",
                           users[i]->symbol->name, left);
            return;
        }
    }
}

static void judge_place(struct selection *selection, struct atom *variable)
{
    const struct atom *gone = find_testator(selection, variable);

    if (gone && !selection_is_in_hook(selection, variable)) {
        variable->gap = GAP_FIRST_VALUE;
        selection_refuse(selection, REFUSAL_DATA, variable,
                         "keep its name and type; or copy the value in a load "
                         "hook, and back in an unload hook (--skeleton writes "
                         "them to fill in)",
                         "new, in the place of %s (%llu bytes), which is gone: "
                         "it would not take over that one's value",
                         gone->symbol->name, (unsigned long long)gone->size);
    } else {
        warn_of_left(selection, variable);
    }
}

/* -- All ------------------------------------------------------------------- */

static void judge_atom(struct selection *selection, struct atom *atom)
{
    bool is_init = atom->kind == ATOM_FUNCTION && atom->section->init;
    bool is_new = !atom->twin ||
                  (atom->twin->section->init && !atom->section->init);

    if (is_init && atom->verdict != VERDICT_SAME) {
        judge_init(selection, atom);
    } else if (is_candidate(atom) && is_global(atom)) {
        judge_global(selection, atom);
    } else if (is_candidate(atom) && atom->selected && is_variable(atom)) {
        judge_variable(selection, atom);
    }
    if (atom->selected && is_new && is_variable(atom)) {
        judge_setters(selection, atom);
        judge_place(selection, atom);
    }
}

void select_judge_values(struct selection *selection)
{
    for (size_t i = 0; i < selection->npairs; i++) {
        const struct object *new = selection->pairs[i].new;

        for (size_t j = 0; j < new->natoms; j++) {
            judge_atom(selection, new->atoms[j]);
        }
    }
}
