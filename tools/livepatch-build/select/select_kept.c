/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of new functions that may be kept in memory which outlives the
 * payload.  Where they are is known to the patch's author alone.
 */
#include "selection.h"
#include "compare/traits.h"

/* Or one that pointers are to lead to now, in the payload. */
static bool is_new_function(const struct atom *atom)
{
    return atom->kind == ATOM_FUNCTION && atom->selected && !is_cold(atom) &&
           (!is_patched(atom) || !is_entry_for_pointers(atom));
}

static bool takes_address(struct selection *selection,
                          const struct atom *user, const struct atom *target)
{
    if (!user->selected ||
        (user->kind != ATOM_FUNCTION && user->kind != ATOM_DATA)) {
        return false;
    }
    for (size_t i = 0; i < user->nrefs; i++) {
        const struct ref *ref = &user->refs[i];

        if (resolver_target(selection->resolver, ref) == target &&
            !ref->place &&
            (user->kind == ATOM_DATA || !is_branch(user, ref))) {
            return true;
        }
    }
    return false;
}

static void judge_function(struct selection *selection,
                           const struct atom *function)
{
    struct atom *const *users;
    size_t count = selection_users(selection, function, &users);

    for (size_t i = 0; i < count; i++) {
        if (takes_address(selection, users[i], function)) {
            selection_warn(selection, function, is_patched(function) ?
                           "pointers are to lead to it for the first time, "
                           "and do to the payload: as long as memory keeps "
                           "one, it must stay applied" :
                           "new, and its address is taken: as long as memory "
                           "keeps it, the payload must stay applied");
            return;
        }
    }
}

void select_warn_of_kept_addresses(struct selection *selection)
{
    for (size_t i = 0; i < selection->npairs; i++) {
        const struct object *new = selection->pairs[i].new;

        for (size_t j = 0; j < new->natoms; j++) {
            if (is_new_function(new->atoms[j])) {
                judge_function(selection, new->atoms[j]);
            }
        }
    }
}
