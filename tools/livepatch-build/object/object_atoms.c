/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cutting sections into atoms.
 */
#include <elf.h>
#include <inttypes.h>
#include <string.h>

#include "arch/arch.h"
#include "support/memory.h"
#include "object_parts.h"
#include "tables.h"

/* One section, while it is cut: from its start to its end. */
struct cut {
    struct reading *reading;
    struct section *section;
    uint64_t done;              /* what lies in front of it was cut */
};

static bool is_code(const struct section *section)
{
    return section->flags & SHF_EXECINSTR;
}

/* -- Atoms ----------------------------------------------------------------- */

static struct atom *add_atom(struct cut *cut, enum atom_kind kind,
                             uint64_t offset, uint64_t end)
{
    struct reading *reading = cut->reading;
    struct section *section = cut->section;
    struct atom *atom;

    reading->atoms = must_grow(reading->atoms, &reading->atoms_room,
                               reading->natoms + 1, sizeof(*reading->atoms));
    atom = &reading->atoms[reading->natoms++];
    *atom = (struct atom){
        .kind = kind, .section = section,
        .offset = offset, .size = end - offset,
        .bytes = section->bytes ? section->bytes + offset : NULL,
    };
    cut->done = end;
    return atom;
}

static bool is_zero(const uint8_t *bytes, uint64_t size)
{
    return !size || (!bytes[0] && !memcmp(bytes, bytes + 1, size - 1));
}

static bool is_idle_code(const uint8_t *code, uint64_t size)
{
    while (size) {
        unsigned int length = arch->length(code, size);

        if (!length || !arch->is_padding(code, length)) {
            return false;
        }
        code += length;
        size -= length;
    }
    return true;
}

/* What nobody put there but to align what follows. */
static bool is_padding(const struct cut *cut, uint64_t from, uint64_t to)
{
    const struct section *section = cut->section;
    const struct relocations *relocations =
        &cut->reading->relocations[section->index];
    size_t ref = first_ref(relocations, from);

    if (from == to) {
        return true;
    }
    if (ref < relocations->nrefs && relocations->refs[ref].offset < to) {
        return false;
    }
    if (section->bytes && is_code(section) &&
        is_idle_code(section->bytes + from, to - from)) {
        return true;
    }
    return to - from < section->align &&
           (!section->bytes || is_zero(section->bytes + from, to - from));
}

/* Make an atom of what lies between the last one and `to`, unless that is
 * padding. */
static void cut_gap(struct cut *cut, uint64_t to)
{
    const struct section *section = cut->section;
    enum atom_kind kind = ATOM_CONSTANT;

    if (is_padding(cut, cut->done, to)) {
        cut->done = to;
        return;
    }
    if (is_code(section)) {
        kind = ATOM_CODE;
    } else if (section->flags & SHF_WRITE) {
        kind = ATOM_DATA;
    }
    add_atom(cut, kind, cut->done, to);
}

/* -- Sections with names --------------------------------------------------- */

static bool is_name(const struct symbol *symbol)
{
    return !is_label(symbol);
}

/* The first name at or behind a place of the section; `end` if none. */
static size_t next_name(const struct cut *cut, size_t place, size_t end)
{
    while (place < end && !is_name(cut->reading->places[place])) {
        place++;
    }
    return place;
}

/*
 * The names of one atom are at places[first], ...: those that begin within it.
 * One without a size, as in assembly, reaches to the next name.  Returns where
 * the next atom's begin.
 */
static size_t cut_name(struct cut *cut, size_t first, size_t last)
{
    struct symbol *const *places = cut->reading->places;
    struct symbol *symbol = places[first];
    uint64_t end = symbol->value + symbol->size;
    size_t next = next_name(cut, first + 1, last);
    struct atom *atom;

    if (end == symbol->value) {
        while (next < last && places[next]->value == symbol->value) {
            next = next_name(cut, next + 1, last);
        }
        end = next < last ? places[next]->value : cut->section->size;
    }
    while (next < last && places[next]->value < end) {
        if (places[next]->value + places[next]->size > end) {
            end = places[next]->value + places[next]->size;
        }
        next = next_name(cut, next + 1, last);
    }
    cut_gap(cut, symbol->value);
    atom = add_atom(cut, is_code(cut->section) ? ATOM_FUNCTION : ATOM_DATA,
                    symbol->value, end);
    atom->symbol = symbol;
    return next;
}

