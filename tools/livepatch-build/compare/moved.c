/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that have moved to another file.
 *
 * Data isn't looked for: a variable that begins anew has lost its value, and
 * static functions are known by their files.
 */
#include <string.h>

#include "compare.h"
#include "identity.h"
#include "support/memory.h"
#include "traits.h"

static bool may_have_moved(const struct atom *atom)
{
    return atom->kind == ATOM_FUNCTION && !atom->twin && is_named(atom) &&
           is_global(atom) && !atom->section->init;
}

static struct atom *find_gone(struct object_pair *pairs, size_t npairs,
                              const char *name)
{
    for (size_t i = 0; i < npairs; i++) {
        const struct object *old = pairs[i].old;

        for (size_t j = 0; old && !old->assembly && j < old->natoms; j++) {
            if (may_have_moved(old->atoms[j]) &&
                !strcmp(old->atoms[j]->symbol->name, name)) {
                return old->atoms[j];
            }
        }
    }
    return NULL;
}

void compare_moved(struct object_pair *pairs, size_t npairs)
{
    for (size_t i = 0; i < npairs; i++) {
        struct object *new = pairs[i].new;

        for (size_t j = 0; !new->assembly && j < new->natoms; j++) {
            struct atom *atom = new->atoms[j], *old = NULL;

            if (may_have_moved(atom)) {
                old = find_gone(pairs, npairs, atom->symbol->name);
            }
            if (old) {
                atom->twin = old;
                old->twin = atom;
                atom->verdict = old->verdict = VERDICT_CHANGED;
                atom->difference = object_keep(new, must_print(
                    "moved here from %s", old->section->object->path));
                old->difference = "moved to another file";
            }
        }
    }
}
