/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places in sections at which atoms begin: those of symbols, and those that
 * relocations name without one.
 */
#include <elf.h>
#include <stdlib.h>

#include "support/memory.h"
#include "support/sorted.h"
#include "object_parts.h"
#include "arch/relocation.h"
#include "tables.h"

bool is_label(const struct symbol *symbol)
{
    return symbol->name[0] == '.' && symbol->name[1] == 'L';
}

/* -- Symbols by place ------------------------------------------------------ */

static bool marks_place(const struct symbol *symbol)
{
    return symbol->section && symbol->type != STT_SECTION &&
           symbol->type != STT_FILE && *symbol->name;
}

/* Global names go first, weak ones next. */
static int rank(const struct symbol *symbol)
{
    return symbol->bind == STB_GLOBAL ? 0 : symbol->bind == STB_WEAK ? 1 : 2;
}

static int compare_places(const void *left, const void *right)
{
    const struct symbol *a = *(struct symbol *const *)left;
    const struct symbol *b = *(struct symbol *const *)right;

    if (a->section != b->section) {
        return a->section < b->section ? -1 : 1;
    }
    if (a->value != b->value) {
        return a->value < b->value ? -1 : 1;
    }
    if (a->size != b->size) {
        return a->size > b->size ? -1 : 1;
    }
    if (rank(a) != rank(b)) {
        return rank(a) - rank(b);
    }
    return (a->index > b->index) - (a->index < b->index);
}

static void sort_places(struct reading *reading)
{
    struct object *object = reading->object;
    size_t i, section = 0;

    reading->places = must_alloc(object->nsymbols, sizeof(*reading->places));
    for (i = 1; i < object->nsymbols; i++) {
        if (marks_place(&object->symbols[i])) {
            reading->places[reading->nplaces++] = &object->symbols[i];
        }
    }
    qsort(reading->places, reading->nplaces, sizeof(*reading->places),
          compare_places);
    reading->first_place = must_alloc(object->nsections + 1,
                                      sizeof(*reading->first_place));
    for (i = 0; i < reading->nplaces; i++) {
        while (section <= reading->places[i]->section->index) {
            reading->first_place[section++] = i;
        }
    }
    while (section <= object->nsections) {
        reading->first_place[section++] = reading->nplaces;
    }
}

/* -- Places that relocations name ------------------------------------------ */

static int compare_marks(const void *left, const void *right)
{
    const struct mark *a = left, *b = right;

    if (a->section != b->section) {
        return a->section < b->section ? -1 : 1;
    }
    if (a->offset != b->offset) {
        return a->offset < b->offset ? -1 : 1;
    }
    if (a->size != b->size) {
        return a->size < b->size ? -1 : 1;
    }
    return (a->ref > b->ref) - (a->ref < b->ref);
}

bool holds_strings(const struct section *section)
{
    return (section->flags & SHF_MERGE) && (section->flags & SHF_STRINGS) &&
           section->entsize && section->bytes;
}

/* Is it of interest that this field, in a section with such a layout or none,
 * names the place?  Completes the mark. */
static bool is_mark(struct mark *mark, const struct section *from,
                    const struct table *layout)
{
    uint64_t field = layout ? mark->ref->offset % layout->entry_size : 0;
    uint64_t size_at;

    if (holds_strings(mark->section)) {
        return !relocation_is_relative(mark->ref->type);
    }
    if (!layout || field != layout->aside) {
        return false;
    }
    if (is_fixup_section(mark->section->name)) {
        return true;
    }
    size_at = mark->ref->offset - field + layout->aside_size;
    if (!is_replacement_section(mark->section->name) ||
        layout->aside_size == NO_FIELD || size_at >= from->size) {
        return false;
    }
    mark->size = from->bytes[size_at];
    return true;
}

static void mark_place(struct reading *reading, const struct section *from,
                       const struct table *layout, struct ref *ref)
{
    const struct symbol *symbol = ref->symbol;
    struct mark mark = {
        .section = symbol->section,
        .offset = symbol->value + (uint64_t)ref->addend,
        .ref = ref,
        .atom = NO_ATOM,
    };

    if (!mark.section || mark.offset > mark.section->size ||
        !is_mark(&mark, from, layout)) {
        return;
    }
    reading->marks = must_grow(reading->marks, &reading->marks_room,
                               reading->nmarks + 1, sizeof(*reading->marks));
    reading->marks[reading->nmarks++] = mark;
}

static void mark_places(struct reading *reading)
{
    struct object *object = reading->object;
    size_t i, j;

    for (i = 1; i < object->nsections; i++) {
        const struct section *section = &object->sections[i];
        const struct table *layout = table_of(section->name);
        struct relocations *relocations = &reading->relocations[i];

        for (j = 0; j < relocations->nrefs; j++) {
            mark_place(reading, section, layout, &relocations->refs[j]);
        }
    }
    if (reading->nmarks) {
        qsort(reading->marks, reading->nmarks, sizeof(*reading->marks),
              compare_marks);
    }
}

size_t section_marks(const struct reading *reading,
                     const struct section *section, size_t *end)
{
    size_t at;

    FIND_SORTED(at, reading->nmarks, reading->marks[at].section < section);
    for (*end = at; *end < reading->nmarks &&
         reading->marks[*end].section == section; ++*end) {
    }
    return at;
}

void object_find_places(struct reading *reading)
{
    sort_places(reading);
    mark_places(reading);
}