/*
 * What inline assembly puts in a subsection comes behind the function's end,
 * but within its section; jumps there and back need no relocation.  If there
 * is but one function, it is that one's.
 */
static bool adopt_rest(struct cut *cut, size_t first)
{
    const struct section *section = cut->section;
    struct atom *function;

    if (!is_code(section) || cut->reading->natoms != first + 1 ||
        is_padding(cut, cut->done, section->size)) {
        return false;
    }
    function = &cut->reading->atoms[first];
    function->size = section->size - function->offset;
    return true;
}

static void cut_by_names(struct cut *cut)
{
    size_t section = cut->section->index;
    size_t end = cut->reading->first_place[section + 1];
    size_t place = next_name(cut, cut->reading->first_place[section], end);
    size_t first = cut->reading->natoms;

    /* A name at the very end is but a limit, if anything is in front. */
    while (place < end &&
           (cut->reading->places[place]->value < cut->section->size ||
            !cut->section->size)) {
        place = cut_name(cut, place, end);
        if (!cut->section->size) {
            break;
        }
    }
    if (!adopt_rest(cut, first)) {
        cut_gap(cut, cut->section->size);
    }
}

/* -- Strings and constants ------------------------------------------------- */

/* Behind the string that begins at `start`. */
static uint64_t string_end(const struct section *section, uint64_t start)
{
    uint64_t unit = section->entsize, end = start;

    while (section->size - end >= unit) {
        end += unit;
        if (is_zero(section->bytes + end - unit, unit)) {
            return end;
        }
    }
    return section->size;
}

/* An empty string looks like padding, but for what refers to it: by a label,
 * or by the place in the section. */
static void cut_strings(struct cut *cut)
{
    const struct section *section = cut->section;
    struct reading *reading = cut->reading;
    size_t place = reading->first_place[section->index];
    size_t places = reading->first_place[section->index + 1];
    size_t marks, mark = section_marks(reading, section, &marks);
    uint64_t at = 0, unit = section->entsize;

    while (section->size - at >= unit) {
        while (place < places && reading->places[place]->value < at) {
            place++;
        }
        while (mark < marks && reading->marks[mark].offset < at) {
            mark++;
        }
        if (is_zero(section->bytes + at, unit) &&
            (place == places || reading->places[place]->value != at) &&
            (mark == marks || reading->marks[mark].offset != at)) {
            at += unit;
            continue;
        }
        add_atom(cut, ATOM_STRING, at, string_end(section, at));
        at = cut->done;
    }
    cut->done = at;
    cut_gap(cut, section->size);
}

static void cut_evenly(struct cut *cut, enum atom_kind kind, uint64_t size)
{
    while (cut->section->size - cut->done >= size) {
        add_atom(cut, kind, cut->done, cut->done + size);
    }
}

/* -- Code that entries of tables name -------------------------------------- */

/*
 * One piece for each alternative, of the size that its entry has.  One that has
 * nothing in its place gets a piece nevertheless, as whatever lies there is
 * none of its business.
 */
static void cut_replacements(struct cut *cut)
{
    size_t end, i = section_marks(cut->reading, cut->section, &end);

    for (; i < end; i++) {
        struct mark *mark = &cut->reading->marks[i];
        uint64_t limit = cut->section->size - mark->offset;

        if (mark->size == 0) {
            cut_gap(cut, mark->offset > cut->done ? mark->offset : cut->done);
            mark->atom = cut->reading->natoms;
            add_atom(cut, ATOM_CODE, cut->done, cut->done);
        } else if (mark->offset >= cut->done) {
            cut_gap(cut, mark->offset);
            add_atom(cut, ATOM_CODE, mark->offset, mark->offset +
                     (mark->size < limit ? mark->size : limit));
        }
    }
    cut_gap(cut, cut->section->size);
}

/* One piece for each continuation of an exception, but where one runs on into
 * the next, or no instruction begins. */
