/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What selected code needs of .init, whose memory was freed after boot.
 *
 * Code that stays may refer to it if a variable, such as system_state, keeps it
 * from getting there later.  That has to stay so: each reference needs the
 * guards that one to the same had in the base.  No guard helps a call that
 * engines make a direct one while they load the payload: they read the pointer.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "selection.h"
#include "support/memory.h"

/* -- Calls through pointers ------------------------------------------------ */

static void judge_call(struct selection *selection, const struct atom *entry)
{
    struct atom *code = entry->owner;
    const char *name;

    for (size_t i = 0; code && i < code->nrefs; i++) {
        const struct ref *ref = &code->refs[i];

        if (!arch->is_call_by_pointer(code->bytes, entry->owner_offset,
                                      ref->offset) ||
            !resolver_is_freed(selection->resolver, ref, &name)) {
            continue;
        }
        selection_refuse(selection, REFUSAL_INIT,
                         code->owner ? code->owner : code,
                         "leave this function as it is, and change what it "
                         "calls, or who calls it",
                         "at +%#llx it calls through a pointer in %s, which is "
                         "in .init: to make that a direct call, Xen reads the "
                         "pointer while it loads the payload, and something "
                         "else is there",
                         (unsigned long long)entry->owner_offset, name);
    }
}

/* -- Guarded references ---------------------------------------------------- */

/* Whether a guard in the base means the same as its like. */
static bool is_same(const struct guard *old, const struct guard *new)
{
    const struct ref *was = old->variable, *is = new->variable;

    if (was->target && is->target ? is->target->twin != was->target
                                  : strcmp(was->symbol->name,
                                           is->symbol->name)) {
        return false;
    }
    return was->place == is->place && old->condition == new->condition &&
           old->compared == new->compared;
}

static bool has_all(const struct guards *guards, const struct guards *old,
                    const struct guard **missing)
{
    for (size_t i = 0; i < old->count; i++) {
        bool found = false;

        for (size_t j = 0; j < guards->count && !found; j++) {
            found = is_same(&old->list[i], &guards->list[j]);
        }
        if (!found) {
            *missing = &old->list[i];
            return false;
        }
    }
    return true;
}

static bool is_same_target(const struct ref *old, const struct ref *new)
{
    return old->target && new->target
           ? new->target->twin == old->target
           : !old->target && !new->target && old->symbol->name[0] &&
             !strcmp(old->symbol->name, new->symbol->name);
}

enum guarded { GUARDED, UNGUARDED, NEVER_GUARDED };

/* As one of the old references was; else *missing is a guard of such. */
static enum guarded is_guarded(const struct atom *code, const struct ref *ref,
                               const struct guard **missing,
                               struct guards *of_missing)
{
    struct guards guards = { .list = NULL };
    enum guarded result = NEVER_GUARDED;

    arch->find_guards(code, ref, &guards);
    for (size_t i = 0; result != GUARDED && i < code->twin->nrefs; i++) {
        const struct ref *was = &code->twin->refs[i];

        if (!is_same_target(was, ref)) {
            continue;
        }
        free(of_missing->list);
        *of_missing = (struct guards) { .list = NULL };
        arch->find_guards(code->twin, was, of_missing);
        if (!of_missing->count) {
            break;
        }
        result = has_all(&guards, of_missing, missing) ? GUARDED : UNGUARDED;
    }
    free(guards.list);
    return result;
}

/* names: "a, b, ", each once, or NULL. */
static void add_name(char **names, const char *name)
{
    char *all = must_print(", %s", *names ? *names : "");
    char *one = must_print(", %s, ", name);

    if (!strstr(all, one)) {
        free(*names);
        *names = must_print("%s%s", all + strlen(", "), one + strlen(", "));
    }
    free(all);
    free(one);
}

/* unguarded: names of what nothing kept this function from before. */
static void judge_ref(struct selection *selection, struct atom *code,
                      const struct ref *ref, const char *name,
                      char **unguarded)
{
    const struct guard *missing = NULL;
    struct guards of_missing = { .list = NULL };

    switch (is_guarded(code, ref, &missing, &of_missing)) {
    case GUARDED:
        break;
    case UNGUARDED:
        selection_refuse(selection, REFUSAL_INIT, code,
                         "keep the condition in front of it as it is",
                         "it refers to %s, which is in .init, and gone once "
                         "Xen has booted; what %s says kept it from that, and "
                         "doesn't any more, or not in the same way", name,
                         missing->variable->symbol->name[0] ||
                         !missing->variable->target
                         ? missing->variable->symbol->name
                         : atom_name(missing->variable->target));
        break;
    case NEVER_GUARDED:
        add_name(unguarded, name);
        break;
    }
    free(of_missing.list);
}

/* -- All ------------------------------------------------------------------- */

static void judge_function(struct selection *selection, struct atom *code)
{
    char *unguarded = NULL;
    const char *name;

    for (size_t i = 0; i < code->nrefs && !code->refused; i++) {
        if (resolver_is_freed(selection->resolver, &code->refs[i], &name)) {
            judge_ref(selection, code, &code->refs[i], name, &unguarded);
        }
    }
    if (unguarded && !code->refused) {
        unguarded[strlen(unguarded) - strlen(", ")] = '\0';
        selection_warn(selection, code, "refers to %s, as it did; that is in "
                       ".init, and gone once Xen has booted: see that nothing "
                       "leads there then", unguarded);
    }
    free(unguarded);
}

void select_judge_init(struct selection *selection)
{
    for (size_t i = 0; i < selection->npairs; i++) {
        const struct object *new = selection->pairs[i].new;

        for (size_t j = 0; j < new->natoms; j++) {
            struct atom *atom = new->atoms[j];

            if (!atom->selected) {
                continue;
            }
            if (atom->section->special == SPECIAL_ALTERNATIVES ||
                atom->section->special == SPECIAL_ALTERNATIVE_CALLS) {
                judge_call(selection, atom);
            } else if (atom->kind == ATOM_FUNCTION && atom->twin) {
                judge_function(selection, atom);
            }
        }
    }
}
