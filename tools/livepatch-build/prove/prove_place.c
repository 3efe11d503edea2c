/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the parts of an object are in what runs: by their names, and by the
 * places of others in the same section, as the linker moves a section as one.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "prove_private.h"

/* As many objects may have a local symbol of one name. */
#define MAX_ALIKE 512

static bool is_numbered_name(const char *name)
{
    for (const char *at = name; (at = strchr(at, '.')); at++) {
        size_t digits = strspn(at + 1, "0123456789");

        if (digits && (!at[1 + digits] || at[1 + digits] == '.')) {
            return true;
        }
    }
    return false;
}

bool view_is_named(const struct atom *atom)
{
    return atom->symbol && *atom->symbol->name &&
           (atom->kind == ATOM_FUNCTION ||
            !is_numbered_name(atom->symbol->name));
}

static bool is_merged(const struct section *section)
{
    return section->flags & SHF_MERGE;
}

static bool is_local(const struct atom *atom)
{
    return atom->symbol && *atom->symbol->name &&
           atom->symbol->bind == STB_LOCAL;
}

/* How much speaks for this symbol to be the atom. */
static unsigned int likeness(const struct view *view, const struct atom *atom,
                             const struct running_symbol *symbol)
{
    const uint8_t *there;
    unsigned int score = 1;
    size_t end = atom->nrefs ? atom->refs[0].offset : atom->size;

    if (symbol->type == atom->symbol->type &&
        symbol->size == atom->symbol->size) {
        score += 2;
    }
    /* The bytes before the first reference are as they were. */
    there = atom->bytes ? running_bytes(view->running, symbol->address, end)
                        : NULL;
    if (there && end <= atom->size && !memcmp(there, atom->bytes, end)) {
        score += 1;
    }
    return score;
}

static void vote(struct view *view, const struct atom *atom,
                 const char *source, struct running_symbol *alike,
                 unsigned int *votes)
{
    size_t count = running_find_all(view->running, atom->symbol->name, alike,
                                    MAX_ALIKE);

    for (size_t i = 0; i < count && i < MAX_ALIKE; i++) {
        unsigned int unit = alike[i].unit;

        if (!*source || running_unit_is(view->running, unit, source)) {
            votes[unit] += likeness(view, atom, &alike[i]);
        }
    }
}

/* The unit that has most of the local symbols from `start` to `end`. */
static void choose_unit(struct view *view, const char *source, size_t start,
                        size_t end)
{
    size_t units = running_units(view->running);
    unsigned int *votes = must_alloc(units, sizeof(*votes)), best = 0;
    struct running_symbol *alike = must_alloc(MAX_ALIKE, sizeof(*alike));

    for (size_t i = start; i < end; i++) {
        const struct atom *atom = view->object->symbols[i].atom;

        if (atom && atom->symbol == &view->object->symbols[i] &&
            is_local(atom)) {
            vote(view, atom, source, alike, votes);
        }
    }
    for (size_t i = 1; i < units; i++) {
        if (votes[i] > votes[best]) {
            best = i;
        }
    }
    for (size_t i = start; i < end; i++) {
        view->units[i] = best;
    }
    free(votes);
    free(alike);
}

/* An object that was made of others has the source of each in front of that
 * one's symbols. */
static void choose_units(struct view *view)
{
    const struct object *object = view->object;
    const char *source = "";
    size_t start = 0;

    for (size_t i = 1; i < object->nsymbols; i++) {
        if (object->symbols[i].type == STT_FILE) {
            choose_unit(view, source, start, i);
            source = object->symbols[i].name;
            start = i;
        }
    }
    choose_unit(view, source, start, object->nsymbols);
}

static uint64_t find_named(const struct view *view, const struct atom *atom)
{
    const struct symbol *symbol = atom->symbol;
    struct running_symbol found;
    size_t count;

    if (symbol->bind != STB_LOCAL) {
        count = running_find(view->running, "", symbol->name, false, &found);
    } else {
        count = running_find_in(view->running, view->units[symbol->index],
                                symbol->name, &found);
    }
    return count == 1 ? found.address - symbol->offset : 0;
}

void view_set(struct view *view, struct atom *atom, uint64_t address)
{
    uint64_t *base = &view->bases[atom->section->index];

    atom->address = address;
    if (!is_merged(atom->section) && !*base) {
        *base = address - atom->offset;
    }
}

uint64_t view_place(const struct view *view, const struct atom *atom)
{
    uint64_t base = view->bases[atom->section->index];

    return base ? base + atom->offset : 0;
}

void view_open(struct view *view, struct proof *proof,
               const struct object *object)
{
    *view = (struct view){
        .proof = proof, .running = proof->running, .object = object,
        .units = must_alloc(object->nsymbols + 1, sizeof(*view->units)),
        .bases = must_alloc(object->nsections + 1, sizeof(*view->bases)),
        .outside = must_alloc(object->nsymbols + 1, sizeof(*view->outside)),
        .looked_up = must_alloc(object->nsymbols + 1,
                                sizeof(*view->looked_up)),
    };
    choose_units(view);
    for (size_t i = 0; i < object->natoms; i++) {
        object->atoms[i]->address = 0;
    }
    for (size_t i = 0; i < object->natoms; i++) {
        struct atom *atom = object->atoms[i];
        uint64_t address = view_is_named(atom) ? find_named(view, atom) : 0;

        if (address) {
            view_set(view, atom, address);
        }
    }
}

void view_close(struct view *view)
{
    free(view->units);
    free(view->bases);
    free(view->outside);
    free(view->looked_up);
}

bool view_outside(struct view *view, const struct symbol *symbol,
                  uint64_t *address)
{
    size_t index = symbol->index;
    struct running_symbol found;

    if (symbol->absolute) {
        *address = symbol->value;
        return true;
    }
    if (index >= view->object->nsymbols) {
        return false;
    }
    if (view->looked_up[index] == NOT_YET) {
        view->looked_up[index] = NOWHERE;
        if (running_find(view->running, "", symbol->name, false, &found)) {
            view->looked_up[index] = FOUND;
            view->outside[index] = found.address;
        } else if (running_find_number(view->running, symbol->name,
                                       &view->outside[index])) {
            view->looked_up[index] = FOUND;
        }
    }
    *address = view->outside[index];
    return view->looked_up[index] == FOUND || symbol->bind == STB_WEAK;
}

uint64_t proof_address(const struct running *running, const struct atom *atom)
{
    const struct symbol *symbol = atom->symbol;
    struct running_symbol found;

    if (atom->address) {
        return atom->address;
    }
    /* The compiler's number is no name. */
    if (!symbol || !*symbol->name || is_numbered_name(symbol->name) ||
        running_find(running, atom->section->object->source, symbol->name,
                     symbol->bind == STB_LOCAL, &found) != 1) {
        return 0;
    }
    return found.address ? found.address - symbol->offset : 0;
}
