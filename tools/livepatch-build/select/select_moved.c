/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a patch moves from one file to another.
 *
 * It seems new where it is now.  But those who use it in files that the patch
 * doesn't touch go on with the one that runs, and a variable would begin anew.
 */
#include <stdlib.h>
#include <string.h>

#include "compare/identity.h"
#include "selection.h"
#include "compare/traits.h"

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

void select_judge_moved(struct selection *selection)
{
    for (size_t i = 0; i < selection->npairs; i++) {
        const struct object *new = selection->pairs[i].new;

        for (size_t j = 0; j < new->natoms; j++) {
            struct atom *atom = new->atoms[j];

            if (!is_candidate(atom)) {
                continue;
            }
            if (is_global(atom)) {
                judge_global(selection, atom);
            } else if (atom->kind == ATOM_DATA && atom->selected &&
                       !is_constant_data(atom)) {
                judge_variable(selection, atom);
            }
        }
    }
}
