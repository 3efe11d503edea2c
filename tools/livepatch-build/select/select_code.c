/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code in the selection: functions, their cold parts, fixups and replacements.
 */
#include "selection.h"
#include "compare/traits.h"

/* A function and its cold part jump into each other: both go, or none. */
static void pick_parents(struct selection *selection, struct atom *cold)
{
    struct atom *const *users;
    size_t count = selection_users(selection, cold, &users);

    for (size_t i = 0; i < count; i++) {
        if (users[i]->kind == ATOM_FUNCTION && !users[i]->section->init) {
            selection_pick(selection, users[i], "its cold part goes along");
        }
    }
}

static void refuse_assembly(struct selection *selection, struct atom *atom)
{
    selection_refuse(selection, REFUSAL_ASSEMBLY, atom,
                     "change C code that it calls, or that calls it",
                     "hand-written code, of which it isn't known where it "
                     "can be entered: %s",
                     atom->difference ? atom->difference : "it is new");
}

static bool is_assembly(const struct selection *selection,
                        const struct atom *atom)
{
    return resolver_pair(selection->resolver,
                         atom->section)->new->assembly;
}

/* Its like, if it has one, is in memory that was freed. */
static bool is_new(const struct atom *atom)
{
    return !atom->twin ||
           (atom->twin->section->init && !atom->section->init);
}

static void pick_function(struct selection *selection, struct atom *atom,
                          const char *why)
{
    selection_pick(selection, atom, why);
    if (is_cold(atom)) {
        pick_parents(selection, atom);
    }
}

void select_function(struct selection *selection, struct atom *atom)
{
    if (is_new(atom) || atom->section->init) {
        return;
    }
    if (atom->verdict != VERDICT_CHANGED) {
        /* What runs isn't the base's function, nor what this source makes. */
        if (below_replaces(selection, atom)) {
            pick_function(selection, atom, "put back: a payload below has "
                          "replaced it");
        }
    } else if (is_assembly(selection, atom)) {
        refuse_assembly(selection, atom);
    } else if (atom->kind == ATOM_FUNCTION) {
        pick_function(selection, atom, atom->difference ? atom->difference
                                                        : "changed");
    }
}

static void refer_to_new(struct selection *selection, struct atom *atom)
{
    if (is_assembly(selection, atom)) {
        refuse_assembly(selection, atom);
    } else if (atom->section->init) {
        selection_refuse(selection, REFUSAL_INIT, atom,
                         "take __init from it",
                         "new code in .init, which code that stays needs");
    } else {
        pick_function(selection, atom, "new");
    }
}

void select_referred_code(struct selection *selection, struct atom *atom)
{
    if (atom->kind == ATOM_FUNCTION ? is_cold(atom) : atom->owner != NULL) {
        pick_function(selection, atom, "belongs to its function");
    } else if (is_new(atom)) {
        refer_to_new(selection, atom);
    }
}