static void cut_fixups(struct cut *cut)
{
    const struct section *section = cut->section;
    size_t end, i = section_marks(cut->reading, cut->section, &end);
    uint64_t at = 0;
    bool on = true;

    for (; i < end && section->bytes; i++) {
        uint64_t offset = cut->reading->marks[i].offset;

        while (at < offset) {
            unsigned int length = arch->length(section->bytes + at,
                                               section->size - at);

            if (!length) {
                i = end - 1;
                break;
            }
            on = arch->runs_on(section->bytes + at, length, on);
            at += length;
        }
        if (at == offset && !on && offset < section->size) {
            add_atom(cut, ATOM_CODE, cut->done, offset);
            on = true;
        }
    }
    cut_gap(cut, section->size);
}

/* -- All sections ---------------------------------------------------------- */

static bool cut_table(struct cut *cut, const struct table *table)
{
    const struct section *section = cut->section;

    if (!section->bytes || section->size % table->entry_size) {
        fail_with(cut->reading->why, "%s: section %s has 0x%" PRIx64
                  " bytes, no whole number of entries of %u",
                  cut->reading->label, section->name, section->size,
                  table->entry_size);
        return false;
    }
    cut_evenly(cut, ATOM_ENTRY, table->entry_size);
    return true;
}

static bool cut_section(struct reading *reading, struct section *section)
{
    struct cut cut = { .reading = reading, .section = section };
    const struct table *table = table_of(section->name);
    bool merged = (section->flags & SHF_MERGE) && section->entsize &&
                  section->bytes && section->size % section->entsize == 0;

    if (!(section->flags & SHF_ALLOC) || is_dropped_section(section->name)) {
        return true;
    }
    if (table) {
        return cut_table(&cut, table);
    }
    if (holds_strings(section)) {
        cut_strings(&cut);
    } else if (merged) {
        cut_evenly(&cut, ATOM_CONSTANT, section->entsize);
    } else if (is_replacement_section(section->name)) {
        cut_replacements(&cut);
    } else if (is_fixup_section(section->name)) {
        cut_fixups(&cut);
    } else {
        cut_by_names(&cut);
    }
    return true;
}

/* Now that they won't move any more. */
static void list_atoms(struct reading *reading)
{
    struct object *object = reading->object;
    size_t i;

    object->natoms = reading->natoms;
    object->atoms = must_alloc(object->natoms, sizeof(*object->atoms));
    for (i = 0; i < object->natoms; i++) {
        object->atoms[i] = &reading->atoms[i];
    }
    for (i = 0; i < object->nsections; i++) {
        object->sections[i].atoms = object->atoms + reading->first_atom[i];
        object->sections[i].natoms = reading->first_atom[i + 1] -
                                     reading->first_atom[i];
    }
}

/* Symbols in the order of places, hence of atoms. */
static void place_symbols(struct reading *reading)
{
    size_t i;

    for (i = 0; i < reading->object->nsymbols; i++) {
        struct symbol *symbol = &reading->object->symbols[i];
        const struct section *section = symbol->section;

        if (section && section->natoms) {
            symbol->atom = nearest_atom(section, symbol->value);
            symbol->offset = symbol->value - symbol->atom->offset;
        }
    }
    for (i = 0; i < reading->nplaces; i++) {
        struct symbol *symbol = reading->places[i];
        struct atom *atom = symbol->atom;

        if (atom && !symbol->offset && !atom->symbol && is_name(symbol)) {
            atom->symbol = symbol;
            if (atom->kind == ATOM_CONSTANT) {
                atom->kind = ATOM_DATA;
            }
        }
    }
}

bool object_cut(struct reading *reading)
{
    struct object *object = reading->object;
    size_t i;

    object_find_places(reading);
    reading->first_atom = must_alloc(object->nsections + 1,
                                     sizeof(*reading->first_atom));
    for (i = 0; i < object->nsections; i++) {
        reading->first_atom[i] = reading->natoms;
        if (!cut_section(reading, &object->sections[i])) {
            return false;
        }
    }
    reading->first_atom[i] = reading->natoms;
    list_atoms(reading);
    place_symbols(reading);
    return true;
}
