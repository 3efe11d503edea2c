/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hooks of a patch, by which it may see to what is refused otherwise.
 */
#include <string.h>
#include <xenlivepatch.h>

#include "compare/traits.h"
#include "selection.h"
#include "support/memory.h"

#define DEEPEST_HOOK 4          /* new functions that call each other */

static bool is_hook(const struct atom *atom, const char *kind)
{
    return atom->kind == ATOM_ENTRY && !atom->twin &&
           atom->section->special == SPECIAL_HOOKS &&
           starts_with(atom->section->name + strlen(XENLIVEPATCH_HOOKS), kind);
}

bool selection_has_hook(const struct selection *selection, const char *kind)
{
    for (size_t i = 0; i < selection->npairs; i++) {
        const struct object *object = selection->pairs[i].new;

        for (size_t j = 0; j < object->natoms; j++) {
            if (is_hook(object->atoms[j], kind)) {
                return true;
            }
        }
    }
    return false;
}

static bool leads_to(const struct selection *selection,
                     const struct atom *from, const struct atom *atom,
                     unsigned int depth)
{
    for (size_t i = 0; i < from->nrefs; i++) {
        const struct atom *target = resolver_target(selection->resolver,
                                                    &from->refs[i]);

        if (target == atom ||
            (target && target->kind == ATOM_FUNCTION && target->selected &&
             !is_patched(target) && depth < DEEPEST_HOOK &&
             leads_to(selection, target, atom, depth + 1))) {
            return true;
        }
    }
    return false;
}

bool selection_is_in_hook(const struct selection *selection,
                          const struct atom *atom)
{
    for (size_t i = 0; i < selection->npairs; i++) {
        const struct object *object = selection->pairs[i].new;

        for (size_t j = 0; j < object->natoms; j++) {
            if (is_hook(object->atoms[j], "") &&
                leads_to(selection, object->atoms[j], atom, 0)) {
                return true;
            }
        }
    }
    return false;
}
