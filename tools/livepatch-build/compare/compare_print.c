/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `livepatch-build diff` shows.
 */
#include <stdio.h>

#include "compare.h"
#include "identity.h"

static void print_atom(const struct atom *atom, bool is_old)
{
    const char *verdict = verdict_name(atom->verdict);

    if (is_old && atom->verdict == VERDICT_NEW) {
        verdict = "gone";
    }
    printf("%-8s %-8s %s", verdict, atom_kind_name(atom->kind),
           atom_name(atom));
    if (atom->difference) {
        printf(": %s", atom->difference);
    }
    putchar('\n');
}

/* An entry of a table, or the fixup that it names, of a function that is shown
 * itself. */
static bool belongs_to_changed(const struct atom *atom)
{
    return atom->owner && atom->owner->verdict != VERDICT_SAME;
}

static bool is_shown(const struct atom *atom, bool is_old, bool all)
{
    if (atom->verdict == VERDICT_SAME || belongs_to_changed(atom)) {
        return all && !is_old;
    }
    return !is_old || (atom->verdict == VERDICT_NEW && is_named(atom));
}

static void print_object(const struct object *object, bool functions,
                         bool is_old, bool all)
{
    for (size_t i = 0; i < object->natoms; i++) {
        const struct atom *atom = object->atoms[i];

        if ((atom->kind == ATOM_FUNCTION) == functions &&
            is_shown(atom, is_old, all)) {
            print_atom(atom, is_old);
        }
    }
}

void compare_print(const struct object *old, const struct object *new,
                   bool all)
{
    print_object(new, true, false, all);
    print_object(old, true, true, all);
    print_object(new, false, false, all);
    print_object(old, false, true, all);
}
