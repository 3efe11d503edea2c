/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

#include <stdlib.h>
#include <string.h>

#include "compare/identity.h"
#include "compare/traits.h"
#include "inlined.h"
#include "patch/places.h"
#include "support/files.h"
#include "support/memory.h"

struct explaining {
    const struct base *base;
    const struct object_pair *pairs;
    size_t npairs;
    const char *function;
    struct report *report;
    struct places places;
    struct copies *copies;      /* of each pair, in both builds */
    bool found;
};

/* Is the atom's name, without what the compiler put behind it, this? */
static bool is_called(const struct atom *atom, const char *name)
{
    size_t length = strlen(name);

    return atom->kind == ATOM_FUNCTION && is_named(atom) &&
           !strncmp(atom->symbol->name, name, length) &&
           (!atom->symbol->name[length] || atom->symbol->name[length] == '.');
}

static const char *file_of(const struct atom *atom)
{
    const struct object *object = atom->section->object;

    return object->source[0] ? object->source : object->path;
}

/* -- Of a function that is patched ----------------------------------------- */

/* Are the lines its own, or of what it has a copy of? */
static bool explain_place(struct explaining *explaining,
                          const struct atom *atom, const struct copies *copies,
                          const struct place *place)
{
    const char *which = place->gone ? " of the old text" : "";

    if (place->kind != PLACE_FUNCTION) {
        return false;
    }
    if (!strcmp(place->name, explaining->function)) {
        report_explain(explaining->report, file_of(atom), atom->symbol->name,
                       "%s:%zu%s is its own", place->path, place->line, which);
        return true;
    }
    if (copies_has(copies, explaining->function, place->name)) {
        report_explain(explaining->report, file_of(atom), atom->symbol->name,
                       "%s:%zu%s is of %s(), which it holds a copy of",
                       place->path, place->line, which, place->name);
        return true;
    }
    return false;
}

/* Who uses a macro or a type isn't in debug information. */
static void explain_others(struct explaining *explaining,
                           const struct atom *atom)
{
    for (size_t i = 0; i < explaining->places.count; i++) {
        const struct place *place = &explaining->places.list[i];

        if (place->kind != PLACE_FUNCTION) {
            report_explain(explaining->report, file_of(atom),
                           atom->symbol->name, "%s:%zu may be why: %s%s",
                           place->path, place->line,
                           place->kind == PLACE_MACRO ? "the macro "
                           : "it is outside of functions",
                           place->name ? place->name : "");
        }
    }
}

static void explain_patched(struct explaining *explaining,
                            const struct atom *atom,
                            const struct copies *copies)
{
    bool any = false;

    report_explain(explaining->report, file_of(atom), atom->symbol->name,
                   "patched: %s", atom->selected_for);
    for (size_t i = 0; i < explaining->places.count; i++) {
        any |= explain_place(explaining, atom, copies,
                             &explaining->places.list[i]);
    }
    if (!any) {
        explain_others(explaining, atom);
    }
}

/* -- Of a new one ---------------------------------------------------------- */

static bool refers_to(const struct atom *user, const struct atom *target)
{
    for (size_t i = 0; i < user->nrefs; i++) {
        const struct ref *ref = &user->refs[i];

        if (ref->target ? ref->target == target
                        : is_global(target) &&
                          !strcmp(ref->symbol->name, target->symbol->name)) {
            return true;
        }
    }
    return false;
}

static void explain_new(struct explaining *explaining, const struct atom *atom)
{
    for (size_t i = 0; i < explaining->npairs; i++) {
        const struct object *object = explaining->pairs[i].new;

        for (size_t j = 0; j < object->natoms; j++) {
            const struct atom *user = object->atoms[j];

            if (user->selected && user != atom && is_named(user) &&
                refers_to(user, atom)) {
                report_explain(explaining->report, file_of(atom),
                               atom->symbol->name, "new: %s, which is %s, "
                               "refers to it", user->symbol->name,
                               user->twin ? "patched" : "new");
            }
        }
    }
}

/* -- All ------------------------------------------------------------------- */

static void explain_atom(struct explaining *explaining,
                         const struct atom *atom, const struct copies *copies)
{
    explaining->found = true;
    if (atom->selected && atom->twin) {
        explain_patched(explaining, atom, copies);
    } else if (atom->selected) {
        explain_new(explaining, atom);
    } else {
        report_explain(explaining->report, file_of(atom), atom->symbol->name,
                       "not in the payload: %s",
                       atom->section->init ? "it ran at boot" :
                       atom->verdict == VERDICT_SAME
                       ? "it was compiled anew, and is as it was"
                       : "it differs, but nothing that goes needs it");
    }
}

/* It has no code of its own; or not only. */
static void explain_copies(struct explaining *explaining,
                           const struct object *object,
                           const struct copies *copies)
{
    for (size_t i = 0; i < object->natoms; i++) {
        const struct atom *atom = object->atoms[i];

        for (size_t j = 0; j < copies->count; j++) {
            const struct copy *copy = &copies->list[j];

            if (!strcmp(copy->of, explaining->function) &&
                strcmp(copy->holder, copy->of) && !is_cold(atom) &&
                is_called(atom, copy->holder)) {
                explaining->found = true;
                report_explain(explaining->report, file_of(atom),
                               explaining->function, "%s() holds a copy of it, "
                               "and is %s", atom->symbol->name,
                               !atom->selected ? "not in the payload" :
                               atom->twin ? "patched" : "new");
            }
        }
    }
}

static bool read_copies(struct explaining *explaining, size_t number,
                        char **why)
{
    const char *const *changed;
    char *old, *new;
    bool good;

    base_changed(explaining->base, &changed);
    old = base_path(explaining->base, changed[number]);
    new = base_changed_path(explaining->base, changed[number]);
    good = copies_read(&explaining->copies[number], new, why) &&
           (!files_exist(old) ||
            copies_read(&explaining->copies[number], old, why));
    free(old);
    free(new);
    return good;
}

static void explain_pair(struct explaining *explaining, size_t number)
{
    const struct object *new = explaining->pairs[number].new;
    const struct copies *copies = &explaining->copies[number];

    for (size_t i = 0; i < new->natoms; i++) {
        if (is_called(new->atoms[i], explaining->function) &&
            !is_cold(new->atoms[i])) {
            explain_atom(explaining, new->atoms[i], copies);
        }
    }
    explain_copies(explaining, new, copies);
}

bool explain_function(const struct base *base, const struct object_pair *pairs,
                      size_t npairs, const char *function,
                      struct report *report, char **why)
{
    struct explaining explaining = {
        .base = base, .pairs = pairs, .npairs = npairs, .function = function,
        .report = report,
        .copies = must_alloc(npairs + 1, sizeof(struct copies)),
    };
    const struct sources *sources = base_sources(base);
    bool good = true;

    for (size_t i = 0; i < sources_count(sources); i++) {
        places_add(&explaining.places, sources_get(sources, i));
    }
    for (size_t i = 0; i < npairs && good; i++) {
        good = read_copies(&explaining, i, why);
        if (good) {
            explain_pair(&explaining, i);
        }
    }
    if (good && !explaining.found) {
        report_explain(report, NULL, function, "not in the payload: it is in "
                       "no object that the patch changes, nor is a copy of it");
    }
    for (size_t i = 0; i < npairs; i++) {
        copies_free(&explaining.copies[i]);
    }
    free(explaining.copies);
    places_free(&explaining.places);
    return good;
}
